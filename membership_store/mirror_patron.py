"""A patron as a mirror's row, written straight from the rows of the database: a page has a thousand, a snapshot all.

The same as `wire.encode_lean(masked_patron(key, …))` of the member, without building the facts first; a test says so.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from circulation.masking import CHIP, FEE, ITEM, PASS, masked
from circulation.model import FeeKind, FeeStatus, MembershipStatus, PassKind, PassStatus, PatronType
from circulation.presented import ReceiptChoice
from circulation.wire import printable
from membership_store.database import Row
from membership_store.members import PatronRows, known_isil, with_chips

_Json = dict[str, Any]
_TYPES = frozenset(one.value for one in PatronType)
_NORMAL, _ACTIVE, _ORDINARY = MembershipStatus.NORMAL.value, PassStatus.ACTIVE.value, PassKind.ORDINARY.value
_OPEN, _OTHER, _ASK = FeeStatus.OPEN.value, FeeKind.OTHER.value, ReceiptChoice.ASK.value


def write_patron(
    key: bytes, ref: str, of: PatronRows, institutions: Collection[str], wanted: Collection[str] | None = None
) -> _Json | None:
    """The patron as a kiosk of these institutions may see; None unless a member or guest of them, or with a pass there.

    `wanted`: those of the institutions whose patrons the kiosk keeps, where it does not keep all. `ref`: the reference,
    masked already. What is as always is left out (the defaults of circulation.model).
    """
    membership_rows, places, cards, fee_rows, message_rows, loan_rows = of.parts
    kept = institutions if wanted is None else wanted
    if not any(row[1] in kept for row in membership_rows) and not any(place in kept for _, place in places):
        return None
    memberships = [_membership(row) for row in membership_rows if row[1] in institutions]
    kind, language, receipt, first_name, home, main_library, pin_required, known_home, email, keeps, tells = of.patron
    found: _Json = {"ref": ref, "type": kind if kind in _TYPES else PatronType.UNKNOWN.value}
    isil = known_isil(home)
    fees = [row for row in fee_rows if row[2] in institutions]
    for name, value in (
        ("language", printable(language)),
        ("receipt", None if receipt == _ASK else receipt),
        ("home", isil),
        ("main_library", main_library if main_library in institutions else None),
        ("pin_required", bool(pin_required)),
        ("memberships", memberships),
        ("passes", list(_passes(key, cards, places))),
        ("fees", [_fee(key, row) for row in fees]),
        ("messages", [_message(row) for row in message_rows]),
        ("loans", [_loan(key, ref, row) for row in loan_rows]),
        ("emailed", "@" in (email or "")),
        ("keeps_history", bool(keeps)),
        ("tells_borrowed_before", bool(tells)),
        ("child", bool(first_name)),
    ):
        if value:
            found[name] = value
    if known_home is None and home is not None:
        found["home_known"] = False
    return found


def _membership(row: Row) -> _Json:
    _, institution, subscription, starts, ends, status, confirmed, paid, verified, strips = row
    found = {"institution": institution, "subscription": subscription, "starts": starts, "ends": ends}
    if status != _NORMAL:
        found["status"] = status
    if not confirmed:
        found["confirmed"] = False
    if not paid:
        found["paid"] = False
    if strips is not None:
        found["strips_left"] = strips
    if verified:
        found["verified"] = verified
    return found


def _passes(key: bytes, cards: list[Row], places: list[Row]) -> Iterator[_Json]:
    for (card, number, status, unique, document, eid, kind, follow_on, locked), chips in with_chips(cards):
        found: _Json = {"number": masked(key, PASS, number)}
        if places and (linked := sorted([place for of, place in places if of == card])):
            found["institutions"] = linked
        if chips:
            found["chips"] = sorted([masked(key, CHIP, uid) for uid in chips])
        if status != _ACTIVE:
            found["status"] = status
        if not unique:
            found["unique"] = False
        if kind != _ORDINARY:
            found["kind"] = kind
        for name, value in (("document_number", document), ("eid", eid), ("follow_on", follow_on)):
            if value:
                found[name] = True
        if locked:
            found["locked_until"] = datetime.fromisoformat(locked).isoformat()
        yield found


def _fee(key: bytes, row: Row) -> _Json:
    ref, cents, institution, status, kind, since = row
    found = {"ref": masked(key, FEE, ref), "cents": cents, "institution": institution}
    more = (("status", status, _OPEN), ("kind", kind, _OTHER), ("since", since or None, None))
    return found | {name: value for name, value, usual in more if value != usual}


def _message(row: Row) -> _Json:
    _, for_patron, acknowledge = row
    found: _Json = {"text": ""}
    for name, value in (("for_patron", for_patron), ("acknowledge", acknowledge)):
        if value:
            found[name] = True
    return found


def _loan(key: bytes, ref: str, row: Row) -> _Json:
    item, _, branch, lent, due, internal, renewals = row
    found = {"item": masked(key, ITEM, item), "patron": ref, "branch": branch, "lent": lent, "due": due}
    if internal:
        found["internal"] = True
    if renewals:
        found["renewals"] = renewals
    return found
