"""Stopping, changing, extending and confirming: N8, N9, S7, S2, K6, and merging two records of one (N12)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from circulation.identifiers import ItemBarcode
from circulation.rules.terms import month_end
from tests.membership_store.running import DRENTHE, Demo, StoreProcess
from tests.membership_store.staff.desk import TODAY, Clerk, application, regional, years_ago


def of(said: dict[str, Any]) -> dict[str, Any]:
    """The patron and the membership of an enrolment."""
    return {"patron": said["patron"], "membership": said["membership"]}


def test_s7_a_membership_ends_now_or_per_the_first_of_the_month(clerk: Clerk, store: StoreProcess) -> None:
    one, two = of(clerk.enrol()), of(clerk.enrol())
    earlier = (TODAY - timedelta(days=40)).isoformat()
    store.change("UPDATE membership SET starts = ? WHERE patron = ?", earlier, str(one["patron"]))
    assert clerk.done("memberships/stop", **one)["ends"] == (TODAY - timedelta(days=1)).isoformat()
    why = clerk.done("explain", patron=one["patron"], action="borrow")
    assert (why["decided"]["rule"], why["decided"]["reason"]) == ("N2", "lapsed")
    assert clerk.denied("memberships/stop", **one) == "S7 not_in_force"
    said = clerk.done("memberships/stop", **two, from_next_month=True)
    assert said["ends"] == month_end(TODAY).isoformat()
    assert clerk.done("explain", patron=two["patron"], action="borrow")["allowed"]


def test_n9_a_membership_of_the_neighbour_may_be_stopped_unless_there_is_a_valid_one_here(
    clerk: Clerk, neighbour: Clerk
) -> None:
    theirs = of(neighbour.enrol())
    clerk.done("patrons/enrol-again", patron=theirs["patron"], choice={"subscription": "0045"}, second=True)
    assert clerk.denied("memberships/stop", **theirs) == "N9 not_yours_to_stop"
    alone = of(neighbour.enrol())
    clerk.done("memberships/stop", **alone)


def test_n9_n11_a_membership_outside_the_group_is_nobodys_here(clerk: Clerk, boss: Clerk) -> None:
    emmen = Clerk(boss.url, boss.token, "9420")
    theirs = of(emmen.enrol())
    assert clerk.tell("memberships/stop", **theirs)[0] == 404
    assert boss.denied("memberships/stop", **theirs) == "N9 not_yours_to_stop"


def test_n9_a_change_keeps_the_term_asks_the_difference_and_keeps_used_strips_used(clerk: Clerk) -> None:
    one = clerk.enrol(choice={"subscription": "0091", "paying": "now"})
    clerk.done("strips/book", **of(one), strips=-5)
    said = clerk.done("memberships/change", **of(one), subscription="0045", paying="register")
    assert (said["ends"], said["cents"]) == (one["ends"], 5600 - 1100)
    rows = {row["membership"]: row for row in clerk.look(one["patron"])["memberships"]}
    assert (rows[said["membership"]]["strips"], rows[said["membership"]]["counts"]) == (120, True)
    assert not rows[one["membership"]]["counts"]


def test_n9_a_cheaper_one_costs_nothing_and_the_same_one_is_no_change(clerk: Clerk) -> None:
    one = clerk.enrol(choice={"subscription": "0053", "paying": "now"})
    assert clerk.denied("memberships/change", **of(one), subscription="0053") == "N9 the_same_subscription"
    assert clerk.denied("memberships/change", **of(one), subscription="0083") == "S4 not_on_offer"
    assert clerk.denied("memberships/change", **of(one), subscription="0089") == "A6 administrative_is_a_type"
    assert clerk.done("memberships/change", **of(one), subscription="0045")["cents"] == 0


def test_s5_s7_nothing_is_changed_into_a_month_that_is_paid_at_once(clerk: Clerk) -> None:
    one = clerk.enrol()
    assert clerk.denied("memberships/change", **of(one), subscription="0091") == "S7 temporary_begins_anew"
    assert [row["subscription"] for row in clerk.look(one["patron"])["memberships"] if row["counts"]] == ["0045"]


def test_n8_a_membership_is_extended_once_from_the_day_after_its_last(clerk: Clerk) -> None:
    one = clerk.enrol()
    said = clerk.done("memberships/extend", **of(one), paying="register")
    assert said["starts"] == (date.fromisoformat(one["ends"]) + timedelta(days=1)).isoformat()
    assert said["cents"] == 5600
    assert clerk.denied("memberships/extend", **of(one)) == "N8 extended_already"


def test_n8_a_next_term_that_was_stopped_before_it_began_can_be_made_again(clerk: Clerk) -> None:
    one = clerk.enrol()
    wrong = clerk.done("memberships/extend", **of(one))["membership"]
    clerk.done("memberships/stop", patron=one["patron"], membership=wrong)
    assert clerk.done("memberships/extend", **of(one))["membership"] != wrong
    assert clerk.denied("memberships/extend", **of(one)) == "N8 extended_already"


def test_g7_the_desk_never_extends_what_the_home_library_decides(clerk: Clerk, demo: Demo) -> None:
    guest = clerk.done("patrons/search", number=demo.passes["guest"]["number"])["patrons"][0]["patron"]
    term = clerk.look(guest)["memberships"][0]["membership"]
    assert clerk.denied("memberships/extend", patron=guest, membership=term) == "G7 guest_term_from_home"


def test_n8_what_renews_itself_is_never_charged_by_hand(clerk: Clerk) -> None:
    one = clerk.enrol(choice={"subscription": "0049", "paying": "direct_debit"})
    assert [fee["status"] for fee in clerk.look(one["patron"])["fees"]] == ["direct_debit"]
    assert clerk.denied("memberships/extend", **of(one)) == "N8 renews_itself"


def test_s4_a_term_that_begins_past_the_age_of_a_subscription_is_not_given(clerk: Clerk) -> None:
    one = clerk.enrol(born=years_ago(30, 100), choice={"subscription": "0021"})
    assert clerk.denied("memberships/extend", **of(one)) == "S4 not_on_offer"


def test_n8_only_what_ends_soon_is_listed_and_of_several_one_needs_renewing(clerk: Clerk, store: StoreProcess) -> None:
    soon, later = clerk.enrol(), clerk.enrol()
    store.change(
        "UPDATE membership SET ends = ? WHERE membership = ?",
        (TODAY + timedelta(days=10)).isoformat(),
        soon["membership"],
    )
    listed = all_of(clerk, "memberships/ending", "memberships")
    found = {one["membership"]: one for one in listed}
    assert found[soon["membership"]]["renew"]
    assert later["membership"] not in found
    clerk.done("memberships/extend", **of(soon))
    found = {one["membership"]: one for one in all_of(clerk, "memberships/ending", "memberships")}
    assert not found[soon["membership"]]["renew"]


def test_k6_what_was_enrolled_online_counts_once_it_is_confirmed(clerk: Clerk, store: StoreProcess) -> None:
    one = clerk.enrol()
    store.change("UPDATE membership SET confirmed = 0 WHERE membership = ?", one["membership"])
    assert clerk.done("explain", patron=one["patron"])["decided"]["rule"] == "K6"
    clerk.done("memberships/confirm", **of(one))
    assert clerk.done("explain", patron=one["patron"])["allowed"]
    assert clerk.denied("memberships/confirm", **of(one)) == "K6 confirmed_already"


def test_n2_lapsed_here_but_valid_elsewhere_is_shown_valid(clerk: Clerk, neighbour: Clerk, store: StoreProcess) -> None:
    asked = application("1977-07-07")
    theirs = neighbour.done("patrons/enrol", **asked)
    found = clerk.done("patrons/search", surname=asked["person"]["surname"])["patrons"]
    assert [(one["patron"], one["valid"], one["valid_here"]) for one in found] == [(theirs["patron"], True, False)]
    neighbour.done("memberships/stop", **of(theirs))
    found = clerk.done("patrons/search", number=asked["card"]["number"])["patrons"]
    assert [one["valid"] for one in found] == [False]


def test_n3_memberships_of_different_kinds_are_flagged_to_staff(clerk: Clerk, neighbour: Clerk) -> None:
    theirs = neighbour.enrol(choice={"subscription": "0053", "paying": "now"})
    assert not clerk.look(theirs["patron"])["different_kinds"]
    clerk.done("patrons/enrol-again", patron=theirs["patron"], choice={"subscription": "0045"}, second=True)
    assert clerk.look(theirs["patron"])["different_kinds"]


def test_search_finds_by_the_beginning_of_a_name_by_birth_date_and_says_no_to_less(clerk: Clerk) -> None:
    asked = application("1966-06-05", {"surname": "Öztürk-Çelik"})
    patron = clerk.done("patrons/enrol", **asked)["patron"]
    for given in ({"surname": "ozturk"}, {"surname": "Öz", "born": "1966-06-05"}, {"born": "1966-06-05"}):
        assert patron in [one["patron"] for one in clerk.done("patrons/search", **given)["patrons"]]
    assert clerk.done("patrons/search", surname="ozturk", born="1966-06-06")["patrons"] == []
    nothing: dict[str, Any] = {}
    for less in (nothing, {"surname": "Oz"}, {"surname": "%%%"}):
        assert clerk.tell("patrons/search", **less)[0] == 422


def test_n12_two_records_of_one_patron_become_one(boss: Clerk, store: StoreProcess) -> None:
    asked = application("1955-05-05")
    kept = boss.done("patrons/enrol", **asked)["patron"]
    gone = boss.done("patrons/enrol", **(asked | {"card": {"number": regional()}}), despite=[kept])
    boss.done("messages/add", patron=gone["patron"], text="van de ander")
    boss.done("pins/set", patron=gone["patron"], pin="4711")
    item = store.rows("SELECT item FROM item WHERE institution = 'aa-en-hunze' ORDER BY item")[0][0]
    boss.done("holds/place", patron=kept, item=item)
    boss.done("holds/place", patron=gone["patron"], item=item)
    twice = [sorted(one["patrons"]) for one in all_of(boss, "patrons/duplicates", "duplicates")]
    assert sorted([kept, gone["patron"]]) in twice
    boss.done("patrons/merge", kept=kept, gone=gone["patron"])
    seen = boss.look(kept)
    assert {one["number"] for one in seen["passes"]} >= {asked["card"]["number"]}
    assert (len(seen["passes"]), len(seen["memberships"]), len(seen["messages"]), len(seen["holds"])) == (2, 2, 1, 1)
    assert len(seen["pin"]) == 1
    assert boss.tell("patrons/look", patron=gone["patron"])[0] == 404
    assert store.rows("SELECT COUNT(*) FROM person WHERE patron = ?", gone["patron"])[0][0] == 0


def test_after_a_merge_the_mirrors_hear_of_what_waits_for_the_one_patron_now(boss: Clerk, store: StoreProcess) -> None:
    kept, gone = boss.enrol()["patron"], boss.enrol()["patron"]
    item = store.rows("SELECT item FROM item WHERE institution = 'aa-en-hunze' ORDER BY item DESC")[0][0]
    boss.done("holds/place", patron=gone, item=item)
    head = store.rows("SELECT MAX(head) FROM feed_head WHERE consortium = ?", DRENTHE)[0][0]
    boss.done("patrons/merge", kept=kept, gone=gone)
    told = "SELECT ref FROM feed WHERE consortium = ? AND kind = 'item' AND seq > ?"
    assert item in {ref for (ref,) in store.rows(told, DRENTHE, head)}


def test_k8_of_two_records_of_one_patron_the_hold_that_stands_ready_is_kept(
    boss: Clerk, books: Iterator[ItemBarcode]
) -> None:
    kept, gone, item = boss.enrol()["patron"], boss.enrol()["patron"], next(books)
    boss.done("holds/place", patron=kept, item=item)
    ready = boss.done("holds/place", patron=gone, item=item)["hold"]
    boss.done("holds/shelve", patron=gone, hold=ready, item=item)
    boss.done("patrons/merge", kept=kept, gone=gone)
    assert [(one["hold"], one["status"]) for one in boss.look(kept)["holds"]] == [(ready, "on_shelf")]


def test_n12_records_of_different_kinds_are_not_merged(boss: Clerk) -> None:
    patron = boss.enrol()["patron"]
    binder = boss.done("administrative/make", name="Binder")["patron"]
    assert boss.denied("patrons/merge", kept=patron, gone=binder) == "N12 not_alike"
    assert boss.tell("patrons/merge", kept=patron, gone=patron)[0] == 422


def all_of(clerk: Clerk, path: str, key: str) -> list[dict[str, Any]]:
    """A list to its end."""
    found: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        said = clerk.done(path, after=after, limit=3)
        found, after = found + said[key], said["next"]
    return found
