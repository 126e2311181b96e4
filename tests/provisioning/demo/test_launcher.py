"""`make demo` from outside: it starts, says where to look, and leaves nothing behind however it ends."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
import requests

from provisioning.demo.store_clock import library
from tests.journeys.running import LIMIT_S, ROOT, Demo, running_demo, wait_until

pytestmark = [
    pytest.mark.journey,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not shutil.which("Xvfb"), reason="Xvfb not installed"),
]
PARTS = [
    *("screen", "pass-reader", "scanner", "item-pad", "printer", "line", "light", "keypad", "sound", "payment-nexo"),
    *("store", "workbench", "mirror", "kiosk"),
]


def start_another(*options: str) -> subprocess.CompletedProcess[str]:
    """Start a demo that cannot begin, and wait for its end."""
    command = [sys.executable, "-m", "provisioning.demo", "--headless", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=LIMIT_S)


def port_of(demo: Demo) -> int:
    return int(demo.url.rpartition(":")[2])


def x_files(display: str) -> list[Path]:
    """The lock and the socket of an X server."""
    both = [Path(f"/tmp/.X{display}-lock"), Path(f"/tmp/.X11-unix/X{display}")]
    return [path for path in both if path.exists()]


def display_of(demo: Demo) -> str:
    return (demo.run_dir / "screen" / "display").read_text(encoding="ascii").strip()


def sockets_and_links(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_socket() or path.is_symlink()]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo that runs; its last test ends it."""
    with running_demo(tmp_path_factory.mktemp("demo")) as one:
        yield one


def test_it_ends_its_start_with_one_line_that_says_where_to_look_and_what_to_do_first(demo: Demo) -> None:
    assert re.fullmatch(
        r'Kiosk ready: open http://127\.0\.0\.1:\d+ and tap "Anna", then a book\. Ctrl-C ends it\.', demo.said[-1]
    )
    assert "<html" in requests.get(demo.url, timeout=LIMIT_S).text
    assert any(one["name"] == "anna" for one in demo.bench.drawer())


def test_each_part_is_a_process_of_its_own_with_a_log_of_its_own(demo: Demo) -> None:
    pids = [demo.pid(part) for part in PARTS]
    assert len(set(pids)) == len(PARTS)
    assert [os.getsid(pid) for pid in pids] == pids
    assert all((demo.run_dir / "log" / f"{part}.log").exists() for part in PARTS)


def test_a_second_demo_on_the_same_ports_is_refused_with_the_port_and_the_way_out(demo: Demo, tmp_path: Path) -> None:
    refused = start_another("--port", str(port_of(demo)), "--run-dir", str(tmp_path / "run"))
    assert refused.returncode == 2
    assert f"Port {port_of(demo)} is already in use" in refused.stderr
    assert "make demo PORT=" in refused.stderr
    assert not (tmp_path / "run").exists()


def test_a_second_demo_in_the_same_directory_is_refused_and_harms_nothing(demo: Demo) -> None:
    refused = start_another("--port", "0", "--run-dir", str(demo.run_dir))
    assert refused.returncode == 2
    assert "Another demo is running" in refused.stderr
    assert demo.open_loans()


@pytest.mark.parametrize("part", ["Kiosk", "Store", "Scanner"])
def test_a_part_that_dies_is_named_with_its_last_words_and_started_again(demo: Demo, part: str) -> None:
    demo.kill(part.lower())
    demo.until_said(f"{part} was ended by SIGKILL. Its last lines ({demo.run_dir}/log/{part.lower()}.log):")
    demo.until_said(f"{part.lower()} is started again")


@pytest.mark.skipif(library() is None, reason="libfaketime not installed")
def test_the_store_lives_on_another_day_when_that_is_wished_for_and_comes_back(demo: Demo) -> None:
    def day_of_the_store() -> date:
        line = tomllib.loads((demo.run_dir / "kiosk.toml").read_text("utf-8"))["store"]["url"]
        return parsedate_to_datetime(requests.get(line, timeout=LIMIT_S).headers["date"]).date()

    demo.bench.move_clock(40)
    assert day_of_the_store() - datetime.now(UTC).date() >= timedelta(days=40)
    demo.bench.move_clock(0)
    assert day_of_the_store() - datetime.now(UTC).date() <= timedelta(days=1)
    assert not any("store is started again" in line for line in demo.said[-2:])


def test_ctrl_c_ends_every_process_and_removes_what_only_a_running_demo_needs(demo: Demo) -> None:
    display = display_of(demo)
    assert x_files(display)
    assert len(demo.processes()) > len(PARTS)
    assert demo.end(signal.SIGINT) == 0
    assert demo.processes() == []
    assert x_files(display) == []
    assert sockets_and_links(demo.run_dir) == []
    assert not (demo.run_dir / "screen").exists()


def test_a_second_start_is_a_fresh_day_and_a_killed_launcher_leaves_no_process(demo: Demo) -> None:
    (demo.run_dir / "receipts" / "0001.png").touch()
    with running_demo(demo.run_dir, ["--port", str(port_of(demo))]) as again:
        assert again.url == demo.url
        assert not (demo.run_dir / "receipts" / "0001.png").exists()
        display = display_of(again)
        again.end(signal.SIGKILL)
        wait_until("all processes have ended", lambda: again.processes() == [])
        assert x_files(display) == []


def test_a_part_that_keeps_dying_ends_the_demo_with_its_name(tmp_path: Path) -> None:
    with running_demo(tmp_path / "run", ["--no-kiosk"]) as demo:
        for _ in range(3):
            demo.kill("scanner")
        os.kill(demo.pid("scanner"), signal.SIGKILL)
        assert demo.launcher.wait(LIMIT_S) == 1
        demo.until_said("demo: Scanner was ended by SIGKILL.")
        assert demo.processes() == []


def test_a_part_that_fails_at_the_start_is_named_with_its_last_words(tmp_path: Path) -> None:
    failed = start_another("--port", "0", "--run-dir", str(tmp_path / "run"), "--branch", "0000")
    assert failed.returncode == 1
    assert "Demo data ended with code" in failed.stderr
    assert "0000" in failed.stderr


def test_without_a_display_and_without_xvfb_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    failed = start_another("--port", "0", "--run-dir", str(tmp_path / "run"))
    assert failed.returncode == 1
    assert "no Xvfb" in failed.stderr
