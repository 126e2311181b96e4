"""What kiosk and ZVT terminal say to each other: the commands, and what the terminal's messages mean; pure.

Kiosk is the ECR, terminal the PT of the protocol (PA00P015); passwords, amounts and dates are BCD.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple

from devices.payment_terminal.zvt_apdu import (
    AMOUNT,
    CONTAINER,
    DATE,
    ORIGINAL_TRACE,
    RECEIPT,
    RESULT,
    TIME,
    TRACE,
    Apdu,
    ZvtMalformed,
    bcd,
    digits_of_length,
    encode_field,
    encode_tlv,
    fields,
    number,
    tlv,
)
from devices.ports import PayStep
from values import dataclass

STATUS_ENQUIRY, REGISTRATION, AUTHORISATION, REPEAT_RECEIPT, REVERSAL, ABORT = (
    0x0501, 0x0600, 0x0601, 0x0620, 0x0630, 0x06B0,
)  # fmt: skip
STATUS_INFORMATION, INTERMEDIATE, COMPLETION, ABORTED, PRINT_LINE, PRINT_BLOCK = (
    0x040F, 0x04FF, 0x060F, 0x061E, 0x06D1, 0x06D3,
)  # fmt: skip
DONE = Apdu(0x8000)
NOT_BOOKED = Apdu(0x8466)  # "goods not issued": the terminal reverses the payment
MORE_TIME = Apdu(0x849C)  # the terminal tells the result again, a little later
NOT_POSSIBLE = Apdu(0x8483)

BY_KEY, BUSY, ALREADY_REVERSED, NO_REVERSAL = 0x6C, 0x9C, 0xB4, 0xB5
CHARSETS = ("cp437", "latin-1")  # of the receipt's lines, as the terminal is set up
LARGEST_CENTS = 10**12 - 1
_EURO = b"\x09\x78"
_CONFIG = 0x02 | 0x04 | 0x08 | 0x10 | 0x20 | 0x80  # receipts, steps and control to the kiosk; receipts as print lines
_PERMITTED = encode_tlv([(0x26, encode_tlv([(0x0A, PRINT_BLOCK.to_bytes(2, "big"))]))])
_TIMES_TOLD = 60  # how often the terminal may tell a result before it takes the payment for not booked
_SOFTWARE = 0xF0
_RECEIPT_KIND, _TEXTS, _LINE, _CUSTOMERS = 0x1F07, 0x25, 0x07, 2
_LAST_LINE = 0x80
_STEPS = {
    0x00: PayStep.CARD, 0x01: PayStep.PIN, 0x02: PayStep.PIN, 0x04: PayStep.HOST, 0x0A: PayStep.CARD,
    0x0B: PayStep.REMOVE_CARD, 0x0E: PayStep.HOST, 0x15: PayStep.PIN, 0x17: PayStep.HOST,
}  # fmt: skip


def is_answer(message: Apdu) -> bool:
    """Whether it answers a message, rather than being one to be answered."""
    return message.control >> 8 in {0x80, 0x84}


def registration(password: int) -> Apdu:
    """06 00: euro, print lines and steps to the kiosk, nothing begun at the terminal itself."""
    return Apdu(REGISTRATION, bcd(password, 3) + bytes([_CONFIG]) + _EURO + encode_field(CONTAINER, _PERMITTED))


def authorisation(cents: int) -> Apdu:
    """06 01 for so many cents."""
    return Apdu(AUTHORISATION, encode_field(AMOUNT, bcd(cents, 6)) + encode_field(0x02, bytes([_TIMES_TOLD])))


def reversal(password: int, receipt: int) -> Apdu:
    """06 30 of the payment with that receipt number."""
    return Apdu(REVERSAL, bcd(password, 3) + encode_field(RECEIPT, bcd(receipt, 2)))


def repeat_receipt(password: int) -> Apdu:
    """06 20: the last payment is told and printed again."""
    return Apdu(REPEAT_RECEIPT, bcd(password, 3))


def status_enquiry(password: int) -> Apdu:
    """05 01: how the terminal is."""
    return Apdu(STATUS_ENQUIRY, bcd(password, 3))


def terminal_status(data: bytes) -> int:
    """Of a completion after 05 01: 0 is ready. The software's version may stand before it; raises ZvtMalformed."""
    at = 0
    if data[:1] == bytes([_SOFTWARE]):
        at = 4 + digits_of_length(data, 1, 3)
    return data[at] if at < len(data) else 0


def code(data: bytes) -> int:
    """Of an abort (06 1E): why; 0xFF where it does not say."""
    return data[0] if data else 0xFF


def step(data: bytes) -> PayStep | None:
    """Of an intermediate status (04 FF): what the terminal waits for; None where that means nothing to a patron."""
    if not data:
        return None
    if 0x41 <= data[0] <= 0x67:  # the same texts with "please remove the card" below
        return PayStep.REMOVE_CARD
    return _STEPS.get(data[0])


@dataclass(frozen=True, slots=True)
class Told:
    """A result as the terminal tells it (04 0F). `date` MMDD and `time` HHMMSS are the terminal's own, as numbers.

    `reverses`: the trace number of the payment that this one gives back.
    """

    result: int
    cents: int | None = None
    receipt: int | None = None
    trace: int | None = None
    date: int | None = None
    time: int | None = None
    reverses: int | None = None

    @property
    def approved(self) -> bool:
        """Whether money moved."""
        return self.result == 0


def told(data: bytes) -> Told:
    """What a status information says, as far as its fields can be read; raises ZvtMalformed without a result."""
    found: dict[int, bytes] = {}
    try:
        for bmp, value in fields(data):
            found.setdefault(bmp, value)
    except ZvtMalformed:
        pass  # a field that we do not know hides those behind it; the result is among the first
    if RESULT not in found:
        raise ZvtMalformed("a status information without a result")

    def numbered(bmp: int) -> int | None:
        return number(found[bmp]) if bmp in found else None

    numbers = (numbered(bmp) for bmp in (AMOUNT, RECEIPT, TRACE, DATE, TIME, ORIGINAL_TRACE))
    return Told(found[RESULT][0], *numbers)


def terminal_ref(one: Told) -> str:
    """By which the terminal knows a payment: receipt, cents, date, time and trace; empty without a receipt number."""
    if one.receipt is None or one.cents is None:
        return ""
    numbers = (one.receipt, one.cents, one.date, one.time, one.trace)
    return "zvt:" + ":".join("" if each is None else str(each) for each in numbers)


def from_terminal_ref(text: str) -> Told | None:
    """The other way round; None where it is none."""
    numbers = _numbers(text, "zvt", 5)
    if numbers is None or numbers[0] is None or numbers[1] is None:
        return None
    receipt, cents, date, time, trace = numbers
    return Told(0, cents, receipt, trace, date, time)


def mark(last: Told) -> str:
    """The terminal's last receipt as text, all that it told of it."""
    return "zvt-last:" + ":".join("" if each is None else str(each) for each in astuple(last))


def from_mark(text: str) -> Told | None:
    """The other way round; None where it is none."""
    numbers = _numbers(text, "zvt-last", 7)
    return None if numbers is None or numbers[0] is None else Told(numbers[0], *numbers[1:])


def _numbers(text: str, name: str, count: int) -> list[int | None] | None:
    first, *parts = text.split(":")
    whole = all(len(one) < 13 and (not one or (one.isascii() and one.isdecimal())) for one in parts)
    return [int(one) if one else None for one in parts] if (first, len(parts), whole) == (name, count, True) else None


@dataclass(frozen=True, slots=True)
class Printed:
    """One line of a receipt; `kind` 1 is the library's, 2 the customer's, None where the terminal does not say."""

    text: str
    kind: int | None = None
    last: bool = False


def print_line(data: bytes, charset: str) -> tuple[Printed, ...]:
    """06 D1: an attribute, a text, and perhaps a container that says for whom; raises ZvtMalformed."""
    if not data:
        raise ZvtMalformed("a line without its attribute")
    text, separator, rest = data[1:].partition(bytes([CONTAINER]))
    kind = _kind(encoded) if (encoded := separator + rest) else None
    return (Printed(_readable(text, charset), kind, bool(data[0] & _LAST_LINE)),)


def print_block(data: bytes, charset: str) -> tuple[Printed, ...]:
    """06 D3: a whole receipt in a container; raises ZvtMalformed."""
    kind, found = _kind(data), []
    for tag, value in _container(data):
        if tag == _TEXTS:
            found += [Printed(_readable(line, charset), kind) for inner, line in tlv(value) if inner == _LINE]
    return (*found, Printed("", kind, last=True))


def _kind(data: bytes) -> int | None:
    for tag, value in _container(data):
        if tag == _RECEIPT_KIND and value:
            return value[0]
    return None


def _container(data: bytes) -> Iterable[tuple[int, bytes]]:
    for bmp, value in fields(data):
        if bmp == CONTAINER:
            yield from tlv(value)


def _readable(text: bytes, charset: str) -> str:
    return "".join(one if one.isprintable() else " " for one in text.decode(charset, "replace")).rstrip()


def customers_receipt(lines: Iterable[Printed]) -> tuple[str, ...]:
    """The lines of the customer's receipt; where the terminal does not say for whom, those of the last receipt."""
    receipts: list[list[Printed]] = [[]]
    for line in lines:
        receipts[-1].append(line)
        if line.last:
            receipts.append([])
    known = [line for one in receipts for line in one if line.kind is not None]
    if known:
        chosen = [line for line in known if line.kind == _CUSTOMERS]
    else:
        chosen = next((one for one in reversed(receipts) if any(line.text for line in one)), [])
    texts = [line.text for line in chosen]
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)
