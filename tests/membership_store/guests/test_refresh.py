"""Every night the home of every guest is asked (G7, G8): over HTTP, with homes that are silent or talk nonsense."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from circulation.rules.guests import HomeOutcome, HomeSays
from membership_store.guests.homes import Home, Question
from membership_store.guests.refresh import Pace, Refresh
from membership_store.sqlite_database import SqliteDatabase
from tests.membership_store.guests.homes import FLANDERS, HOME_ISIL, Library, silent_home, talking_home, today
from tests.membership_store.running import DRENTHE, LIMIT_S, ROOT, Demo, command, eventually, run

PROVISIONAL = date(2031, 5, 31)


@pytest.fixture
def here(demo: Demo, home: Library, tmp_path: Path) -> Iterator[Library]:
    """The library in Zottegem, for one test."""
    one = Library(demo, tmp_path / "here")
    one.lists(HOME_ISIL, home.store.url, home.peer)
    yield one
    one.store.stop()


def refresh(here: Library, *more: str) -> tuple[int, dict[str, dict[str, object]], str]:
    """Runs the command; gives its code, its rows by home, and what it said on standard error."""
    ran = run(
        "guests", "refresh", "--database", here.store.database, "--consortium", FLANDERS, "--json",
        "--rest", "0", "--within", "1", *more,
    )  # fmt: skip
    assert ran.stdout, ran.stderr
    return ran.returncode, {str(one["home"]): one for one in json.loads(ran.stdout)["homes"]}, ran.stderr


def enrolled(here: Library, demo: Demo, name: str) -> str:
    """A patron of home who became a guest yesterday, with the term of three months."""
    ref, start = f"G-{name}", today() - timedelta(days=1)
    here.add_guest(ref, HOME_ISIL, demo.passes[name]["number"], start, PROVISIONAL)
    return ref


def ends_at_home(home: Library, demo: Demo, name: str) -> str:
    return str(
        home.store.rows(
            "SELECT MAX(m.ends) FROM membership m JOIN pass p ON p.consortium = m.consortium AND p.patron = m.patron"
            " WHERE m.consortium = ? AND p.number = ?",
            DRENTHE,
            demo.passes[name]["number"],
        )[0][0]
    )


def test_g7_the_real_term_replaces_the_provisional_one_and_leaves_the_strips(
    here: Library, home: Library, demo: Demo
) -> None:
    ref = enrolled(here, demo, "anna")
    code, homes, _ = refresh(here)
    assert (code, homes[HOME_ISIL]["valid"]) == (0, 1)
    assert here.term(ref) == (ends_at_home(home, demo, "anna"), today().isoformat(), "home")
    assert here.store.rows("SELECT balance FROM strips WHERE membership = ?", f"{ref}-m") == [(17,)]
    assert here.store.rows("SELECT 1 FROM feed WHERE kind = 'patron' AND ref = ?", ref)


def test_g7_ended_at_home_is_ended_here_and_begins_again_with_it(here: Library, home: Library, demo: Demo) -> None:
    ref, number = enrolled(here, demo, "hanna"), demo.passes["hanna"]["number"]
    home.store.change("UPDATE pass SET status = 'blocked' WHERE number = ?", number)
    assert refresh(here)[1][HOME_ISIL]["ended"] == 1
    assert here.term(ref)[0] == (today() - timedelta(days=1)).isoformat()
    home.store.change("UPDATE pass SET status = 'active' WHERE number = ?", number)
    here.store.change("DELETE FROM guest_check")
    assert refresh(here)[1][HOME_ISIL]["valid"] == 1
    assert here.term(ref)[0] == ends_at_home(home, demo, "hanna")


def test_g8_silence_and_nonsense_leave_the_last_known_term_with_its_date(here: Library, demo: Demo) -> None:
    good = enrolled(here, demo, "iris")
    start = today() - timedelta(days=3)
    with silent_home() as silent, talking_home(200, b'{"outcome":"fine"}') as garbled:
        here.lists("NL-S", silent, "token")
        here.lists("NL-X", garbled, "token")
        for n in range(200):
            here.add_guest(f"S{n}", "NL-S", f"5{n:04}", start, PROVISIONAL)
        here.add_guest("X0", "NL-X", "60000", start, PROVISIONAL)
        here.add_guest("U0", "NL-UNLISTED", "70000", start, PROVISIONAL)
        began = time.monotonic()
        code, homes, said = refresh(here, "--rounds", "2")
        took = time.monotonic() - began
    assert code == 1
    assert (homes["NL-S"]["silent"], homes["NL-X"]["silent"], homes["NL-UNLISTED"]["silent"]) == (200, 1, 1)
    assert "not listed" in str(homes["NL-UNLISTED"]["why"])
    assert took < 40, "two rounds of three questions of a second each, not two hundred"
    assert here.term("S7") == (PROVISIONAL.isoformat(), start.isoformat(), "provisional")
    assert here.term(good)[2] == "home", "a silent home holds up nobody"
    assert "token" not in said


def test_g8_staff_see_who_is_unverified_and_whom_self_service_stopped(here: Library) -> None:
    for nights in (0, 1, 6, 7):
        day = today() - timedelta(days=nights)
        here.add_guest(f"N{nights}", "NL-S", f"4{nights:04}", day, PROVISIONAL)
    status, said = here.ask(here.desk, "/v1/staff/guests/unverified", {"branch": "3550"})
    assert status == 200
    assert [(one["patron"], one["nights"], one["self_service"]) for one in said["guests"]] == [
        ("N1", 1, True), ("N6", 6, True), ("N7", 7, False),
    ]  # fmt: skip


def test_a_second_run_of_the_night_asks_only_those_who_had_no_answer(here: Library, home: Library, demo: Demo) -> None:
    enrolled(here, demo, "joris")
    here.add_guest("L0", "NL-L", "50000", today(), PROVISIONAL)
    assert refresh(here)[0] == 1
    here.lists("NL-L", home.store.url, home.peer)
    code, homes, _ = refresh(here)
    assert (code, list(homes), homes["NL-L"]["unknown"]) == (0, ["NL-L"], 1)
    assert here.store.rows("SELECT tries, outcome FROM guest_check WHERE patron = 'L0'") == [(2, "unknown")]


def test_killed_in_the_middle_it_goes_on_where_it_stopped(here: Library) -> None:
    with talking_home(200, b'{"outcome":"valid","until":"2032-01-31"}') as address:
        here.lists("NL-K", address, "token", per_minute=1200)
        for n in range(60):
            here.add_guest(f"K{n}", "NL-K", f"3{n:04}", today(), PROVISIONAL)
        process = subprocess.Popen(
            command("guests", "refresh", "--database", here.store.database, "--consortium", FLANDERS),
            cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        done = "SELECT COUNT(*) FROM guest_check WHERE outcome = 'valid'"
        eventually("some answers", lambda: here.store.rows(done)[0][0] > 5)
        process.send_signal(signal.SIGKILL)
        process.wait(LIMIT_S)
        before = here.store.rows(done)[0][0]
        assert 5 < before < 60
        settled = here.store.rows("SELECT COUNT(*) FROM membership WHERE ends = '2032-01-31'")[0][0]
        assert settled == before, "an answer and its term are one transaction"
        code, homes, _ = refresh(here)
    assert (code, homes["NL-K"]["valid"]) == (0, 60 - before)
    assert here.store.rows("SELECT MAX(tries), COUNT(*) FROM guest_check") == [(1, 60)]


def test_a_home_is_not_asked_faster_than_it_wants(here: Library) -> None:
    with talking_home(200, b'{"outcome":"valid","until":"2032-01-31"}') as address:
        here.lists("NL-P", address, "token", per_minute=300)
        for n in range(11):
            here.add_guest(f"P{n}", "NL-P", f"2{n:04}", today(), PROVISIONAL)
        began = time.monotonic()
        assert refresh(here)[0] == 0
    assert time.monotonic() - began >= 2.0, "ten pauses of a fifth of a second"


def test_what_the_desk_stopped_no_home_begins_again(here: Library, demo: Demo) -> None:
    ref = enrolled(here, demo, "lotte")
    here.store.change("UPDATE membership SET cancelled_on = starts, ends = starts WHERE patron = ?", ref)
    assert refresh(here)[1] == {}
    assert here.term(ref)[0] == (today() - timedelta(days=1)).isoformat()


class Told:
    """A home that says one thing, for nights that cannot be waited for."""

    def __init__(self, says: HomeSays) -> None:
        self.says = says

    def ask(self, _question: Question, _within_s: float) -> HomeSays:
        return self.says

    def close(self) -> None:
        return


@pytest.mark.parametrize(
    ("instant", "night"),
    [
        ("2026-03-29T00:30:00", "2026-03-29"),  # 01:30, the hour before the clock leaps
        ("2026-03-29T01:30:00", "2026-03-29"),  # 03:30: there is no 02:30
        ("2026-10-24T22:15:00", "2026-10-25"),  # 00:15 in summer time is the next day at the library
        ("2026-10-25T00:30:00", "2026-10-25"),  # the first 02:30
        ("2026-10-25T01:30:00", "2026-10-25"),  # the second 02:30 of the same night
        ("2026-10-25T22:30:00", "2026-10-25"),  # 23:30 in winter time
        ("2028-02-28T23:30:00", "2028-02-29"),
        ("2026-12-31T23:30:00", "2027-01-01"),
    ],
)
def test_g7_a_night_is_the_librarys_own_date_also_when_the_clock_is_changed(
    demo: Demo, tmp_path: Path, instant: str, night: str
) -> None:
    database = SqliteDatabase(Path(shutil.copy(demo.folder / "store.db", tmp_path / "store.db")))
    moment = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    says = HomeSays(HomeOutcome.ENDED)
    try:
        database.write(lambda session: session.run("DELETE FROM guest_check"))
        one = Refresh(database, lambda: moment, DRENTHE, connecting=lambda _: Told(says), pace=Pace(rounds=1))
        waiting = one.waiting()
        assert waiting
        report = one.run(waiting)
        again = Refresh(database, lambda: moment, DRENTHE, connecting=lambda _: Told(says)).waiting()
        nights = database.read(lambda session: session.rows("SELECT DISTINCT night FROM guest_check"))
        last = database.read(
            lambda session: session.rows(
                "SELECT MAX(m.ends) FROM membership m JOIN guest_check g ON g.patron = m.patron"
                " WHERE g.outcome = 'ended'"
            )
        )
    finally:
        database.close()
    assert report.night.isoformat() == night
    assert nights == [(night,)]
    yesterday = date.fromisoformat(night) - timedelta(days=1)
    assert last[0][0] <= yesterday.isoformat(), "ended at home: the day before was the last one here"
    assert all(isil == "NL-999999" for isil in again), "twice in one night asks nobody twice"


@pytest.mark.parametrize("until", [date(2027, 2, 28), date(2028, 2, 29), date(2026, 12, 31), date(2027, 4, 30)])
def test_g7_month_ends_stay_as_home_says(demo: Demo, tmp_path: Path, until: date) -> None:
    database = SqliteDatabase(Path(shutil.copy(demo.folder / "store.db", tmp_path / "store.db")))
    moment = datetime(2026, 11, 30, 3, tzinfo=UTC)

    def connecting(_: Home) -> Told:
        return Told(HomeSays(HomeOutcome.VALID, until))

    try:
        one = Refresh(database, lambda: moment, DRENTHE, connecting=connecting, pace=Pace(rounds=1))
        one.run(one.waiting())
        rows = database.read(
            lambda session: session.rows(
                "SELECT DISTINCT m.ends FROM membership m JOIN guest_check g ON g.patron = m.patron"
                " WHERE g.outcome = 'valid'"
            )
        )
    finally:
        database.close()
    assert rows == [(until.isoformat(),)]
