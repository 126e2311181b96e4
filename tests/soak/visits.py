"""Who comes to the kiosk in a soak of the face: each kind of visit as often as the deck has it, else by chance.

Library system, printer, mail and pad follow a script (`tests.kiosk.world`) and time is virtual.
"""

from __future__ import annotations

import random
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from datetime import date
from itertools import cycle
from typing import Any, Protocol

from circulation.affairs import Account, GuestHomes, HomeChoice, Renewed, RenewedAll
from circulation.desk import DeskUnreachable
from circulation.identifiers import EventId, Isil, ItemBarcode, PatronRef
from circulation.outcomes import OFFERS_ENROLMENT, Identified, NextStep, Reason, Refused
from circulation.presented import ReceiptChoice
from devices.ports import HeadphonesChanged, Health, Key, KeyPressed, PrintOutcome, TagSecurity
from devices.speaker import Hearers
from kiosk.access import ACCESS_CHOICES
from kiosk.aid import Aid, Ring
from kiosk.bus import Happening
from kiosk.config import LANGUAGES
from kiosk.offered import offered
from kiosk.ui import AccountSection, Borrowing, Intent, Rest, Shown
from kiosk.visit_pad import PadRules
from offline_cache.journal_faults import JournalFull
from tests.kiosk.accounts import account, loan, longer, not_longer
from tests.kiosk.screens.account_scenes import FEES, HISTORY, HOLDS, MEMBERSHIPS
from tests.kiosk.virtual_time import VirtualLoop
from tests.kiosk.world import (
    LATER,
    PASS_UNKNOWN,
    UNKNOWN,
    WITH_PAD,
    Kiosk,
    an_event,
    book,
    lent,
    lost,
    tag,
    unreachable,
)

DECK = {
    "borrows": 19,
    "lays_down": 5,
    "brings_back": 5,
    "looks_at_account": 3,
    "listens": 2,
    "types_a_pin": 2,
    "meets_a_fault": 2,
    "becomes_a_guest": 1,
}
FIRST = "is_adjusted"
ROUND = 1 + sum(DECK.values())
"""Visits: one of `FIRST`, then so many of each kind, shuffled; and then again. So what is seldom comes as often in each
part of a long run, and of the pages that are built anew with the first as many are there by the end of each round."""
PATRONS = [f"200000000001{one:02d}" for one in range(12)]
KINDS = (*WITH_PAD, "keypad", "speech", "signals")
TITLES = ("Oeroeg", "De vloek van de boekenwurm", "Ciske de Rat", "Het huis met de honderd ramen en de ene deur")
NOES = [one for one in Reason if not one.value.startswith("offline")]
TODAY = date(2026, 7, 22)
PIN, SLOW_S, PAST_ALL_S = "73519", 1.0, 120.0
HOMES = GuestHomes(tuple(HomeChoice(Isil(f"NL-07{one:04d}"), f"Bibliotheek {one}") for one in range(9)))
OFFERED = replace(PASS_UNKNOWN, values={OFFERS_ENROLMENT: 1})


class Glass(Protocol):
    """The window, as those who stand before it use it."""

    shown: Shown

    def show(self, shown: Shown) -> None: ...
    def draw(self) -> None: ...
    def touch(self, intent: Intent, what: str = "") -> None: ...
    def told(self) -> list[Happening]: ...
    @property
    def ring(self) -> Ring: ...


class Voice:
    """Says nothing, at once."""

    def say(self, texts: Sequence[str], language: str, loudness: int, hearers: Hearers) -> None:
        pass

    def stop(self) -> None:
        pass


class Visits:
    """Somebody at the kiosk."""

    def __init__(self, window: Glass, chance: random.Random) -> None:
        self.window, self.chance, self.loop = window, chance, VirtualLoop()
        self.kiosk = Kiosk(self.loop, KINDS, returns=True, accounts=True, light=True)
        stage = self.kiosk.stage
        stage._ui, stage._languages = window, LANGUAGES
        stage._aid = Aid(Voice(), window.ring, LANGUAGES, lambda: TODAY, loudspeaker=True, clock=self.loop.time)
        self.kiosk.desk.homes, self.kiosk.pad.rules = HOMES, PadRules(all_tagged=False)
        self._deck: list[str] = []
        self._faults, self._accounts = cycle(("journal", "broken")), cycle(range(5))
        self._does(self.kiosk.begin())

    def one(self) -> None:
        """From rest to rest."""
        self._forget()
        self._deck = self._deck or [*self.chance.sample([*DECK], sum(DECK.values()), counts=[*DECK.values()]), FIRST]
        getattr(self, f"_{self._deck.pop()}")()
        if self.chance.random() < 0.1:
            self._wait(PAST_ALL_S)  # walks away
        for intent in (Intent.BACK, Intent.DONE, self._receipt(), Intent.CLOSE, Intent.STOP, self._receipt()):
            self._touch(intent)
        self._does(self.kiosk.lift())
        self._does(self.kiosk.take_away())
        self._wait(PAST_ALL_S)
        assert isinstance(self.window.shown.screen, Rest), self.window.shown.screen
        self.kiosk.check()

    # ---- each kind of visit

    def _borrows(self) -> None:
        self._begins(self.chance.choice([*PATRONS, UNKNOWN]))
        if self.chance.random() < 0.3:
            self._touch(Intent.HELP)
            self._touch(Intent.CLOSE)
        self._speaks_another()
        if isinstance(self.window.shown.screen, Borrowing):
            self._touch(Intent.READ)
            self._scans(self.chance.randint(0, 9))
            if self.chance.random() < 0.1:
                self._flickers(self.chance.choice(("item_scanner", "item_pad", "pass_reader")))

    def _lays_down(self) -> None:
        """Books first, or the pass; a book is lent, or its tag stays as it was, or it is brought back after all."""
        pile = [self.chance.randint(1, 60) for _ in range(self.chance.randint(1, 4))]
        for number in pile:
            self._will_answer(book(number))
        books_first = self.chance.random() < 0.6
        if not books_first:
            self._begins(self.chance.choice(PATRONS))
        tags = [tag(book(number)) for number in dict.fromkeys(pile)]
        self.kiosk.pad.stuck = {one.uid for one in tags if self.chance.random() < 0.1}
        self._does(self.kiosk.lay(*tags))
        if books_first and self.chance.random() < 0.3:
            self._touch(Intent.BRING_BACK)
        elif books_first:
            self._touch(Intent.LEND)
            self._begins(self.chance.choice(PATRONS))
        self._wait(SLOW_S)

    def _brings_back(self) -> None:
        self._touch(Intent.BRING_BACK)
        if self.chance.random() < 0.5:
            self._does(self.kiosk.lay(tag(book(self.chance.randint(1, 60)), security=TagSecurity.UNSECURED)))
        self._scans(self.chance.randint(1, 6))

    def _looks_at_account(self) -> None:
        """Every section of it, one renewal and then all; once in a while nobody tells what is theirs."""
        if self.chance.random() < 0.5:
            self._touch(Intent.ACCOUNT)
        number = self.chance.choice(PATRONS)
        self._owns(number)
        self._begins(number, plain=True)
        self._speaks_another()
        self._touch(Intent.ACCOUNT)
        self._touch(Intent.RENEW)
        if self.chance.random() < 0.2:
            self._wait(25)  # the veil
        for section in self.chance.sample(list(AccountSection), len(AccountSection)):
            self._touch(Intent.SECTION, section.value)
        self._touch(Intent.SECTION, AccountSection.LOANS.value)
        self._touch(Intent.RENEW_ALL)
        self._wait(SLOW_S)
        if self.chance.random() < 0.5:
            self._touch(Intent.BACK)
            self._scans(self.chance.randint(0, 3))

    def _is_adjusted(self) -> None:
        """Larger words, other colours, low buttons: each choice builds the whole stage anew, and so does its end."""
        self._touch(Intent.ACCESS)
        for choice in self.chance.sample(ACCESS_CHOICES, 2):
            self._touch(Intent.ACCESS, choice)
        self._touch(Intent.CLOSE)
        self.chance.choice((self._borrows, self._looks_at_account, self._brings_back, self._types_a_pin))()

    def _listens(self) -> None:
        """With headphones and keys alone, or read aloud."""
        if listens := self.chance.random() < 0.7:
            self._does(self.kiosk.put(HeadphonesChanged("keypad", True, 0.0)))
        else:
            self._touch(Intent.HELP)
            self._touch(Intent.READ_ALOUD)
        self._keys(3)
        number = self.chance.choice(PATRONS)
        self._owns(number)
        self._begins(number)
        self._scans(self.chance.randint(0, 3))
        self._touch(Intent.ACCOUNT)
        self._keys(12)
        if listens:
            self._does(self.kiosk.put(HeadphonesChanged("keypad", False, 0.0)))

    def _types_a_pin(self) -> None:
        number = self.chance.choice(PATRONS)
        self.kiosk.desk.pins[number] = PIN
        self._begins(number, plain=True)
        if self.chance.random() < 0.4:
            self._types("1" + PIN)
        self._types(PIN)
        self._scans(self.chance.randint(0, 3))

    def _becomes_a_guest(self) -> None:
        self._begins(UNKNOWN, answer=OFFERED)
        self._touch(Intent.ENROL)
        for _ in range(2):  # a stretch of the list, and a library in it
            self._touch(Intent.CHOOSE, str(self.chance.randrange(2)))
        self.kiosk.desk.enrolment = self._no() if self.chance.random() < 0.3 else self._somebody(UNKNOWN)
        self._types(PIN)
        self._scans(self.chance.randint(0, 3))

    def _meets_a_fault(self) -> None:
        """Nothing can be written down, or a visit breaks; in turn. Both are over before the next one."""
        desk, closes = self.kiosk.desk, next(self._faults) == "journal"
        self._begins(self.chance.choice(PATRONS), plain=True)
        desk.replies[book(1)] = [JournalFull("full") if closes else KeyError("x")]
        desk.journal_fault = JournalFull("full") if closes else None
        self._does(self.kiosk.scan(book(1)))
        self._touch(Intent.HELP)
        self._wait(7)
        desk.journal_fault = None
        self._wait(20)

    # ---- what they are made of

    def _begins(self, number: str, *, plain: bool = False, answer: Refused | None = None) -> None:
        """Shows a pass; `plain`: it is somebody who is let in. Sometimes that takes a while."""
        desk, slow = self.kiosk.desk, self.chance.random() < 0.15
        desk.patrons[number] = answer or (self._somebody(number) if plain else self._patron(number))
        desk.delay_s = SLOW_S if slow else 0.0
        self._does(self.kiosk.tap(number))
        if slow:
            self._wait(SLOW_S / 2)
            self._wait(SLOW_S)
        desk.delay_s = 0.0

    def _patron(self, number: str) -> Identified | Refused | Exception:
        kind = self.chance.random()
        if number == UNKNOWN or kind < 0.1:
            return self._no()
        return DeskUnreachable("ConnectionError", sent=False) if kind < 0.15 else self._somebody(number)

    def _somebody(self, number: str) -> Identified:
        return Identified(
            PatronRef(number),
            self.chance.choice(("", *LANGUAGES)),
            self.chance.choice(list(ReceiptChoice)),
            first_name=self.chance.choice(("", "", "Ria")),
            may_borrow=self.chance.choice((None, 3, 100)),
            cannot_borrow=self._no() if self.chance.random() < 0.1 else None,
            messages=("Er ligt een sjaal voor je bij de balie.",) if self.chance.random() < 0.1 else (),
            mail_to=self.chance.choice(("", "w•••@w…org")),
            ends=self.chance.choice((None, date(2026, 8, 1))),
        )

    def _owns(self, number: str) -> None:
        """Gives them an account, which once in a while cannot be told."""
        desk, turn = self.kiosk.desk, next(self._accounts)
        numbers = self.chance.sample(range(1, 60), self.chance.randint(1, 8))
        found = account(*(loan(one) for one in numbers[1:]), elsewhere=(loan(numbers[0]),), holds=HOLDS)
        found = replace(found, fees=FEES, payable=620, memberships=MEMBERSHIPS, history=HISTORY)
        answers: list[Account | Refused | BaseException] = [found, found, self._no(), found, unreachable()]
        desk.accounts[number] = answers[turn]
        answered = numbers[: len(numbers) // 2]
        desk.renewed_all = RenewedAll(
            tuple(longer(one) for one in answered), tuple(not_longer(one) for one in numbers[len(answered) :])
        )
        for one in numbers:
            item = ItemBarcode(book(one))
            yes = Renewed(item, self.chance.choice(TITLES), LATER)
            desk.renewals[item] = self.chance.choice((yes, yes, self._no(), lost(an_event()), unreachable()))

    def _speaks_another(self) -> None:
        if self.chance.random() < 0.3:
            self._touch(Intent.LANGUAGE)
            self._touch(Intent.LANGUAGE, self.chance.choice(LANGUAGES))

    def _scans(self, count: int) -> None:
        for _ in range(count):
            item = book(self.chance.randint(1, 60))
            event = self._will_answer(item)
            self._does(self.kiosk.scan(item))
            if self.chance.random() > 0.97:
                self._does(self.kiosk.answer(event, lent(item)))

    def _will_answer(self, item: str) -> EventId:
        event, kind = an_event(), self.chance.random()
        answer = lent(item, self.chance.choice(TITLES)) if kind < 0.8 else self._no()
        self.kiosk.desk.replies[item] = [lost(event) if kind > 0.95 else answer]
        return event

    def _no(self) -> Refused:
        return Refused(self.chance.choice(NOES), "K13", self.chance.choice(list(NextStep)), {"count": 3, "cents": 620})

    def _flickers(self, kind: str) -> None:
        self._does(self.kiosk.health(kind, Health.LOST))
        self._does(self.kiosk.health(kind, Health.READY))

    def _types(self, digits: str) -> None:
        for one in digits:
            self._touch(Intent.DIGIT, one)
        self._touch(Intent.ENTER)
        self._wait(SLOW_S)

    def _keys(self, most: int) -> None:
        """Whoever feels keys; OK touches whatever the ring stands around."""
        for _ in range(self.chance.randint(1, most)):
            key = self.chance.choice((Key.NEXT, Key.NEXT, Key.PREVIOUS, Key.REPEAT, Key.LOUDER, Key.OK))
            self._does(self.kiosk.put(KeyPressed("keypad", key, 0.0)))

    def _receipt(self) -> Intent:
        return self.chance.choice((Intent.PRINT, Intent.EMAIL, Intent.NO_RECEIPT))

    def _wait(self, seconds: float) -> None:
        self._does(self.kiosk.wait(seconds))

    def _touch(self, intent: Intent, what: str = "") -> None:
        """By the finger, where it is offered."""
        if intent in offered(self.window.shown.screen, self.window.shown.over):
            self.window.touch(intent, what)
            self._does(self.kiosk.put(*self.window.told()))

    def _does(self, act: Coroutine[Any, Any, None]) -> None:
        """It is drawn, and so is what the window told of it."""
        self.loop.run_until_complete(act)
        self.window.draw()
        while told := self.window.told():
            self.loop.run_until_complete(self.kiosk.put(*told))
            self.window.draw()

    def _forget(self) -> None:
        """What the script remembers is no memory of the product."""
        kiosk, desk = self.kiosk, self.kiosk.desk
        kiosk.printer.outcome, kiosk.mail.takes = self.chance.choice(list(PrintOutcome)), self.chance.random() < 0.8
        desk.code = self.chance.choice(("", "KZTP"))
        for one in (desk.asked, desk.returned, desk.cases, desk.enrolled, desk.tries, desk.ended, desk.asked_to_renew):
            one.clear()
        for other in (desk.replies, desk.accounts, desk.renewals, desk.pins, kiosk.pad.bits, kiosk.pad.stuck):
            other.clear()
        for told in (kiosk.receipts, kiosk.printed_renewals, kiosk.returned_receipts, kiosk.said_closed):
            told.clear()
        for sent in (kiosk.printer.jobs, kiosk.mail.letters, kiosk.pad.tried):
            sent.clear()
