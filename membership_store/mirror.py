"""What a kiosk's mirror gets: the patrons and items that it keeps, masked, whole as they are now (N1, N6).

A snapshot and a page of changes are one picture each; a row says how a thing stands, never what was done to it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from circulation import wire
from circulation.masking import masked, masked_item
from circulation.model import Institution, Item
from membership_store import collection, members
from membership_store.changes import ITEM, NETWORK, PATRON, Kind
from membership_store.credentials import Kiosk
from membership_store.database import Query, Row, Session, one
from membership_store.members import PatronRows
from membership_store.mirror_patron import write_patron
from membership_store.scope import ALL, Scope, View, asked_of_view, number_in, view_of

PAGE, LONGEST_PAGE = 200, 1000
# How many references are read at once: a snapshot never holds them all.
_BATCH = 500
# How many are written while the database is at the next.
_PART = 128
_ACKED = "SELECT last_seq FROM kiosk WHERE consortium = ? AND kiosk = ?"
_FEED = "SELECT seq, kind, ref FROM feed WHERE consortium = ? AND seq > ? ORDER BY seq LIMIT ?"


def page(
    session: Session, kiosk: Kiosk, since: str, limit: int, moment: datetime, scope: Scope = ALL
) -> dict[str, Any]:
    """What changed after the cursor, each thing once, as it stands now. Raises BadCursor, Gone.

    `acked_seq`: the last event of this kiosk that a mirror with this page contains; None as long as there is more.
    `seq` and `at` (UTC, the store's clock): of the picture that the rows are from.
    """
    # All that a page without a row needs, in one journey: two thousand kiosks ask every minute.
    session.ahead(*asked_of_view(kiosk), (_ACKED, (kiosk.consortium, kiosk.id)))
    if (told := number_in(since)) is not None:
        session.ahead((_FEED, (kiosk.consortium, told, limit)))
    view = view_of(session, kiosk, moment, scope)
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
        "seq": view.head,
        "at": moment.astimezone(UTC).isoformat(timespec="microseconds"),
    }


def _acked(session: Session, kiosk: Kiosk) -> int:
    return int((one(session.rows(_ACKED, kiosk.consortium, kiosk.id)) or (0,))[0])


def everything(session: Session, view: View) -> Iterator[dict[str, Any]]:
    """Every row of a snapshot: the network first, then patrons and items, each in the order of their references."""
    yield _network(view)
    kinds = ((PATRON, _patrons(session, view)), *([(ITEM, _items(session, view))] if view.has_items else []))
    for kind, refs in kinds:
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
    places = _places(view.patrons_of)
    asked = (
        "SELECT p.patron FROM patron p WHERE p.consortium = ? AND p.patron > ? AND ("  # noqa: S608 - only places in it
        "EXISTS (SELECT 1 FROM membership m"
        f" WHERE m.consortium = p.consortium AND m.patron = p.patron AND m.institution IN ({places}))"
        " OR EXISTS (SELECT 1 FROM pass c JOIN pass_institution i ON i.consortium = c.consortium AND i.pass = c.pass"
        f" WHERE c.consortium = p.consortium AND c.patron = p.patron AND i.institution IN ({places}))"
        ") ORDER BY p.patron LIMIT ?"
    )
    known = sorted(view.patrons_of)
    return _refs(session, asked, view, *known, *known)


def _items(session: Session, view: View) -> Iterator[str]:
    owned = f"i.institution IN ({_places(view.items_of)}) OR " if view.items_of else ""
    asked = (
        "SELECT i.item FROM item i WHERE i.consortium = ? AND i.item > ?"  # noqa: S608 - only places in it
        f" AND ({owned}i.branch IN ({_places(view.items_at)}))"
        " ORDER BY i.item LIMIT ?"
    )
    return _refs(session, asked, view, *sorted(view.items_of), *sorted(view.items_at))


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
            yield {"kind": kind, "key": key, "ver": view.head, **({"gone": True} if seen is None else {kind: seen})}


def _of_kind(kind: Kind, things: Sequence[tuple[str, str]]) -> list[str]:
    return [ref for known, ref in things if known == kind.value]


def _patron(view: View, key: str, of: PatronRows | None) -> dict[str, Any] | None:
    return None if of is None else write_patron(view.key, key, of, view.institutions, view.patrons_of)


def _item(view: View, item: Item | None) -> dict[str, Any] | None:
    return None if item is None or not view.keeps(item) else wire.encode_lean(masked_item(view.key, item))


def _network(view: View) -> dict[str, Any]:
    """The branch as the rules want it; the date is the reader's own. Of an institution outside of the group only the
    name is in it: for the sentence that an item is to be brought there (N6)."""
    known = [
        one if code in view.institutions else Institution(code, one.name)
        for code, one in view.here.institutions.items()
    ]
    here = wire.encode(replace(view.here, institutions={}))
    del here["today"]
    here["institutions"] = wire.encode(tuple(known))
    head = {"kind": NETWORK.value, "key": "", "ver": view.head}
    return {**head, "here": here, "zone": view.zone, "branches": dict(sorted(view.branches.items()))}
