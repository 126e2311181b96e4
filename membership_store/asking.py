"""The patron's sentence: would this act be refused now, and by which rule? For the kiosk; nothing is done (K13).

The answer is what the act itself would be told, so that it says no more than a try would.
"""

from datetime import datetime

from circulation.events import Action, Question
from circulation.outcomes import NextStep, Reason, Refused
from circulation.rules.payments import owed
from membership_store.collection import find_item
from membership_store.credentials import Kiosk
from membership_store.database import Session
from membership_store.renewing import asked
from membership_store.returning import look_at_return
from membership_store.situation import look, open_visit


def decided(session: Session, kiosk: Kiosk, question: Question, moment: datetime) -> Refused | None:
    """What decides, or None where nothing refuses it."""
    if question.action is Action.CHECK_IN and question.item is not None:
        return look_at_return(session, kiosk.consortium, kiosk.branch, question.item, moment).verdict.decided
    if question.presented is None:
        raise ValueError("a question about nobody")
    if question.action is Action.CHECK_OUT:
        return look(
            session, kiosk.consortium, kiosk.branch, question.presented, moment, question.item, kiosk=kiosk.id
        ).refused
    opening = open_visit(session, kiosk.consortium, kiosk.branch, question.presented, moment, kiosk=kiosk.id)
    member = opening.member
    if opening.verdict.decided is not None or member is None:
        return opening.verdict.decided
    if question.action is Action.RENEW and question.item is not None:
        item = find_item(session, kiosk.consortium, question.item)
        return asked(opening.here, member, item).verdict.decided
    if question.action is Action.PAY and owed(member.patron, opening.here.branch.institution) == 0:
        return Refused(Reason.NOTHING_TO_PAY, "F2", NextStep.KEEP)
    return None
