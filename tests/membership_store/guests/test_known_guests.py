"""A guest whom this system knows already, or whose group does: one patron, one pass, strips once (G1, G5, G8, N1)."""
# ruff: noqa: N802 - a test bears the id of its rule

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from circulation import identifiers as ids
from circulation import wire
from circulation.outcomes import Identified, Reason, Refused
from circulation.presented import Presented, Source
from circulation.rules.guests import HomeOutcome, HomeSays
from membership_store.credentials import Kiosk, add_kiosk
from membership_store.database import Contested, Session
from membership_store.guests.acts import ENROL, EnrolGuest
from membership_store.guests.desk import GuestDesk
from membership_store.guests.enrolment import Enrolment, Guest
from membership_store.guests.homes import Home, Question
from membership_store.guests.self_enrolment import SelfEnrolling, SelfEnrolment
from membership_store.network import load_here, local_date
from membership_store.staff.acts import Answer, Denied, Done, NoSuch
from membership_store.staff.asked import OfMembership
from membership_store.staff.desk import StaffDesk, operator
from membership_store.staff.table import BY_PATH
from tests.membership_store.counter import Counter
from tests.membership_store.running import ANNEN, DRENTHE, Demo
from tests.membership_store.test_concurrency import MergedMeanwhile, making_one

ISIL, NUMBER = "NL-070288", ids.PassNumber("864300")
CHIP = ids.chip_uid("04AABBCCDDEE11")
BORGER = "9407"
BOOK = BY_PATH["guests/strips"]


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


def patrons(counter: Counter) -> list[Any]:
    """The guests who came by these tests."""
    return counter.rows("SELECT patron FROM patron WHERE patron LIKE 'G%' AND home = ?", ISIL)


def test_G1_P8_a_guest_who_enrolled_by_chip_alone_is_found_again_when_the_desk_knows_the_number(
    counter: Counter,
) -> None:
    counter.change("UPDATE institution SET self_enrolment = 1")
    counter.change("UPDATE network_version SET version = version + 1")
    says = HomeSays(HomeOutcome.VALID, until(counter))
    kiosks = SelfEnrolling(counter.database, lambda: counter.now, lambda _home, _question: says)
    event = ids.new_event_id(1, b"0123456789")
    assert b'"outcome":"identified"' in kiosks.enrol(counter.kiosk, SelfEnrolment(event, by_chip(), "1234", ISIL))
    said = taken_in(counter, uid=CHIP)
    assert (said["known"], said["strips"]) == (True, 125)
    assert patrons(counter) == [(said["patron"],)]
    assert counter.rows("SELECT number FROM pass WHERE patron = ?", said["patron"]) == [(NUMBER,)]
    assert counter.rows("SELECT strips FROM strips_entry WHERE cash_code = '780'") == [(125,)]
    for shown in (by_chip(), Presented(Source.CHIP, NUMBER, CHIP)):
        assert isinstance(at(counter, ANNEN, shown), Identified)
    counter.change("DELETE FROM pass_chip WHERE uid = ?", CHIP)
    assert not taken_in(counter, CHIP, uid=ids.chip_uid("04AABBCCDDEE13"))["known"], "its key is the named pass's"


def test_G1_a_guest_whose_pass_came_by_a_file_is_found_again_whatever_its_kind(counter: Counter, demo: Demo) -> None:
    mine = demo.passes["guest"]
    before = counter.rows("SELECT kind, patron FROM pass WHERE number = ?", mine["number"])
    assert [kind for kind, _ in before] == ["ordinary"]
    for isil in (ISIL, None):
        said = taken_in(counter, mine["number"], uid=ids.chip_uid(mine["uid"]), isil=isil)
        assert (said["known"], said["patron"]) == (True, before[0][1])
    assert isinstance(at(counter, ANNEN, demo.shown("guest")), Identified)


@pytest.mark.parametrize("name", ["joris", "guest-linked"])
def test_P8_a_guest_gets_no_chip_that_is_anothers(counter: Counter, demo: Demo, name: str) -> None:
    theirs = demo.shown(name)
    denied = enrol(counter, uid=theirs.uid)
    assert (denied, patrons(counter)) == (Denied("chip_in_use", "P8"), [])
    known = taken_in(counter)
    assert enrol(counter, uid=theirs.uid) == denied, "nor does one who is known"
    assert isinstance(at(counter, ANNEN, theirs), Identified)
    assert counter.rows("SELECT 1 FROM pass_chip c JOIN pass p USING (pass) WHERE p.patron = ?", known["patron"]) == []


def test_P4_a_guest_gets_no_number_that_is_anothers_where_the_pass_would_work(counter: Counter, demo: Demo) -> None:
    old = str(demo.passes["karim"]["number"])
    assert enrol(counter, old, uid=CHIP) == Denied("number_in_use", "P4")
    assert patrons(counter) == []
    assert isinstance(at(counter, ANNEN, demo.shown("karim")), Identified)
    taken_in(counter, old, "9420", uid=CHIP)
    assert isinstance(at(counter, ANNEN, demo.shown("karim")), Identified), "in Emmen it works for the guest, here not"


def test_P4_a_number_that_was_replaced_keeps_no_guest_out(counter: Counter, demo: Demo) -> None:
    old = str(demo.passes["karim"]["number"])
    counter.change("UPDATE pass SET status = 'replaced' WHERE number = ?", old)
    taken_in(counter, old, uid=CHIP)
    assert isinstance(at(counter, ANNEN, by_chip()), Identified)


def test_N12_a_guest_who_became_another_record_meanwhile_is_looked_up_anew(counter: Counter) -> None:
    guest = str(taken_in(counter)["patron"])
    other = str(taken_in(counter, "864301")["patron"])
    merging = making_one(counter, other, guest)

    def take_in(session: Session) -> object:
        return taking_in(counter, MergedMeanwhile(session, merging))

    with pytest.raises(Contested):
        counter.database.write(take_in)


def taking_in(counter: Counter, session: Any) -> Guest | Refused:
    """A desk in Annen takes somebody in within that transaction."""
    here = load_here(session, DRENTHE, ANNEN, counter.now)
    place = Enrolment(session, DRENTHE, here, counter.now, lambda: secrets.token_hex(8))
    home = Home(ids.isil(ISIL), "")
    says = HomeSays(HomeOutcome.VALID, until(counter))
    return place.take_in(home, Question(home.isil, NUMBER), says, None, with_strips=True)


class EnrolledMeanwhile:
    """A session that sees what another desk wrote meanwhile from when it looks for the first time at what is asked."""

    def __init__(self, session: Session, asked: str, enrolling: Callable[[Session], object]) -> None:
        self._session, self._asked, self._enrolling = session, asked, enrolling
        self._seen = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def rows(self, sql: str, *values: Any) -> list[Any]:
        """The rows as they are by now."""
        if self._asked in sql and not self._seen:
            self._seen = True
            self._enrolling(self._session)
        return self._session.rows(sql, *values)


@pytest.mark.parametrize("asked", ["p.network_unique, i.institution", "SELECT 1 FROM pass WHERE"])
def test_G1_P4_who_is_enrolled_by_another_desk_meanwhile_is_looked_up_anew(counter: Counter, asked: str) -> None:
    def take_in(session: Session) -> object:
        return taking_in(counter, EnrolledMeanwhile(session, asked, lambda it: taking_in(counter, it)))

    with pytest.raises(Contested):
        counter.database.write(take_in)


def link_guests(counter: Counter) -> None:
    """Borger has linked Annen's subscription of guests (N1)."""
    counter.change(
        "INSERT INTO product_link (consortium, institution, of_institution, of_subscription, subscription)"
        " VALUES (?, 'borger-odoorn', 'aa-en-hunze', '0345', '0345')",
        DRENTHE,
    )
    counter.change("UPDATE network_version SET version = version + 1")


def test_N12_G5_a_guest_of_the_group_is_one_at_its_other_libraries_already(counter: Counter) -> None:
    link_guests(counter)
    first = taken_in(counter, uid=CHIP)
    second = taken_in(counter, branch=BORGER)
    assert second["known"]
    assert (second["patron"], second["membership"]) == (first["patron"], first["membership"])
    assert (second["ends"], second["strips"]) == (first["ends"], 125)
    served = at(counter, BORGER, by_chip())
    assert isinstance(served, Identified)
    assert (served.may_borrow, served.cannot_borrow) == (125, None)
    assert counter.rows("SELECT strips FROM strips_entry WHERE cash_code = '780'") == [(125,)]


@pytest.mark.parametrize("left", [-1, 10])
def test_N12_S7_a_guest_who_was_stopped_in_the_group_is_taken_in_here(counter: Counter, left: int) -> None:
    link_guests(counter)
    first = taken_in(counter, uid=CHIP)
    ends = (today(counter) + timedelta(days=left)).isoformat()
    stop = "UPDATE membership SET ends = ?, cancelled_on = starts WHERE patron = ?"
    counter.change(stop, ends, first["patron"])
    second = taken_in(counter, branch=BORGER)
    assert (second["patron"], second["membership"] != first["membership"]) == (first["patron"], True)


def book(counter: Counter, branch: str, guest: dict[str, Any]) -> Answer:
    """Staff of that branch book the guest's free strips."""
    asked = OfMembership(branch=ids.BranchCode(branch), patron=guest["patron"], membership=guest["membership"])
    return StaffDesk(counter.database, lambda: counter.now).operate(operator(DRENTHE), BOOK, asked)


@pytest.mark.parametrize("linked", [True, False])
def test_G5_the_strips_can_be_booked_at_any_library_of_the_group_and_at_no_other(
    counter: Counter, linked: bool
) -> None:
    if linked:
        link_guests(counter)
    guest = taken_in(counter, with_strips=False)
    with pytest.raises(NoSuch):
        book(counter, "9420", guest)
    assert isinstance(book(counter, BORGER, guest), Done)
    assert book(counter, ANNEN, guest) == Denied("strips_booked_already", "G5")


def test_G5_the_strips_of_a_term_at_home_are_booked_once_where_the_other_membership_counts_too(
    counter: Counter,
) -> None:
    first = taken_in(counter, uid=CHIP)
    second = taken_in(counter, branch=BORGER, with_strips=False)
    assert (second["patron"], second["membership"] != first["membership"]) == (first["patron"], True)
    link_guests(counter)
    assert book(counter, BORGER, second) == Denied("strips_booked_already", "G5")
    counter.now += timedelta(days=301)
    assert taken_in(counter, branch=BORGER)["strips"] == 125, "a new term at home"


def test_G5_N1_what_was_booked_for_a_membership_that_is_not_linked_here_takes_no_strips_away(counter: Counter) -> None:
    first, second = taken_in(counter, uid=CHIP), taken_in(counter, branch=BORGER)
    assert (second["patron"], first["strips"], second["strips"]) == (first["patron"], 125, 125)
    for branch, guest in ((BORGER, second), (ANNEN, first)):
        assert book(counter, branch, guest) == Denied("strips_booked_already", "G5")
        served = at(counter, branch, by_chip())
        assert isinstance(served, Identified)
        assert (served.may_borrow, served.cannot_borrow) == (125, None)


@pytest.mark.parametrize("left", [-1, 10])
def test_G5_S7_what_was_booked_for_a_membership_that_was_stopped_takes_no_strips_away(
    counter: Counter, left: int
) -> None:
    link_guests(counter)
    first = taken_in(counter, uid=CHIP)
    ends = (today(counter) + timedelta(days=left)).isoformat()
    counter.change("UPDATE membership SET ends = ?, cancelled_on = starts WHERE patron = ?", ends, first["patron"])
    second = taken_in(counter, branch=BORGER)
    assert second["strips"] == 125
    assert book(counter, BORGER, second) == Denied("strips_booked_already", "G5")
    served = at(counter, BORGER, by_chip())
    assert isinstance(served, Identified)
    assert (served.may_borrow, served.cannot_borrow) == (125, None)
    counter.change("UPDATE membership SET ends = ?, cancelled_on = starts WHERE patron = ?", ends, first["patron"])
    again = taken_in(counter)
    assert (again["membership"], book(counter, ANNEN, again)) == (
        first["membership"],
        Denied("strips_booked_already", "G5"),
    )


def test_N11_G5_libraries_that_share_nothing_each_book_the_strips(counter: Counter) -> None:
    assert [taken_in(counter, branch=place)["strips"] for place in (ANNEN, "9420", "9425")] == [125, 125, 125]


@pytest.mark.parametrize(("balance", "overdrawn", "booked"), [(125, 0, 125), (3, 0, 125), (0, 0, 125), (0, 7, 118)])
def test_G5_what_a_guest_had_before_the_strips_are_booked_is_not_doubled(
    counter: Counter, demo: Demo, balance: int, overdrawn: int, booked: int
) -> None:
    number = demo.passes["guest"]["number"]
    counter.change(
        f"UPDATE strips SET balance = {balance}, overdrawn = {overdrawn} WHERE membership IN (SELECT m.membership FROM"
        " membership m JOIN pass p ON p.consortium = m.consortium AND p.patron = m.patron WHERE p.number = ?)",
        number,
    )
    assert taken_in(counter, number)["strips"] == booked
    assert taken_in(counter, number)["strips"] == booked
