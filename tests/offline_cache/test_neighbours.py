"""Two kiosks, one outage: what one did counts at the other, whatever is lost, doubled or overtaken between them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circulation.affairs import Renewed, RenewedAll
from circulation.events import Action, ClockState, Event, Kind, Told
from circulation.identifiers import EventId, ItemBarcode, KioskId, PassNumber
from circulation.model import Item, Membership, Patron
from circulation.outcomes import CheckedOut, NextStep, Reason, Refused
from circulation.presented import Presented, Source
from offline_cache.branch import Together
from offline_cache.journal import Entry
from offline_cache.neighbours import TOGETHER, Contained, Heard, Neighbours
from offline_cache.offline_desk import OfflineDesk
from offline_cache.sealing import Seal
from offline_cache.sharing import LONGEST, Sharing, addresses
from tests.circulation.worlds import BARCODE, by_barcode, card, item, membership, patron
from tests.offline_cache.outages import NOON, TOLD, Memory, Own

KEY = b"k" * 32
OTHER = ItemBarcode("30000000000400")
BOOKS: dict[str, Item] = {one: replace(item(), barcode=one) for one in (BARCODE, OTHER)}
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def loan(kiosk: str, seq: int, state: str = "open", *, kind: Kind = Kind.FACT, told: Told | None = None) -> Entry:
    """An item that a kiosk lent, or has asked to lend."""
    item = ItemBarcode(f"300000{seq:08d}")
    event = Event(
        EventId(f"019f0000-0000-7000-8000-{seq:012d}"),
        KioskId(kiosk),
        seq,
        kind,
        Action.CHECK_OUT,
        Presented(Source.CHIP, PassNumber("20000001000012")),
        item,
        AT,
        told=told,
    )
    lent = CheckedOut(item, "Oeroeg", date(2026, 3, 22), 1, 5, provisional=True)
    return Entry(event, state, 0, None, lent) if kind is Kind.FACT else Entry(event, state)


def anna(*rows: Membership, **changes: object) -> Patron:
    """A patron with a pass."""
    return replace(patron(*rows), **{"passes": (card(),), **changes})  # type: ignore[arg-type]


class Kiosk:
    """One kiosk of the branch, with what it did and what its mirror holds."""

    def __init__(self, name: str, branch: str = "0101", key: bytes = KEY) -> None:
        self.name = name
        self.did: list[Entry] = []
        self.mirror: Contained | None = None
        self.branch = branch
        self.neighbours = Neighbours(
            KioskId(name), lambda: self.branch, Seal(key), self.own, lambda: len(self.did), lambda: self.mirror
        )

    def own(self, after: int) -> Sequence[Entry]:
        """Its events after that number."""
        return [one for one in self.did if one.event.seq > after]

    def lends(self, count: int = 1) -> None:
        """Lends so many items."""
        for _ in range(count):
            self.did.append(loan(self.name, len(self.did) + 1))

    def hears_of(self) -> list[int]:
        """The sequence numbers of what it heard."""
        return [one.entry.event.seq for one in self.neighbours.heard()]


@pytest.fixture
def both() -> tuple[Kiosk, Kiosk]:
    """Two kiosks of one branch."""
    return Kiosk("one"), Kiosk("two")


def tell(teller: Kiosk, hearer: Kiosk, at_ms: int = 0) -> str | None:
    """One datagram that arrives; who does not know the other yet is greeted first."""
    if hearer.name not in teller.neighbours._others:
        teller.neighbours.hear(hearer.neighbours.message() or b"", at_ms)
    return hearer.neighbours.hear(teller.neighbours.message(hearer.name) or b"", at_ms)


def test_what_one_lent_the_other_hears(both: tuple[Kiosk, Kiosk]) -> None:
    one, two = both
    one.lends(3)
    assert tell(one, two) == "one"
    assert two.hears_of() == [1, 2, 3]
    assert [heard.entry for heard in two.neighbours.heard()] == one.did
    assert one.hears_of() == []


def test_nothing_of_another_branch_or_under_another_key_is_believed(both: tuple[Kiosk, Kiosk]) -> None:
    one, _ = both
    one.lends()
    for stranger in (Kiosk("two", branch="0102"), Kiosk("two", key=b"x" * 32)):
        assert tell(one, stranger) is None
        assert stranger.hears_of() == []
    assert one.neighbours.hear(b"", 0) is None
    assert one.neighbours.hear(one.neighbours.message() or b"", 0) is None


@given(st.binary(max_size=200))
def test_noise_is_passed_over(noise: bytes) -> None:
    assert Kiosk("one").neighbours.hear(noise, 0) is None
    assert Kiosk("one").neighbours.hear(Seal(KEY).close_up(noise, "neighbours/0101"), 0) is None


def test_an_event_in_the_name_of_another_kiosk_is_not_believed(both: tuple[Kiosk, Kiosk]) -> None:
    one, two = both
    one.did = [loan("three", 1)]
    assert tell(one, two) is None
    assert two.hears_of() == []


def test_a_kiosk_that_does_not_know_its_branch_yet_is_silent_and_deaf(both: tuple[Kiosk, Kiosk]) -> None:
    one, two = both
    one.lends()
    one.branch = ""
    assert one.neighbours.message("two") is None
    two.lends()
    assert tell(two, one) is None


def test_whoever_is_not_known_is_told_no_event(both: tuple[Kiosk, Kiosk]) -> None:
    one, two = both
    one.lends()
    assert two.neighbours.hear(one.neighbours.message("two") or b"", 0) == "one"
    assert two.hears_of() == []
    assert tell(one, two) == "one"
    assert two.hears_of() == [1]


def test_what_was_refused_given_up_or_is_not_known_yet_counts_for_nobody(both: tuple[Kiosk, Kiosk]) -> None:
    one, two = both
    no = Refused(Reason.ITEM_ON_LOAN, "K7", NextStep.DESK)
    asked = loan("one", 1, kind=Kind.REQUEST)
    one.did = [
        replace(asked, state="answered", answer=no),
        loan("one", 2),
        replace(loan("one", 3), state="voided"),
        loan("one", 4, kind=Kind.REQUEST),
        loan("one", 5),
    ]
    tell(one, two)
    assert two.hears_of() == [2, 5]
    one.did[3] = loan("one", 4)
    tell(one, two)
    assert two.hears_of() == [2, 4, 5]


def ended(kiosk: str, seq: int) -> Entry:
    """The end of a visit, which the store has not heard of yet."""
    asked = loan(kiosk, seq, kind=Kind.REQUEST)
    return replace(asked, event=replace(asked.event, action=Action.END_VISIT, item=None))


def test_the_end_of_a_visit_that_the_store_never_heard_of_silences_nobody(both: tuple[Kiosk, Kiosk]) -> None:
    one, two = both
    one.did = [loan("one", 1), ended("one", 2), loan("one", 3), ended("one", 4)]
    tell(one, two)
    assert two.hears_of() == [1, 3]
    tell(two, one)
    assert one.neighbours._others["two"].knows == 4, "nothing is told again for it"


def test_behind_a_request_whose_answer_was_lost_all_is_told_however_much_it_is(both: tuple[Kiosk, Kiosk]) -> None:
    one, two = both
    one.lends(2)
    one.did.append(loan("one", 3, kind=Kind.REQUEST))
    one.lends(TOGETHER * 3)
    settled = [entry.event.seq for entry in one.did if entry.event.kind is Kind.FACT]
    for lost in (False, True, False, False, False, False):
        if lost:
            one.neighbours.message("two")
        tell(one, two)
        tell(two, one)
    assert two.hears_of() == settled
    assert one.neighbours._others["two"].knows == 2, "what is behind it is told again: it may have been lost"
    one.did[2] = loan("one", 3)
    for _ in range(4):
        tell(one, two)
        tell(two, one)
    assert two.hears_of() == [entry.event.seq for entry in one.did]
    assert one.neighbours._others["two"].knows == len(one.did)


def test_an_event_that_is_heard_late_stands_where_its_kiosk_has_it(both: tuple[Kiosk, Kiosk]) -> None:
    """A loan whose answer was lost, then brought back: heard the other way round the item would be out for ever."""
    one, two = both
    one.did = [loan("one", 1, kind=Kind.REQUEST), loan("one", 2)]
    tell(one, two, at_ms=10)
    one.did[0] = loan("one", 1)
    tell(one, two, at_ms=20)
    assert two.hears_of() == [1, 2]


def test_what_the_mirror_holds_by_now_counts_no_more(both: tuple[Kiosk, Kiosk]) -> None:
    one, two = both
    two.mirror = Contained("g", 100, 0)
    one.lends(3)
    tell(one, two)
    one.mirror = Contained("g", 150, 2)
    tell(one, two)
    assert two.hears_of() == [1, 2, 3]
    two.mirror = Contained("other", 900, 0)
    assert two.hears_of() == [1, 2, 3]
    two.mirror = Contained("g", 150, 0)
    assert two.hears_of() == [3]


def test_a_kiosk_that_started_anew_is_told_all_that_its_mirror_may_lack(both: tuple[Kiosk, Kiosk]) -> None:
    one, two = both
    one.mirror = Contained("g", 150, 2)
    one.lends(4)
    tell(one, two)
    tell(two, one)
    fresh = Kiosk("two")
    tell(fresh, one)
    tell(one, fresh)
    assert fresh.hears_of() == [1, 2, 3, 4]


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.tuples(st.sampled_from(["lend", "ask", "end", "lose", "tell", "answer", "late"]), st.integers(1, 60)),
        max_size=40,
    )
)
def test_whatever_is_lost_doubled_or_late_all_is_heard_in_the_end(steps: list[tuple[str, int]]) -> None:
    one, two = Kiosk("one"), Kiosk("two")
    kept: list[bytes] = []
    for now, (step, count) in enumerate(steps):
        if step == "lend":
            one.lends(count)
        elif step == "ask":
            one.did.append(loan("one", len(one.did) + 1, kind=Kind.REQUEST))
        elif step == "end":
            one.did.append(ended("one", len(one.did) + 1))
        elif step == "lose":
            kept.append(one.neighbours.message("two") or b"")
        elif step == "tell":
            tell(one, two, now)
        elif step == "answer":
            tell(two, one, now)
        elif kept:
            two.neighbours.hear(kept[count % len(kept)], now)
        assert set(two.hears_of()) <= {entry.event.seq for entry in one.did}
    lends = [entry.event.seq for entry in one.did if entry.event.action is Action.CHECK_OUT]
    asked = [entry.event.seq for entry in one.did if entry.event.kind is Kind.REQUEST]
    all_is_heard(one, two, [seq for seq in lends if seq not in asked])
    one.did = [loan("one", n) if n in lends else entry for n, entry in enumerate(one.did, 1)]
    all_is_heard(one, two, lends)


def all_is_heard(one: Kiosk, two: Kiosk, wanted: list[int]) -> None:
    """After some datagrams that arrive."""
    for _ in range(2 * len(one.did) // TOGETHER + 3):
        tell(one, two, 100)
        tell(two, one, 100)
    assert two.hears_of() == wanted


def all_renewed(kiosk: str, seq: int, loans: int) -> Entry:
    """All loans of a patron renewed, with the titles of all."""
    asked = loan(kiosk, seq, kind=Kind.REQUEST)
    each = tuple(Renewed(ItemBarcode(f"300001{n:08d}"), "Een lange titel " * 6, date(2026, 4, 1)) for n in range(loans))
    event = replace(asked.event, action=Action.RENEW_ALL, item=None)
    return replace(asked, event=event, state="answered", answer=RenewedAll(each))


@pytest.mark.parametrize("hole", [False, True])
def test_events_that_are_too_many_for_one_datagram_are_told_in_several(
    both: tuple[Kiosk, Kiosk], hole: bool, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = both
    one.did = [loan("one", 1, kind=Kind.REQUEST if hole else Kind.FACT)]
    one.did += [all_renewed("one", seq, 40) for seq in range(2, 42)]
    one.did[20] = all_renewed("one", 21, 1000)
    one.lends(3)
    for _ in range(20):
        tell(two, one)
        message = one.neighbours.message("two") or b""
        assert len(message) <= LONGEST
        two.neighbours.hear(message, 0)
    assert two.hears_of() == [n for n in range(1 + hole, len(one.did) + 1) if n != 21]
    assert one.did[20].event.id in caplog.text, "what fits into none is passed over, and said to be"


def test_own_events_and_others_stand_in_the_order_in_which_they_were_known(both: tuple[Kiosk, Kiosk]) -> None:
    one, two = both

    def mine(seq: int, ms: int, boot: str = "now") -> Entry:
        return loan("two", seq, told=Told(boot, ms, ClockState.FREE))

    two.did = [mine(1, 9_000, "before"), mine(2, 10), mine(3, 30)]
    one.lends()
    tell(one, two, at_ms=20)
    journal = Journal(two.did)
    both_now = Together(journal, two.neighbours.heard, lambda: Told("now", 99, ClockState.FREE))
    order = [both_now.entry(place) for place, *_ in both_now.marks(0)]
    assert [(entry.event.kiosk, entry.event.seq) for entry in order] == [("two", 1), ("two", 2), ("one", 1), ("two", 3)]


class Journal:
    """Own entries, and how often one was unsealed."""

    def __init__(self, entries: list[Entry]) -> None:
        self.entries, self.unsealed = entries, 0

    def marks(self, seq: int) -> list[tuple[int, str, str]]:
        return [(one.event.seq, one.event.id, one.state) for one in self.entries if one.event.seq > seq]

    def entry(self, seq: int) -> Entry:
        self.unsealed += 1
        return next(one for one in self.entries if one.event.seq == seq)


_TIMES = st.tuples(st.sampled_from(["before", "now"]), st.integers(0, 5))


@given(st.lists(_TIMES, max_size=8), st.lists(st.integers(0, 5), max_size=8), st.integers(0, 8))
def test_whatever_happened_when_all_of_it_is_there_once_in_one_order(
    own: list[tuple[str, int]], heard: list[int], after: int
) -> None:
    mine = [loan("two", n, told=Told(*when, ClockState.FREE)) for n, when in enumerate(own, 1)]
    theirs = [Heard(loan("one", n), at) for n, at in enumerate(heard, 1)]
    together = Together(Journal(mine), lambda: theirs, lambda: Told("now", 9, ClockState.FREE))
    times = [(ms if boot == "now" else -1, 1, n) for n, (boot, ms) in enumerate(own, 1) if n > after]
    times += [(at, 0, n) for n, at in enumerate(heard, 1)]
    found = [together.entry(place) for place, *_ in together.marks(after)]
    assert [(one.event.kiosk == "two", one.event.seq) for one in found] == [(bool(a), n) for _, a, n in sorted(times)]


def test_in_a_long_outage_nothing_is_read_anew_that_did_not_change() -> None:
    memory = Memory(patrons=[anna(membership(strips_left=9))], items=BOOKS)
    journal = Journal([loan("two", seq, told=TOLD) for seq in range(1, 51)])
    theirs = [Heard(loan("one", seq + 100), seq) for seq in range(1, 51)]
    shared = OfflineDesk(memory, Together(journal, lambda: theirs, lambda: TOLD), lambda as_of, at: timedelta())
    first = shared.decide(Action.CHECK_OUT, by_barcode(), BARCODE, NOON)
    read = journal.unsealed
    assert read == 2 * 50, "for when it was, and for what it was"
    assert shared.decide(Action.CHECK_OUT, by_barcode(), BARCODE, NOON) == first
    assert journal.unsealed == read
    journal.entries.append(loan("two", 51, told=TOLD))
    journal.entries[0] = replace(journal.entries[0], state="answered")
    shared.decide(Action.CHECK_OUT, by_barcode(), BARCODE, NOON)
    assert journal.unsealed == read + 3, "the new one twice, the other's mark changed"


@contextmanager
def sharing(kiosk: Kiosk, peers: Callable[[], tuple[tuple[str, int], ...]]) -> Iterator[Sharing]:
    """The real socket of a kiosk."""
    made = Sharing(kiosk.neighbours, ("127.0.0.1", 0), peers(), lambda: int(time.monotonic() * 1000))
    try:
        yield made
    finally:
        made.stop()


def test_two_kiosks_hear_of_each_other_over_real_sockets(both: tuple[Kiosk, Kiosk]) -> None:
    one, two = both
    one.lends(TOGETHER * 2 + 3)
    with sharing(two, lambda: ()) as second, sharing(one, lambda: (second.address,)) as first:
        second._peers = (first.address,)
        for each in (first, second):
            each.start()
        until = time.monotonic() + 20
        while len(second.heard()) < len(one.did) and time.monotonic() < until:
            time.sleep(0.05)
        assert [heard.entry for heard in second.heard()] == one.did
        two.lends()
        while not first.heard() and time.monotonic() < until:
            time.sleep(0.05)
        assert [heard.entry for heard in first.heard()] == two.did


@pytest.mark.parametrize(
    ("text", "found"), [("10.0.0.2:8710", ("10.0.0.2", 8710)), ("[fd00::1]:8710", ("fd00::1", 8710))]
)
def test_an_address_is_read(text: str, found: tuple[str, int]) -> None:
    assert addresses((text,)) == (found,)


@pytest.mark.parametrize("text", ["", "here", ":8710", "here:", "here:0", "here:65536", "here:x"])
def test_what_is_no_address_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ValueError, match="host:port"):
        addresses((text,))


def telling(name: str, own: Own) -> Neighbours:
    """What a kiosk tells of its own events."""
    return Neighbours(KioskId(name), lambda: "3550", Seal(KEY), own.since, lambda: len(own.entries), lambda: None)


def test_what_one_kiosk_lent_the_other_neither_lends_again_nor_forgets_for_the_limit() -> None:
    memory = Memory(patrons=[anna(membership(strips_left=1))], items=BOOKS)
    first, second = Own(memory), Own(memory)
    one, two = telling("k", first), telling("other", second)
    shared = OfflineDesk(memory, Together(second, two.heard, lambda: TOLD), lambda as_of, at: timedelta())
    assert isinstance(shared.decide(Action.CHECK_OUT, by_barcode(), BARCODE, NOON), CheckedOut)
    first.lent(by_barcode(), BARCODE)
    one.hear(two.message() or b"", 1)
    two.hear(one.message("other") or b"", 1)
    assert reason(shared.decide(Action.CHECK_OUT, by_barcode(), OTHER, NOON)) is Reason.NO_STRIPS
    memory.patrons = [anna(membership(strips_left=9))]
    assert reason(shared.decide(Action.CHECK_OUT, by_barcode(), BARCODE, NOON)) is Reason.ALREADY_YOURS


def reason(answer: object) -> Reason:
    """Why not."""
    assert isinstance(answer, Refused), answer
    return answer.reason
