"""From the facts of an account to sentences, in the language of the moment (K13, N4, K12, F1, N8). Knows no Kivy.

A child reads friendly words and no amounts (K2).
"""

from datetime import date, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from kiosk import sentences
from kiosk.loans import Longer, LongerNotAsked, LongerNotKnown, NotLonger, OnLoan, Renewing
from kiosk.sentences import RowWords, Sentence
from kiosk.texts import Texts
from kiosk.ui import AccountSection, MyAccount, NoAccount
from kiosk.veil import MASK

if TYPE_CHECKING:
    from circulation.affairs import FeeLine, HoldLine, MembershipLine

SOON = timedelta(days=3)


class Due(Enum):
    """How near the day is on which a loan must be back."""

    LATER = "later"
    SOON = "soon"
    OVER = "over"


def due_of(one: OnLoan, today: date) -> Due:
    """How near that day is; what was renewed is not late any more."""
    if isinstance(one.renewal, Longer):
        return Due.LATER
    if one.overdue or one.due < today:
        return Due.OVER
    return Due.SOON if one.due - today <= SOON else Due.LATER


def title(texts: Texts, fact: MyAccount) -> str:
    """Whose it is: a child is called by name."""
    return texts.say("borrow.hello", name=fact.first_name) if fact.first_name else texts.say("account.title")


def summary(texts: Texts, fact: MyAccount) -> str:
    """What the section holds, in a line."""
    match fact.section:
        case AccountSection.LOANS:
            count = sum(len(branch.loans) for branch in fact.loans)
            return texts.count("borrow.lent", count) if count else texts.say("account.loans.none")
        case AccountSection.HOLDS if not fact.holds:
            return texts.say("account.holds.none")
        case AccountSection.FEES if not fact.fees:
            return texts.say("account.fees.none")
        case AccountSection.MEMBERSHIP if not fact.memberships:
            return texts.say("account.membership.none")
        case _:
            return section(texts, fact.section)


def section(texts: Texts, one: AccountSection) -> str:
    """The name of a section."""
    return texts.say(f"account.section.{one.value}")


def ready(texts: Texts, fact: MyAccount) -> Sentence | None:
    """How many holds stand ready, and where to look; nothing where none does."""
    count = sum(one.ready for one in fact.holds)
    if not count:
        return None
    where = texts.say("account.ready.next", name=section(texts, AccountSection.HOLDS))
    return Sentence(texts.count("account.ready", count), where)


def no_renewals(texts: Texts, fact: MyAccount, today: date) -> RowWords | None:
    """That nothing can be renewed now, why, and what next (K13); nothing where something can."""
    if fact.no_renewals is None or fact.can_renew:
        return None
    no = sentences.refused(texts, fact.no_renewals, today, of_child=sentences.is_child(fact))
    return RowWords(texts.say("account.no_renewals"), no.why, no.next)


def loan(texts: Texts, one: OnLoan, today: date, *, of_child: bool) -> RowWords:
    """When it must be back, and what came of its renewal; or why it cannot be renewed, before anybody asks (K13)."""
    came = renewal(texts, one, today, of_child=of_child)
    if came is not None and isinstance(one.renewal, Renewing | Longer):
        return RowWords(one.title, came.why)
    if came is None and one.refused is not None:
        came = sentences.refused(texts, one.refused, today, of_child=of_child)
    until = _until(texts, one, today, of_child=of_child)
    return RowWords(one.title, f"{until}\n{came.why}", came.next) if came is not None else RowWords(one.title, until)


def renewal(texts: Texts, one: OnLoan, today: date, *, of_child: bool) -> Sentence | None:
    """What came of its renewal alone, and what next, which may be empty; nothing where it was not asked for."""
    match one.renewal:
        case Renewing():
            return Sentence(texts.say("row.asking"), "")
        case Longer(due=due):
            return Sentence(texts.say("account.loan.renewed", day=texts.day(due, today)), "")
        case NotLonger(refused=refused):
            return sentences.refused(texts, refused, today, of_child=of_child)
        case LongerNotKnown():
            return Sentence(texts.say("account.loan.not_known.why"), texts.say("account.loan.not_known.next"))
        case LongerNotAsked():
            return Sentence(texts.say("account.loan.not_asked.why"), texts.say("account.loan.not_asked.next"))
        case None:
            return None


def _until(texts: Texts, one: OnLoan, today: date, *, of_child: bool) -> str:
    day = texts.day(one.due, today)
    match due_of(one, today):
        case Due.OVER:
            return texts.say("account.loan.overdue_child") if of_child else texts.say("account.loan.overdue", day=day)
        case Due.SOON:
            return texts.say("account.loan.due_soon", day=day)
        case Due.LATER:
            return texts.say("account.loan.due", day=day)


def history(texts: Texts, fact: MyAccount) -> str:
    """K4: what stands above the titles that were brought back; nothing where there are none, or none are wanted."""
    return texts.say("account.history") if fact.history else ""


def hold(texts: Texts, one: "HoldLine") -> RowWords:
    """K12: where it stands ready, or that it is not there yet."""
    from_elsewhere = f"\n{texts.say('account.hold.interlibrary')}" if one.interlibrary else ""
    if not one.ready:
        return RowWords(one.title, texts.say("account.hold.waiting", name=one.name) + from_elsewhere)
    why = texts.say("account.hold.ready.why", name=one.name) + from_elsewhere
    if not one.shelf:
        return RowWords(one.title, why, texts.say("account.hold.ready.next.plain"))
    return RowWords(one.title, why, texts.say("account.hold.ready.next", place=one.shelf))


def sum_of_fees(texts: Texts, fact: MyAccount) -> RowWords:
    """F1: what is payable here, and where; of a child only that there is something."""
    if sentences.is_child(fact):
        if not any(_is_open(one, fact) for one in fact.fees):
            return RowWords("", texts.say("account.fees.none"))
        return RowWords("", texts.say("account.fees.child.why"), texts.say("account.fees.child.next"))
    amount = MASK if fact.hidden else texts.money(max(0, fact.payable))
    desk = texts.say("account.fees.desk") if fact.hidden or fact.payable > 0 else ""
    return RowWords("", texts.say("account.fees.sum", amount=amount), desk)


def _is_open(one: "FeeLine", fact: MyAccount) -> bool:
    """Whether somebody has to go to a desk for it: a credit and what the bank collects are no errand for a child."""
    return one.cents > 0 and one.status.value != "direct_debit" and (fact.payable > 0 or not one.payable)


def fee(texts: Texts, one: "FeeLine", *, hidden: bool = False) -> RowWords:
    """F1: what for, how much (unless that is `hidden`), and where where it is not here."""
    what_for = texts.say(f"account.fee.{one.kind.value}")
    if hidden:
        return RowWords(what_for, MASK)
    if one.cents < 0:
        credit = texts.say("account.fee.credit", amount=texts.money(-one.cents))
        return RowWords(what_for, f"{credit}\n{one.name}")  # F1: it counts at that library
    amount = texts.money(one.cents)
    if one.payable:
        return RowWords(what_for, amount)
    if one.status.value == "direct_debit":
        return RowWords(what_for, amount, texts.say("account.fee.direct_debit"))
    return RowWords(what_for, amount, texts.say("account.fee.elsewhere", name=one.name))


def membership(texts: Texts, one: "MembershipLine", today: date) -> RowWords:
    """N8: until when, how many loans are left, and what to do where it ends soon."""
    said = [texts.say("account.membership.until", name=one.name, day=texts.day(one.ends, today))]
    if not one.counts:
        said.append(texts.say("account.membership.not_now"))
    elif one.strips is not None and one.strips > 0:
        said.append(texts.count("account.membership.strips", one.strips))
    elif one.strips is not None:
        said.append(texts.say("refused.no_strips.why.plain"))
    if not one.warn:
        return RowWords(one.product, "\n".join(said))
    said.append(texts.say("account.membership.warn.why", day=texts.day(one.ends, today)))
    return RowWords(one.product, "\n".join(said), texts.say("account.membership.warn.next"))


def no_account(texts: Texts, fact: NoAccount, today: date) -> Sentence:
    """Why it cannot be shown, and what next."""
    if fact.refused is not None:
        return sentences.refused(texts, fact.refused, today)
    return Sentence(texts.say("account.none.why"), texts.say("account.none.next"))
