"""The Danish data model, ISO 28560-3: a basic block of 34 bytes, 32 on small tags, with a checksum over it."""

from __future__ import annotations

from devices.item_pad.tag_data import (
    MOST_PARTS,
    TagDamaged,
    TagData,
    TagError,
    TagUnfinished,
    crc16,
    number_in,
    parts_in,
)

BASIC_BLOCK = 34
SMALL_BLOCK = 32
_VERSION = 1
_NUMBER = slice(3, 19)
_CRC = slice(19, 21)
_OWNER_AT = 21
_SUMMED = 32  # the checksum is made over so many bytes: the block without its own two, filled up with zeros


class DanishModel:
    """Reads basic blocks; the checksum makes sure that nothing else is taken for one."""

    name = "iso28560-3"
    checked = True

    def read(self, memory: bytes, dsfid: int, *, whole: bool) -> TagData:
        """See `devices.item_pad.tag_models.TagModel.read`."""
        return decode(memory, whole=whole)


def checksum(block: bytes) -> int:
    """The CRC that belongs into bytes 19 and 20 of a basic block."""
    return crc16((block[: _CRC.start] + block[_CRC.stop :]).ljust(_SUMMED, b"\x00"))


def encode(data: TagData, size: int = BASIC_BLOCK) -> bytes:
    """The basic block of 34 or 32 bytes; raises TagError for what does not fit."""
    number, owner = data.number.encode("ascii", "replace"), data.owner.encode("ascii", "replace")
    if not 1 <= len(number) <= _NUMBER.stop - _NUMBER.start or len(owner) > size - _OWNER_AT:
        raise TagError("the number or the owner is too long for this model")
    if not 1 <= data.part <= data.parts <= MOST_PARTS or not 0 <= (data.usage or 0) <= 15:
        raise TagError("the parts or the type of usage are beyond this model")
    head = bytes([_VERSION << 4 | (1 if data.usage is None else data.usage), data.parts, data.part])
    block = head + number.ljust(16, b"\x00") + b"\x00\x00" + owner.ljust(size - _OWNER_AT, b"\x00")
    return block[: _CRC.start] + checksum(block).to_bytes(2, "little") + block[_CRC.stop :]


def decode(memory: bytes, *, whole: bool = True) -> TagData:
    """What a tag's first 34 or 32 bytes say.

    Raises TagError when they are no basic block, TagDamaged when they are one with a wrong checksum, TagUnfinished
    when they are too few and not the `whole` of the tag.
    """
    if len(memory) < SMALL_BLOCK:
        raise TagError("too short for a basic block") if whole else TagUnfinished("the basic block breaks off")
    if memory[0] >> 4 != _VERSION:
        raise TagError("not of a version of this model that is known")
    number = number_in(memory[_NUMBER])
    for size in (BASIC_BLOCK, SMALL_BLOCK):
        block = memory[:size]
        if len(block) == size and checksum(block) == int.from_bytes(block[_CRC], "little"):
            part, parts = parts_in(block[1], block[2])
            return TagData(number, part, parts, block[0] & 0x0F, _owner(block))
    raise TagDamaged("the checksum of the basic block is wrong")


def _owner(block: bytes) -> str:
    raw = block[_OWNER_AT:].rstrip(b"\x00 ")
    return raw.decode("ascii") if all(0x20 <= byte <= 0x7E for byte in raw) else ""
