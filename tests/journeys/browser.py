"""A headless Chromium by the W3C WebDriver protocol, without a library between: the page is the thing under test."""

from __future__ import annotations

import base64
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests

from tests.journeys.running import wait_until

_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # WebDriver's name for a reference to an element
# Quiet ones: Chromium otherwise asks for updates and looks up its maker's hosts at every start.
_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--force-prefers-reduced-motion",
)


def why_no_browser() -> str:
    """Say what is missing for a browser journey; empty when nothing is."""
    lacking = [name for name in ("chromium", "chromedriver") if not shutil.which(name)]
    return f"{' and '.join(lacking)} not installed (Debian: chromium, chromium-driver)" if lacking else ""


class Browser:
    """One window on one page."""

    def __init__(self, session: str) -> None:
        self._session = session

    def open(self, url: str) -> None:
        """Go to `url`."""
        self._post("url", url=url)

    def script(self, text: str, *arguments: Any) -> Any:
        """Run JavaScript in the page; return what it returns."""
        return self._post("execute/sync", script=text, args=list(arguments))

    def click(self, selector: str) -> None:
        """Click what a person would click: scrolled into view, not covered."""
        self._post(f"element/{self._element(selector)}/click")

    def type(self, selector: str, text: str) -> None:
        """Type into a field."""
        self._post(f"element/{self._element(selector)}/value", text=text)

    def text(self, selector: str) -> str:
        """The text that is seen in an element."""
        return str(self._get(f"element/{self._element(selector)}/text"))

    def drag(self, selector: str, *places: tuple[float, float]) -> None:
        """Press the pointer at the first of `places`, move it over the others and release it.

        Places are fractions (0 to 1) of the element's width and height; one place alone is a click.
        """
        box = self.script(
            "const b = document.querySelector(arguments[0]).getBoundingClientRect();"
            "return [b.left, b.top, b.width, b.height]",
            selector,
        )
        points = [(round(box[0] + x * box[2]), round(box[1] + y * box[3])) for x, y in places]
        moves = [{"type": "pointerMove", "duration": 20, "x": x, "y": y} for x, y in points]
        steps = [moves[0], {"type": "pointerDown", "button": 0}, {"type": "pause", "duration": 60}, *moves[1:]]
        steps.append({"type": "pointerUp", "button": 0})
        self._post("actions", actions=[{"type": "pointer", "id": "hand", "actions": steps}])

    def until(self, what: str, script: str, *arguments: Any, seconds: float = 30.0) -> Any:
        """Wait until `script` returns something true, and return that; fail with `what` after `seconds`."""
        return wait_until(what, lambda: self.script(script, *arguments), seconds)

    def resize(self, width: int, height: int) -> None:
        """Give the window another size."""
        self._post("window/rect", width=width, height=height)

    def screenshot(self) -> bytes:
        """The window as PNG."""
        return base64.b64decode(self._get("screenshot"))

    def _element(self, selector: str) -> str:
        found = self._post("element", using="css selector", value=selector)
        return str(found[_ELEMENT])

    def _post(self, what: str, **body: Any) -> Any:
        return _value(requests.post(f"{self._session}/{what}", json=body, timeout=60))

    def _get(self, what: str) -> Any:
        return _value(requests.get(f"{self._session}/{what}", timeout=60))


@contextmanager
def chromium(width: int, height: int) -> Iterator[Browser]:
    """A browser whose window has `width` by `height` pixels; ended, with its profile, at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    driver = subprocess.Popen(
        ["chromedriver", f"--port={port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    base = f"http://127.0.0.1:{port}"
    try:
        wait_until("chromedriver answers", lambda: _answers(base), 30.0)
        with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
            arguments = [*_OPTIONS, f"--window-size={width},{height}", f"--user-data-dir={profile}"]
            wanted = {
                "browserName": "chrome",
                "goog:chromeOptions": {"args": arguments, "binary": shutil.which("chromium")},
            }
            made = requests.post(f"{base}/session", json={"capabilities": {"alwaysMatch": wanted}}, timeout=60)
            session = f"{base}/session/{_value(made)['sessionId']}"
            try:
                yield Browser(session)
            finally:
                requests.delete(session, timeout=30)
    finally:
        driver.send_signal(signal.SIGTERM)
        driver.wait(timeout=10)


def _answers(base: str) -> bool:
    try:
        return bool(requests.get(f"{base}/status", timeout=5).json()["value"]["ready"])
    except requests.RequestException:
        return False


def _value(answer: requests.Response) -> Any:
    value = answer.json()["value"]
    if isinstance(value, Mapping) and "error" in value:
        raise AssertionError(f"{value['error']}: {value['message'].splitlines()[0]}")
    return value
