"""Why yes or no, for staff: the deciding rule, all others that would have refused, and what each looked at."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from circulation import identifiers as ids
from circulation.events import Action
from circulation.model import PassStatus, Patron
from circulation.outcomes import Refused
from circulation.presented import Presented, Source
from circulation.rules.facts import Borrow, Here, Renew, Return, Visit
from circulation.rules.region import effective
from circulation.rules.terms import is_reckonable
from circulation.rules.why import Explanation, Step, Wanted, explain
from membership_store.collection import find_item
from membership_store.members import find
from membership_store.network import load_here
from membership_store.staff.acts import Act, Answer, At, Done, Manner, Unacceptable
from membership_store.staff.asked import AtBranch
from membership_store.staff.credentials import Role


class Asking(Enum):
    """What somebody wants, or wanted."""

    VISIT = "visit"
    BORROW = "borrow"
    RENEW = "renew"
    RETURN = "return"


_ACTIONS = {
    Asking.VISIT: Action.CHECK_OUT,
    Asking.BORROW: Action.CHECK_OUT,
    Asking.RENEW: Action.RENEW,
    Asking.RETURN: Action.CHECK_IN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AskWhy(AtBranch):
    """By the patron's reference, or what was shown. `when` (UTC): the rules of that day over today's books."""

    action: Asking = Asking.BORROW
    patron: ids.PatronRef | None = None
    number: ids.PassNumber | None = field(default=None, repr=False)
    uid: ids.ChipUid | None = field(default=None, repr=False)
    source: Source = Source.CHIP
    item: ids.ItemBarcode | None = None
    when: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """An explanation with where and when it holds, and whom it is about."""

    here: Here
    explanation: Explanation
    visit: Visit | None = None
    patron: Patron | None = None


def why(at: At, asked: AskWhy) -> Answer:
    """The explanation as JSON. The patron is known by the reference alone."""
    found = answered(at, asked)
    told = found.explanation
    said: dict[str, Any] = {
        "at": at.here.branch.code,
        "place": at.here.branch.name,
        "institution": at.here.institution.name,
        "on": found.here.today,
        "action": asked.action,
        "allowed": told.decided is None,
        "patron": _patron(found.patron),
        "membership": _membership(found),
        "decided": _refused(told.decided),
        "also": [_refused(one) for one in told.also],
        "steps": [_step(one) for one in told.steps],
    }
    return Done(said, found.patron.ref if found.patron else None, asked.action.value)


def answered(at: At, asked: AskWhy) -> Answered:
    """Loads what the rules look at, and has them say why. Raises NoSuch and Unacceptable."""
    here = at.here
    if asked.when is not None:
        if not is_reckonable(asked.when.date()):
            raise Unacceptable("when", "not of these centuries")
        here = load_here(at.session, at.consortium, asked.branch, asked.when)
    visit, patron = _shown(at, here, asked)
    if asked.action is Asking.VISIT:
        wanted: Wanted | None = None
    else:
        wanted = _wanted(at, here, asked, patron)
    action = _ACTIONS[asked.action]
    return Answered(here, explain(visit, wanted, action), visit, patron)


def _shown(at: At, here: Here, asked: AskWhy) -> tuple[Visit | None, Patron | None]:
    if asked.patron is not None:
        member = at.member(asked.patron)
        cards = sorted(member.patron.passes, key=lambda one: (one.status is not PassStatus.ACTIVE, one.number))
        if not cards:
            return None, member.patron
        presented = Presented(asked.source, cards[0].number, None)
    elif asked.number is not None or asked.uid is not None:
        presented = Presented(asked.source, asked.number, asked.uid)
    elif asked.action is Asking.RETURN:
        return None, None
    else:
        raise Unacceptable("body", "needs a patron, a number or a uid")
    found = [one for one in find(at.session, at.consortium, presented) if at.knows(one.holder.patron.ref)]
    visit = Visit(here, presented, tuple(one.holder for one in found))
    return visit, visit.holder.patron if visit.holder else None


def _wanted(at: At, here: Here, asked: AskWhy, patron: Patron | None) -> Wanted | None:
    item = None if asked.item is None else find_item(at.session, at.consortium, asked.item)
    if asked.action is Asking.RETURN:
        if asked.item is None:
            raise Unacceptable("item", "a return is of an item")
        return Return(here, asked.item, item)
    if patron is None:
        return None
    if asked.action is Asking.RENEW:
        if asked.item is None:
            raise Unacceptable("item", "a renewal is of an item")
        return Renew(here, patron, item, next((one for one in patron.loans if one.item == asked.item), None))
    return Borrow(here, patron, asked.item, item)


def _refused(refused: Refused | None) -> dict[str, Any] | None:
    if refused is None:
        return None
    return {
        "rule": refused.rule,
        "reason": refused.reason,
        "next": refused.next,
        "values": dict(refused.values),
    }


def _patron(patron: Patron | None) -> dict[str, Any] | None:
    return None if patron is None else {"patron": patron.ref, "type": patron.type, "loans": len(patron.loans)}


def _membership(found: Answered) -> dict[str, Any] | None:
    """The membership that counts there, and the subscription that it is treated by (N1, N3)."""
    used = effective(Borrow(found.here, found.patron)) if found.patron else None
    if used is None:
        return None
    row, terms = used.membership, used.subscription
    return {
        "institution": row.institution,
        "subscription": row.subscription,
        "treated_as": f"{terms.code} {terms.name}",
        "starts": row.starts,
        "ends": row.ends,
        "strips": row.strips_left,
        "on_pass": terms.on_pass,
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "rules": step.ids,
        "refused": _refused(step.refused),
        "looked_at": [{"name": one.name, "value": one.value} for one in step.looked_at],
    }


ACTS = (Act("explain", "Why the rules say yes or no", AskWhy, why, Role.READER, Manner.LOOK),)
