"""Why yes or no: every rule of the order, whether it passed and what it looked at (for staff; K13 for the patron).

The rules run on the facts themselves, watched: whatever a rule reads is noted, so that nothing here can grow stale.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache
from types import FunctionType, MethodType, NoneType
from typing import Any, cast, get_args, get_type_hints

from circulation.events import Action
from circulation.identifiers import ChipUid, ItemBarcode, PassNumber, PatronRef
from circulation.model import ProductLink, Subscription
from circulation.outcomes import Refused
from circulation.rules import verdict
from circulation.rules.facts import RULE_IDS, Borrow, Renew, Return, Visit, kept, once
from values import dataclass

NOT_SHOWN = "(not shown)"
MANY = 8


@dataclass(frozen=True, slots=True)
class Looked:
    """One thing that a rule read: its name in the facts, and its value as plain text (cents, ISO dates, yes or no)."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Step:
    """One rule of the order: its function, its ids, what it said (None: it passed), and all that it looked at."""

    name: str
    ids: tuple[str, ...]
    refused: Refused | None = None
    looked_at: tuple[Looked, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """A verdict with its reasons. `decided` is what the patron hears; `also` what would have refused besides.

    Names no person and no title: such values are told as "(not shown)".
    """

    action: Action
    decided: Refused | None
    also: tuple[Refused, ...] = ()
    steps: tuple[Step, ...] = ()


Wanted = Borrow | Renew | Return
_ORDERS: Mapping[Action, tuple[type, Callable[[], Sequence[Callable[..., Refused | None]]]]] = {
    Action.CHECK_OUT: (Borrow, lambda: (*verdict.PATRON_ORDER, *verdict.ITEM_ORDER)),
    Action.RENEW: (Renew, lambda: verdict.RENEW_ORDER),
    Action.CHECK_IN: (Return, lambda: verdict.RETURN_ORDER),
}


def explain(visit: Visit | None, wanted: Wanted | None, action: Action) -> Explanation:
    """Why the action is allowed or refused now: first the visit, where a pass was shown, then what is wanted.

    `wanted` is None where the pass belongs to nobody. Raises ValueError where it does not go with the action.
    """
    kind, order = _ORDERS.get(action, (None, tuple))
    if kind is None or (wanted is not None and not isinstance(wanted, kind)):
        raise ValueError(f"nothing to explain about {action.value} with these facts")
    steps = [] if visit is None else [_step(rule, visit) for rule in verdict.VISIT_ORDER]
    if wanted is not None:
        steps += [_step(rule, wanted) for rule in order()]
    said = [one.refused for one in steps if one.refused is not None]
    return Explanation(action, said[0] if said else None, tuple(said[1:]), tuple(steps))


def _step(rule: Callable[..., Refused | None], facts: Visit | Wanted) -> Step:
    seen: dict[str, str] = {}
    refused = rule(_watched(facts, "", seen))
    named = cast(FunctionType, rule)
    ids = RULE_IDS[f"{named.__module__}.{named.__qualname__}"]
    return Step(named.__name__, ids, refused, tuple(Looked(*one) for one in sorted(seen.items())))


class _Watched:
    """Stands in for one fact: gives what the fact gives, and notes it. Alike where the facts are alike.

    What is found out `once` is found out anew for each rule: it is kept with this, not with the fact.
    """

    def __init__(self, fact: object, path: str, seen: dict[str, str]) -> None:
        self.fact = fact
        self.path = path
        self.seen = seen

    def __getattr__(self, name: str) -> Any:
        member = getattr(type(self.fact), name, None)  # of a field without default the class knows nothing
        if isinstance(member, property) and member.fget is not None:
            return member.fget(self)
        if isinstance(member, kept):
            return once(self, member.find)
        if isinstance(member, FunctionType):
            return MethodType(member, self)
        value, path = getattr(self.fact, name), f"{self.path}.{name}".lstrip(".")
        kind: Any = type(self.fact)
        if name not in _KEYS.get(kind, ()):
            _note(path, _shown(value, name, kind), self.seen)
        return _watched(value, path, self.seen)

    def __eq__(self, other: object) -> bool:
        return bool(self.fact == (other.fact if isinstance(other, _Watched) else other))

    def __hash__(self) -> int:
        return hash(self.fact)


# By these a row is found; that it was looked through tells nothing.
_KEYS: Mapping[type, frozenset[str]] = {
    ProductLink: frozenset({"at", "here", "of", "there"}),
    Subscription: frozenset({"code", "valid_from", "valid_to"}),
}
_OF_PERSONS = frozenset({PassNumber, ChipUid, PatronRef, ItemBarcode})


@cache
def _fields(kind: Any) -> tuple[frozenset[str], frozenset[str]]:
    """The fields that name a person, a pass or what is read (such a type, or left out of the repr), and those that may
    be missing."""
    inner = {name: {hint, *get_args(hint)} for name, hint in get_type_hints(kind).items()}
    private = frozenset(one.name for one in fields(kind) if not one.repr or _OF_PERSONS & inner[one.name])
    return private, frozenset(name for name, hints in inner.items() if NoneType in hints)


def _shown(value: object, name: str, kind: Any) -> object:
    private, optional = _fields(kind)
    if name in private and value is not None:
        return NOT_SHOWN
    return "given" if name in optional and is_dataclass(value) else value


def _watched(value: Any, path: str, seen: dict[str, str]) -> Any:
    if isinstance(value, tuple):
        return tuple(_watched(one, f"{path}.{_name(one, at)}", seen) for at, one in enumerate(value, 1))
    if isinstance(value, Mapping):
        return {key: _watched(one, f"{path}.{key}", seen) for key, one in value.items()}
    return _Watched(value, path, seen) if is_dataclass(value) and not isinstance(value, type) else value


def _name(one: object, at: int) -> str:
    return str(one.code) if isinstance(one, Subscription) else str(at)


def _note(path: str, value: object, seen: dict[str, str]) -> None:
    if isinstance(value, tuple):
        seen[f"{path}.count"] = str(len(value))
    elif not isinstance(value, Mapping) and not is_dataclass(value):
        seen[path] = _text(value)


def _text(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, frozenset):
        return ", ".join(sorted(map(_text, value))) if len(value) <= MANY else f"{len(value)} of them"
    return value.isoformat() if isinstance(value, date) else str(value)
