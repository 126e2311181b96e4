"""Seals what lies on the kiosk's disk: AES-256-GCM (NIST SP 800-38D), a fresh nonce a value, bound to its place."""

import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE_BYTES = 12
_FORM = b"\x01"
LETTER = b"\x02"  # offline_cache.letterbox


class SealBroken(Exception):
    """The key is another one, or the sealed bytes were changed or moved."""


class Seal:
    """One key. The key comes from outside the database (house decision 7) and is never written by this class."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes")
        self._key, self._cipher = key, AESGCM(key)

    def close_up(self, plain: bytes, place: str) -> bytes:
        """The sealed bytes; they open at the same `place` only (table, column and row)."""
        nonce = os.urandom(_NONCE_BYTES)
        return _FORM + nonce + self._cipher.encrypt(nonce, plain, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """The plain bytes. Raises SealBroken."""
        if sealed[:1] == LETTER:
            from offline_cache.letterbox import taken_out  # late: only after a start without a key

            return taken_out(self._key, sealed, place)
        if sealed[:1] != _FORM:
            raise SealBroken("sealed in a form that is not known")
        nonce, rest = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, rest, place.encode())
        except (InvalidTag, ValueError) as fault:
            raise SealBroken("another key, or damaged") from fault


def read_key(path: Path) -> bytes:
    """The key in a file of 32 bytes, or of 64 hexadecimal digits. Raises OSError, or ValueError for another content."""
    content = path.read_bytes()
    key = content if len(content) == KEY_BYTES else bytes.fromhex(content.decode("ascii").strip())
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes")
    return key
