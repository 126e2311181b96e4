"""The journal's key at level b (house decision 7): it lies in memory only, and is had again with the store's at boot.

On the disk, in `-keys` beside the journal: the key, wrapped for whoever has the store's masking key K, and the public
half of a letterbox. Without K what is done is put into that letterbox, and taken out when K is had.
"""

import json
import logging
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from circulation.identifiers import KioskId
from offline_cache.journal_faults import JournalFault, JournalLocked
from offline_cache.keys import KeyMissing, MirrorKey, derived
from offline_cache.letterbox import Letterbox, public_of
from offline_cache.sealing import KEY_BYTES, Seal, SealBroken, read_key
from offline_cache.whole_file import write_whole
from values import dataclass

log = logging.getLogger(__name__)
_NO_KEY = "the journal cannot be read: its key is not there yet"
PAUSE_S = 10.0  # between two questions for a key that is not there: each may cost a patron the whole deadline


class KeysLost(JournalFault):
    """There is a journal, and what would open it is gone."""

    word = "secrets"


@dataclass(frozen=True, slots=True)
class Keyring:
    """What lies on the disk; it says nothing to whoever has no K. `wrapped`: the journal's key by the id of a K."""

    public: bytes
    wrapped: dict[str, bytes]


def beside(journal: Path) -> Path:
    """Where the keyring of that journal lies."""
    return journal.with_name(journal.name + "-keys")


def fetched_seal(
    journal: Path,
    key_file: Path,
    kiosk: KioskId,
    mirror_key: Callable[[], MirrorKey],
    monotonic: Callable[[], float] = time.monotonic,
) -> Seal | Letterbox:
    """The seal of a journal whose key lies in memory only: the whole one, or a letterbox as long as there is no K.

    `mirror_key` asks for K, and raises KeyMissing; so does this, where a journal is to be begun. Raises KeysLost,
    and OSError where a key cannot be kept.
    """
    ring = read_keyring(journal)
    if key_file.exists():
        key = read_key(key_file)
        with suppress(KeyMissing, OSError):  # wrapped at another start; it is here now
            _wrap(journal, ring, key, kiosk, mirror_key())
        return Seal(key)
    if ring is None and journal.exists():
        raise KeysLost("the keys of the journal are gone")
    try:
        store_key = mirror_key()
        key = _unwrapped(ring, store_key, kiosk) if ring else secrets.token_bytes(KEY_BYTES)
        _wrap(journal, ring, key, kiosk, store_key)
        _keep(key_file, key)
        return Seal(key)
    except KeyMissing:
        if ring is None:
            raise
    log.warning("no key yet: returns only, and what is done is written down for when there is one")
    return Letterbox(ring.public, _Unlocking(ring, key_file, kiosk, mirror_key, monotonic))


class _Unlocking:
    """Gives the whole seal as soon as there is K. Raises JournalLocked until then."""

    def __init__(
        self,
        ring: Keyring,
        key_file: Path,
        kiosk: KioskId,
        mirror_key: Callable[[], MirrorKey],
        monotonic: Callable[[], float],
    ) -> None:
        self._ring, self._key_file, self._kiosk = ring, key_file, kiosk
        self._mirror_key, self._monotonic = mirror_key, monotonic
        self._asked = monotonic()

    def __call__(self) -> Seal:
        now = self._monotonic()
        if now - self._asked < PAUSE_S:
            raise JournalLocked(_NO_KEY)
        self._asked = now  # nobody else asks meanwhile
        try:
            key = _unwrapped(self._ring, self._mirror_key(), self._kiosk)
        except KeyMissing:
            self._asked = self._monotonic()
            raise JournalLocked(_NO_KEY) from None
        _keep(self._key_file, key)
        log.info("the key is there: what was written down meanwhile is told")
        return Seal(key)


def read_keyring(journal: Path) -> Keyring | None:
    """None where there is none. Raises KeysLost where it cannot be read."""
    try:
        said = json.loads(beside(journal).read_text("ascii"))
        wrapped = {str(name): bytes.fromhex(one) for name, one in said["wrapped"].items()}
        return Keyring(bytes.fromhex(said["public"]), wrapped)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as fault:
        raise KeysLost(f"the keys of the journal cannot be read: {type(fault).__name__}") from None


def _wrap(journal: Path, ring: Keyring | None, key: bytes, kiosk: KioskId, store_key: MirrorKey) -> None:
    """Lets whoever has this K get at the journal's key, too."""
    known = {} if ring is None else ring.wrapped
    if store_key.key_id not in known:
        wrapped = known | {store_key.key_id: _wrapping(store_key).close_up(key, _place(kiosk))}
        said = {"public": public_of(key).hex(), "wrapped": {name: one.hex() for name, one in wrapped.items()}}
        write_whole(beside(journal), json.dumps(said).encode())


def _unwrapped(ring: Keyring, store_key: MirrorKey, kiosk: KioskId) -> bytes:
    """Raises KeyMissing where this K is not one that the key was wrapped under."""
    try:
        return _wrapping(store_key).open(ring.wrapped[store_key.key_id], _place(kiosk))
    except (KeyError, SealBroken):
        log.error("the store's key does not open the keys of the journal")
        raise KeyMissing from None


def _wrapping(store_key: MirrorKey) -> Seal:
    return Seal(derived(store_key.key, b"journal-key"))


def _place(kiosk: KioskId) -> str:
    return f"journal/{kiosk}/key"


def _keep(key_file: Path, key: bytes) -> None:
    """In memory, for the next process of this boot and for the command line; one that cannot be kept is had again."""
    with suppress(OSError):
        write_whole(key_file, key.hex().encode(), lasting=False)
