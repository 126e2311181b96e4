"""The mirror's bodies as facts: the lean JSON of `circulation.wire.encode_lean`, read straight (msgspec).

Masks are no pass numbers and no UIDs to `wire.decode`; a property test says that both read the same facts.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, field, fields, is_dataclass, replace
from datetime import date
from enum import Enum
from functools import cache, reduce
from operator import or_
from types import UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

import msgspec

from circulation import wire
from circulation.model import FeeKind, FeeStatus, Institution, Item, Patron
from circulation.presented import ReceiptChoice
from circulation.rules.facts import Here
from values import dataclass

_MASK_BYTES, _MASK_DIGITS = 16, {32}
_NO_DATE = date.min
_NOTHING = msgspec.Raw(b"")
# As `circulation.wire` reads what a newer store says: not payable here, of another kind, to be asked.
_NEWER: Mapping[str, tuple[type[Enum], Enum]] = {
    "kind": (FeeKind, FeeKind.OTHER),
    "status": (FeeStatus, FeeStatus.DIRECT_DEBIT),
}
# What msgspec says of bytes that it cannot read: they are no UTF-8 (ValueError), or too much lies within one another.
UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
Fact = TypeVar("Fact", Patron, Item)


class BadRow(ValueError):
    """The row is not what was agreed. The message never repeats a value."""


class Row(msgspec.Struct):
    """A line of a snapshot, or a row of a page, its body as the store wrote it."""

    kind: str
    key: str
    ver: int
    patron: msgspec.Raw = _NOTHING
    item: msgspec.Raw = _NOTHING
    here: msgspec.Raw = _NOTHING
    zone: str = ""
    branches: msgspec.Raw = _NOTHING
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Network:
    """Where the kiosk stands: the facts of its branch, without a date, and the zone that its dates are of.

    `branches`: how each branch of the network is called, by its code.
    """

    here: Here = field(repr=False)
    zone: ZoneInfo
    branches: Mapping[str, str] = field(repr=False)


def _shape(hint: Any) -> Any:
    """The same type with structs in the place of frozen facts: read four times as fast, for who only looks at it."""
    if is_dataclass(hint):
        return _struct(cast(type, hint))
    origin, inner = get_origin(hint), get_args(hint)
    if origin is tuple:
        return tuple[_shape(inner[0]), ...]  # type: ignore[misc]
    if origin in (Union, UnionType):
        return reduce(or_, (_shape(one) for one in inner))
    return hint


@cache
def _struct(kind: type) -> Any:
    hints = get_type_hints(kind)
    needed = [(one.name, _shape(hints[one.name])) for one in fields(kind) if one.default is MISSING]
    usual = [(one.name, _shape(hints[one.name]), one.default) for one in fields(kind) if one.default is not MISSING]
    return msgspec.defstruct(kind.__name__, [*needed, *usual])


read_patron: Callable[[bytes], Patron] = msgspec.json.Decoder(Patron).decode
"""The patron in a body that was taken in by `patron_body`, passes and references masked."""
read_item: Callable[[bytes], Item] = msgspec.json.Decoder(Item).decode
"""The item in a body that was taken in by `item_body`, barcode and references masked."""
_look_at_patron: Callable[[bytes], Patron] = msgspec.json.Decoder(_struct(Patron)).decode
_look_at_item: Callable[[bytes], Item] = msgspec.json.Decoder(_struct(Item)).decode


def patron_body(key: str, raw: bytes) -> tuple[bytes, bytes]:
    """What of a patron's row goes into the mirror, and the masks of its passes, 16 bytes each, one after the other.

    Raises BadRow where it says what it must not. Written for speed: a page has a thousand of them.
    """
    patron, body = _read(_look_at_patron, raw, _as_known_patron)
    shown: set[str] = set()
    for card in patron.passes:
        shown.add(card.number)
        shown.update(card.chips)
        if card.locked_until is not None and card.locked_until.tzinfo is None:
            raise BadRow("a patron's row with an instant of nowhere")
    others = [key]
    for loan in patron.loans:
        others.append(loan.item)
        if loan.patron != key:
            raise BadRow("a patron's row with a loan of another")
    others += [fee.ref for fee in patron.fees]
    if patron.ref != key:
        raise BadRow("a patron's row under another key")
    if patron.first_name or (patron.messages and any(one.text for one in patron.messages)):
        raise BadRow("a patron's row with a text")
    return body, _packed([*sorted(shown), *others])[: len(shown) * _MASK_BYTES]


def item_body(key: str, raw: bytes) -> bytes:
    """What of an item's row goes into the mirror. Raises BadRow."""
    item, body = _read(_look_at_item, raw, lambda data: data)
    holds: list[str] = [one.patron for one in (item.hold, *item.wanted_by) if one is not None]
    if item.barcode != key:
        raise BadRow("an item's row under another key")
    _packed([key, *holds] if item.loan is None else [key, *holds, item.loan.item, item.loan.patron])
    return body


def network_body(raw: bytes, zone: str, branches: bytes) -> bytes:
    """What of the network's row goes into the mirror. Raises BadRow."""
    body = msgspec.json.encode({"here": msgspec.Raw(raw), "zone": zone, "branches": msgspec.Raw(branches)})
    read_network(body)
    return body


def read_network(body: bytes) -> Network:
    """The branch and its network. Raises BadRow."""
    try:
        data = msgspec.json.decode(body)
        zone, given = ZoneInfo(data["zone"]), dict(data["here"])
        branches = msgspec.convert(data["branches"], dict[str, str])
        institutions: tuple[Institution, ...] = wire.decode(
            tuple[Institution, ...], given.pop("institutions"), tolerant=True
        )
        plain = {**given, "institutions": {}, "today": _NO_DATE.isoformat()}
        here: Here = replace(
            wire.decode(Here, plain, tolerant=True), institutions={one.code: one for one in institutions}
        )
    except (*UNREADABLE, KeyError, TypeError, LookupError, OSError) as fault:
        raise BadRow(f"the network's row: {type(fault).__name__}") from None
    return Network(here, zone, branches)


def _read(look_at: Callable[[bytes], Fact], raw: bytes, as_known: Callable[[Any], Any]) -> tuple[Fact, bytes]:
    try:
        return look_at(raw), raw
    except UNREADABLE:
        pass
    try:
        body = msgspec.json.encode(as_known(msgspec.json.decode(raw)))
        return look_at(body), body
    except (*UNREADABLE, TypeError, AttributeError) as fault:
        raise BadRow(f"a row that is not understood: {type(fault).__name__}") from None


def _as_known_patron(data: dict[str, Any]) -> dict[str, Any]:
    """The same with what a newer store says in words that this release does not know."""
    fees = [{name: _known(name, value) for name, value in one.items()} for one in data.get("fees", ())]
    known = {one.value for one in ReceiptChoice}
    receipt = data.get("receipt", ReceiptChoice.ASK.value)
    return {**data, "fees": fees, "receipt": receipt if receipt in known else ReceiptChoice.ASK.value}


def _known(name: str, value: object) -> object:
    if name not in _NEWER:
        return value
    kind, instead = _NEWER[name]
    return value if value in {one.value for one in kind} else instead.value


def _packed(masks: list[str]) -> bytes:
    """The masks as bytes. Raises BadRow where one of them is something else."""
    try:
        found = bytes.fromhex("".join(masks))
    except ValueError:
        found = b""
    if len(found) != len(masks) * _MASK_BYTES or set(map(len, masks)) != _MASK_DIGITS:
        raise BadRow("a row with what is not masked")
    return found
