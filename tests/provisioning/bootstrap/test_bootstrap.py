"""Setting up: nothing is done twice, nothing half done counts as whole, and what is missing is said in a sentence."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from provisioning.bootstrap import progress, system_packages
from provisioning.bootstrap.environment import METADATA, Environment
from provisioning.bootstrap.progress import Log, StepFailed, run

ROOT = Path(__file__).resolve().parents[3]
START = ROOT / "provisioning" / "bootstrap" / "start"


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "build" / "bootstrap.log")


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


# Running a tool


def test_a_tools_words_go_to_the_log_and_not_to_the_terminal(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    run(python("print('unpacking é', flush=True); import sys; print('oops', file=sys.stderr)"), log)
    assert "unpacking é\noops\n" in log.path.read_text("utf-8")
    assert capsys.readouterr().out == ""


def test_a_tool_that_fails_is_named_with_its_last_words(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(StepFailed, match=r"ended with code 7 .*bootstrap\.log"):
        run(python("print('early' + '\\n' * 50 + 'no room on the disk', end=''); raise SystemExit(7)"), log)
    said = capsys.readouterr().err
    assert "no room on the disk" in said
    assert "early" not in said


def test_a_tool_that_is_not_there_is_a_sentence(log: Log) -> None:
    with pytest.raises(StepFailed, match="no-such-tool could not be started: No such file"):
        run(["no-such-tool"], log)


def test_how_far_it_is_is_said_while_it_works_and_while_it_is_silent(
    log: Log, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "QUIET_S", 0.05)
    # Goes on only when the terminal would have shown a line for its silence.
    program = "import time\nprint('Found a\\nFound b\\nother', flush=True)\ntime.sleep(0.5)\nprint('Unpacking')"
    run(python(program), log, counted=re.compile("^Found"), total=3, milestones={"Unpacking": "all fetched"})
    said = capsys.readouterr().out
    assert re.search(r"bootstrap:   … 2 of 3 packages, \d+ s\n", said)
    assert "bootstrap:   all fetched\n" in said


def test_every_line_is_heard_however_it_arrives(log: Log) -> None:
    program = "import os, time\nfor part in (b'on', b'e\\ntw', b'o\\n\\xc3', b'\\xa9\\nlast'): os.write(1, part)"
    run(python(program), log)
    assert log.path.read_text("utf-8").endswith("one\ntwo\né\nlast\n")


# System packages


def test_a_renamed_library_counts_by_what_it_provides() -> None:
    listed = "ii \tlibmtdev1t64\tlibmtdev1 (= 1.1.7-1), libmtdev1:any\nrc \txvfb\t\nii \tmake\t\n"
    assert system_packages.provided(listed) >= {"libmtdev1t64", "libmtdev1", "make"}
    assert "xvfb" not in system_packages.provided(listed)


def test_the_wider_role_has_all_of_the_narrower() -> None:
    wanted = {role: system_packages.wanted(role) for role in system_packages.ROLES}
    assert set(wanted["run"]) < set(wanted["test"]) < set(wanted["system"])
    assert set(wanted["test"]) < set(wanted["long"])
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9.+-]+", name) for name in wanted["system"] + wanted["long"])
    assert "alsa-utils" in wanted["run"], "without it the kiosk makes no sound"
    assert "chromium" not in wanted["run"], "a demonstration does not fetch a browser"


@pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="not a Debian")
def test_only_what_is_missing_is_reported() -> None:
    assert system_packages.missing(["dpkg", "no-such-package", "coreutils"]) == ["no-such-package"]


def test_no_tool_is_started_when_nothing_is_missing(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_packages, "missing", lambda _packages: [])
    system_packages.ensure(["dpkg"], log)
    assert log.path.read_text("utf-8") == ""


def test_without_root_and_sudo_the_command_to_type_is_said(
    log: Log, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(system_packages, "missing", lambda _packages: ["xvfb", "xdotool"])
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StepFailed, match="apt-get install --no-install-recommends xvfb xdotool"):
        system_packages.ensure(["xvfb", "xdotool", "make"], log)


# The virtual environment


def test_an_environment_that_is_not_whole_is_made_anew_and_a_whole_one_is_kept(tmp_path: Path, log: Log) -> None:
    environment = Environment(tmp_path, log)
    assert not environment.works(), "there is none"
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    environment.python.symlink_to(tmp_path / "python-that-was-removed")
    made_for = environment.path / "made-for"
    made_for.write_text(str(tmp_path))
    assert not environment.works(), "its Python is gone"

    environment.ensure()
    assert environment.works()
    made = environment.python.lstat().st_mtime_ns
    environment.ensure()
    assert environment.python.lstat().st_mtime_ns == made

    made_for.write_text("elsewhere")
    assert not environment.works(), "it was moved with its folder"
    made_for.unlink()
    assert not environment.works(), "its making was interrupted"


def test_what_was_installed_is_installed_again_only_when_its_files_changed(tmp_path: Path, log: Log) -> None:
    environment = Environment(tmp_path, log)
    environment.path.mkdir()
    for name in METADATA:
        (tmp_path / name).write_text("1")

    def due() -> bool:
        with environment._unless_done("project", METADATA) as is_due:
            return is_due

    assert [due(), due()] == [True, False]
    (tmp_path / METADATA[0]).write_text("2")
    with pytest.raises(StepFailed), environment._unless_done("project", METADATA):
        raise StepFailed("interrupted")
    assert [due(), due()] == [True, False]


# The whole


def test_the_first_stage_says_which_python_is_needed(tmp_path: Path) -> None:
    for tool in ("dirname", "sh"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    (tmp_path / "python3").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "python3").chmod(0o755)
    ran = subprocess.run([START, "run"], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "Python 3.11, 3.12 or 3.13 is needed" in ran.stderr


def test_the_first_stage_prefers_a_python_that_can_make_environments(tmp_path: Path) -> None:
    for tool in ("dirname", "sh", "cat", "env"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    for name, cannot in (("python3", "ensurepip"), ("python3.12", "nothing")):
        # Stands for an interpreter: refuses the check that names what it lacks, and says that it was chosen.
        (tmp_path / name).write_text(f'#!/bin/sh\ncase "$*" in *{cannot}*) exit 1;; -m*) echo {name} "$@";; esac\n')
        (tmp_path / name).chmod(0o755)
    ran = subprocess.run([START, "run"], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert ran.stdout == "python3.12 -m provisioning.bootstrap run\n"


def test_a_second_set_up_waits_for_the_first(tmp_path: Path) -> None:
    lock = tmp_path / "build" / "bootstrap.lock"
    program = (
        "import sys; from pathlib import Path; from provisioning.bootstrap.__main__ import alone\n"
        f"with alone(Path({str(lock)!r})): print('in', flush=True); sys.stdin.readline()\n"
        "print('out', flush=True)"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    first: subprocess.Popen[str] = subprocess.Popen(python(program), **pipes)  # type: ignore[call-overload]
    assert first.stdout is not None
    assert first.stdout.readline() == "in\n"
    second: subprocess.Popen[str] = subprocess.Popen(python(program), **pipes)  # type: ignore[call-overload]
    assert second.stdout is not None
    assert "waiting" in second.stdout.readline()
    assert first.communicate("go\n")[0] == "out\n"
    assert second.communicate("go\n")[0] == "in\nout\n"


def test_the_second_set_up_of_this_tree_touches_nothing(tmp_path: Path) -> None:
    """The tree that runs these tests is set up: another set-up has nothing to install and starts no apt and no pip."""
    if not (ROOT / ".venv" / "installed-libraries").is_file():
        pytest.skip("these tests run outside the tree's own environment")
    written = ROOT / "build" / "bootstrap.log"
    before = written.stat().st_size
    subprocess.run([START, "run"], check=True, capture_output=True, text=True)
    with written.open("rb") as file:
        file.seek(before)
        added = file.read().decode()
    assert "apt-get" not in added
    assert "pip" not in added
