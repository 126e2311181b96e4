"""The oracle of the chaos sees what it is there for: each fault is planted by hand and named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.chaos.oracle import (
    FONTS,
    IN_STOCK,
    LENT,
    MORE_SOCKETS,
    ON_LOAN,
    TAKEN_IN,
    Answer,
    Body,
    Loan,
    Look,
    Tag,
    judge,
    judge_bodies,
    last_screen,
)
from tests.chaos.plan import FAULTS, Deed, drawn

TITLES = {"b1": "Oeroeg", "b2": "Max Havelaar"}
LOG = (
    "INFO kiosk.visit: visit begins\n"
    "INFO kiosk.stage: screen Borrowing\n"
    "INFO kiosk.flows.items: item lent\n"
    "INFO kiosk.flows.gatekeeper: gate: an item may pass\n"
    "INFO kiosk.visit: visit ended: done, 1 lent, 0 not known\n"
    "INFO kiosk.stage: screen Rest\n"
)
BEFORE = Look()
GOOD = Look(
    loans={"l1": Loan("b1", open=True)},
    answers=(Answer(1, LENT, "b1"),),
    last_seq=1,
    journal_seq=1,
    tags={"e004": Tag("b1", ON_LOAN)},
    handled=frozenset({"b1"}),
    receipts=("Bibliotheek Annen\nOeroeg\n",),
    log=LOG,
)
LOG_OF_RETURNS = (
    "INFO kiosk.visit: returning begins\n"
    "INFO kiosk.flows.items: item returned\n"
    "INFO kiosk.flows.gatekeeper: gate: an item that is not lent was armed\n"
    "INFO kiosk.visit: returning ended: done, 1 taken in, 0 not known\n"
    "INFO kiosk.stage: screen Rest\n"
)
TOOK = (*GOOD.answers, Answer(2, TAKEN_IN, "b1"))
BACK = replace(
    GOOD,
    loans={"l1": Loan("b1", open=False)},
    answers=TOOK,
    last_seq=2,
    journal_seq=2,
    tags={"e004": Tag("b1", IN_STOCK)},
    log=LOG_OF_RETURNS,
)
UNARMED = {"tags": {"e004": Tag("b1", ON_LOAN)}}
LATE = "INFO offline_cache.replay: event e1 delivered late: CheckedOut\n"


def test_a_visit_after_which_all_agrees_is_right() -> None:
    assert judge(BEFORE, GOOD, TITLES) == []


@pytest.mark.parametrize(
    ("planted", "named"),
    [
        ({"loans": {}, "answers": (Answer(1, "refused"),)}, "unlocked and not lent"),
        ({"loans": {"l1": Loan("b1", open=False)}}, "unlocked and not lent"),
        ({"tags": {"e004": Tag("b1", IN_STOCK)}}, "lent and locked, and 0 were spoken of"),
        ({"tags": {"e004": Tag("b1", ON_LOAN), "e005": Tag("b1", IN_STOCK)}}, "lent and locked"),
        ({"loans": {}}, "the store has 0"),
        ({"loans": {}, "tags": {}}, "1 loan(s) were promised, 0 are in the store"),
        ({"loans": {"l1": Loan("b1", open=True), "l2": Loan("b1", open=True)}}, "lent twice"),
        ({"log": LOG.replace("item lent", "item refused")}, "0 loan(s) were promised"),
        ({"log": LOG + LATE}, "2 loan(s) were promised, 1 are"),
        ({"answers": (Answer(2, LENT, "b1"),)}, "hole in the sequence"),
        ({"answers": (Answer(1, LENT, "b1"), Answer(3, "refused")), "last_seq": 3}, "hole in the sequence"),
        ({"journal_seq": 2}, "the journal has 2 events, the store 1"),
        ({"waiting": 1}, "1 event(s) wait although"),
        ({"exceptions": 1}, "1 event(s) wait for staff"),
        ({"receipts": ("Oeroeg\n", "Annen\n   Oeroeg  \n")}, "printed twice"),
        ({"screen": "Borrowing under StillThere"}, "the visit ended in Borrowing"),
        ({"lives": False}, "the kiosk has ended"),
        ({"log": LOG + "Traceback (most recent call last):\n"}, "Traceback in the log"),
        ({"log": LOG + "CRITICAL kiosk.visit: a visit failed\n"}, "CRITICAL in the log"),
    ],
)
def test_what_does_not_agree_is_named(planted: dict[str, object], named: str) -> None:
    found = judge(BEFORE, replace(GOOD, **planted), TITLES)  # type: ignore[arg-type]
    assert any(named in one for one in found), found


def test_what_was_brought_back_and_is_armed_is_right() -> None:
    assert judge(GOOD, BACK, TITLES) == []
    old = replace(BACK, loans={}, answers=(Answer(1, TAKEN_IN, "b3"),), last_seq=1, journal_seq=1)
    old = replace(old, handled=frozenset({"b3"}), tags={"e004": Tag("b3", IN_STOCK)})
    assert (
        judge(replace(BEFORE, out_before=frozenset({"b3", "b4"})), replace(old, out_before=frozenset({"b4"})), TITLES)
        == []
    )


@pytest.mark.parametrize(
    ("planted", "named"),
    [
        ({"loans": {"l1": Loan("b1", open=True)}, "tags": {}}, "an item is returned and still lent"),
        (UNARMED, "1 item(s) are returned and unlocked, and 0 were spoken of"),
        ({"handled": frozenset()}, "an item was returned that nobody brought"),
        ({"handled": frozenset({"b2"})}, "an item was returned that nobody brought"),
        ({"answers": (*GOOD.answers, Answer(2, "refused"))}, "1 return(s) were promised, 0 are"),
        ({"answers": (*GOOD.answers, Answer(2, "refused"))}, "a loan ended and nobody returned the item"),
        ({"log": LOG_OF_RETURNS.replace("item returned", "-")}, "0 return(s) were promised, 1 are"),
        ({"log": LOG_OF_RETURNS + "event e1 delivered late: CheckedIn\n"}, "2 return(s) were promised, 1 are"),
        (
            {"answers": (*TOOK, Answer(3, TAKEN_IN, "b1")), "last_seq": 3, "journal_seq": 3},
            "1 return(s) were promised, 2",
        ),
    ],
)
def test_what_does_not_agree_of_a_return_is_named(planted: dict[str, object], named: str) -> None:
    found = judge(GOOD, replace(BACK, **planted), TITLES)  # type: ignore[arg-type]
    assert any(named in one for one in found), found


def test_an_old_loan_that_ends_by_itself_is_named() -> None:
    before = replace(BEFORE, out_before=frozenset({"b3"}))
    assert judge(before, GOOD, TITLES) == ["a loan ended and nobody returned the item"]


@pytest.mark.parametrize(
    "word",
    [
        "WARNING kiosk.flows.gatekeeper: gate: 1 returned item(s) taken in without having been armed\n",
        "WARNING kiosk.desks.journalled: event e1 sent, answer lost\n",
        "INFO kiosk.visit: returning ended: out_of_time, 0 taken in, 1 not known\n",
    ],
)
def test_a_word_about_a_return_that_was_not_armed_is_enough(word: str) -> None:
    assert judge(GOOD, replace(BACK, log=LOG_OF_RETURNS + word, **UNARMED), TITLES) == []  # type: ignore[arg-type]


def test_a_word_about_lent_items_is_none_about_returned_ones() -> None:
    said = (
        LOG_OF_RETURNS + "WARNING kiosk.flows.gatekeeper: gate: 1 lent item(s) leave without having been let through\n"
    )
    assert judge(GOOD, replace(BACK, log=said, **UNARMED), TITLES) == [  # type: ignore[arg-type]
        "1 item(s) are returned and unlocked, and 0 were spoken of"
    ]


def test_a_power_cut_may_take_the_word_of_a_return_and_its_bit_and_never_the_return() -> None:
    mute = replace(BACK, log=LOG_OF_RETURNS.replace("item returned", "-"), **UNARMED)  # type: ignore[arg-type]
    assert judge(GOOD, mute, TITLES, killed=True) == []
    lost = replace(GOOD, log=LOG_OF_RETURNS, tags={})
    assert judge(GOOD, lost, TITLES, killed=True) == ["1 return(s) were promised, 0 are in the store"]


def test_a_return_without_a_line_is_delivered_later_and_one_promise() -> None:
    done = LOG_OF_RETURNS + "INFO kiosk.desks.journalled: event e1 done without a line\n"
    done += "INFO offline_cache.replay: event e1 delivered late: CheckedIn\n"
    assert judge(GOOD, replace(BACK, log=done), TITLES) == []


UNDONE = "WARNING kiosk.flows.gatekeeper: gate: an item could not be let through, and its loan was undone\n"


def test_a_loan_that_was_undone_is_a_return_and_its_item_is_armed_whatever_was_said() -> None:
    undone = replace(BACK, log=LOG + UNDONE)
    assert judge(BEFORE, undone, TITLES) == []
    said = LOG + UNDONE + "gate: 1 returned item(s) taken in without having been armed\n"
    assert judge(BEFORE, replace(undone, log=said, **UNARMED), TITLES) == [  # type: ignore[arg-type]
        "an item is unlocked and not lent"
    ]


def test_what_was_lent_and_then_brought_back_with_a_word_that_it_is_not_armed_is_right() -> None:
    said = LOG + LOG_OF_RETURNS + "gate: 1 returned item(s) taken in without having been armed\n"
    both = replace(BACK, log=said, **UNARMED)  # type: ignore[arg-type]
    assert judge(BEFORE, both, TITLES) == []
    assert judge(BEFORE, replace(both, log=LOG + LOG_OF_RETURNS), TITLES) == [
        "1 item(s) are returned and unlocked, and 0 were spoken of"
    ]


def test_what_is_returned_and_lent_again_may_be_on_two_receipts() -> None:
    again = replace(
        GOOD,
        loans={"l1": Loan("b1", open=False), "l2": Loan("b1", open=True)},
        answers=(*TOOK, Answer(3, LENT, "b1")),
        last_seq=3,
        journal_seq=3,
        receipts=("Oeroeg\n", "Oeroeg\n"),
        log=LOG_OF_RETURNS + LOG,
    )
    assert judge(GOOD, again, TITLES) == []
    third = replace(again, receipts=("Oeroeg\n",) * 3)
    assert judge(GOOD, third, TITLES) == ["a receipt was printed twice"]


def test_what_is_brought_back_may_be_on_one_receipt_more() -> None:
    paper = "Bibliotheek Annen\nIngeleverd op ma 23 november om 07:03\nOeroeg\n"
    assert judge(GOOD, replace(BACK, receipts=(*GOOD.receipts, paper)), TITLES) == []
    assert judge(GOOD, replace(BACK, receipts=(*GOOD.receipts, paper, paper)), TITLES) == [
        "a receipt was printed twice"
    ]


def test_a_word_about_each_locked_loan_is_enough_and_one_for_two_is_not() -> None:
    said = LOG + "WARNING kiosk.flows.gatekeeper: gate: 1 lent item(s) leave without having been let through\n"
    one = replace(GOOD, tags={"e004": Tag("b1", IN_STOCK)}, log=said)
    assert judge(BEFORE, one, TITLES) == []
    two = replace(
        one,
        loans={"l1": Loan("b1", open=True), "l2": Loan("b2", open=True)},
        answers=(Answer(1, LENT, "b1"), Answer(2, LENT, "b2")),
        tags={"e004": Tag("b1", IN_STOCK), "e005": Tag("b2", IN_STOCK)},
        log=said.replace("item lent\n", "item lent\nkiosk.flows.items: item lent\n"),
        last_seq=2,
        journal_seq=2,
    )
    assert judge(BEFORE, two, TITLES) == ["2 item(s) are lent and locked, and 1 were spoken of"]


def test_a_loan_whose_answer_was_lost_on_its_way_may_stay_locked() -> None:
    unsure = LOG + "WARNING kiosk.desks.journalled: event e1 sent, answer lost\n"
    assert judge(BEFORE, replace(GOOD, tags={"e004": Tag("b1", IN_STOCK)}, log=unsure), TITLES) == []


def test_what_was_lent_before_is_judged_no_second_time_and_a_strange_tag_never() -> None:
    quiet = LOG.replace("item lent", "-").replace("1 lent", "0 lent")
    later = replace(GOOD, log=quiet, tags={"e004": Tag("b1", IN_STOCK), "e009": Tag("", ON_LOAN)})
    assert judge(GOOD, later, TITLES) == []


def test_a_power_cut_may_take_the_word_and_never_the_loan() -> None:
    mute = replace(GOOD, log=LOG.replace("item lent", "-"), tags={"e004": Tag("b1", IN_STOCK)})
    assert judge(BEFORE, mute, TITLES, killed=True) == []
    lost = replace(GOOD, loans={}, answers=(Answer(1, "refused"),), tags={})
    assert judge(BEFORE, lost, TITLES, killed=True) == ["1 loan(s) were promised, 0 are in the store"]


def test_a_loan_done_without_a_line_and_delivered_later_is_one_promise() -> None:
    done = LOG + "INFO kiosk.desks.journalled: event e1 done without a line\n" + LATE
    assert judge(BEFORE, replace(GOOD, log=done), TITLES) == []
    unheard = LOG.replace("item lent", "-").replace("0 not known", "1 not known")
    assert judge(BEFORE, replace(GOOD, log=unheard, tags={"e004": Tag("b1", IN_STOCK)}), TITLES) == []
    left_before = done.replace("item lent", "-").replace("0 not known", "1 not known")
    assert judge(BEFORE, replace(GOOD, log=left_before, tags={"e004": Tag("b1", IN_STOCK)}), TITLES) == []
    assert (
        judge(BEFORE, replace(GOOD, log=left_before, loans={}, answers=(Answer(1, "refused"),), tags={}), TITLES) == []
    )


def bodies(count: int, start: int = 0) -> list[Body]:
    """Of a kiosk that grows by one of each, a megabyte included, from visit to visit."""
    return [Body(15 + n, 40 + n, 25 + n, 8 + n, 200_000 + 1000 * n) for n in range(start, start + count)]


def test_what_grows_in_one_life_is_named_and_its_warming_up_is_not() -> None:
    warm = bodies(4)
    saw = [replace(warm[-1], memory=203_000 + 3000 * (n % 3)) for n in range(12)]
    assert judge_bodies(warm + saw, 4) == []
    assert [one.split()[0] for one in judge_bodies(bodies(24), 4)] == ["threads", "files", "sockets", "memory"]
    assert judge_bodies(bodies(4), 4) == []


def test_a_letter_first_drawn_late_and_more_questions_at_once_are_no_growth_and_many_are() -> None:
    level = [Body(17, 40, 25, 8, 230_000)] * 20
    late = [replace(level[0], fonts=FONTS, sockets=8 + MORE_SOCKETS)] * 20
    assert judge_bodies(level + late, 4) == []
    late = [replace(level[0], fonts=FONTS + 1, sockets=8 + MORE_SOCKETS + 1)] * 20
    assert judge_bodies(level + late, 4) == ["fonts grew from 25 to 65", "sockets grew from 8 to 12"]


def test_a_plan_is_the_same_for_the_same_seed_and_breaks_every_device_in_every_way() -> None:
    assert list(drawn(7, 5)) == list(drawn(7, 5)) != list(drawn(8, 5))
    steps = [step for visit in drawn(1, 400) for step in visit.steps]
    broken = {(step.which, step.how) for step in steps if step.deed is Deed.BREAK}
    assert broken == {(device, kind) for device, kinds in FAULTS.items() for kind in kinds}
    assert {step.deed for step in steps} == set(Deed)


def test_one_of_five_visits_at_least_returns_something() -> None:
    assert all(sum(visit.returns for visit in drawn(seed, 5)) >= 1 for seed in range(50))
    assert 20 <= sum(visit.returns for visit in drawn(1, 100)) <= 40


def test_a_kiosk_is_killed_in_the_first_third_of_its_visits_only() -> None:
    killed = [at for at, visit in enumerate(drawn(1, 300)) for step in visit.steps if step.deed is Deed.KILL]
    assert len(killed) > 5
    assert max(killed) < 100


def test_the_screen_that_stands_last_is_read_with_what_lies_over_it() -> None:
    assert last_screen("") == ""
    assert last_screen("a: screen Rest\nb: screen Borrowing under StillThere\n") == "Borrowing under StillThere"
