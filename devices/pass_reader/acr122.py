"""ACR122U on USB through nfcpy, without PC/SC: the PN532 inside it is driven as one on a serial port is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from devices.links.link import Link
from devices.links.usb import ACR122U, CARD_READER, UsbLink
from devices.pass_reader.ccid import CcidTransport
from devices.pass_reader.pn532 import FaultyAnswer, Pn532PassReader, Started, faults
from devices.ports import DeviceTimeout


def _on_usb(name: str) -> Link:
    return UsbLink(name, CARD_READER)


def acr122_reader(
    name: str, usb: str = ACR122U, poll_ms: int = 100, opened: Callable[[str], Link] = _on_usb
) -> Pn532PassReader:
    """A reader; `opened` gives the two bulk pipes of the device with that name on USB."""

    def started(usb_name: str) -> Started:
        transport = CcidTransport(opened(usb_name))
        try:
            with faults():
                return transport, _device(transport)
        except FaultyAnswer as fault:
            transport.close()
            raise DeviceTimeout(f"{usb_name}: no ACR122U answers there") from fault
        except BaseException:
            transport.close()
            raise

    return Pn532PassReader(name, usb, poll_ms, started=started)


def _device(transport: CcidTransport) -> Any:
    from devices.pass_reader import nfcpy  # late, and only in the device's own thread

    nfcpy.driver()
    from nfc.clf import acr122

    return acr122.init(transport)
