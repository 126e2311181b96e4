"""What is said of what is drawn, for those who hear it: told from the difference of two pictures, in its sentences.

Each utterance says what may be heard by everybody (EN 301 549 5.1.3.9): titles, names, amounts and messages may not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import assert_never

from kiosk import receipt_words, sentences, spoken_access, spoken_account, spoken_refusals, spoken_ways_in
from kiosk.offered import offered_of
from kiosk.rows import Asking, Lent, NotLent, NotTaken, Row, Switching
from kiosk.texts.aloud import AloudTexts, sayable
from kiosk.ui import (
    AccessCard,
    AccountSection,
    Borrowing,
    ChooseHome,
    Closed,
    Finished,
    GuestOffer,
    HelpCard,
    Intent,
    LanguageCard,
    LendOrReturn,
    MyAccount,
    NoAccount,
    NoAnswer,
    Notice,
    NoVisit,
    OutOfOrder,
    Over,
    PinPad,
    Receipt,
    Rest,
    Returned,
    Returning,
    Screen,
    Shown,
    StillThere,
    Trouble,
    Waiting,
)
from kiosk.utterance import Utterance, public
from kiosk.veil import veiled

_NO = NoVisit | NoAccount
TOLD_SECONDS = (60, 30, 20, 10, 5)
FEW = 3  # more items than these need no counting down


def news(before: Shown | None, after: Shown, texts: AloudTexts, today: date) -> tuple[Utterance, ...]:
    """What the new picture says that the old one did not; all of it where it is another screen, card or language.

    That something is veiled, or is not any more, is no news: who hears it knows it (`kiosk.veil`).
    """
    if before is not None and before.masked is not after.masked and type(before.screen) is type(after.screen):
        before, after = (replace(one, screen=veiled(one.screen), masked=True) for one in (before, after))
    if before is None or before.kind != after.kind:
        return everything(after, texts, today)
    if isinstance(after.over, StillThere):
        return _ticked(after.over, texts) if before.over != after.over else ()
    if isinstance(before.over, AccessCard) and isinstance(after.over, AccessCard):
        return spoken_access.chosen(before.over.access, after.over.access, texts)
    if isinstance(before.over, HelpCard) and isinstance(after.over, HelpCard) and before.over.code != after.over.code:
        return _kept(_desk_code(texts, after.over.code))  # it came while the card stood there
    if before.screen == after.screen or after.over is not None:
        return ()
    return _kept(_changes(before.screen, after.screen, texts, today))


def everything(shown: Shown, texts: AloudTexts, today: date) -> tuple[Utterance, ...]:
    """All that the picture says, and how many choices it gives."""
    said = _card(shown.over, texts) if shown.over is not None else _screen(shown.screen, texts, today)
    choices = texts.count("speech.choices", choices_of(shown))
    passing = isinstance(shown.screen, Waiting) and shown.over is None
    return _kept(said if passing else [*said, public(choices)])


def choices_of(shown: Shown) -> int:
    """How many buttons there are, as far as a screen's own fact tells."""
    can = offered_of(shown)
    if isinstance(shown.over, LanguageCard):
        return len(can) + len(shown.over.languages)
    if isinstance(shown.over, AccessCard):
        return len(can) + len(shown.over.choices)  # beside the button that shows them
    several = _several(shown.screen) if shown.over is None else {}
    return len(can) + sum(count - 1 for intent, count in several.items() if intent in can)


def _several(screen: Screen) -> Mapping[Intent, int]:
    """What is offered more than once, and how often."""
    match screen:
        case PinPad():
            return {Intent.DIGIT: len(screen.keys)}
        case ChooseHome():
            return {Intent.CHOOSE: len(set(screen.choices))}
        case MyAccount():
            renewable = sum(one.can_renew for branch in screen.loans for one in branch.loans)
            return {Intent.SECTION: len(AccountSection), Intent.RENEW: renewable}
        case _:
            return {}


def opening(texts: AloudTexts, *, for_everybody: bool) -> Utterance:
    """Said first where somebody begins to listen."""
    return public(texts.say("speech.loudspeaker" if for_everybody else "speech.headphones"))


def choice(texts: AloudTexts, name: str, number: int, maximum: int, languages: Iterable[str] = ()) -> Utterance:
    """What a button is called, and which one of how many; `languages`: the names that a button may have."""
    said = sayable(name, texts.say("speech.choice", number=number, maximum=maximum))
    # Where it stands would tell everybody which key of a PIN it is.
    return Utterance(said, said if is_choice(texts, name, languages) else sayable(texts.say("speech.private")))


def is_choice(texts: AloudTexts, name: str, languages: Iterable[str] = ()) -> bool:
    """Whether that is the spoken name of a button as every patron has it, so that everybody may hear it."""
    names = {texts.say(f"access.{one.value}") for one in Intent if one is not Intent.LANGUAGE}
    others = ("access.done_returning", "access.read_aloud_stop", "access.back_to_list", "language.title")
    names |= {texts.say(one) for one in others}
    names |= {texts.say("access.language", language=one) for one in languages}
    return name in names | spoken_access.names(texts)


def _kept(said: Iterable[Utterance]) -> tuple[Utterance, ...]:
    return tuple(one for one in said if one.text)


# ---- screens


def _screen(screen: Screen, texts: AloudTexts, today: date) -> list[Utterance]:
    match screen:
        case Rest():
            return _rest(screen, texts)
        case LendOrReturn() | PinPad() | GuestOffer() | ChooseHome():
            return spoken_ways_in.said(screen, texts)
        case MyAccount() | NoAccount():
            return [*spoken_account.said(screen, texts, today), *_desk_code(texts, screen.code)]
        case Waiting():
            return [replace(public(texts.say("waiting.looking")), passing=True)]
        case NoVisit(refused=no, code=code):
            return [spoken_refusals.of(texts, no, today), *_desk_code(texts, code)]
        case NoAnswer():
            return [public(texts.say("no_answer.why"), texts.say("no_answer.next"))]
        case Borrowing():
            return _borrowing(screen, texts, today)
        case Returning():
            rows = [_row(one, screen, texts, today) for one in screen.rows]
            head = [public(sentences.headline_of_returns(texts, screen)), *_troubles(screen.troubles, texts)]
            head += _aside(sentences.aside_of_returns(texts, screen.troubles)) + _notice(screen.notice, texts)
            return [*head, *_to_do(screen, texts), *rows]
        case Finished() | Returned() | Receipt():
            return _end(screen, texts)
        case Closed() | OutOfOrder():
            return _out(screen, texts)
        case _:
            assert_never(screen)


def _end(screen: Finished | Returned | Receipt, texts: AloudTexts) -> list[Utterance]:
    match screen:
        case Finished():
            return _finished(screen, texts)
        case Returned():
            end = sentences.returned(texts, screen)
            return [public(end.why, end.next, receipt_words.of_returns(texts, screen))]
        case Receipt():
            instead = texts.say("receipt.not_mailed.print") if screen.can_print else ""
            said = receipt_words.receipt(texts, screen)
            return [public(said.why, said.next, instead)]


def _out(screen: Closed | OutOfOrder, texts: AloudTexts) -> list[Utterance]:
    match screen:
        case Closed(reason=reason, lent=lent):
            next_step = texts.count("closed.lent", lent) if lent else texts.say("closed.next")
            return [public(texts.say("closed.why"), next_step, _code(texts, reason))]
        case OutOfOrder(reason=reason):
            return [public(texts.say("out_of_order.why"), texts.say("out_of_order.next"), _code(texts, reason))]


def _rest(fact: Rest, texts: AloudTexts) -> list[Utterance]:
    do, otherwise = sentences.at_rest(texts, fact)
    aside = "" if sentences.worst(fact.troubles) else sentences.aside(texts, fact.troubles)
    return [public(texts.welcome), *_notice(fact.notice, texts), public(do, otherwise), *_aside(aside)]


def _borrowing(fact: Borrowing, texts: AloudTexts, today: date) -> list[Utterance]:
    headline = sayable(sentences.headline(texts, fact))
    greets = bool(fact.first_name) and not fact.lent and not fact.resumed
    said = [Utterance(headline, sayable(texts.say("borrow.welcome")) if greets else headline)]
    said += _troubles(fact.troubles, texts) + _standing(fact, texts, today)
    said += _aside(sentences.aside(texts, fact.troubles)) + _notice(fact.notice, texts)
    said += [public(sentences.may_borrow(texts, fact)), *_to_do(fact, texts), *_ending(fact, texts, today)]
    return said + [_row(one, fact, texts, today) for one in fact.rows]  # the newest first, as they stand there


def _standing(fact: Borrowing, texts: AloudTexts, today: date) -> list[Utterance]:
    no, of_child = fact.cannot_borrow, sentences.is_child(fact)
    said = [spoken_refusals.of(texts, no, today, of_child=of_child)] if no is not None else []
    said += _desk_code(texts, fact.code)
    title = texts.say("borrow.message")
    return said + [Utterance(sayable(title, one), sayable(texts.say("speech.message"))) for one in fact.messages]


def _desk_code(texts: AloudTexts, code: str) -> list[Utterance]:
    """The code of the case at the desk (N10): not for everybody, who could say it there first."""
    return [Utterance(sayable(sentences.desk_code(texts, code), sentences.spelled(code)), "")] if code else []


def _ending(fact: Borrowing, texts: AloudTexts, today: date) -> list[Utterance]:
    """That the membership ends soon (N8) is between the patron and the library."""
    ends = sentences.membership_ends(texts, fact, today)
    return [Utterance(sayable(ends.why, ends.next), "")] if ends is not None else []


def _to_do(fact: Borrowing | Returning, texts: AloudTexts) -> list[Utterance]:
    do = sentences.what_to_do(texts, fact)
    first = do and not fact.rows and not fact.ending
    return [public(do, sentences.how(texts, fact) if first else "")]


def _finished(fact: Finished, texts: AloudTexts) -> list[Utterance]:
    if fact.unlocking:
        return [public(sentences.finished(texts, fact))]
    care = sentences.still_to_do(texts, fact) or (texts.say("finished.take") if fact.lying else "")
    whole = [public(sentences.finished(texts, fact), care, receipt_words.of_loans(texts, fact))]
    address = texts.mail_to(fact.mail_to)
    return [*whole, Utterance(sayable(address), sayable(texts.say("access.email")))] if address else whole


def _code(texts: AloudTexts, reason: str) -> str:
    return texts.say("out_of_order.code", reason=reason) if reason else ""


# ---- cards over the screen


def _card(over: Over, texts: AloudTexts) -> list[Utterance]:
    match over:
        case StillThere(seconds=seconds):
            return [public(texts.say("still_there.title"), texts.count("speech.seconds_left", seconds))]
        case HelpCard(code=code, called=called):
            text = texts.say("help.called" if called else "help.text")
            return [public(texts.say("help.title"), text), *_desk_code(texts, code)]
        case LanguageCard():
            return [public(texts.say("language.title"))]
        case AccessCard():
            return spoken_access.said(over, texts)
        case _:
            assert_never(over)


def _ticked(over: StillThere, texts: AloudTexts) -> tuple[Utterance, ...]:
    if over.seconds not in TOLD_SECONDS:
        return ()
    return (replace(public(texts.count("speech.seconds_left", over.seconds)), passing=True),)


# ---- what changes on a screen


def _changes(before: Screen, after: Screen, texts: AloudTexts, today: date) -> list[Utterance]:
    if isinstance(before, Rest) and isinstance(after, Rest):
        if (before.troubles, before.lay_pass) != (after.troubles, after.lay_pass):
            return _screen(after, texts, today)
        return _notice(after.notice, texts)
    if isinstance(before, _NO) and isinstance(after, _NO) and before.refused == after.refused:
        return _desk_code(texts, after.code)
    if isinstance(before, MyAccount) and isinstance(after, MyAccount):
        code = _desk_code(texts, after.code) if before.code != after.code else []
        return spoken_account.changes(before, after, texts, today) + code
    if isinstance(before, PinPad) and isinstance(after, PinPad):
        return spoken_ways_in.typed(before, after, texts)
    if isinstance(before, Borrowing) and isinstance(after, Borrowing):
        said = _of_rows(before, after, texts, today)
        said += _notice(after.notice if after.notice is not before.notice else None, texts)
        if before.messages != after.messages and set(after.messages) <= set(before.messages):
            said.append(public(texts.say("speech.message_read")))
        elif (before.cannot_borrow, before.messages) != (after.cannot_borrow, after.messages):
            said += _standing(after, texts, today)
        elif before.code != after.code:
            said += _desk_code(texts, after.code)
        left = after.may_borrow
        if left is not None and left <= FEW and left != before.may_borrow:
            said.append(public(sentences.may_borrow(texts, after)))
        return said
    if isinstance(before, Returning) and isinstance(after, Returning):
        said = _of_rows(before, after, texts, today)
        return said + _notice(after.notice if after.notice is not before.notice else None, texts)
    return _screen(after, texts, today)


def _of_rows(
    before: Borrowing | Returning, after: Borrowing | Returning, texts: AloudTexts, today: date
) -> list[Utterance]:
    known = {row.key: row for row in before.rows}
    new = [row for row in reversed(after.rows) if known.get(row.key) != row]
    said = [_row(row, after, texts, today) for row in new]
    if after.troubles != before.troubles:
        said += _troubles(after.troubles - before.troubles, texts)
        aside = sentences.aside if isinstance(after, Borrowing) else sentences.aside_of_returns
        said += _aside(aside(texts, after.troubles - before.troubles))
    if after.ending and not before.ending:
        said.append(public(texts.say("borrow.ending")))
    return said


# ---- single things


def _row(one: Row, screen: Borrowing | Returning, texts: AloudTexts, today: date) -> Utterance:
    """A row's sentence; for everybody without its title, and without what is between the patron and the library."""
    if isinstance(screen, Borrowing):
        words = sentences.row(texts, one, today, of_child=sentences.is_child(screen))
    else:
        words = sentences.row_of_returns(texts, one, today)
    text = sayable(words.title, *words.why.split("\n"), words.next)
    passing = isinstance(one, Asking | Switching)
    if isinstance(one, Lent):
        words = sentences.row(texts, replace(one, borrowed_before=False, hold_filled=False), today)
    aloud = sayable(words.why, words.next)
    if isinstance(one, NotLent | NotTaken):
        aloud = spoken_refusals.aloud(texts, one.refused, aloud)
    return Utterance(text, aloud, passing)


def _notice(notice: Notice | None, texts: AloudTexts) -> list[Utterance]:
    return [public(texts.say(f"notice.{notice.value}"))] if notice is not None else []


def _troubles(troubles: frozenset[Trouble], texts: AloudTexts) -> list[Utterance]:
    return [public(str(sentences.trouble(texts, one))) for one in sentences.IN_A_VISIT if one in troubles]


def _aside(said: str) -> list[Utterance]:
    return [public(said)] if said else []
