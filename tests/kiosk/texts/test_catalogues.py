"""The catalogues: complete, alike in their placeholders, explained to translators, readable; no words elsewhere."""

import ast
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from circulation.affairs import Route
from circulation.model import FeeKind
from circulation.outcomes import Reason
from kiosk.receipt_words import ONLY_STANDS
from kiosk.rows import Gate
from kiosk.texts import HERE, Texts, available
from kiosk.ui import AccountSection, Intent, Notice, ReceiptState, Trouble

KIOSK = HERE.parent
PLACEHOLDERS = {"amount", "cents", "count", "day", "language", "maximum", "month", "name", "number", "place", "reason"}
PLACEHOLDERS |= {"address", "time", "weekday", "year"}
NOT_AT_B1 = {"exemplaar", "ongeldig", "transactie", "u", "uw", "gebruiker", "item", "systeem", "account"}
LONGEST_WORD = len("identiteitskaart")
MOST_WORDS = 11
DRAWN = r"^\s*(?:\w+_)?(?:text|title|spoken|why|next|note): *(.*)$"
WORDS_OF = {"day": 4, "place": 2}  # how many words a placeholder may become
SPACES = {"\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"}  # that do not break; some languages group thousands by one
WITHOUT_CAPITALS = {"ar"}
SO_MANY = 1000  # numbers, among which every plural form occurs


def _catalogue(language: str) -> Catalog:
    with (HERE / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def _messages(language: str) -> dict[str, Message]:
    return {key: one for one in _catalogue(language) if (key := _key(one))}


def _key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _sentences(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def _names(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


LANGUAGES = available()
ALL = {language: _messages(language) for language in LANGUAGES}
EACH = pytest.mark.parametrize("language", LANGUAGES)


def test_the_languages_of_those_who_come_are_there() -> None:
    assert set(LANGUAGES) == {"nl", "en", "fr", "de", "fy", "tr", "uk", "ar"}


def test_every_language_is_called_something_else_and_in_its_own_letters() -> None:
    names = {language: _sentences(ALL[language]["language.name"])[0] for language in LANGUAGES}
    assert len({*names.values()}) == len(LANGUAGES)
    for language, script in (("uk", "CYRILLIC"), ("ar", "ARABIC")):
        assert all(unicodedata.name(one).startswith(script) for one in names[language])


@EACH
def test_every_language_has_the_same_keys(language: str) -> None:
    assert ALL[language].keys() == ALL["nl"].keys()
    assert not _catalogue(language).obsolete
    assert not [key for key, one in ALL[language].items() if one.fuzzy]


@EACH
def test_no_sentence_is_empty_and_every_plural_form_is_there(language: str) -> None:
    forms = _catalogue(language).num_plurals
    for key, one in ALL[language].items():
        assert all(part.strip() or (key == "format.group" and part in SPACES) for part in _sentences(one)), key
        assert len(_sentences(one)) == (forms if isinstance(one.id, tuple) else 1), key


@EACH
def test_every_entry_tells_a_translator_what_it_is_for(language: str) -> None:
    for key, one in ALL[language].items():
        assert one.auto_comments, key


@EACH
def test_placeholders_are_known_and_the_same_in_every_language(language: str) -> None:
    for key, one in ALL[language].items():
        names = [_names(part) for part in _sentences(one)]
        assert all(found <= PLACEHOLDERS for found in names), key
        dutch = [_names(part) for part in _sentences(ALL["nl"][key])]
        assert set().union(*names) == set().union(*dutch), key
        if isinstance(one.id, str):
            assert "count" not in names[0] or key.startswith("refused."), f"{key} counts but has no plural"


@EACH
def test_the_compiled_catalogue_is_that_of_the_source(language: str) -> None:
    compiled = Texts(language)._catalogue
    of_form = {compiled.plural(n): n for n in range(SO_MANY)}  # type: ignore[attr-defined]
    for key, one in ALL[language].items():
        if isinstance(one.id, str):
            found = [compiled.gettext(key)]
        else:
            found = [compiled.ngettext(key, key, of_form[form]) for form in sorted(of_form)]
        assert found == [*_sentences(one)], f"{key}: compile the catalogues"


@EACH
def test_a_number_has_the_form_that_cldr_gives_it(language: str) -> None:
    compiled = Texts(language)._catalogue
    forms: dict[str, set[int]] = {}
    for n in range(SO_MANY):
        forms.setdefault(Locale(language).plural_form(n), set()).add(compiled.plural(n))  # type: ignore[attr-defined]
    assert all(len(found) == 1 for found in forms.values()), forms


def _needed() -> Iterator[str]:
    for reason in Reason:
        yield f"refused.{reason.value}.why"
        yield f"refused.{reason.value}.next"
    for notice in Notice:
        yield f"notice.{notice.value}"
    for trouble in Trouble:
        yield f"trouble.{trouble.value}.why"
        yield f"trouble.{trouble.value}.next"
    for gate in Gate:
        if gate is not Gate.SAFE:
            yield f"gate.{gate.value}"
    for state in ReceiptState:
        yield f"receipt.{state.value}.title"
        if state not in ONLY_STANDS:
            yield f"receipt.{state.value}.text"
    for route in Route:
        yield f"row.back.{route.value}.why"
        yield f"row.back.{route.value}.next"
    for section in AccountSection:
        yield f"account.section.{section.value}"
    for kind in FeeKind:
        yield f"account.fee.{kind.value}"
    for intent in Intent:
        yield f"access.{intent.value}"


@EACH
def test_every_reason_notice_trouble_state_and_intent_has_its_sentence(language: str) -> None:
    assert [key for key in _needed() if key not in ALL[language]] == []


@EACH
def test_a_reason_that_needs_a_value_can_be_said_without_it(language: str) -> None:
    for reason in Reason:
        key = f"refused.{reason.value}.why"
        names = _names(_sentences(ALL[language][key])[0])
        assert bool(names) == (f"{key}.plain" in ALL[language]), key


def _strings(path: Path) -> Iterator[str]:
    """The string constants of a module, without its docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def _code() -> list[Path]:
    return sorted(KIOSK.rglob("*.py"))


SAID = re.compile(r"""\b(?:say|count)\(\s*"([a-z_.]+)\"""")


def test_every_key_that_the_code_says_is_in_the_catalogues() -> None:
    said = {key for path in _code() for key in SAID.findall(path.read_text("utf-8"))}
    assert len(said) > 40
    assert said - ALL["nl"].keys() == set()


def test_no_key_is_there_for_nothing() -> None:
    constants = {one for path in _code() for one in _strings(path)}
    of_enums = set(_needed())
    starts = ("refused.",)  # `.plain` and `.next.<step>`: see kiosk.sentences
    unused = [key for key in ALL["nl"] if key not in constants | of_enums and not key.startswith(starts)]
    assert unused == []


def test_no_words_stand_in_a_screen_or_its_kv() -> None:
    for path in sorted({*(KIOSK / "screens").glob("*.py")} - {KIOSK / "screens" / "faults.py"}):  # it logs
        words = [one for one in _strings(path) if re.search(r"[A-Za-z]{2,} [a-z]{2,}", one)]
        assert words == [], path.name
    for path in sorted((KIOSK / "screens").glob("*.kv")):
        drawn = re.findall(DRAWN, path.read_text("utf-8"), re.MULTILINE)
        words = [one for line in drawn for one in re.findall(r"['\"]([^'\"]*[A-Za-z]{2}[^'\"]*)['\"]", line)]
        assert words == [], path.name


def test_no_sentence_of_the_catalogues_stands_in_code() -> None:
    sentences = {
        part for messages in ALL.values() for one in messages.values() for part in _sentences(one) if " " in part
    }
    for path in [*_code(), *KIOSK.rglob("*.kv")]:
        code = path.read_text("utf-8")
        code = code if path.suffix == ".kv" else "\n".join(_strings(path))
        assert [one for one in sentences if one in code] == [], path.name


def _parts(sentence: str) -> list[str]:
    return [part for part in re.split(r"(?<=[.!?…؟])\s+", sentence) if part]


@EACH
def test_sentences_are_short(language: str) -> None:
    for key, one in ALL[language].items():
        for sentence in _sentences(one) if not key.startswith("format.") else ():
            for part in _parts(sentence):
                extra = sum(WORDS_OF.get(name, 1) - 1 for name in _names(part))
                assert len(part.split()) + extra <= MOST_WORDS, f"{key}: {part}"


@EACH
def test_why_and_what_next_are_whole_sentences(language: str) -> None:
    for key, one in ALL[language].items():
        if key.startswith(("refused.", "trouble.", "notice.")) or key.endswith((".why", ".next")):
            for sentence in _sentences(one):
                assert sentence[0].isupper() or language in WITHOUT_CAPITALS, key
                assert sentence[-1] in ".!?؟", key


def test_dutch_is_plain_and_says_je() -> None:
    for key, one in ALL["nl"].items():
        words = {word.casefold() for part in _sentences(one) for word in re.findall(r"[\w-]+", part)}
        assert words & NOT_AT_B1 == set(), key
        assert max(map(len, words), default=0) <= LONGEST_WORD, f"{key}: a long word"


def test_nobody_else_is_named_and_nobody_is_blamed() -> None:
    for key, one in ALL["nl"].items():
        said = " ".join(_sentences(one)).casefold()
        assert not re.search(r"\b(fout|verkeerd|moet je|mag niet|verboden|helaas)\b", said), key


def test_no_locale_library_is_loaded_for_a_date_or_an_amount() -> None:
    code = "import sys, datetime, kiosk.sentences as s; t = s.Texts('nl'); t.money(5); t.day(datetime.date(2026, 1, 1))"
    code += "; print('babel' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=KIOSK.parent)
    assert done.stdout.strip() == "False"
