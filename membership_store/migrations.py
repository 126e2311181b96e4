"""Brings a database to this release's schema: one numbered file a version, in order, never edited after release."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from membership_store.changes import open_feeds
from membership_store.database import Database, Session

SCHEMA = Path(__file__).parent / "schema"
_BOOKS = """CREATE TABLE IF NOT EXISTS schema_version (
  version INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  digest TEXT NOT NULL
)"""
_STATEMENT_END = re.compile(r";[ \t]*$", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*--.*$", re.MULTILINE)


class SchemaError(Exception):
    """The database and this release do not fit together; the message says how."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file of the schema folder."""

    version: int
    name: str
    text: str

    @property
    def digest(self) -> str:
        """SHA-256 of the text: an applied file that has changed since is found out."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def statements(self) -> list[str]:
        """The statements, without comments."""
        bare = (part.strip() for part in _STATEMENT_END.split(_COMMENT.sub("", self.text)))
        return [one for one in bare if one]


def migrations(folder: Path = SCHEMA) -> list[Migration]:
    """The files 0001_….sql and on. Raises SchemaError for a gap or a double number."""
    found = [Migration(int(file.name[:4]), file.stem, file.read_text("utf-8")) for file in sorted(folder.glob("*.sql"))]
    if [one.version for one in found] != list(range(1, len(found) + 1)):
        raise SchemaError("the numbers of the schema files are not 1, 2, 3 and on")
    return found


def migrate(database: Database, folder: Path = SCHEMA) -> list[str]:
    """Applies what is missing, each file in a transaction of its own, and returns their names. Raises SchemaError."""
    done = []
    for migration in missing(database, folder):
        database.write(partial(_apply, migration, database.in_its_words))
        done.append(migration.name)
    if done and folder == SCHEMA:
        database.write(open_feeds)
    return done


def missing(database: Database, folder: Path = SCHEMA) -> list[Migration]:
    """What this release has and the database has not. Raises SchemaError where the database is newer or differs."""
    known = migrations(folder)
    database.write(lambda session: session.run(database.in_its_words(_BOOKS)))
    applied = database.read(lambda session: session.rows("SELECT version, digest FROM schema_version ORDER BY version"))
    if len(applied) > len(known):
        raise SchemaError(f"the database is at version {len(applied)}, this release knows {len(known)}")
    for (version, digest), migration in zip(applied, known, strict=False):
        if digest != migration.digest:
            raise SchemaError(f"schema file {version:04d} was changed after it had been applied")
    return known[len(applied) :]


def _apply(migration: Migration, in_its_words: Callable[[str], str], session: Session) -> None:
    for statement in migration.statements():
        session.run(in_its_words(statement))
    session.run(
        "INSERT INTO schema_version (version, name, digest) VALUES (?, ?, ?)",
        migration.version,
        migration.name,
        migration.digest,
    )
