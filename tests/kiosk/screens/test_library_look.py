"""A library's welcome, logo and colours on the real screen, in both directions of reading."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from kiosk.access import Access
from kiosk.app import _picture
from kiosk.config import LONGEST_NAME
from kiosk.library_look import LONGEST_WELCOME, library_colours
from kiosk.theme import NORMAL
from kiosk.ui import Notice, Rest
from tests.kiosk.screens.conftest import Kiosk
from tests.kiosk.screens.layout import faults
from tests.kiosk.screens.scenes import LANDSCAPE, PORTRAIT, SIZES, SMALL, SMALL_STANDING, WITHOUT_LINE

LONGEST = "Openbare Bibliotheek Sint-Michielsgestel en Den Dungen, vestiging Markt en Haven"
GREETING = {
    "nl": "Van harte welkom in onze bibliotheek, fijn dat je er bent nu",
    "ar": "مرحبا بكم في مكتبتنا العامة ونتمنى لكم وقتا ممتعا مع القراءة",
}
RED, BLUE = (200, 0, 0), (0, 0, 200)


@pytest.fixture
def dressed(kiosk: Kiosk, tmp_path: Path) -> Iterator[Kiosk]:
    picture = Image.new("RGB", (300, 100), RED)
    picture.paste(BLUE, (150, 0, 300, 100))
    picture.save(tmp_path / "logo.png")
    app = kiosk.app
    app._logo, app._welcome = _picture(str(tmp_path / "logo.png")), {"nl": "Fijn dat je er bent"}
    app._colours = library_colours("#8A0F3C", NORMAL.ground, NORMAL.ink)
    app._build()
    kiosk.turn()
    yield kiosk
    app._logo, app._welcome, app._colours = None, {}, NORMAL
    app._build()
    kiosk.turn()


@pytest.mark.parametrize("size", [PORTRAIT, LANDSCAPE, SMALL], ids=["portrait", "landscape", "small"])
@pytest.mark.parametrize("language", ["nl", "ar"])
def test_the_rest_screen_is_whole_in_a_library_s_look(dressed: Kiosk, language: str, size: tuple[int, int]) -> None:
    dressed.resize(size)
    for access in (Access(), Access(text=200)):
        dressed.show(Rest(takes_back=True), language=language, access=access)
        assert faults(dressed.stage) == []


@pytest.mark.parametrize("size", [PORTRAIT, LANDSCAPE, SMALL_STANDING], ids=lambda one: "x".join(map(str, one)))
def test_a_library_s_long_name_is_written_smaller(dressed: Kiosk, size: tuple[int, int]) -> None:
    dressed.resize(size)
    for access in (Access(), Access(text=200), Access(low=True, text=200)):
        dressed.show(Rest(takes_back=True), access=access)
        dressed.stage._rest.library_name = "Openbare Bibliotheek Sint-Michielsgestel en Den Dungen, vestiging Markt"
        dressed.turn()
        assert faults(dressed.stage) == []


@pytest.mark.parametrize("size", SIZES, ids=lambda one: "x".join(map(str, one)))
@pytest.mark.parametrize("language", ["nl", "ar"])
def test_the_longest_name_and_opening_text_lie_upon_nothing_and_under_nothing(
    dressed: Kiosk, language: str, size: tuple[int, int]
) -> None:
    """As long as the configuration allows, with a logo and without, with news and without."""
    assert (len(LONGEST), len(GREETING[language])) == (LONGEST_NAME, LONGEST_WELCOME)
    app, name, logo = dressed.app, dressed.app._library_name, dressed.app._logo
    dressed.resize(size)
    found = {}
    try:
        for app._welcome, app._logo in ((GREETING, logo), ({}, None)):
            for app._library_name in (LONGEST[:45], LONGEST):
                app._build()
                for access in (Access(), Access(low=True, text=200)):
                    for rest in (
                        Rest(takes_back=True, sees_account=True),
                        Rest(notice=Notice.PASS_FOR_ACCOUNT, takes_back=True, sees_account=True),
                        Rest(WITHOUT_LINE, Notice.PASS_LEFT, takes_back=True, sees_account=True),
                    ):
                        dressed.show(rest, language=language, access=access)
                        if wrong := faults(dressed.stage):
                            found[(bool(app._welcome), len(app._library_name), access, rest)] = wrong
    finally:
        app._library_name = name
    assert found == {}


@pytest.mark.parametrize("language", ["nl", "ar"])
def test_the_logo_is_painted_as_it_is_and_never_mirrored(dressed: Kiosk, language: str) -> None:
    dressed.show(Rest(takes_back=True), language=language)
    width, picture = dressed.window.width, dressed.pixels()
    spots = [
        (x, tuple(picture[at : at + 3]))
        for y in range(1750, 1860, 10)
        for x in range(0, width, 4)
        for at in [3 * (y * width + x)]
    ]
    red, blue = ([x for x, colour in spots if colour == wanted] for wanted in (RED, BLUE))
    assert red
    assert blue
    assert max(red) <= min(blue)
    assert (min(red) < 200) == (language == "nl"), "at the side where reading begins"


def test_the_welcome_is_the_library_s_own_where_it_has_one(dressed: Kiosk) -> None:
    dressed.show(Rest())
    assert dressed.stage._page.title == "Fijn dat je er bent"
    dressed.show(Rest(), language="en")
    assert dressed.stage._page.title == "Welcome"


def test_a_logo_that_cannot_be_drawn_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    assert _picture(str(tmp_path / "logo.png")) is None
