"""A snapshot while it is being fetched: its answer and its bytes lie beside the mirror, sealed as the store sent them.

So that a download that broke off, or a kiosk that was switched off, goes on where it was.
"""

from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from circulation import wire
from offline_cache.downloads import CutShort, PullLine
from offline_cache.snapshot_file import SignedManifest, SnapshotRefused, check_file, read_manifest
from offline_cache.whole_file import write_whole

_TRIES = 5


class Incoming:
    """The two files in the mirror's folder."""

    def __init__(self, folder: Path) -> None:
        self.file, self._answer = folder / "incoming.part", folder / "incoming.json"

    def kept(self, store_key: Ed25519PublicKey) -> SignedManifest | None:
        """What was begun before, if it is in order."""
        try:
            return read_manifest(wire.loads(self._answer.read_bytes()), store_key)
        except (OSError, wire.WireError, SnapshotRefused):
            return None

    def begin(self, answer: bytes) -> None:
        """Notes what is going to be fetched; bytes of an earlier one are thrown away. Raises OSError."""
        self.drop()
        write_whole(self._answer, answer)

    def fetch(self, line: PullLine, found: SignedManifest) -> None:
        """Has the whole file, as signed. Raises SnapshotRefused, LineDown, NotKept, OSError."""
        manifest = found.manifest
        for attempt in range(_TRIES):
            try:
                line.download(f"/v1/snapshot/{manifest.snapshot}", self.file, manifest.bytes)
                break
            except CutShort:
                if attempt == _TRIES - 1:
                    raise
        check_file(self.file, manifest)

    def drop(self) -> None:
        """Forgets it."""
        for path in (self._answer, self.file):
            with suppress(FileNotFoundError):
                path.unlink()
