"""A lock after wrong PINs, and its end, reach the kiosks' mirrors: whoever is shut out stays so without a line (P6)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from circulation.events import Action
from circulation.masking import PASS, masked
from circulation.presented import Presented
from membership_store import mirror, proving
from membership_store.database import Session
from membership_store.demo.casting import DEMO_PIN
from membership_store.proving import Prover
from membership_store.scope import view_of
from tests.membership_store.counter import Counter
from tests.membership_store.running import DRENTHE, Demo

WRONG = "1357"


class Watcher:
    """A mirror that only counts what it is told. `told`: the rows of the last page about that pass."""

    def __init__(self, counter: Counter, shown: Presented) -> None:
        self.counter, self.shown = counter, shown
        self.cursor = counter.database.read(self._here)

    def _here(self, session: Session) -> str:
        view = view_of(session, self.counter.kiosk, self.counter.now)
        return view.cursor(view.head)

    def told(self) -> list[str | None]:
        """Until when the pass is locked, in each row about its patron since the last time."""

        def read(session: Session) -> tuple[dict[str, Any], bytes]:
            key = view_of(session, self.counter.kiosk, self.counter.now).key
            return mirror.page(session, self.counter.kiosk, self.cursor, 100, self.counter.now), key

        page, key = self.counter.database.read(read)
        self.cursor = page["next"]
        assert self.shown.number is not None
        mine = masked(key, PASS, self.shown.number)
        cards = [card for row in page["rows"] if row["kind"] == "patron" for card in row["patron"]["passes"]]
        return [card.get("locked_until") for card in cards if card["number"] == mine]


@pytest.fixture
def watcher(counter: Counter, demo: Demo) -> Watcher:
    """It has all that there was before."""
    return Watcher(counter, demo.shown("pin"))


def tried(counter: Counter, shown: Presented, times: int) -> None:
    for _ in range(times):
        counter.desk.identify(counter.kiosk, shown, WRONG)


def test_the_try_that_locks_a_pass_is_told_and_those_before_it_are_not(
    counter: Counter, demo: Demo, watcher: Watcher
) -> None:
    tried(counter, demo.shown("pin"), 4)
    assert watcher.told() == []
    tried(counter, demo.shown("pin"), 3)
    assert watcher.told() == [(counter.now + timedelta(minutes=15)).isoformat()]


def test_the_right_pin_after_a_lock_is_told_and_else_it_is_not(counter: Counter, demo: Demo, watcher: Watcher) -> None:
    shown = demo.shown("pin")
    tried(counter, shown, 2)
    counter.desk.identify(counter.kiosk, shown, DEMO_PIN)
    counter.do(Action.END_VISIT, shown)
    assert watcher.told() == []
    tried(counter, shown, 5)
    watcher.told()
    counter.now += timedelta(minutes=16)
    counter.desk.identify(counter.kiosk, shown, DEMO_PIN)
    assert watcher.told() == [None]


def test_a_wrong_one_after_a_lock_begins_anew_and_takes_the_old_lock_away(
    counter: Counter, demo: Demo, watcher: Watcher
) -> None:
    tried(counter, demo.shown("pin"), 5)
    watcher.told()
    counter.now += timedelta(minutes=16)
    tried(counter, demo.shown("pin"), 1)
    assert watcher.told() == [None]


def test_who_was_vouched_for_by_the_right_pin_is_told_too(counter: Counter, demo: Demo, watcher: Watcher) -> None:
    """A guest library asks with the patron's PIN (G10): that forgets the tries as a visit does."""
    tried(counter, demo.shown("pin"), 5)
    watcher.told()
    asked = "SELECT pass, patron FROM pass WHERE consortium = ? AND number = ?"
    ((card, patron),) = counter.rows(asked, DRENTHE, str(demo.shown("pin").number))
    who = Prover(DRENTHE, "", card, patron)
    counter.database.write(lambda session: proving.forget_tries(session, who))
    assert watcher.told() == [None]
    counter.database.write(lambda session: proving.forget_tries(session, who))
    assert watcher.told() == []
