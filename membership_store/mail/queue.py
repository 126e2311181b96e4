"""What waits to be mailed, one letter at a time: claimed before it is sent, so that two runs never send it together.

A claim is the time of the next try. A run that is killed leaves its letter to that try; its text is gone in the end.
"""

import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import Enum
from functools import partial

from membership_store.books import stamp
from membership_store.database import Database, Session, insert, one
from membership_store.mail.letter import NoLetter, Waiting, letter
from membership_store.mail.relay import Never, NotNow, Relay, RelayDown

log = logging.getLogger(__name__)
PAUSES = tuple(
    timedelta(minutes=one) for one in (1, 5, 15, 60, 240)
)  # before the next try; the last one again and again
GIVE_UP = timedelta(days=2)
Clock = Callable[[], datetime]


class Became(Enum):
    """What became of a letter."""

    SENT = "sent"
    LATER = "later"
    FAILED = "failed"


def send_all(database: Database, relay: Relay, clock: Clock) -> dict[str, int]:
    """Sends what is due now, and says how many were sent, put off or given up. Raises RelayDown."""
    done: Counter[Became] = Counter()
    for (code,) in database.read(lambda session: session.rows("SELECT consortium FROM consortium ORDER BY consortium")):
        while (receipt := database.write(partial(claim, consortium=str(code), moment=clock()))) is not None:
            done[_send(database, relay, receipt, clock)] += 1
    return {each.value: done[each] for each in Became}


def claim(session: Session, consortium: str, moment: datetime) -> Waiting | None:
    """The letter of the consortium that is due longest; nobody else gets it before its next try."""
    row = one(
        session.rows(
            "SELECT r.consortium, r.kiosk, r.event, r.branch, r.patron, r.language, r.subject, r.body, r.tries,"
            " r.asked_at, r.next_at, i.mail_from, i.name, COALESCE(e.email, '') FROM receipt_mail r"
            " JOIN branch b ON b.consortium = r.consortium AND b.branch = r.branch"
            " JOIN institution i ON i.consortium = b.consortium AND i.institution = b.institution"
            " LEFT JOIN person e ON e.consortium = r.consortium AND e.patron = r.patron"
            " WHERE r.consortium = ? AND r.state = 'waiting' AND r.next_at <= ? ORDER BY r.next_at, r.event LIMIT 1",
            consortium,
            stamp(moment),
        )
    )
    if row is None:
        return None
    found = Waiting(*row)
    pause = PAUSES[min(found.tries, len(PAUSES) - 1)]
    claimed = session.run(
        "UPDATE receipt_mail SET tries = tries + 1, next_at = ?"
        " WHERE consortium = ? AND kiosk = ? AND event = ? AND state = 'waiting' AND next_at = ?",
        stamp(moment + pause),
        found.consortium,
        found.kiosk,
        found.event,
        found.next_at,
    )
    return found if claimed == 1 else claim(session, consortium, moment)


def _send(database: Database, relay: Relay, receipt: Waiting, clock: Clock) -> Became:
    try:
        relay.send(letter(receipt, clock()), receipt.sender, receipt.to.strip())
    except (NoLetter, Never) as fault:
        return _end(database, receipt, clock(), Became.FAILED, "address_refuses_mail", str(fault))
    except (NotNow, RelayDown) as fault:
        if clock() - datetime.fromisoformat(receipt.asked_at) > GIVE_UP:
            return _end(database, receipt, clock(), Became.FAILED, "receipt_not_mailed", str(fault))
        if isinstance(fault, RelayDown):
            raise
        log.warning("receipt %s: later: %s", receipt.event, fault)
        return Became.LATER
    return _end(database, receipt, clock(), Became.SENT, "", "")


def _end(database: Database, receipt: Waiting, moment: datetime, became: Became, reason: str, why: str) -> Became:
    """Its text is gone; of one that cannot be mailed the desk is told."""

    def write(session: Session) -> None:
        session.run(
            "UPDATE receipt_mail SET state = ?, subject = '', body = ''"
            " WHERE consortium = ? AND kiosk = ? AND event = ?",
            became.value,
            receipt.consortium,
            receipt.kiosk,
            receipt.event,
        )
        if reason:
            _tell_staff(session, receipt, moment, reason)

    database.write(write)
    log.info("receipt %s: %s %s", receipt.event, became.value, why)
    return became


def _tell_staff(session: Session, receipt: Waiting, moment: datetime, reason: str) -> None:
    """On the branch's list, with the pass by which the desk finds whose address it is, and nothing of the text."""
    flag = f"{receipt.kiosk}/{receipt.event}/{reason}"
    if session.rows("SELECT 1 FROM staff_flag WHERE consortium = ? AND flag = ?", receipt.consortium, flag):
        return
    card = one(
        session.rows(
            "SELECT number FROM pass WHERE consortium = ? AND patron = ? AND status = 'active' ORDER BY number LIMIT 1",
            receipt.consortium,
            receipt.patron,
        )
    )
    insert(
        session,
        "staff_flag",
        consortium=receipt.consortium,
        flag=flag,
        branch=receipt.branch,
        kiosk=receipt.kiosk,
        event=receipt.event,
        rule="K9",
        reason=reason,
        raised_at=stamp(moment),
        shown_pass=card[0] if card and reason == "address_refuses_mail" else None,
        shown_item=None,
    )
