"""The consortium's masking key K on the kiosk, where it comes from, and what that is worth (house decision 7).

K names things in the mirror and opens snapshots; what lies in the mirror is sealed under a key derived from it.
"""

from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from offline_cache.masks import Masks
from offline_cache.sealing import KEY_BYTES, Seal


class KeyLevel(Enum):
    """What a stolen disk yields: nothing under SEALED and FETCHED; under ON_DISK the key lies beside the mirror."""

    SEALED = "a"
    FETCHED = "b"
    ON_DISK = "c"


class KeyMissing(Exception):
    """There is no key: after an offline boot under level b, or where the file cannot be used."""


@dataclass(frozen=True)
class MirrorKey:
    """K. `key_id`: by which the store calls it, or the empty text where only the key is known."""

    key: bytes = field(repr=False)
    key_id: str = ""

    def __post_init__(self) -> None:
        if len(self.key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes")

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
