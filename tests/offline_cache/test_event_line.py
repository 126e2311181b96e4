"""Many events over real HTTP: to the store as a process, and to servers that answer nonsense."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from circulation.affairs import CheckedIn, VisitEnded
from circulation.desk import DeskFault, DeskUnreachable
from circulation.events import Action, ClockState, Event, Kind, Told
from circulation.identifiers import KioskId
from circulation.outcomes import CheckedOut, Voided
from offline_cache.event_line import MOST_BYTES, Batch, Stopped, StoreEvents
from offline_cache.journal import Journal
from offline_cache.replay import Replay
from offline_cache.sealing import Seal
from offline_cache.store_client import StoreClient
from tests.membership_store.running import Demo, StoreProcess, new_kiosk, plain_books
from tests.offline_cache.journals import AT, BOOK, KEY, KIOSK, SHOWN, ids, lent
from tests.offline_cache.raw_server import RawServer, answering

TOLD = Told("boot-1", 4711, ClockState.FREE)
LENT = {
    "outcome": "checked_out",
    "item": BOOK,
    "title": "T",
    "due": "2026-08-05",
    "open_loans": 1,
    "may_borrow": None,
}


def event(seq: int, action: Action = Action.CHECK_OUT, kind: Kind = Kind.FACT) -> Event:
    shown = None if action is Action.CHECK_IN else SHOWN
    item = None if action is Action.END_VISIT else BOOK
    return Event(ids(seq)(), KIOSK, seq, kind, action, shown, item, AT, None, TOLD)


def told(body: object, count: int = 1, status: str = "200 OK", events: list[Event] | None = None) -> Batch:
    """What is read of that answer to so many events."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with RawServer(answering(content, status)) as server:
        return StoreEvents(StoreClient(server.url, "token")).tell(
            events or [event(n + 1) for n in range(count)], TOLD, 5.0
        )


def answer(*answers: Any, acked: Any = 1, stopped: Any = None) -> dict[str, Any]:
    return {"answers": list(answers), "acked_seq": acked, "stopped": stopped}


def test_answers_are_read_in_the_order_of_the_events() -> None:
    taken = {"outcome": "checked_in", "item": BOOK, "title": "T"}
    events = [event(1), event(2, Action.CHECK_IN)]
    batch = told(answer(LENT, taken, acked=2), events=events)
    assert [type(one) for one in batch.answers] == [CheckedOut, CheckedIn]
    assert (batch.acked_seq, batch.stopped) == (2, None)


@pytest.mark.parametrize(
    ("stopped", "read"),
    [
        ({"index": 1, "type": "sequence-gap", "expected_seq": 7}, Stopped(1, "sequence-gap", 7)),
        ({"index": 1, "type": "event-identity"}, Stopped(1, "event-identity")),
    ],
)
def test_where_the_store_stopped_is_read(stopped: dict[str, Any], read: Stopped) -> None:
    assert told(answer(LENT, stopped=stopped), 2).stopped == read


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>sign in</html>",
        b"[]",
        b"null",
        {},
        answer(),
        answer(LENT, LENT),
        answer(LENT, acked=None),
        answer(LENT, acked=True),
        answer(LENT, acked=-1),
        answer({"outcome": "identified", "patron": "x"}),
        answer({**LENT, "item": "30000000000999"}),
        answer({"outcome": "voided", "event": ids()()}),
        answer({"outcome": "visit_ended", "event": ids()()}),
        answer(LENT, stopped={"index": 0, "type": "event-identity"}),
        answer(stopped={"index": 0, "type": "sequence-gap"}),
        answer(stopped={"index": 0, "type": "sequence-gap", "expected_seq": 0}),
        answer(stopped={"index": -1, "type": "event-identity"}),
        answer(stopped={"index": 0, "type": "something"}),
        answer(stopped=[]),
        {"answers": 3, "acked_seq": 1, "stopped": None},
    ],
)
def test_an_answer_that_is_none_is_a_fault_that_may_pass(body: object) -> None:
    with pytest.raises(DeskFault) as caught:
        told(body)
    assert not caught.value.settled


@pytest.mark.parametrize("status", ["400 Bad", "413 Large", "415 Type", "422 No"])
def test_what_can_never_be_taken_is_settled_where_it_is_one_event_alone(status: str) -> None:
    for count, settled in ((1, True), (2, False)):
        with pytest.raises(DeskFault) as caught:
            told(b"{}", count, status)
        assert caught.value.settled is settled


@pytest.mark.parametrize(
    ("status", "sent"), [("401 No", False), ("404 No", False), ("429 Slow", False), ("503 No", True)]
)
def test_what_may_be_taken_later_is_silence(status: str, sent: bool) -> None:
    with pytest.raises(DeskUnreachable) as caught:
        told(b"{}", 1, status)
    assert caught.value.sent is sent


def test_no_body_is_larger_than_the_store_takes() -> None:
    seen: list[int] = []

    class Client(StoreClient):
        def post(self, path: str, body: bytes, deadline_s: float, key: str | None = None) -> Any:
            seen.append(len(body))
            raise AssertionError

    events = [event(n + 1) for n in range(500)]
    with pytest.raises(AssertionError):
        StoreEvents(Client("http://localhost:1", "t")).tell(events, TOLD, 1.0)
    assert MOST_BYTES - 1000 < seen[0] < MOST_BYTES + 1000


# ---- the store as a process


@pytest.fixture
def store(demo: Demo, tmp_path: Path) -> Iterator[StoreProcess]:
    import shutil

    process = StoreProcess(Path(shutil.copy(demo.folder / "store.db", tmp_path / "store.db")))
    yield process
    process.stop()


def test_a_day_without_a_line_is_told_to_the_store_over_http_and_each_loan_stands_once(
    store: StoreProcess, demo: Demo, tmp_path: Path
) -> None:
    caller = new_kiosk(store.database, store.url, "away-1")
    journal = Journal(tmp_path / "journal.db", Seal(KEY), KioskId("away-1"), ids(time.time_ns() // 1_000_000))
    books, shown, now = plain_books(store.database), demo.shown("neighbour"), datetime.now(UTC)
    loans = [
        journal.append_fact(Action.CHECK_OUT, shown, book, now, TOLD, lent(book))
        for book, _ in zip(books, range(60), strict=False)
    ]
    journal.append_fact(Action.CHECK_IN, None, loans[0].scanned, now, TOLD, CheckedIn(loans[0].scanned, "T"))
    over = journal.append(Action.END_VISIT, shown, None, now, TOLD)
    given_up = journal.append(Action.CHECK_OUT, shown, next(books), now, TOLD)
    journal.give_up(given_up)
    client = StoreClient(store.url, caller.token)
    done = Replay(StoreEvents(client), journal, lambda: TOLD).deliver(time.monotonic() + 30)
    assert done.silence == ""
    assert [one.seq for one, _ in done.answered] == list(range(1, 64))
    assert journal.entry(over.seq).answer == VisitEnded(over.id)
    assert journal.entry(given_up.seq).answer == Voided(given_up.id)
    found = store.rows("SELECT item, returned_at IS NULL FROM loan WHERE loan LIKE ?", "away-1/%")
    assert len(found) == 60
    assert {item for item, is_open in found if is_open} == {one.scanned for one in loans[1:]}
    journal.close()
