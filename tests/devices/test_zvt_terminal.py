"""The real ZVT driver on the wire: what it says of a payment is what the terminal's books say, or that nobody knows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from devices.payment_terminal import zvt_held, zvt_terminal
from devices.ports import Health, PayOutcome, PayStep, Pulse
from devices.simulators.__main__ import main
from tests.devices.running import LIMIT_S, Workbench, eventually
from tests.devices.zvt_running import Paying, Till

APPROVED, DECLINED, ABORTED, UNKNOWN = (
    PayOutcome.APPROVED, PayOutcome.DECLINED, PayOutcome.ABORTED, PayOutcome.UNKNOWN,
)  # fmt: skip


@pytest.fixture
def wired(workbench: Workbench) -> Iterator[Callable[[str], Till]]:
    """Terminals that are ready, on the network or a serial line."""
    with ExitStack() as running:

        def start(wire: str) -> Till:
            one = Till(workbench, wire)
            running.callback(one.stop)
            return one

        yield start


@pytest.fixture(params=["tcp", "serial"])
def till(wired: Callable[[str], Till], request: pytest.FixtureRequest) -> Till:
    """A terminal on either wire."""
    return wired(request.param)


@pytest.fixture
def tcp(wired: Callable[[str], Till]) -> Till:
    """A terminal on the network."""
    return wired("tcp")


@pytest.fixture
def serial(wired: Callable[[str], Till]) -> Till:
    """A terminal on a serial line."""
    return wired("serial")


def asked(till: Till) -> int:
    """How many payments the terminal was ever asked for."""
    return int(till.status["seen"].get("06 01", 0))


def test_an_approved_payment_is_held_until_it_is_booked_and_brings_the_customers_receipt(till: Till) -> None:
    paying = till.paying(1610)  # 16.10 holds a DLE
    till.do("approve")
    result = paying.result()
    assert (result.outcome, result.cents, result.receipt) == (APPROVED, 1610, ())
    assert till.status["held"]
    settled = till.terminal.settle("one", booked=True, deadline_s=LIMIT_S)
    assert (settled.outcome, settled.cents, settled.terminal_ref) == (APPROVED, 1610, result.terminal_ref)
    assert settled.receipt[:3] == ("** KLANT **", "Betaling", "Bon 0001")
    assert settled.receipt[-2:] == ("EUR        16,10", "Akkoord é")
    assert till.status["charged"] == 1610
    assert paying.steps[:2] == [PayStep.CARD, PayStep.HOST]


def test_a_payment_that_was_not_booked_is_given_back_by_the_terminal(till: Till) -> None:
    assert till.paid(booked=False).outcome is ABORTED
    assert (till.status["charged"], asked(till)) == (0, 1)
    assert till.recover().outcome is ABORTED


def test_the_terminal_is_given_more_time_as_long_as_nobody_has_settled(tcp: Till) -> None:
    paying = tcp.paying()
    tcp.do("approve")
    paying.result()
    time.sleep(2 * zvt_held._PATIENCE_S)
    assert tcp.status["held"]
    assert tcp.terminal.settle("one", booked=True, deadline_s=LIMIT_S).outcome is APPROVED


def test_what_nobody_settles_is_given_back_and_said_to_be(tcp: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zvt_held, "_PATIENCE_S", 0.1)
    monkeypatch.setattr(zvt_held, "_HOLD_S", 0.5)
    paying = tcp.paying()
    tcp.do("approve")
    assert paying.result().outcome is APPROVED
    eventually("given back", lambda: tcp.status["charged"] == 0)
    assert tcp.terminal.settle("one", booked=True, deadline_s=LIMIT_S).outcome is ABORTED


@pytest.mark.parametrize(("key", "outcome"), [("decline", DECLINED), ("cancel", ABORTED)])
def test_keys_at_the_terminal_end_a_payment(till: Till, key: str, outcome: PayOutcome) -> None:
    paying = till.paying()
    till.do(key)
    result = paying.result()
    assert (result.outcome, result.cents) == (outcome, 0)
    assert till.paid(500, "two").outcome is APPROVED
    assert till.status["charged"] == 500


def test_the_kiosk_aborts_from_any_thread_and_at_once(till: Till) -> None:
    paying = till.paying()
    began = time.monotonic()
    till.terminal.abort()
    assert paying.result().outcome is ABORTED
    assert time.monotonic() - began < 2
    assert till.status["charged"] == 0


def test_a_payment_that_nobody_ends_is_aborted_before_its_deadline(tcp: Till) -> None:
    paying = tcp.paying(deadline_s=2.0)
    began = time.monotonic()
    assert paying.result().outcome is ABORTED
    assert time.monotonic() - began < 2.5


def test_a_late_approval_is_unknown_at_the_deadline_and_found_afterwards(tcp: Till) -> None:
    paying = tcp.paying(deadline_s=2.0)
    tcp.do("approve", after=0.3)
    tcp.do("stall")
    assert paying.result().outcome is UNKNOWN
    tcp.do("resume")
    eventually("heard of", lambda: tcp.recover().outcome is APPROVED)
    assert tcp.terminal.settle("one", booked=True, deadline_s=LIMIT_S).outcome is APPROVED
    assert (tcp.status["charged"], asked(tcp)) == (1610, 1)


def test_the_same_reference_is_never_asked_for_twice(tcp: Till) -> None:
    assert tcp.paid().outcome is APPROVED
    assert tcp.terminal.pay(1610, "one", lambda _: None, LIMIT_S).outcome is APPROVED
    assert (asked(tcp), tcp.status["charged"]) == (1, 1610)


@pytest.mark.parametrize(
    ("when", "payment", "outcome", "charged"),
    [
        ("approved", "kept", APPROVED, 1610),
        ("approved", "reversed", UNKNOWN, 0),  # which payment a reversal reverses cannot be known without its result
        ("told", "kept", APPROVED, 1610),
        ("told", "reversed", ABORTED, 0),
    ],
)
def test_a_line_lost_around_the_result_is_resolved_by_the_last_receipt(
    tcp: Till, when: str, payment: str, outcome: PayOutcome, charged: int
) -> None:
    tcp.paid(995, "before")
    paying = tcp.paying()
    tcp.do("lose-line", when=when, payment=payment)
    tcp.do("approve")
    assert paying.result().outcome in {UNKNOWN, APPROVED}
    eventually("a lost line", lambda: tcp.terminal._payments["one"].lost)
    found = tcp.recover()
    assert (found.outcome, found.cents) == (outcome, 1610 if outcome is APPROVED else 0)
    assert bool(found.receipt) == (outcome is APPROVED)
    assert (tcp.status["charged"], asked(tcp)) == (995 + charged, 2)


def test_a_line_lost_after_it_was_settled_is_resolved_within_the_settling(tcp: Till) -> None:
    tcp.do("lose-line", when="settled", payment="kept")
    result = tcp.paid()
    assert (result.outcome, result.receipt[2]) == (APPROVED, "Bon 0001")


def test_a_payment_not_booked_on_a_lost_line_is_reversed_explicitly(tcp: Till) -> None:
    paying = tcp.paying()
    tcp.do("lose-line", when="told", payment="kept")
    tcp.do("approve")
    assert paying.result().outcome is APPROVED
    eventually("a lost line", lambda: tcp.terminal._payments["one"].lost)
    assert tcp.terminal.settle("one", booked=False, deadline_s=LIMIT_S).outcome is ABORTED
    assert (tcp.status["charged"], tcp.status["seen"]["06 30"]) == (0, 1)


def test_a_line_lost_before_the_card_is_unknown_until_the_terminal_is_at_rest(tcp: Till) -> None:
    tcp.paid(995, "before")
    tcp.do("lose-line", when="asked")
    paying = tcp.paying()
    assert paying.result().outcome is UNKNOWN
    assert tcp.recover(deadline_s=1.5).outcome is UNKNOWN
    tcp.do("cancel")
    assert tcp.recover().outcome is ABORTED
    assert (tcp.status["charged"], asked(tcp)) == (995, 2)


def test_an_approval_of_a_payment_whose_line_was_lost_before_the_card_is_found(tcp: Till) -> None:
    tcp.paid(995, "before")
    tcp.do("lose-line", when="asked")
    paying = tcp.paying()
    assert paying.result().outcome is UNKNOWN
    tcp.do("approve")
    assert tcp.recover().outcome is APPROVED


def test_without_a_receipt_before_it_a_lost_payment_stays_unknown(tcp: Till) -> None:
    paying = tcp.paying()
    tcp.do("lose-line", when="approved")
    tcp.do("approve")
    assert paying.result().outcome is UNKNOWN
    assert tcp.recover().outcome is UNKNOWN


def test_after_a_start_the_terminals_own_reference_finds_the_payment_and_reverses_it(tcp: Till) -> None:
    ref = tcp.paid().terminal_ref
    tcp.stop()
    tcp.start()
    assert tcp.recover().outcome is UNKNOWN
    found = tcp.recover(terminal_ref=ref)
    assert (found.outcome, found.cents, found.terminal_ref) == (APPROVED, 1610, ref)
    assert tcp.terminal.reverse("one", ref, 1610, LIMIT_S).outcome is ABORTED
    assert tcp.recover(terminal_ref=ref).outcome is ABORTED
    assert tcp.status["charged"] == 0


@pytest.mark.parametrize(("key", "outcome"), [("approve", APPROVED), ("cancel", ABORTED)])
def test_a_payment_whose_end_was_never_heard_is_found_after_a_start_by_what_was_written_down(
    tcp: Till, key: str, outcome: PayOutcome
) -> None:
    tcp.paid(995, "before")
    mark = tcp.terminal.mark(LIMIT_S)
    tcp.do("lose-line", when="asked")
    assert tcp.paying().result().outcome is UNKNOWN
    tcp.stop()
    tcp.do(key)
    tcp.start()
    found = tcp.recover(mark=mark)
    assert (found.outcome, found.cents) == (outcome, 1610 if outcome is APPROVED else 0)
    assert tcp.recover().outcome is UNKNOWN
    if outcome is APPROVED:
        assert tcp.recover(cents=1611, mark=mark).outcome is UNKNOWN
        assert tcp.terminal.reverse("one", found.terminal_ref, 1610, LIMIT_S).outcome is ABORTED
    assert tcp.status["charged"] == 995


def test_a_payment_is_not_taken_for_a_later_one_of_the_same_amount(tcp: Till) -> None:
    tcp.paid(995, "before")
    tcp.do("lose-line", when="asked")
    assert tcp.paying().result().outcome is UNKNOWN
    tcp.do("cancel")
    tcp.ready()
    assert tcp.paid(1610, "two").outcome is APPROVED
    assert tcp.recover().outcome is UNKNOWN
    assert tcp.status["charged"] == 995 + 1610


def test_a_payment_that_takes_its_time_is_no_silence_to_the_watchdog(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zvt_terminal, "_POLL_S", 0.2)
    monkeypatch.setattr(zvt_terminal.ZvtTerminal, "beat_s", 0.7)
    till = Till(workbench, "tcp")
    till.do("auto", key="approve", seconds=3)
    paying = Paying(till.terminal, 1610, "one", LIMIT_S)
    over = time.monotonic() + 2.9
    while time.monotonic() < over:
        assert till.state() is Health.READY
        time.sleep(0.05)
    assert paying.result().outcome is APPROVED
    till.stop()


def test_a_terminal_in_trouble_is_no_better_for_being_asked_something(tcp: Till) -> None:
    sent: list[object] = []
    tcp.stop()
    tcp.terminal._trouble, tcp.terminal._send = "no paper", sent.append
    tcp.terminal._beat()
    assert sent == [Pulse("no paper")]


def test_a_payment_is_given_back_once_and_only_whole(till: Till) -> None:
    ref = till.paid().terminal_ref
    assert till.terminal.reverse("one", ref, 1000, LIMIT_S).outcome is DECLINED
    assert till.terminal.reverse("one", ref, 1610, LIMIT_S).outcome is ABORTED
    assert till.terminal.reverse("one", ref, 1610, LIMIT_S).outcome is ABORTED
    assert till.terminal.reverse("nothing", "", 1610, LIMIT_S).outcome is DECLINED
    assert [one["reversed"] for one in till.status["ledger"] if one["payment"]] == [True]


def test_a_reversal_whose_answer_is_lost_is_unknown_and_found_afterwards(tcp: Till) -> None:
    ref = tcp.paid().terminal_ref
    tcp.do("lose-line", when="approved")
    assert tcp.terminal.reverse("one", ref, 1610, LIMIT_S).outcome is UNKNOWN
    # A line that is being given up may take the first question with it: that is unknown too, and asked again.
    while (told := tcp.recover(terminal_ref=ref)).outcome is UNKNOWN:
        assert "cannot be asked" in told.why
    assert told.outcome is ABORTED


def test_a_terminal_that_is_not_there_is_declined_at_once_and_comes_back(till: Till) -> None:
    till.do("unplug")
    eventually("lost", lambda: till.state() is Health.LOST)
    assert till.terminal.pay(100, "gone", lambda _: None, 5.0).outcome is DECLINED
    till.do("plug")
    till.ready()
    assert till.paid().outcome is APPROVED
    assert till.status["charged"] == 1610


def test_a_silent_terminal_is_found_out_while_idle(tcp: Till) -> None:
    tcp.do("stall")
    eventually("lost", lambda: tcp.state() is Health.LOST)
    tcp.do("resume")
    tcp.ready()


def test_a_terminal_that_says_it_is_not_ready_is_degraded_and_mends(tcp: Till) -> None:
    tcp.do("terminal-status", code=0xB1)
    eventually("degraded", lambda: tcp.state() is Health.DEGRADED)
    tcp.do("terminal-status", code=0)
    tcp.ready()


def test_refused_and_damaged_blocks_are_sent_again_and_nothing_is_paid_twice(serial: Till) -> None:
    serial.do("naks", count=2)
    serial.do("corrupt", count=2)
    paying = serial.paying()
    eventually("a step that got through", lambda: PayStep.CARD in paying.steps)  # a block is sent three times at most
    serial.do("corrupt", count=2)
    serial.do("approve")
    assert paying.result().outcome is APPROVED
    serial.do("naks", count=1)
    serial.do("corrupt", count=1)
    settled = serial.terminal.settle("one", booked=True, deadline_s=LIMIT_S)
    assert (settled.outcome, len(settled.receipt)) == (APPROVED, 6)
    assert (serial.status["charged"], asked(serial)) == (1610, 1)


def test_a_terminal_that_refuses_every_block_is_lost_and_nothing_is_paid(serial: Till) -> None:
    serial.do("naks", count=1_000)
    assert serial.terminal.pay(100, "one", lambda _: None, LIMIT_S).outcome in {UNKNOWN, DECLINED}
    serial.do("naks", count=0)
    serial.ready()
    assert (serial.status["charged"], asked(serial)) == (0, 0)


@pytest.mark.parametrize("cents", [0, -1, 10**12])
def test_what_is_no_amount_is_never_asked_for(tcp: Till, cents: int) -> None:
    assert tcp.terminal.pay(cents, "one", lambda _: None, LIMIT_S).outcome is DECLINED
    assert asked(tcp) == 0


def test_a_listener_that_fails_does_not_cost_the_payment(tcp: Till) -> None:
    tcp.do("auto", key="approve")

    def fails(_: PayStep) -> None:
        raise ValueError

    assert tcp.terminal.pay(100, "one", fails, LIMIT_S).outcome is APPROVED
    assert tcp.terminal.settle("one", booked=True, deadline_s=LIMIT_S).outcome is APPROVED


def test_the_command_line_presses_the_keys_and_breaks_the_line(tcp: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIOSK_RUN_DIR", str(tcp.bench.run_dir))
    paying = tcp.paying(cents=995)
    assert main(["press", "approve"]) == 0
    assert paying.result().outcome is APPROVED
    assert tcp.terminal.settle("one", booked=True, deadline_s=LIMIT_S).outcome is APPROVED
    assert main(["press-by-itself", "approve", "0.2"]) == 0
    assert main(["lose-terminal-line", "--when", "approved"]) == 0
    assert tcp.terminal.pay(1610, "two", lambda _: None, LIMIT_S).outcome is UNKNOWN
    assert tcp.recover("two").outcome is APPROVED
    assert main(["press-by-itself", "none"]) == 0
    assert main(["press", "cancel"]) == 1
    for what in ("unplug", "plug"):
        assert main([what, "terminal"]) == 0
    assert tcp.bench.status()["payment-zvt"]["charged"] == 2605
