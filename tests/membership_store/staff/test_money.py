"""Strips and money at the desk: S2, F1, F2, F5. Integer cents, never below zero, nothing of an account number kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from membership_store.staff.money import is_iban
from tests.membership_store.running import StoreProcess
from tests.membership_store.staff.desk import TODAY, Clerk
from tests.membership_store.staff.test_memberships import of


@pytest.mark.parametrize("cents", [0, -100, 1.5, "100", True, None, 2**53, 100_001])
def test_f5_a_note_is_a_whole_number_of_cents_above_zero(clerk: Clerk, cents: object) -> None:
    status, said = clerk.tell("fees/add", patron=clerk.enrol()["patron"], cents=cents)
    assert (status, said["type"]) == (422, "/problems/invalid")
    assert said["detail"].startswith("cents")


def test_f1_f4_an_open_note_stops_borrowing_and_registering_waiving_or_paying_lifts_it(clerk: Clerk) -> None:
    for lift in ("register", "waive", "pay"):
        patron = clerk.enrol()["patron"]
        fee = clerk.done("fees/add", patron=patron, cents=1250)["fee"]
        assert clerk.done("explain", patron=patron)["decided"]["rule"] == "F4"
        given = {"fees": [fee], "cents": 1250} if lift == "pay" else {"fee": fee}
        clerk.done(f"fees/{lift}", patron=patron, **given)
        assert clerk.done("explain", patron=patron)["allowed"]


def test_f2_an_amount_is_paid_once_whole_and_to_whom_it_is_owed(clerk: Clerk, neighbour: Clerk) -> None:
    patron = clerk.enrol()["patron"]
    one, two = (clerk.done("fees/add", patron=patron, cents=cents)["fee"] for cents in (300, 450))
    assert clerk.denied("fees/pay", patron=patron, fees=[one, two], cents=749) == "F2 amount_differs"
    assert clerk.tell("fees/pay", patron=patron, fees=[one, one], cents=600)[0] == 422
    assert neighbour.tell("fees/pay", patron=patron, fees=[one], cents=300)[0] == 404
    clerk.done("fees/pay", patron=patron, fees=[one, two], cents=750)
    assert clerk.denied("fees/pay", patron=patron, fees=[one], cents=300) == "F2 paid_already"
    assert clerk.denied("fees/waive", patron=patron, fee=one) == "F2 paid_already"
    assert clerk.tell("fees/pay", patron=clerk.enrol()["patron"], fees=[one], cents=300)[0] == 404


def test_f1_what_the_bank_collects_is_not_taken_in_at_the_desk_as_well(clerk: Clerk) -> None:
    patron = clerk.enrol(choice={"subscription": "0045", "paying": "direct_debit"})["patron"]
    fee = clerk.look(patron)["fees"][0]["fee"]
    assert clerk.denied("fees/pay", patron=patron, fees=[fee], cents=5600) == "F1 not_payable_here"
    assert [one["status"] for one in clerk.look(patron)["fees"]] == ["direct_debit"]


def test_s2_strips_are_booked_with_an_entry_and_never_below_zero(clerk: Clerk, store: StoreProcess) -> None:
    one = of(clerk.enrol())
    assert clerk.done("strips/book", **one, strips=10)["strips"] == 135
    assert clerk.denied("strips/book", **one, strips=-136) == "S2 below_zero"
    assert clerk.done("strips/book", **one, strips=-135)["strips"] == 0
    store.change("UPDATE strips SET overdrawn = 3 WHERE membership = ?", str(one["membership"]))
    assert clerk.done("strips/book", **one, strips=2)["strips"] == -1
    assert clerk.done("strips/book", **one, strips=5)["strips"] == 4
    assert [e["strips"] for e in clerk.done("strips/entries", **one)["entries"]] == [125, 10, -135, 2, 5]
    for wrong in (0, 1.5, 1001):
        assert clerk.tell("strips/book", **one, strips=wrong)[0] == 422


def test_s2_a_membership_without_a_balance_has_none_to_correct(clerk: Clerk) -> None:
    one = of(clerk.enrol(choice={"subscription": "0053", "paying": "now"}))
    assert clerk.denied("strips/book", **one, strips=1) == "S2 strips_not_counted"


def test_f5_of_a_mandate_only_the_last_four_of_the_account_are_kept(clerk: Clerk, store: StoreProcess) -> None:
    patron = clerk.enrol()["patron"]
    mandate = {"mandate": "6775991190016261", "iban": "NL91 ABNA 0417 1643 00", "signed_on": TODAY.isoformat()}
    clerk.done("mandates/record", patron=patron, **mandate)
    assert [one["account_end"] for one in clerk.look(patron)["mandates"]] == ["4300"]
    whole = "".join(str(store.rows(f"SELECT * FROM {table}")) for table in ("mandate", "staff_answer", "audit"))
    assert "ABNA" not in whole + store.log_file.read_text("utf-8")
    another = {"patron": clerk.enrol()["patron"], **mandate}
    assert clerk.denied("mandates/record", **another) == "F5 mandate_in_use"
    clerk.done("mandates/end", patron=patron, mandate=mandate["mandate"])
    assert clerk.tell("mandates/end", patron=patron, mandate=mandate["mandate"])[0] == 404


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"iban": "NL92ABNA0417164300"}, "iban"),
        ({"iban": "0417164300"}, "iban"),
        ({"mandate": "677599119001626"}, "mandate"),
        ({"mandate": "677599119001626A"}, "mandate"),
        ({"signed_on": "2999-01-01"}, "signed_on"),
    ],
)
def test_f5_a_mandate_that_cannot_be_right_is_told_without_its_numbers(
    clerk: Clerk, changed: dict[str, str], place: str
) -> None:
    good = {"mandate": "6775991190016262", "iban": "NL91ABNA0417164300", "signed_on": TODAY.isoformat()}
    status, said = clerk.tell("mandates/record", patron=clerk.enrol()["patron"], **(good | changed))
    assert (status, said["detail"].partition(":")[0]) == (422, place)
    assert "0417" not in said["detail"]


@given(st.from_regex(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", fullmatch=True), st.integers(2, 20))
def test_an_account_number_with_one_digit_changed_fails_its_check(text: str, place: int) -> None:
    bank, number = text[:2], text[4:]
    rest = int("".join(str(int(one, 36)) for one in number + bank + "00")) % 97
    right = f"{bank}{98 - rest:02d}{number}"
    assert is_iban(right)
    place = place % (len(right) - 2) + 2
    if right[place].isdigit():
        wrong = right[:place] + str((int(right[place]) + 1) % 10) + right[place + 1 :]
        assert not is_iban(wrong)
