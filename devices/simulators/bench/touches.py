"""Touches on a virtual screen from outside the app: XTest events (X11 XTEST 2.2), sent by one xdotool that stays."""

from __future__ import annotations

import os
import subprocess
import threading

DEEDS: dict[str, str] = {
    "press": "mousemove {x} {y}\nmousedown 1\n",
    "move": "mousemove {x} {y}\n",
    "release": "mousemove {x} {y}\nmouseup 1\n",
    # A finger rests for a moment: apps that look once a frame must see it down.
    "tap": "mousemove {x} {y}\nmousedown 1\nsleep 0.06\nmouseup 1\n",
}


class NoTouch(Exception):
    """The touch could not be handed to the screen; the message is a sentence."""


class Touches:
    """One finger on the screen `display` (":N") of `width` by `height` pixels."""

    def __init__(self, display: str, width: int, height: int) -> None:
        self._display = display
        self._width = width
        self._height = height
        self._one_at_a_time = threading.Lock()
        self._sender: subprocess.Popen[str] | None = None

    def do(self, deed: str, x: float, y: float) -> None:
        """Do one of DEEDS at pixel (x, y) of the screen; what lies outside goes to the edge.

        Raises NoTouch where xdotool is missing or the screen is gone.
        """
        inside_x = min(max(round(x), 0), self._width - 1)
        inside_y = min(max(round(y), 0), self._height - 1)
        line = DEEDS[deed].format(x=inside_x, y=inside_y)
        with self._one_at_a_time:
            for _ in range(2):  # a sender that ended since the last touch is replaced once
                to_sender = self._running().stdin
                try:
                    if to_sender is not None:
                        to_sender.write(line)
                        to_sender.flush()
                        return
                except OSError:
                    self._end()
            raise NoTouch(f"xdotool cannot reach the screen {self._display}")

    def close(self) -> None:
        """End the sender."""
        with self._one_at_a_time:
            self._end()

    def _running(self) -> subprocess.Popen[str]:
        if self._sender is not None and self._sender.poll() is None:
            return self._sender
        self._end()
        try:
            self._sender = subprocess.Popen(
                ["xdotool", "-"],
                env={**os.environ, "DISPLAY": self._display},
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        except OSError as problem:
            raise NoTouch("xdotool is not installed, so that touches cannot be forwarded") from problem
        return self._sender

    def _end(self) -> None:
        if self._sender is None:
            return
        try:
            if self._sender.stdin is not None:
                self._sender.stdin.close()  # xdotool ends by itself at the end of its input
        except OSError:
            pass
        try:
            self._sender.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self._sender.kill()
            self._sender.wait()
        self._sender = None
