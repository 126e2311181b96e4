"""One thread a device: open it, run it, close it, pause, open it again; and say how it is."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
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

# Which state may follow which; `Supervisor` refuses every other move, and the tests draw from it.
MOVES: dict[Health, frozenset[Health]] = {
    Health.ABSENT: frozenset({Health.CONNECTING, Health.READY, Health.FAULT}),
    Health.CONNECTING: frozenset({Health.READY, Health.ABSENT, Health.FAULT}),
    Health.READY: frozenset({Health.DEGRADED, Health.LOST, Health.FAULT, Health.ABSENT}),
    Health.DEGRADED: frozenset({Health.READY, Health.LOST, Health.FAULT, Health.ABSENT}),
    Health.LOST: frozenset({Health.READY, Health.FAULT, Health.ABSENT}),
    Health.FAULT: frozenset({Health.READY, Health.LOST, Health.ABSENT}),
}


def pauses(random: Random) -> Iterator[float]:
    """Seconds to wait before each next try: 0.25 doubling to 5, each made up to a quarter longer."""
    pause = FIRST_PAUSE_S
    while True:
        yield min(LONGEST_PAUSE_S, pause * (1 + random.random() / 4))
        pause = min(LONGEST_PAUSE_S, pause * 2)


class Supervisor:
    """Keeps one device going until stopped; `health` may be read from any thread and does no I/O."""

    def __init__(self, device: Device, emit: Emit, random: Random, clock: Callable[[], float] = time.monotonic) -> None:
        self._device = device
        self._emit = emit
        self._random = random
        self._clock = clock
        self._stop = threading.Event()
        self._unplugged = False
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
        self._device.wake()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread; False when the device holds it longer than `timeout_s`."""
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _keep(self) -> None:
        self._move(Health.CONNECTING, "being opened")
        waits = pauses(self._random)
        while not self._stop.is_set():
            self._unplugged = False
            if self._serve() >= STEADY_S or self._unplugged:
                waits = pauses(self._random)
            self._stop.wait(UNPLUGGED_PAUSE_S if self._unplugged else next(waits))
        self._move(Health.ABSENT, "stopped")

    def _serve(self) -> float:
        """One life of the device, from opening to its end; the seconds that it was open."""
        opened: float | None = None
        try:
            self._device.open()
            opened = self._clock()
            self._on_signal(Pulse())
            self._device.run(self._on_signal, self._stop)
        except DeviceFault as fault:
            self._unplugged = isinstance(fault, DeviceUnplugged)
            state = Health.ABSENT if self._health.last_ok is None else Health.LOST
            self._failed(state, str(fault), self._open_since(opened))
        except Exception as error:  # noqa: BLE001 - a driver's own mistake must not silence its device for good
            reason = f"the driver failed ({type(error).__name__} {_place(error)})"
            self._failed(Health.FAULT, reason, self._open_since(opened))
        finally:
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
        if isinstance(signal, Pulse):
            if signal.trouble:
                self._move(Health.DEGRADED, signal.trouble)
                return
            self._health = replace(self._health, last_ok=self._clock())
            self._move(Health.READY, signal.note)
            return
        self._pass_on(signal)

    def _failed(self, state: Health, reason: str, lasted_s: float) -> None:
        if self._stop.is_set():
            return
        tries = 1 if lasted_s >= STEADY_S else self._health.tries + 1
        level = logging.WARNING if tries == 1 else logging.DEBUG
        log.log(level, "%s: %s: %s", self._device.name, state.value, reason)
        self._health = replace(self._health, tries=tries)
        self._move(state, reason)

    def _move(self, state: Health, reason: str) -> None:
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
