"""One picture of who stands where with what, loaded in one transaction, and what the rules say of it.

Nothing is decided here but by circulation.rules.verdict: the order of rules.md §1.
"""

from dataclasses import dataclass
from datetime import datetime

from circulation.identifiers import ItemBarcode
from circulation.model import Presented
from circulation.outcomes import Identified, Refused, Verdict
from circulation.rules import verdict
from circulation.rules.facts import Borrow, Here, Visit
from circulation.rules.subscriptions import may_borrow
from membership_store.collection import find_item
from membership_store.database import Session
from membership_store.members import Member, find
from membership_store.network import load_here


@dataclass(frozen=True, slots=True)
class Situation:
    """The facts of a visit, and of a loan where the pass belongs to somebody. `verdict`: visit first, then borrow."""

    here: Here
    visit: Visit
    visit_verdict: Verdict
    verdict: Verdict
    member: Member | None = None
    borrow: Borrow | None = None


def look(
    session: Session, consortium: str, branch: str, presented: Presented, moment: datetime, barcode: ItemBarcode | None
) -> Situation:
    """Loads and judges what was shown at the branch at that moment (UTC). Raises NoSuchBranch."""
    here = load_here(session, consortium, branch, moment)
    found = find(session, consortium, presented)
    item = None if barcode is None else find_item(session, consortium, barcode)
    visit = Visit(here, presented, tuple(one.holder for one in found))
    opening = verdict.on_visit(visit)
    holder = visit.holder
    if holder is None:
        return Situation(here, visit, opening, opening)
    member = next(one.member for one in found if one.holder is holder)
    borrow = Borrow(here, member.patron, barcode, item)
    second = verdict.on_patron(borrow) if barcode is None else verdict.on_borrow(borrow)
    return Situation(here, visit, opening, _both(opening, second), member, borrow)


def _both(opening: Verdict, second: Verdict) -> Verdict:
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
        tuple(one.text for one in patron.messages if one.for_patron),
    )
