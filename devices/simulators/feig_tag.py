"""Simulated tags of ISO 15693: their memory, AFI and EAS bit, and when they are not where the pad looks for them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import field

from devices.item_pad import danish, iso28560_2
from devices.item_pad.tag_data import TagData, TagError, turned
from values import dataclass

BLOCK = 4
MODELS: Mapping[str, tuple[int, int, Callable[[TagData], bytes]]] = {  # DSFID, blocks, encoder
    "iso28560-3": (0x3E, 28, danish.encode),
    "iso28560-3-small": (0x3E, 8, lambda data: danish.encode(data, danish.SMALL_BLOCK)),
    "iso28560-2": (0x06, 28, iso28560_2.encode),
    "foreign": (0x00, 28, lambda _: b""),
}


@dataclass
class SimulatedTag:
    """One tag. `moves`: at which command it leaves the field, `back_after` so many commands (None: for good)."""

    uid: bytes
    memory: bytearray
    dsfid: int
    afi: int
    eas: bool
    number: str = ""
    part: int = 1
    parts: int = 1
    model: str = ""
    quiet: bool = False
    locked: bool = False
    moves: str = ""
    back_after: int | None = 0
    away: int | None = field(default=0)

    @property
    def there(self) -> bool:
        """Whether the field reaches it."""
        return self.away == 0

    def leave(self) -> None:
        """Be moved out of the field."""
        self.moves, self.away = "", self.back_after

    def command_passed(self) -> None:
        """Come back in time."""
        if self.away:
            self.away -= 1

    def blocks(self, first: int, count: int) -> list[bytes] | None:
        """Blocks of the memory, None when there are not so many."""
        if count < 1 or (first + count) * BLOCK > len(self.memory):
            return None
        return [bytes(self.memory[at * BLOCK : (at + 1) * BLOCK]) for at in range(first, first + count)]


def make_tag(data: TagData, model: str, uid: bytes, memory: bytes | None, *, turn: bool) -> SimulatedTag:
    """A tag as a library writes it, or with any `memory`; raises ValueError with a sentence.

    `turn`: the pad delivers the bytes of a block in the opposite order, as FEIG's do.
    """
    if model not in MODELS:
        raise ValueError(f"there is no model {model!r}; choose from {', '.join(MODELS)}")
    dsfid, blocks, encode = MODELS[model]
    try:
        written = encode(data) if memory is None else memory
    except TagError as error:
        raise ValueError(str(error)) from error
    if len(written) > blocks * BLOCK:
        raise ValueError(f"a tag of this model has {blocks * BLOCK} bytes")
    whole = written.ljust(blocks * BLOCK, b"\x00")
    made = uid or b"\xe0\x04\x01\x00" + zlib.crc32(f"{data.number}/{data.part}".encode()).to_bytes(4, "big")
    if len(made) != 8 or made[0] != 0xE0:
        raise ValueError("the UID has 8 bytes, the first of them E0")
    memory_ = bytearray(turned(whole, BLOCK) if turn else whole)
    number = "" if model == "foreign" else data.number
    return SimulatedTag(
        made, memory_, dsfid, 0x07, eas=True, number=number, part=data.part, parts=data.parts, model=model
    )
