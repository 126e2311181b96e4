"""What was lent, renewed or brought back to a receipt (pure). It names the branch and the days, and no pass number
(peers, lesson 9)."""

from collections.abc import Iterable
from datetime import datetime

from devices.ports import Receipt, ReceiptLine
from kiosk.loans import RenewedLoan
from kiosk.rows import Back, Lent
from kiosk.texts import Texts

_DUE = {False: "receipt.paper.due", True: "receipt.paper.due_provisional"}
_GAP = ReceiptLine("")


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
    lines: list[ReceiptLine] = []
    if listed or not longer:
        lines += _heading(texts, "receipt.paper.count", len(listed))
    for loan in listed:
        due = texts.say(_DUE[loan.provisional], day=texts.day(loan.due, at.date()))
        lines += [_GAP, _title(texts, loan.title), ReceiptLine(due, bold=True)]
    if longer:
        lines += _heading(texts, "receipt.paper.renewed", len(longer))
    for one in longer:
        due = texts.say("receipt.paper.due", day=texts.day(one.due, at.date()))
        lines += [_GAP, _title(texts, one.title), ReceiptLine(due, bold=True)]
    if any(loan.provisional for loan in listed):
        lines += [_GAP, ReceiptLine(texts.say("receipt.paper.provisional"))]
    return _paper(texts, library, texts.say(made, day=texts.day(at.date())), lines, not_known, "receipt.paper.closing")


def return_receipt(texts: Texts, library: str, brought: Iterable[Back], not_known: int, at: datetime) -> Receipt:
    """What was taken in, when and where, the oldest first; nobody showed a pass (K10), so that it names nobody. `at` is
    library-local; `not_known` items lie at the desk."""
    listed = list(brought)[::-1]
    lines = [*_heading(texts, "receipt.paper.returned", len(listed)), _GAP]
    for one in listed:
        lines.append(_title(texts, one.title))
        if one.provisional:
            lines.append(ReceiptLine(texts.say("row.back_provisional"), bold=True))
    made = texts.say("receipt.paper.made_returned", day=texts.day(at.date()), time=f"{at:%H:%M}")
    return _paper(texts, library, made, lines, not_known, "returned.closing")


def _heading(texts: Texts, key: str, count: int) -> list[ReceiptLine]:
    return [_GAP, ReceiptLine(texts.count(key, count), bold=True)]


def _title(texts: Texts, title: str) -> ReceiptLine:
    return ReceiptLine(title or texts.say("receipt.paper.no_title"))


def _paper(texts: Texts, library: str, made: str, lines: list[ReceiptLine], not_known: int, closing: str) -> Receipt:
    """What stands on every receipt, around its own `lines`."""
    head = [ReceiptLine(library, bold=True, large=True, centred=True), ReceiptLine(made, centred=True)]
    left = [_GAP, ReceiptLine(texts.count("receipt.paper.not_known", not_known))] if not_known else []
    return Receipt((*head, *lines, *left, _GAP, ReceiptLine(texts.say(closing), centred=True)))
