"""In a language that is read to the left all stands mirrored, is touched where it is seen, and can be read."""

from dataclasses import replace
from typing import Any

import pytest

from kiosk.bus import Touched
from kiosk.rows import Lent
from kiosk.ui import Borrowing, Intent, NoVisit, Rest
from tests.kiosk.screens.conftest import Kiosk
from tests.kiosk.screens.layout import Box, box, faults, labels, missing_glyphs, unpainted
from tests.kiosk.screens.scenes import ALL_REFUSALS, DUE, LANDSCAPE, SCENES

VISIT = Borrowing((Lent("1", "Oeroeg", DUE),), lent=1, may_borrow=9)
LONG_LIST = Borrowing(tuple(Lent(str(at), f"Deel {at}", DUE) for at in range(60, 0, -1)), lent=60)
NEAR = 14  # pixels between a letter's edge and its drawing's


def _changed(kiosk: Kiosk, one: bytes, other: bytes) -> Box:
    """The part of the window in which two pictures differ."""
    width, height = kiosk.window.size
    rows, columns = [], set()
    for y in range(height):
        first, second = (picture[3 * width * y : 3 * width * (y + 1)] for picture in (one, other))
        if first != second:
            rows.append(y)
            columns |= {at // 3 for at in range(3 * width) if first[at] != second[at]}
    return Box(min(columns), min(rows), max(columns) + 1, max(rows) + 1)


def _ink(kiosk: Kiosk, place: Box) -> Box:
    """The part of a place in which something else than its ground is painted."""
    width, picture = kiosk.window.width, kiosk.pixels()
    left, right = round(place.left), round(place.right)
    spots = []
    for y in range(round(place.bottom), round(place.top), 2):
        row = picture[3 * (width * y + left) : 3 * (width * y + right)]
        spots += [(left + at, y) for at in range(right - left) if row[3 * at : 3 * at + 3] != row[:3]]
    across, up = zip(*spots, strict=True)
    return Box(min(across), min(up), max(across) + 1, max(up) + 1)


def _words(kiosk: Kiosk, text: str) -> Any:
    return next(one for one in labels(kiosk.stage) if one.text == text)


@pytest.mark.parametrize("intent", ["help", "stop", "done"])
def test_a_button_is_touched_where_it_is_seen(kiosk: Kiosk, intent: str) -> None:
    kiosk.show(VISIT, language="ar")
    place, before = box(kiosk.button(intent)), kiosk.pixels()
    x, y = (place.left + place.right) / 2, (place.bottom + place.top) / 2
    kiosk.down(x, y)
    assert kiosk.button(intent).held
    changed = _changed(kiosk, before, kiosk.pixels())
    assert place.wider(4).holds(changed), "what changes under the finger is the button"
    assert changed.left < x < changed.right
    kiosk.up(x, y)
    assert kiosk.touched == [Touched(Intent(intent))]


def test_help_and_language_change_places(kiosk: Kiosk) -> None:
    kiosk.show(VISIT)
    places = {one: box(kiosk.button(one)) for one in ("help", "language")}
    assert places["help"].right < places["language"].left
    kiosk.show(VISIT, language="ar")
    assert box(kiosk.button("language")).right < box(kiosk.button("help")).left
    assert abs(box(kiosk.button("help")).right - (kiosk.window.width - places["help"].left)) < 1
    kiosk.tap(places["help"].left + 20, (places["help"].bottom + places["help"].top) / 2)
    assert kiosk.touched == [Touched(Intent.LANGUAGE, "")]


def test_a_finger_that_slides_off_and_on_again_is_followed_where_it_is_seen(kiosk: Kiosk) -> None:
    kiosk.show(VISIT, language="ar")
    place = box(kiosk.button("help"))
    y = (place.bottom + place.top) / 2
    kiosk.down(place.left + 10, y)
    kiosk.move(place.left - 60, y)
    assert not kiosk.button("help").held
    kiosk.move(place.right - 10, y)
    assert kiosk.button("help").held
    kiosk.move(place.left - 60, y)
    kiosk.up(place.left - 60, y)
    assert kiosk.touched == []


def test_the_list_is_painted_and_scrolled_where_it_lies(kiosk: Kiosk) -> None:
    kiosk.resize(LANDSCAPE)
    kiosk.show(LONG_LIST)
    in_dutch = box(kiosk.stage._page.ids.cards)
    kiosk.show(LONG_LIST, language="ar")
    cards = kiosk.stage._page.ids.cards
    place = box(cards)
    assert abs(place.left - (kiosk.window.width - in_dutch.right)) < 1
    scissor = cards._scissor
    assert Box(scissor.x, scissor.y, scissor.x + scissor.width, scissor.y + scissor.height).holds(place)
    assert scissor.width < place.right - place.left + 20
    before = kiosk.pixels()
    x = place.left + 50
    kiosk.down(x, place.bottom + 100)
    kiosk.move(x, place.bottom + 300)
    kiosk.up(x, place.bottom + 300)
    assert cards.in_sight[0].title != "Deel 60"
    with_movers = replace(place, top=box(kiosk.stage._page.ids.movers).top)  # there is a way back now
    assert with_movers.wider(80).holds(_changed(kiosk, before, kiosk.pixels()))  # with the bar at its side


def test_all_words_that_are_laid_out_are_painted(kiosk: Kiosk) -> None:
    kiosk.resize(LANDSCAPE)
    for name in ("rest", "borrow", "returning", "still-there", "languages", "finished-to-check"):
        kiosk.show(*SCENES[name], "ar")
        assert unpainted(kiosk.stage, kiosk.window.width, kiosk.pixels()) == [], name


def test_a_line_and_each_line_of_a_paragraph_begin_at_the_right(kiosk: Kiosk) -> None:
    kiosk.show(VISIT)
    dutch = box(_words(kiosk, kiosk.stage._page.count))
    assert abs(_ink(kiosk, dutch).left - dutch.left) < NEAR
    kiosk.show(VISIT, language="ar")
    place = box(_words(kiosk, kiosk.stage._page.count))
    assert abs(_ink(kiosk, place).right - place.right) < NEAR
    beside = box(_words(kiosk, kiosk.stage._page.may_borrow))
    assert abs(_ink(kiosk, beside).right - beside.right) < NEAR
    assert _ink(kiosk, beside).left > beside.left + 40
    kiosk.show(NoVisit(ALL_REFUSALS[-1]), language="ar")
    label = next(one for one in labels(kiosk.stage) if one.text.count(" ") > 3 and len(one._label._cached_lines) > 1)
    place = box(label)
    high = (place.top - place.bottom) / len(label._label._cached_lines)
    for at in range(len(label._label._cached_lines)):
        line = Box(place.left, place.top - (at + 1) * high, place.right, place.top - at * high)
        assert abs(_ink(kiosk, line).right - place.right) < NEAR


def test_letters_are_not_mirrored(kiosk: Kiosk) -> None:
    """A title in Latin letters is painted as in Dutch, elsewhere."""
    pictures = []
    for language in ("nl", "ar"):
        kiosk.show(VISIT, language=language)
        place = _ink(kiosk, box(_words(kiosk, "Oeroeg")))
        width, picture = kiosk.window.width, kiosk.pixels()
        rows = range(int(place.bottom), int(place.top))
        pictures.append([picture[3 * (width * y + int(place.left)) : 3 * (width * y + int(place.right))] for y in rows])
    assert pictures[0] == pictures[1]


def test_back_in_dutch_nothing_of_it_is_left(kiosk: Kiosk) -> None:
    kiosk.show(LONG_LIST)
    before = kiosk.pixels()
    kiosk.show(LONG_LIST, language="ar")
    assert kiosk.pixels() != before
    kiosk.show(LONG_LIST)
    assert kiosk.pixels() == before


def test_a_fault_is_found_in_a_mirrored_picture_too(kiosk: Kiosk) -> None:
    kiosk.show(VISIT, language="ar")
    assert faults(kiosk.stage) + missing_glyphs(kiosk.stage) == []
    kiosk.button("help").x = -50
    kiosk.turn()
    found = faults(kiosk.stage)
    kiosk.app._build()
    kiosk.turn()
    assert any("leaves the window" in one for one in found), found


def test_the_drawing_of_pass_and_reader_is_not_turned(kiosk: Kiosk) -> None:
    """The pass in somebody's hand looks the same in every language."""
    drawn = []
    for language in ("nl", "ar"):
        kiosk.show(Rest(), None, language)
        place = box(kiosk.stage._page.ids.picture)
        width, picture = kiosk.window.width, kiosk.pixels()
        drawn.append(picture[3 * width * int(place.bottom) : 3 * width * int(place.top)])
    others = sum(abs(one - other) > 8 for one, other in zip(*drawn, strict=True))
    assert others < len(drawn[0]) / 100  # at its edges, which lie a part of a pixel beside


def test_cards_are_whole_in_a_language_that_was_chosen_before_their_list_was_there(kiosk: Kiosk) -> None:
    kiosk.resize(LANDSCAPE)
    for language in ("nl", "ar", "nl"):
        kiosk.show(Rest(), None, language)
        for name in ("borrow", "returning", "account"):
            kiosk.show(*SCENES[name], language)
            assert faults(kiosk.stage) == [], name
