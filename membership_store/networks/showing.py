"""Writes a consortium's network as the file that `network apply` reads; what is as usual is left out."""

import json
from collections.abc import Iterator

from membership_store.database import Session, Value, one
from membership_store.networks.applying import standing
from membership_store.networks.fields import Field
from membership_store.networks.reading import Entry
from membership_store.networks.sections import SECTIONS, Section


def show(session: Session, consortium: str) -> str:
    """The file, in TOML. Raises LookupError where there is no such consortium."""
    row = one(session.rows("SELECT name FROM consortium WHERE consortium = ?", consortium))
    if row is None:
        raise LookupError(consortium)
    lines = [f"consortium = {json.dumps(consortium)}", f"name = {json.dumps(row[0], ensure_ascii=False)}"]
    for section in SECTIONS:
        for entry in standing(session, consortium, section).values():
            lines += ["", f"[[{section.name}]]", *_entry(section, entry)]
    return "\n".join(lines) + "\n"


def _entry(section: Section, entry: Entry) -> Iterator[str]:
    for name, field in {**section.keys, **section.fields}.items():
        kept = entry.columns[field.column]
        if kept != field.default:
            yield f"{name} = {_value(field, kept)}"
    for name, listed in section.lists.items():
        if entry.lists[name] != listed.default:
            yield f"{name} = {json.dumps(list(entry.lists[name]))}"


def _value(field: Field, kept: Value) -> str:
    shown = field.shown(kept)
    if isinstance(shown, bool | int):
        return json.dumps(shown)
    return str(shown) if field.is_day else json.dumps(shown, ensure_ascii=False)
