"""Real touches: a touch screen of an X server, SDL, Kivy, the kiosk's own window; nothing in between is ours."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kiosk.screens.inputtest import TouchScreen, lacking
from tests.kiosk.screens.running import SIZE, Running

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(bool(lacking()), reason="needs Xorg and its dummy driver (make test-system installs them)"),
]
DONE, HELP, STOP, NOWHERE = (0.5, 0.86), (0.2, 0.955), (0.85, 0.055), (0.05, 0.5)


class Touching(Running):
    def __init__(self, folder: Path, start: str) -> None:
        self.screen = TouchScreen(folder, SIZE)
        try:
            super().__init__(folder, self.screen.display, start)
        except BaseException:
            self.screen.close()
            raise

    def close(self) -> None:
        super().close()
        self.screen.close()


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Touching]:
    assert shutil.which("xdotool")
    found = Touching(tmp_path, "borrow")
    yield found
    found.close()


def test_a_tap_is_one_touch(window: Touching) -> None:
    for _ in range(3):
        window.screen.tap(*DONE)
        window.next_frames(1)
    assert window.touched == ["done"] * 3, "neither lost nor, by a mouse that was made of it, doubled"


def test_a_palm_that_rests_there_blocks_no_tap(window: Touching) -> None:
    window.screen.down(0, *NOWHERE)
    window.screen.down(1, NOWHERE[0], NOWHERE[1] + 0.03)
    for at in range(4):
        window.screen.tap(*DONE, finger=2)
        window.screen.move(0, NOWHERE[0] + at / 500, NOWHERE[1])
        window.next_frames(1)
    assert window.touched == ["done"] * 4
    window.screen.up(0, *NOWHERE)
    window.screen.up(1, *NOWHERE)
    window.next_frames(1)
    assert window.touched == ["done"] * 4


def test_a_second_finger_elsewhere_neither_acts_twice_nor_is_lost(window: Touching) -> None:
    window.screen.down(0, *DONE)
    window.screen.down(1, *STOP)
    window.screen.up(0, *DONE)
    window.screen.up(1, *STOP)
    window.hear("touched stop")
    window.next_frames(2)
    assert window.touched == ["done", "stop"]


def test_lifted_outside_it_does_nothing_and_back_upon_it_it_acts(window: Touching) -> None:
    window.screen.down(0, *DONE)
    window.screen.move(0, *NOWHERE)
    window.screen.up(0, *NOWHERE)
    window.next_frames(2)
    assert window.touched == []
    window.screen.down(0, *DONE)
    window.screen.move(0, *NOWHERE)
    window.screen.move(0, *DONE)
    window.screen.up(0, *DONE)
    window.hear("touched done")
    window.next_frames(2)
    assert window.touched == ["done"]


def test_gestures_of_many_fingers_lead_nowhere(window: Touching) -> None:
    """Pinches, swipes from each edge, ten fingers: the window stands, and still answers a tap."""
    chance = random.Random(6)
    edges = [(0.0, 0.5), (0.999, 0.5), (0.5, 0.0), (0.5, 0.999)]
    for at in range(60):
        fingers = range(chance.randint(1, 10))
        begun = {one: chance.choice([*edges, (chance.random(), chance.random() * 0.75)]) for one in fingers}
        for one, place in begun.items():
            window.screen.down(one, *place)
        for one in begun:
            window.screen.move(one, chance.random(), chance.random())
        for one in begun:
            window.screen.up(one, 0.02, 0.3 + at / 1000)
    window.next_frames(2)
    assert window.process.poll() is None
    assert window.touched == [], "each finger was lifted where nothing is"
    window.screen.tap(*DONE)
    window.hear("touched done")
    assert window.log.read_text() == ""
