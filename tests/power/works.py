"""What a kiosk has on its disk and promises of, at work in the virtual machine: its journal, and its mirror.

A mark is what is said of one thing: its number, what became of it, and its id. Nothing is said before it is committed.
"""

from __future__ import annotations

import os
import random
import sqlite3
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from circulation.events import Action, Event, Kind
from circulation.identifiers import pass_number
from circulation.outcomes import Voided
from circulation.presented import Presented, Source
from offline_cache.generations import Generations
from offline_cache.journal import Entry
from offline_cache.journal_opening import open_journal
from offline_cache.mirror import Mirror
from offline_cache.mirror_file import MirrorFile, Page, Signed
from offline_cache.sealing import Seal
from tests.crash.swapping import AS_OF, NUMBER, PAGES, one_patron, row
from tests.offline_cache import model_store
from tests.offline_cache.journals import AT, BOOK, KEY, KIOSK, REFUSED, SHOWN, ids, lent, weaken

TOGETHER = 4
"""So many events change in one commit at most."""


class Work(Protocol):
    """Something at work in a folder of the disk."""

    def __init__(self, folder: Path) -> None:
        """Opens it as the kiosk does."""

    def weaken(self) -> None:
        """From now on nothing is synced."""

    def stands(self) -> list[str]:
        """The marks of all that is there."""

    def act(self) -> list[str]:
        """One act, by chance; returns the marks of what it touched."""


class JournalAtWork:
    """Requests, their answers, facts and deliveries; each act is one commit."""

    def __init__(self, folder: Path) -> None:
        self._journal = open_journal(folder / "journal.db", Seal(KEY), KIOSK, ids(), lambda: AT)
        self._asked = [one for one in self._journal.undelivered() if one.kind is Kind.REQUEST]

    def weaken(self) -> None:
        """Its database and its daybook."""
        weaken(self._journal, "synchronous=NORMAL")

    def stands(self) -> list[str]:
        """Every event."""
        return [_mark(one) for one in self._journal.since(0)]

    def act(self) -> list[str]:
        """What is asked is answered next."""
        return [_mark(self._journal.entry(one.seq)) for one in (self._answer() if self._asked else self._begin())]

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


class MirrorAtWork:
    """Generations, promised when they go live, and pages, which may be lost, but never apart from their cursor."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._generations = folder, Generations(folder)

    def weaken(self) -> None:
        """SQLite is told not to sync, and whoever asks for a sync gets none."""
        sqlite3.connect = partial(sqlite3.connect, factory=_Unsynced)  # type: ignore[assignment]
        os.fsync = lambda fd: None

    def stands(self) -> list[str]:
        """The generation that is live, if there is one."""
        live = self._generations.live()
        if live is None:
            return []
        with closing(Mirror(self._folder, lambda: model_store.KEY)) as mirror:
            seq = mirror.picture().seq
            (found,) = mirror.found(Presented(Source.BARCODE, pass_number(NUMBER)))
        if found.patron.language != f"v{seq}" or seq // 10 != live:
            raise AssertionError(f"the mirror {live} is at {seq} and has a row of {found.patron.language}")
        return [f"1=generation/{live}/live"]

    def act(self) -> list[str]:
        """A generation, or a page of changes."""
        with self._generations.alone():
            self._pull()
        return self.stands()

    def _pull(self) -> None:
        live = self._generations.live()
        if live is None or (seq := self._seq(live)) % 10 == PAGES:
            self._new(self._generations.next_number())
        else:
            with closing(MirrorFile(self._generations.file(live), model_store.KEY)) as file:
                file.apply(Page(f"g:{seq}", "g", seq + 1, [one_patron(seq + 1)], 0, AS_OF))

    def _seq(self, live: int) -> int:
        with closing(Mirror(self._folder, lambda: model_store.KEY)) as mirror:
            return mirror.picture().seq

    def _new(self, number: int) -> None:
        with closing(MirrorFile(self._generations.file(number), model_store.KEY, new=True)) as file:
            file.fill([row("network", 1, **model_store.network()), one_patron(number * 10)])
            file.finish(Signed(f'{{"made_at": "{AT.isoformat()}"}}'.encode(), "00" * 64, "g", number * 10, "", AS_OF))
            file.settle()
        self._generations.go_live(number)
        self._generations.drop_all_but(number)


class _Unsynced(sqlite3.Connection):
    def execute(self, sql: str, *given: Any) -> sqlite3.Cursor:
        return super().execute("PRAGMA synchronous = OFF" if "synchronous" in sql else sql, *given)


def _mark(entry: Entry) -> str:
    """Its number, what it is, what became of it, and the end of its id, which is chance."""
    return f"{entry.event.seq}={entry.event.kind.value}/{entry.state}/{entry.event.id[-8:]}"


WORKS: dict[str, type[Work]] = {"journal": JournalAtWork, "mirror": MirrorAtWork}
