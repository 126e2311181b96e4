"""`staff add/renew/end/list` and `audit`: who works at the desk, and what was done there."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from circulation import identifiers as ids
from membership_store.cli.command import Commands, Trouble, add, consortium, family, now, opened, show, takes_json
from membership_store.cli.desk_commands import chance
from membership_store.credentials import write_token
from membership_store.database import Database, Session, one
from membership_store.staff.acts import Done, stamp
from membership_store.staff.credentials import Role, Staff, StaffExists, add_staff, end_staff, renew_credential
from membership_store.staff.desk import operator, write_down

Answer = TypeVar("Answer")
_NOBODY = "there is nobody of that id with a credential that still counts"


def register(commands: Commands) -> None:
    """Adds the commands."""
    staff = family(commands, "staff", "who works at the desk, and their credentials")
    adding = add(staff, "add", "give somebody at the desk a credential", _add)
    adding.add_argument("--role", choices=[one.value for one in Role], required=True)
    adding.add_argument("--institution", help="whose desk; without it, every desk of the consortium")
    renewing = add(staff, "renew", "give somebody a new credential; the old one is void at once", _renew)
    ending = add(staff, "end", "end a credential for good", _end)
    for command in (adding, renewing, ending):
        command.add_argument("--staff", required=True, metavar="ID", help="a code that names nobody, such as desk-3")
    for command in (adding, renewing):
        command.add_argument("--token-file", type=Path, help="write the credential there instead of printing it")
    listing = add(staff, "list", "who has a credential", _list)
    audit = add(commands, "audit", "who did what at the desk", _audit)
    audit.add_argument("--staff", metavar="ID")
    audit.add_argument("--patron", metavar="REF")
    audit.add_argument("--last", type=int, default=100, metavar="N", help="at most so many (%(default)s)")
    for command in (adding, renewing, ending, listing, audit):
        command.add_argument("--consortium")
    for command in (listing, audit):
        takes_json(command)


def write_down_act(session: Session, code: str, act: str, subject: str) -> None:
    """The audit row of an act at this command line."""
    write_down(session, operator(code), act, Done(subject=subject), now(), chance())


def written_down(
    given: argparse.Namespace, act: str, subject: str, work: Callable[[Session, str], Answer | None]
) -> Answer | None:
    """Does `work` in the consortium that is meant, with its audit row; without one where it answers None."""
    with opened(given) as database:
        code = consortium(database, given)

        def both(session: Session) -> Answer | None:
            done = work(session, code)
            if done is not None:
                write_down_act(session, code, act, subject)
            return done

        return database.write(both)


def tell_token(given: argparse.Namespace, token: str, sentence: str) -> None:
    """Into the file that is asked for, with that sentence on the screen; else the token alone."""
    if given.token_file is None:
        print(token)
        return
    write_token(given.token_file, token)
    print(sentence)


def _add(given: argparse.Namespace) -> None:
    with opened(given) as database:
        code = consortium(database, given)
        staff = Staff(code, ids.code(given.staff), Role(given.role), _institution(database, code, given.institution))

        def work(session: Session) -> str:
            write_down_act(session, code, "staff/add", staff.id)
            return add_staff(session, staff)

        try:
            token = database.write(work)
        except StaffExists:
            raise Trouble(f"there is somebody called {staff.id} already; give another id, or `staff renew`") from None
    _tell(given, token, f"{staff.id} is {staff.role.value} of {staff.institution or 'every institution'}")


def _institution(database: Database, code: str, institution: str | None) -> ids.InstitutionCode | None:
    if institution is None:
        return None
    known = "SELECT 1 FROM institution WHERE consortium = ? AND institution = ?"
    if one(database.read(lambda session: session.rows(known, code, institution))) is None:
        raise Trouble("there is no such institution in this consortium")
    return ids.InstitutionCode(institution)


def _renew(given: argparse.Namespace) -> None:
    known = "SELECT role FROM staff WHERE consortium = ? AND staff = ? AND ended_at IS NULL"

    def work(session: Session, code: str) -> str | None:
        row = one(session.rows(known, code, given.staff))
        return renew_credential(session, Staff(code, given.staff, Role(row[0]))) if row else None

    token = written_down(given, "staff/renew", given.staff, work)
    if token is None:
        raise Trouble(_NOBODY)
    _tell(given, token, f"{given.staff} has a new credential, and the old one is void")


def _end(given: argparse.Namespace) -> None:
    def work(session: Session, code: str) -> bool | None:
        return end_staff(session, code, given.staff, stamp(now())) or None

    if not written_down(given, "staff/end", given.staff, work):
        raise Trouble(_NOBODY)
    print(f"the credential of {given.staff} counts no more")


def _tell(given: argparse.Namespace, token: str, sentence: str) -> None:
    tell_token(given, token, f"{sentence}; the credential is in {given.token_file}")


def _list(given: argparse.Namespace) -> None:
    with opened(given) as database:
        code = consortium(database, given)
        rows = database.read(
            lambda session: session.rows(
                "SELECT staff, role, institution, ended_at FROM staff WHERE consortium = ? ORDER BY staff", code
            )
        )
    names = ("staff", "role", "institution", "ended_at")
    found = [dict(zip(names, row, strict=True)) for row in rows]
    show(found, as_json=given.json, nothing="nobody has a credential yet: `staff add`")


def _audit(given: argparse.Namespace) -> None:
    sql, values = "SELECT done_at, staff, act, patron, subject FROM audit WHERE consortium = ?", [given.patron]
    wanted = [(name, value) for name, value in (("patron", given.patron), ("staff", given.staff)) if value]
    values = [value for _, value in wanted]
    sql += "".join(f" AND {name} = ?" for name, _ in wanted) + " ORDER BY entry DESC LIMIT ?"
    with opened(given) as database:
        code = consortium(database, given)
        rows = database.read(lambda session: session.rows(sql, code, *values, max(1, given.last)))
    names = ("done_at", "staff", "act", "patron", "subject")
    found = [dict(zip(names, row, strict=True)) for row in reversed(rows)]
    show(found, as_json=given.json, nothing="nothing was done yet")
