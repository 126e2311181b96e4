"""Who comes while another one is still being served is served next, without showing the pass again."""

import pytest

from devices.ports import Health, PassFound, PassPresented, PassRemoved
from kiosk.ui import Borrowing, Finished, Intent, LendOrReturn, MyAccount, Notice, Receipt, Rest
from tests.kiosk.accounts import account, loan
from tests.kiosk.world import ANNA, BERT, Kiosk, book, story

BERTS = "04A1B2C3D4E5F7"
CAROL = "20000000000030"
CHIP = "20000000000055"


async def bert_waits(kiosk: Kiosk) -> None:
    """Anna has gone from the reader, and Bert has laid his pass there."""
    await kiosk.take_away()
    await kiosk.tap(BERT, uid=BERTS)


@story
async def test_a_pass_that_was_laid_there_during_a_visit_begins_the_next_one(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await bert_waits(kiosk)
    assert kiosk.borrowing().notice is Notice.OTHER_PASS
    await kiosk.touch(Intent.STOP)
    assert isinstance(kiosk.screen(), Finished)
    await kiosk.touch(Intent.NO_RECEIPT)
    await kiosk.wait(1)
    assert kiosk.borrowing().rows == ()
    await kiosk.scan(book(2))
    assert kiosk.desk.asked == [(ANNA, book(1)), (BERT, book(2))]


async def on_the_pad(kiosk: Kiosk, number: str, uid: str = BERTS) -> None:
    """A pass on a second reader."""
    await kiosk.put(PassPresented("item_pad", bytes.fromhex(uid), number, False, 0.0))


@story
async def test_a_pass_that_somebody_forgot_before_is_nobody_s_turn(kiosk: Kiosk) -> None:
    await kiosk.tap(BERT, uid=BERTS)
    await kiosk.touch(Intent.STOP)
    await kiosk.wait(1)
    assert kiosk.screen() == Rest(notice=Notice.PASS_LEFT)
    await kiosk.scan(ANNA)
    await kiosk.scan(book(1))
    await kiosk.touch(Intent.STOP)
    await kiosk.touch(Intent.NO_RECEIPT)
    await kiosk.wait(1)
    assert kiosk.screen() == Rest(notice=Notice.PASS_LEFT), "Bert's account would be open for anybody"
    await kiosk.take_away()
    await kiosk.tap(BERT, uid=BERTS)
    assert isinstance(kiosk.screen(), Borrowing)


@story
async def test_two_that_were_forgotten_do_not_take_turns(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await on_the_pad(kiosk, BERT)
    await kiosk.touch(Intent.STOP)
    await kiosk.wait(1)
    assert isinstance(kiosk.screen(), Borrowing), "Bert came while Anna was served"
    await kiosk.touch(Intent.STOP)
    await kiosk.wait(1)
    assert kiosk.screen() == Rest(notice=Notice.PASS_LEFT)


def test_who_waits_and_scans_upon_the_last_screen_is_served_by_that_pass() -> None:
    async def tell(kiosk: Kiosk) -> None:
        await kiosk.tap(ANNA)
        await kiosk.scan(book(1))
        await bert_waits(kiosk)
        await kiosk.touch(Intent.DONE)
        assert isinstance(kiosk.screen(), Finished)
        await kiosk.scan(book(2))
        await kiosk.wait(1)
        assert kiosk.desk.asked == [(ANNA, book(1)), (BERT, book(2))]

    story(tell, returns=True)()


@story
async def test_a_pass_that_is_scanned_upon_the_last_screen_comes_before_one_that_lies_there(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await bert_waits(kiosk)
    await kiosk.touch(Intent.DONE)
    kiosk.desk.patrons[CAROL] = kiosk.desk.patrons[BERT]
    await kiosk.scan(CAROL)
    await kiosk.wait(1)
    await kiosk.scan(book(3))
    assert kiosk.desk.asked[-1] == (CAROL, book(3))


@story
async def test_a_pass_that_was_taken_away_again_begins_nothing(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await bert_waits(kiosk)
    await kiosk.take_away()
    await kiosk.touch(Intent.STOP)
    await kiosk.wait(1)
    assert kiosk.screen() == Rest()


@story
async def test_one_s_own_pass_that_lies_there_begins_no_second_visit(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.touch(Intent.STOP)
    await kiosk.wait(1)
    assert kiosk.screen() == Rest(notice=Notice.PASS_LEFT)


@story
async def test_who_waits_is_served_when_the_one_before_fell_silent(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await bert_waits(kiosk)
    await kiosk.wait(70)
    assert kiosk.borrowing().rows == ()
    assert not kiosk.borrowing().resumed


@pytest.mark.parametrize("scans", [0, 2])
def test_who_comes_while_a_receipt_is_printed_is_served_with_all_that_was_scanned(scans: int) -> None:
    @story
    async def tell(kiosk: Kiosk) -> None:
        kiosk.printer.delay_s = 5
        await kiosk.tap(ANNA)
        await kiosk.scan(book(1))
        await kiosk.touch(Intent.DONE)
        await kiosk.touch(Intent.PRINT)
        assert isinstance(kiosk.screen(), Receipt)
        await bert_waits(kiosk)
        await kiosk.scan(*(book(2 + number) for number in range(scans)))
        await kiosk.wait(10)
        assert isinstance(kiosk.screen(), Borrowing)
        assert kiosk.desk.asked == [(ANNA, book(1)), *((BERT, book(2 + number)) for number in range(scans))]

    tell()


def test_books_that_are_scanned_while_a_receipt_is_printed_are_all_asked_about() -> None:
    async def tell(kiosk: Kiosk) -> None:
        kiosk.printer.delay_s = 5
        await kiosk.tap(ANNA)
        await kiosk.scan(book(1))
        await kiosk.take_away()
        await kiosk.touch(Intent.DONE)
        await kiosk.touch(Intent.PRINT)
        await kiosk.scan(book(2), book(3))
        await kiosk.wait(10)
        assert kiosk.screen() == LendOrReturn(2)

    story(tell, returns=True)()


def test_an_account_does_not_keep_who_waits_from_being_served() -> None:
    async def tell(kiosk: Kiosk) -> None:
        kiosk.desk.accounts[ANNA] = account(loan(1))
        await kiosk.tap(ANNA)
        await kiosk.touch(Intent.ACCOUNT)
        await bert_waits(kiosk)
        screen = kiosk.screen()
        assert isinstance(screen, MyAccount)
        assert screen.notice is Notice.OTHER_PASS
        await kiosk.touch(Intent.STOP)
        await kiosk.wait(1)
        assert isinstance(kiosk.screen(), Borrowing)

    story(tell, accounts=True)()


def test_while_a_pass_lies_there_the_account_asks_for_no_pass() -> None:
    async def tell(kiosk: Kiosk) -> None:
        await kiosk.tap(ANNA)
        await kiosk.touch(Intent.STOP)
        await kiosk.touch(Intent.ACCOUNT)
        screen = kiosk.screen()
        assert isinstance(screen, Rest)
        assert screen.notice is Notice.PASS_LEFT

    story(tell, accounts=True)()


def test_a_patron_s_second_pass_that_lies_there_begins_no_second_visit() -> None:
    """Somebody scans the pass and lays it on the reader, which cannot tell that it is the same one."""

    async def tell(kiosk: Kiosk) -> None:
        kiosk.desk.patrons[CHIP] = kiosk.desk.patrons[ANNA]
        await kiosk.scan(ANNA)
        await kiosk.tap(CHIP, uid=BERTS)
        await kiosk.scan(book(1))
        await kiosk.touch(Intent.DONE)
        await kiosk.touch(Intent.NO_RECEIPT)
        await kiosk.wait(5)
        assert kiosk.screen() == Rest(notice=Notice.PASS_LEFT)
        await kiosk.take_away()
        await kiosk.tap(CHIP, uid=BERTS)
        assert isinstance(kiosk.screen(), Borrowing), "shown again it is meant"

    story(tell)()


async def reader_was_away(kiosk: Kiosk, seconds: float, *told: PassFound | PassRemoved) -> None:
    """As the reader's driver tells it: ready, and then what it found."""
    await kiosk.health("pass_reader", Health.LOST)
    await kiosk.wait(seconds)
    await kiosk.health("pass_reader", Health.READY)
    await kiosk.put(*told)


def found(number: str, uid: str = "04A1B2C3D4E5F6") -> PassFound:
    return PassFound("pass_reader", bytes.fromhex(uid), number, False, 0.0)


@pytest.mark.parametrize("seconds", [0.5, 3])
def test_a_pass_that_was_left_there_opens_nothing_when_the_reader_comes_back(seconds: float) -> None:
    @story
    async def tell(kiosk: Kiosk) -> None:
        await kiosk.tap(ANNA)
        await kiosk.touch(Intent.STOP)
        await kiosk.wait(30)
        await reader_was_away(kiosk, seconds, found(ANNA))
        await kiosk.wait(1)
        assert kiosk.screen() == Rest(notice=Notice.PASS_LEFT)
        await kiosk.take_away()
        await kiosk.tap(ANNA)
        assert isinstance(kiosk.screen(), Borrowing), "laid there again it is meant"

    tell()


@story
async def test_a_pass_that_lies_there_when_the_kiosk_starts_opens_nothing(kiosk: Kiosk) -> None:
    await kiosk.put(found(ANNA))
    assert kiosk.screen() == Rest(notice=Notice.PASS_LEFT)
    await kiosk.take_away()
    assert kiosk.screen() == Rest()


@story
async def test_who_waits_goes_on_waiting_while_the_reader_is_away_for_a_moment(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await bert_waits(kiosk)
    await reader_was_away(kiosk, 3, found(BERT, BERTS))
    await kiosk.touch(Intent.STOP)
    await kiosk.wait(1)
    await kiosk.scan(book(2))
    assert kiosk.desk.asked == [(BERT, book(2))]


@story
async def test_nobody_waits_behind_a_pass_that_nobody_saw_come(kiosk: Kiosk) -> None:
    await kiosk.scan(ANNA)
    await reader_was_away(kiosk, 3, found(BERT, BERTS))
    await kiosk.touch(Intent.STOP)
    await kiosk.wait(1)
    assert kiosk.screen() == Rest(notice=Notice.PASS_LEFT)


@story
async def test_a_pass_that_was_taken_while_the_reader_was_away_is_meant_when_it_comes(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.touch(Intent.STOP)
    await kiosk.wait(1)
    await reader_was_away(kiosk, 3, PassRemoved("pass_reader", 0.0))
    assert kiosk.screen() == Rest()
    await kiosk.tap(ANNA)
    assert isinstance(kiosk.screen(), Borrowing)
