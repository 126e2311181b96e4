"""A kiosk's journal at work as the first and only process of a virtual machine.

What is said over the serial line was committed before; a line counts only whole, with its end.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import random
import time
from datetime import timedelta
from pathlib import Path

from circulation.events import Action, Event, Kind
from circulation.outcomes import Voided
from offline_cache.journal import Entry, Journal
from offline_cache.journal_opening import open_journal
from offline_cache.sealing import Seal
from tests.offline_cache.journals import AT, BOOK, KEY, KIOSK, REFUSED, SHOWN, ids, lent, weaken

DISK = Path("/disk")
DEVICE = "vda"
MODULES = Path("/modules")
END = " ."
TOGETHER = 4
_LIBC = ctypes.CDLL(None, use_errno=True)
_FINIT_MODULE, _COMPRESSED, _RESEED = 313, 4, 0x5207  # on x86-64


def main() -> None:
    """Makes itself ready, waits for a word, says what stands in the journal, and acts until the power goes.

    The word is a pragma, or empty: one weakens the journal on purpose.
    """
    mount("devtmpfs", "/dev", "devtmpfs")
    mount("sysfs", "/sys", "sysfs")
    line = os.open("/dev/ttyS1", os.O_RDWR | os.O_NOCTTY)

    def say(*words: str) -> None:
        os.write(line, " ".join(words).encode("ascii") + END.encode() + b"\n")

    try:
        rehearse()
        say("loaded")
        pragma = os.read(line, 100).decode("ascii").strip()
        os.write(line, b"\n")
        new_chance()
        for module in sorted(MODULES.iterdir()):
            insert(module)
        mount(f"/dev/{DEVICE}", str(DISK), "ext4")
        say("up", Path(f"/sys/block/{DEVICE}/queue/write_cache").read_text().strip().replace(" ", "-"))
        journal = opened(DISK / "kiosk")
        for entry in journal.since(0):
            say("holds", mark(entry))
        if pragma:
            weaken(journal, pragma)
        say("ready")
        desk = Desk(journal)
        while True:
            say("did", *map(mark, desk.act()))
    except Exception as fault:
        say("fault", type(fault).__name__, ascii(str(fault)))
        time.sleep(3600)


def opened(folder: Path) -> Journal:
    """As the kiosk opens it."""
    return open_journal(folder / "journal.db", Seal(KEY), KIOSK, ids(), lambda: AT)


def rehearse() -> None:
    """Some acts in memory, so that whatever is loaded late is there."""
    journal = opened(Path("/rehearsal"))
    desk = Desk(journal)
    for _ in range(20):
        desk.act()
    journal.since(0)
    journal.close()


def new_chance() -> None:
    """A machine that goes on where it was kept would draw the same numbers, keys and ids in each of its lives."""
    with Path("/dev/urandom").open("rb") as source:
        fcntl.ioctl(source, _RESEED)
    random.seed()


class Desk:
    """What the kiosk does with its journal, by chance; each act is one commit."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._asked = [one for one in journal.undelivered() if one.kind is Kind.REQUEST]

    def act(self) -> list[Entry]:
        """One act; returns the events that it touched as they stand now."""
        return [self._journal.entry(one.seq) for one in (self._answer() if self._asked else self._begin())]

    def _begin(self) -> list[Event]:
        journal, at = self._journal, AT + timedelta(minutes=self._journal.last)
        match random.choice(("ask", "ask", "ask", "fact", "deliver")):
            case "fact":
                return [journal.append_fact(Action.CHECK_OUT, SHOWN, BOOK, at, None, lent())]
            case "deliver" if waiting := journal.undelivered(TOGETHER):
                journal.answered_all([(one, Voided(one.id) if one.kind is Kind.VOID else lent()) for one in waiting])
                return waiting
            case _:
                self._asked = [journal.append(Action.CHECK_OUT, SHOWN, BOOK, at)]
                return self._asked

    def _answer(self) -> list[Event]:
        event = self._asked.pop()
        match random.choice(("yes", "no", "overruled", "given up")):
            case "yes":
                self._journal.answered(event, lent())
            case "no":
                self._journal.answered(event, REFUSED)
            case "overruled":
                self._journal.turn_into_fact(event, lent())
            case _:
                self._journal.give_up(event)
        return [event]


def mark(entry: Entry) -> str:
    """What is said of an event: its number, what it is, what became of it, and the end of its id, which is chance."""
    return f"{entry.event.seq}={entry.event.kind.value}/{entry.state}/{entry.event.id[-8:]}"


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
