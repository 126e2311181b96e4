"""The pass number on a chip: an NDEF text record (NFC Forum RTD Text 1.0) in Type 2 Tag memory. Untrusted."""

from __future__ import annotations

LONGEST_NUMBER = 64
LONGEST_MESSAGE = 512
_TEXT = b"T"
_NULL, _NDEF, _END = 0x00, 0x03, 0xFE


class NdefError(ValueError):
    """The memory or message does not hold what the standard says; never carries its content."""


def data_area_size(capability: bytes) -> int:
    """Bytes of the data area of a Type 2 Tag, from the four bytes of page 3; 0 when it holds no NDEF."""
    if len(capability) < 4 or capability[0] != 0xE1 or capability[1] >> 4 != 1 or capability[3] >> 4:
        return 0
    return capability[2] * 8


def message_span(memory: bytes) -> tuple[int, int] | None:
    """Start and end of the NDEF message within the data area, None when the area ends before it.

    `memory` may be a first part of the area: its TLV headers are enough. Raises NdefError.
    """
    at = 0
    while at < len(memory):
        kind = memory[at]
        if kind == _END:
            raise NdefError("no NDEF message")
        if kind == _NULL:
            at += 1
            continue
        if at + 1 >= len(memory):
            return None
        size, start = memory[at + 1], at + 2
        if size == 0xFF:
            if at + 3 >= len(memory):
                return None
            size, start = int.from_bytes(memory[at + 2 : at + 4], "big"), at + 4
        if kind == _NDEF:
            if size > LONGEST_MESSAGE:
                raise NdefError("NDEF message too long")
            return start, start + size
        at = start + size
    return None


def text_of(message: bytes) -> str:
    """The text of the first text record; raises NdefError."""
    at = 0
    while at < len(message):
        try:
            header = message[at]
            kind_size, at = message[at + 1], at + 2
            size_bytes = 1 if header & 0x10 else 4
            size, at = int.from_bytes(message[at : at + size_bytes], "big"), at + size_bytes
            id_size, at = (message[at], at + 1) if header & 0x08 else (0, at)
        except IndexError as error:
            raise NdefError("record header cut off") from error
        kind = message[at : at + kind_size]
        start = at + kind_size + id_size
        payload = message[start : start + size]
        if len(payload) != size:
            raise NdefError("record cut off")
        if header & 0x20:
            raise NdefError("chunked records are not read")
        if header & 0x07 == 1 and kind == _TEXT:
            return _text(payload)
        at = start + size
        if header & 0x40:
            break
    raise NdefError("no text record")


def _text(payload: bytes) -> str:
    if not payload:
        raise NdefError("empty text record")
    skip = 1 + (payload[0] & 0x3F)
    encoding = "utf-16" if payload[0] & 0x80 else "utf-8"
    try:
        return payload[skip:].decode(encoding)
    except UnicodeDecodeError as error:
        raise NdefError("text is not in its encoding") from error


def number_in(text: str) -> str | None:
    """`text` as a pass number: 1 to 64 printable ASCII characters without the SIP2 delimiter; else None."""
    stripped = text.strip()
    if not 0 < len(stripped) <= LONGEST_NUMBER or "|" in stripped:
        return None
    return stripped if stripped.isascii() and stripped.isprintable() else None
