"""Who is this, and may the visit begin (rules.md §1, Visit)? The patron can leave at any moment."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any, TypeVar

from circulation.desk import DeskUnreachable
from circulation.outcomes import OFFERS_ENROLMENT, Identified, Reason, Refused
from circulation.presented import Presented
from devices.ports import BarcodeScanned, PassPresented
from kiosk.bus import Touched
from kiosk.desks.in_background import VisitDesk
from kiosk.flows.choose_home import choose_home
from kiosk.flows.desk_code import DeskCode, NewEvent
from kiosk.flows.pin import NewKeys, is_another, type_pin
from kiosk.flows.still_there import next_heard, still_there
from kiosk.settings import Patience
from kiosk.shown_pass import shown_pass
from kiosk.stage import Stage
from kiosk.ui import GuestOffer, Intent, NoAnswer, NoVisit, PinPad, Waiting

log = logging.getLogger(__name__)
QUICK_S = 0.1
AHEAD = 50  # scans that are kept before the answer is there: more than a visit takes at once, so that it says which not
Answer = Identified | Refused
Result = TypeVar("Result")


class Door:
    """One pass at the door."""

    def __init__(
        self,
        stage: Stage,
        desk: VisitDesk,
        shown: Presented,
        patience: Patience,
        new_keys: NewKeys,
        new_event: NewEvent,
        scans: Iterable[BarcodeScanned] = (),
    ) -> None:
        """`scans`: what the patron scanned before; with what is scanned here it belongs to the visit."""
        self._stage, self._desk, self._shown, self._patience = stage, desk, shown, patience
        self._new_keys, self._new_event = new_keys, new_event
        self._ahead: list[BarcodeScanned] = []
        for one in scans:
            self._keep(one)
        self._is_known = True  # the pass, so that the desk can go on with a case of it (N10)
        self.pin_counts = False
        """Whether the library system may hold a PIN for proved, so that it must hear of the end of the visit (P6)."""
        self.wants_account = False
        """Whether the account was asked for beside the pass, before the picture could say that it is looked up."""

    @property
    def scans(self) -> tuple[BarcodeScanned, ...]:
        """What the patron has scanned before the visit, each once."""
        return tuple(self._ahead)

    async def open(self) -> Identified | None:
        """The patron, or None where the visit did not begin; then the patron was told why, or left.

        What a patron scans before the visit begins belongs to it, if there will be one.
        """
        try:
            answer = await self._answer(self._desk.identify(self._shown), Waiting())
            if isinstance(answer, Refused) and OFFERS_ENROLMENT in answer.values:
                answer = await self._as_guest(answer)
            elif isinstance(answer, Refused) and answer.reason is Reason.PIN_NEEDED:
                log.info("no visit yet: %s %s", answer.rule, answer.reason.value)
                answer = await self._by_pin()
        except DeskUnreachable:
            await self._tell(NoAnswer)
            return None
        if isinstance(answer, Refused):
            log.info("no visit: %s %s", answer.rule, answer.reason.value)
            await self._refuse(answer)
            return None
        if answer is not None:
            for scan in self._ahead:
                self._stage.put_back(scan)
        return answer

    async def _by_pin(self) -> Answer | None:
        """Asks for the PIN until it is right, or refused for another reason than that it is not. None: the patron left.

        Raises DeskUnreachable.
        """
        wrong = False
        while True:
            keys = self._new_keys()
            pin = await type_pin(self._stage, self._shown, keys, self._patience, wrong=wrong, keep=self._keep)
            if pin is None:
                return None
            typed, asked = len(pin), self._desk.identify(self._shown, pin)
            pin = None
            self.pin_counts = True  # also where the answer does not come
            answer = await self._answer(asked, PinPad(typed, checking=True, keys=keys))
            if isinstance(answer, Refused):
                self.pin_counts = False
            if not isinstance(answer, Refused) or answer.reason is not Reason.PIN_WRONG:
                return answer
            log.info("no visit yet: %s %s", answer.rule, answer.reason.value)
            wrong = True

    async def _as_guest(self, unknown: Refused) -> Answer | None:
        """G10: offers to become a guest by the PIN of home. `unknown` where that is declined; None: the patron left.

        Raises DeskUnreachable.
        """
        stage, self._is_known = self._stage, False
        choice = await self._offer()
        if choice is not Intent.ENROL:
            return unknown if choice is Intent.CLOSE else None
        listed = await self._answer(self._desk.guest_homes(), Waiting())
        if listed is None or isinstance(listed, Refused):
            return listed
        home = await choose_home(stage, self._shown, listed.homes, self._patience, self._keep)
        if home is None:
            return None
        if isinstance(home, Refused):
            return home
        keys = self._new_keys()
        pin = await type_pin(stage, self._shown, keys, self._patience, wrong=False, keep=self._keep)
        if pin is None:
            return None
        typed, asked = len(pin), self._desk.enrol(self._shown, pin, home, self._new_event())
        pin = None
        self.pin_counts = True  # where everybody is asked for one, home's counts (P6)
        answer = await self._answer(asked, PinPad(typed, checking=True, keys=keys))
        self.pin_counts = not isinstance(answer, Refused)
        return answer

    async def _offer(self) -> Intent | None:
        """ENROL or CLOSE, as was touched; None: the patron left, or another pass was shown."""
        stage = self._stage
        while True:
            stage.show(GuestOffer())
            happening = await stage.next(self._patience.reading)
            if happening is None:
                happening = await still_there(
                    stage, partial(stage.show, GuestOffer()), self._patience, partial(is_another, shown=self._shown)
                )
            if happening is None or (isinstance(happening, Touched) and happening.intent is Intent.STOP):
                return None
            if isinstance(happening, Touched) and happening.intent in (Intent.ENROL, Intent.CLOSE):
                return happening.intent
            if isinstance(happening, PassPresented | BarcodeScanned):
                if is_another(happening, self._shown):
                    stage.put_back(happening)
                    return None
                if isinstance(happening, BarcodeScanned):
                    self._keep(happening)

    async def _answer(self, question: Coroutine[Any, Any, Result], meanwhile: Waiting | PinPad) -> Result | None:
        """The answer; None where the patron left, or somebody showed another pass. Raises DeskUnreachable."""
        stage, asked = self._stage, asyncio.create_task(question)
        if isinstance(meanwhile, PinPad):
            stage.show(meanwhile)
        while not asked.done():
            happening = await stage.next(QUICK_S if not stage.shows(type(meanwhile)) else None, asked)
            if happening is None:
                stage.show(meanwhile)  # an answer that comes at once needs no picture of waiting before it
            if isinstance(happening, Touched) and self._leaves(happening, drawn=stage.shows(type(meanwhile))):
                asked.cancel()  # the call itself goes on and changes nothing
                return None
            if isinstance(happening, PassPresented) and shown_pass(happening) != self._shown:
                asked.cancel()
                stage.put_back(happening)
                return None
            if isinstance(happening, BarcodeScanned):
                self._keep(happening)
        return asked.result()

    def _keep(self, scan: BarcodeScanned) -> None:
        """For the visit, each item once; the pass itself is none."""
        known = any(one.text == scan.text for one in self._ahead)
        if not known and len(self._ahead) < AHEAD and shown_pass(scan) != self._shown:
            self._ahead.append(scan)

    def _leaves(self, touched: Touched, *, drawn: bool) -> bool:
        """Whether that ends it. Until Waiting is `drawn` the screen before it can be touched: who asks for the account
        there, or says "lend", goes on with the pass; what leads elsewhere is left to whoever draws that screen."""
        self.wants_account |= touched.intent is Intent.ACCOUNT
        if touched.intent not in (Intent.STOP, Intent.CLOSE, Intent.BRING_BACK):
            return False
        if not drawn:
            self._stage.put_back(touched)
        return True

    async def _refuse(self, refused: Refused) -> None:
        """Says why, and the desk's code as soon as there is one (N10)."""
        desk_code = DeskCode(self._desk, refused if self._is_known else None, self._shown, self._new_event)
        try:
            await self._tell(lambda: NoVisit(refused, desk_code.code), desk_code)
        finally:
            desk_code.leave()

    async def _tell(self, draw: Callable[[], NoVisit | NoAnswer], desk_code: DeskCode | None = None) -> None:
        """Stands until it is read, closed, or somebody shows a pass."""
        stage = self._stage
        while True:
            stage.show(draw())
            happening = await next_heard(stage, self._patience.reading, *(desk_code.tasks if desk_code else ()))
            if isinstance(happening, asyncio.Task):
                stage.stir()  # a code is something new to read
                continue
            if happening is None or isinstance(happening, Touched):
                return
            if isinstance(happening, PassPresented | BarcodeScanned):
                stage.put_back(happening)
                return
