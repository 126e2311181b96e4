"""A verdict in words for staff: which rule decided, which others would have refused, and what they looked at."""

from collections.abc import Iterator

from circulation.outcomes import Refused
from circulation.rules.region import effective
from membership_store.situation import Situation


def in_words(situation: Situation, *, with_item: bool) -> str:
    """The lines that `explain` prints. For staff only: they say what the patron's screen does not."""
    return "\n".join(_lines(situation, with_item))


def _lines(situation: Situation, with_item: bool) -> Iterator[str]:
    here, verdict = situation.here, situation.verdict
    yield f"at {here.branch.name} ({here.branch.code}, {here.institution.name}) on {here.today.isoformat()}"
    if verdict.decided is None:
        yield "allowed: " + ("this item may be lent" if with_item else "may borrow")
    else:
        yield f"refused by {_said(verdict.decided)}"
    for refused in verdict.also:
        yield f"  would also refuse: {_said(refused)}"
    yield f"passes found in the network: {len(situation.visit.found)}, of them working here: " + str(
        len(situation.visit.works_here)
    )
    if situation.borrow is None:
        return
    patron, found = situation.borrow.patron, effective(situation.borrow)
    yield f"patron type {patron.type.value}, open loans {len(patron.loans)}, memberships {len(patron.memberships)}"
    if found is None:
        yield "no membership counts here"
        return
    row, treated = found.membership, found.subscription
    strips = "unlimited" if row.strips_left is None else str(row.strips_left)
    yield f"membership of {row.institution}, {row.subscription} treated as {treated.code} {treated.name},"
    yield f"  {row.starts.isoformat()} to {row.ends.isoformat()}, strips {strips}, on pass at most {treated.on_pass}"


def _said(refused: Refused) -> str:
    values = ", ".join(f"{name} {value}" for name, value in sorted(refused.values.items()))
    return f"{refused.rule} {refused.reason.value} (next: {refused.next.value}{', ' + values if values else ''})"
