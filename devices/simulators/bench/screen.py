"""The kiosk's screen as numbered pictures: read from the frame buffer, encoded once for all who watch."""

from __future__ import annotations

import threading
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from devices.simulators.bench.changing import Changing
from devices.simulators.bench.framebuffer import FrameBuffer, encoded
from devices.simulators.bench.touches import Touches

PERIOD_S = 0.15  # at most six or seven pictures a second
_SMALLEST_WIDTH = 90


class Screen:
    """What is seen on a virtual screen, and the finger on it."""

    def __init__(self, frame_buffer: Path, display: str) -> None:
        """Raises NoPicture."""
        self._buffer = FrameBuffer(frame_buffer)
        self.width = self._buffer.layout.width
        self.height = self._buffer.layout.height
        self.touches = Touches(display, self.width, self.height)
        self._changing = Changing(self._buffer.pixels, PERIOD_S)
        self._encoding = threading.Lock()
        self._encoded_number = 0
        self._encoded: dict[tuple[int, str], bytes] = {}

    async def newer(self, after: int | None, wait_s: float, width: int, form: str) -> tuple[int, bytes] | None:
        """The picture as `form` ("jpeg", "png") once it is another than number `after`; None after `wait_s` seconds."""
        found = await self._changing.newer(after, wait_s)
        if found is None:
            return None
        number, pixels = found
        wanted = min(max(width, _SMALLEST_WIDTH), self.width)
        return number, await run_in_threadpool(self._encode, number, pixels, wanted, form)

    def _encode(self, number: int, pixels: bytes, width: int, form: str) -> bytes:
        with self._encoding:
            if number != self._encoded_number:
                self._encoded.clear()
                self._encoded_number = number
            if (width, form) not in self._encoded:
                self._encoded[width, form] = encoded(self._buffer.picture(pixels), width, form)
            return self._encoded[width, form]

    def close(self) -> None:
        """Let go of the file and the finger."""
        self.touches.close()
        self._buffer.close()
