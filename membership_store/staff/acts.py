"""What an act of staff is: where it is done, what it answers, and one row of the table of all acts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, Generic, Protocol, TypeVar

from circulation import wire
from circulation.identifiers import BranchCode, InstitutionCode
from circulation.outcomes import Refused
from circulation.rules.facts import Here
from membership_store import changes
from membership_store.database import Row, Session, Value, insert, one
from membership_store.members import Member, load
from membership_store.staff.credentials import Role, Staff


class NoSuch(LookupError):
    """What the act names is not there, or not in the network of who asks. `what`: a word of ours, never a value."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class NotAllowed(Exception):
    """The role or the institution of who asks does not allow the act."""


class Unacceptable(ValueError):
    """What was given cannot be right whatever the books say. The message names the field, never its value."""

    def __init__(self, field_name: str, problem: str) -> None:
        super().__init__(f"{field_name}: {problem}")


@dataclass(frozen=True, slots=True)
class Done:
    """It was done, or found. `said`: plain JSON data; what is kept of it (writes) holds references only, no names.

    `patron` and `subject` stand in the audit: a reference, and keys or codes of ours.
    """

    said: Mapping[str, Any] = field(default_factory=dict)
    patron: str | None = None
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Denied:
    """No, by this rule; nothing was changed. `values` hold counts, cents, dates and codes, no names."""

    reason: str
    rule: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def by(cls, refused: Refused) -> "Denied":
        """What a rule of circulation refused."""
        return cls(refused.reason.value, refused.rule, dict(wire.encode(dict(refused.values))))


Answer = Done | Denied


@dataclass(frozen=True, slots=True)
class At:
    """Where one act is done: one transaction, who does it, at which branch, at which instant (UTC).

    `chance` gives a new random key of 16 hexadecimals; `prepared`: what the act made before the transaction.
    """

    session: Session
    staff: Staff
    here: Here
    now: datetime
    chance: Callable[[], str]
    prepared: Any = None

    @property
    def consortium(self) -> str:
        """Of who asks: nothing of another is ever read."""
        return self.staff.consortium

    @property
    def institution(self) -> InstitutionCode:
        """Of the branch."""
        return self.here.branch.institution

    @property
    def today(self) -> date:
        """The library's own date."""
        return self.here.today

    @property
    def stamp(self) -> str:
        """The instant as it is written down."""
        return stamp(self.now)

    def rows(self, sql: str, *values: Value) -> list[Row]:
        """Rows of a query whose first `?` is the consortium."""
        return self.session.rows(sql, self.consortium, *values)

    def one(self, sql: str, *values: Value) -> Row | None:
        """The first row of a query whose first `?` is the consortium, or None."""
        return one(self.rows(sql, *values))

    def run(self, sql: str, *values: Value) -> int:
        """Runs a statement whose last values are the consortium and the keys."""
        return self.session.run(sql, *values)

    def add(self, table: str, **columns: Value) -> None:
        """Adds a row of this consortium."""
        insert(self.session, table, consortium=self.consortium, **columns)

    def member(self, patron: str) -> Member:
        """The patron, locked against other writers. Raises NoSuch for one who is not in this network (K5)."""
        self.session.lock("patron", self.consortium, patron)
        member = load(self.session, self.consortium, patron)
        if member is None or not self.knows(patron):
            raise NoSuch("patron")
        return member

    @property
    def network(self) -> frozenset[InstitutionCode]:
        """Whose patrons may be found here: those of the institutions of its cooperation, of any kind (N1, N11)."""
        if self.staff.institution is None:
            return frozenset(self.here.institutions)
        return frozenset(
            code for code in self.here.institutions if code == self.institution or self.here.same_group(code)
        )

    def knows(self, patron: str) -> bool:
        """Whether a patron belongs to this network: by a membership however old, a pass or the main library."""
        row = self.one("SELECT main_library, erased_at FROM patron WHERE consortium = ? AND patron = ?", patron)
        if row is None or row[1] is not None:
            return False
        if self.staff.institution is None or row[0] in self.network:
            return True
        places = self.rows(
            "SELECT institution FROM membership WHERE consortium = ? AND patron = ?"
            " UNION SELECT i.institution FROM pass p JOIN pass_institution i"
            " ON i.consortium = p.consortium AND i.pass = p.pass WHERE p.consortium = ? AND p.patron = ?",
            patron,
            self.consortium,
            patron,
        )
        return any(place in self.network for (place,) in places)

    def changed(self, patron: str) -> None:
        """The kiosks' mirrors are to be told of this patron."""
        grown = "UPDATE patron SET version = version + 1 WHERE consortium = ? AND patron = ?"
        self.run(grown, self.consortium, patron)
        changes.touch(self.session, self.consortium, changes.PATRON, patron)

    def changed_item(self, item: str) -> None:
        """The kiosks' mirrors are to be told of this item."""
        changes.touch(self.session, self.consortium, changes.ITEM, item)


def stamp(moment: datetime) -> str:
    """An instant as it is written down: ISO 8601, UTC, microseconds, so that texts sort as instants do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


class Manner(Enum):
    """How an act is done: FIND changes nothing; LOOK leaves an audit row; WRITE is answered once for each EventId."""

    FIND = "find"
    LOOK = "look"
    WRITE = "write"


class Given(Protocol):
    """What is asked with an act: always at which branch."""

    @property
    def branch(self) -> BranchCode:
        """Where the member of staff stands."""
        ...


Asked = TypeVar("Asked", bound=Given)


@dataclass(frozen=True, slots=True)
class Act(Generic[Asked]):
    """One thing that staff do. `path`: under /v1/staff/, and its name in the audit. `role`: the least that may.

    `before` makes from what was asked whatever is too slow for a transaction. `sweeps`: what was deleted is to leave
    the disk at once. `at_length`: it counts a whole library, and may take a minute (FIND only).
    """

    path: str
    summary: str
    takes: type[Asked]
    do: Callable[[At, Asked], Answer]
    role: Role = Role.DESK
    manner: Manner = Manner.WRITE
    before: Callable[[Asked], Any] | None = None
    sweeps: bool = False
    at_length: bool = False
