"""That disk for virtual machines: the network block device protocol (NBD, fixed newstyle), one machine at a time."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from pathlib import Path

from tests.power.disk import Disk

_MAGIC, _OPTION, _OPTION_REPLY = 0x4E42444D41474943, 0x49484156454F5054, 0x3E889045565A9
_FIXED_NEWSTYLE, _NO_ZEROES = 1, 2
_ABORT, _GO = 2, 7
_ACK, _INFO, _UNSUPPORTED = 1, 3, 0x80000001
_HAS_FLAGS, _TAKES_FLUSH = 1, 4
_REPLY = 0x67446698
_READ, _WRITE, _DISCONNECT, _FLUSH = range(4)
_INVALID = 22


class Served:
    """Serves until it is closed. A machine that is killed leaves its place to the next."""

    def __init__(self, disk: Disk, path: Path) -> None:
        self._disk, self._path = disk, path
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._listening.listen(1)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """The machine has ended before."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()
        self._path.unlink()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            with client, suppress(ConnectionError, EOFError):
                if self._agreed(client):
                    while self._answered(client):
                        pass

    def _agreed(self, client: socket.socket) -> bool:
        """The handshake, whose only options are the whole disk and nothing."""
        client.sendall(struct.pack(">QQH", _MAGIC, _OPTION, _FIXED_NEWSTYLE | _NO_ZEROES))
        _read(client, 4)
        while True:
            _, option, size = struct.unpack(">QII", _read(client, 16))
            _read(client, size)
            if option == _GO:
                export = struct.pack(">HQH", 0, len(self._disk), _HAS_FLAGS | _TAKES_FLUSH)
                client.sendall(struct.pack(">QIII", _OPTION_REPLY, option, _INFO, len(export)) + export)
            known = _ACK if option in (_GO, _ABORT) else _UNSUPPORTED
            client.sendall(struct.pack(">QIII", _OPTION_REPLY, option, known, 0))
            if known == _ACK:
                return bool(option == _GO)

    def _answered(self, client: socket.socket) -> bool:
        """One request. A disk without power answers none."""
        kind: int
        _, _, kind, handle, at, size = struct.unpack(">IHHQQI", _read(client, 28))
        given, error = b"", 0
        if kind == _READ:
            given = self._disk.read(at, size)
        elif kind == _WRITE:
            self._disk.write(at, _read(client, size))
        elif kind == _FLUSH:
            self._disk.flush()
        elif kind == _DISCONNECT:
            return False
        else:
            error = _INVALID
        if not self._disk.dark.is_set():
            client.sendall(struct.pack(">IIQ", _REPLY, error, handle) + given)
        return True


def _read(client: socket.socket, size: int) -> bytes:
    found = bytearray()
    while len(found) < size:
        part = client.recv(size - len(found))
        if not part:
            raise EOFError
        found += part
    return bytes(found)
