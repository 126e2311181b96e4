"""A guest whom this system knows already, or whose group does: one patron, one pass, strips once (G1, G5, G8, N1)."""
# ruff: noqa: N802 - a test bears the id of its rule

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from circulation import identifiers as ids
from circulation import wire
from circulation.outcomes import Identified, Refused
from circulation.presented import Presented, Source
from circulation.rules.guests import HomeOutcome, HomeSays
from membership_store.credentials import Kiosk, add_kiosk
from membership_store.guests.acts import ENROL, EnrolGuest
from membership_store.guests.desk import GuestDesk
from membership_store.staff.acts import Answer, Done
from membership_store.staff.desk import operator
from tests.membership_store.counter import Counter
from tests.membership_store.running import ANNEN, DRENTHE

ISIL, NUMBER = "NL-070288", ids.PassNumber("864300")
CHIP = ids.chip_uid("04AABBCCDDEE11")
BORGER = "9407"


def until(counter: Counter) -> date:
    """The last day of the membership at home."""
    return counter.now.date() + timedelta(days=300)


def enrol(counter: Counter, number: str = NUMBER, branch: str = ANNEN, **more: Any) -> Answer:
    """Staff take somebody in whose home says that all is well."""
    what: dict[str, Any] = {"isil": ISIL, "with_strips": True} | more
    asked = EnrolGuest(branch=ids.BranchCode(branch), number=ids.PassNumber(number), **what)
    says = HomeSays(HomeOutcome.VALID, until(counter))
    desk = GuestDesk(counter.database, lambda: counter.now, lambda _home, _question: says)
    return desk.operate(operator(DRENTHE), ENROL, asked)


def taken_in(counter: Counter, *who: Any, **more: Any) -> dict[str, Any]:
    """What the desk says of a guest who was taken in."""
    answer = enrol(counter, *who, **more)
    assert isinstance(answer, Done), answer
    return dict(answer.said)


def at(counter: Counter, branch: str, shown: Presented) -> wire.Answer:
    """What a kiosk of that branch says to whoever shows it."""
    kiosk = Kiosk(DRENTHE, f"at-{branch}-{counter.seq}", branch)
    counter.seq += 1
    counter.database.write(lambda session: add_kiosk(session, kiosk))
    return counter.desk.identify(kiosk, shown)


def by_chip(uid: ids.ChipUid = CHIP) -> Presented:
    """A pass whose chip has no number in it."""
    return Presented(Source.CHIP, None, uid)


def test_N1_a_guests_pass_works_where_this_institutions_patrons_are_accepted(counter: Counter) -> None:
    counter.change("DELETE FROM accepts WHERE institution = 'aa-en-hunze'")
    counter.change("UPDATE network_version SET version = version + 1")
    taken_in(counter, uid=CHIP)
    taken_in(counter, "864301", BORGER, uid=ids.chip_uid("04AABBCCDDEE12"))
    assert isinstance(at(counter, BORGER, by_chip()), Identified)
    back = at(counter, ANNEN, by_chip(ids.chip_uid("04AABBCCDDEE12")))
    assert isinstance(back, Refused)
    assert back.rule == "P4", "Annen accepts nobody of Borger"
