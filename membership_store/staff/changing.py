"""What staff change about a patron: person, wishes, opt-ins (K2, K4, K14). A guest's data come from home (G3)."""

from dataclasses import dataclass

from circulation.model import PatronType
from circulation.presented import ReceiptChoice
from circulation.rules.staffing import may_edit_person
from membership_store.staff.acts import Act, Answer, At, Denied, Done, Unacceptable
from membership_store.staff.asked import OfPatron
from membership_store.staff.persons import LONGEST_LANGUAGE, Person, faults, lacking, write_person


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePerson(OfPatron):
    """The person as they are from now on, whole."""

    person: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeWishes(OfPatron):
    """None leaves a wish as it is. The two opt-ins of K4 are apart from each other."""

    language: str | None = None
    receipt: ReceiptChoice | None = None
    pin_required: bool | None = None
    keeps_history: bool | None = None
    tells_borrowed_before: bool | None = None


def change_person(at: At, asked: ChangePerson) -> Answer:
    """K14: the same fields are mandatory as at enrolment."""
    patron = at.member(asked.patron).patron
    if not may_edit_person(patron.type):
        return Denied("guest_data_from_home", "G3")
    wrong = faults(asked.person, at.today)
    if wrong:
        raise Unacceptable("person." + wrong[0], "cannot be right")
    only_name = patron.type is PatronType.ADMINISTRATIVE
    empty = [name for name in lacking(asked.person, at.today) if not only_name or name == "surname"]
    if only_name and asked.person.email:
        return Denied("no_account_for_a_pass", "A2")
    if empty:
        return Denied("fields_missing", "K14", {"fields": empty})
    write_person(at.session, at.consortium, asked.patron, asked.person)
    at.changed(asked.patron)
    return Done({}, asked.patron)


def change_wishes(at: At, asked: ChangeWishes) -> Answer:
    """K2, K4, P6. Who no longer wants a loan history loses the closed loans that made it."""
    at.member(asked.patron)
    if asked.language is not None and len(asked.language) > LONGEST_LANGUAGE:
        raise Unacceptable("language", "a code of a language")
    given = {
        "language": asked.language,
        "receipt": asked.receipt.value if asked.receipt else None,
        "pin_required": _bit(asked.pin_required),
        "keeps_history": _bit(asked.keeps_history),
        "tells_borrowed_before": _bit(asked.tells_borrowed_before),
    }
    changed = [name for name, value in given.items() if value is not None]
    if not changed:
        raise Unacceptable("body", "no wish is named")
    for name in changed:
        sql = f"UPDATE patron SET {name} = ? WHERE consortium = ? AND patron = ?"  # noqa: S608 - words of this module
        at.run(sql, given[name], at.consortium, asked.patron)
    at.changed(asked.patron)
    return Done({"changed": changed}, asked.patron, ",".join(changed))


def _bit(value: bool | None) -> int | None:
    return None if value is None else int(value)


ACTS = (
    Act("patrons/change-person", "Writes down who a patron is (K14)", ChangePerson, change_person),
    Act("patrons/change-wishes", "Language, receipt, PIN and the opt-ins of K4", ChangeWishes, change_wishes),
)
