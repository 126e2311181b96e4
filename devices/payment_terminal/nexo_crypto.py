"""The sealed envelope of the Terminal API's local messages: PBKDF2 keys, AES-256-CBC, HMAC-SHA256 over the plaintext.

Pure. What does not prove to come from who has the passphrase, whole and for this header, is never looked into.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from values import dataclass

_SALT = b"AdyenNexoV1Salt"
_ROUNDS = 4000
_CRYPTO_VERSION = 1
_NONCE_BYTES = 16
_BLOCK_BITS = 128
REQUEST = "SaleToPOIRequest"
RESPONSE = "SaleToPOIResponse"


class NexoEnvelopeError(Exception):
    """A message is not one that can be believed; the text says why and never what stood in it."""


@dataclass(frozen=True, slots=True)
class NexoKeys:
    """The keys of one passphrase, and the name and version under which the terminal knows it."""

    identifier: str
    version: int
    mac: bytes = field(repr=False)
    cipher: bytes = field(repr=False)
    iv: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """One message that was proved: its header and its body, such as `{"PaymentResponse": …}`."""

    header: Mapping[str, Any]
    body: Mapping[str, Any] = field(repr=False)


def derive_keys(passphrase: str, identifier: str, version: int) -> NexoKeys:
    """PBKDF2-HMAC-SHA1 over the passphrase: 32 bytes for the HMAC, 32 for AES, 16 for the IV; takes some 5 ms."""
    secret = hashlib.pbkdf2_hmac("sha1", passphrase.encode(), _SALT, _ROUNDS, 80)
    return NexoKeys(identifier, version, secret[:32], secret[32:64], secret[64:])


def seal(kind: str, header: Mapping[str, Any], body: Mapping[str, Any], keys: NexoKeys, nonce: bytes) -> bytes:
    """The bytes on the wire; `kind` is REQUEST or RESPONSE, `nonce` 16 random bytes that are never used again."""
    plain = json.dumps({kind: {"MessageHeader": header, **body}}, separators=(",", ":")).encode()
    blob, mac = seal_blob(plain, nonce, keys)
    envelope = {
        "MessageHeader": header,
        "NexoBlob": base64.b64encode(blob).decode(),
        "SecurityTrailer": {
            "AdyenCryptoVersion": _CRYPTO_VERSION,
            "KeyIdentifier": keys.identifier,
            "KeyVersion": keys.version,
            "Nonce": base64.b64encode(nonce).decode(),
            "Hmac": base64.b64encode(mac).decode(),
        },
    }
    return json.dumps({kind: envelope}, separators=(",", ":")).encode()


def unseal(kind: str, data: bytes, keys: NexoKeys) -> Opened:
    """The message in `data`; raises NexoEnvelopeError for all that is not proved, whatever it is."""
    envelope = _object(_object(_json(data), kind), None)
    trailer = _object(envelope, "SecurityTrailer")
    if (trailer.get("KeyIdentifier"), trailer.get("KeyVersion")) != (keys.identifier, keys.version):
        raise NexoEnvelopeError("sealed with another key than the configured one")
    nonce = _bytes(trailer, "Nonce")
    if trailer.get("AdyenCryptoVersion") != _CRYPTO_VERSION or len(nonce) != _NONCE_BYTES:
        raise NexoEnvelopeError("sealed in a way that is not known")
    plain = open_blob(_bytes(envelope, "NexoBlob"), nonce, _bytes(trailer, "Hmac"), keys)
    inner = dict(_object(_json(plain), kind))
    header = _object(inner, "MessageHeader")
    if header != _object(envelope, "MessageHeader"):
        raise NexoEnvelopeError("the header outside is not the one inside")
    del inner["MessageHeader"]
    return Opened(header, inner)


def seal_blob(plain: bytes, nonce: bytes, keys: NexoKeys) -> tuple[bytes, bytes]:
    """`plain` encrypted, and its HMAC."""
    padder = PKCS7(_BLOCK_BITS).padder()
    encryptor = _cipher(keys, nonce).encryptor()
    return encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize(), _mac(keys, plain)


def open_blob(blob: bytes, nonce: bytes, mac: bytes, keys: NexoKeys) -> bytes:
    """The plaintext; raises NexoEnvelopeError, with one and the same text for a wrong key, padding or HMAC."""
    plain, padded_right = _decrypt(blob, nonce, keys)
    if not (hmac.compare_digest(_mac(keys, plain), mac) and padded_right):
        raise NexoEnvelopeError("not sealed with the configured passphrase, or altered on the way")
    return plain


def _decrypt(blob: bytes, nonce: bytes, keys: NexoKeys) -> tuple[bytes, bool]:
    if not blob or len(blob) % (_BLOCK_BITS // 8):
        return b"", False
    decryptor = _cipher(keys, nonce).decryptor()
    unpadder = PKCS7(_BLOCK_BITS).unpadder()
    padded = decryptor.update(blob) + decryptor.finalize()
    try:
        return unpadder.update(padded) + unpadder.finalize(), True
    except ValueError:
        return padded, False


def _cipher(keys: NexoKeys, nonce: bytes) -> Cipher[modes.CBC]:
    iv = bytes(one ^ other for one, other in zip(keys.iv, nonce, strict=True))
    return Cipher(algorithms.AES(keys.cipher), modes.CBC(iv))


def _mac(keys: NexoKeys, plain: bytes) -> bytes:
    return hmac.digest(keys.mac, plain, "sha256")


def _json(data: bytes) -> Mapping[str, Any]:
    try:
        return _object(json.loads(data), None)
    except (ValueError, RecursionError) as error:
        raise NexoEnvelopeError("no JSON") from error


def _object(value: Any, name: str | None) -> Mapping[str, Any]:
    found = value if name is None else value.get(name)
    if not isinstance(found, dict):
        raise NexoEnvelopeError(f"without {name or 'an object'}")
    return found


def _bytes(value: Mapping[str, Any], name: str) -> bytes:
    text = value.get(name)
    try:
        return base64.b64decode(text if isinstance(text, str) else "!", validate=True)
    except (binascii.Error, ValueError) as error:
        raise NexoEnvelopeError(f"without {name}") from error
