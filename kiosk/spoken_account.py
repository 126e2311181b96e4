"""What is said of a patron's account (N4, K12, F1, N8): all of it is between the patron and the library, so that on a
loudspeaker only what became of a renewal is heard, without its title."""

from datetime import date

from kiosk import account_words, sentences, spoken_refusals
from kiosk.loans import LoansOfBranch, NotLonger, OnLoan
from kiosk.sentences import RowWords
from kiosk.texts.aloud import AloudTexts, sayable
from kiosk.ui import AccountSection, MyAccount, NoAccount
from kiosk.utterance import Utterance, public


def said(screen: MyAccount | NoAccount, texts: AloudTexts, today: date) -> list[Utterance]:
    """All that the screen says: the section, and what stands in it."""
    if isinstance(screen, NoAccount):
        if screen.refused is not None:
            return [spoken_refusals.of(texts, screen.refused, today)]
        no = account_words.no_account(texts, screen, today)
        return [public(no.why, no.next)]
    title = sayable(account_words.title(texts, screen))
    head = [
        Utterance(title, "" if screen.first_name else title),
        _private(account_words.section(texts, screen.section)),
    ]
    return [*head, _private(account_words.summary(texts, screen)), *_aside(screen, texts), *_of(screen, texts, today)]


def changes(before: MyAccount, after: MyAccount, texts: AloudTexts, today: date) -> list[Utterance]:
    """What the new picture says that the old one did not: another section whole, else what became of each loan."""
    if before.section is not after.section:
        return said(after, texts, today)
    found = _aside(after, texts) if (before.notice, before.troubles) != (after.notice, after.troubles) else []
    if after.section is not AccountSection.LOANS:
        return found if before.fees == after.fees and before.holds == after.holds else said(after, texts, today)
    known = {one.key: one for branch in before.loans for one in branch.loans}
    for branch in after.loans:
        for one in branch.loans:
            if known.get(one.key) != one:
                of_child = sentences.is_child(after)
                words = account_words.loan(texts, one, today, of_child=of_child)
                found.append(Utterance(_whole(words), _aloud(one, texts, today, of_child=of_child)))
    return found


def _aloud(one: OnLoan, texts: AloudTexts, today: date, *, of_child: bool) -> str:
    """What everybody may hear: what came of the renewal, and never when the loan must be back, or that it is late."""
    came = account_words.renewal(texts, one, today, of_child=of_child)
    if came is None:
        return ""
    said = sayable(came.why, came.next)
    return spoken_refusals.aloud(texts, one.renewal.refused, said) if isinstance(one.renewal, NotLonger) else said


def _of(fact: MyAccount, texts: AloudTexts, today: date) -> list[Utterance]:
    match fact.section:
        case AccountSection.LOANS:
            ready, no = account_words.ready(texts, fact), account_words.no_renewals(texts, fact, today)
            first = [*([_private(str(ready))] if ready else []), *([_private(_whole(no))] if no else [])]
            rows = [said for branch in fact.loans for said in _branch(fact, branch, texts, today)]
            before = [_private(one) for one in (account_words.history(texts, fact), *fact.history)]
            return [*first, *rows, *before]
        case AccountSection.HOLDS:
            return [_private(_whole(account_words.hold(texts, one))) for one in fact.holds]
        case AccountSection.FEES:
            fees = () if sentences.is_child(fact) else fact.fees
            total = [account_words.sum_of_fees(texts, fact)] if fact.fees else []
            return [
                _private(_whole(one))
                for one in [*total, *(account_words.fee(texts, one, hidden=fact.hidden) for one in fees)]
            ]
        case AccountSection.MEMBERSHIP:
            return [_private(_whole(account_words.membership(texts, one, today))) for one in fact.memberships]


def _branch(fact: MyAccount, branch: LoansOfBranch, texts: AloudTexts, today: date) -> list[Utterance]:
    """N4: its code and name where there are several, and its loans."""
    head = [_private(sayable(f"{branch.code} {branch.name}", texts.count("borrow.lent", len(branch.loans))))]
    rows = (account_words.loan(texts, one, today, of_child=sentences.is_child(fact)) for one in branch.loans)
    return [*(head if len(fact.loans) > 1 else []), *(_private(_whole(one)) for one in rows)]


def _aside(fact: MyAccount, texts: AloudTexts) -> list[Utterance]:
    notice = [public(texts.say(f"notice.{fact.notice.value}"))] if fact.notice is not None else []
    troubles = [public(str(sentences.trouble(texts, one))) for one in sentences.IN_A_VISIT if one in fact.troubles]
    return notice + troubles


def _whole(words: RowWords) -> str:
    return sayable(words.title, *words.why.splitlines(), words.next)  # a line each is a sentence each


def _private(text: str) -> Utterance:
    return Utterance(sayable(text), "")
