"""One thread a device: open it, run it, close it, pause, open it again; and say how it is.

From another thread it is woken when something was plugged in, and looked at: a silent device is opened again.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import Enum
from random import Random

from devices.ports import (
    Device,
    DeviceFault,
    DeviceHealth,
    DeviceUnplugged,
    Emit,
    Health,
    HealthChanged,
    Pulse,
    Signal,
)

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0
UNPLUGGED_PAUSE_S = 0.5  # a look at a path that is not there; who plugs a device in again stands waiting
STEADY_S = 10.0
SILENT_BEATS = 3  # a device that sends nothing for so many beats is degraded; twice that, and it is opened again
STUCK_S = 5.0  # a driver that was told to come back, or is closing, takes milliseconds
STUCK_OPENING_S = 30.0  # opening waits for slow chips and connections, each with a deadline of its own

# Which state may follow which; `Supervisor` refuses every other move, and the tests draw from it.
MOVES: dict[Health, frozenset[Health]] = {
    Health.ABSENT: frozenset({Health.CONNECTING, Health.READY, Health.FAULT}),
    Health.CONNECTING: frozenset({Health.READY, Health.ABSENT, Health.FAULT}),
    Health.READY: frozenset({Health.DEGRADED, Health.LOST, Health.FAULT, Health.ABSENT}),
    Health.DEGRADED: frozenset({Health.READY, Health.LOST, Health.FAULT, Health.ABSENT}),
    Health.LOST: frozenset({Health.READY, Health.FAULT, Health.ABSENT}),
    Health.FAULT: frozenset({Health.READY, Health.DEGRADED, Health.LOST, Health.ABSENT}),
}


class _Doing(Enum):
    """What the device's thread is at; the values are words for staff."""

    OPENING = "opening"
    RUNNING = "serving"
    CLOSING = "closing"
    RESTING = "resting"


def pauses(random: Random) -> Iterator[float]:
    """Seconds to wait before each next try: 0.25 doubling to 5, each made up to a fifth shorter, the longest too."""
    pause = FIRST_PAUSE_S
    while True:
        yield pause * (1 - random.random() / 5)
        pause = min(LONGEST_PAUSE_S, pause * 2)


class Supervisor:
    """Keeps one device going until stopped; `health` may be read from any thread and does no I/O."""

    def __init__(self, device: Device, emit: Emit, random: Random, clock: Callable[[], float] = time.monotonic) -> None:
        """A `device` with a `beat_s` sends a signal at least so often (seconds) when well, and is watched for it."""
        self._device = device
        self._emit = emit
        self._random = random
        self._clock = clock
        self._beat_s: float | None = getattr(device, "beat_s", None)
        self._stop = threading.Event()
        self._life = threading.Event()  # ends one life of the device, set by `ask_to_stop` and by `look`
        self._change = threading.Event()  # ends a pause
        self._unplugged = False
        self._lock = threading.RLock()  # the device's thread and the one that looks both move the state
        self._doing, self._doing_since, self._heard = _Doing.RESTING, clock(), clock()
        self._health = DeviceHealth(Health.ABSENT, "not started", clock(), None, 0)
        self._thread = threading.Thread(target=self._keep, name=f"device-{device.name}", daemon=True)

    @property
    def health(self) -> DeviceHealth:
        """The last known state."""
        return self._health

    def start(self) -> None:
        """Begin; to be called once."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Tell the thread to end; returns at once, never raises."""
        self._stop.set()
        self._life.set()
        self._change.set()
        self._wake()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread; False when the device holds it longer than `timeout_s`."""
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def plugged(self) -> None:
        """Something was plugged in: a device that waits to be opened again is opened now. From any thread."""
        self._change.set()

    def look(self) -> None:
        """Find a device that fell silent and a driver that does not come back; from a thread that is not the device's.

        Never waits for the device.
        """
        with self._lock:
            if self._stop.is_set():
                return
            running = self._doing is _Doing.RUNNING and not self._life.is_set()
            told = self._is_too_silent() if running else False
            if not running:
                self._look_for_a_stuck_driver()
        if told:
            self._wake()

    def _is_too_silent(self) -> bool:
        """Degrades a device that is silent; True, and its life is over, when it is so for too long."""
        silent_s = self._clock() - self._heard
        if self._beat_s is None or silent_s <= SILENT_BEATS * self._beat_s:
            return False
        self._move(Health.DEGRADED, "nothing is heard of it")
        if silent_s <= 2 * SILENT_BEATS * self._beat_s:
            return False
        self._begin(_Doing.RUNNING)  # from now on it has STUCK_S to come back
        self._life.set()
        return True

    def _look_for_a_stuck_driver(self) -> None:
        limit_s = STUCK_OPENING_S if self._doing is _Doing.OPENING else STUCK_S
        if self._doing is _Doing.RESTING or self._clock() - self._doing_since <= limit_s:
            return
        reason = f"the driver does not come back from {self._doing.value}"
        if self._health.reason != reason:
            log.error("%s: %s", self._device.name, reason)
        self._move(Health.FAULT, reason)

    def _wake(self) -> None:
        try:
            self._device.wake()
        except Exception as error:  # noqa: BLE001 - it does not, but the other devices must be stopped in any case
            log.debug("%s: waking failed (%s)", self._device.name, type(error).__name__)

    def _begin(self, doing: _Doing) -> None:
        with self._lock:
            self._doing, self._doing_since = doing, self._clock()

    def _keep(self) -> None:
        self._move(Health.CONNECTING, "being opened")
        waits = pauses(self._random)
        while not self._stop.is_set():
            self._unplugged = False
            self._change.clear()
            if self._serve() >= STEADY_S or self._unplugged:
                waits = pauses(self._random)
            self._begin(_Doing.RESTING)
            if not self._stop.is_set():
                self._change.wait(UNPLUGGED_PAUSE_S if self._unplugged else next(waits))
        self._move(Health.ABSENT, "stopped")

    def _serve(self) -> float:
        """One life of the device, from opening to its end; the seconds that it was open."""
        opened: float | None = None
        self._life.clear()
        if self._stop.is_set():
            return 0.0
        self._begin(_Doing.OPENING)
        try:
            self._device.open()
            opened = self._clock()
            self._on_signal(Pulse())
            self._begin(_Doing.RUNNING)
            self._device.run(self._on_signal, self._life)
            silent = self._life.is_set()
            reason = "nothing was heard of it" if silent else "the driver ended by itself"
            self._failed(Health.LOST, reason, self._open_since(opened))
        except DeviceFault as fault:
            self._unplugged = isinstance(fault, DeviceUnplugged)
            state = Health.ABSENT if self._health.last_ok is None else Health.LOST
            self._failed(state, str(fault), self._open_since(opened))
        except Exception as error:  # noqa: BLE001 - a driver's own mistake must not silence its device for good
            reason = f"the driver failed ({type(error).__name__} {_place(error)})"
            self._failed(Health.FAULT, reason, self._open_since(opened))
        finally:
            self._begin(_Doing.CLOSING)
            self._close()
        return self._open_since(opened)

    def _open_since(self, opened: float | None) -> float:
        return 0.0 if opened is None else self._clock() - opened

    def _close(self) -> None:
        try:
            self._device.close()
        except Exception as error:  # noqa: BLE001 - libraries raise here after an unplug; there is nothing to save
            log.debug("%s: closing failed (%s)", self._device.name, type(error).__name__)

    def _on_signal(self, signal: Signal) -> None:
        if not isinstance(signal, Pulse):
            self._heard = self._clock()
            self._pass_on(signal)
            return
        with self._lock:
            self._heard = self._clock()
            if signal.trouble:
                self._move(Health.DEGRADED, signal.trouble)
                return
            self._health = replace(self._health, last_ok=self._heard)
            self._move(Health.READY, signal.note)

    def _failed(self, state: Health, reason: str, lasted_s: float) -> None:
        if self._stop.is_set():
            return
        with self._lock:
            tries = 1 if lasted_s >= STEADY_S else self._health.tries + 1
            level = logging.WARNING if tries == 1 else logging.DEBUG
            log.log(level, "%s: %s: %s", self._device.name, state.value, reason)
            self._health = replace(self._health, tries=tries)
            self._move(state, reason)

    def _move(self, state: Health, reason: str) -> None:
        with self._lock:
            before = self._health
            if (state, reason) == (before.state, before.reason):
                return
            if state is not before.state and state not in MOVES[before.state]:
                log.error("%s: no move from %s to %s", self._device.name, before.state.value, state.value)
            now = self._clock()
            since = before.since if state is before.state else now
            self._health = replace(before, state=state, reason=reason, since=since)
            if state is Health.READY and before.tries:
                log.info("%s: ready again", self._device.name)
            self._pass_on(HealthChanged(self._device.name, self._device.kind, self._health, now))

    def _pass_on(self, event: Signal) -> None:
        try:
            if not isinstance(event, Pulse):
                self._emit(event)
        except Exception as error:  # noqa: BLE001 - the listener's mistake is not the device's: keep serving
            where = f"{type(error).__name__} {_place(error)}"
            log.warning("%s: an event could not be delivered (%s)", self._device.name, where)


def _place(error: BaseException) -> str:
    """Where it happened, without the exception's words: those may hold what a device has read."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"in {frames[-1].name}:{frames[-1].lineno}" if frames else ""
