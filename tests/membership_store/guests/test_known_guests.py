"""A guest whom this system knows already, or whose group does: one patron, one pass, strips once (G1, G5, G8, N1)."""
# ruff: noqa: N802 - a test bears the id of its rule

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from circulation import identifiers as ids
from circulation import wire
from circulation.outcomes import Identified, Reason, Refused
from circulation.presented import Presented, Source
from circulation.rules.guests import HomeOutcome, HomeSays
from membership_store.credentials import Kiosk, add_kiosk
from membership_store.guests.acts import ENROL, EnrolGuest
from membership_store.guests.desk import GuestDesk
from membership_store.network import local_date
from membership_store.staff.acts import Answer, Done
from membership_store.staff.desk import operator
from tests.membership_store.counter import Counter
from tests.membership_store.running import ANNEN, DRENTHE

ISIL, NUMBER = "NL-070288", ids.PassNumber("864300")
CHIP = ids.chip_uid("04AABBCCDDEE11")
BORGER = "9407"


def today(counter: Counter) -> date:
    """The library's own date."""
    return local_date(counter.now, "Europe/Amsterdam")


def until(counter: Counter) -> date:
    """The last day of the membership at home."""
    return today(counter) + timedelta(days=300)


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


def test_G8_a_guest_whose_home_was_silent_goes_on_once_home_has_said_at_the_desk_that_all_is_well(
    counter: Counter,
) -> None:
    guest = str(taken_in(counter, uid=CHIP)["patron"])
    earlier = (today(counter) - timedelta(days=10)).isoformat()
    counter.change("UPDATE membership SET verified = ?, home_until = NULL WHERE patron = ?", earlier, guest)
    stopped = at(counter, ANNEN, by_chip())
    assert isinstance(stopped, Identified)
    assert stopped.cannot_borrow is not None
    assert stopped.cannot_borrow.reason is Reason.GUEST_UNVERIFIED
    ends = counter.rows("SELECT ends FROM membership WHERE patron = ?", guest)
    assert taken_in(counter)["known"]
    heard = at(counter, ANNEN, by_chip())
    assert isinstance(heard, Identified)
    assert heard.cannot_borrow is None
    assert counter.rows("SELECT ends FROM membership WHERE patron = ?", guest) == ends, "G7: the night brings the term"
    said = counter.rows("SELECT verified, home_until FROM membership WHERE patron = ?", guest)
    assert said == [(today(counter).isoformat(), until(counter).isoformat())]


def test_G8_the_word_of_home_is_not_kept_of_a_term_that_is_over_or_was_stopped(counter: Counter) -> None:
    guest = str(taken_in(counter, uid=CHIP)["patron"])
    for key, ends in (("over", today(counter) - timedelta(days=1)), ("stopped", today(counter))):
        counter.change(
            "INSERT INTO membership (consortium, membership, patron, institution, subscription, starts, ends, verified)"
            " SELECT consortium, ?, patron, 'emmen', subscription, '2026-01-02', ?, '2026-01-02'"
            " FROM membership WHERE patron = ? AND institution = 'aa-en-hunze'",
            *(key, ends.isoformat(), guest),
        )
    counter.change("UPDATE membership SET cancelled_on = '2026-01-03' WHERE membership = 'stopped'")
    taken_in(counter)
    said = dict(counter.rows("SELECT membership, verified FROM membership WHERE patron = ?", guest))
    assert (said["over"], said["stopped"]) == ("2026-01-02", "2026-01-02")
