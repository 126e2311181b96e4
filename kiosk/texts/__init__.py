"""All that the kiosk says, one gettext catalogue a language (`nl.po`); msgids are keys such as `borrow.done`.

The names of days and months and the shape of amounts stand in the catalogues too, as CLDR has them (tests compare):
a library of locale data would cost a visit its first tenth of a second and the kiosk 5 MB.
"""

import gettext
from datetime import date, timedelta
from pathlib import Path

HERE = Path(__file__).parent
COMPILE = "python -m provisioning.bootstrap.catalogues"
YEAR_IS_CLEAR = timedelta(days=300)


class CatalogueMissing(Exception):
    """A language has no compiled catalogue; says which and how to make it."""


class TextMissing(KeyError):
    """A key that is not in the catalogue: a fault of ours, kept out of releases by tests."""


def available() -> tuple[str, ...]:
    """The codes of the languages that have a catalogue, in alphabetical order."""
    return tuple(sorted(path.stem for path in HERE.glob("*.po")))


class Texts:
    """The sentences of one language.

    Raises CatalogueMissing where there is no compiled catalogue of `language` (a code such as "nl").
    """

    def __init__(self, language: str) -> None:
        self.language = language
        compiled = HERE / f"{language}.mo"
        try:
            with compiled.open("rb") as file:
                self._catalogue = gettext.GNUTranslations(file)
        except FileNotFoundError:
            message = f"no compiled catalogue {compiled.name}: compile kiosk/texts/{language}.po with `{COMPILE}`"
            raise CatalogueMissing(message) from None

    def knows(self, key: str) -> bool:
        """Whether the catalogue has this key."""
        return self._template(key) != key

    def template(self, key: str) -> str:
        """The sentence under `key` with its places still open, of plural forms the first. Raises TextMissing."""
        return self._filled(key, self._template(key), {})

    def say(self, key: str, **values: object) -> str:
        """The sentence under `key`, filled with `values`. Raises TextMissing."""
        return self._filled(key, self._catalogue.gettext(key), values)

    def count(self, key: str, n: int, **values: object) -> str:
        """The sentence under `key` in the plural form for `n`, filled with `count` and `values`. Raises TextMissing."""
        return self._filled(key, self._catalogue.ngettext(key, key, n), {"count": n, **values})

    def day(self, day: date, today: date | None = None) -> str:
        """A day in words, "wo 12 augustus"; with its year where that is not clear from `today`."""
        near = today is None or abs(day - today) <= YEAR_IS_CLEAR
        return self.say(
            "format.day" if near else "format.day_and_year",
            weekday=self.say("format.weekdays").split(" ")[day.weekday()],
            day=day.day,
            month=self.say("format.months").split(" ")[day.month - 1],
            year=day.year,
        )

    def money(self, cents: int) -> str:
        """An amount in euro, "€ 6,20", of integer cents that are not negative."""
        whole, rest = divmod(cents, 100)
        grouped = f"{whole:,}".replace(",", self.say("format.group"))
        return self.say("format.money", amount=f"{grouped}{self.say('format.decimal')}{rest:02}")

    def _template(self, key: str) -> str:
        found = self._catalogue.gettext(key)
        # Python 3.11.2, Debian 12's, finds a key with plural forms by its forms only.
        return found if found != key else self._catalogue.ngettext(key, key, 1)

    def _filled(self, key: str, template: str, values: dict[str, object]) -> str:
        if template == key:
            raise TextMissing(key)
        return template.format_map(values) if values else template
