"""Drawn visits: what patrons do and what breaks meanwhile, as plain data. The same seed gives the same plan."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from devices.simulators.plugs import MOMENTS

FAULTS = {
    "reader": ("unplug", "silent", "corrupt", "truncate"),
    "scanner": ("unplug", "noise", "cut-off"),
    "pad": ("unplug", "silent", "corrupt", "truncate", "late"),
    "printer": ("unplug", "stall", "dies", "paper-out", "cover-open"),
    "network": ("unplug", "stall", "delay", "lose-answers"),
    "light": ("unplug", "mute"),
    "sound": ("no-card",),
    "terminal": ("unplug", "silent", "truncate"),
}
_MOST_S = 0.9  # a patron who thinks quickly


class Deed(Enum):
    """What a hand does."""

    SCAN = "scan"
    LAY = "lay"
    LAY_PART = "lay part"
    LAY_STRANGE = "lay a strange tag"
    LIFT = "lift"
    LOCK = "lay one whose tag stays locked"
    MOVE = "lay one that moves"
    NONSENSE = "scan nonsense"
    OTHER_PASS = "another pass"
    TOUCH = "touch anywhere"
    BREAK = "break"
    MEND = "mend"
    KILL = "kill"


@dataclass(frozen=True, slots=True)
class Step:
    """One deed with `which` (a book's place in the visit, a device) and `how`, and the seconds after it."""

    deed: Deed
    which: int | str = 0
    how: str = ""
    part: int = 1
    parts: int = 1
    then_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Visit:
    """One patron's; `books` fresh ones are needed, or some that are out where the patron `returns` them, without a
    pass. `ends`: done, stop, or the patron walks away."""

    returns: bool
    who: int
    by_pad: bool
    books: int
    steps: tuple[Step, ...]
    ends: str
    prints: bool
    lingers_s: float


def drawn(seed: int, count: int) -> Iterator[Visit]:
    """So many visits, one of five and some more to return. The kiosk is killed in the first third only: the rest is one
    life, to be measured."""
    chance = random.Random(seed)
    for number in range(count):
        returns = chance.random() < 0.1 or number % 5 == 3
        yield _visit(chance, returns=returns, kills=number < max(2, count // 3))


def _visit(chance: random.Random, *, returns: bool, kills: bool) -> Visit:
    books = chance.choice((1, 1, 2, 2, 3, 4))
    steps = [one for book in range(books) for one in _of_a_book(chance, book)]
    for deed in (Deed.LAY_STRANGE, Deed.NONSENSE, Deed.OTHER_PASS, Deed.TOUCH):
        if chance.random() < 0.12:
            steps.insert(chance.randint(0, len(steps)), Step(deed, chance.randrange(8), then_s=_pause(chance)))
    for _ in range(chance.choice((0, 1, 1, 1, 2, 3))):
        _break_something(chance, steps)
    if kills and chance.random() < 0.12:
        steps.insert(chance.randint(1, len(steps)), Step(Deed.KILL))
    ends = chance.choices(("done", "stop", "walks away"), (12, 4, 1))[0]
    return Visit(
        returns,
        chance.randrange(1000),
        chance.random() < 0.2,
        books,
        tuple(steps),
        ends,
        chance.random() < 0.6,
        _pause(chance),
    )


def _of_a_book(chance: random.Random, book: int) -> list[Step]:
    """Scanned, laid down or both; alone or in parts; lifted in between or not."""
    kind = chance.choices(
        ("lay", "scan", "both", "parts", "lock", "move", "lift", "refused"), (8, 3, 2, 2, 1, 2, 3, 1)
    )[0]
    lay, scan = Step(Deed.LAY, book, then_s=_pause(chance)), Step(Deed.SCAN, book, then_s=_pause(chance))
    match kind:
        case "scan":
            return [scan]
        case "both":
            return chance.sample((lay, scan), 2)
        case "parts":
            parts = chance.choice((2, 3))
            laid = [Step(Deed.LAY_PART, book, part=n, parts=parts, then_s=_pause(chance)) for n in range(1, parts + 1)]
            return laid[: chance.choice((parts, parts, parts - 1))]
        case "lock":
            return [Step(Deed.LOCK, book, then_s=_pause(chance))]
        case "move":
            moment, back = chance.choice(MOMENTS), chance.choice(("", "3", "12"))
            return [Step(Deed.MOVE, book, f"{moment} {back}", then_s=_pause(chance))]
        case "lift":
            quick = Step(Deed.LAY, book, then_s=chance.choice((0.0, 0.05, 0.1, 0.2, 0.4)))
            lifted = [quick, Step(Deed.LIFT, book, then_s=_pause(chance))]
            return [*lifted, lay] if chance.random() < 0.5 else lifted
        case "refused":
            return [Step(Deed.LAY, "refused", then_s=_pause(chance)), lay]
        case _:
            return [lay]


def _break_something(chance: random.Random, steps: list[Step]) -> None:
    device = chance.choice(tuple(FAULTS))
    at = chance.randint(0, len(steps))
    steps.insert(
        at, Step(Deed.BREAK, device, chance.choice(FAULTS[device]), chance.randint(1, 6), then_s=_pause(chance))
    )
    if chance.random() < 0.6:  # otherwise it stays broken until the patron has gone
        steps.insert(chance.randint(at + 1, len(steps)), Step(Deed.MEND, device, then_s=_pause(chance)))


def _pause(chance: random.Random) -> float:
    return round(chance.uniform(0.05, _MOST_S), 2)
