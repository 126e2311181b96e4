"""The account under a finger: its buttons tell what they name, scrolling is no touch, and the first card comes low."""

from dataclasses import replace
from typing import Any

import pytest

from kiosk import sentences
from kiosk.access import Access
from kiosk.bus import Touched
from kiosk.loans import Longer, OnLoan
from kiosk.rows import Lent, NotLent
from kiosk.screens.look import look
from kiosk.texts import Texts, available
from kiosk.ui import AccountSection, Borrowing, Intent, MyAccount, NoAccount, Rest, Shown
from kiosk.veil import veiled
from tests.kiosk.screens.account_scenes import DUE, HISTORY, HOLDS, LATER, LOANS, MANY, TODAY, TWO_BRANCHES, here
from tests.kiosk.screens.conftest import Kiosk
from tests.kiosk.screens.layout import labels
from tests.kiosk.screens.scenes import SCENES, SIZES

SEATED = Access(low=True, still=True)


def _list(kiosk: Kiosk) -> Any:
    return kiosk.stage._page.ids.cards


def _middle(kiosk: Kiosk, button: Any) -> tuple[float, float]:
    x, y = button.to_window(*button.center)
    return float(x), float(y)


def _renewing(kiosk: Kiosk) -> list[Any]:
    return [one for one in kiosk.stage.touchable() if one.intent == "renew"]


@pytest.mark.parametrize("language", ["nl", "ar"])
@pytest.mark.parametrize("size", SIZES)
def test_the_button_of_a_loan_tells_which_one(kiosk: Kiosk, size: tuple[int, int], language: str) -> None:
    kiosk.resize(size)
    kiosk.show(MyAccount(loans=LOANS), None, language)
    kiosk.rested()
    first = _renewing(kiosk)[0]
    kiosk.tap(*_middle(kiosk, first))
    assert kiosk.touched == [Touched(Intent.RENEW, "l0")]


def test_a_loan_that_cannot_be_renewed_has_no_button(kiosk: Kiosk) -> None:
    loans = here(OnLoan("l0", "Oeroeg", DUE, renewable=False), OnLoan("l1", "Oeroeg", DUE, renewal=Longer(LATER)))
    kiosk.show(MyAccount(loans=loans))
    assert not _renewing(kiosk)
    assert not [one for one in kiosk.stage.touchable() if one.intent == "renew_all"]


@pytest.mark.parametrize("name", ["account", "account-no-renewals"])
def test_k13_and_says_why_and_what_next(kiosk: Kiosk, name: str) -> None:
    screen, _ = SCENES[name]
    assert isinstance(screen, MyAccount)
    kiosk.show(screen)
    drawn = " ".join(one.text for one in labels(kiosk.stage.ids.pages))
    no = screen.no_renewals or screen.loans[0].loans[-1].refused
    assert no is not None
    said = sentences.refused(Texts("nl"), no, TODAY)
    assert drawn.count(said.why) == drawn.count(said.next) == 1


@pytest.mark.parametrize("language", available())
@pytest.mark.parametrize("name", ["borrow-cannot-child", "account-refused-child", "account-fees-child"])
def test_k2_a_child_reads_that_something_stands_open_without_its_amount(kiosk: Kiosk, name: str, language: str) -> None:
    screen, _ = SCENES[name]
    assert isinstance(screen, Borrowing | MyAccount)
    next_step = Texts(language).say("account.fees.child.next")
    for first_name, child, amount in (("Marieke", False, False), ("", True, False), ("", False, True)):
        kiosk.show(replace(screen, first_name=first_name, child=child), None, language)
        drawn = " ".join(one.text for one in labels(kiosk.stage.ids.pages))
        assert ("123" in drawn or "1.234" in drawn or "57" in drawn) is amount, drawn
        assert (next_step in drawn) is not amount, drawn


def test_a_finger_that_pulls_the_list_renews_nothing(kiosk: Kiosk) -> None:
    kiosk.show(MyAccount(loans=MANY))
    kiosk.rested()
    x, y = _middle(kiosk, _renewing(kiosk)[2])
    kiosk.down(x, y)
    assert _renewing(kiosk)[2].held
    for step in range(0, 64, 4):
        kiosk.move(x, y + step)  # the button moves along, and stays under it
    kiosk.up(x, y + 60)
    assert kiosk.touched == []
    assert _list(kiosk)._offset > 50


def test_a_button_that_was_pulled_away_with_the_list_is_not_held_by_that_finger_any_more(kiosk: Kiosk) -> None:
    kiosk.show(MyAccount(loans=MANY))
    kiosk.rested()
    pulled = _renewing(kiosk)[1]
    x, y = _middle(kiosk, pulled)
    kiosk.down(x, y)
    kiosk.move(x, y + look.u(40))
    assert not pulled.held
    kiosk.up(x, y + look.u(40))
    for _ in range(2):
        kiosk.rested()
        x, y = _middle(kiosk, pulled)
        kiosk.down(x, y)
        kiosk.move(x + 3000, y)
        assert not pulled.held, "no finger is upon it"
        kiosk.up(x + 3000, y)
    assert kiosk.touched == []


@pytest.mark.parametrize("lifted", [True, False])
def test_a_finger_that_is_down_when_the_veil_comes_or_goes_renews_what_it_holds(kiosk: Kiosk, lifted: bool) -> None:
    account = MyAccount(loans=MANY)
    veil = veiled(account)
    kiosk.show(veil if lifted else account, masked=lifted)
    kiosk.rested()
    x, y = _middle(kiosk, _renewing(kiosk)[1])
    kiosk.down(x, y)
    kiosk.show(account if lifted else veil, masked=not lifted)
    assert _renewing(kiosk)[1].held
    kiosk.up(x, y)
    assert [one for one in kiosk.touched if isinstance(one, Touched)] == [Touched(Intent.RENEW, "l1")]


def test_of_sixty_loans_those_in_sight_exist_and_the_last_can_be_reached(kiosk: Kiosk) -> None:
    kiosk.show(MyAccount(loans=MANY))
    assert len(_list(kiosk).in_sight) < 12
    for _ in range(40):
        kiosk.down(300, 800)
        kiosk.move(300, 1300)
        kiosk.up(300, 1300)
    assert _list(kiosk).in_sight[-1].title == "Deel 60"
    kiosk.rested()
    kiosk.tap(*_middle(kiosk, _renewing(kiosk)[-1]))
    assert kiosk.touched == [Touched(Intent.RENEW, "l59")]


def test_the_first_loan_can_be_pulled_down_to_where_who_sits_can_reach(kiosk: Kiosk) -> None:
    kiosk.show(MyAccount(loans=LOANS))
    assert _middle(kiosk, _renewing(kiosk)[0])[1] > 1300
    for _ in range(4):
        kiosk.down(300, 1200)
        kiosk.move(300, 700)
        kiosk.up(300, 700)
    assert _middle(kiosk, _renewing(kiosk)[0])[1] < 900
    kiosk.show(MyAccount(loans=LOANS, holds=HOLDS))
    assert _list(kiosk).in_sight


def test_k4_what_was_brought_back_stands_under_all_loans_without_a_button(kiosk: Kiosk) -> None:
    screen = MyAccount(loans=TWO_BRANCHES, history=HISTORY)
    for access in (Access(), SEATED):
        kiosk.show(Rest(), access=access)
        kiosk.show(screen, access=access)
        cards = _list(kiosk)._cards
        titles = [one.title for one in cards]
        assert not any(one.act for one in cards if one.title in HISTORY and one.key.startswith("history:"))
        heading = titles.index("Eerder geleend")
        under = titles[heading + 1 :] if access is not SEATED else titles[titles.index("Turks fruit") : heading]
        assert under == [*HISTORY]
        assert titles.index("Het diner") < titles.index("Turks fruit")
    for section in {*AccountSection} - {AccountSection.LOANS}:
        kiosk.show(replace(screen, section=section))
        assert "Eerder geleend" not in [one.title for one in _list(kiosk)._cards]


def test_k4_where_nothing_is_on_loan_what_was_brought_back_stands_under_that(kiosk: Kiosk) -> None:
    kiosk.show(MyAccount(history=HISTORY))
    assert [one.key for one in _list(kiosk)._cards] == ["nothing", "history", "history:0", "history:1", "history:2"]
    kiosk.show(MyAccount(history=HISTORY * 20))
    assert len(_list(kiosk).in_sight) < 12


def test_n10_the_code_stands_on_each_card_of_its_case_and_large_where_the_account_is_refused(kiosk: Kiosk) -> None:
    def coded() -> list[str]:
        return [one.key for one in _list(kiosk)._cards if "code KZTP" in one.next]

    screen = SCENES["account-refused-code"][0]
    assert isinstance(screen, MyAccount)
    kiosk.show(screen)
    assert coded() == ["loan:l7"]
    refused = SCENES["borrow-no-code"][0]
    assert isinstance(refused, Borrowing)
    kiosk.show(refused)
    assert coded() == ["row:3"]
    again = replace(refused.rows[0], key="9")
    kiosk.show(replace(refused, rows=(again, *refused.rows)))
    assert coded() == ["row:9", "row:3"]
    no = again.refused if isinstance(again, NotLent) else None
    kiosk.show(replace(refused, cannot_borrow=no, code_of=None))
    assert coded() == ["cannot"]
    kiosk.show(SCENES["no-account-code"][0])
    assert kiosk.stage._page.code.split() == [*"KZTPBCDF"]
    kiosk.show(NoAccount())
    assert kiosk.stage._page.code == kiosk.stage._page.note == ""


def _pulled_down(kiosk: Kiosk, times: int = 1) -> None:
    for _ in range(times):
        kiosk.down(300, 880)
        kiosk.move(300, 720)
        kiosk.up(300, 720)


def test_who_sits_finds_what_is_first_lowest_and_draws_the_others_down_to_it(kiosk: Kiosk) -> None:
    kiosk.show(MyAccount(loans=MANY), access=SEATED)
    lowest = min(_renewing(kiosk), key=lambda one: one.to_window(*one.pos)[1])
    kiosk.rested()
    kiosk.tap(*_middle(kiosk, lowest))
    assert kiosk.touched == [Touched(Intent.RENEW, "l0")]
    assert _middle(kiosk, lowest)[1] + lowest.height / 2 < 900
    shown = [one.title for one in _list(kiosk).in_sight]
    assert shown[:3] == ["Deel 1", "Deel 2", "Deel 3"]
    assert [one.y for one in _list(kiosk).in_sight] == sorted(one.y for one in _list(kiosk).in_sight)
    _pulled_down(kiosk, 100)
    assert [one.title for one in _list(kiosk).in_sight] == ["Deel 60"]
    kiosk.rested()
    kiosk.tap(*_middle(kiosk, _renewing(kiosk)[-1]))
    assert kiosk.touched == [Touched(Intent.RENEW, "l59")]
    assert _middle(kiosk, _renewing(kiosk)[-1])[1] < 900


def test_of_a_list_that_rises_a_branch_stands_above_its_loans_and_the_bar_says_where_it_is(kiosk: Kiosk) -> None:
    kiosk.show(MyAccount(loans=TWO_BRANCHES), access=SEATED)
    assert _list(kiosk).in_sight[0].title == "Oeroeg"
    _pulled_down(kiosk, 4)
    titles = [one.title for one in _list(kiosk).in_sight]  # from below
    first, second = titles.index("3540 Bibliotheek Annen"), titles.index("3550 Bibliotheek Oosterzele")
    assert titles.index("De ontdekking van de hemel") < first < titles.index("Het diner") < second
    kiosk.show(Rest(), access=SEATED)
    kiosk.show(MyAccount(loans=MANY), access=SEATED)
    bar, where = _list(kiosk)._bar, []
    for _ in range(3):
        where.append(bar.pos[1])
        _pulled_down(kiosk)
    assert where == sorted(where)
    assert where[0] == _list(kiosk).y < where[1]


def test_of_a_list_that_rises_a_card_higher_than_it_is_read_from_its_first_line(kiosk: Kiosk) -> None:
    kiosk.resize(SIZES[1])
    seated = Access(low=True, text=200)
    kiosk.show(Borrowing(may_borrow=9), access=seated)
    kiosk.show(SCENES["borrow-cannot-code"][0], access=seated)
    (card,), within = _list(kiosk).in_sight, _list(kiosk)
    assert card.height > within.height
    assert abs(card.y + card.height - within.y - within.height) < 2
    x, y = within.x + 60, within.y + 60
    kiosk.down(x, y)
    kiosk.move(x, y + 300)
    kiosk.up(x, y + 300)
    assert abs(card.y - within.y) < 2, "its last line"


def test_the_newest_comes_at_the_bottom_of_a_list_that_rises(kiosk: Kiosk) -> None:
    look.moves = True
    rows = tuple(Lent(str(at), f"Deel {at}", DUE) for at in range(9, 0, -1))
    kiosk.show(Borrowing(rows[1:], lent=8, may_borrow=9), access=Access(low=True))
    _pulled_down(kiosk, 3)
    kiosk.app.show(Shown(Borrowing(rows, lent=9, may_borrow=8), access=Access(low=True)))
    kiosk.turn(2)
    assert _list(kiosk).in_sight[0].title == "Deel 9"
    assert _list(kiosk).in_sight[0].y < _list(kiosk).y, "it comes from below"
    kiosk.until(lambda: _list(kiosk).in_sight[0].y == _list(kiosk).y)


def test_a_button_that_is_cut_off_by_the_edge_does_not_act(kiosk: Kiosk) -> None:
    kiosk.show(MyAccount(loans=MANY))
    inside = _list(kiosk)
    for button in _renewing(kiosk):
        _, bottom = button.to_window(*button.pos)
        assert inside.y - 1 <= bottom
        assert bottom + button.height <= inside.y + inside.height + 1


@pytest.mark.parametrize("size", SIZES)
def test_a_section_is_chosen_by_its_button(kiosk: Kiosk, size: tuple[int, int]) -> None:
    kiosk.resize(size)
    kiosk.show(MyAccount(loans=LOANS, holds=HOLDS))
    for at, section in enumerate(AccountSection):
        kiosk.rested()
        kiosk.tap(*_middle(kiosk, [one for one in kiosk.stage.touchable() if one.intent == "section"][at]))
        assert kiosk.touched == [Touched(Intent.SECTION, section.value)]


def test_branches_are_named_where_there_is_more_than_one(kiosk: Kiosk) -> None:
    """N4."""
    kiosk.show(MyAccount(loans=LOANS))
    assert next(one.title for one in _list(kiosk)._cards) == "Oeroeg"
    kiosk.show(MyAccount(loans=TWO_BRANCHES))
    titles = [one.title for one in _list(kiosk)._cards]
    assert titles[0] == "3540 Bibliotheek Annen"
    assert "3550 Bibliotheek Oosterzele" in titles


def test_what_is_ready_is_said_before_the_loans(kiosk: Kiosk) -> None:
    kiosk.show(MyAccount(loans=LOANS, holds=HOLDS))
    assert _list(kiosk)._cards[0].key == "ready"


@pytest.mark.parametrize("section", AccountSection)
@pytest.mark.parametrize("size", SIZES)
def test_that_there_is_nothing_is_said_on_every_screen(
    kiosk: Kiosk, size: tuple[int, int], section: AccountSection
) -> None:
    """On a small screen there is no room for a sentence above the list: nothing at all stood there."""
    kiosk.resize(size)
    kiosk.show(MyAccount(section))
    assert [bool(one.next) for one in _list(kiosk).in_sight] == [True]


def test_nothing_of_a_patron_stays_on_a_page_that_was_left(kiosk: Kiosk) -> None:
    kiosk.show(MyAccount(loans=LOANS, holds=HOLDS, first_name="Marieke"))
    page = kiosk.stage._page
    kiosk.show(Rest())
    assert _cards(page) == ()
    assert "Marieke" not in page.title


def _cards(page: Any) -> tuple[Any, ...]:
    return tuple(page.ids.cards._cards)
