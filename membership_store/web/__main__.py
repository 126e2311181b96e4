"""`python -m membership_store.web`: prints the OpenAPI document; docs/openapi.json is its output."""

import json
import sys
import tempfile
from pathlib import Path

from membership_store.app import operations
from membership_store.cli.command import now
from membership_store.sqlite_database import SqliteDatabase
from membership_store.web.openapi import document


def text() -> str:
    """The document, indented and with its names in order, so that a change of it can be read. Nothing is asked."""
    with tempfile.TemporaryDirectory() as folder:
        database = SqliteDatabase(Path(folder) / "nothing.db")
        try:
            table = operations(database, now)
        finally:
            database.close()
    return json.dumps(document(table), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
