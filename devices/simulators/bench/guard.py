"""Keeps other web sites out of the workbench: DNS rebinding (Host) and cross-site requests (Origin, Content-Type)."""

from __future__ import annotations

import ipaddress
import socket

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send


def own_names() -> frozenset[str]:
    """Return the names by which a browser may address this machine, besides its addresses."""
    name = socket.gethostname().lower()
    short = name.split(".")[0]
    return frozenset({"localhost", name, short, f"{short}.local"})


def host_is_ours(host: str, names: frozenset[str]) -> bool:
    """Tell whether a Host header names this machine: an address, or one of `names`; any port (forwarded ports differ).

    An address cannot be rebound: rebinding needs a name that its owner points here.
    """
    name = host.strip().lower()
    if name.startswith("["):
        name = name[1:].partition("]")[0]
    elif name.count(":") == 1:
        name = name.partition(":")[0]
    if name.rstrip(".") in names:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class Guard:
    """ASGI middleware that refuses what did not come from the workbench's own page or from a script here."""

    def __init__(self, app: ASGIApp, names: frozenset[str] | None = None) -> None:
        self._app = app
        self._names = own_names() if names is None else names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, or answer 403 or 415 with a sentence."""
        if scope["type"] == "http":
            refusal = self._refusal(scope["method"], Headers(scope=scope))
            if refusal is not None:
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, method: str, headers: Headers) -> JSONResponse | None:
        host = headers.get("host", "")
        if not host_is_ours(host, self._names):
            return _no(
                403, "The workbench answers to its address or to localhost only, not to the name in this request."
            )
        if method in {"GET", "HEAD"}:
            return None
        origin = headers.get("origin")
        if origin is not None and origin.lower() != f"http://{host.lower()}":
            return _no(
                403, "This request comes from another web site; the workbench takes orders from its own page only."
            )
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return _no(415, "The workbench takes JSON only (Content-Type: application/json).")
        return None


def _no(status: int, sentence: str) -> JSONResponse:
    return JSONResponse({"ok": False, "error": sentence}, status)
