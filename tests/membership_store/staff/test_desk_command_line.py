"""The store's command line for whoever runs it: exit codes 0 and 2, a sentence on every error."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from membership_store.cli.command import open_store
from membership_store.cli.desk_commands import perform
from membership_store.opening import spec
from membership_store.staff.acts import Done
from membership_store.staff.desk import operator
from tests.membership_store.running import ANNEN, DRENTHE, Demo, StoreProcess, run, run_process
from tests.membership_store.staff.desk import Clerk, application, years_ago


@pytest.fixture
def made(database: Path) -> dict[str, str]:
    """Somebody who was enrolled from the command line, and the database."""
    asked = application(years_ago(40), {"surname": "Commandoregel"}) | {"branch": ANNEN}
    said = json.loads(given("desk", "patrons/enrol", "--database", str(database), body=asked).stdout)
    return {"patron": said["patron"], "membership": said["membership"], "number": asked["card"]["number"]}


def given(*arguments: str, body: object) -> subprocess.CompletedProcess[str]:
    """A command that reads JSON."""
    text = body if isinstance(body, str) else json.dumps(body)
    return run(*arguments, given=text)


def at(database: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command at the desk in Annen."""
    return run(*arguments, "--database", database, "--branch", ANNEN)


def test_staff_get_a_credential_that_works_and_one_that_ended_does_not(database: Path, tmp_path: Path) -> None:
    common = ("--database", database, "--consortium", DRENTHE)
    token = tmp_path / "secrets" / "token"
    done = run(
        "staff", "add", *common, "--staff", "desk-9", "--role", "desk", "--institution", "emmen", "--token-file", token
    )
    assert done.returncode == 0, done.stderr
    assert token.stat().st_mode & 0o777 == 0o600
    assert token.read_text("utf-8").strip() not in done.stdout
    twice = run("staff", "add", *common, "--staff", "desk-9", "--role", "desk")
    assert (twice.returncode, "desk-9 already" in twice.stderr) == (2, True)
    renewed = run("staff", "renew", *common, "--staff", "desk-9").stdout.strip()
    store = StoreProcess(database)
    try:
        old, new = (Clerk(store.url, one, "9420") for one in (token.read_text("utf-8").strip(), renewed))
        assert old.tell("patrons/search", surname="Bakker")[0] == 401
        assert new.tell("patrons/search", surname="Bakker")[0] == 200
        assert run("staff", "end", *common, "--staff", "desk-9").returncode == 0
        assert new.tell("patrons/search", surname="Bakker")[0] == 401
    finally:
        store.stop()
    assert run("staff", "end", *common, "--staff", "desk-9").returncode == 2
    listed = json.loads(run("staff", "list", *common, "--json").stdout)
    mine = next(one for one in listed if one["staff"] == "desk-9")
    assert (mine["role"], mine["institution"], bool(mine["ended_at"])) == ("desk", "emmen", True)
    audit = json.loads(run("audit", *common, "--json").stdout)
    assert [one["act"] for one in audit if one["subject"] == "desk-9"] == ["staff/add", "staff/renew", "staff/end"]


@pytest.mark.parametrize("institution", ["nowhere", "zottegem"])
def test_staff_are_of_an_institution_of_their_own_consortium(database: Path, institution: str) -> None:
    done = run(
        "staff", "add", "--database", database, "--consortium", DRENTHE, "--staff", "x", "--role", "desk",
        "--institution", institution,
    )  # fmt: skip
    assert (done.returncode, "no such institution" in done.stderr) == (2, True)


def test_one_patron_is_found_looked_at_given_and_erased(database: Path, made: dict[str, str]) -> None:
    for how in (("--number", made["number"]), ("--surname", "commando"), ("--surname", "Co", "--born", years_ago(40))):
        found = json.loads(at(database, "patron", "find", *how, "--json").stdout)
        assert [one["patron"] for one in found] == [made["patron"]], how
    assert json.loads(at(database, "patron", "look", made["patron"]).stdout)["person"]["surname"] == "Commandoregel"
    assert json.loads(at(database, "patron", "export", made["patron"]).stdout)["kept"]["person"]
    assert at(database, "patron", "erase", made["patron"]).returncode == 0
    again = at(database, "patron", "erase", made["patron"])
    assert (again.returncode, again.stderr.strip()) == (2, "library-store: there is no such patron")
    acts = json.loads(
        run("audit", "--database", database, "--consortium", DRENTHE, "--patron", made["patron"], "--json").stdout
    )
    assert [one["act"] for one in acts] == ["patrons/enrol", "patrons/look", "patrons/export", "patrons/erase"]
    assert {one["staff"] for one in acts} == {"operator"}


def test_what_a_rule_denies_is_said_with_the_rule_and_exit_code_2(database: Path, made: dict[str, str]) -> None:
    body = {"branch": ANNEN, "patron": made["patron"], "cents": 500}
    done = run_process("desk", "fees/add", "--database", str(database), given=json.dumps(body))
    assert done.returncode == 0, done.stderr
    done = at(database, "patron", "erase", made["patron"])
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip() == "library-store: no, by GDPR art. 17: not_settled (open_cents 500)"


@pytest.mark.parametrize(
    ("act", "body", "sentence"),
    [
        ("patrons/eat", {"branch": ANNEN}, "there is no such act"),
        ("patrons/look", "no json", "cannot be used"),
        ("patrons/look", {"patron": "x"}, "branch: missing"),
        ("patrons/look", {"branch": ANNEN, "patron": "x"}, "there is no such patron"),
        ("patrons/look", {"branch": "0000", "patron": "x"}, "no such branch"),
        ("patrons/look", {"branch": ANNEN}, "patron: missing"),
        ("patrons/search", {"branch": ANNEN}, "needs a number, a surname or a birth date"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(database: Path, act: str, body: object, sentence: str) -> None:
    done = given("desk", act, "--database", str(database), body=body)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert sentence in done.stderr


def test_an_act_in_somebodys_name_keeps_to_their_role(database: Path, made: dict[str, str]) -> None:
    assert (
        run(
            "staff", "add", "--database", database, "--consortium", DRENTHE, "--staff", "r1", "--role", "reader"
        ).returncode
        == 0
    )
    body = {"branch": ANNEN, "patron": made["patron"], "text": "x"}
    done = given("desk", "messages/add", "--database", str(database), "--as", "r1", body=body)
    assert (done.returncode, "not allowed" in done.stderr) == (2, True)
    done = given("desk", "messages/add", "--database", str(database), "--as", "nobody", body=body)
    assert (done.returncode, "nobody of that id" in done.stderr) == (2, True)


def test_lists_are_tables_or_json_and_say_so_when_there_is_nothing(database: Path) -> None:
    assert at(database, "flags").stdout.strip() == "nothing to show"
    assert "membership" in at(database, "ending").stdout.splitlines()[0]
    for name in ("ending", "overdue", "duplicates", "flags"):
        assert isinstance(json.loads(at(database, name, "--json").stdout), list)
    period = ("--first", "2026-01-01", "--last", "2026-12-31")
    assert json.loads(at(database, "statistics", *period, "--json").stdout)[0]["institution"] == "aa-en-hunze"
    wrong = at(database, "statistics", "--first", "1-1-2026", "--last", "2026-12-31")
    assert (wrong.returncode, "YYYY-MM-DD" in wrong.stderr) == (2, True)


def test_a_question_waits_for_nobody_who_writes(database: Path) -> None:
    days = {"first": "2026-01-01", "last": "2026-01-31"}
    with (
        closing(open_store(spec(str(database)))) as opened,
        closing(sqlite3.connect(database, isolation_level=None)) as writer,
    ):
        writer.execute("BEGIN IMMEDIATE")
        for path, more in (("statistics", days), ("patrons/search", {"surname": "Nobody"}), ("guests/unverified", {})):
            assert isinstance(perform(opened, operator(DRENTHE), path, {"branch": ANNEN, **more}), Done)
        writer.execute("ROLLBACK")


@pytest.mark.parametrize(
    "command",
    [
        ("staff", "add", "--staff", "desk-9", "--role", "desk"),
        ("staff", "list"),
        ("export", "items", "unused.csv"),
    ],
)
def test_a_consortium_that_is_not_there_is_no_consortium(
    database: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    arguments = [str(tmp_path / one) if one.endswith(".csv") else one for one in command]
    done = run(*arguments, "--database", database, "--consortium", "demo-dreente")
    assert (done.returncode, done.stdout) == (2, "")
    assert "holds no consortium of that code" in done.stderr


def test_the_calendar_is_changed_and_shown(database: Path) -> None:
    assert "2099-12-25" in at(database, "calendar", "--close", "2099-12-25", "2099-12-26").stdout
    assert at(database, "calendar", "--reopen", "2099-12-25").stdout.split() == ["day", "----------", "2099-12-26"]


def test_the_night_is_done_for_every_consortium_and_says_what_it_did(database: Path) -> None:
    done = run("nightly", "--database", database, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [one["consortium"] for one in told] == ["demo-drenthe", "demo-vlaanderen"]
    assert told[0]["come of age"] == 0


def test_explain_tells_each_rule_with_what_it_looked_at_and_names_nobody(database: Path, demo: Demo) -> None:
    one = demo.passes["owes"]
    done = at(database, "explain", "--number", one["number"], "--item", demo.books["of-a-stranger"]["barcode"])
    assert "no   F4 open amount within limit" in done.stdout
    assert "here.branch.open_amount_limit = 1000" in done.stdout
    told = json.loads(at(database, "explain", "--number", one["number"], "--json").stdout)
    assert (told["allowed"], told["decided"]["rule"], told["decided"]["values"]) == (
        False,
        "F4",
        {"cents": 1250, "limit": 1000},
    )
    assert one["number"] not in done.stdout + json.dumps(told)


def test_explain_goes_for_visits_returns_and_renewals_and_for_another_day(database: Path, demo: Demo) -> None:
    mine = {"number": demo.passes["anna"]["number"], "item": demo.books["annas-own"]["barcode"]}
    shown = ("--number", mine["number"])
    assert "allowed: may begin a visit" in at(database, "explain", *shown, "--action", "visit").stdout
    assert "allowed: may renew" in at(database, "explain", *shown, "--action", "renew", "--item", mine["item"]).stdout
    back = at(database, "explain", "--action", "return", "--item", demo.books["of-a-stranger"]["barcode"]).stdout
    assert "refused by N6 return_elsewhere" in back
    then = ("--when", "2035-01-01T12:00:00+00:00")
    assert "refused by N2" in at(database, "explain", *shown, *then).stdout
    for wrong in (("--action", "return"), ("--action", "renew", *shown), (*shown, "--when", "yesterday")):
        assert at(database, "explain", *wrong).returncode == 2


def test_the_program_is_called_by_both_of_its_names() -> None:
    for name in ("library-store", "membership-store"):
        program = Path(sys.executable).with_name(name)
        if not program.exists():
            pytest.skip("not installed as a program")
        done = subprocess.run([program, "staff", "--help"], capture_output=True, text=True, timeout=60, check=False)
        assert done.stdout.startswith(f"usage: {name} staff")
