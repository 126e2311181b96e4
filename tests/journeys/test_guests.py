"""Guests of another library at the whole product: one who is served, one whom the desk must see, one who enrols alone.

Home is a second store over a copy of the same books, asked over the wire by the store that the kiosk speaks to.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from membership_store import pins
from membership_store.demo.networks import DRENTHE, FLANDERS
from membership_store.opening import open_database
from membership_store.staff.credentials import Role, Staff, add_staff
from tests.journeys.running import wait_until
from tests.journeys.whole_app import WholeApp
from tests.membership_store.running import StoreProcess

pytestmark = [pytest.mark.journey, pytest.mark.system, pytest.mark.timeout(300)]
HERE, HOME, OTHER_HOME = "aa-en-hunze", "BE-ZOT01", "BE-OOS01"
HOME_NAME, OTHER_NAME = "Bibliotheek Zottegem", "Bibliotheek Oosterzele"
PIN, WRONG = "24680", "97531"
PLACES = {OTHER_NAME: (540, 1440), HOME_NAME: (540, 1560)}  # by name, as they are listed
YES, NO = (540, 1488), (540, 1656)
CHIP = "04C0FFEE112233"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeApp]:
    """A kiosk of a library where guests enrol by themselves, and the library from which they come."""
    folder = tmp_path_factory.mktemp("guests")
    one = WholeApp(folder / "run", idle_s="60")
    with contextlib.ExitStack() as ends:
        ends.callback(one.close)
        home = StoreProcess(copy_of(one, folder / "home.db"))
        ends.callback(home.stop)
        lists_homes(one, home, folder)
        one.start_kiosk()
        one.until_ready("keypad", "speech")
        yield one


@pytest.fixture(autouse=True)
def at_rest(app: WholeApp) -> Iterator[None]:
    yield
    app.bench.headphones_out()
    app.put_right()


def copy_of(app: WholeApp, database: Path) -> Path:
    """The books as they are, with the PIN of one patron of Zottegem."""
    path = app.run_dir / "store.db"
    with contextlib.closing(sqlite3.connect(path)) as source, contextlib.closing(sqlite3.connect(database)) as target:
        source.backup(target)
        with target:
            pin = (FLANDERS, member(app)[1], pins.hashed(PIN))
            target.execute("INSERT INTO pin VALUES (?, ?, ?, '2026-01-01')", pin)
    return database


def member(app: WholeApp) -> tuple[str, str]:
    """Pass and patron of somebody who is a member in Zottegem, and nothing more."""
    with contextlib.closing(sqlite3.connect(app.run_dir / "store.db")) as db:
        found = db.execute(
            "SELECT pass.number, patron.patron FROM patron JOIN pass USING (consortium, patron)"
            " JOIN membership USING (consortium, patron) LEFT JOIN pin USING (consortium, patron)"
            " WHERE patron.consortium = ? AND patron.type = '00' AND membership.institution = 'zottegem'"
            " AND membership.subscription = '0045' AND membership.ends > date('now', '+60 days')"
            " AND membership.starts < date('now') AND membership.confirmed AND pin.hash IS NULL"
            " AND pass.status = 'active' AND pass.network_unique ORDER BY patron.patron LIMIT 1",
            (FLANDERS,),
        ).fetchone()
    return str(found[0]), str(found[1])


def lists_homes(app: WholeApp, home: StoreProcess, folder: Path) -> None:
    """Here two libraries can be asked, and guests may enrol alone (G1, G10)."""
    database = open_database(home.database)
    try:
        token = database.write(lambda session: add_staff(session, Staff(FLANDERS, "peer", Role.PEER, None)))
    finally:
        database.close()
    secret = folder / "peer.token"
    secret.write_text(token, "ascii")
    with contextlib.closing(sqlite3.connect(app.run_dir / "store.db")) as db, db:
        for isil, name in ((HOME, HOME_NAME), (OTHER_HOME, OTHER_NAME)):
            db.execute(
                "INSERT INTO home_library (consortium, isil, name, connector, address, secret_file, per_minute)"
                " VALUES (?, ?, ?, 'store', ?, ?, 600)",
                (DRENTHE, isil, name, home.url, str(secret)),
            )
        db.execute(
            "UPDATE institution SET self_enrolment = 1 WHERE consortium = ? AND institution = ?", (DRENTHE, HERE)
        )
        db.execute("UPDATE network_version SET version = version + 1 WHERE consortium = ?", (DRENTHE,))


def said(app: WholeApp, pattern: str) -> str:
    """Waits until something like that was said, and so drawn; what stands in its brackets, where it has some."""

    def found() -> str:
        one = re.search(pattern, " ".join(one["text"] for one in app.bench.speech()))
        return "" if one is None else one[one.re.groups]

    return str(wait_until(pattern, found))


def guests(app: WholeApp) -> list[tuple[str, str]]:
    """The homes of all guests with this chip."""
    with contextlib.closing(sqlite3.connect(app.run_dir / "store.db")) as db:
        return db.execute(
            "SELECT patron.home, patron.type FROM pass JOIN patron USING (consortium, patron)"
            " WHERE pass.consortium = ? AND pass.number = ?",
            (DRENTHE, member(app)[0]),
        ).fetchall()


def test_a_guest_of_another_library_borrows_like_anybody(app: WholeApp) -> None:
    book = app.book()
    app.begin_visit("guest")
    app.lift()
    app.bench.scan(book)
    app.wait_log("item lent")
    assert app.loans_of(book) == 1
    app.leave()


def test_n10_a_guest_who_must_go_to_the_desk_gets_a_code_under_which_the_desk_finds_the_case(app: WholeApp) -> None:
    app.bench.headphones_in()
    said(app, "Voorlezen is aan")
    app.mark()
    app.present("guest-unverified")
    app.wait_log(r"(no visit|cannot borrow): G8 guest_unverified")
    app.wait_log(r"case \S+ has a code")
    code = said(app, r"Noem code (\w+) bij de balie")
    with contextlib.closing(sqlite3.connect(app.run_dir / "store.db")) as db:
        cases = db.execute("SELECT code, rule, reason FROM handover").fetchall()
    assert cases == [(code, "G8", "guest_unverified")]
    assert cases[0][0] not in app.log()


def test_g10_somebody_enrols_by_the_pin_of_home_and_borrows_and_is_known_the_next_time(app: WholeApp) -> None:
    number, _ = member(app)
    books = [app.book(), app.book()]
    tries_to_enrol(app, number, WRONG)
    app.wait_log("no visit: G2 home_says_no")
    assert guests(app) == []
    app.look_first()
    app.touch_at(*NO)  # closes what was said
    app.wait_log(r"screen Rest\n")
    app.lift()
    tries_to_enrol(app, number, PIN)
    app.wait_log("screen Borrowing")
    app.lift()
    app.bench.scan(books[0])
    app.wait_log("item lent")
    assert guests(app) == [(HOME, "04")]
    app.leave()
    app.mark()
    app.bench.place(CHIP, number)
    app.wait_log("screen Borrowing")
    assert "GuestOffer" not in app.since_mark()
    app.bench.scan(books[1])
    app.wait_log("item lent")
    app.leave()
    assert [app.loans_of(one) for one in books] == [1, 1]
    log = app.log()
    assert not [one for one in (PIN, WRONG, number, CHIP) if one in log]


def tries_to_enrol(app: WholeApp, number: str, pin: str) -> None:
    """Says yes, chooses the library of home, types."""
    app.mark()
    app.bench.place(CHIP, number)
    app.wait_log("screen GuestOffer")
    app.look_first()
    app.touch_at(*YES)
    app.wait_log("screen ChooseHome")
    app.look_first()
    app.touch_at(*PLACES[HOME_NAME])
    app.wait_log("screen PinPad")
    app.type_pin(pin)


def test_g10_who_declines_is_told_that_the_pass_is_not_known(app: WholeApp) -> None:
    app.mark()
    app.bench.place("04DEADBEEF0000")
    app.wait_log("screen GuestOffer")
    app.look_first()
    app.touch_at(*NO)
    app.wait_log("no visit: K5 pass_unknown")
