"""How long one tag holds a caller whose pad answers badly, told by a clock that goes by waiting alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from devices.item_pad.feig_line import FeigLine
from devices.item_pad.feig_pad import FeigPad
from devices.item_pad.feig_tags import FeigTags
from devices.item_pad.gate import Gate
from devices.item_pad.tag_data import TagData
from devices.ports import TagSecurity
from devices.simulators.feig_chip import FeigChip, kind_of
from devices.simulators.feig_tag import SimulatedTag, make_tag
from tests.fuzz.played_link import PlayedLink

ANSWER_S, DEADLINE_S = 0.5, 2.0


class Pad:
    """One tag on a pad; of the commands of a kind in `silent` it says nothing, and `does_not` carry them out."""

    def __init__(self, *silent: str, does_not: str = "") -> None:
        self.chip = FeigChip()
        self.tag: SimulatedTag = make_tag(TagData("30001234567890"), "iso28560-3", b"", None, turn=True)
        self.chip.tags[self.tag.uid] = self.tag
        self.silent: tuple[str, ...] = ()
        self.does_not = does_not
        self.link = PlayedLink(answers=self._answers)
        link: Any = self.link  # a SerialLink to the driver
        self._tags = FeigTags(FeigLine(link, self.link.clock), [], Gate(), self.link.clock)
        self._tags.wake_all()  # as when the driver opens it
        self.silent = silent

    def _answers(self, asked: bytes) -> Iterator[bytes]:
        for command in self.chip.receive(asked):
            kind = kind_of(command)
            answer = b"" if kind == self.does_not else self.chip.answer(command)
            if kind not in self.silent and "everything" not in self.silent:
                yield answer

    def unsecure(self) -> tuple[TagSecurity, float]:
        """The outcome, and the seconds that it took."""
        began = self.link.now
        outcome = self._tags.switch(self.tag.uid, TagSecurity.UNSECURED, began + DEADLINE_S)
        return outcome, self.link.now - began


def test_a_bit_whose_writing_is_done_and_not_answered_is_read_back_and_believed() -> None:
    outcome, seconds = Pad("write").unsecure()
    assert outcome is TagSecurity.UNSECURED
    assert seconds < ANSWER_S + 0.2


def test_a_bit_whose_writing_is_neither_done_nor_answered_is_told_as_it_is() -> None:
    pad = Pad("write", does_not="write")
    outcome, seconds = pad.unsecure()
    assert outcome is TagSecurity.SECURED
    assert pad.tag.afi == 0x07
    assert seconds < 2 * ANSWER_S + 0.4


def test_a_pad_that_says_nothing_at_all_holds_its_caller_for_two_answers_and_then_for_one() -> None:
    pad = Pad("everything")
    assert [pad.unsecure()[0] for _ in range(3)] == [TagSecurity.UNKNOWN] * 3
    pad = Pad("everything")
    assert pad.unsecure()[1] < 2 * ANSWER_S + 0.2
    assert pad.unsecure()[1] < ANSWER_S + 0.2


def test_a_bit_that_cannot_be_read_back_holds_its_caller_for_two_answers() -> None:
    pad = Pad("system")
    outcome, seconds = pad.unsecure()
    assert outcome is TagSecurity.UNKNOWN
    assert seconds < 2 * ANSWER_S + 0.4
    pad.silent = ()
    assert pad.unsecure()[0] is TagSecurity.UNSECURED


def test_a_pad_that_is_silent_once_is_asked_again() -> None:
    pad = Pad("everything")
    answers = pad.chip.receive

    def receive(data: bytes) -> Iterator[bytes]:
        yield from answers(data)
        pad.silent = ()  # after the first command

    pad.chip.receive = receive  # type: ignore[method-assign]
    assert pad.unsecure()[0] is TagSecurity.UNSECURED


def test_a_pad_that_is_gone_for_a_while_holds_nobody() -> None:
    now = [0.0]
    pad = FeigPad("pad", "/dev/none", clock=lambda: now[0])
    now[0] = 60.0
    began = time.monotonic()
    assert pad.unsecure(b"\xe0\x04\x01\x00\x00\x00\x00\x01", 2.0) is TagSecurity.UNKNOWN
    assert time.monotonic() - began < 1.0  # one that has just gone is waited for longer than that
