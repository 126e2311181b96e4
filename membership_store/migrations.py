"""Brings a database to this release's schema: one numbered file a version, in order, never edited after release.

A file is applied in one transaction. A distributed PostgreSQL does not want several changes of a schema in one: there
it is applied step by step, each statement with its place in a transaction of its own, and goes on after a kill (ADR 6).
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from membership_store.changes import open_feeds
from membership_store.database import Database, Session, one

SCHEMA = Path(__file__).parent / "schema"
_BOOKS = """CREATE TABLE IF NOT EXISTS schema_version (
  version INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  digest TEXT NOT NULL
)"""
_STEPS = """CREATE TABLE IF NOT EXISTS schema_step (
  version INTEGER NOT NULL PRIMARY KEY,
  digest TEXT NOT NULL,
  done INTEGER NOT NULL
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
        return [part for part in bare if part]


def migrations(folder: Path = SCHEMA) -> list[Migration]:
    """The files 0001_….sql and on. Raises SchemaError for a gap or a double number."""
    found = [Migration(int(file.name[:4]), file.stem, file.read_text("utf-8")) for file in sorted(folder.glob("*.sql"))]
    if [each.version for each in found] != list(range(1, len(found) + 1)):
        raise SchemaError("the numbers of the schema files are not 1, 2, 3 and on")
    return found


def migrate(database: Database, folder: Path = SCHEMA, *, by_steps: bool = False) -> list[str]:
    """Applies what is missing, each file in a transaction of its own, and returns their names. Raises SchemaError.

    `by_steps`: each statement in one. A file that was left half way is gone on with by steps in any case.
    """
    done = []
    for migration in missing(database, folder):
        if by_steps or _steps_done(database, migration) > 0:
            _apply_by_steps(database, migration)
        else:
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
    _note(migration, session)


def _steps_done(database: Database, migration: Migration) -> int:
    """How many statements of a file that was left half way stand. Raises SchemaError for a file changed since."""
    database.write(lambda session: session.run(database.in_its_words(_STEPS)))
    known = "SELECT done, digest FROM schema_step WHERE version = ?"
    row = one(database.read(lambda session: session.rows(known, migration.version)))
    if row is not None and row[1] != migration.digest:
        raise SchemaError(f"schema file {migration.version:04d} was changed after a part of it had been applied")
    return 0 if row is None else int(row[0])


def _apply_by_steps(database: Database, migration: Migration) -> None:
    """Each statement with the place behind it; the last transaction says that the file is applied."""
    for place in range(_steps_done(database, migration), len(migration.statements())):
        database.write(partial(_step, migration, database.in_its_words, place))
    database.write(partial(_end_steps, migration))


def _step(migration: Migration, in_its_words: Callable[[str], str], place: int, session: Session) -> None:
    """One statement. What another `migrate` did meanwhile is not done again: the place would be there twice."""
    moved = "UPDATE schema_step SET done = ? WHERE version = ? AND done = ?"
    if place == 0:
        put = "INSERT INTO schema_step (version, digest, done) VALUES (?, ?, 1)"
        session.run(put, migration.version, migration.digest)
    elif session.run(moved, place + 1, migration.version, place) != 1:
        raise SchemaError("another `migrate` is at work: wait until it is done")
    session.run(in_its_words(migration.statements()[place]))


def _end_steps(migration: Migration, session: Session) -> None:
    session.run("DELETE FROM schema_step WHERE version = ?", migration.version)
    _note(migration, session)


def _note(migration: Migration, session: Session) -> None:
    """The file is applied."""
    session.run(
        "INSERT INTO schema_version (version, name, digest) VALUES (?, ?, ?)",
        migration.version,
        migration.name,
        migration.digest,
    )
