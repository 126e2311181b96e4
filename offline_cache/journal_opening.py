"""Opens the journal as the kiosk does: a damaged one is kept aside, said, and lending stays closed (journal_loss)."""

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from circulation.identifiers import EventId, KioskId
from offline_cache.journal import Journal
from offline_cache.journal_faults import JournalDamaged, JournalFault
from offline_cache.journal_loss import keep_aside
from offline_cache.letterbox import Letterbox
from offline_cache.sealing import Seal

log = logging.getLogger(__name__)


def open_journal(
    path: Path, seal: Seal | Letterbox, kiosk: KioskId, new_id: Callable[[], EventId], now: Callable[[], datetime]
) -> Journal:
    """The kiosk's journal. Raises JournalDamaged where events may be lost: nothing may be lent until staff accept it.

    Raises JournalFault for whatever else keeps it from being used (in use, another key, no space).
    """
    try:
        return Journal(path, seal, kiosk, new_id)
    except JournalDamaged as fault:
        try:
            loss = keep_aside(path, kiosk, str(fault), now())
        except OSError as second:
            raise JournalFault(f"{fault}; it cannot be kept aside: {type(second).__name__}") from None
        log.critical("%s: kept as %s; nothing is lent until staff accept the loss", loss.why, loss.kept or "nothing")
        raise JournalDamaged(f"{loss.why}; kept as {loss.kept or 'nothing'}; staff must accept the loss") from None
