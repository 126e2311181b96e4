"""Whole frames of a reader out of the bytes of its link, for the transports that nfcpy's drivers talk through.

nfcpy takes an OSError for a faulty answer; DeviceGone passes straight through it, so that both stay apart.
"""

from __future__ import annotations

import errno
import math
import os
import time
from collections.abc import Callable
from enum import Enum

from devices.links.link import Link

_PIECE = 4096
_LEAST_S = 0.05


class Cut(Enum):
    """Why no frame could be cut out of what has come."""

    MORE = "more bytes are needed"
    BROKEN = "length or checksum is wrong"


def next_frame(
    link: Link,
    buffer: bytearray,
    cut: Callable[[bytearray], bytes | Cut],
    timeout_ms: int,
    gap_s: float = math.inf,
) -> bytearray:
    """The next whole frame; `gap_s` of silence within one mean that its rest is not coming.

    What has arrived in time counts, however late a busy machine comes to look at it.
    Raises OSError ETIMEDOUT when no whole one came, EIO when it is faulty, and DeviceGone.
    """
    deadline, over = time.monotonic() + max(timeout_ms / 1000, _LEAST_S), False
    while True:
        found = cut(buffer)
        if isinstance(found, bytes):
            return bytearray(found)
        if found is Cut.BROKEN or over:
            buffer.clear()
            number = errno.EIO if found is Cut.BROKEN else errno.ETIMEDOUT
            raise OSError(number, os.strerror(number))
        now = time.monotonic()
        until = min(deadline, now + gap_s) if buffer else deadline
        data = link.read(_PIECE, until - now)
        over = now >= deadline or (not data and time.monotonic() >= until)
        buffer += data
