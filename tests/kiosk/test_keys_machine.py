"""Keys that are felt, in any order with all else, at a screen that draws late: no key is without an answer.

The screen is a script that does what `kiosk.screens.ring` does, a moment after the flow; the rest is the product.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from devices.ports import HeadphonesChanged, Health, Key, KeyPressed
from devices.speaker import Hearers
from kiosk.aid import UNHEARD_S, Aid
from kiosk.bus import Focused, Touched, Untouched
from kiosk.offered import offered
from kiosk.ui import Borrowing, Intent, Shown
from tests.kiosk.virtual_time import VirtualLoop
from tests.kiosk.world import ANNA, BERT, HELD, KINDS, UNKNOWN, Kiosk, book, lent

ANSWER_S = 2.5  # within which a key is answered
REFUSAL = "gereserveerd"


class LateScreen:
    """A ring on a screen that draws, and is pressed, `lag_s` later; what is said is noted with its time."""

    def __init__(self, kiosk: Kiosk) -> None:
        self.kiosk, self.lag_s = kiosk, 0.0
        self.around: Intent | None = None
        self.told_of: object = None
        self.drawn = Shown()
        self.said: list[tuple[float, str]] = []  # since the last silence
        self.over: list[tuple[float, float, str]] = []  # what was silenced: from when until when it was to be heard
        show = kiosk.ui.show

        def show_late(shown: Shown) -> None:
            show(shown)
            self.later(lambda: self.draw(shown))

        kiosk.ui.show = show_late  # type: ignore[method-assign]

    def later(self, what: object) -> None:
        """As Kivy's clock: in order."""
        assert callable(what)
        asyncio.get_running_loop().call_later(self.lag_s, what)

    # ---- the ring

    def press(self, key: Key) -> None:
        self.later(lambda: self.press_now(key))

    def press_now(self, key: Key) -> None:
        order = sorted(offered(self.drawn.screen, self.drawn.over), key=lambda one: one.value)
        if key is Key.OK:
            there = self.around in order
            self.kiosk.bus.put(Touched(self.around) if there and self.around is not None else Untouched())
        elif not order:
            self.kiosk.bus.put(Untouched())
        else:
            step = 1 if key is Key.NEXT else -1
            at = order.index(self.around) + step if self.around in order else 0
            self.around = order[at % len(order)]
            self.tell()

    def tell(self) -> None:
        order = sorted(offered(self.drawn.screen, self.drawn.over), key=lambda one: one.value)
        if self.around in order:
            self.told_of = self.drawn.kind
            name = f"Knop {self.around.value}"
            self.kiosk.bus.put(Focused(name, order.index(self.around) + 1, len(order), self.drawn.kind))

    def draw(self, shown: Shown) -> None:
        self.drawn = shown
        if self.around not in offered(shown.screen, shown.over):
            self.around = None
        elif self.told_of != shown.kind:
            self.tell()

    def take_away(self) -> None:
        self.around = None

    # ---- what is heard

    def say(self, texts: Sequence[str], language: str, loudness: int, hearers: Hearers) -> None:
        now = self.kiosk.loop.time()
        self.said += [(now, one) for one in texts]

    def stop(self) -> None:
        now = self.kiosk.loop.time()
        self.over += [(at, now, one) for at, one in self.said]
        self.said.clear()

    def heard(self, since: float, words: str = "") -> bool:
        """Whether something with these words could be heard, or can be, that was begun since then."""
        now = self.kiosk.loop.time()
        told = [*self.over, *((at, now, one) for at, one in self.said)]
        return any(at >= since and until - at >= UNHEARD_S / 2 and words in one for at, until, one in told)


class KeysMachine(RuleBasedStateMachine):
    """What somebody with headphones can do, and what the kiosk does meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.kiosk = Kiosk(self.loop, (*KINDS, "speech", "keypad"), returns=True)
        self.screen = LateScreen(self.kiosk)
        self.kiosk.stage._aid = Aid(
            self.screen, self.screen, ("nl", "en"), lambda: date(2026, 7, 22), clock=self.loop.time
        )
        self.desk = self.kiosk.desk
        self.desk.replies |= {book(1): [lent(book(1), "Oeroeg")], book(2): [HELD], book(3): [HELD]}
        self.pressed_at: float | None = None

        async def begin() -> None:
            await self.kiosk.begin()
            await self.kiosk.put(HeadphonesChanged("headphones", True, 0.0))

        self.loop.run_until_complete(begin())

    def teardown(self) -> None:
        self.loop.finish()

    @rule(key=st.sampled_from([Key.NEXT, Key.NEXT, Key.PREVIOUS, Key.OK, Key.OK, Key.REPEAT, Key.LOUDER]))
    def press(self, key: Key) -> None:
        self.pressed_at = self.loop.time()
        self.loop.run_until_complete(self.kiosk.put(KeyPressed("keypad", key, 0.0)))

    @rule(number=st.sampled_from([ANNA, BERT, UNKNOWN]))
    def tap(self, number: str) -> None:
        self.pressed_at = None  # who does something else does not wait for that
        self.loop.run_until_complete(self.kiosk.tap(number))

    @rule(number=st.integers(1, 3))
    def scan(self, number: int) -> None:
        self.pressed_at = None
        self.loop.run_until_complete(self.kiosk.scan(book(number)))

    @rule(intent=st.sampled_from([Intent.HELP, Intent.CLOSE, Intent.DONE, Intent.STOP, Intent.PRINT, Intent.LANGUAGE]))
    def touch(self, intent: Intent) -> None:
        self.pressed_at = None
        self.loop.run_until_complete(self.kiosk.touch(intent))

    @rule(seconds=st.sampled_from([0.05, 0.3, 1, 3, 12, 50]))
    def wait(self, seconds: float) -> None:
        self.loop.run_until_complete(self.kiosk.wait(seconds))

    @rule(lag=st.sampled_from([0.0, 0.02, 0.2, 0.9]))
    def the_screen_is_late(self, lag: float) -> None:
        self.loop.run_until_complete(self.kiosk.wait(1))  # what is under way keeps its order
        self.screen.lag_s = lag

    @rule(seconds=st.sampled_from([0, 0, 0.1, 2]))
    def answers_take(self, seconds: float) -> None:
        self.desk.delay_s = seconds

    @rule()
    def the_voice_is_opened_anew(self) -> None:
        async def anew() -> None:
            await self.kiosk.health("speech", Health.LOST)
            self.screen.stop()  # a device that closes says nothing of what waited
            await self.kiosk.health("speech", Health.READY)

        self.loop.run_until_complete(anew())

    @rule()
    def listens_for_the_answer(self) -> None:
        """Who pressed a key and does nothing more hears something soon."""
        if self.pressed_at is not None:
            self.loop.run_until_complete(self.kiosk.wait(ANSWER_S + self.screen.lag_s + self.desk.delay_s))
            assert self.screen.heard(self.pressed_at), f"silence at {type(self.kiosk.screen()).__name__}"
        self.pressed_at = None

    @rule(soon=st.sampled_from([0.05, 0.3, 0.6]), keys=st.integers(1, 3))
    def a_refusal_comes_just_before_a_key(self, soon: float, keys: int) -> None:
        """Whatever is pressed at once then: it is heard in the end, unless the page is gone."""
        if not isinstance(self.kiosk.screen(), Borrowing) or self.kiosk.shown().over is not None:
            return
        self.desk.delay_s = 0
        self.loop.run_until_complete(self.kiosk.wait(3))
        if not isinstance(self.kiosk.screen(), Borrowing) or self.kiosk.shown().over is not None:
            return
        rows, since = self.kiosk.rows(), self.loop.time()
        self.scan(2)
        if self.kiosk.rows()[:1] == rows[:1]:
            return  # it stands there already
        self.loop.run_until_complete(self.kiosk.wait(soon))
        for _ in range(keys):
            self.press(Key.NEXT)
            self.loop.run_until_complete(self.kiosk.wait(soon))
        self.loop.run_until_complete(self.kiosk.wait(3))
        assert self.screen.heard(since, REFUSAL)

    @invariant()
    def it_serves(self) -> None:
        self.kiosk.check()


KeysMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
test_no_key_is_without_an_answer_in_any_order_of_happenings = KeysMachine.TestCase
