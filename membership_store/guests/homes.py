"""The libraries from which guests come (G1), and what can be asked of one: does this membership run, and until when?"""

from dataclasses import dataclass, field
from typing import Protocol

from circulation import identifiers as ids
from circulation.model import PatronType
from circulation.rules.guests import HomeSays
from membership_store.database import Session, one


@dataclass(frozen=True, slots=True)
class Question:
    """Whom it is about: the number of the home library's pass, its chip, or both. `pin`: is proved there too (G10)."""

    isil: ids.Isil
    number: ids.PassNumber | None = field(default=None, repr=False)
    uid: ids.ChipUid | None = field(default=None, repr=False)
    pin: str | None = field(default=None, repr=False)


class HomeLibrary(Protocol):
    """A guest's home library. It tells whether a membership runs and until when, and nothing else of anybody (G2)."""

    def ask(self, question: Question, within_s: float) -> HomeSays:
        """What home says, within so many seconds in all. No answer, or one that cannot be believed, is SILENT.

        Blocking; for one thread at a time.
        """
        ...

    def close(self) -> None:
        """Lets go of the line."""
        ...


@dataclass(frozen=True, slots=True)
class Home:
    """How a home library is asked. `secret_file`: where its credential stands; `per_minute`: questions at most."""

    isil: ids.Isil
    name: str
    connector: str = ""
    address: str = ""
    secret_file: str = ""
    per_minute: int = 600
    province: str = ""


def isil_of(text: str | None) -> ids.Isil | None:
    """G1: the ISIL, or None where it is missing or malformed."""
    try:
        return ids.isil(text) if text else None
    except ids.IdentifierError:
        return None


def home_of(session: Session, consortium: str, isil: ids.Isil) -> Home | None:
    """The library of that ISIL, or None where nobody lists it (G1)."""
    row = one(
        session.rows(
            "SELECT name, connector, address, secret_file, per_minute, province FROM home_library"
            " WHERE consortium = ? AND isil = ?",
            consortium,
            isil,
        )
    )
    if row is None:
        return None
    name, connector, address, secret_file, per_minute, province = row
    return Home(isil, name, connector, address, secret_file, int(per_minute), province)


def homes_named(session: Session, consortium: str, words: str, most: int = 50) -> list[tuple[str, str, str]]:
    """G1: the ISIL, name and province of the listed libraries with these letters in code or name, by ISIL."""
    wanted = words.casefold()
    rows = session.rows("SELECT isil, name, province FROM home_library WHERE consortium = ?", consortium)
    found = sorted((isil, name, province) for isil, name, province in rows)
    return [row for row in found if wanted in row[0].casefold() or wanted in row[1].casefold()][:most]


def homes_to_ask(session: Session, consortium: str) -> list[tuple[ids.Isil, str]]:
    """The ISIL and name of the listed libraries that can be asked, by name."""
    rows = session.rows("SELECT isil, name FROM home_library WHERE consortium = ? AND connector <> ''", consortium)
    found = ((isil_of(str(isil)), str(name)) for isil, name in rows)
    return sorted(((isil, name) for isil, name in found if isil is not None), key=lambda one: (one[1].casefold(), one))


def shared_isil(session: Session, consortium: str, number: ids.PassNumber) -> ids.Isil | None:
    """G1: the ISIL that this system knows for a guest's number already; None where it knows none or several."""
    rows = session.rows(
        "SELECT DISTINCT p.home FROM pass c JOIN patron p ON p.consortium = c.consortium AND p.patron = c.patron"
        " WHERE c.consortium = ? AND c.number = ? AND p.type = ? AND p.home IS NOT NULL AND p.erased_at IS NULL",
        consortium,
        number,
        PatronType.GUEST.value,
    )
    return isil_of(str(rows[0][0])) if len(rows) == 1 else None
