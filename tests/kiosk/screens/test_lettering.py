"""Letters as they stand on a line: joined, in their order, each run in a typeface that has it, and no mark drawn."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.screens.lettering import is_mixed, runs, runs_to_the_left

MARKS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
BEH, LAM, ALEF = "\N{ARABIC LETTER BEH}", "\N{ARABIC LETTER LAM}", "\N{ARABIC LETTER ALEF}"
FIRST, SECOND = BEH * 2, BEH * 3  # two words
# Letters that are drawn as they are, or that come apart into themselves again (NFKC), with all that orders text.
LETTERS = "abcXYZéß019 .,-:?" + BEH + LAM + ALEF + "\N{ARABIC LETTER SEEN}\N{ARABIC LETTER WAW}אבגשת" + MARKS


def _drawn(line: str, to_the_left: bool = True) -> str:
    return "".join(piece for piece, _ in runs(line, to_the_left))


def _joined(count: int) -> str:
    """So many of one letter, joined, as they stand from left to right."""
    names = ["FINAL", *["MEDIAL"] * (count - 2), "INITIAL"]
    return "".join(unicodedata.lookup(f"ARABIC LETTER BEH {one} FORM") for one in names)


def test_a_word_is_joined_and_begins_at_the_right() -> None:
    assert runs(BEH, True) == (("\N{ARABIC LETTER BEH ISOLATED FORM}", True),)
    assert runs(SECOND, True) == ((_joined(3), True),)


def test_words_follow_each_other_to_the_left() -> None:
    assert _drawn(f"{FIRST} {SECOND}") == f"{_joined(3)} {_joined(2)}"


def test_lam_and_alef_are_one_letter() -> None:
    assert _drawn(LAM + ALEF) == "\N{ARABIC LIGATURE LAM WITH ALEF ISOLATED FORM}"


def test_a_title_in_latin_letters_stays_whole_within_an_arabic_sentence() -> None:
    line = f"{FIRST} \u2068Max Havelaar, deel 2!\u2069 {SECOND}."
    assert [piece for piece, arabic in runs(line, True) if not arabic] == [".", " Max Havelaar, deel 2! "]
    assert _drawn(line) == f".{_joined(3)} Max Havelaar, deel 2! {_joined(2)}"


def test_an_arabic_title_stays_whole_within_a_dutch_card() -> None:
    line = f"Boek \u2068{FIRST} {SECOND}\u2069 (2)"
    assert _drawn(line, to_the_left=False) == f"Boek {_joined(3)} {_joined(2)} (2)"


@pytest.mark.parametrize("pair", ["()", "[]", "{}", "<>", "«»", "‹›"])
def test_brackets_look_towards_what_they_hold(pair: str) -> None:
    one, other = pair[0], pair[1]
    assert _drawn(f"{FIRST} {one}{SECOND}{other}") == f"{one}{_joined(3)}{other} {_joined(2)}"
    assert _drawn(f"{FIRST} {one}Max{other} ") == f" {one}Max{other} {_joined(2)}"
    assert _drawn(f"{FIRST} \u2068Max {one}2{other}\u2069") == f"Max {one}2{other} {_joined(2)}"
    assert _drawn(f"Max {one}{FIRST}{other}", to_the_left=False) == f"Max {one}{_joined(2)}{other}"
    assert _drawn(f"1 {FIRST} {one}2{other} {FIRST}", False) == f"1 {_joined(2)} {one}2{other} {_joined(2)}"
    assert _drawn(f"{FIRST} {one}{one}{SECOND}{other}{other}") == f"{one}{one}{_joined(3)}{other}{other} {_joined(2)}"


def test_a_bracket_at_the_end_belongs_to_its_other_half() -> None:
    assert _drawn(f"Boek {FIRST} (2)", to_the_left=False) == f"Boek (2) {_joined(2)}"
    assert _drawn(f"{FIRST} (Max)") == f"(Max) {_joined(2)}"


def test_numbers_are_read_to_the_right() -> None:
    assert _drawn(f"{FIRST} 12 {SECOND}") == f"{_joined(3)} 12 {_joined(2)}"
    assert _drawn("\u200f12.50 €") == "€ 12.50"


@pytest.mark.parametrize(
    ("text", "to_the_left"),
    [
        ("Oeroeg", False),
        ("Привіт", False),
        (FIRST, True),
        (f"2. {FIRST} abc", True),
        (f"abc {FIRST}", False),
        (f"\u2068Max Havelaar\u2069 {FIRST}", True),
        ("\u2068Max Havelaar\u2069", False),
        (f"\u2068{FIRST}\u2069", True),
        ("12.50", False),
        ("", False),
    ],
)
def test_a_line_runs_as_its_first_letter_outside_what_is_set_apart(text: str, to_the_left: bool) -> None:
    assert runs_to_the_left(text) is to_the_left


def test_a_title_runs_as_its_first_letter_whatever_its_script() -> None:
    assert not runs_to_the_left(f"สวัสดี {FIRST}")
    assert not runs_to_the_left(f"図書館 {FIRST}")
    assert runs_to_the_left("שלום 図書館")


def test_only_what_needs_it_is_drawn_in_runs() -> None:
    assert not is_mixed("Ça va, Привіт: €\N{NO-BREAK SPACE}12,50 …")
    assert is_mixed("abc \N{HEBREW LETTER ALEF}")
    assert is_mixed("\u2068Max\u2069")
    assert is_mixed(FIRST)


@given(st.text(LETTERS, max_size=60), st.booleans())
def test_every_letter_is_drawn_once_and_no_mark_is(line: str, to_the_left: bool) -> None:
    drawn = _drawn(line, to_the_left)
    seen = "".join(one for one in line if one not in MARKS)
    assert sorted(unicodedata.normalize("NFKC", drawn)) == sorted(unicodedata.normalize("NFKC", seen))


@given(st.text("ab 1א()«»[]" + BEH + MARKS, max_size=40), st.booleans())
def test_as_many_brackets_are_drawn_as_there_are(line: str, to_the_left: bool) -> None:
    drawn = _drawn(line, to_the_left)
    for pair in ("()", "[]", "«»"):
        assert sum(map(drawn.count, pair)) == sum(map(line.count, pair))


@given(st.text(LETTERS, max_size=60), st.booleans())
def test_each_run_is_all_arabic_or_has_none(line: str, to_the_left: bool) -> None:
    for piece, arabic in runs(line, to_the_left):
        assert piece
        assert {"ARABIC" in unicodedata.name(one) for one in piece} == {arabic}


@given(st.text(max_size=60), st.booleans())
def test_whatever_a_title_holds_it_can_be_drawn(line: str, to_the_left: bool) -> None:
    assert not set(_drawn(line, to_the_left)) & set(MARKS)
    assert runs_to_the_left(line) in (True, False)
