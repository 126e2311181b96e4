"""What a library's tag says (the data elements of ISO 28560-1), and the errors of a tag that does not say it.

No text of an error holds anything that was read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from values import dataclass

PATRON_CARD = 8  # type of usage, ISO 28560-1
MOST_PARTS = 255
LONGEST_NUMBER = 64


class TagError(Exception):
    """A tag is not of the model that it was read by."""


class TagDamaged(TagError):
    """A tag is of the model, but cannot be believed: its checksum is wrong, or what it says makes no sense."""


class TagUnfinished(TagDamaged):
    """What was read so far breaks off; the blocks that follow may tell the rest."""


@dataclass(frozen=True, slots=True)
class TagData:
    """An item or a pass. `part` of `parts`, from 1; `usage` is the type of usage, None where the model has none.

    `number` is the primary item identifier, of a pass the patron's number. `owner` is the owning library's ISIL, as
    written on the tag, empty where the model does not tell it.
    """

    number: str = field(repr=False)
    part: int = 1
    parts: int = 1
    usage: int | None = None
    owner: str = field(default="", repr=False)


def number_in(raw: bytes) -> str:
    """The number in a field that NULs or spaces fill up; raises TagError unless it is printable ASCII."""
    text = raw.rstrip(b"\x00 ")
    if not 1 <= len(text) <= LONGEST_NUMBER or not all(0x21 <= byte <= 0x7E for byte in text):
        raise TagError("no number where this model has it")
    return text.decode("ascii")


def parts_in(one: int, other: int) -> tuple[int, int]:
    """(part, parts) out of the two counts in whichever order they were written: some makers swap them.

    A part's number is never above the number of parts, so that the order can be told from the values; 0 means unused.
    """
    return max(1, min(one, other)), max(1, one, other)


def crc16(data: bytes) -> int:
    """CRC-16 of ISO 28560-3: polynomial 1021h, preset FFFFh, most significant bit first, nothing reflected."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def turned(memory: bytes, block_size: int) -> bytes:
    """`memory` with the bytes of each block in the opposite order: some readers deliver them so."""
    return b"".join(block[::-1] for block in _blocks(memory, block_size))


def _blocks(memory: bytes, block_size: int) -> Iterator[bytes]:
    for at in range(0, len(memory), max(1, block_size)):
        yield memory[at : at + max(1, block_size)]
