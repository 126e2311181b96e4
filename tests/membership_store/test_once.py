"""Exactly once (house decisions 1 and 2): the same answer for ever, no hole in a sequence, one winner of a race."""

from __future__ import annotations

import json
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from circulation.events import Kind
from circulation.identifiers import ItemBarcode
from circulation.presented import Presented
from membership_store.opening import Spec
from tests.membership_store.engines import held
from tests.membership_store.running import Caller, Demo, StoreProcess, eventually, new_kiosk, plain_books

THREADS = 16


def outcome(answer: tuple[int, bytes]) -> str:
    """What a 200 answer says was done."""
    assert answer[0] == 200, answer
    return str(json.loads(answer[1])["outcome"])


def problem(answer: tuple[int, bytes]) -> tuple[int, str]:
    """The status of a problem and the end of its type."""
    return answer[0], json.loads(answer[1])["type"].rpartition("/")[2]


def all_at_once(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Runs the acts in as many threads, let go together."""
    gate = threading.Barrier(len(acts))

    def go(act: Callable[[], Any]) -> Any:
        gate.wait(30)
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(go, acts))


def borrowing(kiosk: Caller, presented: Presented, item: ItemBarcode) -> Callable[[], str]:
    """An act: the kiosk's next request, and what came of it."""
    event = kiosk.event(presented, item)
    return lambda: outcome(kiosk.tell(event))


def open_loans(store: StoreProcess, item: ItemBarcode) -> int:
    """How many open loans an item has."""
    return int(store.rows("SELECT COUNT(*) FROM loan WHERE item = ? AND returned_at IS NULL", item)[0][0])


def test_a_repeated_request_gets_the_same_bytes_and_lends_once(
    store: StoreProcess, kiosk: Caller, demo: Demo, books: Iterator[ItemBarcode]
) -> None:
    item = next(books)
    event = kiosk.event(demo.shown("anna"), item)
    first = kiosk.tell(event)
    kiosk.borrow(demo.shown("anna"), next(books))
    assert outcome(first) == "checked_out"
    assert [kiosk.tell(event) for _ in range(3)] == [first] * 3
    assert open_loans(store, item) == 1


def test_a_refusal_is_repeated_too_although_the_reason_is_gone(
    store: StoreProcess, kiosk: Caller, demo: Demo, books: Iterator[ItemBarcode]
) -> None:
    event = kiosk.event(demo.shown("milan"), next(books))
    store.change("UPDATE pass SET status = 'blocked' WHERE number = ?", demo.passes["milan"]["number"])
    first = kiosk.tell(event)
    store.change("UPDATE pass SET status = 'active' WHERE number = ?", demo.passes["milan"]["number"])
    assert outcome(first) == "refused"
    assert kiosk.tell(event) == first
    assert outcome(kiosk.tell(kiosk.event(demo.shown("milan"), next(books)))) == "checked_out"


def test_an_answer_lost_after_the_commit_is_given_again(
    store: StoreProcess, kiosk: Caller, demo: Demo, books: Iterator[ItemBarcode]
) -> None:
    item = next(books)
    event = kiosk.event(demo.shown("anna"), item)
    body = json.dumps(event).encode()
    head = (
        f"POST /v1/checkouts HTTP/1.1\r\nHost: store\r\nAuthorization: Bearer {kiosk.token}\r\n"
        f"Idempotency-Key: {event['id']}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    kept = "SELECT body FROM event_answer WHERE event = ?"
    with socket.create_connection(("127.0.0.1", store.port)) as line:
        line.sendall(head.encode() + body)
        eventually("the commit", lambda: store.rows(kept, event["id"]) != [])
    first = store.rows(kept, event["id"])[0][0].encode()
    assert kiosk.tell(event) == (200, first)
    assert open_loans(store, item) == 1


def test_an_answer_survives_the_death_of_the_server(address: Spec, demo: Demo) -> None:
    first_life = StoreProcess(address)
    kiosk = new_kiosk(address, first_life.url, "mortal-1")
    event = kiosk.event(demo.shown("anna"), next(plain_books(address)))
    answer = kiosk.tell(event)
    first_life.stop(signal.SIGKILL)
    second_life = StoreProcess(address)
    try:
        again = Caller(second_life.url, kiosk.kiosk, kiosk.token, kiosk.seq)
        assert again.tell(event) == answer
        assert outcome(again.tell(again.event(demo.shown("anna"), demo.book("oeroeg")))) == "checked_out"
    finally:
        second_life.stop()


def test_a_request_under_way_twice_at_the_same_time_lends_once(
    store: StoreProcess, kiosk: Caller, demo: Demo, books: Iterator[ItemBarcode]
) -> None:
    item = next(books)
    event = kiosk.event(demo.shown("anna"), item)
    callers = [Caller(kiosk.url, kiosk.kiosk, kiosk.token) for _ in range(THREADS)]
    answers = all_at_once([partial(one.tell, event) for one in callers])
    assert set(answers) == {answers[0]}
    assert outcome(answers[0]) == "checked_out"
    assert open_loans(store, item) == 1


def test_of_sixteen_kiosks_lending_one_item_exactly_one_wins(
    store: StoreProcess, kiosks: Callable[[], Caller], demo: Demo, books: Iterator[ItemBarcode]
) -> None:
    item = next(books)
    names = ["anna", "bram", "daan", "fatima", "grace", "hanna", "iris", "joris"] * 2
    answers = all_at_once([borrowing(kiosks(), demo.shown(name), item) for name in names])
    assert answers.count("checked_out") == 1, answers
    assert open_loans(store, item) == 1


def test_of_sixteen_loans_under_the_last_strip_exactly_one_wins(
    store: StoreProcess, kiosks: Callable[[], Caller], demo: Demo, books: Iterator[ItemBarcode]
) -> None:
    answers = all_at_once([borrowing(kiosks(), demo.shown("chris"), next(books)) for _ in range(THREADS)])
    assert answers.count("checked_out") == 1, answers
    left = (
        "SELECT s.balance, s.overdrawn FROM strips s JOIN membership m USING (consortium, membership)"
        " JOIN pass p USING (consortium, patron) WHERE p.number = ?"
    )
    assert store.rows(left, demo.passes["chris"]["number"]) == [(0, 0)]


def test_an_event_that_is_not_the_next_is_told_which_one_is(
    kiosk: Caller, demo: Demo, books: Iterator[ItemBarcode]
) -> None:
    anna = demo.shown("anna")
    early = kiosk.event(anna, next(books), seq=3)
    assert problem(kiosk.tell(early)) == (409, "sequence-gap")
    assert json.loads(kiosk.tell(early)[1])["expected_seq"] == 1
    kiosk.seq = 0
    for _ in (1, 2):
        assert outcome(kiosk.tell(kiosk.event(anna, next(books)))) == "checked_out"
    assert outcome(kiosk.tell(early)) == "checked_out"
    used = kiosk.event(anna, next(books), seq=2)
    assert (problem(kiosk.tell(used)), json.loads(kiosk.tell(used)[1])["expected_seq"]) == ((409, "sequence-gap"), 4)


@pytest.mark.parametrize("change", ["item", "number", "uid", "source"])
def test_another_act_under_the_same_event_id_is_a_conflict_and_the_first_answer_stands(
    kiosk: Caller, demo: Demo, books: Iterator[ItemBarcode], change: str
) -> None:
    event = kiosk.event(demo.shown("anna"), next(books))
    first = kiosk.tell(event)
    other = {"number": demo.passes["bram"]["ndef"], "uid": demo.passes["bram"]["uid"], "source": "pad"}
    changed = {"item": next(books)} if change == "item" else {"presented": event["presented"] | {change: other[change]}}
    for kind in ("request", "fact", "void"):
        assert problem(kiosk.tell(event | changed | {"kind": kind})) == (409, "event-identity")
    assert kiosk.tell(event) == first


def test_the_same_act_may_be_told_at_another_time_and_as_another_kind(
    kiosk: Caller, demo: Demo, books: Iterator[ItemBarcode]
) -> None:
    event = kiosk.event(demo.shown("anna"), next(books))
    first = kiosk.tell(event)
    assert kiosk.tell(event | {"at": "2020-02-29T23:59:59+14:00"}) == first
    assert kiosk.tell(event | {"kind": "fact"}) == first
    assert kiosk.tell(event | {"kind": "void"}) == first


def test_a_request_that_arrives_after_its_void_stays_voided(
    store: StoreProcess, kiosk: Caller, demo: Demo, books: Iterator[ItemBarcode]
) -> None:
    item = next(books)
    event = kiosk.event(demo.shown("anna"), item, Kind.VOID)
    first = kiosk.tell(event)
    assert outcome(first) == "voided"
    assert kiosk.tell(event | {"kind": "request"}) == first
    assert open_loans(store, item) == 0


def test_while_another_process_holds_the_database_nothing_is_half_done(
    store: StoreProcess, kiosk: Caller, demo: Demo, books: Iterator[ItemBarcode]
) -> None:
    anna: Presented = demo.shown("anna")
    event = kiosk.event(anna, next(books))
    with held(store.database):
        assert problem(kiosk.tell(event)) == (503, "unavailable")
    assert outcome(kiosk.tell(event)) == "checked_out"


def test_a_full_disk_refuses_service_and_keeps_what_was_promised(database: Path, demo: Demo) -> None:
    starved = StoreProcess(database, "prlimit", "--fsize=250000")
    kiosk = new_kiosk(database, starved.url, "starved-1")
    books = plain_books(database)
    events: list[dict[str, Any]] = []
    answers: list[tuple[int, bytes]] = []
    try:
        while not answers or answers[-1][0] == 200:
            assert len(answers) < 2000
            events.append(kiosk.event(demo.shown("bram"), next(books)))
            answers.append(kiosk.tell(events[-1]))
        assert problem(answers[-1]) == (503, "unavailable")
    finally:
        starved.stop(signal.SIGKILL)
    fed = StoreProcess(database)
    try:
        again = Caller(fed.url, kiosk.kiosk, kiosk.token)
        assert [again.tell(one) for one in events[:-1]] == answers[:-1]
        assert open_loans(fed, ItemBarcode(events[-1]["item"])) == 0
        assert outcome(again.tell(events[-1])) == "checked_out"
    finally:
        fed.stop()
