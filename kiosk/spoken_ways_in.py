"""What is said on the ways into a visit: of a PIN only how many digits there are (P6, EN 301 549 5.1.3.8)."""

from dataclasses import replace

from kiosk import sentences, ways_in
from kiosk.texts.aloud import AloudTexts
from kiosk.ui import ChooseHome, GuestOffer, LendOrReturn, PinPad
from kiosk.utterance import Utterance, public


def said(screen: LendOrReturn | PinPad | GuestOffer | ChooseHome, texts: AloudTexts) -> list[Utterance]:
    """All that the screen says."""
    match screen:
        case LendOrReturn():
            return _books_first(screen, texts)
        case PinPad():
            return _pin_pad(screen, texts)
        case ChooseHome():
            return [public(texts.say("guest.which"))]
        case GuestOffer():
            return [public(texts.say("guest.title"), texts.say("guest.ask"))]


def typed(before: PinPad, after: PinPad, texts: AloudTexts) -> list[Utterance]:
    """What changed: another number of digits, or what is thought of them."""
    if (before.wrong, before.short, before.checking) != (after.wrong, after.short, after.checking):
        return [public(ways_in.of_pin(texts, after))]
    return _count(after, texts) if before.typed != after.typed else []


def _books_first(fact: LendOrReturn, texts: AloudTexts) -> list[Utterance]:
    title, text = ways_in.books_first(texts, fact)
    return [public(title, text), public(sentences.aside(texts, fact.troubles))]


def _pin_pad(fact: PinPad, texts: AloudTexts) -> list[Utterance]:
    return [public(texts.say("pin.title"), ways_in.of_pin(texts, fact)), *_count(fact, texts)]


def _count(fact: PinPad, texts: AloudTexts) -> list[Utterance]:
    return [replace(public(texts.count("pin.typed", fact.typed)), passing=True)]
