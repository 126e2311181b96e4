"""The thread of the flows: it ends when it is told to, and does not end unseen."""

import asyncio
import logging
import threading

import pytest

from kiosk.flow_thread import FlowThread

LONG_S = 30.0


def no_fault() -> None:
    raise AssertionError("no fault was expected")


def test_the_flows_run_on_a_thread_of_their_own_and_end_when_they_are_stopped() -> None:
    flows, names = FlowThread(), list[str]()
    begun, ended = threading.Event(), threading.Event()

    async def job() -> None:
        names.append(threading.current_thread().name)
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    flows.start(job, on_fault=no_fault)
    assert begun.wait(LONG_S)
    flows.stop()
    assert ended.is_set()
    assert names == ["flows"]
    assert not [one for one in threading.enumerate() if one.name == "flows"]
    assert not flows.failed
    flows.stop()  # once more does no harm


def test_flows_that_never_began_can_be_stopped() -> None:
    FlowThread().stop()


def test_flows_that_fail_say_so_without_a_value_so_that_the_kiosk_can_end(caplog: pytest.LogCaptureFixture) -> None:
    flows, told, cancelled = FlowThread(), threading.Event(), threading.Event()

    async def fails() -> None:
        raise ValueError("20000000000014")

    async def other() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    flows.start(other, fails, on_fault=told.set)
    assert told.wait(LONG_S)
    flows.stop()
    assert flows.failed
    assert cancelled.is_set()
    assert "the flows ended: ValueError" in caplog.text
    assert "20000000000014" not in caplog.text


def test_a_fault_that_nobody_awaits_is_logged_by_its_kind_only(caplog: pytest.LogCaptureFixture) -> None:
    flows, begun = FlowThread(), threading.Event()

    async def fails() -> None:
        raise ValueError("20000000000014")

    async def job() -> None:
        task = asyncio.create_task(fails())
        await asyncio.sleep(0)
        del task
        begun.set()
        await asyncio.Event().wait()

    with caplog.at_level(logging.INFO):
        flows.start(job, on_fault=no_fault)
        assert begun.wait(LONG_S)
        flows.stop()
    assert "left behind: ValueError" in caplog.text
    assert "20000000000014" not in caplog.text
