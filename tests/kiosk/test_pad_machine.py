"""Any order of books, passes, touches, answers and a pad's bad days: what must hold of gate bits, loans and screens.

A pad that answers after its deadline, or is gone at any moment: no simulator can be told all, so this one is a script.
"""

import asyncio
from collections.abc import Callable

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from circulation.affairs import CheckedIn
from circulation.identifiers import EventId, ItemBarcode
from circulation.outcomes import CheckedOut, NextStep, Reason, Refused, Voided
from circulation.presented import Presented
from devices.ports import Health, PadItem, TagSecurity
from kiosk.rows import Asking, Back, Gate, Lent, Switching
from kiosk.ui import Borrowing, Finished, Intent, LendOrReturn, Rest, Returned, Returning, Screen, Shown
from kiosk.visit_pad import PadRules
from tests.kiosk.virtual_time import VirtualLoop
from tests.kiosk.world import (
    ANNA,
    BERT,
    HELD,
    WITH_PAD,
    Kiosk,
    Recorder,
    ScriptedDesk,
    ScriptedPad,
    an_event,
    book,
    lent,
    lost,
    tag,
    unreachable,
)

SECURED, UNSECURED, UNKNOWN = TagSecurity.SECURED, TagSecurity.UNSECURED, TagSecurity.UNKNOWN
ITEMS: dict[str, tuple[PadItem, ...]] = {
    book(1): (tag(book(1)),),
    book(2): (tag(book(2)),),
    book(3): (tag(book(3), 1, 2), tag(book(3), 2, 2)),
}
TAGS = tuple(one for parts in ITEMS.values() for one in parts)
REPLIES = ("lent", "lent", "refused", "lost and done", "lost and not done", "unreachable")
RETURNS = ("done", "done", "lost and done", "unreachable", "refused")


class Library(ScriptedDesk):
    """Knows who has what, also where nobody hears its answer."""

    def __init__(self) -> None:
        super().__init__()
        self.loans: dict[str, str] = {}
        self.next_reply, self.next_return = "lent", "done"
        self.brought: set[str] = set()  # what was taken in while the gate let it pass: only where it is brought back
        self.passes_gate: Callable[[str], bool] = lambda _: False
        self.on_ask: Callable[[str], None] = lambda _: None
        self.open: dict[EventId, CheckedOut | Refused | Voided] = {}

    async def check_out(self, presented: Presented, item: ItemBarcode) -> CheckedOut | Refused:
        reply, self.next_reply = self.next_reply, "lent"
        self.on_ask(item)
        await asyncio.sleep(self.delay_s)
        patron = presented.number or ""
        if reply == "unreachable":
            raise unreachable()
        answer = self._decide(patron, item, refuse=reply == "refused", books=reply != "lost and not done")
        if not reply.startswith("lost"):
            return answer
        event = an_event()
        self.open[event] = Voided(event) if reply == "lost and not done" else answer
        raise lost(event)

    def _decide(self, patron: str, item: str, *, refuse: bool, books: bool) -> CheckedOut | Refused:
        owner = self.loans.get(item)
        if owner is not None:
            reason, step = (
                (Reason.ALREADY_YOURS, NextStep.KEEP) if owner == patron else (Reason.ITEM_ON_LOAN, NextStep.DESK)
            )
            return Refused(reason, "K11", step)
        if refuse:
            return HELD
        if books:
            self.loans[item] = patron
            self.brought.discard(item)
        return lent(item, item)

    async def check_in(self, item: ItemBarcode) -> CheckedIn | Refused:
        how, self.next_return = self.next_return, "done"
        self.on_ask(item)
        await asyncio.sleep(self.delay_s)
        if how not in ("unreachable", "refused") and self.passes_gate(item):
            self.brought.add(item)
        if how == "unreachable":
            raise unreachable()
        if how == "refused":
            return Refused(Reason.RETURN_ELSEWHERE, "N6", NextStep.OTHER_BRANCH)
        self.loans.pop(item, None)
        if how.startswith("lost"):
            raise lost(an_event())
        return CheckedIn(item, item)


class BadPad(ScriptedPad):
    """What has begun goes on when nobody waits any more, and without a plug nothing answers."""

    def __init__(self) -> None:
        super().__init__()
        self.plugged, self.busy = True, 0
        self.mute: set[bytes] = set()  # does it, and its answer is lost

    async def _switch(self, uid: bytes, wanted: TagSecurity) -> TagSecurity:
        return await asyncio.shield(asyncio.create_task(self._work(uid, wanted)))

    async def _work(self, uid: bytes, wanted: TagSecurity) -> TagSecurity:
        self.busy += 1
        try:
            await asyncio.sleep(self.delay_s)
            if not self.plugged or uid in self.silent:
                return UNKNOWN
            if uid not in self.stuck:
                self.bits[uid] = wanted
            return UNKNOWN if uid in self.mute else self.bits[uid]
        finally:
            self.busy -= 1


class Watching(Recorder):
    """Compares each picture with the tags and the loans at the moment when it is drawn."""

    machine: "PadMachine"

    def show(self, shown: Shown) -> None:
        super().show(shown)
        self.machine.look(self.machine.kiosk.stage._shown)  # as it is under the veil, which hides what it is about


class PadMachine(RuleBasedStateMachine):
    """A kiosk with a pad, three items and two patrons."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.kiosk = Kiosk(self.loop, WITH_PAD, returns=True)
        self.library, self.pad = Library(), BadPad()
        self.kiosk.desk, self.kiosk.pad = self.library, self.pad
        self.pad.switches = True
        self.library.passes_gate = self.comes_back
        self.library.on_ask = self.is_asked
        self.pad.bits = {one.uid: SECURED for one in TAGS}
        self.ui = Watching(self.loop.time)
        self.ui.machine = self
        self.kiosk.ui = self.ui
        self.kiosk.stage._ui = self.ui  # the stage was built with the other recorder
        self.before: Screen = Rest()
        self.were_there: set[str] = set()  # in this visit: laid where a pad that works sees it, or scanned
        self.faults: list[AssertionError] = []
        self.loop.run_until_complete(self.kiosk.begin())

    def teardown(self) -> None:
        self.loop.finish()

    @initialize(undo=st.booleans())
    def the_branch_wants(self, undo: bool) -> None:
        self.pad.rules = PadRules(undo=undo)

    # ---- what people do

    @rule(number=st.sampled_from([ANNA, ANNA, BERT]))
    def tap(self, number: str) -> None:
        self.loop.run_until_complete(self.kiosk.tap(number))

    @rule(tags=st.lists(st.sampled_from(TAGS), min_size=1, max_size=4, unique=True))
    def lay(self, tags: list[PadItem]) -> None:
        if self.pad.plugged:
            self.were_there |= {str(one.number) for one in tags}
        self.loop.run_until_complete(self.kiosk.lay(*tags))

    @precondition(lambda self: isinstance(self.kiosk.screen(), Borrowing))
    @rule(number=st.sampled_from(sorted(ITEMS)), how=st.sampled_from(["stuck", "silent", "mute"]))
    def lay_a_bad_one(self, number: str, how: str) -> None:
        for one in ITEMS[number]:
            self.a_tag_does(one.uid, how)
        self.lay(list(ITEMS[number]))
        self.wait(6)

    @rule(tags=st.lists(st.sampled_from(TAGS), max_size=2, unique=True))
    def lift(self, tags: list[PadItem]) -> None:
        self.loop.run_until_complete(self.kiosk.lift(*tags))

    @rule(number=st.sampled_from(sorted(ITEMS)))
    def scan(self, number: str) -> None:
        self.were_there.add(number)
        self.loop.run_until_complete(self.kiosk.scan(number))

    @rule(
        intent=st.sampled_from(
            [Intent.DONE, Intent.STOP, Intent.NO_RECEIPT, Intent.PRINT, Intent.MORE_TIME, Intent.CLOSE]
        )
    )
    def touch(self, intent: Intent) -> None:
        self.loop.run_until_complete(self.kiosk.touch(intent))

    @rule()
    def bring_back(self) -> None:
        self.touch(Intent.BRING_BACK)

    @precondition(lambda self: isinstance(self.kiosk.screen(), LendOrReturn))
    @rule(intent=st.sampled_from([Intent.LEND, Intent.BRING_BACK, Intent.STOP]))
    def say(self, intent: Intent) -> None:
        """Until then nothing was done with the books that lie there (`is_asked`)."""
        self.touch(intent)

    @precondition(lambda self: isinstance(self.kiosk.screen(), Rest))
    @rule(number=st.sampled_from(sorted(ITEMS)))
    def bring_one_back(self, number: str) -> None:
        self.bring_back()
        self.lay(list(ITEMS[number]))

    @rule(seconds=st.sampled_from([0.05, 0.3, 1, 6, 50, 66]))
    def wait(self, seconds: float) -> None:
        self.loop.run_until_complete(self.kiosk.wait(seconds))
        self.loop.run_until_complete(self.kiosk.tell_pad())

    # ---- what the world does

    @rule(
        uid=st.sampled_from([one.uid for one in TAGS]), how=st.sampled_from(["well", "well", "stuck", "silent", "mute"])
    )
    def a_tag_does(self, uid: bytes, how: str) -> None:
        for name, those in (("stuck", self.pad.stuck), ("silent", self.pad.silent), ("mute", self.pad.mute)):
            (those.add if how == name else those.discard)(uid)

    @rule(seconds=st.sampled_from([0, 0, 0.05, 0.5, 2]))
    def the_pad_takes(self, seconds: float) -> None:
        self.pad.delay_s = seconds

    @rule(
        moved=st.lists(st.sampled_from(TAGS), max_size=3, unique=True),
        laid=st.booleans(),
        blind_s=st.sampled_from([0, 0, 0.05, 2]),
    )
    def the_plug(self, moved: list[PadItem], laid: bool, blind_s: float) -> None:
        """Out, or in again after some moved books; then it is said to be ready before it has looked."""
        if self.pad.plugged:
            self.pad.plugged = False
            self.loop.run_until_complete(self.kiosk.health("item_pad", Health.LOST))
            return
        if moved:
            self.loop.run_until_complete((self.kiosk.lay if laid else self.kiosk.lift)(*moved))
        self.plug_in(blind_s)

    @precondition(lambda self: self.pad.plugged and isinstance(self.kiosk.screen(), Rest))
    @rule(number=st.sampled_from(sorted(ITEMS)), begins=st.sampled_from(["visit", "return", "nothing"]))
    def a_book_is_taken_while_the_pad_is_away(self, number: str, begins: str) -> None:
        """Nobody sees it go; somebody may come meanwhile."""
        self.lay(list(ITEMS[number]))
        self.the_plug([], laid=False, blind_s=0)
        self.lift(list(ITEMS[number]))
        self.were_there.clear()
        if begins == "visit":
            self.tap(ANNA)
        elif begins == "return":
            self.bring_back()

    def plug_in(self, blind_s: float = 0) -> None:
        self.pad.plugged = True
        self.loop.run_until_complete(self.kiosk.state("item_pad", Health.READY))
        self.loop.run_until_complete(self.kiosk.wait(blind_s))
        self.were_there |= self.kiosk.lying
        self.loop.run_until_complete(self.kiosk.health("item_pad", Health.READY))

    @rule(reply=st.sampled_from(REPLIES))
    def the_next_answer_is(self, reply: str) -> None:
        self.library.next_reply = reply

    @rule(reply=st.sampled_from(RETURNS))
    def the_next_return_is(self, reply: str) -> None:
        self.library.next_return = reply

    @rule(seconds=st.sampled_from([0, 0, 0.05, 0.5, 3]))
    def answers_take(self, seconds: float) -> None:
        self.library.delay_s = seconds

    @rule()
    def late_answers_come(self) -> None:
        for event, answer in list(self.library.open.items()):
            del self.library.open[event]
            self.loop.run_until_complete(self.kiosk.answer(event, answer))

    # ---- what must hold

    @invariant()
    def it_serves(self) -> None:
        self.kiosk.check()

    @invariant()
    def a_visit_begins_with_what_lies_there(self) -> None:
        if isinstance(self.kiosk.screen(), Rest):
            self.were_there = self.kiosk.lying if self.pad.plugged else set()

    @invariant()
    def nothing_is_unlocked_and_not_lent(self) -> None:
        """But for what was brought back and could not be armed, or is being armed: see `was_told`."""
        for number, tags in ITEMS.items():
            if any(self.pad.bits[one.uid] is UNSECURED for one in tags):
                assert number in self.library.loans or number in self.library.brought

    @invariant()
    def every_picture_was_right(self) -> None:
        assert self.faults == []

    def look(self, shown: Shown) -> None:
        """A flow would take what is raised here for a fault of its own."""
        try:
            self.compare(self.before, shown.screen)
        except AssertionError as fault:
            self.faults.append(fault)
        self.before = shown.screen

    def compare(self, before: Screen, screen: Screen) -> None:
        rows = screen.rows if isinstance(screen, Borrowing) else ()
        for row in rows:
            if isinstance(row, Lent) and row.gate is Gate.SAFE:
                assert not self.is_locked(row.title), "shown as lent, and the gate calls"
        for row in screen.rows if isinstance(screen, Returning) else ():
            if isinstance(row, Back) and row.gate is Gate.SAFE:
                assert not self.is_open(row.title), "shown as returned, and the gate lets it pass"
        if isinstance(before, Borrowing) and not isinstance(screen, Borrowing):
            self.was_told(before, screen)
        if isinstance(before, Returning) and not isinstance(screen, Returning):
            self.was_thanked(before, screen)

    def is_locked(self, number: str) -> bool:
        """Of a row that is veiled nobody can tell which item it is of."""
        return any(self.pad.bits[one.uid] is not UNSECURED for one in ITEMS.get(number, ()))

    def was_told(self, before: Borrowing, after: Screen) -> None:
        """A visit is over: of each loan of it at which the gate calls, the list or the last screen has a word."""
        locked = sum(isinstance(row, Lent) and row.gate is not Gate.SAFE for row in before.rows)
        waiting = [row for row in before.rows if isinstance(row, Switching)]
        if isinstance(after, Finished):
            # What was being switched has ended meanwhile, well or not; or it is tried again and this screen will tell.
            locked += sum(self.is_locked(row.done.title) for row in waiting)
            assert after.unlocking or after.to_check >= locked
        else:
            assert not waiting

    def is_open(self, number: str) -> bool:
        return any(self.pad.bits[one.uid] is UNSECURED for one in ITEMS.get(number, ()))

    def is_asked(self, number: str) -> None:
        """Nothing is asked of the library before it is said what to do (a loan of before may still be undone), nor of
        a book that lay there before the pad was away, and does not now."""
        if number not in self.were_there:
            self.faults.append(AssertionError("asked of a book that nobody has here"))
        if isinstance(self.kiosk.screen(), LendOrReturn) and not self.pad.rules.undo:
            self.faults.append(AssertionError("done before it was said"))

    def comes_back(self, number: str) -> bool:
        """Whether the gate lets it pass at the moment when it is taken in; a loan is undone with its bit armed."""
        if not self.is_open(number):
            return False
        if not isinstance(self.kiosk.screen(), Returning | Returned):
            self.faults.append(AssertionError("a loan was ended and the gate lets it pass"))
        return True

    def was_thanked(self, before: Returning, after: Screen) -> None:
        """The same of what was taken in: of each that may pass the gate the list or the last screen has a word."""
        amiss = sum(isinstance(row, Back) and row.gate is not Gate.SAFE for row in before.rows)
        waiting = [row for row in before.rows if isinstance(row, Switching)]
        if isinstance(after, Returned):
            amiss += sum(self.is_open(row.done.title) for row in waiting)
            assert after.locking or after.to_check >= amiss
        else:  # somebody shows a pass already, and all went well
            assert not any(self.is_open(row.done.title) for row in waiting)

    @rule()
    def everything_comes_to_rest(self) -> None:
        """A pad that works has done what the list says, or the list says that it has not."""
        self.pad.delay_s = self.library.delay_s = 0
        self.plug_in()
        self.wait(6)
        screen = self.kiosk.screen()
        if not isinstance(screen, Borrowing | Returning):
            return
        stack = self.kiosk.stage.pad
        assert not any(isinstance(row, Switching | Asking) for row in screen.rows)
        by_title = {row.title: row for row in screen.rows if isinstance(row, Lent | Back)}
        for lying in stack.items:
            row = by_title.get(lying.item)
            assert row is None or row.gate is not Gate.LAY_DOWN or not lying.whole


PadMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
test_every_order_of_happenings_keeps_gate_loans_and_screens_in_agreement = PadMachine.TestCase
