"""What can be decided here while nobody answers; None where there is nothing to decide it from.

The mirror and its rules are loaded after the first picture, or when they are first needed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

from circulation.events import Action
from circulation.identifiers import EventId, ItemBarcode, PatronRef
from circulation.outcomes import CheckedOut, Identified, Refused
from circulation.presented import Presented

if TYPE_CHECKING:
    from circulation.affairs import CheckedIn, Paid

log = logging.getLogger(__name__)
Decision: TypeAlias = "CheckedOut | CheckedIn | Paid | Refused"
Result = TypeVar("Result")
# How long a loan may run only its own library knows, with who else waits for it: a renewal is never decided here.
_NEVER_HERE = (Action.RENEW, Action.RENEW_ALL)


class Deciding(Protocol):
    """See `offline_cache.offline_desk.OfflineDesk`."""

    def lends(self, at: datetime) -> bool: ...
    def known_as(self, patron: PatronRef) -> PatronRef: ...
    def identify(self, presented: Presented, at: datetime) -> Identified | Refused: ...
    def decide(
        self,
        action: Action,
        presented: Presented | None,
        item: ItemBarcode | None,
        at: datetime,
        *,
        apart_from: EventId | None = None,
    ) -> Decision: ...


class WithoutLine:
    """`make` builds the desk, and gives None as long as it cannot (no mirror is configured, or there is no key yet)."""

    def __init__(self, make: Callable[[], Deciding | None], now: Callable[[], datetime]) -> None:
        self._make, self._now = make, now
        self._making = threading.Lock()
        self._desk: Deciding | None = None
        self._why = ""

    def prepare(self) -> None:
        """Loads what a first decision would wait for."""
        desk = self._found()
        if desk is not None:
            desk.lends(self._now())

    def lends(self) -> bool:
        """Whether something could be lent now without the library system."""
        desk = self._found()
        return desk is not None and desk.lends(self._now())

    def identify(self, presented: Presented) -> Identified | Refused | None:
        """Who is this, as far as it is known here?"""
        desk = self._found()
        return None if desk is None else self._unless_none(lambda: desk.identify(presented, self._now()))

    def decide(
        self,
        action: Action,
        presented: Presented | None,
        item: ItemBarcode | None,
        at: datetime,
        apart_from: EventId | None = None,
    ) -> Decision | None:
        """What is answered at that instant (UTC). A return is taken in whatever is known here (K10)."""
        if action in _NEVER_HERE:
            return None
        desk = self._found()
        if desk is not None:
            return self._unless_none(lambda: desk.decide(action, presented, item, at, apart_from=apart_from))
        return laid_apart(item) if action is Action.CHECK_IN and item is not None else None

    def known_as(self, patron: Identified) -> Identified:
        """The patron as the mirror calls them, so that a visit goes on under one name whoever answers."""
        desk = self._desk  # where it is not loaded yet, nothing was decided here
        ref = None if desk is None else self._unless_none(lambda: desk.known_as(patron.patron))
        return patron if ref is None else replace(patron, patron=ref)

    def _found(self) -> Deciding | None:
        with self._making:
            if self._desk is None:
                self._desk = self._make()
            return self._desk

    def _unless_none(self, ask: Callable[[], Result]) -> Result | None:
        """The answer, or None where the mirror cannot be read; said once in the log, not at every scan."""
        from offline_cache.mirror import NoMirror

        try:
            answer = ask()
        except NoMirror as fault:
            if self._why != str(fault):
                self._why = str(fault)
                log.warning("without a line nothing can be lent: %s", fault)
            return None
        self._why = ""
        return answer


def laid_apart(item: ItemBarcode) -> CheckedIn:
    """K10: a return of which nothing is known here; staff look at it."""
    from circulation.affairs import CheckedIn, Route

    return CheckedIn(item, "", Route.STAFF, was_on_loan=False, provisional=True)
