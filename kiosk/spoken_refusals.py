"""What everybody may hear of a "no" (EN 301 549 5.1.3.9): all of it where it is about an item or the kiosk, else only
where somebody helps."""

from datetime import date

from circulation.outcomes import Reason, Refused
from kiosk import sentences
from kiosk.texts.aloud import AloudTexts, sayable
from kiosk.utterance import Utterance

OF_ITEM_OR_KIOSK = frozenset(
    {
        Reason.PASS_UNKNOWN,
        Reason.PASS_UNREADABLE,
        Reason.ITEM_SHOWN_AS_PASS,
        Reason.PASS_SHOWN_AS_ITEM,
        Reason.MANDATE_SHOWN,
        Reason.CHIP_RANDOM,
        Reason.ITEM_UNKNOWN,
        Reason.ITEM_REFERENCE,
        Reason.ITEM_DAMAGED,
        Reason.ITEM_MISSING,
        Reason.ITEM_INTERNAL,
        Reason.ITEM_ON_LOAN,
        Reason.ALREADY_YOURS,
        Reason.HELD_FOR_ANOTHER,
        Reason.WANTED_BY_ANOTHER,
        Reason.NO_TRANSPORT,
        Reason.RETURN_ELSEWHERE,
        Reason.NOT_RENEWED_HERE,
        Reason.INTERLIBRARY,
        Reason.OFFLINE_RETURNS_ONLY,
        Reason.OFFLINE_NOT_ALLOWED,
        Reason.OFFLINE_ITEM_UNKNOWN,
        Reason.KIOSK_NOT_ADMITTED,
        Reason.OTHER,
    }
)
"""Of all others it might be heard what somebody owes, or that a pass is blocked."""


def of(texts: AloudTexts, no: Refused, today: date, *, of_child: bool = False) -> Utterance:
    """Its two sentences, and what everybody may hear of them."""
    text = sayable(str(sentences.refused(texts, no, today, of_child=of_child)))
    return Utterance(text, aloud(texts, no, text))


def aloud(texts: AloudTexts, no: Refused, said: str) -> str:
    """What everybody may hear where `said` is what it says; never nothing, or whoever listens waits for an answer."""
    return said if no.reason in OF_ITEM_OR_KIOSK else _kept_to_oneself(texts)


def _kept_to_oneself(texts: AloudTexts) -> str:
    return sayable(texts.say("refused.other.why"), texts.say("refused.other.next"))
