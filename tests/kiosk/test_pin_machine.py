"""Any order of keys, touches, passes, scans, answers and silence at the PIN pad: what must hold at every moment."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from circulation.outcomes import Identified, Refused
from circulation.presented import Presented
from kiosk.ui import PIN_MAX, PIN_MIN, Borrowing, Intent, PinPad, Rest, Waiting
from tests.kiosk.virtual_time import VirtualLoop
from tests.kiosk.world import ANNA, BERT, Kiosk, ScriptedDesk, book, unreachable

RIGHT = {ANNA: "7351", BERT: "935190246802"}
QUIET_S = 45 + 20 + 0.1


class HearingDesk(ScriptedDesk):
    """Remembers which PINs it was asked about."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[str, str]] = []

    async def identify(self, presented: Presented, pin: str | None = None) -> Identified | Refused:
        if pin is not None:
            self.heard.append((presented.number or "", pin))
        return await super().identify(presented, pin)


class PinMachine(RuleBasedStateMachine):
    """What a patron and the next one can do at a pad."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.kiosk = Kiosk(self.loop)
        self.desk = HearingDesk()
        self.kiosk.desk = self.desk
        self.desk.pins = dict(RIGHT)
        self.typed = ""
        self.heard = 0
        self.life = self.loop.time()
        self.loop.run_until_complete(self.kiosk.begin())

    def teardown(self) -> None:
        self.loop.finish()

    def at_pad(self) -> bool:
        screen = self.kiosk.screen()
        return isinstance(screen, PinPad) and not screen.checking and self.kiosk.shown().over is None

    def touch(self, intent: Intent, what: str = "") -> None:
        self.life = self.loop.time()
        self.loop.run_until_complete(self.kiosk.touch(intent, what))

    @rule(number=st.sampled_from([ANNA, BERT]), uid=st.sampled_from(["04A1B2C3D4E5F6"]))
    def tap(self, number: str, uid: str) -> None:
        self.life = self.loop.time()
        self.loop.run_until_complete(self.kiosk.tap(number, uid))

    @rule()
    def scan(self) -> None:
        self.life = self.loop.time()
        self.loop.run_until_complete(self.kiosk.scan(book(1)))

    @precondition(at_pad)
    @rule(digits=st.text("0123456789", min_size=1, max_size=13))
    def type_some(self, digits: str) -> None:
        for one in digits:
            self.typed = (self.typed + one)[:PIN_MAX]
            self.touch(Intent.DIGIT, one)

    @precondition(at_pad)
    @rule(number=st.sampled_from([ANNA, BERT]))
    def type_a_right_one(self, number: str) -> None:
        while self.typed:
            self.erase()
        for one in RIGHT[number]:
            self.typed += one
            self.touch(Intent.DIGIT, one)

    @precondition(at_pad)
    @rule()
    def erase(self) -> None:
        self.typed = self.typed[:-1]
        self.touch(Intent.ERASE)

    @precondition(at_pad)
    @rule()
    def enter(self) -> None:
        """Exactly what was typed is asked about, once, if it can be a PIN."""
        whole, before = self.typed, len(self.desk.heard)
        self.touch(Intent.ENTER)
        asked = self.desk.heard[before:]
        assert [pin for _, pin in asked] == ([whole] if len(whole) >= PIN_MIN else [])

    @rule(intent=st.sampled_from([Intent.STOP, Intent.DONE, Intent.CLOSE, Intent.HELP, Intent.MORE_TIME]))
    def touch_something(self, intent: Intent) -> None:
        self.touch(intent)

    @rule(seconds=st.sampled_from([0.05, 1, 10, 44, 46, 66, 120]))
    def wait(self, seconds: float) -> None:
        self.loop.run_until_complete(self.kiosk.wait(seconds))

    @rule(seconds=st.sampled_from([0, 0, 0.05, 3]))
    def answers_take(self, seconds: float) -> None:
        self.desk.delay_s = seconds

    @rule(there=st.booleans())
    def the_library_answers(self, there: bool) -> None:
        known = ScriptedDesk().patrons
        self.desk.patrons = known if there else {name: unreachable() for name in known}

    @rule(number=st.sampled_from([ANNA, BERT]), locked=st.booleans())
    def a_pass_is_locked(self, number: str, locked: bool) -> None:
        (self.desk.locked.add if locked else self.desk.locked.discard)(number)

    # ---- what must hold

    @invariant()
    def it_serves(self) -> None:
        self.kiosk.check()

    @invariant()
    def the_pad_shows_how_much_was_typed(self) -> None:
        screen = self.kiosk.screen()
        if not isinstance(screen, PinPad) or (not screen.checking and screen.typed == 0):
            self.typed = ""
        if isinstance(screen, PinPad):
            assert screen.typed == len(self.typed)

    @invariant()
    def nobody_borrows_without_the_right_pin(self) -> None:
        if isinstance(self.kiosk.screen(), Borrowing):
            assert self.desk.heard
            number, pin = self.desk.heard[-1]
            assert pin == RIGHT[number]

    @invariant()
    def no_proof_outlives_its_visit(self) -> None:
        if isinstance(self.kiosk.screen(), Rest) and not self.desk.delay_s:
            assert not self.desk.proved

    @invariant()
    def nobody_s_pad_stays_open(self) -> None:
        screen = self.kiosk.screen()
        if self.loop.time() - self.life > self.kiosk.visits * (QUIET_S + 6):
            assert not isinstance(screen, PinPad | Waiting)

    @invariant()
    def no_picture_holds_what_was_typed(self) -> None:
        pictures = "".join(repr(shown) for _, shown in self.kiosk.ui.all[-5:])
        assert all(pin not in pictures for _, pin in self.desk.heard)


PinMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
test_every_order_of_happenings_at_the_pad_keeps_the_pin_right = PinMachine.TestCase
