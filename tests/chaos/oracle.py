"""What must agree after any visit: the store's rows, the gate bits, the journal, the paper and the kiosk's log.

Pure: it judges what was looked at from outside (`looking`), and knows nothing of how the kiosk works.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

ON_LOAN, IN_STOCK = 0xC2, 0x07
MEMORY_SHARE = 0.02  # how much of its memory a kiosk may gain once it is warm
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
class Body:
    """What the kiosk's process holds: threads, file descriptors, and memory in kB."""

    threads: int
    descriptors: int
    memory: int


@dataclass(frozen=True, slots=True)
class Look:
    """All that was seen at a quiet point; `log` since the point before, `tags` those handled since, all else ever."""

    loans: Mapping[str, Loan] = field(default_factory=dict)
    answers: tuple[tuple[int, str], ...] = ()  # the store's: sequence number and outcome
    last_seq: int = 0
    journal_seq: int = 0
    waiting: int = 0
    exceptions: int = 0
    tags: Mapping[str, Tag] = field(default_factory=dict)
    receipts: tuple[str, ...] = ()
    log: str = ""
    screen: str = "Rest"
    lives: bool = True


def judge(before: Look, now: Look, titles: Mapping[str, str], *, killed: bool = False) -> list[str]:
    """What does not agree, in sentences without numbers of items. `titles` by item; `killed` since the look before."""
    return [
        *_gate(before, now, killed=killed),
        *_ledgers(now),
        *_promises(before, now, killed=killed),
        *_paper(now, titles),
        *_end(now),
    ]


def _gate(before: Look, now: Look, *, killed: bool) -> Iterator[str]:
    out = {loan.item for loan in now.loans.values() if loan.open}
    new = {loan.item for key, loan in now.loans.items() if loan.open and key not in before.loans}
    passing = {tag.number for tag in now.tags.values() if tag.number and tag.afi == ON_LOAN}
    for _ in passing - out:
        yield "an item is unlocked and not lent"
    locked = {tag.number for tag in now.tags.values() if tag.afi == IN_STOCK} & new
    if len(locked) > words(now.log) and not killed:
        yield f"{len(locked)} item(s) are lent and locked, and {words(now.log)} were spoken of"


def words(log: str) -> int:
    """Of how many lent items the log says that the gate may call, or that nobody knew whether they were lent."""
    leave = sum(int(one) for one in re.findall(r"gate: (\d+) lent item\(s\) leave", log))
    return leave + max(_not_known(log), len(re.findall("sent, answer lost", log)))


def _not_known(log: str) -> int:
    """Of how many items the patrons left with "we do not know"."""
    return sum(int(one) for one in re.findall(r"(\d+) not known", log))


def _ledgers(now: Look) -> Iterator[str]:
    seqs = sorted(seq for seq, _ in now.answers)
    if seqs != list(range(1, len(seqs) + 1)) or now.last_seq != len(seqs):
        yield f"the store has a hole in the sequence: {len(seqs)} answers up to {now.last_seq}"
    if now.journal_seq != now.last_seq:
        yield f"the journal has {now.journal_seq} events, the store {now.last_seq}"
    if now.waiting:
        yield f"{now.waiting} event(s) wait although all is plugged in"
    if now.exceptions:
        yield f"{now.exceptions} event(s) wait for staff"
    booked = sum(outcome == "checked_out" for _, outcome in now.answers)
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


def _paper(now: Look, titles: Mapping[str, str]) -> Iterator[str]:
    """A title that is on two receipts was printed twice: each book is lent in one visit only."""
    lines = Counter(line for text in now.receipts for line in {one.strip() for one in text.splitlines()})
    for item in {loan.item for loan in now.loans.values()}:
        if lines[titles.get(item, item)] > 1:
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

    All goes up and down a little (calls to the store, garbage not yet collected): the least of the last quarter
    is compared with the most while it got warm.
    """
    if len(bodies) < warm_after + warm_after // 4:
        return []
    warm, last = bodies[:warm_after], bodies[-(len(bodies) // 4) :]
    found = []
    for what, more in (("threads", 0.0), ("descriptors", 0.0), ("memory", MEMORY_SHARE)):
        most, least = max(getattr(one, what) for one in warm), min(getattr(one, what) for one in last)
        if least > most * (1 + more):
            found.append(f"{what} grew from {most} to {least}")
    return found
