"""Which models a tag is read by, in the order of the configuration; the order of its bytes is found out, not assumed.

A maker's own model (such as 3M's, which is not public) is one class more in here and in MODELS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from devices.item_pad.danish import DanishModel
from devices.item_pad.dutch import DutchModel, layout_of
from devices.item_pad.iso28560_2 import Iso28560Part2Model
from devices.item_pad.tag_data import TagDamaged, TagData, TagError, TagUnfinished, turned
from values import dataclass


class TagModel(Protocol):
    """One way in which libraries write on tags."""

    @property
    def name(self) -> str:
        """As in the configuration, and in `devices.ports.PadItem.model`."""

    @property
    def checked(self) -> bool:
        """Whether a checksum tells a right reading from a wrong one."""

    def read(self, memory: bytes, dsfid: int, *, whole: bool) -> TagData:
        """What the tag says; `memory` from its first block on, `whole` when it is all of it.

        Raises TagError when the tag is of another model, TagDamaged when it is of this one and cannot be believed,
        TagUnfinished when more of the memory is needed; nothing else, whatever the bytes.
        """


MODELS: Mapping[str, Callable[[Mapping[str, object]], TagModel]] = {
    "iso28560-3": lambda _: DanishModel(),
    "iso28560-2": lambda _: Iso28560Part2Model(),
    "dutch": lambda options: DutchModel(layout_of(options.get("dutch"))),
}
STANDARD = ("iso28560-3", "iso28560-2")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a tag said: `data` None when it cannot be believed, `model` then the one that it seems to be of.

    `model` is empty for a foreign tag; `unfinished` when reading on may tell more.
    """

    data: TagData | None
    model: str
    unfinished: bool = False


def read_tag(models: Sequence[TagModel], memory: bytes, block_size: int, dsfid: int, *, whole: bool) -> Reading:
    """The first model's reading that can be believed, of the bytes as they came or turned within each block.

    Without a checksum, bytes that give two different numbers give none, and both orders are read to their end.
    """
    damaged = Reading(None, "")
    unfinished = False
    for model in models:
        said: list[TagData] = []
        breaks_off = False
        for bytes_ in (memory, turned(memory, block_size)):
            try:
                said.append(model.read(bytes_, dsfid, whole=whole))
            except TagUnfinished:
                breaks_off = not whole
                damaged = damaged if damaged.model else Reading(None, model.name)
            except TagDamaged:
                damaged = damaged if damaged.model else Reading(None, model.name)
            except TagError:
                continue
            if said and model.checked:
                break
        if said and said.count(said[0]) == len(said) and (model.checked or not breaks_off):
            return Reading(said[0], model.name)
        unfinished = unfinished or breaks_off
        if said:
            damaged = damaged if damaged.model else Reading(None, model.name)
    return Reading(None, damaged.model, unfinished)
