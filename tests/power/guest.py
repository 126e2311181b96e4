"""The first and only process of the virtual machine: the kiosk's journal, or its mirror, at work on a disk.

What is said over the serial line was committed before; a line counts only whole, with its end.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import random
import time
from pathlib import Path

from tests.power.works import WORKS

END = " ."
WEAKENED = "weakened"
_DEVICE, _DISK, _MODULES, _REHEARSAL = "vda", Path("/disk"), Path("/modules"), Path("/rehearsal")
_LIBC = ctypes.CDLL(None, use_errno=True)
_FINIT_MODULE, _COMPRESSED, _RESEED = 313, 4, 0x5207  # on x86-64


def main() -> None:
    """Makes itself ready, waits for a word, says what stands on the disk, and acts until the power goes.

    The word is the name of a work, and perhaps WEAKENED.
    """
    mount("devtmpfs", "/dev", "devtmpfs")
    mount("sysfs", "/sys", "sysfs")
    line = os.open("/dev/ttyS1", os.O_RDWR | os.O_NOCTTY)

    def say(*words: str) -> None:
        os.write(line, " ".join(words).encode("ascii") + END.encode() + b"\n")

    try:
        rehearse()
        os.write(line, b"\n")  # a reset may have cut off a line before its end
        say("loaded")
        name, *weakened = os.read(line, 100).decode("ascii").split()
        os.write(line, b"\n")
        new_chance()
        for module in sorted(_MODULES.iterdir()):
            insert(module)
        mount(f"/dev/{_DEVICE}", str(_DISK), "ext4")
        say("up", Path(f"/sys/block/{_DEVICE}/queue/write_cache").read_text().strip().replace(" ", "-"))
        work = WORKS[name](_DISK / name)
        for mark in work.stands():
            say("holds", mark)
        if weakened:
            work.weaken()
        say("ready")
        while True:
            say("did", *work.act())
    except Exception as fault:
        say("fault", type(fault).__name__, ascii(str(fault)))
        time.sleep(3600)


def rehearse() -> None:
    """Some acts in memory, so that whatever is loaded late is there."""
    for name, made in WORKS.items():
        work = made(_REHEARSAL / name)
        for _ in range(12):
            work.act()
        work.stands()


def new_chance() -> None:
    """A machine that goes on where it was kept would draw the same numbers, keys and ids in each of its lives."""
    with Path("/dev/urandom").open("rb") as source:
        fcntl.ioctl(source, _RESEED)
    random.seed()


def mount(what: str, where: str, kind: str) -> None:
    """Raises OSError."""
    if _LIBC.mount(what.encode(), where.encode(), kind.encode(), 0, None):
        raise OSError(ctypes.get_errno(), "mount", where)


def insert(module: Path) -> None:
    """Into the kernel. Raises OSError."""
    with module.open("rb") as file:
        compressed = 0 if module.suffix == ".ko" else _COMPRESSED
        if _LIBC.syscall(_FINIT_MODULE, file.fileno(), b"", compressed):
            raise OSError(ctypes.get_errno(), "insert", module.name)


if __name__ == "__main__":
    main()
