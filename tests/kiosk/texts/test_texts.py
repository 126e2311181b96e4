"""What is said: filled in, counted, dated, in the language asked for."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from babel.dates import format_date
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.numbers import format_currency
from hypothesis import given
from hypothesis import strategies as st

import kiosk.texts
from kiosk.texts import CatalogueMissing, TextMissing, Texts, available, name_of

TODAY = date(2026, 7, 22)
NL, EN, AR = Texts("nl"), Texts("en"), Texts("ar")
ALL = tuple(Texts(language) for language in available())
WORDS_IN_ARABIC = (0, 1, 2)  # a noun says them without a number
DAYS = {"de": "EEE, d. MMMM", "tr": "d MMMM EEE", "uk": "d MMMM (EEE)"}
DAYS_WITH_YEAR = {"de": "EEE, d. MMMM y", "tr": "d MMMM y EEE", "uk": "d MMMM y (EEE)"}


def test_a_key_is_said_in_its_language() -> None:
    assert (NL.say("borrow.done"), EN.say("borrow.done")) == ("Klaar", "Done")


def test_values_are_filled_in_and_are_never_taken_for_placeholders() -> None:
    assert NL.say("borrow.hello", name="Ria") == "Hallo Ria"
    assert NL.say("borrow.hello", name="{count} {name.x}") == "Hallo {count} {name.x}"


def test_one_and_many_are_counted() -> None:
    assert NL.count("borrow.may_borrow", 1) == "Je mag nog 1 boek lenen."
    assert NL.count("borrow.may_borrow", 7) == "Je mag nog 7 boeken lenen."
    assert EN.count("still_there.seconds", 1) == "second"


@given(st.integers(min_value=0, max_value=10**6))
def test_every_number_has_a_form(n: int) -> None:
    for texts in ALL:
        said = texts.count("borrow.lent", n)
        assert str(n) in said or (texts.language == "ar" and n in WORDS_IN_ARABIC and said)
        assert "{" not in said


def test_a_day_is_written_as_it_is_spoken() -> None:
    assert NL.day(date(2026, 8, 12), TODAY) == "wo 12 augustus"
    assert EN.day(date(2026, 8, 12), TODAY) == "Wed 12 August"
    assert NL.day(date(2026, 8, 12)) == "wo 12 augustus"


def test_a_day_far_away_has_its_year() -> None:
    assert NL.day(date(2024, 9, 30), TODAY) == "ma 30 september 2024"
    assert NL.day(date(2027, 5, 18), TODAY) == "di 18 mei"
    assert NL.day(date(2027, 5, 19), TODAY) == "wo 19 mei 2027"


def test_an_amount_is_written_in_euro() -> None:
    assert NL.money(620) == "€\N{NO-BREAK SPACE}6,20"
    assert EN.money(620) == "€6.20"
    assert NL.money(5) == "€\N{NO-BREAK SPACE}0,05"
    assert NL.money(123_456) == "€\N{NO-BREAK SPACE}1.234,56"


@pytest.mark.parametrize("language", available())
@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_every_day_is_written_as_cldr_writes_it(language: str, day: date) -> None:
    texts = Texts(language)
    with_year = DAYS_WITH_YEAR.get(language, "EEE d MMMM y")
    assert texts.day(day) == format_date(day, DAYS.get(language, "EEE d MMMM"), locale=language)
    assert texts.day(day, date(1900, 1, 1)) == format_date(day, with_year, locale=language)


@pytest.mark.parametrize("language", available())
@given(st.integers(min_value=0, max_value=10**9))
def test_every_amount_is_written_as_cldr_writes_it(language: str, cents: int) -> None:
    assert Texts(language).money(cents) == format_currency(Decimal(cents) / 100, "EUR", locale=language)


def test_only_a_language_that_is_read_to_the_left_sets_values_apart() -> None:
    assert [texts.language for texts in ALL if texts.to_the_left] == ["ar"]
    for texts in ALL:
        apart = "\u2068Ria\u2069" if texts.to_the_left else "Ria"
        assert texts.say("borrow.hello", name="Ria") == texts._catalogue.gettext("borrow.hello").format(name=apart)


def test_a_key_that_is_not_there_is_a_fault_of_ours() -> None:
    with pytest.raises(TextMissing, match=r"no\.such\.key"):
        NL.say("no.such.key")
    assert not NL.knows("no.such.key")
    assert NL.knows("borrow.done")


@pytest.mark.parametrize("texts", ALL, ids=lambda texts: texts.language)
def test_a_sentence_with_plural_forms_needs_a_number_whatever_python_finds_without_one(texts: Texts) -> None:
    with pytest.raises(TextMissing):
        texts.say("refused.pin_locked.why")
    assert texts.knows("refused.pin_locked.why")
    assert texts.needs("refused.pin_locked.why") == {"count"}
    assert texts.needs("refused.on_pass_maximum.why") <= {"count", "maximum"}
    assert texts.needs("borrow.hello") == {"name"}
    assert texts.needs("borrow.done") == frozenset()


def test_a_language_without_a_compiled_catalogue_says_how_to_make_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kiosk.texts, "HERE", tmp_path)
    with pytest.raises(CatalogueMissing, match=r"fy\.mo.*python -m provisioning\.bootstrap\.catalogues"):
        Texts("fy")


def test_what_a_language_calls_itself_is_read_without_the_rest_of_its_catalogue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {one: name_of(one) for one in available()} == {one: Texts(one).say("language.name") for one in available()}
    monkeypatch.setattr(kiosk.texts, "HERE", tmp_path)
    with pytest.raises(CatalogueMissing, match=r"xx\.mo"):
        name_of("xx")
    other = Catalog()
    other.add("borrow.done", "Done")
    with (tmp_path / "xx.mo").open("wb") as file:
        write_mo(file, other)
    with pytest.raises(TextMissing):
        name_of("xx")


def test_a_catalogue_of_a_new_language_is_found_by_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tr.po").touch()
    (tmp_path / "de.po").touch()
    monkeypatch.setattr(kiosk.texts, "HERE", tmp_path)
    assert kiosk.texts.available() == ("de", "tr")
