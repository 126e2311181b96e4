"""A screen as strangers may see it: whoever stands there has not stirred for a while, and perhaps went away.

Titles, names, messages, amounts and an address are masked before they leave the flow: the picture cannot hold them.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

VEIL_AFTER_S = 20.0
MASK = "• • •"
PRIVATE = frozenset({"title", "messages", "product", "mail_to", "history"})
"""Fields of facts, of a screen and of what it holds, that become a mask."""
LEFT_OUT = frozenset({"first_name"})
"""Those that become empty: without a name nobody is greeted by one."""
TOLD = frozenset({"borrowed_before", "hold_filled"})
"""What is between a patron and the library of an item: not said any more."""
AMOUNTS = frozenset({"cents", "payable"})
"""Numbers of which only stays whether they are owed (1), a credit (-1) or nothing. In a refusal they are left out."""
HIDDEN = "hidden"
"""The field by which a screen says that its amounts are masked."""

Fact = TypeVar("Fact")


def veiled(fact: Fact) -> Fact:
    """The same fact without anything that only its patron should read; the fact itself where there is nothing."""
    if not is_dataclass(fact) or isinstance(fact, type):
        return fact
    hidden = {one.name: _hidden(one.name, getattr(fact, one.name)) for one in fields(fact)}
    changed = {name: value for name, value in hidden.items() if value is not getattr(fact, name)}
    return replace(fact, **changed) if changed else fact


def _hidden(name: str, value: Any) -> Any:
    if isinstance(value, bool):
        return (value or name == HIDDEN) and name not in TOLD
    if isinstance(value, int):
        return (value > 0) - (value < 0) if name in AMOUNTS else value
    if isinstance(value, Mapping):
        return value if AMOUNTS.isdisjoint(value) else {key: one for key, one in value.items() if key not in AMOUNTS}
    if isinstance(value, str):
        return value if value in ("", MASK) else MASK if name in PRIVATE else "" if name in LEFT_OUT else value
    if isinstance(value, tuple):
        found = tuple(_hidden(name, one) if isinstance(one, str) else veiled(one) for one in value)
        return found if any(one is not other for one, other in zip(found, value, strict=True)) else value
    return veiled(value)
