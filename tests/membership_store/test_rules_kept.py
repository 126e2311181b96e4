"""Rules of the book that no function decides: the operation that keeps each, over both databases, under its id."""
# ruff: noqa: N802 - a test bears the id of its rule

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from circulation import wire
from circulation.affairs import Account, HandedOver
from circulation.events import Action, HandOver, Kind, Payment
from circulation.identifiers import BranchCode, EventId, PatronRef
from circulation.outcomes import Identified, Reason
from circulation.presented import Source
from membership_store.network import local_date
from membership_store.staff.acts import Answer, Denied, Done
from membership_store.staff.desk import StaffDesk, operator
from membership_store.staff.nightly import Night, birthday_before, come_of_age
from membership_store.staff.table import BY_PATH
from tests.membership_store.counter import Counter
from tests.membership_store.running import ANNEN, DRENTHE, Demo


def staff_do(counter: Counter, path: str, **asked: Any) -> Answer:
    """What staff in Annen do."""
    act = BY_PATH[path]
    desk = StaffDesk(counter.database, lambda: counter.now)
    return desk.operate(operator(DRENTHE), act, act.takes(branch=BranchCode(ANNEN), **asked))


def ref_of(counter: Counter, demo: Demo, name: str) -> PatronRef:
    """The store's reference of whoever has that pass."""
    number = demo.passes[name]["number"]
    return PatronRef(counter.rows("SELECT patron FROM pass WHERE number = ?", number)[0][0])


def fee_of(counter: Counter, patron: str) -> tuple[str, int]:
    """The one open fee of a patron and its cents."""
    rows = counter.rows("SELECT fee, cents FROM fee WHERE patron = ? AND status = 'open' AND cents > 0", patron)
    return rows[0][0], rows[0][1]


def test_F3_a_payment_that_was_not_heard_is_told_again_and_booked_once(counter: Counter, demo: Demo) -> None:
    fee, cents = fee_of(counter, ref_of(counter, demo, "fined"))
    paid = Payment((fee,), cents, "terminal-1")
    first = counter.act(Action.PAY, demo.shown("fined"), payment=paid, kind=Kind.FACT)
    assert counter.tell(first) == counter.tell(first)
    counter.tell(counter.act(Action.PAY, demo.shown("fined"), payment=paid, kind=Kind.FACT))
    assert counter.rows("SELECT count(*), sum(cents) FROM payment WHERE terminal = ?", "terminal-1") == [(1, cents)]
    assert counter.rows("SELECT status FROM fee WHERE fee = ?", fee) == [("paid",)]


def test_F2_F3_a_fee_that_was_paid_already_is_not_paid_again_and_the_money_is_not_lost(
    counter: Counter, demo: Demo
) -> None:
    fee, cents = fee_of(counter, ref_of(counter, demo, "fined"))
    for terminal in ("terminal-1", "terminal-2"):
        paid = Payment((fee,), cents, terminal)
        answer = counter.tell(counter.act(Action.PAY, demo.shown("fined"), payment=paid, kind=Kind.FACT))
    assert answer["credit"] == cents
    assert counter.rows("SELECT count(*) FROM payment_fee WHERE fee = ?", fee) == [(1,)]


def test_F5_waiving_is_the_desks_and_what_was_waived_is_owed_no_more(counter: Counter, demo: Demo) -> None:
    patron = ref_of(counter, demo, "fined")
    fee, cents = fee_of(counter, patron)
    assert staff_do(counter, "fees/waive", patron=patron, fee=fee) == Done({"fee": fee, "cents": cents}, patron, fee)
    account = counter.desk.account(counter.kiosk, demo.shown("fined"))
    assert isinstance(account, Account)
    assert account.payable == 0
    assert isinstance(staff_do(counter, "fees/waive", patron=patron, fee=fee), Denied)


def test_F5_a_note_for_what_was_lost_is_owed_where_it_was_written(counter: Counter, demo: Demo) -> None:
    staff_do(counter, "fees/add", patron=ref_of(counter, demo, "anna"), cents=1500)
    account = counter.desk.account(counter.kiosk, demo.shown("anna"))
    assert isinstance(account, Account)
    assert account.payable == 1500


def test_F5_of_a_mandate_only_the_last_four_of_the_account_are_kept(counter: Counter, demo: Demo) -> None:
    patron = ref_of(counter, demo, "anna")
    iban = "NL02ABNA0123456789"
    said = staff_do(
        counter,
        "mandates/record",
        patron=patron,
        mandate="6775991190016261",
        iban=iban,
        signed_on=date(2026, 1, 5),
    )
    assert isinstance(said, Done)
    assert counter.rows("SELECT account_end FROM mandate WHERE patron = ?", patron) == [("6789",)]
    assert iban not in str(said.said)


def test_G9_an_account_is_linked_before_the_first_login_by_its_exact_name(counter: Counter, demo: Demo) -> None:
    patron, other = ref_of(counter, demo, "anna"), ref_of(counter, demo, "bram")
    linked = staff_do(counter, "accounts/link", patron=patron, user_name="Leeuwerik")
    assert isinstance(linked, Done)
    assert staff_do(counter, "accounts/link", patron=other, user_name="Leeuwerik") == Denied("account_of_another", "G9")
    assert isinstance(staff_do(counter, "accounts/link", patron=other, user_name="leeuwerik"), Done)


def test_G9_after_the_first_login_nothing_is_linked_any_more(counter: Counter, demo: Demo) -> None:
    patron = ref_of(counter, demo, "anna")
    staff_do(counter, "accounts/link", patron=patron, user_name="Leeuwerik")
    counter.change("UPDATE login_account SET first_login_at = made_at WHERE patron = ?", patron)
    assert staff_do(counter, "accounts/link", patron=patron, user_name="Merel") == Denied("logged_in_already", "G9")


def test_K14_an_account_that_nobody_activated_in_a_day_can_be_made_anew(counter: Counter, demo: Demo) -> None:
    patron = ref_of(counter, demo, "anna")
    staff_do(counter, "accounts/generate", patron=patron)
    made = staff_do(counter, "accounts/letter", patron=patron)
    assert isinstance(made, Done)
    counter.now += timedelta(hours=24)
    assert staff_do(counter, "accounts/letter", patron=patron) == Denied("activation_over", "K14")
    staff_do(counter, "accounts/generate", patron=patron)
    again = staff_do(counter, "accounts/letter", patron=patron)
    assert isinstance(again, Done)
    assert again.said["activation"] != made.said["activation"]


def test_N4_the_loans_of_the_whole_group_are_shown_by_branch_with_code_and_name(counter: Counter, demo: Demo) -> None:
    patron = ref_of(counter, demo, "anna")
    mine = counter.rows("SELECT loan FROM loan WHERE patron = ? AND returned_at IS NULL ORDER BY loan", patron)
    counter.change("UPDATE loan SET branch = '9407' WHERE loan = ?", mine[0][0])
    account = counter.desk.account(counter.kiosk, demo.shown("anna"))
    assert isinstance(account, Account)
    assert [(one.branch, one.name, len(one.loans)) for one in account.loans] == [
        ("9401", "Bibliotheek Annen", len(mine) - 1),
        ("9407", "Bibliotheek Borger", 1),
    ]


def test_N4_what_was_lent_outside_the_group_is_not_shown_here(counter: Counter, demo: Demo) -> None:
    patron = ref_of(counter, demo, "anna")
    counter.change("UPDATE loan SET branch = '9420' WHERE patron = ?", patron)
    account = counter.desk.account(counter.kiosk, demo.shown("anna"))
    assert isinstance(account, Account)
    assert account.loans == ()


def a_case(demo: Demo) -> HandOver:
    """A patron's self-service failed."""
    number = secrets.token_hex(6)
    key = EventId(f"01920000-0000-7000-8000-{number}")
    return HandOver(key, Reason.NOT_LINKED, "N1", demo.shown("anna"), demo.book("oeroeg"))


def test_N10_the_desk_finds_under_a_short_code_what_failed_at_the_kiosk(counter: Counter, demo: Demo) -> None:
    case = a_case(demo)
    given = counter.desk.hand_over(counter.kiosk, case)
    assert isinstance(given, HandedOver)
    assert 4 <= len(given.code) <= 8
    found = staff_do(counter, "cases/find", code=given.code.lower())
    assert isinstance(found, Done)
    said = found.said
    assert (said["rule"], said["reason"], said["item"]) == ("N1", "not_linked", demo.book("oeroeg"))
    assert said["patron"] == ref_of(counter, demo, "anna")


def test_N10_the_same_case_has_the_same_code_and_it_lives_a_day(counter: Counter, demo: Demo) -> None:
    case = a_case(demo)
    given = counter.desk.hand_over(counter.kiosk, case)
    assert isinstance(given, HandedOver)
    assert counter.desk.hand_over(counter.kiosk, case) == given
    assert given.until - counter.now <= timedelta(days=1)
    counter.now += timedelta(days=1)
    after = counter.desk.hand_over(counter.kiosk, replace(case, id=a_case(demo).id))
    assert isinstance(after, HandedOver)
    assert after.until > given.until


def test_K2_a_child_is_greeted_by_the_first_name_and_an_adult_by_none(counter: Counter, demo: Demo) -> None:
    child = counter.desk.identify(counter.kiosk, demo.shown("daan"))
    adult = counter.desk.identify(counter.kiosk, demo.shown("anna"))
    assert isinstance(child, Identified)
    assert isinstance(adult, Identified)
    assert (child.first_name, adult.first_name) == ("Daan", "")


def test_K3_a_message_for_staff_does_not_reach_the_kiosk(counter: Counter, demo: Demo) -> None:
    assert demo.shown("iris").source in Source
    told, untold = (counter.desk.identify(counter.kiosk, demo.shown(name)) for name in ("hanna", "iris"))
    assert isinstance(told, Identified)
    assert isinstance(untold, Identified)
    assert len(told.messages) == 1
    assert untold.messages == ()


def test_N8_whose_membership_ends_soon_is_told_so_at_the_start_of_a_visit(counter: Counter, demo: Demo) -> None:
    soon, later = (counter.desk.identify(counter.kiosk, demo.shown(name)) for name in ("ending", "anna"))
    assert isinstance(soon, Identified)
    assert isinstance(later, Identified)
    assert soon.ends is not None
    assert timedelta(0) < soon.ends - counter.now.date() < timedelta(days=30)
    assert later.ends is None


def test_K4_history_is_shown_to_who_has_chosen_it_and_to_nobody_else(counter: Counter, demo: Demo) -> None:
    for name in ("reader", "anna"):
        counter.borrow(demo.shown(name), demo.book("oeroeg"))
        counter.do(Action.CHECK_IN, item=demo.book("oeroeg"))
    reader, anna = (counter.desk.account(counter.kiosk, demo.shown(name)) for name in ("reader", "anna"))
    assert isinstance(reader, Account)
    assert isinstance(anna, Account)
    assert "Oeroeg" in reader.history
    assert anna.history == ()
    assert "Oeroeg" not in str(wire.encode(anna))


def test_K4_you_had_this_before_is_said_to_who_has_asked_for_it_of_any_copy(counter: Counter, demo: Demo) -> None:
    def lent(name: str) -> object:
        said = counter.borrow(demo.shown(name), demo.book("oeroeg"))["borrowed_before"]
        counter.do(Action.CHECK_IN, item=demo.book("oeroeg"))
        return said

    assert [lent("reader"), lent("anna"), lent("reader"), lent("anna")] == [False, False, True, False]
    other = counter.rows("SELECT item FROM loan WHERE item <> ? AND returned_at IS NOT NULL", demo.book("oeroeg"))
    assert other == []
    title = "(SELECT title FROM item WHERE item = ?)"
    copy = demo.book("eline-vere")
    counter.change(f"UPDATE item SET title = {title} WHERE item = ?", demo.book("oeroeg"), copy)
    assert counter.borrow(demo.shown("reader"), copy)["borrowed_before"] is True


def turned(counter: Counter, patron: str, born: date, ends: date, today: date) -> list[tuple[Any, ...]]:
    """The memberships of a youth after the night before that day."""
    counter.change("UPDATE person SET born = ? WHERE patron = ?", born.isoformat(), patron)
    counter.change("UPDATE membership SET ends = ? WHERE patron = ?", ends.isoformat(), patron)
    now = datetime(today.year, today.month, today.day, 3, tzinfo=UTC)
    night = Night(counter.database, DRENTHE, now, lambda: secrets.token_hex(8), lambda _: None)
    come_of_age(night)
    assert come_of_age(night) == 0
    return counter.rows(
        "SELECT m.subscription, m.starts, m.ends, s.balance FROM membership m LEFT JOIN strips s"
        " ON s.consortium = m.consortium AND s.membership = m.membership WHERE m.patron = ? ORDER BY m.starts",
        patron,
    )


@pytest.mark.parametrize(
    ("born", "birthday"),
    [
        (date(2007, 9, 12), date(2026, 9, 12)),
        (date(2008, 1, 1), date(2027, 1, 1)),
        (date(2007, 9, 1), date(2026, 9, 1)),
        (date(2008, 2, 29), date(2027, 3, 1)),
    ],
)
@pytest.mark.parametrize("runs_on", [0, 40])
def test_S4_start_follows_youth_also_where_its_term_ended_the_day_before(
    counter: Counter, demo: Demo, born: date, birthday: date, runs_on: int
) -> None:
    patron, last = ref_of(counter, demo, "daan"), birthday - timedelta(days=1)
    rows = turned(counter, patron, born, last + timedelta(days=runs_on), birthday)
    assert [(code, starts, balance) for code, starts, _, balance in rows[1:]] == [("0021", birthday.isoformat(), 12)]
    assert rows[0][2] == last.isoformat()


def test_K6_a_membership_that_waits_for_the_desk_still_does_at_19(counter: Counter, demo: Demo) -> None:
    patron, birthday = ref_of(counter, demo, "daan"), counter.now.date()
    counter.change("UPDATE membership SET confirmed = 0 WHERE patron = ?", patron)
    rows = turned(counter, patron, birthday_before(birthday), birthday + timedelta(days=40), birthday)
    assert [code for code, *_ in rows] == ["JEUGD", "0021"]
    assert counter.rows("SELECT DISTINCT confirmed FROM membership WHERE patron = ?", patron) == [(0,)]
    assert counter.borrow(demo.shown("daan"), demo.book("oeroeg"))["reason"] == Reason.NOT_CONFIRMED.value


@pytest.mark.parametrize("runs_on", [0, 6])
def test_S7_a_membership_that_was_stopped_is_not_begun_anew_at_19(counter: Counter, demo: Demo, runs_on: int) -> None:
    patron, birthday = ref_of(counter, demo, "daan"), counter.now.date()
    ends = birthday + timedelta(days=runs_on - 1)
    counter.change("UPDATE membership SET cancelled_on = ? WHERE patron = ?", "2026-01-02", patron)
    rows = turned(counter, patron, birthday_before(birthday), ends, birthday)
    assert [(code, last) for code, _, last, _ in rows] == [("JEUGD", ends.isoformat())]


def test_S7_of_two_memberships_the_stopped_one_is_not_begun_anew_at_19(counter: Counter, demo: Demo) -> None:
    patron, birthday = ref_of(counter, demo, "daan"), counter.now.date()
    counter.change(
        "INSERT INTO membership (consortium, membership, patron, institution, subscription, starts, ends, cancelled_on)"
        " SELECT consortium, 'A-stopped', patron, 'borger-odoorn', subscription, starts, ends, starts FROM membership"
        " WHERE patron = ?",
        patron,
    )
    turned(counter, patron, birthday_before(birthday), birthday + timedelta(days=6), birthday)
    asked = "SELECT institution FROM membership WHERE patron = ? AND subscription = '0021'"
    assert counter.rows(asked, patron) == [("aa-en-hunze",)]


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-07-14T21:59:59+00:00", date(2026, 7, 14)),
        ("2026-07-14T22:00:00+00:00", date(2026, 7, 15)),
        ("2026-10-24T22:00:00+00:00", date(2026, 10, 25)),  # the night that has 02:30 twice
        ("2026-10-25T00:30:00+00:00", date(2026, 10, 25)),
        ("2026-10-25T01:30:00+00:00", date(2026, 10, 25)),
        ("2026-10-25T22:59:59+00:00", date(2026, 10, 25)),
        ("2026-10-25T23:00:00+00:00", date(2026, 10, 26)),
        ("2027-03-27T23:00:00+00:00", date(2027, 3, 28)),  # the night that has no 02:30
        ("2027-03-28T21:59:59+00:00", date(2027, 3, 28)),
        ("2027-03-28T22:00:00+00:00", date(2027, 3, 29)),
    ],
)
@pytest.mark.parametrize("zone", ["Europe/Amsterdam", "Europe/Brussels"])
def test_S7_a_term_and_a_loan_go_by_the_librarys_own_date_also_when_the_clock_changes(
    moment: str, day: date, zone: str
) -> None:
    assert local_date(datetime.fromisoformat(moment), zone) == day
