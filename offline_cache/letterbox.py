"""What is put into a letterbox only the holder of the journal's key takes out: X25519 (RFC 7748), HKDF, AES-256-GCM.

For a kiosk that started without a line at key level b: the public half lies on its disk, the other is not there.
"""

from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from offline_cache.sealing import KEY_BYTES, LETTER, Seal, SealBroken

_ONCE = bytes(12)  # each letter has a key of its own, so that its nonce is never used again


class Letterbox:
    """Seals as `Seal` does, and opens nothing. `unlock` gives the seal that opens all; it raises JournalLocked."""

    def __init__(self, public: bytes, unlock: Callable[[], Seal]) -> None:
        self._public = X25519PublicKey.from_public_bytes(public)
        self.unlock = unlock

    def close_up(self, plain: bytes, place: str) -> bytes:
        """The sealed bytes; they open at the same `place` only."""
        own = X25519PrivateKey.generate()
        sender = own.public_key().public_bytes_raw()
        cipher = AESGCM(_key(own.exchange(self._public), sender, self._public))
        return LETTER + sender + cipher.encrypt(_ONCE, plain, place.encode())


def public_of(key: bytes) -> bytes:
    """The public half of the letterbox that this journal's key opens, 32 bytes."""
    return _private(key).public_key().public_bytes_raw()


def taken_out(key: bytes, sealed: bytes, place: str) -> bytes:
    """What was put in. Raises SealBroken."""
    private, sender, rest = _private(key), sealed[1 : 1 + KEY_BYTES], sealed[1 + KEY_BYTES :]
    try:
        shared = private.exchange(X25519PublicKey.from_public_bytes(sender))
        return AESGCM(_key(shared, sender, private.public_key())).decrypt(_ONCE, rest, place.encode())
    except (InvalidTag, ValueError) as fault:
        raise SealBroken("another key, or damaged") from fault


def _private(key: bytes) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(HKDF(SHA256(), KEY_BYTES, salt=None, info=b"letterbox").derive(key))


def _key(shared: bytes, sender: bytes, public: X25519PublicKey) -> bytes:
    info = b"letter" + sender + public.public_bytes_raw()
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(shared)
