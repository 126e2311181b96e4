"""The kiosk and the pull beside it: a round that is wished for comes soon, never too often, never all at once."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from circulation.identifiers import ItemBarcode
from offline_cache.line_state import LineState
from offline_cache.pull_note import KnownRefused, PullNote, read_pull_note
from offline_cache.pull_wish import LEAST_S, SOON_S, SPREAD_S, PullWish, wish_pull
from tests.membership_store.running import DRENTHE, ROOT, Demo, run
from tests.offline_cache.mirrors import Rig

LIMIT_S = 40.0


class Hours:
    """Time that passes only while somebody sleeps; `wishes`: when the kiosk makes one, and how soon it wants it."""

    def __init__(self, folder: Path, *wishes: tuple[float, float]) -> None:
        self.folder, self.now, self.wishes = folder, 1000.0, [(1000.0 + at, within) for at, within in wishes]

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += max(seconds, 0.001)
        while self.wishes and self.wishes[0][0] <= self.now:
            wish_pull(self.folder, self.wishes.pop(0)[1])
            time.sleep(0.02)  # for a file system that counts time in larger steps

    def wish(self, part: float = 1.0) -> PullWish:
        """`part`: of what it may choose from, what chance gives."""
        return PullWish(self.folder, self.monotonic, self.sleep, lambda least, most: least + part * (most - least))


def waited(hours: Hours, pause_s: float, part: float = 1.0, least_s: float = 0.0) -> float:
    wish = hours.wish(part)
    wish.take()
    began = hours.now
    wish.wait(pause_s, least_s)
    return hours.now - began


def test_without_a_wish_the_whole_pause_is_kept(tmp_path: Path) -> None:
    assert waited(Hours(tmp_path), 60.0) == pytest.approx(60.0, abs=0.01)


@pytest.mark.parametrize(("within", "latest"), [(SOON_S, SOON_S), (SPREAD_S, SPREAD_S), (4000.0, SPREAD_S)])
def test_a_wish_is_granted_within_its_time_wherever_chance_falls(tmp_path: Path, within: float, latest: float) -> None:
    for part in (0.0, 0.5, 1.0):
        after = waited(Hours(tmp_path, (20.0, within)), 60.0, part) - 20.0
        assert after == pytest.approx(part * latest, abs=0.6)


def test_a_wish_never_makes_it_later_and_never_comes_before_what_the_store_asked_for(tmp_path: Path) -> None:
    assert waited(Hours(tmp_path, (59.0, SPREAD_S)), 60.0) == pytest.approx(60.0, abs=0.01)
    assert waited(Hours(tmp_path, (1.0, SOON_S)), 60.0, least_s=45.0) == pytest.approx(45.0, abs=0.6)


def test_a_busy_kiosk_s_pull_comes_every_few_seconds_and_no_oftener(tmp_path: Path) -> None:
    hours = Hours(tmp_path, *((float(at), SOON_S) for at in range(1, 60)))
    wish, rounds = hours.wish(), 0
    while hours.now < 1060.0:
        wish.take()
        rounds += 1
        wish.wait(60.0)
    assert 60.0 / (LEAST_S + 1.0) <= rounds <= 60.0 / LEAST_S + 1


def test_a_wish_that_was_made_during_a_round_is_granted_after_it(tmp_path: Path) -> None:
    hours = Hours(tmp_path)
    wish = hours.wish()
    wish.take()
    wish_pull(tmp_path, SOON_S)
    wish.wait(60.0)
    assert hours.now - 1000.0 <= LEAST_S + 0.6
    wish.take()
    began = hours.now
    wish.wait(60.0)
    assert hours.now - began == pytest.approx(60.0, abs=0.01), "granted once"


def test_a_wish_without_a_folder_or_with_nonsense_in_it_harms_nobody(tmp_path: Path) -> None:
    wish_pull(tmp_path / "nowhere", SOON_S)
    wish = Hours(tmp_path).wish()
    (tmp_path / "pull.wanted").write_bytes(b"\xff" * 100)
    wish.wait(60.0)


def test_a_note_is_written_when_it_changes_and_outlives_both(tmp_path: Path) -> None:
    known, note = KnownRefused(tmp_path), PullNote(tmp_path, lambda: datetime(2026, 11, 22, tzinfo=UTC))
    assert not known()
    for state, refused in ((LineState.REFUSED, True), (LineState.ANSWERS, False), (LineState.REFUSED, True)):
        note.line(state)
        assert known() is refused
        assert KnownRefused(tmp_path)() is refused
    written = (tmp_path / "pull.json").stat().st_mtime_ns
    PullNote(tmp_path, lambda: datetime(2027, 1, 1, tzinfo=UTC)).line(LineState.REFUSED)
    assert (tmp_path / "pull.json").stat().st_mtime_ns == written
    assert read_pull_note(tmp_path) == {"line": "credential-refused", "since": "2026-11-22T00:00:00+00:00"}
    (tmp_path / "pull.json").write_text("[")
    assert not known()


def test_a_refusal_is_not_forgotten_by_a_line_that_is_dead_or_a_stranger_that_answers(tmp_path: Path) -> None:
    def note() -> PullNote:
        return PullNote(tmp_path, lambda: datetime(2026, 11, 22, tzinfo=UTC))

    note().line(LineState.REFUSED)
    for state in LineState:
        note().line(state, in_order=False)
        assert KnownRefused(tmp_path)()
        assert read_pull_note(tmp_path)["line"] == state.value
        note().line(LineState.REFUSED)
    note().line(LineState.SILENT)
    assert KnownRefused(tmp_path)()
    note().line(LineState.ANSWERS)
    assert not KnownRefused(tmp_path)()
    note().line(LineState.SILENT)
    assert not KnownRefused(tmp_path)()


def until(what: str, seen: object) -> None:
    ends = time.monotonic() + LIMIT_S
    while not seen():  # type: ignore[operator]
        assert time.monotonic() < ends, what
        time.sleep(0.1)


def test_a_loan_is_in_the_mirror_soon_where_the_pull_comes_only_once_an_hour(
    rig: Rig, demo: Demo, books: Iterator[ItemBarcode]
) -> None:
    config = rig.config
    config.write_text(config.read_text("utf-8").replace("pull_seconds = 5", "pull_seconds = 3600"))
    command = [sys.executable, "-m", "offline_cache", "pull", "--config", str(config)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as pull:
        try:
            until("a mirror", lambda: rig.generations.live() is not None)
            reader = rig.reader()
            rig.caller.borrow(demo.shown("anna"), next(books))
            wish_pull(rig.folder / "mirror", SOON_S)
            until("the loan", lambda: reader.picture().acked_seq == rig.caller.seq)
        finally:
            pull.terminate()


def test_a_pull_whose_credential_was_withdrawn_says_so_to_the_kiosk_and_to_staff(rig: Rig) -> None:
    config = rig.config
    once = [sys.executable, "-m", "offline_cache", "pull", "--config", str(config), "--once"]
    assert subprocess.run(once, cwd=ROOT, capture_output=True, check=False).returncode == 0
    assert not KnownRefused(rig.folder / "mirror")()
    kiosk = rig.caller.kiosk.id
    done = run("kiosk", "withdraw", "--database", rig.store.database, "--consortium", DRENTHE, "--kiosk", kiosk)
    assert done.returncode == 0, done.stderr
    known = KnownRefused(rig.folder / "mirror")

    def refused() -> bool:
        subprocess.run(once, cwd=ROOT, capture_output=True, check=False)
        return known()

    until("refused", refused)
    config.write_text(config.read_text("utf-8").replace(rig.store.url, "http://127.0.0.1:9"))  # the cable is pulled
    refused()
    assert read_pull_note(rig.folder / "mirror")["line"] == "silent"
    assert known()
    config.write_text(config.read_text("utf-8").replace("http://127.0.0.1:9", rig.store.url))
    refused()
    status = [sys.executable, "-m", "offline_cache", "status", "--config", str(config)]
    said = json.loads(subprocess.run(status, cwd=ROOT, capture_output=True, check=True).stdout)
    assert (said["mirror"], said["pull"]["line"]) == ("there", "credential-refused")
