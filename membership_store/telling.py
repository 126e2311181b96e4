"""A1: an administrative pass shown at a kiosk is refused, and staff are told: once a day for each pass and branch.

Done after the answer, so that to identify stays without writes and takes no longer for one pass than for another.
"""

from datetime import datetime

from circulation.presented import Presented
from membership_store.books import stamp
from membership_store.credentials import Kiosk
from membership_store.database import Database, Session, insert, one
from membership_store.situation import Opening, open_visit

RULE = "A1"


def tell_of_administrative(database: Database, kiosk: Kiosk, presented: Presented, moment: datetime) -> bool:
    """Puts it before staff that this pass was shown; says whether they are told now. Raises StoreUnavailable."""
    if database.read(lambda session: _untold(session, kiosk, presented, moment)) is None:
        return False
    return database.write(lambda session: _tell(session, kiosk, presented, moment))


def _untold(session: Session, kiosk: Kiosk, presented: Presented, moment: datetime) -> tuple[str, str] | None:
    """The key and the reason of the flag, where it is due and is not there yet."""
    opening = open_visit(session, kiosk.consortium, kiosk.branch, presented, moment, kiosk=kiosk.id)
    refused, holder = opening.verdict.decided, opening.visit.holder
    if refused is None or refused.rule != RULE or holder is None or opening.member is None:
        return None
    key = f"{_day(opening)}/{kiosk.branch}/{opening.member.pass_key_of(holder.card)}/{refused.reason.value}"
    known = "SELECT 1 FROM staff_flag WHERE consortium = ? AND flag = ?"
    return None if one(session.rows(known, kiosk.consortium, key)) else (key, refused.reason.value)


def _day(opening: Opening) -> str:
    return opening.here.today.isoformat()


def _tell(session: Session, kiosk: Kiosk, presented: Presented, moment: datetime) -> bool:
    found = _untold(session, kiosk, presented, moment)
    if found is None:
        return False
    insert(
        session,
        "staff_flag",
        consortium=kiosk.consortium,
        flag=found[0],
        branch=kiosk.branch,
        kiosk=kiosk.id,
        event="",
        rule=RULE,
        reason=found[1],
        raised_at=stamp(moment),
        shown_pass=presented.number or presented.uid,
    )
    return True
