"""Two kiosks do whatever they like over HTTP, tell it again in any kind and order; the books stay right throughout."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any, cast

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from circulation.events import Action, Kind, Payment
from circulation.identifiers import ItemBarcode
from tests.membership_store.running import DRENTHE, Caller, Demo, StoreProcess, new_kiosk

PATRONS = ("fatima", "joris", "nora", "lapsed")
STRIPS = ("fatima", "joris", "nora")
TOLD = st.sampled_from([Kind.REQUEST, Kind.FACT])
KIOSKS = st.integers(0, 1)
ITEMS = st.sampled_from([0, 0, 1, 2])
_runs = count(1)


def _key(event: dict[str, Any]) -> tuple[str, str]:
    """Under what an answer is the same for ever."""
    return event["id"], event["kind"]


class Desk(RuleBasedStateMachine):
    """What two kiosks did, and what must then stand in the books."""

    patrons: dict[str, str]

    def __init__(self, store: StoreProcess, demo: Demo, books: Iterator[ItemBarcode]) -> None:
        super().__init__()
        self.store, self.demo, self.books = store, demo, books

    @initialize()
    def begin(self) -> None:
        """New kiosks and items that nobody has; one of them is wanted by somebody."""
        run = next(_runs)
        self.kiosks: list[Caller] = [
            new_kiosk(self.store.database, self.store.url, f"machine-{run}-{n}") for n in range(2)
        ]
        self.items = [next(self.books) for _ in range(3)]
        self.out: dict[ItemBarcode, str] = {}
        self.since: dict[ItemBarcode, datetime] = {}
        self.hands: dict[ItemBarcode, list[datetime]] = {item: [] for item in self.items}
        self.again: dict[ItemBarcode, list[datetime]] = {item: [] for item in self.items}
        self.answers: dict[tuple[str, str], tuple[int, bytes]] = {}
        self.told: list[tuple[int, dict[str, Any]]] = []
        self.lent = dict.fromkeys(STRIPS, 0)
        self.owed, self.wanted = 0, self.items[0]
        self.patrons = {name: self._patron(name) for name in PATRONS}
        self.strips = self._strips()
        self.owed_before = self._standing()
        self.store.change(
            "INSERT INTO hold (consortium, hold, patron, title, status, placed_at)"
            " SELECT i.consortium, ?, p.patron, i.title, 'waiting', '' FROM item i, pass p"
            " WHERE i.consortium = ? AND i.item = ? AND p.consortium = i.consortium AND p.number = ?",
            f"machine-{run}",
            DRENTHE,
            self.wanted,
            self.demo.passes["hanna"]["number"],
        )

    def _tell(self, at: int, event: dict[str, Any]) -> dict[str, Any]:
        """Tells it and holds the answer against what the same was answered before."""
        answer = self.kiosks[at].tell(event)
        assert answer[0] == 200, answer
        assert self.answers.setdefault(_key(event), answer) == answer
        said: dict[str, Any] = json.loads(answer[1])
        return said

    def _do(self, at: int, action: Action, *what: Any, kind: Kind) -> dict[str, Any]:
        shown, item, payment = (*what, None, None, None)[:3]
        event = self.kiosks[at].act(action, shown, item, payment, kind)
        self.told.append((at, event))
        return self._tell(at, event)

    @rule(at=KIOSKS, who=st.sampled_from(PATRONS), n=ITEMS, kind=TOLD)
    def borrow(self, at: int, who: str, n: int, kind: Kind) -> None:
        """Somebody borrows, or has borrowed."""
        item = self.items[n]
        said = self._do(at, Action.CHECK_OUT, self.demo.shown(who), item, kind=kind)
        self._borrowed(said, who, item, datetime.now(UTC))

    def _borrowed(self, said: dict[str, Any], who: str, item: ItemBarcode, when: datetime) -> None:
        """A loan, which takes its strip; told late it is over where the item was in anybody's hand since."""
        if said["outcome"] != "checked_out":
            return
        since = self.since.get(item, when) if item in self.out else datetime.now(UTC)
        is_over = any(when < hand < since for hand in self.hands[item])
        if self.out.get(item) == who and not is_over:
            if since < when:
                self.again[item].append(when)
                self.hands[item].append(when)
            return
        if who in self.lent:
            self.lent[who] += 1
        later = [one for one in self.again[item] if item in self.out and since <= when < one]
        if not is_over and later:
            self._took_it_again(item, min(later))
        elif not is_over and (item not in self.out or since <= when):
            self.out[item], self.since[item] = who, when
            self.hands[item].append(when)

    def _took_it_again(self, item: ItemBarcode, when: datetime) -> None:
        """Somebody had it in between, and so whoever has it borrowed it twice (S2)."""
        self.since[item] = when
        if self.out[item] in self.lent:
            self.lent[self.out[item]] += 1

    @rule(at=KIOSKS, n=ITEMS, kind=TOLD)
    def bring_back(self, at: int, n: int, kind: Kind) -> None:
        """Somebody brings something back, out or not."""
        said = self._do(at, Action.CHECK_IN, None, self.items[n], kind=kind)
        assert said["was_on_loan"] is (self.items[n] in self.out)
        self.out.pop(self.items[n], None)
        self.hands[self.items[n]].append(datetime.now(UTC))

    @rule(at=KIOSKS, who=st.sampled_from(PATRONS), n=ITEMS)
    def renew(self, at: int, who: str, n: int) -> None:
        """One renewal: only of who has it."""
        said = self._do(at, Action.RENEW, self.demo.shown(who), self.items[n], kind=Kind.REQUEST)
        assert said["outcome"] == "refused" or self.out.get(self.items[n]) == who

    @rule(at=KIOSKS, who=st.sampled_from(STRIPS))
    def renew_all(self, at: int, who: str) -> None:
        """All renewals: an answer for each item that is out, and for no other."""
        said = self._do(at, Action.RENEW_ALL, self.demo.shown(who), kind=Kind.REQUEST)
        answered = {one["item"] for one in (*said["renewed"], *said["refused"])} & set(self.items)
        assert answered == {item for item, name in self.out.items() if name == who}

    @rule(at=KIOSKS, cents=st.integers(1, 500))
    def pay(self, at: int, cents: int) -> None:
        """Money comes in, for something or for nothing."""
        paid = Payment(("none",), cents, f"M{next(_runs):08d}")
        self._do(at, Action.PAY, self.demo.shown("fatima"), None, paid, kind=Kind.FACT)
        self.owed -= cents

    @rule(at=KIOSKS, n=ITEMS)
    def give_up(self, at: int, n: int) -> None:
        """A loan that was given up before it left."""
        said = self._do(at, Action.CHECK_OUT, self.demo.shown("nora"), self.items[n], kind=Kind.VOID)
        assert said["outcome"] == "voided"

    @rule(data=st.data(), kind=st.sampled_from(list(Kind)))
    def tell_again(self, data: st.DataObject, kind: Kind) -> None:
        """Something of before is told once more, perhaps in another way."""
        if self.told:
            at, event = data.draw(st.sampled_from(self.told))
            self._again(at, event, kind)

    @rule(data=st.data())
    def it_happened_all_the_same(self, data: st.DataObject) -> None:
        """What was refused or given up is told as a fact, and booked."""
        no = [one for one in self.told if b'"outcome":"checked_out"' not in self.answers[_key(one[1])][1]]
        if no:
            at, event = data.draw(st.sampled_from(no))
            self._again(at, event, Kind.FACT)

    def _again(self, at: int, event: dict[str, Any], kind: Kind) -> None:
        first = json.loads(self.answers[_key(event)][1])["outcome"]
        fresh = (event["id"], kind.value) not in self.answers and first in ("refused", "voided")
        if event["action"] == "pay" and kind is Kind.REQUEST:
            return
        said = self._tell(at, event | {"kind": kind.value})
        assert kind is not Kind.FACT or said["outcome"] not in ("refused", "voided")
        if kind is Kind.FACT and fresh and event["action"] == "check_out":
            numbers = {self.demo.passes[one]["number"]: one for one in PATRONS}
            uids = {self.demo.passes[one]["uid"]: one for one in PATRONS}
            shown = event["presented"]
            who = numbers.get(shown["number"]) or uids[shown["uid"]]
            self._borrowed(said, who, event["item"], datetime.fromisoformat(event["at"]))

    @rule(at=KIOSKS)
    def leave(self, at: int) -> None:
        """A visit ends."""
        assert self._do(at, Action.END_VISIT, self.demo.shown("nora"), kind=Kind.FACT)["outcome"] == "visit_ended"

    @invariant()
    def each_item_is_out_to_whom_it_was_lent_and_to_nobody_else(self) -> None:
        """House decision 2: told is booked, once."""
        if not hasattr(self, "items"):
            return
        rows = self.store.rows(
            "SELECT l.item, l.patron FROM loan l WHERE l.consortium = ? AND l.returned_at IS NULL"
            " AND l.item IN (?, ?, ?)",
            DRENTHE,
            *self.items,
        )
        assert sorted(rows) == sorted((item, self.patrons[who]) for item, who in self.out.items())

    @invariant()
    def a_loan_takes_one_strip_and_nothing_else_does(self) -> None:
        """S2."""
        if hasattr(self, "strips"):
            assert self._strips() == {name: before - self.lent[name] for name, before in self.strips.items()}

    @invariant()
    def no_cent_is_lost_or_made(self) -> None:
        """F2."""
        if hasattr(self, "owed_before"):
            assert self._standing() == self.owed_before + self.owed

    @invariant()
    def a_kiosks_sequence_has_no_hole(self) -> None:
        """House decision 1."""
        if hasattr(self, "kiosks"):
            names = [one.kiosk.id for one in self.kiosks]
            kept = self.store.rows("SELECT kiosk, last_seq FROM kiosk WHERE kiosk IN (?, ?)", *names)
            assert dict(kept) == {one.kiosk.id: one.seq for one in self.kiosks}

    @invariant()
    def what_stands_on_the_hold_shelf_is_out_to_nobody(self) -> None:
        """K8."""
        both = (
            "SELECT h.hold FROM hold h JOIN loan l ON l.consortium = h.consortium AND l.item = h.item"
            " WHERE h.status = 'on_shelf' AND l.returned_at IS NULL AND h.hold LIKE 'machine-%'"
        )
        assert self.store.rows(both) == []

    def _patron(self, name: str) -> str:
        number = self.demo.passes[name]["number"]
        return str(self.store.rows("SELECT patron FROM pass WHERE number = ?", number)[0][0])

    def _strips(self) -> dict[str, int]:
        left = self.store.rows(
            "SELECT m.patron, s.balance - s.overdrawn FROM strips s"
            " JOIN membership m ON m.consortium = s.consortium AND m.membership = s.membership"
            " WHERE m.consortium = ? AND m.patron IN (?, ?, ?)",
            DRENTHE,
            *(self.patrons[name] for name in STRIPS),
        )
        found = {patron: int(balance) for patron, balance in left}
        return {name: found[self.patrons[name]] for name in STRIPS}

    def _standing(self) -> int:
        owed = self.store.rows(
            "SELECT COALESCE(SUM(cents), 0) FROM fee WHERE consortium = ? AND patron = ? AND status = 'open'",
            DRENTHE,
            self.patrons["fatima"],
        )
        return int(owed[0][0])


def test_whatever_two_kiosks_do_the_books_stay_right(
    store: StoreProcess, demo: Demo, books: Iterator[ItemBarcode]
) -> None:
    run_state_machine_as_test(
        cast(Any, lambda: Desk(store, demo, books)),
        settings=settings(
            max_examples=12,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
