"""Input devices of the kernel (/dev/input/event…), grabbed, so that a scan is typed into nothing else."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Callable

from devices.links.descriptor import DescriptorLink
from devices.ports import DeviceGone, DeviceUnplugged

_EVIOCGRAB = 0x40044590  # _IOW('E', 0x90, int), linux/input.h; the same on 32 and 64 bits


def open_grabbed(path: str) -> int:
    """A non-blocking descriptor of the input device, for this process alone until it is closed.

    Raises DeviceUnplugged where there is no such path, DeviceGone where it cannot be had alone.
    """
    descriptor = open_shared(path)
    try:
        fcntl.ioctl(descriptor, _EVIOCGRAB, 1)
    except OSError as error:
        os.close(descriptor)
        why = {errno.ENOTTY: "it is no input device", errno.EINVAL: "it is no input device"}
        reason = why.get(error.errno or 0, error.strerror)
        raise DeviceGone(f"{path}: cannot be had alone ({reason})") from error
    return descriptor


def open_shared(path: str) -> int:
    """The same, while others read it too. Raises DeviceUnplugged or DeviceGone."""
    try:
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError as error:
        kind = DeviceUnplugged if error.errno == errno.ENOENT else DeviceGone
        raise kind(f"{path}: cannot be opened ({error.strerror})") from error


class EvdevLink(DescriptorLink):
    """One input device; `opened` opens and grabs it, apart from all that is read from it."""

    def __init__(self, path: str, opened: Callable[[str], int] = open_grabbed) -> None:
        """Raises DeviceUnplugged or DeviceGone."""
        self._events = opened(path)
        super().__init__(self._events, path)

    def close(self) -> None:
        """Close, which ends the grab; never raises."""
        events, self._events = self._events, -1
        if events >= 0:
            with contextlib.suppress(OSError):
                os.close(events)
        super().close()
