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

    def __init__(self, language: str, welcome: str = "") -> None:
        super().__init__(language)
        self.welcome = welcome or self.say("rest.title")

    def day(self, day: date, today: date | None = None) -> str:
        """A day in words, "woensdag 12 augustus"; with its year where that is not clear from `today`."""
        short, whole = (self.say(key).split(" ")[day.weekday()] for key in ("format.weekdays", "format.weekdays_whole"))
        return super().day(day, today).replace(short, whole, 1)

    def money(self, cents: int) -> str:
        """An amount in euro, "6 euro 20"."""
        whole, rest = divmod(cents, 100)
        return self.count("speech.money", whole, cents=rest) if rest else self.count("speech.money_whole", whole)

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
