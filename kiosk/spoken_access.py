"""What is said of how the screen is drawn for whoever stands there: each choice, and whether it is made (EN 301 549
5.6)."""

from kiosk.access import ACCESS_CHOICES, Access
from kiosk.texts import Texts
from kiosk.texts.aloud import AloudTexts
from kiosk.ui import AccessCard
from kiosk.utterance import Utterance, public

WORDS = {
    "contrast": "adapt.contrast",
    "text:140": "adapt.text",
    "text:200": "adapt.text_more",
    "low": "adapt.low",
    "still": "adapt.still",
}
"""The key of each choice's word."""


def name(texts: Texts, choice: str, *, made: bool) -> str:
    """The spoken name of a choice's button."""
    return texts.say("adapt.on" if made else "adapt.off", name=texts.say(WORDS[choice]))


def names(texts: Texts) -> set[str]:
    """All that the buttons may be called."""
    return {name(texts, one, made=made) for one in ACCESS_CHOICES for made in (True, False)}


def chosen(before: Access, after: Access, texts: AloudTexts) -> tuple[Utterance, ...]:
    """What is on now and was not; else what is not any more."""
    others = [one for one in ACCESS_CHOICES if before.has(one) is not after.has(one)]
    made = [one for one in others if after.has(one)]
    return tuple(public(name(texts, one, made=bool(made))) for one in made or others)


def said(_: AccessCard, texts: AloudTexts) -> list[Utterance]:
    """What the card is for; its buttons say themselves what they are."""
    return [public(texts.say("access.access"))]
