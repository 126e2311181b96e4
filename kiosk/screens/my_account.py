"""What is theirs: one section at a time, chosen by big buttons; a loan carries its own button, and its own answer."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, NumericProperty, StringProperty

from kiosk import account_words, sentences
from kiosk.account_words import Due, due_of
from kiosk.loans import LoansOfBranch, Longer, LongerNotAsked, LongerNotKnown, NotLonger, OnLoan, Renewing
from kiosk.screens.card_list import CardList  # noqa: F401 - named in the .kv
from kiosk.screens.cards import Act, Card
from kiosk.screens.icons import OF_NOTICE, OF_STEP, OF_TROUBLE
from kiosk.screens.lettering import forget
from kiosk.screens.movers import Movers  # noqa: F401 - named in the .kv
from kiosk.screens.page import Page, Tell, Today
from kiosk.screens.touch import Touch
from kiosk.sentences import RowWords
from kiosk.texts import Texts
from kiosk.ui import AccountSection, Intent, MyAccount, Trouble

_TROUBLES = {Trouble.NOT_ADMITTED: "care", Trouble.NO_CONNECTION: "broken"}  # those that matter here
_OF_DUE = {Due.LATER: ("touch", "book"), Due.SOON: ("care", "time"), Due.OVER: ("care", "attention")}


class SectionTouch(Touch):
    """The button of a section; the one that is shown has a tick."""

    section = StringProperty("")
    chosen = BooleanProperty(False)


class MyAccountPage(Page):
    """Draws `MyAccount`."""

    title = StringProperty("")
    summary = StringProperty("")
    back_text = StringProperty("")
    back_spoken = StringProperty("")
    renew_all_text = StringProperty("")
    renew_all_spoken = StringProperty("")
    renews_all = BooleanProperty(False)
    beside = NumericProperty(0)
    beside_stop = BooleanProperty(False)

    _texts: Texts | None = None  # of the last drawing

    def __init__(self, tell: Tell, today: Today, **kwargs: Any) -> None:
        super().__init__(tell, today, **kwargs)
        self.ids.cards.tell = self.tell
        self._sections = {one: SectionTouch(section=one.value) for one in AccountSection}
        for button in self._sections.values():
            button.bind(on_act=lambda touched: self.tell(Intent.SECTION.value, touched.section))
            self.ids.sections.add_widget(button)

    def draw(self, fact: MyAccount, texts: Texts) -> None:
        """The section that was chosen, and the way to the others."""
        self._texts = texts
        self.title, self.summary = account_words.title(texts, fact), account_words.summary(texts, fact)
        self.back_text, self.back_spoken = texts.say("account.back"), texts.say("access.back")
        self.ids.movers.name(texts)
        self.renew_all_text, self.renew_all_spoken = texts.say("account.renew_all"), texts.say("access.renew_all")
        for section, button in self._sections.items():
            button.text, button.chosen = account_words.section(texts, section), section is fact.section
            button.spoken = texts.say("access.section", name=button.text)
        self.renews_all = fact.section is AccountSection.LOANS and fact.can_renew
        nothing = self._nothing(fact, self.summary)
        if nothing:
            self.summary = ""  # it stands where its cards would
        cards = self._aside(fact, texts) + self._cards(fact, texts) + nothing
        self.ids.cards.draw(cards + self._history(fact, texts))

    def leave(self) -> None:
        """Nothing of a patron is kept."""
        if self._texts is not None:
            self.draw(MyAccount(), self._texts)
        self.ids.cards.wipe()
        forget()

    # ---- what stands on the cards

    def _aside(self, fact: MyAccount, texts: Texts) -> tuple[Card, ...]:
        """What is said in passing, above everything."""
        cards = []
        if fact.notice is not None:
            word = fact.notice.value
            cards.append(Card(f"notice:{word}", "care", OF_NOTICE[fact.notice], "", texts.say(f"notice.{word}")))
        for one, tone in _TROUBLES.items():
            if one in fact.troubles:
                said = sentences.trouble(texts, one)
                cards.append(Card(f"trouble:{one.value}", tone, OF_TROUBLE[one], "", said.why, said.next))
        return tuple(cards)

    def _cards(self, fact: MyAccount, texts: Texts) -> tuple[Card, ...]:
        today = self._today()
        match fact.section:
            case AccountSection.LOANS:
                return self._ready(fact, texts) + self._no_renewals(fact, texts) + self._loans(fact, texts)
            case AccountSection.HOLDS:
                words = [(one.ready, account_words.hold(texts, one)) for one in fact.holds]
                return tuple(
                    Card(
                        f"hold:{at}",
                        "good" if is_ready else "touch",
                        "hold_shelf" if is_ready else "time",
                        *_said(said),
                    )
                    for at, (is_ready, said) in enumerate(words)
                )
            case AccountSection.FEES:
                return self._fees(fact, texts)
            case AccountSection.MEMBERSHIP:
                said = [(one.warn, account_words.membership(texts, one, today)) for one in fact.memberships]
                return tuple(
                    Card(f"membership:{at}", "care" if warn else "touch", "desk" if warn else "card", *_said(words))
                    for at, (warn, words) in enumerate(said)
                )

    @staticmethod
    def _nothing(fact: MyAccount, summary: str) -> tuple[Card, ...]:
        """That there is nothing in this section is said in the place where somebody looks for it."""
        theirs = {
            AccountSection.LOANS: (fact.loans, "book"),
            AccountSection.HOLDS: (fact.holds, "hold_shelf"),
            AccountSection.FEES: (fact.fees, "receipt"),
            AccountSection.MEMBERSHIP: (fact.memberships, "card"),
        }
        some, icon = theirs[fact.section]
        return () if some else (Card("nothing", "touch", icon, "", "", summary),)

    def _ready(self, fact: MyAccount, texts: Texts) -> tuple[Card, ...]:
        said = account_words.ready(texts, fact)
        return () if said is None else (Card("ready", "good", "hold_shelf", "", said.why, said.next),)

    def _no_renewals(self, fact: MyAccount, texts: Texts) -> tuple[Card, ...]:
        said = account_words.no_renewals(texts, fact, self._today())
        if said is None or fact.no_renewals is None:
            return ()
        said = sentences.with_code(texts, said, fact.no_renewals, fact)
        return (Card("no_renewals", "care", OF_STEP[fact.no_renewals.next], *_said(said)),)

    def _fees(self, fact: MyAccount, texts: Texts) -> tuple[Card, ...]:
        if not fact.fees:
            return ()
        total = Card("sum", "touch", "desk", *_said(account_words.sum_of_fees(texts, fact)))
        if sentences.is_child(fact):
            return (total,)
        fees = tuple(
            Card(f"fee:{at}", "touch", "receipt", *_said(account_words.fee(texts, one, hidden=fact.hidden)))
            for at, one in enumerate(fact.fees)
        )
        return (total, *fees)

    def _loans(self, fact: MyAccount, texts: Texts) -> tuple[Card, ...]:
        """N4: by branch, with its code and name where there is more than one."""
        cards: list[Card] = []
        for branch in fact.loans:
            if len(fact.loans) > 1:
                cards.append(self._branch(branch, texts))
            cards += [self._loan(one, fact, texts) for one in branch.loans]
        return tuple(cards)

    @staticmethod
    def _branch(branch: LoansOfBranch, texts: Texts) -> Card:
        count = texts.count("borrow.lent", len(branch.loans))
        return Card(f"branch:{branch.code}", "touch", "library", f"{branch.code} {branch.name}", count, heads=True)

    @staticmethod
    def _history(fact: MyAccount, texts: Texts) -> tuple[Card, ...]:
        """K4: what was brought back, under all that is on loan."""
        heading = account_words.history(texts, fact)
        if fact.section is not AccountSection.LOANS or not heading:
            return ()
        titles = (Card(f"history:{at}", "touch", "book", one) for at, one in enumerate(fact.history))
        return (Card("history", "touch", "time", heading, heads=True), *titles)

    def _loan(self, one: OnLoan, fact: MyAccount, texts: Texts) -> Card:
        said = account_words.loan(texts, one, self._today(), of_child=sentences.is_child(fact))
        if isinstance(one.renewal, NotLonger):
            said = sentences.with_code(texts, said, one.renewal.refused, fact)
        tone, icon = self._looks(one)
        act = None
        if one.can_renew:
            spoken = texts.say("access.renew", name=one.title)
            act = Act(Intent.RENEW.value, one.key, texts.say("account.renew"), spoken)
        busy = isinstance(one.renewal, Renewing)
        return Card(f"loan:{one.key}", tone, icon, said.title, said.why, said.next, busy, act)

    def _looks(self, one: OnLoan) -> tuple[str, str]:
        match one.renewal:
            case Renewing():
                return "good", ""
            case Longer():
                return "good", "check"
            case NotLonger(refused=refused):
                return "care", OF_STEP[refused.next]
            case LongerNotKnown():
                return "care", "desk"
            case LongerNotAsked():
                return "care", "no_line"
            case _:
                return _OF_DUE[due_of(one, self._today())]


def _said(words: RowWords) -> tuple[str, str, str]:
    return words.title, words.why, words.next


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
