"""Tells at once when a device's path appears: udev makes and renames links, and inotify(7) sees it.

Python has no inotify of its own; the calls of the C library are made here. No device is opened or probed.
"""

from __future__ import annotations

import ctypes
import logging
import os
import select
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

from devices.links.bell import Bell

log = logging.getLogger(__name__)

_CAME = 0x100 | 0x80 | 0x4  # created, moved here, rights changed: udev gives them after it has made the node
_FOLDER_WENT = 0x400 | 0x800 | 0x8000  # deleted, moved, no longer watched
_OVERFLOW = 0x4000
_ONLY_FOLDERS = 0x1000000
_HEAD = struct.Struct("@iIII")  # watch, what happened, cookie, length of the name
_PIECE = 65536


class PlugWatch:
    """Watches for `paths`, in the folders that they will lie in or the nearest above, and all that comes in `trees`."""

    def __init__(self, paths: Sequence[Path], *trees: Path) -> None:
        """`trees`: folders in which, and in whose folders, anything new counts.

        Where the kernel gives no inotify, `wait` only waits: the supervisors' pauses end by themselves.
        """
        self._leaves = [path.absolute() for path in paths]
        self._wanted = {one for path in self._leaves for one in (path, *path.parents)}
        self._trees = trees
        self._bell = Bell()
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._inotify: int = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        self._folders: dict[int, set[Path]] = {}
        self._poll = select.poll()
        self._poll.register(self._bell.descriptor, select.POLLIN)
        if self._inotify < 0:
            log.warning("plugs are not watched (%s)", os.strerror(ctypes.get_errno()))
        else:
            self._poll.register(self._inotify, select.POLLIN)
            self._attend()

    def wait(self, timeout_s: float) -> bool:
        """Wait until one of the paths may have come (True), for `timeout_s`, or until woken; one thread only."""
        if self._bell.closed:
            return False
        ready = dict(self._poll.poll(timeout_s * 1000))
        try:
            if self._bell.descriptor in ready:
                self._bell.still()
            data = os.read(self._inotify, _PIECE) if self._inotify in ready else b""
        except OSError:
            return False
        if not data:
            return False
        came = [self._is_wanted(*one) for one in _events(data)]
        self._attend()  # before anybody looks: what came meanwhile is then seen by that look
        return any(came)

    def wake(self) -> None:
        """End `wait`, now or next; from any thread, harmless when closed."""
        self._bell.ring()

    def close(self) -> None:
        """Stop watching, when nobody waits; never raises."""
        if self._bell.close() and self._inotify >= 0:
            os.close(self._inotify)

    def _is_wanted(self, watch: int, happened: int, name: str) -> bool:
        if happened & _OVERFLOW:
            return True
        folders = self._folders.get(watch, set())
        if happened & _FOLDER_WENT:
            self._folders.pop(watch, None)
            return False
        return bool(name) and any(
            folder / name in self._wanted or folder in self._trees or folder.parent in self._trees for folder in folders
        )

    def _attend(self) -> None:
        """Watch the nearest folder of each path that is there; again for as long as a nearer one has come."""
        watched = {one for folders in self._folders.values() for one in folders}
        for leaf in self._leaves:
            while (folder := next(one for one in leaf.parents if one.is_dir())) not in watched:
                watched.add(folder)
                self._add(folder)
        for tree in self._trees:
            for folder in (tree, *(one for one in _within(tree) if one.is_dir())):
                if folder not in watched:
                    self._add(folder)

    def _add(self, folder: Path) -> None:
        watch = self._libc.inotify_add_watch(self._inotify, os.fsencode(folder), _CAME | 0xC00 | _ONLY_FOLDERS)
        if watch >= 0:
            self._folders.setdefault(watch, set()).add(folder)


def _within(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _events(data: bytes) -> Iterator[tuple[int, int, str]]:
    at = 0
    while at + _HEAD.size <= len(data):
        watch, happened, _, length = _HEAD.unpack_from(data, at)
        name = data[at + _HEAD.size : at + _HEAD.size + length].rstrip(b"\0")
        at += _HEAD.size + length
        yield watch, happened, os.fsdecode(name)
