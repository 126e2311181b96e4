"""The face does not grow and does not slow down: two thousand drawn visits, twenty thousand without a picture.

What is loaded once (pages, letters, catalogues) is loaded within the first 200 visits; after that memory may grow by
2 %, and a frame at the end takes no longer than one at the beginning. Every page and every card was shown by then.
"""

import json
import os
import random
import subprocess
import sys
from statistics import median
from typing import Any, get_args

import pytest

from kiosk.ui import Over, Screen
from tests.journeys.running import ROOT
from tests.soak.face import EACH, WARM

GROWS = 1.02
SLOWER = 1.10  # two halves of one run differ by so much on a machine that does other things too
A_FEW = WARM // EACH
ALL = {one.__name__ for one in (*get_args(Screen), *get_args(Over))}


def seen(visits: int, seed: int, **environment: str) -> dict[str, Any]:
    """What one life of so many visits measured."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.soak.face", str(visits), str(seed)],
        cwd=ROOT,
        env=os.environ | {"SDL_VIDEODRIVER": "offscreen"} | environment,
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, Any] = json.loads(told.stdout.splitlines()[-1])
    return found


def growth(memory: list[int]) -> float:
    """What was held at the end against what was held after visit 200, of 200 visits each: the medians, or the most."""
    end, start = memory[-A_FEW:], memory[A_FEW - 1 : 2 * A_FEW - 1]
    return max(median(end) / median(start), max(end) / max(start))


def slowing(frames: list[float]) -> float:
    """A frame at the end against one after visit 200, medians of 200 visits each."""
    return median(frames[-A_FEW:]) / median(frames[A_FEW : 2 * A_FEW])


def judge(visits: int, **environment: str) -> None:
    seed = random.randrange(10**6)
    found = seen(visits, seed, **environment)
    memory, frames = found["memory"], found["frames"]
    print(f"seed {seed}: {visits} visits, memory x{growth(memory):.4f}, a frame x{slowing(frames):.3f}")
    print(f"KiB at visit {WARM}: {memory[A_FEW - 1]}, at the end: {memory[-1]}; ms a frame: {frames[-1]}")
    assert growth(memory) <= GROWS, f"seed {seed}: {memory}"
    assert slowing(frames) <= SLOWER, f"seed {seed}: {frames}"
    assert found["screens"].keys() >= ALL, f"seed {seed}: {ALL - found['screens'].keys()} never shown"


@pytest.mark.system
def test_a_few_visits_show_every_screen_and_every_card_of_the_product() -> None:
    """That the soak plays what it says; it is long elsewhere."""
    found = seen(2 * EACH, 1)
    assert found["screens"].keys() == ALL
    assert found["looks"] > 1, "larger words, other colours: never, or never taken back"
    assert len(found["memory"]) == len(found["frames"]) == 2


@pytest.mark.long(minutes=15)
@pytest.mark.timeout(3500)
def test_two_thousand_drawn_visits_leave_nothing_and_slow_nothing() -> None:
    judge(2000)


@pytest.mark.long(minutes=45)
@pytest.mark.timeout(7000)
def test_twenty_thousand_visits_leave_nothing() -> None:
    judge(20000, KIVY_GL_BACKEND="mock")
