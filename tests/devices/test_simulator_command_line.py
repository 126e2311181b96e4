"""The command line that drives the simulators: every verb, every sentence, and processes that end as they should."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from devices.ports import BarcodeScanned, Health, PassPresented, PassRemoved
from devices.simulators.__main__ import main
from devices.simulators.control import ControlError, ask
from tests.devices.running import LIMIT_S, ROOT, Workbench, eventually
from tests.processes import lives

DRAWER = [
    {
        "name": "anna",
        "label": "Regular patron",
        "expect": "may borrow",
        "number": "20001234567890",
        "uid": "04a1b2c3d4e5f6",
        "ndef": "20001234567890",
        "kind": "ntag213",
        "group": "Regio",
    },
    {"name": "bram", "label": "Guest", "expect": "refused", "number": "20009876543210", "uid": None, "ndef": None},
]
PILE = [{"name": "oeroeg", "title": "Oeroeg", "barcode": "30001234567890", "expect": "lent"}]


@pytest.fixture
def run_dir(bench_of_the_stand: Workbench, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stand's run directory, with a drawer and a pile, as the command line finds it."""
    stand = bench_of_the_stand
    (stand.run_dir / "drawer.json").write_text(json.dumps(DRAWER), "utf-8")
    (stand.run_dir / "pile.json").write_text(json.dumps(PILE), "utf-8")
    monkeypatch.setenv("KIOSK_RUN_DIR", str(stand.run_dir))
    return stand.run_dir


def test_a_pass_of_the_drawer_is_placed_and_removed_by_name(
    reader: Workbench, run_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["place-pass", "anna"]) == 0
    assert "anna lies on the reader" in capsys.readouterr().out
    assert reader.events.wait(PassPresented)[0].number == "20001234567890"
    assert main(["remove-pass"]) == 0
    reader.events.wait(PassRemoved)


def test_any_chip_is_placed_by_its_uid(reader: Workbench, run_dir: Path) -> None:
    assert main(["place-pass", "--uid", "01020304", "--kind", "mifare-classic"]) == 0
    assert reader.events.wait(PassPresented)[0].uid.hex() == "01020304"


def test_books_and_passes_are_scanned_by_name_and_anything_by_its_text(scanner: Workbench, run_dir: Path) -> None:
    assert main(["scan-book", "oeroeg"]) == 0
    assert main(["scan-pass", "bram"]) == 0
    assert main(["--run-dir", str(run_dir), "scan", "ZO3714780"]) == 0
    texts = [one.text for one in scanner.events.wait(BarcodeScanned, 3)]
    assert texts == ["30001234567890", "20009876543210", "ZO3714780"]


@pytest.mark.parametrize("what", ["reader", "scanner", "printer"])
def test_every_device_is_unplugged_and_plugged(bench_of_the_stand: Workbench, run_dir: Path, what: str) -> None:
    one = bench_of_the_stand
    one.open(one.reader(), one.scanner(), one.printer())
    assert main(["unplug", what]) == 0
    one.wait_for(what, Health.LOST)
    assert main(["plug", what]) == 0
    one.wait_for(what, Health.READY)


@pytest.mark.parametrize(
    ("words", "simulator", "fact", "value"),
    [
        (["paper-out"], "printer", "paper", "out"),
        (["paper-low"], "printer", "paper", "low"),
        (["cover-open"], "printer", "cover", "open"),
        (["stall-printer"], "printer", "stalled", True),
        (["reader-fault", "silent", "3"], "pass-reader", "fault", "silent"),
        (["unplug", "scanner"], "scanner", "plugged", False),
    ],
)
def test_troubles_show_in_the_status(
    run_dir: Path, capsys: pytest.CaptureFixture[str], words: list[str], simulator: str, fact: str, value: object
) -> None:
    assert main(words) == 0
    assert main(["status"]) == 0
    lines = dict(line.split(None, 1) for line in capsys.readouterr().out.splitlines())
    assert json.loads(lines[simulator])[fact] == value
    assert json.loads(lines["line"]) == {"running": False}


def test_the_drawer_and_the_pile_are_listed_with_what_to_expect(
    run_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["list"]) == 0
    printed = capsys.readouterr().out
    assert "Regular patron: may borrow" in printed
    assert "Guest: refused  (barcode only)" in printed
    assert "Oeroeg: lent" in printed


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["place-pass", "bram"], "has no chip; scan its barcode with: scan-pass bram"),
        (["pad-pass", "bram"], "has no chip; scan its barcode with: scan-pass bram"),
        (["place-pass", "nobody"], "there is no pass 'nobody' in the drawer"),
        (["scan-book", "nothing"], "there is no book 'nothing' in the pile"),
        (["place-pass"], "give either the name of a pass or --uid"),
        (["place-pass", "--uid", "04"], "7 bytes"),
        (["delay", "1"], "the simulator line does not answer; is the demo running?"),
        (["--run-dir", "/nonexistent", "list"], "cannot be read; is the demo running?"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    run_dir: Path, capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    assert main(words) == 1
    captured = capsys.readouterr()
    assert sentence in captured.err
    assert "Traceback" not in captured.err


def test_it_runs_as_a_module_from_a_shell(run_dir: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "devices.simulators", "status"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("pass-reader")


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[]", b"7", b'{"do": 7}', b'{"do": ["status"]}', b"{}", b"\xff\xfe", b'{"do": "melt"}']
)
def test_nonsense_on_the_control_socket_is_answered_and_harms_nothing(stand: Workbench, line: bytes) -> None:
    path = stand.run_dir / "control" / "scanner.sock"
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(LIMIT_S)
        client.connect(str(path))
        client.sendall(line + b"\n")
        answer = json.loads(client.recv(65536))
    assert answer["ok"] is False
    assert answer["error"]
    assert ask(path, "status")["ok"]


def test_an_argument_that_nobody_knows_is_refused(stand: Workbench) -> None:
    with pytest.raises(ControlError, match="unknown argument txt"):
        ask(stand.run_dir / "control" / "scanner.sock", "scan", text="1", txt="2")


def test_a_run_directory_may_lie_deeper_than_a_socket_address_reaches(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    one = Workbench.at(deep)
    one.serve_scanner()
    assert one.bench.status()["scanner"]["running"]
    one.close()
    assert not (deep / "control" / "scanner.sock").exists()


def test_a_port_in_use_is_said_clearly(stand: Workbench, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "devices.simulators", "serve", "printer"]
    command += ["--listen", f"127.0.0.1:{stand.printer_port}"]
    command += ["--control", str(tmp_path / "c.sock"), "--receipts", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Address already in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_simulator_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "devices.simulators", "serve", "scanner"]
    command += ["--tty", str(tmp_path / "dev/scanner"), "--control", str(tmp_path / "control/scanner.sock")]
    program = "import subprocess, sys; p = subprocess.Popen(sys.argv[1:]); print(p.pid, flush=True); p.wait()"
    with subprocess.Popen(
        [sys.executable, "-c", program, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert parent.stdout.readline().startswith("ready scanner")
        os.kill(parent.pid, signal.SIGKILL)
    eventually("the child went", lambda: not lives(child))
    assert not os.path.lexists(tmp_path / "dev/scanner")


def test_a_simulator_started_over_what_a_killed_one_left_behind_works(tmp_path: Path) -> None:
    for last in (False, True):
        one = Workbench.at(tmp_path)
        process = one.serve_scanner()
        if last:
            one.open(one.scanner())
            one.bench.scan("3000")
            one.events.wait(BarcodeScanned)
            one.close()
        else:
            process.kill()
            process.wait(LIMIT_S)
            assert process.stdout is not None
            process.stdout.close()
