"""Payments through bad days drawn at random, and through a killed kiosk: what is said in the end is in the ledger."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.payment_terminal.nexo_terminal import NexoTerminal
from devices.ports import PayOutcome, PayResult
from devices.simulators.payment_nexo import FAULTS, KEY_IDENTIFIER, NAME, POI
from tests.devices.nexo_stand import DEADLINE_S, Stand, serve
from tests.devices.running import ROOT, eventually

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Day:
    """What happens while one payment is made."""

    cents: int
    key: str
    after_s: float
    fault: str
    spoiled: int  # so many answers
    on: str
    stop_after_s: float | None
    cut: bool
    booked: bool


days = st.builds(
    Day,
    cents=st.integers(1, 99_999),
    key=st.sampled_from(["approve", "approve", "decline", "cancel"]),
    after_s=st.sampled_from([0.0, 0.05, 0.3]),
    fault=st.sampled_from([kind for kind in FAULTS if kind not in {"endless", "not-found"}]),
    spoiled=st.integers(1, 3),
    on=st.sampled_from(["Payment", "TransactionStatus", "Abort", "Reversal", ""]),
    stop_after_s=st.none() | st.sampled_from([0.0, 0.04, 0.2]),
    cut=st.booleans(),
    booked=st.booleans(),
)


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """The simulator and one driver for all days."""
    one = serve(tmp_path_factory.mktemp("nexo"))
    yield one
    one.stop()
    one.workbench.close()


@pytest.fixture(scope="module")
def terminal(stand: Stand) -> NexoTerminal:
    """The driver."""
    return stand.open()


def pay_on(stand: Stand, terminal: NexoTerminal, reference: str, day: Day) -> PayResult:
    """One payment on such a day; the day is good again after it."""
    stand.do("auto", key=day.key, seconds=day.after_s)
    stand.do("fault", kind=day.fault, count=day.spoiled, category=day.on)
    paid = stand.pool.submit(stand.pay, terminal, reference, day.cents, 2.0)
    if day.stop_after_s is not None:
        threading.Timer(day.stop_after_s, terminal.abort).start()
    if day.cut:
        stand.do("unplug")
        stand.do("plug")
    result = paid.result(DEADLINE_S)
    stand.do("fault", kind="none", count=0)
    return result


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(day=days)
def test_in_the_end_kiosk_and_terminal_say_the_same_and_nobody_paid_twice(
    stand: Stand, terminal: NexoTerminal, day: Day
) -> None:
    reference = f"fee-{next(_numbers)}"
    result = pay_on(stand, terminal, reference, day)
    last = result if result.outcome is not PayOutcome.UNKNOWN else stand.recover(terminal, reference, cents=day.cents)
    at_terminal = stand.ledger(reference)
    assert len(at_terminal) <= 1
    state = at_terminal[0]["state"] if at_terminal else "never asked"
    assert (last.outcome is PayOutcome.APPROVED) == (state == "approved")
    assert (last.outcome is PayOutcome.DECLINED) <= (state in {"declined", "never asked"})
    assert last.outcome is not PayOutcome.UNKNOWN
    assert last.cents == (day.cents if state == "approved" else 0)
    assert stand.do("status")["screen"] == "idle"
    if state == "approved":
        settled = terminal.settle(reference, booked=day.booked, deadline_s=DEADLINE_S)
        assert settled.outcome is (PayOutcome.APPROVED if day.booked else PayOutcome.ABORTED)
        assert stand.ledger(reference)[0]["given_back"] == (0 if day.booked else day.cents)


@pytest.mark.parametrize(("key", "outcome"), [("approve", PayOutcome.APPROVED), ("decline", PayOutcome.DECLINED)])
def test_a_kiosk_that_is_killed_in_the_middle_knows_after_its_start_what_became_of_it(
    stand: Stand, key: str, outcome: PayOutcome
) -> None:
    reference = f"fee-{next(_numbers)}"
    stand.set_back()
    program = (
        "import sys, time\n"
        "from devices.open_devices import DeviceSettings, open_devices\n"
        "options = dict(zip(sys.argv[2::2], sys.argv[3::2])); options['port'] = int(options['port'])\n"
        "devices = open_devices([DeviceSettings('t', 'payment_terminal', 'nexo', options)], lambda _: None)\n"
        "devices.start()\n"
        "while devices.health()['t'].state.value != 'ready': time.sleep(0.01)\n"
        "devices.terminal.pay(1250, sys.argv[1], lambda _: None, 60.0)\n"
    )
    options = {"host": "127.0.0.1", "port": str(stand.port), "poi_id": POI, "sale_id": "kiosk-1"}
    options |= {"certificate_name": NAME, "key_identifier": KEY_IDENTIFIER}
    options |= {"ca_file": str(stand.keys / "ca.pem"), "passphrase_file": str(stand.keys / "passphrase")}
    words = [word for pair in options.items() for word in pair]
    with subprocess.Popen([sys.executable, "-c", program, reference, *words], cwd=ROOT) as kiosk:
        stand.wait_for_card()
        kiosk.send_signal(signal.SIGKILL)
        kiosk.wait(DEADLINE_S)
    stand.do(key)
    eventually("the terminal is done", lambda: stand.do("status")["screen"] == "idle")
    result = stand.recover(stand.open(), reference, cents=1250)
    assert (result.outcome, result.cents) == (outcome, 1250 if key == "approve" else 0)
    assert len(stand.ledger(reference)) == 1
