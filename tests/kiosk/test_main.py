"""The door of the kiosk, as a process: what it checks, what it refuses, and what it must not load to do so."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from offline_cache.journal import Journal
from tests.kiosk.test_config import GOOD
from tests.offline_cache.journals import KEY, KIOSK, ids, open_journal

ROOT = Path(__file__).resolve().parents[2]
CLOSED = 77
WITHOUT_WINDOW = (
    "import sys\nimport kiosk.__main__ as door\n"
    f"door._stay_closed = lambda *_, **__: {CLOSED}\nsys.exit(door.main(sys.argv[1:]))"
)


def kiosk(*arguments: str, code: str = "") -> subprocess.CompletedProcess[str]:
    """Runs it to its end, without a display."""
    command = ["-c", code] if code else ["-m", "kiosk"]
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    return subprocess.run(
        [sys.executable, *command, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration with everything that it names."""
    (tmp_path / "kiosk.toml").write_text(GOOD + '[touch]\ndevice = "/dev/null"\n')
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "kiosk.token").write_text("token\n")
    (tmp_path / "secrets" / "journal.key").write_text(KEY.hex() + "\n")
    (tmp_path / "dev").mkdir()
    for name in ("nfc", "scanner"):
        os.mkfifo(tmp_path / "dev" / name)
    return tmp_path


def test_after_the_first_picture_and_only_then_what_it_needed_not_is_begun() -> None:
    code = (
        "import gc\nfrom kiosk.__main__ import _Alive\nbegun = []\ngc.disable()\n"
        "frame = _Alive(lambda: begun.append(gc.isenabled()))\nframe()\nframe()\nprint(begun)"
    )
    done = kiosk(code=code)
    assert (done.stdout.strip(), done.stderr) == ("[True]", "")


def test_a_good_configuration_is_said_to_be_in_order_and_nothing_is_opened(folder: Path) -> None:
    done = kiosk("--config", str(folder / "kiosk.toml"), "--check-config")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{folder / 'kiosk.toml'}: in order\n"
    assert not (folder / "var").exists()


def test_a_device_that_is_not_plugged_in_is_a_warning_with_its_line_and_an_error_only_where_asked(folder: Path) -> None:
    file = folder / "kiosk.toml"
    (folder / "dev" / "scanner").unlink()
    line = file.read_text().split("\n").index('port = "dev/scanner"') + 1
    said = "[item_scanner] port is not there; see: python -m devices list"
    done = kiosk("--config", str(file), "--check-config")
    assert (done.returncode, done.stdout) == (0, f"{file}: in order\n")
    assert done.stderr == f"{file}:{line}: warning: {said}\n"
    asked = kiosk("--config", str(file), "--check-config", "--ports")
    assert (asked.returncode, asked.stdout) == (2, "")
    assert asked.stderr == f"{file}:{line}: {said}\n"


def test_a_touch_screen_that_nobody_watches_is_a_warning(folder: Path) -> None:
    file = folder / "kiosk.toml"
    file.write_text(GOOD)
    done = kiosk("--config", str(file), "--check-config", "--ports")
    assert (done.returncode, done.stdout) == (0, f"{file}: in order\n")
    assert done.stderr.startswith(f"{file}:0: warning: without [touch] nobody notices a screen")


@pytest.mark.parametrize("node", ["dev/touch", "secrets", "secrets/kiosk.token"])
def test_a_touch_screen_that_is_not_there_is_told_with_its_line_and_an_error_where_asked(
    folder: Path, node: str
) -> None:
    file = folder / "kiosk.toml"
    file.write_text(f'{GOOD}[touch]\ndevice = "{node}"\n')
    said = "[touch] device is not there, or no node of a touch screen; see: ls -l /dev/input"
    done = kiosk("--config", str(file), "--check-config")
    assert (done.returncode, done.stderr) == (0, f"{file}:{GOOD.count(chr(10)) + 2}: warning: {said}\n")
    asked = kiosk("--config", str(file), "--check-config", "--ports")
    assert (asked.returncode, asked.stdout) == (2, "")
    assert asked.stderr == f"{file}:{GOOD.count(chr(10)) + 2}: {said}\n"


def test_two_devices_on_one_port_are_an_error_with_its_line(folder: Path) -> None:
    file = folder / "kiosk.toml"
    file.write_text(GOOD.replace("dev/nfc", "dev/scanner"))
    line = [number for number, text in enumerate(file.read_text().split("\n"), 1) if text == 'port = "dev/scanner"'][1]
    done = kiosk("--config", str(file), "--check-config")
    assert (done.returncode, done.stderr) == (2, f"{file}:{line}: [item_scanner] port is also that of pass_reader\n")


def test_a_bad_configuration_is_refused_with_its_lines(folder: Path) -> None:
    file = folder / "kiosk.toml"
    file.write_text(GOOD.replace("idle_s", "idel_s").replace('["nl", "en"]', '["nl", "xx"]'))
    for more in ([], ["--check-config"]):
        done = kiosk("--config", str(file), *more)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.splitlines() == [
            f"{file}:4: no texts for xx; there are texts for ar, de, en, fr, fy, nl, tr, uk",
            f"{file}:19: unknown key 'idel_s' in [visit]; did you mean 'idle_s'?",
        ]


def test_checking_a_configuration_loads_neither_the_window_nor_a_driver(folder: Path) -> None:
    code = (
        "import sys\nfrom kiosk.__main__ import main\nmain(sys.argv[1:])\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = kiosk("--config", str(folder / "kiosk.toml"), "--check-config", code=code)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "kiosk" in loaded
    assert (
        loaded & {"kivy", "nfc", "escpos", "serial", "requests", "sqlite3", "asyncio", "cryptography", "PIL"} == set()
    )


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("secrets/kiosk.token", None, "secrets/kiosk.token cannot be used: FileNotFoundError"),
        ("secrets/kiosk.token", b"", "secrets/kiosk.token cannot be used: ValueError"),
        ("secrets/kiosk.token", b"two\nlines", "secrets/kiosk.token cannot be used: ValueError"),
        ("secrets/kiosk.token", "tök".encode(), "secrets/kiosk.token cannot be used: UnicodeDecodeError"),
        ("secrets/journal.key", None, "secrets/journal.key cannot be used: FileNotFoundError"),
        ("secrets/journal.key", b"no key", "secrets/journal.key cannot be used: ValueError"),
        ("secrets/journal.key", b"abcd", "secrets/journal.key cannot be used: ValueError"),
    ],
)
def test_a_kiosk_without_its_secrets_says_which_and_not_what_is_in_it(
    folder: Path, name: str, content: bytes | None, said: str
) -> None:
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    done = kiosk("--config", str(folder / "kiosk.toml"), code=WITHOUT_WINDOW)
    assert done.returncode == CLOSED
    assert f"cannot start: {said}" in done.stderr
    assert "Traceback" not in done.stderr
    assert "two" not in done.stderr


def test_a_kiosk_whose_journal_is_in_use_or_another_s_does_not_start(folder: Path) -> None:
    path = folder / "var" / "journal.db"
    journal = open_journal(path)
    done = kiosk("--config", str(folder / "kiosk.toml"))
    assert (done.returncode, "cannot start: the journal is in use by another process" in done.stderr) == (3, True)
    journal.close()
    (folder / "secrets" / "journal.key").write_bytes(bytes(32))
    done = kiosk("--config", str(folder / "kiosk.toml"), code=WITHOUT_WINDOW)
    said = "cannot start: the journal cannot be opened: SealBroken" in done.stderr
    assert (done.returncode, said) == (CLOSED, True)
    assert isinstance(open_journal(path), Journal)
    assert KIOSK == "annen-1"
    assert ids()()


def test_the_kiosk_s_memory_has_its_own_command_line(folder: Path) -> None:
    done = kiosk("cache", "--help")
    assert done.returncode == 0
    for command in ("status", "verify", "rebuild", "pull", "queue", "exceptions", "export"):
        assert command in done.stdout
    done = kiosk("cache", "verify", "--config", str(folder / "kiosk.toml"))
    assert (done.returncode, done.stderr) == (2, "section [mirror] is missing\n")
    done = kiosk("cache", "status", "--config", str(folder / "kiosk.toml"))
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    assert (said["mirror"], said["journal"]["why"], said["kiosk"]) == ("not configured", "there is no journal", {})


def test_nobody_gets_a_dump_of_what_the_kiosk_knows_nor_looks_into_it() -> None:
    code = (
        "import ctypes, resource\nfrom offline_cache.private_memory import keep_memory_private\n"
        "keep_memory_private()\nprint(ctypes.CDLL(None).prctl(3), resource.getrlimit(resource.RLIMIT_CORE))"
    )
    assert kiosk(code=code).stdout.strip() == "0 (0, 0)"


def test_what_lends_without_a_line_is_not_loaded_before_the_first_picture(folder: Path) -> None:
    """The start of a kiosk that has a mirror takes no longer than that of one that has none."""
    code = (
        "import sys\nfrom kiosk.memory import offline_desk\n"
        "import kiosk.desks.in_background, kiosk.desks.store, kiosk.line_watch, kiosk.visit, kiosk.stage\n"
        "import kiosk.desks.breaker, kiosk.desks.without_line, offline_cache.clock, offline_cache.event_line\n"
        "import offline_cache.replay, offline_cache.journal_opening, offline_cache.store_client\n"
        "print(*sorted(sys.modules))"
    )
    loaded = set(kiosk(code=code).stdout.split())
    assert "kiosk.desks.online_first" in loaded
    late = {"msgspec", "zoneinfo", "requests", "sqlite_utils", "circulation.wire", "circulation.affairs"}
    late |= {"circulation.model", "circulation.rules.verdict", "offline_cache.mirror", "offline_cache.offline_desk"}
    assert loaded & late == set()


def test_a_kiosk_that_is_closed_watches_its_touch_screen_as_one_that_lends_does(folder: Path) -> None:
    (folder / "kiosk.toml").write_text(GOOD + '[touch]\ndevice = "dev/touch"\n')
    os.mkfifo(folder / "dev" / "touch")
    (folder / "secrets" / "journal.key").unlink()
    code = (
        "import sys\nimport kiosk.__main__ as door\n"
        "def window(*_, is_deaf, **__):\n    print(is_deaf.__qualname__)\n    raise SystemExit(0)\n"
        "door._window = window\nsys.exit(door.main(sys.argv[1:]))"
    )
    done = kiosk("--config", str(folder / "kiosk.toml"), code=code)
    assert done.stdout == "TouchWatch.is_deaf\n", done.stderr
