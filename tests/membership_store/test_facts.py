"""What happened is never refused, and every order in which one act can be told ends alike (house decisions 1 and 2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from circulation.events import Kind
from circulation.identifiers import ItemBarcode, PassNumber
from circulation.presented import Presented, Source
from tests.membership_store.counter import Counter, open_counter
from tests.membership_store.engines import Engine
from tests.membership_store.running import Demo, plain_books


def test_a_fact_that_the_rules_allow_is_a_loan_like_any_other(counter: Counter, demo: Demo) -> None:
    event = counter.event(demo.shown("anna"), demo.book("oeroeg"))
    assert counter.tell(event)["outcome"] == "checked_out"
    assert counter.flags(event) == set()


@pytest.mark.parametrize(
    ("name", "book", "reason"),
    [
        ("lapsed", "oeroeg", "lapsed"),
        ("anna", "held-for-bram", "held_for_another"),
        ("anna", "reference", "item_reference"),
        ("home-30", "oeroeg", "on_pass_maximum"),
        ("blocked", "oeroeg", "pass_blocked"),
        ("owes", "of-a-stranger", "no_transport"),
        ("digital", "oeroeg", "digital_only"),
    ],
)
def test_a_fact_that_a_rule_refuses_is_booked_and_staff_are_told(
    counter: Counter, demo: Demo, name: str, book: str, reason: str
) -> None:
    item = demo.book(book)
    event = counter.event(demo.shown(name), item)
    first = counter.tell(event)
    assert first["outcome"] == "checked_out"
    assert reason in counter.flags(event)
    assert [is_open for _, is_open in counter.loans(item)] == [True]
    assert counter.tell(event) == first


def test_a_fact_beyond_the_last_strip_is_overdrawn_and_never_a_negative_balance(counter: Counter, demo: Demo) -> None:
    first, second = (counter.event(demo.shown("no-strips"), demo.book(name)) for name in ("oeroeg", "eline-vere"))
    assert [counter.tell(one)["may_borrow"] for one in (first, second)] == [0, 0]
    assert counter.flags(first) == counter.flags(second) == {"no_strips"}
    number = demo.passes["no-strips"]["number"]
    strips = "SELECT balance, overdrawn FROM strips JOIN membership USING (consortium, membership)"
    strips += " JOIN pass USING (consortium, patron) WHERE number = ?"
    assert counter.rows(strips, number) == [(0, 2)]


@pytest.mark.parametrize("name", ["stranger", "not-unique", "double-one"])
def test_a_fact_of_nobody_is_parked_with_both_numbers(counter: Counter, demo: Demo, name: str) -> None:
    item = demo.book("oeroeg")
    event = counter.event(demo.shown(name), item)
    assert counter.tell(event)["outcome"] == "checked_out"
    shown = counter.rows(
        "SELECT shown_pass, shown_item FROM staff_flag WHERE event = ? AND reason = 'parked'", event.id
    )
    assert shown == [(demo.passes[name]["number"], item)]
    assert counter.loans(item) == []


def test_a_fact_with_an_unknown_item_is_parked(counter: Counter, demo: Demo) -> None:
    event = counter.event(demo.shown("anna"), demo.book("unknown-book"))
    assert counter.tell(event)["outcome"] == "checked_out"
    assert counter.flags(event) == {"item_unknown", "parked"}


def test_a_later_fact_takes_the_item_over_and_an_earlier_one_is_booked_as_ended(counter: Counter, demo: Demo) -> None:
    item = demo.book("on-loan")
    later = counter.event(demo.shown("anna"), item)
    counter.tell(later)
    other = counter.another("counter-2")
    before = replace(other.event(demo.shown("grace"), item), at=counter.now - timedelta(days=30))
    other.tell(before)
    assert counter.flags(later) == counter.flags(before) == {"item_on_loan"}
    assert counter.loans(item) == [
        (f"counter-2/{before.id}", False),
        (f"item-{item}", False),
        (f"counter-1/{later.id}", True),
    ]


def test_a_fact_of_what_the_patron_has_already_leaves_the_loan_as_it_is(counter: Counter, demo: Demo) -> None:
    item = demo.book("annas-own")
    event = counter.event(demo.shown("anna"), item)
    due = counter.rows("SELECT due FROM loan WHERE item = ?", item)[0][0]
    assert counter.tell(event)["due"] == due
    assert counter.loans(item) == [(f"item-{item}", True), (f"counter-1/{event.id}", False)]
    assert counter.rows("SELECT due FROM loan WHERE item = ? AND returned_at IS NULL", item) == [(due,)]


def test_a_fact_is_judged_and_due_by_the_day_that_it_happened(counter: Counter, demo: Demo) -> None:
    three_days_ago = counter.now - timedelta(days=3)
    event = replace(counter.event(demo.shown("anna"), demo.book("oeroeg")), at=three_days_ago)
    answer = counter.tell(event)
    lent = counter.rows("SELECT lent FROM loan WHERE item = ?", event.scanned)[0][0]
    assert datetime.fromisoformat(answer["due"]) - datetime.fromisoformat(lent) == timedelta(days=21)
    assert abs(datetime.fromisoformat(lent).date() - three_days_ago.date()) <= timedelta(days=1)


@pytest.mark.parametrize("years", [-1000, 1000])
def test_a_kiosk_whose_clock_is_wild_books_within_reason(counter: Counter, demo: Demo, years: int) -> None:
    event = counter.event(demo.shown("anna"), demo.book("oeroeg"))
    event = replace(event, at=event.at.replace(year=event.at.year + years, day=1))
    assert counter.tell(event)["outcome"] == "checked_out"
    lent = datetime.fromisoformat(counter.rows("SELECT lent FROM loan WHERE item = ?", event.scanned)[0][0])
    assert timedelta(days=-402) < lent.replace(tzinfo=UTC) - counter.now < timedelta(days=2)


def test_an_act_that_was_refused_and_happened_all_the_same_has_a_second_answer(counter: Counter, demo: Demo) -> None:
    item = demo.book("held-for-bram")
    request = counter.event(demo.shown("anna"), item, Kind.REQUEST)
    no = counter.tell(request)
    fact = counter.tell(request.as_kind(Kind.FACT))
    assert (no["outcome"], fact["outcome"]) == ("refused", "checked_out")
    assert counter.flags(request) == {"held_for_another", "happened_after_no"}
    follows = counter.event(demo.shown("anna"), demo.book("oeroeg"), Kind.REQUEST)
    assert counter.tell(follows)["outcome"] == "checked_out"
    assert counter.tell(request) == no
    assert counter.tell(request.as_kind(Kind.FACT)) == fact
    assert len(counter.loans(item)) == 1


@pytest.fixture(scope="module")
def orders(engine: Engine) -> Iterator[tuple[Counter, Iterator[ItemBarcode]]]:
    """One counter and many items for the orders below."""
    address = engine.new()
    with open_counter(address) as one:
        yield one, plain_books(address)
    engine.drop(address)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(told=st.lists(st.sampled_from(list(Kind)), min_size=1, max_size=6), number=st.sampled_from(["bram", "lapsed"]))
def test_in_whatever_order_one_act_is_told_each_kind_keeps_its_answer_and_one_loan_at_most_results(
    orders: tuple[Counter, Iterator[ItemBarcode]], demo: Demo, told: list[Kind], number: str
) -> None:
    counter, books = orders
    act = counter.event(demo.shown(number), next(books))
    answers: dict[Kind, dict[str, Any]] = {}
    for kind in told:
        answer = counter.tell(act.as_kind(kind))
        assert answers.setdefault(kind, answer) == answer
    happened = Kind.FACT in told or (told[0] is Kind.REQUEST and number == "bram")
    assert [is_open for _, is_open in counter.loans(act.scanned)] == ([True] if happened else [])
    assert counter.rows("SELECT last_seq FROM kiosk WHERE kiosk = ?", counter.kiosk.id) == [(counter.seq,)]
    if Kind.FACT in told:
        assert answers[Kind.FACT]["outcome"] == "checked_out"
    first = {Kind.VOID: "voided", Kind.FACT: "checked_out", Kind.REQUEST: "checked_out" if happened else "refused"}
    if told[0] is not Kind.REQUEST or number == "bram" or Kind.FACT not in told:
        assert answers[told[0]]["outcome"] == first[told[0]]


def test_nothing_shown_at_all_never_finds_somebody(counter: Counter) -> None:
    event = counter.event(Presented(Source.BARCODE, PassNumber("NOBODY")), ItemBarcode("39401000000013"))
    assert counter.tell(replace(event, kind=Kind.REQUEST))["reason"] == "pass_unknown"
