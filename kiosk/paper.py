"""What this library prints and mails, now: the receipts of `receipts`, with its name and the time of its clock."""

from datetime import datetime

from devices.ports import Receipt
from kiosk.loans import RenewedLoan
from kiosk.receipts import loan_receipt, return_receipt
from kiosk.rows import Back, Lent
from kiosk.texts import Texts


def of_loans(
    library: str, language: str, loans: tuple[Lent, ...], not_known: int, renewed: tuple[RenewedLoan, ...]
) -> Receipt:
    """Of what was lent and renewed."""
    return loan_receipt(Texts(language), library, loans, not_known, datetime.now().astimezone(), renewed)


def of_returns(library: str, language: str, brought: tuple[Back, ...], not_known: int) -> Receipt:
    """Of what was brought back."""
    return return_receipt(Texts(language), library, brought, not_known, datetime.now().astimezone())


def subject(library: str, language: str) -> str:
    """Of a letter with a receipt in it."""
    return Texts(language).say("receipt.mail.subject", place=library)
