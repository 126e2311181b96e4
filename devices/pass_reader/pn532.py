"""NXP PN532 through nfcpy, on a serial port or in an ACR122U on USB: ten senses a second, never its `connect`.

`connect` takes a MIFARE Classic card lying still for a new one, a hundred times a second.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from devices.pass_reader import ndef
from devices.pass_reader.presence import Change, Presence, is_random
from devices.pass_reader.start_up import start_chip
from devices.pass_reader.transport import HsuTransport
from devices.ports import DeviceFault, DeviceTimeout, PassFound, PassPresented, PassRemoved, Pulse, Send

log = logging.getLogger(__name__)

FAULTS_UNTIL_DEGRADED = 3
FAULTS_UNTIL_REOPENED = 6
_NDEF_TRIES = 2
_LOOKS_FOR_NUMBER = 3  # a pass that is told without the number on it may be one that nobody knows
_READ = 0x30  # Type 2 Tag: READ, four pages of four bytes
_SAK_OF_TYPE_2 = 0x00


class FaultyAnswer(Exception):
    """One answer of the chip was missing or broken; the next may be whole."""


class Transport(Protocol):
    """What nfcpy's device talks through; closed when the device is."""

    def close(self) -> None:
        """Never raises."""


Started = tuple[Transport, Any]  # and nfcpy's device


class Pn532PassReader:
    """One reader; emits PassPresented, PassFound and PassRemoved."""

    kind = "pass_reader"

    def __init__(
        self,
        name: str,
        port: str,
        poll_ms: int = 100,
        clock: Callable[[], float] = time.monotonic,
        started: Callable[[str], Started] | None = None,
    ) -> None:
        """`started`: opens `port` and starts the chip behind it, a serial port where None; raises DeviceFault."""
        self.name = name
        self._started = started or on_serial_port
        self._port = port
        self._poll_s = poll_ms / 1000
        self.beat_s = self._poll_s + 1.0  # a chip that does not answer holds nfcpy for a second
        self._clock = clock
        self._transport: Transport | None = None
        self._frontend: Any = None
        self._target: Any = None
        self._presence = Presence()
        self._first: tuple[Change, Any] | None = None  # what the first sense found, still to be told
        self._looks = 0  # at the pass that lies there, in which its number could not be read for bad answers

    def open(self) -> None:
        """Start the chip; raises DeviceGone when there is no such port, DeviceTimeout without a PN532 on it."""
        from devices.pass_reader import nfcpy  # late, and only in the device's own thread

        clf = nfcpy.driver()[0]
        # nfcpy logs UIDs for debugging, and errors that this driver makes good; neither belongs in a kiosk's log.
        logging.getLogger("nfc").setLevel(logging.CRITICAL)
        self._frontend, self._target = clf.ContactlessFrontend(), clf.RemoteTarget
        self._transport, self._frontend.device = self._started(self._port)
        self._presence.opened(self._clock())
        with contextlib.suppress(FaultyAnswer):  # a reader that is ready has looked: what comes then, comes
            self._first = self._sensed()

    def run(self, send: Send, stop: threading.Event) -> None:
        """Sense until told to stop; raises DeviceGone, or DeviceTimeout after too many faulty answers."""
        faults = 0
        while not stop.is_set():
            began = self._clock()
            try:
                self._sense(send)
                send(Pulse())
                faults = 0
            except FaultyAnswer as fault:
                # A whole pause follows: what comes late must not be taken for the answer to the next command.
                faults, began = faults + 1, self._clock()
                level = logging.WARNING if faults == FAULTS_UNTIL_DEGRADED else logging.DEBUG
                log.log(level, "%s: faulty answer %d in a row (%s)", self.name, faults, fault)
                if faults >= FAULTS_UNTIL_REOPENED:
                    raise DeviceTimeout(f"{self._port}: {faults} faulty answers in a row") from fault
                if faults >= FAULTS_UNTIL_DEGRADED:
                    send(Pulse(trouble="its answers are faulty"))
            stop.wait(max(0.0, self._poll_s - (self._clock() - began)))

    def wake(self) -> None:
        """A sense lasts milliseconds, and a chip that does not answer a second: nothing to do."""

    def close(self) -> None:
        """Put the chip to sleep at its power-on speed, where possible, and let go of the port."""
        frontend, self._frontend, self._first = self._frontend, None, None
        transport, self._transport = self._transport, None
        if frontend is not None and frontend.device is not None:
            with contextlib.suppress(FaultyAnswer, DeviceFault), faults():
                frontend.close()
        if transport is not None:
            transport.close()

    def _sense(self, send: Send) -> None:
        first, self._first = self._first, None
        change, target = first or self._sensed()
        self._tell(change, target, send)

    def _sensed(self) -> tuple[Change, Any]:
        with faults():
            target = self._frontend.sense(self._target("106A"))
        uid = bytes(target.sdd_res) if target is not None and target.sdd_res else None
        if uid is None:
            self._looks = 0
        return self._presence.sensed(uid, self._clock()), target

    def _tell(self, change: Change, target: Any, send: Send) -> None:
        if change in {Change.WENT, Change.SWAPPED}:
            send(PassRemoved(self.name, self._clock()))
        if change in {Change.CAME, Change.SWAPPED, Change.FOUND}:
            uid = bytes(target.sdd_res)
            at = self._clock()
            try:
                number = self._number(target)
            except FaultyAnswer:
                self._looks += 1
                if self._looks < _LOOKS_FOR_NUMBER:
                    self._presence.forget()
                    raise
                number = None
            self._looks = 0
            tell = PassFound if change is Change.FOUND else PassPresented
            send(tell(self.name, uid, number, is_random(uid), at))

    def _number(self, target: Any) -> str | None:
        """The NDEF text of a Type 2 Tag; None where there is none. Raises FaultyAnswer after two bad answers."""
        if bytes(target.sel_res) != bytes([_SAK_OF_TYPE_2]):
            return None
        for at in range(1, _NDEF_TRIES + 1):
            try:
                with faults():
                    return self._read_number()
            except ndef.NdefError as error:
                log.debug("%s: no NDEF text read (%s)", self.name, error)
                return None
            except FaultyAnswer:
                if at == _NDEF_TRIES:
                    raise
        return None

    def _read_number(self) -> str | None:
        block = self._read_pages(3)
        size = ndef.data_area_size(block[:4])
        memory, page = block[4:], 7
        while len(memory) < size:
            span = ndef.message_span(memory)
            if span is not None and span[1] <= len(memory):
                break
            memory += self._read_pages(page)
            page += 4
        span = ndef.message_span(memory[:size])
        return ndef.number_in(ndef.text_of(memory[span[0] : span[1]])) if span else None

    def _read_pages(self, page: int) -> bytes:
        answer = bytes(self._frontend.exchange(bytes([_READ, page]), 0.1))
        if len(answer) != 16:
            raise ndef.NdefError("the chip does not let itself be read")
        return answer


def on_serial_port(port: str) -> Started:
    """Opens the port and starts the chip; raises DeviceGone, or DeviceTimeout without a PN532 on it."""
    transport = HsuTransport(port)
    try:
        with contextlib.suppress(FaultyAnswer):
            return transport, _device(transport)
        transport.slow_down()
        return transport, _device(transport)
    except FaultyAnswer as fault:
        transport.close()
        raise DeviceTimeout(f"{port}: no PN532 answers there") from fault
    except BaseException:
        transport.close()
        raise


def _device(transport: HsuTransport) -> Any:
    from devices.pass_reader import nfcpy

    pn532 = nfcpy.driver()[1]
    with faults():
        start_chip(transport)
        return pn532.Device(pn532.Chipset(transport, logger=pn532.log), logger=pn532.log)


@contextlib.contextmanager
def faults() -> Any:
    """nfcpy's many ways to say that an answer was bad, as one; a lost port stays DeviceGone."""
    try:
        yield
    except (DeviceFault, ndef.NdefError):
        raise
    except Exception as error:  # it raises OSError, its own errors, IndexError, AssertionError …
        raise FaultyAnswer(type(error).__name__) from error
