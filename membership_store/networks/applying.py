"""Brings a consortium's tables to what a network file says, in one transaction; the same file again changes nothing."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from membership_store import register
from membership_store.database import Database, Session, Value, insert
from membership_store.networks.reading import BadNetwork, Entry, Key, Network
from membership_store.networks.sections import SECTIONS, Section


@dataclass(frozen=True, slots=True)
class Change:
    """One row that is new, changed, taken away, or stands although the file does not name it ("kept")."""

    section: str
    key: str
    what: str


class _OnlyLooking(Exception):
    """A dry run ends so: everything was tried, nothing stays."""

    def __init__(self, changes: list[Change]) -> None:
        super().__init__("a dry run")
        self.changes = changes


def apply(
    database: Database,
    network: Network,
    moment: datetime,
    *,
    dry_run: bool = False,
    also: Callable[[Session, list[Change]], None] = lambda _session, _changes: None,
) -> list[Change]:
    """What was changed (in a dry run: what would be). `also` runs in the same transaction. Raises BadNetwork."""

    def work(session: Session) -> list[Change]:
        changes = _apply(session, network, moment)
        if dry_run:
            raise _OnlyLooking(changes)
        if any(one.what != "kept" for one in changes):
            register.network_changed(session, network.consortium)
            also(session, changes)
        return changes

    try:
        return database.write(work)
    except _OnlyLooking as looked:
        return looked.changes


def standing(session: Session, consortium: str, section: Section) -> dict[Key, Entry]:
    """The rows of a section as the tables keep them."""
    fields = [*section.keys.values(), *section.fields.values()]
    names = ", ".join(one.column for one in fields)
    sql = f"SELECT {names} FROM {section.table} WHERE consortium = ?"  # noqa: S608 - words of this program
    lists = {name: _listed(session, consortium, section, name) for name in section.lists}
    found = {}
    for row in sorted(session.rows(sql, consortium), key=lambda row: tuple(map(str, row))):
        key = tuple(str(value) for value in row[: len(section.keys)])
        columns = {one.column: value for one, value in zip(fields, row, strict=True)}
        found[key] = Entry(columns, {name: tuple(sorted(lists[name].get(key[0], ()))) for name in section.lists})
    return found


def _listed(session: Session, consortium: str, section: Section, name: str) -> dict[str, list[str]]:
    listed, owner = section.lists[name], next(iter(section.keys.values())).column
    sql = f"SELECT {owner}, {listed.column} FROM {listed.table} WHERE consortium = ?"  # noqa: S608
    found: dict[str, list[str]] = {}
    for key, value in session.rows(sql, consortium):
        found.setdefault(str(key), []).append(str(value))
    return found


def _apply(session: Session, network: Network, moment: datetime) -> list[Change]:
    code, changes = network.consortium, list[Change]()
    if not session.rows("SELECT 1 FROM consortium WHERE consortium = ?", code):
        register.add_consortium(session, code, network.name, moment.date().isoformat(), secrets.token_hex(32))
        changes.append(Change("consortium", code, "new"))
    else:
        session.run("UPDATE consortium SET name = ? WHERE consortium = ?", network.name, code)
    before = {one.name: standing(session, code, one) for one in SECTIONS}
    for section in SECTIONS:
        wanted = network.sections[section.name]
        changes += _rows(session, code, section, before[section.name], wanted)
    for section in SECTIONS:  # only now, when every row that a list may name is there
        for key, entry in network.sections[section.name].items():
            changes += _lists(session, code, section, key, before[section.name].get(key), entry)
    return changes


def _rows(
    session: Session, code: str, section: Section, before: Mapping[Key, Entry], wanted: Mapping[Key, Entry]
) -> list[Change]:
    changes = []
    for key, entry in wanted.items():
        stands = before.get(key)
        if stands is None:
            insert(session, section.table, consortium=code, **entry.columns)
            changes.append(Change(section.name, " ".join(key), "new"))
        elif stands.columns != entry.columns:
            _refuse_moves(section, stands, entry, key)
            _update(session, code, section, entry)
            changes.append(Change(section.name, " ".join(key), "changed"))
    for key in sorted(set(before) - set(wanted)):
        if section.whole:
            _delete(session, code, section, before[key])
        changes.append(Change(section.name, " ".join(key), "taken away" if section.whole else "kept"))
    return changes


def _refuse_moves(section: Section, stands: Entry, entry: Entry, key: Key) -> None:
    """A branch with its items and loans belongs where it belongs: another institution is another branch."""
    if section.name == "branch" and stands.columns["institution"] != entry.columns["institution"]:
        raise BadNetwork([f"branch {key[0]}, institution: a branch cannot move to another; give it a new code"])


def _update(session: Session, code: str, section: Section, entry: Entry) -> None:
    columns = [one.column for one in section.fields.values()]
    changed = ", ".join(f"{column} = ?" for column in columns)
    where, keys = _where(section, entry)
    values = [entry.columns[column] for column in columns]
    session.run(f"UPDATE {section.table} SET {changed} WHERE consortium = ?{where}", *values, code, *keys)  # noqa: S608


def _delete(session: Session, code: str, section: Section, entry: Entry) -> None:
    where, keys = _where(section, entry)
    session.run(f"DELETE FROM {section.table} WHERE consortium = ?{where}", code, *keys)  # noqa: S608


def _where(section: Section, entry: Entry) -> tuple[str, list[Value]]:
    columns = [one.column for one in section.keys.values()]
    return "".join(f" AND {one} = ?" for one in columns), [entry.columns[one] for one in columns]


def _lists(session: Session, code: str, section: Section, key: Key, stands: Entry | None, entry: Entry) -> list[Change]:
    """Each list as the file says it."""
    changes, owner = [], next(iter(section.keys.values())).column
    for name, listed in section.lists.items():
        if stands is not None and stands.lists[name] == entry.lists[name]:
            continue
        session.run(f"DELETE FROM {listed.table} WHERE consortium = ? AND {owner} = ?", code, key[0])  # noqa: S608
        for value in entry.lists[name]:
            insert(session, listed.table, consortium=code, **{owner: key[0], listed.column: value})
        if stands is not None:
            changes.append(Change(section.name, f"{key[0]} {name}", "changed"))
    return changes
