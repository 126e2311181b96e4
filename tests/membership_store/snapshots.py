"""Opens a snapshot as a kiosk does, without the store's own code: signature, blocks, rows."""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


@dataclass(frozen=True)
class Taken:
    """A snapshot that was checked and opened."""

    manifest: dict[str, Any]
    raw: bytes

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Its rows."""
        return [json.loads(line) for line in self.raw.splitlines()]


def opened(offered: dict[str, Any], file: bytes, key: bytes, vouching: str | None = None) -> Taken:
    """The rows in the file. Raises InvalidSignature, InvalidTag, AssertionError."""
    manifest = offered["manifest"]
    if vouching is not None:
        said = json.dumps(manifest, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(vouching)).verify(bytes.fromhex(offered["signature"]), said)
    assert manifest["sha256"] == hashlib.sha256(file).hexdigest()
    assert manifest["bytes"] == len(file)
    sealed = AESGCM(HKDF(SHA256(), 32, None, f"snapshot/{manifest['snapshot']}".encode()).derive(key))
    raw, place = b"", 0
    for n in range(manifest["blocks"]):
        size = int.from_bytes(file[place : place + 4])
        nonce, text = file[place + 4 : place + 16], file[place + 16 : place + 16 + size]
        last = int(n == manifest["blocks"] - 1)
        raw += zlib.decompress(sealed.decrypt(nonce, text, f"{manifest['snapshot']}/{n}/{last}".encode()))
        place += 16 + size
    assert place == len(file)
    assert manifest["rows"] == raw.count(b"\n")
    return Taken(manifest, raw)
