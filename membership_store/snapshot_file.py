"""A snapshot as a file: sealed blocks of compressed lines, which tell a disk or a proxy on the way nothing.

A block: its length (4 bytes, big-endian), a nonce (12), AES-256-GCM of zlib of about 1 MiB of lines; see `bound`.
"""

import hashlib
import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

BLOCK = 1024 * 1024
NONCE = 12
_LEVEL = 6


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in the file: how many rows and blocks, how many bytes, and the SHA-256 of all of them."""

    rows: int
    blocks: int
    size: int
    sha256: str


def file_key(masking_key: bytes, snapshot: str) -> bytes:
    """The key of that snapshot's blocks: HKDF-SHA256 of the consortium's masking key, with the snapshot's id."""
    return HKDF(SHA256(), 32, None, b"snapshot/" + snapshot.encode()).derive(masking_key)


def bound(snapshot: str, number: int, *, last: bool) -> bytes:
    """What is sealed with a block besides its text: of this snapshot, at this place, and whether it is the last one.

    So none can be left out, moved or cut off unnoticed.
    """
    return f"{snapshot}/{number}/{int(last)}".encode()


def write(file: BinaryIO, lines: Iterable[bytes], masking_key: bytes, snapshot: str) -> Written:
    """Writes the lines, each of which ends with a newline, as blocks."""
    sealer, digest = AESGCM(file_key(masking_key, snapshot)), hashlib.sha256()
    size = blocks = 0
    rows = _Count()
    waiting: bytes | None = None

    def put(text: bytes, *, last: bool) -> None:
        nonlocal size, blocks
        nonce = os.urandom(NONCE)
        sealed = sealer.encrypt(nonce, zlib.compress(text, _LEVEL), bound(snapshot, blocks, last=last))
        for part in (len(sealed).to_bytes(4), nonce, sealed):
            digest.update(part)
            file.write(part)
            size += len(part)
        blocks += 1

    for text in _blocks(lines, rows):
        if waiting is not None:
            put(waiting, last=False)
        waiting = text
    put(waiting or b"", last=True)
    return Written(rows.count, blocks, size, digest.hexdigest())


@dataclass(slots=True)
class _Count:
    count: int = 0


def _blocks(lines: Iterable[bytes], rows: _Count) -> Iterator[bytes]:
    some = bytearray()
    for line in lines:
        some += line
        rows.count += 1
        if len(some) >= BLOCK:
            yield bytes(some)
            some.clear()
    if some:
        yield bytes(some)
