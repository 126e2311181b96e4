"""Who a patron is: what the desk asks (K14), which of it is mandatory for whom, and how a surname is found again."""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date

from circulation.model import Sex
from circulation.rules.offers import OF_AGE, age_on
from membership_store.database import Session, insert, one

HEAD = 3
# The manual's birth date of a school or a home: it proves nothing, and keeps salutations elsewhere right (S4).
INSTITUTION_BORN = date(1980, 1, 1)
_POSTCODE = re.compile(r"[1-9][0-9]{3} ?[A-Z]{2}|[1-9][0-9]{3}")
_OLDEST = 130
LONGEST_LANGUAGE = 10
_TEXTS = (
    "surname", "prefix", "initials", "email", "phone", "street", "house_number", "postcode", "town", "selection",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person or an institution as the desk writes it down. `prefix`: such as "van der"; `first_name`: of youth only.

    `selection`: a code such as vrijwilliger or Boekstart. Out of the repr, so that no log can hold it.
    """

    surname: str = field(repr=False)
    prefix: str = field(default="", repr=False)
    initials: str = field(default="", repr=False)
    first_name: str = field(default="", repr=False)
    sex: Sex = Sex.UNKNOWN
    born: date | None = field(default=None, repr=False)
    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    street: str = field(default="", repr=False)
    house_number: str = field(default="", repr=False)
    postcode: str = field(default="", repr=False)
    town: str = field(default="", repr=False)
    selection: str = ""
    newsletter: bool = False
    identity_checked: bool = False

    @property
    def is_institution(self) -> bool:
        """S4: told by this field, never by a birth date."""
        return self.sex is Sex.INSTITUTION

    def is_youth(self, today: date) -> bool:
        """S4: a person under 19."""
        return not self.is_institution and self.born is not None and age_on(self.born, today) < OF_AGE


def folded(surname: str) -> str:
    """The small letters a to z and digits of a surname, without accents: `Çelik-Öz` and `celik oz` are alike."""
    plain = unicodedata.normalize("NFKD", surname.casefold())
    return "".join(letter for letter in plain if letter.isascii() and letter.isalnum())


def lacking(person: Person, today: date) -> list[str]:
    """K14: the mandatory fields that were left empty. A first name is mandatory for youth alone."""
    needed = ["surname", "postcode", "house_number"]
    if not person.is_institution:
        needed += ["initials", "born"]
    if person.is_youth(today):
        needed += ["first_name"]
    given = {name: getattr(person, name) for name in needed}
    return sorted(name for name, value in given.items() if not (value.strip() if isinstance(value, str) else value))


def faults(person: Person, today: date) -> list[str]:
    """The fields that cannot be right: a birth date in the future or too long ago, a postcode, an adult first name."""
    found = []
    if person.born is not None and not (0 <= age_on(person.born, today) <= _OLDEST and person.born <= today):
        found.append("born")
    if person.postcode and not _POSTCODE.fullmatch(person.postcode.strip().upper()):
        found.append("postcode")
    if person.first_name and not person.is_youth(today):
        found.append("first_name")
    if any(len(getattr(person, name)) > 100 for name in _TEXTS):
        found.append("length")
    return found


def write_person(session: Session, consortium: str, patron: str, person: Person) -> None:
    """Writes the person down, in the place of what was there. The first name stands with the patron (K2)."""
    session.run("DELETE FROM person WHERE consortium = ? AND patron = ?", consortium, patron)
    key = folded(person.surname)
    insert(
        session,
        "person",
        consortium=consortium,
        patron=patron,
        sex=person.sex.value,
        born=person.born.isoformat() if person.born else None,
        newsletter=int(person.newsletter),
        identity_checked=int(person.identity_checked),
        search_key=key,
        search_head=key[:HEAD],
        **{name: getattr(person, name).strip() for name in _TEXTS},
    )
    named = "UPDATE patron SET first_name = ? WHERE consortium = ? AND patron = ?"
    session.run(named, person.first_name.strip(), consortium, patron)


def read_person(session: Session, consortium: str, patron: str) -> Person | None:
    """Who the patron is, or None where nothing is written down."""
    row = one(
        session.rows(
            "SELECT e.surname, e.prefix, e.initials, e.email, e.phone, e.street, e.house_number, e.postcode, e.town,"
            " e.selection, e.sex, e.born, e.newsletter, e.identity_checked, p.first_name FROM person e"
            " JOIN patron p ON p.consortium = e.consortium AND p.patron = e.patron"
            " WHERE e.consortium = ? AND e.patron = ?",
            consortium,
            patron,
        )
    )
    if row is None:
        return None
    texts = dict(zip(_TEXTS, row[: len(_TEXTS)], strict=True))
    sex, born, newsletter, checked, first_name = row[len(_TEXTS) :]
    return Person(
        **texts,
        first_name=first_name,
        sex=Sex(sex),
        born=date.fromisoformat(born) if born else None,
        newsletter=bool(newsletter),
        identity_checked=bool(checked),
    )
