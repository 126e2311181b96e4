"""Where one act of a kiosk is booked: its transaction, its two instants, what staff are told, what mirrors are told.

House decision 2: what physically happened is never refused, only recorded and flagged.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from circulation.events import Event
from circulation.identifiers import ItemBarcode, PatronRef
from circulation.model import Membership, Patron
from circulation.outcomes import Refused, Verdict
from circulation.rules.region import Effective
from circulation.rules.subscriptions import strip_balance
from membership_store import changes
from membership_store.credentials import Kiosk
from membership_store.database import Session, insert, one
from membership_store.kiosk_clock import Span
from membership_store.members import Member
from membership_store.network import local_date, zone_of


def stamp(moment: datetime) -> str:
    """An instant as the store writes it: UTC, microseconds, so that text sorts as time does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True, slots=True)
class Books:
    """Where one act of a kiosk is booked. `at`: when it was done; `now`: when the store took it in; both UTC.

    `span`: where that is not known, between which instants; `at` is then the one that costs the patron nothing.
    `happened`: it is told as a fact, so that a rule's "no" is a matter for staff and not an answer. `in_sequence`: all
    that the kiosk did before is booked, and nothing that it did after.
    """

    session: Session
    kiosk: Kiosk
    at: datetime
    now: datetime
    happened: bool = False
    span: Span | None = None
    in_sequence: bool = True

    @property
    def not_before(self) -> datetime:
        """The earliest instant (UTC) at which it may have been done."""
        return self.at if self.span is None else self.span.earliest

    @property
    def not_after(self) -> datetime:
        """The latest instant (UTC) at which it may have been done."""
        return self.at if self.span is None else self.span.latest

    def did_before(self, loan: str) -> bool:
        """Whether this kiosk made that loan before this act, by its sequence."""
        return self.in_sequence and loan.startswith(f"{self.kiosk.id}/")

    def took_before(self, kiosk: str | None) -> bool:
        """Whether what that kiosk took in was taken in here before this act, by the sequence."""
        return self.in_sequence and kiosk == self.kiosk.id

    def day_is_known(self) -> bool:
        """Whether the library's date of the act is certain."""
        if self.span is None or self.span.mildest == self.span.latest:
            return True
        zone = zone_of(self.session, self.consortium, self.kiosk.branch)
        return local_date(self.span.mildest, zone) == local_date(self.span.latest, zone)

    @property
    def consortium(self) -> str:
        """The consortium of the kiosk: in every row that is read or written."""
        return self.kiosk.consortium

    def key(self, event: Event) -> str:
        """The key of the row that the act makes."""
        return f"{self.kiosk.id}/{event.id}"

    def patron_changed(self, patron: PatronRef | str) -> None:
        """The patron's state is another one now: mirrors hear of it."""
        changes.touch(self.session, self.consortium, changes.PATRON, patron)

    def item_changed(self, item: ItemBarcode) -> None:
        """The item's state is another one now: mirrors hear of it."""
        changes.touch(self.session, self.consortium, changes.ITEM, item)

    def copies_changed(self, item: ItemBarcode) -> None:
        """K8: a hold on the title is on this copy now, or again on the title: mirrors hear of each copy of it."""
        copies = (
            "SELECT c.item FROM item i JOIN item c ON c.consortium = i.consortium AND c.title = i.title"
            " WHERE i.consortium = ? AND i.item = ?"
        )
        for copy in sorted(copy for (copy,) in self.session.rows(copies, self.consortium, item)):
            self.item_changed(copy)

    def flag(self, event: Event, rule: str, reason: str, *, numbers: bool = False) -> None:
        """Puts the act before staff, once for each reason. `numbers`: with what was shown, where nothing was booked."""
        key = f"{self.key(event)}/{reason}"
        known = "SELECT 1 FROM staff_flag WHERE consortium = ? AND flag = ?"
        if one(self.session.rows(known, self.consortium, key)) is not None:
            return
        shown = event.presented
        insert(
            self.session,
            "staff_flag",
            consortium=self.consortium,
            flag=key,
            branch=self.kiosk.branch,
            kiosk=self.kiosk.id,
            event=event.id,
            rule=rule,
            reason=reason,
            raised_at=stamp(self.now),
            shown_pass=(shown.number or shown.uid) if numbers and shown is not None else None,
            shown_item=event.item if numbers else None,
        )

    def flag_all(self, event: Event, verdict: Verdict) -> None:
        """Tells staff of every rule that would have refused what happened."""
        self.flag_each(event, (verdict.decided, *verdict.also))

    def flag_each(self, event: Event, refusals: Iterable[Refused | None]) -> None:
        """Tells staff of these refusals, as far as there are any."""
        for refused in refusals:
            if refused is not None:
                self.flag(event, refused.rule, refused.reason.value)

    def note(self, event: Event) -> None:
        """Tells staff that an act happened which this store had refused, or which the kiosk had given up."""
        self.flag(event, "house 1", "happened_after_no")

    def take_strip(self, member: Member, found: Effective | None) -> Patron:
        """S2: takes one strip from the membership that counts; a fact may take one that is not there.

        Gives the patron as it is then. Raises Contested, at the latest before the commit.
        """
        balance = None if found is None else strip_balance(found)
        if found is None or balance is None:
            return member.patron
        if balance > 0:
            change = "balance = balance - 1 WHERE balance > 0 AND consortium = ? AND membership = ?"
        else:
            change = "overdrawn = overdrawn + 1 WHERE balance = 0 AND consortium = ? AND membership = ?"
        key = member.key_of(found.membership)
        self.session.change_one(f"UPDATE strips SET {change}", self.consortium, key)  # noqa: S608 - no input in it
        rows = tuple(_one_less(row, found.membership) for row in member.patron.memberships)
        return replace(member.patron, memberships=rows)


def _one_less(row: Membership, used: Membership) -> Membership:
    if row is not used or row.strips_left is None:
        return row
    return replace(row, strips_left=row.strips_left - 1)
