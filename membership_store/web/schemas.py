"""JSON Schema of the facts as `circulation.wire` writes and reads them: derived from their types, never written twice.

JSON Schema 2020-12, as OpenAPI 3.1 wants it. Requests are strict; answers may grow, so that they are left open.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from types import NoneType, UnionType
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

from circulation import identifiers as ids
from circulation import wire
from circulation.events import NEEDS, Event, Kind, Payment, Told
from circulation.presented import Presented
from membership_store.kiosk_clock import LONGEST_BOOT_ID, LONGEST_RUN
from membership_store.paying import LONGEST_REFERENCE
from membership_store.web.operation import Acts, Schema

_OUTCOME = {kind: name for name, kind in wire.ANSWERS.items()}
_CODE = r"^[0-9A-Za-z][0-9A-Za-z_\-]{0,39}$"
# Spaces within a number are dropped and letters made capital (P1).
_NUMBER = r"^ *[0-9A-Za-z] *(?:[0-9A-Za-z.\-] *){0,39}$"
_FORMS: Mapping[object, str] = {
    ids.PassNumber: _NUMBER,
    ids.ItemBarcode: _NUMBER,
    ids.ChipUid: r"^(?:[0-9A-Fa-f]{2}){4,10}$",
    ids.Isil: r"^[A-Z]{1,4}-[A-Za-z0-9/:\-]{1,11}$",
    ids.EventId: r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
}
_PRINTABLE = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"
_LARGEST = 2**53 - 1
_TOLD = {(Kind.REQUEST, Kind.FACT): "Asked", (Kind.FACT,): "Told", (Kind.VOID,): "GivenUp", tuple(Kind): "InSequence"}
_NULL = {"type": "null"}
_DATE: Schema = {"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
_INSTANT: Schema = {"type": "string", "format": "date-time"}


class Schemas:
    """The schemas of a document by name: what was asked for, and all that it is made of."""

    def __init__(self) -> None:
        self.components: dict[str, Schema] = {}

    def asked(self, wanted: Any) -> Schema:
        """The schema of what a request may carry: a type, or a schema that may hold types."""
        return self._of(wanted, strict=True)

    def said(self, wanted: Any) -> Schema:
        """The schema of what an answer carries; an answer of the desk names its `outcome`."""
        outcome = _OUTCOME.get(wanted) if isinstance(wanted, type) else None
        if outcome is None:
            return self._of(wanted, strict=False)
        self.components[wanted.__name__] = self._object(wanted, strict=False, outcome=outcome)
        return _reference(wanted.__name__)

    def _of(self, wanted: Any, *, strict: bool) -> Schema:
        if isinstance(wanted, Acts):
            return self._acts(wanted)
        if isinstance(wanted, Mapping):
            return {key: self._within(value, strict=strict) for key, value in wanted.items()}
        if is_dataclass(wanted):
            return self._named(wanted, strict=strict)
        if isinstance(wanted, NewType):
            return {"type": "string", "pattern": _FORMS.get(wanted, _CODE), "maxLength": wire.MAX_TEXT}
        origin, inner = get_origin(wanted), get_args(wanted)
        if origin in (Union, UnionType):
            return self._union(inner, strict=strict)
        if origin in (tuple, frozenset):
            return {"type": "array", "items": self._of(inner[0], strict=strict)}
        if origin is not None and issubclass(origin, Mapping):
            names = {"pattern": "^[a-z][a-z_]{0,39}$"}
            return {"type": "object", "propertyNames": names, "additionalProperties": self._of(inner[1], strict=strict)}
        return _plain(wanted)

    def _within(self, value: Any, *, strict: bool) -> Any:
        """A part of a hand-written schema: types in it are replaced by their schemas."""
        if isinstance(value, list | tuple):
            return [self._within(one, strict=strict) for one in value]
        if isinstance(value, Mapping | type | NewType | Acts) or get_origin(value) is not None:
            return self._of(value, strict=strict)
        return value

    def _union(self, inner: tuple[Any, ...], *, strict: bool) -> Schema:
        choices = [_NULL if one is NoneType else self._value(one, strict=strict, among=inner) for one in inner]
        return {"anyOf": choices}

    def _value(self, one: Any, *, strict: bool, among: tuple[Any, ...]) -> Schema:
        """A date beside a text is written as an object (`wire.Value`), so that it can be told from one."""
        if one is date and str in among:
            return {"type": "object", "properties": {"date": _DATE}, "required": ["date"]}
        return self._of(one, strict=strict)

    def _named(self, wanted: Any, *, strict: bool) -> Schema:
        # An answer within another one does not name its outcome.
        name = wanted.__name__ + ("Asked" if strict else "Within" if wanted in _OUTCOME else "")
        if name not in self.components:
            self.components[name] = {}  # its place, for a fact that holds others of its kind
            self.components[name] = self._object(wanted, strict=strict)
        return _reference(name)

    def _object(self, wanted: Any, *, strict: bool, outcome: str = "") -> Schema:
        hints = get_type_hints(wanted)
        properties = {one.name: self._of(hints[one.name], strict=strict) for one in fields(wanted)}
        needed = [one.name for one in fields(wanted) if one.default is MISSING and one.default_factory is MISSING]
        made: Schema = {"type": "object", "properties": properties, "required": needed}
        if strict:
            return made | {"additionalProperties": False} | _ALSO.get(wanted, {})
        made["required"] = list(properties)
        if outcome:
            made["properties"] = {"outcome": {"const": outcome}, **properties}
            made["required"] = ["outcome", *properties]
        return made

    def _acts(self, acts: Acts) -> Schema:
        """An event is one of the actions, and names just what that needs (`Event.is_whole`)."""
        hints, parts = get_type_hints(Event), frozenset().union(*NEEDS.values())
        properties = {one.name: self._of(hints[one.name], strict=True) for one in fields(Event)}
        mapping = {}
        for action in sorted(acts.actions, key=lambda one: one.value):
            name = "".join(word.capitalize() for word in action.value.split("_")) + _TOLD[acts.kinds]
            needs = NEEDS[action]
            given = {one: properties[one]["anyOf"][0] if one in needs else _NULL for one in sorted(parts)}
            told = {"seq": properties["seq"] | {"minimum": 0}, "action": {"const": action.value}}
            told["kind"] = {"enum": [one.value for one in acts.kinds]}
            self.components[name] = {
                "type": "object",
                "properties": properties | told | given,
                "required": [one for one in properties if one not in parts] + sorted(needs),
                "additionalProperties": False,
            }
            mapping[action.value] = _reference(name)["$ref"]
        choices = [{"$ref": one} for one in mapping.values()]
        if len(choices) == 1:
            return dict(choices[0])
        return {"oneOf": choices, "discriminator": {"propertyName": "action", "mapping": mapping}}


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _plain(wanted: Any) -> Schema:
    if wanted is bool:
        return {"type": "boolean"}
    if wanted is int:
        return {"type": "integer", "minimum": -_LARGEST, "maximum": _LARGEST}
    if wanted is date:
        return dict(_DATE)
    if wanted is datetime:
        return dict(_INSTANT)
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return {"enum": [one.value for one in wanted]}
    return {"type": "string", "maxLength": wire.MAX_TEXT, "pattern": _PRINTABLE}


_NOT_NULL: Schema = {"not": _NULL}
# What the codec asks beyond the types (wire.decode_event, wire.decode_presented).
_ALSO: Mapping[type, Schema] = {
    Presented: {
        "description": "What was shown to a reader: a number, a chip's UID, or both.",
        "anyOf": [{"properties": {name: _NOT_NULL}, "required": [name]} for name in ("number", "uid")],
    },
    Told: {
        "description": "By which clock something is told: the id of the boot, and how long the kiosk has been running.",
        "allOf": [
            {
                "properties": {
                    "boot": {"minLength": 1, "maxLength": LONGEST_BOOT_ID},
                    "since_boot_ms": {"minimum": 0, "maximum": LONGEST_RUN // timedelta(milliseconds=1)},
                }
            }
        ],
    },
    Payment: {
        "description": "What the terminal says it took.",
        "allOf": [
            {
                "properties": {
                    "cents": {"minimum": 1},
                    "fees": {"minItems": 1},
                    "terminal": {"minLength": 1, "maxLength": LONGEST_REFERENCE},
                }
            }
        ],
    },
}
