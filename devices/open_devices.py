"""Configuration to running devices: the one list of models."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, cast

from devices.links.link import Link
from devices.plug_watch import PlugWatch
from devices.ports import Device, DeviceHealth, Emit, ItemPad, PaymentTerminal, ReceiptPrinter, Signals
from devices.settings import NETWORK_PORTS, DeviceConfigError, DeviceSettings, check_settings
from devices.speaker import Speaker
from devices.supervisor import Supervisor

if TYPE_CHECKING:
    from devices.links.tcp import TcpLink

__all__ = ["DeviceConfigError", "DeviceSettings", "Devices", "check_settings", "open_devices"]

log = logging.getLogger(__name__)

_CONNECT_S = 3.0
_STOP_S = 3.0
_LOOK_S = 0.5
_USB = Path("/dev/bus/usb")


# Each driver is loaded by the one kiosk in a few that has such a device: all of them are a tenth of a start (ADR 32).


def _pn532(name: str, **options: Any) -> Device:
    from devices.pass_reader.pn532 import Pn532PassReader

    return Pn532PassReader(name, **options)


def _acr122(name: str, **options: Any) -> Device:
    from devices.pass_reader.acr122 import acr122_reader

    return acr122_reader(name, **options)


def _pcsc(name: str, **options: Any) -> Device:
    from devices.pass_reader.pcsc import PcscPassReader

    return PcscPassReader(name, **options)


def _serial_scanner(name: str, **options: Any) -> Device:
    from devices.item_scanner.scanner import serial_scanner

    return serial_scanner(name, **options)


def _typing_scanner(name: str, **options: Any) -> Device:
    from devices.item_scanner.scanner import typing_scanner

    return typing_scanner(name, **options)


def _feig(name: str, **options: Any) -> Device:
    from devices.item_pad.feig_pad import FeigPad

    return FeigPad(name, **options)


def _tcp(host: str, port: int) -> Callable[[], TcpLink]:
    from devices.links.tcp import TcpLink

    return partial(TcpLink, host, port, _CONNECT_S)


def _network(options: Mapping[str, Any]) -> Callable[[], Link]:
    return _tcp(options["host"], options.get("port", NETWORK_PORTS["receipt_printer", "network"]))


def _serial(options: Mapping[str, Any]) -> Callable[[], Link]:
    from devices.links.serial import SerialLink

    return partial(SerialLink, options["port"], options.get("baud", 115200))


def _on_usb(options: Mapping[str, Any]) -> Callable[[], Link]:
    from devices.links.usb import PRINTER, UsbLink

    return partial(UsbLink, options["usb"], PRINTER)


def _printer(link: Callable[[Mapping[str, Any]], Callable[[], Link]]) -> Callable[..., Device]:
    def make(name: str, **options: Any) -> Device:
        from devices.receipt_printer.escpos_printer import EscposPrinter

        return EscposPrinter(name, link(options), options.get("profile", "TM-T20II"))

    return make


def _nexo(name: str, **options: Any) -> Device:
    from devices.payment_terminal.nexo_line import Address
    from devices.payment_terminal.nexo_messages import Parties
    from devices.payment_terminal.nexo_talk import Access
    from devices.payment_terminal.nexo_terminal import NexoTerminal

    port = options.get("port", NETWORK_PORTS["payment_terminal", "nexo"])
    where = Address(options["host"], port, options["certificate_name"], options["ca_file"])
    parties = Parties(options["sale_id"], options["poi_id"])
    key = (options["passphrase_file"], options["key_identifier"], options.get("key_version", 1))
    return NexoTerminal(name, Access(where, parties, *key))


def _zvt_network(
    name: str, host: str, port: int = NETWORK_PORTS["payment_terminal", "zvt-network"], **options: Any
) -> Device:
    from devices.payment_terminal.zvt_dialogue import NetworkWire
    from devices.payment_terminal.zvt_terminal import ZvtTerminal

    link = _tcp(host, port)
    return ZvtTerminal(name, lambda: NetworkWire(link()), **options)


def _zvt_serial(name: str, port: str, baud: int = 9600, **options: Any) -> Device:
    from devices.links.serial import SerialLink
    from devices.payment_terminal.zvt_serial import SerialWire
    from devices.payment_terminal.zvt_terminal import ZvtTerminal

    return ZvtTerminal(name, lambda: SerialWire(SerialLink(port, baud, stop_bits=2)), **options)


def _sound_and_light(name: str, **options: Any) -> Device:
    from devices.signals.sound_and_light import SoundAndLight

    return SoundAndLight(name, **options)


def _speech(name: str, **options: Any) -> Device:
    from devices.speech.synthesizer import Synthesizer

    return Synthesizer(name, **options)


def _typing_keypad(name: str, port: str) -> Device:
    from devices.tactile.keypad import typing_keypad

    return typing_keypad(name, port)


def _serial_keypad(name: str, **options: Any) -> Device:
    from devices.tactile.keypad import serial_keypad

    return serial_keypad(name, **options)


def _headphone_socket(name: str, port: str) -> Device:
    from devices.tactile.keypad import headphone_socket

    return headphone_socket(name, port)


_MODELS: Mapping[tuple[str, str], Callable[..., Device]] = {
    ("pass_reader", "pn532"): _pn532,
    ("pass_reader", "acr122u"): _acr122,
    ("pass_reader", "pcsc"): _pcsc,
    ("item_scanner", "serial"): _serial_scanner,
    ("item_scanner", "evdev"): _typing_scanner,
    ("item_pad", "feig"): _feig,
    ("payment_terminal", "nexo"): _nexo,
    ("payment_terminal", "zvt-network"): _zvt_network,
    ("payment_terminal", "zvt-serial"): _zvt_serial,
    ("receipt_printer", "network"): _printer(_network),
    ("receipt_printer", "serial"): _printer(_serial),
    ("receipt_printer", "usb"): _printer(_on_usb),
    ("signals", "aplay"): _sound_and_light,
    ("speech", "espeak-ng"): _speech,
    ("keypad", "evdev"): _typing_keypad,
    ("keypad", "serial"): _serial_keypad,
    ("headphones", "evdev"): _headphone_socket,
}


class Devices:
    """All devices of a kiosk, each on its own thread, and one more that waits for plugs and looks at the others."""

    def __init__(self, devices: Sequence[Device], emit: Emit, random: Random, paths: Sequence[Path] = ()) -> None:
        """`paths`: where devices appear when they are plugged in."""
        self._plugs = PlugWatch(paths, _USB)
        self._stopping = threading.Event()
        self._looking = threading.Thread(target=self._look, name="device-watch", daemon=True)
        self._supervisors = {one.name: Supervisor(one, emit, random) for one in devices}
        first = {one.kind: one for one in reversed(devices)}
        self.printer = cast("ReceiptPrinter | None", first.get("receipt_printer"))
        self.terminal = cast("PaymentTerminal | None", first.get("payment_terminal"))
        self.item_pad = cast("ItemPad | None", first.get("item_pad"))
        self.signals = cast("Signals | None", first.get("signals"))
        self.speaker = cast("Speaker | None", first.get("speech"))
        self._kinds = {one.name: one.kind for one in devices}
        self._started: set[str] = set()
        self._starting = threading.Lock()  # what starts the last of them may be late, when all are being stopped

    def start(self, kinds: Collection[str] | None = None) -> None:
        """Start the devices of these kinds, or all, and return at once; what is not there yet is opened when it comes.

        Each only once, so that those of some kinds can be started first.
        """
        with self._starting:
            if self._stopping.is_set():
                return
            if self._looking.ident is None:
                self._looking.start()
            for name, supervisor in self._supervisors.items():
                if name not in self._started and (kinds is None or self._kinds[name] in kinds):
                    self._started.add(name)
                    supervisor.start()

    def stop(self) -> None:
        """Close all devices and wait, three seconds at most, for their threads; never raises."""
        with self._starting:
            self._stopping.set()
        self._plugs.wake()
        for supervisor in self._supervisors.values():
            supervisor.ask_to_stop()
        deadline = time.monotonic() + _STOP_S
        for name, supervisor in self._supervisors.items():
            if not supervisor.join(max(0.0, deadline - time.monotonic())):
                log.warning("%s: did not stop in time", name)
        if self._looking.is_alive():
            self._looking.join(max(0.0, deadline - time.monotonic()))
        if not self._looking.is_alive():
            self._plugs.close()

    def _look(self) -> None:
        while not self._stopping.is_set():
            plugged = self._plugs.wait(_LOOK_S)
            for supervisor in self._supervisors.values():
                if plugged:
                    supervisor.plugged()
                supervisor.look()

    def health(self) -> Mapping[str, DeviceHealth]:
        """The last known state of each device, by name; from any thread, without touching a device."""
        return {name: supervisor.health for name, supervisor in self._supervisors.items()}


def open_devices(settings: Sequence[DeviceSettings], emit: Emit) -> Devices:
    """The devices of `settings`, not yet started; raises the first DeviceConfigError.

    `emit` is called on the devices' own threads and must return at once.
    """
    for error in check_settings(settings):
        raise error
    devices = [_MODELS[one.kind, one.driver](one.name, **one.options) for one in settings]
    ports = [one.options.get("port") for one in settings]
    return Devices(devices, emit, Random(), [Path(port) for port in ports if isinstance(port, str)])
