"""Returning: nobody needs a pass (K10). What was taken in is shown as such once its tag is armed (`gatekeeper`)."""

from typing import TYPE_CHECKING

from circulation.identifiers import ItemBarcode
from circulation.outcomes import Refused
from devices.ports import PassPresented
from kiosk.desks.in_background import VisitDesk
from kiosk.flows.items import Ending, Items
from kiosk.settings import Patience
from kiosk.sheet import Sheet
from kiosk.stage import Stage
from kiosk.ui import Returning, StillThere
from kiosk.visit_pad import VisitPad

if TYPE_CHECKING:
    from circulation.affairs import CheckedIn


class BringBack(Items):
    """What somebody brings back. `next_pass`: was shown meanwhile, by somebody who now wants to borrow."""

    def __init__(self, stage: Stage, desk: VisitDesk, pad: VisitPad, patience: Patience) -> None:
        super().__init__(stage, desk, pad, Sheet(of_returns=True), patience)
        self.next_pass: PassPresented | None = None

    async def _ask(self, item: ItemBarcode) -> "CheckedIn | Refused":
        return await self._desk.check_in(item)

    def _take_pass(self, shown: PassPresented) -> None:
        self.next_pass, self._ending = shown, Ending.DONE

    def _take_scan(self, text: str) -> None:
        super()._take_scan(text)
        if self._notice is None:  # a book: whoever brings back goes on
            self.next_pass = None

    def _stop(self) -> None:
        """As DONE: what was scanned may lie in the bin already, and is asked for all the same."""
        self._ending = Ending.DONE

    def _draw(self, over: StillThere | None = None) -> None:
        screen = Returning(
            rows=self.sheet.rows,
            back=len(self.sheet.back),
            notice=self._to_say,
            troubles=self._stage.troubles,
            ending=self._ending is Ending.DONE,
            by_pad=self._stage.by_pad,
            by_scan=self._stage.by_scan,
        )
        self._stage.show(screen, over)
