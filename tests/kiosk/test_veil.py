"""After a while without a touch titles, a name and messages become a mask; whoever stirs reads them again."""

from dataclasses import asdict, replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circulation.identifiers import PatronRef
from circulation.outcomes import Identified
from kiosk import account_words
from kiosk.bus import Stirred
from kiosk.rows import Lent, NotAsked, Switching, Undone
from kiosk.sentences import is_child
from kiosk.settings import Patience
from kiosk.texts import Texts
from kiosk.ui import Borrowing, Finished, Intent, MyAccount, Rest, StillThere
from kiosk.veil import MASK, veiled
from tests.kiosk.screens.account_scenes import SCENES
from tests.kiosk.world import ANNA, Kiosk, book, story

DUE = date(2026, 8, 12)


@story
async def test_after_twenty_seconds_no_title_is_shown_and_what_became_of_the_books_still_is(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    before = kiosk.borrowing()
    await kiosk.wait(19.5)
    assert (kiosk.shown().masked, kiosk.borrowing()) == (False, before)
    await kiosk.wait(1.0)
    assert kiosk.shown().masked
    assert kiosk.titles() == [MASK]
    assert book(1) not in repr(asdict(kiosk.shown()))
    assert (kiosk.borrowing().lent, kiosk.borrowing().rows[0].key) == (1, before.rows[0].key)


def test_k4_that_it_was_theirs_before_or_reserved_goes_with_its_title() -> None:
    row = Lent("1", "Oeroeg", DUE, borrowed_before=True, hold_filled=True)
    assert veiled(Borrowing((row, Switching("2", row)), lent=1)) == Borrowing(
        (Lent("1", MASK, DUE), Switching("2", Lent("1", MASK, DUE))), lent=1
    )


@story
async def test_a_touch_anywhere_shows_them_again_and_time_counts_anew(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    before = kiosk.shown()
    await kiosk.wait(21)
    await kiosk.put(Stirred())
    assert kiosk.shown() == before
    await kiosk.wait(19)
    assert not kiosk.shown().masked
    await kiosk.wait(2)
    assert kiosk.shown().masked


@story
async def test_a_scan_and_a_touched_button_show_them_again_and_do_what_they_do(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.wait(21)
    await kiosk.scan(book(2))
    assert not kiosk.shown().masked
    assert MASK not in kiosk.titles()
    assert len(kiosk.titles()) == 2
    await kiosk.wait(21)
    assert kiosk.titles() == [MASK, MASK]
    await kiosk.touch(Intent.HELP)
    assert not kiosk.shown().masked
    assert MASK not in kiosk.titles()


@story
async def test_the_question_whether_somebody_is_there_lies_over_a_veiled_screen(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.wait(50)
    assert isinstance(kiosk.shown().over, StillThere)
    assert (kiosk.shown().masked, kiosk.titles()) == (True, [MASK])
    await kiosk.touch(Intent.MORE_TIME)
    assert not kiosk.shown().masked


@story
async def test_where_it_is_asked_sooner_whether_somebody_is_there_the_screen_is_veiled_no_later(kiosk: Kiosk) -> None:
    kiosk.patience = Patience(idle=10)
    await kiosk.restart()
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.wait(15)
    assert (kiosk.shown().over, kiosk.shown().masked) == (StillThere(15), False)
    await kiosk.wait(4.5)
    assert (kiosk.shown().over, kiosk.shown().masked) == (StillThere(11), False)
    await kiosk.wait(1)
    assert (kiosk.shown().over, kiosk.shown().masked) == (StillThere(10), True)
    await kiosk.put(Stirred())
    await kiosk.wait(1)
    assert (kiosk.shown().over, kiosk.shown().masked) == (StillThere(19), False), "they are there, and still asked"


@story
async def test_whoever_comes_next_begins_unveiled(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.wait(200)
    assert (type(kiosk.screen()), kiosk.shown().masked) == (Rest, False)
    await kiosk.tap(ANNA)
    assert not kiosk.shown().masked


@story
async def test_where_nothing_is_private_nothing_is_veiled(kiosk: Kiosk) -> None:
    shown = len(kiosk.ui.all)
    await kiosk.wait(60)
    assert not any(one.masked for _, one in kiosk.ui.all[shown:])


def test_what_lies_within_a_row_is_veiled_too_and_what_is_nobodys_stays_the_same_fact() -> None:
    lent = Lent("1", "Oeroeg", DUE)
    screen = Borrowing(
        (Switching("2", lent), Undone("1", "Het diner"), NotAsked("0")), first_name="Anna", messages=("a",)
    )
    hidden = veiled(screen)
    assert "Oeroeg" not in repr(asdict(hidden))
    assert (hidden.first_name, hidden.messages) == ("", (MASK,))
    assert hidden.rows[2] is screen.rows[2]
    finished = Finished(3)
    assert veiled(finished) is finished


@given(st.lists(st.text(min_size=1)), st.text(), st.lists(st.text()))
def test_whatever_the_titles_veiling_twice_is_veiling_once(titles: list[str], name: str, said: list[str]) -> None:
    screen = Borrowing(
        tuple(Lent(str(at), one, DUE) for at, one in enumerate(titles)), first_name=name, messages=tuple(said)
    )
    once = veiled(screen)
    assert veiled(once) == once
    assert {one.title for one in once.rows if isinstance(one, Lent)} <= {MASK}


@pytest.mark.parametrize("language", ["nl", "en"])
def test_k2_a_child_s_account_stays_one_under_the_veil(language: str) -> None:
    texts = Texts(language)
    for name in ("account-fees-child", "account-child", "account-refused-child"):
        screen, _ = SCENES[name]
        assert isinstance(screen, MyAccount)
        hidden = veiled(replace(screen, child=True))
        assert (hidden.first_name, is_child(hidden)) == ("", True)
        assert account_words.sum_of_fees(texts, hidden) == account_words.sum_of_fees(texts, screen)
        assert not is_child(veiled(replace(screen, first_name="")))


@story
async def test_k2_of_a_child_that_is_known_by_its_name_alone_the_veil_takes_only_that(kiosk: Kiosk) -> None:
    kiosk.desk.patrons[ANNA] = Identified(PatronRef("anna"), first_name="Daan", may_borrow=10)
    await kiosk.tap(ANNA)
    assert kiosk.borrowing().first_name == "Daan"
    await kiosk.scan(book(1))
    await kiosk.wait(21)
    screen = kiosk.shown().screen
    assert isinstance(screen, Borrowing)
    assert (screen.first_name, screen.child, kiosk.shown().masked) == ("", True, True)


def test_of_an_account_no_title_amount_or_membership_is_shown_and_a_loan_can_still_be_renewed() -> None:
    for screen, _ in SCENES.values():
        if isinstance(screen, MyAccount):
            hidden = veiled(screen)
            assert hidden.hidden
            assert {one.title for branch in hidden.loans for one in branch.loans} <= {MASK}
            assert {one.title for one in hidden.holds} | {one.product for one in hidden.memberships} <= {MASK}
            assert {*hidden.history} <= {MASK}
            assert {hidden.payable, *(one.cents for one in hidden.fees)} <= {-1, 0, 1}
            assert hidden.can_renew is screen.can_renew
            assert veiled(hidden) == hidden


def test_the_address_of_a_receipt_is_masked_and_it_can_still_be_mailed() -> None:
    assert veiled(Finished(3, mail_to="a…@b.nl")).mail_to == MASK
