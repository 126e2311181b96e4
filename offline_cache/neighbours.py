"""What the other kiosks of a branch did that this kiosk's mirror does not hold yet: told from kiosk to kiosk.

Off by default; in memory only. No item is lent twice in one outage, and no limit passed by walking to the next kiosk.
No clock of another kiosk is believed: what was heard first, counted by our own, came first (house decision 3.4).
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any, cast

from circulation import wire
from circulation.affairs import CheckedIn, Paid, Renewed, RenewedAll
from circulation.events import Action, Event, Kind
from circulation.identifiers import KioskId
from circulation.outcomes import CheckedOut
from offline_cache.journal import Answer, Entry
from offline_cache.sealing import Seal, SealBroken
from values import dataclass

log = logging.getLogger(__name__)
FORM = 1
_PLACE = "neighbours/"
# An event in JSON is some 500 bytes, all renewals of a patron many more; a datagram must fit into 64 KiB with what else
# it says, and better into few packets.
TOGETHER = 40
MOST_BYTES = 48 * 1024
# So many are told again though they are in our own mirror: that of a neighbour may be some minutes older.
BACKWARDS = 200
_NOT_DONE = frozenset({"voided", "given_up"})
_DONE = (CheckedOut, CheckedIn, Renewed, RenewedAll, Paid)


@dataclass(frozen=True, slots=True)
class Contained:
    """What a mirror holds: all up to `feed` of that generation of the store's data, with our own events to `acked`."""

    generation: str
    feed: int
    acked: int


@dataclass(frozen=True, slots=True)
class Heard:
    """An event of another kiosk, and when this kiosk heard of it (milliseconds since its boot)."""

    entry: Entry
    at_ms: int


@dataclass(slots=True)
class _Neighbour:
    """What one other kiosk told. `upto`: all that it had to tell up to that number was heard."""

    upto: int = 0
    contained: Contained | None = None
    heard: dict[int, Heard] = field(default_factory=dict)
    knows: int = 0
    """Up to where it has heard us."""
    behind: int = 0
    """Up to where it was told, the last time, what stands behind an event whose answer we await."""


class Neighbours:
    """Made to be told what arrives and to say what to send; it opens no socket. One thread at a time.

    `branch`: its code, empty while nobody knows it: then nothing is told or heard. `own`: this kiosk's events after a
    sequence number, in their order; `last`: the number of the last one. `contained`: what the mirror holds now.
    """

    def __init__(
        self,
        kiosk: KioskId,
        branch: Callable[[], str],
        seal: Seal,
        own: Callable[[int], Sequence[Entry]],
        last: Callable[[], int],
        contained: Callable[[], Contained | None],
    ) -> None:
        self._kiosk, self._branch, self._seal = kiosk, branch, seal
        self._own, self._last, self._contained = own, last, contained
        self._others: dict[str, _Neighbour] = {}

    def message(self, to: str = "") -> bytes | None:
        """What to tell the kiosk of that id: the next events not heard there, and what was heard here.

        One whose id is not known yet is only greeted: it answers with what it has heard. None: nothing can be told.
        """
        branch = self._branch()
        if not branch:
            return None
        mine, other = self._contained(), self._others.get(to)
        after = max(0, 0 if other is None else other.knows, 0 if mine is None else mine.acked - BACKWARDS)
        upto, events = (after, []) if other is None else self._next(other, after)
        said = {
            "form": FORM,
            "kiosk": self._kiosk,
            "heard": {name: one.upto for name, one in self._others.items()},
            "contained": None if mine is None else [mine.generation, mine.feed, mine.acked],
            "after": after,
            "upto": upto,
            "events": events,
        }
        return self._seal.close_up(wire.dumps(said), _PLACE + branch)

    def _next(self, other: _Neighbour, after: int) -> tuple[int, list[object]]:
        """The next settled events after that number, as they are told, and up to which number no answer is awaited.

        What stands behind one whose answer is awaited is told all the same, part by part and again from the first part
        on: nobody there knows up to where it was heard.
        """
        upto, last, whole, size = after, after, True, 0
        found: list[object] = []
        for one in self._own(after) if self._last() > after else ():
            seq, is_for_all = one.event.seq, one.event.action is not Action.END_VISIT
            if is_for_all and one.state == "open" and one.event.kind is Kind.REQUEST:
                whole = False
            elif is_for_all and (whole or seq > other.behind):
                told = _told(one)
                more = len(wire.dumps(told))
                if len(found) == TOGETHER or (found and size + more > MOST_BYTES):
                    other.behind = last
                    break
                if more <= MOST_BYTES:
                    found.append(told)
                    size, last = size + more, seq
                else:
                    log.warning("event %s is too large to be told to the kiosks of this branch", one.event.id)
            upto = seq if whole else upto
        else:
            other.behind = 0
        return upto, found

    def hear(self, datagram: bytes, at_ms: int) -> str | None:
        """Takes in what arrived and says who told it; None where it is nothing of ours, or not what was agreed."""
        try:
            said = wire.loads(self._seal.open(datagram, _PLACE + self._branch()), wire.MAX_ANSWER_BYTES)
            return self._take(cast(Mapping[str, Any], said), at_ms)
        except (SealBroken, wire.WireError, KeyError, TypeError, ValueError, AttributeError):
            return None

    def _take(self, said: Mapping[str, Any], at_ms: int) -> str | None:
        teller = str(said["kiosk"])
        if said["form"] != FORM or teller == self._kiosk:
            return None
        entries = [_entry(one, teller) for one in said["events"]]
        after, upto, contained = int(said["after"]), int(said["upto"]), said["contained"]
        one = self._others.setdefault(teller, _Neighbour())
        one.contained = (
            None if contained is None else Contained(str(contained[0]), int(contained[1]), int(contained[2]))
        )
        one.knows = int(said["heard"].get(self._kiosk, 0))
        for entry in entries:
            if (seq := entry.event.seq) not in one.heard:
                # Each kiosk's own order counts, whichever of its events is heard first.
                later = (heard.at_ms for other, heard in one.heard.items() if other > seq)
                one.heard[seq] = Heard(entry, min(later, default=at_ms))
        if after <= one.upto or (one.contained is not None and after <= one.contained.acked):
            one.upto = max(one.upto, upto)
        self._forget(one)
        return teller

    def _forget(self, one: _Neighbour) -> None:
        """What our own mirror holds by now."""
        mine, theirs = self._contained(), one.contained
        if mine is None or theirs is None or mine.generation != theirs.generation or mine.feed < theirs.feed:
            return
        one.heard = {seq: heard for seq, heard in one.heard.items() if seq > theirs.acked}

    def heard(self) -> list[Heard]:
        """What other kiosks did and our mirror does not hold, in the order in which it was heard."""
        for one in self._others.values():
            self._forget(one)
        every = (heard for one in self._others.values() for heard in one.heard.values() if _counts(heard.entry))
        return sorted(every, key=lambda heard: (heard.at_ms, heard.entry.event.kiosk, heard.entry.event.seq))


def _counts(one: Entry) -> bool:
    return one.state not in _NOT_DONE and isinstance(one.promised or one.answer, _DONE)


def _told(one: Entry) -> object:
    return {
        "event": wire.encode(one.event),
        "state": one.state,
        "answer": _said(one.answer),
        "promised": _said(one.promised),
    }


def _said(answer: "Answer | None") -> object:
    return None if answer is None else wire.encode_answer(answer)


def _heard(data: object) -> "Answer | None":
    return None if data is None else cast("Answer", wire.decode_answer(data, *wire.ANSWERS.values()))


def _entry(data: Mapping[str, Any], teller: str) -> Entry:
    event: Event = wire.decode_event(data["event"])
    if event.kiosk != teller:
        raise ValueError("an event of another kiosk")
    return Entry(event, str(data["state"]), 0, _heard(data["answer"]), _heard(data["promised"]))
