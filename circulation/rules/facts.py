"""What a verdict is decided on: plain values that the store's database or a kiosk's mirror can supply alike."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from circulation.catalogue import CATALOGUE
from circulation.identifiers import InstitutionCode, ItemBarcode
from circulation.model import (
    Branch,
    Institution,
    Item,
    Pass,
    Patron,
    PatronType,
    Presented,
    ProductLink,
    Subscription,
)
from circulation.outcomes import Refused


@dataclass(frozen=True, slots=True)
class Policy:
    """The † values of rules.md that a library may set. Days are library-local days."""

    visit_types: frozenset[PatronType] = frozenset({PatronType.REGULAR, PatronType.GUEST})
    unverified_nights: int = 7
    hold_shelf: str = ""


@dataclass(frozen=True, slots=True)
class Here:
    """Where and when: the branch, the institutions of its network, their links and catalogue, the library's date."""

    branch: Branch
    institutions: Mapping[InstitutionCode, Institution]
    today: date
    links: tuple[ProductLink, ...] = ()
    catalogue: tuple[Subscription, ...] = CATALOGUE
    policy: Policy = field(default=Policy())

    @property
    def institution(self) -> Institution:
        """The institution that the branch belongs to."""
        return self.institutions[self.branch.institution]

    def accepts(self, other: InstitutionCode) -> bool:
        """N1: whether patrons of the other institution are accepted here (being findable is not enough)."""
        mine = self.institution
        if other == mine.code:
            return True
        theirs = self.institutions.get(other)
        return (
            theirs is not None
            and mine.group is not None
            and mine.group.kind.shares_memberships
            and mine.group == theirs.group
            and other in mine.accepts
        )

    def name_of(self, other: InstitutionCode) -> str:
        """The name of an institution for a sentence; empty where it is not known here."""
        known = self.institutions.get(other)
        return known.name if known else ""


@dataclass(frozen=True, slots=True)
class Holder:
    """A pass that was found for what was shown, with the patron it belongs to."""

    card: Pass
    patron: Patron


@dataclass(frozen=True, slots=True)
class Visit:
    """A pass was shown. `found`: every pass of the network with that number or chip, in any order."""

    here: Here
    presented: Presented
    found: tuple[Holder, ...]

    @property
    def works_here(self) -> tuple[Holder, ...]:
        """P4: the passes found whose number is unique in the network, or that are linked to this institution."""
        mine = self.here.branch.institution
        return tuple(one for one in self.found if one.card.unique or mine in one.card.institutions)

    @property
    def holder(self) -> Holder | None:
        """The one pass that counts: of those that work here an active one before all others (P7)."""
        ranked = sorted(
            self.works_here,
            key=lambda one: (one.card.status.value != "active", one.card.number, one.patron.ref),
        )
        return ranked[0] if ranked else None


@dataclass(frozen=True, slots=True)
class Borrow:
    """A patron wants an item. `item` is None while none was scanned, or where `barcode` is not known."""

    here: Here
    patron: Patron
    barcode: ItemBarcode | None = None
    item: Item | None = None


Rule = TypeVar("Rule", bound=Callable[..., Refused | None])
RULE_IDS: dict[str, tuple[str, ...]] = {}


def rule(*ids: str) -> Callable[[Rule], Rule]:
    """Marks a function as the keeper of these rule ids, for docs and tests."""

    def mark(function: Rule) -> Rule:
        RULE_IDS[f"{function.__module__}.{function.__qualname__}"] = ids
        return function

    return mark


def first(refusals: Iterable[Refused | None]) -> Refused | None:
    """The first refusal, or None."""
    return next((one for one in refusals if one is not None), None)
