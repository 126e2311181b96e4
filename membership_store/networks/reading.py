"""Reads a network file (TOML) whole: every trouble is told with its place; nothing is believed until there is none."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from circulation.catalogue import CATALOGUE
from circulation.identifiers import IdentifierError
from circulation.identifiers import code as a_code
from circulation.model import Subscription
from membership_store.database import Value
from membership_store.networks.fields import REQUIRED, BadValue, Field
from membership_store.networks.sections import INSTITUTION, SECTIONS, SUBSCRIPTION, TYPES, Section

Key = tuple[str, ...]


class BadNetwork(Exception):
    """The file cannot be used. `troubles`: one sentence each."""

    def __init__(self, troubles: list[str]) -> None:
        super().__init__(f"{len(troubles)} troubles in the file")
        self.troubles = troubles


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a section as the tables keep it: column to value, and the values of its lists by their name."""

    columns: Mapping[str, Value]
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Network:
    """What a file says. Sections by name, their rows by key."""

    consortium: str
    name: str
    sections: Mapping[str, Mapping[Key, Entry]]


def read(body: bytes) -> Network:
    """The network in a file. Raises BadNetwork."""
    try:
        data = tomllib.loads(body.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        why = "not UTF-8" if isinstance(fault, UnicodeDecodeError) else str(fault)
        raise BadNetwork([f"not TOML: {why}"]) from None
    troubles = [f"{name}: no such key or section" for name in sorted(set(data) - _KNOWN)]
    sections = {one.name: _section(one, data.get(one.name, []), troubles) for one in SECTIONS}
    if not data.get(SUBSCRIPTION.name):
        sections[SUBSCRIPTION.name] = _standard()
    troubles += _references(sections)
    try:
        consortium = a_code(data.get("consortium", "") if isinstance(data.get("consortium"), str) else "")
    except IdentifierError:
        troubles.append("consortium: a code of letters, digits, - and _")
        consortium = ""
    name = data.get("name", consortium)
    if not isinstance(name, str) or not name.strip():
        troubles.append("name: a text")
    if troubles:
        raise BadNetwork(troubles)
    return Network(consortium, name, sections)


_KNOWN = {"consortium", "name", *(one.name for one in SECTIONS)}


def _section(section: Section, rows: object, troubles: list[str]) -> dict[Key, Entry]:
    if not isinstance(rows, list) or not all(isinstance(one, dict) for one in rows):
        troubles.append(f"{section.name}: written as [[{section.name}]], once for each")
        return {}
    found: dict[Key, Entry] = {}
    for n, row in enumerate(rows, 1):
        place = f"[[{section.name}]] {n}"
        entry = _entry(section, row, place, troubles)
        key = tuple(str(entry.columns.get(one.column)) for one in section.keys.values())
        if key in found:
            troubles.append(f"{place}: stands there twice")
        found[key] = entry
    return found


def _entry(section: Section, row: Mapping[str, Any], place: str, troubles: list[str]) -> Entry:
    fields = {**section.keys, **section.fields}
    troubles += [f"{place}, {name}: no such key" for name in sorted(set(row) - set(fields) - set(section.lists))]
    columns = {one.column: _value(name, one, row, place, troubles) for name, one in fields.items()}
    lists = {}
    for name, listed in section.lists.items():
        given = row.get(name, list(listed.default))
        if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
            troubles.append(f"{place}, {name}: a list of codes in quotes")
            given = []
        lists[name] = tuple(sorted(set(given)))
    if section is SUBSCRIPTION:
        troubles += _odd_subscription(columns, place)
    return Entry(columns, lists)


def _value(name: str, one: Field, row: Mapping[str, Any], place: str, troubles: list[str]) -> Value:
    if name not in row:
        if one.default is REQUIRED:
            troubles.append(f"{place}, {name}: missing")
            return None
        return one.default  # type: ignore[return-value]
    try:
        return one.read(row[name])
    except BadValue as fault:
        troubles.append(f"{place}, {name}: needs {fault}")
        return None


def _odd_subscription(columns: Mapping[str, Value], place: str) -> Iterator[str]:
    if (columns["fine_per_day"] is None) != (columns["fine_maximum"] is None):
        yield f"{place}: fine_per_day and fine_maximum go together"
    first, last = columns["valid_from"], columns["valid_to"]
    if first is not None and last is not None and str(last) < str(first):
        yield f"{place}: ends before it begins"


def _references(sections: Mapping[str, Mapping[Key, Entry]]) -> Iterator[str]:
    """Whatever is named must stand in the file too: a group, an institution, a subscription."""
    known = {name: {key[0] for key in rows} for name, rows in sections.items()}
    for section in SECTIONS:
        fields = {**section.keys, **section.fields}
        for key, entry in sections[section.name].items():
            place = f"{section.name} {' '.join(key)}"
            for name, other in section.refers.items():
                value = entry.columns[fields[name].column]
                if value is not None and value not in known[other]:
                    yield f"{place}, {name}: there is no {other} of that code"
            for name, listed in section.lists.items():
                wanted = known[listed.of] if listed.of else TYPES
                yield from (
                    f"{place}, {name}: {one!r} is not known" for one in entry.lists.get(name, ()) if one not in wanted
                )
            if section is INSTITUTION and key[0] in entry.lists.get("accepts", ()):
                yield f"{place}, accepts: its own patrons need not be accepted"


def _standard() -> dict[Key, Entry]:
    """S1: the catalogue of the manuals, where the file has none of its own."""
    return {(one.code, one.valid_from.isoformat()): Entry(_columns(one)) for one in CATALOGUE}


def _columns(one: Subscription) -> dict[str, Value]:
    fine = one.fine
    special: dict[str, Value] = {
        "subscription": one.code,
        "valid_from": one.valid_from.isoformat(),
        "valid_to": one.valid_to.isoformat(),
        "fine_per_day": None if fine is None else fine.per_day,
        "fine_maximum": None if fine is None else fine.maximum,
    }
    fields = {**SUBSCRIPTION.keys, **SUBSCRIPTION.fields}
    plain = {it.column: getattr(one, name) for name, it in fields.items() if it.column not in special}
    return special | {column: int(value) if isinstance(value, bool) else value for column, value in plain.items()}
