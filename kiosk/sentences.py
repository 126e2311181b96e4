"""From facts to sentences, in the language of the moment (K13: one of why, one of what next). Knows no Kivy."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from circulation.outcomes import NextStep, Refused, Value
from kiosk.rows import (
    Asking,
    Back,
    Gate,
    Lent,
    NotAsked,
    NotKnown,
    NotLent,
    NotTaken,
    PartsMissing,
    Row,
    Switching,
    Undone,
)
from kiosk.texts import Texts
from kiosk.ui import Borrowing, Finished, MyAccount, Rest, Returned, Returning, Trouble
from values import dataclass


@dataclass(frozen=True, slots=True)
class Sentence:
    """Why, and what next."""

    why: str
    next: str

    def __str__(self) -> str:
        return f"{self.why} {self.next}"


@dataclass(frozen=True, slots=True)
class RowWords:
    """What a row says. `title` is empty where it is not known, `next` where nothing is to be done."""

    title: str
    why: str
    next: str = ""


def refused(texts: Texts, no: Refused, today: date, *, of_child: bool = False) -> Sentence:
    """The two sentences of a refusal. Values that are missing, or not what they should be, are left out of them; a
    child reads no amount, and pays nothing without a parent (K2)."""
    key = f"refused.{no.reason.value}"
    needed = texts.needs(f"{key}.why")
    if of_child and "amount" in needed:
        return Sentence(texts.say(f"{key}.why.plain"), texts.say("account.fees.child.next"))
    values = _values(texts, no.values, today)
    if not needed <= values.keys():
        why = texts.say(f"{key}.why.plain")
    elif "count" in needed:
        why = texts.count(f"{key}.why", int(values["count"]), **values)
    else:
        why = texts.say(f"{key}.why", **values)
    of_step = f"{key}.next.{no.next.value}"
    return Sentence(why, texts.say(of_step if texts.knows(of_step) else f"{key}.next"))


def desk_code(texts: Texts, code: str) -> str:
    """Under which code the desk finds the case (N10); nothing where there is none."""
    return texts.say("desk_code.say", name=code) if code else ""


def with_code(texts: Texts, said: RowWords, refused: Refused, of: Borrowing | MyAccount) -> RowWords:
    """The same, with the desk's code under it where the refusal belongs to the case that has one."""
    if not of.code or refused.reason is not of.code_of or refused.next is not NextStep.DESK:
        return said
    return replace(said, next=f"{said.next}\n{desk_code(texts, of.code)}")


def spelled(code: str) -> str:
    """The letters of a code one by one, to be read aloud at the desk."""
    return "\N{NO-BREAK SPACE}".join(code)


_DAYS = ("due", "ended", "ends", "since")
_COUNTS = ("count", "maximum")


def _values(texts: Texts, values: Mapping[str, Value], today: date) -> dict[str, str]:
    """The placeholders that can be filled: `amount` of cents, `day` of a date, counts, `place`."""
    filled = {}
    for name, value in values.items():
        if name == "cents" and isinstance(value, int) and value >= 0:
            filled["amount"] = texts.money(value)
        elif name in _DAYS and isinstance(value, date):
            filled["day"] = texts.day(value, today)
        elif name in _COUNTS and isinstance(value, int):
            filled[name] = str(value)
        elif name == "place" and isinstance(value, str) and value.strip():
            filled["place"] = value.strip()
    return filled


def row(texts: Texts, one: Row, today: date, *, of_child: bool = False) -> RowWords:
    """What a row of the list says; `of_child`: without an amount."""
    match one:
        case Lent():
            return RowWords(one.title, _lent(texts, one, today), at_gate(texts, one.gate))
        case Switching():
            return RowWords(one.done.title, texts.say("row.unlocking"))
        case Asking():
            return RowWords("", texts.say("row.asking"))
        case NotLent():
            sentence = refused(texts, one.refused, today, of_child=of_child)
            return RowWords(one.title, sentence.why, _next(texts, sentence, one.gate))
        case NotKnown():
            return RowWords("", texts.say("row.not_known.why"), texts.say("row.not_known.next"))
        case NotAsked():
            return RowWords("", texts.say("row.not_asked.why"), texts.say("row.not_asked.next"))
        case PartsMissing():
            why = texts.count("row.parts_missing.why", one.read, maximum=str(one.parts))
            return RowWords("", why, texts.say("row.parts_missing.next"))
        case Undone():
            return RowWords(one.title, texts.say("row.undone.why"), texts.say("row.undone.next"))
        case Back():
            return _taken_in(texts, one)
        case NotTaken():
            no = refused(texts, one.refused, today)
            return RowWords("", no.why, no.next)


def row_of_returns(texts: Texts, one: Row, today: date) -> RowWords:
    """The same while items are brought back, where some answers are about something else."""
    match one:
        case NotKnown():
            return RowWords("", texts.say("row.back_not_known"), texts.say("row.not_known.next"))
        case NotAsked():
            return RowWords("", texts.say("row.back_not_asked"), texts.say("row.not_asked.next"))
        case _:
            return row(texts, one, today)


def _lent(texts: Texts, one: Lent, today: date) -> str:
    """Until when, and what is good to know of it (K4, K8); where the gate is not sure of it, only that counts."""
    key = "row.lent_provisional" if one.provisional else "row.lent"
    said = [texts.say(key, day=texts.day(one.due, today))]
    if one.gate is Gate.SAFE:
        said += [texts.say("row.hold_filled")] if one.hold_filled else []
        said += [texts.say("row.borrowed_before")] if one.borrowed_before else []
    return "\n".join(said)


def _taken_in(texts: Texts, one: Back) -> RowWords:
    """That it was taken in, and where it goes (K8, K10); where the gate is not sure of it, only that counts."""
    route = one.route.value
    if one.provisional and route == "shelf":
        why = texts.say("row.back_provisional")
    elif route == "other_branch":
        why = texts.say("row.back.other_branch.why", place=one.place) if one.place else texts.say("row.back.shelf.why")
    else:
        why = texts.say(f"row.back.{route}.why")
    return RowWords(one.title, why, at_gate(texts, one.gate) or texts.say(f"row.back.{route}.next"))


def _next(texts: Texts, no: Sentence, gate: Gate) -> str:
    """What next with a refused item; where the gate is not sure of it, only that counts."""
    if gate is Gate.ARMED:
        return f"{no.next} {at_gate(texts, gate)}"
    return at_gate(texts, gate) or no.next


def at_gate(texts: Texts, gate: Gate) -> str:
    """What the gate will make of an item and what to do; nothing where all is well."""
    return "" if gate is Gate.SAFE else texts.say(f"gate.{gate.value}")


def trouble(texts: Texts, one: Trouble) -> Sentence:
    """What is wrong on our side, and what next."""
    key = f"trouble.{one.value}"
    return Sentence(texts.say(f"{key}.why"), texts.say(f"{key}.next"))


NOTHING_GOES = (  # the worst first
    Trouble.NO_WAY_IN,
    Trouble.NO_SCANNER,
    Trouble.NO_ITEMS,
    Trouble.NOT_ADMITTED,
    Trouble.NO_CONNECTION,
)
IN_A_VISIT = (  # those that matter once a visit runs
    Trouble.NOT_ADMITTED,
    Trouble.NO_CONNECTION,
    Trouble.NO_SCANNER,
    Trouble.NO_ITEMS,
    Trouble.NO_PAD,
    Trouble.NO_WAY_IN,
)


def worst(troubles: frozenset[Trouble]) -> Trouble | None:
    """The one for which nobody can be served, if there is one."""
    return next((one for one in NOTHING_GOES if one in troubles), None)


def at_rest(texts: Texts, fact: Rest) -> tuple[str, str]:
    """What to do first, and another way, which may be empty; or what is wrong, and what next."""
    trouble_now = worst(fact.troubles)
    if trouble_now is not None:
        said = trouble(texts, trouble_now)
        return said.why, said.next
    if Trouble.NO_PASS_READER in fact.troubles:
        return texts.say("rest.scan"), ""
    if fact.lay_pass:
        return texts.say("rest.lay"), ""
    return texts.say("rest.do"), texts.say("rest.or_scan")


def aside(texts: Texts, troubles: frozenset[Trouble]) -> str:
    """One calm line that the connection is down, while borrowing goes on; nothing otherwise."""
    return str(trouble(texts, Trouble.WITHOUT_LINE)) if Trouble.WITHOUT_LINE in troubles else ""


def aside_of_returns(texts: Texts, troubles: frozenset[Trouble]) -> str:
    """The same where items are brought back."""
    if Trouble.WITHOUT_LINE not in troubles:
        return ""
    return f"{texts.say('trouble.without_line.why')} {texts.say('returning.without_line')}"


def is_child(fact: Borrowing | MyAccount) -> bool:
    """K2: whether no amounts are shown. A first name, of youth only, goes where it is veiled; that stays."""
    return fact.child or bool(fact.first_name)


def headline(texts: Texts, visit: Borrowing) -> str:
    """The count, as soon as something was borrowed; before that a greeting (K2: a first name is a child's)."""
    if visit.lent:
        return texts.count("borrow.lent", visit.lent)
    if visit.resumed:
        return texts.say("borrow.welcome_back")
    return texts.say("borrow.hello", name=visit.first_name) if visit.first_name else texts.say("borrow.welcome")


def membership_ends(texts: Texts, visit: Borrowing, today: date) -> Sentence | None:
    """N8: that the membership ends soon; nothing where the patron is sent to the desk for another reason anyway."""
    if visit.ends is None or visit.cannot_borrow is not None:
        return None
    return Sentence(texts.say("borrow.ends.why", day=texts.day(visit.ends, today)), texts.say("borrow.ends.next"))


def may_borrow(texts: Texts, visit: Borrowing) -> str:
    """How many more; nothing where there is no maximum or borrowing is refused altogether."""
    if visit.may_borrow is None or visit.cannot_borrow is not None:
        return ""
    if visit.may_borrow <= 0:
        return texts.say("borrow.may_borrow_none")
    return texts.count("borrow.may_borrow", visit.may_borrow)


def headline_of_returns(texts: Texts, fact: Returning) -> str:
    """The count, as soon as something was taken in."""
    return texts.count("returning.count", fact.back) if fact.back else texts.say("returning.title")


def what_to_do(texts: Texts, visit: Borrowing | Returning) -> str:
    """The one thing to do now; nothing where nothing can be borrowed or read."""
    if visit.ending:
        return texts.say("borrow.ending")
    if isinstance(visit, Borrowing) and (visit.cannot_borrow is not None or visit.may_borrow == 0):
        return ""
    if visit.troubles & _NOTHING_TO_SCAN:
        return ""
    if visit.by_pad:
        return texts.say("borrow.lay_next" if visit.rows else "borrow.lay_first")
    return texts.say("borrow.scan_next" if visit.rows else "borrow.scan_first")


def how(texts: Texts, visit: Borrowing | Returning) -> str:
    """How that is done. Small."""
    if visit.by_pad:
        return texts.say("borrow.lay_or_scan_how" if visit.by_scan else "borrow.lay_how")
    return texts.say("borrow.scan_how")


_NOTHING_TO_SCAN = {
    Trouble.NO_SCANNER,
    Trouble.NO_ITEMS,
    Trouble.NO_CONNECTION,
    Trouble.NOT_ADMITTED,
    Trouble.NO_WAY_IN,
}


def still_to_do(texts: Texts, end: Finished) -> str:
    """What care the items need that were borrowed; nothing where all is well."""
    said = [texts.count("finished.to_check", end.to_check)] if end.to_check else []
    said += [texts.count("finished.not_known", end.not_known)] if end.not_known else []
    return " ".join(
        said + ([texts.count("finished.renewals_unclear", end.renewals_unclear)] if end.renewals_unclear else [])
    )


def returned(texts: Texts, end: Returned) -> Sentence:
    """ "Bedankt! 3 ingeleverd.", and what care the items need."""
    if end.locking:
        return Sentence(texts.say("finished.unlocking"), "")
    why = texts.count("returned.title", end.back) if end.back else texts.say("returned.nothing")
    said = [texts.count("returned.to_check", end.to_check)] if end.to_check else []
    said += [texts.count("finished.not_known", end.not_known)] if end.not_known else []
    if not said:
        said = [texts.say("returned.put_away" if end.lying else "returned.closing")]
    return Sentence(why, " ".join(said))


def finished(texts: Texts, end: Finished) -> str:
    """ "Klaar! 3 geleend. En 2 verlengd." Nothing is said to be lent while the gate is still being told."""
    if end.unlocking:
        return texts.say("finished.unlocking")
    if not end.renewed:
        return texts.count("finished.title", end.lent) if end.lent else texts.say("finished.nothing")
    if not end.lent:
        return texts.count("finished.renewed", end.renewed)
    return f"{texts.count('finished.title', end.lent)} {texts.count('finished.also_renewed', end.renewed)}"
