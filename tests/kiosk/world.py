"""A kiosk without a window: real bus, stage and flows in virtual time, a desk and a printer that follow a script."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import count

from circulation.affairs import Account, CheckedIn, GuestHomes, HandedOver, HomeChoice, Renewed, RenewedAll
from circulation.desk import DeskUnreachable
from circulation.events import HandOver
from circulation.identifiers import EventId, Isil, ItemBarcode, PatronRef, new_event_id
from circulation.outcomes import CheckedOut, Identified, NextStep, Reason, Refused, Voided
from circulation.presented import Presented, ReceiptChoice
from devices import ports
from devices.ports import (
    BarcodeScanned,
    DeviceHealth,
    Health,
    HealthChanged,
    ItemsChanged,
    PadItem,
    PassPresented,
    PassRemoved,
    PrintOutcome,
    ScanUnreadable,
    TagSecurity,
)
from kiosk.bus import Answered, Bus, Happening, Late, Reached, Touched
from kiosk.desks.journalled import AnswerLost
from kiosk.flows.pin import in_order
from kiosk.loans import RenewedLoan
from kiosk.offered import offered
from kiosk.parked import Parked
from kiosk.rows import Back, Lent, Row
from kiosk.settings import Patience
from kiosk.stage import Stage
from kiosk.ui import Borrowing, Intent, Screen, Shown
from kiosk.visit import Counter, serve
from kiosk.visit_pad import PadRules
from tests.kiosk.virtual_time import VirtualLoop, play

KINDS = ("pass_reader", "item_scanner", "receipt_printer")
WITH_PAD = (*KINDS, "item_pad")
DUE = date(2026, 8, 5)
LATER = date(2026, 8, 26)
MOMENT_S = 1 / 1024  # long enough for everything that happens at once, too short for any timer
ANNA, BERT = "20000000000014", "20000000000022"
UNKNOWN = "20000000000998"
PASS_UNKNOWN = Refused(Reason.PASS_UNKNOWN, "K5", NextStep.DESK)
HELD = Refused(Reason.HELD_FOR_ANOTHER, "K8", NextStep.HOLD_SHELF)
PIN_NEEDED, PIN_WRONG, PIN_LOCKED = (
    Refused(reason, "P6", NextStep.DESK) for reason in (Reason.PIN_NEEDED, Reason.PIN_WRONG, Reason.PIN_LOCKED)
)
ITEM_AS_PASS = Refused(Reason.ITEM_SHOWN_AS_PASS, "P3", NextStep.PASS)

Answer = CheckedOut | Refused | Voided
Reply = CheckedOut | Refused | BaseException
_numbers = count(1)


def an_event() -> EventId:
    """A new one."""
    return new_event_id(next(_numbers), bytes(10))


def book(number: int) -> str:
    """The barcode of one of the books."""
    return f"{30000000000000 + number}"


def lent(item: str, title: str = "", may_borrow: int | None = 9) -> CheckedOut:
    """The answer to a loan; its title tells which item it was."""
    return CheckedOut(ItemBarcode(item), title or f"Title {item}", DUE, 1, may_borrow)


def lost(event: EventId) -> AnswerLost:
    """No answer, and nobody knows."""
    return AnswerLost("ReadTimeout", event)


def unreachable() -> DeskUnreachable:
    """No answer, and nothing was asked."""
    return DeskUnreachable("ConnectionError", sent=False)


class ScriptedDesk:
    """Answers as told. `delay_s`: how long every answer takes."""

    def __init__(self) -> None:
        self.patrons: dict[str, Identified | Refused | BaseException] = {
            ANNA: Identified(PatronRef("anna"), may_borrow=10),
            BERT: Identified(PatronRef("bert"), may_borrow=10),
        }
        self.code: str | BaseException = ""
        self.code_delay_s = 0.0
        self.cases: list[HandOver] = []
        self.enrolment: Identified | Refused | BaseException = Identified(PatronRef("guest"), may_borrow=5)
        self.enrolled: list[tuple[str | None, str, Isil, EventId]] = []
        self.homes: GuestHomes | Refused = GuestHomes((HomeChoice(Isil("NL-070288"), "Bibliotheek Annen"),))
        self.pins: dict[str, str] = {}
        self.proved: set[str] = set()
        self.locked: set[str] = set()
        self.tries: list[str] = []
        self.ended: list[str | None] = []
        self.replies: dict[str, list[Reply]] = {}
        self.delay_s = 0.0
        self.asked: list[tuple[str | None, str]] = []
        self.journal_fault: BaseException | None = None
        self.returned: list[str] = []
        self.return_replies: dict[str, CheckedIn | Refused | BaseException] = {}
        self.return_fault: BaseException | None = None
        self.accounts: dict[str, Account | Refused | BaseException] = {}
        self.renewals: dict[str, Renewed | Refused | BaseException] = {}
        self.renewed_all: RenewedAll | Refused | BaseException = RenewedAll()
        self.asked_to_renew: list[str] = []  # "all" for all of them

    async def identify(self, presented: Presented, pin: str | None = None) -> Identified | Refused:
        await asyncio.sleep(self.delay_s)
        number = presented.number or ""
        if number in self.pins and number not in self.proved:
            if number in self.locked or pin is None:
                return PIN_LOCKED if number in self.locked else PIN_NEEDED
            self.tries.append(number)
            if pin != self.pins[number]:
                return PIN_WRONG
            self.proved.add(number)
        reply = self.patrons.get(number, ITEM_AS_PASS if number.startswith("3") else PASS_UNKNOWN)
        if isinstance(reply, BaseException):
            raise reply
        return reply

    async def hand_over(self, case: HandOver) -> HandedOver | None:
        self.cases.append(case)
        await asyncio.sleep(self.code_delay_s)
        if isinstance(self.code, BaseException):
            raise self.code
        return HandedOver(self.code, datetime(2026, 7, 23, tzinfo=UTC)) if self.code else None

    async def guest_homes(self) -> GuestHomes | Refused:
        return self.homes

    async def enrol(self, presented: Presented, pin: str, home: Isil, event: EventId) -> Identified | Refused:
        self.enrolled.append((presented.number, pin, home, event))
        await asyncio.sleep(self.delay_s)
        if isinstance(self.enrolment, BaseException):
            raise self.enrolment
        return self.enrolment

    def end_visit(self, presented: Presented) -> None:
        self.proved.clear()
        self.ended.append(presented.number)

    async def check_out(self, presented: Presented, item: ItemBarcode) -> CheckedOut | Refused:
        self.asked.append((presented.number, item))
        replies = self.replies.get(item) or [lent(item)]
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        await asyncio.sleep(self.delay_s)
        if isinstance(reply, BaseException):
            raise reply
        return reply

    async def check_in(self, item: ItemBarcode) -> CheckedIn | Refused:
        await asyncio.sleep(self.delay_s)
        reply = self.return_fault or self.return_replies.get(item, CheckedIn(item, f"Title {item}"))
        if isinstance(reply, BaseException):
            raise reply
        if isinstance(reply, CheckedIn):
            self.returned.append(item)
        return reply

    async def account(self, presented: Presented) -> Account | Refused:
        await asyncio.sleep(self.delay_s)
        number = presented.number or ""
        reply = self.accounts.get(number, Account(PatronRef(number)))
        if isinstance(reply, BaseException):
            raise reply
        return reply

    async def renew(self, presented: Presented, item: ItemBarcode) -> Renewed | Refused:
        self.asked_to_renew.append(item)
        await asyncio.sleep(self.delay_s)
        reply = self.renewals.get(item, Renewed(item, f"Title {item}", LATER))
        if isinstance(reply, BaseException):
            raise reply
        return reply

    async def renew_all(self, presented: Presented) -> RenewedAll | Refused:
        self.asked_to_renew.append("all")
        await asyncio.sleep(self.delay_s)
        if isinstance(self.renewed_all, BaseException):
            raise self.renewed_all
        return self.renewed_all

    async def redeliver(self) -> float:
        return 0.0

    async def has_undelivered(self) -> bool:
        return False

    async def is_reachable(self) -> bool:
        return True

    async def is_coming_back(self) -> bool:
        return False

    async def is_admitted(self) -> bool:
        return True

    async def lends_without_line(self) -> bool:
        return False

    async def check_journal(self) -> None:
        if self.journal_fault is not None:
            raise self.journal_fault


class ScriptedPrinter:
    """Prints as told. `jobs`: what was printed."""

    def __init__(self) -> None:
        self.exists = True
        self.outcome = PrintOutcome.PRINTED
        self.delay_s = 2.0
        self.jobs: list[tuple[ports.Receipt, str]] = []
        self.writes = True

    async def can_write(self, receipt: ports.Receipt) -> bool:
        return self.writes

    async def print(self, receipt: ports.Receipt, job_id: str) -> PrintOutcome:
        self.jobs.append((receipt, job_id))
        await asyncio.sleep(self.delay_s)
        return self.outcome


class ScriptedMail:
    """Takes letters as told. `letters`: whose, in which language, how many lines."""

    def __init__(self) -> None:
        self.takes, self.delay_s = True, 0.0
        self.letters: list[tuple[str | None, str, int]] = []

    async def send(self, presented: Presented, language: str, receipt: ports.Receipt) -> bool:
        self.letters.append((presented.number, language, len(receipt.lines)))
        await asyncio.sleep(self.delay_s)
        return self.takes


class ScriptedPad:
    """Tags and their gate bits. `stuck`: those that answer and keep their bit; `silent`: those that do not answer.

    `on_switch` is called before each try, with what is wanted.
    """

    def __init__(self) -> None:
        self.switches = False
        self.rules = PadRules()
        self.bits: dict[bytes, TagSecurity] = {}
        self.stuck: set[bytes] = set()
        self.silent: set[bytes] = set()
        self.tried: list[tuple[bytes, TagSecurity]] = []
        self.delay_s = 0.0
        self.on_switch: Callable[[TagSecurity], None] = lambda _: None

    async def secure(self, uid: bytes) -> TagSecurity:
        return await self._switch(uid, TagSecurity.SECURED)

    async def unsecure(self, uid: bytes) -> TagSecurity:
        return await self._switch(uid, TagSecurity.UNSECURED)

    async def _switch(self, uid: bytes, wanted: TagSecurity) -> TagSecurity:
        self.tried.append((uid, wanted))
        self.on_switch(wanted)
        await asyncio.sleep(self.delay_s)
        if uid in self.silent or uid not in self.bits:
            return TagSecurity.UNKNOWN
        if uid not in self.stuck:
            self.bits[uid] = wanted
        return self.bits[uid]


def tag(
    number: str | None, part: int = 1, parts: int = 1, security: TagSecurity = TagSecurity.SECURED, usage: int = 1
) -> PadItem:
    """A tag of an item; its UID is of its number and part."""
    uid = f"{number}/{part}".encode()
    return PadItem(uid, number, part, parts, usage, "iso28560-3" if number else "", security)


@dataclass
class Recorder:
    """The picture, as it was drawn over time; `on_show` is told of each."""

    time: Callable[[], float]
    all: list[tuple[float, Shown]] = field(default_factory=list)
    on_show: Callable[[Shown], None] = lambda _: None

    def show(self, shown: Shown) -> None:
        self.all.append((self.time(), shown))
        self.on_show(shown)


class Kiosk:
    """A kiosk at rest. What is done to it has had its effect when the call returns."""

    def __init__(
        self,
        loop: VirtualLoop,
        kinds: tuple[str, ...] = KINDS,
        *,
        passes_on_pad: bool = False,
        returns: bool = False,
        accounts: bool = False,
        light: bool = False,
        buttons: Collection[Intent] = (Intent.BRING_BACK, Intent.ACCOUNT),
    ) -> None:
        self.loop, self.desk, self.printer, self.pad = loop, ScriptedDesk(), ScriptedPrinter(), ScriptedPad()
        self.kinds = kinds
        self.mail = ScriptedMail()
        self.pad.switches = "item_pad" in kinds
        self._lying: dict[bytes, PadItem] = {}
        self._pad_looks = False
        self.ui = Recorder(loop.time)
        self.bus = Bus(loop)
        self.receipts: list[tuple[str, tuple[Lent, ...], int]] = []
        self.patience = Patience()
        self.parked = Parked(loop.time, self.patience.resume)
        self.helped = 0
        self.stage = Stage(
            self.ui,
            self.bus,
            ("nl", "en"),
            kinds,
            passes_on_pad=passes_on_pad,
            returns=returns,
            accounts=accounts,
            buttons=buttons,
            light=light,
            on_help=self._help,
        )
        self.printed_renewals: list[tuple[RenewedLoan, ...]] = []
        self.returned_receipts: list[tuple[str, tuple[str, ...], int]] = []
        self.said_closed: list[str] = []
        self.new_keys: Callable[[], str] = in_order
        self._serving: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """All devices are there and the kiosk rests."""
        jobs = count(1)
        counter = Counter(
            self.stage,
            self.desk,
            self.printer,
            self.pad,
            self.parked,
            self._receipt,
            lambda: f"job-{next(jobs)}",
            self.patience,
            self.said_closed.append,
            self.new_keys,
            self.mail,
            make_return_receipt=self._return_receipt,
        )
        self._serving = asyncio.create_task(serve(counter))
        for kind in self.kinds:
            await self.health(kind, Health.READY)

    async def restart(self) -> None:
        """It is off for a moment, and everybody is gone."""
        assert self._serving is not None
        self._serving.cancel()
        await self.begin()

    def check(self) -> None:
        """It still serves, and nothing failed unseen."""
        assert self._serving is not None
        assert not self._serving.done()
        assert self.loop.faults == []

    # ---- what is seen

    def shown(self) -> Shown:
        return self.ui.all[-1][1]

    def screen(self) -> Screen:
        return self.shown().screen

    def borrowing(self) -> Borrowing:
        screen = self.screen()
        assert isinstance(screen, Borrowing), screen
        return screen

    def rows(self) -> tuple[Row, ...]:
        return self.borrowing().rows

    def offers(self) -> frozenset[Intent]:
        return offered(self.screen(), self.shown().over)

    def titles(self) -> list[str]:
        return [row.title for row in self.rows() if isinstance(row, Lent)]

    # ---- what is done

    async def wait(self, seconds: float = MOMENT_S) -> None:
        await asyncio.sleep(seconds)

    async def put(self, *happenings: Happening) -> None:
        for one in happenings:
            self.bus.put(one)
        await self.wait()

    async def tap(self, number: str | None, uid: str = "04A1B2C3D4E5F6", random_uid: bool = False) -> None:
        await self.put(PassPresented("pass_reader", bytes.fromhex(uid), number, random_uid, 0.0))

    @property
    def visits(self) -> int:
        """How many may follow each other without anybody doing anything: a pass that lies there waits for its turn."""
        return 2 if self.stage.passes else 1

    async def take_away(self) -> None:
        await self.put(PassRemoved("pass_reader", 0.0))

    async def scan(self, *texts: str) -> None:
        await self.put(*(BarcodeScanned("item_scanner", text, None, 0.0) for text in texts))

    async def lay(self, *tags: PadItem) -> None:
        """Lays them on the pad at once, on what lies there."""
        for one in tags:
            self._lying[one.uid] = one
            self.pad.bits.setdefault(one.uid, one.security)
        await self.tell_pad()

    async def lift(self, *tags: PadItem) -> None:
        """Takes them away, or everything."""
        for uid in [one.uid for one in tags] or list(self._lying):
            self._lying.pop(uid, None)
        await self.tell_pad()

    @property
    def lying(self) -> set[str]:
        """The numbers of the items that really lie there, whatever the pad has told."""
        return {str(one.number) for one in self._lying.values()}

    async def tell_pad(self) -> None:
        """As a pad does: all that lies there, with its bits as last read; nothing while it is away."""
        if not self._pad_looks:
            return
        now = tuple(replace(one, security=self.pad.bits[one.uid]) for one in self._lying.values())
        await self.put(ItemsChanged("item_pad", now, 0.0))

    async def noise(self) -> None:
        await self.put(ScanUnreadable("item_scanner", "noise", 0.0))

    async def touch(self, intent: Intent, what: str = "") -> None:
        await self.put(Touched(intent, what))

    async def type(self, digits: str) -> None:
        for one in digits:
            await self.touch(Intent.DIGIT, one)

    async def answer(self, event: EventId, answer: Late) -> None:
        await self.put(Answered(event, answer))

    async def line(self, online: bool, lends: bool = False) -> None:
        await self.put(Reached(online, lends))

    async def health(self, kind: str, state: Health) -> None:
        """As `state`; and a pad that is there again has looked, and tells what lies on it."""
        if kind == "item_pad":
            self._pad_looks = state in (Health.READY, Health.DEGRADED)
        await self.state(kind, state)
        if kind == "item_pad" and state is Health.READY:
            await self.tell_pad()

    async def state(self, kind: str, state: Health) -> None:
        """What the supervisor says of a device; a pad has not looked yet when it is said to be ready."""
        await self.put(HealthChanged(kind, kind, DeviceHealth(state, "", 0.0, None, 0), 0.0))

    def _help(self) -> None:
        self.helped += 1

    def _return_receipt(self, language: str, brought: tuple[Back, ...], not_known: int) -> ports.Receipt:
        self.returned_receipts.append((language, tuple(one.title for one in brought), not_known))
        return ports.Receipt((ports.ReceiptLine(f"{len(brought)} returned"),))

    def _receipt(
        self, language: str, loans: tuple[Lent, ...], not_known: int, renewed: tuple[RenewedLoan, ...]
    ) -> ports.Receipt:
        self.printed_renewals.append(renewed)
        self.receipts.append((language, loans, not_known))
        return ports.Receipt((ports.ReceiptLine(f"{len(loans)} lent"),))


def story(
    tell: Callable[[Kiosk], Awaitable[None]],
    kinds: tuple[str, ...] = KINDS,
    *,
    passes_on_pad: bool = False,
    returns: bool = False,
    accounts: bool = False,
    light: bool = False,
    buttons: Collection[Intent] = (Intent.BRING_BACK, Intent.ACCOUNT),
) -> Callable[[], None]:
    """A test that tells what happens at a kiosk with these devices; at its end the kiosk must still serve."""

    def test() -> None:
        loop = VirtualLoop()
        kiosk = Kiosk(
            loop,
            kinds,
            passes_on_pad=passes_on_pad,
            returns=returns,
            accounts=accounts,
            light=light,
            buttons=buttons,
        )

        async def whole() -> None:
            await kiosk.begin()
            await tell(kiosk)
            kiosk.check()

        play(whole(), loop)

    test.__name__, test.__doc__ = tell.__name__, tell.__doc__
    return test


def wants_receipt(choice: ReceiptChoice, language: str = "") -> Identified:
    """Anna, who wants this receipt and speaks this language."""
    return Identified(PatronRef("anna"), language, choice, may_borrow=10)
