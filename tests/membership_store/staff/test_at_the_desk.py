"""Messages, wishes, holds, items, the calendar, flags and hand-over codes: K3, K4, K7, K8, K12, G3, N10."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from circulation import wire
from circulation.events import Action, Kind
from circulation.identifiers import ItemBarcode, PassNumber
from circulation.presented import Presented, Source
from tests.membership_store.running import Caller, Demo, StoreProcess
from tests.membership_store.staff.desk import TODAY, Clerk, new_event, regional
from tests.membership_store.staff.test_memberships import all_of
from tests.membership_store.staff.test_passes import shown_at


def chip(number: str) -> Presented:
    """A pass whose chip carries the number."""
    return Presented(Source.CHIP, PassNumber(number))


def test_k3_a_message_is_for_the_patron_or_for_staff_and_goes_when_it_was_read(clerk: Clerk, kiosk: Caller) -> None:
    number = regional()
    patron = clerk.enrol(card={"number": number})["patron"]
    clerk.done("messages/add", patron=patron, text="alleen voor ons", acknowledge=True)
    shown = clerk.done("messages/add", patron=patron, text="Je boek ligt klaar.", for_patron=True)["message"]
    _, body = kiosk.post("/v1/identify", {"presented": wire.encode(chip(number))})
    assert json.loads(body)["messages"] == ["Je boek ligt klaar."]
    mine = [one["message"] for one in clerk.look(patron)["messages"] if one["acknowledge"]]
    clerk.done("messages/acknowledge", patron=patron, message=mine[0])
    clerk.done("messages/remove", patron=patron, message=shown)
    assert clerk.look(patron)["messages"] == []
    assert clerk.tell("messages/remove", patron=patron, message=shown)[0] == 404
    assert clerk.tell("messages/add", patron=patron, text="  ")[0] == 422


def test_k4_the_two_opt_ins_are_apart_and_other_wishes_stay(clerk: Clerk) -> None:
    patron = clerk.enrol()["patron"]
    clerk.done("patrons/change-wishes", patron=patron, keeps_history=True, language="fr")
    seen = clerk.look(patron)
    assert (seen["keeps_history"], seen["tells_borrowed_before"], seen["language"]) == (True, False, "fr")
    clerk.done("patrons/change-wishes", patron=patron, keeps_history=False, tells_borrowed_before=True)
    seen = clerk.look(patron)
    assert (seen["keeps_history"], seen["tells_borrowed_before"], seen["language"]) == (False, True, "fr")
    assert clerk.tell("patrons/change-wishes", patron=patron)[0] == 422


def test_g3_a_guests_data_come_from_home(clerk: Clerk, demo: Demo) -> None:
    guest = clerk.done("patrons/search", number=demo.passes["guest"]["number"])["patrons"][0]["patron"]
    person = {"surname": "Ander", "initials": "A.", "born": "1991-01-01", "postcode": "9468 BG", "house_number": "1"}
    assert clerk.denied("patrons/change-person", patron=guest, person=person) == "G3 guest_data_from_home"


def test_k14_a_person_is_changed_whole_and_found_under_the_new_name(clerk: Clerk) -> None:
    patron = clerk.enrol()["patron"]
    person = {"surname": "Nieuwnaam", "initials": "B.", "born": "1990-02-01", "postcode": "9468BG", "house_number": "2"}
    clerk.done("patrons/change-person", patron=patron, person=person)
    found = clerk.done("patrons/search", surname="nieuwnaam")["patrons"]
    assert [one["patron"] for one in found] == [patron]
    person["postcode"] = ""
    assert clerk.denied("patrons/change-person", patron=patron, person=person) == "K14 fields_missing"


def test_k8_a_hold_is_placed_shelved_and_lent_to_nobody_else(
    clerk: Clerk, kiosks: Callable[[], Caller], books: Iterator[ItemBarcode]
) -> None:
    item, number = next(books), regional()
    patron, other = clerk.enrol(card={"number": number})["patron"], clerk.enrol()["patron"]
    hold = clerk.done("holds/place", patron=patron, item=item)["hold"]
    assert clerk.denied("holds/place", patron=patron, item=item) == "K8 held_already"
    theirs = clerk.done("holds/place", patron=other, item=item)["hold"]
    clerk.done("holds/shelve", patron=patron, hold=hold, item=item, shelf="de rode plank")
    assert clerk.denied("holds/shelve", patron=other, hold=theirs, item=item) == "K8 kept_for_another"
    assert clerk.done("explain", patron=other, item=item)["decided"]["reason"] == "held_for_another"
    said = kiosks().borrow(chip(number), item)
    assert (said["outcome"], said["hold_filled"]) == ("checked_out", True)
    assert clerk.denied("holds/cancel", patron=patron, hold=hold) == "K8 hold_filled"
    assert clerk.denied("holds/shelve", patron=other, hold=theirs, item=item) == "K8 item_on_loan"
    clerk.done("holds/cancel", patron=other, hold=theirs)
    assert clerk.look(other)["holds"] == []


def test_k8_only_a_copy_of_the_title_can_stand_ready(clerk: Clerk, books: Iterator[ItemBarcode]) -> None:
    item, another = next(books), next(books)
    patron = clerk.enrol()["patron"]
    hold = clerk.done("holds/place", patron=patron, item=item, this_copy=True)["hold"]
    assert clerk.denied("holds/shelve", patron=patron, hold=hold, item=another) == "K8 another_title"
    assert clerk.tell("holds/place", patron=patron, item="39999999999999")[0] == 404
    assert clerk.tell("holds/place", patron=patron, item=another, at_branch="9420")[0] == 404


def test_k7_a_damaged_or_missing_item_is_not_lent_until_staff_say_otherwise(
    clerk: Clerk, neighbour: Clerk, books: Iterator[ItemBarcode]
) -> None:
    item, patron = next(books), clerk.enrol()["patron"]
    for status in ("damaged", "missing", "reference"):
        clerk.done("items/status", item=item, status=status)
        assert clerk.done("explain", patron=patron, item=item)["decided"]["reason"] == f"item_{status}"
    assert clerk.done("items/status", item=item, status="lendable")["was"] == "reference"
    assert clerk.done("explain", patron=patron, item=item)["allowed"]
    assert neighbour.denied("items/status", item=item, status="damaged") == "N6 not_of_here"
    assert clerk.tell("items/status", item=item, status="eaten")[0] == 422


@pytest.mark.parametrize("status", ["damaged", "missing"])
def test_k8_a_copy_that_is_no_more_to_be_had_is_chosen_for_nobody(
    clerk: Clerk, kiosks: Callable[[], Caller], books: Iterator[ItemBarcode], store: StoreProcess, status: str
) -> None:
    held = "SELECT status, item, shelf_until FROM hold WHERE hold = ?"
    chosen, ready, asked_for = next(books), next(books), next(books)
    patron, kiosk = clerk.enrol()["patron"], kiosks()
    on_its_way = clerk.done("holds/place", patron=patron, item=chosen, at_branch="9402")["hold"]
    assert json.loads(kiosk.tell(kiosk.act(Action.CHECK_IN, None, chosen))[1])["route"] == "other_branch"
    on_shelf = clerk.done("holds/place", patron=patron, item=ready)["hold"]
    clerk.done("holds/shelve", patron=patron, hold=on_shelf, item=ready)
    no_other = clerk.done("holds/place", patron=patron, item=asked_for, this_copy=True)["hold"]
    assert [store.rows(held, one)[0][1] for one in (on_its_way, on_shelf, no_other)] == [chosen, ready, asked_for]
    for item in (chosen, ready, asked_for):
        clerk.done("items/status", item=item, status=status)
    for one in (on_its_way, on_shelf):
        assert store.rows(held, one) == [("waiting", None, None)]
    assert store.rows(held, no_other) == [("waiting", asked_for, None)]


def test_nothing_falls_due_on_a_day_on_which_the_branch_is_closed(
    boss: Clerk, clerk: Clerk, kiosks: Callable[[], Caller], books: Iterator[ItemBarcode]
) -> None:
    number, due = regional(), TODAY + timedelta(days=21)
    clerk.enrol(card={"number": number})
    days = [(due + timedelta(days=n)).isoformat() for n in range(2)]
    assert clerk.tell("calendar/close", days=days)[0] == 403
    boss.done("calendar/close", days=days)
    assert kiosks().borrow(chip(number), next(books))["due"] == (due + timedelta(days=2)).isoformat()
    assert set(days) <= set(clerk.done("calendar/closed")["days"])
    boss.done("calendar/reopen", days=days)
    assert kiosks().borrow(chip(number), next(books))["due"] == due.isoformat()
    assert boss.tell("calendar/close", days=["2026-13-01"])[0] == 422
    assert boss.tell("calendar/close", days=[])[0] == 422


def test_house_2_a_flag_is_listed_until_staff_settled_it(
    clerk: Clerk, kiosk: Caller, books: Iterator[ItemBarcode], store: StoreProcess
) -> None:
    number = "2000900000099"
    kiosk.tell(kiosk.event(chip(number), next(books), Kind.FACT))
    found = [one for one in all_of(clerk, "flags/list", "flags") if one["shown_pass"] == number]
    assert [one["reason"] for one in found] == ["parked"]
    clerk.done("flags/settle", flag=found[0]["flag"])
    assert clerk.denied("flags/settle", flag=found[0]["flag"]) == "house 2 settled_already"
    assert found[0]["flag"] not in [one["flag"] for one in all_of(clerk, "flags/list", "flags")]
    assert number not in str(store.rows("SELECT * FROM staff_flag WHERE settled_at IS NOT NULL"))


def test_n10_the_desk_finds_the_case_under_the_code_while_it_lives(
    clerk: Clerk, boss: Clerk, kiosk: Caller, store: StoreProcess
) -> None:
    number = regional()
    patron = clerk.enrol(card={"number": number})["patron"]
    case = {"id": new_event(), "rule": "F4", "reason": "open_amount", "presented": wire.encode(chip(number))}
    status, body = kiosk.post("/v1/handovers", case)
    assert status == 200, body
    code = json.loads(body)["code"]
    found = clerk.done("cases/find", code=code.lower())
    assert (found["patron"], found["rule"], found["reason"]) == (patron, "F4", "open_amount")
    for typed in (f" {code[:2]} {code[2:]} ", "-".join(code.lower()), f"{code[:2]}\u2013{code[2:]}."):
        assert clerk.done("cases/find", code=typed)["patron"] == patron, typed
    assert Clerk(boss.url, boss.token, "9407").done("cases/find", code=code)["patron"] == patron
    store.change("UPDATE handover SET until = '2026-01-01T00:00:00.000000+00:00' WHERE code = ?", code)
    assert clerk.tell("cases/find", code=code)[0] == 404
    for nothing in ("", " - - ", "BCD"):
        assert clerk.tell("cases/find", code=nothing)[0] == 422


def test_p7_whoever_is_blocked_is_blocked_in_a_running_visit_too(
    clerk: Clerk, kiosk: Caller, books: Iterator[ItemBarcode]
) -> None:
    number = regional()
    patron = clerk.enrol(card={"number": number})["patron"]
    assert shown_at(kiosk, number) == "identified"
    clerk.done("passes/block", patron=patron, number=number)
    assert kiosk.borrow(chip(number), next(books))["reason"] == "pass_blocked"
