"""`python -m devices try`: how the devices of a configuration are, and a payment, without a kiosk."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from devices.__main__ import main
from devices.ports import PaymentTerminal, PayOutcome, PayResult
from devices.simulators.drive import Bench, BenchError
from devices.trying import pay
from tests.devices.nexo_stand import configuration
from tests.devices.running import Workbench, eventually, free_port


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """A scanner and a nexo terminal, and a configuration of both, with paths as the demo writes them."""
    one = Workbench.at(tmp_path_factory.mktemp("try"))
    one.serve_scanner()
    port = free_port()
    one.serve("payment-nexo", "--listen", f"127.0.0.1:{port}", "--keys", str(one.run_dir / "keys"))
    (one.run_dir / "kiosk.toml").write_text(
        f"""
[store]
url = "http://127.0.0.1:1"
[item_scanner]
driver = "serial"
port = "dev/scanner"
{configuration(port, "keys")}""",
        "utf-8",
    )
    yield one
    one.close()


def at_the_terminal(bench: Bench, *deeds: tuple[str, float], terminal: str = "payment-nexo") -> threading.Thread:
    """A patron, who presses as soon as the terminal asks."""

    def patron() -> None:
        eventually("it asks", lambda: bench.status()[terminal].get("screen") == "card")
        for key, after in deeds:
            bench.approve_and_lose_line() if key == "lost" else bench.press(key, after)

    one = threading.Thread(target=patron, daemon=True)
    one.start()
    return one


def test_every_device_is_told_ready_or_why_not(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    config = str(bench.run_dir / "kiosk.toml")
    assert main(["try", config]) == 0
    lines = [line.split()[:2] for line in capsys.readouterr().out.splitlines()]
    assert sorted(lines) == [["item_scanner", "ready"], ["payment_terminal", "ready"]]
    bench.bench.unplug("terminal")
    assert main(["try", config, "payment_terminal", "--within", "0.5"]) == 1
    assert "payment_terminal  absent     127.0.0.1:" in capsys.readouterr().out
    bench.bench.plug("terminal")


@pytest.mark.parametrize(
    ("deed", "code", "outcome"),
    [
        (("approve", 0.2), 0, "approved: 350 cents"),
        (("decline", 0.0), 1, "declined: 0 cents"),
        (("cancel", 0.0), 1, "aborted: 0 cents"),
        (("lost", 0.0), 0, "approved: 350 cents"),
    ],
)
def test_a_payment_ends_as_the_keypad_says_also_when_the_line_is_lost_after_it(
    bench: Workbench, capsys: pytest.CaptureFixture[str], deed: tuple[str, float], code: int, outcome: str
) -> None:
    patron = at_the_terminal(bench.bench, deed)
    assert main(["try", str(bench.run_dir / "kiosk.toml"), "payment_terminal", "--pay", "350"]) == code
    patron.join(10)
    said = capsys.readouterr().out
    assert "asked for 350 cents" in said
    assert said.splitlines()[-1].startswith(outcome)


def test_a_zvt_terminal_that_lost_its_line_after_the_approval_is_asked_for_its_last_receipt(
    workbench: Workbench, capsys: pytest.CaptureFixture[str]
) -> None:
    port, config = free_port(), workbench.run_dir / "kiosk.toml"
    workbench.serve("payment-zvt", "--listen", f"127.0.0.1:{port}")
    config.write_text(f'[payment_terminal]\ndriver = "zvt-network"\nhost = "127.0.0.1"\nport = {port}\n', "utf-8")
    for deed, cents in (("approve", "100"), ("lost", "420")):  # the first tells the second from those before it
        patron = at_the_terminal(workbench.bench, (deed, 0.0), terminal="payment-zvt")
        assert main(["try", str(config), "--pay", cents]) == 0
        patron.join(10)
    assert capsys.readouterr().out.splitlines()[-1].startswith("approved: 420 cents")
    assert workbench.bench.status()["payment-zvt"]["state"] == "approved"
    assert workbench.bench.status()["payment-zvt"]["charged"] == 520


@pytest.mark.parametrize(
    ("outcome", "kept"), [(PayOutcome.APPROVED, True), (PayOutcome.DECLINED, False), (PayOutcome.ABORTED, False)]
)
def test_an_approved_payment_is_kept_and_no_other(mocker: MockerFixture, outcome: PayOutcome, kept: bool) -> None:
    terminal = mocker.create_autospec(PaymentTerminal, instance=True)  # what is kept no real terminal tells
    terminal.mark.return_value = ""
    terminal.pay.return_value = PayResult(outcome, 350)
    assert pay(terminal, 350, 5.0, lambda _: None).outcome is outcome
    reference = terminal.pay.call_args.args[1]
    wanted = [mocker.call(reference, booked=True, deadline_s=5.0)] if kept else []
    assert terminal.settle.call_args_list == wanted


def test_a_charge_of_the_workbench_is_a_payment_by_the_same_driver(bench: Workbench) -> None:
    before = len(bench.bench.status()["payment-nexo"]["ledger"])
    bench.bench.record("terminal")
    bench.bench.charge(1610)
    at_the_terminal(bench.bench, ("approve", 0.0)).join(20)
    eventually("told", lambda: bench.bench.charged()[-1:] == ["approved: 1610 cents"])
    ledger = bench.bench.status()["payment-nexo"]["ledger"]
    assert len(ledger) == before + 1
    assert (ledger[-1]["cents"], ledger[-1]["state"]) == (1610, "approved")
    said = bench.bench.transcript("terminal")
    assert 'sealed, within: {"PaymentRequest"' in said
    assert f"{ledger[-1]['reference']}" in said
    assert 'sealed, within: {"PaymentResponse"' in said


def test_what_cannot_be_charged_is_said(bench: Workbench, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="one cent"):
        bench.bench.charge(0)
    with pytest.raises(BenchError, match="is the demo running"):
        Bench(tmp_path).charge(100)
    (tmp_path / "control").mkdir()
    (tmp_path / "control" / "payment-zvt.sock").touch()
    (tmp_path / "processes.json").write_text('[{"name": "kiosk"}]', "utf-8")
    with pytest.raises(BenchError, match="--no-kiosk"):
        Bench(tmp_path).charge(100)


@pytest.mark.parametrize(
    ("text", "names", "sentence"),
    [
        ("", [], "no section of a device"),
        ("[item_scanner]\ndriver='serial'\nport='x'", ["item_pad"], "no section item_pad"),
        ("[item_scanner]\ndriver='serial'", [], "port is missing"),
        ("nonsense", [], "Expected"),
    ],
)
def test_a_configuration_that_cannot_be_tried_is_said_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, names: list[str], sentence: str
) -> None:
    (tmp_path / "kiosk.toml").write_text(text, "utf-8")
    assert main(["try", str(tmp_path / "kiosk.toml"), *names]) == 2
    assert sentence in capsys.readouterr().out
