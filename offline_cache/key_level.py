"""What the place of a key file is worth (house decision 7): told by the file system that it is on."""

import os
from enum import Enum
from pathlib import Path

_IN_MEMORY = frozenset({"tmpfs", "ramfs"})
_CREDENTIALS = Path("/run/credentials")
_MOUNTS = Path("/proc/self/mountinfo")


class KeyLevel(Enum):
    """What a stolen disk yields: nothing under SEALED and FETCHED; under ON_DISK the key lies beside the mirror."""

    SEALED = "a"
    FETCHED = "b"
    ON_DISK = "c"


def level_of(file: Path) -> KeyLevel:
    """What the place of the key file is worth. A credential of the service manager counts as sealed: the
    unit gives none but encrypted ones under that name."""
    credentials = {_CREDENTIALS, Path(os.environ.get("CREDENTIALS_DIRECTORY", _CREDENTIALS))}
    place = file.absolute()
    if _file_system(place) not in _IN_MEMORY:
        return KeyLevel.ON_DISK
    return KeyLevel.SEALED if any(place.is_relative_to(one) for one in credentials) else KeyLevel.FETCHED


def _file_system(place: Path) -> str:
    """The kind of file system that the path is on, by the longest mount point above it."""
    best, kind = "", ""
    for line in _MOUNTS.read_text("utf-8", "replace").splitlines():
        left, _, right = line.partition(" - ")
        mount = left.split()[4].encode().decode("unicode_escape")
        if place.is_relative_to(mount) and len(mount) >= len(best):
            best, kind = mount, right.split()[0]
    return kind
