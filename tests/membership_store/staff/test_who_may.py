"""Who may do what at the desk, and that every write is answered once and then always alike (house decision 1)."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from membership_store.staff.acts import Manner
from membership_store.staff.credentials import Role
from membership_store.staff.table import ACTS
from tests.membership_store.running import Caller, Demo, StoreProcess
from tests.membership_store.staff.desk import Clerk, application, new_clerk, new_event


def test_without_a_credential_or_with_a_kiosks_nobody_is_at_the_desk(
    store: StoreProcess, kiosks: Callable[[], Caller]
) -> None:
    for token in ("", "nonsense", "demo-drenthe.nobody.secret", kiosks().token):
        status, said = Clerk(store.url, token).tell("patrons/search", surname="Bakker")
        assert (status, said["type"]) == (401, "/problems/unauthorized")


def test_a_staff_credential_opens_no_kiosks_route(clerk: Clerk) -> None:
    sent = {"Authorization": f"Bearer {clerk.token}"}
    answer = clerk.session.post(f"{clerk.url}/v1/identify", b"{}", headers=sent, timeout=60)
    assert answer.status_code == 401


def test_a_credential_that_was_ended_counts_no_more(store: StoreProcess) -> None:
    gone = new_clerk(store.database, store.url)
    assert gone.tell("patrons/search", surname="Bakker")[0] == 200
    store.change(
        "UPDATE staff SET ended_at = '2026-01-01T00:00:00.000000+00:00' WHERE staff = ?", gone.token.split(".")[1]
    )
    assert gone.tell("patrons/search", surname="Bakker")[0] == 401


@pytest.mark.parametrize("role", [Role.READER, Role.DESK, Role.MANAGER, Role.PEER])
def test_each_role_may_do_what_its_acts_ask_for_and_nothing_more(store: StoreProcess, role: Role) -> None:
    somebody = new_clerk(store.database, store.url, role)
    for act in ACTS:
        status, _ = somebody.tell(act.path, nonsense=1)
        assert status == (422 if role.includes(act.role) else 403), act.path


@pytest.mark.parametrize("branch", ["9407", "9420", "3550", "none"])
def test_who_works_for_one_library_does_nothing_at_the_desk_of_another(clerk: Clerk, branch: str) -> None:
    elsewhere = Clerk(clerk.url, clerk.token, branch)
    status, said = elsewhere.tell("patrons/search", surname="Bakker")
    assert (status, said["type"]) == (403, "/problems/forbidden")
    assert elsewhere.tell("patrons/enrol", **application("1991-01-01"))[0] == 403


def test_a_write_without_an_event_id_is_not_done(clerk: Clerk) -> None:
    for headers in ({}, {"Idempotency-Key": "1"}, {"Idempotency-Key": new_event().upper()}):
        status, said = clerk.post("patrons/enrol", {"branch": "9401"}, **headers)
        assert (status, said["type"]) == (400, "/problems/malformed")


def test_what_was_asked_twice_under_one_event_id_is_done_once(clerk: Clerk, store: StoreProcess) -> None:
    event, asked = new_event(), application("1991-01-01")
    first = clerk.tell("patrons/enrol", event, **asked)
    assert first[1]["outcome"] == "done"
    assert clerk.tell("patrons/enrol", event, **asked) == first
    found = store.rows("SELECT COUNT(*) FROM person WHERE surname = ?", asked["person"]["surname"])
    assert [tuple(row) for row in found] == [(1,)]


def test_a_denial_is_remembered_too(clerk: Clerk) -> None:
    event, asked = new_event(), application("1991-01-01", {"initials": ""})
    first = clerk.tell("patrons/enrol", event, **asked)
    assert first[1]["rule"] == "K14"
    assert clerk.tell("patrons/enrol", event, **asked) == first


def test_another_act_under_a_known_event_id_is_a_conflict(clerk: Clerk) -> None:
    event = new_event()
    patron = clerk.enrol()["patron"]
    assert clerk.tell("messages/add", event, patron=patron, text="een")[0] == 200
    for path, given in (("messages/add", {"text": "twee"}), ("pins/reset", {})):
        status, said = clerk.tell(path, event, patron=patron, **given)
        assert (status, said["type"]) == (409, "/problems/event-identity")


def test_the_same_event_id_of_somebody_else_is_another_event(clerk: Clerk, boss: Clerk) -> None:
    event, patron = new_event(), clerk.enrol()["patron"]
    assert clerk.tell("messages/add", event, patron=patron, text="een")[0] == 200
    assert boss.tell("messages/add", event, patron=patron, text="twee")[0] == 200
    assert len(clerk.look(patron)["messages"]) == 2


def test_every_act_leaves_an_audit_row_by_reference_and_none_holds_a_name_or_a_number(
    clerk: Clerk, boss: Clerk, store: StoreProcess
) -> None:
    asked = application("1991-01-01", {"email": "iemand@example.org"})
    patron = clerk.done("patrons/enrol", **asked)["patron"]
    clerk.look(patron)
    clerk.denied("patrons/enrol", **asked)
    acts = boss.done("audit", patron=patron)["entries"]
    assert [(one["act"], one["patron"]) for one in acts] == [("patrons/enrol", patron), ("patrons/look", patron)]
    assert {one["staff"] for one in acts} == {clerk.token.split(".")[1]}
    told = json.dumps(boss.done("audit", patron="", limit=500)) + store.log_file.read_text("utf-8")
    told += "".join(row[0] for row in store.rows("SELECT body FROM staff_answer"))
    for private in (asked["person"]["surname"], asked["card"]["number"], "iemand@", "9468 BG"):
        assert private not in told


def test_staff_of_one_library_do_not_read_what_those_of_another_did(store: StoreProcess, neighbour: Clerk) -> None:
    manager = new_clerk(store.database, store.url, Role.MANAGER)
    theirs = neighbour.enrol()["patron"]
    assert manager.done("audit", patron=theirs)["entries"] == []


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"person": {"surname": "X", "born": "1991-02-30"}}, "person.born"),
        ({"person": {"surname": "X", "born": "01-01-1991"}}, "person.born"),
        ({"person": {"surname": "X", "born": "2999-01-01"}}, "person.born"),
        ({"person": {"surname": "X", "postcode": "9468"}, "choice": {"begin": "19910101"}}, "choice.begin"),
        ({"person": {"surname": "X", "postcode": "nowhere"}}, "person.postcode"),
        ({"card": {"number": "½"}}, "card.number"),
        ({"choice": {"paying": "later"}}, "choice.paying"),
        ({"type": "14"}, "type"),
        ({"unknown": 1}, "body"),
    ],
)
def test_what_cannot_be_right_is_told_by_its_place_and_never_by_its_value(
    clerk: Clerk, given: dict[str, object], place: str
) -> None:
    status, said = clerk.tell("patrons/enrol", **(application("1991-01-01") | given))
    assert (status, said["type"]) == (422, "/problems/invalid")
    assert said["detail"].startswith(place)
    assert "1991" not in said["detail"]
    assert "nowhere" not in said["detail"]


def test_statistics_of_a_period_without_an_end_are_refused_and_those_of_all_centuries_given(clerk: Clerk) -> None:
    assert clerk.tell("statistics", first="2026-01-01", last="9999-12-31")[0] == 422
    assert clerk.done("statistics", first="0001-01-01", last="9999-12-30")["members"] >= 0


def test_only_writes_ask_for_an_event_id() -> None:
    assert {act.path for act in ACTS if act.manner is not Manner.WRITE} >= {"patrons/search", "patrons/look", "audit"}


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_no_day_at_an_end_of_the_calendar_is_a_fault_of_ours(clerk: Clerk, boss: Clerk, demo: Demo, day: str) -> None:
    patron = clerk.enrol()["patron"]
    for moment in (f"{day}T00:00:00+00:00", f"{day}T23:59:59+00:00"):
        for action in ("visit", "borrow"):
            status, said = clerk.tell("explain", patron=patron, action=action, when=moment)
            assert (status, said["type"], said["detail"][:4]) == (422, "/problems/invalid", "when")
    assert clerk.done("offers", born=day)["chosen"] in (None, "JEUGD")
    assert clerk.tell("patrons/enrol", **application(day))[0] == 422
    assert clerk.done("patrons/search", surname="Bakker", born=day)["patrons"] == []
    assert boss.tell("statistics", first="0001-01-01", last=day)[0] in (200, 422)
    boss.done("calendar/close", days=[day])
    assert clerk.done("explain", patron=patron, item=demo.book("oeroeg"))["allowed"]
    boss.done("calendar/reopen", days=[day])
