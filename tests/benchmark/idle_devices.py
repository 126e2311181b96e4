"""A process that does nothing but keep devices: all of them, or nfcpy's bare `sense`; prints the cores that it used."""

from __future__ import annotations

import sys
import threading
import time

from devices.open_devices import DeviceSettings, open_devices
from devices.ports import Health

SETTLE_S = 12.0  # the printer loads its library ten seconds after it was opened


def all_devices(nfc: str, scanner: str, pad: str, light: str, printer: str, terminal: str) -> None:
    """Reader, scanner, pad, sound and light, printer and payment terminal as a kiosk has them."""
    settings = [
        DeviceSettings("reader", "pass_reader", "pn532", {"port": nfc}),
        DeviceSettings("scanner", "item_scanner", "serial", {"port": scanner}),
        DeviceSettings("pad", "item_pad", "feig", {"port": pad}),
        DeviceSettings("printer", "receipt_printer", "network", {"host": "127.0.0.1", "port": int(printer)}),
        DeviceSettings("terminal", "payment_terminal", "zvt-network", {"host": "127.0.0.1", "port": int(terminal)}),
        DeviceSettings("signals", "signals", "aplay", {"port": light}),
    ]
    devices = open_devices(settings, lambda _: None)
    devices.start()
    while not all(one.state is Health.READY for one in devices.health().values()):
        time.sleep(0.05)


def sense(tty: str) -> None:
    """Ten times a second, on a thread of its own."""
    import nfc.clf

    from devices.pass_reader.pn532 import on_serial_port

    reader = nfc.clf.ContactlessFrontend()
    reader.device = on_serial_port(tty)[1]

    def look() -> None:
        while True:
            began = time.monotonic()
            reader.sense(nfc.clf.RemoteTarget("106A"))
            time.sleep(max(0.0, 0.1 - (time.monotonic() - began)))

    threading.Thread(target=look, daemon=True).start()


def main() -> None:
    seconds, kind, *arguments = sys.argv[1:]
    (all_devices if kind == "all" else sense)(*arguments)
    time.sleep(SETTLE_S)
    used, began = time.process_time(), time.monotonic()
    time.sleep(float(seconds))
    print((time.process_time() - used) / (time.monotonic() - began))


if __name__ == "__main__":
    main()
