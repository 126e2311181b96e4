"""A device's thread outlives everything that the device does, and tells its state."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from itertools import islice
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.open_devices import Devices
from devices.ports import DeviceGone, DeviceTimeout, DeviceUnplugged, Health, HealthChanged, PassRemoved, Pulse, Send
from devices.supervisor import (
    LONGEST_PAUSE_S,
    MOVES,
    STEADY_S,
    STUCK_OPENING_S,
    STUCK_S,
    UNPLUGGED_PAUSE_S,
    Supervisor,
    pauses,
)
from tests.devices.running import LIMIT_S, Events, eventually

Life = Callable[[Send, threading.Event], None]


class Scripted:
    """A device whose lives are written down: an exception fails to open, a function is its run."""

    name, kind = "one", "pass_reader"

    def __init__(self, *lives: Exception | Life, closing: Exception | None = None, beat_s: float | None = None) -> None:
        self._lives = iter(lives)
        self._closing = closing
        self.beat_s = beat_s
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


@settings(deadline=None)
@given(st.randoms())
def test_pauses_double_from_a_quarter_second_to_five_with_jitter(random: Random) -> None:
    found = [pause for _, pause in zip(range(12), pauses(random), strict=False)]
    for number, pause in enumerate(found):
        nominal = min(LONGEST_PAUSE_S, 0.25 * 2**number)
        assert nominal * 0.8 <= pause <= nominal


def test_two_devices_do_not_pause_alike() -> None:
    assert next(pauses(Random(1))) != next(pauses(Random(2)))


def test_one_that_is_out_for_long_does_not_try_in_step_with_others() -> None:
    assert len(set(islice(pauses(Random(1)), 6, 12))) == 6


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


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def is_ready(supervisor: Supervisor) -> Callable[[], bool]:
    return lambda: supervisor.health.state is Health.READY


def test_a_device_that_falls_silent_is_degraded_after_three_beats_and_opened_again_after_six(
    supervise: Supervise, caplog: pytest.LogCaptureFixture
) -> None:
    clock, device = Clock(), Scripted(stays, stays, beat_s=2.0)
    supervisor, events = supervise(device, clock=clock)
    eventually("ready", is_ready(supervisor))
    seen = []
    for clock.now in (6.0, 6.1, 12.0):
        supervisor.look()
        seen.append(supervisor.health.state)
    assert seen == [Health.READY, Health.DEGRADED, Health.DEGRADED]
    assert supervisor.health.reason == "nothing is heard of it"
    clock.now = 12.1
    supervisor.look()
    eventually("opened again", lambda: events.states("one").count(Health.READY) == 2)
    assert events.states("one")[2:] == [Health.DEGRADED, Health.LOST, Health.READY]
    assert device.woken.is_set()
    assert device.closed == 1
    assert "nothing was heard of it" in caplog.text


def test_a_device_that_complains_is_not_silent_and_one_without_a_beat_may_be(supervise: Supervise) -> None:
    clock, speak, spoken = Clock(), threading.Event(), threading.Event()

    def complains(send: Send, stop: threading.Event) -> None:
        assert speak.wait(LIMIT_S)
        send(Pulse("no paper"))
        spoken.set()
        stays(send, stop)

    watched, _ = supervise(Scripted(complains, beat_s=2.0), clock=clock)
    quiet, _ = supervise(Scripted(stays), clock=clock)
    eventually("both ready", lambda: is_ready(watched)() and is_ready(quiet)())
    clock.now = 5.0
    speak.set()
    assert spoken.wait(LIMIT_S)
    clock.now = 10.0
    for one in (watched, quiet):
        one.look()
    assert (watched.health.state, watched.health.reason) == (Health.DEGRADED, "no paper")
    clock.now = 1e6
    quiet.look()
    assert quiet.health.state is Health.READY


def test_a_driver_that_hangs_is_a_fault_that_says_where_and_never_holds_up_the_stop() -> None:
    clock, let_go = Clock(), threading.Event()

    def hangs(send: Send, stop: threading.Event) -> None:
        assert let_go.wait(LIMIT_S)

    supervisor = Supervisor(Scripted(hangs, beat_s=1.0), Events(), Random(1), clock)
    supervisor.start()
    eventually("ready", is_ready(supervisor))
    clock.now = 6.1
    supervisor.look()
    clock.now += STUCK_S + 0.1
    supervisor.look()
    assert supervisor.health.state is Health.FAULT
    assert supervisor.health.reason == "the driver does not come back from serving"
    supervisor.ask_to_stop()
    assert not supervisor.join(0.01)
    let_go.set()
    assert supervisor.join(LIMIT_S)
    assert supervisor.health.reason == "stopped"


def test_a_driver_that_hangs_in_opening_is_a_fault_until_it_comes_back(supervise: Supervise) -> None:
    clock, opening, let_go = Clock(), threading.Event(), threading.Event()

    class Slow(Scripted):
        def open(self) -> None:
            opening.set()
            assert let_go.wait(LIMIT_S)

    supervisor, events = supervise(Slow(), clock=clock)
    assert opening.wait(LIMIT_S)
    clock.now = STUCK_OPENING_S + 0.1
    supervisor.look()
    assert (supervisor.health.state, supervisor.health.reason) == (
        Health.FAULT,
        "the driver does not come back from opening",
    )
    let_go.set()
    eventually("ready", is_ready(supervisor))
    assert events.states("one") == [Health.CONNECTING, Health.FAULT, Health.READY]


def test_a_driver_that_hangs_in_closing_is_a_fault(supervise: Supervise) -> None:
    clock, closing, let_go = Clock(), threading.Event(), threading.Event()

    class Slow(Scripted):
        def close(self) -> None:
            closing.set()
            assert let_go.wait(LIMIT_S)

    supervisor, _ = supervise(Slow(fails(DeviceGone("pulled out"))), clock=clock)
    assert closing.wait(LIMIT_S)
    clock.now = STUCK_S + 0.1
    supervisor.look()
    let_go.set()
    assert supervisor.health.reason == "the driver does not come back from closing"


def test_a_device_in_its_pause_is_opened_at_once_when_something_is_plugged_in(
    supervise: Supervise, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devices.supervisor.FIRST_PAUSE_S", 4 * LIMIT_S)
    monkeypatch.setattr("devices.supervisor.LONGEST_PAUSE_S", 4 * LIMIT_S)
    supervisor, _ = supervise(Scripted(DeviceGone("no such port"), DeviceGone("no such port")))
    for failures in (1, 2):
        eventually("failed", lambda failures=failures: supervisor.health.tries == failures)  # type: ignore[misc]
        supervisor.plugged()
    eventually("ready", is_ready(supervisor))


def test_one_plug_ends_one_pause_and_not_all_that_follow(supervise: Supervise, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devices.supervisor.FIRST_PAUSE_S", 4 * LIMIT_S)
    monkeypatch.setattr("devices.supervisor.LONGEST_PAUSE_S", 4 * LIMIT_S)
    fourth = threading.Event()

    class Counted(Scripted):
        def close(self) -> None:
            super().close()
            if self.closed > 3:
                fourth.set()

    supervisor, _ = supervise(Counted(*[DeviceGone("no such port")] * 9))
    eventually("failed", lambda: supervisor.health.tries == 1)
    supervisor.plugged()
    assert not fourth.wait(0.2)  # one plug may fall into two tries, never more
    assert supervisor.health.tries <= 3


def test_a_driver_that_ends_by_itself_is_lost_and_opened_again(supervise: Supervise) -> None:
    _, events = supervise(Scripted(lambda send, stop: None, stays))
    eventually("ready again", lambda: events.states("one").count(Health.READY) == 2)
    assert events.states("one") == [Health.CONNECTING, Health.READY, Health.LOST, Health.READY]


def test_waking_may_raise_anything(supervise: Supervise) -> None:
    class Cross(Scripted):
        def wake(self) -> None:
            raise RuntimeError("in wake")

    supervisor, _ = supervise(Cross(stays))
    eventually("ready", is_ready(supervisor))
    supervisor.ask_to_stop()
    assert supervisor.join(LIMIT_S)


def test_a_fault_names_the_kind_of_mistake_and_its_place_and_not_its_words(supervise: Supervise) -> None:
    _, events = supervise(Scripted(fails(KeyError("29999900000035")), stays))
    eventually("ready again", lambda: events.states("one").count(Health.READY) == 2)
    (fault,) = [one.health for one in events.of(HealthChanged) if one.health.state is Health.FAULT]
    assert fault.reason.startswith("the driver failed (KeyError in life:")


def test_every_state_can_be_left_and_every_one_leads_back_to_ready() -> None:
    assert set(MOVES) == set(Health)
    for state in Health:
        assert state is Health.READY or Health.READY in MOVES[state]
        assert state not in MOVES[state]


def test_a_driver_that_hangs_holds_up_the_stop_of_all_devices_for_a_moment_only(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("devices.open_devices._STOP_S", 0.2)
    let_go = threading.Event()

    def hangs(send: Send, stop: threading.Event) -> None:
        assert let_go.wait(LIMIT_S)

    devices = Devices([Scripted(hangs)], Events(), Random(1))
    devices.start()
    eventually("ready", lambda: devices.health()["one"].state is Health.READY)
    devices.stop()
    left = {one.name for one in threading.enumerate()}
    let_go.set()
    assert "device-one" in left
    assert "one: did not stop in time" in caplog.text
    eventually("all threads ended", lambda: not any(one.name.startswith("device-") for one in threading.enumerate()))


class Printer(Scripted):
    """No way into a visit."""

    name, kind = "later", "receipt_printer"


def test_those_of_some_kinds_can_be_started_first_and_each_only_once() -> None:
    first, later = Scripted(), Printer()
    devices = Devices([later, first], Events(), Random(1))
    devices.start({first.kind})
    eventually("the first is ready", lambda: devices.health()["one"].state is Health.READY)
    assert devices.health()["later"].reason == "not started"
    devices.start()
    devices.start()
    eventually("so is the other", lambda: devices.health()["later"].state is Health.READY)
    devices.stop()
    assert (first.closed, later.closed) == (1, 1)


def test_what_was_not_started_when_all_were_stopped_never_is() -> None:
    devices = Devices([Printer()], Events(), Random(1))
    devices.start({"pass_reader"})
    devices.stop()
    devices.start()
    assert devices.health()["later"].reason == "not started"
    eventually("no thread is left", lambda: not any(one.name == "device-watch" for one in threading.enumerate()))
