"""The workbench's web server: its page, and that page's JSON API (see Workbench) for whoever drives from outside."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from devices.simulators.bench.changing import Changing
from devices.simulators.bench.deeds import Deeds
from devices.simulators.bench.facts import Facts, tail
from devices.simulators.bench.guard import Guard
from devices.simulators.bench.screen import Screen
from devices.simulators.bench.touches import DEEDS, NoTouch
from devices.simulators.control import ControlError
from devices.simulators.drive import Bench, BenchError

LOOK_EVERY_S = 0.4
LONGEST_WAIT_S = 25.0
_MOST_BODY = 65536
_PAGE = {"/": "index.html", **{f"/{name}": name for name in ("page.css", "page.js", "devices.js", "icon.svg")}}
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class WrongRequest(Exception):
    """What was asked does not make sense; the message is a sentence."""


class Workbench:
    """What is answered at each address.

    GET  /api/state?after=N&wait=S   {"version", "reader", "scanner", "pad", "printer", "line", "terminal", "light",
                                     "sound", "keypad": statuses of simulators, "clock": of the store, "charged": lines,
                                     "processes", "receipts": names, newest first, "screen": its size or null};
                                     with `after`, waits up to S (20) seconds for another version, else 204
    GET  /api/drawer                 {"passes": [drawer.json's entries]}
    GET  /api/books?q=WORDS&limit=N  {"books": [pile.json's entries], "found": how many match}
    POST /api/do                     {"do": "place-pass", "name": "anna"} → {"ok": true, "said": sentence};
                                     any of controls.CONTROLS with its arguments
    GET  /api/transcript?of=reader   what was recorded of a device's line, as text
    GET  /api/screen?after=N&wait=S&width=W&form=jpeg|png
                                     the kiosk's picture, its number in the header `Picture`; waits as above; 204
    POST /api/touch                  {"do": "press"|"move"|"release"|"tap", "x": 540, "y": 960}, pixels of the screen
    GET  /receipts/0001.png, .txt    a printed receipt
    GET  /api/log?name=kiosk&lines=N the last lines of a process's log, as text

    Errors are {"ok": false, "error": sentence}. POSTs are JSON from the same origin (see guard.py).
    """

    def __init__(self, bench: Bench, screen: Screen | None, kiosk_log: Path | None = None) -> None:
        self._facts = facts = Facts(bench)
        self._deeds = Deeds(bench)
        self._bench = bench
        self._screen = screen
        self._kiosk_log = kiosk_log
        self._state: Changing[dict[str, Any]] = Changing(facts.state, LOOK_EVERY_S)

    def app(self) -> Starlette:
        """Build the ASGI application."""
        routes = [
            *(Route(path, self._page_file(name)) for path, name in _PAGE.items()),
            Route("/api/state", self.state),
            Route("/api/drawer", self.drawer),
            Route("/api/books", self.books),
            Route("/api/do", self.do, methods=["POST"]),
            Route("/api/screen", self.picture),
            Route("/api/touch", self.touch, methods=["POST"]),
            Route("/api/log", self.log),
            Route("/api/transcript", self.transcript),
            Route("/receipts/{name}", self.receipt),
        ]
        return Starlette(
            routes=routes,
            middleware=[Middleware(Guard)],
            exception_handlers={
                WrongRequest: _answering(400),
                ControlError: _answering(400),
                BenchError: _answering(409),
                NoTouch: _answering(503),
            },
            lifespan=self._life,
        )

    @asynccontextmanager
    async def _life(self, app: Starlette) -> AsyncIterator[None]:
        yield
        if self._screen is not None:
            self._screen.close()

    @staticmethod
    def _page_file(name: str) -> Any:
        async def page_file(request: Request) -> Response:
            return FileResponse(Path(__file__).parent / name, headers=_HEADERS)

        return page_file

    async def state(self, request: Request) -> Response:
        """GET /api/state."""
        after = _number(request, "after")
        found = await self._state.newer(after, _wait(request) if after is not None else 0.0)
        if found is None:
            return Response(status_code=204)
        version, state = found
        size = None if self._screen is None else {"width": self._screen.width, "height": self._screen.height}
        return JSONResponse({"version": version, **state, "screen": size}, headers=_HEADERS)

    async def drawer(self, request: Request) -> Response:
        """GET /api/drawer."""
        return JSONResponse({"passes": await run_in_threadpool(self._facts.drawer)}, headers=_HEADERS)

    async def books(self, request: Request) -> Response:
        """GET /api/books."""
        limit = _number(request, "limit")
        sought = request.query_params.get("q", "")[:200]
        books, found = await run_in_threadpool(
            self._facts.books, sought, 60 if limit is None else min(max(limit, 0), 500)
        )
        return JSONResponse({"books": books, "found": found}, headers=_HEADERS)

    async def do(self, request: Request) -> Response:
        """POST /api/do."""
        said = await run_in_threadpool(self._deeds.do, await _order(request))
        self._state.stale()
        return JSONResponse({"ok": True, "said": said}, headers=_HEADERS)

    async def picture(self, request: Request) -> Response:
        """GET /api/screen."""
        if self._screen is None:
            return JSONResponse({"ok": False, "error": "The kiosk's screen is not shown here."}, 404)
        form = request.query_params.get("form", "jpeg")
        if form not in {"jpeg", "png"}:
            raise WrongRequest("form is jpeg or png")
        after, width = _number(request, "after"), _number(request, "width")
        found = await self._screen.newer(
            after, _wait(request) if after is not None else 0.0, self._screen.width if width is None else width, form
        )
        if found is None:
            return Response(status_code=204)
        number, content = found
        return Response(content, media_type=f"image/{form}", headers={**_HEADERS, "Picture": str(number)})

    async def touch(self, request: Request) -> Response:
        """POST /api/touch."""
        if self._screen is None:
            raise NoTouch("The kiosk's screen is not reached from here.")
        order = await _order(request)
        deed = order.get("do")
        if deed not in DEEDS:
            raise WrongRequest(f'a touch is {{"do": {" or ".join(DEEDS)}, "x": pixels, "y": pixels}}')
        x, y = _pixel(order, "x"), _pixel(order, "y")
        await run_in_threadpool(self._screen.touches.do, deed, x, y)
        return JSONResponse({"ok": True}, headers=_HEADERS)

    async def receipt(self, request: Request) -> Response:
        """GET /receipts/NAME."""
        path = self._facts.receipt_file(request.path_params["name"])
        if path is None:
            return JSONResponse({"ok": False, "error": "There is no such receipt."}, 404)
        return FileResponse(path, headers=_HEADERS)

    async def transcript(self, request: Request) -> Response:
        """GET /api/transcript."""
        what = request.query_params.get("of", "")
        text = await run_in_threadpool(self._bench.transcript, what)
        told = {**_HEADERS, "Content-Disposition": f'attachment; filename="transcript-{what}.txt"'}
        return PlainTextResponse(text, headers=told)

    async def log(self, request: Request) -> Response:
        """GET /api/log."""
        name = request.query_params.get("name", "kiosk")
        path = self._kiosk_log if name == "kiosk" and self._kiosk_log is not None else self._facts.log(name)
        if path is None or not path.is_file():
            return JSONResponse({"ok": False, "error": "There is no log of that name."}, 404)
        lines = _number(request, "lines")
        return PlainTextResponse(await run_in_threadpool(tail, path, 60 if lines is None else lines), headers=_HEADERS)


def _number(request: Request, name: str) -> int | None:
    given = request.query_params.get(name)
    if given is None:
        return None
    try:
        return int(given)
    except ValueError:
        raise WrongRequest(f"{name} is a whole number") from None


def _wait(request: Request) -> float:
    try:
        return min(max(float(request.query_params.get("wait", "20")), 0.0), LONGEST_WAIT_S)
    except ValueError:
        raise WrongRequest("wait is a number of seconds") from None


def _pixel(order: Mapping[str, Any], name: str) -> float:
    value = order.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) < 1e6:
        raise WrongRequest(f"{name} is a number of pixels")
    return value


async def _order(request: Request) -> dict[str, Any]:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BODY:
            raise WrongRequest("this is more than the workbench reads")
    try:
        order = json.loads(body)
    except ValueError:
        order = None
    if not isinstance(order, dict):
        raise WrongRequest("the workbench takes one JSON object")
    return order


def _answering(status: int) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, problem: Exception) -> Response:
        return JSONResponse({"ok": False, "error": str(problem)}, status)

    return answer
