"""TCP connections to devices on the network."""

from __future__ import annotations

import contextlib
import socket

from devices.links.descriptor import DescriptorLink
from devices.ports import DeviceGone, DeviceTimeout


class TcpLink(DescriptorLink):
    """One connection; small writes leave at once, a dead peer is noticed by keep-alive."""

    def __init__(self, host: str, port: int, timeout_s: float) -> None:
        """Connect within `timeout_s` seconds; raises DeviceGone or DeviceTimeout."""
        label = f"{host}:{port}"
        try:
            self._socket = socket.create_connection((host, port), timeout_s)
        except TimeoutError as error:
            raise DeviceTimeout(f"{label}: no answer to the call") from error
        except OSError as error:
            raise DeviceGone(f"{label}: {error.strerror or 'cannot be reached'}") from error
        self._socket.setblocking(False)
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        super().__init__(self._socket.fileno(), label)

    def close(self) -> None:
        """Close the connection; never raises."""
        with contextlib.suppress(OSError):
            self._socket.close()
        super().close()
