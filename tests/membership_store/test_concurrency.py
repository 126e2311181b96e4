"""What must never happen does not happen under real concurrency: one open loan, no strip too many, one payment.

Several connections and writer threads, as of several hosts; on either engine.
"""

# ruff: noqa: N802 - a test bears the id of its rule

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from circulation.events import Action, Event, Kind, Payment
from circulation.identifiers import BranchCode, ItemBarcode, PatronRef
from circulation.presented import Presented
from membership_store import members
from membership_store.answers import SequenceGap
from membership_store.database import Contested, Database, Session, StoreUnavailable
from membership_store.desk import StoreDesk
from membership_store.network import load_here
from membership_store.opening import Spec
from membership_store.staff.acts import At, Done
from membership_store.staff.desk import operator
from membership_store.staff.merging import MergePatrons, merge
from tests.membership_store.counter import Counter, open_counter
from tests.membership_store.counting import Heard, Listening, Result
from tests.membership_store.running import ANNEN, DRENTHE, Demo, plain_books
from tests.membership_store.test_told_late import whose

THREADS = 16
ROUNDS = 3
HELD_S = 0.5


def all_at_once(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Runs the acts in as many threads, let go together."""
    gate = threading.Barrier(len(acts))

    def go(act: Callable[[], Any]) -> Any:
        gate.wait(30)
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(go, acts))


@pytest.fixture
def counters(address: Spec) -> Iterator[list[Counter]]:
    """Sixteen kiosks, over two stores that share the database."""
    with open_counter(address, "host-1") as one, open_counter(address, "host-2") as two:
        yield [one.another(f"kiosk-{n}") if n % 2 else two.another(f"kiosk-{n}") for n in range(THREADS)]


@pytest.fixture
def books(address: Spec) -> Iterator[ItemBarcode]:
    """Items that anybody may borrow, each given once."""
    return plain_books(address)


def borrowing(counter: Counter, presented: Presented, item: ItemBarcode) -> Callable[[], str]:
    """An act: the kiosk's next request, and what came of it."""
    return lambda: str(counter.borrow(presented, item)["outcome"])


def test_of_sixteen_kiosks_lending_one_item_exactly_one_wins(
    counters: list[Counter], demo: Demo, books: Iterator[ItemBarcode]
) -> None:
    names = ["anna", "bram", "daan", "fatima", "grace", "hanna", "iris", "joris"] * 2
    for _ in range(ROUNDS):
        item = next(books)
        said = all_at_once([borrowing(one, demo.shown(name), item) for one, name in zip(counters, names, strict=True)])
        assert said.count("checked_out") == 1, said
        assert [is_open for _, is_open in counters[0].loans(item)] == [True]


def test_of_sixteen_loans_under_the_last_strip_exactly_one_wins(
    counters: list[Counter], demo: Demo, books: Iterator[ItemBarcode]
) -> None:
    said = all_at_once([borrowing(one, demo.shown("chris"), next(books)) for one in counters])
    assert said.count("checked_out") == 1, said
    left = (
        "SELECT s.balance, s.overdrawn FROM strips s JOIN membership m USING (consortium, membership)"
        " JOIN pass p USING (consortium, patron) WHERE p.number = ?"
    )
    assert counters[0].rows(left, demo.passes["chris"]["number"]) == [(0, 0)]


def test_of_sixteen_loans_on_a_pass_with_room_for_one_exactly_one_wins(
    counters: list[Counter], demo: Demo, books: Iterator[ItemBarcode]
) -> None:
    # No key and no column refuses the thirty-first: only that the patron is held before the loans are counted.
    said = all_at_once([borrowing(one, demo.shown("home-29"), next(books)) for one in counters])
    assert said.count("checked_out") == 1, said


def test_facts_of_sixteen_kiosks_about_one_item_are_all_booked_and_one_loan_is_open(
    counters: list[Counter], demo: Demo, books: Iterator[ItemBarcode]
) -> None:
    item = next(books)
    names = ["anna", "bram", "daan", "fatima", "grace", "hanna", "iris", "joris"] * 2
    events = [one.event(demo.shown(name), item) for one, name in zip(counters, names, strict=True)]
    acts = [partial(one.tell, event) for one, event in zip(counters, events, strict=True)]
    assert {answer["outcome"] for answer in all_at_once(acts)} == {"checked_out"}
    assert sum(is_open for _, is_open in counters[0].loans(item)) == 1


def test_one_event_told_by_sixteen_threads_is_answered_alike_and_booked_once(
    counters: list[Counter], demo: Demo, books: Iterator[ItemBarcode]
) -> None:
    item, one = next(books), counters[0]
    event = one.event(demo.shown("anna"), item, Kind.REQUEST)
    answers = all_at_once([partial(each.desk.deliver, one.kiosk, event) for each in counters])
    assert set(answers) == {answers[0]}
    assert json.loads(answers[0])["outcome"] == "checked_out"
    assert [is_open for _, is_open in one.loans(item)] == [True]


def test_a_payment_that_was_given_up_and_is_told_by_sixteen_threads_is_answered_alike_and_booked_once(
    counters: list[Counter], demo: Demo
) -> None:
    one = counters[0]
    payment = Payment(("none",), 500, "told-by-all")
    given_up = one.act(Action.PAY, demo.shown("anna"), None, payment, Kind.VOID)
    one.tell(given_up)
    fact = given_up.as_kind(Kind.FACT)
    answers = all_at_once([partial(each.desk.deliver, one.kiosk, fact) for each in counters])
    assert set(answers) == {answers[0]}
    assert json.loads(answers[0])["credit"] == 500
    assert one.flags(fact) == {"happened_after_no", "not_payable_here", "amount_differs"}
    assert one.rows("SELECT COUNT(*) FROM payment WHERE terminal = ?", payment.terminal) == [(1,)]


def test_two_events_under_one_number_of_a_kiosk_never_both_count(
    counters: list[Counter], demo: Demo, books: Iterator[ItemBarcode]
) -> None:
    one = counters[0]
    first = one.event(demo.shown("anna"), next(books), Kind.REQUEST)
    second = replace(one.event(demo.shown("bram"), next(books), Kind.REQUEST), seq=first.seq)

    def told(each: Counter, event: Event) -> str:
        try:
            return str(json.loads(each.desk.deliver(one.kiosk, event))["outcome"])
        except SequenceGap as gap:
            return f"next is {gap.expected}"

    pairs = [(each, first if n % 2 else second) for n, each in enumerate(counters)]
    said = all_at_once([partial(told, each, event) for each, event in pairs])
    assert sorted(set(said)) == ["checked_out", f"next is {first.seq + 1}"]
    answered = "SELECT COUNT(*), MAX(seq) FROM event_answer WHERE kiosk = ?"
    assert one.rows(answered, one.kiosk.id) == [(1, first.seq)]


def test_a_payment_is_booked_once_and_a_fee_is_paid_once(counters: list[Counter], demo: Demo) -> None:
    one, owes = counters[0], demo.shown("owes")
    asked = "SELECT f.fee, f.cents FROM fee f JOIN pass p USING (consortium, patron)"
    asked += " WHERE p.number = ? AND f.status = 'open' ORDER BY f.fee"
    [(fee, cents), *_] = one.rows(asked, demo.passes["owes"]["number"])

    def pay(each: Counter, terminal: str) -> str:
        event = replace(each.event(owes, ItemBarcode("0")), action=Action.PAY, item=None)
        return str(each.tell(replace(event, payment=Payment((fee,), cents, terminal)))["outcome"])

    # Half of them tell of the same transaction of the terminal, the others of their own for the same fee.
    terminals = ["T-same" if n % 2 else f"T-{n}" for n in range(THREADS)]
    acts = [partial(pay, each, terminal) for each, terminal in zip(counters, terminals, strict=True)]
    assert all_at_once(acts) == ["paid"] * THREADS
    assert one.rows("SELECT COUNT(*) FROM payment WHERE terminal = 'T-same'") == [(1,)]
    assert one.rows("SELECT COUNT(*) FROM payment") == [(len(set(terminals)),)]
    assert one.rows("SELECT COUNT(*) FROM payment_fee WHERE fee = ?", fee) == [(1,)]


def test_different_patrons_and_items_all_succeed_and_none_waits_for_ever(
    counters: list[Counter], demo: Demo, books: Iterator[ItemBarcode]
) -> None:
    names = ["anna", "bram", "daan", "fatima", "grace", "hanna", "iris", "joris"] * 2
    for _ in range(ROUNDS):
        pairs = zip(counters, names, strict=True)
        said = all_at_once([borrowing(one, demo.shown(name), next(books)) for one, name in pairs])
        assert said == ["checked_out"] * THREADS
    head = "SELECT head - (SELECT COUNT(*) FROM feed f WHERE f.consortium = h.consortium) FROM feed_head h"
    assert set(counters[0].rows(head)) == {(0,)}


def wanted(counter: Counter, demo: Demo, items: Sequence[ItemBarcode], names: Sequence[str]) -> None:
    """All these copies are of one title, for which these patrons wait, in this order."""
    counter.change("DELETE FROM hold")
    for item in items:
        counter.change("UPDATE item SET title = (SELECT title FROM item WHERE item = ?) WHERE item = ?", items[0], item)
    for name in names:
        counter.change(
            "INSERT INTO hold (consortium, hold, patron, title, status, placed_at)"
            " SELECT i.consortium, 'h-' || ?, p.patron, i.title, 'waiting', ? FROM item i, pass p"
            " WHERE i.item = ? AND p.consortium = i.consortium AND p.number = ?",
            name,
            name,
            items[0],
            demo.passes[name]["number"],
        )


def test_k8_of_copies_that_are_brought_back_at_once_each_is_kept_for_another(
    counters: list[Counter], demo: Demo, books: Iterator[ItemBarcode]
) -> None:
    names = ["anna", "bram", "daan", "fatima"]
    for _ in range(2 * ROUNDS):
        items = [next(books) for _ in names]
        wanted(counters[0], demo, items, names)
        acts = [partial(one.do, Action.CHECK_IN, item=item) for one, item in zip(counters, items, strict=False)]
        assert [said["route"] for said in all_at_once(acts)] == ["hold_shelf"] * len(names)
        kept = counters[0].rows("SELECT item FROM hold WHERE status = 'on_shelf'")
        assert sorted(item for (item,) in kept) == sorted(items)


@pytest.mark.parametrize(
    "meanwhile",
    ["UPDATE hold SET status = 'cancelled'", "UPDATE hold SET status = 'on_shelf', item = 'another copy'"],
    ids=["cancelled", "of another copy"],
)
def test_k8_a_hold_that_changes_while_a_copy_is_chosen_for_it_is_looked_at_anew(
    counter: Counter, demo: Demo, books: Iterator[ItemBarcode], meanwhile: str
) -> None:
    """Staff cancel it, or another kiosk takes in another copy: neither is undone by the copy that comes second."""
    item, other = next(books), next(books)
    wanted(counter, demo, [item, other], ["anna"])
    change = meanwhile.replace("another copy", other)
    counter.desk = StoreDesk(Meddled(counter.database, change), lambda: counter.now)
    with pytest.raises(StoreUnavailable):
        counter.do(Action.CHECK_IN, item=item)


class Meddled(Listening):
    """A database in which somebody is always faster: changes the hold just before a copy is chosen for it."""

    def __init__(self, database: Database, change: str) -> None:
        super().__init__(database)
        self._change = change

    def write(self, work: Callable[[Session], Result]) -> Result:
        """See Database."""
        return self._database.write(lambda session: work(MeddledSession(session, self._change)))


class MeddledSession(Heard):
    """One transaction of it."""

    def __init__(self, session: Session, change: str) -> None:
        super().__init__(session, [], [0])
        self._change = change

    def _changes(self, sql: str) -> None:
        super()._changes(sql)
        if sql.startswith("UPDATE hold SET item"):
            self._session.run(self._change)


class MergedMeanwhile:
    """A session whose first wait for a patron is over when staff made another's record of that one."""

    def __init__(self, session: Session, merging: Callable[[Session], None]) -> None:
        self._session, self._merging = session, merging

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def lock(self, table: str, consortium: str, key: str) -> None:
        """Waits."""
        self._merging(self._session)
        self._session.lock(table, consortium, key)


def making_one(counter: Counter, kept: str, gone: str) -> Callable[[Session], None]:
    """What staff in Annen do in a transaction: the record that is gone becomes part of the kept one."""

    def make(session: Session) -> None:
        here = load_here(session, DRENTHE, ANNEN, counter.now)
        at = At(session, operator(DRENTHE), here, counter.now, lambda: secrets.token_hex(8))
        asked = MergePatrons(branch=BranchCode(ANNEN), kept=PatronRef(kept), gone=PatronRef(gone))
        assert isinstance(merge(at, asked), Done)

    counter.change("DELETE FROM login_account")
    return make


def test_N12_a_pass_that_became_anothers_while_its_patron_was_waited_for_is_looked_up_anew(
    counter: Counter, demo: Demo
) -> None:
    merging = making_one(counter, whose(counter, demo, "grace"), whose(counter, demo, "anna"))

    def find(session: Session) -> object:
        waiting: Any = MergedMeanwhile(session, merging)
        return members.find(waiting, DRENTHE, demo.shown("anna"), to_write=True)

    with pytest.raises(Contested):
        counter.database.write(find)


def test_N12_a_loan_asked_while_two_records_become_one_is_the_kept_patrons(
    counters: list[Counter], demo: Demo, books: Iterator[ItemBarcode]
) -> None:
    here, there = counters[:2]  # of two stores: on a server neither waits for the other, but for the patron
    kept, item = whose(here, demo, "grace"), next(books)
    merging, merged = making_one(here, kept, whose(here, demo, "anna")), threading.Event()

    def slowly(session: Session) -> None:
        merging(session)
        merged.set()
        time.sleep(HELD_S)

    def lend() -> str:
        assert merged.wait(30)
        return str(there.borrow(demo.shown("anna"), item)["outcome"])

    assert all_at_once([partial(here.database.write, slowly), lend])[1] == "checked_out"
    assert here.rows("SELECT patron FROM loan WHERE item = ? AND returned_at IS NULL", item) == [(kept,)]
