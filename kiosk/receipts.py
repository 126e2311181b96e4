"""What was lent, renewed or brought back to a receipt (pure). It names the branch and the days, and no pass number
(peers, lesson 9)."""

from collections.abc import Iterable
from datetime import datetime

from devices.ports import Receipt, ReceiptLine
from kiosk.loans import RenewedLoan
from kiosk.rows import Back, Lent
from kiosk.texts import Texts

_DUE = {False: "receipt.paper.due", True: "receipt.paper.due_provisional"}


def loan_receipt(
    texts: Texts,
    library: str,
    loans: Iterable[Lent],
    not_known: int,
    at: datetime,
    renewed: Iterable[RenewedLoan] = (),
) -> Receipt:
    """What goes on paper, the oldest scan first, and what was `renewed`. `at` is library-local; `not_known` items lie
    at the desk."""
    listed, longer = list(loans)[::-1], list(renewed)
    made = "receipt.paper.made" if listed or not longer else "receipt.paper.made_renewed"
    lines = [
        ReceiptLine(library, bold=True, large=True, centred=True),
        ReceiptLine(texts.say(made, day=texts.day(at.date())), centred=True),
    ]
    if listed or not longer:
        lines += [ReceiptLine(""), ReceiptLine(texts.count("receipt.paper.count", len(listed)), bold=True)]
    for loan in listed:
        lines += [
            ReceiptLine(""),
            ReceiptLine(loan.title),
            ReceiptLine(texts.say(_DUE[loan.provisional], day=texts.day(loan.due, at.date())), bold=True),
        ]
    if longer:
        lines += [ReceiptLine(""), ReceiptLine(texts.count("receipt.paper.renewed", len(longer)), bold=True)]
    for one in longer:
        due = texts.say("receipt.paper.due", day=texts.day(one.due, at.date()))
        lines += [ReceiptLine(""), ReceiptLine(one.title), ReceiptLine(due, bold=True)]
    if any(loan.provisional for loan in listed):
        lines += [ReceiptLine(""), ReceiptLine(texts.say("receipt.paper.provisional"))]
    if not_known:
        lines += [ReceiptLine(""), ReceiptLine(texts.count("receipt.paper.not_known", not_known))]
    lines += [ReceiptLine(""), ReceiptLine(texts.say("receipt.paper.closing"), centred=True)]
    return Receipt(tuple(lines))


def return_receipt(texts: Texts, library: str, brought: Iterable[Back], not_known: int, at: datetime) -> Receipt:
    """What was taken in, when and where, the oldest first; nobody showed a pass (K10), so that it names nobody. `at` is
    library-local; `not_known` items lie at the desk."""
    listed = list(brought)[::-1]
    made = texts.say("receipt.paper.made_returned", day=texts.day(at.date()), time=f"{at:%H:%M}")
    lines = [
        ReceiptLine(library, bold=True, large=True, centred=True),
        ReceiptLine(made, centred=True),
        ReceiptLine(""),
        ReceiptLine(texts.count("receipt.paper.returned", len(listed)), bold=True),
        ReceiptLine(""),
    ]
    for one in listed:
        lines.append(ReceiptLine(one.title or texts.say("receipt.paper.no_title")))
        if one.provisional:
            lines.append(ReceiptLine(texts.say("row.back_provisional"), bold=True))
    if not_known:
        lines += [ReceiptLine(""), ReceiptLine(texts.count("receipt.paper.not_known", not_known))]
    lines += [ReceiptLine(""), ReceiptLine(texts.say("returned.closing"), centred=True)]
    return Receipt(tuple(lines))
