"""Key level b: the journal's key is in memory only; after a start without a line what is done is sealed, not lost."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circulation.affairs import CheckedIn
from circulation.events import Action, Event
from circulation.outcomes import CheckedOut
from offline_cache import journal_keys
from offline_cache.journal import Journal, JournalDamaged, JournalFault
from offline_cache.journal_faults import JournalLocked
from offline_cache.journal_keys import PAUSE_S, KeysLost, beside, fetched_seal
from offline_cache.keys import KeyMissing, MirrorKey
from offline_cache.letterbox import Letterbox, public_of
from offline_cache.replay import Replay
from offline_cache.sealing import Seal, SealBroken
from tests.kiosk.store_model import OneByOne, StoreModel
from tests.leak.searching import found_in
from tests.offline_cache.journals import AT, BOOK, KIOSK, SHOWN, append, database, ids, lent

K = MirrorKey(bytes(range(32)))
NEW_K = MirrorKey(bytes(range(1, 33)))
LIMIT_S = 5.0


@dataclass
class Kiosk:
    """A kiosk's disk and its memory; `store_key` is K, or None while the store cannot be asked."""

    disk: Path
    memory: Path
    store_key: MirrorKey | None = K
    now: float = 0.0
    asked: int = 0
    meanwhile: Callable[[], None] = lambda: None
    journals: list[Journal] = field(default_factory=list)

    @property
    def path(self) -> Path:
        return self.disk / "journal.db"

    def ask(self) -> MirrorKey:
        self.asked += 1
        self.meanwhile()
        if self.store_key is None:
            raise KeyMissing
        return self.store_key

    def seal(self) -> Seal | Letterbox:
        return fetched_seal(self.path, self.memory / "journal.key", KIOSK, self.ask, lambda: self.now)

    def starts(self) -> Journal:
        """Within the same boot."""
        for one in self.journals:
            one.close()
        self.journals.append(Journal(self.path, self.seal(), KIOSK, ids(len(self.journals) * 1000 + 1)))
        return self.journals[-1]

    def boots(self, store_key: MirrorKey | None) -> Journal:
        """What was in memory is gone."""
        for one in self.memory.iterdir():
            one.unlink()
        self.store_key = store_key
        return self.starts()


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Kiosk]:
    one = Kiosk(tmp_path / "disk", tmp_path / "memory")
    one.memory.mkdir()
    yield one
    for journal in one.journals:
        journal.close()


def took_in(journal: Journal) -> Event:
    return journal.append_fact(Action.CHECK_IN, None, BOOK, AT, None, CheckedIn(BOOK, "Titel"))


def delivered(journal: Journal, store: StoreModel) -> str:
    line = OneByOne(store, store)
    return Replay(line, journal, monotonic=lambda: store.now).deliver(60.0).silence


# ---- the key


def test_a_key_that_was_made_at_the_first_start_is_had_again_with_the_store_s_after_each_boot(kiosk: Kiosk) -> None:
    event = append(kiosk.boots(K))
    assert kiosk.boots(K).undelivered() == [event]
    assert kiosk.starts().undelivered() == [event]


def test_within_a_boot_no_line_is_needed(kiosk: Kiosk) -> None:
    event = append(kiosk.boots(K))
    kiosk.store_key = None
    assert kiosk.starts().undelivered() == [event]


def test_a_journal_is_not_begun_without_a_key(kiosk: Kiosk) -> None:
    with pytest.raises(KeyMissing):
        kiosk.boots(None)
    assert not kiosk.path.exists()


def test_a_journal_whose_keys_are_gone_or_unreadable_gets_no_new_ones(kiosk: Kiosk) -> None:
    append(kiosk.boots(K))
    beside(kiosk.path).write_text("{}")
    with pytest.raises(KeysLost):
        kiosk.boots(K)
    beside(kiosk.path).unlink()
    with pytest.raises(KeysLost):
        kiosk.boots(K)


def test_a_key_in_memory_is_wrapped_under_each_key_of_the_store_that_comes(kiosk: Kiosk) -> None:
    event = append(kiosk.boots(K))
    kiosk.store_key = NEW_K
    kiosk.starts()
    for key in (NEW_K, K):
        assert kiosk.boots(key).undelivered() == [event]


def test_a_journal_that_had_its_key_on_the_disk_keeps_it_when_the_key_moves_into_memory(kiosk: Kiosk) -> None:
    kiosk.disk.mkdir()
    old = Journal(kiosk.path, Seal(bytes(32)), KIOSK, ids())
    event = append(old)
    old.close()
    (kiosk.memory / "journal.key").write_bytes(bytes(32))
    assert kiosk.starts().undelivered() == [event]
    assert kiosk.boots(K).undelivered() == [event]


# ---- a start without a line


def test_after_a_start_without_a_line_returns_are_kept_counted_and_told_in_order_when_the_key_comes(
    kiosk: Kiosk,
) -> None:
    before = append(kiosk.boots(K))
    journal, store = kiosk.boots(None), StoreModel()
    returns = [took_in(journal) for _ in range(3)]
    assert (journal.waiting(), [seq for seq, _, _ in journal.marks(0)]) == (4, [1, 2, 3, 4])
    assert "key" in delivered(journal, store)
    assert store.said == []
    kiosk.store_key, kiosk.now = K, kiosk.now + PAUSE_S
    assert delivered(journal, store) == ""
    assert [seq for _, seq in store.said] == [1, 2, 3, 4]
    assert [one.event for one in journal.since(0)] == [before, *returns]
    assert kiosk.boots(K).waiting() == 0


def test_what_was_sealed_before_a_second_boot_without_a_line_is_not_lost_either(kiosk: Kiosk) -> None:
    kiosk.boots(K)
    returns = [took_in(kiosk.boots(None)) for _ in range(3)]
    journal = kiosk.boots(K)
    assert journal.undelivered() == returns
    assert journal.entry(3).promised == CheckedIn(BOOK, "Titel")


def test_without_its_key_a_journal_says_nothing_and_asks_for_it_now_and_then_only(kiosk: Kiosk) -> None:
    append(kiosk.boots(K))
    journal = kiosk.boots(None)
    asked = kiosk.asked
    for step in range(5):
        kiosk.now = step * PAUSE_S / 2
        for read in (journal.undelivered, lambda: journal.entry(1), lambda: journal.uncontained(0)):
            with pytest.raises(JournalLocked):
                read()
    assert kiosk.asked - asked == 2


def test_an_act_is_written_down_while_the_store_is_asked_for_the_key(kiosk: Kiosk) -> None:
    kiosk.boots(K)
    journal, written = kiosk.boots(None), list[Event]()
    first = took_in(journal)
    kiosk.now = PAUSE_S

    def another() -> None:
        with pytest.raises(JournalLocked):
            journal.undelivered()  # and does not ask, too
        written.append(took_in(journal))

    def meanwhile() -> None:
        thread = threading.Thread(target=another, daemon=True)
        thread.start()
        thread.join(LIMIT_S)

    kiosk.store_key, kiosk.meanwhile = K, meanwhile
    assert journal.undelivered() == [first]
    assert journal.undelivered() == [first, *written]
    assert len(written) == 1


def test_a_patron_can_still_be_asked_for_where_only_the_key_is_missing_and_nothing_waits(kiosk: Kiosk) -> None:
    kiosk.boots(K)
    journal = kiosk.boots(None)
    assert journal.undelivered() == []
    journal.probe()
    request = append(journal)
    journal.answered(request, lent())
    assert journal.undelivered() == []
    assert isinstance(kiosk.boots(K).entry(1).answer, CheckedOut)


def test_another_key_opens_nothing_and_what_waits_is_looked_at_when_the_journal_is_unlocked(kiosk: Kiosk) -> None:
    kiosk.boots(K)
    journal = kiosk.boots(None)
    took_in(journal)
    kiosk.store_key, kiosk.now = NEW_K, PAUSE_S
    with pytest.raises(JournalLocked):
        journal.undelivered()
    database(journal).execute("UPDATE event SET body = zeroblob(100)")
    kiosk.store_key, kiosk.now = K, 3 * PAUSE_S
    with pytest.raises(JournalDamaged):
        journal.undelivered()


def test_the_journal_of_another_kiosk_is_not_opened_by_its_own_key(kiosk: Kiosk) -> None:
    kiosk.boots(K)
    journal = kiosk.boots(None)
    took_in(journal)
    other = Seal(bytes(32))
    journal._sealed._seal = Letterbox(public_of(bytes(32)), lambda: other)
    with pytest.raises(JournalFault, match="SealBroken") as caught:
        journal.undelivered()
    assert not isinstance(caught.value, JournalDamaged)


# ---- a stolen card


def test_a_stolen_card_yields_nothing_at_level_b(kiosk: Kiosk) -> None:
    append(kiosk.boots(K))
    journal = kiosk.boots(None)
    took_in(journal)
    journal.append_fact(Action.CHECK_OUT, SHOWN, BOOK, AT, None, lent())
    key = read_of(kiosk)
    planted = [str(SHOWN.number), str(SHOWN.uid), BOOK, "vloek", "Titel", K.key.hex(), key.hex()]
    for _ in range(2):
        assert list(found_in(kiosk.disk, planted)) == []
        assert all(key not in one.read_bytes() for one in kiosk.disk.iterdir())
        journal.close()
    assert {one.stat().st_mode & 0o077 for one in kiosk.disk.iterdir()} == {0}


def read_of(kiosk: Kiosk) -> bytes:
    """The journal's key, as K gives it."""
    ring = journal_keys.read_keyring(kiosk.path)
    assert ring is not None
    return journal_keys._unwrapped(ring, K, KIOSK)


def test_the_keyring_opens_for_this_kiosk_and_this_key_alone(kiosk: Kiosk) -> None:
    kiosk.boots(K)
    ring = journal_keys.read_keyring(kiosk.path)
    assert ring is not None
    for key, whose in ((NEW_K, KIOSK), (K, type(KIOSK)("other"))):
        with pytest.raises(KeyMissing):
            journal_keys._unwrapped(ring, key, whose)
    assert set(json.loads(beside(kiosk.path).read_text())) == {"public", "wrapped"}


KEYS = st.binary(min_size=32, max_size=32)


@settings(deadline=None)
@given(key=KEYS, other=KEYS, plain=st.binary(max_size=600), place=st.text(max_size=40), flip=st.integers(0, 10_000))
def test_a_letter_is_taken_out_by_its_key_at_its_place_unchanged_or_not_at_all(
    key: bytes, other: bytes, plain: bytes, place: str, flip: int
) -> None:
    box = Letterbox(public_of(key), lambda: Seal(key))
    sealed = box.close_up(plain, place)
    assert Seal(key).open(sealed, place) == plain
    assert box.close_up(plain, place) != sealed
    changed = bytearray(sealed)
    changed[flip % len(sealed)] ^= 1
    wrong = [(key, bytes(changed), place), (key, sealed, place + "x"), (key, sealed[:20], place)]
    for with_key, letter, at in [*wrong, (other, sealed, place)] if other != key else wrong:
        with pytest.raises(SealBroken):
            Seal(with_key).open(letter, at)
