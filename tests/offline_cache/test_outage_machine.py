"""Any outage, any crash, any clock: nothing promised is lost, nothing is done twice, and both sides agree in the end.

The machine is then run with mistakes planted in each part, which it must find.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from circulation.events import Event, Told
from membership_store.credentials import Kiosk
from membership_store.database import Session
from membership_store.desk import Delivered, StoreDesk
from offline_cache.replay import Replay, _Course
from offline_cache.store_client import LineDown
from tests.offline_cache.outage_machine import QUICK, CrashingJournal, OutageMachine, World, a_world


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with a_world() as one:
        yield one


def test_an_outage_loses_nothing_and_doubles_nothing(world: World) -> None:
    run_state_machine_as_test(type("Outage", (OutageMachine,), {"world": world}), settings=QUICK)
    assert world.steps > 500


# ---- mistakes that the machine must find


class NoKey(StoreDesk):
    """Does again what it did before: an EventId means nothing to it."""

    def _take(self, session: Session, kiosk: Kiosk, event: Event) -> bytes:
        known = "SELECT seq FROM event_answer WHERE kiosk = ? AND event = ?"
        found = session.rows(known, kiosk.id, event.id)
        if not found:
            return super()._take(session, kiosk, event)
        ((last,),) = session.rows("SELECT last_seq FROM kiosk WHERE kiosk = ?", kiosk.id)
        session.run(
            "UPDATE loan SET loan = loan || '.' || (SELECT COUNT(*) FROM loan) WHERE loan = ?", f"{kiosk.id}/{event.id}"
        )
        session.run("DELETE FROM event_answer WHERE kiosk = ? AND event = ?", kiosk.id, event.id)
        session.run("UPDATE kiosk SET last_seq = ? WHERE kiosk = ?", event.seq - 1, kiosk.id)
        answer = super()._take(session, kiosk, event)
        session.run("UPDATE kiosk SET last_seq = ? WHERE kiosk = ?", last, kiosk.id)
        return answer


class TwoTransactions(StoreDesk):
    """Keeps the key in one transaction and does the act in another, and now and then ends between them."""

    def deliver_all(self, kiosk: Kiosk, events: Sequence[Event], told: Told | None) -> Delivered:
        known = "SELECT event FROM event_answer WHERE kiosk = ?"
        before = self._database.read(lambda session: {event for (event,) in session.rows(known, kiosk.id)})
        done = super().deliver_all(kiosk, events, told)
        new = [event for event, _ in zip(events, done.answers, strict=False) if event.id not in before]
        if len(new) > 1:
            self._lose(kiosk, new[-1])
            raise LineDown("the store fell over", sent=True)
        return done

    def _lose(self, kiosk: Kiosk, event: Event) -> None:
        key = f"{kiosk.id}/{event.id}"
        self._database.write(lambda session: session.run("DELETE FROM loan WHERE loan = ?", key))
        self._database.write(lambda session: session.run("DELETE FROM staff_flag WHERE event = ?", event.id))


class DoesNothing(StoreDesk):
    """Says that it lent, and drops a loan of an item that somebody else has by now."""

    def deliver_all(self, kiosk: Kiosk, events: Sequence[Event], told: Told | None) -> Delivered:
        done = super().deliver_all(kiosk, events, told)
        for event in events:
            ended = "DELETE FROM loan WHERE loan = ? AND returned_at = lent_at"
            key = f"{kiosk.id}/{event.id}"
            over = "DELETE FROM loan WHERE loan = ? AND returned_at IS NOT NULL"
            for sql in (ended, over):
                self._database.write(lambda session, sql=sql: session.run(sql, key))  # type: ignore[misc]  # noqa: B023
            self._database.write(lambda session: session.run("DELETE FROM staff_flag WHERE event = ?", event.id))  # noqa: B023
        return done


class DropsConflicts(Replay):
    """What cannot be told is taken off the queue, and nobody hears of it."""

    def _settle(self, event: Event, why: str, course: _Course) -> None:
        self._journal.settle(event, "")


class Forgets(CrashingJournal):
    """Takes what was sent for answered."""

    def undelivered(self, limit: int | None = None) -> list[Event]:
        found = super().undelivered(limit)
        sent, self.sent = getattr(self, "sent", 0), found[-1].seq if found else 0
        return [one for one in found if one.seq > sent]


MISTAKES: dict[str, dict[str, Any]] = {
    "an event without a key": {"desk_class": NoKey},
    "key and effect in two transactions": {"desk_class": TwoTransactions},
    "a promise before the commit": {"promises_first": True},
    "a conflict that is dropped by the store": {"desk_class": DoesNothing},
    "a conflict that is dropped by the kiosk": {"replay_class": DropsConflicts},
    "sent taken for answered": {"journal_class": Forgets},
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_planted_mistake_is_found(world: World, mistake: str) -> None:
    machine = type("Broken", (OutageMachine,), {"world": world, **MISTAKES[mistake]})
    plain = settings(QUICK, max_examples=400, phases=(Phase.generate,), database=None, report_multiple_bugs=False)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine, settings=settings(plain, derandomize=True))
