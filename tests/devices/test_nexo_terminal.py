"""The driver over real TLS against its simulator: whatever breaks, nobody pays twice and nothing is guessed."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from devices.open_devices import DeviceSettings, check_settings, open_devices
from devices.payment_terminal.nexo_talk import NexoTalk
from devices.payment_terminal.nexo_terminal import NexoTerminal
from devices.payment_terminal.nexo_turn import Turn
from devices.ports import Health, PayOutcome, PayResult, PayStep, Pulse
from devices.simulators.__main__ import main
from devices.simulators.nexo_certificate import server_context
from devices.simulators.payment_nexo import KEY_IDENTIFIER, NAME, POI
from tests.devices.nexo_stand import DEADLINE_S, Stand, serve
from tests.devices.running import ROOT, eventually

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """The simulator, for all tests of this module."""
    one = serve(tmp_path_factory.mktemp("nexo"))
    yield one
    one.workbench.close()


@pytest.fixture
def stand(served: Stand) -> Iterator[Stand]:
    """The simulator on a good day, without drivers."""
    served.set_back()
    one = Stand(served.workbench, served.port)
    yield one
    one.set_back()
    one.stop()


@pytest.fixture
def terminal(stand: Stand) -> NexoTerminal:
    """A driver that is ready."""
    return stand.open()


@pytest.fixture
def reference() -> str:
    """A payment of this test's own."""
    return f"fee-{next(_numbers)}"


@pytest.fixture
def paid(stand: Stand, terminal: NexoTerminal, reference: str) -> str:
    """An approved payment, as the terminal refers to it."""
    stand.do("auto", key="approve", seconds=0)
    return stand.pay(terminal, reference).terminal_ref


def only(stand: Stand, reference: str) -> dict[str, object]:
    """The one payment of that reference at the terminal."""
    (one,) = stand.ledger(reference)
    return one


def test_a_card_pays_and_its_receipt_comes_in_the_terminals_own_words(
    stand: Stand, terminal: NexoTerminal, reference: str
) -> None:
    paid = stand.begin(terminal, reference, 1234)
    stand.do("approve")
    result = paid.result()
    assert (result.outcome, result.cents) == (PayOutcome.APPROVED, 1234)
    assert result.receipt == ("CARDHOLDER COPY", "", "TOTAL €\N{NO-BREAK SPACE}12.34", "APPROVED")
    assert result.terminal_ref.startswith("SIM")
    assert stand.steps == [PayStep.CARD]
    assert only(stand, reference)["state"] == "approved"


@pytest.mark.parametrize(
    ("key", "outcome", "state"),
    [("decline", PayOutcome.DECLINED, "declined"), ("cancel", PayOutcome.ABORTED, "cancelled")],
)
def test_a_refused_and_a_cancelled_card_pay_nothing(
    stand: Stand, terminal: NexoTerminal, reference: str, key: str, outcome: PayOutcome, state: str
) -> None:
    paid = stand.begin(terminal, reference)
    stand.do(key)
    assert (paid.result().outcome, paid.result().cents) == (outcome, 0)
    assert only(stand, reference)["state"] == state


def test_the_kiosk_stops_a_payment_on_a_second_connection(stand: Stand, terminal: NexoTerminal, reference: str) -> None:
    paid = stand.begin(terminal, reference)
    began = time.monotonic()
    terminal.abort()
    assert time.monotonic() - began < 0.2, "asking to stop must not block whoever asks"
    assert paid.result().outcome is PayOutcome.ABORTED
    assert time.monotonic() - began < 5
    assert only(stand, reference)["state"] == "aborted"


def test_an_abort_while_nothing_runs_stops_no_later_payment(
    stand: Stand, terminal: NexoTerminal, reference: str
) -> None:
    terminal.abort()
    stand.do("auto", key="approve", seconds=0)
    assert stand.pay(terminal, reference).outcome is PayOutcome.APPROVED


@pytest.mark.parametrize(
    "kind", ["lose-line", "wrong-hmac", "wrong-header", "plaintext", "garbage", "truncate", "http-500", "endless"]
)
@pytest.mark.parametrize(("key", "outcome"), [("approve", PayOutcome.APPROVED), ("decline", PayOutcome.DECLINED)])
def test_a_lost_or_unbelievable_answer_is_asked_about_and_never_repeated(
    stand: Stand, terminal: NexoTerminal, reference: str, kind: str, key: str, outcome: PayOutcome
) -> None:
    stand.do("auto", key=key, seconds=0)
    stand.do("fault", kind=kind, count=1)
    before = stand.asked("Payment")
    result = stand.pay(terminal, reference)
    assert result.outcome is outcome
    assert result.cents == (350 if outcome is PayOutcome.APPROVED else 0)
    assert stand.asked("Payment") == before + 1
    assert len(stand.ledger(reference)) == 1


def test_a_request_that_never_reached_the_terminal_was_not_charged(
    stand: Stand, terminal: NexoTerminal, reference: str
) -> None:
    stand.do("fault", kind="lose-request", count=1)
    result = stand.pay(terminal, reference)
    assert (result.outcome, result.why) == (PayOutcome.ABORTED, "the terminal never heard of it")
    assert stand.ledger(reference) == []


def test_a_line_that_breaks_while_the_card_is_read_is_asked_again_until_the_result_is_there(
    stand: Stand, terminal: NexoTerminal, reference: str
) -> None:
    paid = stand.begin(terminal, reference)
    stand.do("unplug")
    stand.do("plug")
    before = stand.asked("TransactionStatus")
    eventually("it asks, and asks again", lambda: stand.asked("TransactionStatus") > before + 1)
    stand.do("approve")
    assert (paid.result().outcome, paid.result().cents) == (PayOutcome.APPROVED, 350)
    assert len(stand.ledger(reference)) == 1


def test_a_payment_that_the_terminal_does_not_know_yet_is_asked_about_once_more(
    stand: Stand, terminal: NexoTerminal, reference: str
) -> None:
    paid = stand.begin(terminal, reference)
    stand.do("fault", kind="not-found", count=1, category="TransactionStatus")
    stand.do("unplug")
    stand.do("approve")
    stand.do("plug")
    assert paid.result().outcome is PayOutcome.APPROVED


def test_a_payment_whose_line_stays_dead_is_unknown_in_time_and_recovered_by_another_process_later(
    stand: Stand, terminal: NexoTerminal, reference: str
) -> None:
    paid = stand.begin(terminal, reference, deadline_s=3.0)
    began = time.monotonic()
    stand.do("unplug")
    stand.do("approve")
    assert paid.result().outcome is PayOutcome.UNKNOWN
    assert time.monotonic() - began < 4
    stand.do("plug")
    restarted = stand.open()
    result = stand.recover(restarted, reference)
    assert (result.outcome, result.cents) == (PayOutcome.APPROVED, 350)
    assert result.receipt[-1] == "APPROVED"
    assert stand.recover(terminal, reference) == result
    assert len(stand.ledger(reference)) == 1


def test_a_payment_that_still_runs_when_the_kiosk_comes_back_is_stopped(
    stand: Stand, terminal: NexoTerminal, reference: str
) -> None:
    stand.begin(terminal, reference, deadline_s=60.0)
    restarted = stand.open()
    began = time.monotonic()
    assert stand.recover(restarted, reference).outcome is PayOutcome.ABORTED
    assert time.monotonic() - began < DEADLINE_S / 2, "stopped at once, not when patience ran out"
    assert only(stand, reference)["state"] == "aborted"


def test_a_payment_that_nobody_ends_is_stopped_before_the_deadline(
    stand: Stand, terminal: NexoTerminal, reference: str
) -> None:
    began = time.monotonic()
    result = stand.pay(terminal, reference, deadline_s=4.0)
    assert result.outcome is PayOutcome.ABORTED
    assert time.monotonic() - began < 4.2
    assert only(stand, reference)["state"] == "aborted"


def test_a_silent_terminal_is_unknown_at_the_deadline_and_its_answer_is_found_later(
    stand: Stand, terminal: NexoTerminal, reference: str
) -> None:
    stand.do("auto", key="approve", seconds=0)
    stand.do("fault", kind="silent", category="")
    began = time.monotonic()
    assert stand.pay(terminal, reference, deadline_s=2.0).outcome is PayOutcome.UNKNOWN
    assert time.monotonic() - began < 2.5
    stand.do("fault", kind="none", count=0)
    assert stand.recover(terminal, reference).outcome is PayOutcome.APPROVED
    assert len(stand.ledger(reference)) == 1


def test_a_payment_of_another_amount_than_was_written_down_is_not_believed_after_a_start(
    stand: Stand, terminal: NexoTerminal, reference: str, paid: str
) -> None:
    assert stand.recover(stand.open(), reference, cents=351).outcome is PayOutcome.UNKNOWN
    assert stand.recover(stand.open(), reference, cents=350).outcome is PayOutcome.APPROVED


def test_a_payment_that_takes_its_time_is_no_silence_to_the_watchdog(stand: Stand, reference: str) -> None:
    terminal = stand.open(beat_s=0.2, watched_s=0.7)
    stand.do("auto", key="approve", seconds=3)
    paying = stand.pool.submit(stand.pay, terminal, reference)
    while not paying.done():
        stand.supervisors[-1].look()
        assert stand.supervisors[-1].health.state is Health.READY
        time.sleep(0.05)
    assert paying.result().outcome is PayOutcome.APPROVED


def test_a_terminal_in_trouble_is_no_better_for_being_asked_something(stand: Stand) -> None:
    terminal, sent = NexoTerminal("terminal", stand.access()), list[object]()
    terminal._trouble = "no paper"

    def work(_: object, turn: Turn) -> PayResult:
        turn.beat()
        return PayResult(PayOutcome.DECLINED)

    terminal._do(NexoTalk.begin(stand.access()), Turn(work, PayOutcome.DECLINED, 5.0), sent.append, threading.Event())
    assert sent == [Pulse("no paper")]


def test_an_answer_after_seconds_is_waited_for(stand: Stand, terminal: NexoTerminal, reference: str) -> None:
    stand.do("auto", key="approve", seconds=2)
    assert stand.pay(terminal, reference).outcome is PayOutcome.APPROVED


def test_the_same_reference_is_never_sent_twice(stand: Stand, terminal: NexoTerminal, reference: str) -> None:
    stand.do("auto", key="approve", seconds=0)
    first = stand.pay(terminal, reference)
    assert stand.pay(terminal, reference) == first
    assert stand.pay(terminal, reference, 9999) == first
    assert len(stand.ledger(reference)) == 1


def test_a_reference_that_was_recovered_is_not_sent_either(
    stand: Stand, terminal: NexoTerminal, reference: str
) -> None:
    assert stand.recover(terminal, reference).outcome is PayOutcome.ABORTED
    assert stand.pay(terminal, reference).outcome is PayOutcome.ABORTED
    assert stand.ledger(reference) == []


def test_one_payment_at_a_time(stand: Stand, terminal: NexoTerminal, reference: str) -> None:
    paid = stand.begin(terminal, reference)
    second = stand.pay(terminal, f"{reference}-b")
    assert (second.outcome, second.why) == (PayOutcome.DECLINED, "another payment is under way")
    stand.do("approve")
    assert paid.result().outcome is PayOutcome.APPROVED
    assert stand.ledger(f"{reference}-b") == []


def test_a_busy_terminal_declines(stand: Stand, terminal: NexoTerminal, reference: str) -> None:
    stand.do("busy", count=1)
    result = stand.pay(terminal, reference)
    assert (result.outcome, result.why) == (PayOutcome.DECLINED, "Busy")


def test_a_terminal_that_is_not_there_declines_because_nothing_was_sent(
    stand: Stand, terminal: NexoTerminal, reference: str
) -> None:
    stand.do("unplug")
    result = stand.pay(terminal, reference)
    assert result.outcome is PayOutcome.DECLINED
    assert "nothing was sent" in result.why
    assert stand.recover(terminal, reference, deadline_s=0.5).outcome is PayOutcome.UNKNOWN


def test_what_the_terminal_has_forgotten_is_not_said_to_be_uncharged_when_it_once_knew_it(
    stand: Stand, terminal: NexoTerminal, reference: str, paid: str
) -> None:
    stand.do("forget")
    assert stand.recover(stand.open(), reference, paid).outcome is PayOutcome.UNKNOWN


def test_a_payment_that_was_not_booked_is_given_back_once(stand: Stand, terminal: NexoTerminal, reference: str) -> None:
    stand.do("auto", key="approve", seconds=0)
    assert stand.pay(terminal, reference).outcome is PayOutcome.APPROVED
    assert terminal.settle(reference, booked=True, deadline_s=DEADLINE_S).outcome is PayOutcome.APPROVED
    assert only(stand, reference)["given_back"] == 0
    for one in (terminal, terminal, stand.open()):
        assert one.settle(reference, booked=False, deadline_s=DEADLINE_S).outcome is PayOutcome.ABORTED
    assert only(stand, reference)["given_back"] == 350
    assert stand.recover(stand.open(), reference).outcome is PayOutcome.ABORTED


@pytest.mark.parametrize("kind", ["lose-line", "wrong-hmac", "garbage"])
def test_a_reversal_whose_answer_is_lost_is_asked_about_and_not_repeated(
    stand: Stand, terminal: NexoTerminal, reference: str, paid: str, kind: str
) -> None:
    stand.do("fault", kind=kind, count=1, category="Reversal")
    before = stand.asked("Reversal")
    assert terminal.reverse(reference, paid, 350, DEADLINE_S).outcome is PayOutcome.ABORTED
    assert stand.open().reverse(reference, paid, 350, DEADLINE_S).outcome is PayOutcome.ABORTED
    assert stand.asked("Reversal") == before + 1
    assert only(stand, reference)["given_back"] == 350


def test_a_reversal_that_never_arrived_may_be_asked_for_again(
    stand: Stand, terminal: NexoTerminal, reference: str, paid: str
) -> None:
    stand.do("fault", kind="lose-request", count=1, category="Reversal")
    assert terminal.reverse(reference, paid, 350, DEADLINE_S).outcome is PayOutcome.DECLINED
    assert only(stand, reference)["given_back"] == 0
    assert terminal.reverse(reference, paid, 350, DEADLINE_S).outcome is PayOutcome.ABORTED
    assert only(stand, reference)["given_back"] == 350


def test_a_part_is_given_back_and_never_more_than_was_paid(
    stand: Stand, terminal: NexoTerminal, reference: str, paid: str
) -> None:
    before = stand.asked("Reversal")
    for one in (terminal, terminal, stand.open()):
        assert one.reverse(reference, paid, 100, DEADLINE_S).outcome is PayOutcome.ABORTED
    assert stand.asked("Reversal") == before + 1
    assert terminal.reverse(reference, paid, 351, DEADLINE_S).outcome is PayOutcome.DECLINED
    assert terminal.reverse(reference, paid, 300, DEADLINE_S).outcome is PayOutcome.DECLINED
    assert only(stand, reference)["given_back"] == 100


def test_what_was_forgotten_is_given_back_by_the_terminals_own_reference(
    stand: Stand, terminal: NexoTerminal, reference: str, paid: str
) -> None:
    stand.do("forget")
    assert stand.open().reverse(reference, paid, 350, DEADLINE_S).outcome is PayOutcome.ABORTED
    assert only(stand, reference)["given_back"] == 350


def test_nothing_is_given_back_of_what_was_never_paid(stand: Stand, terminal: NexoTerminal, reference: str) -> None:
    stand.do("auto", key="decline", seconds=0)
    stand.pay(terminal, reference)
    before = stand.asked("Reversal")
    assert terminal.reverse(reference, "", 350, DEADLINE_S).outcome is PayOutcome.DECLINED
    assert stand.asked("Reversal") == before


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"certificate_name": "another.test.terminal.adyen.com"}, "Hostname mismatch"),
        ({"ca_file": "/nonexistent/ca.pem"}, "CA cannot be read"),
        ({"passphrase_file": "/nonexistent/passphrase"}, "passphrase cannot be read"),
        ({"passphrase_file": "/dev/null"}, "passphrase is empty"),
        ({"key_identifier": "another"}, "without MessageHeader|without SaleToPOIResponse|another key"),
        ({"port": 1}, "refused"),
    ],
)
def test_a_terminal_that_cannot_be_believed_is_not_ready_and_is_sent_nothing(
    stand: Stand, reference: str, changed: dict[str, object], reason: str
) -> None:
    terminal = stand.open(stand.access(**changed), ready=False)
    (supervisor,) = stand.supervisors
    eventually("a reason", lambda: supervisor.health.tries > 0)
    assert re.search(reason, supervisor.health.reason), supervisor.health.reason
    assert supervisor.health.state is Health.ABSENT
    assert stand.pay(terminal, reference).outcome is PayOutcome.DECLINED
    assert stand.ledger(reference) == []


def test_a_certificate_of_another_ca_is_refused(stand: Stand, reference: str, tmp_path: Path) -> None:
    server_context(tmp_path, NAME)
    stand.open(stand.access(ca_file=str(tmp_path / "ca.pem")), ready=False)
    (supervisor,) = stand.supervisors
    eventually("a reason", lambda: supervisor.health.tries > 0)
    assert "TLS" in supervisor.health.reason


def test_a_terminal_in_maintenance_is_degraded_and_ready_again_by_itself(stand: Stand) -> None:
    stand.open(beat_s=0.05)
    (supervisor,) = stand.supervisors
    stand.do("health", state="Maintenance")
    eventually("degraded", lambda: supervisor.health.state is Health.DEGRADED)
    assert supervisor.health.reason == "the terminal says Maintenance"
    stand.do("health", state="OK")
    eventually("ready", lambda: supervisor.health.state is Health.READY)


def test_an_unplugged_terminal_is_lost_and_found_again(stand: Stand, reference: str) -> None:
    terminal = stand.open(beat_s=0.05)
    (supervisor,) = stand.supervisors
    stand.do("unplug")
    eventually("lost", lambda: supervisor.health.state is Health.LOST)
    stand.do("plug")
    eventually("ready", lambda: supervisor.health.state is Health.READY)
    stand.do("auto", key="approve", seconds=0)
    assert stand.pay(terminal, reference).outcome is PayOutcome.APPROVED


def test_stopping_the_kiosk_stops_the_payment_within_three_seconds(
    stand: Stand, terminal: NexoTerminal, reference: str
) -> None:
    paid = stand.begin(terminal, reference, deadline_s=60.0)
    (supervisor,) = stand.supervisors
    began = time.monotonic()
    supervisor.ask_to_stop()
    assert supervisor.join(3.0)
    assert paid.result().outcome is PayOutcome.ABORTED
    assert time.monotonic() - began < 3
    assert only(stand, reference)["state"] == "aborted"


def test_whoever_listens_badly_to_the_steps_loses_no_payment(
    stand: Stand, terminal: NexoTerminal, reference: str
) -> None:
    def tell(_: PayStep) -> None:
        raise RuntimeError("the screen is gone")

    stand.do("auto", key="approve", seconds=0)
    assert terminal.pay(350, reference, tell, DEADLINE_S).outcome is PayOutcome.APPROVED


@pytest.mark.parametrize("reference", ["", "x" * 65, "a\nb", "é"])
def test_what_is_no_reference_is_the_callers_mistake(terminal: NexoTerminal, reference: str) -> None:
    with pytest.raises(ValueError, match="a reference is"):
        terminal.pay(100, reference, lambda _: None, 1.0)


def test_neither_proxy_nor_certificates_of_the_environment_count(
    stand: Stand, reference: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, "/nonexistent")
    stand.do("auto", key="approve", seconds=0)
    assert stand.pay(stand.open(), reference).outcome is PayOutcome.APPROVED


def test_threads_and_descriptors_do_not_grow(stand: Stand, terminal: NexoTerminal, reference: str) -> None:
    stand.do("auto", key="approve", seconds=0)
    stand.pay(terminal, f"{reference}-warm")
    files, threads = len(list(Path("/proc/self/fd").iterdir())), threading.active_count()
    results: list[PayResult] = []
    for number in range(20):
        stand.do("fault", kind=("none", "lose-line", "garbage")[number % 3], count=1)
        results.append(stand.pay(terminal, f"{reference}-{number}"))
    assert {one.outcome for one in results} == {PayOutcome.APPROVED}
    assert len(list(Path("/proc/self/fd").iterdir())) <= files + 1
    assert threading.active_count() == threads


def settings_of(stand: Stand, **changed: object) -> DeviceSettings:
    """What a configuration says of the simulated terminal."""
    options: dict[str, object] = {
        "host": "127.0.0.1",
        "port": stand.port,
        "poi_id": POI,
        "sale_id": "kiosk-1",
        "certificate_name": NAME,
        "ca_file": str(stand.keys / "ca.pem"),
        "passphrase_file": str(stand.keys / "passphrase"),
        "key_identifier": KEY_IDENTIFIER,
    }
    return DeviceSettings("payment_terminal", "payment_terminal", "nexo", {**options, **changed})


def test_a_kiosk_opens_it_from_its_configuration(stand: Stand, reference: str) -> None:
    devices = open_devices([settings_of(stand)], lambda _: None)
    devices.start()
    eventually("ready", lambda: devices.health()["payment_terminal"].state is Health.READY)
    stand.do("auto", key="approve", seconds=0)
    assert devices.terminal is not None
    assert devices.terminal.pay(350, reference, lambda _: None, DEADLINE_S).outcome is PayOutcome.APPROVED
    devices.stop()


def test_a_passphrase_in_the_configuration_itself_is_refused(stand: Stand) -> None:
    (error,) = check_settings([settings_of(stand, passphrase="open sesame")])
    assert error.message == "there is no option 'passphrase'"
    (error,) = check_settings([settings_of(stand), replace(settings_of(stand), name="second")])
    assert error.message == "a kiosk has one payment terminal"


def test_a_kiosk_without_a_terminal_loads_nothing_of_it() -> None:
    program = (
        "import sys, devices.open_devices\n"
        "assert not {'cryptography', 'devices.payment_terminal.nexo_terminal'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


def test_the_command_line_presses_its_keys_and_spoils_its_answers(
    stand: Stand, terminal: NexoTerminal, reference: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def do(*words: str) -> int:
        return main(["--run-dir", str(stand.workbench.run_dir), *words])

    assert do("terminal-fault", "lose-line", "1") == 0
    paid = stand.begin(terminal, reference)
    assert do("press", "approve") == 0
    assert paid.result().outcome is PayOutcome.APPROVED
    assert do("terminal-busy") == 0
    assert do("press-by-itself", "approve") == 0
    assert do("delay-terminal", "0.5") == 0
    assert stand.pay(terminal, f"{reference}-b").why == "Busy"
    began = time.monotonic()
    assert stand.pay(terminal, f"{reference}-c").outcome is PayOutcome.APPROVED
    assert time.monotonic() - began >= 0.5
    assert do("terminal-fault", "melt") == 1
    assert do("press", "approve") == 1
    said = capsys.readouterr().err
    assert "kind must be one of none, lose-request, lose-line" in said
    assert "the terminal asks for no payment" in said
    assert do("status") == 0
    assert f'"reference": "{reference}"' in capsys.readouterr().out
