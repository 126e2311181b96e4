"""The books of guests and of CSV files, on both engines: races that book once, nights and files that come out alike."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from circulation import identifiers as ids
from circulation.rules.guests import HomeOutcome, HomeSays
from membership_store.csv_files.exporting import export_file
from membership_store.csv_files.importing import BadFile, import_file
from membership_store.csv_files.sheets import SHEETS
from membership_store.database import Database
from membership_store.guests.acts import ENROL, EnrolGuest
from membership_store.guests.desk import GuestDesk
from membership_store.guests.enrolment import Enrolment, book_strips
from membership_store.guests.refresh import Pace, Refresh
from membership_store.network import load_here
from membership_store.staff.acts import Done
from membership_store.staff.desk import operator
from tests.membership_store.guests.test_refresh import Told
from tests.membership_store.running import ANNEN, DRENTHE

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
UNTIL = date(2027, 2, 28)
ISIL = "NL-070288"


def desk(database: Database, says: HomeSays, clock: Callable[[], datetime] = lambda: NOW) -> GuestDesk:
    return GuestDesk(database, clock, lambda _home, _question: says)


def enrol(database: Database, number: str, says: HomeSays, *, with_strips: bool = True) -> Done:
    asked = EnrolGuest(branch=ids.BranchCode(ANNEN), number=ids.PassNumber(number), isil=ISIL, with_strips=with_strips)
    answer = desk(database, says).operate(operator(DRENTHE), ENROL, asked)
    assert isinstance(answer, Done)
    return answer


def test_g5_many_desks_at_once_enrol_one_guest_and_book_the_strips_once(filled: Database) -> None:
    valid = HomeSays(HomeOutcome.VALID, UNTIL)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: enrol(filled, "864300", valid), range(8)))
    assert len({one.said["patron"] for one in answers}) == 1
    assert {one.said["strips"] for one in answers} == {125}
    booked = filled.read(
        lambda session: session.rows(
            "SELECT strips, term FROM strips_entry WHERE consortium = ? AND cash_code = '780'", DRENTHE
        )
    )
    assert booked == [(125, UNTIL.isoformat())]


@pytest.mark.parametrize(
    ("enrolled", "ends"),
    [
        (datetime(2026, 11, 30, 12, tzinfo=UTC), "2027-02-28"),
        (datetime(2027, 11, 30, 12, tzinfo=UTC), "2028-02-29"),
        (datetime(2026, 10, 31, 12, tzinfo=UTC), "2027-01-31"),
        (datetime(2026, 3, 28, 23, 30, tzinfo=UTC), "2026-06-29"),  # the 29th at the library, the night of the change
    ],
)
def test_g7_three_months_end_where_a_month_ends(filled: Database, enrolled: datetime, ends: str) -> None:
    asked = EnrolGuest(branch=ids.BranchCode(ANNEN), number=ids.PassNumber("864301"), isil=ISIL)
    answer = desk(filled, HomeSays(HomeOutcome.VALID), lambda: enrolled).operate(operator(DRENTHE), ENROL, asked)
    assert isinstance(answer, Done)
    assert answer.said["ends"] == date.fromisoformat(ends)


def test_g5_a_new_term_at_home_is_due_again_and_the_nightly_one_is_not(filled: Database) -> None:
    answer = enrol(filled, "864302", HomeSays(HomeOutcome.VALID, UNTIL))
    patron, membership = str(answer.said["patron"]), str(answer.said["membership"])

    def night(day: date, until: date) -> None:
        moment = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
        says = HomeSays(HomeOutcome.VALID, until)
        one = Refresh(filled, lambda: moment, DRENTHE, connecting=lambda _: Told(says), pace=Pace(rounds=1))
        one.run({ISIL: [patron]})

    def book(day: date) -> bool:
        moment = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        keys = iter(f"{day:%Y%m%d}{n}" for n in range(9))
        return filled.write(
            lambda session: book_strips(
                Enrolment(session, DRENTHE, load_here(session, DRENTHE, ANNEN, moment), moment, lambda: next(keys)),
                membership,
            )
        )

    filled.write(lambda session: session.run("UPDATE strips SET balance = 3 WHERE membership = ?", membership))
    night(date(2026, 12, 1), UNTIL)
    assert not book(date(2026, 12, 1)), "the term of that night is the one that the strips were booked for"
    night(UNTIL, date(2028, 2, 29))
    assert not book(UNTIL), "the old term runs its last day"
    assert book(UNTIL + timedelta(days=1))
    assert not book(UNTIL + timedelta(days=2))
    left = filled.read(lambda session: session.rows("SELECT balance FROM strips WHERE membership = ?", membership))
    assert left == [(125,)]


def test_g8_a_guest_whose_pass_is_blocked_here_is_asked_about_and_one_without_is_not_ended(filled: Database) -> None:
    answer = enrol(filled, "864303", HomeSays(HomeOutcome.VALID, UNTIL))
    patron = str(answer.said["patron"])
    filled.write(lambda session: session.run("UPDATE pass SET status = 'blocked' WHERE patron = ?", patron))
    moment = NOW + timedelta(days=1)
    one = Refresh(filled, lambda: moment, DRENTHE, connecting=lambda _: Told(HomeSays(HomeOutcome.VALID, UNTIL)))
    assert one.run({ISIL: [patron]}).total["valid"] == 1
    for table in ("pass_institution", "pass_chip"):
        filled.write(
            lambda session, table=table: session.run(  # type: ignore[misc]
                f"DELETE FROM {table} WHERE pass IN (SELECT pass FROM pass WHERE patron = ?)", patron
            )
        )
    filled.write(lambda session: session.run("DELETE FROM pass WHERE patron = ?", patron))
    report = Refresh(
        filled, lambda: moment + timedelta(days=1), DRENTHE, connecting=lambda _: Told(HomeSays(HomeOutcome.UNKNOWN)),
        pace=Pace(rounds=1),
    ).run({ISIL: [patron]})  # fmt: skip
    assert report.silent == 1
    ends = filled.read(lambda session: session.rows("SELECT ends FROM membership WHERE patron = ?", patron))
    assert ends == [(UNTIL.isoformat(),)]


def test_files_come_out_as_they_went_in_and_a_bad_one_leaves_nothing(filled: Database, tmp_path: Path) -> None:
    for sheet in SHEETS.values():
        export_file(filled, DRENTHE, sheet, tmp_path / "a.csv")
        body = (tmp_path / "a.csv").read_bytes()
        report = import_file(filled, DRENTHE, sheet, body)
        assert (report.new, report.changed) == (0, 0)
    body = ("patron;type;surname\n" + "".join(f"N{n};00;Jansen\n" for n in range(1200))).encode()
    assert import_file(filled, DRENTHE, SHEETS["patrons"], body).new == 1200
    changed = body.replace(b"Jansen", b"Pietersen")
    with pytest.raises(BadFile):
        import_file(filled, DRENTHE, SHEETS["patrons"], changed + b"N1;00;twice\n")
    assert import_file(filled, DRENTHE, SHEETS["patrons"], changed).changed == 1200
    rows = filled.read(lambda session: session.rows("SELECT COUNT(*) FROM person WHERE search_key = 'pietersen'"))
    assert rows == [(1200,)]
