"""The command line: every trouble is one sentence on standard error and exit code 2; `explain` says the rule."""

from __future__ import annotations

import json
import socket
import stat
from pathlib import Path

import pytest

from circulation import wire
from membership_store.credentials import Kiosk
from membership_store.server import Address, listen
from tests.membership_store.running import ANNEN, DRENTHE, Caller, Demo, StoreProcess, run, run_process


def test_a_port_in_use_is_said_clearly(database: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = run("serve", "--database", database, "--listen", address)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip() == f"library-store: cannot listen on {address}: another program listens there"


def test_answers_are_sent_without_nagles_delay() -> None:
    with listen(Address("127.0.0.1", 0)) as listening:
        assert (listening.proto, listening.type) == (socket.IPPROTO_TCP, socket.SOCK_STREAM)


@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1:", "127.0.0.1:99999", ":80", "127.0.0.1:x"])
def test_an_address_that_is_none_is_said_to_be_none(database: Path, address: str) -> None:
    done = run("serve", "--database", database, "--listen", address)
    assert done.returncode == 2
    assert "HOST:PORT" in done.stderr


def test_an_address_of_another_machine_cannot_be_listened_on(database: Path) -> None:
    done = run("serve", "--database", database, "--listen", "192.0.2.1:8701")
    assert done.returncode == 2
    assert "cannot listen on 192.0.2.1:8701" in done.stderr


@pytest.mark.parametrize("command", ["serve", "explain", "kiosk add"])
def test_a_missing_database_is_said_with_what_to_do(tmp_path: Path, command: str) -> None:
    more = {"serve": [], "explain": ["--branch", "1", "--number", "2"], "kiosk add": ["--branch", "1", "--kiosk", "k"]}
    done = run(*command.split(), "--database", tmp_path / "none.db", *more[command])
    assert done.returncode == 2
    assert "run `migrate` or `demo-data` first" in done.stderr
    assert not (tmp_path / "none.db").exists()


def test_a_database_without_this_releases_schema_is_not_served(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    done = run("serve", "--database", tmp_path / "empty.db", "--listen", "127.0.0.1:0")
    assert done.returncode == 2
    assert "lacks schema version 1: run `migrate` first" in done.stderr


def test_migrate_makes_a_database_and_then_has_nothing_to_do(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "new.db"
    assert "applied 0001_lending" in run_process("migrate", "--database", path).stdout
    assert "nothing to do" in run_process("migrate", "--database", path).stdout


def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("no database at all, whatever its name may say\n" * 100)
    done = run_process("migrate", "--database", tmp_path / "x.db")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_explain_names_the_deciding_rule_and_the_others(database: Path, demo: Demo) -> None:
    one = demo.passes["owes"]
    done = run(
        "explain", "--database", database, "--branch", ANNEN, "--number", one["number"],
        "--item", demo.books["of-a-stranger"]["barcode"],
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert lines[1] == "refused by F4 open_amount (next: desk, cents 1250, limit 1000)"
    assert lines[2] == "  would also refuse: N6 no_transport (next: other_branch, place Bibliotheek Emmen)"


def test_explain_goes_on_where_the_visit_is_refused_and_tells_source_from_source(database: Path, demo: Demo) -> None:
    number = demo.passes["guest"]["number"]
    asked = ("explain", "--database", database, "--branch", ANNEN, "--number", number)
    assert run(*asked).stdout.splitlines()[1] == "allowed: may borrow"
    printed = run(*asked, "--source", "barcode").stdout
    assert "refused by G6 guest_without_chip" in printed
    assert "strips 125" in printed


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--branch", ANNEN], "say which pass"),
        (["--branch", ANNEN, "--number", "½"], "not a pass number"),
        (["--branch", ANNEN, "--uid", "04"], "not a chip UID"),
        (["--branch", "0000", "--number", "1"], "no such branch"),
        (["--branch", ANNEN, "--consortium", "demo-vlaanderen", "--number", "1"], "no such branch"),
    ],
)
def test_explain_says_what_it_cannot_use(database: Path, more: list[str], sentence: str) -> None:
    done = run("explain", "--database", database, *more)
    assert done.returncode == 2
    assert sentence in done.stderr


def test_a_new_kiosk_gets_a_credential_that_works_and_its_id_is_never_given_twice(
    database: Path, demo: Demo, tmp_path: Path
) -> None:
    asked = ("kiosk", "add", "--database", database, "--branch", "9402", "--kiosk", "gieten-2")
    done = run(*asked, "--token-file", tmp_path / "secrets" / "token")
    assert done.returncode == 0, done.stderr
    token = (tmp_path / "secrets" / "token").read_text("utf-8").strip()
    assert token not in done.stdout
    assert stat.S_IMODE((tmp_path / "secrets" / "token").stat().st_mode) == 0o600
    twice = run(*asked)
    assert (twice.returncode, twice.stdout) == (2, "")
    assert "takes a new id" in twice.stderr
    store = StoreProcess(database)
    try:
        caller = Caller(store.url, Kiosk(DRENTHE, "gieten-2", "9402"), token)
        status, body = caller.post("/v1/identify", {"presented": wire.encode(demo.shown("anna"))})
        assert (status, json.loads(body)["outcome"]) == (200, "identified")
        assert token not in store.log_file.read_text("utf-8")
        assert token.rpartition(".")[2].encode() not in database.read_bytes()
    finally:
        store.stop()


@pytest.mark.parametrize("arguments", [[], ["--help"], ["serve", "--help"], ["nonsense"], ["kiosk"]])
def test_help_and_wrong_commands_are_answered_with_usage(arguments: list[str]) -> None:
    done = run_process(*arguments)
    assert done.returncode == (0 if "--help" in arguments else 2)
    assert "usage: library-store" in done.stdout + done.stderr
