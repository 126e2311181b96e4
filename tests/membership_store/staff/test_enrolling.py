"""Joining at the desk: N12, N7, K14, S1, S4, S5, S7, S9."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from circulation.model import Subscription
from circulation.rules.terms import contribution_ends
from tests.membership_store.running import StoreProcess
from tests.membership_store.staff.desk import TODAY, Clerk, application, new_clerk, regional, years_ago


def codes(said: dict[str, object]) -> set[str]:
    """The subscriptions of an offer."""
    offers = said["offers"]
    assert isinstance(offers, list)
    return {one["subscription"] for one in offers}


def test_s4_s9_what_is_on_offer_is_decided_by_age_and_by_what_the_patron_asks_for(clerk: Clerk) -> None:
    adult = codes(clerk.done("offers", born=years_ago(40)))
    assert {"0045", "0053", "0091", "0141"} <= adult
    assert not adult & {"JEUGD", "0021", "0002", "0049", "0052", "0082", "0083", "0089", "0345"}
    assert {"0049", "0052"} <= codes(clerk.done("offers", born=years_ago(40), asks=["0049", "0052"]))
    assert "0021" in codes(clerk.done("offers", born=years_ago(19)))
    assert "0021" not in codes(clerk.done("offers", born=years_ago(31)))
    youth = codes(clerk.done("offers", born=years_ago(19, -1)))
    assert "JEUGD" in youth
    assert not youth & {"0021", "0045"}
    assert {"0082", "0083"} <= codes(clerk.done("offers", is_institution=True))


def test_s4_youth_needs_no_choice_and_an_adult_does(clerk: Clerk) -> None:
    assert clerk.done("offers", born=years_ago(10))["chosen"] == "JEUGD"
    said = clerk.enrol(born=years_ago(10), person={"first_name": "Sam"}, choice={})
    assert (said["subscription"], said["cents"]) == ("JEUGD", 0)
    assert clerk.denied("patrons/enrol", **(application(years_ago(40)) | {"choice": {}})) == "G4 choose"


def test_k14_a_blank_is_nothing_filled_in_and_a_language_is_a_code(clerk: Clerk) -> None:
    asked = application(years_ago(40), {"surname": "  ", "initials": " "})
    status, said = clerk.tell("patrons/enrol", **asked)
    assert (status, said["rule"], said["values"]["fields"]) == (200, "K14", ["initials", "surname"])
    assert clerk.tell("patrons/enrol", **application(years_ago(40)), language="nederlands, graag")[0] == 422


def test_s1_the_price_is_that_of_the_day(clerk: Clerk, store: StoreProcess) -> None:
    offers = clerk.done("offers", born=years_ago(40))["offers"]
    assert next(one["cents"] for one in offers if one["subscription"] == "0045") == 5600


def test_s7_a_contribution_runs_to_a_months_end_and_0091_for_exact_months(clerk: Clerk) -> None:
    basis = clerk.enrol()
    assert date.fromisoformat(basis["ends"]) == contribution_ends(TODAY, Subscription(basis["subscription"], "", 0, 12))
    assert (date.fromisoformat(basis["ends"]) + timedelta(days=1)).day == 1
    month = clerk.enrol(choice={"subscription": "0091", "paying": "now"})
    assert date.fromisoformat(month["ends"]).day in (TODAY.day, 28, 29, 30)


def test_s5_0091_lends_nothing_before_it_is_paid_however_it_was_asked(clerk: Clerk) -> None:
    said = clerk.enrol(choice={"subscription": "0091", "paying": "register"})
    seen = clerk.look(said["patron"])
    assert [(one["kind"], one["status"], one["cents"]) for one in seen["fees"]] == [("contribution", "open", 1100)]
    assert [one["paid"] for one in seen["memberships"]] == [False]
    fee = seen["fees"][0]["fee"]
    assert clerk.denied("fees/register", patron=said["patron"], fee=fee) == "S5 paid_at_once"
    why = clerk.done("explain", patron=said["patron"], action="borrow")
    assert (why["decided"]["rule"], why["decided"]["reason"]) == ("S5", "pay_first")
    clerk.done("fees/pay", patron=said["patron"], fees=[fee], cents=1100)
    assert clerk.done("explain", patron=said["patron"], action="borrow")["allowed"]


def test_s5_f5_a_contribution_that_was_waived_keeps_nobody_from_borrowing(clerk: Clerk) -> None:
    said = clerk.enrol(choice={"subscription": "0091"})
    fee = clerk.look(said["patron"])["fees"][0]["fee"]
    clerk.done("fees/waive", patron=said["patron"], fee=fee)
    assert [one["paid"] for one in clerk.look(said["patron"])["memberships"]] == [True]
    assert clerk.done("explain", patron=said["patron"], action="borrow")["allowed"]


def test_s5_f1_another_contribution_may_be_registered_and_borrowing_goes_on(clerk: Clerk) -> None:
    said = clerk.enrol(choice={"subscription": "0045", "paying": "register"})
    assert [(one["status"], one["cents"]) for one in clerk.look(said["patron"])["fees"]] == [("registered", 5600)]
    assert clerk.done("explain", patron=said["patron"], action="borrow")["allowed"]


def test_s2_a_new_term_has_the_whole_balance_of_strips(clerk: Clerk) -> None:
    said = clerk.enrol()
    assert [one["strips"] for one in clerk.look(said["patron"])["memberships"]] == [125]
    booked = clerk.done("strips/entries", patron=said["patron"], membership=said["membership"])["entries"]
    assert [one["strips"] for one in booked] == [125]


@pytest.mark.parametrize("empty", ["initials", "born", "postcode", "house_number"])
def test_k14_the_mandatory_fields_of_an_adult(clerk: Clerk, empty: str) -> None:
    asked = application(years_ago(40))
    asked["person"][empty] = None if empty == "born" else ""
    _, said = clerk.tell("patrons/enrol", **asked)
    assert (said["outcome"], said["rule"], said["values"]["fields"]) == ("denied", "K14", [empty])


def test_k14_a_first_name_is_asked_of_youth_and_only_of_youth(clerk: Clerk) -> None:
    youth = application(years_ago(10)) | {"choice": {"subscription": "JEUGD"}}
    _, said = clerk.tell("patrons/enrol", **youth)
    assert said["values"]["fields"] == ["first_name"]
    youth["person"]["first_name"] = "Daan"
    assert clerk.done("patrons/enrol", **youth)["cents"] == 0
    status, said = clerk.tell("patrons/enrol", **application(years_ago(40), {"first_name": "Daan"}))
    assert (status, said["detail"]) == (422, "person.first_name: cannot be right")


def test_k14_a_login_account_needs_a_usable_address_and_none_is_made_where_it_is_not_wanted(clerk: Clerk) -> None:
    asked = application(years_ago(40), {"email": "nowhere"}) | {"account": True}
    _, said = clerk.tell("patrons/enrol", **asked)
    assert said["values"]["fields"] == ["email"]
    asked["person"]["email"] = "a.test@example.org"
    made = clerk.done("patrons/enrol", **asked)
    assert made["account"] == "made"
    assert clerk.look(clerk.enrol()["patron"])["accounts"] == []


def test_s4_an_institution_is_told_by_its_field_and_needs_no_birth_date(clerk: Clerk) -> None:
    asked = application(None, {"sex": "instelling", "initials": ""}) | {"choice": {"subscription": "0082"}}
    said = clerk.done("patrons/enrol", **asked)
    assert (said["cents"], clerk.look(said["patron"])["memberships"][0]["strips"]) == (6350, 400)
    assert clerk.look(said["patron"])["person"]["born"] == "1980-01-01"
    asked = application(None, {"sex": "instelling", "initials": ""}) | {"choice": {"subscription": "0045"}}
    assert clerk.denied("patrons/enrol", **asked) == "S4 not_on_offer"


def test_s9_the_free_ones_are_not_for_everybody(clerk: Clerk, boss: Clerk) -> None:
    free = {"choice": {"subscription": "0001"}}
    assert clerk.denied("patrons/enrol", **(application(years_ago(40)) | free)) == "S9 selection_needed"
    clerk.done("patrons/enrol", **(application(years_ago(40), {"selection": "vrijwilliger"}) | free))
    school = application(None, {"sex": "instelling", "initials": ""}) | {"choice": {"subscription": "0086"}}
    assert clerk.denied("patrons/enrol", **school) == "S9 educators_only"
    assert boss.done("patrons/enrol", **school)["cents"] == 0


def test_s4_nobody_gets_a_subscription_of_another_age_or_kind(clerk: Clerk) -> None:
    for code in ("JEUGD", "0021", "0082", "0089", "0345", "0002", "9999"):
        asked = application(years_ago(40)) | {"choice": {"subscription": code}}
        assert clerk.denied("patrons/enrol", **asked) == "S4 not_on_offer"


def test_n12_somebody_who_is_known_is_found_before_they_are_enrolled_again(clerk: Clerk, neighbour: Clerk) -> None:
    asked = application("1984-05-06")
    first = clerk.done("patrons/enrol", **asked)["patron"]
    again = asked | {"card": {"number": regional()}}
    for somewhere in (clerk, neighbour):
        _, said = somewhere.tell("patrons/enrol", **again)
        assert (said["rule"], said["reason"], said["values"]["patrons"]) == ("N12", "valid_elsewhere", [first])
    accents = again | {"person": asked["person"] | {"surname": asked["person"]["surname"].upper().replace("E", "É")}}
    assert clerk.denied("patrons/enrol", **accents) == "N12 valid_elsewhere"
    assert clerk.done("patrons/enrol", **again, despite=[first])["patron"] != first


def test_n11_n12_a_patron_of_a_library_outside_the_network_is_nobody_here(clerk: Clerk, store: StoreProcess) -> None:
    emmen = new_clerk(store.database, store.url, institution="emmen", branch="9420")
    asked = application("1984-05-07")
    theirs = emmen.done("patrons/enrol", **asked)["patron"]
    assert clerk.tell("patrons/look", patron=theirs)[0] == 404
    assert clerk.done("patrons/search", surname=asked["person"]["surname"])["patrons"] == []
    assert clerk.done("patrons/enrol", **(asked | {"card": {"number": regional()}}))["patron"] != theirs


def test_n12_lapsed_here_the_old_number_serves_again(clerk: Clerk, store: StoreProcess) -> None:
    first = clerk.enrol()
    lapse(store, first["membership"])
    assert clerk.done("patrons/search", surname="Test")["outcome"] == "done"
    said = clerk.done("patrons/enrol-again", patron=first["patron"], choice={"subscription": "0045", "paying": "now"})
    assert (said["pass"], said["replace_pass"]) == (None, False)
    assert [one["counts"] for one in clerk.look(first["patron"])["memberships"]].count(True) == 1


def test_n12_p4_lapsed_with_an_old_pass_it_is_to_be_replaced(clerk: Clerk, store: StoreProcess) -> None:
    number = f"O{regional()}"
    first = clerk.enrol(card={"number": number, "kind": "ordinary"})
    lapse(store, first["membership"])
    said = clerk.done("patrons/enrol-again", patron=first["patron"], choice={"subscription": "0045"})
    assert said["replace_pass"]


def test_n12_lapsed_elsewhere_a_unique_pass_is_needed_here(clerk: Clerk, neighbour: Clerk, store: StoreProcess) -> None:
    first = neighbour.enrol(card={"number": f"O{regional()}", "kind": "ordinary"})
    lapse(store, first["membership"])
    asked = {"patron": first["patron"], "choice": {"subscription": "0045"}}
    assert clerk.denied("patrons/enrol-again", **asked) == "N12 unique_pass_needed"
    old = asked | {"card": {"number": f"O{regional()}", "kind": "ordinary"}}
    assert clerk.denied("patrons/enrol-again", **old) == "P5 not_unique"
    assert clerk.done("patrons/enrol-again", **asked, card={"number": regional()})["pass"]


def test_s7_n7_a_row_marked_invalid_is_no_membership_here(clerk: Clerk, neighbour: Clerk, store: StoreProcess) -> None:
    one = clerk.enrol()
    store.change("UPDATE membership SET status = 'invalid' WHERE membership = ?", str(one["membership"]))
    choice = {"subscription": "0045"}
    neighbour.done("patrons/enrol-again", patron=one["patron"], choice=choice, card={"number": regional()})
    assert clerk.denied("patrons/enrol-again", patron=one["patron"], choice=choice) == "N12 valid_elsewhere"
    assert clerk.done("patrons/enrol-again", patron=one["patron"], choice=choice, second=True)["cents"] == 0


def test_n7_a_second_membership_in_the_group_is_possible_and_is_paid_once_only(clerk: Clerk, neighbour: Clerk) -> None:
    first = neighbour.enrol()
    asked = {"patron": first["patron"], "choice": {"subscription": "0045", "paying": "now"}}
    assert clerk.denied("patrons/enrol-again", **asked) == "N12 valid_elsewhere"
    assert clerk.done("patrons/enrol-again", **asked, second=True)["cents"] == 0
    assert clerk.denied("patrons/enrol-again", **asked, second=True) == "N12 valid_elsewhere"


def lapse(store: StoreProcess, membership: object) -> None:
    """The membership ended a while ago."""
    ended = (TODAY - timedelta(days=40)).isoformat()
    began = (TODAY - timedelta(days=400)).isoformat()
    store.change("UPDATE membership SET starts = ?, ends = ? WHERE membership = ?", began, ended, str(membership))
