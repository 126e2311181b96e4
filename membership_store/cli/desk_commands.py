"""`desk`: any act of staff, worked on the database itself; and the acts that whoever runs the store needs most."""

import argparse
import json
import secrets
import sys
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from circulation import identifiers as ids
from circulation import wire
from membership_store.cli.command import Commands, Trouble, add, consortium, family, now, opened, show, takes_json
from membership_store.database import Database, one
from membership_store.guests.asking import Asker
from membership_store.guests.desk import GuestDesk
from membership_store.staff.acts import Answer, Denied, NoSuch, NotAllowed, Unacceptable
from membership_store.staff.credentials import Role, Staff
from membership_store.staff.desk import operator, plain
from membership_store.staff.table import ACTS, BY_PATH


def chance() -> str:
    """A key of 16 random hexadecimals."""
    return secrets.token_hex(8)


def register(commands: Commands) -> None:
    """Adds the commands."""
    desk = add(commands, "desk", "do any act of staff, given as JSON", _desk)
    desk.add_argument("act", help="such as patrons/search; `desk-acts` lists them")
    desk.add_argument("--as", dest="who", metavar="ID", help="in whose name; without it, the operator's")
    desk.add_argument("--body", type=Path, metavar="FILE", help="the JSON; without it, standard input")
    add(commands, "desk-acts", "list what staff can do", _acts)
    patron = family(commands, "patron", "one patron")
    for name, what, do in (
        ("find", "find patrons by number, surname or birth date", _find),
        ("look", "all that the desk may see of a patron", _of("patrons/look")),
        ("export", "all that is kept of a patron, as JSON (GDPR art. 15)", _of("patrons/export")),
        ("erase", "erase a patron (GDPR art. 17)", _of("patrons/erase")),
    ):
        command = add(patron, name, what, do)
        if name == "find":
            command.add_argument("--number")
            command.add_argument("--surname", default="")
            command.add_argument("--born", type=_day, metavar="YYYY-MM-DD")
            takes_json(command)
        else:
            command.add_argument("patron", metavar="REF")
        _at_branch(command)
    for name, what, path, key in (
        ("ending", "memberships that end soon (N8)", "memberships/ending", "memberships"),
        ("overdue", "whom to remind of what is late (A3)", "reminders/overdue", "loans"),
        ("duplicates", "who may stand in the books twice (N12)", "patrons/duplicates", "duplicates"),
        ("flags", "what happened although a rule says no", "flags/list", "flags"),
    ):
        command = add(commands, name, what, _list_of(path, key))
        _at_branch(command)
        takes_json(command)
    statistics = add(commands, "statistics", "what an institution did in a period (A3)", _statistics)
    statistics.add_argument("--first", type=_day, required=True, metavar="YYYY-MM-DD")
    statistics.add_argument("--last", type=_day, required=True, metavar="YYYY-MM-DD")
    case = add(commands, "case", "the case under a hand-over code (N10)", _case)
    case.add_argument("code")
    closed = add(commands, "calendar", "the closed days of a branch; --close and --reopen change them", _calendar)
    closed.add_argument("--close", type=_day, nargs="+", default=[], metavar="YYYY-MM-DD")
    closed.add_argument("--reopen", type=_day, nargs="+", default=[], metavar="YYYY-MM-DD")
    for command in (statistics, closed):
        takes_json(command)
    for command in (statistics, case, closed):
        _at_branch(command)


def _at_branch(command: argparse.ArgumentParser) -> None:
    command.add_argument("--branch", required=True, help="at whose desk")
    command.add_argument("--consortium")


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("a day is YYYY-MM-DD") from None
    if day.isoformat() != text:
        raise argparse.ArgumentTypeError("a day is YYYY-MM-DD")
    return day


def perform(database: Database, staff: Staff, path: str, asked: Mapping[str, object]) -> Answer:
    """Does the act of that path on the database. Raises Trouble, which never repeats a value."""
    act = BY_PATH.get(path)
    if act is None:
        raise Trouble("there is no such act: `desk-acts` lists them")
    try:
        given = wire.decode(act.takes, wire.loads(wire.dumps(plain(dict(asked)))))
        return GuestDesk(database, now, Asker().ask, chance).operate(staff, act, given)
    except wire.WireError as fault:
        raise Trouble(f"what was given cannot be used: {fault}") from None
    except Unacceptable as fault:
        raise Trouble(f"what was given cannot be right: {fault}") from None
    except NoSuch as fault:
        raise Trouble(f"there is no such {fault.what}") from None
    except NotAllowed:
        raise Trouble("there is no such branch, or the act is not allowed there") from None


def _done(given: argparse.Namespace, path: str, **asked: object) -> dict[str, Any]:
    """What the act says, done by the operator at the branch that was given. Raises Trouble where a rule says no."""
    with opened(given) as database:
        staff = operator(consortium(database, given))
        return _said(perform(database, staff, path, {"branch": given.branch, **asked}))


def _said(answer: Answer) -> dict[str, Any]:
    if isinstance(answer, Denied):
        values = ", ".join(f"{name} {value}" for name, value in sorted(answer.values.items()))
        raise Trouble(f"no, by {answer.rule}: {answer.reason}" + (f" ({values})" if values else ""))
    said: dict[str, Any] = plain(answer.said)
    return said


def _print(said: object) -> None:
    print(json.dumps(said, ensure_ascii=False, indent=2))


def _desk(given: argparse.Namespace) -> None:
    try:
        body = given.body.read_bytes() if given.body else sys.stdin.buffer.read()
        asked = wire.loads(body)
    except wire.WireError as fault:
        raise Trouble(f"what was given cannot be used: {fault}") from None
    if not isinstance(asked, dict) or not isinstance(asked.get("branch"), str):
        raise Trouble("what was given cannot be used: branch: missing")
    given.branch, given.consortium = asked["branch"], None
    with opened(given) as database:
        staff = _staff(database, consortium(database, given), given.who)
        _print(_said(perform(database, staff, given.act, asked)))


def _staff(database: Database, code: str, who: str | None) -> Staff:
    if who is None:
        return operator(code)
    known = "SELECT role, institution FROM staff WHERE consortium = ? AND staff = ? AND ended_at IS NULL"
    row = one(database.read(lambda session: session.rows(known, code, who)))
    if row is None:
        raise Trouble("there is nobody of that id with a credential that still counts")
    return Staff(code, who, Role(row[0]), ids.InstitutionCode(row[1]) if row[1] else None)


def _acts(given: argparse.Namespace) -> None:
    del given
    show(
        [{"act": act.path, "role": act.role.value, "what": act.summary} for act in ACTS],
        as_json=False,
        nothing="nothing",
    )


def _find(given: argparse.Namespace) -> None:
    said = _done(given, "patrons/search", number=given.number, surname=given.surname, born=given.born)
    show(said["patrons"], as_json=given.json, nothing="nobody in this network")


def _of(path: str) -> Callable[[argparse.Namespace], None]:
    def do(given: argparse.Namespace) -> None:
        _print(_done(given, path, patron=given.patron))

    return do


def _list_of(path: str, key: str) -> Callable[[argparse.Namespace], None]:
    def do(given: argparse.Namespace) -> None:
        rows: list[dict[str, object]] = []
        with opened(given) as database:
            staff = operator(consortium(database, given))
            after: str | None = ""
            while after is not None:
                said = _said(perform(database, staff, path, {"branch": given.branch, "after": after, "limit": 500}))
                rows += said[key]
                after = said["next"]
        show(rows, as_json=given.json, nothing="nothing to show")

    return do


def _statistics(given: argparse.Namespace) -> None:
    said = _done(given, "statistics", first=given.first, last=given.last)
    show([said], as_json=given.json, nothing="nothing")


def _case(given: argparse.Namespace) -> None:
    _print(_done(given, "cases/find", code=given.code))


def _calendar(given: argparse.Namespace) -> None:
    for path, days in (("calendar/close", given.close), ("calendar/reopen", given.reopen)):
        if days:
            _done(given, path, days=days)
    days = _done(given, "calendar/closed")["days"]
    show([{"day": day} for day in days], as_json=given.json, nothing="no closed days from today on")
