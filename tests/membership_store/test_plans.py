"""What a kiosk, the desk and the night ask of 50,000 patrons is found by a key: no walk through a whole consortium."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from circulation import identifiers as ids
from circulation import wire
from circulation.events import Action, HandOver, Kind, Payment
from circulation.outcomes import Reason
from membership_store import changes
from membership_store.database import Database
from membership_store.desk import StoreDesk
from membership_store.guests import night as guests
from membership_store.opening import open_database
from membership_store.staff.desk import StaffDesk, operator
from membership_store.staff.nightly import Night, run
from membership_store.staff.table import BY_PATH
from tests.membership_store.counter import Counter
from tests.membership_store.counting import Listening
from tests.membership_store.running import ANNEN, DRENTHE, Demo, plain_books
from tests.membership_store.staff.desk import application, new_event, regional

PATRONS = 50_000
# Filled for every patron that there is: nobody may walk through one of these for the sake of one key.
GREAT = (
    "patron", "person", "pass", "pass_chip", "pass_institution", "membership", "strips", "strips_entry", "fee", "title",
    "item", "loan", "hold", "login_account",
)  # fmt: skip
# Whose business it is to go through a consortium: in batches, at night, or counted over a period. Each begins so.
WALKS = (
    "SELECT DISTINCT m.patron FROM membership m JOIN person e",  # who comes of age
    "SELECT m.patron FROM membership m JOIN patron p",  # who lapsed long ago
    "SELECT p.type, COUNT(*) FROM loan l",  # statistics
    "SELECT p.type, COUNT(*) FROM membership m",
    "SELECT p.type, COUNT(DISTINCT m.patron) FROM membership m",
    "SELECT l.loan, l.item, l.patron, l.branch, l.lent, l.due, p.type FROM loan l",  # whom to remind
)
_ids = (f"plans{n:011d}" for n in count(1))


@pytest.fixture(scope="module")
def great(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo with a patron of its network 50,000 times over, each with a pass, a loan and all else."""
    file = Path(shutil.copy(demo.folder / "store.db", tmp_path_factory.mktemp("plans") / "store.db"))
    with closing(sqlite3.connect(file)) as base, base:
        base.execute("PRAGMA synchronous = OFF")
        base.execute("CREATE TEMP TABLE n AS WITH RECURSIVE c(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM c"
                     f" WHERE k < {PATRONS}) SELECT printf('%06d', k) AS k FROM c")  # fmt: skip
        for table in GREAT:
            names = [name for (name,) in base.execute(f"SELECT name FROM pragma_table_info('{table}')")]
            given = {
                "returned_at": "NULL", "number": "'N' || n.k", "uid": "'04' || n.k || '000000'", "user_name": "n.k",
                "search_head": "substr('aaabbbcccddd', n.k % 9 + 1, 3)",
                "born": "date('1950-01-01', n.k || ' days')",
                "status": "'waiting'" if table == "hold" else "t.status",
            }  # fmt: skip
            given |= {key: "'X' || n.k" for key in names if key in (*GREAT, "entry")}
            given |= {"item": "NULL", "branch": f"'{ANNEN}'"} if table == "hold" else {}
            columns = ", ".join(given.get(name, f"t.{name}") for name in names)
            base.execute(f"INSERT INTO {table} SELECT {columns} FROM n CROSS JOIN"
                         f" (SELECT * FROM {table} WHERE consortium = '{DRENTHE}' LIMIT 1) t")  # fmt: skip
    return file


@dataclass
class People:
    """A kiosk and somebody at the desk, and every statement that is asked for them."""

    heard: Listening
    counter: Counter
    clerk: StaffDesk

    def staff(self, path: str, **given: Any) -> dict[str, Any]:
        """What an act of staff says."""
        act = BY_PATH[path]
        asked = wire.decode(act.takes, {"branch": ANNEN, **given})
        said = wire.encode(self.clerk.operate(operator(DRENTHE), act, asked))
        return dict(said.get("said", {}))


@pytest.fixture
def people(great: Path) -> Iterator[People]:
    database = open_database(great, patient=True)
    heard = Listening(database)
    counter = Counter(database, f"plans-{next(_ids)}")
    counter.desk = StoreDesk(heard, lambda: counter.now)
    clerk = StaffDesk(heard, lambda: datetime.now(UTC), lambda: next(_ids))
    yield People(heard, counter, clerk)
    database.close()


def at_the_kiosk(people: People, demo: Demo, great: Path) -> None:
    """One of all that a kiosk asks."""
    kiosk, anna, iris = people.counter, demo.shown("anna"), demo.shown("iris")
    book = next(plain_books(great))
    kiosk.desk.identify(kiosk.kiosk, anna)
    kiosk.desk.account(kiosk.kiosk, anna)
    kiosk.borrow(anna, book)
    kiosk.borrow(iris, demo.book("oeroeg"))
    kiosk.do(Action.RENEW, anna, book)
    kiosk.do(Action.RENEW_ALL, anna)
    kiosk.do(Action.CHECK_IN, None, book)
    kiosk.do(Action.CHECK_IN, None, demo.book("on-loan"))
    kiosk.do(Action.PAY, iris, None, Payment(("none",), 250, f"T-{next(_ids)}"), kind=Kind.FACT)
    kiosk.do(Action.END_VISIT, anna)
    kiosk.desk.hand_over(
        kiosk.kiosk, HandOver(ids.EventId(new_event()), reason=Reason.OPEN_AMOUNT, rule="F4", presented=anna, item=book)
    )


def at_the_desk(people: People, great: Path) -> None:
    """One of most that staff do."""
    do, number, book = people.staff, regional(), next(plain_books(great))
    new = do("patrons/enrol", **application("1991-01-01", {"surname": "Plannenmaker"}) | {"card": {"number": number}})
    who = {"patron": new["patron"]}
    do("patrons/search", number=number)
    do("patrons/search", surname="Plannenmaker")
    do("patrons/search", surname="Pla", born="1991-01-01")
    do("patrons/search", born="1991-01-01")
    do("patrons/look", **who)
    do("strips/book", **who, membership=new["membership"], strips=3)
    do("strips/entries", **who, membership=new["membership"])
    fee = do("fees/add", **who, cents=100)["fee"]
    do("fees/pay", **who, fees=[fee], cents=100)
    hold = do("holds/place", **who, item=book)["hold"]
    do("holds/shelve", **who, hold=hold, item=book)
    do("items/look", item=book)
    do("holds/cancel", **who, hold=hold)
    for path in ("holds/unclaimed", "flags/list", "audit", "reminders/overdue"):
        do(path)
    do("statistics", first="2026-01-01", last="2026-12-31")
    do("patrons/export", **who)
    do("patrons/erase", **who)


def in_the_night(people: People) -> None:
    """What the store does by itself."""
    run(Night(people.heard, DRENTHE, datetime.now(UTC), lambda: next(_ids), lambda _: None))
    people.heard.write(lambda session: changes.prune(session, datetime.now(UTC) - timedelta(days=30)))
    people.heard.read(lambda session: guests.still_to_ask(session, guests.Night(DRENTHE, datetime.now(UTC).date())))


def walks(file: Path, sql: str) -> list[str]:
    """The lines of a plan by which a great table is read whole, or by its consortium alone."""
    with closing(sqlite3.connect(file)) as base:
        plan = [row[3] for row in base.execute(f"EXPLAIN QUERY PLAN {sql}", [None] * sql.count("?"))]
    names = {name: table for table, name in re.findall(r"\b(?:FROM|JOIN|UPDATE|INTO) (\w+)(?: (?:AS )?(\w+))?", sql)}
    found = []
    for line in plan:
        whole = re.match(r"SCAN (\w+)|SEARCH (\w+) USING .*\(consortium=\?\)$", line)
        name = (whole[1] or whole[2]) if whole else ""
        # An index of open things alone is small, whatever its keys are.
        if whole and names.get(name, name) in GREAT and "USING INDEX hold_unclaimed" not in line:
            found.append(line)
    return found


def asked(people: People) -> list[str]:
    """The statements that were heard, each once."""
    sql = (one for one in people.heard.statements if not one.startswith("lock "))
    return [one for one in dict.fromkeys(sql) if not one.startswith(WALKS)]


@pytest.mark.parametrize("studied", [False, True], ids=["without statistics", "with statistics"])
def test_no_question_walks_through_a_consortium(people: People, demo: Demo, great: Path, studied: bool) -> None:
    with closing(sqlite3.connect(great)) as base:
        base.execute("DROP TABLE IF EXISTS sqlite_stat1")
    if studied:
        people.heard.take_stock()
        assert len(rows_of(people.heard, "SELECT tbl, idx FROM sqlite_stat1")) > 50
    at_the_kiosk(people, demo, great)
    at_the_desk(people, great)
    in_the_night(people)
    found = asked(people)
    assert len(found) > 120
    slow = {sql: lines for sql in found if (lines := walks(great, sql))}
    assert slow == {}


def rows_of(database: Database | Listening, sql: str) -> list[tuple[Any, ...]]:
    """Rows of a database."""
    return database.read(lambda session: session.rows(sql))


def test_a_walk_is_recognised(great: Path) -> None:
    assert walks(great, "SELECT number FROM pass WHERE consortium = ? AND number LIKE ?")
    assert walks(great, "SELECT p.patron FROM patron p WHERE p.first_name = ?")
    assert not walks(great, "SELECT patron FROM pass WHERE consortium = ? AND number = ?")
