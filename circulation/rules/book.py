"""The rule book: every id that there is, and where those are kept that no rule function decides alone.

docs/rules.md is made of this and of the functions marked with `rule`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

IDS = frozenset(
    f"{letter}{number}"
    for letter, last in (("K", 14), ("P", 8), ("G", 10), ("N", 12), ("S", 9), ("F", 5), ("A", 6))
    for number in range(1, last + 1)
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A rule that is kept by what stands at `path` (dotted), and how."""

    path: str
    how: str


# Data: what a library may replace without a line of code.
DATA: Mapping[str, tuple[Kept, ...]] = {
    "K1": (Kept("circulation.rules.facts.Policy", "which types and which subscriptions may begin a visit"),),
    "P1": (Kept("circulation.rules.numbers.PREFIXES", "the prefixes of printed numbers and what each stands for"),),
    "P5": (Kept("circulation.rules.staffing.UNIQUE_KINDS", "the kinds of pass that are unique in the network"),),
    "S1": (Kept("circulation.catalogue.CATALOGUE", "the subscriptions with their prices and limits, by their dates"),),
    "S9": (Kept("circulation.catalogue.CATALOGUE", "on request only, online library, unlimited holds"),),
    "G5": (Kept("circulation.catalogue.GUEST_STRIPS", "how many strips a guest gets for each home term"),),
    "K14": (Kept("circulation.model.Sex", "what the library asks about a person"),),
}
