"""Any order of visits, touches and answers at the end of them: each receipt reaches its patron, at most once (K9)."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from circulation.identifiers import PatronRef
from circulation.outcomes import Identified, Refused
from circulation.presented import Presented, ReceiptChoice
from devices import ports
from devices.ports import PrintOutcome
from kiosk.ui import Borrowing, Finished, Intent, Receipt, ReceiptState, Rest
from tests.kiosk.virtual_time import VirtualLoop
from tests.kiosk.world import ANNA, BERT, Kiosk, ScriptedDesk, ScriptedMail, ScriptedPrinter, book

ADDRESSES = {ANNA: "r•••@b…nl", BERT: ""}
LONGEST_S = 200


@dataclass
class Visit:
    """One patron's, from the list to the next rest: what was sent and printed in it."""

    number: str
    choice: ReceiptChoice
    letters: int = 0
    prints: int = 0
    touched: set[Intent] = field(default_factory=set)


class CountingDesk(ScriptedDesk):
    """Remembers the visits: each begins with its answer."""

    def __init__(self) -> None:
        super().__init__()
        self.visits: list[Visit] = []

    async def identify(self, presented: Presented, pin: str | None = None) -> Identified | Refused:
        known = await super().identify(presented, pin)
        assert isinstance(known, Identified)
        self.visits.append(Visit(presented.number or "", known.receipt))
        return known


class MailMachine(RuleBasedStateMachine):
    """What patrons with and without an address can do at the end, and what post and printer do then."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.kiosk = Kiosk(self.loop)
        self.kiosk.mail, self.kiosk.printer = self.post, self.printer = ScriptedMail(), ScriptedPrinter()
        self.kiosk.desk = self.desk = CountingDesk()
        self.next_book = 1
        self.life = self.loop.time()
        send, print_ = self.post.send, self.printer.print

        async def sent(presented: Presented, language: str, receipt: ports.Receipt) -> bool:
            self.visit.letters += 1
            assert presented.number == self.visit.number, "somebody else's letter"
            assert ADDRESSES[self.visit.number], "there is no address"
            assert "•" not in "".join(one.text for one in receipt.lines)
            return await send(presented, language, receipt)

        async def printed(receipt: ports.Receipt, job_id: str) -> PrintOutcome:
            self.visit.prints += 1
            return await print_(receipt, job_id)

        self.post.send = sent  # type: ignore[method-assign]
        self.printer.print = printed  # type: ignore[method-assign]
        self.loop.run_until_complete(self.kiosk.begin())

    def teardown(self) -> None:
        self.loop.finish()

    @property
    def visit(self) -> Visit:
        return self.desk.visits[-1]

    # ---- what people do

    @rule(number=st.sampled_from([ANNA, ANNA, BERT]), choice=st.sampled_from(ReceiptChoice))
    def come(self, number: str, choice: ReceiptChoice) -> None:
        """Somebody shows a pass: at rest, or while the end of another visit stands there."""
        self.life = self.loop.time()
        known = Identified(PatronRef(number), "nl", choice, may_borrow=50, mail_to=ADDRESSES[number])
        self.desk.patrons[number] = known
        self.loop.run_until_complete(self.kiosk.tap(number))

    @precondition(lambda self: isinstance(self.kiosk.screen(), Borrowing))
    @rule(ends=st.booleans())
    def borrow(self, ends: bool) -> None:
        self.life = self.loop.time()
        self.next_book += 1
        self.loop.run_until_complete(self.kiosk.scan(book(self.next_book)))
        if ends:
            self.loop.run_until_complete(self.kiosk.touch(Intent.DONE))

    @precondition(lambda self: isinstance(self.kiosk.screen(), Finished | Receipt))
    @rule(intent=st.sampled_from([Intent.EMAIL, Intent.PRINT, Intent.NO_RECEIPT, Intent.CLOSE, Intent.HELP]))
    def touch(self, intent: Intent) -> None:
        self.life = self.loop.time()
        if intent in self.kiosk.offers():
            self.visit.touched.add(intent)
        self.loop.run_until_complete(self.kiosk.touch(intent))

    @rule(seconds=st.sampled_from([0.05, 1, 4, 6, 11, 70]))
    def wait(self, seconds: float) -> None:
        self.loop.run_until_complete(self.kiosk.wait(seconds))

    # ---- what post and printer do

    @rule(takes=st.booleans(), seconds=st.sampled_from([0, 0, 1, 8]))
    def the_post(self, takes: bool, seconds: float) -> None:
        self.post.takes, self.post.delay_s = takes, seconds

    @rule(exists=st.booleans(), outcome=st.sampled_from(PrintOutcome), seconds=st.sampled_from([0, 2, 20]))
    def the_printer(self, exists: bool, outcome: PrintOutcome, seconds: float) -> None:
        self.printer.exists, self.printer.outcome, self.printer.delay_s = exists, outcome, seconds

    @rule(online=st.booleans())
    def the_line(self, online: bool) -> None:
        self.loop.run_until_complete(self.kiosk.line(online, lends=True))

    # ---- what must hold

    @invariant()
    def it_serves(self) -> None:
        self.kiosk.check()

    @invariant()
    def nobody_gets_two_receipts_of_a_kind_and_no_paper_after_a_letter_unasked(self) -> None:
        for one in self.desk.visits:
            assert (one.letters, one.prints) in ((0, 0), (1, 0), (0, 1), (1, 1)), one
            if one.letters and one.prints:
                assert Intent.PRINT in one.touched, "it was mailed, or it was to be"

    @invariant()
    def nothing_is_sent_that_nobody_wanted(self) -> None:
        for one in self.desk.visits:
            if one.letters:
                assert one.choice is ReceiptChoice.EMAIL or Intent.EMAIL in one.touched
            if one.prints:
                assert one.choice is ReceiptChoice.PRINT or Intent.PRINT in one.touched

    @invariant()
    def a_patron_sees_the_own_address_or_none_and_only_where_it_goes(self) -> None:
        screen = self.kiosk.screen()
        if isinstance(screen, Finished) and screen.mail_to:
            assert screen.mail_to == ADDRESSES[self.visit.number]
            assert screen.lent
        assert not any(one and one in repr(screen) for one in ADDRESSES.values())

    @invariant()
    def what_was_not_mailed_is_not_called_mailed(self) -> None:
        screen = self.kiosk.screen()
        if isinstance(screen, Receipt) and screen.state is ReceiptState.MAILED:
            assert self.visit.letters == 1

    @invariant()
    def it_comes_to_rest(self) -> None:
        if self.loop.time() - self.life > self.kiosk.visits * LONGEST_S:
            assert isinstance(self.kiosk.screen(), Rest)


MailMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
test_every_order_of_happenings_at_the_end_gives_each_the_own_receipt_once = MailMachine.TestCase
