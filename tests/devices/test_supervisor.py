"""A device's thread outlives everything that the device does, and tells its state."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.ports import DeviceGone, DeviceTimeout, DeviceUnplugged, Health, PassRemoved, Pulse, Send
from devices.supervisor import LONGEST_PAUSE_S, MOVES, STEADY_S, UNPLUGGED_PAUSE_S, Supervisor, pauses
from tests.devices.running import LIMIT_S, Events, eventually

Life = Callable[[Send, threading.Event], None]


class Scripted:
    """A device whose lives are written down: an exception fails to open, a function is its run."""

    name, kind = "one", "pass_reader"

    def __init__(self, *lives: Exception | Life, closing: Exception | None = None) -> None:
        self._lives = iter(lives)
        self._closing = closing
        self._life: Life = stays
        self.closed = 0
        self.woken = threading.Event()

    def open(self) -> None:
        life = next(self._lives, stays)
        if isinstance(life, Exception):
            raise life
        self._life = life

    def run(self, send: Send, stop: threading.Event) -> None:
        self._life(send, stop)

    def wake(self) -> None:
        self.woken.set()

    def close(self) -> None:
        self.closed += 1
        if self._closing is not None:
            raise self._closing


def stays(send: Send, stop: threading.Event) -> None:
    assert stop.wait(LIMIT_S)


def fails(error: Exception) -> Life:
    def life(send: Send, stop: threading.Event) -> None:
        raise error

    return life


@pytest.fixture
def supervise() -> Iterator[Callable[..., tuple[Supervisor, Events]]]:
    started: list[Supervisor] = []

    def start(device: Scripted, **more: Callable[[], float]) -> tuple[Supervisor, Events]:
        events = Events()
        supervisor = Supervisor(device, events, Random(1), **more)
        started.append(supervisor)
        supervisor.start()
        return supervisor, events

    yield start
    for one in started:
        one.ask_to_stop()
        assert one.join(LIMIT_S)


Supervise = Callable[..., tuple[Supervisor, Events]]


@given(st.randoms())
def test_pauses_double_from_a_quarter_second_to_five_with_jitter(random: Random) -> None:
    found = [pause for _, pause in zip(range(12), pauses(random), strict=False)]
    for number, pause in enumerate(found):
        nominal = min(LONGEST_PAUSE_S, 0.25 * 2**number)
        assert min(nominal, LONGEST_PAUSE_S) <= pause <= min(LONGEST_PAUSE_S, nominal * 1.25)


def test_two_devices_do_not_pause_alike() -> None:
    assert next(pauses(Random(1))) != next(pauses(Random(2)))


def test_a_device_that_is_not_there_is_absent_until_it_comes(supervise: Supervise) -> None:
    supervisor, events = supervise(Scripted(DeviceGone("no such port"), DeviceGone("no such port")))
    eventually("ready", lambda: supervisor.health.state is Health.READY)
    assert events.states("one") == [Health.CONNECTING, Health.ABSENT, Health.READY]
    assert supervisor.health.tries == 2


def test_what_is_plugged_in_again_is_opened_at_once_however_long_it_was_out(
    supervise: Supervise, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devices.supervisor.FIRST_PAUSE_S", 2 * LIMIT_S)
    monkeypatch.setattr("devices.supervisor.LONGEST_PAUSE_S", 2 * LIMIT_S)
    supervisor, _ = supervise(Scripted(*[DeviceUnplugged("no such port")] * 4))
    eventually("ready", lambda: supervisor.health.state is Health.READY)
    assert supervisor.health.tries == 4


def test_the_look_for_what_is_not_there_is_seldom_enough_to_cost_nothing_and_often_enough_not_to_be_noticed() -> None:
    assert 0.25 <= UNPLUGGED_PAUSE_S <= 1


def test_a_device_that_goes_is_lost_and_opened_again(supervise: Supervise) -> None:
    device = Scripted(fails(DeviceGone("pulled out")), DeviceTimeout("mute"), stays)
    supervisor, events = supervise(device)
    eventually("ready again", lambda: events.states("one").count(Health.READY) == 2)
    assert events.states("one") == [Health.CONNECTING, Health.READY, Health.LOST, Health.LOST, Health.READY]
    assert device.closed == 2
    assert supervisor.health.last_ok is not None


def test_a_mistake_of_the_driver_is_a_fault_and_not_the_end(
    supervise: Supervise, caplog: pytest.LogCaptureFixture
) -> None:
    supervisor, events = supervise(Scripted(fails(KeyError("29999900000035")), stays))
    eventually("ready again", lambda: events.states("one").count(Health.READY) == 2)
    assert Health.FAULT in events.states("one")
    assert "KeyError" in caplog.text
    assert "29999900000035" not in caplog.text
    assert supervisor.health.state is Health.READY


def test_closing_may_raise_anything(supervise: Supervise) -> None:
    _, events = supervise(Scripted(fails(DeviceGone("x")), stays, closing=RuntimeError("in close")))
    eventually("ready again", lambda: events.states("one").count(Health.READY) == 2)


def test_a_listener_that_fails_does_not_harm_the_device(caplog: pytest.LogCaptureFixture) -> None:
    def life(send: Send, stop: threading.Event) -> None:
        send(PassRemoved("one", 1.0))
        stays(send, stop)

    def deaf(event: object) -> None:
        raise ValueError(str(event))

    supervisor = Supervisor(Scripted(life), deaf, Random(1))
    supervisor.start()
    eventually("ready", lambda: supervisor.health.state is Health.READY)
    supervisor.ask_to_stop()
    assert supervisor.join(LIMIT_S)
    assert "could not be delivered" in caplog.text


def test_trouble_degrades_a_device_and_a_good_answer_mends_it(supervise: Supervise) -> None:
    def life(send: Send, stop: threading.Event) -> None:
        for pulse in (Pulse("faulty"), Pulse("faulty"), Pulse("worse"), Pulse(note="paper low"), Pulse()):
            send(pulse)
        stays(send, stop)

    supervisor, events = supervise(Scripted(life))
    eventually("six states", lambda: len(events.states("one")) == 6)
    assert events.states("one")[1:] == [Health.READY, Health.DEGRADED, Health.DEGRADED, Health.READY, Health.READY]
    assert supervisor.health.reason == ""


def test_the_first_failure_is_a_warning_and_the_next_are_not(
    supervise: Supervise, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "devices.supervisor")
    supervisor, _ = supervise(Scripted(*[DeviceGone("no such port")] * 3))
    eventually("ready", lambda: supervisor.health.state is Health.READY)
    levels = [record.levelno for record in caplog.records if "no such port" in record.message]
    assert levels == [logging.WARNING, logging.DEBUG, logging.DEBUG]


def test_after_ten_steady_seconds_a_failure_counts_as_the_first_again(supervise: Supervise) -> None:
    now = [0.0]

    def long_life(send: Send, stop: threading.Event) -> None:
        now[0] += STEADY_S
        raise DeviceGone("at last")

    short = fails(DeviceGone("soon"))
    supervisor, events = supervise(Scripted(short, short, long_life, stays), clock=lambda: now[0])
    eventually("ready for the fourth time", lambda: events.states("one").count(Health.READY) == 4)
    assert supervisor.health.tries == 1


def test_stopping_wakes_the_device_closes_it_and_says_so(supervise: Supervise) -> None:
    device = Scripted(stays)
    supervisor, events = supervise(device)
    eventually("ready", lambda: supervisor.health.state is Health.READY)
    supervisor.ask_to_stop()
    assert supervisor.join(LIMIT_S)
    assert device.woken.is_set()
    assert device.closed == 1
    assert events.states("one")[-1] is Health.ABSENT


def test_every_state_can_be_left_and_every_one_leads_back_to_ready() -> None:
    assert set(MOVES) == set(Health)
    for state in Health:
        assert state is Health.READY or Health.READY in MOVES[state]
        assert state not in MOVES[state]
