"""The days on which a branch does not open: nothing falls due on one †."""

from dataclasses import dataclass
from datetime import date

from membership_store import changes, register
from membership_store.staff.acts import Act, Answer, At, Done, Manner, Unacceptable
from membership_store.staff.asked import AtBranch
from membership_store.staff.credentials import Role

MOST = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedDays(AtBranch):
    """Days of this branch, library-local."""

    days: tuple[date, ...]


def close(at: At, asked: ClosedDays) -> Answer:
    """The branch does not open on these days."""
    for day in _days(asked):
        known = "SELECT 1 FROM closed_day WHERE consortium = ? AND branch = ? AND day = ?"
        if at.one(known, asked.branch, day) is None:
            at.add("closed_day", branch=asked.branch, day=day)
    return _told(at, asked)


def reopen(at: At, asked: ClosedDays) -> Answer:
    """The branch opens on these days after all."""
    for day in _days(asked):
        gone = "DELETE FROM closed_day WHERE consortium = ? AND branch = ? AND day = ?"
        at.run(gone, at.consortium, asked.branch, day)
    return _told(at, asked)


def _days(asked: ClosedDays) -> list[str]:
    if not 1 <= len(asked.days) <= MOST:
        raise Unacceptable("days", f"1 to {MOST}")
    return sorted({day.isoformat() for day in asked.days})


def _told(at: At, asked: ClosedDays) -> Answer:
    register.network_changed(at.session, at.consortium)
    changes.touch(at.session, at.consortium, changes.NETWORK)
    return Done({"branch": asked.branch, "days": len(asked.days)}, subject=f"{asked.branch} {len(asked.days)}")


def closed(at: At, asked: AtBranch) -> Answer:
    """The closed days from today on."""
    return Done({"branch": asked.branch, "days": sorted(at.here.closed)})


ACTS = (
    Act("calendar/close", "Days on which the branch does not open", ClosedDays, close, Role.MANAGER),
    Act("calendar/reopen", "Days on which the branch opens after all", ClosedDays, reopen, Role.MANAGER),
    Act("calendar/closed", "The closed days from today on", AtBranch, closed, Role.READER, Manner.FIND),
)
