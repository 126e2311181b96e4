"""Where snapshots lie while kiosks fetch them: a folder that the workers of a store share, for its owner only.

Each is made once and given to every kiosk of the branch for an hour; it is kept for a day, so that a slow line can go
on where it broke off. Nothing in it can be read without the consortium's key.
"""

import fcntl
import json
import os
import re
import secrets
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from circulation import wire

FRESH = timedelta(hours=1)
KEPT_S = 24 * 3600.0
PATIENCE_S, PAUSE_S = 20.0, 0.1
_ID = re.compile(r"[0-9a-f]{32}")


class NotOurs(OSError):
    """The folder belongs to somebody else, or others may look into it."""


class BeingMade(Exception):
    """Another worker is at it, and takes long: ask again."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A snapshot that can be fetched: the manifest and its signature (128 hexadecimals)."""

    manifest: dict[str, Any]
    signature: str

    def body(self) -> bytes:
        """Both as JSON."""
        return wire.dumps({"manifest": self.manifest, "signature": self.signature})


class Spool:
    """A folder, made when it is first needed. Raises NotOurs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fresh(self, consortium: str, generation: str, now: datetime) -> Offered | None:
        """The snapshot of that generation (and so of that scope) that was made within the hour, or None."""
        try:
            said = json.loads((self._of(consortium) / f"{generation}.json").read_text("utf-8"))
            found = Offered(said["manifest"], said["signature"])
            age = now - datetime.fromisoformat(found.manifest["made_at"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None
        there = self._file(consortium, str(found.manifest["snapshot"])).exists()
        return found if there and timedelta() <= age < FRESH else None

    @contextmanager
    def alone(self, consortium: str, generation: str) -> Iterator[None]:
        """Only one worker makes a snapshot of that generation. Raises BeingMade where another takes too long."""
        with (self._of(consortium) / f"{generation}.lock").open("ab") as file:
            ends = time.monotonic() + PATIENCE_S
            while not _locked(file):
                if time.monotonic() >= ends:
                    raise BeingMade
                time.sleep(PAUSE_S)
            yield

    def add(self, consortium: str, generation: str, write: Callable[[BinaryIO, str], Offered]) -> Offered:
        """A new snapshot: `write` fills the file under a new id and says what is offered. Old ones are thrown away."""
        snapshot = secrets.token_hex(16)
        folder, file = self._of(consortium), self._file(consortium, snapshot)
        draft = file.with_suffix(".part")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                offered = write(out, snapshot)
                out.flush()
                os.fsync(out.fileno())
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)
        listed = folder / f".{snapshot}.json"
        listed.write_bytes(offered.body())
        listed.replace(folder / f"{generation}.json")
        self._sweep(folder, file.stat().st_mtime)
        return offered

    def open(self, consortium: str, snapshot: str) -> BinaryIO | None:
        """The file of a snapshot, or None where it is not kept any more."""
        if not _ID.fullmatch(snapshot):
            return None
        try:
            return self._file(consortium, snapshot).open("rb")
        except FileNotFoundError:
            return None

    def _of(self, consortium: str) -> Path:
        """The consortium's own folder: its code is letters, digits, - and _ alone."""
        for folder in (self._folder, self._folder / consortium):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            about = folder.lstat()
            if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.geteuid() or about.st_mode & 0o077:
                raise NotOurs(f"{folder} is not for this user alone")
        return self._folder / consortium

    def _file(self, consortium: str, snapshot: str) -> Path:
        return self._of(consortium) / f"{snapshot}.snapshot"

    @staticmethod
    def _sweep(folder: Path, newest: float) -> None:
        """By the clock that dates the files: where they lie on another machine it is not this one's."""
        oldest = newest - KEPT_S
        for file in folder.iterdir():
            try:
                if file.stat().st_mtime < oldest and file.suffix != ".lock":
                    file.unlink()
            except FileNotFoundError:
                continue


def _locked(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def spool_beside(database: Path | str) -> Path:
    """Where a store keeps its snapshots when nobody says it: beside its file, or in its state or temporary folder."""
    if isinstance(database, Path):
        return database.with_name(f"{database.name}.spool")
    kept = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(kept) / "spool" if kept else Path(tempfile.gettempdir()) / f"library-store-{os.geteuid()}"
