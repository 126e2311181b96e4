"""Bounded reading and writing on one non-blocking file descriptor, shared by the serial and TCP links."""

from __future__ import annotations

import os
import select
import time

from devices.links.bell import Bell
from devices.ports import DeviceGone, DeviceTimeout

_GONE = select.POLLHUP | select.POLLERR | select.POLLNVAL


class DescriptorLink:
    """A non-blocking descriptor with deadlines; one thread uses it, any thread may `wake` that one."""

    def __init__(self, descriptor: int, label: str) -> None:
        """`label` names the link in faults (a device path or host:port, from the configuration)."""
        self.label = label
        self._descriptor = descriptor
        self._bell = Bell()
        self._incoming = select.poll()
        self._incoming.register(descriptor, select.POLLIN)
        self._incoming.register(self._bell.descriptor, select.POLLIN)
        self._outgoing = select.poll()
        self._outgoing.register(descriptor, select.POLLOUT)

    def read(self, size: int, timeout_s: float) -> bytes:
        """Return 1 to `size` bytes as soon as there are any; b"" after `timeout_s` or when woken.

        Raises DeviceGone when the other end is gone.
        """
        self._must_be_open()
        try:
            ready = dict(self._incoming.poll(max(0.0, timeout_s) * 1000))
            if self._descriptor in ready:
                data = os.read(self._descriptor, size)
                if not data:
                    raise DeviceGone(f"{self.label}: the other end hung up")
                return data
            if self._bell.descriptor in ready:
                self._bell.still()
            return b""
        except BlockingIOError:
            return b""
        except OSError as error:
            raise self._gone(error) from error

    def write(self, data: bytes, timeout_s: float) -> None:
        """Hand all of `data` to the system within `timeout_s`; raises DeviceTimeout or DeviceGone."""
        self._must_be_open()
        deadline = time.monotonic() + timeout_s
        rest = memoryview(data)
        while rest:
            left = deadline - time.monotonic()
            if left <= 0:
                raise DeviceTimeout(f"{self.label}: does not take its bytes")
            try:
                for _, events in self._outgoing.poll(left * 1000):
                    if events & _GONE:
                        raise DeviceGone(f"{self.label}: the other end hung up")
                    rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise self._gone(error) from error

    def wake(self) -> None:
        """Make a `read` that waits now, or the next one, return; harmless on a closed link."""
        self._bell.ring()

    def close(self) -> None:
        """Release the bell; subclasses close what they opened and then call this. Never raises."""
        self._bell.close()

    def _must_be_open(self) -> None:
        """A closed descriptor's number may belong to another file by now."""
        if self._bell.closed:
            raise DeviceGone(f"{self.label}: closed")

    def _gone(self, error: OSError) -> DeviceGone:
        return DeviceGone(f"{self.label}: {error.strerror}")
