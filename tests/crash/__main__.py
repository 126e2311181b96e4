"""A kiosk's journal at work: `python -m tests.crash JOURNAL STEPS [PRAGMA]`. What is printed was committed before.

STEPS acts of every kind, without chance; in the middle the journal is closed and opened again. Each line says what
the journal held then: seq=state for all events, and `floor`.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, timedelta
from pathlib import Path

from circulation.events import Action, ClockState, Event, Told
from circulation.outcomes import Voided
from offline_cache.journal import Journal
from tests.offline_cache.journals import AT, BOOK, REFUSED, SHOWN, lent, open_journal, weaken

DAYBOOK = "daybook"  # in the place of a pragma: only the daybook is weakened
BOOT = "00000000-0000-4000-8000-000000000000"


def told(step: int) -> Told:
    """The clock, a minute later at each step."""
    return Told(BOOT, 60_000 * step, ClockState.SYNCHRONISED)


def act(journal: Journal, step: int, open_event: Event | None) -> Event | None:
    """One act, which is at most two commits' worth of one call; returns the request that is open after it."""
    at = AT + timedelta(minutes=step)
    match step % 8:
        case 0 | 2 | 4:
            return journal.append(Action.CHECK_OUT, SHOWN, BOOK, at, told(step))
        case 1 if open_event:
            journal.answered(open_event, lent())
        case 3 if open_event:
            journal.turn_into_fact(open_event, lent())
        case 5 if open_event:
            journal.give_up(open_event)
        case 6:
            journal.append_fact(Action.CHECK_OUT, SHOWN, BOOK, at, told(step), lent())
        case _:
            waiting = journal.undelivered(2)
            journal.answered_all(
                [(one, Voided(one.id) if one.kind.value == "void" else REFUSED) for one in waiting],
                acked_seq=sum(journal.counts().values()),
            )
    return None


def holds(journal: Journal) -> str:
    """What stands in the journal, in one line."""
    entries = journal.since(0)
    states = " ".join(f"{one.event.seq}={one.event.kind.value}/{one.state}/{one.event.id[-4:]}" for one in entries)
    return f"{states} floor={journal.floor().astimezone(UTC).isoformat()}"


def main(path: Path, steps: int, pragma: str) -> None:
    """Does all and ends."""
    journal = opened(path, pragma)
    say(holds(journal))
    event: Event | None = None
    for step in range(steps):
        event = act(journal, step, event)
        say(holds(journal))
        if step == steps // 2:
            journal.close()
            journal = opened(path, pragma)
    journal.close()


def opened(path: Path, pragma: str) -> Journal:
    """As the kiosk opens it; `pragma` weakens it on purpose."""
    journal = open_journal(path)
    if pragma:
        weaken(journal, "" if pragma == DAYBOOK else pragma)
    return journal


def say(line: str) -> None:
    """At once and whole."""
    os.write(1, line.encode() + b"\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "")
