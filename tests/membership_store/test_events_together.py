"""Many events at once: each answered as alone and for ever, in one transaction, stopped where one cannot be taken."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from circulation.events import Action, ClockState, Event, Kind, Told
from circulation.identifiers import ItemBarcode, PassNumber
from circulation.presented import Presented, Source
from membership_store import desk
from membership_store.opening import Spec
from tests.membership_store.counter import Counter
from tests.membership_store.running import Caller, Demo, StoreProcess, plain_books

TOLD = Told("boot-1", 60_000, ClockState.SYNCHRONISED)


def day_of(counter: Counter, demo: Demo) -> list[Event]:
    """What a kiosk may do while the line is down: something of each."""
    anna = demo.shown("anna")
    return [
        counter.event(anna, demo.book("oeroeg")),
        counter.event(anna, demo.book("eline-vere"), Kind.VOID),
        counter.act(Action.CHECK_IN, item=demo.book("on-loan"), kind=Kind.FACT),
        counter.event(demo.shown("lapsed"), demo.book("eline-vere"), Kind.REQUEST),
        counter.act(Action.END_VISIT, anna, kind=Kind.FACT),
    ]


def outcomes(answers: tuple[bytes, ...]) -> list[str]:
    """What each came to."""
    return [json.loads(one)["outcome"] for one in answers]


def test_each_is_answered_as_it_would_be_alone_and_alike_for_ever(counter: Counter, demo: Demo) -> None:
    events = day_of(counter, demo)
    first = counter.desk.deliver_all(counter.kiosk, events, TOLD)
    assert outcomes(first.answers) == ["checked_out", "voided", "checked_in", "refused", "visit_ended"]
    assert (first.acked_seq, first.stopped) == (len(events), None)
    assert counter.desk.deliver_all(counter.kiosk, events, TOLD) == first
    assert tuple(counter.desk.deliver(counter.kiosk, event) for event in events) == first.answers


def test_a_gap_ends_it_and_what_came_before_stands(counter: Counter, demo: Demo) -> None:
    first, second, third, *_ = day_of(counter, demo)
    found = counter.desk.deliver_all(counter.kiosk, [first, third], None)
    assert (outcomes(found.answers), found.acked_seq) == (["checked_out"], first.seq)
    assert found.stopped == desk.Stopped(1, "sequence-gap", second.seq)
    assert [is_open for _, is_open in counter.loans(first.scanned)] == [True]
    rest = counter.desk.deliver_all(counter.kiosk, [first, second, third], None)
    assert rest.answers[0] == found.answers[0]
    assert (rest.acked_seq, rest.stopped) == (third.seq, None)


def test_another_act_under_a_known_id_ends_it_and_changes_nothing(counter: Counter, demo: Demo) -> None:
    first, second, third, *_ = day_of(counter, demo)
    counter.tell(first)
    found = counter.desk.deliver_all(counter.kiosk, [first, replace(second, id=first.id), third], None)
    assert (len(found.answers), found.acked_seq, found.stopped) == (1, 1, desk.Stopped(1, "event-identity"))


def test_a_fault_in_one_leaves_nothing_of_any(counter: Counter, demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyError

    events = day_of(counter, demo)
    with monkeypatch.context() as patch:
        patch.setitem(desk.TAKES, Action.END_VISIT, fail)
        with pytest.raises(KeyError):
            counter.desk.deliver_all(counter.kiosk, events, TOLD)
    assert counter.rows("SELECT last_seq FROM kiosk WHERE kiosk = ?", counter.kiosk.id) == [(0,)]
    assert counter.loans(events[0].scanned) == []
    assert counter.rows("SELECT COUNT(*) FROM kiosk_boot") == [(0,)]
    assert counter.desk.deliver_all(counter.kiosk, events, TOLD).acked_seq == len(events)


def test_an_act_that_was_refused_is_told_again_as_a_fact_among_others(counter: Counter, demo: Demo) -> None:
    item = demo.book("held-for-bram")
    request = counter.event(demo.shown("anna"), item, Kind.REQUEST)
    assert counter.tell(request)["outcome"] == "refused"
    follows = counter.event(demo.shown("anna"), demo.book("oeroeg"))
    found = counter.desk.deliver_all(counter.kiosk, [request.as_kind(Kind.FACT), follows], TOLD)
    assert outcomes(found.answers) == ["checked_out", "checked_out"]
    assert counter.flags(request) == {"held_for_another", "happened_after_no"}
    assert found.acked_seq == follows.seq


def test_kiosks_that_come_back_at_once_with_the_same_patrons_are_all_heard(
    counter: Counter, demo: Demo, address: Spec
) -> None:
    """Each holds patrons in another order: whoever is in the way begins anew, and nothing is lost or done twice."""
    names, items = ["anna", "bram", "grace", "hanna"], plain_books(address)
    kiosks = [counter.another(f"back-{n}") for n in range(4)]
    batches = [
        [one.event(demo.shown(names[(n + k * (1 + 2 * (n % 2))) % 4]), next(items)) for k in range(8)]
        for n, one in enumerate(kiosks)
    ]
    with ThreadPoolExecutor(len(kiosks)) as pool:
        found = list(pool.map(lambda one, batch: one.desk.deliver_all(one.kiosk, batch, TOLD), kiosks, batches))
    assert [(one.acked_seq, one.stopped) for one in found] == [(8, None)] * 4
    lent = [event.scanned for batch in batches for event in batch]
    assert [[is_open for _, is_open in counter.loans(item)] for item in lent] == [[True]] * 32


def body(*events: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What is sent."""
    return {"events": list(events), **more}


def test_over_http_the_answers_come_in_their_order_with_the_last_number(
    kiosk: Caller, demo: Demo, books: Iterator[ItemBarcode]
) -> None:
    anna = demo.shown("anna")
    events = [kiosk.event(anna, next(books), kind) for kind in (Kind.FACT, Kind.VOID, Kind.REQUEST)]
    told = {"boot": "b-1", "since_boot_ms": 1000, "clock": "free"}
    status, said = kiosk.post("/v1/events", body(*events, told=told))
    found = json.loads(said)
    assert status == 200, said
    assert [one["outcome"] for one in found["answers"]] == ["checked_out", "voided", "checked_out"]
    assert (found["acked_seq"], found["stopped"]) == (3, None)
    assert kiosk.post("/v1/events", body(*events, told=None)) == (status, said)
    kiosk.seq += 1
    late = kiosk.event(anna, next(books), Kind.FACT)
    found = json.loads(kiosk.post("/v1/events", body(late))[1])
    assert found == {
        "answers": [],
        "acked_seq": 3,
        "stopped": {"index": 0, "type": "sequence-gap", "expected_seq": 4},
    }


def test_over_http_another_act_under_a_known_id_is_said_and_stands_in_the_log(
    store: StoreProcess, kiosk: Caller, demo: Demo, books: Iterator[ItemBarcode]
) -> None:
    event = kiosk.event(demo.shown("anna"), next(books), Kind.FACT)
    kiosk.tell(event)
    other = event | {"item": next(books)}
    found = json.loads(kiosk.post("/v1/events", body(other))[1])
    assert found == {"answers": [], "acked_seq": 1, "stopped": {"index": 0, "type": "event-identity"}}
    assert f"event {event['id']} of kiosk {kiosk.kiosk.id} came back as another act" in store.log_file.read_text()


@pytest.mark.parametrize(
    "change",
    [
        lambda event: body(),
        lambda event: body(*[event] * 51),
        lambda event: body(event, more=1),
        lambda event: body(event, told={"boot": "", "since_boot_ms": 1, "clock": "free"}),
        lambda event: body(event, told={"boot": "b", "since_boot_ms": -1, "clock": "free"}),
        lambda event: body(event, told=7),
        lambda event: body(event | {"kiosk": "another"}),
        lambda event: body(event | {"item": None}),
        lambda event: body(event | {"action": "pay", "item": None}),
        lambda event: [event],
    ],
)
def test_over_http_what_was_not_agreed_is_refused_and_changes_nothing(
    store: StoreProcess, kiosk: Caller, demo: Demo, change: Callable[[dict[str, Any]], object]
) -> None:
    event = kiosk.event(demo.shown("anna"), demo.book("oeroeg"), Kind.FACT)
    assert kiosk.post("/v1/events", change(event))[0] == 422
    assert store.rows("SELECT last_seq FROM kiosk WHERE kiosk = ?", kiosk.kiosk.id) == [(0,)]


def test_over_http_the_fault_of_one_of_many_names_which(kiosk: Caller, demo: Demo) -> None:
    good = kiosk.event(demo.shown("anna"), demo.book("oeroeg"), Kind.FACT)
    status, said = kiosk.post("/v1/events", body(good, good | {"seq": -1}))
    assert (status, "events[1]" in json.loads(said)["detail"]) == (422, True)


def test_over_http_whoever_tries_numbers_many_at_once_waits_and_a_fact_never_does(
    kiosk: Caller, books: Iterator[ItemBarcode]
) -> None:
    """K5."""
    item = next(books)
    tried = [
        kiosk.event(Presented(Source.BARCODE, PassNumber(f"2940199999{n:04d}")), item, Kind.REQUEST) for n in range(50)
    ]
    status, said = kiosk.post("/v1/events", body(*tried))
    assert status == 200
    assert {one["reason"] for one in json.loads(said)["answers"]} == {"pass_unknown", "pass_unreadable"}
    assert kiosk.post("/v1/events", body(tried[0]))[0] == 429
    fact = kiosk.act(Action.CHECK_IN, item=item, kind=Kind.FACT)
    assert kiosk.post("/v1/events", body(fact))[0] == 200
