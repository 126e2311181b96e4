"""N10: self-service fails, the screen gives a short code, and the desk finds the case under it for a day.

Of the patron only the reference is kept: whoever reads the code over a shoulder learns nothing from it.
"""

import secrets
from datetime import datetime, timedelta

from circulation.affairs import HandedOver
from circulation.events import HandOver
from circulation.presented import Presented
from membership_store.answers import IdentityConflict
from membership_store.books import stamp
from membership_store.credentials import Kiosk
from membership_store.database import Contested, Session, insert, one
from membership_store.situation import open_visit

# Without vowels no word comes out of it, without I, L, O, Q, U and V no letter is taken for another.
LETTERS = "BCDFGHJKMNPRSTWXZ"
LENGTHS = (4, 4, 4, 4, 5, 5, 6, 8)
LIVES = timedelta(days=1)


def hand_over(session: Session, kiosk: Kiosk, case: HandOver, moment: datetime) -> HandedOver:
    """Gives the case a code. The same event of the same kiosk has the same code as long as it lives.

    Raises IdentityConflict for another case under that event.
    """
    patron = _patron(session, kiosk, case.presented, moment)
    known = one(
        session.rows(
            "SELECT code, until, item, rule, reason, patron FROM handover"
            " WHERE consortium = ? AND kiosk = ? AND event = ? AND until > ?",
            kiosk.consortium,
            kiosk.id,
            case.id,
            stamp(moment),
        )
    )
    if known is not None:
        code, until, *said, whose = known
        # Whose pass it is may have come to light since, or be so no more: that makes no other case of it.
        if said != [case.item, case.rule, case.reason.value] or len({whose, patron} - {None}) > 1:
            raise IdentityConflict
        return HandedOver(code, datetime.fromisoformat(until))
    until = moment + LIVES
    code = _free_code(session, kiosk.consortium, moment)
    insert(
        session,
        "handover",
        consortium=kiosk.consortium,
        code=code,
        branch=kiosk.branch,
        kiosk=kiosk.id,
        event=case.id,
        patron=patron,
        item=case.item,
        rule=case.rule,
        reason=case.reason.value,
        raised_at=stamp(moment),
        until=stamp(until),
    )
    return HandedOver(code, until)


def _free_code(session: Session, consortium: str, moment: datetime) -> str:
    """A code that no other case has today; a longer one where the short ones are crowded. Raises Contested."""
    session.run("DELETE FROM handover WHERE consortium = ? AND until <= ?", consortium, stamp(moment))
    for length in LENGTHS:
        code = "".join(secrets.choice(LETTERS) for _ in range(length))
        taken = "SELECT 1 FROM handover WHERE consortium = ? AND code = ?"
        if one(session.rows(taken, consortium, code)) is None:
            return code
    raise Contested


def _patron(session: Session, kiosk: Kiosk, presented: Presented | None, moment: datetime) -> str | None:
    """Whose pass was shown, where that is known: the desk may know, although the screen may not say it."""
    if presented is None:
        return None
    member = open_visit(session, kiosk.consortium, kiosk.branch, presented, moment, kiosk=kiosk.id).member
    return None if member is None else member.patron.ref
