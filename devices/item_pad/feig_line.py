"""Questions to a FEIG pad and their answers, in step: an answer does not say which question it belongs to.

After a silence or a broken answer the pad is asked for its version; what comes before that answer is thrown away.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from devices.item_pad import obid, obid_tags
from devices.item_pad.obid import Answer, FrameError, Framer
from devices.links.descriptor import DescriptorLink

ANSWER_S = 0.5
_WRITE_S = 1.0
_QUIET_S = 0.05
_LONGEST_NOISE_S = 1.0
_PIECE = 4096


class NoAnswer(FrameError):
    """The pad did not answer in time."""


class PadMute(NoAnswer):
    """It did not even say who it is: nothing more is worth asking of it now."""


class FeigLine:
    """One pad's line; used by one thread."""

    def __init__(self, link: DescriptorLink, clock: Callable[[], float] = time.monotonic) -> None:
        self._link = link
        self._clock = clock
        self._framer = Framer()
        self._in_step = False

    def ask(self, command: bytes, until: float | None = None) -> Answer:
        """The answer to a command, until the clock says `until` at most, and half a second at most.

        Raises NoAnswer, PadMute, FrameError, and DeviceGone or DeviceTimeout where the line itself is lost.
        """
        limit = self._clock() + ANSWER_S if until is None else min(until, self._clock() + ANSWER_S)
        if not self._in_step:
            self._get_in_step(limit)
        self._in_step = False
        answer = self._exchange(command, limit)
        self._in_step = True
        return answer

    def distrust(self) -> None:
        """The last answer made no sense: get in step before the next question."""
        self._in_step = False

    def pause(self, seconds: float) -> None:
        """Wait, until woken at the latest; nothing is expected meanwhile."""
        if seconds > 0 and self._link.read(_PIECE, seconds):
            self._in_step = False

    def _get_in_step(self, limit: float) -> None:
        began = self._clock()
        while self._link.read(_PIECE, _QUIET_S):
            if self._clock() - began > _LONGEST_NOISE_S:
                raise FrameError("noise without an end")
        self._framer.forget()
        try:
            self._exchange(obid_tags.SOFTWARE_VERSION, limit)
        except NoAnswer as silence:
            raise PadMute("no answer") from silence

    def _exchange(self, command: bytes, limit: float) -> Answer:
        self._link.write(obid.request(command), _WRITE_S)
        while True:
            while (answer := self._framer.take()) is not None:
                if answer.control == command[0]:
                    return answer
            left = limit - self._clock()
            if left <= 0:
                raise NoAnswer("no answer")
            self._framer.feed(self._link.read(_PIECE, left))
