"""Any order of touches, scans, passes, answers, silences and time with the account open: each renewal is asked once and
shown as it was answered, no scanned book is lost, nobody sees another's loans, and no visit stays open."""

import asyncio

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from circulation.affairs import Account, BranchLoans, LoanLine, Renewed, RenewedAll, Unrenewed
from circulation.identifiers import BranchCode, EventId, ItemBarcode, PatronRef
from circulation.outcomes import CheckedOut, Identified, Refused, Voided
from circulation.presented import Presented
from kiosk.loans import Longer, LongerNotAsked, LongerNotKnown, NotLonger, OnLoan
from kiosk.settings import Patience
from kiosk.ui import Borrowing, Finished, Intent, MyAccount, NoAccount, Notice, Rest, Shown, StillThere, Waiting
from kiosk.veil import MASK
from tests.kiosk.accounts import ENOUGH, WANTED
from tests.kiosk.virtual_time import VirtualLoop
from tests.kiosk.world import ANNA, BERT, DUE, LATER, Kiosk, ScriptedDesk, an_event, book, lost, unreachable

NAMES = {ANNA: "anna", BERT: "bert"}
LOANS = {ANNA: (11, 12, 13), BERT: (21,)}
QUIET_S = 45 + 20


class Library(ScriptedDesk):
    """Each loan's title tells whose it is. `said`: what the library answered in this visit, lost or not."""

    def __init__(self) -> None:
        super().__init__()
        self.visit = 0
        self.patron = self.left = ""  # who is there, and whose visit ran out of time
        self.left_at = 0.0
        self.next_reply = "yes"
        self.said: dict[str, str] = {}  # of each item in this visit: yes, no, open (lost), silent
        self.lost: dict[EventId, tuple[int, dict[str, str]]] = {}
        self.busy = 0
        self.answered_at = 0.0

    async def identify(self, presented: Presented, pin: str | None = None) -> Identified | Refused:
        answer = await super().identify(presented, pin)
        self.answered_at = asyncio.get_running_loop().time()
        if isinstance(answer, Identified):
            if self.left == presented.number and self.answered_at < self.left_at + Patience().resume:
                self.said = {item: one for item, one in self.said.items() if one in ("yes", "open")}
            else:
                self.visit, self.said = self.visit + 1, {}
            self.patron, self.left = presented.number or "", ""
        return answer

    def note(self, shown: Shown) -> None:
        """A visit that ended by time is taken up again by the same patron for a while; any other ends what was left."""
        if isinstance(shown.screen, Rest) and shown.screen.notice is Notice.ENDED_BY_TIME and self.patron:
            self.left, self.patron, self.left_at = self.patron, "", asyncio.get_running_loop().time()

    async def account(self, presented: Presented) -> Account | Refused:
        await self._take()
        number = presented.number or ""
        reply = self.accounts.get(number)
        if isinstance(reply, BaseException):
            raise reply
        lines = tuple(LoanLine(ItemBarcode(book(n)), f"{NAMES[number]}/{book(n)}", DUE) for n in LOANS[number])
        ours = Account(PatronRef(number), (BranchLoans(BranchCode("1"), "Annen", lines),))
        return reply if isinstance(reply, Refused) else ours

    async def renew(self, presented: Presented, item: ItemBarcode) -> Renewed | Refused:
        answer = await self._do(presented, (item,))
        return answer.renewed[0] if answer.renewed else answer.refused[0].refused

    async def renew_all(self, presented: Presented) -> RenewedAll | Refused:
        return await self._do(presented, tuple(ItemBarcode(book(n)) for n in LOANS[presented.number or ""]))

    async def check_out(self, presented: Presented, item: ItemBarcode) -> CheckedOut | Refused:
        self.busy += 1
        try:
            return await super().check_out(presented, item)
        finally:
            self._done()

    async def _take(self) -> None:
        self.busy += 1
        try:
            await asyncio.sleep(self.delay_s)
        finally:
            self._done()

    def _done(self) -> None:
        self.busy -= 1
        self.answered_at = asyncio.get_running_loop().time()

    async def _do(self, presented: Presented, items: tuple[ItemBarcode, ...]) -> RenewedAll:
        """All of them alike, but the last of several, which is refused."""
        reply, self.next_reply, visit, name = self.next_reply, "yes", self.visit, NAMES[presented.number or ""]
        for item in items:
            assert self.said.get(item) not in ("yes", "open"), "asked again for what stands"
        await self._take()
        if reply == "silent":
            raise unreachable()
        no = set(items) if reply == "no" else set(items[1:][-1:])
        words: dict[str, str] = {item: "no" if item in no else "yes" for item in items}
        answer = self.answer(name, words)
        if visit == self.visit:
            self.said |= dict.fromkeys(words, "open") if reply == "lost" else words
        if reply == "lost":
            event = an_event()
            self.lost[event] = (visit, words)
            raise lost(event)
        return answer

    @staticmethod
    def answer(name: str, words: dict[str, str]) -> RenewedAll:
        titles = {item: f"{name}/{item}" for item in words}
        yes = tuple(Renewed(ItemBarcode(one), titles[one], LATER) for one, word in words.items() if word == "yes")
        no = (Unrenewed(ItemBarcode(one), titles[one], DUE, WANTED) for one, word in words.items() if word == "no")
        return RenewedAll(yes, tuple(no))


class AccountMachine(RuleBasedStateMachine):
    """What a patron and a bad day can do to an account."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.kiosk = Kiosk(self.loop, accounts=True)
        self.desk = Library()
        self.kiosk.desk = self.desk
        self.kiosk.ui.on_show = self.desk.note
        self.seen, self.alive_at = 0, self.loop.time()
        self.loop.run_until_complete(self.kiosk.begin())
        self.look_at_account(ANNA)

    def teardown(self) -> None:
        self.loop.finish()

    def _in_account(self) -> bool:
        return isinstance(self.kiosk.screen(), MyAccount)

    # ---- what people do

    @rule(number=st.sampled_from([ANNA, ANNA, BERT]))
    def tap(self, number: str) -> None:
        self.alive()
        self.loop.run_until_complete(self.kiosk.tap(number))

    @rule(intent=st.sampled_from(Intent), what=st.sampled_from(["", "fees", "l0", "l2", "l9"]))
    def touch(self, intent: Intent, what: str) -> None:
        self.alive()
        before, offers = self.kiosk.shown(), self.kiosk.offers()
        moves = self.desk.busy
        self.loop.run_until_complete(self.kiosk.touch(intent, what))
        if intent not in offers and not moves:
            assert type(self.kiosk.screen()) is type(before.screen)

    @precondition(lambda self: isinstance(self.kiosk.screen(), Borrowing | Rest))
    @rule()
    def open_account(self) -> None:
        self.touch(Intent.ACCOUNT, "")

    @precondition(lambda self: isinstance(self.kiosk.screen(), Rest))
    @rule(number=st.sampled_from([ANNA, ANNA, BERT]))
    def look_at_account(self, number: str) -> None:
        """Whoever comes wants to see it."""
        self.desk.delay_s = 0
        self.tap(number)
        self.touch(Intent.ACCOUNT, "")

    @precondition(_in_account)
    @rule(reply=st.sampled_from(["yes", "no", "lost", "silent"]), at=st.integers(0, 2))
    def renew(self, reply: str, at: int) -> None:
        self.desk.next_reply = reply
        self.touch(Intent.RENEW, f"l{at}")

    @precondition(_in_account)
    @rule(reply=st.sampled_from(["yes", "yes", "lost", "silent"]))
    def renew_all(self, reply: str) -> None:
        self.desk.next_reply = reply
        self.touch(Intent.RENEW_ALL, "")

    @precondition(_in_account)
    @rule()
    def leave(self) -> None:
        self.touch(Intent.STOP, "")

    @precondition(_in_account)
    @rule(intent=st.sampled_from([Intent.RENEW, Intent.RENEW, Intent.RENEW_ALL, Intent.BACK]), at=st.integers(0, 2))
    def act(self, intent: Intent, at: int) -> None:
        self.touch(intent, f"l{at}")

    @precondition(lambda self: isinstance(self.kiosk.screen(), MyAccount | NoAccount | Waiting) and self.desk.visit)
    @rule(number=st.integers(1, 5))
    def scan(self, number: int) -> None:
        """From the account it goes back to borrowing, and is asked for."""
        self.alive()
        in_visit = not isinstance(self.kiosk.screen(), Waiting)
        self.loop.run_until_complete(self.kiosk.scan(book(number)))
        if in_visit:
            screen = self.kiosk.screen()
            assert isinstance(screen, Borrowing)
            assert screen.rows, "the book is on the list"

    @rule(seconds=st.sampled_from([0.05, 0.5, 3, 9, 21, 44, 46, 66, 100]))
    def wait(self, seconds: float) -> None:
        self.loop.run_until_complete(self.kiosk.wait(seconds))

    # ---- what the world does

    @rule(seconds=st.sampled_from([0, 0, 0.05, 3, 9]))
    def answers_take(self, seconds: float) -> None:
        self.desk.delay_s = seconds

    @rule(reply=st.sampled_from(["yes", "no", "lost", "lost", "silent"]))
    def the_next_answer_is(self, reply: str) -> None:
        self.desk.next_reply = reply

    @rule(number=st.sampled_from([ANNA, BERT]), kind=st.sampled_from(["there", "there", "silent", "refused"]))
    def the_account_is(self, number: str, kind: str) -> None:
        self.desk.accounts.pop(number, None)
        if kind != "there":
            self.desk.accounts[number] = unreachable() if kind == "silent" else ENOUGH

    @precondition(lambda self: self.desk.lost)
    @rule(data=st.data(), as_void=st.booleans())
    def a_late_answer_comes(self, data: st.DataObject, as_void: bool) -> None:
        event = data.draw(st.sampled_from(sorted(self.desk.lost)))
        visit, words = self.desk.lost.pop(event)
        answer = self.desk.answer("late", words)
        late = Voided(event) if as_void else answer
        if len(words) == 1 and not as_void:
            late = answer.renewed[0] if answer.renewed else answer.refused[0].refused  # type: ignore[assignment]
        if visit == self.desk.visit:
            self.desk.said |= dict.fromkeys(words, "silent") if as_void else words
        self.loop.run_until_complete(self.kiosk.answer(event, late))

    @rule(online=st.booleans())
    def the_line_is(self, online: bool) -> None:
        self.loop.run_until_complete(self.kiosk.line(online))

    # ---- what must hold

    def alive(self) -> None:
        self.alive_at = self.loop.time()

    @invariant()
    def it_serves(self) -> None:
        self.kiosk.check()

    @invariant()
    def every_picture_was_right(self) -> None:
        for _, shown in self.kiosk.ui.all[self.seen :]:
            screen = shown.screen
            if isinstance(shown.over, StillThere):
                assert isinstance(screen, Borrowing | MyAccount | NoAccount)
            if isinstance(screen, MyAccount):
                rows = [one for branch in screen.loans for one in branch.loans]
                assert len({one.key for one in rows}) == len(rows)
                assert len({one.title.partition("/")[0] for one in rows}) == 1, "the loans of one patron"
        self.seen = len(self.kiosk.ui.all)

    @invariant()
    def what_stands_there_is_what_was_answered(self) -> None:
        screen = self.kiosk.screen()
        if isinstance(screen, MyAccount) and not self.desk.busy:
            for branch in screen.loans:
                for one in branch.loans:
                    self.is_right(one)
        if isinstance(screen, Finished) and not self.desk.busy:
            said = list(self.desk.said.values())
            assert screen.renewed == said.count("yes")
            assert screen.renewals_unclear == said.count("open")

    def is_right(self, one: OnLoan) -> None:
        if one.title == MASK:
            return  # before strangers it does not say which it is; without the mask it is looked at again
        said = self.desk.said.get(one.title.partition("/")[2], "")
        match one.renewal:
            case Longer():
                assert said == "yes"
            case LongerNotKnown():
                assert said == "open"
            case NotLonger():
                assert said == "no"
            case LongerNotAsked() | None:
                assert said not in ("yes", "open"), "renewed, and not said"

    @invariant()
    def no_visit_stays_open(self) -> None:
        quiet = self.loop.time() - max(self.alive_at, self.desk.answered_at)
        if not self.desk.busy and quiet > self.kiosk.visits * (QUIET_S + self.desk.delay_s) + 0.2:
            assert not isinstance(self.kiosk.screen(), MyAccount | NoAccount | Borrowing | Waiting), self.kiosk.shown()


AccountMachine.TestCase.settings = settings(
    max_examples=80, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
test_every_order_of_happenings_keeps_an_account_right = AccountMachine.TestCase
