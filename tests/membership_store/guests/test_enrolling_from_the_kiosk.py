"""G10 from the kiosk's own desk over HTTP: every unknown chip is offered the same, and home proves the PIN."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from circulation import identifiers as ids
from circulation.affairs import GuestHomes
from circulation.outcomes import OFFERS_ENROLMENT, Identified, Reason, Refused
from circulation.presented import Presented, Source
from kiosk.desks.store import StoreDesk
from membership_store import pins
from offline_cache.store_client import StoreClient
from tests.membership_store.guests.homes import FLANDERS, HOME_ISIL, ZOTTEGEM, Library, new_event
from tests.membership_store.running import DRENTHE, Demo, new_kiosk

PIN = "24680"
LIMIT_S = 20.0
_names = count(1)


def allow(here: Library, on: int) -> None:
    here.store.change(
        "UPDATE institution SET self_enrolment = ? WHERE consortium = ? AND institution = 'zottegem'", on, FLANDERS
    )
    here.store.change("UPDATE network_version SET version = version + 1 WHERE consortium = ?", FLANDERS)


@pytest.fixture
def desk(here: Library) -> Iterator[StoreDesk]:
    """A new kiosk in Zottegem, where guests may enrol by themselves."""
    allow(here, 1)
    caller = new_kiosk(here.store.database, here.store.url, f"door-{next(_names)}", ZOTTEGEM, FLANDERS)
    yield StoreDesk(StoreClient(here.store.url, caller.token))
    allow(here, 0)


def chip(number: str | None, uid: str = "04AABBCCDDEE02") -> Presented:
    return Presented(Source.CHIP, ids.pass_number(number) if number else None, ids.chip_uid(uid))


def test_g10_every_unknown_chip_is_offered_the_same_and_a_printed_number_nothing(desk: StoreDesk, demo: Demo) -> None:
    number = str(demo.passes["anna"]["number"])
    answers = [desk.identify(one, LIMIT_S) for one in (chip(number), chip(None), chip(None, "04112233445566"))]
    assert len({repr(one) for one in answers}) == 1
    assert isinstance(answers[0], Refused)
    assert answers[0].values == {OFFERS_ENROLMENT: 1}
    printed = desk.identify(Presented(Source.BARCODE, ids.pass_number(number)), LIMIT_S)
    assert isinstance(printed, Refused)
    assert printed.values == {}


def test_g10_where_it_is_off_no_chip_is_offered_anything(desk: StoreDesk, here: Library) -> None:
    allow(here, 0)
    said = desk.identify(chip(None), LIMIT_S)
    assert isinstance(said, Refused)
    assert (said.reason, said.values) == (Reason.PASS_UNKNOWN, {})


def test_g10_a_library_that_this_system_does_not_know_leads_to_the_desk(desk: StoreDesk, demo: Demo) -> None:
    said = desk.enrol(chip(None, "04998877665544"), PIN, ids.isil("NL-999999"), ids.event_id(new_event()), LIMIT_S)
    assert isinstance(said, Refused)
    assert said.reason is Reason.GUEST_HOME_UNKNOWN


def test_g10_the_libraries_that_can_be_asked_are_listed_by_name_where_it_is_on(desk: StoreDesk, here: Library) -> None:
    listed = desk.guest_homes(LIMIT_S)
    assert isinstance(listed, GuestHomes)
    assert HOME_ISIL in {one.isil for one in listed.homes}
    assert [one.name for one in listed.homes] == sorted((one.name for one in listed.homes), key=str.casefold)
    allow(here, 0)
    refused = desk.guest_homes(LIMIT_S)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.NO_SELF_ENROLMENT


def test_g10_a_guest_of_a_listed_library_enrols_once_by_the_pin_of_home(
    desk: StoreDesk, here: Library, home: Library, demo: Demo
) -> None:
    number = str(demo.passes["anna"]["number"])
    home.store.change(
        "INSERT INTO pin SELECT consortium, patron, ?, '2026-01-01' FROM pass WHERE consortium = ? AND number = ?",
        pins.hashed(PIN),
        DRENTHE,
        number,
    )
    shown, event = chip(number), ids.event_id(new_event())
    wrong = desk.enrol(shown, "13579", ids.isil(HOME_ISIL), ids.event_id(new_event()), LIMIT_S)
    assert isinstance(wrong, Refused)
    assert (wrong.reason, wrong.values) == (Reason.HOME_SAYS_NO, {}), "why, home keeps to itself"
    first = desk.enrol(shown, PIN, ids.isil(HOME_ISIL), event, LIMIT_S)
    assert isinstance(first, Identified)
    assert first == desk.enrol(shown, PIN, ids.isil(HOME_ISIL), event, LIMIT_S) == desk.identify(shown, LIMIT_S)
