"""What is done with tags on a FEIG pad: seen, read, switched and read back, over as few exchanges as there can be."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from devices.item_pad import obid, obid_tags
from devices.item_pad.feig_line import FeigLine, NoAnswer, PadMute
from devices.item_pad.gate import Gate
from devices.item_pad.obid import Answer, FrameError
from devices.item_pad.obid_tags import Blocks, Sighting
from devices.item_pad.tag_data import PATRON_CARD, TagData
from devices.item_pad.tag_models import Reading, TagModel, read_tag
from devices.ports import PadItem, TagSecurity

_FIRST_BLOCKS = 9  # of four bytes: a whole basic block of ISO 28560-3
_MORE_BLOCKS = 8
_LONGEST_MEMORY = 256
_MOST_ANSWERS = 20  # of one inventory, of some 24 tags each
_TRIES = 3
_MOST_SILENCES = 2  # of one switching: each costs half a second, and whoever stands there has more tags
Fact = TypeVar("Fact")


class FeigTags:
    """The tags on one pad; used by one thread. All methods raise FrameError, DeviceGone and DeviceTimeout."""

    def __init__(
        self, line: FeigLine, models: Sequence[TagModel], gate: Gate, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._line = line
        self._models = models
        self._gate = gate
        self._clock = clock

    def look(self) -> tuple[Sighting, ...]:
        """The tags that answer now."""
        found: tuple[Sighting, ...] = ()
        for number in range(_MOST_ANSWERS):
            answer = self._line.ask(obid_tags.inventory(more=number > 0))
            if answer.status == obid.NO_TAG:
                return found
            if answer.status not in (obid.OK, obid.RF_WARNING, obid.MORE_DATA):
                raise FrameError(f"an inventory of status {answer.status:02X}h")
            told = self._told(obid_tags.sightings, answer)
            if told is None:
                raise FrameError("an inventory that makes no sense")
            found += told
            if answer.status != obid.MORE_DATA:
                return found
        raise FrameError("an inventory without an end")

    def wake_all(self) -> None:
        """Switch the field off and on: tags that were told to be quiet answer again."""
        self._line.ask(obid_tags.RF_RESET)

    def read(self, sighting: Sighting) -> PadItem | None:
        """What lies there; None when the tag did not answer, or stopped to while it was read."""
        reading = self._read(sighting)
        if reading is None:
            return None
        said = reading.data or TagData("")
        is_pass = said.usage == PATRON_CARD
        security = TagSecurity.UNKNOWN if is_pass else self.security(sighting.uid)
        number = said.number if reading.data is not None else None
        return PadItem(sighting.uid, number, said.part, said.parts, said.usage, reading.model, security)

    def _read(self, sighting: Sighting) -> Reading | None:
        memory, size, wanted = b"", 0, _FIRST_BLOCKS
        while True:
            found = self._some_blocks(sighting.uid, len(memory) // size if size else 0, wanted)
            if found is None:
                return None
            count = len(found.data) // found.size
            whole = count == 0 or count == wanted - 1  # one more was refused: there is none
            memory, size = memory + found.data, found.size if found.data else size or found.size
            reading = read_tag(self._models, memory, size, sighting.dsfid, whole=whole)
            if not reading.unfinished or len(memory) >= _LONGEST_MEMORY:
                return reading
            wanted = _MORE_BLOCKS

    def _some_blocks(self, uid: bytes, first: int, wanted: int) -> Blocks | None:
        """As many blocks as there are, `wanted` at most; none beyond the memory's end, None when the tag is silent."""
        for count in (wanted, *(one for one in (8, 4, 2, 1) if one < wanted)):
            answer = self._line.ask(obid_tags.read_blocks(uid, first, count))
            if answer.status == obid.OK:
                return self._told(partial(obid_tags.blocks, count=count), answer)
            if answer.status not in (obid.ADDRESS_ERROR, obid.TAG_ERROR):
                return None
        return Blocks(4, b"")

    def security(self, uid: bytes, until: float | None = None) -> TagSecurity:
        """What the gate makes of a tag now."""
        afi = self._afi(uid, until) if self._gate.afi else None
        eas = self._eas(uid, until) if self._gate.eas else None
        return self._gate.judge(afi, eas)

    def switch(self, uid: bytes, wanted: TagSecurity, deadline: float) -> TagSecurity:
        """Make the gate bits say `wanted` and read them back; what was read back last, UNKNOWN when nothing was.

        A writing that was not answered may be done: it is read back as any. Where the library has no gate, nothing is
        done and the answer is what was asked.
        """
        if self._gate.security == "none":
            return wanted
        found, silences = TagSecurity.UNKNOWN, 0
        for _ in range(_TRIES):
            if self._clock() >= deadline or found is wanted or silences >= _MOST_SILENCES:
                break
            found = TagSecurity.UNKNOWN  # a write may be done from here on, whatever was read back before
            try:
                silences += self._is_silent(lambda: self._write(uid, wanted, deadline))
                found = self.security(uid, deadline)
            except PadMute:
                break
            except NoAnswer:
                silences += 1
            except FrameError:
                continue
        return found

    @staticmethod
    def _is_silent(write: Callable[[], None]) -> bool:
        """Whether nothing was said to a writing; a broken answer is none worth a word."""
        try:
            write()
        except PadMute:
            raise
        except NoAnswer:
            return True
        except FrameError:
            return False
        return False

    def _write(self, uid: bytes, wanted: TagSecurity, until: float) -> None:
        """What the pad says of the writing does not count: only what is read back does."""
        if self._gate.afi:
            self._line.ask(obid_tags.write_afi(uid, self._gate.afi_for(wanted)), until)
        if self._gate.eas and obid_tags.has_eas(uid):
            self._line.ask(obid_tags.write_eas(uid, on=wanted is TagSecurity.SECURED), until)

    def _afi(self, uid: bytes, until: float | None) -> int | None:
        answer = self._line.ask(obid_tags.system_information(uid), until)
        if answer.status != obid.OK:
            return None
        return self._told(partial(obid_tags.afi_of, uid=uid), answer)

    def _eas(self, uid: bytes, until: float | None) -> bool | None:
        """A tag that is away is as silent as one whose bit is clear: silence counts twice, with a word between them."""
        if not obid_tags.has_eas(uid):
            return None
        for last in (False, True):
            status = self._line.ask(obid_tags.eas_alarm(uid), until).status
            if status != obid.NO_TAG:
                return True if status == obid.OK else None
            if not last and self._line.ask(obid_tags.system_information(uid), until).status != obid.OK:
                return None
        return False

    def _told(self, decode: Callable[[Answer], Fact], answer: Answer) -> Fact | None:
        """A whole answer that does not tell what was asked is no answer; it may have been to an earlier question."""
        try:
            return decode(answer)
        except FrameError:
            self._line.distrust()
            return None
