"""A store that release 0001 filled comes to this release, and a kiosk of that time goes on with it, on both engines.

recorded/0001.sql and 0001.json were made by that release itself; the clock stands where it stood then.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from starlette.applications import Starlette

from membership_store.app import make_app
from membership_store.credentials import Kiosk, renew_credential
from membership_store.database import Database, Session
from membership_store.migrations import SCHEMA, migrate, missing
from membership_store.opening import open_database
from tests.membership_store.engines import Engine
from tests.membership_store.running import ANNEN, DRENTHE

RECORDED = Path(__file__).parent / "recorded"
THEN = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
ACTS: list[dict[str, Any]] = json.loads((RECORDED / "0001.json").read_text("utf-8"))
TABLES_OF_0001 = (
    "patron",
    "pass",
    "membership",
    "strips",
    "fee",
    "message",
    "item",
    "loan",
    "hold",
    "kiosk",
    "staff_flag",
)


def counted(database: Database) -> dict[str, int]:
    """How many rows each table of that time has."""
    return database.read(
        lambda session: {name: session.rows(f"SELECT COUNT(*) FROM {name}")[0][0] for name in TABLES_OF_0001}
    )


@pytest.fixture
def filled_at_0001(engine: Engine, tmp_path: Path) -> Iterator[Database]:
    """A database as that release left it."""
    folder = tmp_path / "schema"
    folder.mkdir()
    shutil.copy(SCHEMA / "0001_lending.sql", folder)
    address = engine.new(filled=False)
    with closing(open_database(address)) as database:
        migrate(database, folder)

        def fill(session: Session) -> None:
            for statement in (RECORDED / "0001.sql").read_text("utf-8").split(";\n"):
                if statement.strip():
                    session.run(statement)

        database.write(fill)
        yield database
    engine.drop(address)


def ask(app: Starlette, token: str, path: str, data: object) -> httpx.Response:
    """What the store answers to a body as a kiosk of that time sends it."""

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://store") as client:
            return await client.post(path, json=data, headers={"Authorization": f"Bearer {token}"})

    return anyio.run(send)


def holds(new: object, old: object) -> bool:
    """Whether all that was said then is said now; a newer answer may say more."""
    if isinstance(old, dict) and isinstance(new, dict):
        return all(name in new and holds(new[name], value) for name, value in old.items())
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(holds, new, old))
    return new == old


def test_every_row_of_the_older_release_is_there_after_the_migration(filled_at_0001: Database) -> None:
    database = filled_at_0001
    before = counted(database)
    answers = database.read(lambda session: session.rows("SELECT * FROM answer ORDER BY event"))
    assert len(answers) == 4
    assert [one.name for one in missing(database)] == migrate(database)
    assert counted(database) == before
    kept = database.read(lambda session: session.rows("SELECT * FROM event_answer ORDER BY event"))
    assert [row[: len(answers[0])] for row in kept] == answers
    heads = database.read(lambda session: session.rows("SELECT h.head, v.version FROM feed_head h, network_version v"))
    assert heads == [(0, 1)]
    assert migrate(database) == []


def test_a_kiosk_of_the_older_release_is_answered_as_before_and_goes_on(filled_at_0001: Database) -> None:
    database = filled_at_0001
    migrate(database)
    kiosk = Kiosk(DRENTHE, "recorded-1", ANNEN)
    token = database.write(lambda session: renew_credential(session, kiosk))
    app = make_app(database, lambda: THEN)
    told = [one for one in ACTS if one["path"] != "/v1/identify"]
    for one in told:
        response = ask(app, token, one["path"], one["request"])
        assert (response.status_code, response.json()) == (one["status"], one["answer"])
    for one in (one for one in ACTS if one["path"] == "/v1/identify"):
        response = ask(app, token, one["path"], one["request"])
        # Two of them borrowed something after they had been greeted.
        then = {name: value for name, value in one["answer"].items() if name not in ("open_loans", "may_borrow")}
        assert response.status_code == one["status"]
        assert holds(response.json(), then), (response.json(), then)
    lent = next(one["request"] for one in told if one["answer"]["outcome"] == "checked_out")
    given_up = next(one["request"] for one in told if one["answer"]["outcome"] == "voided")
    follows = lent | {"id": "01a1f881-8443-7303-8303-0909090909aa", "seq": 5, "item": given_up["item"]}
    assert ask(app, token, "/v1/checkouts", follows | {"seq": 7}).status_code == 409
    answer = ask(app, token, "/v1/checkouts", follows).json()
    assert (answer["outcome"], answer["reason"]) == ("refused", "item_on_loan")
    again = ask(app, token, "/v1/checkouts", follows)
    assert again.json() == answer
    voided = follows | {"id": "01a1f881-8443-7303-8303-0909090909bb", "seq": 6, "kind": "void"}
    assert ask(app, token, "/v1/voids", voided).json()["outcome"] == "voided"
