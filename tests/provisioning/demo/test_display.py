"""Where the kiosk's window goes, and how large it is there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.demo.display import LANDSCAPE, PORTRAIT, fitted, real_display_size, too_small

SIZES = st.tuples(st.integers(200, 8000), st.integers(200, 8000))


@given(st.sampled_from([PORTRAIT, LANDSCAPE]), SIZES)
def test_the_window_fits_the_display_in_its_own_proportions_and_is_never_enlarged(
    screen: tuple[int, int], display: tuple[int, int]
) -> None:
    width, height = fitted(screen, display)
    assert width <= min(screen[0], display[0])
    assert height <= min(screen[1], display[1])
    assert abs(width * screen[1] - height * screen[0]) <= max(screen)


def test_a_laptops_screen_shows_the_whole_portrait_kiosk() -> None:
    assert fitted(PORTRAIT, (1920, 1080)) == (516, 918)


@pytest.mark.parametrize(("display", "too_little"), [((1366, 768), True), ((1920, 1080), False), ((3840, 2160), False)])
def test_a_small_laptop_shows_the_portrait_kiosk_in_the_workbench_instead(
    display: tuple[int, int], too_little: bool
) -> None:
    assert too_small(fitted(PORTRAIT, display)) is too_little
    assert not too_small(fitted(LANDSCAPE, display))


@pytest.mark.parametrize("display", ["", ":7999", "nowhere.invalid:0"])
def test_a_display_that_does_not_answer_is_none(monkeypatch: pytest.MonkeyPatch, display: str) -> None:
    monkeypatch.setenv("DISPLAY", display)
    assert real_display_size() is None
