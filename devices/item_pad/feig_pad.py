"""FEIG pads (OBID ISO-host, such as CPR.M02 and i-scan) on a serial line: what lies there, and its gate bits.

An item of several tags is told tag by tag, each with its part; passes that are tags of ISO 15693 are passes, not items.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from devices.item_pad.feig_line import FeigLine
from devices.item_pad.feig_tags import FeigTags
from devices.item_pad.gate import AFI_IN_STOCK, AFI_ON_LOAN, Gate
from devices.item_pad.obid import FrameError
from devices.item_pad.pad_state import PadState
from devices.item_pad.switching import Switching
from devices.item_pad.tag_models import MODELS, STANDARD
from devices.links.serial import SerialLink
from devices.ports import (
    DeviceTimeout,
    ItemsChanged,
    PadItem,
    PassFound,
    PassPresented,
    PassRemoved,
    Pulse,
    Send,
    TagSecurity,
)

log = logging.getLogger(__name__)

FAULTS_UNTIL_DEGRADED = 3
FAULTS_UNTIL_REOPENED = 6
FORGOTTEN_AFTER_S = 2.0
_MORE_S = 0.03
_LATEST_LOOK_S = 0.5
_SETTLE_S = 1.5  # how long after it was closed a pad is waited for, which may just be being reopened


class FeigPad:
    """A supervised device and an ItemPad in one; all traffic is on the device's own thread."""

    kind = "item_pad"
    beat_s = (
        3.0  # a look at a stack of thirty takes more than one second, a tag that does not answer its switching three
    )

    def __init__(
        self,
        name: str,
        port: str,
        baud: int = 38400,
        poll_ms: int = 50,
        security: str = "afi",
        afi_secured: int = AFI_IN_STOCK,
        afi_unsecured: int = AFI_ON_LOAN,
        models: Sequence[str] = STANDARD,
        dutch: object = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`models` are tried in their order; `dutch` is the layout of the model of that name."""
        self.name = name
        self._port, self._baud, self._poll_s = port, baud, poll_ms / 1000
        self._gate = Gate(security, afi_secured, afi_unsecured)
        self._models = [MODELS[one]({"dutch": dutch}) for one in models]
        self._clock = clock
        self._link: SerialLink | None = None
        self._line: FeigLine | None = None
        self._tags: FeigTags | None = None
        self._open = threading.Event()
        self._closed_at = clock()
        self._asked: deque[Switching] = deque()
        self._state = PadState()
        self._last_look = 0.0
        self._told: tuple[PadItem, ...] | None = None  # None: nothing yet since the line was opened
        self._told_pass: bytes | None = None
        self._was_blind = True  # so long that whoever laid a pass there may have gone

    # -- for those who switch, from any thread

    def secure(self, uid: bytes, deadline_s: float) -> TagSecurity:
        """See `devices.ports.ItemPad.secure`."""
        return self._switch(uid, TagSecurity.SECURED, deadline_s)

    def unsecure(self, uid: bytes, deadline_s: float) -> TagSecurity:
        """See `devices.ports.ItemPad.unsecure`."""
        return self._switch(uid, TagSecurity.UNSECURED, deadline_s)

    def _switch(self, uid: bytes, wanted: TagSecurity, deadline_s: float) -> TagSecurity:
        deadline = self._clock() + deadline_s
        if not self._open.wait(max(0.0, min(self._closed_at + _SETTLE_S - self._clock(), deadline_s))):
            return TagSecurity.UNKNOWN
        one = Switching(uid, wanted, deadline)
        self._asked.append(one)
        if not self._open.is_set():  # closed meanwhile: nobody may look into the queue for a while
            one.finish(TagSecurity.UNKNOWN)
        self.wake()
        outcome = one.wait(max(0.0, deadline - self._clock()))
        if outcome is not wanted:
            log.warning("%s: a tag to be %s is %s", self.name, wanted.value, outcome.value)
        return outcome

    # -- for the supervisor, on the device's thread

    def open(self) -> None:
        """Open the line and ask who is there; raises DeviceGone, or DeviceTimeout when no pad answers."""
        self._link = SerialLink(self._port, self._baud, "E")
        self._line = FeigLine(self._link, self._clock)
        self._tags = FeigTags(self._line, self._models, self._gate, self._clock)
        try:
            self._tags.wake_all()
        except FrameError as fault:
            raise DeviceTimeout(f"{self._port}: no pad answers there") from fault
        self._open.set()

    def run(self, send: Send, stop: threading.Event) -> None:
        """Look until told to stop; raises DeviceGone, or DeviceTimeout after too many faulty answers."""
        line, tags, faults = self._line, self._tags, 0
        if line is None or tags is None:
            return
        self._told, self._was_blind = None, self._clock() - self._last_look >= FORGOTTEN_AFTER_S
        self._state.opened(anew=self._was_blind)
        while not stop.is_set():
            began = self._clock()
            try:
                self._look(tags, stop)
                self._tell(send)
                send(Pulse())
                faults = 0
            except FrameError as fault:
                faults += 1
                self._complain(faults, fault, send)
            self._rest(line, tags, began, send, stop)

    def _rest(self, line: FeigLine, tags: FeigTags, began: float, send: Send, stop: threading.Event) -> None:
        """Until the next look is due; one that follows a switching waits a moment: who switches a stack has more."""
        due, latest = began + self._poll_s, began + max(self._poll_s, _LATEST_LOOK_S)
        while not stop.is_set() and self._clock() < due:
            if not self._asked:
                line.pause(due - self._clock())
            if self._asked:
                self._switch_what_is_asked(tags)
                self._tell(send)
                due = min(latest, max(due, self._clock() + _MORE_S))

    def _complain(self, faults: int, fault: FrameError, send: Send) -> None:
        level = logging.WARNING if faults == FAULTS_UNTIL_DEGRADED else logging.DEBUG
        log.log(level, "%s: faulty answer %d in a row (%s)", self.name, faults, fault)
        if faults >= FAULTS_UNTIL_REOPENED:
            raise DeviceTimeout(f"{self._port}: {faults} faulty answers in a row") from fault
        if faults >= FAULTS_UNTIL_DEGRADED:
            send(Pulse(trouble="its answers are faulty"))

    def wake(self) -> None:
        """End the pause between two looks."""
        link = self._link
        if link is not None:
            link.wake()

    def close(self) -> None:
        """Let go of the line; what was asked and not done is unknown."""
        if self._open.is_set():
            self._closed_at = self._clock()
        self._open.clear()
        link, self._link, self._line, self._tags = self._link, None, None, None
        if link is not None:
            link.close()
        while self._asked:
            self._asked.popleft().finish(TagSecurity.UNKNOWN)

    def _look(self, tags: FeigTags, stop: threading.Event) -> None:
        self._switch_what_is_asked(tags)
        self._state.seen(tags.look())
        self._last_look = self._clock()
        for sighting in self._state.unread():
            if stop.is_set():
                return
            self._switch_what_is_asked(tags)
            self._state.read(sighting.uid, tags.read(sighting))
        if self._state.misses:
            tags.wake_all()

    def _switch_what_is_asked(self, tags: FeigTags) -> None:
        while self._asked:
            one = self._asked.popleft()
            found = TagSecurity.UNKNOWN
            try:
                if one.begin():
                    found = tags.switch(one.uid, one.wanted, one.deadline)
                    self._state.switched(one.uid, found)
            finally:
                one.finish(found)

    def _tell(self, send: Send) -> None:
        """What changed; after an opening all of it in any case, and nothing before all of it was looked at."""
        first = self._told is None
        if first and not self._state.is_known:
            return
        if self._state.items != self._told:
            self._told = self._state.items
            send(ItemsChanged(self.name, self._told, self._clock()))
        presented = self._state.presented
        uid = presented.uid if presented is not None else None
        found = first and uid is not None and (self._was_blind or uid == self._told_pass)
        if uid == self._told_pass and not found:
            return
        if self._told_pass is not None and not found:
            send(PassRemoved(self.name, self._clock()))
        self._told_pass = uid
        if presented is not None:
            tell = PassFound if found else PassPresented
            send(tell(self.name, presented.uid, presented.number, random_uid=False, at=self._clock()))
