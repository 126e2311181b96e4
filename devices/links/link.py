"""What every link to hardware can do, whether it is a descriptor of the system or a device on USB."""

from __future__ import annotations

from typing import Protocol


class Link(Protocol):
    """Bytes to and from one device, with deadlines; one thread uses it, any thread may `wake` that one."""

    label: str

    def read(self, size: int, timeout_s: float) -> bytes:
        """1 to `size` bytes as soon as there are any; b"" after `timeout_s` or when woken. Raises DeviceGone."""

    def write(self, data: bytes, timeout_s: float) -> None:
        """All of `data` within `timeout_s`; raises DeviceTimeout or DeviceGone."""

    def wake(self) -> None:
        """Make a `read` that waits now, or the next one, return; harmless on a closed link."""

    def close(self) -> None:
        """Let go of it; never raises."""
