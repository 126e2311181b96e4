"""What must agree after any visit: the store's rows, the gate bits, the journal, the paper and the kiosk's log.

Pure: it judges what was looked at from outside (`looking`), and knows nothing of how the kiosk works.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

ON_LOAN, IN_STOCK = 0xC2, 0x07
LENT, TAKEN_IN = "checked_out", "checked_in"  # outcomes
MEMORY_SHARE = 0.02  # how much of its memory a kiosk may gain once it is warm
FONTS = 64  # at most so many sizes of letters stay open, by the limit of Kivy; each from when it is first drawn
MORE_SOCKETS = 3  # four workers may ask the store at once, and what each asks by stays open
_OF_RETURNS = re.compile("Ingeleverd op .* om ")  # what a receipt of returns begins with, and one of loans has nowhere
_SCREEN = re.compile(r"screen (\w+)( under \w+)?")


@dataclass(frozen=True, slots=True)
class Loan:
    """One row of the store."""

    item: str
    open: bool


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag that lay on the pad: its item's number ("" for a strange one) and its AFI when it was last seen."""

    number: str
    afi: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The store's first answer to one event: its sequence number, the outcome, and of which item ("" where of none)."""

    seq: int
    outcome: str
    item: str = ""


@dataclass(frozen=True, slots=True)
class Body:
    """What the kiosk's process holds: threads, open descriptors of three kinds, and memory in kB."""

    threads: int
    files: int  # and all that is no font and no socket
    fonts: int
    sockets: int
    memory: int


@dataclass(frozen=True, slots=True)
class Look:
    """All that was seen at a quiet point; `log` since the point before, `tags` and (numbers laid down or scanned)
    `handled` since, all else ever."""

    loans: Mapping[str, Loan] = field(default_factory=dict)
    out_before: frozenset[str] = frozenset()  # what was lent before all of it, and still is
    answers: tuple[Answer, ...] = ()
    last_seq: int = 0
    journal_seq: int = 0
    waiting: int = 0
    exceptions: int = 0
    tags: Mapping[str, Tag] = field(default_factory=dict)
    handled: frozenset[str] = frozenset()
    receipts: tuple[str, ...] = ()
    log: str = ""
    screen: str = "Rest"
    lives: bool = True

    @property
    def out(self) -> frozenset[str]:
        """What is on loan."""
        return self.out_before | {loan.item for loan in self.loans.values() if loan.open}

    def answered(self, outcome: str, since: int = 0) -> list[str]:
        """The items of which the store has said so, to events after that sequence number."""
        return [one.item for one in self.answers if one.outcome == outcome and one.seq > since]


def judge(before: Look, now: Look, titles: Mapping[str, str], *, killed: bool = False) -> list[str]:
    """What does not agree, in sentences without numbers of items. `titles` by item; `killed` since the look before."""
    return [
        *_gate(before, now, killed=killed),
        *_ledgers(now),
        *_promises(before, now, killed=killed),
        *_returns(before, now, killed=killed),
        *_paper(now, titles),
        *_end(now),
    ]


def _gate(before: Look, now: Look, *, killed: bool) -> Iterator[str]:
    new = {loan.item for key, loan in now.loans.items() if loan.open and key not in before.loans}
    passing = {tag.number for tag in now.tags.values() if tag.number and tag.afi == ON_LOAN}
    # a loan that was undone is no return of which a word is enough
    undone = set(now.answered(LENT, before.last_seq)) if "its loan was undone" in now.log else set()
    taken_in = set(now.answered(TAKEN_IN, before.last_seq)) - undone
    for _ in passing - now.out - taken_in:
        yield "an item is unlocked and not lent"
    unarmed = (passing - now.out) & taken_in
    if len(unarmed) > words_of_returns(now.log) and not killed:
        yield f"{len(unarmed)} item(s) are returned and unlocked, and {words_of_returns(now.log)} were spoken of"
    locked = {tag.number for tag in now.tags.values() if tag.afi == IN_STOCK} & new
    if len(locked) > words(now.log) and not killed:
        yield f"{len(locked)} item(s) are lent and locked, and {words(now.log)} were spoken of"


def words(log: str) -> int:
    """Of how many lent items the log says that the gate may call, or that nobody knew whether they were lent."""
    return _sum(r"gate: (\d+) lent item\(s\) leave", log) + max(_not_known(log), _lost(log))


def words_of_returns(log: str) -> int:
    """Of how many returned items the log says that their bits may not be armed, or that nobody knew of the return."""
    return _sum(r"gate: (\d+) returned item\(s\) taken in", log) + max(_not_known_back(log), _lost(log))


def _not_known(log: str) -> int:
    """Of how many items the patrons left with "we do not know"."""
    return _sum(r"visit ended: .* (\d+) not known", log)


def _not_known_back(log: str) -> int:
    """The same of items that were brought back."""
    return _sum(r"returning ended: .* (\d+) not known", log)


def _lost(log: str) -> int:
    return len(re.findall("sent, answer lost", log))


def _sum(pattern: str, log: str) -> int:
    return sum(int(one) for one in re.findall(pattern, log))


def _ledgers(now: Look) -> Iterator[str]:
    seqs = sorted(one.seq for one in now.answers)
    if seqs != list(range(1, len(seqs) + 1)) or now.last_seq != len(seqs):
        yield f"the store has a hole in the sequence: {len(seqs)} answers up to {now.last_seq}"
    if now.journal_seq != now.last_seq:
        yield f"the journal has {now.journal_seq} events, the store {now.last_seq}"
    if now.waiting:
        yield f"{now.waiting} event(s) wait although all is plugged in"
    if now.exceptions:
        yield f"{now.exceptions} event(s) wait for staff"
    booked = len(now.answered(LENT))
    if booked != len(now.loans):
        yield f"{booked} events were answered with a loan, and the store has {len(now.loans)}"
    twice = [item for item, count in Counter(one.item for one in now.loans.values() if one.open).items() if count > 1]
    if twice:
        yield f"{len(twice)} item(s) are lent twice"


def _promises(before: Look, now: Look, *, killed: bool) -> Iterator[str]:
    """What was said to be lent since the look before, at the desk of the library or later, is in the store once.

    What was told late or not was shown, or its patron had gone with "we do not know": of those either may be.
    A power cut can fall between the yes and the word; then the word alone may be missing.
    """
    offline = set(re.findall(r"event (\S+) done without a line", now.log))
    late = set(re.findall(r"event (\S+) delivered late: CheckedOut", now.log))
    shown = len(re.findall("items: item lent", now.log))
    least, most = shown + len(late - offline), shown + len(late) + _not_known(now.log)
    done = len(now.loans) - len(before.loans)
    if done < least or (done > most and not killed):
        yield f"{least} loan(s) were promised, {done} are in the store"


def _returns(before: Look, now: Look, *, killed: bool) -> Iterator[str]:
    """What the store took back since the look before was brought and is not lent; what was said to be returned, is.

    The same is open as of loans: a word told late, "we do not know", a power cut between the yes and the word. A loan
    that was undone at the gate is a return too, and ends unseen where its patron has gone meanwhile.
    """
    taken_in = now.answered(TAKEN_IN, before.last_seq)
    stands = {one.item: one.outcome for one in sorted(now.answers, key=lambda one: one.seq) if one.item}
    for _ in {item for item in taken_in if stands[item] == TAKEN_IN} & now.out:
        yield "an item is returned and still lent"
    for _ in set(taken_in) - now.handled:
        yield "an item was returned that nobody brought"
    ended = {loan.item for loan in now.loans.values() if not loan.open} | (before.out_before - now.out_before)
    for _ in ended - set(now.answered(TAKEN_IN)):
        yield "a loan ended and nobody returned the item"
    offline = set(re.findall(r"event (\S+) done without a line", now.log))
    late = set(re.findall(r"event (\S+) delivered late: CheckedIn", now.log))
    shown = len(re.findall("items: item returned|and its loan was undone", now.log))
    least = shown + len(late - offline)
    most = shown + len(late) + _not_known_back(now.log) + words(now.log)
    if len(taken_in) < least or (len(taken_in) > most and not killed):
        yield f"{least} return(s) were promised, {len(taken_in)} are in the store"


def _paper(now: Look, titles: Mapping[str, str]) -> Iterator[str]:
    """A title that is on more receipts than its book was lent, or on more of returns than it was brought back, was
    printed twice."""
    lent = Counter(loan.item for loan in now.loans.values())
    for done, is_of_returns in ((lent, False), (Counter(now.answered(TAKEN_IN)), True)):
        texts = [text for text in now.receipts if bool(_OF_RETURNS.search(text)) is is_of_returns]
        lines = Counter(line for text in texts for line in {one.strip() for one in text.splitlines()})
        for item, count in done.items():
            if lines[titles.get(item, item)] > count:
                yield "a receipt was printed twice"


def _end(now: Look) -> Iterator[str]:
    if not now.lives:
        yield "the kiosk has ended"
    if now.screen != "Rest":
        yield f"the visit ended in {now.screen}"
    for word in ("Traceback", "CRITICAL"):
        if word in now.log:
            yield f"{word} in the log"


def last_screen(log: str) -> str:
    """What stands on the screen by the log, what lies over it included; "" where nothing was drawn yet."""
    found = _SCREEN.findall(log)
    return "".join(found[-1]) if found else ""


def judge_bodies(bodies: list[Body], warm_after: int) -> list[str]:
    """What grew in one life of a kiosk, by its bodies at quiet points; a life too short to tell gives nothing.

    All goes up and down a little (calls to the store, garbage not yet collected, a letter drawn for the first time):
    the least of the last quarter is compared with the most while it got warm, in the first half.
    """
    if len(bodies) < warm_after + warm_after // 4:
        return []
    warm, last = bodies[: max(warm_after, len(bodies) // 2)], bodies[-(len(bodies) // 4) :]
    found = []
    for what in ("threads", "files", "fonts", "sockets", "memory"):
        most, least = max(getattr(one, what) for one in warm), min(getattr(one, what) for one in last)
        if least > _may_be(what, most):
            found.append(f"{what} grew from {most} to {least}")
    return found


def _may_be(what: str, most: int) -> float:
    """How much of it there may be of which there was so much while the kiosk got warm."""
    match what:
        case "fonts":
            return FONTS
        case "sockets":
            return most + MORE_SOCKETS
        case "memory":
            return most * (1 + MEMORY_SHARE)
        case _:
            return most
