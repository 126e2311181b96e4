"""Receipts in the printer's columns and characters; nothing a text holds can act as a command."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.ports import Receipt, ReceiptLine
from devices.receipt_printer.layout import is_written, printable, rows

lines = st.builds(ReceiptLine, st.text(max_size=200), st.booleans(), st.booleans(), st.booleans())


def in_cp858(char: str) -> bool:
    try:
        char.encode("cp858")
    except UnicodeEncodeError:
        return False
    return True


@given(st.lists(lines, max_size=10), st.integers(20, 64))
def test_every_row_fits_the_paper_in_characters_that_the_printer_has(
    given_lines: list[ReceiptLine], width: int
) -> None:
    for row in rows(Receipt(tuple(given_lines)), width, in_cp858):
        assert len(row.text) <= (width // 2 if row.large else width)
        assert all(in_cp858(char) for char in row.text)
        assert row.text.isprintable()


@given(st.lists(lines, max_size=10))
def test_no_line_is_lost_and_an_empty_one_stays_a_row(given_lines: list[ReceiptLine]) -> None:
    assert len(list(rows(Receipt(tuple(given_lines)), 48, in_cp858))) >= len(given_lines)


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=60))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert printable(text, in_cp858) == text


@pytest.mark.parametrize(
    ("text", "on_paper"),
    [
        ("ĳs en Ĳmuiden", "ijs en IJmuiden"),
        ("€ 3,50", "€ 3,50"),
        ("één, geïnd, mauvais naïf ö", "één, geïnd, mauvais naïf ö"),
        (unicodedata.normalize("NFD", "één"), "één"),
        ("“citaat” – ‘x’…", "\"citaat\" - 'x'..."),
        ("Şafak, Dvořák, Wałęsa", "Safak, Dvorák, Walesa"),
        ("日本", "??"),
        ("a\x1b@b\nc\td", "a @b c d"),
        ("zacht\u00adkoppel\u202eteken", "zachtkoppelteken"),
        ("e\u0323", "e"),
        ("½ ﬁ", "½ fi"),
    ],
)
def test_what_the_code_page_lacks_is_written_out(text: str, on_paper: str) -> None:
    assert printable(text, in_cp858) == on_paper


def test_what_loses_no_more_than_an_accent_is_written_and_what_becomes_a_question_mark_is_not() -> None:
    assert is_written("Élèves: où? Türkçe – ĳs, € 5", str.isascii)
    assert not is_written("Позичено", str.isascii)
    assert not is_written("مرحبا 5", str.isascii)
    assert is_written("Позичено", lambda char: True)


def test_a_printer_without_the_euro_sign_says_eur() -> None:
    assert printable("€ 3,50", str.isascii) == "EUR 3,50"


def test_long_text_breaks_at_spaces_and_keeps_its_indent() -> None:
    receipt = Receipt((ReceiptLine("  De ontdekking van de hemel"),))
    assert [row.text for row in rows(receipt, 16, in_cp858)] == ["  De ontdekking", "  van de hemel"]


def test_large_letters_have_half_the_columns() -> None:
    receipt = Receipt((ReceiptLine("Bibliotheek Annen", large=True, centred=True, bold=True),))
    found = list(rows(receipt, 32, in_cp858))
    assert [row.text for row in found] == ["Bibliotheek", "Annen"]
    assert all(row.large and row.centred and row.bold for row in found)


def test_a_word_longer_than_the_paper_is_broken() -> None:
    assert [row.text for row in rows(Receipt((ReceiptLine("x" * 50),)), 48, in_cp858)] == ["x" * 48, "xx"]
