"""A list that is longer than its place is moved by two buttons too, for whoever cannot drag (WCAG 2.5.7)."""

from typing import Any

import pytest

from kiosk.rows import Lent
from kiosk.screens.look import look
from kiosk.ui import Borrowing, MyAccount
from tests.kiosk.screens.account_scenes import MANY, here
from tests.kiosk.screens.conftest import Kiosk
from tests.kiosk.screens.layout import box, movers
from tests.kiosk.screens.scenes import DUE, LANDSCAPE, LOOKS, PORTRAIT, SMALL
from tests.kiosk.screens.test_pages import REACH, REACH_LYING

COUNT = 16
LONG = Borrowing(tuple(Lent(str(at), f"Deel {at}", DUE) for at in range(COUNT, 0, -1)), lent=COUNT)
LOANS = here(*MANY[0].loans[:COUNT])
CASES = [(mode, size) for mode in ("normal", "largest", "seated", "seated-largest") for size in (PORTRAIT, LANDSCAPE)]
CASES += [("normal", SMALL), ("seated", SMALL)]


def _list(kiosk: Kiosk) -> Any:
    return kiosk.stage._page.ids.cards


def _tap(kiosk: Kiosk, icon: str) -> bool:
    """Touches one of the two, where it is there."""
    found = next((one for one in movers(kiosk.stage) if one.icon == icon), None)
    if found is not None:
        kiosk.rested()
        kiosk.tap(*found.to_window(*found.center))
    return found is not None


def _whole(kiosk: Kiosk) -> set[str]:
    """The titles of the cards that are seen whole; of one higher than the list whatever is seen of it."""
    whole = box(_list(kiosk))
    return {one.title for one in _list(kiosk).in_sight if whole.holds(box(one)) or one.height > _list(kiosk).height}


@pytest.mark.parametrize(("mode", "size"), CASES)
@pytest.mark.parametrize("language", ["nl", "ar"])
def test_every_card_of_a_long_list_is_reached_by_touches_and_the_beginning_again(
    kiosk: Kiosk, mode: str, size: tuple[int, int], language: str
) -> None:
    kiosk.resize(size)
    kiosk.show(LONG, None, language, LOOKS[mode])
    on, back = ("up", "down") if LOOKS[mode].low else ("down", "up")
    first, seen = _whole(kiosk), _whole(kiosk)
    assert [one.icon for one in movers(kiosk.stage)] == [on], "there is nothing before the beginning"
    while _tap(kiosk, on):
        assert (kiosk.touched, kiosk.stirred > 0) == ([], True)
        assert _whole(kiosk) - seen, "each touch shows more of it"
        seen |= _whole(kiosk)
    assert seen == {f"Deel {at}" for at in range(1, COUNT + 1)}
    while _tap(kiosk, back):
        pass
    assert _whole(kiosk) == first


@pytest.mark.parametrize(("mode", "size"), [one for one in CASES if LOOKS[one[0]].low])
def test_who_sits_gets_every_button_of_a_list_within_reach_by_touches(
    kiosk: Kiosk, mode: str, size: tuple[int, int]
) -> None:
    kiosk.resize(size)
    kiosk.show(MyAccount(loans=LOANS), access=LOOKS[mode])
    reach = look.u(REACH if look.tall else REACH_LYING)
    reached = _buttons_within(kiosk, reach)
    while _tap(kiosk, "up"):
        reached |= _buttons_within(kiosk, reach)
        assert all(box(one).top <= reach for one in movers(kiosk.stage))
    assert reached == {f"Deel {at}" for at in range(1, COUNT + 1)}


def _buttons_within(kiosk: Kiosk, reach: float) -> set[str]:
    """The titles of the cards whose button can be touched no higher than that."""
    buttons = {one.title: one.button for one in _list(kiosk).in_sight}
    return {title for title, one in buttons.items() if one is not None and one.reached and box(one).top <= reach}


def test_a_list_that_is_seen_whole_has_no_buttons_that_move_it_and_gets_its_room_back(kiosk: Kiosk) -> None:
    kiosk.show(Borrowing(LONG.rows[-2:], lent=2))
    height = _list(kiosk).height
    assert movers(kiosk.stage) == []
    kiosk.show(LONG)
    assert len(movers(kiosk.stage)) == 1
    assert _list(kiosk).height < height
    kiosk.show(Borrowing(LONG.rows[-2:], lent=2))
    assert movers(kiosk.stage) == []
    assert _list(kiosk).height == height


def test_a_card_that_comes_while_the_list_was_moved_is_seen(kiosk: Kiosk) -> None:
    kiosk.show(Borrowing(LONG.rows[1:], lent=COUNT - 1))
    _tap(kiosk, "down")
    assert f"Deel {COUNT - 1}" not in _whole(kiosk)
    kiosk.show(LONG)
    assert f"Deel {COUNT}" in _whole(kiosk)


def test_a_double_strike_moves_a_list_once(kiosk: Kiosk) -> None:
    kiosk.show(LONG)
    (down,) = movers(kiosk.stage)
    kiosk.rested()
    kiosk.tap(*down.center)
    moved = _list(kiosk)._offset
    kiosk.tap(*down.center)
    assert 0 < moved == _list(kiosk)._offset
    kiosk.rested()
    kiosk.tap(*down.center)
    assert _list(kiosk)._offset > moved


def test_nobody_reads_the_list_of_another_from_where_that_was_moved_to(kiosk: Kiosk) -> None:
    from kiosk.ui import Rest

    kiosk.show(LONG)
    _tap(kiosk, "down")
    kiosk.show(Rest())
    kiosk.show(LONG)
    assert f"Deel {COUNT}" in _whole(kiosk)
