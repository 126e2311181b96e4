"""A touch is told once, at once, and only where it was meant."""

import pytest

from circulation.outcomes import Reason
from kiosk.bus import Touched
from kiosk.rows import Lent
from kiosk.ui import Borrowing, Finished, HelpCard, Intent, NoVisit, Rest, StillThere, Waiting
from tests.kiosk.screens.conftest import Kiosk
from tests.kiosk.screens.scenes import DUE, SCENES, refusals

VISIT = Borrowing((Lent("1", "Oeroeg", DUE),), lent=1, may_borrow=9)


@pytest.mark.parametrize("name", SCENES)
def test_each_button_tells_its_intent_once(kiosk: Kiosk, name: str) -> None:
    screen, over = SCENES[name]
    kiosk.show(screen, over)
    for intent in [one.intent for one in kiosk.stage.touchable()]:
        kiosk.rested()
        kiosk.tap_button(intent)
        assert [one.intent.value for one in kiosk.touched if isinstance(one, Touched)] == [intent]


def test_nothing_is_told_before_the_finger_is_lifted(kiosk: Kiosk) -> None:
    kiosk.show(VISIT)
    x, y = kiosk.button("done").center
    kiosk.down(x, y)
    assert kiosk.button("done").held
    assert kiosk.touched == []
    kiosk.up(x, y)
    assert not kiosk.button("done").held
    assert kiosk.touched == [Touched(Intent.DONE)]


def test_a_finger_that_slides_off_a_button_tells_nothing(kiosk: Kiosk) -> None:
    kiosk.show(VISIT)
    x, y = kiosk.button("done").center
    kiosk.down(x, y)
    kiosk.move(x, y + 400)
    assert not kiosk.button("done").held
    kiosk.up(x, y + 400)
    assert kiosk.touched == []


def test_a_finger_that_slides_off_and_back_tells_the_intent(kiosk: Kiosk) -> None:
    kiosk.show(VISIT)
    x, y = kiosk.button("done").center
    kiosk.down(x, y)
    kiosk.move(x, y + 400)
    kiosk.move(x + 5, y)
    kiosk.up(x + 5, y)
    assert kiosk.touched == [Touched(Intent.DONE)]


def test_a_finger_that_slides_onto_a_button_tells_nothing(kiosk: Kiosk) -> None:
    kiosk.show(VISIT)
    x, y = kiosk.button("done").center
    kiosk.down(x, y + 400)
    kiosk.move(x, y)
    kiosk.up(x, y)
    assert kiosk.touched == []


def test_a_double_tap_is_one(kiosk: Kiosk) -> None:
    kiosk.show(VISIT)
    kiosk.tap_button("done")
    kiosk.tap_button("done")
    assert kiosk.touched == [Touched(Intent.DONE)]


def test_the_second_half_of_a_double_tap_does_not_touch_what_appears_under_it(kiosk: Kiosk) -> None:
    kiosk.show(VISIT)
    x, y = kiosk.button("done").center
    kiosk.tap(x, y)
    kiosk.show(Finished(1))
    kiosk.tap(x, y)
    assert kiosk.touched == [Touched(Intent.DONE)]


def test_after_a_moment_the_same_button_can_be_touched_again(kiosk: Kiosk) -> None:
    from kiosk.screens.stage import DEBOUNCE_S

    kiosk.show(VISIT)
    kiosk.tap_button("done")
    kiosk.stage._told_at -= DEBOUNCE_S
    kiosk.tap_button("done")
    assert len(kiosk.touched) == 2


def test_a_button_that_left_the_screen_under_the_finger_tells_nothing(kiosk: Kiosk) -> None:
    kiosk.show(NoVisit(refusals(Reason.LAPSED)[0]))
    x, y = kiosk.button("close").center
    kiosk.down(x, y)
    kiosk.show(VISIT)
    kiosk.up(x, y)
    assert kiosk.touched == []


def test_a_button_that_was_hidden_under_the_finger_tells_nothing(kiosk: Kiosk) -> None:
    kiosk.show(VISIT)
    stop = kiosk.button("stop")
    acted: list[object] = []
    stop.bind(on_act=acted.append)
    x, y = stop.center
    kiosk.down(x, y)
    kiosk.show(Rest())
    kiosk.up(x, y)
    stop.unbind(on_act=acted.append)
    assert (acted, kiosk.touched) == ([], [])


def test_only_the_left_button_of_a_mouse_touches(kiosk: Kiosk) -> None:
    kiosk.show(VISIT)
    x, y = kiosk.button("done").center
    for button in ("right", "middle", "scrollup", "scrolldown"):
        kiosk.down(x, y, button)
        kiosk.up(x, y, button)
    assert kiosk.touched == []


def test_what_lies_under_a_question_cannot_be_touched(kiosk: Kiosk) -> None:
    kiosk.show(VISIT)
    places = {one.intent: one.center for one in kiosk.stage.touchable()}
    kiosk.show(VISIT, StillThere(9))
    kiosk.tap(*places["access"])
    kiosk.tap(10, 1900)
    assert kiosk.touched == []
    free = [(x, y) for x in range(20, 1080, 60) for y in range(20, 1920, 60)]
    buttons = kiosk.stage.touchable()
    for x, y in free:
        if not any(one.collide_point(x, y) for one in buttons):
            kiosk.tap(x, y)
    assert kiosk.touched == []


def test_help_lies_at_the_same_place_on_every_screen_that_offers_it(kiosk: Kiosk) -> None:
    places: dict[str, set[tuple[float, float]]] = {"help": set(), "access": set(), "language": set(), "stop": set()}
    for screen, over in SCENES.values():
        kiosk.show(screen, over)
        for one in kiosk.stage.ids.bars.children:
            if one.offered:
                places[one.intent].add(
                    (one.right if one.intent in ("language", "stop") else one.x, one.y)
                )  # its corner of the window
    assert {intent: len(found) for intent, found in places.items()} == {
        "help": 1,
        "access": 1,
        "language": 1,
        "stop": 1,
    }


def test_the_same_visit_is_said_in_the_language_of_the_moment(kiosk: Kiosk) -> None:
    kiosk.show(VISIT)
    assert kiosk.stage._page.ids.cards.in_sight[0].why == "Geleend tot wo 12 augustus"
    kiosk.show(VISIT, language="en")
    assert kiosk.stage._page.ids.cards.in_sight[0].why == "Borrowed until Wed 12 August"
    assert kiosk.stage._page.count == "1 borrowed"


def test_the_help_card_closes_by_its_button(kiosk: Kiosk) -> None:
    kiosk.show(Rest(), HelpCard())
    kiosk.tap_button("close")
    assert kiosk.touched == [Touched(Intent.CLOSE)]


def test_waiting_can_be_stopped_while_dots_turn(kiosk: Kiosk) -> None:
    kiosk.show(Waiting())
    kiosk.until(lambda: kiosk.stage._page.dots, "for dots")
    kiosk.tap_button("stop")
    assert kiosk.touched == [Touched(Intent.STOP)]


def test_a_button_looks_held_only_while_it_is(kiosk: Kiosk) -> None:
    kiosk.show(Borrowing(may_borrow=9))
    before = kiosk.pixels()
    x, y = kiosk.button("done").center
    kiosk.down(x, y)
    assert kiosk.pixels() != before
    kiosk.up(x, y)
    assert kiosk.pixels() == before


def test_buttons_upon_a_question_leave_no_trace_when_it_is_answered(kiosk: Kiosk) -> None:
    kiosk.show(VISIT)
    before = kiosk.pixels()
    kiosk.show(VISIT, StillThere(9), "en")
    kiosk.show(VISIT)
    assert kiosk.pixels() == before


def test_a_word_too_long_for_its_button_gets_smaller_and_then_takes_two_lines(kiosk: Kiosk) -> None:
    from kiosk.screens.look import SMALLEST, look
    from tests.kiosk.screens.layout import box, ink

    kiosk.show(VISIT)
    done = kiosk.button("done")
    usual = done.ids.words.font_size
    for text, lines in (("Ik ben klaar met lenen en wil graag stoppen", 1), ("Ik ben nu helemaal klaar " * 3, 2)):
        done.text = text
        kiosk.turn()
        words = done.ids.words
        assert look.u(SMALLEST) <= words.font_size < usual
        assert len(words._label._cached_lines) == lines
        assert box(done).holds(ink(words))
    kiosk.app._build()


def test_a_finger_that_moves_tells_once_a_second_that_somebody_is_there_wherever_it_came_down(kiosk: Kiosk) -> None:
    kiosk.show(VISIT)
    kiosk.down(500, 1000)
    for at in range(5):
        kiosk.move(500, 1100 + 100 * at)
    assert kiosk.stirred == 1
    kiosk.stage._stirred_at -= 1.0
    kiosk.move(500, 1000)
    kiosk.move(500, 900)
    assert (kiosk.touched, kiosk.stirred) == ([], 2)
    kiosk.up(500, 900)


def test_a_palm_that_rests_upon_the_screen_and_trembles_is_nobody(kiosk: Kiosk) -> None:
    kiosk.show(VISIT)
    kiosk.down(500, 1000)
    for at in range(8):
        kiosk.stage._stirred_at -= 1.0
        kiosk.move(500 + 3 * (at % 3), 1000 - 2 * (at % 4))
    kiosk.up(500, 1000)
    assert kiosk.stirred == 1
