"""What stands in a row of the journal: an event and what became of it, as sealed bytes and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, TypeAlias, cast

from circulation.events import Event, Kind
from circulation.identifiers import KioskId
from circulation.outcomes import CheckedOut, Refused, Voided
from offline_cache.journal_faults import as_fault
from offline_cache.sealing import Seal
from values import dataclass

if TYPE_CHECKING:
    from circulation.affairs import CheckedIn, Paid, Renewed, RenewedAll, VisitEnded

Answer: TypeAlias = "CheckedOut | CheckedIn | Renewed | RenewedAll | Paid | VisitEnded | Refused | Voided"
Row: TypeAlias = tuple[int, bytes, str, int, bytes | None, bytes | None, str]
COLUMNS = "seq, body, state, unclear, outcome, promised, why"
DONE_THOUGH_GIVEN_UP = "done-though-given-up"
REFUSED_FACT = "refused"
MOST_TITLE = 200  # a longer one is cut off where all texts are (`wire.printable`)


@dataclass(frozen=True, slots=True)
class Entry:
    """An event with what became of it. `unclear` counts answers that could not be understood.

    `promised`: what was said to the patron while nobody answered. `why`: why staff must look at it, empty if not.
    """

    event: Event
    state: str
    unclear: int = 0
    answer: Answer | None = None
    promised: Answer | None = None
    why: str = ""


def read_entry(seal: Seal, kiosk: KioskId, row: Row) -> Entry:
    """The entry in a row of the journal's columns. Raises JournalFault where it cannot be unsealed or read."""
    from circulation import wire

    seq, body, state, unclear, outcome, promised, why = row
    with as_fault("cannot be read"):
        event = wire.decode_event(wire.loads(seal.open(body, place(kiosk, seq, "body"))))
        answer = None if outcome is None else _read_answer(seal.open(outcome, place(kiosk, seq, "outcome")))
        said = None if promised is None else _read_answer(seal.open(promised, place(kiosk, seq, "promised")))
    return Entry(replace(event, seq=seq), state, unclear, answer, said, why)


def event_bytes(event: Event) -> bytes:
    """The event as `wire.decode_event` reads it, a tenth of the time: a patron waits for this (measured, ADR 12)."""
    if event.at.tzinfo is None:
        raise ValueError("an instant without a zone")
    if event.payment is None:  # all else is identifiers, which are what their parsers let through
        return _quick()(event)
    from circulation import wire  # late, here and below: the first picture need not wait for it

    return wire.dumps(wire.encode(event))


def answer_bytes(answer: Answer) -> bytes:
    """The answer as `wire.decode_answer` reads it; a loan, which a patron waits for, in a third of the time."""
    if isinstance(answer, CheckedOut) and answer.title.isprintable() and len(answer.title) <= MOST_TITLE:
        return b'{"outcome":"checked_out",' + _quick()(answer)[1:]
    from circulation import wire

    return wire.dumps(wire.encode_answer(answer))


@cache
def _quick() -> Callable[[object], bytes]:
    """Late: the first picture need not wait for it."""
    import msgspec

    return msgspec.json.Encoder().encode


def _read_answer(plain: bytes) -> Answer:
    from circulation import wire
    from circulation.affairs import CheckedIn, Paid, Renewed, RenewedAll, VisitEnded

    kinds = (CheckedOut, CheckedIn, Renewed, RenewedAll, Paid, VisitEnded, Refused, Voided)
    return cast("Answer", wire.decode_answer(wire.loads(plain, wire.MAX_ANSWER_BYTES), *kinds))


def place(kiosk: KioskId, seq: int, column: str) -> str:
    """To what a sealed value is bound: this kiosk, row and column."""
    return f"journal/{kiosk}/{seq}/{column}"


def state_after(event: Event, answer: Answer) -> tuple[str, str]:
    """The state that an answer puts an event into, and why staff must look at it."""
    if isinstance(answer, Voided):
        return "voided", ""
    refused = isinstance(answer, Refused)
    if event.kind is Kind.FACT and refused:
        return "settled", REFUSED_FACT
    return "answered", DONE_THOUGH_GIVEN_UP if event.kind is Kind.VOID and not refused else ""
