"""The facts as JSON, for both ends of a line. Requests are read strictly; an answer may know more than its reader.

Answers carry an "outcome" that names their kind. Instants are UTC, dates are library-local, both ISO 8601.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, NewType, Union, cast, get_args, get_origin, get_type_hints

from circulation import identifiers as ids
from circulation.affairs import (
    Account,
    Allowed,
    CheckedIn,
    GuestHomes,
    HandedOver,
    HoldShelf,
    Owed,
    Paid,
    ReceiptTaken,
    Renewed,
    RenewedAll,
    Route,
    VisitEnded,
)
from circulation.events import Event, HandOver, MailedReceipt, Question
from circulation.model import FeeKind, FeeStatus
from circulation.outcomes import CheckedOut, Identified, NextStep, Reason, Refused, Value, Voided
from circulation.presented import Presented, ReceiptChoice

Answer = (
    Account
    | Allowed
    | CheckedIn
    | CheckedOut
    | GuestHomes
    | HandedOver
    | HoldShelf
    | Identified
    | Owed
    | Paid
    | ReceiptTaken
    | Refused
    | Renewed
    | RenewedAll
    | VisitEnded
    | Voided
)
ANSWERS: Mapping[str, type] = {
    "account": Account,
    "owed": Owed,
    "hold_shelf": HoldShelf,
    "allowed": Allowed,
    "checked_in": CheckedIn,
    "checked_out": CheckedOut,
    "guest_homes": GuestHomes,
    "handed_over": HandedOver,
    "identified": Identified,
    "paid": Paid,
    "receipt_taken": ReceiptTaken,
    "refused": Refused,
    "renewed": Renewed,
    "renewed_all": RenewedAll,
    "visit_ended": VisitEnded,
    "voided": Voided,
}
_OUTCOME = {kind: name for name, kind in ANSWERS.items()}
_PARSERS: Mapping[object, Any] = {
    ids.PassNumber: ids.pass_number,
    ids.ChipUid: ids.chip_uid,
    ids.ItemBarcode: ids.item_barcode,
    ids.Isil: ids.isil,
    ids.EventId: ids.event_id,
}
# What a newer store says and this reader does not know is read as this: to the desk, apart, not payable here.
_UNKNOWN: Mapping[object, Enum] = {
    Reason: Reason.OTHER,
    NextStep: NextStep.DESK,
    Route: Route.STAFF,
    FeeKind: FeeKind.OTHER,
    FeeStatus: FeeStatus.DIRECT_DEBIT,
    ReceiptChoice: ReceiptChoice.ASK,
}
MAX_TEXT = 500
MAX_BYTES = 64 * 1024
# A school may have hundreds of items out, with long titles.
MAX_ANSWER_BYTES = 1024 * 1024
MOST_LINES = 600  # of a receipt
MOST_SUBJECT = 150
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_KEY = re.compile(r"[a-z][a-z_]{0,39}")
_RULE = re.compile(r"[A-Z][0-9]{1,2}")
_WORD = re.compile(r"[a-z][a-z0-9_]{0,39}")
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})  # controls, lone surrogates, separators of lines and paragraphs


class WireError(ValueError):
    """The JSON is not what was agreed. `path` says where; the message never repeats a value (it may be private)."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path or 'body'}: {problem}")
        self.path = path


def dumps(data: object) -> bytes:
    """JSON bytes of plain data, the same for the same data."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def loads(body: bytes, limit: int = MAX_BYTES) -> object:
    """Plain data of JSON bytes, in UTF-8 and without a name twice. `limit`: in bytes, 64 KiB. Raises WireError."""
    if len(body) > limit:
        raise WireError("", f"larger than {limit // 1024} KiB")
    try:
        return json.loads(body.decode(), parse_constant=_no_constant, object_pairs_hook=_no_name_twice)
    except (ValueError, RecursionError):
        raise WireError("", "not JSON") from None  # the cause would carry the whole body


def _no_constant(name: str) -> object:
    raise ValueError(name)


def _no_name_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def printable(text: str) -> str:
    """A text as it may travel: what is not printable becomes a space, and the end is cut off after 500 characters.

    A library system's odd title or message must not make an answer unreadable at the other end.
    """
    kept = text[:MAX_TEXT]
    if kept.isprintable():  # all but always, and much sooner known
        return kept
    return "".join(" " if unicodedata.category(one) in _UNPRINTABLE else one for one in kept)


def encode(fact: object) -> Any:
    """Plain JSON data of a fact, its texts made `printable`. Raises ValueError for an instant without a zone."""
    kind: Any = type(fact)
    return _encoder(kind)(fact)


@cache
def _encoder(kind: type) -> Callable[[Any], Any]:
    """How a fact of that very type is written: found out once, for a page of changes writes a hundred thousand."""
    if is_dataclass(kind):
        names = tuple(one.name for one in fields(kind))
        return lambda fact: {name: encode(getattr(fact, name)) for name in names}
    if issubclass(kind, Enum):
        return lambda fact: fact.value
    ways: Mapping[type, Callable[[Any], Any]] = {
        str: printable,
        datetime: lambda fact: _utc(fact).isoformat(),
        date: lambda fact: fact.isoformat(),
        frozenset: lambda fact: sorted(encode(one) for one in fact),
        tuple: lambda fact: [encode(one) for one in fact],
        Mapping: lambda fact: {str(key): _encode_value(value) for key, value in fact.items()},
    }
    return next((way for known, way in ways.items() if issubclass(kind, known)), lambda fact: fact)


def encode_lean(fact: Any) -> Any:
    """As `encode`, without the fields that have their default: who decodes it puts them back."""
    if isinstance(fact, tuple):
        return [encode_lean(one) for one in fact]
    if not is_dataclass(fact):
        return encode(fact)
    told = ((one, getattr(fact, one.name)) for one in fields(fact))
    return {one.name: encode_lean(value) for one, value in told if one.default is MISSING or value != one.default}


def _encode_value(value: Value) -> Any:
    return {"date": value.isoformat()} if isinstance(value, date) else encode(value)


def encode_answer(answer: Answer) -> dict[str, Any]:
    """An answer with its "outcome"."""
    return {"outcome": _OUTCOME[type(answer)], **encode(answer)}


def decode_answer(data: object, *allowed: type) -> Any:
    """The answer in plain JSON data, which must be of one of the `allowed` kinds. Raises WireError.

    A store may be a release ahead of its kiosks: fields that are not known are passed over, and an unknown reason or
    next step becomes OTHER and DESK. What is missing or wrongly typed is an error all the same.
    """
    rest = dict(_object(data, ""))
    outcome = rest.pop("outcome", None)
    kind = ANSWERS.get(outcome) if isinstance(outcome, str) else None
    if kind is None or kind not in allowed:
        raise WireError("outcome", "unexpected")
    return decode(kind, rest, tolerant=True)


def decode_event(data: object) -> Event:
    """The event in plain JSON data. It names what its action needs, and a pass carries a number or a UID.

    Raises WireError.
    """
    event = cast(Event, decode(Event, data))
    if event.seq < 0:
        raise WireError("seq", "negative")
    if not event.is_whole:
        raise WireError("action", "does not go with what the event names")
    if event.payment is not None and (event.payment.cents <= 0 or not event.payment.fees):
        raise WireError("payment", "nothing is paid")
    return event


def decode_presented(data: object) -> Presented:
    """The shown pass in plain JSON data; it must carry a number or a UID. Raises WireError."""
    return cast(Presented, decode(Presented, data))


def decode_question(data: object) -> Question:
    """The question in plain JSON data; it names what its action needs. Raises WireError."""
    question = cast(Question, decode(Question, data))
    if not question.is_whole:
        raise WireError("action", "does not go with what the question names")
    return question


def decode_hand_over(data: object) -> HandOver:
    """The case in plain JSON data; its rule is an id such as K8. Raises WireError."""
    case = cast(HandOver, decode(HandOver, data))
    if not _RULE.fullmatch(case.rule):
        raise WireError("rule", "not the id of a rule")
    return case


def decode_receipt(data: object) -> MailedReceipt:
    """The receipt in plain JSON data: a subject, and 1 to 600 lines of up to 500 characters. Raises WireError."""
    receipt = cast(MailedReceipt, decode(MailedReceipt, data))
    if not 1 <= len(receipt.lines) <= MOST_LINES:
        raise WireError("lines", f"not 1 to {MOST_LINES}")
    if not 1 <= len(receipt.subject.strip()) <= len(receipt.subject) <= MOST_SUBJECT:
        raise WireError("subject", f"not 1 to {MOST_SUBJECT} characters")
    if not _LANGUAGE.fullmatch(receipt.language):
        raise WireError("language", "not the code of a language")
    return receipt


def decode(wanted: Any, data: object, path: str = "", *, tolerant: bool = False) -> Any:
    """The fact of the wanted type in plain JSON data. `tolerant`: as an answer is read. Raises WireError."""
    if is_dataclass(wanted):
        return _decode_dataclass(cast(type, wanted), data, path, tolerant)
    if isinstance(wanted, NewType):
        return _decode_named(wanted, data, path)
    origin, inner = get_origin(wanted), get_args(wanted)
    if origin in (Union, UnionType):
        return _decode_union(inner, data, path, tolerant)
    if origin in (tuple, frozenset):
        found = (decode(inner[0], one, f"{path}[{n}]", tolerant=tolerant) for n, one in enumerate(_list(data, path)))
        return cast(type, origin)(found)
    if origin is not None and issubclass(origin, Mapping):
        return {_key(key, path): _decode_value(one, f"{path}.{key}") for key, one in _object(data, path).items()}
    try:
        return _decode_plain(wanted, data, path)
    except WireError:
        if tolerant and wanted in _UNKNOWN and isinstance(data, str) and _WORD.fullmatch(data):
            return _UNKNOWN[wanted]
        raise


@cache
def _hints(wanted: type) -> dict[str, Any]:
    return get_type_hints(wanted)


def _decode_dataclass(wanted: type, data: object, path: str, tolerant: bool) -> object:
    given = dict(_object(data, path))
    hints, values = _hints(wanted), {}
    for one in fields(wanted):
        here = f"{path}.{one.name}".lstrip(".")
        if one.name in given:
            values[one.name] = decode(hints[one.name], given.pop(one.name), here, tolerant=tolerant)
        elif one.default is MISSING and one.default_factory is MISSING:
            raise WireError(here, "missing")
    if given and not tolerant:
        raise WireError(path, f"{len(given)} unknown field(s)")
    if wanted is Presented and values.get("number") is None and values.get("uid") is None:
        raise WireError(path or "presented", "neither number nor uid")
    return wanted(**values)


def _decode_named(wanted: NewType, data: object, path: str) -> object:
    text = _decode_plain(str, data, path)
    try:
        return _PARSERS.get(wanted, ids.code)(text)
    except ids.IdentifierError as fault:
        raise WireError(path, str(fault)) from None


def _decode_union(inner: tuple[Any, ...], data: object, path: str, tolerant: bool) -> object:
    if data is None:
        if NoneType not in inner:
            raise WireError(path, "missing")
        return None
    rest = [one for one in inner if one is not NoneType]
    return decode(rest[0], data, path, tolerant=tolerant)


def _decode_value(data: object, path: str) -> Value:
    if isinstance(data, dict):
        if set(data) != {"date"}:
            raise WireError(path, "neither text, number nor date")
        return cast(Value, _decode_plain(date, data["date"], path))
    return cast(Value, _decode_plain(int if isinstance(data, int) else str, data, path))


def _decode_plain(wanted: Any, data: object, path: str) -> object:
    if wanted in (bool, int):
        if type(data) is not wanted or (wanted is int and abs(cast(int, data)) >= 2**53):
            raise WireError(path, f"not {wanted.__name__}")
        return data
    if not isinstance(data, str) or data != printable(data):
        raise WireError(path, "not a printable text")
    try:
        return data if wanted is str else _from_text(wanted, data)
    except (ValueError, OverflowError):
        raise WireError(path, f"not a {wanted.__name__}") from None


def _from_text(wanted: Any, text: str) -> object:
    if wanted is datetime:
        return _utc(datetime.fromisoformat(text))
    if wanted is date:
        day = date.fromisoformat(text)
        if day.isoformat() != text:
            raise ValueError("another form of date")
        return day
    return wanted(text)


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("an instant without a zone")
    return instant.astimezone(UTC)


def _key(key: str, path: str) -> str:
    if not _KEY.fullmatch(key):  # an arbitrary name could carry a value, and would stand in every later path
        raise WireError(path, "a name of an unexpected form")
    return key


def _object(data: object, path: str) -> Mapping[str, object]:
    if not isinstance(data, dict):
        raise WireError(path, "not an object")
    return data


def _list(data: object, path: str) -> list[object]:
    if not isinstance(data, list):
        raise WireError(path, "not a list")
    return data
