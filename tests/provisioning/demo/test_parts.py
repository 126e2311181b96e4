"""What the demo's processes are told: the kiosk and the simulated hardware by the same names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from provisioning.demo import parts
from provisioning.demo.parts import Place
from provisioning.demo.ports import LOOPBACK, Ports


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, Ports(8700), LOOPBACK)


def test_the_kiosk_finds_the_simulated_sound_card_before_any_other(place: Place, tmp_path: Path) -> None:
    card = next(one for one in parts.simulators(place, "none") if one.name == "sound")
    kiosk = parts.kiosk(place, tmp_path / "kiosk.toml", None, tmp_path / "notify", fullscreen=False)
    first, _, others = kiosk._environment["PATH"].partition(os.pathsep)
    assert first in card._command
    assert others == os.environ["PATH"]


@pytest.mark.parametrize(("terminal", "served"), [("nexo", ["payment-nexo"]), ("zvt", ["payment-zvt"]), ("none", [])])
def test_the_terminal_that_was_asked_for_is_there_and_no_other(place: Place, terminal: str, served: list[str]) -> None:
    names = [one.name for one in parts.simulators(place, terminal)]
    assert [one for one in names if one.startswith("payment")] == served
