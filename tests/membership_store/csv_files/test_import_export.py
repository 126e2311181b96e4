"""CSV files in and out: wholly or not at all, the same bytes again, nothing that a spreadsheet would calculate."""

from __future__ import annotations

import csv
import io
import secrets
import stat
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from membership_store.csv_files import text
from membership_store.csv_files.exporting import export_file
from membership_store.csv_files.importing import BadFile, Report, import_file
from membership_store.csv_files.sheets import SHEETS
from membership_store.database import Database
from membership_store.demo.networks import DRENTHE, NETWORKS, add_network
from membership_store.migrations import migrate
from membership_store.sqlite_database import SqliteDatabase
from tests.membership_store.running import Demo, run

ORDER = ("isil", "patrons", "passes", "memberships", "titles", "items")
HEAD = "patron;type;surname"
PRIVATE = "Wijnbergen-Achterhuis"


def network_only(path: Path) -> SqliteDatabase:
    """A store with the networks, and nobody and nothing in them."""
    database = SqliteDatabase(path)
    migrate(database)
    for network in NETWORKS:
        database.write(
            lambda session, network=network: add_network(  # type: ignore[misc]
                session, network, "2026-01-01", secrets.token_hex(32)
            )
        )
    return database


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    one = network_only(tmp_path / "empty.db")
    yield one
    one.close()


def take(database: Database, sheet: str, body: str | bytes, *, dry_run: bool = False) -> Report:
    raw = body.encode() if isinstance(body, str) else body
    return import_file(database, DRENTHE, SHEETS[sheet], raw, dry_run=dry_run)


def bad(database: Database, sheet: str, body: str | bytes) -> list[tuple[int, str, str]]:
    """The troubles of a file that is not imported, and nothing of it is."""
    before = everything(database)
    with pytest.raises(BadFile) as caught:
        take(database, sheet, body)
    assert everything(database) == before
    assert PRIVATE not in repr(caught.value.report)
    return [(one.row, one.column, one.what) for one in caught.value.report.troubles]


def everything(database: Database) -> object:
    tables = ("patron", "person", "pass", "pass_chip", "membership", "strips", "title", "item", "home_library", "feed")
    return database.read(
        lambda session: {one: sorted(map(repr, session.rows(f"SELECT * FROM {one}"))) for one in tables}
    )


def count(database: Database, table: str) -> int:
    return int(database.read(lambda session: session.rows(f"SELECT COUNT(*) FROM {table}"))[0][0])


def test_the_demo_goes_out_and_into_an_empty_store_and_out_again_with_the_same_bytes(
    demo: Demo, store: Database, tmp_path: Path
) -> None:
    full = SqliteDatabase(demo.folder / "store.db")
    try:
        for sheet in ORDER:
            rows = export_file(full, DRENTHE, SHEETS[sheet], tmp_path / "a.csv")
            report = take(store, sheet, (tmp_path / "a.csv").read_bytes())
            assert report.rows == rows > 0
            export_file(store, DRENTHE, SHEETS[sheet], tmp_path / "b.csv")
            assert (tmp_path / "b.csv").read_bytes() == (tmp_path / "a.csv").read_bytes()
    finally:
        full.close()


printable = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]) | st.sampled_from("=+-@';,\"'"), max_size=40
)
people = st.lists(
    st.fixed_dictionaries(
        {
            "surname": printable,
            "town": printable,
            "phone": st.sampled_from(["", "+31 6 1234", "-", "0592"]),
            "born": st.dates(date(1900, 1, 1), date(2026, 1, 1)).map(str) | st.just(""),
            "type": st.sampled_from(["00", "01", "04", "77"]),
            "newsletter": st.sampled_from(["0", "1"]),
        }
    ),
    max_size=8,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(people=people, delimiter=st.sampled_from(";,"), mark=st.booleans(), newline=st.sampled_from(["\n", "\r\n"]))
def test_whatever_is_taken_in_goes_out_and_comes_in_again_alike(
    tmp_path: Path, people: list[dict[str, str]], delimiter: str, mark: bool, newline: str
) -> None:
    folder = tmp_path / secrets.token_hex(6)
    folder.mkdir()
    out = io.StringIO(newline="")
    names = ["patron", "surname", "town", "phone", "born", "type", "newsletter"]
    writer = csv.DictWriter(out, names, delimiter=delimiter, lineterminator=newline)
    writer.writeheader()
    for n, one in enumerate(people):
        writer.writerow({"patron": f"P{n}"} | {name: text.guarded(cell) for name, cell in one.items()})
    body = (text.MARK if mark else "") + out.getvalue()
    first, second = network_only(folder / "1.db"), network_only(folder / "2.db")
    try:
        assert take(first, "patrons", body).new == len(people)
        assert take(first, "patrons", body).same == len(people)
        kept = first.read(lambda session: session.rows("SELECT patron, surname, town FROM person"))
        assert all((people[int(ref[1:])]["surname"], people[int(ref[1:])]["town"]) == rest for ref, *rest_ in kept
                   for rest in [tuple(rest_)])  # fmt: skip
        export_file(first, DRENTHE, SHEETS["patrons"], folder / "a.csv")
        written = (folder / "a.csv").read_bytes()
        assert take(second, "patrons", written).new == len(people)
        export_file(second, DRENTHE, SHEETS["patrons"], folder / "b.csv")
        assert (folder / "b.csv").read_bytes() == written
        assert take(first, "patrons", written).same == len(people)
    finally:
        first.close()
        second.close()


@given(printable)
def test_no_cell_begins_like_a_formula_and_none_is_changed_by_the_guard(cell: str) -> None:
    guarded = text.guarded(cell)
    assert guarded[:1] not in {*"=+@\t\r＝＋＠"} or guarded == ""
    assert guarded[:1] != "-" or guarded[1:].isdigit()
    assert text.unguarded(guarded) == cell


def test_the_same_file_again_changes_nothing_and_tells_no_kiosk(store: Database) -> None:
    body = f"{HEAD}\nA1;00;Jansen\nA2;00;'s-Gravesande\n"
    assert take(store, "patrons", body) == Report(new=2)
    before = everything(store)
    assert take(store, "patrons", body) == Report(same=2)
    assert everything(store) == before


def test_a_column_that_the_file_lacks_stays_as_it_was(store: Database) -> None:
    take(store, "patrons", "patron;type;surname;town\nA1;00;Jansen;Annen\n")
    assert take(store, "patrons", "patron;type;town\nA1;00;Gieten\n") == Report(changed=1)
    rows = store.read(lambda session: session.rows("SELECT surname, town, search_key FROM person"))
    assert rows == [("Jansen", "Gieten", "jansen")]


def test_one_bad_row_and_nothing_is_imported(store: Database) -> None:
    lines = [HEAD, *(f"A{n};00;{PRIVATE}" for n in range(500)), f"A500;toolong;{PRIVATE}"]
    assert bad(store, "patrons", "\n".join(lines)) == [
        (502, "type", "is no patron type: at most four letters or digits")
    ]


def test_every_trouble_is_said_by_row_and_column_and_no_value_is_repeated(store: Database) -> None:
    body = (
        f"{HEAD};born;sex;home\n"
        f"{PRIVATE} x;00;{PRIVATE};{PRIVATE};{PRIVATE};{PRIVATE}\n"
        f"A2;00;{PRIVATE}\n\n"
        f"A3;00;{PRIVATE};2026-02-30;man;NL-1\n"
        f"A4;00;ok;;onbekend;\nA4;00;ok;;onbekend;\n"
    )
    assert [(row, column) for row, column, _ in bad(store, "patrons", body)] == [
        (2, "born"), (2, "home"), (2, "patron"), (2, "sex"), (3, ""), (5, "born"), (7, "patron"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "row", "what"),
    [
        (b"", 1, "empty"),
        (b"patron;surname\nA;b\n", 1, "missing"),
        (b"patron;type;nickname\nA;00;b\n", 1, "not known"),
        (b"patron;type;type\nA;00;00\n", 1, "twice"),
        (b"patron;type\nA;00\nB;\xff\n", 3, "UTF-8"),
        ("patron;type\nA;00\n".encode("utf-16"), 1, "UTF-8"),
        (b"patron;type\nA;00\nB;\x0000\n", 3, "no text"),
        (b'patron;type\nA;00\nB;"00" x\n', 3, "out of place"),
        (b'patron;type;surname\nA;00;"never closed\n', 2, "out of place"),
    ],
)
def test_a_file_that_is_no_table_is_said_to_be_none(store: Database, body: bytes, row: int, what: str) -> None:
    troubles = bad(store, "patrons", body)
    assert troubles[0][0] == row
    assert what in troubles[0][2]


def test_what_a_row_names_must_be_there(store: Database) -> None:
    take(store, "patrons", f"{HEAD}\nA1;00;x\n")
    row = "M1;{};{};{};2026-01-01;2026-12-31"
    head = "membership;patron;institution;subscription;starts;ends\n"
    for patron, place, product, column in (
        ("A9", "emmen", "0045", "patron"),
        ("A1", "nowhere", "0045", "institution"),
        ("A1", "emmen", "9999", "subscription"),
    ):
        found = bad(store, "memberships", head + row.format(patron, place, product))
        assert [(line, name) for line, name, _ in found] == [(2, column)]
    assert take(store, "memberships", head + row.format("A1", "emmen", "0045")).new == 1


def test_s2_strips_come_with_the_membership_and_an_empty_cell_is_no_maximum(store: Database) -> None:
    take(store, "patrons", f"{HEAD}\nA1;00;x\n")
    head = "membership;patron;institution;subscription;starts;ends;strips;overdrawn\n"
    rows = "M1;A1;emmen;0045;2026-01-01;2026-12-31;12;0\nM2;A1;emmen;0053;2026-01-01;2026-12-31;;0\n"
    take(store, "memberships", head + rows)
    assert store.read(lambda session: session.rows("SELECT membership, balance FROM strips")) == [("M1", 12)]
    assert bad(store, "memberships", head + "M1;A1;emmen;0045;2026-01-01;2026-12-31;3;2")[0][1] == "overdrawn"
    take(store, "memberships", head + "M1;A1;emmen;0045;2026-01-01;2026-12-31;0;2")
    assert store.read(lambda session: session.rows("SELECT balance, overdrawn FROM strips")) == [(0, 2)]


def test_p4_a_unique_number_is_not_of_two_patrons_and_p8_a_random_chip_of_none(store: Database) -> None:
    take(store, "patrons", f"{HEAD}\nA1;00;x\nA2;00;x\n")
    head = "pass;patron;number;network_unique;chips\n"
    twice = bad(store, "passes", head + "K1;A1;2000000000008;1;\nK2;A2;2000000000008;1;\n")
    assert [(row, column) for row, column, _ in twice] == [(2, "number"), (3, "number")]
    take(store, "passes", head + "K1;A1;2000000000008;1;04AABBCC 04AABBCD\n")
    assert count(store, "pass_chip") == 2
    assert bad(store, "passes", head + "K2;A2;2000000000008;1;\n")[0][1] == "number"
    assert bad(store, "passes", head + "K2;A2;1;0;08AABBCC\n")[0][1] == "chips"
    take(store, "passes", head + "K1;A1;2000000000008;1;04AABBCD\n")
    assert count(store, "pass_chip") == 1


@pytest.mark.parametrize("day", ["9999-12-31", "3000-01-01", "1849-12-31", "0001-01-01"])
def test_a_day_of_another_age_is_a_mistake_that_nothing_is_reckoned_from(store: Database, day: str) -> None:
    said = [(2, "born", "is no date of the years 1850 to 2999")]
    assert bad(store, "patrons", f"patron;type;surname;born\nA1;00;Test;{day}\n") == said


def test_a_report_that_cannot_be_written_imports_nothing(database: Path, tmp_path: Path) -> None:
    file = tmp_path / "patrons.csv"
    file.write_text("patron;type;surname\nA1;00;Test\n")
    command = ("import", "patrons", file, "--database", database, "--consortium", DRENTHE)
    assert run(*command, "--report", tmp_path / "nowhere" / "report.json").returncode == 2
    assert "1 new" in run(*command, "--dry-run").stdout


def test_g3_a_guests_data_are_not_changed_by_a_file_and_a6_no_regular_patron_becomes_administrative(
    store: Database,
) -> None:
    take(store, "patrons", "patron;type;surname;home\nG1;04;x;NL-070288\nA1;00;x;\nS1;01;x;\n")
    assert "(G3)" in bad(store, "patrons", "patron;type;surname\nG1;04;y\n")[0][2]
    assert "(A6)" in bad(store, "patrons", "patron;type\nA1;14\n")[0][2]
    assert take(store, "patrons", "patron;type\nS1;14\n").changed == 1


def test_who_was_erased_neither_goes_out_nor_comes_back(store: Database, tmp_path: Path) -> None:
    take(store, "patrons", f"{HEAD}\nA1;00;{PRIVATE}\nA2;00;x\n")
    take(store, "passes", "pass;patron;number;network_unique\nK1;A1;123;0\n")
    store.write(
        lambda session: (
            session.run("UPDATE patron SET erased_at = '2026-01-01' WHERE patron = 'A1'"),
            session.run("DELETE FROM person WHERE patron = 'A1'"),
        )
    )
    assert export_file(store, DRENTHE, SHEETS["patrons"], tmp_path / "x.csv") == 1
    assert export_file(store, DRENTHE, SHEETS["passes"], tmp_path / "x.csv") == 0
    assert "erased" in bad(store, "patrons", f"{HEAD}\nA1;00;{PRIVATE}\n")[0][2]


def test_kiosks_are_told_of_each_patron_and_item_once(store: Database) -> None:
    take(store, "patrons", f"{HEAD}\nA1;00;x\nA2;00;x\n")
    take(store, "titles", "title;name\nT1;Een\n")
    take(store, "items", "item;title;institution;branch\n3000000000007;T1;emmen;9420\n")
    take(store, "titles", "title;name\nT1;Twee\n")
    told = store.read(lambda session: session.rows("SELECT kind, ref FROM feed ORDER BY seq"))
    assert told[-4:] == [("patron", "A1"), ("patron", "A2"), ("item", "3000000000007"), ("item", "3000000000007")]


def test_a_dry_run_says_what_would_happen_and_does_nothing(store: Database) -> None:
    before = everything(store)
    assert take(store, "patrons", f"{HEAD}\nA1;00;x\n", dry_run=True) == Report(new=1)
    assert everything(store) == before


def test_a_fault_in_the_middle_leaves_nothing_behind(store: Database) -> None:
    before = everything(store)

    def fails(*_: object) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        import_file(store, DRENTHE, SHEETS["patrons"], f"{HEAD}\nA1;00;x\n".encode(), also=fails)
    assert everything(store) == before


def test_a_semicolon_a_quotation_mark_and_a_line_break_survive_a_spreadsheet(store: Database) -> None:
    body = 'sep=,\r\ntitle,name\r\nT1,"Een; ""twee"", drie"\r\n'
    take(store, "titles", body)
    assert store.read(lambda session: session.rows("SELECT name FROM title")) == [('Een; "twee", drie',)]


def test_the_commands_say_what_they_did_and_leave_a_trace(database: Path, tmp_path: Path) -> None:
    file, where = tmp_path / "out.csv", ("--database", database, "--consortium", DRENTHE)
    said = run("export", "patrons", file, *where)
    assert (said.returncode, stat.S_IMODE(file.stat().st_mode)) == (0, 0o600), said.stderr
    again = run("import", "patrons", file, *where)
    assert again.returncode == 0
    assert "0 new, 0 changed" in again.stdout
    file.write_text(f"patron;type;surname\nA1;00;{PRIVATE}\nA2;nonsense;{PRIVATE}\n")
    refused = run("import", "patrons", file, *where, "--report", tmp_path / "report.json")
    assert refused.returncode == 1
    assert "row 3, type" in refused.stderr
    assert PRIVATE not in refused.stderr + refused.stdout + (tmp_path / "report.json").read_text()
    opened = SqliteDatabase(database)
    acts = opened.read(lambda session: session.rows("SELECT act, staff FROM audit ORDER BY entry"))
    opened.close()
    assert acts == [("export/patrons", "operator"), ("import/patrons", "operator")]


@pytest.mark.parametrize("what", ["import", "export"])
def test_a_file_that_cannot_be_opened_is_a_sentence(database: Path, tmp_path: Path, what: str) -> None:
    said = run(what, "items", tmp_path / "no" / "such.csv", "--database", database, "--consortium", DRENTHE)
    assert said.returncode == 2
    assert "Traceback" not in said.stderr
