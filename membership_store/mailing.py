"""K9: receipts that a kiosk gives to be mailed, each once by its EventId. Neither kiosk nor queue learns an address."""

from datetime import datetime

from circulation.affairs import ReceiptTaken
from circulation.events import MailedReceipt
from circulation.outcomes import NextStep, Reason, Refused
from membership_store.answers import IdentityConflict
from membership_store.books import stamp
from membership_store.credentials import Kiosk
from membership_store.database import Session, insert, one
from membership_store.situation import greeting, look

NO_ADDRESS = Refused(Reason.OTHER, "K9", NextStep.DESK)


def take_receipt(session: Session, kiosk: Kiosk, receipt: MailedReceipt, moment: datetime) -> ReceiptTaken | Refused:
    """Puts it in the queue. Told again it is there once, and stays so after it was sent.

    Refused where the visit would be, or where nothing can be mailed to the patron. Raises IdentityConflict.
    """
    situation = look(session, kiosk.consortium, kiosk.branch, receipt.presented, moment, None, kiosk=kiosk.id)
    member = situation.member
    body = "\n".join(receipt.lines)
    known = one(
        session.rows(
            "SELECT patron, subject, body, state FROM receipt_mail WHERE consortium = ? AND kiosk = ? AND event = ?",
            kiosk.consortium,
            kiosk.id,
            receipt.id,
        )
    )
    if known is not None:
        patron, *text, state = known
        others = member is not None and patron != member.patron.ref
        if others or (state == "waiting" and text != [receipt.subject, body]):
            raise IdentityConflict
        return ReceiptTaken(receipt.id)  # also when the patron, and with them their PIN, has left meanwhile (P6)
    said = greeting(situation)
    if isinstance(said, Refused) or member is None:
        return said if isinstance(said, Refused) else NO_ADDRESS
    if not said.mail_to:
        return NO_ADDRESS
    insert(
        session,
        "receipt_mail",
        consortium=kiosk.consortium,
        kiosk=kiosk.id,
        event=receipt.id,
        branch=kiosk.branch,
        patron=member.patron.ref,
        language=receipt.language,
        subject=receipt.subject,
        body=body,
        state="waiting",
        asked_at=stamp(moment),
        next_at=stamp(moment),
    )
    return ReceiptTaken(receipt.id)
