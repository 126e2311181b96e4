"""Does the acts of staff: checks who asks, answers an EventId once and then always alike, and writes the audit row."""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from circulation import wire
from circulation.identifiers import EventId
from membership_store.answers import IdentityConflict
from membership_store.database import Database, Result, Session, insert, one
from membership_store.network import NoSuchBranch, load_here
from membership_store.staff.acts import Act, Answer, At, Denied, Done, Given, Manner, NoSuch, NotAllowed, stamp
from membership_store.staff.credentials import Role, Staff, staff_of

Clock = Callable[[], datetime]
OPERATOR = "operator"


def operator(consortium: str) -> Staff:
    """Whoever runs the store and works on its database: a manager of all, under that name in the audit."""
    return Staff(consortium, OPERATOR, Role.MANAGER)


class StaffDesk:
    """The staff's desk over a database. `clock` gives the instant in UTC, `chance` a key of 16 random hexadecimals.

    Every call may raise StoreUnavailable, NotAllowed, NoSuch and Unacceptable.
    """

    def __init__(
        self, database: Database, clock: Clock, chance: Callable[[], str] = lambda: secrets.token_hex(8)
    ) -> None:
        self._database = database
        self._clock = clock
        self._chance = chance

    def staff_of(self, token: str) -> Staff | None:
        """Whose token this is, or None."""
        return self._database.read(lambda session: staff_of(session, token))

    def find(self, staff: Staff, act: Act[Any], given: Given) -> bytes:
        """What is found, as JSON. An act that is to be audited leaves its row."""
        return self._within(act, lambda session: wire.dumps(_plain(self._do(session, staff, act, given))))

    def perform(self, staff: Staff, act: Act[Any], key: EventId, given: Given) -> bytes:
        """The answer to a write, as JSON, given after the commit and ever again under the same EventId.

        Raises IdentityConflict for another act under a known EventId.
        """
        prepared = None if act.before is None else act.before(given)
        body = self._database.write(lambda session: self._once(session, staff, act, key, given, prepared))
        self._sweep(act)
        return body

    def operate(self, staff: Staff, act: Act[Any], given: Given) -> Answer:
        """Does any act without an EventId: for whoever works on the database itself, never over a line."""
        prepared = None if act.before is None else act.before(given)
        said = self._within(act, lambda session: self._do(session, staff, act, given, prepared))
        self._sweep(act)
        return said

    def _within(self, act: Act[Any], work: Callable[[Session], Result]) -> Result:
        """One transaction for the act: what changes nothing keeps nobody from writing."""
        if act.manner is not Manner.FIND:
            return self._database.write(work)
        return (self._database.read_at_length if act.at_length else self._database.read)(work)

    def _sweep(self, act: Act[Any]) -> None:
        if act.sweeps:
            self._database.sweep()

    def _once(self, session: Session, staff: Staff, act: Act[Any], key: EventId, given: Given, prepared: Any) -> bytes:
        check(staff, act)
        identity = _identity(session, staff, act, given)
        kept = one(
            session.rows(
                "SELECT identity, body FROM staff_answer WHERE consortium = ? AND staff = ? AND event = ?",
                staff.consortium,
                staff.id,
                key,
            )
        )
        if kept is not None:
            if kept[0] != identity:
                raise IdentityConflict
            return str(kept[1]).encode()
        body = wire.dumps(_plain(self._do(session, staff, act, given, prepared)))
        insert(
            session,
            "staff_answer",
            consortium=staff.consortium,
            staff=staff.id,
            event=key,
            identity=identity,
            status=200,
            body=body.decode(),
            answered_at=stamp(self._clock()),
        )
        return body

    def _do(self, session: Session, staff: Staff, act: Act[Any], given: Given, prepared: Any = None) -> Answer:
        check(staff, act)
        now = self._clock()
        try:
            here = load_here(session, staff.consortium, given.branch, now)
        except NoSuchBranch:
            raise NotAllowed from None  # as a branch of others: nobody finds out which there are
        at = At(session, staff, here, now, self._chance, prepared)
        if staff.institution not in (None, at.institution):
            raise NotAllowed
        said = act.do(at, given)
        if isinstance(said, Done) and act.manner is not Manner.FIND:
            write_down(session, staff, act.path, said, now, self._chance())
        return said


def check(staff: Staff, act: Act[Any]) -> None:
    """Raises NotAllowed where the role of who asks does not include what the act asks for."""
    if not staff.role.includes(act.role):
        raise NotAllowed


def write_down(session: Session, staff: Staff, act: str, done: Done, now: datetime, key: str) -> None:
    """The audit row: who did what, to which patron by reference, and what of; never a name or a number of a pass."""
    insert(
        session,
        "audit",
        consortium=staff.consortium,
        entry=f"{stamp(now)}/{key}",
        staff=staff.id,
        act=act,
        patron=done.patron,
        subject=done.subject,
        done_at=stamp(now),
    )


def _plain(said: Answer) -> dict[str, Any]:
    if isinstance(said, Denied):
        return {"outcome": "denied", "reason": said.reason, "rule": said.rule, "values": plain(said.values)}
    return {"outcome": "done", **plain(said.said)}


def plain(value: Any) -> Any:
    """Plain JSON data of what an act says: dates as ISO text, facts by their fields, texts made printable."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return wire.encode(value)


def _identity(session: Session, staff: Staff, act: Act[Any], given: Any) -> str:
    """A keyed hash of the act and what was given, secrets left out: what was asked, not readable from the row."""
    row = one(session.rows("SELECT identity_key FROM consortium WHERE consortium = ?", staff.consortium))
    if row is None:
        raise NoSuch("consortium")
    told = {one.name: wire.encode(getattr(given, one.name)) for one in fields(given) if not one.metadata.get("secret")}
    said = wire.dumps([act.path, told])
    return hashlib.blake2b(said, key=bytes.fromhex(row[0]), digest_size=32).hexdigest()
