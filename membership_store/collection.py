"""What was scanned: loads an item with its open loan and the hold on this copy (K7, K8, A4). Decides nothing."""

from circulation import identifiers as ids
from circulation.model import Hold, Item, ItemStatus
from membership_store.database import Session, one
from membership_store.members import loan_of


def find_item(session: Session, consortium: str, barcode: ids.ItemBarcode) -> Item | None:
    """The item of that barcode in the consortium, or None."""
    row = one(
        session.rows(
            "SELECT t.name, i.institution, i.branch, i.status, l.patron, l.branch, l.lent, l.due, l.internal"
            " FROM item i JOIN title t ON t.consortium = i.consortium AND t.title = i.title"
            " LEFT JOIN loan l ON l.consortium = i.consortium AND l.item = i.item AND l.returned_at IS NULL"
            " WHERE i.consortium = ? AND i.item = ?",
            consortium,
            barcode,
        )
    )
    hold = _hold(session, consortium, barcode)
    if row is None:
        return None
    title, institution, branch, status, patron, lent_by, lent, due, internal = row
    return Item(
        barcode,
        title,
        ids.InstitutionCode(institution),
        ids.BranchCode(branch),
        ItemStatus(status),
        None if patron is None else loan_of((barcode, patron, lent_by, lent, due, internal)),
        hold,
    )


def _hold(session: Session, consortium: str, barcode: ids.ItemBarcode) -> Hold | None:
    """The hold on this copy that stands on the shelf, else one that waits for it."""
    row = one(
        session.rows(
            "SELECT patron, status FROM hold WHERE consortium = ? AND item = ? AND status IN ('on_shelf', 'waiting')"
            " ORDER BY status, hold",
            consortium,
            barcode,
        )
    )
    return None if row is None else Hold(ids.PatronRef(row[0]), row[1] == "on_shelf")
