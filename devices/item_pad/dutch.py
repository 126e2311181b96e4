"""The Dutch data model, whose layout is not public: offsets and lengths come from the configuration.

The document to ask for is the sector's GenPvE (data-model id, type, object id, item id, library id, checksum).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from devices.item_pad.tag_data import TagDamaged, TagData, TagError, TagUnfinished, crc16, number_in, parts_in
from values import dataclass

FORMS = ("ascii", "bcd", "integer")
_LONGEST_BLOCK = 128


@dataclass(frozen=True, slots=True)
class DutchLayout:
    """Where each field stands, counted in bytes from the tag's first; None where the tag has no such field.

    `mark`: the bytes at `mark_at` by which the model is known. `number_form`: printable ASCII, two digits a byte (the
    last half byte may be F), or a binary number, most significant byte first. `crc_at`: two bytes, low byte first,
    the CRC of ISO 28560-3 over the other bytes of `length`. `usage_at`: ISO 28560's type of usage in the lower half.
    """

    length: int
    mark_at: int
    mark: str
    number_at: int
    number_length: int
    number_form: str = "ascii"
    usage_at: int | None = None
    parts_at: int | None = None
    part_at: int | None = None
    crc_at: int | None = None


def layout_of(table: object) -> DutchLayout:
    """The layout out of a table of the configuration; raises ValueError with a sentence for the installer."""
    known = {one.name: one for one in fields(DutchLayout)}
    if not isinstance(table, Mapping) or not all(isinstance(key, str) for key in table):
        raise ValueError("must be a table of offsets and lengths")
    for key, value in table.items():
        if key not in known:
            raise ValueError(f"has no {key}; there are {', '.join(known)}")
        wanted: type = str if key in ("mark", "number_form") else int
        if not isinstance(value, wanted) or isinstance(value, bool):
            what = "text" if wanted is str else "whole number"
            raise ValueError(f"needs a {what} for {key}")  # noqa: TRY004 - a fault of the value, not of the caller
    missing = [name for name in ("length", "mark_at", "mark", "number_at", "number_length") if name not in table]
    if missing:
        raise ValueError(f"needs {', '.join(missing)}")
    layout = DutchLayout(**table)
    _check(layout)
    return layout


def _check(layout: DutchLayout) -> None:
    if not 1 <= layout.length <= _LONGEST_BLOCK:
        raise ValueError(f"needs a length from 1 to {_LONGEST_BLOCK}")
    if layout.number_form not in FORMS:
        raise ValueError(f"needs a number_form that is one of {', '.join(FORMS)}")
    try:
        mark = bytes.fromhex(layout.mark)
    except ValueError as error:
        raise ValueError("needs a mark in hexadecimal") from error
    spans = {"mark": (layout.mark_at, len(mark)), "number": (layout.number_at, layout.number_length)}
    singles = {"usage": layout.usage_at, "parts": layout.parts_at, "part": layout.part_at}
    spans |= {name: (at, 1) for name, at in singles.items() if at is not None}
    spans |= {"crc": (layout.crc_at, 2)} if layout.crc_at is not None else {}
    for name, (at, length) in spans.items():
        if at < 0 or length < 1 or at + length > layout.length:
            raise ValueError(f"has its {name} outside of the {layout.length} bytes")


class DutchModel:
    """Reads tags by a layout."""

    name = "dutch"

    def __init__(self, layout: DutchLayout) -> None:
        self._layout = layout
        self._mark = bytes.fromhex(layout.mark)
        self.checked = layout.crc_at is not None

    def read(self, memory: bytes, dsfid: int, *, whole: bool) -> TagData:
        """See `devices.item_pad.tag_models.TagModel.read`."""
        layout = self._layout
        if memory[layout.mark_at : layout.mark_at + len(self._mark)] != self._mark:
            raise TagError("not marked as of this model")
        if len(memory) < layout.length:
            raise TagDamaged("the tag is too small") if whole else TagUnfinished("the block breaks off")
        block = memory[: layout.length]
        if layout.crc_at is not None:
            rest = block[: layout.crc_at] + block[layout.crc_at + 2 :]
            if crc16(rest) != int.from_bytes(block[layout.crc_at : layout.crc_at + 2], "little"):
                raise TagDamaged("the checksum is wrong")
        part, parts = parts_in(self._byte(block, layout.part_at) or 0, self._byte(block, layout.parts_at) or 0)
        usage = self._byte(block, layout.usage_at)
        return TagData(self._number(block), part, parts, None if usage is None else usage & 0x0F)

    @staticmethod
    def _byte(block: bytes, at: int | None) -> int | None:
        return None if at is None else block[at]

    def _number(self, block: bytes) -> str:
        raw = block[self._layout.number_at :][: self._layout.number_length]
        if self._layout.number_form == "ascii":
            return number_in(raw)
        if self._layout.number_form == "integer":
            return str(int.from_bytes(raw, "big"))
        digits = raw.hex().rstrip("f")
        if not digits.isdigit():
            raise TagDamaged("digits that are none")
        return digits
