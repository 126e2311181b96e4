"""A receipt by mail in the whole product: touched on the last screen, in the queue of the store with its text."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.whole_app import WholeApp, started

ADDRESS = "ria.plant@biblio.example.nl"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[WholeApp]:
    """A kiosk of a library that mails receipts; Anna has an address."""
    with started(tmp_path / "mail", prepare=mails, idle_s="600") as one:
        yield one


def mails(app: WholeApp) -> None:
    with contextlib.closing(sqlite3.connect(app.run_dir / "store.db")) as db, db:
        number = next(each["number"] for each in app.bench.drawer() if each["name"] == "anna")
        db.execute("UPDATE institution SET mail_from = 'bibliotheek@example.org'")
        db.execute("UPDATE network_version SET version = version + 1")
        whose = "SELECT patron FROM pass WHERE number = ?"
        db.execute(f"UPDATE person SET email = ? WHERE patron IN ({whose})", (ADDRESS, number))


def test_k9_a_receipt_is_given_to_the_mail_with_one_touch(app: WholeApp) -> None:
    app.begin_visit("anna")
    app.lift()
    app.bench.scan(app.book())
    app.wait_log("item lent")
    app.mark()
    app.touch("done")
    app.wait_log("screen Finished")
    app.touch("email")
    app.wait_log("receipt by mail: taken")
    app.wait_log("screen Rest")
    with contextlib.closing(sqlite3.connect(app.run_dir / "store.db")) as db:
        [(state, subject, body)] = db.execute("SELECT state, subject, body FROM receipt_mail").fetchall()
    assert (state, subject.startswith("Je bon van "), "Terug voor of op" in body) == ("waiting", True, True)
    assert ADDRESS not in app.log()
