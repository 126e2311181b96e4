"""Queue, exceptions, exports and the acceptance of a loss, on the command line, while the kiosk runs."""

import csv
import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from circulation.events import Action, ClockState, Payment, Told
from circulation.identifiers import ItemBarcode, KioskId, PassNumber
from circulation.presented import Presented, Source
from offline_cache.cli_journal import JournalPlace, masked, read_place, status_of
from offline_cache.daybook import beside
from offline_cache.desk_export import as_koc
from offline_cache.journal import Journal
from tests.offline_cache.journals import AT, BOOK, KEY, KIOSK, REFUSED, SHOWN, append, lent, open_journal

ROOT = Path(__file__).resolve().parents[2]
TOLD = Told("boot-1", 1, ClockState.FREE)
TYPED = Presented(Source.BARCODE, PassNumber("20000000000028"))
PRIVATE = (SHOWN.number, SHOWN.uid, TYPED.number, BOOK, "vloek", "terminal-1-77")


@dataclass
class Installed:
    """A kiosk's configuration with its journal, which is open."""

    config: Path
    journal: Journal

    @property
    def place(self) -> JournalPlace:
        return read_place(self.config)

    def run(self, *words: str | Path) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "offline_cache", words[0], "--config", self.config, *words[1:]]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Installed]:
    (tmp_path / "kiosk.toml").write_text(
        f'[kiosk]\nid = "{KIOSK}"\n[journal]\npath = "var/journal.db"\nkey_file = "journal.key"\n', "utf-8"
    )
    (tmp_path / "journal.key").write_bytes(KEY)
    journal = open_journal(tmp_path / "var" / "journal.db")
    yield Installed(tmp_path / "kiosk.toml", journal)
    journal.close()


def fill(journal: Journal) -> None:
    """One of each: answered, waiting, given up, settled, a payment, a return."""
    journal.answered(append(journal), lent())
    journal.append_fact(Action.CHECK_OUT, SHOWN, BOOK, AT, TOLD, replace(lent(), provisional=True))
    journal.give_up(append(journal))
    journal.answered(journal.append_fact(Action.CHECK_OUT, SHOWN, BOOK, AT, TOLD, lent()), REFUSED)
    journal.append_fact(Action.PAY, TYPED, None, AT, TOLD, lent(), Payment(("fee",), 1205, "=terminal-1-77"))
    journal.append_fact(Action.CHECK_IN, None, BOOK, AT, TOLD, lent())


def test_the_queue_is_shown_in_sequence_and_masked_while_the_kiosk_writes(kiosk: Installed) -> None:
    fill(kiosk.journal)
    done = kiosk.run("queue")
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in lines] == ["2", "3", "5", "6", "4"]
    assert lines[-1] == "4 events"
    assert "2026-07-15 12:30:00Z  fact  check_out  pass …014  item …012" in lines[0]
    assert "void" in lines[1]
    assert "1205 cents" in lines[2]
    assert [word for word in PRIVATE if word and word in done.stdout] == []
    assert append(kiosk.journal).seq == 7


def test_exceptions_are_shown_with_their_reason(kiosk: Installed) -> None:
    fill(kiosk.journal)
    done = kiosk.run("exceptions")
    assert done.returncode == 0
    (first, last) = done.stdout.splitlines()
    assert first.split()[0] == "4"
    assert "refused" in first
    assert last == "1 events"
    assert [word for word in PRIVATE if word and word in done.stdout] == []


def test_a_file_for_the_desk_is_complete_for_its_owner_alone_and_noted(kiosk: Installed, tmp_path: Path) -> None:
    fill(kiosk.journal)
    out = tmp_path / "desk.csv"
    done = kiosk.run("export", "--out", out)
    assert (done.returncode, done.stderr) == (0, "INFO offline_cache: export of 5 events written\n")
    assert out.stat().st_mode & 0o777 == 0o600
    text = out.read_text("utf-8")
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))
    assert [(row["number"], row["act"], row["state"], row["why"]) for row in rows] == [
        ("2", "check_out", "open", ""),
        ("3", "check_out", "given_up", ""),
        ("4", "check_out", "settled", "refused"),
        ("5", "pay", "open", ""),
        ("6", "check_in", "open", ""),
    ]
    assert (rows[0]["pass"], rows[0]["chip"], rows[0]["item"]) == (SHOWN.number, SHOWN.uid, BOOK)
    assert (rows[0]["due"], rows[0]["clock"], rows[0]["done_at"]) == ("2026-08-05", "free", AT.isoformat())
    assert (rows[3]["cents"], rows[3]["terminal"]) == ("1205", "'=terminal-1-77")
    assert [word for word in PRIVATE if word and word in done.stdout] == []
    audit = kiosk.place.path.with_name("journal.db.audit")
    (note,) = [json.loads(line) for line in audit.read_text("utf-8").splitlines()]
    assert (note["what"], note["which"], note["format"], note["events"], note["file"]) == (
        "export",
        "desk",
        "csv",
        5,
        "desk.csv",
    )
    assert note["who"]
    assert [word for word in PRIVATE if word and word in audit.read_text("utf-8")] == []
    assert audit.stat().st_mode & 0o077 == 0


def test_no_file_is_written_over(kiosk: Installed, tmp_path: Path) -> None:
    fill(kiosk.journal)
    out = tmp_path / "desk.csv"
    out.write_text("mine")
    done = kiosk.run("export", "--out", out)
    assert (done.returncode, out.read_text()) == (1, "mine")
    assert "FileExistsError" in done.stderr
    assert not kiosk.place.path.with_name("journal.db.audit").exists()


def test_koha_gets_what_was_done_line_by_line(kiosk: Installed, tmp_path: Path) -> None:
    fill(kiosk.journal)
    kiosk.journal.append_fact(Action.RENEW, TYPED, BOOK, AT, TOLD, lent())
    done = kiosk.run("export", "--which", "all", "--format", "koc", "--out", tmp_path / "desk.koc")
    assert done.returncode == 0
    text = (tmp_path / "desk.koc").read_bytes().decode()
    assert text.endswith("\r\n")
    head, *lines = text.split("\r\n")[:-1]
    assert dict(one.split("=") for one in head.split("\t"))["Version"] == "1.0"
    assert [line.split("\t")[1:] for line in lines] == [
        ["issue", str(SHOWN.number), str(BOOK)],
        ["issue", str(SHOWN.number), str(BOOK)],
        ["issue", str(SHOWN.number), str(BOOK)],
        ["payment", str(TYPED.number), "12.05"],
        ["return", str(BOOK)],
        ["issue", str(TYPED.number), str(BOOK)],
    ]


def test_koha_reads_local_time_and_is_not_told_of_a_chip_without_a_number(kiosk: Installed) -> None:
    chip = replace(SHOWN, number=None)
    kiosk.journal.append_fact(Action.CHECK_OUT, chip, BOOK, AT, TOLD, lent())
    kiosk.journal.append_fact(Action.CHECK_IN, None, BOOK, datetime(2026, 7, 15, 12, 0, 1, 7000, UTC), TOLD, lent())
    text, left_out = as_koc(kiosk.journal.since(0), ZoneInfo("Europe/Amsterdam"))
    assert left_out == 1
    assert text.splitlines()[1] == f"2026-07-15 14:00:01 007\treturn\t{BOOK}"


@pytest.mark.parametrize("closed", [True, False])
def test_reading_leaves_the_journal_as_it_is_and_needs_no_lock(kiosk: Installed, closed: bool) -> None:
    fill(kiosk.journal)
    if closed:
        kiosk.journal.close()
    before = kiosk.place.path.read_bytes()
    assert kiosk.run("queue").returncode == 0
    assert kiosk.place.path.read_bytes() == before
    again = open_journal(kiosk.place.path) if closed else kiosk.journal
    assert append(again).seq == 7
    again.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser can be somebody else")
def test_the_superuser_leaves_nothing_beside_the_journal_that_the_kiosk_cannot_open(kiosk: Installed) -> None:
    fill(kiosk.journal)
    kiosk.journal.close()
    var = kiosk.place.path.parent
    for path in [*var.iterdir(), var]:
        os.chown(path, 65534, 65534)
    for parent in list(var.parents)[:4]:
        parent.chmod(parent.stat().st_mode | 0o111)
    assert kiosk.run("queue").returncode == 0
    assert {path.stat().st_uid for path in var.iterdir()} == {65534}


def test_a_wrong_key_or_a_missing_journal_is_a_line_and_no_value(kiosk: Installed) -> None:
    fill(kiosk.journal)
    key = kiosk.config.with_name("journal.key")
    key.write_bytes(bytes(32))
    done = kiosk.run("queue")
    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot be read" in done.stderr
    key.write_bytes(b"short")
    assert kiosk.run("queue").returncode == 2
    kiosk.place.path.unlink()
    key.write_bytes(KEY)
    assert kiosk.run("queue").returncode == 1
    kiosk.config.write_text("[kiosk]\n")
    assert kiosk.run("queue").returncode == 2


def test_the_status_tells_numbers_and_states_only(kiosk: Installed) -> None:
    fill(kiosk.journal)
    kiosk.journal.heard(2)
    found = status_of(kiosk.place)
    assert found["states"] == {"answered": 1, "open": 3, "given_up": 1, "settled": 1}
    assert (found["last_seq"], found["acked_seq"], found["exceptions"], found["closed"]) == (6, 2, 1, "")
    kiosk.journal.heard(99)
    assert status_of(kiosk.place)["closed"] == "behind-store"
    assert [word for word in PRIVATE if word and word in json.dumps(found)] == []


# ---- a loss


def test_a_loss_is_said_saved_as_far_as_it_can_be_read_and_accepted_for_a_new_id(
    kiosk: Installed, tmp_path: Path
) -> None:
    for number in range(60):
        append(kiosk.journal, ItemBarcode(f"{30000000000000 + number}"))
    kiosk.journal.close()
    path = kiosk.place.path
    damage_one_leaf(path)
    beside(path).write_bytes(b"\x55" * beside(path).stat().st_size)
    second = subprocess.run(
        [sys.executable, "-c", OPENS, str(path), KIOSK], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert second.stdout.startswith("JournalDamaged"), second
    said = status_of(kiosk.place)
    assert (said["journal"], said["losses"][0]["accepted"]) == ("cannot be read", "")
    assert kiosk.run("queue").returncode == 1
    done = kiosk.run("accept-loss", "--out", tmp_path / "saved.csv")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO((tmp_path / "saved.csv").read_text("utf-8-sig")), delimiter=";"))
    assert 40 <= len(rows) < 60
    assert {row["item"] for row in rows} < {f"{30000000000000 + number}" for number in range(60)}
    assert (tmp_path / "saved.csv").stat().st_mode & 0o777 == 0o600
    assert f"{60 - len(rows)} could not be read" in done.stdout
    assert "new id" in done.stdout
    assert kiosk.run("accept-loss", "--out", tmp_path / "again.csv").stdout == "no journal was lost here\n"
    journal = open_journal(path, kiosk=KioskId("annen-9"))
    assert append(journal).seq == 1
    journal.close()


OPENS = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from circulation.identifiers import KioskId
from offline_cache.journal_opening import open_journal
from offline_cache.sealing import Seal
try:
    open_journal(Path(sys.argv[1]), Seal(bytes(range(32))), KioskId(sys.argv[2]), lambda: "", lambda: datetime.now(UTC))
except Exception as fault:
    print(type(fault).__name__)
"""


def damage_one_leaf(path: Path) -> None:
    """Overwrites a page of events in the middle."""
    db = sqlite3.connect(path)
    (size,) = db.execute("PRAGMA page_size").fetchone()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    content = bytearray(path.read_bytes())
    with_events = [n for n in range(1, len(content) // size) if content[n * size] == 13]  # a leaf of a table
    page = with_events[len(with_events) // 2]
    content[page * size : (page + 1) * size] = b"\x55" * size
    path.write_bytes(content)


def test_too_short_a_number_is_not_shown_at_all() -> None:
    assert [masked(one) for one in ("", "123456", "1234567")] == ["…", "…", "…567"]
