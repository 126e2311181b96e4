"""Passes through the PC/SC service: contactless chips by their UID; other cards are told as not readable."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable

from devices.links.pcsc import CardSilent, CardState, PcscLink
from devices.pass_reader.cards import GET_UID, CardKind, kind_of, uid_in
from devices.pass_reader.presence import FORGOTTEN_AFTER_S, is_random
from devices.ports import PassFound, PassPresented, PassRemoved, PassUnreadable, Pulse, Send

log = logging.getLogger(__name__)

_WAIT_S = 1.0
_TRIES = 3
_RADIO = frozenset({CardKind.TYPE_A, CardKind.A_OR_B})


class PcscPassReader:
    """One reader: passes that come, are found, go, cannot be read. It reads no number out of a chip's memory."""

    kind = "pass_reader"
    beat_s = 2 * _WAIT_S

    def __init__(self, name: str, reader: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        """`reader`: how its name begins at the PC/SC service, empty for the only one."""
        self.name = name
        self._reader = reader
        self._clock = clock
        self._link: PcscLink | None = None
        self._told: bytes | None = None  # the UID that lies there
        self._first = CardState()  # what it held when it was opened
        self._seen = -math.inf

    def open(self) -> None:
        """Find the reader; raises DeviceGone, or DeviceUnplugged where it is not there."""
        self._link = PcscLink(self._reader)
        self._first = self._link.wait(CardState(), _WAIT_S)  # a reader that is ready has looked: what comes then, comes

    def run(self, send: Send, stop: threading.Event) -> None:
        """Tell of cards until told to stop; raises DeviceGone."""
        link, state = self._link, self._first
        if link is not None:
            self._take(link, state, send, first=True)
        while link is not None and not stop.is_set():
            now = link.wait(state, _WAIT_S)
            self._seen = self._clock()
            if now != state:
                state = now
                self._take(link, state, send)
            send(Pulse())

    def wake(self) -> None:
        """End the wait for a card."""
        link = self._link
        if link is not None:
            link.wake()

    def close(self) -> None:
        """Let go of the reader."""
        link, self._link = self._link, None
        if link is not None:
            link.close()

    def _take(self, link: PcscLink, state: CardState, send: Send, *, first: bool = False) -> None:
        """`first`: nobody saw it come, as in `Presence.opened`."""
        if state.atr is None:
            self._present(None, send)
            return
        kind = kind_of(state.atr)
        uid = self._uid(link, kind) if kind in _RADIO else None
        was_blind = self._clock() - self._seen >= FORGOTTEN_AFTER_S
        self._present(uid, send, found=first and (was_blind or uid == self._told))
        if uid is None:
            log.info("%s: no pass can be read (%s)", self.name, kind.value)
            send(PassUnreadable(self.name, kind.value, self._clock()))

    def _uid(self, link: PcscLink, kind: CardKind) -> bytes | None:
        for _ in range(_TRIES):  # a chip that is being laid down may fall silent once
            try:
                return uid_in(kind, link.ask(GET_UID))
            except CardSilent as silence:
                log.debug("%s: %s", self.name, silence)
        return None

    def _present(self, uid: bytes | None, send: Send, *, found: bool = False) -> None:
        if uid == self._told and not found:
            return
        if self._told is not None and (uid is None or not found):
            send(PassRemoved(self.name, self._clock()))
        self._told = uid
        if uid is not None:
            send((PassFound if found else PassPresented)(self.name, uid, None, is_random(uid), self._clock()))
