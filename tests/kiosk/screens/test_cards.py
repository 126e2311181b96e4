"""The list of a visit: newest on top, quick with many, gone without a trace."""

import gc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.access import Access
from kiosk.bus import Touched
from kiosk.library_look import library_colours
from kiosk.rows import Asking, Lent, NotLent, Row
from kiosk.screens.look import look
from kiosk.theme import NORMAL, Colours, contrast, mixed, too_faint
from kiosk.ui import Borrowing, Intent, Rest, Shown
from tests.kiosk.screens.conftest import Kiosk
from tests.kiosk.screens.layout import faults, labels, missing_glyphs, typefaces, unpainted
from tests.kiosk.screens.scenes import DUE, HELD, LANDSCAPE, LONG, PORTRAIT


def _visit(*rows: Row) -> Borrowing:
    return Borrowing(rows, lent=len(rows))


def _many(count: int) -> tuple[Lent, ...]:
    return tuple(Lent(str(at), f"Deel {at}", DUE) for at in range(count, 0, -1))


def _list(kiosk: Kiosk) -> Any:
    return kiosk.stage._page.ids.cards


def test_the_newest_stands_on_top(kiosk: Kiosk) -> None:
    kiosk.show(_visit(*_many(1)))
    kiosk.show(_visit(*_many(3)))
    assert [one.title for one in _list(kiosk).in_sight] == ["Deel 3", "Deel 2", "Deel 1"]
    assert _list(kiosk).in_sight[0].y + _list(kiosk).in_sight[0].height == _list(kiosk).y + _list(kiosk).height


def test_an_answer_takes_the_place_of_the_question(kiosk: Kiosk) -> None:
    kiosk.show(_visit(Asking("2"), *_many(1)))
    assert _list(kiosk).in_sight[0].busy
    kiosk.show(_visit(Lent("2", "Oeroeg", DUE), *_many(1)))
    assert [one.title for one in _list(kiosk).in_sight] == ["Oeroeg", "Deel 1"]
    assert not _list(kiosk).in_sight[0].busy


def test_of_sixty_only_those_in_sight_exist(kiosk: Kiosk) -> None:
    kiosk.show(_visit(*_many(60)))
    assert 4 < len(_list(kiosk).in_sight) < 12
    assert _list(kiosk).in_sight[0].title == "Deel 60"


def test_a_card_that_left_is_drawn_upon_again_with_nothing_left_on_it(kiosk: Kiosk) -> None:
    kiosk.show(_visit(NotLent("2", HELD, "Geheim"), *_many(1)))
    before = {*_list(kiosk).in_sight}
    kiosk.show(_visit(*(Lent(str(at), f"Boek {at}", DUE) for at in (9, 8))))
    after = _list(kiosk).in_sight
    assert {*after} == before
    assert [(one.title, one.tone, one.next) for one in after] == [("Boek 9", "good", ""), ("Boek 8", "good", "")]
    assert [round(one.height) for one in after] == [round(after[0].height)] * 2


DARKEST = next(
    one
    for shade in range(256)
    if not too_faint(one := library_colours("#000000", f"#{shade:02X}{shade:02X}{shade:02X}", "#000000"))
)


IN_OTHER_SCRIPTS = (
    "הנסיך הקטן",
    "เจ้าชายน้อย",
    "ትንሹ ልዑል",
    "छोटा राजकुमार",
    "Le petit prince 📚 ☂",
    "Փոքրիկ իշխանը",
    "მცირე უფლისწული",
)


@pytest.mark.parametrize("language", ["nl", "ar"])
@pytest.mark.parametrize("access", [Access(), Access(text=200)], ids=["usual", "largest"])
def test_titles_in_other_scripts_are_drawn_with_their_letters(kiosk: Kiosk, language: str, access: Access) -> None:
    """Each letter by a typeface that has it, whole on its card, and painted."""
    for title in IN_OTHER_SCRIPTS:
        kiosk.show(_visit(Lent("1", title, DUE)), language=language, access=access)
        assert missing_glyphs(kiosk.stage) + faults(kiosk.stage) == []
        assert unpainted(kiosk.stage, kiosk.window.width, kiosk.pixels()) == []


def test_a_title_that_nothing_can_draw_is_three_dots_and_its_card_still_says_what_came_of_it(kiosk: Kiosk) -> None:
    kiosk.show(_visit(Lent("1", "図書館戦争", DUE)))
    [title] = [one for one in labels(kiosk.stage) if one.text == "図書館戦争"]
    assert [piece for piece, _ in typefaces(title)] == ["…"]
    assert faults(kiosk.stage) == []
    assert unpainted(kiosk.stage, kiosk.window.width, kiosk.pixels()) == []


@pytest.mark.parametrize("access", [Access(), Access(contrast=True)], ids=["usual", "contrast"])
@pytest.mark.parametrize("colours", [NORMAL, DARKEST], ids=["normal", "darkest"])
def test_the_bar_of_a_list_is_seen_in_every_theme_and_on_the_darkest_ground_of_a_library(
    kiosk: Kiosk, colours: Colours, access: Access
) -> None:
    """WCAG 2.2, 1.4.11: what says that there is more has 3:1."""
    kiosk.app._colours = colours
    try:
        kiosk.app._build()
        kiosk.show(_visit(*_many(60)), access=access)
        *colour, opacity = _list(kiosk)._bar_colour.rgba
        bar = "#" + "".join(f"{round(255 * part):02X}" for part in colour)
        ground = look.colours.ground
        assert contrast(mixed(ground, bar, opacity), ground) >= 3
    finally:
        kiosk.app._colours = NORMAL
        kiosk.app._build()


def test_a_finger_scrolls_to_the_oldest_and_no_further(kiosk: Kiosk) -> None:
    kiosk.show(_visit(*_many(60)))
    for _ in range(40):
        kiosk.down(500, 700)
        kiosk.move(500, 1000)
        kiosk.move(500, 1300)
        kiosk.up(500, 1300)
    seen = _list(kiosk).in_sight
    assert seen[-1].title == "Deel 1"
    assert abs(seen[-1].y - _list(kiosk).y) < 2
    assert len(seen) < 12
    kiosk.show(_visit(Lent("61", "Nieuw", DUE), *_many(60)))
    assert _list(kiosk).in_sight[0].title == "Nieuw"


def test_scrolling_up_at_the_top_stays_there(kiosk: Kiosk) -> None:
    kiosk.show(_visit(*_many(60)))
    kiosk.down(500, 1200)
    kiosk.move(500, 900)
    kiosk.up(500, 900)
    assert _list(kiosk).in_sight[0].title == "Deel 60"


def test_a_touch_on_the_list_tells_that_somebody_is_there_and_nothing_more(kiosk: Kiosk) -> None:
    kiosk.show(_visit(*_many(60)))
    kiosk.tap(500, 1000)
    assert (kiosk.touched, kiosk.stirred) == ([], 1)


def test_each_drag_through_a_list_tells_that_somebody_is_there(kiosk: Kiosk) -> None:
    kiosk.show(_visit(*_many(60)))
    for _ in range(10):
        kiosk.down(500, 700)
        kiosk.move(500, 1300)
        kiosk.up(500, 1300)
    assert (kiosk.touched, kiosk.stirred) == ([], 10)


def test_a_new_card_slides_in(kiosk: Kiosk) -> None:
    from kiosk.screens.look import look

    kiosk.show(_visit(*_many(1)))
    look.moves = True
    kiosk.app.show(Shown(_visit(*_many(2))))
    kiosk.turn(1)
    top = _list(kiosk).y + _list(kiosk).height
    assert _list(kiosk).in_sight[0].y + 10 > top, "it comes from above the list"
    kiosk.until(lambda: not _list(kiosk)._clock.is_triggered, "for nothing to move any more")
    first = _list(kiosk).in_sight[0]
    assert first.title == "Deel 2"
    assert abs(first.y + first.height - top) < 1


def test_after_a_turn_of_the_screen_the_cards_are_laid_out_anew(kiosk: Kiosk) -> None:
    kiosk.show(_visit(*_many(3)))
    kiosk.resize(LANDSCAPE)
    kiosk.turn()
    assert [one.title for one in _list(kiosk).in_sight] == ["Deel 3", "Deel 2", "Deel 1"]
    assert all(one.x >= kiosk.window.width * 0.4 for one in _list(kiosk).in_sight)
    kiosk.resize(PORTRAIT)


def test_a_refusal_says_which_item_why_and_what_next(kiosk: Kiosk) -> None:
    kiosk.show(_visit(NotLent("1", HELD, "Max Havelaar")))
    card = _list(kiosk).in_sight[0]
    assert (card.tone, card.icon, card.title) == ("care", "hold_shelf", "Max Havelaar")
    assert card.why == "Dit boek is gereserveerd voor iemand anders."
    assert card.next == "Leg het op de plank hiernaast."


def test_nothing_of_a_visit_is_left_when_it_is_over(kiosk: Kiosk) -> None:
    from kivy.uix.label import Label

    secret = "Een titel die niemand mag zien"
    kiosk.show(Borrowing((Lent("1", secret, DUE),), lent=1, first_name="Ria", messages=("Een geheime melding",)))
    kiosk.show(Rest())
    gc.collect()
    kept = [one for one in gc.get_objects() if issubclass(type(one), Label)]
    said = {text for one in kept for text in (one.text, one._label.text if one._label else "")}
    assert not any(secret[:20] in one or "Ria" in one or "geheime" in one for one in said)
    strings = {value for page in kiosk.stage._pages.values() for value in _texts_of(page)}
    assert not any("Ria" in one or "titel" in one or "geheime" in one for one in strings)
    assert kiosk.stage._drawn == {kiosk.stage._page: (Rest(), "nl")}


def _texts_of(widget: Any) -> list[str]:
    return [str(getattr(widget, name)) for name in widget.properties() if name not in ("parent", "children")]


def _width(text: str) -> float:
    return float(len(text))


@given(st.text(alphabet="ab cd", max_size=80), st.integers(min_value=3, max_value=30))
def test_a_title_takes_at_most_two_lines_that_fit(text: str, room: int) -> None:
    from kiosk.screens.cards import ELLIPSIS, two_lines

    lines = two_lines(text, room, _width).split("\n")
    assert len(lines) <= 2
    assert all(len(one) <= room for one in lines)
    words = " ".join(text.split())
    if not lines[-1].endswith(ELLIPSIS):
        assert "".join(lines).replace(" ", "") == words.replace(" ", "")
    else:
        assert words.replace(" ", "").startswith("".join(lines)[:-1].replace(" ", ""))


def test_a_long_title_ends_at_a_word() -> None:
    from kiosk.screens.cards import two_lines

    assert two_lines("aaa bbb ccc ddd eee", 8, _width) == "aaa bbb\nccc ddd…"
    assert two_lines("aaa bbb ccc dddd eee", 8, _width) == "aaa bbb\nccc…"
    assert two_lines("aaa", 8, _width) == "aaa"
    assert two_lines(LONG, 1000, _width) == LONG


def test_a_card_that_was_a_refusal_keeps_nothing_of_its_colour(kiosk: Kiosk) -> None:
    kiosk.show(_visit(Lent("1", "Oeroeg", DUE)))
    loan = kiosk.pixels()
    kiosk.show(Rest())
    kiosk.show(_visit(NotLent("1", HELD, "Oeroeg")))
    assert kiosk.pixels() != loan
    kiosk.show(_visit(Lent("1", "Oeroeg", DUE)))
    assert kiosk.pixels() == loan


def test_k3_a_message_is_read_away_by_its_own_button_the_first_one_first(kiosk: Kiosk) -> None:
    kiosk.show(Borrowing((Lent("1", "Oeroeg", DUE),), lent=1, messages=("Je tas ligt hier.", "Je jas ook.")))
    assert [one.intent for one in kiosk.stage.touchable()].count("read") == 1
    kiosk.tap_button("read")
    assert kiosk.touched == [Touched(Intent.READ, "2")]
    kiosk.show(Borrowing((Lent("1", "Oeroeg", DUE),), lent=1, messages=("Je jas ook.",)))
    kiosk.rested()
    kiosk.tap_button("read")
    assert kiosk.touched[-1] == Touched(Intent.READ, "1")
    kiosk.show(Borrowing((Lent("1", "Oeroeg", DUE),), lent=1))
    assert "read" not in [one.intent for one in kiosk.stage.touchable()]


def test_k3_a_long_message_is_read_in_the_whole_width_and_its_button_stands_under_it(kiosk: Kiosk) -> None:
    kiosk.resize(PORTRAIT)
    kiosk.show(Borrowing(may_borrow=8, messages=("Je tas ligt nog bij de balie.",)))
    (short,) = _list(kiosk).in_sight
    narrow = short.room
    kiosk.show(Borrowing(may_borrow=8, messages=("Je tas ligt nog bij de balie. " * 8,)))
    (card,) = _list(kiosk).in_sight
    assert card.room > narrow
    assert card.button.top < card.ids.column.y
