"""Holds and items at the desk (K7, K8, K12, A4): placing, shelving, cancelling; damaged, missing, found again."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from circulation import identifiers as ids
from circulation.model import ItemStatus
from circulation.rules.returns import SHELF_DAYS
from membership_store.freed_holds import free
from membership_store.staff.acts import Act, Answer, At, Denied, Done, Manner, NoSuch
from membership_store.staff.asked import AtBranch, OfPatron
from membership_store.staff.credentials import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceHold(OfPatron):
    """A hold on the title of that item, to be fetched at `at_branch` (None: here). `this_copy`: no other will do."""

    item: ids.ItemBarcode
    at_branch: ids.BranchCode | None = None
    this_copy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OfHold(OfPatron):
    """One hold, by its key."""

    hold: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelveHold(OfHold):
    """The copy that stands ready, where in words, and until when (None: a week)."""

    item: ids.ItemBarcode
    shelf: str = ""
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetItemStatus(AtBranch):
    """What the library says of an item of its own (K7)."""

    item: ids.ItemBarcode
    status: ItemStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class OfItem(AtBranch):
    """One item, by its barcode."""

    item: ids.ItemBarcode = field(repr=False)


def _item(at: At, item: str) -> tuple[str, str, str]:
    """Title key, institution and status of an item of the network. Raises NoSuch."""
    at.session.lock("item", at.consortium, item)
    row = at.one("SELECT title, institution, status FROM item WHERE consortium = ? AND item = ?", item)
    if row is None or row[1] not in at.network:
        raise NoSuch("item")
    return str(row[0]), str(row[1]), str(row[2])


def place(at: At, asked: PlaceHold) -> Answer:
    """K8, A4: at the desk an item on an internal loan may be held too. One hold a title for each patron."""
    at.member(asked.patron)
    title, _, _ = _item(at, asked.item)
    branch = asked.at_branch or at.here.branch.code
    place_of = at.one("SELECT institution FROM branch WHERE consortium = ? AND branch = ?", branch)
    if place_of is None or place_of[0] not in at.network:
        raise NoSuch("branch")
    open_holds = (
        "SELECT 1 FROM hold WHERE consortium = ? AND patron = ? AND title = ? AND status IN ('waiting', 'on_shelf')"
    )
    if at.one(open_holds, asked.patron, title) is not None:
        return Denied("held_already", "K8")
    key = f"H{at.chance()}"
    at.add(
        "hold",
        hold=key,
        patron=asked.patron,
        title=title,
        item=asked.item if asked.this_copy else None,
        status="waiting",
        branch=branch,
        placed_at=at.stamp,
    )
    _told(at, asked.patron, title)
    return Done({"hold": key, "at_branch": branch}, asked.patron, key)


def _told(at: At, patron: str, title: str) -> None:
    at.changed(patron)
    _copies_told(at, title)


def _copies_told(at: At, title: str) -> None:
    copies = at.rows("SELECT item FROM item WHERE consortium = ? AND title = ?", title)
    for item in sorted(item for (item,) in copies):
        at.changed_item(item)


def _hold(at: At, asked: OfHold) -> tuple[str, str, str | None]:
    at.member(asked.patron)
    row = at.one(
        "SELECT title, status, item FROM hold WHERE consortium = ? AND patron = ? AND hold = ?",
        asked.patron,
        asked.hold,
    )
    if row is None:
        raise NoSuch("hold")
    return str(row[0]), str(row[1]), row[2]


def cancel(at: At, asked: OfHold) -> Answer:
    """The patron does not want it any more."""
    title, status, _ = _hold(at, asked)
    if status not in ("waiting", "on_shelf"):
        return Denied(f"hold_{status}", "K8")
    at.run(
        "UPDATE hold SET status = 'cancelled', shelf_until = NULL WHERE consortium = ? AND hold = ?",
        at.consortium,
        asked.hold,
    )
    _told(at, asked.patron, title)
    return Done({"hold": asked.hold}, asked.patron, asked.hold)


def shelve(at: At, asked: ShelveHold) -> Answer:
    """K8, K12: a copy of the title stands ready for the patron; it is kept for nobody else and is not out."""
    title, status, copy = _hold(at, asked)
    if status != "waiting":
        return Denied(f"hold_{status}", "K8")
    of, _, item_status = _item(at, asked.item)
    if of != title or copy not in (None, asked.item):
        return Denied("another_title", "K8")
    if item_status != ItemStatus.LENDABLE.value:
        return Denied(f"item_{item_status}", "K7")
    out = "SELECT 1 FROM loan WHERE consortium = ? AND item = ? AND returned_at IS NULL"
    kept = "SELECT 1 FROM hold WHERE consortium = ? AND item = ? AND status = 'on_shelf'"
    if at.one(out, asked.item) is not None:
        return Denied("item_on_loan", "K8")
    if at.one(kept, asked.item) is not None:
        return Denied("kept_for_another", "K8")
    until = asked.until or at.today + timedelta(days=SHELF_DAYS)
    at.session.change_one(  # a kiosk that takes in another copy holds the copy, and not whose hold it chooses
        "UPDATE hold SET status = 'on_shelf', item = ?, shelf = ?, shelf_until = ?"
        " WHERE consortium = ? AND hold = ? AND status = 'waiting' AND (item IS NULL OR item = ?)",
        asked.item,
        asked.shelf or at.here.policy.hold_shelf,
        until.isoformat(),
        at.consortium,
        asked.hold,
        asked.item,
    )
    _told(at, asked.patron, title)
    return Done({"hold": asked.hold, "until": until}, asked.patron, asked.hold)


def set_status(at: At, asked: SetItemStatus) -> Answer:
    """K7: of an item of this institution. What nobody may be lent is kept for nobody (K8)."""
    title, institution, status = _item(at, asked.item)
    if institution != at.institution:
        return Denied("not_of_here", "N6")
    at.run(
        "UPDATE item SET status = ? WHERE consortium = ? AND item = ?", asked.status.value, at.consortium, asked.item
    )
    at.changed_item(asked.item)
    if asked.status in (ItemStatus.DAMAGED, ItemStatus.MISSING) and free(at.session, at.consortium, asked.item):
        _copies_told(at, title)
    return Done({"was": status, "status": asked.status}, subject=asked.item)


def look(at: At, asked: OfItem) -> Answer:
    """What is known of an item; whose loan it is stays with the reference."""
    _item(at, asked.item)
    row = at.one(
        "SELECT t.name, t.author, i.institution, i.branch, i.status, i.interlibrary, l.patron, l.branch, l.lent, l.due,"
        " l.internal FROM item i JOIN title t ON t.consortium = i.consortium AND t.title = i.title"
        " LEFT JOIN loan l ON l.consortium = i.consortium AND l.item = i.item AND l.returned_at IS NULL"
        " WHERE i.consortium = ? AND i.item = ?",
        asked.item,
    )
    if row is None:
        raise NoSuch("item")
    names = ("title", "author", "institution", "branch", "status", "interlibrary")
    said = dict(zip(names, row[:6], strict=True))
    loan = None
    if row[6] is not None:
        loan = dict(zip(("patron", "branch", "lent", "due", "internal"), row[6:], strict=True))
        said["status"] = "internal_loan" if row[10] else "on_loan"  # A4: interne uitlening
    return Done({**said, "loan": loan})


ACTS = (
    Act("holds/place", "Places a hold (K8, A4)", PlaceHold, place),
    Act("holds/shelve", "A copy stands ready for a hold (K8, K12)", ShelveHold, shelve),
    Act("holds/cancel", "Cancels a hold", OfHold, cancel),
    Act("items/status", "Says of an item that it is damaged, missing or found (K7)", SetItemStatus, set_status),
    Act("items/look", "What is known of an item (A4)", OfItem, look, Role.READER, Manner.FIND),
)
