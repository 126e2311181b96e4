"""Books what was lent: loan, strip and hold in the caller's transaction (S2, K8), and facts whatever the rules say.

House decision 2: what physically happened is never refused, only recorded and flagged.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from circulation.events import Event
from circulation.model import Loan, Membership, Patron
from circulation.outcomes import CheckedOut
from circulation.rules import verdict
from circulation.rules.facts import Borrow
from circulation.rules.region import effective
from circulation.rules.subscriptions import may_borrow, strip_balance
from membership_store.credentials import Kiosk
from membership_store.database import Contested, Session, insert, one
from membership_store.register import add_loan
from membership_store.situation import Situation

UNSET_LOAN_DAYS = 21


@dataclass(frozen=True, slots=True)
class Books:
    """Where one act of a kiosk is booked. `at`: when it was done; `now`: when the store took it in; both UTC."""

    session: Session
    kiosk: Kiosk
    at: datetime
    now: datetime

    def check_out(self, event: Event, situation: Situation) -> CheckedOut:
        """Lends, after the rules allowed it. Raises Contested."""
        borrow = situation.borrow
        if borrow is None or borrow.item is None:
            raise ValueError("nothing to lend, or nobody to lend it to")
        loan = self._loan(event, situation, borrow)
        add_loan(self.session, self.kiosk.consortium, self._key(event), loan, _stamp(self.at))
        patron = self._take_strip(situation, borrow)
        filled = self._fill_hold(borrow)
        after = replace(borrow, patron=replace(patron, loans=(*patron.loans, loan)))
        return CheckedOut(loan.item, borrow.item.title, loan.due, len(after.patron.loans), may_borrow(after), filled)

    def record(self, event: Event, situation: Situation) -> CheckedOut:
        """Books a loan that has happened, and tells staff of every rule that would have refused it."""
        for refused in (situation.verdict.decided, *situation.verdict.also):
            if refused is not None:
                self._flag(event, refused.rule, refused.reason.value)
        borrow = situation.borrow
        if borrow is None or borrow.item is None:
            return self._park(event, situation)
        standing = borrow.item.loan
        if standing is not None and standing.patron == borrow.patron.ref and not standing.internal:
            title, loans = borrow.item.title, len(borrow.patron.loans)
            return CheckedOut(event.scanned, title, standing.due, loans, may_borrow(borrow))
        if standing is not None and not self._give_way(event):
            loan = self._loan(event, situation, borrow)
            add_loan(self.session, self.kiosk.consortium, self._key(event), loan, _stamp(self.at), _stamp(self.now))
            return CheckedOut(event.scanned, borrow.item.title, loan.due, len(borrow.patron.loans), may_borrow(borrow))
        return self.check_out(event, situation)

    def note(self, event: Event) -> None:
        """Tells staff that an act happened which this store had refused, or which the kiosk had given up."""
        self._flag(event, "house 1", "happened_after_no")

    def _loan(self, event: Event, situation: Situation, borrow: Borrow) -> Loan:
        today = situation.here.today
        return Loan(event.scanned, borrow.patron.ref, situation.here.branch.code, today, _due(borrow, today))

    def _key(self, event: Event) -> str:
        return f"{self.kiosk.id}/{event.id}"

    def _take_strip(self, situation: Situation, borrow: Borrow) -> Patron:
        """S2: takes one strip from the membership that counts; a fact may take one that is not there."""
        found, patron = effective(borrow), borrow.patron
        balance = None if found is None else strip_balance(found)
        if found is None or balance is None or situation.member is None:
            return patron
        key = situation.member.key_of(found.membership)
        if balance > 0:
            change = "balance = balance - 1 WHERE balance > 0 AND consortium = ? AND membership = ?"
        else:
            change = "overdrawn = overdrawn + 1 WHERE balance = 0 AND consortium = ? AND membership = ?"
        if self.session.run(f"UPDATE strips SET {change}", self.kiosk.consortium, key) != 1:  # noqa: S608 - no input in it
            raise Contested
        return replace(patron, memberships=tuple(_one_less(row, found.membership) for row in patron.memberships))

    def _fill_hold(self, borrow: Borrow) -> bool:
        """K8: the item on the hold shelf is for this patron, and is now handed over."""
        return (
            self.session.run(
                "UPDATE hold SET status = 'filled'"
                " WHERE consortium = ? AND item = ? AND patron = ? AND status = 'on_shelf'",
                self.kiosk.consortium,
                borrow.barcode,
                borrow.patron.ref,
            )
            > 0
        )

    def _give_way(self, event: Event) -> bool:
        """Closes the standing loan of the item where ours is the later one; says whether it was."""
        at = _stamp(self.at)
        return (
            self.session.run(
                "UPDATE loan SET returned_at = ?"
                " WHERE consortium = ? AND item = ? AND returned_at IS NULL AND lent_at <= ?",
                at,
                self.kiosk.consortium,
                event.scanned,
                at,
            )
            > 0
        )

    def _park(self, event: Event, situation: Situation) -> CheckedOut:
        """Nobody or nothing to book it on: staff get both numbers, the kiosk its acknowledgement."""
        title = situation.borrow.item.title if situation.borrow and situation.borrow.item else ""
        self._flag(event, "K5" if situation.borrow is None else "K7", "parked", numbers=True)
        due = situation.here.today + timedelta(days=UNSET_LOAN_DAYS)
        return CheckedOut(event.scanned, title, due, 0, None)

    def _flag(self, event: Event, rule: str, reason: str, *, numbers: bool = False) -> None:
        key = f"{self._key(event)}/{reason}"
        known = "SELECT 1 FROM staff_flag WHERE consortium = ? AND flag = ?"
        if one(self.session.rows(known, self.kiosk.consortium, key)) is not None:
            return
        insert(
            self.session,
            "staff_flag",
            consortium=self.kiosk.consortium,
            flag=key,
            branch=self.kiosk.branch,
            kiosk=self.kiosk.id,
            event=event.id,
            rule=rule,
            reason=reason,
            raised_at=_stamp(self.now),
            shown_pass=(event.shown.number or event.shown.uid) if numbers else None,
            shown_item=event.scanned if numbers else None,
        )


def _one_less(row: Membership, used: Membership) -> Membership:
    if row is not used or row.strips_left is None:
        return row
    return replace(row, strips_left=row.strips_left - 1)


def _due(borrow: Borrow, today: date) -> date:
    try:
        return verdict.due_date(borrow)
    except ValueError:
        return today + timedelta(days=UNSET_LOAN_DAYS)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
