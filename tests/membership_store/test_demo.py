"""The demo shows what it promises: every type, every refusal, each pass and book what its label says."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import stat
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from circulation.identifiers import luhn_holds
from circulation.model import PatronType
from membership_store.demo.networks import NETWORKS
from membership_store.demo.showing import BORROWER, VISITORS
from membership_store.demo.titles import KNOWN
from membership_store.demo.world import World, worlds
from membership_store.demo.writer import NotADemo, write
from membership_store.network import local_date
from tests.membership_store.running import Demo, run

ALL_BRANCHES = [place.code for network in NETWORKS for place in network.places]
BRANCHES = ("9401", "9420", "3550", "3560", "3570", "3580")
REFUSALS = set(re.findall(r"\w+", "K5 P3 P4 P7 P8 K1 A1 G6 P6 G1 G7 G8 N1 N2 N11 K6 S1 S2 S3 S5 S6 F4 K7 A4 K8 K11 N6"))


@pytest.fixture(scope="module")
def everywhere(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Demo]:
    """Drawer and pile as seen from each branch, over one database."""
    folder = tmp_path_factory.mktemp("everywhere")
    shutil.copy(demo.folder / "store.db", folder / "store.db")
    found = {}
    for branch in BRANCHES:
        write(folder / "store.db", folder / branch, branch, lambda: datetime.now(UTC))
        found[branch] = Demo.read(folder / branch)
    return found


@pytest.fixture(scope="module")
def today() -> tuple[World, ...]:
    """The demo's worlds of today."""
    return tuple(worlds(local_date(datetime.now(UTC), "Europe/Amsterdam")))


def test_each_pass_and_book_shows_at_its_home_what_it_was_made_to_show(
    everywhere: dict[str, Demo], today: tuple[World, ...]
) -> None:
    homes = [(world, home, players) for world in today for home, players in world.casts]
    assert {home.place for _, home, _ in homes} == {"9401", "3550", "3570"}
    for world, home, players in homes:
        seen = everywhere[home.place]
        assert {one.name: one.shows for one in players} == {
            one.name: seen.passes[one.name]["expect"] for one in players
        }
        books = world.stock.piles[home.slug]
        assert {one.name: one.shows for one in books} == {name: one["expect"] for name, one in seen.books.items()}


def test_every_rule_that_can_refuse_at_a_kiosk_is_shown_somewhere(everywhere: dict[str, Demo]) -> None:
    shown = {
        str(one["expect"]).split()[0]
        for demo in everywhere.values()
        for one in [*demo.passes.values(), *demo.books.values()]
    }
    assert REFUSALS - shown == set()


def test_annen_shows_everything_that_one_branch_can(demo: Demo) -> None:
    shown = {str(one["expect"]).split()[0] for one in [*demo.passes.values(), *demo.books.values()]}
    assert REFUSALS - shown == {"N11"}
    assert {"may", "lent"} <= shown


def test_transport_lends_the_partners_book_in_the_3b_region_only(everywhere: dict[str, Demo]) -> None:
    said = {branch: everywhere[branch].books["of-the-partner"]["expect"] for branch in ("3550", "3570", "9401")}
    assert said == {"3550": "lent", "3570": "N6 no_transport", "9401": "N6 no_transport"}


def test_a_regional_patron_borrows_at_both_ends_of_the_region(everywhere: dict[str, Demo]) -> None:
    for one, other in (("3550", "3560"), ("3570", "3580")):
        assert (
            everywhere[one].passes["neighbour"]["expect"] == everywhere[other].passes["anna"]["expect"] == "may borrow"
        )


def test_both_worlds_are_in_every_drawer(demo: Demo) -> None:
    assert {f"{name}-{slug}" for name in VISITORS for slug in ("zottegem", "geraardsbergen")} <= set(demo.passes)
    assert demo.passes[f"{BORROWER}-zottegem"]["expect"] == "K5 pass_unknown"


def rows(database: Path, sql: str) -> list[tuple[Any, ...]]:
    """Rows of a database."""
    connection = sqlite3.connect(database)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def test_there_are_forty_patrons_of_every_type_and_three_thousand_distinct_items(demo: Demo) -> None:
    database = demo.folder / "store.db"
    kinds = dict(rows(database, "SELECT type, COUNT(*) FROM patron GROUP BY type"))
    assert sum(kinds.values()) >= 40
    assert {one.value for one in PatronType if one is not PatronType.UNKNOWN} <= set(kinds)
    assert "77" in kinds
    assert rows(database, "SELECT COUNT(*) >= 3000 FROM item") == [(1,)]
    assert rows(database, "SELECT COUNT(DISTINCT name) >= 3000 FROM title") == [(1,)]
    for_each = rows(
        database,
        "SELECT COUNT(DISTINCT institution), MIN(n) FROM (SELECT institution, COUNT(*) n FROM item GROUP BY 1)",
    )
    assert for_each[0][0] == 9
    assert for_each[0][1] >= 300


def test_titles_read_like_titles_and_have_authors(demo: Demo) -> None:
    found = rows(demo.folder / "store.db", "SELECT name, author, genre FROM title")
    assert all(name == name.strip() and name[0].isupper() and author and genre for name, author, genre in found)
    assert {"é", "ë", "ï", "ij"} <= {
        letters for letters in ("é", "ë", "ï", "ij") if any(letters in n for n, _, _ in found)
    }
    assert {one.name for one in KNOWN} <= {name for name, _, _ in found}
    assert any(genre == "jeugd" for _, _, genre in found)


def test_printed_numbers_are_unique_and_satisfy_their_check_digit(demo: Demo) -> None:
    barcodes = [code for (code,) in rows(demo.folder / "store.db", "SELECT item FROM item")]
    assert all(len(one) == 14 and one[0] == "3" and luhn_holds(one) for one in barcodes)
    assert len(set(barcodes)) == len(barcodes)
    regional = [code for (code,) in rows(demo.folder / "store.db", "SELECT number FROM pass WHERE number LIKE '2000%'")]
    assert all(len(one) == 14 and luhn_holds(one) for one in regional)
    assert not luhn_holds(demo.passes["misread"]["number"])
    assert not luhn_holds(demo.books["torn-label"]["barcode"])


def test_the_drawer_has_what_the_workbench_needs(demo: Demo) -> None:
    keys = {"name", "label", "expect", "number", "uid", "ndef", "kind", "group"}
    assert all(set(one) == keys for one in demo.passes.values())
    assert {one["kind"] for one in demo.passes.values()} >= {"ntag213", "mifare-classic", "phone"}
    assert {set(one) == {"name", "title", "barcode", "expect"} for one in demo.books.values()} == {True}
    assert demo.passes["zoe"]["uid"] is None
    chips = [one["uid"] for one in demo.passes.values() if one["uid"]]
    assert len(set(chips)) == len(chips)
    assert json.loads((demo.folder / "branch.json").read_text("utf-8")) == {
        "code": "9401",
        "name": "Bibliotheek Annen",
        "institution": "Bibliotheek Aa en Hunze",
        "kiosk": "annen-1",
    }


def test_secrets_are_for_their_owner_only_and_one_for_each_branch(demo: Demo) -> None:
    folder = demo.folder / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {one.name for one in folder.iterdir()} == {
        "kiosk.token",
        *(f"kiosk-{branch}.token" for branch in ALL_BRANCHES),
        "staff-desk.token",
        "staff-manager.token",
        "store.pub",
    }
    assert {stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()} == {0o600}
    assert (folder / "kiosk.token").read_text("utf-8") == (folder / "kiosk-9401.token").read_text("utf-8")


def test_the_same_day_gives_the_same_worlds(today: tuple[World, ...]) -> None:
    day = today[0].casts[0][0].today
    assert tuple(worlds(day)) == today
    assert tuple(worlds(day + timedelta(days=1))) != today


@pytest.mark.parametrize("day", [date(2024, 2, 29), date(2026, 12, 31), date(2027, 1, 1)])
def test_odd_days_make_whole_worlds_too(day: date) -> None:
    assert len(list(worlds(day))) == 2


@pytest.fixture
def copied(demo: Demo, tmp_path: Path) -> Path:
    """The demo's folder, copied."""
    return Path(shutil.copytree(demo.folder, tmp_path / "demo"))


def files(folder: Path) -> dict[str, str]:
    """What the demo wrote, but the database."""
    return {
        str(one.relative_to(folder)): one.read_text("utf-8")
        for one in folder.rglob("*")
        if one.suffix in (".json", ".token")
    }


def test_a_second_run_changes_nothing(copied: Path) -> None:
    before = (
        files(copied),
        rows(copied / "store.db", "SELECT * FROM item"),
        rows(copied / "store.db", "SELECT * FROM kiosk"),
    )
    write(copied / "store.db", copied, "9401", lambda: datetime.now(UTC))
    assert before == (
        files(copied),
        rows(copied / "store.db", "SELECT * FROM item"),
        rows(copied / "store.db", "SELECT * FROM kiosk"),
    )


def test_on_another_day_the_world_is_made_anew_and_kiosks_with_their_answers_stay(copied: Path) -> None:
    database = copied / "store.db"
    connection = sqlite3.connect(database)
    with connection:
        connection.execute("UPDATE kiosk SET last_seq = 7 WHERE kiosk = 'annen-1'")
        connection.execute("UPDATE patron SET language = 'fr'")
    connection.close()
    write(database, copied, "9401", lambda: datetime.now(UTC) + timedelta(days=12))
    again = Demo.read(copied)
    assert rows(database, "SELECT last_seq FROM kiosk WHERE kiosk = 'annen-1'") == [(7,)]
    assert rows(database, "SELECT COUNT(*) FROM patron WHERE language = 'fr'") == [(0,)]
    assert (again.passes["guest"]["expect"], again.passes["lapsed"]["expect"]) == ("may borrow", "N2 lapsed")


def test_a_lost_token_is_replaced_and_the_others_are_kept(copied: Path) -> None:
    lost, kept = (copied / "secrets" / f"kiosk-{branch}.token" for branch in ("9401", "3550"))
    before = lost.read_text("utf-8"), kept.read_text("utf-8")
    lost.unlink()
    write(copied / "store.db", copied, "9401", lambda: datetime.now(UTC))
    assert lost.read_text("utf-8") != before[0]
    assert kept.read_text("utf-8") == before[1]
    assert (copied / "secrets" / "kiosk.token").read_text("utf-8") == lost.read_text("utf-8")


def test_a_librarys_own_database_is_never_overwritten(copied: Path) -> None:
    connection = sqlite3.connect(copied / "store.db")
    with connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("UPDATE consortium SET consortium = 'drenthe' WHERE consortium = 'demo-drenthe'")
    connection.close()
    done = run("demo-data", "--database", copied / "store.db", "--out", copied)
    assert (done.returncode, done.stdout) == (2, "")
    assert "a library's own data" in done.stderr


def test_an_unknown_branch_is_said_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(NotADemo, match=r"no branch 1234; it has 9401 annen, 9402 gieten"):
        write(tmp_path / "store.db", tmp_path, "1234", lambda: datetime.now(UTC))
    assert not (tmp_path / "store.db").exists()
