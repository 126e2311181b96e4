"""Writes a sheet as a CSV file that only its owner may read, whole or not at all. The same rows give the same bytes."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from membership_store.csv_files import rows, text
from membership_store.csv_files.sheets import Sheet
from membership_store.database import Database, Session

Step = Callable[[int], None]


def export_file(database: Database, consortium: str, sheet: Sheet, file: Path, *, step: Step = lambda _: None) -> int:
    """Writes the file (mode 0600) and says how many rows it has. `step` is told of rows done. Raises OSError."""
    draft = file.with_name(f".{file.name}.new")
    draft.unlink(missing_ok=True)
    done = 0

    def write(session: Session) -> int:
        nonlocal done
        done = 0
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            for piece in text.written([one.name for one in sheet.columns], counted(session)):
                out.write(piece)
            out.flush()
            os.fsync(out.fileno())
        return done

    def counted(session: Session) -> Iterator[list[str]]:
        nonlocal done
        keys = rows.keys(session, consortium, sheet)
        for begin in range(0, len(keys), rows.TOGETHER):
            some = keys[begin : begin + rows.TOGETHER]
            found = rows.standing(session, consortium, sheet, some)
            yield from ([found[key][one.name] for one in sheet.columns] for key in some)
            done += len(some)
            step(len(some))

    try:
        count = database.read(write)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    return count
