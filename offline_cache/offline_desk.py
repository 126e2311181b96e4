"""The desk while nobody answers: the same rules, on the mirror's facts and this kiosk's own events (house decision 4).

What the mirror does not hold is "I do not know", never a "no" of the rules. It decides only; it writes nothing down.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from circulation.affairs import CheckedIn, Paid, Route
from circulation.events import Action, Payment
from circulation.identifiers import EventId, ItemBarcode, PatronRef
from circulation.model import Item, Loan, PatronType
from circulation.outcomes import CheckedOut, Identified, NextStep, Reason, Refused
from circulation.presented import Presented
from circulation.rules import verdict
from circulation.rules.facts import Borrow, Here, Holder, PinState, Return, Visit
from circulation.rules.items import fills_hold
from circulation.rules.notices import is_child, told_end
from circulation.rules.offline import (
    DO_NOT_KNOW,
    Freshness,
    Offline,
    allowed,
    freshness,
    pin_cannot_be_checked,
    within_the_outage,
)
from circulation.rules.payments import credit, owed
from circulation.rules.pins import is_locked
from circulation.rules.returns import route_of, was_on_loan
from circulation.rules.staffing import shown_messages
from circulation.rules.subscriptions import may_borrow
from offline_cache.age import AsOf
from offline_cache.journal import Entry
from offline_cache.mirror import MirrorReader, NoMirror, Picture, Reading
from offline_cache.own_events import Own, item_with, lent_offline, patron_with, with_loan
from offline_cache.standing import Marked, OwnEvents, Remembered, Standing, masked_fees
from values import dataclass

Decision = CheckedOut | CheckedIn | Paid | Refused
Age = Callable[[AsOf, datetime], timedelta | None]
_NEVER = datetime.max.replace(tzinfo=UTC)
_PASS_UNKNOWN = Refused(Reason.OFFLINE_PASS_UNKNOWN, "K5", NextStep.DESK)
_ITEM_UNKNOWN = Refused(Reason.OFFLINE_ITEM_UNKNOWN, "K7", NextStep.DESK)
_NOT_ALLOWED = Refused(Reason.OFFLINE_NOT_ALLOWED, "K13", NextStep.DESK)
_TYPE_UNKNOWN = Refused(Reason.OFFLINE_NOT_ALLOWED, "K1", NextStep.DESK)


class OfflineDesk:
    """Raises NoMirror where there is none that can be read: then only returns are taken.

    `own`: this kiosk's entries after a sequence number (those of its neighbours besides, where they share), or a
    journal that tells which of them changed. `age`: how old what the mirror says is at an instant (UTC), None where
    nobody knows.
    """

    def __init__(self, mirror: MirrorReader, own: Callable[[int], Sequence[Entry]] | Marked, age: Age) -> None:
        self._mirror, self._age = mirror, age
        self._own = own if callable(own) else Remembered(own)
        self._owners: dict[EventId, PatronRef] = {}
        self._owners_of = ""
        self._picture: Picture | None = None
        self._here: Here | None = None
        self._begins = self._ends = _NEVER

    def lends(self, at: datetime) -> bool:
        """Whether something could be lent at that instant (UTC) without the library system. Raises nothing."""
        try:
            picture = self._mirror.picture()
        except NoMirror:
            return False
        policy = picture.place.policy.offline
        return allowed(Action.CHECK_OUT, Offline(policy, freshness(self._age(picture.as_of, at), policy))) is None

    def known_as(self, patron: PatronRef) -> PatronRef:
        """What the mirror calls a patron that the library system named. Raises NoMirror."""
        with self._mirror.reading() as mirror:
            return mirror.masks.patron(patron)

    def identify(self, presented: Presented, at: datetime) -> Identified | Refused:
        """Who is this, as far as the mirror knows? No name and no text of a message is in it. Raises NoMirror."""
        with self._mirror.reading() as mirror:
            case = self._case(mirror, at)
            return allowed(Action.CHECK_OUT, case.now.outage) or case.identify(presented)

    def decide(
        self,
        action: Action,
        presented: Presented | None,
        item: ItemBarcode | None,
        at: datetime,
        *,
        apart_from: EventId | None = None,
        payment: Payment | None = None,
    ) -> Decision:
        """What is answered at that instant (UTC). `apart_from`: the event that this is about, which does not count.

        Raises NoMirror (never for a return), and ValueError for an act that is no matter of this desk.
        """
        try:
            with self._mirror.reading() as mirror:
                case = self._case(mirror, at, apart_from)
                return allowed(action, case.now.outage) or case.decide(action, presented, item, payment)
        except NoMirror:
            if action is Action.CHECK_IN and item is not None:
                return _laid_apart(item)
            raise

    def _case(self, mirror: Reading, at: datetime, apart_from: EventId | None = None) -> "_Case":
        """One picture of all. Own events are read after it, so that a page that comes in between makes nothing be
        missed."""
        picture = mirror.picture()
        age = self._age(picture.as_of, at)
        # By the store's clock: one of ours that is wrong would lend until another day, and one ahead would open a pass
        # that wrong PINs have shut.
        there = picture.as_of.at + (age or timedelta())
        here = self._here_at(picture, at if age is None else there)
        own = self._own_events(mirror, picture, here, apart_from)
        policy = here.policy.offline
        outage = Offline(policy, freshness(age, policy))
        return _Case(mirror, Standing(here, outage, own), picture, there)

    def _own_events(self, mirror: Reading, picture: Picture, here: Here, apart_from: EventId | None) -> tuple[Own, ...]:
        if isinstance(self._own, Remembered):
            events = OwnEvents(mirror, here, picture, self._owners)
            return self._own.of(events, picture.acked_seq, self._owners_of, apart_from)
        entries = self._own(picture.acked_seq)
        return OwnEvents(mirror, here, picture, self._owners).of(entries, apart_from) if entries else ()

    def _here_at(self, picture: Picture, at: datetime) -> Here:
        """The branch on the day of that instant, made once for each picture and day; whose own events are is of one
        place in the feed."""
        if self._here is None or self._picture is not picture or not self._begins <= at < self._ends:
            today = at.astimezone(picture.zone).date()
            self._begins, self._ends = (_midnight(day, picture.zone) for day in (today, today + timedelta(days=1)))
            self._picture, self._here = picture, picture.here(today)
            if self._owners_of != picture.cursor:
                self._owners, self._owners_of = {}, picture.cursor
        return self._here


@dataclass(slots=True)  # no fact, and made for each question: frozen it takes four times as long
class _Case:
    """One question, on one picture. `at`: the instant at the store, where nobody knows it the picture's own."""

    mirror: Reading
    now: Standing
    picture: Picture
    at: datetime

    @property
    def here(self) -> Here:
        return self.now.here

    def identify(self, presented: Presented) -> Identified | Refused:
        found = self._visitor(presented)
        if isinstance(found, Refused):
            return found
        borrow = Borrow(self.here, patron_with(found.patron, self.here, self.now.own))
        no = self._of_patron(borrow) or self._of_outage(borrow)
        who = borrow.patron
        # The mirror holds no text; what stands in it may only be how many there are (K3).
        messages = tuple(one for one in shown_messages(who) if one)
        more = self._may_borrow(borrow)
        ends, child = told_end(who, self.here), is_child(who, self.here)
        lent = len(who.loans)
        return Identified(who.ref, who.language, who.receipt, "", lent, more, no, messages, ends=ends, child=child)

    def decide(
        self, action: Action, presented: Presented | None, item: ItemBarcode | None, payment: Payment | None
    ) -> Decision:
        if action is Action.CHECK_OUT and presented is not None and item is not None:
            return self._check_out(presented, item)
        if action is Action.CHECK_IN and item is not None:
            return self._check_in(item)
        if action is Action.PAY and presented is not None and payment is not None:
            return self._pay(presented, payment)
        raise ValueError("no act of this desk")

    # ---- borrowing

    def _check_out(self, presented: Presented, barcode: ItemBarcode) -> CheckedOut | Refused:
        found = self._visitor(presented)
        if isinstance(found, Refused):
            return found
        here = self.here
        patron, item = patron_with(found.patron, here, self.now.own), self._item(barcode)
        borrow = Borrow(here, patron, barcode, item)
        no = self._of_patron(borrow) or self._of_item(borrow) or self._of_outage(borrow)
        if no is not None or item is None:
            return verdict.told(borrow, no or _ITEM_UNKNOWN)
        due = verdict.due_date(borrow)
        loan = Loan(item.barcode, patron.ref, here.branch.code, here.today, due)
        after = Borrow(here, with_loan(borrow, loan))
        loans, more = len(after.patron.loans), self._may_borrow(after, lent_just_now=1)
        filled = fills_hold(borrow)
        return CheckedOut(barcode, item.title, due, loans, more, filled, provisional=True)

    def _visitor(self, presented: Presented) -> Holder | Refused:
        """Whoever shows the pass, or why the visit cannot begin here and now."""
        visit = Visit(self.here, presented, self.mirror.found(presented))
        shown = visit.holder
        if shown is not None and is_locked(shown.card, self.at):
            visit = replace(visit, pin=PinState.LOCKED)
        no = verdict.on_visit(visit).decided
        if no is not None and no.reason is Reason.PIN_NEEDED:  # the last rule of all: what then is another one's
            no = pin_cannot_be_checked(visit, self.here.policy.offline)
        if no is not None and no.reason is Reason.PASS_UNKNOWN:
            return _PASS_UNKNOWN
        if no is not None and no.reason is Reason.TYPE_TO_DESK and _is_special(visit):
            return _TYPE_UNKNOWN  # a subscription of another region may admit them, and is not on this kiosk
        return no or visit.holder or _PASS_UNKNOWN

    def _of_patron(self, borrow: Borrow) -> Refused | None:
        no = verdict.on_patron(borrow).decided
        if no is None or no.reason is not Reason.PAY_FIRST:
            return no
        paid = any(one.patron == borrow.patron.ref and isinstance(one.done, Paid) for one in self.now.own)
        return _NOT_ALLOWED if paid else no  # it may have been this that was paid: only the library system can tell

    def _of_item(self, borrow: Borrow) -> Refused | None:
        no = verdict.on_item(borrow).decided
        return _ITEM_UNKNOWN if no is not None and no.reason is Reason.ITEM_UNKNOWN else no

    def _of_outage(self, borrow: Borrow) -> Refused | None:
        return within_the_outage(borrow, self.now.with_lent(lent_offline(borrow.patron.ref, self.now.own)))

    def _may_borrow(self, borrow: Borrow, lent_just_now: int = 0) -> int | None:
        """How many more, by the rules and by what an older mirror lends at most."""
        by_rules = may_borrow(borrow)
        if self.now.outage.freshness is Freshness.FRESH:
            return by_rules
        lent = lent_offline(borrow.patron.ref, self.now.own) + lent_just_now
        most = max(0, self.here.policy.offline.usable_items - lent)
        return most if by_rules is None else min(most, by_rules)

    def _item(self, barcode: ItemBarcode) -> Item | None:
        """The item as it stands now; None also where it may just have been lent, and nobody knows."""
        found, own = self.mirror.item(barcode), self._own_of(barcode)
        if found is None or (own and own[-1].done is None):
            return None
        return item_with(found, self.here, own)

    def _own_of(self, barcode: ItemBarcode) -> list[Own]:
        if not self.now.own:
            return []
        key = self.mirror.masks.item(barcode)
        return [one for one in self.now.own if one.item == key]

    # ---- a return, a payment

    def _check_in(self, barcode: ItemBarcode) -> CheckedIn | Refused:
        """K10: taken in, unless the rules say no of what is known; what is not known is laid apart for staff."""
        item = self._item(barcode)
        brought = Return(self.here, barcode, item)
        no = verdict.on_return(brought).decided
        if no is not None and no.reason is not Reason.ITEM_UNKNOWN:
            return no
        if item is None:
            return _laid_apart(barcode)
        route, code = route_of(brought)
        place = self.picture.branches.get(code, code) if route is Route.OTHER_BRANCH else code
        return CheckedIn(barcode, item.title, route, place, was_on_loan(brought), provisional=True)

    def _pay(self, presented: Presented, payment: Payment) -> Paid:
        """F3: the terminal took it, so that it is never refused here; what nobody knows to be owed stands as credit."""
        found = self._visitor(presented)
        if isinstance(found, Refused):
            return Paid(payment.terminal, payment.cents, 0, payment.cents)
        mine, today = self.here.branch.institution, self.here.today
        before = patron_with(found.patron, self.here, self.now.own)
        paid, fees = Paid(payment.terminal, payment.cents), masked_fees(self.mirror.masks, payment)
        act = Own(today, before.ref, None, paid, offline=True, fees=fees, cents=payment.cents)
        after = patron_with(before, self.here, (act,))
        left = max(0, credit(after, mine) - credit(before, mine))
        return replace(paid, left=owed(after, mine), credit=left)


def knows(answer: object) -> bool:
    """Whether an answer of this desk is one of the rules, and not an "I do not know" or "I may not decide"."""
    return not (isinstance(answer, Refused) and answer.reason in DO_NOT_KNOW)


def _is_special(visit: Visit) -> bool:
    return visit.holder is not None and visit.holder.patron.type is PatronType.SPECIAL


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which the day begins there."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def _laid_apart(barcode: ItemBarcode) -> CheckedIn:
    return CheckedIn(barcode, "", Route.STAFF, was_on_loan=False, provisional=True)
