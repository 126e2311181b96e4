"""The wish for another day, and what is said of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from devices.simulators import around
from devices.simulators.drive import Bench, BenchError
from provisioning.demo import store_clock
from provisioning.demo.store_clock import StoreClock


def wish(run: Path, text: str) -> None:
    (run / "clock.wish").unlink(missing_ok=True)
    (run / "clock.wish").write_text(text, encoding="utf-8")


def said(run: Path) -> dict[str, Any]:
    return dict(json.loads((run / "clock.json").read_text(encoding="utf-8")))


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StoreClock:
    """A clock that could be moved, whatever is installed here."""
    monkeypatch.setattr(store_clock, "library", lambda: Path("/lib/faketime.so"))
    (tmp_path / "clock.wish").write_text('{"days": 9}', encoding="utf-8")  # of a demo that has ended
    return StoreClock(tmp_path)


def test_a_wish_is_met_once_and_nothing_changes_a_real_clock_without_one(clock: StoreClock, tmp_path: Path) -> None:
    assert not clock.was_moved()
    assert clock.environment() == {}
    wish(tmp_path, '{"days": 2.5}')
    assert clock.was_moved()
    assert not clock.was_moved()
    assert clock.environment() == {"LD_PRELOAD": "/lib/faketime.so", "FAKETIME": "+216000"}
    clock.say()
    assert said(tmp_path) == {"days": 2.5, "can": True}
    wish(tmp_path, '{"days": -1}')
    assert clock.was_moved()
    assert clock.environment()["FAKETIME"] == "-86400"
    wish(tmp_path, '{"days": 0}')
    assert clock.was_moved()
    assert clock.environment() == {}


@pytest.mark.parametrize("text", ["", "[]", "7", '{"days": "x"}', '{"days": 99999}', '{"days": NaN}', '{"day": 1}'])
def test_a_wish_that_makes_no_sense_moves_nothing(clock: StoreClock, tmp_path: Path, text: str) -> None:
    wish(tmp_path, text)
    assert not clock.was_moved()
    assert said(tmp_path)["days"] == 0


def test_a_wish_that_is_written_while_the_clock_is_told_harms_neither(
    clock: StoreClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.say()
    replace = Path.replace

    def told_before(draft: Path, target: Path) -> Path:
        """The demo's process says what holds between the wish's draft and its place."""
        monkeypatch.setattr(Path, "replace", replace)
        clock.say()
        return draft.replace(target)

    monkeypatch.setattr(Path, "replace", told_before)
    monkeypatch.setattr(around, "_CLOCK_S", 0.0)  # nobody moves it meanwhile
    with pytest.raises(BenchError, match="was not moved"):
        Bench(tmp_path).move_clock(3)
    assert said(tmp_path) == {"days": 0, "can": True}
    assert clock.was_moved()
    assert clock.environment()["FAKETIME"] == "+259200"


def test_without_the_library_it_is_said_that_the_clock_cannot_be_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_clock, "library", lambda: None)
    one = StoreClock(tmp_path)
    one.say()
    with pytest.raises(BenchError, match="libfaketime"):
        Bench(tmp_path).move_clock(3)
    wish(tmp_path, '{"days": 3}')
    assert not one.was_moved()
    assert one.environment() == {}
