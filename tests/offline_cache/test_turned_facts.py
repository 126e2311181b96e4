"""What a refusal that got lost leaves open: the loan that was made all the same counts until the mirror has it.

Found by the model of the protocol (tests/models, FORGET_TURNED): a mirror, or a store's backup, may have the number and
not the loan.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from circulation.affairs import CheckedIn
from circulation.events import Action, Kind
from circulation.identifiers import ItemBarcode
from circulation.model import Item, Loan
from circulation.outcomes import CheckedOut, Reason, Refused
from offline_cache.journal import Entry, Journal
from offline_cache.offline_desk import OfflineDesk
from offline_cache.replay import Replay
from offline_cache.standing import Marked
from tests.circulation import worlds
from tests.circulation.worlds import BARCODE, by_barcode, card, item, loan, membership, patron
from tests.kiosk.store_model import Books, OneByOne, StoreModel
from tests.offline_cache.journals import BOOK, SHOWN, lent, open_journal
from tests.offline_cache.outages import NOON, TOLD, Memory

OTHER, THIRD = ItemBarcode("30000000000400"), ItemBarcode("30000000000418")
MOST = 30
ANNAS = by_barcode()


def loans(count: int) -> tuple[Loan, ...]:
    """So many loans of Anna, of none of these books."""
    return worlds.loans(count + 13)[13:]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    one = open_journal(tmp_path / "journal.db")
    yield one
    one.close()


@pytest.fixture
def mirror() -> Memory:
    """Anna may have one item more, and there are three books."""
    books: dict[str, Item] = {one: replace(item(), barcode=one) for one in (BARCODE, OTHER, THIRD)}
    return Memory(
        patrons=[replace(patron(membership("0083", strips_left=None), loans=loans(MOST - 1)), passes=(card(),))],
        items=books,
    )


@pytest.fixture(params=["all read", "remembered"])
def desk(request: pytest.FixtureRequest, journal: Journal, mirror: Memory) -> OfflineDesk:
    own: Callable[[int], Sequence[Entry]] | Marked = journal if request.param == "remembered" else journal.uncontained
    return OfflineDesk(mirror, own, lambda *_: timedelta(minutes=1))


def lent_after_a_lost_refusal(journal: Journal, desk: OfflineDesk) -> None:
    """The store's "no" got lost, and the kiosk lent."""
    request = journal.append(Action.CHECK_OUT, ANNAS, BARCODE, NOON, TOLD)
    answer = desk.decide(Action.CHECK_OUT, ANNAS, BARCODE, NOON, apart_from=request.id)
    assert isinstance(answer, CheckedOut), answer
    journal.turn_into_fact(request, answer)


def may_borrow(desk: OfflineDesk) -> bool:
    answer = desk.decide(Action.CHECK_OUT, ANNAS, OTHER, NOON)
    assert isinstance(answer, CheckedOut) or (
        isinstance(answer, Refused) and answer.reason is Reason.ON_PASS_MAXIMUM
    ), answer
    return isinstance(answer, CheckedOut)


def test_a_loan_whose_number_the_store_refused_before_counts_until_the_mirror_has_it(
    journal: Journal, mirror: Memory, desk: OfflineDesk
) -> None:
    lent_after_a_lost_refusal(journal, desk)
    mirror.acked = 1  # pulled after the refusal, before the fact was told
    assert not may_borrow(desk)
    (fact,) = journal.undelivered()
    journal.answered(fact, CheckedOut(BARCODE, "Oeroeg", NOON.date(), MOST, 0))
    assert not may_borrow(desk)  # told; the mirror is the old one
    journal.append_fact(Action.CHECK_IN, None, THIRD, NOON, TOLD, CheckedIn(THIRD, ""))
    mirror.acked = 2
    mirror.patrons = [replace(mirror.patrons[0], loans=loans(MOST - 2))]
    assert may_borrow(desk)  # the mirror has what came after the fact: it is believed


def test_it_still_counts_after_a_restart(journal: Journal, mirror: Memory, desk: OfflineDesk, tmp_path: Path) -> None:
    lent_after_a_lost_refusal(journal, desk)
    mirror.acked = 1
    journal.close()
    again = open_journal(tmp_path / "journal.db")
    assert not may_borrow(OfflineDesk(mirror, again.uncontained, lambda *_: timedelta(minutes=1)))
    again.close()


def test_a_loan_that_the_mirror_has_all_the_same_counts_once(
    journal: Journal, mirror: Memory, desk: OfflineDesk
) -> None:
    lent_after_a_lost_refusal(journal, desk)
    who = mirror.patrons[0]
    mirror.patrons = [replace(who, loans=(*loans(MOST - 2), loan(who.ref, BARCODE)))]
    mirror.acked = 1
    assert may_borrow(desk)


def test_a_return_that_became_a_fact_is_not_taken_off_again_from_a_mirror_that_has_its_number(journal: Journal) -> None:
    request = journal.append(Action.CHECK_IN, None, BARCODE, NOON, TOLD)
    journal.turn_into_fact(request, CheckedIn(BARCODE, ""))
    assert [one.event.seq for one in journal.uncontained(0)] == [1]
    assert journal.uncontained(1) == []
    assert journal.marks(1) == []


def test_only_what_the_mirror_may_lack_is_read_in_sequence(journal: Journal, desk: OfflineDesk) -> None:
    journal.append_fact(Action.CHECK_IN, None, THIRD, NOON, TOLD, CheckedIn(THIRD, ""))
    lent_after_a_lost_refusal(journal, desk)
    for _ in range(3):
        journal.append_fact(Action.CHECK_IN, None, THIRD, NOON, TOLD, CheckedIn(THIRD, ""))
    assert [seq for seq, _, _ in journal.marks(2)] == [2, 3, 4, 5] == [one.event.seq for one in journal.uncontained(2)]
    assert [seq for seq, _, _ in journal.marks(3)] == [4, 5]
    assert [seq for seq, _, _ in journal.marks(0)] == [1, 2, 3, 4, 5]


# ---- a store that was restored to the moment between its "no" and the fact: its sequence has no gap


@dataclass
class Told:
    """A journal, its replay, and a store in memory that refuses the first item."""

    journal: Journal
    store: StoreModel

    @property
    def replay(self) -> Replay:
        return Replay(OneByOne(self.store, self.store), self.journal, monotonic=lambda: self.store.now)

    def deliver(self) -> None:
        assert self.replay.deliver(60.0).silence == ""

    def act(self, item: ItemBarcode) -> None:
        """Lent without a line."""
        self.journal.append_fact(Action.CHECK_OUT, SHOWN, item, NOON, TOLD, lent(item))


@pytest.fixture
def refused(journal: Journal) -> tuple[Told, Books]:
    """What the store refused was lent all the same, and told; and a copy of its books of before the telling."""
    told = Told(journal, StoreModel())
    told.act(THIRD)
    told.deliver()
    request = journal.append(Action.CHECK_OUT, SHOWN, BOOK, NOON, TOLD)
    told.store.forbidden.add(BOOK)
    assert isinstance(told.store.arrive(request), Refused)
    copy = told.store.backup()
    journal.turn_into_fact(request, lent())
    told.deliver()
    assert told.store.lent == {THIRD, BOOK}
    return told, copy


def test_a_store_that_was_restored_to_its_refusal_is_told_of_the_loan_before_what_comes_next(
    refused: tuple[Told, Books],
) -> None:
    told, copy = refused
    told.store.restore(copy)
    told.act(OTHER)
    told.store.said.clear()
    told.deliver()
    assert told.store.lent == {THIRD, BOOK, OTHER}
    assert told.store.said == [(Kind.FACT, 2), (Kind.FACT, 3)]
    told.deliver()
    assert len(told.store.said) == 2  # and not again


def test_it_is_told_before_a_patron_asks_where_nothing_waits(refused: tuple[Told, Books]) -> None:
    told, copy = refused
    told.store.restore(copy)
    told.deliver()
    assert told.store.lent == {THIRD, BOOK}


@pytest.mark.parametrize("more", [1, 3])
def test_it_is_told_where_later_events_show_the_gap(refused: tuple[Told, Books], more: int) -> None:
    told, copy = refused
    items = [ItemBarcode(f"{30000000000500 + number}") for number in range(more + 1)]
    for one in items[:-1]:
        told.act(one)
    told.deliver()
    told.store.restore(copy)
    told.act(items[-1])
    told.deliver()
    assert told.store.lent == {THIRD, BOOK, *items}
    assert told.store.books.last_seq == 3 + more


def test_a_store_that_answers_nothing_of_use_to_it_does_not_hold_up_the_queue(refused: tuple[Told, Books]) -> None:
    told, _ = refused
    told.store.weather = ["rubbish in between"]
    told.act(OTHER)
    told.deliver()
    assert told.store.lent == {THIRD, BOOK, OTHER}
