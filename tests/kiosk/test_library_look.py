"""A library's own look by configuration: what cannot be read on the screen is refused with its line and its ratio."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kiosk.config import ConfigError, read_config
from kiosk.library_look import BUTTONS, library_colours
from kiosk.offered import BUTTONS_AT_REST
from kiosk.theme import NORMAL, contrast, find_fonts, mixed, too_faint
from tests.kiosk.test_config import GOOD, problems, read

LINE = GOOD.count("\n") + 2  # the first after [look]


def _with(section: str) -> str:
    return f"{GOOD}[look]\n{section}"


def test_without_it_a_kiosk_looks_as_usual(tmp_path: Path) -> None:
    look = read(tmp_path, GOOD).look
    assert (look.colours, look.welcome, look.logo) == (NORMAL, {}, None)


def test_the_usual_colours_come_out_as_they_are_but_for_shades(tmp_path: Path) -> None:
    colours = read(tmp_path, _with(f'touch = "{NORMAL.touch}"\n')).look.colours
    assert (colours.touch, colours.on_touch, colours.on_plain) == (NORMAL.touch, "#FFFFFF", NORMAL.touch)


def test_a_library_s_colour_welcome_and_logo_are_read(tmp_path: Path) -> None:
    Image.new("RGBA", (300, 90), "#8A0F3C").save(tmp_path / "logo.png")
    text = 'touch = "#8A0F3C"\nlogo = "logo.png"\n[look.welcome]\nnl = "Fijn dat je er bent"\n'
    look = read(tmp_path, _with(text)).look
    assert (look.colours.touch, look.colours.on_plain) == ("#8A0F3C", "#8A0F3C")
    assert look.welcome == {"nl": "Fijn dat je er bent"}
    assert look.logo == tmp_path / "logo.png"


def test_a_colour_that_is_too_faint_is_refused_with_its_line_and_its_ratio(tmp_path: Path) -> None:
    ((line, said),) = problems(tmp_path, _with('touch = "#3FA7D6"\n'))
    assert line == LINE
    assert said.startswith("'touch' is too faint: ")
    assert f"{contrast('#3FA7D6', '#FBF8F3'):.1f}:1" in said
    assert "7:1" in said


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ('touch = "green"\n', "a colour as"),
        ("touch = 3\n", "a colour as"),
        ('ground = "#1C1B1A"\n', "too faint"),
        ('ink = "#999999"\n', "'ink' is too faint"),
        ('buttons = "return"\n', "a list of some of account, return"),
        ("buttons = [3]\n", "a list of some of account, return"),
        ('buttons = ["help"]\n', "'buttons' has no 'help'; there are account, return"),
        ('buttons = ["return", "return"]\n', "twice"),
        ('tuoch = "#000000"\n', "unknown key 'tuoch'"),
        ('logo = "missing.png"\n', "cannot be read"),
        ('logo = "kiosk.toml"\n', "PNG"),
        ('welcome = "Hoi"\n', "section"),
        ('welcome.tlh = "nuqneH"\n', "no language 'tlh'"),
        ('welcome.nl = ""\n', "one line"),
        (f'welcome.nl = "{"x" * 61}"\n', "60 letters"),
    ],
)
def test_what_cannot_be_used_is_said_with_its_line(tmp_path: Path, section: str, said: str) -> None:
    found = problems(tmp_path, _with(section))
    assert found[0][0] == LINE
    assert said in found[0][1]


def test_a_logo_too_large_for_a_small_computer_is_refused(tmp_path: Path) -> None:
    Image.new("1", (4000, 10)).save(tmp_path / "logo.png")
    assert "2048" in problems(tmp_path, _with('logo = "logo.png"\n'))[0][1]


def test_a_name_or_an_opening_text_that_no_typeface_here_can_draw_is_refused_with_its_letters(tmp_path: Path) -> None:
    """They stand on the screen all day; a title that came from elsewhere gets three dots instead."""
    if not find_fonts().others:
        pytest.skip("the typefaces of the product are not installed")
    for nl in ("Benvenüto! Привіт, مرحبا", "ברוכים הבאים"):
        assert read(tmp_path, _with(f'welcome.nl = "{nl}"\n')).look.welcome == {"nl": nl}
    no = "has what no typeface of this kiosk can draw: "
    assert problems(tmp_path, _with('welcome.nl = "Welkom 図"\n')) == [(LINE, f"'nl' {no}図 (U+56F3)")]
    name = re.sub("(?m)^name = .*$", 'name = "Bibliotheek 図書館"', GOOD, count=1)
    [(_, said)] = problems(tmp_path, name)
    assert said == f"'name' {no}図 (U+56F3), 書 (U+66F8), 館 (U+9928)"


def test_an_opening_text_in_a_language_that_this_kiosk_does_not_speak_is_refused(tmp_path: Path) -> None:
    """Though there are texts for it: whoever wrote it meant it to be seen."""
    file = tmp_path / "kiosk.toml"
    file.write_text(_with('welcome.fr = "Bienvenue"\n'))
    with pytest.raises(ConfigError, match=f":{LINE}: this kiosk has no language 'fr'"):
        read_config(file, ("nl", "en", "fr"))


@pytest.mark.parametrize("left", [30, 60, 0.5, -13, -1])
def test_a_logo_that_is_cut_off_is_refused_before_anybody_misses_it(tmp_path: Path, left: float) -> None:
    file = tmp_path / "logo.png"
    Image.effect_noise((90, 90), 50).save(file)
    whole = file.read_bytes()
    assert read(tmp_path, _with('logo = "logo.png"\n')).look.logo == file
    file.write_bytes(whole[: int(left * len(whole)) if isinstance(left, float) else left])
    [(line, said)] = problems(tmp_path, _with('logo = "logo.png"\n'))
    assert (line, "cut off" in said) == (LINE, True)


def test_a_damaged_logo_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "logo.png"
    Image.effect_noise((90, 90), 50).save(file)
    whole = bytearray(file.read_bytes())
    whole[len(whole) // 2] ^= 1
    file.write_bytes(whole)
    assert "damaged" in problems(tmp_path, _with('logo = "logo.png"\n'))[0][1]


@given(st.integers(0, 0xFFFFFF))
def test_whatever_the_colour_it_is_taken_whole_or_refused(value: int) -> None:
    touch = f"#{value:06X}"
    faint = {one for pair in too_faint(library_colours(touch, NORMAL.ground, NORMAL.ink)) for one in pair[:2]}
    assert ("touch" in faint or "on_touch" in faint or "on_plain" in faint) == (
        min(
            contrast(touch, NORMAL.ground), contrast(touch, NORMAL.card), contrast(touch, mixed(touch, "#FFFFFF", 0.95))
        )
        < 7
    )


def test_colours_are_mixed_part_by_part() -> None:
    assert mixed("#000000", "#FFFFFF", 0.5) == "#808080"
    assert mixed("#123456", "#FFFFFF", 0) == "#123456"


@pytest.mark.parametrize("buttons", [(), ("return",), ("account",), ("return", "account")])
def test_a_library_chooses_the_buttons_at_rest(tmp_path: Path, buttons: tuple[str, ...]) -> None:
    assert read(tmp_path, _with(f"buttons = {list(buttons)}\n".replace("'", '"'))).look.buttons == buttons
    assert {*read(tmp_path, GOOD).look.buttons} == {*BUTTONS} == {*BUTTONS_AT_REST}


@pytest.mark.parametrize(("button", "key"), [("return", "returns"), ("account", "accounts")])
def test_a_button_that_can_never_be_there_is_told_with_its_line(tmp_path: Path, button: str, key: str) -> None:
    text = _with("buttons = ").replace("[visit]\n", f"[visit]\n{key} = false\n")
    ((line, said),) = problems(tmp_path, f'{text}["{button}"]\n')
    assert (line, f"{key} = false" in said) == (LINE + 1, True)
    assert read(tmp_path, f"{text}[]\n").look.buttons == ()
