"""The consortium's masking key K on the kiosk, where it comes from, and what that is worth (house decision 7).

K names things in the mirror and opens snapshots; what lies in the mirror is sealed under a key derived from it.
"""

import hashlib
from contextlib import suppress
from dataclasses import field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from offline_cache.masks import Masks
from offline_cache.sealing import KEY_BYTES, Seal, read_key
from offline_cache.store_client import LineDown, Response
from offline_cache.whole_file import write_whole
from values import dataclass

_ASK = "/v1/mirror-key"


class KeyMissing(Exception):
    """There is no key: after an offline boot under level b, or where file and store give none that can be used."""


class Asks(Protocol):
    """Where a key is asked for: offline_cache.store_client.StoreClient."""

    def get(self, path: str, deadline_s: float) -> Response:
        """As there."""


@dataclass(frozen=True)
class MirrorKey:
    """K, 32 bytes; what is derived from it is derived once."""

    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes")

    @cached_property
    def key_id(self) -> str:
        """By which the store calls it, without telling it: 8 hexadecimals."""
        return hashlib.sha256(b"key/" + self.key).hexdigest()[:8]

    @cached_property
    def masks(self) -> Masks:
        """What things are called in the mirror."""
        return Masks(self.key)

    @cached_property
    def rows(self) -> Seal:
        """The seal of the bodies in the mirror."""
        return Seal(derived(self.key, b"mirror-rows"))


def derived(key: bytes, purpose: bytes) -> bytes:
    """A key for one purpose only, 32 bytes (HKDF-SHA256, RFC 5869)."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose).derive(key)


def load_key(file: Path, client: Asks | None = None, deadline_s: float = 5.0) -> MirrorKey:
    """The key in the file; where there is none and a `client` is given, the store's, which is kept in that file if it
    can be. Raises KeyMissing."""
    try:
        return MirrorKey(read_key(file))
    except (OSError, ValueError):
        if client is None:
            raise KeyMissing from None
    return fetch_key(file, client, deadline_s)


def fetch_key(file: Path, client: Asks, deadline_s: float = 5.0) -> MirrorKey:
    """The store's key, kept in the file if that can be written: on a memory file system under level b. Raises
    KeyMissing."""
    try:
        answer = client.get(_ASK, deadline_s)
        said: Any = msgspec.json.decode(answer.body) if answer.status == 200 else None
        key = MirrorKey(bytes.fromhex(said["key"]))
        if said["key_id"] != key.key_id:
            raise KeyMissing
    except (LineDown, msgspec.MsgspecError, ValueError, TypeError, KeyError):
        raise KeyMissing from None
    _keep(file, key)
    return key


def _keep(file: Path, key: MirrorKey) -> None:
    """Writes the key for the other process of the kiosk, in memory; one that cannot be kept is asked for again."""
    with suppress(OSError):
        write_whole(file, key.key.hex().encode(), lasting=False)
