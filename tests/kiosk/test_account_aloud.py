"""My account read aloud over the loudspeaker, story by story: the room hears that there is an answer, and no more."""

from collections.abc import Awaitable, Callable
from datetime import date

import pytest

from circulation.affairs import LoanLine
from circulation.identifiers import ItemBarcode, PatronRef
from circulation.outcomes import Identified, NextStep, Reason, Refused
from devices.ports import Key
from devices.speaker import Hearers
from kiosk.aid import Aid
from kiosk.ui import Intent, NoAccount, Rest, StillThere
from tests.kiosk.accounts import account
from tests.kiosk.test_aid import Listener, plug, press
from tests.kiosk.virtual_time import VirtualLoop, play
from tests.kiosk.world import ANNA, KINDS, Kiosk, book

TODAY = date(2026, 7, 22)
OWES = Refused(Reason.OPEN_AMOUNT, "F4", NextStep.DESK, {"cents": 1250, "limit": 1000})
ENDED = Refused(Reason.LAPSED, "S7", NextStep.DESK, {"ended": date(2024, 9, 30)})
GUEST = Refused(Reason.GUEST_ENDED, "G7", NextStep.OWN_LIBRARY)
HELPS = "Dat lukt hier nu niet. Ga naar de balie. Daar helpen we je."


def aloud(tell: Callable[[Kiosk, Listener], Awaitable[None]], hearers: Hearers = Hearers.ALL) -> None:
    """Plays it at a kiosk that reads aloud, or to one pair of ears, and shows accounts."""
    loop, ears = VirtualLoop(), Listener()
    kiosk = Kiosk(loop, KINDS, accounts=True)
    kiosk.stage._aid = Aid(ears, ears, ("nl", "en"), lambda: TODAY, loudspeaker=True, clock=loop.time)

    async def whole() -> None:
        await kiosk.begin()
        await (press(kiosk, Key.REPEAT) if hearers is Hearers.ALL else plug(kiosk))
        await tell(kiosk, ears)
        kiosk.check()
        assert {how[2] for how in ears.how} == {hearers}

    play(whole(), loop)


@pytest.mark.parametrize("no", [OWES, ENDED, GUEST], ids=lambda one: one.reason.value)
@pytest.mark.parametrize("every", [False, True])
@pytest.mark.parametrize("name", ["", "Ria"])
def test_a_refused_renewal_tells_nobody_else_why_or_that_the_book_is_late(no: Refused, every: bool, name: str) -> None:
    async def tell(kiosk: Kiosk, ears: Listener) -> None:
        late = LoanLine(ItemBarcode(book(1)), "Oeroeg", TODAY, overdue=True)
        kiosk.desk.accounts[ANNA] = account(late)
        kiosk.desk.patrons[ANNA] = Identified(PatronRef("anna"), may_borrow=10, first_name=name)
        kiosk.desk.renewals[book(1)] = no
        kiosk.desk.renewed_all = no
        await kiosk.tap(ANNA)
        await kiosk.touch(Intent.ACCOUNT)
        ears.since()
        await (kiosk.touch(Intent.RENEW_ALL) if every else kiosk.touch(Intent.RENEW, "l0"))
        await press(kiosk, Key.REPEAT)
        heard = ears.since()
        assert HELPS in heard
        assert not [one for one in heard if "Te laat" in one or "12" in one or "2024" in one or "Oeroeg" in one]

    aloud(tell)


def test_whoever_only_listens_hears_a_long_account_to_its_end_before_they_are_asked_whether_they_are_there() -> None:
    async def tell(kiosk: Kiosk, ears: Listener) -> None:
        titles = [f"De geschiedenis van de bibliotheek, deel {at}" for at in range(1, 11)]
        lines = (LoanLine(ItemBarcode(book(at)), title, TODAY) for at, title in enumerate(titles, 1))
        kiosk.desk.accounts[ANNA] = account(*lines)
        await kiosk.tap(ANNA)
        ears.heard.clear()
        await kiosk.touch(Intent.ACCOUNT)
        said, takes_s = list(ears.heard), -(kiosk.stage.silent_s or 0)
        assert [title for title in titles if not any(title in one for one in said)] == []
        assert takes_s > kiosk.patience.idle
        await kiosk.wait(takes_s + kiosk.patience.idle - 1)
        assert ears.heard == said, "nothing was cut off, nor begun anew"
        await kiosk.wait(2)
        assert isinstance(kiosk.shown().over, StillThere)
        await kiosk.wait(kiosk.patience.warning)
        assert isinstance(kiosk.screen(), Rest)

    aloud(tell, Hearers.ONE)


def test_whoever_may_not_see_the_account_hears_who_helps() -> None:
    async def tell(kiosk: Kiosk, ears: Listener) -> None:
        kiosk.desk.accounts[ANNA] = ENDED
        await kiosk.tap(ANNA)
        ears.since()
        await kiosk.touch(Intent.ACCOUNT)
        assert kiosk.screen() == NoAccount(ENDED)
        assert ears.since() == [HELPS, "Je hebt 4 keuzes."]

    aloud(tell)
