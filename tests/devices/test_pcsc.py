"""The PC/SC driver on the real pcscd, with vsmartcard's virtual reader and cards in a process of their own."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.links.pcsc import CardState, PcscLink
from devices.open_devices import Devices, DeviceSettings, open_devices
from devices.ports import Health, PassPresented, PassRemoved, PassUnreadable
from devices.simulators.control import ask
from devices.simulators.smart_card import CARDS
from tests.devices.running import LIMIT_S, Events, Workbench, eventually

pytestmark = pytest.mark.system
SOCKET = Path("/run/pcscd/pcscd.comm")
VPCD = "127.0.0.1:35963"  # as Debian's vsmartcard-vpcd is set up


class Service:
    """pcscd, started and ended by a test; it needs root."""

    def __init__(self) -> None:
        assert not SOCKET.exists(), "a pcscd runs here already"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["pcscd", "--foreground"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        eventually("pcscd", SOCKET.exists)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(LIMIT_S)
            self._process = None
        SOCKET.unlink(missing_ok=True)


class Desk:
    """Service, cards and driver."""

    def __init__(self, workbench: Workbench) -> None:
        self.service, self.events, self._bench = Service(), Events(), workbench
        self.service.start()
        workbench.serve("smart-card", "--listen", VPCD)
        self.devices: Devices = open_devices(
            [DeviceSettings("cards", "pass_reader", "pcsc", {"reader": "Virtual PCD 00 00"})], self.events
        )
        self.devices.start()
        self.wait_for(Health.READY)
        self.link = PcscLink("Virtual PCD 00 00")

    def wait_for(self, state: Health) -> None:
        eventually(state.value, lambda: self.devices.health()["cards"].state is state)

    def take_out(self) -> None:
        """The service looks a few times a second: a card that is swapped faster is none that was taken away."""
        self.do("take-out")
        eventually("noticed", lambda: self.link.wait(CardState(), 0.1).atr is None)

    def do(self, command: str, **arguments: str) -> None:
        ask(self._bench.run_dir / "control" / "smart-card.sock", command, **arguments)

    def close(self) -> None:
        self.devices.stop()
        self.link.close()
        self.service.stop()


@pytest.fixture
def desk(workbench: Workbench) -> Iterator[Desk]:
    assert os.geteuid() == 0, "pcscd needs root"
    one = Desk(workbench)
    yield one
    one.close()


@pytest.mark.parametrize("card", ["ntag", "desfire", "phone"])
def test_a_contactless_chip_is_a_pass_for_as_long_as_it_lies_there(desk: Desk, card: str) -> None:
    desk.do("insert", card=card)
    (presented,) = desk.events.wait(PassPresented)
    assert (presented.uid, presented.number, presented.random_uid) == (CARDS[card][1], None, card == "phone")
    time.sleep(1.5)
    desk.do("take-out")
    desk.events.wait(PassRemoved)
    assert len(desk.events.of(PassPresented)) == 1


@pytest.mark.parametrize(
    ("card", "words"),
    [
        ("eid", "a Belgian identity card"),
        ("bank", "a card with contacts"),
        ("icode", "a contactless chip of another standard"),
        ("type-b", "a contactless chip of type A or B"),
    ],
)
def test_any_other_card_is_told_as_one_that_cannot_be_read_here(desk: Desk, card: str, words: str) -> None:
    desk.do("insert", card=card)
    (unreadable,) = desk.events.wait(PassUnreadable)
    assert (unreadable.device, unreadable.reason) == ("cards", words)
    desk.take_out()
    desk.do("insert", card="ntag")
    desk.events.wait(PassPresented)
    assert desk.events.of(PassRemoved) == []


def test_one_card_after_the_other_is_each_told_once(desk: Desk) -> None:
    for count, card in enumerate(("ntag", "desfire", "ntag"), 1):
        desk.do("insert", card=card)
        assert desk.events.wait(PassPresented, count)[-1].uid == CARDS[card][1]
        desk.take_out()
    desk.events.wait(PassRemoved, 3)


def test_a_service_that_ends_is_a_reader_that_is_lost_and_its_start_brings_it_back(desk: Desk) -> None:
    desk.service.stop()
    desk.wait_for(Health.LOST)
    desk.service.start()
    desk.wait_for(Health.READY)
    desk.do("insert", card="ntag")
    desk.events.wait(PassPresented)


def test_stopping_does_not_wait_for_a_card(desk: Desk) -> None:
    began = time.monotonic()
    desk.devices.stop()
    assert time.monotonic() - began < 2.0
