"""A snapshot as it comes over the line: a manifest that the store signed (Ed25519), and a file of sealed blocks.

Nothing of it is used before signature, hash, count, schema, key, time and place in the sequence are all right.
"""

import hashlib
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import msgspec
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from circulation import wire
from offline_cache.keys import MirrorKey, derived
from offline_cache.mirror_rows import UNREADABLE, BadRow, Row
from values import dataclass

SCHEMA = 2
_LENGTH = struct.Struct(">I")
_NONCE_BYTES, _TAG_BYTES = 12, 16
_MOST_SEALED, _MOST_PLAIN = 8 * 1024 * 1024, 32 * 1024 * 1024
_CHUNK = 256 * 1024
_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_\-]{0,79}")
_ROW = msgspec.json.Decoder(Row)
_KEY = re.compile(r"[0-9a-f]{32}")
_KINDS = frozenset({"patron", "item", "network"})


class SnapshotRefused(Exception):
    """The snapshot must not become the mirror. `why` is one word: signature, form, schema, key, expired, older, order,
    hash, size, count or block."""

    def __init__(self, why: str) -> None:
        super().__init__(f"snapshot refused: {why}")
        self.why = why


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the store says of a snapshot. Instants are UTC; `bytes` and `sha256` are of the file."""

    snapshot: str
    cursor: str
    generation: str
    seq: int
    made_at: datetime
    not_after: datetime
    schema: int
    rows: int
    blocks: int
    bytes: int
    sha256: str
    key_id: str


@dataclass(frozen=True, slots=True)
class SignedManifest:
    """A manifest whose signature was found right, with the bytes that were signed."""

    manifest: Manifest
    signed: bytes
    signature: str


def read_manifest(answer: object, store_key: Ed25519PublicKey) -> SignedManifest:
    """The manifest in the store's answer. Raises SnapshotRefused (signature, form, schema)."""
    if not isinstance(answer, dict) or not isinstance(answer.get("manifest"), dict):
        raise SnapshotRefused("form")
    given, signature = answer["manifest"], answer.get("signature")
    try:
        signed = wire.dumps(given)
        store_key.verify(bytes.fromhex(signature if isinstance(signature, str) else ""), signed)
    except (InvalidSignature, ValueError):
        raise SnapshotRefused("signature") from None
    if given.get("schema") != SCHEMA:
        raise SnapshotRefused("schema")
    return SignedManifest(_manifest(given), signed, str(signature))


def _manifest(given: dict[str, Any]) -> Manifest:
    known = {one.name: given[one.name] for one in fields(Manifest) if one.name in given}
    try:
        found: Manifest = wire.decode(Manifest, known)
    except wire.WireError:
        raise SnapshotRefused("form") from None
    whole = _ID.fullmatch(found.snapshot) and found.cursor == f"{found.generation}:{found.seq}"
    if not whole or min(found.seq, found.rows, found.bytes) < 0:
        raise SnapshotRefused("form")
    return found


def check_time(manifest: Manifest, now: datetime) -> None:
    """Raises SnapshotRefused for one that is over at that instant (UTC)."""
    if now >= manifest.not_after:
        raise SnapshotRefused("expired")


def check_order(found: tuple[str, int], live: tuple[str, int] | None) -> None:
    """Raises SnapshotRefused where what would go live is of an older state than what is.

    Each is a generation and a number; another generation is the store's own new beginning.
    """
    if live is not None and live[0] == found[0] and found[1] < live[1]:
        raise SnapshotRefused("older")


def check_file(path: Path, manifest: Manifest) -> None:
    """Raises SnapshotRefused unless the file is the one that was signed."""
    if path.stat().st_size != manifest.bytes:
        raise SnapshotRefused("size")
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    if digest.hexdigest() != manifest.sha256:
        raise SnapshotRefused("hash")


def blocks_of(path: Path, manifest: Manifest, key: MirrorKey) -> Iterator[list[Row]]:
    """The rows, a block of about 1 MiB of lines at a time. Raises SnapshotRefused (key, block, count, form)."""
    cipher = AESGCM(derived(key.key, b"snapshot/" + manifest.snapshot.encode()))
    count = 0
    with path.open("rb") as file:
        for number in range(manifest.blocks):
            last = number == manifest.blocks - 1
            rows = _rows(_opened(file, cipher, f"{manifest.snapshot}/{number}/{int(last)}", first=number == 0))
            count += len(rows)
            yield rows
        if file.read(1) or count != manifest.rows:
            raise SnapshotRefused("count")


def row_of(line: bytes) -> Row:
    """A row in a line of JSON. Raises BadRow."""
    try:
        row = _ROW.decode(line)
    except UNREADABLE:
        raise BadRow("not a row") from None
    return checked(row)


def checked(row: Row) -> Row:
    """The row, if its head is in order. Raises BadRow."""
    key_holds = row.key == "" if row.kind == "network" else _KEY.fullmatch(row.key)
    if row.kind not in _KINDS or not key_holds or row.ver < 0:
        raise BadRow("a row of another form")
    return row


def _opened(file: IO[bytes], cipher: AESGCM, place: str, *, first: bool) -> bytes:
    head = file.read(_LENGTH.size)
    if len(head) != _LENGTH.size:
        raise SnapshotRefused("block")
    # The length is of what is sealed, without the nonce before it.
    (length,) = _LENGTH.unpack(head)
    if not _TAG_BYTES <= length <= _MOST_SEALED:
        raise SnapshotRefused("block")
    nonce, sealed = file.read(_NONCE_BYTES), file.read(length)
    inflate = zlib.decompressobj()
    try:
        plain = inflate.decompress(cipher.decrypt(nonce, sealed, place.encode()), _MOST_PLAIN)
    except (InvalidTag, ValueError, zlib.error):
        # The hash was right, so that a first block that does not open says that the key is another one.
        raise SnapshotRefused("key" if first else "block") from None
    if not inflate.eof or inflate.unused_data:
        raise SnapshotRefused("block")
    return plain


def _rows(plain: bytes) -> list[Row]:
    try:
        return [row_of(line) for line in plain.split(b"\n") if line]
    except BadRow:
        raise SnapshotRefused("form") from None
