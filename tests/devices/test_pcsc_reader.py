"""What the PC/SC driver tells of a card after each opening, over a link that follows a script."""

from __future__ import annotations

import threading

import pytest
from pytest_mock import MockerFixture

from devices.links.pcsc import CardState
from devices.pass_reader.pcsc import PcscPassReader
from devices.pass_reader.presence import FORGOTTEN_AFTER_S
from devices.ports import DeviceEvent, PassFound, PassPresented, PassRemoved, Pulse, Signal

ATR = bytes.fromhex("3b8f8001804f0ca000000306030001000000006a")  # PC/SC part 3, 3.1.3.2.3.2
UIDS = {1: bytes.fromhex("04a1b2c3d4e5f6"), 2: bytes.fromhex("04a1b2c3d4e5f7")}


class Link:
    """Holds what `lies` says at each wait: the number of a card, or 0; ends the driver's life when that is told."""

    def __init__(self, lies: list[int], stop: threading.Event) -> None:
        self._lies, self._stop, self._now = lies, stop, 0

    def wait(self, known: CardState, timeout_s: float) -> CardState:
        del known, timeout_s
        self._now = self._lies.pop(0)
        if not self._lies:
            self._stop.set()
        return CardState(self._now, ATR if self._now else None)

    def ask(self, command: bytes) -> bytes:
        del command
        return UIDS[self._now] + b"\x90\x00"

    def close(self) -> None:
        pass


def told(mocker: MockerFixture, *lives: list[int], away_s: float = 0) -> list[list[DeviceEvent]]:
    """What was told in each life of the driver; between them it is away for so long."""
    now, found = 100.0, list[list[DeviceEvent]]()
    driver = PcscPassReader("reader", clock=lambda: now)
    for lies in lives:
        events: list[Signal] = []
        stop = threading.Event()
        mocker.patch("devices.pass_reader.pcsc.PcscLink", return_value=Link(list(lies), stop))
        driver.open()
        driver.run(events.append, stop)
        driver.close()
        found.append([one for one in events if not isinstance(one, Pulse)])
        now += away_s
    return found


def kinds(events: list[DeviceEvent]) -> list[type[DeviceEvent]]:
    return [type(one) for one in events]


def test_a_card_that_lies_there_at_a_start_is_found_and_one_that_is_laid_there_comes(mocker: MockerFixture) -> None:
    [events] = told(mocker, [1, 0, 2])
    assert kinds(events) == [PassFound, PassRemoved, PassPresented]


@pytest.mark.parametrize("away_s", [0.5, FORGOTTEN_AFTER_S])
def test_a_card_that_never_moved_is_found_again(mocker: MockerFixture, away_s: float) -> None:
    _, events = told(mocker, [0, 1], [1, 0], away_s=away_s)
    assert kinds(events) == [PassFound, PassRemoved]


@pytest.mark.parametrize(("away_s", "kind"), [(0.5, PassPresented), (FORGOTTEN_AFTER_S, PassFound)])
def test_a_card_that_was_laid_there_meanwhile_is_found_where_its_owner_may_have_gone(
    mocker: MockerFixture, away_s: float, kind: type[DeviceEvent]
) -> None:
    _, events = told(mocker, [0, 0], [1, 1], away_s=away_s)
    assert kinds(events) == [kind]


def test_a_card_that_has_gone_meanwhile_is_told_to_be_gone(mocker: MockerFixture) -> None:
    _, events = told(mocker, [0, 1], [0, 0], away_s=FORGOTTEN_AFTER_S)
    assert kinds(events) == [PassRemoved]
