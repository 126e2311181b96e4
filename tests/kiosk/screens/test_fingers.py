"""Fingers as SDL tells of them, turned into touches of the real screen: each for itself, none twice, none lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.bus import Touched
from kiosk.rows import Lent
from kiosk.screens.stage import BESIDE, DEBOUNCE_S
from kiosk.ui import Borrowing, Intent
from tests.kiosk.screens.conftest import Kiosk
from tests.kiosk.screens.scenes import DUE

VISIT = Borrowing((Lent("1", "Oeroeg", DUE),), lent=1, may_borrow=9)
PALM, POINTING, OTHER = 7, 8, 9  # fingers


class Hand:
    """Tells the kiosk of fingers in the place of SDL. Positions are in pixels from the lower left."""

    def __init__(self, kiosk: Kiosk) -> None:
        self.kiosk = kiosk

    def do(self, what: str, finger: int, x: float, y: float) -> None:
        width, height = self.kiosk.window.size
        self.kiosk.app._fingers._hear((what, finger, x / width, 1 - y / height, 1.0))
        self.kiosk.turn(2)

    def down(self, finger: int, x: float, y: float) -> None:
        self.do("fingerdown", finger, x, y)

    def move(self, finger: int, x: float, y: float) -> None:
        self.do("fingermotion", finger, x, y)

    def up(self, finger: int, x: float, y: float) -> None:
        self.do("fingerup", finger, x, y)

    def tap(self, finger: int, x: float, y: float) -> None:
        self.down(finger, x, y)
        self.up(finger, x, y)


@pytest.fixture
def hand(kiosk: Kiosk) -> Hand:
    kiosk.show(VISIT)
    return Hand(kiosk)


def test_a_palm_that_rests_on_the_screen_does_not_block_taps(hand: Hand) -> None:
    x, y = hand.kiosk.button("done").center
    hand.down(PALM, 60, 1000)
    for at in range(3):
        hand.kiosk.stage._told_at -= DEBOUNCE_S
        hand.tap(POINTING, x, y)
        assert hand.kiosk.touched == [Touched(Intent.DONE)] * (at + 1)
        hand.move(PALM, 62 + at, 1001)
    hand.up(PALM, 64, 1001)
    assert len(hand.kiosk.touched) == 3


def test_a_palm_upon_the_button_itself_neither_blocks_it_nor_acts_when_it_is_lifted(hand: Hand) -> None:
    x, y = hand.kiosk.button("done").center
    hand.down(PALM, x + 200, y)
    hand.tap(POINTING, x, y)
    assert hand.kiosk.touched == [Touched(Intent.DONE)]
    hand.kiosk.stage._told_at -= DEBOUNCE_S
    hand.up(PALM, x + 200, y)
    assert hand.kiosk.touched == [Touched(Intent.DONE)]
    assert not hand.kiosk.button("done").held


def test_two_fingers_on_two_buttons_are_two_touches(hand: Hand) -> None:
    done, stop = hand.kiosk.button("done").center, hand.kiosk.button("stop").center
    hand.down(POINTING, *done)
    hand.down(OTHER, *stop)
    assert hand.kiosk.button("done").held
    assert hand.kiosk.button("stop").held
    hand.up(POINTING, *done)
    hand.up(OTHER, *stop)
    assert hand.kiosk.touched == [Touched(Intent.DONE), Touched(Intent.STOP)]


def test_a_second_tap_at_once_counts_elsewhere_and_not_there(hand: Hand) -> None:
    x, y = hand.kiosk.button("done").center
    hand.tap(POINTING, x, y)
    hand.tap(OTHER, x + BESIDE - 5, y)
    assert hand.kiosk.touched == [Touched(Intent.DONE)]
    hand.tap(OTHER, x + BESIDE + 5, y)
    assert hand.kiosk.touched == [Touched(Intent.DONE)] * 2


def test_a_finger_lifted_outside_does_nothing_and_one_that_came_back_acts(hand: Hand) -> None:
    x, y = hand.kiosk.button("done").center
    hand.down(POINTING, x, y)
    hand.move(POINTING, x, y + 400)
    assert not hand.kiosk.button("done").held
    hand.up(POINTING, x, y + 400)
    assert hand.kiosk.touched == []
    hand.down(POINTING, x, y)
    hand.move(POINTING, x, y + 400)
    hand.move(POINTING, x, y)
    hand.up(POINTING, x, y)
    assert hand.kiosk.touched == [Touched(Intent.DONE)]


def test_where_a_finger_is_lifted_counts_also_when_it_got_there_unseen(hand: Hand) -> None:
    x, y = hand.kiosk.button("done").center
    hand.down(POINTING, x, y)
    hand.up(POINTING, x, y + 400)
    assert hand.kiosk.touched == []


def test_what_happens_within_one_frame_is_not_lost_nor_taken_for_something_else(hand: Hand) -> None:
    x, y = hand.kiosk.button("done").center
    width, height = hand.kiosk.window.size
    hear = hand.kiosk.app._fingers._hear

    def told(what: str, up: float) -> None:
        hear((what, POINTING, x / width, 1 - up / height, 1.0))

    told("fingerdown", y + 400)
    told("fingermotion", y)
    told("fingerup", y)
    hand.kiosk.turn()
    assert hand.kiosk.touched == [], "it slid onto the button"
    told("fingerdown", y)
    told("fingerup", y)
    hand.kiosk.turn()
    assert hand.kiosk.touched == [Touched(Intent.DONE)]


def test_a_finger_whose_lifting_was_lost_acts_by_its_next_tap_and_only_once(hand: Hand) -> None:
    x, y = hand.kiosk.button("done").center
    hand.down(POINTING, x, y)
    hand.down(POINTING, x, y)
    assert hand.kiosk.touched == []
    hand.up(POINTING, x, y)
    assert hand.kiosk.touched == [Touched(Intent.DONE)]
    hand.up(POINTING, x, y)
    hand.move(OTHER, x, y)
    hand.up(OTHER, x, y)
    assert len(hand.kiosk.touched) == 1, "a finger that never touched is nobody's"


def test_nothing_but_fingers_a_mouse_and_the_window_itself_reaches_the_window(kiosk: Kiosk) -> None:
    hear = kiosk.app._fingers._hear
    for what in ("mousemotion", "mousebuttondown", "mousewheelup", "windowresized", "windowexposed", "quit"):
        assert hear((what,)), what
    for what in ("keydown", "keyup", "textinput", "textedit", "dropfile", "droptext", "joybuttondown", "clipboard"):
        assert not hear((what,)), what
    assert kiosk.loop.input_providers.count(kiosk.app._fingers) == 1
    assert len(kiosk.loop.input_providers) == 2, "and the mouse"


def test_a_full_screen_that_is_asked_to_close_stays(kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kiosk.app, "_fullscreen", True)
    assert kiosk.window.dispatch("on_request_close")


def test_a_window_that_went_deaf_ends_by_a_fault(
    kiosk: Kiosk, hand: Hand, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[int] = []

    def hears(heard: int) -> bool:
        told.append(heard)
        return False

    stopped: list[bool] = []
    monkeypatch.setattr(kiosk.app, "stop", lambda: stopped.append(True))
    monkeypatch.setattr(kiosk.app, "_failed", False)
    before = kiosk.app._fingers.count
    hand.tap(POINTING, 60, 1000)
    monkeypatch.setattr(kiosk.app, "_is_deaf", hears)
    kiosk.app._frame(1.0)
    assert (told, stopped) == ([before + 1], [])
    monkeypatch.setattr(kiosk.app, "_is_deaf", lambda _: True)
    kiosk.app._frame(1.0)
    assert (stopped, kiosk.app._failed) == ([True], True)
    assert "do not reach the window" in caplog.text


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["fingerdown", "fingermotion", "fingerup"]),
            st.integers(0, 3),
            st.floats(0, 1),
            st.floats(0, 1),
        )
    )
)
def test_whatever_is_told_each_finger_begins_moves_and_ends_once(told: list[tuple[str, int, float, float]]) -> None:
    from kiosk.screens.fingers import Finger, steps

    down: dict[int, Finger] = {}
    there: list[Finger] = []
    for one in told:
        for kind, finger in steps(one, down):
            if kind == "begin":
                assert finger not in there
                there.append(finger)
            else:
                assert finger in there
            if kind == "end":
                there.remove(finger)
    assert there == [*down.values()] or set(there) == set(down.values())
