"""Numbers and codes that name things, each its own type so that a pass is never taken for a book.

Rules P1, P2 and P8; ISO 15511 for the ISIL; RFC 9562 (UUIDv7) for the EventId.
"""

import re
from typing import NewType

PassNumber = NewType("PassNumber", str)
ChipUid = NewType("ChipUid", str)
ItemBarcode = NewType("ItemBarcode", str)
Isil = NewType("Isil", str)
EventId = NewType("EventId", str)
KioskId = NewType("KioskId", str)
PatronRef = NewType("PatronRef", str)
InstitutionCode = NewType("InstitutionCode", str)
BranchCode = NewType("BranchCode", str)
SubscriptionCode = NewType("SubscriptionCode", str)

_NUMBER = re.compile(r"[0-9A-Z][0-9A-Z.\-]{0,39}")
_UID = re.compile(r"(?:[0-9A-F]{2}){4,10}")
_ISIL = re.compile(r"[A-Z]{1,4}-[A-Za-z0-9/:\-]{1,11}")
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z_\-]{0,39}")


class IdentifierError(ValueError):
    """The text cannot be an identifier of that kind. The message never repeats the text (it may be private)."""


def _matching(pattern: re.Pattern[str], text: str, kind: str) -> str:
    if not pattern.fullmatch(text):
        raise IdentifierError(f"not a {kind}: {len(text)} characters of an unexpected form")
    return text


def _capital(text: str) -> str:
    # Outside ASCII, upper() turns foreign letters into ours (a long s into S, a ligature into FF): another's number.
    return text.upper() if text.isascii() else text


def pass_number(text: str) -> PassNumber:
    """The number of a pass as printed or scanned; spaces are dropped, letters made capital (P1).

    Raises IdentifierError for an empty, overlong or otherwise impossible text.
    """
    return PassNumber(_matching(_NUMBER, _capital(text.replace(" ", "")), "pass number"))


def item_barcode(text: str) -> ItemBarcode:
    """The barcode of an item (SIP2 AB). Raises IdentifierError."""
    return ItemBarcode(_matching(_NUMBER, _capital(text.replace(" ", "")), "item barcode"))


def chip_uid(text: str) -> ChipUid:
    """A chip's serial number, 4 to 10 bytes in capital hex (ISO 14443-3, ISO 15693). Raises IdentifierError."""
    return ChipUid(_matching(_UID, _capital(text), "chip UID"))


def is_random(uid: ChipUid) -> bool:
    """Whether the chip makes a new number at each reading (ISO 14443-3: four bytes, the first 08): no identity (P8)."""
    return len(uid) == 8 and uid.startswith("08")


def isil(text: str) -> Isil:
    """A library's international code, such as NL-070288 (ISO 15511, G1). Raises IdentifierError."""
    return Isil(_matching(_ISIL, text, "ISIL"))


def code(text: str) -> str:
    """A short code (kiosk, branch, institution, subscription, patron reference). Raises IdentifierError."""
    return _matching(_CODE, text, "code")


def event_id(text: str) -> EventId:
    """A UUIDv7 in its canonical lower-case form. Raises IdentifierError."""
    return EventId(_matching(_UUID7, text, "event id"))


def new_event_id(unix_ms: int, entropy: bytes) -> EventId:
    """Builds a UUIDv7 from a UTC instant in milliseconds and ten random bytes (RFC 9562 §5.7).

    Time and chance come in as arguments; the instant only helps to sort, it is never an order (the sequence is).
    """
    if len(entropy) != 10:
        raise IdentifierError("a UUIDv7 needs ten random bytes")
    value = bytearray((unix_ms & (2**48 - 1)).to_bytes(6, "big") + entropy)
    value[6] = 0x70 | value[6] & 0x0F
    value[8] = 0x80 | value[8] & 0x3F
    text = value.hex()
    return EventId("-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:])))


def luhn_holds(text: str) -> bool:
    """Whether the digits satisfy the mod-10 check of printed library numbers (P2). A hint only, never a refusal."""
    if not text.isascii() or not text.isdigit():
        return False
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(text)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def with_check_digit(digits: str) -> str:
    """The digits followed by the one that makes `luhn_holds` true (P2). Raises IdentifierError."""
    if not digits.isascii() or not digits.isdigit():
        raise IdentifierError("a check digit needs digits only")
    return next(digits + last for last in "0123456789" if luhn_holds(digits + last))
