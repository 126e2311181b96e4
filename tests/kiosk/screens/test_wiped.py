"""When a visit is over the screen keeps nothing of it: not in its picture, not in what it would draw, not in memory."""

import gc
from datetime import date

import pytest

from kiosk.access import Access
from kiosk.loans import LoansOfBranch, OnLoan
from kiosk.rows import Lent, NotLent, Undone
from kiosk.ui import AccessCard, Borrowing, Finished, MyAccount, Receipt, ReceiptState, Rest, Screen, StillThere
from kiosk.veil import veiled
from tests.kiosk.screens.conftest import Kiosk
from tests.kiosk.screens.scenes import HELD

SECRET = "Zeldzaamheid"
ARABIC = "أسرار"
VISIT = Borrowing(
    (Lent("3", f"{SECRET} {ARABIC}", date(2026, 8, 12)), NotLent("2", HELD, f"{SECRET} 2"), Undone("1", f"{SECRET} 3")),
    lent=1,
    may_borrow=9,
    first_name=f"Anna{SECRET}",
    messages=(f"{SECRET} 4",),
)
ACCOUNT = MyAccount(
    loans=(LoansOfBranch("3550", "Bibliotheek Annen", (OnLoan("l0", f"{SECRET} {ARABIC}", date(2026, 8, 12)),)),),
    first_name=f"Anna{SECRET}",
)


def _kept() -> list[str]:
    """All strings that say something of it in what Kivy and the screens hold."""
    from kivy.core.text import LabelBase
    from kivy.uix.label import Label

    gc.collect()
    found = [one.text for one in gc.get_objects() if issubclass(type(one), Label | LabelBase)]
    return [one for one in found if SECRET in one or ARABIC in one]


@pytest.mark.parametrize("access", [Access(), Access(contrast=True, text=200)], ids=["usual", "changed"])
@pytest.mark.parametrize(
    "after", [Rest(), Finished(1), Receipt(ReceiptState.PRINTED, 1)], ids=lambda one: type(one).__name__
)
@pytest.mark.parametrize("visit", [VISIT, ACCOUNT], ids=lambda one: type(one).__name__)
def test_nothing_of_a_visit_is_left_on_the_screen_or_behind_it(
    kiosk: Kiosk, visit: Screen, after: Screen, access: Access
) -> None:
    from kiosk.screens.lettering import _extents, runs

    kiosk.show(after)
    before = kiosk.pixels()
    for over in (None, StillThere(9), AccessCard(access)):
        kiosk.show(visit, over, access=access)
        kiosk.pixels()
    assert _kept()
    kiosk.show(after)
    kiosk.turn(4)
    assert kiosk.pixels() == before
    assert _kept() == []
    assert runs.cache_info().currsize == 0
    assert [one for one in _extents if SECRET in one[-1] or ARABIC in one[-1]] == []


def test_a_veiled_screen_shows_no_title_and_tells_that_somebody_stirred_as_one_without_a_veil_does(
    kiosk: Kiosk,
) -> None:
    kiosk.show(VISIT)
    kiosk.show(veiled(VISIT), masked=True)
    assert _kept() == []
    kiosk.tap(540, 1500)
    assert (kiosk.touched, kiosk.stirred) == ([], 1)
    kiosk.show(VISIT)
    kiosk.tap(540, 1500)
    assert (kiosk.touched, kiosk.stirred) == ([], 2)
