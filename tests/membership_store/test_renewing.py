"""Renewals, one and all: from today, never shorter, an answer for each item, no strip unless switched on (K11, N5)."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from circulation.events import Action, Kind
from circulation.identifiers import ItemBarcode
from tests.membership_store.counter import Counter
from tests.membership_store.running import DRENTHE, Caller, Demo, StoreProcess

MINE = "aa-en-hunze"
RENEW, RENEW_ALL = Action.RENEW, Action.RENEW_ALL


def today(counter: Counter) -> date:
    """The library's date."""
    return counter.now.astimezone(ZoneInfo("Europe/Amsterdam")).date()


def row(counter: Counter, item: ItemBarcode) -> tuple[str, int]:
    """Due date and number of renewals of the open loan."""
    due, renewals = counter.rows("SELECT due, renewals FROM loan WHERE item = ? AND returned_at IS NULL", item)[0]
    return due, renewals


def strips(counter: Counter, demo: Demo, name: str) -> tuple[int, int]:
    """Balance and overdraft of that patron."""
    balance, overdrawn = counter.rows(
        "SELECT s.balance, s.overdrawn FROM strips s"
        " JOIN membership m ON m.consortium = s.consortium AND m.membership = s.membership"
        " JOIN pass p ON p.consortium = m.consortium AND p.patron = m.patron WHERE p.number = ?",
        demo.passes[name]["number"],
    )[0]
    return balance, overdrawn


@pytest.fixture
def switched_on(counter: Counter) -> Counter:
    """A library where a renewal takes a strip (S2)."""
    counter.change("UPDATE institution SET renewal_takes_strip = 1")
    counter.change("UPDATE network_version SET version = version + 1")
    return counter


def test_a_renewal_counts_from_today_and_takes_no_strip(counter: Counter, demo: Demo) -> None:
    before, item = strips(counter, demo, "anna"), demo.book("annas-own")
    done = counter.do(RENEW, demo.shown("anna"), item)
    assert (done["outcome"], done["due"]) == ("renewed", (today(counter) + timedelta(days=21)).isoformat())
    assert done["renewals_left"] == 1
    assert row(counter, item) == (done["due"], 1)
    assert strips(counter, demo, "anna") == before


def test_a_renewal_never_makes_a_loan_shorter(counter: Counter, demo: Demo) -> None:
    later = (today(counter) + timedelta(days=40)).isoformat()
    counter.change("UPDATE loan SET due = ? WHERE item = ?", later, demo.book("annas-own"))
    assert counter.do(RENEW, demo.shown("anna"), demo.book("annas-own"))["due"] == later


def test_nothing_falls_due_on_a_day_on_which_the_branch_is_closed(counter: Counter, demo: Demo) -> None:
    closed = today(counter) + timedelta(days=21)
    counter.change(
        "INSERT INTO closed_day (consortium, branch, day) VALUES (?, '9401', ?)", DRENTHE, closed.isoformat()
    )
    counter.change("UPDATE network_version SET version = version + 1")
    done = counter.do(RENEW, demo.shown("anna"), demo.book("annas-own"))
    assert done["due"] == (closed + timedelta(days=1)).isoformat()


def test_after_the_last_renewal_there_is_no_other(counter: Counter, demo: Demo) -> None:
    said = [counter.do(RENEW, demo.shown("anna"), demo.book("annas-own")) for _ in range(3)]
    assert [one["outcome"] for one in said] == ["renewed", "renewed", "refused"]
    assert (said[2]["rule"], said[2]["reason"]) == ("K11", "renewed_enough")
    assert row(counter, demo.book("annas-own"))[1] == 2


@pytest.mark.parametrize(
    ("name", "book", "rule", "reason"),
    [
        ("iris", "wanted-here", "K11", "wanted_by_another"),
        ("iris", "interlibrary", "K12", "interlibrary"),
        ("anna", "on-loan", "K11", "not_on_loan"),
        ("anna", "oeroeg", "K11", "not_on_loan"),
        ("anna", "unknown-book", "K11", "not_on_loan"),
        ("blocked", "annas-own", "P7", "pass_blocked"),
        ("stranger", "annas-own", "K5", "pass_unknown"),
    ],
)
def test_what_is_not_renewed_says_why_and_keeps_its_date(
    counter: Counter, demo: Demo, name: str, book: str, rule: str, reason: str
) -> None:
    before = counter.rows("SELECT loan, due, renewals FROM loan ORDER BY loan")
    no = counter.do(RENEW, demo.shown(name), demo.book(book))
    assert (no["outcome"], no["rule"], no["reason"]) == ("refused", rule, reason)
    assert counter.rows("SELECT loan, due, renewals FROM loan ORDER BY loan") == before


def test_a_batch_answers_for_each_item_the_one_due_first_before_the_others(counter: Counter, demo: Demo) -> None:
    counter.change("UPDATE loan SET due = ? WHERE item = ?", "2020-01-01", demo.book("interlibrary"))
    lent = demo.book("oeroeg")
    counter.borrow(demo.shown("iris"), lent)
    done = counter.do(RENEW_ALL, demo.shown("iris"))
    assert [one["item"] for one in done["renewed"]] == [lent]
    refused = {one["item"]: one["refused"]["reason"] for one in done["refused"]}
    assert refused == {
        demo.book("interlibrary"): "interlibrary",
        demo.book("wanted-here"): "wanted_by_another",
        demo.book("wanted-elsewhere"): "wanted_by_another",
    }
    assert done["refused"][0]["item"] == demo.book("interlibrary")
    assert done["refused"][0]["due"] == "2020-01-01"


def test_nobody_with_nothing_renews_nothing(counter: Counter, demo: Demo) -> None:
    assert counter.do(RENEW_ALL, demo.shown("grace")) == {"outcome": "renewed_all", "renewed": [], "refused": []}


def test_where_a_renewal_costs_a_strip_the_batch_stops_at_the_last_one(switched_on: Counter, demo: Demo) -> None:
    counter, number = switched_on, demo.passes["anna"]["number"]
    counter.change(
        "UPDATE strips SET balance = 2 WHERE membership IN (SELECT m.membership FROM membership m"
        " JOIN pass p ON p.consortium = m.consortium AND p.patron = m.patron WHERE p.number = ?)",
        number,
    )
    done = counter.do(RENEW_ALL, demo.shown("anna"))
    assert (len(done["renewed"]), [one["refused"]["rule"] for one in done["refused"]]) == (2, ["S2"])
    assert strips(counter, demo, "anna") == (0, 0)


def test_a_fact_is_booked_and_flagged_whatever_the_rules_say(counter: Counter, demo: Demo) -> None:
    event = counter.act(RENEW, demo.shown("iris"), demo.book("wanted-here"), kind=Kind.FACT)
    assert counter.tell(event)["outcome"] == "renewed"
    assert counter.flags(event) == {"wanted_by_another"}
    assert row(counter, demo.book("wanted-here"))[1] == 1


def test_a_fact_without_a_loan_is_parked(counter: Counter, demo: Demo) -> None:
    event = counter.act(RENEW, demo.shown("grace"), demo.book("oeroeg"), kind=Kind.FACT)
    assert counter.tell(event)["outcome"] == "renewed"
    assert counter.flags(event) == {"not_on_loan", "parked"}


def test_a_batch_that_was_refused_and_happened_all_the_same_is_flagged(counter: Counter, demo: Demo) -> None:
    asked = counter.act(RENEW_ALL, demo.shown("pin"))
    assert counter.tell(asked)["reason"] == "pin_needed"
    assert len(counter.tell(asked.as_kind(Kind.FACT))["renewed"]) == 1
    assert counter.flags(asked) == {"pin_needed", "happened_after_no"}


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(kinds=st.lists(st.sampled_from(list(Kind)), min_size=1, max_size=5), whole=st.booleans())
def test_in_whatever_order_a_renewal_is_told_it_is_done_once_at_most(
    kiosk: Caller, store: StoreProcess, demo: Demo, kinds: list[Kind], whole: bool
) -> None:
    item = demo.book("annas-own")
    store.change("UPDATE loan SET renewals = 0")
    event = kiosk.act(RENEW_ALL if whole else RENEW, demo.shown("anna"), None if whole else item)
    answers: dict[str, tuple[int, bytes]] = {}
    for kind in kinds:
        answer = kiosk.tell(event | {"kind": kind.value})
        assert answer[0] == 200
        assert answers.setdefault(kind.value, answer) == answer
    happened = kinds[0] is not Kind.VOID or Kind.FACT in kinds
    assert store.rows("SELECT renewals FROM loan WHERE item = ?", item) == [(1 if happened else 0,)]
