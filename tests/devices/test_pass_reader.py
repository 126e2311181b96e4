"""The real PN532 driver on the wire: taps, passes that lie still, phones, broken frames, and the plug pulled."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from pytest_mock import MockerFixture

from devices.pass_reader.hsu import ACK, command_frame
from devices.pass_reader.pn532 import FaultyAnswer, Pn532PassReader
from devices.pass_reader.presence import FORGOTTEN_AFTER_S
from devices.pass_reader.start_up import start_chip
from devices.pass_reader.transport import HsuTransport
from devices.ports import DeviceTimeout, Health, PassFound, PassPresented, PassRemoved, Send
from devices.simulators.drive import BenchError
from tests.devices.running import LIMIT_S, ROOT, Workbench, eventually

UID, NUMBER = "04a1b2c3d4e5f6", "29999900000035"


def test_a_pass_is_presented_with_its_uid_and_number_and_removed(reader: Workbench) -> None:
    reader.bench.place(UID, NUMBER)
    (presented,) = reader.events.wait(PassPresented)
    assert (presented.device, presented.uid, presented.number) == ("reader", bytes.fromhex(UID), NUMBER)
    assert not presented.random_uid
    reader.bench.remove_pass()
    (removed,) = reader.events.wait(PassRemoved)
    assert removed.at > presented.at


@pytest.mark.parametrize(
    ("kind", "uid", "ndef"),
    [("ntag213", UID, NUMBER), ("ntag213", UID, None), ("mifare-classic", "01020304", None), ("desfire", UID, None)],
)
def test_a_pass_that_lies_still_is_one_event_whatever_its_chip(
    reader: Workbench, kind: str, uid: str, ndef: str | None
) -> None:
    reader.bench.place(uid, ndef, kind)
    reader.events.wait(PassPresented)
    reader.senses(25)
    (presented,) = reader.events.of(PassPresented)
    assert (presented.uid.hex(), presented.number) == (uid, ndef)
    assert reader.events.of(PassRemoved) == []


@pytest.mark.long(minutes=2)
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["ntag213", "mifare-classic", "phone"])
def test_a_pass_that_lies_for_a_minute_is_one_event(bench_of_the_stand: Workbench, kind: str) -> None:
    one = bench_of_the_stand
    one.open(one.reader())
    one.bench.place(UID, None, kind)
    one.senses(600, 200)
    assert len(one.events.of(PassPresented)) == 1
    assert one.events.of(PassRemoved) == []


def test_a_phone_whose_uid_changes_at_every_sense_is_one_event_marked_random(reader: Workbench) -> None:
    reader.bench.place("", kind="phone")
    reader.events.wait(PassPresented)
    reader.senses(25)
    (presented,) = reader.events.of(PassPresented)
    assert presented.random_uid
    assert presented.number is None


def test_a_pass_laid_in_the_place_of_another_is_a_removal_and_a_presentation(reader: Workbench) -> None:
    reader.bench.place(UID)
    reader.events.wait(PassPresented)
    reader.bench.place("01020304", kind="mifare-classic")
    second = reader.events.wait(PassPresented, 2)[1]
    assert second.uid.hex() == "01020304"
    assert len(reader.events.of(PassRemoved)) == 1


@pytest.mark.parametrize("text", ["12|34", "x" * 80, "naïef", "a\x1bb"])
def test_text_on_a_chip_that_can_be_no_number_is_not_handed_on(reader: Workbench, text: str) -> None:
    reader.bench.place(UID, text)
    (presented,) = reader.events.wait(PassPresented)
    assert presented.number is None


@pytest.mark.parametrize("kind", ["truncate", "corrupt", "silent"])
def test_one_faulty_answer_is_made_good_without_a_word(reader: Workbench, kind: str) -> None:
    reader.bench.place(UID)
    reader.events.wait(PassPresented)
    reader.bench.reader_fault(kind, 1)
    eventually("the fault has passed", lambda: reader.bench.status()["pass-reader"]["fault_left"] == 0)
    reader.senses(10)
    assert reader.events.states("reader") == [Health.CONNECTING, Health.READY]
    assert len(reader.events.of(PassPresented)) == 1
    assert reader.events.of(PassRemoved) == []


@pytest.mark.parametrize("kind", ["truncate", "corrupt", "silent"])
def test_a_reader_that_keeps_answering_badly_is_degraded_then_reopened_and_mends(reader: Workbench, kind: str) -> None:
    reader.bench.reader_fault(kind)
    reader.wait_for("reader", Health.LOST)
    assert Health.DEGRADED in reader.events.states("reader")
    reader.bench.reader_fault("none")
    reader.wait_for("reader", Health.READY)
    reader.bench.place(UID, NUMBER)
    (presented,) = reader.events.wait(PassPresented)
    assert presented.number == NUMBER


@pytest.mark.parametrize("kind", ["truncate", "corrupt"])
def test_faults_while_the_number_is_read_lose_neither_the_pass_nor_the_reader(reader: Workbench, kind: str) -> None:
    for _ in range(3):
        reader.bench.reader_fault(kind, 2)
        reader.bench.place(UID, NUMBER)
        reader.events.wait(PassPresented, len(reader.events.of(PassRemoved)) + 1)
        reader.bench.remove_pass()
        reader.events.wait(PassRemoved, len(reader.events.of(PassPresented)))
    assert {one.uid.hex() for one in reader.events.of(PassPresented)} == {UID}
    assert {one.number for one in reader.events.of(PassPresented)} <= {NUMBER, None}
    reader.wait_for("reader", Health.READY)


@pytest.mark.parametrize(("bad", "number"), [(2, NUMBER), (4, NUMBER), (100, None)])
def test_a_pass_whose_number_gets_bad_answers_is_looked_at_again_before_it_is_told_without(
    reader: Workbench, mocker: MockerFixture, bad: int, number: str | None
) -> None:
    read, left = Pn532PassReader._read_number, [bad]

    def badly(self: Pn532PassReader) -> str | None:
        """Which answers of the chip are bad is a matter of luck on the wire."""
        left[0] -= 1
        if left[0] >= 0:
            raise FaultyAnswer("TimeoutError")
        return read(self)

    mocker.patch.object(Pn532PassReader, "_read_number", badly)
    reader.bench.place(UID, NUMBER)
    (presented,) = reader.events.wait(PassPresented)
    assert (presented.uid.hex(), presented.number) == (UID, number)
    reader.senses(5)
    assert len(reader.events.of(PassPresented)) == 1


def test_a_pass_that_went_while_its_number_got_bad_answers_is_looked_at_as_often_when_it_comes_again(
    mocker: MockerFixture,
) -> None:
    mocker.patch.object(Pn532PassReader, "_read_number", side_effect=FaultyAnswer("TimeoutError"))
    reader, told = Pn532PassReader("reader", "/dev/none"), list[object]()
    there = SimpleNamespace(sdd_res=bytes.fromhex(UID), sel_res=b"\0")
    reader._target, reader._frontend = str, mocker.Mock()
    for target, bad in [(there, True), (there, True), (None, False), (there, True), (there, True), (there, False)]:
        reader._frontend.sense.return_value = target
        assert told == []
        with pytest.raises(FaultyAnswer) if bad else nullcontext():
            reader._sense(told.append)
    (presented,) = told
    assert isinstance(presented, PassPresented)
    assert presented.number is None


def test_a_whole_pause_follows_a_faulty_answer_so_that_a_late_one_is_not_taken_for_the_next(
    mocker: MockerFixture,
) -> None:
    now, paused, found = 0.0, [], iter([0.0, 0.03, None, 0.15, None, 0.15])  # seconds of a sense; None: and a fault

    class Pauses(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            paused.append(timeout)
            return False

    def sense(self: Pn532PassReader, send: Send) -> None:
        nonlocal now
        took = next(found, None)
        now += 0.15 if took is None else took
        if took is None:
            raise FaultyAnswer("OSError")

    mocker.patch.object(Pn532PassReader, "_sense", sense)
    with pytest.raises(DeviceTimeout):
        Pn532PassReader("reader", "/dev/none", 100, clock=lambda: now).run(lambda _: None, Pauses())
    assert paused == pytest.approx([0.1, 0.07, 0.1, 0.0, 0.1, 0.0] + 5 * [0.1])


def test_a_reader_that_is_unplugged_is_lost_and_works_after_it_is_plugged_in(reader: Workbench) -> None:
    for _ in range(2):
        reader.bench.unplug("reader")
        reader.wait_for("reader", Health.LOST)
        reader.bench.plug("reader")
        reader.wait_for("reader", Health.READY)
    reader.bench.place(UID)
    reader.events.wait(PassPresented)


def test_a_pass_on_a_reader_that_was_away_for_long_is_told_as_found_and_never_as_come_again(reader: Workbench) -> None:
    reader.bench.place(UID)
    reader.events.wait(PassPresented)
    reader.bench.unplug("reader")
    reader.wait_for("reader", Health.LOST)
    last = reader.health("reader").last_ok
    assert last is not None
    eventually("a pass is forgotten", lambda: time.monotonic() - last > FORGOTTEN_AFTER_S)
    reader.bench.plug("reader")
    (found,) = reader.events.wait(PassFound)
    assert found.uid.hex() == UID
    reader.bench.remove_pass()
    reader.events.wait(PassRemoved)
    assert len(reader.events.of(PassPresented)) == 1
    reader.bench.place(UID)
    reader.events.wait(PassPresented, 2)


def test_a_reader_that_was_never_there_is_absent_until_it_is_plugged_in(bench_of_the_stand: Workbench) -> None:
    bench_of_the_stand.bench.unplug("reader")
    bench_of_the_stand.open(bench_of_the_stand.reader(), ready=False)
    bench_of_the_stand.wait_for("reader", Health.ABSENT)
    eventually("a second try", lambda: bench_of_the_stand.health("reader").tries >= 2)
    bench_of_the_stand.bench.plug("reader")
    bench_of_the_stand.wait_for("reader", Health.READY)


def test_another_device_on_the_port_is_no_reader(bench_of_the_stand: Workbench) -> None:
    settings = bench_of_the_stand.reader(port=bench_of_the_stand.tty("scanner"))
    bench_of_the_stand.open(settings, ready=False)
    eventually("a reason", lambda: "no PN532 answers there" in bench_of_the_stand.health("reader").reason)


def test_a_chip_that_a_killed_process_left_at_full_speed_is_found_again(bench_of_the_stand: Workbench) -> None:
    program = (
        "import sys, threading\n"
        "from devices.pass_reader.pn532 import Pn532PassReader\n"
        "reader = Pn532PassReader('reader', sys.argv[1])\n"
        "reader.open()\n"
        "print('open', flush=True)\n"
        "threading.Event().wait()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, bench_of_the_stand.tty("nfc")], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        os.kill(other.pid, signal.SIGKILL)
    assert bench_of_the_stand.bench.status()["pass-reader"]["baud"] == 921600
    bench_of_the_stand.open(bench_of_the_stand.reader())
    bench_of_the_stand.bench.place(UID)
    bench_of_the_stand.events.wait(PassPresented)


@pytest.mark.parametrize("baud", [460800, 230400])
def test_a_chip_that_was_left_at_the_speed_of_a_slower_port_is_found_again(
    bench_of_the_stand: Workbench, baud: int
) -> None:
    left = HsuTransport(bench_of_the_stand.tty("nfc"))
    left.write(command_frame(0x10, bytes([4 + (115200, 230400, 460800).index(baud)])))
    assert [bytes(left.read(1000)) for _ in range(2)] == [ACK, bytes.fromhex("0000ff02fed5111a00")]
    left.write(ACK)
    eventually("the chip's new speed", lambda: bench_of_the_stand.bench.status()["pass-reader"]["baud"] == baud)
    left.close()
    bench_of_the_stand.open(bench_of_the_stand.reader())
    assert bench_of_the_stand.bench.status()["pass-reader"]["baud"] == 921600


def test_the_speed_of_a_chip_hangs_on_no_other_program(
    bench_of_the_stand: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Starting one fails at times while another thread changes the environment, as a window does that is being made."""
    monkeypatch.setenv("PATH", "/nowhere")
    bench_of_the_stand.open(bench_of_the_stand.reader())
    assert bench_of_the_stand.bench.status()["pass-reader"]["baud"] == 921600


@pytest.mark.parametrize(
    ("model", "port", "baud"),
    [
        ("Raspberry Pi 3 Model B\0", "/dev/ttyS0", 115200),
        ("Raspberry Pi 3 Model B\0", "/dev/ttyAMA0", 921600),
        ("Other\0", "/dev/ttyS0", 921600),
    ],
)
def test_the_slow_port_of_a_raspberry_pi_is_left_at_its_speed(
    bench_of_the_stand: Workbench, tmp_path: Path, mocker: MockerFixture, model: str, port: str, baud: int
) -> None:
    board = tmp_path / "model"
    board.write_text(model, "ascii")
    transport = HsuTransport(bench_of_the_stand.tty("nfc"))
    mocker.patch("devices.pass_reader.start_up.os.path.realpath", return_value=port)
    start_chip(transport, board)
    assert transport.baudrate == baud
    transport.close()


def test_a_reader_that_is_stopped_leaves_its_chip_at_the_speed_of_power_on(reader: Workbench) -> None:
    assert reader.bench.status()["pass-reader"]["baud"] == 921600
    assert reader.devices is not None
    reader.devices.stop()
    assert reader.bench.status()["pass-reader"]["baud"] == 115200


def test_what_lies_on_the_reader_never_stands_in_a_log(reader: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    reader.bench.place(UID, NUMBER)
    (presented,) = reader.events.wait(PassPresented)
    reader.bench.reader_fault("corrupt")
    reader.wait_for("reader", Health.LOST)
    for words in (caplog.text.lower(), repr(presented)):
        assert UID not in words
        assert NUMBER not in words
        assert repr(bytes.fromhex(UID)) not in words


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda bench: bench.place("04"), "7 bytes"),
        (lambda bench: bench.place("xx"), "hexadecimal"),
        (lambda bench: bench.place(UID, kind="felica"), "there is no chip 'felica'"),
        (lambda bench: bench.place(UID, "1", "desfire"), "ntag213 only"),
        (lambda bench: bench.reader_fault("melt"), "there is no fault 'melt'"),
    ],
)
def test_what_the_simulated_reader_cannot_do_it_refuses_in_a_sentence(
    stand: Workbench, call: Callable[[object], None], sentence: str
) -> None:
    with pytest.raises(BenchError, match=sentence):
        call(stand.bench)
    assert stand.bench.status()["pass-reader"]["running"]


def test_a_simulator_that_is_told_to_end_takes_its_port_and_socket_along(workbench: Workbench) -> None:
    process = workbench.serve_reader()
    process.terminate()
    assert process.wait(LIMIT_S) == 0
    assert not os.path.lexists(workbench.tty("nfc"))
    assert list((workbench.run_dir / "control").iterdir()) == []
