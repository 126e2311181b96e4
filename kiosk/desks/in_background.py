"""Awaits the blocking Desk in workers (house decision 5). Cancelling an await never cancels a call that has begun."""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol, TypeVar

from circulation.events import HandOver
from circulation.identifiers import EventId, Isil, ItemBarcode
from circulation.outcomes import CheckedOut, Identified, Refused
from circulation.presented import Presented
from devices.ports import PrintOutcome, Receipt, ReceiptPrinter
from kiosk.desks.journalled import JournalledDesk

if TYPE_CHECKING:
    from circulation.affairs import Account, CheckedIn, GuestHomes, HandedOver, Renewed, RenewedAll

log = logging.getLogger(__name__)
Result = TypeVar("Result")
COUNT = 4  # threads


class VisitDesk(Protocol):
    """What a flow asks of the library. Raises DeskUnreachable, AnswerLost or JournalFault as `JournalledDesk` says."""

    async def identify(self, presented: Presented, pin: str | None = None) -> Identified | Refused: ...
    def end_visit(self, presented: Presented) -> None: ...
    async def hand_over(self, case: HandOver) -> "HandedOver | None": ...
    async def guest_homes(self) -> "GuestHomes | Refused": ...
    async def enrol(self, presented: Presented, pin: str, home: Isil, event: EventId) -> Identified | Refused: ...
    async def check_out(self, presented: Presented, item: ItemBarcode) -> CheckedOut | Refused: ...
    async def check_in(self, item: ItemBarcode) -> "CheckedIn | Refused": ...
    async def account(self, presented: Presented) -> "Account | Refused": ...
    async def renew(self, presented: Presented, item: ItemBarcode) -> "Renewed | Refused": ...
    async def renew_all(self, presented: Presented) -> "RenewedAll | Refused": ...
    async def redeliver(self) -> float: ...
    async def has_undelivered(self) -> bool: ...
    async def is_reachable(self) -> bool: ...
    async def is_coming_back(self) -> bool: ...
    async def is_admitted(self) -> bool: ...
    async def lends_without_line(self) -> bool: ...
    async def check_journal(self) -> None: ...


class Workers:
    """A few threads, all there from the start: what a kiosk holds then tells what grows later. Lending itself is kept
    in order by the desk's own lock."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(COUNT, thread_name_prefix="desk")
        all_there = threading.Barrier(COUNT + 1)
        for _ in range(COUNT):
            self._pool.submit(all_there.wait)  # a pool begins a thread only when no other one is free
        all_there.wait()

    async def run(self, call: Callable[[], Result]) -> Result:
        """The call's result. A call that has begun goes on to its end even where nobody awaits it any more; one that
        still waits for a worker is not begun then."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)

    def begin(self, call: Callable[[], None]) -> None:
        """Lets a worker do it; nobody awaits it."""
        self._pool.submit(call)

    def close(self) -> None:
        """Waits for the calls that run: their outcome is still journalled."""
        self._pool.shutdown(wait=True, cancel_futures=True)


class BackgroundDesk:
    """See `VisitDesk`."""

    def __init__(self, desk: JournalledDesk, workers: Workers) -> None:
        self._desk, self._workers = desk, workers

    async def identify(self, presented: Presented, pin: str | None = None) -> Identified | Refused:
        return await self._workers.run(lambda: self._desk.identify(presented, pin))

    async def hand_over(self, case: HandOver) -> "HandedOver | None":
        return await self._workers.run(lambda: self._desk.hand_over(case))

    async def guest_homes(self) -> "GuestHomes | Refused":
        return await self._workers.run(self._desk.guest_homes)

    async def enrol(self, presented: Presented, pin: str, home: Isil, event: EventId) -> Identified | Refused:
        return await self._workers.run(lambda: self._desk.enrol(presented, pin, home, event))

    def end_visit(self, presented: Presented) -> None:
        self._desk.leave()
        self._workers.begin(lambda: self._end_visit(presented))

    def _end_visit(self, presented: Presented) -> None:
        try:
            self._desk.end_visit(presented)
        except Exception as fault:  # noqa: BLE001  nobody awaits it; where nothing can be written down the next visit says so
            log.critical("the end of a visit is not told: %s", type(fault).__name__)

    async def check_out(self, presented: Presented, item: ItemBarcode) -> CheckedOut | Refused:
        return await self._workers.run(lambda: self._desk.check_out(presented, item))

    async def check_in(self, item: ItemBarcode) -> "CheckedIn | Refused":
        return await self._workers.run(lambda: self._desk.check_in(item))

    async def account(self, presented: Presented) -> "Account | Refused":
        return await self._workers.run(lambda: self._desk.account(presented))

    async def renew(self, presented: Presented, item: ItemBarcode) -> "Renewed | Refused":
        return await self._workers.run(lambda: self._desk.renew(presented, item))

    async def renew_all(self, presented: Presented) -> "RenewedAll | Refused":
        return await self._workers.run(lambda: self._desk.renew_all(presented))

    async def redeliver(self) -> float:
        return await self._workers.run(self._desk.redeliver)

    async def has_undelivered(self) -> bool:
        return await self._workers.run(self._desk.has_undelivered)

    async def is_reachable(self) -> bool:
        return await self._workers.run(self._desk.is_reachable)

    async def is_coming_back(self) -> bool:
        return await self._workers.run(self._desk.is_coming_back)

    async def is_admitted(self) -> bool:
        return await self._workers.run(self._desk.is_admitted)

    async def lends_without_line(self) -> bool:
        return await self._workers.run(self._desk.lends_without_line)

    async def check_journal(self) -> None:
        await self._workers.run(self._desk.check_journal)


class BackgroundPrinter:
    """Prints in a worker; a kiosk without a printer says so before it offers one."""

    def __init__(self, printer: ReceiptPrinter | None, workers: Workers, deadline_s: float = 6.0) -> None:
        self._printer, self._workers, self._deadline_s = printer, workers, deadline_s

    @property
    def exists(self) -> bool:
        """Whether there is a printer at all."""
        return self._printer is not None

    async def can_write(self, receipt: Receipt) -> bool:
        """Whether it has a letter for all of it; what there is no printer for can be written."""
        printer = self._printer
        return printer is None or await self._workers.run(lambda: printer.can_write(receipt))

    async def print(self, receipt: Receipt, job_id: str) -> PrintOutcome:
        """What became of the receipt; NOT_PRINTED without a printer."""
        printer = self._printer
        if printer is None:
            return PrintOutcome.NOT_PRINTED
        return await self._workers.run(lambda: printer.print(receipt, job_id, self._deadline_s))
