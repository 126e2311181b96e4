"""From how a receipt fares to sentences, in the language of the moment. Where there is none, what was done stands all
the same, and it is said of what really was done: lent, renewed, both, or brought back. Knows no Kivy."""

from kiosk.sentences import Sentence
from kiosk.texts import Texts
from kiosk.ui import Finished, Receipt, ReceiptState, Returned

ONLY_STANDS = frozenset({ReceiptState.OUT_OF_PAPER, ReceiptState.FAILED, ReceiptState.NOT_MAILED})
"""What these say is in their title; the rest is what stands."""
_NOT_SURE = frozenset({ReceiptState.NOT_SURE})


def receipt(texts: Texts, fact: Receipt) -> Sentence:
    """How it fares, and what next or what stands all the same."""
    key = f"receipt.{fact.state.value}"
    said = [] if fact.state in ONLY_STANDS else [texts.say(f"{key}.text")]
    if fact.state in ONLY_STANDS | _NOT_SURE:
        said.append(texts.say(_stands(fact)))
    return Sentence(texts.say(f"{key}.title"), " ".join(said))


def _stands(fact: Receipt) -> str:
    if fact.back:
        return "receipt.stands.back"
    if not fact.renewed:
        return "receipt.stands.lent"
    return "receipt.stands.both" if fact.lent else "receipt.stands.renewed"


def of_loans(texts: Texts, end: Finished) -> str:
    """Whether one is wanted of what was lent and renewed, or that none can be had now; nothing where there is nothing
    to write on one."""
    if not end.lent and not end.renewed:
        return ""
    return texts.say("finished.ask" if end.can_print else "finished.cannot_print")


def of_returns(texts: Texts, end: Returned) -> str:
    """Whether one is wanted of what was brought back, where one can be had."""
    return texts.say("finished.ask") if end.can_print and not end.locking else ""
