"""Every act that changes something: when the database is held, when the server dies, when the route is wrong."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from circulation.events import Action, Kind, Payment
from tests.membership_store.engines import Engine, held
from tests.membership_store.running import PATHS, Caller, Demo, StoreProcess, new_kiosk

FEES = ("SELECT fee, cents, status FROM fee ORDER BY fee", "SELECT terminal, cents FROM payment ORDER BY terminal")
LOANS = "SELECT loan, due, renewals, returned_at IS NULL FROM loan ORDER BY loan"
WATCHED = (*FEES, LOANS, "SELECT membership, balance, overdrawn FROM strips ORDER BY membership")


def acts(kiosk: Caller, demo: Demo) -> list[dict[str, Any]]:
    """One of each, each of which would change something; each the first of its kiosk."""
    iris, item = demo.shown("iris"), demo.book("interlibrary")
    money = Payment(("none",), 250, "T-held")
    told = [
        kiosk.act(Action.CHECK_OUT, iris, demo.book("oeroeg")),
        kiosk.act(Action.CHECK_IN, None, demo.book("on-loan")),
        kiosk.act(Action.RENEW, iris, item, None, Kind.FACT),
        kiosk.act(Action.RENEW_ALL, demo.shown("anna")),
        kiosk.act(Action.PAY, iris, None, money, Kind.FACT),
        kiosk.act(Action.END_VISIT, iris),
    ]
    return [one | {"seq": 1} for one in told]


@pytest.fixture
def served(engine: Engine) -> Iterator[Callable[[], StoreProcess]]:
    """Begins servers, each over a copy of the demo of its own."""
    begun: list[StoreProcess] = []

    def begin() -> StoreProcess:
        begun.append(StoreProcess(engine.new()))
        return begun[-1]

    yield begin
    for one in begun:
        one.stop()
        engine.drop(one.database)


@pytest.mark.system  # half a minute of waiting
def test_while_the_database_is_held_nothing_is_half_done_and_then_each_is_done_once(
    served: Callable[[], StoreProcess], demo: Demo
) -> None:
    store, undisturbed = served(), served()
    callers = [new_kiosk(store.database, store.url, f"held-{n}") for n in range(6)]
    told = [acts(caller, demo)[n] for n, caller in enumerate(callers)]
    before = [store.rows(sql) for sql in WATCHED]
    gate = threading.Barrier(6)

    def tell(n: int) -> tuple[int, bytes]:
        gate.wait(30)
        return callers[n].tell(told[n])

    with ThreadPoolExecutor(6) as pool:
        with held(store.database):
            answers = list(pool.map(tell, range(6)))
            assert [store.rows(sql) for sql in WATCHED] == before
        assert [status for status, _ in answers] == [503] * 6, answers
        assert {json.loads(body)["type"] for _, body in answers} == {"/problems/unavailable"}
        # What was answered 503 may still stand in the queue and be written now that it can. Told again it comes after
        # that, so that the books are settled with the second answers: the same as where nobody was in the way.
        first = list(pool.map(tell, range(6)))
        again = list(pool.map(tell, range(6)))
    assert [status for status, _ in first] == [200] * 6, first
    assert first == again
    assert [json.loads(body)["outcome"] for _, body in first] == [
        "checked_out", "checked_in", "renewed", "renewed_all", "paid", "visit_ended",
    ]  # fmt: skip
    for one, event in zip(callers, told, strict=True):
        twin = new_kiosk(undisturbed.database, undisturbed.url, one.kiosk.id)
        assert twin.tell(event)[0] == 200
    assert [store.rows(sql) for sql in WATCHED] == [undisturbed.rows(sql) for sql in WATCHED]
    assert [store.rows(sql) for sql in WATCHED] != before


def test_answers_of_every_act_survive_the_death_of_the_server(database: Path, demo: Demo) -> None:
    first_life = StoreProcess(database)
    kiosk = new_kiosk(database, first_life.url, "mortal-1")
    told = [one | {"seq": n} for n, one in enumerate(acts(kiosk, demo), 1)]
    answers = [kiosk.tell(one) for one in told]
    first_life.stop(signal.SIGKILL)
    assert [status for status, _ in answers] == [200] * 6, answers
    second_life = StoreProcess(database)
    try:
        again = Caller(second_life.url, kiosk.kiosk, kiosk.token)
        assert [again.tell(one) for one in told] == answers
        assert second_life.rows("SELECT cents FROM payment") == [(250,)]
    finally:
        second_life.stop()


@pytest.mark.parametrize("path", sorted(set(PATHS.values())))
def test_an_act_on_the_route_of_another_is_refused_and_takes_no_number(
    store: StoreProcess, kiosk: Caller, demo: Demo, path: str
) -> None:
    for event in acts(kiosk, demo):
        if PATHS[event["action"]] != path:
            status, body = kiosk.post(path, event)
            assert (status, json.loads(body)["detail"]) == (422, "action: not for this route")
    assert store.rows("SELECT last_seq FROM kiosk WHERE kiosk = ?", kiosk.kiosk.id) == [(0,)]


@pytest.mark.parametrize("change", ["cents", "fees", "terminal", "action", "kiosk"])
def test_another_payment_under_the_same_event_id_is_a_conflict(
    store: StoreProcess, kiosk: Caller, demo: Demo, change: str
) -> None:
    event = kiosk.act(Action.PAY, demo.shown("grace"), None, Payment(("a",), 100, f"T-{change}"), Kind.FACT)
    assert kiosk.tell(event)[0] == 200
    other = {"cents": 101, "fees": ["a", "b"], "terminal": "T-other"}
    if change in other:
        changed = event | {"payment": event["payment"] | {change: other[change]}}
    elif change == "action":
        changed = event | {"action": "end_visit", "payment": None}
    else:
        changed = event | {"kiosk": "annen-1"}
    status, body = kiosk.tell(changed)
    assert (status, json.loads(body)["type"]) == (
        (422, "/problems/invalid") if change == "kiosk" else (409, "/problems/event-identity")
    )
    assert store.rows("SELECT cents FROM payment WHERE terminal = ?", f"T-{change}") == [(100,)]
