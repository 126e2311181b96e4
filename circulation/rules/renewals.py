"""May this loan run longer (K11, K12, N5, and S2 where a renewal costs a strip)? F4 is with the fees."""

from circulation.outcomes import NextStep, Reason, Refused
from circulation.rules.facts import Renew, rule
from circulation.rules.region import can_reach, carried, effective
from circulation.rules.subscriptions import strip_balance

NEW_BARCODE = "3000"


@rule("K11")
def loan_is_yours(renew: Renew) -> Refused | None:
    """Only a loan of one's own can be renewed."""
    if renew.item is None or renew.loan is None or renew.loan.patron != renew.patron.ref:
        return Refused(Reason.NOT_ON_LOAN, "K11", NextStep.SCAN_ITEM)
    return None


@rule("K11", "N6")
def nobody_waits_for_it(renew: Renew) -> Refused | None:
    """Not while another patron holds the title or this copy; who that is stays unsaid.

    Whoever waits where this copy cannot come (N6) does not wait for it.
    """
    item = renew.item
    if item is None:
        return None
    others = [one for one in (*item.wanted_by, *((item.hold,) if item.hold else ())) if one.patron != renew.patron.ref]
    if any(can_reach(item, one, renew.here) for one in others):
        return Refused(Reason.WANTED_BY_ANOTHER, "K11", NextStep.RETURN_SOMETHING)
    return None


@rule("K11")
def not_renewed_too_often(renew: Renew) -> Refused | None:
    """Not past the maximum number of renewals that the library has set."""
    if renew.loan is None or renew.loan.renewals < renew.here.policy.max_renewals:
        return None
    values = {"count": renew.loan.renewals} if renew.loan.renewals > 0 else {}
    return Refused(Reason.RENEWED_ENOUGH, "K11", NextStep.DESK, values)


@rule("S2")
def strip_for_renewal(renew: Renew) -> Refused | None:
    """A renewal takes no strip, unless the library has switched that on; then one must be left."""
    found = effective(renew)
    if not renew.here.policy.renewal_takes_strip or found is None:
        return None
    balance = strip_balance(found)
    if balance is None or balance > 0:
        return None
    return Refused(Reason.NO_STRIPS, "S2", NextStep.DESK, {"ends": found.membership.ends})


@rule("K12")
def not_interlibrary(renew: Renew) -> Refused | None:
    """An item from a library elsewhere is not renewed here: the desk asks there."""
    if renew.item is not None and renew.item.interlibrary:
        return Refused(Reason.INTERLIBRARY, "K12", NextStep.DESK)
    return None


@rule("N5")
def renewed_where_it_belongs(renew: Renew) -> Refused | None:
    """An item of another institution: only with a new barcode, and with transport or the network's switch on."""
    item, here = renew.item, renew.here
    if item is None or item.institution == here.branch.institution:
        return None
    switched_on = here.policy.renews_others and here.same_group(item.institution)
    if item.barcode.startswith(NEW_BARCODE) and (carried(item, here) or switched_on):
        return None
    return Refused(Reason.NOT_RENEWED_HERE, "N5", NextStep.OTHER_BRANCH, {"place": here.name_of(item.institution)})
