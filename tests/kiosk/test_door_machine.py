"""Any order of touches, passes, digits, answers and silence at the door: who may become a guest (G10), and whose is the
code for the desk (N10)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from circulation.affairs import GuestHomes, HandedOver, HomeChoice
from circulation.events import HandOver
from circulation.identifiers import EventId, Isil, PatronRef
from circulation.outcomes import OFFERS_ENROLMENT, Identified, NextStep, Reason, Refused
from kiosk.flows.choose_home import stretches
from kiosk.flows.desk_code import has_code
from kiosk.ui import (
    PIN_MIN,
    Borrowing,
    ChooseHome,
    GuestOffer,
    HelpCard,
    Intent,
    NoVisit,
    PinPad,
    Rest,
    Screen,
    StillThere,
    Waiting,
)
from tests.kiosk.virtual_time import VirtualLoop
from tests.kiosk.world import ANNA, BERT, PASS_UNKNOWN, UNKNOWN, Kiosk, ScriptedDesk, book, unreachable

OFFERED = replace(PASS_UNKNOWN, values={OFFERS_ENROLMENT: 1})
BLOCKED = Refused(Reason.PASS_BLOCKED, "P7", NextStep.DESK)
OWES = Refused(Reason.OPEN_AMOUNT, "F4", NextStep.DESK, {"cents": 1200})
SAYS_NO = Refused(Reason.HOME_SAYS_NO, "G2", NextStep.OWN_LIBRARY)
SILENT = Refused(Reason.HOME_SILENT, "G2", NextStep.DESK)
HOMES = tuple(HomeChoice(Isil(f"NL-{number:07d}"), f"Bibliotheek {number:02d}") for number in range(40))
BLOCKED_PASS = "29401000075900"
QUIET_S = 45 + 20 + 6
ENROLMENTS = (Identified(PatronRef("guest"), may_borrow=5), SAYS_NO, SILENT, unreachable())


class DoorDesk(ScriptedDesk):
    """Gives each case a code of its own, and remembers whose it is."""

    def __init__(self) -> None:
        super().__init__()
        self.patrons |= {
            UNKNOWN: OFFERED,
            BLOCKED_PASS: BLOCKED,
            BERT: Identified(PatronRef("bert"), cannot_borrow=OWES),
        }
        self.codes: dict[str, HandOver] = {}
        self.gives_codes = True

    async def hand_over(self, case: HandOver) -> HandedOver | None:
        self.cases.append(case)
        await asyncio.sleep(self.code_delay_s)
        if not self.gives_codes:
            raise unreachable()
        code = f"K{len(self.cases):03d}"
        self.codes[code] = case
        return HandedOver(code, datetime(2026, 7, 23, tzinfo=UTC))


class DoorMachine(RuleBasedStateMachine):
    """What somebody can do who is not let in at once."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.kiosk = Kiosk(self.loop)
        self.kiosk.desk = self.desk = DoorDesk()
        self.homes: tuple[HomeChoice, ...] = HOMES[:1]
        self.desk.homes = GuestHomes(self.homes)
        self.left: tuple[HomeChoice, ...] = ()  # of the list, by what was chosen so far
        self.wider: list[tuple[HomeChoice, ...]] = []  # what that was before each choice
        self.typed = ""
        self.said_yes = False
        self.enrolled = 0
        self.life = self.loop.time()
        self.loop.run_until_complete(self.kiosk.begin())

    def teardown(self) -> None:
        self.loop.finish()

    def screen(self) -> Screen:
        return self.kiosk.screen()

    def touch(self, intent: Intent, what: str = "") -> None:
        self.life = self.loop.time()
        self.loop.run_until_complete(self.kiosk.touch(intent, what))

    def stands(self, kind: type[Screen]) -> bool:
        return isinstance(self.screen(), kind) and self.kiosk.shown().over is None

    # ---- what people do

    @rule(number=st.sampled_from([UNKNOWN, UNKNOWN, UNKNOWN, ANNA, BERT, BLOCKED_PASS]))
    def tap(self, number: str) -> None:
        self.life = self.loop.time()
        self.loop.run_until_complete(self.kiosk.tap(number))

    @rule()
    def scan(self) -> None:
        self.life = self.loop.time()
        self.loop.run_until_complete(self.kiosk.scan(book(1)))

    @precondition(lambda self: self.stands(GuestOffer))
    @rule()
    def say_yes(self) -> None:
        self.said_yes, self.left, self.wider = True, self.homes, []
        self.touch(Intent.ENROL)

    @precondition(lambda self: self.stands(Rest))
    @rule(count=st.sampled_from([1, 2, 7, 40]))
    def come_as_a_guest(self, count: int) -> None:
        """The way to the list of libraries, where all goes well."""
        self.lists(count)
        self.the_library_answers(there=True)
        self.tap(UNKNOWN)
        self.wait(4)
        if self.stands(GuestOffer):
            self.say_yes()

    @precondition(lambda self: self.stands(ChooseHome))
    @rule(at=st.integers(0, 7))
    def choose(self, at: int) -> None:
        """A stretch of the list, or a library; what is not there changes nothing."""
        parts = stretches(self.left)
        shown = self.screen()
        assert isinstance(shown, ChooseHome)
        assert [name for name, _ in shown.choices] == [part[0].name for part in parts]
        assert shown.narrowed is bool(self.wider)
        if at < len(parts):
            self.wider.append(self.left)
            self.left = parts[at]
        self.touch(Intent.CHOOSE, str(at))

    @precondition(lambda self: self.stands(ChooseHome))
    @rule()
    def go_back(self) -> None:
        """To what it was narrowed from; from the whole list nowhere."""
        if self.wider:
            self.left = self.wider.pop()
        self.touch(Intent.BACK)

    @precondition(lambda self: self.stands(PinPad))
    @rule(digits=st.text("0123456789", min_size=1, max_size=6))
    def type_some(self, digits: str) -> None:
        screen = self.screen()
        if isinstance(screen, PinPad) and not screen.checking:
            for one in digits:
                self.typed += one
                self.touch(Intent.DIGIT, one)

    @precondition(lambda self: self.stands(PinPad))
    @rule()
    def enter(self) -> None:
        """What was typed is asked about at the library that was chosen, for the pass that was shown; once."""
        screen, before = self.screen(), len(self.desk.enrolled)
        asks = isinstance(screen, PinPad) and not screen.checking and len(self.typed) >= PIN_MIN
        typed = self.typed
        self.touch(Intent.ENTER)
        asked = self.desk.enrolled[before:]
        assert len(asked) == (1 if asks else 0)
        if asked:
            number, pin, home, _ = asked[0]
            assert (number, pin, home) == (UNKNOWN, typed[:12], self.left[0].isil)
            assert self.said_yes
            assert len(self.left) == 1

    @rule(intent=st.sampled_from([Intent.STOP, Intent.CLOSE, Intent.DONE, Intent.HELP, Intent.MORE_TIME]))
    def touch_something(self, intent: Intent) -> None:
        self.touch(intent)

    @rule(seconds=st.sampled_from([0.05, 1, 10, 19, 21, 46, 70, 120]))
    def wait(self, seconds: float) -> None:
        self.loop.run_until_complete(self.kiosk.wait(seconds))

    # ---- what the library does

    @precondition(lambda self: self.stands(Rest))
    @rule(count=st.sampled_from([0, 1, 2, 7, 40]))
    def lists(self, count: int) -> None:
        self.homes = HOMES[:count]
        self.desk.homes = GuestHomes(self.homes)

    @rule(seconds=st.sampled_from([0, 0, 0.05, 3]), code=st.sampled_from([0, 0, 2, 30]), gives=st.booleans())
    def answers_take(self, seconds: float, code: float, gives: bool) -> None:
        self.desk.delay_s, self.desk.code_delay_s, self.desk.gives_codes = seconds, code, gives

    @rule(answer=st.sampled_from(ENROLMENTS))
    def home_says(self, answer: Identified | Refused | BaseException) -> None:
        self.desk.enrolment = answer

    @rule(there=st.booleans())
    def the_library_answers(self, there: bool) -> None:
        known = DoorDesk().patrons
        self.desk.patrons = known if there else {name: unreachable() for name in known}

    # ---- what must hold

    @invariant()
    def it_serves(self) -> None:
        self.kiosk.check()

    @invariant()
    def what_was_begun_is_forgotten_where_it_is_over(self) -> None:
        screen = self.screen()
        if not isinstance(screen, PinPad) or (screen.typed == 0 and not screen.checking):
            self.typed = ""
        if not isinstance(screen, GuestOffer | ChooseHome | PinPad | Waiting):
            self.said_yes, self.left, self.wider = False, (), []

    @invariant()
    def each_try_is_an_event_of_its_own(self) -> None:
        events: list[EventId] = [event for _, _, _, event in self.desk.enrolled]
        assert len(set(events)) == len(events)

    @invariant()
    def nobody_is_asked_for_a_pin_of_home_before_a_yes_and_one_library(self) -> None:
        if isinstance(self.screen(), PinPad):
            assert self.said_yes
            assert len(self.left) == 1

    @invariant()
    def the_list_shows_what_is_left_of_it(self) -> None:
        screen = self.screen()
        if isinstance(screen, ChooseHome):
            assert [name for name, _ in screen.choices] == [part[0].name for part in stretches(self.left)]

    @invariant()
    def a_code_stands_beside_the_case_that_it_was_given_for(self) -> None:
        shown = self.kiosk.shown()
        screen, code = shown.screen, getattr(shown.screen, "code", "")
        if isinstance(shown.over, HelpCard):
            assert shown.over.code == code
        if code:
            assert isinstance(screen, NoVisit | Borrowing)
            no = screen.refused if isinstance(screen, NoVisit) else screen.cannot_borrow
            case = self.desk.codes[code]
            assert no is not None
            assert (case.reason, case.rule) == (no.reason, no.rule)

    @invariant()
    def a_case_is_handed_over_only_where_the_desk_can_go_on_with_it(self) -> None:
        for case in self.desk.cases:
            assert has_code(Refused(case.reason, case.rule, NextStep.DESK))
        assert len({case.id for case in self.desk.cases}) == len(self.desk.cases)

    @invariant()
    def nothing_of_the_door_stays_open(self) -> None:
        if self.loop.time() - self.life > self.kiosk.visits * QUIET_S and not isinstance(
            self.kiosk.shown().over, StillThere
        ):
            stands = isinstance(self.screen(), GuestOffer | ChooseHome | PinPad | Waiting)
            assert not stands, type(self.screen()).__name__

    @invariant()
    def no_picture_holds_a_pin_or_a_code_in_its_repr(self) -> None:
        pictures = "".join(repr(shown) for _, shown in self.kiosk.ui.all[-5:])
        assert all(pin not in pictures for _, pin, _, _ in self.desk.enrolled)
        assert all(code not in pictures for code in self.desk.codes)


DoorMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
test_every_order_of_happenings_at_the_door_keeps_it_right = DoorMachine.TestCase
