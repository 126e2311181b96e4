"""Journals to open in tests, and what to write into them."""

import itertools
import os
import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from circulation.events import Action, Event
from circulation.identifiers import ChipUid, EventId, ItemBarcode, KioskId, PassNumber, new_event_id
from circulation.outcomes import CheckedOut, NextStep, Reason, Refused
from circulation.presented import Presented, Source
from offline_cache.journal import Journal
from offline_cache.sealing import Seal

KEY = bytes(range(32))
KIOSK = KioskId("annen-1")
AT = datetime(2026, 7, 15, 12, 30, tzinfo=UTC)
SHOWN = Presented(Source.CHIP, PassNumber("20000000000014"), ChipUid("04A1B2C3D4E5F6"))
BOOK = ItemBarcode("30000000000012")
TITLE = "De vloek van de Roemenen"
REFUSED = Refused(Reason.ITEM_UNKNOWN, "K7", NextStep.DESK, {"place": "Annen", "day": date(2026, 7, 15), "count": 3})


def lent(item: ItemBarcode = BOOK, title: str = TITLE) -> CheckedOut:
    """The answer of a library system that lends."""
    return CheckedOut(item, title, date(2026, 8, 5), 1, 9)


def ids(start: int = 1) -> Callable[[], EventId]:
    """New ids, one after the other, never twice in a process."""
    numbers = itertools.count(start)
    return lambda: new_event_id(next(numbers), os.urandom(10))


def open_journal(path: Path, key: bytes = KEY, kiosk: KioskId = KIOSK) -> Journal:
    """The journal in that file."""
    return Journal(path, Seal(key), kiosk, ids())


def database(journal: Journal) -> sqlite3.Connection:
    """The journal's own connection; all that was done is in it."""
    with journal._books.reading() as db:
        return db


def takes_nothing(journal: Journal, yes: bool = True) -> None:
    """Lets whatever is written from now on fail, or no more."""
    journal._books.db.execute(f"PRAGMA query_only = {int(yes)}")
    journal._books._well = not yes


def weaken(journal: Journal, pragma: str, *, daybook: bool = True) -> None:
    """Lets it promise what is on no disk yet: the database by `pragma` (synchronous=...), and the daybook."""
    if pragma:
        journal._books.db.execute(f"PRAGMA {pragma}")
        journal._books.sync = pragma.partition("=")[2]
    if daybook:
        book = journal._books._daybook
        os.close(book._file)
        book._file = os.open(book._path, os.O_RDWR | os.O_CLOEXEC)


def append(journal: Journal, item: ItemBarcode = BOOK) -> Event:
    """Writes down that this item is about to be asked for."""
    return journal.append(Action.CHECK_OUT, SHOWN, item, AT)
