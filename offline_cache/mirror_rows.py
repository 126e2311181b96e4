"""The mirror's bodies as facts: the lean JSON of `circulation.wire.encode_lean`, read straight (msgspec).

Masks are no pass numbers and no UIDs to `wire.decode`; a property test says that both read the same facts.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from circulation import wire
from circulation.model import FeeKind, FeeStatus, Institution, Item, Patron
from circulation.presented import ReceiptChoice
from circulation.rules.facts import Here

_MASK = re.compile(r"[0-9a-f]{32}")
_PATRON, _ITEM = msgspec.json.Decoder(Patron), msgspec.json.Decoder(Item)
_NO_DATE = date.min
_NOTHING = msgspec.Raw(b"")
# As `circulation.wire` reads what a newer store says: not payable here, of another kind, to be asked.
_NEWER: Mapping[str, tuple[type[Enum], Enum]] = {
    "kind": (FeeKind, FeeKind.OTHER),
    "status": (FeeStatus, FeeStatus.DIRECT_DEBIT),
}
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
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Network:
    """Where the kiosk stands: the facts of its branch, without a date, and the zone that its dates are of."""

    here: Here = field(repr=False)
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class PatronBody:
    """A patron's body with the masks of its passes, 16 bytes each, one after the other."""

    body: bytes = field(repr=False)
    passes: bytes = field(repr=False)


read_patron: Callable[[bytes], Patron] = _PATRON.decode
"""The patron in a body that was taken in by `patron_body`, passes and references masked."""
read_item: Callable[[bytes], Item] = _ITEM.decode
"""The item in a body that was taken in by `item_body`, barcode and references masked."""


def patron_body(key: str, raw: bytes) -> PatronBody:
    """What of a patron's row goes into the mirror. Raises BadRow where it says what it must not."""
    patron, body = _read(_PATRON, raw, _as_known_patron)
    masks = [*(one.number for one in patron.passes), *(uid for one in patron.passes for uid in one.chips)]
    refs = [patron.ref, *(loan.item for loan in patron.loans), *(loan.patron for loan in patron.loans)]
    if patron.ref != key or not _all_masked([*masks, *refs, *(fee.ref for fee in patron.fees)]):
        raise BadRow("a patron's row with what is not masked")
    if patron.first_name or any(one.text for one in patron.messages):
        raise BadRow("a patron's row with a text")
    return PatronBody(body, bytes.fromhex("".join(sorted(set(masks)))))


def item_body(key: str, raw: bytes) -> bytes:
    """What of an item's row goes into the mirror. Raises BadRow."""
    item, body = _read(_ITEM, raw, lambda data: data)
    holds = [one.patron for one in (item.hold, *item.wanted_by) if one is not None]
    loan = [] if item.loan is None else [item.loan.item, item.loan.patron]
    if item.barcode != key or not _all_masked([item.barcode, *holds, *loan]):
        raise BadRow("an item's row with what is not masked")
    return body


def network_body(raw: bytes, zone: str) -> bytes:
    """What of the network's row goes into the mirror. Raises BadRow."""
    body = msgspec.json.encode({"here": msgspec.Raw(raw), "zone": zone})
    read_network(body)
    return body


def read_network(body: bytes) -> Network:
    """The branch and its network. Raises BadRow."""
    try:
        data = msgspec.json.decode(body)
        zone, given = ZoneInfo(data["zone"]), dict(data["here"])
        institutions: tuple[Institution, ...] = wire.decode(
            tuple[Institution, ...], given.pop("institutions"), tolerant=True
        )
        plain = {**given, "institutions": {}, "today": _NO_DATE.isoformat()}
        here: Here = replace(
            wire.decode(Here, plain, tolerant=True), institutions={one.code: one for one in institutions}
        )
    except (ValueError, KeyError, TypeError, LookupError, OSError) as fault:
        raise BadRow(f"the network's row: {type(fault).__name__}") from None
    return Network(here, zone)


def _read(decoder: "msgspec.json.Decoder[Fact]", raw: bytes, as_known: Callable[[Any], Any]) -> tuple[Fact, bytes]:
    try:
        return decoder.decode(raw), raw
    except msgspec.MsgspecError:
        pass
    try:
        body = msgspec.json.encode(as_known(msgspec.json.decode(raw)))
        return decoder.decode(body), body
    except (msgspec.MsgspecError, TypeError, AttributeError) as fault:
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


def _all_masked(texts: list[Any]) -> bool:
    return all(_MASK.fullmatch(one) for one in texts)
