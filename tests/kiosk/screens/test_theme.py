"""The look: contrast of every pair of colours that is drawn, sizes, typefaces found or missed."""

import logging
import math
from pathlib import Path

import pytest

from kiosk.theme import CONTRAST, NORMAL, Colours, contrast, find_fonts, rgba, scale_of, too_faint


@pytest.mark.parametrize("colours", [NORMAL, CONTRAST], ids=["normal", "contrast"])
def test_every_pair_of_text_and_ground_has_seven_to_one(colours: Colours) -> None:
    assert too_faint(colours) == []


def test_a_faint_pair_is_found() -> None:
    from dataclasses import replace

    faint = replace(NORMAL, quiet="#8A8A8A")
    assert [(text, on) for text, on, _ in too_faint(faint)] == [
        ("quiet", "ground"),
        ("quiet", "card"),
        ("quiet", "plain"),
    ]


def test_contrast_is_that_of_wcag() -> None:
    assert math.isclose(contrast("#000000", "#FFFFFF"), 21.0)
    assert math.isclose(contrast("#777777", "#FFFFFF"), 4.48, abs_tol=0.01)
    assert math.isclose(contrast("#FFFFFF", "#0B5D57"), 7.73, abs_tol=0.01)
    assert contrast("#123456", "#654321") == contrast("#654321", "#123456")


def test_a_colour_is_four_numbers() -> None:
    assert rgba("#FF0080") == (1.0, 0.0, 128 / 255, 1.0)
    assert rgba("#000000", 0.5) == (0.0, 0.0, 0.0, 0.5)


@pytest.mark.parametrize(
    ("size", "scale"),
    [
        ((1080, 1920), 1.0),
        ((1920, 1080), 1.0),
        ((2160, 3840), 2.0),
        ((1200, 1920), 1.0),
        ((1280, 1024), 2 / 3),
        ((1024, 600), 0.533),
        ((800, 600), 0.55),
        ((800, 480), 0.55),
        ((480, 800), 0.5),
    ],
)
def test_every_shape_has_the_room_of_the_usual_one_but_on_a_small_screen_words_stay_readable(
    size: tuple[int, int], scale: float
) -> None:
    assert math.isclose(scale_of(*size), scale, abs_tol=0.005)


def test_the_debian_typefaces_are_found(tmp_path: Path) -> None:
    for folder, name in (
        ("opentype/inter", "Inter-Regular.otf"),
        ("truetype/elsewhere", "Inter-SemiBold.ttf"),
        ("truetype/material-design-icons-iconfont", "MaterialIcons-Regular.ttf"),
        ("truetype/noto", "NotoSansArabicUI-Regular.ttf"),
        ("truetype/other", "NotoSansArabic-Bold.ttf"),
    ):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / name).touch()
    fonts = find_fonts([tmp_path])
    assert fonts.regular == str(tmp_path / "opentype/inter/Inter-Regular.otf")
    assert fonts.bold == str(tmp_path / "truetype/elsewhere/Inter-SemiBold.ttf")
    assert fonts.icons == str(tmp_path / "truetype/material-design-icons-iconfont/MaterialIcons-Regular.ttf")
    assert fonts.arabic == str(tmp_path / "truetype/noto/NotoSansArabicUI-Regular.ttf")
    assert fonts.arabic_bold == str(tmp_path / "truetype/other/NotoSansArabic-Bold.ttf")


def test_without_typefaces_kivy_s_own_are_used_and_the_log_says_which_are_missing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        fonts = find_fonts([tmp_path])
    assert (fonts.regular, fonts.bold, fonts.icons) == ("Roboto", "Roboto", "")
    assert (fonts.arabic, fonts.arabic_bold) == ("", "")
    assert len(caplog.records) == 5
    assert "fonts-inter" in caplog.text
