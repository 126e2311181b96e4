"""What was scanned: loads an item with its open loan and the hold on this copy (K7, K8, A4). Decides nothing."""

from circulation import identifiers as ids
from circulation.model import Hold, Item, ItemStatus
from membership_store.database import Session, one
from membership_store.members import loan_of


def find_item(session: Session, consortium: str, barcode: ids.ItemBarcode) -> Item | None:
    """The item of that barcode in the consortium, or None."""
    row = one(
        session.rows(
            "SELECT t.name, i.institution, i.branch, i.status, i.interlibrary, l.patron, l.branch, l.lent, l.due,"
            " l.internal, l.renewals FROM item i"
            " JOIN title t ON t.consortium = i.consortium AND t.title = i.title"
            " LEFT JOIN loan l ON l.consortium = i.consortium AND l.item = i.item AND l.returned_at IS NULL"
            " WHERE i.consortium = ? AND i.item = ?",
            consortium,
            barcode,
        )
    )
    holds = _holds(session, consortium, barcode)
    if row is None:
        return None
    title, institution, branch, status, interlibrary, patron, *loan = row
    return Item(
        barcode,
        title,
        ids.InstitutionCode(institution),
        ids.BranchCode(branch),
        ItemStatus(status),
        None if patron is None else loan_of((barcode, patron, *loan)),
        next((hold for hold, item in holds if item == barcode), None),
        bool(interlibrary),
        tuple(hold for hold, item in holds if item in (None, barcode)),
    )


def _holds(session: Session, consortium: str, barcode: ids.ItemBarcode) -> list[tuple[Hold, str | None]]:
    """The holds on this copy, the one that stands on the shelf first, and those on its title, in their order."""
    rows = session.rows(
        "SELECT h.patron, h.status, h.branch, h.shelf, h.item FROM item i"
        " JOIN hold h ON h.consortium = i.consortium AND h.title = i.title"
        " WHERE i.consortium = ? AND i.item = ? AND h.status IN ('on_shelf', 'waiting')"
        " ORDER BY h.status, h.placed_at, h.hold",
        consortium,
        barcode,
    )
    return [
        (Hold(ids.PatronRef(patron), status == "on_shelf", ids.BranchCode(branch) if branch else None, shelf), item)
        for patron, status, branch, shelf, item in rows
    ]
