"""PINs (P6): a slow salted hash, five tries across all kiosks, proved for one visit at one kiosk, never repeated."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circulation import wire
from circulation.events import Action, Kind
from circulation.presented import Presented
from membership_store import pins, proving
from membership_store.demo.casting import DEMO_PIN
from membership_store.situation import look
from tests.membership_store.counter import Counter
from tests.membership_store.running import DRENTHE, Caller, Demo, StoreProcess

WRONG = "1357"


def identify(counter: Counter, shown: Presented, pin: str | None = None) -> dict[str, Any]:
    """What the desk says of the pass."""
    return wire.encode_answer(counter.desk.identify(counter.kiosk, shown, pin))


def said(counter: Counter, shown: Presented, pin: str | None = None) -> str:
    """The outcome, or the reason of a refusal."""
    answer = identify(counter, shown, pin)
    return str(answer.get("reason", answer["outcome"]))


@settings(max_examples=6, deadline=None)
@given(st.from_regex("[0-9]{4,12}", fullmatch=True), st.from_regex("[0-9]{4,12}", fullmatch=True))
def test_a_hash_knows_its_pin_and_no_other(right: str, other: str) -> None:
    kept = pins.hashed(right)
    assert right not in kept.partition("$1$")[2] or len(right) == 4
    assert pins.verify(kept, right)
    assert pins.verify(kept, other) is (right == other)


def test_the_same_pin_is_never_kept_alike_and_an_older_cost_is_still_read() -> None:
    first, second = pins.hashed(DEMO_PIN), pins.hashed(DEMO_PIN)
    assert first != second
    older = "scrypt$10$8$1$AAAAAAAAAAAAAAAAAAAAAA==$" + pins._text(pins._hash(DEMO_PIN, bytes(16), 10, 8, 1))
    assert pins.verify(older, DEMO_PIN)


@pytest.mark.parametrize("text", ["", "123", "1234567890123", "12a4", " 1234", "12٣4", "1234\n"])
def test_what_is_no_pin_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(pins.NotAPin) as caught:
        pins.hashed(text)
    assert not text.strip() or text not in str(caught.value)
    for kept in ("", DEMO_PIN, "scrypt$99"):
        with pytest.raises(ValueError, match="not a PIN's hash"):
            pins.verify(kept, DEMO_PIN)


@pytest.mark.parametrize("name", ["pin", "document"])
def test_a_pass_opens_with_its_pin_and_not_without(counter: Counter, demo: Demo, name: str) -> None:
    shown = demo.shown(name)
    assert said(counter, shown) == "pin_needed"
    assert said(counter, shown, WRONG) == "pin_wrong"
    assert said(counter, shown, DEMO_PIN) == "identified"
    assert said(counter, shown) == "identified"


def test_who_has_no_pin_is_sent_to_the_desk_and_never_locked(counter: Counter, demo: Demo) -> None:
    assert {said(counter, demo.shown("pin-less"), WRONG) for _ in range(7)} == {"pin_needed"}


def test_a_pin_that_nobody_asked_for_is_not_looked_at(counter: Counter, demo: Demo) -> None:
    assert said(counter, demo.shown("anna"), WRONG) == "identified"
    assert counter.rows("SELECT wrong FROM pin_try") == []


def test_everything_that_shows_or_changes_something_waits_for_the_pin(counter: Counter, demo: Demo) -> None:
    shown, item = demo.shown("pin"), demo.book("oeroeg")
    tries: tuple[Callable[[], dict[str, Any]], ...] = (
        lambda: counter.borrow(shown, item),
        lambda: counter.do(Action.RENEW, shown, item),
        lambda: counter.do(Action.RENEW_ALL, shown),
        lambda: wire.encode_answer(counter.desk.account(counter.kiosk, shown)),
    )
    assert [one()["reason"] for one in tries] == ["pin_needed"] * 4
    identify(counter, shown, DEMO_PIN)
    assert [one()["outcome"] for one in tries] == ["checked_out", "renewed", "renewed_all", "account"]


def test_a_proved_pin_counts_at_that_kiosk_only_and_until_the_visit_ends(counter: Counter, demo: Demo) -> None:
    shown, other = demo.shown("pin"), counter.another("counter-2")
    identify(counter, shown, DEMO_PIN)
    assert other.borrow(shown, demo.book("oeroeg"))["reason"] == "pin_needed"
    ended = counter.act(Action.END_VISIT, shown)
    assert counter.tell(ended) == {"outcome": "visit_ended", "event": ended.id}
    assert counter.borrow(shown, demo.book("oeroeg"))["reason"] == "pin_needed"


def test_a_visit_that_nobody_ended_is_over_after_a_while_and_acts_prolong_it(counter: Counter, demo: Demo) -> None:
    shown = demo.shown("pin")
    identify(counter, shown, DEMO_PIN)
    for name in ("oeroeg", "eline-vere"):
        counter.now += timedelta(minutes=10)
        assert counter.borrow(shown, demo.book(name))["outcome"] == "checked_out"
    counter.now += timedelta(minutes=16)
    assert counter.borrow(shown, demo.book("reunie"))["reason"] == "pin_needed"


def test_the_next_patrons_pin_ends_the_proof_of_the_one_before(counter: Counter, demo: Demo) -> None:
    identify(counter, demo.shown("pin"), DEMO_PIN)
    identify(counter, demo.shown("document"), DEMO_PIN)
    assert said(counter, demo.shown("pin")) == "pin_needed"


def test_five_wrong_ones_lock_the_pass_across_kiosks_for_a_quarter_of_an_hour(counter: Counter, demo: Demo) -> None:
    shown = demo.shown("pin")
    kiosks = [counter, *(counter.another(f"counter-{n}") for n in range(2, 7))]
    assert [said(one, shown, WRONG) for one in kiosks] == ["pin_wrong"] * 5 + ["pin_locked"]
    assert said(counter, shown, DEMO_PIN) == said(counter, shown) == "pin_locked"
    counter.now += timedelta(minutes=15, seconds=1)
    assert said(counter, shown, DEMO_PIN) == "identified"


def test_a_pass_that_is_locked_stays_so_where_no_pin_is_asked_for(counter: Counter, demo: Demo) -> None:
    shown = demo.shown("pin")
    for _ in range(5):
        said(counter, shown, WRONG)
    counter.change("UPDATE patron SET pin_required = 0")
    assert said(counter, shown) == counter.borrow(shown, demo.book("oeroeg"))["reason"] == "pin_locked"
    counter.now += timedelta(minutes=15, seconds=1)
    assert said(counter, shown) == "identified"


def test_the_right_one_forgives_the_wrong_ones_before_it(counter: Counter, demo: Demo) -> None:
    shown = demo.shown("pin")
    for _ in range(3):
        assert [said(counter, shown, WRONG) for _ in range(4)] == ["pin_wrong"] * 4
        assert said(counter, shown, DEMO_PIN) == "identified"
        counter.do(Action.END_VISIT, shown)


def test_a_new_pin_counts_at_once_and_forgets_the_tries(counter: Counter, demo: Demo) -> None:
    shown = demo.shown("pin")
    patron = str(identify(counter, shown, DEMO_PIN)["patron"])
    counter.do(Action.END_VISIT, shown)
    for _ in range(5):
        said(counter, shown, WRONG)
    new = pins.hashed("99999")
    counter.database.write(lambda session: pins.set_pin(session, DRENTHE, patron, new, counter.now))
    assert said(counter, shown, DEMO_PIN) == "pin_wrong"
    assert said(counter, shown, "99999") == "identified"
    counter.database.write(lambda session: pins.clear_pin(session, DRENTHE, patron))
    assert said(counter, shown) == said(counter, shown, "99999") == "pin_needed"


def test_a_branch_may_ask_everybody_and_what_refused_before_comes_first(counter: Counter, demo: Demo) -> None:
    counter.change("UPDATE branch SET asks_pin = 1")
    counter.change("UPDATE network_version SET version = version + 1")
    assert said(counter, demo.shown("anna")) == "pin_needed"
    assert said(counter, demo.shown("blocked"), WRONG) == "pass_blocked"
    assert said(counter, demo.shown("stranger"), WRONG) == "pass_unknown"


def test_of_many_tries_at_the_same_moment_five_are_looked_at(
    kiosks: Callable[[], Caller], demo: Demo, store: StoreProcess
) -> None:
    shown = wire.encode(demo.shown("document"))
    callers = [kiosks() for _ in range(12)]
    with ThreadPoolExecutor(12) as pool:
        bodies = list(pool.map(lambda one: one.post("/v1/identify", {"presented": shown, "pin": WRONG})[1], callers))
    reasons = sorted(json.loads(one)["reason"] for one in bodies)
    assert reasons == ["pin_locked"] * 7 + ["pin_wrong"] * 5


def test_a_try_that_began_before_the_lock_is_not_looked_at_after_it(counter: Counter, demo: Demo) -> None:
    """However many processes let a try in while the pass was open: each counts it once more before it looks."""
    at, shown = counter.now, demo.shown("pin")
    situation = counter.database.read(
        lambda session: look(session, DRENTHE, counter.kiosk.branch, shown, at, None, kiosk=counter.kiosk.id)
    )
    who, policy = situation.prover, situation.here.policy
    assert who is not None
    let_in = [counter.database.write(lambda session: proving.count_try(session, who, at, policy)) for _ in range(7)]
    assert let_in == [True] * 5 + [False] * 2
    later = at + timedelta(minutes=15)
    assert counter.database.write(lambda session: proving.count_try(session, who, later, policy)) is True


@pytest.mark.parametrize("wrong", ["123", 2468, ["2468"], "24680000000000", "24 68", "\x00\x00\x00\x00"])
def test_a_body_with_something_else_than_a_pin_is_refused_without_repeating_it(
    kiosk: Caller, demo: Demo, wrong: object
) -> None:
    status, body = kiosk.post("/v1/identify", {"presented": wire.encode(demo.shown("pin")), "pin": wrong})
    assert status == 422
    assert str(wrong) not in body.decode()


def test_no_pin_stands_in_an_answer_a_log_the_journal_of_answers_or_the_database(
    kiosk: Caller, demo: Demo, store: StoreProcess
) -> None:
    shown = demo.shown("pin")
    spoken = "80918273"
    assert kiosk.ask("/v1/identify", shown, pin=spoken)["reason"] == "pin_wrong"
    assert spoken not in str(kiosk.ask("/v1/identify", shown, pin=DEMO_PIN))
    kiosk.do(Action.CHECK_OUT, shown, demo.book("eline-vere"))
    kiosk.post("/v1/account", {"presented": wire.encode(shown), "pin": spoken})
    log = store.log_file.read_text("utf-8")
    assert spoken not in log
    assert "Traceback" not in log
    for table in ("pin", "pin_try", "pin_proof", "event_answer", "staff_flag", "handover", "feed", "audit"):
        assert not [row for row in store.rows(f"SELECT * FROM {table}") if spoken in " ".join(map(str, row))]


def test_a_loan_that_happened_without_the_pin_is_booked_and_flagged(counter: Counter, demo: Demo) -> None:
    event = counter.act(Action.CHECK_OUT, demo.shown("pin"), demo.book("oeroeg"), kind=Kind.FACT)
    assert counter.tell(event)["outcome"] == "checked_out"
    assert counter.flags(event) == {"pin_needed"}
