"""Numbers cannot be tried in bulk, a "no" says nothing by its time or statements, and a kiosk is who it says (K5)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import requests
from hypothesis import given
from hypothesis import strategies as st

from circulation import wire
from circulation.events import Action
from circulation.identifiers import PassNumber, with_check_digit
from circulation.presented import Presented, Source
from membership_store import credentials
from membership_store.database import Database, Row, Session, Value
from membership_store.guarding import Bucket, Guard, Trusted
from membership_store.situation import greeting, look
from tests.membership_store.counter import Counter
from tests.membership_store.running import ANNEN, DRENTHE, Caller, Demo, StoreProcess

NOBODY = Presented(Source.CHIP, PassNumber(with_check_digit("2000940199999")))


class Clock:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(0, 5)), max_size=30))
def test_a_bucket_never_lets_more_through_than_it_holds_and_gains(steps: list[tuple[float, int]]) -> None:
    clock = Clock()
    bucket: Bucket[str] = Bucket(10, 60, clock)
    through, began = 0, clock.now
    for pause, wishes in steps:
        clock.now += pause
        for _ in range(wishes):
            if bucket.wait_s("a") == 0:
                bucket.take("a")
                through += 1
        assert through <= 10 + (clock.now - began) + 1e-6
    wait = bucket.wait_s("a")
    clock.now += wait + 1e-6
    assert bucket.wait_s("a") == 0
    assert bucket.wait_s("another") == 0


def test_an_ordinary_day_never_touches_it() -> None:
    """Three visits a minute for ten hours, every tenth of them with a pass that is not known, and a class of thirty."""
    clock, guard = Clock(), Guard()
    bucket: Bucket[str] = Bucket(guard.misses, guard.misses_a_minute, clock)
    for visit in range(1800):
        clock.now += 20
        misses = 30 if visit == 900 else int(visit % 10 == 0)
        for _ in range(misses):
            assert bucket.wait_s("kiosk") == 0
            bucket.take("kiosk")


def test_what_is_trusted_is_trusted_for_some_seconds_and_as_it_was_shown() -> None:
    clock = Clock()
    trusted: Trusted[int] = Trusted(5, clock)
    trusted.trust(7, "token", "certificate")
    assert trusted.who("token", "certificate") == 7
    assert trusted.who("token", "") is None
    assert trusted.who("tokencertificate", "") is None
    clock.now += 5.01
    assert trusted.who("token", "certificate") is None


def test_numbers_tried_in_bulk_are_slowed_and_other_kiosks_are_not(kiosks: Callable[[], Caller], demo: Demo) -> None:
    thief, neighbour, guard = kiosks(), kiosks(), Guard()
    body = {"presented": wire.encode(NOBODY)}
    answers = [thief.post("/v1/identify", body) for _ in range(guard.misses + 5)]
    assert [status for status, _ in answers[: guard.misses]] == [200] * guard.misses
    assert answers[-1][0] == 429
    problem = json.loads(answers[-1][1])
    assert problem["type"] == "/problems/too-many"
    for path in ("/v1/identify", "/v1/account"):
        assert thief.post(path, {"presented": wire.encode(demo.shown("anna"))})[0] == 429
    assert thief.tell(thief.act(Action.CHECK_OUT, NOBODY, demo.book("oeroeg")))[0] == 429
    thief.seq = 0
    assert thief.tell(thief.act(Action.CHECK_IN, item=demo.book("reunie")))[0] == 200
    assert neighbour.ask("/v1/identify", demo.shown("anna"))["outcome"] == "identified"
    headers = {"Authorization": f"Bearer {thief.token}"}
    answer = requests.post(f"{thief.url}/v1/identify", json=body, headers=headers, timeout=30)
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_loans_asked_for_with_numbers_tried_in_bulk_are_slowed_too(kiosk: Caller, demo: Demo) -> None:
    for _ in range(Guard().misses):
        kiosk.do(Action.CHECK_OUT, NOBODY, demo.book("oeroeg"))
    assert kiosk.tell(kiosk.act(Action.CHECK_OUT, demo.shown("anna"), demo.book("oeroeg")))[0] == 429
    kiosk.seq -= 1
    event = kiosk.act(Action.CHECK_OUT, demo.shown("anna"), demo.book("oeroeg"))
    assert kiosk.tell(event | {"kind": "fact"})[0] == 200


def test_a_miss_takes_its_least_time_and_a_visit_does_not_wait(kiosk: Caller, demo: Demo) -> None:
    def quickest(shown: Presented) -> float:
        took = []
        for _ in range(6):
            began = time.perf_counter()
            kiosk.ask("/v1/identify", shown)
            took.append(time.perf_counter() - began)
        return min(took)

    assert quickest(NOBODY) >= Guard().floor_s
    assert quickest(demo.shown("anna")) < quickest(NOBODY)


class _Listening:
    """A session whose statements are written down."""

    def __init__(self, inner: Session, heard: list[str]) -> None:
        self._inner, self._heard = inner, heard
        self.touched, self.memory = inner.touched, inner.memory

    def rows(self, sql: str, *values: Value) -> list[Row]:
        """As the session does."""
        self._heard.append(sql)
        return self._inner.rows(sql, *values)

    def several(self, *queries: tuple[str, Sequence[Value]]) -> list[list[Row]]:
        """As the session does."""
        self._heard.extend(query[0] for query in queries)
        return self._inner.several(*queries)

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)


def asked(database: Database, shown: Presented, counter: Counter) -> tuple[list[str], bytes]:
    """The statements that a question about a pass takes, in their order, and the answer."""
    heard: list[str] = []

    def work(session: Session) -> bytes:
        listening: Session = _Listening(session, heard)  # type: ignore[assignment]
        situation = look(listening, DRENTHE, ANNEN, shown, counter.now, None, kiosk="counter-1")
        return wire.dumps(wire.encode_answer(greeting(situation)))

    return heard, database.read(work)


def test_somebody_outside_the_network_and_nobody_at_all_take_the_same_statements_and_answer(
    counter: Counter, demo: Demo
) -> None:
    abroad = demo.shown("anna-zottegem")
    asked(counter.database, NOBODY, counter)
    nobody, outside, known = (asked(counter.database, one, counter) for one in (NOBODY, abroad, demo.shown("anna")))
    assert nobody == outside
    assert known[0] == nobody[0]
    assert known[1] != nobody[1]
    assert json.loads(nobody[1])["reason"] == "pass_unknown"


def test_a_pin_with_a_number_that_nobody_has_changes_nothing_about_that(kiosk: Caller, demo: Demo) -> None:
    abroad = demo.shown("anna-zottegem")
    bodies = {
        kiosk.post("/v1/identify", {"presented": wire.encode(shown), **pin})[1]
        for shown in (NOBODY, abroad)
        for pin in ({}, {"pin": "2468"})
    }
    assert len(bodies) == 1


FINGERPRINT = "ab" * 32


@contextmanager
def bound(store: StoreProcess, kiosk: Caller, to: str | None) -> Iterator[None]:
    """The kiosk is bound to a certificate."""
    store.change("UPDATE kiosk SET certificate = ? WHERE kiosk = ?", to, kiosk.kiosk.id)
    yield
    store.change("UPDATE kiosk SET certificate = NULL WHERE kiosk = ?", kiosk.kiosk.id)


def test_a_kiosk_that_is_bound_to_a_certificate_is_nobody_without_it(
    store: StoreProcess, kiosk: Caller, demo: Demo
) -> None:
    body = {"presented": wire.encode(demo.shown("anna"))}
    with bound(store, kiosk, FINGERPRINT):
        assert kiosk.post("/v1/identify", body)[0] == 401
        named = {"X-Client-Certificate": FINGERPRINT, "X-SSL-Client-Fingerprint": FINGERPRINT}
        assert kiosk.post("/v1/identify", body, **named)[0] == 401


def test_a_certificate_is_compared_by_its_fingerprint_however_it_is_written(counter: Counter) -> None:
    other = replace(counter.kiosk, id="bound-1")
    token = counter.database.write(lambda session: credentials.add_kiosk(session, other))
    written = ":".join(["AB"] * 32)
    counter.database.write(lambda session: credentials.bind(session, other, written))
    assert counter.desk.kiosk_of(token, FINGERPRINT) == other
    for wrong in ("", "cd" * 32, written):
        assert counter.desk.kiosk_of(token, wrong) is None
    assert credentials.fingerprint(written) == FINGERPRINT
    assert credentials.fingerprint("not one") == ""
    counter.database.write(lambda session: credentials.bind(session, other, None))
    assert counter.desk.kiosk_of(token) == other
