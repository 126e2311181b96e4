"""K8: a hold whose copy will not come after all waits again for the next one, in its old place of the line."""

from membership_store.database import Session

# A copy that was chosen for a hold stands on the shelf for it or is on its way there; one that staff asked for by its
# number, and that is anywhere else, is still the only one that will do.
_CHOSEN = (
    "(status = 'on_shelf' OR (status = 'waiting' AND EXISTS (SELECT 1 FROM item i WHERE i.consortium = hold.consortium"
    " AND i.item = hold.item AND i.in_transit_to IS NOT NULL)))"
)


def free(session: Session, consortium: str, item: str, borrower: str = "") -> bool:
    """Frees the holds that this copy was chosen for, but those of whoever borrows it; says whether there were any.

    Then every copy of the title is wanted again, of which mirrors hear. For while the copy is held, and before it is
    said to be no more on its way.
    """
    freed = session.run(
        "UPDATE hold SET status = 'waiting', item = NULL, shelf = '', shelf_until = NULL"  # noqa: S608 - our words
        f" WHERE consortium = ? AND item = ? AND patron <> ? AND {_CHOSEN}",
        consortium,
        item,
        borrower,
    )
    return freed > 0
