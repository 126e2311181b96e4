"""A damaged or lost journal is kept aside and said, nothing is begun in silence, and no number is ever used again."""

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from circulation.identifiers import KioskId
from offline_cache.daybook import beside
from offline_cache.journal import Journal, JournalDamaged, JournalFault
from offline_cache.journal_loss import accept_loss, keep_aside, losses
from offline_cache.journal_opening import open_journal as open_as_kiosk
from offline_cache.journal_reading import salvage
from offline_cache.sealing import Seal
from tests.offline_cache.journals import AT, KEY, KIOSK, SHOWN, append, ids, open_journal

LATER = AT + timedelta(hours=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def opened(path: Path, kiosk: KioskId = KIOSK) -> Journal:
    return open_as_kiosk(path, Seal(KEY), kiosk, ids(), lambda: AT)


def written(path: Path) -> None:
    journal = opened(path)
    for _ in range(5):
        append(journal)
    journal.close()


def overwrite(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:8192] = b"x" * 4096
    path.write_bytes(content)


def not_a_database(path: Path) -> None:
    path.write_bytes(b"not a database at all" * 1000)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:6000])


@pytest.mark.parametrize("harm", [overwrite, not_a_database, empty, half])
def test_a_damaged_journal_is_kept_aside_and_said_and_nothing_is_lent_until_staff_accept_it(
    path: Path, harm: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    written(path)
    harm(path)
    harmed = path.read_bytes()
    with caplog.at_level(logging.CRITICAL), pytest.raises(JournalDamaged, match="damaged-20260715T123000Z"):
        opened(path)
    assert "damaged-20260715T123000Z" in caplog.text
    kept = path.with_name("journal.db.damaged-20260715T123000Z")
    assert kept.read_bytes() == harmed
    assert not path.exists()
    for _ in range(2):
        with pytest.raises(JournalDamaged, match="staff"):
            opened(path)
    assert [(one.kiosk, one.kept, one.accepted) for one in losses(path)] == [(KIOSK, kept.name, "")]
    assert not path.exists()
    assert [one.kept for one in accept_loss(path, LATER)] == [kept.name]
    assert kept.read_bytes() == harmed


def test_after_a_loss_the_same_kiosk_id_never_begins_again_and_a_new_one_does(path: Path) -> None:
    written(path)
    overwrite(path)
    with pytest.raises(JournalDamaged):
        opened(path)
    accept_loss(path, LATER)
    with pytest.raises(JournalFault, match="new id"):
        opened(path)
    journal = opened(path, KioskId("annen-9"))
    assert append(journal).seq == 1
    journal.close()
    opened(path, KioskId("annen-9")).close()
    with pytest.raises(JournalFault):
        opened(path)


def test_of_a_journal_that_is_gone_the_daybook_is_kept_aside(path: Path) -> None:
    written(path)
    path.unlink()
    kept = path.with_name("journal.db.damaged-20260715T123000Z")
    with pytest.raises(JournalDamaged, match="gone"):
        opened(path)
    assert ([one.kept for one in losses(path)], path.exists(), beside(path).exists()) == ([kept.name], False, False)
    entries, broken = salvage(kept, Seal(KEY), KIOSK)
    assert ([one.event.seq for one in entries], broken) == ([1, 2, 3, 4, 5], 0)
    accept_loss(path, LATER)
    opened(path, KioskId("annen-9")).close()


def test_a_journal_that_is_gone_is_a_loss_with_nothing_to_keep(path: Path) -> None:
    written(path)
    path.unlink()
    beside(path).unlink()
    with pytest.raises(JournalDamaged, match="gone"):
        opened(path)
    assert [one.kept for one in losses(path)] == [""]
    assert not path.exists()
    accept_loss(path, LATER)
    opened(path, KioskId("annen-9")).close()


def test_nothing_of_a_killed_writers_log_stays_where_a_new_journal_will_be(path: Path) -> None:
    written(path)
    journal = opened(path)
    journal.probe()
    whole, log = path.read_bytes(), path.with_name("journal.db-wal").read_bytes()
    journal.close()
    path.write_bytes(b"y" * len(whole))
    path.with_name("journal.db-wal").write_bytes(log)
    with pytest.raises(JournalDamaged):
        opened(path)
    assert path.with_name("journal.db.damaged-20260715T123000Z").exists()
    left = {one.name for one in path.parent.iterdir() if not one.name.startswith("journal.db.")}
    assert left == set()


def test_a_loss_that_was_noted_and_not_yet_moved_is_moved_when_it_is_found_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(path)
    overwrite(path)
    monkeypatch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        opened(path)
    monkeypatch.undo()
    assert path.exists()
    with pytest.raises(JournalDamaged):
        opened(path)
    assert not path.exists()
    assert len(losses(path)) == 1


@pytest.mark.parametrize("wrong", ["key", "kiosk", "release", "in use"])
def test_what_is_only_wrongly_opened_is_not_a_loss(path: Path, wrong: str) -> None:
    written(path)
    other = open_journal(path) if wrong == "in use" else None
    seal = Seal(bytes(32)) if wrong == "key" else Seal(KEY)
    kiosk = KioskId("other-1") if wrong == "kiosk" else KIOSK
    if wrong == "release":
        content = bytearray(path.read_bytes())
        content[63] = 99  # user_version, the header's bytes 60 to 63
        path.write_bytes(content)
    with pytest.raises(JournalFault) as caught:
        open_as_kiosk(path, seal, kiosk, ids(), lambda: AT)
    assert not isinstance(caught.value, JournalDamaged)
    assert (losses(path), path.exists()) == ([], True)
    if other:
        other.close()


def test_a_note_that_cannot_be_read_keeps_the_kiosk_closed(path: Path) -> None:
    written(path)
    path.with_name("journal.db.lost").write_text("{")
    with pytest.raises(JournalFault, match="note"):
        opened(path)


def test_accepting_where_nothing_was_lost_changes_nothing(path: Path) -> None:
    written(path)
    assert accept_loss(path, LATER) == []
    assert not path.with_name("journal.db.lost").exists()
    opened(path).close()


def test_the_note_names_no_patron_and_is_for_the_kiosk_alone(path: Path) -> None:
    written(path)
    overwrite(path)
    keep_aside(path, KIOSK, "the journal is damaged", AT)
    note = path.with_name("journal.db.lost")
    assert json.loads(note.read_text())[0]["why"] == "the journal is damaged"
    assert SHOWN.number is not None
    assert SHOWN.number not in note.read_text()
    assert note.stat().st_mode & 0o077 == 0
