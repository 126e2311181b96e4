"""The command line of the mirror, as processes: pull, status, verify, rebuild; and a pull that is killed at random."""

from __future__ import annotations

import json
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from circulation.identifiers import ItemBarcode
from offline_cache.key_level import level_of
from offline_cache.mirror import NoMirror
from offline_cache.mirror_settings import BadSettings, read_settings
from tests.membership_store.running import Demo, eventually
from tests.offline_cache.mirrors import Rig, contents

ROOT = Path(__file__).resolve().parents[2]


def command(rig: Rig, *arguments: str) -> list[str]:
    """A command of the kiosk's memory."""
    return [sys.executable, "-m", "offline_cache", *arguments, "--config", str(rig.config)]


def run(rig: Rig, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The same, to its end."""
    return subprocess.run(command(rig, *arguments), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_pull_status_verify_and_rebuild(rig: Rig, demo: Demo) -> None:
    # The folder of a test may lie on a disk or in memory; what each is worth is tested beside the keys.
    level = level_of(rig.settings.key_file).value
    none = json.loads(run(rig, "status").stdout)
    assert (none["mirror"], none["key_level"], none["key"]) == ("none", level, "missing")
    pulled = run(rig, "pull", "--once")
    assert (pulled.returncode, "pulled: a new snapshot" in pulled.stderr) == (0, True)
    said = json.loads(run(rig, "status").stdout)
    assert (said["mirror"], said["generation"], said["age_minutes"], said["damaged"]) == ("there", 1, 0, False)
    assert (said["key_level"], said["key"], said["key_id"]) == (level, "there", rig.key().key_id)
    assert said["rows"]["patrons"] > 10
    assert said["rows"]["items"] > 10
    verified = run(rig, "verify")
    assert (verified.returncode, verified.stdout.rstrip().endswith("rows, in order")) == (0, True)
    assert run(rig, "rebuild").returncode == 0
    assert json.loads(run(rig, "status").stdout)["generation"] == 2
    everything = "".join(one.stdout + one.stderr for one in (pulled, verified)) + json.dumps(said)
    for one in demo.passes.values():
        assert not one["number"] or one["number"] not in everything
    assert rig.caller.token not in everything


def test_what_was_changed_on_the_disk_is_found(rig: Rig) -> None:
    rig.pull()
    with closing(sqlite3.connect(rig.generations.file(1))) as db:
        db.execute("UPDATE patron SET body = zeroblob(60) WHERE id = 1")
        db.execute("DELETE FROM pass WHERE patron = 2")
        db.execute("UPDATE picture SET signature = '00'")
        db.commit()
    found = run(rig, "verify")
    assert found.returncode == 1
    assert "1 rows do not open" in found.stdout
    assert "passes do not lead to their patron" in found.stdout
    assert "the signature is not the store's" in found.stdout


def test_a_second_pull_is_told_so(rig: Rig) -> None:
    with rig.generations.alone():
        ran = run(rig, "pull", "--once")
    assert (ran.returncode, ran.stderr) == (3, "another process pulls already\n")


def test_a_store_that_is_away_leaves_a_word_in_the_log_and_nothing_else(rig: Rig) -> None:
    config = rig.config
    config.write_text(config.read_text().replace(rig.store.url, "http://127.0.0.1:9"))
    ran = subprocess.run(
        [sys.executable, "-m", "offline_cache", "pull", "--once", "--config", config],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == 1
    assert re.fullmatch(r"INFO [^\n]*\nWARNING [^:]*: the mirror stays as it is: line: \w+\n", ran.stderr)


def test_a_pull_killed_at_any_moment_leaves_a_mirror_that_the_next_one_goes_on_with(
    rig: Rig, demo: Demo, books: Iterator[ItemBarcode]
) -> None:
    chance = random.Random(7)
    reader = rig.reader()
    for turn in range(12):
        rig.caller.borrow(demo.shown("anna"), next(books))
        arguments = ["rebuild"] if turn % 3 == 2 else ["pull", "--once"]
        process = subprocess.Popen(command(rig, *arguments), cwd=ROOT, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.25, 0.9))
        process.send_signal(signal.SIGKILL)
        process.wait()
        if turn and rig.generations.live() is not None:
            with reader.reading() as now:
                now.picture()
                assert now.found(demo.shown("anna"))
            assert run(rig, "verify").returncode == 0
    rig.pull()
    by_any_way = contents(rig.generations, rig.key())
    rig.pull(anew=True)
    assert contents(rig.generations, rig.key()) == by_any_way
    reader.close()
    rig.pull()
    assert rig.generations.numbers() == [rig.generations.live()]


def test_the_pull_that_stays_hears_of_a_loan_by_itself(rig: Rig, demo: Demo, books: Iterator[ItemBarcode]) -> None:
    rig.pull()
    reader, book = rig.reader(), next(books)
    process = subprocess.Popen(command(rig, "pull"), cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        rig.caller.borrow(demo.shown("anna"), book)
        eventually("the loan in the mirror", lambda: (found := reader.item(book)) is not None and bool(found.loan))
    finally:
        process.terminate()
        assert process.wait(30) == -signal.SIGTERM


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('patrons = "group"', 'patrons = "all"', "patrons: one of group, institution"),
        ("pull_seconds = 5", "pull_seconds = 1", "pull_seconds: from 5"),
        ("[mirror]", "[mirrors]", "section [mirror] is missing"),
        ('key_file = "keys/mirror.key"', "", "key_file: a text"),
        ("[kiosk]", "[kiosk", "cannot be read: TOMLDecodeError"),
    ],
)
def test_a_configuration_that_cannot_be_used_says_which_key(rig: Rig, before: str, after: str, said: str) -> None:
    config = rig.config
    config.write_text(config.read_text().replace(before, after))
    with pytest.raises(BadSettings, match=re.escape(said)):
        read_settings(config)


def test_a_credential_of_the_kiosks_unit_is_this_units_own(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    config = rig.config
    config.write_text(config.read_text().replace("kiosk.token", "/run/credentials/kiosk.service/kiosk.token"))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/kiosk-pull.service")
    assert read_settings(config).token_file == Path("/run/credentials/kiosk-pull.service/kiosk.token")
    assert read_settings(config).key_file == config.parent / "keys/mirror.key"


def test_without_a_key_nothing_is_known(rig: Rig) -> None:
    rig.pull()
    (rig.folder / "keys" / "mirror.key").unlink()
    with pytest.raises(NoMirror, match="key"):
        rig.reader().picture()


def test_the_example_of_the_documentation_can_be_read() -> None:
    settings = read_settings(ROOT / "docs" / "kiosk.example.toml")
    assert (settings.pull_seconds, settings.scope) == (60, "patrons=group&items=group")
