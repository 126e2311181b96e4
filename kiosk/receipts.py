"""Loans to a receipt (pure). It names the lending branch and the due dates, and no pass number (peers, lesson 9)."""

from collections.abc import Iterable
from datetime import datetime

from devices.ports import Receipt, ReceiptLine
from kiosk.rows import Lent
from kiosk.texts import Texts

_DUE = {False: "receipt.paper.due", True: "receipt.paper.due_provisional"}


def loan_receipt(texts: Texts, library: str, loans: Iterable[Lent], not_known: int, at: datetime) -> Receipt:
    """What goes on paper, the oldest scan first. `at` is library-local; `not_known` items lie at the desk."""
    listed = list(loans)[::-1]
    lines = [
        ReceiptLine(library, bold=True, large=True, centred=True),
        ReceiptLine(texts.say("receipt.paper.made", day=texts.day(at.date())), centred=True),
        ReceiptLine(""),
        ReceiptLine(texts.count("receipt.paper.count", len(listed)), bold=True),
    ]
    for loan in listed:
        lines += [
            ReceiptLine(""),
            ReceiptLine(loan.title),
            ReceiptLine(texts.say(_DUE[loan.provisional], day=texts.day(loan.due, at.date())), bold=True),
        ]
    if any(loan.provisional for loan in listed):
        lines += [ReceiptLine(""), ReceiptLine(texts.say("receipt.paper.provisional"))]
    if not_known:
        lines += [ReceiptLine(""), ReceiptLine(texts.count("receipt.paper.not_known", not_known))]
    lines += [ReceiptLine(""), ReceiptLine(texts.say("receipt.paper.closing"), centred=True)]
    return Receipt(tuple(lines))
