"""The watch over the line, in virtual time: soon while something waits, now and then otherwise, and for ever."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from circulation.affairs import Account, CheckedIn, GuestHomes, HandedOver, Renewed, RenewedAll
from circulation.events import HandOver
from circulation.identifiers import EventId, Isil, ItemBarcode
from circulation.outcomes import CheckedOut, Identified, Refused
from circulation.presented import Presented
from kiosk.bus import Bus, Happening, Reached
from kiosk.line_watch import watch_line
from offline_cache.journal import JournalFault
from tests.kiosk.virtual_time import VirtualLoop, play


class Line:
    """A line and what waits before it. `looks` and `deliveries`: when it was tried."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.up, self.waits, self.delivers = True, False, True
        self.coming_back = self.lends = False
        self.leave_alone_s = 0.0
        self.fault: BaseException | None = None
        self.looks: list[float] = []
        self.deliveries: list[float] = []

    async def is_reachable(self) -> bool:
        self.looks.append(self._loop.time())
        if self.fault is not None:
            raise self.fault
        return self.up

    async def has_undelivered(self) -> bool:
        return self.waits

    async def is_coming_back(self) -> bool:
        return self.coming_back

    async def is_admitted(self) -> bool:
        return True

    async def lends_without_line(self) -> bool:
        return self.lends

    async def redeliver(self) -> float:
        self.deliveries.append(self._loop.time())
        self.waits = self.waits and not self.delivers
        return self.leave_alone_s

    async def check_journal(self) -> None: ...

    async def identify(self, presented: Presented, pin: str | None = None) -> Identified | Refused:
        raise NotImplementedError

    def end_visit(self, presented: Presented) -> None: ...
    async def account(self, presented: Presented) -> Account | Refused:
        raise NotImplementedError

    async def renew(self, presented: Presented, item: ItemBarcode) -> Renewed | Refused:
        raise NotImplementedError

    async def renew_all(self, presented: Presented) -> RenewedAll | Refused:
        raise NotImplementedError

    async def guest_homes(self) -> GuestHomes | Refused:
        raise NotImplementedError

    async def enrol(self, presented: Presented, pin: str, home: Isil, event: EventId) -> Identified | Refused:
        raise NotImplementedError

    async def hand_over(self, case: HandOver) -> HandedOver | None:
        raise NotImplementedError

    async def check_out(self, presented: Presented, item: ItemBarcode) -> CheckedOut | Refused:
        raise NotImplementedError

    async def check_in(self, item: ItemBarcode) -> CheckedIn | Refused:
        raise NotImplementedError


Tell = Callable[[Line, list[Happening]], Awaitable[None]]


def watched(tell: Tell) -> None:
    """Tells what happens to a line that is watched; `heard` is what the kiosk was told."""
    loop = VirtualLoop()

    async def whole() -> None:
        line, bus, heard = Line(loop), Bus(loop), list[Happening]()

        async def hear() -> None:
            while True:
                heard.append(await bus.get())

        tasks = [asyncio.create_task(hear()), asyncio.create_task(watch_line(line, bus))]
        await tell(line, heard)
        assert not any(task.done() for task in tasks)

    play(whole(), loop)


def test_a_line_that_stays_up_is_looked_at_now_and_then_and_nothing_is_told() -> None:
    async def tell(line: Line, heard: list[Happening]) -> None:
        await asyncio.sleep(100)
        assert heard == []
        assert line.deliveries == []
        assert 8 <= len(line.looks) <= 12

    watched(tell)


def test_a_line_that_goes_and_comes_is_told_once_each() -> None:
    async def tell(line: Line, heard: list[Happening]) -> None:
        await asyncio.sleep(5)
        line.up = False
        await asyncio.sleep(12)
        assert heard == [Reached(False)]
        await asyncio.sleep(300)
        line.up = True
        await asyncio.sleep(12)
        assert heard == [Reached(False), Reached(True)]

    watched(tell)


def test_what_waits_is_delivered_within_seconds_also_in_the_middle_of_a_calm() -> None:
    async def tell(line: Line, heard: list[Happening]) -> None:
        await asyncio.sleep(23.4)
        line.waits = True
        await asyncio.sleep(3)
        assert len(line.deliveries) == 1
        assert not line.waits

    watched(tell)


def test_what_cannot_be_delivered_is_tried_for_ever_with_longer_pauses() -> None:
    async def tell(line: Line, heard: list[Happening]) -> None:
        line.waits, line.delivers = True, False
        await asyncio.sleep(600)
        pauses = [after - before for before, after in zip(line.deliveries, line.deliveries[1:], strict=False)]
        assert pauses[0] < 3
        assert max(pauses) <= 10
        assert len(pauses) < 80
        assert sorted(pauses) == pauses
        line.delivers = True
        await asyncio.sleep(11)
        assert not line.waits

    watched(tell)


def test_what_waits_is_tried_also_where_the_line_seems_down() -> None:
    async def tell(line: Line, heard: list[Happening]) -> None:
        line.up, line.waits = False, True
        await asyncio.sleep(3)
        assert not line.waits

    watched(tell)


def test_that_borrowing_goes_on_without_a_line_is_told_and_that_it_does_so_no_more() -> None:
    async def tell(line: Line, heard: list[Happening]) -> None:
        line.up, line.lends = False, True
        await asyncio.sleep(30)
        assert heard == [Reached(online=False, lends=True)]
        line.lends = False  # the mirror has become too old
        await asyncio.sleep(12)
        assert heard[1:] == [Reached(online=False, lends=False)]

    watched(tell)


def test_a_line_that_comes_back_is_looked_at_every_second_until_it_is_believed() -> None:
    async def tell(line: Line, heard: list[Happening]) -> None:
        line.up = False
        await asyncio.sleep(300)
        line.coming_back = True
        await asyncio.sleep(11)
        before = len(line.looks)
        await asyncio.sleep(6)
        assert len(line.looks) - before >= 4

    watched(tell)


def test_what_waits_is_left_alone_as_long_as_was_asked_for_but_not_once_the_line_is_back() -> None:
    async def tell(line: Line, heard: list[Happening]) -> None:
        line.waits, line.delivers, line.leave_alone_s = True, False, 200.0
        await asyncio.sleep(100)
        assert len(line.deliveries) == 1
        line.up = False
        await asyncio.sleep(20)
        line.up = True
        await asyncio.sleep(12)
        assert len(line.deliveries) == 2

    watched(tell)


@pytest.mark.parametrize("fault", [JournalFault("the journal cannot be read"), ValueError("20000000000014")])
def test_a_fault_does_not_end_the_watch_and_leaves_no_value_in_the_log(
    fault: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    async def tell(line: Line, heard: list[Happening]) -> None:
        line.fault = fault
        await asyncio.sleep(60)
        line.fault, line.waits = None, True
        await asyncio.sleep(15)
        assert not line.waits

    with caplog.at_level(logging.DEBUG):
        watched(tell)
    assert "CRITICAL" in caplog.text
    assert "20000000000014" not in caplog.text
