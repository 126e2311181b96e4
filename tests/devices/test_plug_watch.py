"""What is plugged in is seen at once, wherever its folder comes from; what nobody asked for is not."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devices.plug_watch import PlugWatch
from devices.ports import Health
from tests.devices.running import LIMIT_S, Workbench, eventually

Watch = Callable[..., PlugWatch]


@pytest.fixture
def watch() -> Iterator[Watch]:
    made: list[PlugWatch] = []

    def make(paths: list[Path], *trees: Path) -> PlugWatch:
        made.append(PlugWatch(paths, *trees))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_a_link_that_udev_makes_and_renames_into_its_place_is_seen(watch: Watch, tmp_path: Path) -> None:
    plugs = watch([tmp_path / "usb-reader"])
    (tmp_path / ".#usb-reader").symlink_to("/dev/null")
    assert not plugs.wait(0)
    (tmp_path / ".#usb-reader").rename(tmp_path / "usb-reader")
    assert plugs.wait(LIMIT_S)
    assert not plugs.wait(0)


def test_folders_that_come_and_go_with_the_last_device_are_followed(watch: Watch, tmp_path: Path) -> None:
    by_id = tmp_path / "serial" / "by-id"
    plugs = watch([by_id / "usb-reader"])
    for _ in range(3):
        by_id.mkdir(parents=True)
        assert plugs.wait(LIMIT_S)
        while plugs.wait(0):
            pass
        (by_id / "usb-reader").touch()
        assert plugs.wait(LIMIT_S)
        (by_id / "usb-reader").unlink()
        by_id.rmdir()
        by_id.parent.rmdir()
        assert not plugs.wait(0)


def test_a_device_that_comes_with_its_folders_in_one_go_is_not_missed(watch: Watch, tmp_path: Path) -> None:
    by_id = tmp_path / "serial" / "by-id"
    plugs = watch([by_id / "usb-reader"])
    by_id.mkdir(parents=True)
    (by_id / "usb-reader").touch()
    assert plugs.wait(LIMIT_S)
    assert (by_id / "usb-reader").exists()  # whoever looks after that finds it


def test_rights_given_after_the_node_are_seen_and_what_is_taken_away_is_not(watch: Watch, tmp_path: Path) -> None:
    node = tmp_path / "ttyACM0"
    node.touch()
    plugs = watch([node])
    node.chmod(0o660)
    assert plugs.wait(LIMIT_S)
    while plugs.wait(0):
        pass
    node.unlink()
    assert not plugs.wait(0)


def test_neighbours_wake_nobody_but_in_a_tree_everything_counts(watch: Watch, tmp_path: Path) -> None:
    (tmp_path / "usb" / "001").mkdir(parents=True)
    plugs = watch([tmp_path / "dev" / "reader"], tmp_path / "usb")
    (tmp_path / "other").touch()
    assert not plugs.wait(0)
    (tmp_path / "usb" / "001" / "005").touch()
    assert plugs.wait(LIMIT_S)


def test_one_who_waits_is_woken_and_a_closed_watch_waits_for_nothing(watch: Watch, tmp_path: Path) -> None:
    plugs = watch([tmp_path / "reader"])
    waiting = threading.Thread(target=plugs.wait, args=(LIMIT_S,))
    waiting.start()
    plugs.wake()
    waiting.join(LIMIT_S)
    assert not waiting.is_alive()
    plugs.close()
    plugs.close()
    plugs.wake()
    assert not plugs.wait(LIMIT_S)


def test_a_kernel_that_has_no_more_watches_to_give_costs_only_the_speed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Spent:
        def inotify_init1(self, flags: int) -> int:
            return -1

    monkeypatch.setattr("devices.plug_watch.ctypes.CDLL", lambda *_, **__: Spent())
    plugs = PlugWatch([tmp_path / "reader"])
    (tmp_path / "reader").touch()
    assert not plugs.wait(0.01)
    plugs.close()
    assert "plugs are not watched" in caplog.text


def test_a_scanner_that_is_plugged_in_is_opened_at_once_and_not_after_the_pause(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devices.supervisor.UNPLUGGED_PAUSE_S", 4 * LIMIT_S)
    monkeypatch.setattr("devices.supervisor.FIRST_PAUSE_S", 4 * LIMIT_S)
    workbench.serve_scanner()
    workbench.open(workbench.scanner())
    for _ in range(2):
        workbench.bench.unplug("scanner")
        workbench.wait_for("scanner", Health.LOST)
        workbench.bench.plug("scanner")
        began = time.monotonic()
        eventually("ready again", lambda: workbench.health("scanner").state is Health.READY)
        assert time.monotonic() - began < LIMIT_S
