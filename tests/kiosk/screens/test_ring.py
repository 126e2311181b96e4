"""Keys that are felt reach all that a finger reaches, one after the other, and a ring shows where they are."""

from dataclasses import replace
from typing import Any

import pytest

from devices.ports import Key
from kiosk.access import ACCESS_CHOICES, Access
from kiosk.bus import Focused, Touched, Untouched
from kiosk.loans import LoansOfBranch, OnLoan, Renewing
from kiosk.rows import Lent
from kiosk.screens.direction import direction
from kiosk.theme import CONTRAST, NORMAL, contrast
from kiosk.ui import AccessCard, Borrowing, Finished, HelpCard, Intent, MyAccount, PinPad, Reading, Rest, StillThere
from kiosk.veil import MASK, veiled
from tests.kiosk.screens.conftest import Kiosk
from tests.kiosk.screens.layout import box
from tests.kiosk.screens.scenes import DUE, SCENES, SIZES

VISIT = Borrowing((Lent("1", "Oeroeg", DUE),), lent=1, may_borrow=9)


def press(kiosk: Kiosk, *keys: Key) -> list[Any]:
    """Presses them; where the ring came to."""
    told: list[Any] = []
    for key in keys:
        kiosk.stage.press(key, told.append)
        kiosk.turn(2)
    return told


def ring(kiosk: Kiosk) -> Any:
    return kiosk.stage.ids.ring


def rested(kiosk: Kiosk) -> None:
    """As if the last OK were long ago."""
    ring(kiosk)._acted_at = float("-inf")


@pytest.fixture(autouse=True)
def no_ring(kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key was pressed; two OKs of a test are a double press, however slow the machine is between them."""
    monkeypatch.setattr("kiosk.screens.ring.BOUNCE_S", 3600.0)
    ring(kiosk).take_away()
    rested(kiosk)


@pytest.mark.parametrize("name", SCENES)
def test_next_reaches_everything_that_can_be_touched_and_comes_around(kiosk: Kiosk, name: str) -> None:
    screen, over = SCENES[name]
    kiosk.show(screen, over)
    names = [one.spoken for one in kiosk.stage.reachable()]
    assert {one.spoken for one in kiosk.stage.touchable()} <= {*names}
    if not names:
        return
    told = press(kiosk, *[Key.NEXT] * (len(names) + 1))
    assert [one.name for one in told] == [*names, names[0]]
    assert [one.number for one in told] == [*range(1, len(names) + 1), 1]
    assert {one.maximum for one in told} == {len(names)}
    back = press(kiosk, *[Key.PREVIOUS] * len(names))
    assert [one.number for one in back] == [*range(len(names), 0, -1)]


def test_what_the_screen_is_about_comes_first_and_what_ends_it_last(kiosk: Kiosk) -> None:
    kiosk.show(VISIT)
    assert [one.name for one in press(kiosk, *[Key.NEXT] * 5)] == [
        "Klaar met lenen",
        "Hulp van de balie",
        "Scherm aanpassen",
        "Kies je taal",
        "Stoppen",
    ]


@pytest.mark.parametrize("name", ["borrow", "finished", "still-there", "languages", "rest"])
def test_ok_is_a_touch_of_what_the_ring_stands_around(kiosk: Kiosk, name: str) -> None:
    screen, over = SCENES[name]
    kiosk.show(screen, over)
    for number in range(press(kiosk, Key.NEXT)[0].maximum):
        kiosk.show(Borrowing())
        kiosk.show(screen, over)
        ring(kiosk).take_away()
        rested(kiosk)
        press(kiosk, *[Key.NEXT] * (number + 1))
        around = ring(kiosk).around
        kiosk.rested()
        press(kiosk, Key.OK)
        by_key = [*kiosk.touched]
        kiosk.rested()
        kiosk.tap(*kiosk.stage.to_parent(*around.center))
        assert by_key == kiosk.touched
        assert len(by_key) == 1


def test_ok_twice_is_one_touch_and_ok_without_a_ring_is_none(kiosk: Kiosk) -> None:
    kiosk.show(VISIT)
    press(kiosk, Key.OK)
    assert kiosk.touched == []
    press(kiosk, Key.NEXT)
    acted: list[object] = []
    ring(kiosk).around.bind(on_act=acted.append)
    around = ring(kiosk).around
    press(kiosk, Key.OK, Key.OK)
    around.unbind(on_act=acted.append)
    assert len(acted) == 1
    assert kiosk.touched == [Touched(Intent.DONE)]


def test_no_ring_is_drawn_before_a_key_nor_after_the_visit_nor_under_a_finger(kiosk: Kiosk) -> None:
    kiosk.show(VISIT)
    before = kiosk.pixels()
    press(kiosk, Key.NEXT)
    assert kiosk.pixels() != before
    ring(kiosk).take_away()
    kiosk.turn()
    assert kiosk.pixels() == before
    press(kiosk, Key.NEXT)
    kiosk.tap(540, 1200)
    kiosk.turn()
    assert kiosk.pixels() == before


def test_a_card_takes_the_ring_from_what_lies_under_it_and_does_not_keep_it(kiosk: Kiosk) -> None:
    kiosk.show(VISIT)
    press(kiosk, Key.NEXT)
    kiosk.show(VISIT, StillThere(9))
    assert ring(kiosk).around is None
    names = [one.name for one in press(kiosk, *[Key.NEXT] * 4)]
    assert (names[0], names[1], names[3]) == ("Meer tijd", "Hulp van de balie", "Stoppen")
    kiosk.show(VISIT)
    assert press(kiosk, Key.NEXT)[0].name == "Klaar met lenen"


def test_what_left_the_screen_is_not_touched_by_ok(kiosk: Kiosk) -> None:
    kiosk.show(VISIT)
    press(kiosk, Key.NEXT)
    kiosk.show(Borrowing(VISIT.rows, lent=1, ending=True))
    press(kiosk, Key.OK)
    kiosk.show(Finished(1))
    press(kiosk, Key.OK)
    assert kiosk.touched == []


def test_around_a_button_that_is_hidden_there_is_no_ring(kiosk: Kiosk) -> None:
    kiosk.show(VISIT)
    press(kiosk, Key.PREVIOUS)
    assert ring(kiosk).around.intent == "stop"
    assert ring(kiosk).drawn
    kiosk.show(Rest())
    assert (ring(kiosk).around, ring(kiosk).drawn) == (None, [])


def test_the_ring_stays_where_it_is_while_the_screen_tells_more(kiosk: Kiosk) -> None:
    kiosk.show(VISIT)
    press(kiosk, Key.NEXT, Key.NEXT)
    around = ring(kiosk).around
    kiosk.show(Borrowing((Lent("2", "Max Havelaar", DUE), *VISIT.rows), lent=2, may_borrow=8))
    assert ring(kiosk).around is around


@pytest.mark.parametrize("language", ["nl", "ar"])
def test_the_ring_stands_around_its_button_wherever_that_is_seen(kiosk: Kiosk, language: str) -> None:
    from kiosk.screens.look import look
    from kiosk.screens.ring import LINE

    kiosk.show(VISIT, language=language)
    assert direction.to_the_left == (language == "ar")
    assert look.u(LINE) >= 4
    for _ in range(4):
        press(kiosk, Key.NEXT)
        button = box(ring(kiosk).around)
        assert len(ring(kiosk).drawn) == 2
        for x, y, width, height in ring(kiosk).drawn:
            left, right = sorted(ring(kiosk).to_window(one, 0)[0] for one in (x, x + width))
            assert 0 <= left < button.left < button.right < right <= kiosk.stage.width
            assert 0 <= y < button.bottom < button.top < y + height


@pytest.mark.parametrize("colours", [NORMAL, CONTRAST])
def test_one_of_its_two_lines_is_seen_upon_anything(colours: Any) -> None:
    for ground in (colours.ground, colours.card, colours.touch, colours.scrim, colours.care, colours.broken, "#7F7F7F"):
        assert max(contrast(colours.ink, ground), contrast(colours.ground, ground)) >= 3


def test_the_help_card_offers_to_read_aloud_where_that_can_be(kiosk: Kiosk) -> None:
    kiosk.show(Rest(), HelpCard(reading=Reading.OFF))
    assert kiosk.button("read_aloud").text == "Voorlezen"
    kiosk.tap_button("read_aloud")
    assert kiosk.touched == [Touched(Intent.READ_ALOUD)]
    kiosk.show(Rest(), HelpCard(reading=Reading.ON))
    assert kiosk.button("read_aloud").spoken == "Stoppen met voorlezen"
    kiosk.show(Rest(), HelpCard())
    assert "read_aloud" not in [one.intent for one in kiosk.stage.touchable()]


def test_a_key_wakes_the_app_from_another_thread_and_is_told(kiosk: Kiosk) -> None:
    told: list[Any] = []
    kiosk.app._on_focus = told.append
    kiosk.show(VISIT)
    kiosk.app.press(Key.NEXT)
    kiosk.turn(2)
    assert [one.name for one in told] == ["Klaar met lenen"]
    kiosk.app.take_away()
    kiosk.turn(2)
    assert ring(kiosk).around is None


LOANS = tuple(OnLoan(f"l{at}", f"Deel {at}", DUE) for at in range(24))


def account(*renewed: str) -> MyAccount:
    """Twenty-four loans, some of them just renewed."""
    loans = (replace(one, renewal=Renewing()) if one.key in renewed else one for one in LOANS)
    return MyAccount(loans=(LoansOfBranch("9401", "Annen", tuple(loans)),))


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("text", [100, 200])
def test_keys_bring_each_loan_of_a_long_list_into_sight_and_renew_it(
    kiosk: Kiosk, size: tuple[int, int], text: int
) -> None:
    kiosk.resize(size)
    kiosk.show(account(), access=Access(text=text))
    cards = kiosk.stage._page.ids.cards
    found: list[str] = []
    for _ in range(len(kiosk.stage.reachable())):
        (told,) = press(kiosk, Key.NEXT)
        around = ring(kiosk).around
        assert around is not None, told
        if around.intent == "renew":
            found.append(told.name)
            assert around.spoken == told.name
            assert box(cards).bottom - 1 <= box(around).bottom < box(around).top <= box(cards).top + 1
            kiosk.rested()
            rested(kiosk)
            press(kiosk, Key.OK)
            assert kiosk.touched == [Touched(Intent.RENEW, f"l{len(found) - 1}")]
    assert found == [f"Verleng Deel {at}" for at in range(24)]
    kiosk.show(account())


def test_who_renews_by_key_goes_on_with_the_next_one(kiosk: Kiosk) -> None:
    kiosk.show(account())
    while press(kiosk, Key.NEXT)[0].name != "Verleng Deel 14":
        pass
    kiosk.show(account("l14"))
    assert ring(kiosk).around is None
    assert press(kiosk, Key.NEXT)[0].name == "Verleng Deel 15"
    kiosk.show(account("l14", "l15"))
    assert press(kiosk, Key.PREVIOUS)[0].name == "Verleng Deel 13"


def test_a_veil_over_the_titles_leaves_the_ring_where_it_is_and_is_not_told(kiosk: Kiosk) -> None:
    kiosk.show(account())
    told: list[Any] = []
    while not told or told[-1].name != "Verleng Deel 2":
        kiosk.stage.press(Key.NEXT, told.append)
        kiosk.turn(2)
    around = ring(kiosk).around
    told.clear()
    kiosk.show(veiled(account()), masked=True)
    assert ring(kiosk).around is around
    assert MASK in around.spoken
    kiosk.show(account())
    assert (ring(kiosk).around, around.spoken) == (around, "Verleng Deel 2")
    kiosk.show(veiled(account()), masked=True)
    kiosk.turn(3)
    assert told == []
    kiosk.rested()
    rested(kiosk)
    press(kiosk, Key.OK)
    assert kiosk.touched == [Touched(Intent.RENEW, "l2")]


def test_ok_without_a_ring_and_a_second_strike_of_it_are_told_for_no_key_is_without_an_answer(kiosk: Kiosk) -> None:
    kiosk.show(VISIT)
    assert press(kiosk, Key.OK) == [Untouched()]
    assert [type(one) for one in press(kiosk, Key.NEXT, Key.OK, Key.OK)] == [Focused, Untouched]


def test_a_ring_that_stays_while_the_page_changes_is_told_anew(kiosk: Kiosk) -> None:
    kiosk.show(VISIT)
    told: list[Any] = []
    kiosk.stage.press(Key.PREVIOUS, told.append)
    kiosk.stage.press(Key.PREVIOUS, told.append)
    name = ring(kiosk).around.spoken
    kiosk.turn(2)
    told.clear()
    kiosk.show(Borrowing((Lent("2", "Max Havelaar", DUE), *VISIT.rows), lent=2, may_borrow=8))
    kiosk.turn(3)
    assert told == [], "the page is the same, and so is the place"
    kiosk.show(Rest())
    kiosk.turn(3)
    [now] = told
    assert isinstance(now, Focused)
    assert (now.name, now.kind) == (name, kiosk.stage.shown.kind)
    assert now.number == press(kiosk, Key.PREVIOUS, Key.NEXT)[-1].number, "its number among those that are there now"


def test_a_button_that_is_drawn_anew_keeps_the_ring(kiosk: Kiosk) -> None:
    from kiosk.screens.touch import Touch

    kiosk.show(VISIT)
    press(kiosk, Key.NEXT)
    drawn = ring(kiosk).around
    ring(kiosk)._around = Touch(intent=drawn.intent, spoken=drawn.spoken)
    ring(kiosk).follow()
    assert ring(kiosk).around is drawn


def test_larger_words_leave_the_ring_where_it_is_though_all_is_built_anew(kiosk: Kiosk) -> None:
    kiosk.show(VISIT)
    [told] = press(kiosk, Key.NEXT)
    before = ring(kiosk)
    try:
        kiosk.show(VISIT, access=Access(text=140))
        assert ring(kiosk) is not before
        assert ring(kiosk).around.spoken == told.name
        kiosk.rested()
        rested(kiosk)
        press(kiosk, Key.OK)
        assert kiosk.touched == [Touched(Intent.DONE)]
    finally:
        kiosk.show(VISIT)


def test_a_key_of_a_pin_pad_that_changes_under_the_ring_is_named_anew(kiosk: Kiosk) -> None:
    kiosk.show(PinPad(keys="1234567890"))
    told: list[Any] = []
    kiosk.stage.press(Key.NEXT, told.append)
    was = ring(kiosk).around.spoken
    kiosk.show(PinPad(keys="0987654321", wrong=True))
    kiosk.turn(3)
    around = ring(kiosk).around
    assert around is None or told[-1].name == around.spoken, f"an OK would type another digit than {was}"


def test_a_button_that_a_library_left_away_is_not_reached_by_key(kiosk: Kiosk) -> None:
    kiosk.show(Rest(takes_back=True))
    names = {one.name for one in press(kiosk, *[Key.NEXT] * 6)}
    assert "Boeken inleveren" in names
    assert not any("Mijn bieb" in one for one in names)


@pytest.mark.parametrize("choice", ACCESS_CHOICES)
def test_the_ring_stays_around_a_choice_that_draws_all_of_the_screen_anew(kiosk: Kiosk, choice: str) -> None:
    kiosk.show(VISIT, AccessCard())
    while getattr(ring(kiosk).around, "choice", "") != choice:
        (told,) = press(kiosk, Key.NEXT)
    before, chosen = kiosk.stage, Access().after(choice)
    kiosk.show(VISIT, AccessCard(chosen), access=chosen)
    assert kiosk.stage is not before
    assert ring(kiosk).around.choice == choice
    button = box(ring(kiosk).around)
    assert all(x < button.right and y < button.top for x, y, _, _ in ring(kiosk).drawn)
    assert len(ring(kiosk).drawn) == 2
    (beside,) = press(kiosk, Key.NEXT)
    assert beside.number == told.number % told.maximum + 1
    press(kiosk, Key.PREVIOUS, Key.OK)
    assert kiosk.touched == [], "the second half of a double press"
    rested(kiosk)
    press(kiosk, Key.OK)
    assert kiosk.touched == [Touched(Intent.ACCESS, choice)]


def test_without_keys_a_screen_that_is_drawn_anew_has_no_ring(kiosk: Kiosk) -> None:
    kiosk.show(VISIT, AccessCard())
    kiosk.show(VISIT, AccessCard(Access(low=True)), access=Access(low=True))
    assert (ring(kiosk).around, ring(kiosk).drawn) == (None, [])
