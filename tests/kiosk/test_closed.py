"""A kiosk that cannot begin stays closed and says so, and takes up what was put right. A real process each."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from kiosk.opening import why_closed
from offline_cache.health import Health, read_health
from tests.kiosk.test_config import GOOD
from tests.offline_cache.journals import AT, KEY, append, open_journal

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 60.0
pytestmark = pytest.mark.timeout(150)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A kiosk without devices, whose journal holds three acts that wait."""
    (tmp_path / "kiosk.toml").write_text(configuration("annen-1"))
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "kiosk.token").write_text("token\n")
    (tmp_path / "secrets" / "journal.key").write_text(KEY.hex() + "\n")
    journal = open_journal(tmp_path / "var" / "journal.db")
    for _ in range(3):
        append(journal)
    journal.close()
    return tmp_path


def configuration(kiosk: str) -> str:
    settings, _, _ = GOOD.partition("[pass_reader]")
    return settings.replace('"annen-1"', f'"{kiosk}"\nhealth_file = "health.json"').replace("1920", "800")


@contextmanager
def running(folder: Path, before: str = "") -> Iterator[subprocess.Popen[str]]:
    """The kiosk on a screen that nobody sees; `before`: done by a shell first, in name spaces of its own."""
    command = [sys.executable, "-m", "kiosk", "--config", str(folder / "kiosk.toml")]
    if before:
        command = ["unshare", "--mount", "--map-root-user", "sh", "-c", f"{before}\nexec {shlex.join(command)}"]
    environment = os.environ | {"SDL_VIDEODRIVER": "offscreen"}
    with (folder / "log").open("a") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(LIMIT_S)


def until_said(folder: Path, process: subprocess.Popen[str], state: str, why: str = "") -> None:
    """Waits until the kiosk says that it is so."""

    def said() -> bool:
        assert process.poll() is None, (folder / "log").read_text()
        found = read_health(folder / "kiosk.toml").get("kiosk", {})
        return (found.get("state"), found.get("why", "")) == (state, why)

    until(f"{state} {why}", said)


def until(what: str, seen: Callable[[], bool]) -> None:
    """Waits for it."""
    ends = time.monotonic() + LIMIT_S
    while not seen():
        assert time.monotonic() < ends, f"not seen: {what}"
        time.sleep(0.05)


def cache(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kiosk", "cache", words[0], "--config", str(folder / "kiosk.toml"), *words[1:]]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def status(folder: Path) -> dict[str, Any]:
    done = cache(folder, "status")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_damaged_journal_closes_the_kiosk_and_staff_open_it_again_from_afar(folder: Path) -> None:
    database = folder / "var" / "journal.db"
    database.write_bytes(b"not a database at all" * 1000)
    with running(folder) as process:
        until_said(folder, process, "closed", "journal-damaged")
        until("the screen", lambda: "screen Closed" in (folder / "log").read_text())
        kept = {one.name for one in database.parent.glob("journal.db.damaged-*")}
        assert (kept == set(), database.exists()) == (False, False)
        said = status(folder)
        assert said["kiosk"]["kiosk"]["why"] == "journal-damaged"
        assert {one["kept"] for one in said["journal"]["losses"]} <= kept
        assert len(said["journal"]["losses"]) == 1

        accepted = cache(folder, "accept-loss", "--out", str(folder / "lost.csv"))
        assert accepted.returncode == 0, accepted.stderr
        until_said(folder, process, "closed", "new-id-needed")
        assert not database.exists()

        (folder / "kiosk.toml").write_text(configuration("annen-2"))
        assert process.wait(LIMIT_S) == 0
    with running(folder) as process:
        until_said(folder, process, "open")
        assert database.exists()
    assert (folder / "log").read_text().count("offline_cache.journal_opening") == 1, "said once"


def test_while_it_is_closed_a_loss_is_looked_at_without_a_word(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "var" / "journal.db").write_bytes(b"")
    assert [why_closed(folder / "kiosk.toml") for _ in range(3)] == ["journal-damaged"] * 3
    assert caplog.text.count("kept as") == 1


def test_a_kiosk_without_room_for_its_journal_is_closed_until_there_is_some(folder: Path) -> None:
    if subprocess.run(["unshare", "--mount", "--map-root-user", "true"], check=False).returncode != 0:
        pytest.skip("no file systems of one's own on this machine")
    var, ballast = shlex.quote(str(folder / "var")), shlex.quote(str(folder / "var" / "ballast"))
    before = (
        f"mount -t tmpfs -o size=4m none {var}; head -c 8m /dev/zero > {ballast} 2>/dev/null\n"
        f"(while [ ! -e {shlex.quote(str(folder / 'room'))} ]; do sleep 0.1; done; rm {ballast}) &"
    )
    with running(folder, before) as process:
        until_said(folder, process, "closed", "disk-full")
        (folder / "room").touch()
        assert process.wait(LIMIT_S) == 0
    assert "kept as" not in (folder / "log").read_text()


def test_a_kiosk_without_a_secret_is_closed_until_it_is_there(folder: Path) -> None:
    token = folder / "secrets" / "kiosk.token"
    token.unlink()
    with running(folder) as process:
        until_said(folder, process, "closed", "secrets")
        token.write_text("token\n")
        assert process.wait(LIMIT_S) == 0


def test_how_the_kiosk_is_stands_in_a_file_for_its_owner_only_and_is_told_once_each(tmp_path: Path) -> None:
    told: list[str] = []
    (tmp_path / "kiosk.toml").write_text(configuration("annen-1"))
    health = Health(tmp_path / "health.json", lambda: AT, told.append)
    health.kiosk("closed", "disk-full")
    health.kiosk("closed", "disk-full")
    health.line("silent")
    assert told == ["kiosk closed disk-full", "kiosk closed disk-full, line silent"]
    assert (tmp_path / "health.json").stat().st_mode & 0o777 == 0o600
    since = AT.isoformat(timespec="seconds")
    assert read_health(tmp_path / "kiosk.toml") == {
        "kiosk": {"state": "closed", "since": since, "why": "disk-full"},
        "line": {"state": "silent", "since": since},
    }


def test_a_kiosk_that_cannot_write_how_it_is_goes_on_all_the_same(tmp_path: Path) -> None:
    told: list[str] = []
    (tmp_path / "file").touch()
    Health(tmp_path / "file" / "health.json", lambda: AT, told.append).kiosk("open")
    assert told == ["kiosk open"]
