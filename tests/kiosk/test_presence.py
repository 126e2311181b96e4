"""Whose visit it is: another's pass or ears neither read an absent patron's screen nor keep it open, and what comes and
goes by itself counts as somebody only so often."""

from collections.abc import Awaitable, Callable
from functools import partial
from itertools import cycle

import pytest

from circulation.identifiers import PassNumber
from circulation.outcomes import Refused
from circulation.presented import Presented, Source
from devices.ports import BarcodeScanned, HeadphonesChanged, Key, KeyPressed, PassPresented, PassUnreadable
from kiosk.bus import Stirred, Touched
from kiosk.presence import OFTEN, Presence, Sign
from kiosk.rows import Asking
from kiosk.ui import Borrowing, Intent, MyAccount, Notice, PinPad, Rest, Returning, StillThere
from kiosk.veil import MASK
from tests.kiosk.world import ANNA, BERT, HELD, Kiosk, book, story
from tests.kiosk.world import story as any_story

with_account = partial(any_story, accounts=True)
with_returns = partial(any_story, returns=True)
Act = Callable[[Kiosk], Awaitable[None]]


async def her_pass(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.take_away()


async def his_pass(kiosk: Kiosk) -> None:
    await kiosk.tap(BERT)


async def plug(kiosk: Kiosk) -> None:
    await kiosk.put(HeadphonesChanged("headphones", True, 0.0))


async def another_card(kiosk: Kiosk) -> None:
    await kiosk.put(PassUnreadable("pass_reader", "no pass", 0.0))


async def noise(kiosk: Kiosk) -> None:
    await kiosk.noise()


@story
async def test_anothers_pass_gives_its_notice_and_takes_no_veil_off(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.wait(25)
    await his_pass(kiosk)
    assert (kiosk.shown().masked, kiosk.titles()) == (True, [MASK])
    assert kiosk.borrowing().notice is Notice.OTHER_PASS
    await her_pass(kiosk)
    assert (kiosk.shown().masked, kiosk.titles()) == (False, [f"Title {book(1)}"])
    assert kiosk.borrowing().notice is None


@with_account
async def test_nor_off_an_account(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.touch(Intent.ACCOUNT)
    await kiosk.wait(25)
    await his_pass(kiosk)
    screen = kiosk.screen()
    assert isinstance(screen, MyAccount)
    assert (kiosk.shown().masked, screen.hidden, screen.notice) == (True, True, Notice.OTHER_PASS)
    await her_pass(kiosk)
    assert not kiosk.shown().masked


@story
async def test_nor_does_anothers_printed_pass_that_is_scanned(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.wait(25)
    await kiosk.scan(BERT)
    assert (kiosk.shown().masked, {*kiosk.titles()}) == (True, {MASK})
    await kiosk.scan(ANNA)
    assert not kiosk.shown().masked


@with_returns
async def test_a_pass_unveils_nothing_of_what_somebody_without_a_pass_brought_back(kiosk: Kiosk) -> None:
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.scan(book(1))
    await kiosk.wait(25)
    kiosk.desk.delay_s = 60
    await kiosk.scan(book(2))
    await kiosk.wait(25)
    assert kiosk.shown().masked
    seen = len(kiosk.ui.all)
    await his_pass(kiosk)
    since = [one for _, one in kiosk.ui.all[seen:] if isinstance(one.screen, Returning)]
    assert since
    assert all(one.masked for one in since)


@pytest.mark.parametrize("plays", [his_pass, plug, another_card, noise], ids=lambda one: one.__name__)
def test_only_a_touch_a_key_a_scan_or_the_own_pass_takes_the_veil_off(plays: Act) -> None:
    @story
    async def somebody_comes(kiosk: Kiosk) -> None:
        await kiosk.tap(ANNA)
        await kiosk.scan(book(1))
        await kiosk.wait(25)
        await plays(kiosk)
        assert (kiosk.shown().masked, kiosk.titles()) == (True, [MASK])
        await kiosk.put(KeyPressed("keypad", Key.NEXT, 0.0))
        assert (kiosk.shown().masked, kiosk.titles()) == (False, [f"Title {book(1)}"])

    somebody_comes()


@pytest.mark.parametrize("opens", [(), (Intent.ACCOUNT,)], ids=["borrowing", "account"])
def test_whoever_left_is_given_no_time_by_anothers_pass_and_may_still_come_back(opens: tuple[Intent, ...]) -> None:
    @with_account
    async def somebody_waits_for_the_kiosk(kiosk: Kiosk) -> None:
        await kiosk.tap(ANNA)
        for one in opens:
            await kiosk.touch(one)
        for _ in range(9):
            await kiosk.wait(5)
            await his_pass(kiosk)
            await kiosk.take_away()
        assert kiosk.shown().over == StillThere(20)
        await kiosk.wait(5)
        await his_pass(kiosk)
        assert kiosk.shown().over == StillThere(15), "the question is not his"
        assert getattr(kiosk.screen(), "notice", None) is Notice.OTHER_PASS
        await kiosk.wait(5)
        await her_pass(kiosk)
        assert (kiosk.shown().over, type(kiosk.screen())) == (None, MyAccount if opens else Borrowing)
        await kiosk.wait(46)
        await his_pass(kiosk)
        await kiosk.take_away()
        await kiosk.wait(19)
        assert isinstance(kiosk.screen(), Rest)
        await his_pass(kiosk)
        assert isinstance(kiosk.screen(), Borrowing)

    somebody_waits_for_the_kiosk()


@pytest.mark.parametrize("plays", [noise, another_card, her_pass], ids=lambda one: one.__name__)
@pytest.mark.parametrize("opens", [(), (Intent.ACCOUNT,)], ids=["borrowing", "account"])
def test_whoever_tries_what_cannot_be_read_is_there(opens: tuple[Intent, ...], plays: Act) -> None:
    @with_account
    async def somebody_tries(kiosk: Kiosk) -> None:
        await kiosk.tap(ANNA)
        for one in opens:
            await kiosk.touch(one)
        await kiosk.wait(40)
        await plays(kiosk)
        await kiosk.wait(44)
        assert kiosk.shown().over is None
        await kiosk.wait(10)
        assert isinstance(kiosk.shown().over, StillThere)
        await plays(kiosk)
        assert kiosk.shown().over is None
        await kiosk.wait(44)
        assert (kiosk.shown().over, type(kiosk.screen())) == (None, MyAccount if opens else Borrowing)

    somebody_tries()


@pytest.mark.parametrize(
    ("plays", "kind"),
    [(noise, 0), (another_card, 1), (her_pass, 2), (plug, 3)],
    ids=lambda one: getattr(one, "__name__", ""),
)
@pytest.mark.parametrize("opens", [(), (Intent.ACCOUNT,)], ids=["borrowing", "account"])
def test_what_comes_and_goes_by_itself_keeps_no_visit_open_and_no_title_drawn(
    opens: tuple[Intent, ...], plays: Act, kind: int
) -> None:
    @with_account
    async def everybody_is_gone(kiosk: Kiosk) -> None:
        often = [10, 3, 3, 3][kind]
        await kiosk.tap(ANNA)
        await kiosk.scan(book(1))
        for one in opens:
            await kiosk.touch(one)
        for _ in range(often):
            await kiosk.wait(15)
            await plays(kiosk)
        assert not kiosk.shown().masked
        for _ in range(4):
            await kiosk.wait(15)
            await plays(kiosk)
        assert kiosk.shown().masked
        assert isinstance(kiosk.shown().over, StillThere)
        await kiosk.wait(6)
        assert isinstance(kiosk.screen(), Rest)

    everybody_is_gone()


@story
async def test_a_touch_between_them_and_they_count_again(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    for _ in range(5):
        for _ in range(3):
            await kiosk.wait(40)
            await her_pass(kiosk)
        await kiosk.wait(40)
        await kiosk.touch(Intent.LANGUAGE, "nl")
    assert (kiosk.shown().over, type(kiosk.screen())) == (None, Borrowing)


@story
async def test_a_pass_at_the_edge_of_the_field_keeps_no_pin_pad_open_and_another_one_still_leaves_it(
    kiosk: Kiosk,
) -> None:
    kiosk.desk.pins[ANNA] = "1234"
    await kiosk.tap(ANNA)
    for _ in range(3):
        await kiosk.wait(30)
        await her_pass(kiosk)
    for _ in range(4):
        await kiosk.wait(15)
        await her_pass(kiosk)
    assert isinstance(kiosk.shown().over, StillThere)
    assert isinstance(kiosk.screen(), PinPad)
    await his_pass(kiosk)
    assert isinstance(kiosk.screen(), Borrowing)


@story
async def test_who_tries_an_unreadable_card_at_the_pin_pad_is_there(kiosk: Kiosk) -> None:
    kiosk.desk.pins[ANNA] = "1234"
    await kiosk.tap(ANNA)
    await kiosk.wait(50)
    await another_card(kiosk)
    assert (kiosk.shown().over, type(kiosk.screen())) == (None, PinPad)


def test_each_kind_counts_so_often_in_a_row_and_begins_anew_with_the_next_visit() -> None:
    presence, number = Presence(), PassNumber(ANNA)
    own = PassPresented("pass_reader", b"\x04\xa1\xb2\xc3\xd4\xe5\xf6", ANNA, False, 0.0)
    other = PassPresented("pass_reader", b"\x04\xa1\xb2\xc3\xd4\xe5\xf7", BERT, False, 0.0)
    for _ in range(2):
        presence.begin(Presented(Source.BARCODE, number))
        assert presence.sign_of(BarcodeScanned("item_scanner", ANNA, None, 0.0)) is Sign.READS
        assert presence.sign_of(own) is Sign.READS, "another way in, but the same number"
        assert presence.sign_of(other) is Sign.NONE
        signs = [presence.sign_of(HeadphonesChanged("headphones", True, 0.0)) for _ in range(5)]
        assert signs == [Sign.THERE] * OFTEN[HeadphonesChanged] + [Sign.NONE] * 2


async def _reads_again(kiosk: Kiosk, again: Act, times: int = 40) -> None:
    """So often, by itself, every five seconds, until the question stands or the visit is over."""
    for _ in range(times):
        await kiosk.wait(5)
        if not isinstance(kiosk.shown().screen, Borrowing):
            return
        await again(kiosk)


@pytest.mark.parametrize("reply", [None, HELD], ids=["lent", "refused"])
@pytest.mark.parametrize("left", [(1,), (1, 2)], ids=["one", "two"])
def test_a_label_left_under_a_scanner_keeps_no_visit_open_and_no_title_drawn(
    left: tuple[int, ...], reply: Refused | None
) -> None:
    @story
    async def everybody_is_gone(kiosk: Kiosk) -> None:
        turn = cycle(left)

        async def again(kiosk: Kiosk) -> None:
            await kiosk.scan(book(next(turn)))

        if reply is not None:
            kiosk.desk.replies = {book(one): [reply] for one in left}
        await kiosk.tap(ANNA)
        await kiosk.scan(book(9), *(book(one) for one in left))
        seen = len(kiosk.ui.all)
        await _reads_again(kiosk, again)
        assert isinstance(kiosk.screen(), Rest)
        drawn = [one for _, one in kiosk.ui.all[seen:] if isinstance(one.over, StillThere)]
        assert drawn[0].over == StillThere(20)
        assert all(one.masked for one in drawn)
        assert not any(isinstance(row, Asking) for one in drawn for row in getattr(one.screen, "rows", ()))

    everybody_is_gone()


@pytest.mark.parametrize("key", [Key.NEXT, Key.OK], ids=lambda one: one.name)
def test_nor_does_a_key_that_bounces_though_it_touches_a_button_each_time(key: Key) -> None:
    @story
    async def everybody_is_gone(kiosk: Kiosk) -> None:
        async def again(kiosk: Kiosk) -> None:
            await kiosk.put(KeyPressed("keypad", key, 0.0))
            if key is Key.OK:
                await kiosk.touch(Intent.LANGUAGE, "nl")

        await kiosk.tap(ANNA)
        await kiosk.scan(book(1))
        await _reads_again(kiosk, again, OFTEN[KeyPressed])
        assert (type(kiosk.screen()), kiosk.shown().masked) == (Borrowing, False), "it may be a long list"
        await _reads_again(kiosk, again)
        assert isinstance(kiosk.screen(), Rest)

    everybody_is_gone()


def test_a_key_between_two_others_a_new_label_and_a_button_begin_anew_and_two_that_take_turns_do_not() -> None:
    presence = Presence()
    turns = 2 * OFTEN[Stirred]
    next_one, other = KeyPressed("keypad", Key.NEXT, 0.0), KeyPressed("keypad", Key.OK, 0.0)
    for _ in range(turns):
        assert presence.sign_of(next_one) is presence.sign_of(other) is Sign.READS
    for one in (Touched(Intent.HELP), BarcodeScanned("item_scanner", book(1), None, 0.0)):
        presence.begin(None)
        signs = [presence.sign_of(Stirred()) for _ in range(turns)]
        assert signs.count(Sign.READS) == OFTEN[Stirred]
        assert presence.sign_of(one) is Sign.READS
        assert presence.sign_of(Stirred()) is Sign.READS
    label = BarcodeScanned("item_scanner", book(1), None, 0.0)
    signs = [presence.sign_of(one) for _ in range(turns) for one in (label, next_one, Stirred())]
    assert signs[-3:] == [Sign.NONE] * 3
