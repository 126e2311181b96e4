"""Opens what a kiosk cannot lend without: its credential, and its journal with the key of that (house decision 7).

No exception and no line of the log says more of a secret than the name of its file.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from circulation.identifiers import EventId, KioskId, new_event_id
from kiosk.config import ConfigError, KioskConfig, read_config
from kiosk.texts import available

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from offline_cache.journal import Journal
    from offline_cache.letterbox import Letterbox
    from offline_cache.sealing import Seal

Secret = TypeVar("Secret")
KEY_S = 2.0  # so long a start without a line waits for a key (level b)


class CannotStart(Exception):
    """A file that the configuration names cannot be used."""

    word = "secrets"


def opened(config: KioskConfig) -> tuple[str, Journal]:
    """The kiosk's credential and its journal. Raises CannotStart, JournalFault."""
    from offline_cache.journal_opening import open_journal

    token = _secret(config, config.store.token_file, _read_token)
    seal = _journal_seal(config, token)
    kiosk, path = KioskId(config.kiosk.id), config.path(config.journal.path)
    return token, open_journal(path, seal, kiosk, new_id, partial(datetime.now, UTC))


def why_closed(file: Path) -> str:
    """The word for why a kiosk of this file cannot begin, empty where it can. Without a word in the log as long as a
    loss waits for staff."""
    from offline_cache.journal import JournalDamaged, JournalFault
    from offline_cache.journal_loss import losses

    try:
        config = read_config(file, available())
        if any(not one.accepted for one in losses(config.path(config.journal.path))):
            return JournalDamaged.word
        _, journal = opened(config)
    except ConfigError:
        return "configuration"
    except (CannotStart, JournalFault) as fault:
        return fault.word
    journal.close()
    return ""


def _journal_seal(config: KioskConfig, token: str) -> Seal | Letterbox:
    """By the key in the file; where that is in memory only (key level b), it is had again with the store's. Raises
    CannotStart, JournalFault."""
    from offline_cache.key_level import KeyLevel, level_of
    from offline_cache.sealing import Seal, read_key

    name = config.journal.key_file
    if config.mirror is None or level_of(config.path(name)) is not KeyLevel.FETCHED:
        return Seal(_secret(config, name, read_key))
    from offline_cache.journal_keys import fetched_seal
    from offline_cache.keys import KeyMissing, load_key
    from offline_cache.store_client import StoreClient

    store_key = partial(load_key, config.path(config.mirror.key_file), StoreClient(config.store.url, token), KEY_S)
    journal, kiosk = config.path(config.journal.path), KioskId(config.kiosk.id)
    try:
        return _secret(config, name, lambda file: fetched_seal(journal, file, kiosk, store_key))
    except KeyMissing:
        raise CannotStart(f"{name} is not there, and the store gives none to begin a journal with") from None


def _secret(config: KioskConfig, name: str, read: Callable[[Path], Secret]) -> Secret:
    """What that file holds. Raises CannotStart, which names the file and never what is in it."""
    try:
        return read(config.path(name))
    except (OSError, ValueError) as fault:
        raise CannotStart(f"{name} cannot be used: {type(fault).__name__}") from None


def _read_token(path: Path) -> str:
    token = path.read_text("ascii").strip()
    if not token.isprintable() or not token:
        raise ValueError("not one line of text")
    return token


def new_id() -> EventId:
    """For an act of this moment; no other has it (UUID version 7)."""
    return new_event_id(time.time_ns() // 1_000_000, os.urandom(10))
