"""Which typeface draws a letter: every script that is installed, three dots for what is not, a box for nothing."""

from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from kiosk.theme import Fonts, find_fonts
from kiosk.typefaces import LEFT_OUT, drawn_by, face_for, is_unseen, letters_of, undrawable, without_face

FONTS = find_fonts()
pytestmark = pytest.mark.skipif(not FONTS.others, reason="the typefaces of the product are not installed")


@pytest.mark.parametrize("path", [FONTS.regular, FONTS.bold, FONTS.arabic, *FONTS.others])
def test_the_letters_of_a_typeface_are_those_that_another_reader_finds(path: str) -> None:
    assert letters_of(path) == {*TTFont(path, lazy=True).getBestCmap()}


@pytest.mark.parametrize("bytes_left", [0, 8, 300, 5000])
def test_a_typeface_that_is_cut_off_has_no_letters(tmp_path: Path, bytes_left: int) -> None:
    (tmp_path / "cut.ttf").write_bytes(Path(FONTS.others[0]).read_bytes()[:bytes_left])
    assert letters_of(str(tmp_path / "cut.ttf")) == frozenset()


@pytest.mark.parametrize(
    ("title", "script"),
    [("שלום", "Hebrew"), ("สวัสดี", "Thai"), ("ሰላም", "Ethiopic"), ("Բարև", "Armenian"), ("გამარჯობა", "Georgian")],
)
@pytest.mark.parametrize("face", [FONTS.regular, FONTS.bold])
def test_a_title_in_another_script_is_drawn_in_a_typeface_that_has_it(title: str, script: str, face: str) -> None:
    [(latin, usual), (piece, other)] = drawn_by(f"Boek {title}", face, FONTS)
    assert (latin, usual, piece) == ("Boek ", face, title)
    assert script in other
    assert ("Bold" in other) == (face == FONTS.bold)


def test_what_no_typeface_has_is_three_dots_once_and_no_box() -> None:
    assert [piece for piece, _ in drawn_by("Max 図書館 2", FONTS.regular, FONTS)] == [f"Max {LEFT_OUT} 2"]
    assert [piece for piece, _ in drawn_by("図書館", FONTS.bold, FONTS)] == [LEFT_OUT]
    assert [*drawn_by("", FONTS.regular, FONTS)] == []
    assert without_face("Max 図書図", FONTS) == "図書"


def test_a_sign_that_is_nothing_to_see_is_left_out_without_a_word() -> None:
    assert is_unseen("\N{VARIATION SELECTOR-16}")
    assert [piece for piece, _ in drawn_by("a\N{VARIATION SELECTOR-16}b", FONTS.regular, FONTS)] == ["ab"]
    assert without_face("a\N{VARIATION SELECTOR-16}b", FONTS) == ""


def test_where_nothing_is_installed_kivy_s_own_is_taken_as_it_is() -> None:
    none = Fonts("Roboto", "Roboto", "")
    assert face_for("図", none, bold=False) == "Roboto"
    assert [*drawn_by("図書", "Roboto", none)] == [("図書", "Roboto")]


def test_whoever_configures_is_told_which_letters_cannot_be_drawn() -> None:
    assert undrawable("Bibliothèque Ça va, Привіт, مرحبا") == ""
    assert undrawable("図 館") == "図 (U+56F3), 館 (U+9928)"
