"""Hands at the whole product: they play drawn visits, break and mend, and bring all to a quiet point."""

from __future__ import annotations

import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from devices.item_pad.pad_state import MISSES_UNTIL_GONE
from devices.simulators.drive import BenchError
from tests.chaos.oracle import IN_STOCK, ON_LOAN, Tag, last_screen
from tests.chaos.plan import FAULTS, Deed, Step, Visit
from tests.journeys.running import wait_until
from tests.journeys.whole_app import BUTTONS, WholeApp

BEGIN_S = 4.0  # how long a patron holds a pass there, or looks at the screen, before trying again
AGAIN_S = 2.0  # and before touching a button again on which nothing came
QUIET_S = 90.0
NOTICED_S = 10.0
ANSWERS_A_LOOK = 4  # at most, of a pad on which a tag is missed
CUT_OFF = "394010000"
# What is touched to leave each screen; where nothing is named, it goes by itself.
_LEAVES = {
    "LendOrReturn": "stop",
    "Waiting": "stop",
    "NoVisit": "done",
    "NoAnswer": "done",
    "Borrowing": "done",
    "Finished": "no_receipt",
    "Receipt": "done",
    "Returning": "done",
    "Returned": "done",
}


class Hands:
    """Plays visits on one product and remembers what the oracle asks: every tag as it was last seen, and what was laid
    down or scanned at all. A book keeps its tags, and their gate bits, from one visit to the next."""

    def __init__(self, app: WholeApp, seed: int) -> None:
        self.app, self._chance = app, random.Random(f"{seed} passes")
        self.did: Counter[str] = Counter()
        self.tags: dict[str, Tag] = {}
        self.handled: set[str] = set()
        self._locked: set[str] = set()
        self._parts: dict[str, int] = {}
        self._bits: dict[tuple[str, int], int] = {}
        self._passes = [one for one in app.bench.drawer() if one["expect"] == "may borrow"]
        self._refused = {
            returns: [one["barcode"] for one in app.bench.pile() if one["expect"].split()[-1] in reasons]
            for returns, reasons in _REFUSALS.items()
        }
        self._returns = False
        self.out = [one["barcode"] for one in app.bench.pile() if one["expect"] == "K7 item_on_loan"]
        """What was lent before the first visit, and may be brought back."""
        self._bits |= {(number, 1): ON_LOAN for number in self.out}
        self._books: list[str] = []
        self.killed = False

    # -- a visit

    def play(self, visit: Visit, books: list[str]) -> None:
        """From the pass, or the button for returns, to the last touch; what is broken stays so until `come_to_rest`."""
        self._books, self._returns, self.killed = books, visit.returns, False
        self.tags.clear()
        self.handled.clear()
        early = [one for one in visit.steps[:1] if one.deed is Deed.BREAK]
        for step in early:
            self._do(step)
        if not self._begin(visit):
            self.did["visits that did not begin"] += 1
        for step in visit.steps[len(early) :]:
            self._do(step)
        self._end(visit)

    def _begin(self, visit: Visit) -> bool:
        """Shows the pass or touches the button; when nothing came of it, once more with all devices in order."""
        for second in (False, True):
            if second:
                self.mend_all()
                self._leave_screen()
                time.sleep(1.0)
            self.app.mark()
            if self._tries(visit, BEGIN_S * (1 + second)):
                self.did["visits"] += 1
                self.did["visits to return"] += visit.returns
                return True
        return False

    def _tries(self, visit: Visit, limit_s: float) -> bool:
        if visit.returns:
            ends = time.monotonic() + limit_s
            while time.monotonic() < ends:
                self.touch("bring_back")
                if self._begun("returning begins", AGAIN_S):
                    return True
            return False
        one = self._passes[visit.who % len(self._passes)]
        self._show_pass(one, by_pad=visit.by_pad)
        try:
            return self._begun("visit begins", limit_s)
        finally:
            self._remove_pass(one, by_pad=visit.by_pad)

    def _begun(self, word: str, limit_s: float) -> bool:
        ends = time.monotonic() + limit_s
        while time.monotonic() < ends:
            if word in self.app.since_mark():
                return True
            time.sleep(0.05)
        return False

    def _show_pass(self, one: Mapping[str, Any], *, by_pad: bool) -> None:
        if by_pad:
            self.app.bench.place_item(one["number"], usage=8)
        elif one.get("uid"):
            self.app.bench.place_pass(one["name"])
        else:
            self._quietly(lambda: self.app.bench.scan_pass(one["name"]))

    def _remove_pass(self, one: Mapping[str, Any], *, by_pad: bool) -> None:
        if by_pad:
            self._quietly(lambda: self.app.bench.remove_item(one["number"]))
        else:
            self.app.bench.remove_pass()

    def _end(self, visit: Visit) -> None:
        if visit.ends != "walks away":
            self.touch(visit.ends)
            time.sleep(visit.lingers_s)
            self.touch("print" if visit.prints else "no_receipt")
        else:
            self.did["walked away"] += 1
            wait_until("the question or the end", lambda: self.screen() not in ("Borrowing", "Returning"), 45)
        time.sleep(visit.lingers_s)
        self.take_all()

    # -- deeds

    def _do(self, step: Step) -> None:
        try:
            _DEEDS[step.deed](self, step)
        except BenchError:  # the plug is out: hands find nothing to do
            self.did["in vain"] += 1
        time.sleep(step.then_s)

    def _scan(self, step: Step) -> None:
        number = self._book(step)
        self.handled |= {number, CUT_OFF + number}  # a scan without its end runs into one that follows at once
        self.app.bench.scan(number)

    def lay(self, number: str) -> None:
        """Lays a book down."""
        self._parts.setdefault(number, 1)
        self._place(number, 1)

    def _lay(self, step: Step) -> None:
        """A book that was seen before has the parts that it has."""
        number, has = self._book(step), self._parts.setdefault(self._book(step), step.parts)
        for part in range(1, has + 1) if step.deed is Deed.LAY else (step.part,):
            if part <= has:
                self._place(number, part)

    def _lay_strange(self, step: Step) -> None:
        self.app.bench.place_item("-", model="foreign")

    def _lock(self, step: Step) -> None:
        self._lay(replace(step, deed=Deed.LAY))
        self.app.bench.lock_item(self._book(step))
        self._locked.add(self._book(step))

    def _move(self, step: Step) -> None:
        moment, back = step.how.split(" ")
        self._lay(replace(step, deed=Deed.LAY))
        self.app.bench.move_item(self._book(step), moment, int(back) if back else None)

    def _lift(self, step: Step) -> None:
        self._taken(self.app.bench.remove_item(self._book(step)))

    def _nonsense(self, step: Step) -> None:
        self.app.bench.scan("?" * 3)

    def _other_pass(self, step: Step) -> None:
        other = self._passes[int(step.which)]
        if other.get("uid"):
            self.app.bench.place_pass(other["name"])
            time.sleep(0.3)
            self.app.bench.remove_pass()

    def _touch(self, step: Step) -> None:
        self.touch(sorted(set(BUTTONS) - {"stop", "done", "bring_back", "lend", "email"})[int(step.which) % 4])

    def _kill(self, step: Step) -> None:
        self.app.kill_kiosk()
        self.killed = True
        self.did["kiosk: killed"] += 1
        for what in ("reader", "scanner", "printer"):
            self._mend(what)
        self.app.start_kiosk()

    def _break(self, step: Step) -> None:
        _BREAKS[str(step.which), step.how](self.app, step.part)
        self.did[f"{step.which}: {step.how}"] += 1

    def _mend_one(self, step: Step) -> None:
        self._mend(str(step.which))

    def _mend(self, what: str) -> None:
        bench = self.app.bench
        if what == "sound":
            bench.mend_sound()
            return
        bench.plug(what)
        if what == "reader":
            bench.reader_fault("none")
        elif what == "pad":
            bench.pad_fault("none")
        elif what == "printer":
            bench.resume_printer()
            bench.paper_in()
            bench.cover_closed()
        elif what == "light":
            bench.unmute_light()
        elif what == "terminal":
            bench.terminal_fault("none")

    # -- a quiet point

    def mend_all(self) -> None:
        """Everything plugged in and in order."""
        for what in FAULTS:
            self._mend(what)

    def come_to_rest(self) -> None:
        """Mends all, takes all away and touches what a patron would until the kiosk invites the next."""
        self.mend_all()
        self.take_all()
        self.app.bench.remove_pass()
        ends = time.monotonic() + QUIET_S
        while self.screen() != "Rest" and self.app.kiosk_lives() and time.monotonic() < ends:
            self._leave_screen()
            time.sleep(0.4)
        self.take_all()
        self._wait_noticed()

    def _wait_noticed(self) -> None:
        """Until the kiosk has looked at the pad often enough to know that it is empty: the next patron is no faster."""
        before, ends = self._answers_of_pad(), time.monotonic() + NOTICED_S
        while self._answers_of_pad() < before + ANSWERS_A_LOOK * (MISSES_UNTIL_GONE + 1) and time.monotonic() < ends:
            time.sleep(0.05)

    def _answers_of_pad(self) -> int:
        return int(self.app.bench.status()["item-pad"]["answers"])

    def _leave_screen(self) -> None:
        screen = self.screen()
        if "HelpCard" in screen:
            self.touch("done")
        elif screen in _LEAVES:
            self.touch(_LEAVES[screen])

    def take_all(self) -> None:
        """Everything off the pad; each tag is remembered as it was at that moment."""
        self._taken(self.app.bench.clear_pad())

    def _taken(self, tags: list[dict[str, Any]]) -> None:
        for one in tags:
            self.tags[one["uid"]] = Tag(one["number"], one["afi"])
            self._bits[one["number"], one["part"]] = one["afi"]

    def _place(self, number: str, part: int) -> None:
        """Lays it down with the gate bit that it had when it was taken away."""
        self.handled.add(number)
        afi = self._bits.get((number, part), IN_STOCK)
        self.app.bench.place_item(number, part=part, parts=self._parts[number], afi=afi)
        if number in self._locked:
            self.app.bench.lock_item(number)

    def _book(self, step: Step) -> str:
        if step.which == "refused":
            refused = self._refused[self._returns]
            return str(refused[len(self._books) % len(refused)])
        return self._books[int(step.which)]

    def screen(self) -> str:
        """What stands on the screen, by the log of this life."""
        return last_screen(self.app.since_start()) or "Rest"

    def touch(self, where: str) -> None:
        """A finger, without waiting for the picture to stand still."""
        with contextlib.suppress(OSError):
            self.app.touch_at(*BUTTONS[where])

    @staticmethod
    def _quietly(do: Callable[[], object]) -> None:
        with contextlib.suppress(BenchError):
            do()


_REFUSALS = {  # of loans, and of returns
    False: ("item_reference", "item_damaged", "item_missing", "held_for_another"),
    True: ("no_transport",),
}
_DEEDS: Mapping[Deed, Callable[[Hands, Step], None]] = {
    Deed.SCAN: Hands._scan,
    Deed.LAY: Hands._lay,
    Deed.LAY_PART: Hands._lay,
    Deed.LAY_STRANGE: Hands._lay_strange,
    Deed.LIFT: Hands._lift,
    Deed.LOCK: Hands._lock,
    Deed.MOVE: Hands._move,
    Deed.NONSENSE: Hands._nonsense,
    Deed.OTHER_PASS: Hands._other_pass,
    Deed.TOUCH: Hands._touch,
    Deed.BREAK: Hands._break,
    Deed.MEND: Hands._mend_one,
    Deed.KILL: Hands._kill,
}


def _unplugs(what: str) -> Callable[[WholeApp, int], None]:
    return lambda app, _: app.bench.unplug(what)


def _reader_is(kind: str) -> Callable[[WholeApp, int], None]:
    return lambda app, count: app.bench.reader_fault(kind, count)


def _pad_is(kind: str) -> Callable[[WholeApp, int], None]:
    return lambda app, count: app.bench.pad_fault(kind, count * 2)


def _terminal_is(kind: str) -> Callable[[WholeApp, int], None]:
    return lambda app, count: app.bench.terminal_fault(kind, count, on="Diagnosis")  # its sign of life


_BREAKS: Mapping[tuple[str, str], Callable[[WholeApp, int], None]] = {
    **{(what, "unplug"): _unplugs(what) for what, kinds in FAULTS.items() if "unplug" in kinds},
    **{("reader", kind): _reader_is(kind) for kind in ("silent", "corrupt", "truncate")},
    **{("pad", kind): _pad_is(kind) for kind in ("silent", "corrupt", "truncate", "late")},
    ("scanner", "noise"): lambda app, _: app.bench.noise(),
    ("scanner", "cut-off"): lambda app, _: app.bench.send_raw(CUT_OFF.encode()),
    ("printer", "stall"): lambda app, _: app.bench.stall_printer(),
    ("printer", "dies"): lambda app, count: app.bench.printer_dies_after(count * 40),
    ("printer", "paper-out"): lambda app, count: app.bench.paper_out(count * 40),
    ("printer", "cover-open"): lambda app, _: app.bench.cover_open(),
    ("network", "stall"): lambda app, _: app.bench.stall_line(),
    ("network", "delay"): lambda app, count: app.bench.delay(count / 3),
    ("network", "lose-answers"): lambda app, count: app.bench.lose_answers(count, match="POST"),
    ("light", "mute"): lambda app, _: app.bench.mute_light(),
    ("sound", "no-card"): lambda app, _: app.bench.break_sound(),
    **{("terminal", kind): _terminal_is(kind) for kind in ("silent", "truncate")},
}
