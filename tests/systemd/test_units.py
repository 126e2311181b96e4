"""The units hold for systemd's own judges: verify without a word, exposure below a bound, users and folders made."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).resolve().parents[2] / "systemd"
INSTALLED_UNITS = Path("/usr/lib/systemd/system")
# Exposure as `systemd-analyze security` counts it, times ten: 20 is far into its "OK".
MOST_EXPOSED = {
    "kiosk.service": 20,
    "kiosk-pull.service": 15,
    "membership-store.service": 15,
    "membership-store-guests.service": 15,
    "membership-store-mail.service": 15,
    "membership-store-nightly.service": 15,
}
TIMERS = ("membership-store-guests.timer", "membership-store-mail.timer", "membership-store-nightly.timer")

pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine's root as far as `verify` looks: systemd's units, ours, and the programs that ours start."""
    shutil.copytree(INSTALLED_UNITS, tmp_path / "usr/lib/systemd/system", symlinks=True)
    shutil.copytree(UNITS / "system", tmp_path / "etc/systemd/system")
    for unit in (UNITS / "system").glob("*.service"):
        for program in re.findall(r"(?m)^Exec\w+=(/\S+)", unit.read_text("utf-8")):
            target = tmp_path / program.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile("/bin/true", target)
            target.chmod(0o755)
    return tmp_path


def verify(root: Path, unit: str) -> tuple[int, str]:
    """Return exit code and everything that `systemd-analyze verify` said: it ends with 0 on unknown settings."""
    ran = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", f"--root={root}", unit], capture_output=True, text=True, check=False
    )
    return ran.returncode, ran.stdout + ran.stderr


@pytest.mark.parametrize("unit", sorted((*MOST_EXPOSED, *TIMERS)))
def test_systemd_accepts_the_unit_without_a_word(root: Path, unit: str) -> None:
    assert verify(root, unit) == (0, "")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("WatchdogSec=20", "WatchDogSec=20"),
        ("Restart=always", "Restart=allways"),
        ("/opt/kiosk/current/bin/python", "/opt/kiosk/curent/bin/python"),
    ],
)
def test_a_mistake_in_the_unit_is_found(root: Path, before: str, after: str) -> None:
    unit = root / "etc/systemd/system/kiosk.service"
    text = unit.read_text("utf-8")
    assert before in text
    unit.write_text(text.replace(before, after), "utf-8")
    assert verify(root, "kiosk.service") != (0, "")


@pytest.mark.parametrize("unit", sorted(MOST_EXPOSED))
def test_the_service_is_locked_in(unit: str) -> None:
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={MOST_EXPOSED[unit]}",
         UNITS / "system" / unit],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert judged.returncode == 0, judged.stdout.splitlines()[-1]


def test_every_unit_is_judged() -> None:
    assert {unit.name for unit in (UNITS / "system").iterdir()} == {*MOST_EXPOSED, *TIMERS}


def test_g8_guests_are_asked_about_every_night_and_never_in_an_hour_that_a_night_may_lack() -> None:
    text = (UNITS / "system" / "membership-store-guests.timer").read_text("utf-8")
    times = re.findall(r"(?m)^OnCalendar=(.*)$", text)
    assert len(times) == 3
    for time in times:
        said = subprocess.run(
            ["systemd-analyze", "calendar", "--base-time=2026-10-24 12:00:00 UTC", "--iterations=3", time],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert said.returncode == 0, said.stderr
        assert not re.search(r" 02:\d\d:\d\d CE", said.stdout)
    assert "Persistent=yes" in text


def test_s4_the_store_does_its_night_work_before_the_doors_open_and_catches_up_when_it_was_off() -> None:
    text = (UNITS / "system" / "membership-store-nightly.timer").read_text("utf-8")
    assert "OnCalendar=*-*-* 00:20 Europe/Amsterdam" in text
    assert "Persistent=yes" in text


def test_the_kiosk_may_open_screen_touch_sound_ports_and_usb_and_no_disk() -> None:
    text = (UNITS / "system" / "kiosk.service").read_text("utf-8")
    ports = {"char-ttyUSB", "char-ttyACM", "char-ttyAMA", "char-usb_device"}
    allowed = dict(re.findall(r"(?m)^DeviceAllow=(\S+) (\S+)$", text))
    assert allowed == {"char-drm": "rw", "char-input": "r", "char-tty": "rw", "char-alsa": "rw"} | dict.fromkeys(
        ports, "rw"
    )
    assert "\nDevicePolicy=closed\n" in text


def test_the_kiosk_is_watched_restarted_and_leaves_no_dump() -> None:
    lines = (UNITS / "system" / "kiosk.service").read_text("utf-8").splitlines()
    for setting in ("Type=notify", "WatchdogSec=20", "Restart=always", "StartLimitIntervalSec=0", "LimitCORE=0"):
        assert setting in lines
    # OpenGL in software dies under it (measured); every other service has it.
    assert not any(line.startswith("MemoryDenyWriteExecute") for line in lines)


@pytest.mark.parametrize("unit", ["kiosk.service", "kiosk-pull.service"])
def test_both_services_may_ask_whether_the_clock_is_kept_and_none_may_set_it(unit: str) -> None:
    lines = (UNITS / "system" / unit).read_text("utf-8").splitlines()
    assert not any(line.startswith(("ProtectClock", "ProcSubset")) for line in lines)
    assert "SystemCallFilter=@system-service adjtimex clock_adjtime" in lines
    assert "CapabilityBoundingSet=" in lines


@pytest.mark.parametrize("unit", ["kiosk.service", "kiosk-pull.service"])
def test_the_mirrors_key_is_given_sealed_or_not_at_all(unit: str) -> None:
    text = (UNITS / "system" / unit).read_text("utf-8")
    assert re.findall(r"(?m)^(LoadCredential\w*)=mirror\.key(.*)$", text) == [("LoadCredentialEncrypted", "")]
    assert re.search(r"(?m)^LimitCORE=0$", text)


@pytest.mark.skipif(os.geteuid() != 0, reason="making users and folders in a root of their own needs root")
def test_the_services_users_and_folders_come_into_being(tmp_path: Path) -> None:
    for name in ("passwd", "group"):
        target = tmp_path / "etc" / name
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(f"/etc/{name}", target)
    for kind in ("sysusers.d", "tmpfiles.d"):
        shutil.copytree(UNITS / kind, tmp_path / "usr/lib" / kind)
    secret = tmp_path / "etc/kiosk/secrets/kiosk.token"
    secret.parent.mkdir(parents=True)
    secret.write_text("x")
    secret.chmod(0o644)

    users = subprocess.run(["systemd-sysusers", f"--root={tmp_path}"], capture_output=True, text=True, check=False)
    folders = subprocess.run(
        ["systemd-tmpfiles", "--create", f"--root={tmp_path}", "--prefix=/etc/kiosk", "--prefix=/run/kiosk"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (users.returncode, folders.returncode) == (0, 0), users.stderr + folders.stderr
    made = {line.split(":")[0] for line in (tmp_path / "etc/passwd").read_text().splitlines()}
    for unit in MOST_EXPOSED:
        settings = (UNITS / "system" / unit).read_text("utf-8")
        assert re.search(r"(?m)^User=(.*)", settings)[1] in made  # type: ignore[index]
    members = {
        line.split(":")[0]: line.split(":")[3].split(",") for line in (tmp_path / "etc/group").read_text().splitlines()
    }
    for group in ("video", "render", "input", "tty", "dialout", "audio"):
        assert "kiosk" in members[group]
    assert secret.parent.stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "run/kiosk").stat().st_mode & 0o777 == 0o700
    assert secret.stat().st_mode & 0o777 == 0o400
