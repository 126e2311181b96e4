"""What was scanned: loads items with their open loan and the holds on them (K7, K8, K11, A4). Decides nothing."""

from collections.abc import Sequence
from dataclasses import replace

from circulation import identifiers as ids
from circulation.model import Hold, Item, ItemStatus
from membership_store.database import Query, Row, Session, places_for
from membership_store.members import loan_of

_ITEM = (
    "SELECT i.item, t.name, i.institution, i.branch, i.status, i.interlibrary, l.patron, l.branch, l.lent, l.due,"
    " l.internal, l.renewals FROM item i"
    " JOIN title t ON t.consortium = i.consortium AND t.title = i.title"
)
_HOLDS = (
    "SELECT i.item, h.patron, h.status, h.branch, h.shelf, h.item, b.institution FROM item i"
    " JOIN hold h ON h.consortium = i.consortium AND h.title = i.title AND h.status IN ('on_shelf', 'waiting')"
    " LEFT JOIN branch b ON b.consortium = h.consortium AND b.branch = h.branch"
)
_IN_ORDER = " ORDER BY h.status, h.placed_at, h.hold"
_Holds = list[tuple[Hold, str | None]]


def hold_item(session: Session, consortium: str, barcode: ids.ItemBarcode, *, to_write: bool = False) -> None:
    """Says that this item will be asked for soon. `to_write`: it is held until the transaction ends."""
    if to_write:
        session.lock("item", consortium, barcode)
    session.ahead(*asked_of(consortium, (barcode,)))


def find_item(session: Session, consortium: str, barcode: ids.ItemBarcode, *, to_write: bool = False) -> Item | None:
    """The item of that barcode in the consortium, or None. `to_write`: it is held until the transaction ends."""
    if to_write:
        session.lock("item", consortium, barcode)
    return find_items(session, consortium, (barcode,)).get(barcode)


def find_items(session: Session, consortium: str, barcodes: Sequence[str]) -> dict[str, Item]:
    """Those of the items that there are, by barcode: many are read in no more statements than one."""
    return by_barcode(session.several(*asked_of(consortium, barcodes)))


def by_barcode(answers: Sequence[list[Row]]) -> dict[str, Item]:
    """What `asked_of` was answered, by barcode."""
    rows, hold_rows = answers
    holds: dict[str, _Holds] = {}
    for row in hold_rows:
        holds.setdefault(row[0], []).append(_hold(row))
    return {row[0]: _item(row, holds.get(row[0], [])) for row in rows}


def asked_of(consortium: str, barcodes: Sequence[str]) -> list[Query]:
    """What finds items and the holds on them."""
    places, keys = places_for(barcodes)
    where = f" WHERE i.consortium = ? AND i.item IN ({places})"
    lent = " LEFT JOIN loan l ON l.consortium = i.consortium AND l.item = i.item AND l.returned_at IS NULL"
    return [(f"{_ITEM}{lent}{where}", (consortium, *keys)), (f"{_HOLDS}{where}{_IN_ORDER}", (consortium, *keys))]


def items_lent_to(session: Session, consortium: str, patron: str) -> dict[ids.ItemBarcode, Item]:
    """All items that a patron has, each with the loan and with the holds on it and on its title."""
    theirs = " JOIN loan l ON l.consortium = i.consortium AND l.item = i.item AND l.returned_at IS NULL"
    where = " WHERE l.consortium = ? AND l.patron = ?"
    holds: dict[str, _Holds] = {}
    for row in session.rows(_HOLDS + theirs + where + _IN_ORDER, consortium, patron):
        holds.setdefault(row[0], []).append(_hold(row))
    rows = session.rows(f"{_ITEM}{theirs}{where} ORDER BY i.item", consortium, patron)
    return {ids.ItemBarcode(row[0]): _item(row, holds.get(row[0], [])) for row in rows}


def _item(row: Row, holds: _Holds) -> Item:
    """An item of the columns of _ITEM and the holds on its title: one on the shelf first, then in their order."""
    barcode, title, institution, branch, status, interlibrary, patron, *loan = row
    return Item(
        ids.ItemBarcode(barcode),
        title,
        ids.InstitutionCode(institution),
        ids.BranchCode(branch),
        ItemStatus(status),
        None if patron is None else loan_of((barcode, patron, *loan)),
        next((hold for hold, item in holds if item == barcode), None),
        bool(interlibrary),
        tuple(hold for hold, item in holds if item in (None, barcode)),
    )


def _hold(row: Row) -> tuple[Hold, str | None]:
    _, patron, status, branch, shelf, item, institution = row
    hold = Hold(ids.PatronRef(patron), status == "on_shelf", ids.BranchCode(branch) if branch else None, shelf)
    return (replace(hold, institution=ids.InstitutionCode(institution)) if institution else hold), item
