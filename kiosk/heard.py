"""What is heard of what is drawn, for those who do not look: one tone for every "no", a soft one for every "yes".

It is told from the difference of two pictures, so that nothing sounds that is not also on the screen.
"""

from __future__ import annotations

from devices.ports import Light, Signals
from kiosk.loans import Longer, Renewing
from kiosk.rows import Asking, Back, Gate, Lent, PartsMissing, Row, Switching
from kiosk.ui import (
    Borrowing,
    Closed,
    HelpCard,
    LendOrReturn,
    MyAccount,
    NoAccount,
    NoAnswer,
    Notice,
    NoVisit,
    OutOfOrder,
    Over,
    PinPad,
    Rest,
    Returning,
    Screen,
    Shown,
    Trouble,
    Ui,
)
from kiosk.veil import veiled
from values import dataclass

_NO = (NoVisit, NoAnswer, NoAccount, OutOfOrder)
_LISTENED_FOR = (Notice.UNREADABLE_SCAN, Notice.CHIP_UNREADABLE, Notice.CARD_NOT_READ, Notice.TAG_UNREADABLE)
_NOT_YET = (Asking, Switching, PartsMissing)


def sound_of(before: Screen, after: Screen) -> bool | None:
    """Whether the new picture says yes or no to the patron; None where it says nothing new."""
    if isinstance(after, _NO):
        return None if type(after) is type(before) else False
    if isinstance(after, PinPad):
        return False if after.wrong and isinstance(before, PinPad) and not before.wrong else None
    if isinstance(after, MyAccount):
        return _sound_of_renewals(before, after)
    if not isinstance(after, Borrowing | Returning):
        return False if isinstance(after, Rest | LendOrReturn) and _notice_is_new(before, after) else None
    if not isinstance(before, Borrowing | Returning):
        is_known = isinstance(before, MyAccount | NoAccount)
        refused = isinstance(after, Borrowing) and after.cannot_borrow is not None and not is_known
        return False if refused else None  # rows of a visit that is taken up again are old
    known = {row.key: _said(row) for row in before.rows}
    answered = [row for row in after.rows if not isinstance(row, _NOT_YET) and known.get(row.key) != _said(row)]
    if any(not isinstance(row, Lent | Back) or row.gate is not Gate.SAFE for row in answered) or _notice_is_new(
        before, after
    ):
        return False
    return True if answered else None


def _sound_of_renewals(before: Screen, after: MyAccount) -> bool | None:
    """Each loan has its own answer; of several at once a "no" counts. One that is only veiled, or is not any more, is
    no new one: both are compared as strangers see them."""
    if not isinstance(before, MyAccount):
        return None
    known = {one.key: veiled(one.renewal) for branch in before.loans for one in branch.loans}
    now = [(one.key, veiled(one.renewal)) for branch in after.loans for one in branch.loans]
    found = [renewal for key, renewal in now if known.get(key) != renewal]
    answered = [one for one in found if one is not None and not isinstance(one, Renewing)]
    if after.notice in _LISTENED_FOR and after.notice is not before.notice:
        return False
    return all(isinstance(one, Longer) for one in answered) if answered else None


def _said(row: Row) -> tuple[type, Gate]:
    return type(row), getattr(row, "gate", Gate.SAFE)


def light_of(screen: Screen, over: Over | None = None) -> Light:
    """What staff should see from afar; while the help card stands, that somebody asks for them."""
    if isinstance(screen, Closed | OutOfOrder) or isinstance(over, HelpCard):
        return Light.HELP
    if isinstance(screen, Rest):
        helpless = screen.troubles & {Trouble.NO_WAY_IN, Trouble.NOT_ADMITTED, Trouble.NO_CONNECTION}
        return Light.HELP if helpless else Light.READY
    return Light.BUSY


@dataclass(slots=True)
class Heard:
    """A picture that can be heard; one who draws knows nothing of it."""

    ui: Ui
    signals: Signals
    _before: Screen | None = None
    _light: Light | None = None

    def show(self, shown: Shown) -> None:
        """Draws it, and signals what is new in it."""
        self.ui.show(shown)
        before, self._before = self._before, shown.screen
        lit, self._light = self._light, light_of(shown.screen, shown.over)
        if before == shown.screen and lit is self._light:
            return
        self.signals.light(self._light)
        said = None if before is None else sound_of(before, shown.screen)
        if said is not None:
            (self.signals.success if said else self.signals.error)()


def _notice_is_new(before: Screen, after: Rest | LendOrReturn | Borrowing | Returning) -> bool:
    old = before.notice if isinstance(before, Rest | LendOrReturn | Borrowing | Returning) else None
    return after.notice in _LISTENED_FOR and after.notice is not old
