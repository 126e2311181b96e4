"""The demo's directory: one demo at a time, a fresh day at every start, and nobody's own files ever removed."""

from __future__ import annotations

import json
import stat
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.config import read_config
from provisioning.demo.ports import Ports
from provisioning.demo.run_dir import RunDir, RunDirRefused

PAYMENT = "payment_terminal"


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A short one, wherever the others are: a demo's sockets have room for a hundred characters."""
    with tempfile.TemporaryDirectory(prefix="run-", dir="/tmp") as folder:
        yield Path(folder)


def used(path: Path) -> None:
    """Leave a directory as a demo does that has ended."""
    run_dir = RunDir(path, keep=False)
    (path / "store.db").write_text("yesterday", encoding="utf-8")
    (path / "receipts" / "0001.png").write_bytes(b"")
    (path / "sound").mkdir()
    (path / "sound" / "aplay").touch()
    run_dir.tidy()
    run_dir.let_go()


def test_every_start_is_a_fresh_day(tmp_path: Path) -> None:
    used(tmp_path / "run")
    RunDir(tmp_path / "run", keep=False)
    assert not (tmp_path / "run" / "store.db").exists()
    assert list((tmp_path / "run" / "receipts").iterdir()) == []


def test_what_was_there_is_kept_when_asked_for(tmp_path: Path) -> None:
    used(tmp_path / "run")
    RunDir(tmp_path / "run", keep=True)
    assert (tmp_path / "run" / "store.db").read_text(encoding="utf-8") == "yesterday"


def test_a_directory_with_files_that_no_demo_made_is_refused_untouched(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    for keep in (False, True):
        with pytest.raises(RunDirRefused, match="no demo made"):
            RunDir(tmp_path, keep=keep)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_second_demo_in_the_same_directory_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    first = RunDir(tmp_path / "run", keep=False)
    (tmp_path / "run" / "store.db").touch()
    with pytest.raises(RunDirRefused, match="Another demo is running") as told:
        RunDir(tmp_path / "run", keep=False)
    assert "--run-dir" in str(told.value)
    assert (tmp_path / "run" / "store.db").exists()
    first.let_go()
    RunDir(tmp_path / "run", keep=False)


def test_a_path_too_long_for_sockets_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    with pytest.raises(RunDirRefused, match="too long"):
        RunDir(deep, keep=False)
    assert not deep.exists()


def test_a_place_that_may_not_be_written_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunDirRefused, match="cannot be used"):
        RunDir(tmp_path / "file" / "run", keep=False)


def test_the_kiosks_configuration_says_who_it_is_and_reaches_the_store_by_the_line(tmp_path: Path) -> None:
    run_dir = RunDir(tmp_path / "run", keep=False)
    branch = {"code": "3550", "name": 'Bibliotheek "De Brug" \\ Zottegem é', "kiosk": "zottegem-1"}
    (run_dir.path / "branch.json").write_text(json.dumps(branch), encoding="utf-8")
    config = tomllib.loads(run_dir.write_kiosk(Ports(8800), (540, 960), ("en", "nl")).read_text(encoding="utf-8"))
    assert config["kiosk"] == {"id": "zottegem-1", "languages": ["en", "nl"]}
    assert config["branch"] == {"name": branch["name"]}
    assert config["store"]["url"] == "http://127.0.0.1:8802"
    assert config["receipt_printer"]["port"] == 8803
    assert config["signals"]["port"] == "dev/light"
    assert config["keypad"]["port"] == "dev/keypad"
    assert config["screen"] == {"width": 540, "height": 960}


@pytest.mark.parametrize(("terminal", "driver"), [("nexo", "nexo"), ("zvt", "zvt-network"), ("none", None)])
def test_the_kiosk_has_the_terminal_that_was_asked_for_as_its_own_check_takes_it(
    tmp_path: Path, terminal: str, driver: str | None
) -> None:
    run_dir = RunDir(tmp_path / "run", keep=False)
    (run_dir.path / "branch.json").write_text('{"kiosk": "k", "name": "n"}', encoding="utf-8")
    config = run_dir.write_kiosk(Ports(8800), (540, 960), ("nl",), terminal)
    found = {one.kind: one for one in read_config(config).devices}
    assert (found[PAYMENT].driver if driver else None) == driver
    assert PAYMENT not in found or found[PAYMENT].options["port"] == 8804


def test_the_journals_key_is_for_its_owner_only_and_stays_the_same_for_a_kept_day(tmp_path: Path) -> None:
    run_dir = RunDir(tmp_path / "run", keep=False)
    (run_dir.path / "branch.json").write_text('{"kiosk": "k", "name": "n"}', encoding="utf-8")
    run_dir.write_kiosk(Ports(8700), (1080, 1920), ("nl",))
    key = run_dir.path / "secrets" / "journal.key"
    assert len(bytes.fromhex(key.read_text(encoding="ascii"))) == 32
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    before = key.read_text(encoding="ascii")
    run_dir.write_kiosk(Ports(8700), (1080, 1920), ("nl",))
    assert key.read_text(encoding="ascii") == before


def test_without_the_demo_data_there_is_no_configuration_but_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RunDirRefused, match=r"branch\.json"):
        RunDir(tmp_path / "run", keep=True).write_kiosk(Ports(8700), (1080, 1920), ("nl",))


def test_sockets_links_and_the_frame_buffer_go_and_logs_and_receipts_stay(tmp_path: Path) -> None:
    used(tmp_path / "run")
    left = {path.name for path in (tmp_path / "run").iterdir()}
    assert {"log", "receipts", "store.db"} <= left
    assert left.isdisjoint({"control", "dev", "screen", "sound"})
