"""All that the kiosk says, one gettext catalogue a language (`nl.po`); msgids are keys such as `borrow.done`.

The names of days and months and the shape of amounts stand in the catalogues too, as CLDR has them (tests compare):
a library of locale data would cost a visit its first tenth of a second and the kiosk 5 MB.
"""

import gettext
import unicodedata
from datetime import date, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from string import Formatter
from struct import unpack_from

HERE = Path(__file__).parent
COMPILE = "python -m provisioning.bootstrap.catalogues"
YEAR_IS_CLEAR = timedelta(days=300)
_TO_THE_LEFT = ("R", "AL")  # what Unicode calls letters that run so
_LITTLE_ENDIAN = b"\xde\x12\x04\x95"  # how a compiled catalogue begins
_EVERY_FORM = range(101)  # no language of ours has a form that first comes after a hundred
_ISOLATED = "\u2068{}\u2069"  # whatever its own direction is, it does not turn the sentence around it (UAX 9)


class CatalogueMissing(Exception):
    """A language has no compiled catalogue; says which and how to make it."""


class TextMissing(KeyError):
    """A key that is not in the catalogue: a fault of ours, kept out of releases by tests."""


def available() -> tuple[str, ...]:
    """The codes of the languages that have a catalogue, in alphabetical order."""
    return tuple(sorted(path.stem for path in HERE.glob("*.po")))


@cache
def name_of(language: str) -> str:
    """What a language calls itself, "Nederlands". Raises CatalogueMissing, TextMissing.

    Found in the compiled catalogue (GNU gettext, "The Format of GNU MO Files") without reading all of it: eight whole
    catalogues for eight names are a fiftieth of a second of the kiosk's start.
    """
    data = _compiled(language)
    order = "<" if data[:4] == _LITTLE_ENDIAN else ">"
    count, keys, texts = unpack_from(f"{order}3I", data, 8)
    for at in range(count):
        length, place = unpack_from(f"{order}2I", data, keys + 8 * at)
        if data[place : place + length] == b"language.name":
            length, place = unpack_from(f"{order}2I", data, texts + 8 * at)
            return data[place : place + length].decode("utf-8")
    raise TextMissing("language.name")


def _compiled(language: str) -> bytes:
    file = HERE / f"{language}.mo"
    try:
        return file.read_bytes()
    except FileNotFoundError:
        message = f"no compiled catalogue {file.name}: compile kiosk/texts/{language}.po with `{COMPILE}`"
        raise CatalogueMissing(message) from None


class Texts:
    """The sentences of one language.

    Raises CatalogueMissing where there is no compiled catalogue of `language` (a code such as "nl").
    """

    _weekdays = "format.weekdays"

    def __init__(self, language: str) -> None:
        self.language = language
        self._catalogue = gettext.GNUTranslations(BytesIO(_compiled(language)))
        self._needs: dict[str, frozenset[str]] = {}
        name = self._catalogue.gettext("language.name")
        self.to_the_left = unicodedata.bidirectional(name[0]) in _TO_THE_LEFT
        """Whether this language is read from right to left, so that a screen is mirrored."""

    def knows(self, key: str) -> bool:
        """Whether the catalogue has this key."""
        return self._catalogue.gettext(key) != key or self._has_forms(key)

    def needs(self, key: str) -> frozenset[str]:
        """The places that are to be filled; `count` and those of every plural form, where there are some: in Arabic "a
        minute" and "two minutes" have no place for a number. Raises TextMissing."""
        if key not in self._needs:
            has_forms = self._has_forms(key)
            forms = {self._catalogue.ngettext(key, key, n) for n in _EVERY_FORM} if has_forms else {self.say(key)}
            found = {name for one in forms for _, name, _, _ in Formatter().parse(one) if name}
            self._needs[key] = frozenset(found | {"count"} if has_forms else found)
        return self._needs[key]

    def say(self, key: str, **values: object) -> str:
        """The sentence under `key`, filled with `values`. Raises TextMissing; also of one with plural forms, of which
        some Pythons would find the form for one and others nothing (3.11.2, Debian 12's)."""
        if self._has_forms(key):
            raise TextMissing(key)
        return self._filled(key, self._catalogue.gettext(key), self._set_apart(values))

    def count(self, key: str, n: int, **values: object) -> str:
        """The sentence under `key` in the plural form for `n`, filled with `count` and `values`. Raises TextMissing."""
        return self._filled(key, self._catalogue.ngettext(key, key, n), {"count": n, **self._set_apart(values)})

    def day(self, day: date, today: date | None = None) -> str:
        """A day in words, "wo 12 augustus"; with its year where that is not clear from `today`."""
        near = today is None or abs(day - today) <= YEAR_IS_CLEAR
        key = "format.day" if near else "format.day_and_year"
        weekday = self.say(self._weekdays).split(" ")[day.weekday()]
        month = self.say("format.months").split(" ")[day.month - 1]
        parts = {"weekday": weekday, "day": self._number(day), "month": month, "year": day.year}
        return self._filled(key, self._catalogue.gettext(key), parts)

    def money(self, cents: int) -> str:
        """An amount in euro, "€ 6,20", of integer cents that are not negative."""
        whole, rest = divmod(cents, 100)
        grouped = f"{whole:,}".replace(",", self.say("format.group"))
        amount = f"{grouped}{self.say('format.decimal')}{rest:02}"
        return self._filled("format.money", self._catalogue.gettext("format.money"), {"amount": amount})

    def _number(self, day: date) -> str:
        return str(day.day)

    def _set_apart(self, values: dict[str, object]) -> dict[str, object]:
        """The values for a sentence that is read to the left: a title in Latin letters stays whole in it."""
        if not self.to_the_left:
            return values
        return {name: _ISOLATED.format(one) if isinstance(one, str) else one for name, one in values.items()}

    def _has_forms(self, key: str) -> bool:
        return self._catalogue.ngettext(key, key, 1) != key

    def _filled(self, key: str, template: str, values: dict[str, object]) -> str:
        if template == key:
            raise TextMissing(key)
        return template.format_map(values) if values else template
