"""What a verdict is decided on: plain values that the store's database or a kiosk's mirror can supply alike."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from datetime import date
from enum import Enum
from typing import Any, Generic, Protocol, Self, TypeVar, overload

from circulation.catalogue import CATALOGUE, HOMES, on_day
from circulation.identifiers import InstitutionCode, ItemBarcode, SubscriptionCode, is_random
from circulation.model import (
    Branch,
    Institution,
    Item,
    Loan,
    Pass,
    PassStatus,
    Patron,
    PatronType,
    ProductLink,
    Subscription,
)
from circulation.outcomes import Refused
from circulation.presented import Presented
from values import dataclass

Found = TypeVar("Found")


def once(facts: object, find: Callable[[Any], Found]) -> Found:
    """What `find` says of these facts, which several rules ask: found out at first, kept with them, gone with them.

    For facts without slots; two that are alike stay so.
    """
    kept, name = facts.__dict__, find.__name__
    if name not in kept:
        kept[name] = find(facts)
    return kept[name]  # type: ignore[no-any-return]


class kept(Generic[Found]):  # noqa: N801 - written as `property` is
    """A property of facts without slots that is found out at its first use, `once`."""

    def __init__(self, find: Callable[[Any], Found]) -> None:
        self.find = find
        self.__doc__ = find.__doc__

    @overload
    def __get__(self, facts: None, kind: type) -> Self: ...
    @overload
    def __get__(self, facts: object, kind: type) -> Found: ...
    def __get__(self, facts: object | None, kind: type) -> Found | Self:
        return self if facts is None else once(facts, self.find)


@dataclass(frozen=True, slots=True)
class OfflinePolicy:
    """What a branch allows while the library system is out of reach; careful by default.

    `fresh_minutes`: so old a mirror is as good as the store; `usable_minutes`: so old it still lends, at most
    `usable_items` to each patron, to guests only with `usable_guests`; an older one is for returns only. `pay`: where
    the terminal itself authorises. `lends_without_pin`: see rules.offline.pin_cannot_be_checked.
    """

    borrow: bool = True
    take_back: bool = True
    pay: bool = False
    fresh_minutes: int = 4 * 60
    usable_minutes: int = 24 * 60
    usable_items: int = 5
    usable_guests: bool = False
    lends_without_pin: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """The values that a library may set, with their defaults (docs/rules.md). Days are library-local days.

    `special_subscriptions`: under one of these a special patron may start a visit too (K1). `renewal_takes_strip`: S2.
    `renews_others`: the network lets items of other institutions be renewed without transport (N5).
    `self_enrolment`: a guest may enrol at the kiosk (G10).
    """

    visit_types: frozenset[PatronType] = frozenset({PatronType.REGULAR, PatronType.GUEST})
    special_subscriptions: frozenset[SubscriptionCode] = frozenset(HOMES)
    unverified_nights: int = 7
    hold_shelf: str = ""
    max_renewals: int = 2
    renewal_takes_strip: bool = False
    renews_others: bool = False
    pin_tries: int = 5
    pin_lock_minutes: int = 15
    ending_soon_days: int = 30
    self_enrolment: bool = False
    offline: OfflinePolicy = field(default=OfflinePolicy())


@dataclass(frozen=True)
class Here:
    """Where and when: the branch, the institutions of its network, their links and catalogue, the library's date.

    `closed`: the days from today on which the branch does not open; no loan falls due on one †. `mail_from`: the
    address from which its institution mails receipts, empty where it mails none (K9).
    """

    branch: Branch
    institutions: Mapping[InstitutionCode, Institution]
    today: date
    links: tuple[ProductLink, ...] = ()
    catalogue: tuple[Subscription, ...] = CATALOGUE
    policy: Policy = field(default=Policy())
    closed: frozenset[date] = frozenset()
    mail_from: str = ""

    @property
    def institution(self) -> Institution:
        """The institution that the branch belongs to."""
        return self.institutions[self.branch.institution]

    def subscription(self, code: SubscriptionCode) -> Subscription | None:
        """S1: the subscription of that code as it is valid today, or None where the catalogue has none."""
        known = self._looked_up
        if code not in known:
            known[code] = on_day(code, self.today, self.catalogue)
        return known[code]

    @kept
    def _looked_up(self) -> dict[SubscriptionCode, Subscription | None]:
        return {}

    def accepts(self, other: InstitutionCode) -> bool:
        """N1: whether patrons of the other institution are accepted here (being findable is not enough)."""
        if other == self.branch.institution:
            return True
        return self.shares_memberships and self.same_group(other) and other in self.institution.accepts

    @property
    def shares_memberships(self) -> bool:
        """N1, N11: whether the group of this institution, if it is in one, recognises each other's memberships."""
        group = self.institution.group
        return group is not None and group.kind.shares_memberships

    def same_group(self, other: InstitutionCode) -> bool:
        """Whether the other institution is in one *samenwerkingsgroep* with this one."""
        group, theirs = self.institution.group, self.institutions.get(other)
        return group is not None and theirs is not None and theirs.group == group

    def name_of(self, other: InstitutionCode) -> str:
        """The name of an institution for a sentence; its code where the name is not known here."""
        known = self.institutions.get(other)
        return known.name if known and known.name else other


@dataclass(frozen=True, slots=True)
class Holder:
    """A pass that was found for what was shown, with the patron it belongs to."""

    card: Pass
    patron: Patron


class PinState(Enum):
    """P6: what is known of the PIN in this visit. Only a PROVED one opens a pass that needs it."""

    NOT_SHOWN = "not_shown"
    PROVED = "proved"
    WRONG = "wrong"
    LOCKED = "locked"


@dataclass(frozen=True)
class Visit:
    """A pass was shown. `found`: every pass of the network with that number or chip, in any order.

    Passes of patrons outside the network are not among them: they get the answer of a number that does not exist (K5).
    """

    here: Here
    presented: Presented
    found: tuple[Holder, ...]
    pin: PinState = PinState.NOT_SHOWN

    @kept
    def known(self) -> tuple[Holder, ...]:
        """P8: the passes found by the number shown; only where there is none, those found by the chip's own UID."""
        number, uid = self.presented.number, self.presented.uid
        by_number = tuple([one for one in self.found if one.card.number == number])
        return by_number if by_number or uid is None or is_random(uid) else self.found

    @kept
    def works_here(self) -> tuple[Holder, ...]:
        """P4: the known passes whose number is unique in the network, or that are linked to this institution."""
        mine = self.here.branch.institution
        return tuple([one for one in self.known if one.card.unique or mine in one.card.institutions])

    @property
    def counted(self) -> tuple[Holder, ...]:
        """P7: of the passes that work here the active ones; where none is active, all of them."""
        found = self.works_here
        return tuple([one for one in found if one.card.status is PassStatus.ACTIVE]) or found

    @kept
    def holder(self) -> Holder | None:
        """The one pass that counts; None where it is unknown, does not work here, or is of two patrons (P4)."""
        counted = self.counted
        if len(counted) == 1:
            return counted[0]
        if len({one.patron.ref for one in counted}) != 1:
            return None
        return min(counted, key=lambda one: _rank(one.card))


@dataclass(frozen=True)
class Borrow:
    """A patron wants an item. `item` is None while none was scanned, or where `barcode` is not known."""

    here: Here
    patron: Patron
    barcode: ItemBarcode | None = None
    item: Item | None = None


def _rank(card: Pass) -> tuple[object, ...]:
    # An active one first; of two alike the one that asks for more, then the one that wrong PINs shut for longer (P6).
    # The number comes last: a mirror holds only its hash, and must choose as the store does.
    shut = card.locked_until.timestamp() if card.locked_until is not None else 0.0
    return (card.status.value, not card.document_number, not card.eid, -shut, card.number)


@dataclass(frozen=True)
class Renew:
    """A patron wants to keep an item longer. `loan` is the patron's own open loan of `item`, or None."""

    here: Here
    patron: Patron
    item: Item | None
    loan: Loan | None


@dataclass(frozen=True, slots=True)
class Return:
    """Somebody brings an item back; no pass is needed (K10). `item` is None where the barcode is not known."""

    here: Here
    barcode: ItemBarcode
    item: Item | None


class Standing(Protocol):
    """Who stands where: all that the rules about a membership and about money look at, whatever is wanted."""

    @property
    def here(self) -> Here: ...

    @property
    def patron(self) -> Patron: ...


class Scanned(Protocol):
    """What was scanned, whatever is to be done with it; `item` is None where nobody knows the barcode."""

    @property
    def here(self) -> Here: ...

    @property
    def barcode(self) -> ItemBarcode | None: ...

    @property
    def item(self) -> Item | None: ...


Rule = TypeVar("Rule", bound=Callable[..., object])
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
