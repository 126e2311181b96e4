"""Facts beside requests, answers of every act, the floor of time, what counts offline, and what staff must look at."""

import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circulation import wire
from circulation.affairs import CheckedIn, Paid, Renewed, RenewedAll, Unrenewed, VisitEnded
from circulation.events import NEEDS, Action, ClockState, Event, Kind, Payment, Told
from circulation.identifiers import ChipUid, KioskId, PassNumber
from circulation.outcomes import CheckedOut, Voided
from circulation.presented import Presented, Source
from offline_cache import journal_file
from offline_cache.journal import BEHIND_STORE, Answer, Entry, Journal, JournalDamaged, JournalFault
from offline_cache.journal_entry import DONE_THOUGH_GIVEN_UP, REFUSED_FACT, answer_bytes, event_bytes
from tests.offline_cache.journals import (
    AT,
    BOOK,
    KEY,
    KIOSK,
    REFUSED,
    SHOWN,
    append,
    database,
    ids,
    lent,
    open_journal,
)

TOLD = Told("a1b2c3d4-0000-0000-0000-000000000000", 123_456, ClockState.FREE)
PAYMENT = Payment(("fee-1", "fee-2"), 250, "terminal-1-77")
RECORDED = Path(__file__).parent / "recorded" / "0001.sql"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def fact(journal: Journal, action: Action, answer: Answer, told: Told | None = TOLD) -> Event:
    """The act, done without the library system."""
    needs = NEEDS[action]
    shown, item = SHOWN if "presented" in needs else None, BOOK if "item" in needs else None
    return journal.append_fact(action, shown, item, AT, told, answer, PAYMENT if "payment" in needs else None)


def an_answer_to(action: Action, event: Event | None = None) -> Answer:
    """What such an act is answered."""
    renewed = Renewed(BOOK, "Titel", date(2026, 8, 5), 1)
    answers: dict[Action, Answer] = {
        Action.CHECK_OUT: lent(),
        Action.CHECK_IN: CheckedIn(BOOK, "Titel", provisional=True),
        Action.RENEW: renewed,
        Action.RENEW_ALL: RenewedAll((renewed,), (Unrenewed(BOOK, "Titel", date(2026, 8, 5), REFUSED),)),
        Action.PAY: Paid("terminal-1-77", 250),
        Action.END_VISIT: VisitEnded(event.id if event else ids()()),
    }
    return answers[action]


@pytest.mark.parametrize("action", Action)
def test_every_act_is_written_down_as_a_fact_with_what_was_promised_and_comes_back_so(
    path: Path, action: Action
) -> None:
    journal, promised = open_journal(path), an_answer_to(action)
    event = fact(journal, action, promised)
    journal.close()
    again = open_journal(path)
    assert again.entry(1) == Entry(event, "open", promised=promised)
    assert again.undelivered() == [event]
    assert (event.kind, event.told, event.is_whole) == (Kind.FACT, TOLD, True)
    final = an_answer_to(action, event)
    again.answered(event, final)
    assert again.entry(1) == Entry(event, "answered", answer=final, promised=promised)
    assert (again.undelivered(), again.waiting(), again.exceptions()) == ([], 0, [])


def test_a_request_without_an_answer_becomes_a_fact_under_the_same_id(path: Path) -> None:
    journal = open_journal(path)
    event = append(journal)
    journal.unclear(event)
    told = journal.turn_into_fact(event, lent())
    assert (told.id, told.seq, told.kind, told.identity) == (event.id, event.seq, Kind.FACT, event.identity)
    assert journal.undelivered() == [told]
    assert journal.entry(1) == Entry(told, "open", promised=lent())


@pytest.mark.parametrize("state", ["answered", "given_up", "settled", "nothing"])
def test_only_what_waits_for_an_answer_becomes_a_fact(path: Path, state: str) -> None:
    journal = open_journal(path)
    event = append(journal)
    if state == "answered":
        journal.answered(event, REFUSED)
    elif state == "given_up":
        journal.give_up(event)
    elif state == "settled":
        journal.settle(event)
    else:
        journal = open_journal(path.with_name("other.db"))
    before = journal.since(0)
    with pytest.raises(JournalFault):
        journal.turn_into_fact(event, lent())
    assert journal.since(0) == before


def test_a_fact_that_is_refused_and_a_given_up_act_that_was_done_are_put_before_staff(path: Path) -> None:
    journal = open_journal(path)
    done, given_up, well = fact(journal, Action.CHECK_OUT, lent()), append(journal), append(journal)
    journal.give_up(given_up)
    _, void, _ = journal.undelivered()
    journal.answered_all([(done, REFUSED), (void, lent()), (well, REFUSED)])
    assert [(one.event.seq, one.state, one.why) for one in journal.exceptions()] == [
        (1, "settled", REFUSED_FACT),
        (2, "answered", DONE_THOUGH_GIVEN_UP),
    ]
    assert (journal.undelivered(), journal.entry(1).answer) == ([], REFUSED)


@pytest.mark.parametrize("no", [REFUSED, Voided(ids()())])
def test_a_no_to_a_request_that_has_become_a_fact_meanwhile_does_not_end_its_delivery(path: Path, no: Answer) -> None:
    journal = open_journal(path)
    request = append(journal)
    told = journal.turn_into_fact(request, lent())
    assert journal.answered_all([(request, no)]) == []
    assert journal.undelivered() == [told]
    assert journal.answered_all([(request, lent())]) == [(request, lent())]
    assert journal.undelivered() == []


def test_a_batch_of_answers_is_written_down_whole_or_not_at_all(path: Path) -> None:
    journal, other = open_journal(path), open_journal(path.with_name("other.db"))
    first = append(journal)
    append(other)
    missing = append(other)
    with pytest.raises(JournalFault):
        journal.answered_all([(first, lent()), (missing, lent())], 1)
    assert journal.undelivered() == [first]


def test_what_a_mirror_does_not_contain_is_told_in_sequence_whatever_became_of_it(path: Path) -> None:
    journal = open_journal(path)
    events = [fact(journal, Action.CHECK_OUT, lent()) for _ in range(4)]
    journal.answered(events[2], lent())
    assert [one.event for one in journal.since(2)] == events[2:]
    assert journal.since(4) == []
    assert [one.seq for one in journal.undelivered(2)] == [1, 2]


def test_the_void_that_closes_a_settled_place_is_the_same_each_time_and_says_nothing_of_the_act(path: Path) -> None:
    journal = open_journal(path)
    event = append(journal)
    journal.settle(event, "event-identity")
    void = journal.closing(event)
    journal.close()
    again = open_journal(path)
    assert again.closing(event) == void
    assert (void.seq, void.kind, void.presented, void.is_whole) == (event.seq, Kind.VOID, None, True)
    assert void.id != event.id
    assert void.item != event.item


# ---- time


def test_the_floor_rises_with_what_is_certain_and_never_falls(path: Path) -> None:
    journal = open_journal(path)
    journal.saw(AT)
    journal.saw(AT - timedelta(days=3))
    assert journal.floor() == AT
    journal.close()
    assert open_journal(path).floor() == AT


@pytest.mark.parametrize(("clock", "rises"), [(ClockState.SYNCHRONISED, True), (ClockState.FREE, False)])
def test_an_event_raises_the_floor_only_where_its_clock_was_kept(path: Path, clock: ClockState, rises: bool) -> None:
    journal = open_journal(path)
    before = journal.floor()
    fact(journal, Action.CHECK_OUT, lent(), Told("boot", 1, clock))
    assert journal.floor() == (AT if rises else before)


def test_the_floor_is_not_written_again_within_a_minute(path: Path) -> None:
    journal = open_journal(path)
    journal.saw(AT)
    before = database(journal).total_changes
    journal.saw(AT + timedelta(seconds=59))
    assert database(journal).total_changes == before
    journal.saw(AT + timedelta(seconds=60))
    assert journal.floor() == AT + timedelta(seconds=60)


# ---- a sequence that cannot be trusted


def test_a_store_that_has_more_events_than_were_done_here_closes_the_journal_for_ever(path: Path) -> None:
    journal = open_journal(path)
    waiting = append(journal)
    journal.heard(1)
    journal.probe()
    journal.heard(2)
    for _ in range(2):
        assert journal.closed() == BEHIND_STORE
        with pytest.raises(JournalFault, match=r"behind-store.*new id"):
            journal.probe()
        with pytest.raises(JournalFault, match=r"behind-store.*new id"):
            append(journal)
        with pytest.raises(JournalFault, match=r"behind-store.*new id"):
            fact(journal, Action.CHECK_OUT, lent())
        assert journal.undelivered() == [waiting]
        journal.close()
        journal = open_journal(path)
    journal.answered(waiting, lent())


def test_a_journal_that_was_shut_stays_so_and_its_first_reason_stands(path: Path) -> None:
    journal = open_journal(path)
    journal.shut("sequence-used")
    journal.shut("other")
    journal.close()
    assert open_journal(path).closed() == "sequence-used"


# ---- the release before


def test_a_journal_of_the_release_before_is_upgraded_in_place_and_loses_nothing(path: Path) -> None:
    old_release(path)
    for _ in range(2):
        journal = open_journal(path)
        assert [(one.event.seq, one.state, type(one.answer).__name__, one.unclear) for one in journal.since(0)] == [
            (1, "answered", "CheckedOut", 0),
            (2, "answered", "Refused", 0),
            (3, "given_up", "NoneType", 0),
            (4, "voided", "Voided", 0),
            (5, "settled", "NoneType", 1),
            (6, "open", "NoneType", 0),
        ]
        assert [(one.kind, one.seq) for one in journal.undelivered()] == [(Kind.VOID, 3), (Kind.REQUEST, 6)]
        assert [one.event.seq for one in journal.exceptions()] == [5]
        assert (journal.closed(), journal.entry(6).event.told) == ("", None)
        journal.close()
    journal = open_journal(path)
    assert append(journal).seq == 7


def test_an_upgrade_that_is_cut_off_leaves_the_old_journal(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old_release(path)
    before = contents(path)
    step = journal_file._step
    monkeypatch.setattr(journal_file, "_step", lambda n: step(n) + ";SELECT no_such_function()")
    with pytest.raises(JournalFault):
        open_journal(path)
    assert contents(path) == before
    monkeypatch.undo()
    assert len(open_journal(path).since(0)) == 6


def old_release(path: Path) -> None:
    """A journal as the release before left it."""
    db = sqlite3.connect(path)
    db.executescript(RECORDED.read_text("utf-8"))
    db.close()
    path.with_name(path.name + ".lock").write_bytes(b"begun\n")


def contents(path: Path) -> list[str]:
    db = sqlite3.connect(path)
    try:
        return [*db.iterdump(), str(db.execute("PRAGMA user_version").fetchone())]
    finally:
        db.close()


def test_a_waiting_event_that_cannot_be_unsealed_is_found_at_the_start(path: Path) -> None:
    journal = open_journal(path)
    append(journal)
    journal.close()
    db = sqlite3.connect(path)
    db.execute("UPDATE event SET body = zeroblob(100)")
    db.commit()
    db.close()
    with pytest.raises(JournalDamaged, match="an event that waits is damaged"):
        open_journal(path)


# ---- bytes


UIDS = st.sampled_from([None, ChipUid("04A1B2C3D4E5F6"), ChipUid("08AABBCC")])


@given(
    action=st.sampled_from(Action),
    kind=st.sampled_from(Kind),
    uid=UIDS,
    at=st.integers(0, 4_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC)),
    told=st.none() | st.builds(Told, st.just("boot"), st.integers(0, 2**50), st.sampled_from(ClockState)),
)
def test_the_quick_bytes_of_an_event_are_read_as_the_same_event(
    action: Action, kind: Kind, uid: ChipUid | None, at: datetime, told: Told | None
) -> None:
    needs = NEEDS[action]
    shown = Presented(Source.CHIP, PassNumber("20000000000014"), uid) if "presented" in needs else None
    event = Event(
        ids()(),
        KioskId(KIOSK),
        7,
        kind,
        action,
        shown,
        BOOK if "item" in needs else None,
        at,
        PAYMENT if "payment" in needs else None,
        told,
    )
    assert wire.decode_event(wire.loads(event_bytes(event))) == event


@given(title=st.text(max_size=600), due=st.dates(), maximum=st.none() | st.integers(0, 200), provisional=st.booleans())
def test_the_quick_bytes_of_a_loan_are_those_of_the_wire(
    title: str, due: date, maximum: int | None, provisional: bool
) -> None:
    answer = CheckedOut(BOOK, title, due, 3, maximum, provisional=provisional)
    quick = wire.decode_answer(wire.loads(answer_bytes(answer)), CheckedOut)
    assert quick == wire.decode_answer(wire.loads(wire.dumps(wire.encode_answer(answer))), CheckedOut)


def test_an_instant_without_a_zone_is_not_written_down(path: Path) -> None:
    journal = open_journal(path)
    with pytest.raises(JournalFault):
        journal.append(Action.CHECK_OUT, SHOWN, BOOK, AT.replace(tzinfo=None))
    assert journal.since(0) == []
    assert append(journal).seq == 1


def test_nothing_of_a_fact_or_of_its_promise_can_be_read_on_the_disk(path: Path) -> None:
    journal = open_journal(path)
    for _ in range(20):
        event = fact(journal, Action.CHECK_OUT, lent())
        journal.turn_into_fact(append(journal), lent())
        journal.settle(event)
    private = [SHOWN.number, SHOWN.uid, BOOK, "vloek", "2026-08-05", "check_out"]
    for file in path.parent.iterdir():
        content = file.read_bytes()
        assert [word for word in private if word and word.encode() in content] == [], file.name
        assert KEY not in content


def test_a_voided_answer_to_a_closing_void_needs_no_staff(path: Path) -> None:
    journal = open_journal(path)
    event = append(journal)
    journal.give_up(event)
    (void,) = journal.undelivered()
    journal.answered(void, Voided(event.id))
    assert journal.exceptions() == []


def test_the_mark_of_an_entry_is_another_one_whenever_the_entry_says_something_else(path: Path) -> None:
    journal = open_journal(path)
    event = append(journal)
    seen = [journal.marks(0)]
    turned = journal.turn_into_fact(event, lent())
    seen.append(journal.marks(0))
    journal.answered(turned, lent())
    seen.append(journal.marks(0))
    assert len({marks[0][2] for marks in seen}) == 3
    assert {marks[0][:2] for marks in seen} == {(event.seq, event.id)}
    given_up = append(journal)
    before = journal.marks(event.seq)
    journal.give_up(given_up)
    assert journal.marks(event.seq) != before
    assert [seq for seq, _, _ in journal.marks(0)] == [1, 2]
    assert journal.marks(2) == []
    journal.close()
