"""Calls in workers: whoever stops waiting stops nothing that has begun, and begins nothing that has not."""

import asyncio
import logging
import threading
from collections.abc import Callable

import pytest

from devices.ports import PrintOutcome, Receipt
from kiosk.desks.in_background import COUNT, BackgroundPrinter, Workers

LONG_S = 30.0


class Calls:
    """Calls that end when they are told to."""

    def __init__(self) -> None:
        self.go, self.begun = threading.Event(), threading.Semaphore(0)
        self.ended: list[int] = []

    def make(self, number: int) -> Callable[[], int]:
        def call() -> int:
            self.begun.release()
            assert self.go.wait(LONG_S)
            self.ended.append(number)
            return number

        return call


@pytest.fixture
def workers() -> Workers:
    return Workers()


def desks() -> set[threading.Thread]:
    return {one for one in threading.enumerate() if one.name.startswith("desk")}


def test_all_workers_are_there_before_the_first_call_and_more_calls_at_once_begin_no_other() -> None:
    before = desks()
    workers = Workers()
    there = desks() - before
    assert len(there) == COUNT
    calls = Calls()

    async def ask() -> None:
        asked = [asyncio.create_task(workers.run(calls.make(number))) for number in range(3 * COUNT)]
        for _ in range(COUNT):
            assert await asyncio.to_thread(calls.begun.acquire, timeout=LONG_S)
        assert desks() - before == there
        calls.go.set()
        await asyncio.gather(*asked)

    asyncio.run(ask())
    assert desks() - before == there
    workers.close()


def test_workers_that_were_never_asked_end_when_they_are_closed() -> None:
    before = desks()
    Workers().close()
    assert desks() == before


def test_a_call_that_has_begun_goes_on_when_nobody_waits_any_more(workers: Workers) -> None:
    calls = Calls()

    async def tell() -> None:
        task = asyncio.create_task(workers.run(calls.make(1)))
        assert await asyncio.to_thread(calls.begun.acquire, timeout=LONG_S)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(tell())
    calls.go.set()
    workers.close()
    assert calls.ended == [1]


def test_what_is_begun_is_done_by_a_worker_and_not_by_whoever_begins_it(workers: Workers) -> None:
    done, by = threading.Event(), list[int]()

    def call() -> None:
        by.append(threading.get_ident())
        done.set()

    workers.begin(call)
    assert done.wait(LONG_S)
    workers.close()
    assert by
    assert threading.get_ident() not in by


def test_a_call_that_still_waits_for_a_worker_is_not_made_for_nobody(workers: Workers) -> None:
    calls = Calls()

    async def tell() -> None:
        busy = [asyncio.create_task(workers.run(calls.make(number))) for number in range(4)]
        for _ in range(4):
            assert await asyncio.to_thread(calls.begun.acquire, timeout=LONG_S)
        late = asyncio.create_task(workers.run(calls.make(99)))
        await asyncio.sleep(0)
        late.cancel()
        with pytest.raises(asyncio.CancelledError):
            await late
        calls.go.set()
        await asyncio.gather(*busy)

    asyncio.run(tell())
    workers.close()
    assert sorted(calls.ended) == [0, 1, 2, 3]


def test_a_call_that_ends_after_the_loop_is_closed_says_nothing(
    workers: Workers, caplog: pytest.LogCaptureFixture
) -> None:
    calls = Calls()
    loop = asyncio.new_event_loop()

    async def tell() -> None:
        task = asyncio.create_task(workers.run(calls.make(1)))
        assert await asyncio.to_thread(calls.begun.acquire, timeout=LONG_S)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    with caplog.at_level(logging.DEBUG):
        loop.run_until_complete(tell())
        loop.close()
        calls.go.set()
        workers.close()
    # Not by what is heard at all: a test before may have left a logger that tells of each loop that is made.
    said = [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]
    assert said == []


def test_no_worker_is_left_when_they_are_closed(workers: Workers) -> None:
    async def tell() -> None:
        await asyncio.gather(*(workers.run(lambda: None) for _ in range(8)))

    asyncio.run(tell())
    workers.close()
    assert not [one for one in threading.enumerate() if one.name.startswith("desk")]


def test_a_kiosk_without_a_printer_says_so_before_it_offers_one(workers: Workers) -> None:
    printer = BackgroundPrinter(None, workers)
    assert not printer.exists
    assert asyncio.run(printer.print(Receipt(()), "job")) is PrintOutcome.NOT_PRINTED


def test_a_receipt_is_printed_in_a_worker_and_its_outcome_told(workers: Workers) -> None:
    class Printer:
        def print(self, receipt: Receipt, job_id: str, deadline_s: float) -> PrintOutcome:
            assert threading.current_thread().name.startswith("desk")
            assert (job_id, deadline_s) == ("job", 6.0)
            return PrintOutcome.OUT_OF_PAPER

        def can_write(self, receipt: Receipt) -> bool:
            assert threading.current_thread().name.startswith("desk")
            return False

    printer = BackgroundPrinter(Printer(), workers)
    assert printer.exists
    assert asyncio.run(printer.print(Receipt(()), "job")) is PrintOutcome.OUT_OF_PAPER
    assert not asyncio.run(printer.can_write(Receipt(())))
