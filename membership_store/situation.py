"""One picture of who stands where with what, loaded in one transaction, and what the rules say of it.

Nothing is decided here but by circulation.rules.verdict: the order of rules.md §1.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from circulation.identifiers import ItemBarcode
from circulation.outcomes import Identified, Refused, Verdict
from circulation.presented import Presented
from circulation.rules import verdict
from circulation.rules.facts import Borrow, Here, PinState, Visit
from circulation.rules.notices import is_child, told_end
from circulation.rules.pins import is_locked, needs_pin
from circulation.rules.staffing import shown_messages
from circulation.rules.subscriptions import may_borrow
from membership_store import proving
from membership_store.collection import find_item, hold_item
from membership_store.database import Session
from membership_store.members import Member, find, passes_shown
from membership_store.network import asked_of_network, load_here
from membership_store.proving import Prover


@dataclass(frozen=True, slots=True)
class Opening:
    """A pass was shown at a branch: what the rules say of it, and whose it is. `prover`: where it needs a PIN (P6)."""

    here: Here
    visit: Visit
    verdict: Verdict
    member: Member | None = None
    prover: Prover | None = None

    def and_then(self, judge: Callable[[Member], Verdict]) -> Verdict:
        """The verdict on the visit first, then the one on what its patron wants; a pass of nobody wants nothing."""
        return self.verdict if self.member is None else both(self.verdict, judge(self.member))


@dataclass(frozen=True, slots=True)
class Situation:
    """The facts of a visit, and of a loan where the pass belongs to somebody. `verdict`: visit first, then borrow."""

    here: Here
    visit: Visit
    visit_verdict: Verdict
    verdict: Verdict
    member: Member | None = None
    borrow: Borrow | None = None
    prover: Prover | None = None

    @property
    def refused(self) -> Refused | None:
        """What the kiosk is told, or None. Of the item it hears only where the visit itself is allowed."""
        no = self.verdict.decided
        if no is None or self.borrow is None or self.visit_verdict.decided is not None:
            return no
        return verdict.told(self.borrow, no)


def ask_ahead(session: Session, consortium: str, presented: Presented | None) -> None:
    """Says that a visit is about to be opened: what that asks first goes with whatever is asked now."""
    session.ahead(asked_of_network(consortium))
    if presented is not None:
        session.ahead(passes_shown(consortium, presented))


def open_visit(
    session: Session,
    consortium: str,
    branch: str,
    presented: Presented,
    moment: datetime,
    *,
    kiosk: str = "",
    to_write: bool = False,
    besides: Callable[[], None] = lambda: None,
) -> Opening:
    """Loads and judges a shown pass. `kiosk`: where a proved PIN counts; `to_write`: the patron is held till the end.

    `besides`: see members.find. Raises NoSuchBranch.
    """
    ask_ahead(session, consortium, presented)
    here = load_here(session, consortium, branch, moment)
    found = find(session, consortium, presented, to_write=to_write, besides=besides)
    visit = Visit(here, presented, tuple(one.holder for one in found))
    holder = visit.holder
    if holder is None:
        return Opening(here, visit, verdict.on_visit(visit))
    member = next(one.member for one in found if one.holder is holder)
    prover = None
    if needs_pin(visit):
        prover = Prover(consortium, kiosk, member.pass_key_of(holder.card), member.patron.ref)
        visit = replace(visit, pin=proving.state(session, prover, moment))
        if to_write:
            proving.go_on(session, prover, moment)
    elif is_locked(holder.card, moment):
        visit = replace(visit, pin=PinState.LOCKED)
    return Opening(here, visit, verdict.on_visit(visit), member, prover)


def look(
    session: Session,
    consortium: str,
    branch: str,
    presented: Presented,
    moment: datetime,
    barcode: ItemBarcode | None,
    *,
    kiosk: str = "",
    to_write: bool = False,
) -> Situation:
    """Loads and judges what was shown at the branch at that moment (UTC), for a loan. Raises NoSuchBranch."""

    def with_it() -> None:
        if barcode is not None:
            hold_item(session, consortium, barcode, to_write=to_write)

    opening = open_visit(
        session, consortium, branch, presented, moment, kiosk=kiosk, to_write=to_write, besides=with_it
    )
    item = None if barcode is None else find_item(session, consortium, barcode)
    if opening.member is None:
        return Situation(opening.here, opening.visit, opening.verdict, opening.verdict)
    borrow = Borrow(opening.here, opening.member.patron, barcode, item)
    second = verdict.on_patron(borrow) if barcode is None else verdict.on_borrow(borrow)
    return Situation(
        opening.here,
        opening.visit,
        opening.verdict,
        both(opening.verdict, second),
        opening.member,
        borrow,
        opening.prover,
    )


def both(opening: Verdict, second: Verdict) -> Verdict:
    """One verdict of two, the opening first."""
    said = [one for one in (opening.decided, *opening.also, second.decided, *second.also) if one is not None]
    return Verdict(said[0], tuple(said[1:])) if said else Verdict(None)


def greeting(situation: Situation) -> Identified | Refused:
    """What the kiosk may know of whoever showed the pass (K2, K3)."""
    if situation.visit_verdict.decided is not None:
        return situation.visit_verdict.decided
    borrow = situation.borrow
    if borrow is None:
        raise ValueError("a visit that was allowed has a patron")
    patron = borrow.patron
    return Identified(
        patron.ref,
        patron.language,
        patron.receipt,
        patron.first_name,
        len(patron.loans),
        may_borrow(borrow),
        situation.verdict.decided,
        shown_messages(patron),
        situation.member.mail_to if situation.member is not None and situation.here.mail_from else "",
        told_end(patron, situation.here),
        is_child(patron, situation.here),
    )
