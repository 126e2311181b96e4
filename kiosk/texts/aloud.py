"""The same sentences as they are spoken: days with their whole names, amounts in words that a synthesizer reads right.

"€ 6,20" is read as "euro sign six point two zero", and "wo" as a word (espeak-ng 1.51); see docs/adr/0028.
"""

import unicodedata
from datetime import date

from kiosk.texts import Texts

_SPACES = {
    "\N{NO-BREAK SPACE}": " ",
    "\N{NARROW NO-BREAK SPACE}": " ",
    "\N{HORIZONTAL ELLIPSIS}": ".",
    "\N{BULLET}": " ",
}
_ENDS = ".!?…؟"


class AloudTexts(Texts):
    """The sentences of one language, to be said. `welcome`: the library's own words for the first ones at rest. Raises
    CatalogueMissing."""

    _weekdays = "format.weekdays_whole"

    def __init__(self, language: str, welcome: str = "") -> None:
        super().__init__(language)
        self.welcome = welcome or self.say("rest.title")

    def money(self, cents: int) -> str:
        """An amount in euro, "6 euro 20"."""
        whole, rest = divmod(cents, 100)
        return self.count("speech.money", whole, cents=rest) if rest else self.count("speech.money_whole", whole)

    def mail_to(self, masked: str) -> str:
        """That something can be mailed to "r•••@b…nl": with which letter it begins and how it ends, for its marks would
        be left out and another address be heard. Empty where no address is shown (`kiosk.veil`)."""
        name, at, domain = masked.partition("@")
        ends = domain.rpartition("…")[2]
        return self.say("speech.mail_to", name=name[0], place=ends) if at and name and ends else ""

    def _number(self, day: date) -> str:
        """One in French is "1er", or it is said as "un"."""
        return self.say("speech.first") if day.day == 1 else str(day.day)

    def _set_apart(self, values: dict[str, object]) -> dict[str, object]:
        """Nothing is drawn, so that nothing can turn what stands around it."""
        return values


def sayable(*parts: str) -> str:
    """Parts as sentences, of nothing but what can be said: no marks of direction, no ellipsis, no mask."""
    said = []
    for part in parts:
        kept = "".join(_SPACES.get(one, one) for one in part if unicodedata.category(one) != "Cf")
        kept = "".join(" " if unicodedata.category(one) == "Cc" else one for one in kept)
        kept = " ".join(kept.split())
        if kept:
            said.append(kept if kept[-1] in _ENDS else f"{kept}.")
    return " ".join(said)
