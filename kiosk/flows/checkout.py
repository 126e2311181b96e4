"""Borrowing: each item is committed as it is scanned or laid down. The gate lets an item through after the library's
yes, and only then it is shown as lent (`gatekeeper`)."""

from circulation.identifiers import ItemBarcode
from circulation.outcomes import CheckedOut, Identified, Refused
from circulation.presented import Presented
from devices.ports import PassPresented
from kiosk.desks.in_background import VisitDesk
from kiosk.flows.items import Ending, Items
from kiosk.settings import Patience
from kiosk.sheet import Sheet
from kiosk.shown_pass import shown_pass
from kiosk.stage import Stage
from kiosk.ui import Borrowing, Notice, StillThere
from kiosk.visit_pad import VisitPad


class Checkout(Items):
    """One patron's borrowing."""

    def __init__(
        self,
        stage: Stage,
        desk: VisitDesk,
        pad: VisitPad,
        shown: Presented,
        patron: Identified,
        sheet: Sheet,
        patience: Patience,
    ) -> None:
        super().__init__(stage, desk, pad, sheet, patience)
        self._shown, self._patron = shown, patron
        self._resumed = bool(sheet.lines)

    async def _ask(self, item: ItemBarcode) -> CheckedOut | Refused:
        return await self._desk.check_out(self._shown, item)

    def _take_pass(self, shown: PassPresented) -> None:
        self._notice = None if shown_pass(shown) == self._shown else Notice.OTHER_PASS

    def _draw(self, over: StillThere | None = None) -> None:
        screen = Borrowing(
            rows=self.sheet.rows,
            lent=len(self.sheet.lent),
            may_borrow=self.sheet.may_borrow,
            first_name=self._patron.first_name,
            cannot_borrow=self._patron.cannot_borrow,
            messages=self._patron.messages,
            notice=self._to_say,
            troubles=self._stage.troubles,
            resumed=self._resumed,
            ending=self._ending is Ending.DONE,
            by_pad=self._stage.by_pad,
            by_scan=self._stage.by_scan,
        )
        self._stage.show(screen, over)
