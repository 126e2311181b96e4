"""N10: a short code under which the desk finds what failed here. It is fetched beside what is shown: nobody waits for
it, and without a line there is none."""

import asyncio
import logging
from collections.abc import Callable

from circulation.events import HandOver
from circulation.identifiers import EventId
from circulation.outcomes import OF_AN_ITEM, NextStep, Reason, Refused
from circulation.presented import Presented
from kiosk.desks.in_background import VisitDesk

log = logging.getLogger(__name__)
NewEvent = Callable[[], EventId]
# Said of a pass that nobody knows, or of no pass at all: behind a code there would be nothing, and whoever tries
# numbers would fill the desk's list. Where nobody answers there is nobody to ask for one.
WITHOUT_CODE = frozenset(
    {
        Reason.PASS_UNKNOWN,
        Reason.PASS_UNREADABLE,
        Reason.ITEM_SHOWN_AS_PASS,
        Reason.PASS_SHOWN_AS_ITEM,
        Reason.MANDATE_SHOWN,
        Reason.PASS_NOT_UNIQUE,
        Reason.PASS_OF_TWO,
        Reason.CHIP_RANDOM,
        Reason.PIN_WRONG,
        Reason.KIOSK_NOT_ADMITTED,
        Reason.OFFLINE_PASS_UNKNOWN,
        Reason.OTHER,
    }
)


def has_code(refused: Refused) -> bool:
    """Whether the desk can go on with this case: it is where the patron is sent, somebody's pass was known, and it is
    about them. An item the desk has in its hands, or finds among the loans."""
    return refused.next is NextStep.DESK and refused.reason not in WITHOUT_CODE | OF_AN_ITEM


class DeskCode:
    """The code of one case, once it is there. `task` ends when it is, or when there is none; None where none is asked
    for."""

    def __init__(self, desk: VisitDesk, refused: Refused | None, presented: Presented, new_event: NewEvent) -> None:
        self.code = ""
        self.task: asyncio.Task[None] | None = None
        if refused is not None and has_code(refused):
            case = HandOver(new_event(), refused.reason, refused.rule, presented)
            self.task = asyncio.create_task(self._ask(desk, case))

    @property
    def tasks(self) -> tuple[asyncio.Task[None], ...]:
        """What may still bring it."""
        return () if self.task is None or self.task.done() else (self.task,)

    def leave(self) -> None:
        """Nobody is there any more to whom it could be shown."""
        if self.task is not None:
            self.task.cancel()

    async def _ask(self, desk: VisitDesk, case: HandOver) -> None:
        try:
            given = await desk.hand_over(case)
        except Exception as fault:  # noqa: BLE001  what it is for has been said without it
            log.warning("no code for the desk: %s", type(fault).__name__)
            return
        if given is not None:
            self.code = given.code
            log.info("case %s has a code", case.id)


class DeskCodes:
    """The codes of one visit: a case is what is refused for one reason, however many items it is said of."""

    def __init__(self, desk: VisitDesk, presented: Presented, new_event: NewEvent) -> None:
        self._desk, self._presented, self._new_event = desk, presented, new_event
        self._cases: dict[Reason, DeskCode] = {}

    @property
    def tasks(self) -> tuple[asyncio.Task[None], ...]:
        """What may still bring one."""
        return tuple(task for one in self._cases.values() for task in one.tasks)

    def ask(self, refused: Refused | None) -> None:
        """Asks for the code of that case, unless it was asked for or has none."""
        if refused is not None and has_code(refused) and refused.reason not in self._cases:
            self._cases[refused.reason] = DeskCode(self._desk, refused, self._presented, self._new_event)

    def of(self, refused: Refused | None) -> str:
        """The code of that case, as soon as there is one."""
        case = self._cases.get(refused.reason) if refused is not None and has_code(refused) else None
        return "" if case is None else case.code

    def leave(self) -> None:
        """As `DeskCode.leave`, of all of them."""
        for one in self._cases.values():
            one.leave()
