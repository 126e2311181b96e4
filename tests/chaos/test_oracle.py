"""The oracle of the chaos sees what it is there for: each fault is planted by hand and named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.chaos.oracle import IN_STOCK, ON_LOAN, Body, Loan, Look, Tag, judge, judge_bodies, last_screen
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
    answers=((1, "checked_out"),),
    last_seq=1,
    journal_seq=1,
    tags={"e004": Tag("b1", ON_LOAN)},
    receipts=("Bibliotheek Annen\nOeroeg\n",),
    log=LOG,
)
LATE = "INFO offline_cache.replay: event e1 delivered late: CheckedOut\n"


def test_a_visit_after_which_all_agrees_is_right() -> None:
    assert judge(BEFORE, GOOD, TITLES) == []


@pytest.mark.parametrize(
    ("planted", "named"),
    [
        ({"loans": {}, "answers": ((1, "refused"),)}, "unlocked and not lent"),
        ({"loans": {"l1": Loan("b1", open=False)}}, "unlocked and not lent"),
        ({"tags": {"e004": Tag("b1", IN_STOCK)}}, "lent and locked, and 0 were spoken of"),
        ({"tags": {"e004": Tag("b1", ON_LOAN), "e005": Tag("b1", IN_STOCK)}}, "lent and locked"),
        ({"loans": {}}, "the store has 0"),
        ({"loans": {}, "tags": {}}, "1 loan(s) were promised, 0 are in the store"),
        ({"loans": {"l1": Loan("b1", open=True), "l2": Loan("b1", open=True)}}, "lent twice"),
        ({"log": LOG.replace("item lent", "item refused")}, "0 loan(s) were promised"),
        ({"log": LOG + LATE}, "2 loan(s) were promised, 1 are"),
        ({"answers": ((2, "checked_out"),)}, "hole in the sequence"),
        ({"answers": ((1, "checked_out"), (3, "refused")), "last_seq": 3}, "hole in the sequence"),
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


def test_a_word_about_each_locked_loan_is_enough_and_one_for_two_is_not() -> None:
    said = LOG + "WARNING kiosk.flows.gatekeeper: gate: 1 lent item(s) leave without having been let through\n"
    one = replace(GOOD, tags={"e004": Tag("b1", IN_STOCK)}, log=said)
    assert judge(BEFORE, one, TITLES) == []
    two = replace(
        one,
        loans={"l1": Loan("b1", open=True), "l2": Loan("b2", open=True)},
        answers=((1, "checked_out"), (2, "checked_out")),
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
    lost = replace(GOOD, loans={}, answers=((1, "refused"),), tags={})
    assert judge(BEFORE, lost, TITLES, killed=True) == ["1 loan(s) were promised, 0 are in the store"]


def test_a_loan_done_without_a_line_and_delivered_later_is_one_promise() -> None:
    done = LOG + "INFO kiosk.desks.journalled: event e1 done without a line\n" + LATE
    assert judge(BEFORE, replace(GOOD, log=done), TITLES) == []
    unheard = LOG.replace("item lent", "-").replace("0 not known", "1 not known")
    assert judge(BEFORE, replace(GOOD, log=unheard, tags={"e004": Tag("b1", IN_STOCK)}), TITLES) == []
    left_before = done.replace("item lent", "-").replace("0 not known", "1 not known")
    assert judge(BEFORE, replace(GOOD, log=left_before, tags={"e004": Tag("b1", IN_STOCK)}), TITLES) == []
    assert judge(BEFORE, replace(GOOD, log=left_before, loans={}, answers=((1, "refused"),), tags={}), TITLES) == []


def test_what_grows_in_one_life_is_named_and_its_warming_up_is_not() -> None:
    warm = [Body(15 + n, 60 + n, 200_000 + 1000 * n) for n in range(4)]
    saw = [replace(warm[-1], memory=203_000 + 3000 * (n % 3)) for n in range(12)]
    assert judge_bodies(warm + saw, 4) == []
    grown = [*warm, *(Body(18 + n, 63 + n, 203_000 + 1000 * n) for n in range(1, 13))]
    assert [one.split()[0] for one in judge_bodies(grown, 4)] == ["threads", "descriptors", "memory"]
    assert judge_bodies(grown[:4], 4) == []


def test_a_plan_is_the_same_for_the_same_seed_and_breaks_every_device_in_every_way() -> None:
    assert list(drawn(7, 5)) == list(drawn(7, 5)) != list(drawn(8, 5))
    steps = [step for visit in drawn(1, 400) for step in visit.steps]
    broken = {(step.which, step.how) for step in steps if step.deed is Deed.BREAK}
    assert broken == {(device, kind) for device, kinds in FAULTS.items() for kind in kinds}
    assert {step.deed for step in steps} == set(Deed)


def test_a_kiosk_is_killed_in_the_first_third_of_its_visits_only() -> None:
    killed = [at for at, visit in enumerate(drawn(1, 300)) for step in visit.steps if step.deed is Deed.KILL]
    assert len(killed) > 5
    assert max(killed) < 100


def test_the_screen_that_stands_last_is_read_with_what_lies_over_it() -> None:
    assert last_screen("") == ""
    assert last_screen("a: screen Rest\nb: screen Borrowing under StillThere\n") == "Borrowing under StillThere"
