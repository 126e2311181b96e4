"""What a kiosk's mirror gets: the patrons and items of its own group, masked, whole as they are now (N1, N6).

A snapshot and a page of changes are one picture each; a row says how a thing stands, never what was done to it.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from circulation import wire
from circulation.identifiers import InstitutionCode
from circulation.masking import masked, masked_item
from circulation.model import Item
from circulation.rules.facts import Here
from membership_store import collection, members
from membership_store.changes import ITEM, NETWORK, PATRON, Kind
from membership_store.credentials import Kiosk
from membership_store.database import Query, Row, Session, one
from membership_store.members import PatronRows
from membership_store.mirror_patron import write_patron
from membership_store.network import load_here

PAGE, LONGEST_PAGE = 200, 1000
# How many references are read at once: a snapshot never holds them all.
_BATCH = 500
# How many are written while the database is at the next.
_PART = 128
_HEAD = "SELECT generation, head, pruned, pass_key FROM feed_head WHERE consortium = ?"
_BRANCHES = "SELECT branch, institution FROM branch WHERE consortium = ?"
_ACKED = "SELECT last_seq FROM kiosk WHERE consortium = ? AND kiosk = ?"
_FEED = "SELECT seq, kind, ref FROM feed WHERE consortium = ? AND seq > ? ORDER BY seq LIMIT ?"


class BadCursor(ValueError):
    """What was given is no cursor."""


class Gone(Exception):
    """The cursor is of another generation, of another group, or older than what is kept: a snapshot comes first."""


@dataclass(frozen=True, slots=True)
class View:
    """What a kiosk may see. `generation` changes with the data's and with the group, so that neither goes unnoticed."""

    kiosk: Kiosk
    here: Here
    institutions: frozenset[InstitutionCode]
    branches: frozenset[str]
    generation: str
    head: int
    pruned: int
    key: bytes

    def cursor(self, seq: int) -> str:
        """Where a mirror stands that has all up to that number."""
        return f"{self.generation}:{seq}"

    def seq_of(self, cursor: str) -> int:
        """The number in a cursor. Raises BadCursor, Gone."""
        generation, seq = cursor.partition(":")[0], _number_in(cursor)
        if not generation or seq is None:
            raise BadCursor("since: not a cursor of this store")
        if generation != self.generation or not self.pruned <= seq <= self.head:
            raise Gone
        return seq


def _number_in(cursor: str) -> int | None:
    """The number in what may be a cursor."""
    seq = cursor.partition(":")[2]
    return int(seq) if seq.isascii() and seq.isdigit() and len(seq) <= 18 else None


def view_of(session: Session, kiosk: Kiosk, moment: datetime) -> View:
    """What the kiosk may see at that moment (UTC): its own institution's, and its group's where that shares."""
    here = load_here(session, kiosk.consortium, kiosk.branch, moment)
    group = {code for code in here.institutions if here.same_group(code)} if here.shares_memberships else set()
    institutions = frozenset({here.branch.institution, *group})
    row = one(session.rows(_HEAD, kiosk.consortium))
    generation, head, pruned, key = row or ("", 0, 0, "")
    scope = hashlib.sha256("\n".join([here.branch.code, *sorted(institutions)]).encode()).hexdigest()[:8]
    branches = frozenset(code for code, owner in session.rows(_BRANCHES, kiosk.consortium) if owner in institutions)
    return View(kiosk, here, institutions, branches, f"{generation}-{scope}", head, pruned, bytes.fromhex(key))


def page(session: Session, kiosk: Kiosk, since: str, limit: int, moment: datetime) -> dict[str, Any]:
    """What changed after the cursor, each thing once, as it stands now. Raises BadCursor, Gone.

    `acked_seq`: the last event of this kiosk that a mirror with this page contains; None as long as there is more.
    """
    # All that a page without a row needs, in one journey: two thousand kiosks ask every minute.
    mine = (kiosk.consortium,)
    session.ahead((_HEAD, mine), (_BRANCHES, mine), (_ACKED, (kiosk.consortium, kiosk.id)))
    if (told := _number_in(since)) is not None:
        session.ahead((_FEED, (kiosk.consortium, told, limit)))
    view = view_of(session, kiosk, moment)
    seq = view.seq_of(since)
    found = session.rows(_FEED, kiosk.consortium, seq, limit)
    reached = found[-1][0] if found else seq
    more = reached < view.head
    things = dict.fromkeys((kind, ref) for _, kind, ref in found)
    return {
        "rows": list(_rows(session, view, list(things))),
        "next": view.cursor(reached),
        "more": more,
        "acked_seq": None if more else _acked(session, kiosk),
    }


def snapshot(session: Session, kiosk: Kiosk, moment: datetime, write: Callable[[bytes], object]) -> dict[str, Any]:
    """Gives every row to `write`, a line of JSON each, and returns the manifest of those bytes."""
    view = view_of(session, kiosk, moment)
    digest, count, size = hashlib.sha256(), 0, 0
    for row in _everything(session, view):
        line = wire.dumps(row) + b"\n"
        digest.update(line)
        write(line)
        count, size = count + 1, size + len(line)
    return {
        "cursor": view.cursor(view.head),
        "generation": view.generation,
        "seq": view.head,
        "acked_seq": _acked(session, kiosk),
        "sha256": digest.hexdigest(),
        "rows": count,
        "bytes": size,
        "pass_key": view.key.hex(),
        "made_at": moment.astimezone(UTC).isoformat(),
    }


def _acked(session: Session, kiosk: Kiosk) -> int:
    return int((one(session.rows(_ACKED, kiosk.consortium, kiosk.id)) or (0,))[0])


def _everything(session: Session, view: View) -> Iterator[dict[str, Any]]:
    yield _network(view)
    for kind, refs in ((PATRON, _patrons(session, view)), (ITEM, _items(session, view))):
        while some := list(islice(refs, _BATCH)):
            yield from _rows(session, view, [(kind.value, ref) for ref in some])


def _refs(session: Session, asked: str, view: View, *values: str) -> Iterator[str]:
    """Every reference that the question finds in order of the key, a batch at a time."""
    last = ""
    while True:
        refs = [ref for (ref,) in session.rows(asked, view.kiosk.consortium, last, *values, _BATCH)]
        yield from refs
        if len(refs) < _BATCH:
            return
        last = refs[-1]


def _patrons(session: Session, view: View) -> Iterator[str]:
    places = _places(view.institutions)
    asked = (
        "SELECT p.patron FROM patron p WHERE p.consortium = ? AND p.patron > ? AND ("  # noqa: S608 - only places in it
        "EXISTS (SELECT 1 FROM membership m"
        f" WHERE m.consortium = p.consortium AND m.patron = p.patron AND m.institution IN ({places}))"
        " OR EXISTS (SELECT 1 FROM pass c JOIN pass_institution i ON i.consortium = c.consortium AND i.pass = c.pass"
        f" WHERE c.consortium = p.consortium AND c.patron = p.patron AND i.institution IN ({places}))"
        ") ORDER BY p.patron LIMIT ?"
    )
    known = sorted(view.institutions)
    return _refs(session, asked, view, *known, *known)


def _items(session: Session, view: View) -> Iterator[str]:
    asked = (
        "SELECT i.item FROM item i WHERE i.consortium = ? AND i.item > ?"  # noqa: S608 - only places in it
        f" AND (i.institution IN ({_places(view.institutions)}) OR i.branch IN ({_places(view.branches)}))"
        " ORDER BY i.item LIMIT ?"
    )
    return _refs(session, asked, view, *sorted(view.institutions), *sorted(view.branches))


def _places(values: frozenset[Any]) -> str:
    return ", ".join("?" * len(values))


def _rows(session: Session, view: View, things: Sequence[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """The rows of these things, in their order; the database is at the next part while one is written."""
    parts = [things[begin : begin + _PART] for begin in range(0, len(things), _PART)]
    answers = session.in_parts([_asked(view, part) for part in parts])
    for part, answered in zip(parts, answers, strict=True):
        yield from _written(view, part, answered)


def _asked(view: View, things: Sequence[tuple[str, str]]) -> list[Query]:
    """All patrons of a part are read at once, and so are all items."""
    patrons, items = _of_kind(PATRON, things), _of_kind(ITEM, things)
    return (members.asked_of(view.kiosk.consortium, patrons) if patrons else []) + (
        collection.asked_of(view.kiosk.consortium, items) if items else []
    )


def _written(view: View, things: Sequence[tuple[str, str]], answers: Sequence[list[Row]]) -> Iterator[dict[str, Any]]:
    end = members.QUESTIONS if _of_kind(PATRON, things) else 0
    patrons = members.by_patron(answers[:end]) if end else {}
    items = collection.by_barcode(answers[end:]) if answers[end:] else {}
    for kind, ref in things:
        if kind == NETWORK:
            yield _network(view)
        else:
            key = masked(view.key, kind, ref)
            seen = _patron(view, key, patrons.get(ref)) if kind == PATRON else _item(view, items.get(ref))
            yield {"kind": kind, "key": key, **({"gone": True} if seen is None else {kind: seen})}


def _of_kind(kind: Kind, things: Sequence[tuple[str, str]]) -> list[str]:
    return [ref for known, ref in things if known == kind.value]


def _patron(view: View, key: str, of: PatronRows | None) -> dict[str, Any] | None:
    return None if of is None else write_patron(view.key, key, of, view.institutions)


def _item(view: View, item: Item | None) -> dict[str, Any] | None:
    return None if item is None or not _is_seen(view, item) else wire.encode_lean(masked_item(view.key, item))


def _network(view: View) -> dict[str, Any]:
    """The branch as the rules want it; the date is the reader's own. Only the group's institutions are in it."""
    known = {code: one for code, one in view.here.institutions.items() if code in view.institutions}
    here = wire.encode(replace(view.here, institutions={}))
    del here["today"]
    return {"kind": NETWORK.value, "key": "", "here": {**here, "institutions": wire.encode(tuple(known.values()))}}


def _is_seen(view: View, item: Item) -> bool:
    return item.institution in view.institutions or item.branch in view.branches
