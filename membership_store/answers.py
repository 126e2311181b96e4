"""An EventId is answered once and then always alike; a kiosk's sequence has no holes (house decisions 1 and 2)."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from circulation import wire
from circulation.events import Event, Kind
from circulation.wire import Answer
from membership_store.credentials import Kiosk
from membership_store.database import Session, insert, one
from membership_store.kiosk_clock import Known

_KIOSK = (
    " FROM kiosk k JOIN consortium c ON c.consortium = k.consortium"
    " LEFT JOIN event_answer a ON a.consortium = k.consortium AND a.kiosk = k.kiosk AND a.event = ?"
)
_ANSWERED = ", a.identity, a.outcome, a.body, a.fact_body"
_THIS = " WHERE k.consortium = ? AND k.kiosk = ?"
_ASKED = f"SELECT k.last_seq, c.identity_key, k.last_at, NULL, NULL{_ANSWERED}{_KIOSK}{_THIS}"
# What happened while nobody listened: by which boot's clock.
_ASKED_WITH_CLOCK = (
    "SELECT k.last_seq, c.identity_key, k.last_at,"
    " MAX(CASE WHEN b.boot = ? THEN b.booted_at END), MAX(b.booted_at)"
    f"{_ANSWERED}{_KIOSK} LEFT JOIN kiosk_boot b ON b.consortium = k.consortium AND b.kiosk = k.kiosk{_THIS}"
    " GROUP BY k.last_seq, c.identity_key, k.last_at, a.identity, a.outcome, a.body, a.fact_body"
)
# A fact told after one of these happened all the same; after any other answer it was done already.
NOT_DONE = frozenset({"refused", "voided"})


class IdentityConflict(Exception):
    """Another act under an EventId that was answered before: a fault of the kiosk, and an alarm."""


class SequenceGap(Exception):
    """The event is not the next of its kiosk. `expected`: the sequence number that is."""

    def __init__(self, expected: int) -> None:
        super().__init__("not the next event of this kiosk")
        self.expected = expected


@dataclass(frozen=True, slots=True)
class Kept:
    """What was answered under an EventId. `fact_body`: the answer to the same act, told again as a fact."""

    outcome: str
    body: str
    fact_body: str | None

    def for_kind(self, kind: Kind) -> bytes | None:
        """The bytes to give again, or None for a fact whose first answer was a refusal or a void."""
        if kind is not Kind.FACT or self.outcome not in NOT_DONE:
            return self.body.encode()
        return None if self.fact_body is None else self.fact_body.encode()


@dataclass(frozen=True, slots=True)
class Page:
    """Where an event stands in the books of its kiosk: whose act it is, what was answered, if it was, and what is known
    of the kiosk's clock. `is_last`: the kiosk did nothing after it that is booked."""

    identity: str
    kept: Kept | None
    clock: Known
    is_last: bool


def turn_to(session: Session, kiosk: Kiosk, event: Event) -> Page:
    """The event's page. Raises IdentityConflict, and SequenceGap for a new event that is not the next one."""
    asked = _ASKED
    values: tuple[str, ...] = (event.id, kiosk.consortium, kiosk.id)
    if event.kind is Kind.FACT and event.told is not None:
        asked, values = _ASKED_WITH_CLOCK, (event.told.boot, *values)
    row = one(session.rows(asked, *values))
    last_seq, key, last_at, booted_at, newest, known, *answered = row or (0, "", None, None, None, None, *(None,) * 3)
    identity = _identity(event, bytes.fromhex(key))
    clock = Known(booted_at, newest, last_at)
    if known is None:
        if event.seq != last_seq + 1:
            raise SequenceGap(last_seq + 1)
        return Page(identity, None, clock, is_last=True)
    if identity != known:
        raise IdentityConflict
    return Page(identity, Kept(*answered), clock, is_last=event.seq >= last_seq)


def last_taken(session: Session, kiosk: Kiosk) -> int:
    """The sequence number of the last event of the kiosk that was taken in."""
    last = "SELECT last_seq FROM kiosk WHERE consortium = ? AND kiosk = ?"
    return int((one(session.rows(last, kiosk.consortium, kiosk.id)) or (0,))[0])


def keep(
    session: Session, kiosk: Kiosk, event: Event, page: Page, answer: Answer, moment: datetime, floor: str | None = None
) -> bytes:
    """Keeps the first answer to an event, moves the kiosk's sequence on, and gives the bytes.

    `floor`: not before that instant (UTC) the next event of the kiosk is done, where that is known.
    """
    data = wire.encode_answer(answer)
    body = wire.dumps(data)
    session.change_one(
        "UPDATE kiosk SET last_seq = ?, last_at = ? WHERE consortium = ? AND kiosk = ? AND last_seq = ?",
        event.seq,
        floor,
        kiosk.consortium,
        kiosk.id,
        event.seq - 1,
    )
    insert(
        session,
        "event_answer",
        consortium=kiosk.consortium,
        kiosk=kiosk.id,
        event=event.id,
        seq=event.seq,
        identity=page.identity,
        outcome=data["outcome"],
        body=body.decode(),
        answered_at=moment.astimezone(UTC).isoformat(timespec="microseconds"),
    )
    return body


def keep_fact(session: Session, kiosk: Kiosk, event: Event, answer: Answer) -> bytes:
    """Keeps the answer to a fact whose request was refused or given up before; the first answer stands.

    Raises Contested, at the latest before the commit, where the same fact was answered meanwhile.
    """
    body = wire.dumps(wire.encode_answer(answer))
    session.change_one(
        "UPDATE event_answer SET fact_body = ? WHERE consortium = ? AND kiosk = ? AND event = ? AND fact_body IS NULL",
        body.decode(),
        kiosk.consortium,
        kiosk.id,
        event.id,
    )
    return body


def _identity(event: Event, key: bytes) -> str:
    """A keyed hash of what makes two bodies the same act, whatever their kind and number."""
    said = json.dumps([wire.encode(one) for one in event.identity], sort_keys=True)
    return hashlib.blake2b(said.encode(), key=key, digest_size=32).hexdigest()
