"""The buttons at rest that a library has chosen: what is left away is neither drawn, nor touched, nor told."""

from datetime import date

import pytest

from kiosk.spoken import choices_of, everything
from kiosk.texts.aloud import AloudTexts
from kiosk.ui import AccountSection, Intent, LendOrReturn, MyAccount, Rest, Returning, Shown
from tests.kiosk.world import ANNA, Kiosk, book, story

ALL = frozenset({Intent.BRING_BACK, Intent.ACCOUNT})
ALWAYS = frozenset({Intent.HELP, Intent.LANGUAGE, Intent.ACCESS})


@pytest.mark.parametrize("left", [frozenset(), {Intent.BRING_BACK}, {Intent.ACCOUNT}, ALL])
def test_what_is_left_away_cannot_be_reached_and_help_and_language_always_can(left: frozenset[Intent]) -> None:
    async def tell(kiosk: Kiosk) -> None:
        assert kiosk.offers() == ALWAYS | left
        assert choices_of(kiosk.shown()) == len(ALWAYS | left)
        for intent in ALL - left:
            await kiosk.touch(intent)
            screen = kiosk.screen()
            assert isinstance(screen, Rest)
            assert screen.notice is None
        if Intent.BRING_BACK in left:
            await kiosk.touch(Intent.BRING_BACK)
            assert isinstance(kiosk.screen(), Returning)

    story(tell, returns=True, accounts=True, buttons=left)()


def test_without_their_buttons_accounts_and_returns_are_had_by_pass_and_by_books() -> None:
    async def tell(kiosk: Kiosk) -> None:
        await kiosk.scan(book(1))
        assert isinstance(kiosk.screen(), LendOrReturn)
        await kiosk.touch(Intent.STOP)
        await kiosk.tap(ANNA)
        await kiosk.touch(Intent.ACCOUNT)
        screen = kiosk.screen()
        assert isinstance(screen, MyAccount)
        assert screen.section is AccountSection.LOANS

    story(tell, returns=True, accounts=True, buttons=())()


def test_the_librarys_own_welcome_is_said_where_it_is_drawn_and_in_no_other_language() -> None:
    texts, usual = AloudTexts("nl", "Fijn dat je er bent"), AloudTexts("nl")
    shown = Shown(Rest())
    own, standard = ([one.text for one in everything(shown, one, date(2026, 7, 22))] for one in (texts, usual))
    assert (own[0], standard[0]) == ("Fijn dat je er bent.", "Welkom.")
    assert own[1:] == standard[1:]
