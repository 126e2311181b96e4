"""From what a device read to what the desk is shown (P8). Untrusted text becomes a pass number or nothing."""

from circulation.identifiers import ChipUid, IdentifierError, PassNumber, chip_uid, pass_number
from circulation.presented import Presented, Source
from devices.ports import BarcodeScanned, PassFound, PassPresented


def shown_pass(happening: PassPresented | PassFound | BarcodeScanned) -> Presented | None:
    """What to identify, or None where nothing on it can be a pass.

    A chip gives the number written in it, else its UID; a random UID goes along only so that the rules can refuse it.
    """
    if isinstance(happening, BarcodeScanned):
        number = _number(happening.text)
        return Presented(Source.BARCODE, number=number) if number else None
    number = _number(happening.number) if happening.number else None
    uid = None if number and happening.random_uid else _uid(happening.uid)
    return Presented(Source.CHIP, number, uid) if number or uid else None


def is_same_pass(happening: PassPresented | PassFound | BarcodeScanned, shown: Presented) -> bool:
    """Whether that is the pass that was shown before. Two readers may read different UIDs: a number decides."""
    other = shown_pass(happening)
    if other is not None and other.number and shown.number:
        return other.number == shown.number
    return other == shown


def _number(text: str) -> PassNumber | None:
    try:
        return pass_number(text)
    except IdentifierError:
        return None


def _uid(raw: bytes) -> ChipUid | None:
    try:
        return chip_uid(raw.hex())
    except IdentifierError:
        return None
