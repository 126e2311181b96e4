"""The account, the question why, the case for the desk: what a patron may see, and nobody else's (N4, K12, K4, N10)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from circulation import identifiers as ids
from circulation import wire
from circulation.affairs import HandedOver
from circulation.events import Action, HandOver, Question
from circulation.identifiers import EventId
from circulation.outcomes import Reason
from circulation.presented import Presented
from membership_store import handing_over
from membership_store.credentials import Kiosk, add_kiosk
from tests.membership_store.counter import Counter
from tests.membership_store.running import DRENTHE, Caller, Demo, StoreProcess, new_kiosk

FLANDERS = "demo-vlaanderen"


def account(counter: Counter, shown: Presented) -> dict[str, Any]:
    """The account as JSON."""
    return wire.encode_answer(counter.desk.account(counter.kiosk, shown))


def moved(counter: Counter, branch: str, consortium: str = DRENTHE) -> Counter:
    """The same counter at another branch."""
    counter.kiosk = Kiosk(consortium, f"at-{branch}", branch)
    counter.database.write(lambda session: add_kiosk(session, counter.kiosk))
    counter.seq = 0
    return counter


def test_loans_stand_by_branch_with_code_and_name_the_one_due_first_above(counter: Counter, demo: Demo) -> None:
    counter.change("UPDATE loan SET branch = '9402', due = '2020-01-01' WHERE item = ?", demo.book("annas-own"))
    loans = account(counter, demo.shown("anna"))["loans"]
    assert [(one["branch"], one["name"], len(one["loans"])) for one in loans] == [
        ("9401", "Bibliotheek Annen", 2),
        ("9402", "Bibliotheek Gieten", 1),
    ]
    late = loans[1]["loans"][0]
    assert (late["item"], late["due"], late["overdue"], late["renewable"]) == (
        demo.book("annas-own"), "2020-01-01", True, True,
    )  # fmt: skip
    assert [one["due"] for one in loans[0]["loans"]] == sorted(one["due"] for one in loans[0]["loans"])


def test_what_is_not_to_be_renewed_says_so_beforehand(counter: Counter, demo: Demo) -> None:
    (group,) = account(counter, demo.shown("iris"))["loans"]
    assert [one["renewable"] for one in group["loans"]] == [False] * 3
    said = {one["item"]: (one["refused"]["rule"], one["refused"]["reason"]) for one in group["loans"]}
    assert said == {
        demo.book("interlibrary"): ("K12", "interlibrary"),
        demo.book("wanted-here"): ("K11", "wanted_by_another"),
        demo.book("wanted-elsewhere"): ("K11", "wanted_by_another"),
    }
    (group, *_) = account(counter, demo.shown("anna"))["loans"]
    assert {one["refused"] for one in group["loans"] if one["renewable"]} == {None}


def test_loans_of_another_group_are_no_matter_of_this_branch(counter: Counter, demo: Demo) -> None:
    counter.change("UPDATE loan SET branch = '9420' WHERE item = ?", demo.book("annas-own"))
    groups = account(counter, demo.shown("anna"))["loans"]
    assert [(one["branch"], len(one["loans"])) for one in groups] == [("9401", 2)]
    counter.change("UPDATE loan SET branch = '9407' WHERE item = ?", demo.book("annas-own"))
    assert [one["branch"] for one in account(counter, demo.shown("anna"))["loans"]] == ["9401", "9407"]


def test_what_is_ready_stands_with_its_shelf_and_nobody_elses_hold_is_there(counter: Counter, demo: Demo) -> None:
    (hold,) = account(counter, demo.shown("anna"))["holds"]
    assert (hold["ready"], hold["shelf"], hold["name"]) == (True, "de blauwe plank, vak A", "Bibliotheek Annen")
    waiting = account(counter, demo.shown("hanna"))["holds"]
    assert [(one["ready"], one["shelf"]) for one in waiting] == [(False, "")] * 2
    assert {one["name"] for one in waiting} == {"Bibliotheek Annen", "Bibliotheek Gieten"}
    assert account(counter, demo.shown("grace"))["holds"] == []


def test_amounts_say_whether_they_can_be_paid_here_and_credit_is_counted(counter: Counter, demo: Demo) -> None:
    said = account(counter, demo.shown("milan"))
    assert (said["payable"], [(one["cents"], one["payable"]) for one in said["fees"]]) == (
        750, [(1250, True), (-500, False)],
    )  # fmt: skip
    lotte = account(counter, demo.shown("lotte"))
    assert lotte["payable"] == 6000
    assert {(one["status"], one["payable"]) for one in lotte["fees"]} == {("open", True), ("registered", True)}
    fined = account(counter, demo.shown("fined"))["fees"]
    assert [(one["kind"], one["cents"], one["name"]) for one in fined] == [("fine", 45, "Bibliotheek Aa en Hunze")]


def test_memberships_say_what_is_left_and_warn_of_the_one_that_ends(counter: Counter, demo: Demo) -> None:
    (ending,) = account(counter, demo.shown("ending"))["memberships"]
    assert (ending["product"], ending["strips"], ending["warn"], ending["counts"]) == ("Basis", 40, True, True)
    (anna,) = account(counter, demo.shown("anna"))["memberships"]
    assert (anna["strips"], anna["warn"]) == (120, False)
    (lapsed,) = account(counter, demo.shown("lapsed"))["memberships"]
    assert lapsed["counts"] is False


def test_a_history_is_kept_for_who_asked_for_it_alone(counter: Counter, demo: Demo) -> None:
    for name in ("reader", "grace"):
        counter.borrow(demo.shown(name), demo.book("oeroeg"))
        counter.do(Action.CHECK_IN, item=demo.book("oeroeg"))
    assert account(counter, demo.shown("reader"))["history"] == ["Oeroeg"]
    assert account(counter, demo.shown("grace"))["history"] == []


def test_whoever_may_not_visit_sees_nothing(counter: Counter, demo: Demo) -> None:
    said = {name: account(counter, demo.shown(name)).get("reason") for name in ("stranger", "blocked", "pin", "binder")}
    assert said == {
        "stranger": "pass_unknown",
        "blocked": "pass_blocked",
        "pin": "pin_needed",
        "binder": "administrative_pass",
    }


def test_a_patron_of_the_region_sees_the_loans_of_all_its_libraries(store: StoreProcess) -> None:
    number = store.rows(
        "SELECT p.number FROM pass p JOIN membership m ON m.consortium = p.consortium AND m.patron = p.patron"
        " JOIN loan l ON l.consortium = p.consortium AND l.patron = p.patron"
        " WHERE p.consortium = ? AND m.institution = 'oosterzele' AND p.status = 'active' AND l.branch = '3550'",
        FLANDERS,
    )[0][0]
    seen = []
    for n, branch in enumerate(("3550", "3560")):
        kiosk = new_kiosk(store.database, store.url, f"region-{n}", branch, FLANDERS)
        shown = {"source": "chip", "number": number}
        status, body = kiosk.post("/v1/account", {"presented": shown})
        assert status == 200
        seen.append([(one["branch"], one["name"]) for one in json.loads(body)["loans"]])
    assert seen == [[("3550", "Bibliotheek Zottegem")]] * 2


def test_a_full_account_of_a_school_is_read_by_a_kiosk_of_any_release(kiosk: Caller, demo: Demo) -> None:
    said = kiosk.ask("/v1/account", demo.shown("home-30"))
    assert sum(len(one["loans"]) for one in said["loans"]) == 30


ASKED = [
    (Question(Action.CHECK_OUT), "anna", None, None),
    (Question(Action.CHECK_OUT), "anna", "oeroeg", None),
    (Question(Action.CHECK_OUT), "lapsed", None, "lapsed"),
    (Question(Action.CHECK_OUT), "anna", "held-for-bram", "held_for_another"),
    (Question(Action.CHECK_IN), None, "of-the-partner", "return_elsewhere"),
    (Question(Action.CHECK_IN), None, "on-loan", None),
    (Question(Action.RENEW), "iris", "interlibrary", "interlibrary"),
    (Question(Action.RENEW), "anna", "annas-own", None),
    (Question(Action.RENEW_ALL), "anna", None, None),
    (Question(Action.RENEW_ALL), "blocked", None, "pass_blocked"),
    (Question(Action.PAY), "owes", None, None),
    (Question(Action.PAY), "grace", None, "nothing_to_pay"),
    (Question(Action.END_VISIT), "anna", None, None),
]


@pytest.mark.parametrize(("question", "name", "book", "reason"), ASKED)
def test_the_question_why_is_answered_in_the_patrons_words_and_changes_nothing(
    kiosk: Caller, store: StoreProcess, demo: Demo, question: Question, name: str | None, book: str | None, reason: str
) -> None:
    watched = ("loan", "fee", "hold", "strips", "event_answer", "staff_flag", "feed")
    before = [store.rows(f"SELECT * FROM {table}") for table in watched]
    asked = {"action": question.action.value}
    asked |= {"presented": wire.encode(demo.shown(name))} if name else {}
    asked |= {"item": demo.book(book)} if book else {}
    status, body = kiosk.post("/v1/explain", asked)
    assert (status, json.loads(body).get("reason")) == (200, reason)
    assert [store.rows(f"SELECT * FROM {table}") for table in watched] == before


def case(n: int, **facts: Any) -> HandOver:
    """A case under the n-th EventId."""
    return HandOver(ids.new_event_id(n, bytes(10)), Reason.NOT_LINKED, "N1", **facts)


def test_the_desk_finds_the_case_under_its_code_for_a_day(counter: Counter, demo: Demo) -> None:
    given = counter.desk.hand_over(counter.kiosk, case(1, presented=demo.shown("anna"), item=demo.book("oeroeg")))
    assert isinstance(given, HandedOver)
    assert set(given.code) <= set(handing_over.LETTERS)
    assert len(given.code) == 4

    kept = "SELECT rule, reason, branch, item, patron, until FROM handover WHERE consortium = ? AND code = ?"
    ((rule, reason, branch, item, patron, until),) = counter.rows(kept, DRENTHE, given.code)
    assert (rule, reason, branch, item) == ("N1", "not_linked", "9401", demo.book("oeroeg"))
    assert counter.rows("SELECT number FROM pass WHERE patron = ?", patron) == [(demo.passes["anna"]["number"],)]
    assert datetime.fromisoformat(until) == given.until == counter.now + timedelta(hours=24)
    counter.now += timedelta(hours=24, seconds=1)
    counter.desk.hand_over(counter.kiosk, case(2))
    assert counter.rows(kept, DRENTHE, given.code) == []


def test_the_same_case_keeps_its_code_and_each_case_has_its_own(counter: Counter) -> None:
    first, again, other = (counter.desk.hand_over(counter.kiosk, case(n)) for n in (1, 1, 2))
    assert first == again
    assert isinstance(first, HandedOver)
    assert isinstance(other, HandedOver)
    assert first.code != other.code
    codes = {str(getattr(counter.desk.hand_over(counter.kiosk, case(n)), "code", "")) for n in range(3, 300)}
    assert len(codes) == 297


def test_a_case_told_again_after_its_day_is_found_again(counter: Counter) -> None:
    counter.desk.hand_over(counter.kiosk, case(1))
    counter.now += timedelta(hours=24, seconds=1)
    again = counter.desk.hand_over(counter.kiosk, case(1))
    assert isinstance(again, HandedOver)
    assert again.until == counter.now + timedelta(hours=24)


def test_a_case_of_nobody_is_a_case_too(counter: Counter, demo: Demo) -> None:
    given = counter.desk.hand_over(counter.kiosk, case(1, presented=demo.shown("stranger")))
    assert isinstance(given, HandedOver)
    assert counter.rows("SELECT consortium, patron FROM handover WHERE code = ?", given.code) == [(DRENTHE, None)]


def test_a_case_over_http(kiosk: Caller, demo: Demo) -> None:
    body = wire.encode(case(77, presented=demo.shown("not-linked")))
    first, again = kiosk.post("/v1/handovers", body), kiosk.post("/v1/handovers", body)
    assert first == again
    assert (first[0], json.loads(first[1])["outcome"]) == (200, "handed_over")
    item = demo.book("oeroeg")
    for another in ({"rule": "K8"}, {"reason": "held_for_another"}, {"item": item}):
        status, said = kiosk.post("/v1/handovers", body | another)
        assert (status, json.loads(said)["type"]) == (409, "/problems/event-identity")
    assert kiosk.post("/v1/handovers", body | {"presented": wire.encode(demo.shown("anna"))})[0] == 409
    assert kiosk.post("/v1/handovers", body) == first
    assert kiosk.post("/v1/handovers", body | {"rule": "not one"})[0] == 422
    assert kiosk.post("/v1/handovers", body | {"reason": "because"})[0] == 422
    assert kiosk.post("/v1/handovers", body | {"id": EventId("x")})[0] == 422


@pytest.mark.parametrize("name", ["anna", "lotte", "bram", "iris"])
def test_what_is_owed_and_what_is_ready_are_parts_of_the_account(counter: Counter, demo: Demo, name: str) -> None:
    shown, whole = demo.shown(name), account(counter, demo.shown(name))
    owed = wire.encode_answer(counter.desk.owed(counter.kiosk, shown))
    ready = wire.encode_answer(counter.desk.hold_shelf(counter.kiosk, shown))
    if whole["outcome"] == "refused":
        assert owed == ready == whole
        return
    assert (owed["outcome"], owed["fees"], owed["payable"]) == ("owed", whole["fees"], whole["payable"])
    assert (ready["outcome"], ready["holds"]) == ("hold_shelf", [one for one in whole["holds"] if one["ready"]])


def test_fees_and_the_hold_shelf_are_asked_over_http(store: StoreProcess, demo: Demo) -> None:
    kiosk = new_kiosk(store.database, store.url, "of-parts")
    for path, outcome in (("/v1/fees", "owed"), ("/v1/hold-shelf", "hold_shelf")):
        status, body = kiosk.post(path, {"presented": wire.encode(demo.shown("anna"))})
        assert (status, json.loads(body)["outcome"]) == (200, outcome)
        assert kiosk.post(path, {})[0] == 422
