"""Any order of cards opened over any screen, of languages and ways to draw it, of visits and silence: what somebody
chose holds for as long as they stand there, on every picture, and not a moment longer."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from circulation.identifiers import PatronRef
from circulation.outcomes import Identified, Refused
from circulation.presented import Presented
from devices.ports import Health
from kiosk.access import ACCESS_CHOICES, Access
from kiosk.offered import offered_of
from kiosk.ui import (
    AccessCard,
    Borrowing,
    Closed,
    HelpCard,
    Intent,
    LanguageCard,
    MyAccount,
    OutOfOrder,
    Rest,
    Shown,
    StillThere,
)
from tests.kiosk.accounts import account, loan
from tests.kiosk.virtual_time import VirtualLoop
from tests.kiosk.world import ANNA, BERT, UNKNOWN, WITH_PAD, Kiosk, ScriptedDesk, book, tag, unreachable

OTHERS = [one for one in Intent if one not in (Intent.ACCESS, Intent.LANGUAGE)]
READING_S, SLACK_S = 20, 0.1
DRAWN_S = 0.2  # after a pass: nobody does more before there is a picture of the visit, or of waiting for it
EVERYBODY = (None, Access(), "nl")
THEIRS = {ANNA: "en", BERT: "nl"}  # which language each patron speaks (K2)


class NotingDesk(ScriptedDesk):
    """Remembers who was let in last."""

    served = ""

    async def identify(self, presented: Presented, pin: str | None = None) -> Identified | Refused:
        answer = await super().identify(presented, pin)
        if isinstance(answer, Identified):
            self.served = presented.number or ""
        return answer


class OpenedMachine(RuleBasedStateMachine):
    """What somebody can do at any screen beside what it is for."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.kiosk = Kiosk(self.loop, WITH_PAD, returns=True, accounts=True)
        self.kiosk.desk = desk = self.desk = NotingDesk()
        desk.patrons |= {one: Identified(PatronRef(one), language, may_borrow=9) for one, language in THEIRS.items()}
        desk.accounts[ANNA] = account(loan(1), loan(2))
        desk.pins[BERT] = "73519"
        self.before, self.seen = Shown(), 0
        self.access, self.language = Access(), ""  # as chosen by whoever stands there; no language: none was
        self.kept: dict[str, tuple[Access, str]] = {}  # what each patron had chosen when their visit ended
        self.visiting = ""
        self.life = self.loop.time()
        self.loop.run_until_complete(self.kiosk.begin())

    def teardown(self) -> None:
        self.loop.finish()

    def shown(self) -> Shown:
        return self.kiosk.shown()

    def touch(self, intent: Intent, what: str = "") -> None:
        self.life = self.loop.time()
        self.loop.run_until_complete(self.kiosk.touch(intent, what))

    # ---- what people do

    @rule(choice=st.sampled_from(("", *ACCESS_CHOICES, "text:9000")))
    def adjust(self, choice: str) -> None:
        """Opens the card, or makes a choice, or takes it back; where that is offered it acts at once."""
        before, acts = self.shown(), Intent.ACCESS in offered_of(self.shown())
        if acts:
            self.access = before.access.after(choice)
        self.touch(Intent.ACCESS, choice)
        expected = AccessCard(self.access) if acts else before.over
        assert (type(self.shown().over), self.shown().access) == (type(expected), self.access)

    @rule(language=st.sampled_from(["nl", "en", "xx", ""]))
    def speak(self, language: str) -> None:
        before, acts = self.shown(), Intent.LANGUAGE in offered_of(self.shown())
        if acts and language in ("nl", "en"):
            self.language = language
        self.touch(Intent.LANGUAGE, language)
        if acts and not language:
            assert isinstance(self.shown().over, StillThere if isinstance(before.over, StillThere) else LanguageCard)

    @rule(intent=st.sampled_from([*OTHERS, Intent.HELP, Intent.CLOSE]), what=st.sampled_from(["", "holds", "7"]))
    def touch_something(self, intent: Intent, what: str) -> None:
        before = self.shown()
        self.touch(intent, what)
        if isinstance(before.over, HelpCard | LanguageCard | AccessCard) and intent is Intent.CLOSE:
            assert self.shown().over is None
            assert type(self.shown().screen) is type(before.screen), "a card was closed, and with it what lay below"

    @rule(number=st.sampled_from([ANNA, ANNA, BERT, UNKNOWN]))
    def tap(self, number: str) -> None:
        self.life = self.loop.time()
        self.loop.run_until_complete(self.kiosk.tap(number))
        self.wait(DRAWN_S)

    @rule(language=st.sampled_from(["nl", "en"]), number=st.sampled_from([ANNA, UNKNOWN]))
    def choose_and_go_before_another_comes(self, language: str, number: str) -> None:
        self.speak(language)
        self.wait(150)
        self.every_picture_was_right()
        self.what_was_chosen_is_what_is_drawn()
        self.tap(number)

    @rule()
    def take_away(self) -> None:
        self.loop.run_until_complete(self.kiosk.take_away())

    @rule(number=st.integers(1, 4))
    def scan(self, number: int) -> None:
        self.life = self.loop.time()
        self.loop.run_until_complete(self.kiosk.scan(book(number)))
        self.wait(DRAWN_S)

    @rule(number=st.integers(1, 3), lies=st.booleans())
    def lay(self, number: int, lies: bool) -> None:
        self.life = self.loop.time()
        self.loop.run_until_complete(self.kiosk.lay(tag(book(number))) if lies else self.kiosk.lift())

    @rule(seconds=st.sampled_from([0.05, 1, 9, 21, 46, 70, 150]))
    def wait(self, seconds: float) -> None:
        self.loop.run_until_complete(self.kiosk.wait(seconds))

    # ---- what the world does

    @rule(seconds=st.sampled_from([0, 0, 0.5, 3]))
    def answers_take(self, seconds: float) -> None:
        self.desk.delay_s = seconds

    @rule(answers=st.booleans())
    def the_library_answers(self, answers: bool) -> None:
        theirs = Identified(PatronRef(ANNA), THEIRS[ANNA], may_borrow=9)
        self.desk.patrons[ANNA] = theirs if answers else unreachable()

    @rule(online=st.booleans())
    def the_line_is(self, online: bool) -> None:
        self.loop.run_until_complete(self.kiosk.line(online))

    @rule(kind=st.sampled_from(WITH_PAD), state=st.sampled_from([Health.READY, Health.LOST]))
    def a_device_is(self, kind: str, state: Health) -> None:
        self.loop.run_until_complete(self.kiosk.health(kind, state))

    # ---- what must hold

    @invariant()
    def it_serves(self) -> None:
        self.kiosk.check()

    @invariant()
    def every_picture_was_right(self) -> None:
        for _, shown in self.kiosk.ui.all[self.seen :]:
            self.look(shown)
            self.before = shown
        self.seen = len(self.kiosk.ui.all)

    def look(self, shown: Shown) -> None:
        """Who leaves takes it with them: it is as for everybody with the next picture of the kiosk at rest."""
        before = self.before
        if isinstance(shown.screen, Rest) and not isinstance(before.screen, Rest):
            assert (shown.over, shown.access, shown.language) == EVERYBODY, "of who was there before"
        if isinstance(before.screen, Rest) and isinstance(shown.screen, Rest):
            spoken = bool(self.language) and before.language == self.language != shown.language
            if (spoken or before.access == self.access != shown.access) and shown.access == Access():
                assert isinstance(before.over, StillThere), "undone, and nobody was asked"
        has_ended = isinstance(shown.screen, Rest | Closed | OutOfOrder) and not isinstance(before.screen, Rest)
        if isinstance(shown.screen, Borrowing | MyAccount):
            self.visiting = self.desk.served
            self.take_up(shown)
        if has_ended:
            if self.visiting:
                self.kept[self.visiting] = self.access, self.language
            self.visiting, self.access, self.language = "", Access(), ""
        if isinstance(shown.over, AccessCard):
            assert shown.over.access == shown.access, "the ticks are those of what is drawn"
        if isinstance(before.over, StillThere):
            assert not isinstance(shown.over, LanguageCard | AccessCard), "what counts down was covered"

    @invariant()
    def what_was_chosen_is_what_is_drawn(self) -> None:
        shown, silent_s = self.shown(), self.loop.time() - self.life
        asked_s = self.kiosk.patience.idle + self.kiosk.patience.warning
        if isinstance(shown.screen, Rest):
            is_undone = (shown.over, shown.access, shown.language) == EVERYBODY
            if silent_s > READING_S - SLACK_S and is_undone:
                self.access, self.language = Access(), ""  # nobody said that they are there
            assert is_undone or silent_s <= self.kiosk.visits * READING_S + asked_s + 1
        assert shown.access == self.access
        if self.language:
            assert shown.language == self.language, "chosen by hand"
        elif isinstance(shown.screen, Borrowing | MyAccount):
            assert shown.language == THEIRS[self.desk.served], "nobody of this visit chose another"

    def take_up(self, shown: Shown) -> None:
        """Whoever goes on with their visit has it as they left it, but for what they chose anew before their pass."""
        access, language = self.kept.get(self.desk.served, (Access(), ""))
        if self.access == Access() and shown.access == access:
            self.access = access
        if not self.language and language == shown.language:
            self.language = language


OpenedMachine.TestCase.settings = settings(
    max_examples=120, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
test_every_order_of_cards_and_choices_holds_for_one_visit_and_no_longer = OpenedMachine.TestCase
