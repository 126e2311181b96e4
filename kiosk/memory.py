"""The kiosk's memory put together from its configuration: mirror, journal, and the other kiosks of the branch."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from circulation.identifiers import KioskId
from kiosk.config import KioskConfig

if TYPE_CHECKING:
    from offline_cache.clock import KioskClock
    from offline_cache.journal import Entry, Journal
    from offline_cache.offline_desk import OfflineDesk

log = logging.getLogger(__name__)


def beside_the_pull(config: KioskConfig) -> tuple[Callable[[], bool], Callable[[float], None]]:
    """What the kiosk and the pull tell each other: whether the pull was refused; that it should come soon."""
    from offline_cache.pull_note import KnownRefused
    from offline_cache.pull_wish import wish_pull

    if config.mirror is None:
        return lambda: False, lambda _: None
    folder = config.path(config.mirror.path)
    return KnownRefused(folder), partial(wish_pull, folder)


def offline_desk(config: KioskConfig, journal: Journal, clock: KioskClock, undo: ExitStack) -> OfflineDesk | None:
    """What decides while nobody answers, where a mirror is configured. `undo`: what to end with the kiosk."""
    if config.mirror is None:
        return None
    from offline_cache.age import AsOf, age_of
    from offline_cache.keys import load_key
    from offline_cache.mirror import Mirror
    from offline_cache.offline_desk import OfflineDesk

    key_file = config.path(config.mirror.key_file)
    mirror = Mirror(config.path(config.mirror.path), lambda: load_key(key_file))

    def age(as_of: AsOf, at: datetime) -> timedelta | None:
        journal.saw(as_of.at)
        return age_of(as_of, clock.told(), at, journal.floor())

    if config.sharing is None:
        return OfflineDesk(mirror, _Heard(journal), age)
    from offline_cache.branch import Together, share
    from offline_cache.keys import KeyMissing
    from offline_cache.sharing import addresses

    sharing = config.sharing
    (listen,), kiosk = addresses((sharing.listen,)), KioskId(config.kiosk.id)
    try:
        shared = share(kiosk, journal, mirror, load_key(key_file), clock.told, listen, addresses(sharing.peers))
    except KeyMissing:
        return None  # asked again when it is needed: until then nothing can be read in the mirror either
    except OSError as fault:
        log.error("the kiosks of this branch do not hear of each other: %s", type(fault).__name__)
        return OfflineDesk(mirror, _Heard(journal), age)
    undo.callback(shared.stop)
    return OfflineDesk(mirror, Together(_Heard(journal), shared.heard, clock.told), age)


class _Heard:
    """The journal, that hears by the way how much of it the store has: more than there is, and it is not the one."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def marks(self, seq: int) -> list[tuple[int, str, str]]:
        self._journal.heard(seq)
        return self._journal.marks(seq)

    def entry(self, seq: int) -> Entry:
        return self._journal.entry(seq)
