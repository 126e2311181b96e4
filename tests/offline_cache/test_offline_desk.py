"""The desk without a line: the same rules on the mirror, what was done since counts, and "I do not know" is no "no"."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from circulation.affairs import CheckedIn, Route
from circulation.events import Action, Kind, Payment
from circulation.identifiers import BranchCode, ChipUid, ItemBarcode, PassNumber, PatronRef
from circulation.masking import PATRON, masked
from circulation.model import Hold, Item, ItemStatus, Membership, Patron, PatronType
from circulation.outcomes import CheckedOut, Identified, NextStep, Reason, Refused
from circulation.presented import Presented, Source
from circulation.rules.facts import OfflinePolicy, Policy
from circulation.rules.offline import DO_NOT_KNOW
from offline_cache.journal import Entry
from offline_cache.mirror import NoMirror
from tests.circulation.worlds import (
    ANNA,
    BARCODE,
    BERT,
    HERZELE,
    NUMBER,
    UID,
    by_barcode,
    by_chip,
    card,
    day,
    fee,
    guest,
    hold,
    item,
    loan,
    loans,
    membership,
    patron,
)
from tests.offline_cache.outages import DUE, HOLD_SHELF, NOON, SHELF, STAFF, K, Memory, Own

OTHER, THIRD = ItemBarcode("30000000000400"), ItemBarcode("30000000000418")
BERTS = Presented(Source.BARCODE, PassNumber("20000000000022"))
ANNAS = by_barcode()
UNKNOWN = Refused(Reason.OFFLINE_ITEM_UNKNOWN, "K7", NextStep.DESK)


def bert(*rows: Membership, **changes: object) -> Patron:
    """Another patron, with a pass of his own."""
    cards = (card(PassNumber("20000000000022"), chips=frozenset({ChipUid("04FFFFFFFFFFFF")})),)
    return replace(patron(*rows), ref=BERT, passes=cards, **changes)  # type: ignore[arg-type]


def anna(*rows: Membership, **changes: object) -> Patron:
    return replace(patron(*rows), **{"passes": (card(),), **changes})  # type: ignore[arg-type]


@pytest.fixture(params=[False, True], ids=["all read", "remembered"])
def own(request: pytest.FixtureRequest) -> Own:
    """Anna and Bert may borrow, and there are three books of this branch."""
    books: dict[str, Item] = {one: replace(item(), barcode=one) for one in (BARCODE, OTHER, THIRD)}
    return Own(Memory(patrons=[anna(), bert()], items=books), marked=request.param)


def with_policy(own: Own, **changes: object) -> None:
    own.mirror.place = replace(own.mirror.place, policy=Policy(offline=OfflinePolicy(**changes)))  # type: ignore[arg-type]


def reason(answer: object) -> Reason:
    assert isinstance(answer, Refused), answer
    return answer.reason


# ---- borrowing


def test_an_item_is_lent_as_the_store_would_lend_it_and_said_to_be_provisional(own: Own) -> None:
    answer = own.borrow(ANNAS, BARCODE)
    assert answer == CheckedOut(BARCODE, "Oeroeg", DUE, 1, 99, provisional=True)


def test_a_loan_counts_from_the_librarys_own_day_on_either_side_of_its_midnight(own: Own) -> None:
    picture = own.mirror.picture()
    own.mirror.picture = lambda: picture  # type: ignore[method-assign]  # a real mirror gives one as long as it is true
    before, after = datetime(2026, 7, 15, 21, 59, 59, tzinfo=UTC), datetime(2026, 7, 15, 22, tzinfo=UTC)
    for at, due in ((before, DUE), (after, DUE + timedelta(days=1)), (before, DUE), (NOON, DUE)):
        own.age = at - NOON
        answer = own.desk.decide(Action.CHECK_OUT, ANNAS, BARCODE, at)
        assert isinstance(answer, CheckedOut)
        assert answer.due == due


@pytest.mark.parametrize(
    "wrong_by", [timedelta(days=-2000), timedelta(days=-1), timedelta(days=1), timedelta(days=400)]
)
def test_a_wall_clock_that_is_wrong_changes_no_day_and_no_verdict(own: Own, wrong_by: timedelta) -> None:
    """A kiosk without a battery clock: by the boot's own clock it knows all the same how old the mirror is."""
    own.mirror.patrons = [anna(memberships=(membership(ends=day(0)),))]
    for hours, today in ((0, 0), (11, 0), (12, 1)):
        own.age = timedelta(hours=hours)
        answers = [
            own.desk.decide(Action.CHECK_OUT, ANNAS, BARCODE, NOON + own.age + wrong)
            for wrong in (timedelta(), wrong_by)
        ]
        assert answers[0] == answers[1]
        assert isinstance(answers[0], CheckedOut if today == 0 else Refused)
        assert own.desk.identify(ANNAS, NOON + own.age) == own.desk.identify(ANNAS, NOON + own.age + wrong_by)
    own.mirror.patrons = [anna()]
    late = own.desk.decide(Action.CHECK_OUT, ANNAS, BARCODE, NOON + wrong_by)
    assert isinstance(late, CheckedOut)
    assert late.due == DUE + timedelta(days=1)


def test_a_patron_is_known_by_chip_as_by_number_and_under_the_same_name(own: Own) -> None:
    by_number, chip = (own.desk.identify(one, NOON) for one in (ANNAS, by_chip()))
    assert isinstance(by_number, Identified)
    assert by_number == chip
    assert by_number.patron == masked(K, PATRON, ANNA) == own.desk.known_as(ANNA)
    assert (by_number.first_name, by_number.messages, by_number.may_borrow) == ("", (), 100)


@pytest.mark.parametrize(
    "child", [{"first_name": "Daan"}, {"memberships": (membership("JEUGD", strips_left=None),)}, {}]
)
def test_k2_a_child_is_one_without_a_line_too_though_the_name_is_in_no_mirror(own: Own, child: dict[str, Any]) -> None:
    own.mirror.patrons = [replace(anna(), **child)]
    who = own.desk.identify(ANNAS, NOON)
    assert isinstance(who, Identified)
    assert (who.first_name, who.child) == ("", bool(child))


def test_n8_the_end_of_a_membership_is_told_without_a_line_too(own: Own) -> None:
    own.mirror.patrons = [anna(memberships=(membership(ends=day(16)),))]
    who = own.desk.identify(ANNAS, NOON)
    assert isinstance(who, Identified)
    assert who.ends == day(16)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"fees": (fee(2000),)}, Reason.OPEN_AMOUNT),
        ({"memberships": (membership(ends=day(-1)),)}, Reason.LAPSED),
        ({"memberships": (membership(strips_left=0),)}, Reason.NO_STRIPS),
        ({"passes": (card(document_number=True),)}, Reason.OFFLINE_PIN),
    ],
)
def test_what_the_mirror_knows_against_it_is_a_no(own: Own, changes: dict[str, object], expected: Reason) -> None:
    own.mirror.patrons = [anna(**changes)]
    assert reason(own.borrow(ANNAS, BARCODE)) is expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(PatronType.SPECIAL, Reason.OFFLINE_NOT_ALLOWED), (PatronType.DONOR, Reason.TYPE_TO_DESK)],
)
def test_what_a_special_patron_has_in_another_region_only_the_library_system_can_tell(
    own: Own, kind: PatronType, expected: Reason
) -> None:
    """K1: a subscription of a school or a home admits them, wherever it is."""
    own.mirror.patrons = [anna(type=kind)]
    assert reason(own.borrow(ANNAS, BARCODE)) is expected
    assert reason(own.desk.identify(ANNAS, NOON)) is expected
    own.mirror.patrons = [anna(membership("0083", strips_left=None), type=PatronType.SPECIAL)]
    assert isinstance(own.borrow(ANNAS, BARCODE), CheckedOut)


def test_a_pass_that_needs_a_pin_is_served_where_the_library_lets_it_but_a_document_never_is(own: Own) -> None:
    own.mirror.patrons = [anna(pin_required=True)]
    assert reason(own.borrow(ANNAS, BARCODE)) is Reason.OFFLINE_PIN
    with_policy(own, lends_without_pin=True)
    assert isinstance(own.borrow(ANNAS, BARCODE), CheckedOut)
    own.mirror.patrons = [anna(passes=(card(document_number=True),))]
    assert reason(own.borrow(ANNAS, BARCODE)) is Reason.OFFLINE_PIN


@pytest.mark.parametrize("needs_pin", [False, True])
def test_a_pass_that_wrong_pins_locked_is_shut_until_then_by_the_stores_clock(own: Own, *, needs_pin: bool) -> None:
    """However far ahead the kiosk's own clock is: how old the mirror is counts."""
    locked = card(locked_until=NOON + timedelta(minutes=15))
    own.mirror.patrons = [anna(passes=(locked,), pin_required=needs_pin)]
    with_policy(own, lends_without_pin=True)
    for age, shut in ((0, True), (14, True), (15, False), (600, False)):
        own.age = timedelta(minutes=age)
        for at in (NOON, NOON + timedelta(hours=3)):
            answers = own.desk.decide(Action.CHECK_OUT, ANNAS, BARCODE, at), own.desk.identify(ANNAS, at)
            if shut:
                assert set(map(reason, answers)) == {Reason.PIN_LOCKED}
            else:
                assert not any(isinstance(one, Refused) for one in answers)


def test_what_belongs_to_another_branch_is_sent_there_by_its_name(own: Own) -> None:
    own.mirror.branches = {"9402": "Gieten"}
    for code, name in (("9402", "Gieten"), ("9403", "9403")):
        own.mirror.items[BARCODE] = replace(item(), branch=BranchCode(code))
        back = own.desk.decide(Action.CHECK_IN, None, BARCODE, NOON)
        assert isinstance(back, CheckedIn)
        assert (back.route, back.place) == (Route.OTHER_BRANCH, name)


def test_what_the_mirror_does_not_hold_is_not_known_and_never_refused_by_a_rule(own: Own) -> None:
    nobody = by_barcode(PassNumber("20000000000998"))
    assert own.desk.identify(nobody, NOON) == Refused(Reason.OFFLINE_PASS_UNKNOWN, "K5", NextStep.DESK)
    assert reason(own.borrow(nobody, BARCODE)) is Reason.OFFLINE_PASS_UNKNOWN
    assert own.borrow(ANNAS, ItemBarcode("30000000000996")) == UNKNOWN
    assert {Reason.OFFLINE_PASS_UNKNOWN, Reason.OFFLINE_ITEM_UNKNOWN} <= DO_NOT_KNOW


def test_a_book_shown_as_a_pass_and_a_pass_shown_as_a_book_are_told_so(own: Own) -> None:
    assert reason(own.desk.identify(by_barcode(PassNumber(BARCODE)), NOON)) is Reason.ITEM_SHOWN_AS_PASS
    assert reason(own.borrow(ANNAS, ItemBarcode(NUMBER))) is Reason.PASS_SHOWN_AS_ITEM


# ---- how old the mirror is, and what the branch allows


@pytest.mark.parametrize("age", [None, timedelta(hours=24), timedelta(days=30)])
def test_from_a_mirror_that_is_too_old_or_of_no_known_age_nothing_is_lent_and_returns_are_taken(
    own: Own, age: timedelta | None
) -> None:
    own.age = age
    assert not own.desk.lends(NOON)
    assert reason(own.desk.identify(ANNAS, NOON)) is Reason.OFFLINE_RETURNS_ONLY
    assert reason(own.borrow(ANNAS, BARCODE)) is Reason.OFFLINE_RETURNS_ONLY
    assert isinstance(own.bring(BARCODE), CheckedIn)


def test_an_older_mirror_lends_few_items_to_each_and_says_how_many_are_left(own: Own) -> None:
    own.age = timedelta(hours=5)
    with_policy(own, usable_items=2)
    who = own.desk.identify(ANNAS, NOON)
    assert isinstance(who, Identified)
    assert who.may_borrow == 2
    assert isinstance(first := own.borrow(ANNAS, BARCODE), CheckedOut)
    assert first.may_borrow == 1
    own.lent(ANNAS, BARCODE)
    own.lent(by_chip(), OTHER)  # the same patron, whatever is shown
    assert reason(own.borrow(ANNAS, THIRD)) is Reason.OFFLINE_MAXIMUM
    who = own.desk.identify(ANNAS, NOON)
    assert isinstance(who, Identified)
    assert (who.may_borrow, who.cannot_borrow and who.cannot_borrow.reason) == (0, Reason.OFFLINE_MAXIMUM)
    assert isinstance(own.borrow(BERTS, THIRD), CheckedOut)


def test_an_older_mirror_lends_nothing_to_guests(own: Own) -> None:
    own.mirror.patrons = [replace(guest(), passes=(card(),))]
    assert isinstance(own.borrow(by_chip(number=NUMBER), BARCODE), CheckedOut)
    own.age = timedelta(hours=5)
    assert reason(own.borrow(by_chip(number=NUMBER), BARCODE)) is Reason.OFFLINE_GUEST


def test_a_branch_allows_what_it_likes(own: Own) -> None:
    with_policy(own, borrow=False, take_back=False)
    assert not own.desk.lends(NOON)
    assert reason(own.borrow(ANNAS, BARCODE)) is Reason.OFFLINE_NOT_ALLOWED
    assert reason(own.bring(BARCODE)) is Reason.OFFLINE_NOT_ALLOWED
    answer = own.desk.decide(Action.PAY, ANNAS, None, NOON, payment=Payment(("f",), 100, "t"))
    assert reason(answer) is Reason.OFFLINE_NOT_ALLOWED
    with_policy(own, pay=True)
    with pytest.raises(ValueError, match="no act"):
        own.desk.decide(Action.PAY, ANNAS, None, NOON)


def test_today_is_the_branch_s_day_and_not_that_of_greenwich(own: Own) -> None:
    late = datetime.fromisoformat("2026-07-15T22:30:00+00:00")  # half past twelve in the night there
    own.age = late - NOON
    answer = own.desk.decide(Action.CHECK_OUT, ANNAS, BARCODE, late)
    assert isinstance(answer, CheckedOut)
    assert answer.due == DUE + timedelta(days=1)


def test_without_a_mirror_nobody_is_known_and_returns_go_to_staff(own: Own) -> None:
    own.mirror.why_not = "key"
    assert not own.desk.lends(NOON)
    for ask in (lambda: own.desk.identify(ANNAS, NOON), lambda: own.borrow(ANNAS, BARCODE)):
        with pytest.raises(NoMirror):
            ask()
    assert own.bring(BARCODE) == CheckedIn(BARCODE, "", STAFF, "", was_on_loan=False, provisional=True)


# ---- what was done since


def test_what_was_lent_here_takes_a_strip_counts_for_the_maximum_and_is_out(own: Own) -> None:
    own.mirror.patrons = [anna(membership("0083", strips_left=None), loans=loans(41)[13:]), bert()]
    own.lent(ANNAS, BARCODE)
    assert isinstance(own.borrow(ANNAS, OTHER), CheckedOut)
    own.lent(ANNAS, OTHER)
    assert reason(own.borrow(ANNAS, THIRD)) is Reason.ON_PASS_MAXIMUM
    assert reason(own.borrow(BERTS, OTHER)) is Reason.ITEM_ON_LOAN
    own.mirror.patrons = [anna(membership(strips_left=2)), bert()]
    assert reason(own.borrow(ANNAS, THIRD)) is Reason.NO_STRIPS


def test_the_same_item_again_is_already_theirs_until_the_day_that_was_said(own: Own) -> None:
    own.lent(ANNAS, BARCODE)
    theirs = Refused(Reason.ALREADY_YOURS, "K11", NextStep.KEEP, {"due": DUE}, on_loan=True)
    assert own.borrow(ANNAS, BARCODE) == theirs


def test_who_may_borrow_nothing_more_hears_of_an_item_that_it_is_lent_so_that_the_gate_lets_it_pass(own: Own) -> None:
    own.mirror.patrons = [anna(membership(strips_left=1)), bert()]
    own.lent(ANNAS, BARCODE)
    refused = [own.borrow(ANNAS, BARCODE), own.borrow(ANNAS, OTHER)]
    assert [(reason(one), cast(Refused, one).on_loan) for one in refused] == [
        (Reason.NO_STRIPS, True),
        (Reason.NO_STRIPS, False),
    ]


def test_what_the_mirror_contains_is_not_counted_again(own: Own) -> None:
    own.lent(ANNAS, BARCODE)
    own.mirror.patrons = [anna(membership(strips_left=1), loans=(loan(ANNA, BARCODE),)), bert()]
    assert isinstance(own.borrow(ANNAS, OTHER), CheckedOut), "a page had the loan before it said so: one strip is left"
    own.mirror.patrons = [anna(membership(strips_left=1)), bert()]
    assert reason(own.borrow(ANNAS, OTHER)) is Reason.NO_STRIPS
    own.mirror.acked = 1
    assert isinstance(own.borrow(ANNAS, OTHER), CheckedOut)


def test_an_answer_of_the_store_counts_until_it_is_in_the_mirror_and_a_no_or_a_void_never(own: Own) -> None:
    own.mirror.patrons = [anna(membership(strips_left=1))]
    for state, answer in (
        ("answered", Refused(Reason.ITEM_UNKNOWN, "K7", NextStep.DESK)),
        ("voided", None),
        ("given_up", None),
    ):
        own.did(Action.CHECK_OUT, ANNAS, OTHER, answer, state=state, kind=Kind.REQUEST)
        assert isinstance(own.borrow(ANNAS, OTHER), CheckedOut)
    lent = CheckedOut(OTHER, "Oeroeg", DUE, 1, 0)
    own.did(Action.CHECK_OUT, ANNAS, OTHER, lent, state="answered", kind=Kind.REQUEST)
    assert reason(own.borrow(ANNAS, BARCODE)) is Reason.NO_STRIPS


def test_a_request_that_nobody_answered_counts_and_its_item_is_not_known(own: Own) -> None:
    own.mirror.patrons = [anna(membership(strips_left=2)), bert()]
    asked = own.did(Action.CHECK_OUT, ANNAS, BARCODE, None, kind=Kind.REQUEST)
    for who in (ANNAS, BERTS):
        assert own.borrow(who, BARCODE) == UNKNOWN
    answer = own.desk.decide(Action.CHECK_OUT, ANNAS, BARCODE, NOON, apart_from=asked.event.id)
    assert isinstance(answer, CheckedOut), "what this decides itself does not stand in its own way"
    own.lent(ANNAS, OTHER)
    assert reason(own.borrow(ANNAS, THIRD)) is Reason.NO_STRIPS


def test_a_fact_that_a_library_system_refused_has_happened_all_the_same(own: Own) -> None:
    entry = own.lent(ANNAS, BARCODE)
    refused = Refused(Reason.ITEM_UNKNOWN, "K7", NextStep.DESK)
    own.entries[-1] = Entry(entry.event, "settled", 0, refused, entry.promised, "refused")
    assert reason(own.borrow(BERTS, BARCODE)) is Reason.ITEM_ON_LOAN


def test_a_return_ends_the_loan_and_gives_no_strip_back(own: Own) -> None:
    own.mirror.items[BARCODE] = replace(item(), loan=loan(ANNA))
    mine = loan(ANNA)
    own.mirror.patrons = [anna(membership("0083", strips_left=None), loans=(*loans(42)[13:], mine)), bert()]
    assert reason(own.borrow(ANNAS, OTHER)) is Reason.ON_PASS_MAXIMUM
    brought = own.taken_in(BARCODE)
    assert brought.promised == CheckedIn(BARCODE, "Oeroeg", SHELF, "", was_on_loan=True, provisional=True)
    assert isinstance(own.borrow(ANNAS, OTHER), CheckedOut)
    assert isinstance(own.borrow(BERTS, BARCODE), CheckedOut)
    again = own.bring(BARCODE)
    assert isinstance(again, CheckedIn)
    assert not again.was_on_loan


def test_lent_brought_back_and_lent_again_in_one_outage(own: Own) -> None:
    own.mirror.patrons = [anna(membership(strips_left=2)), bert()]
    own.lent(ANNAS, BARCODE)
    own.taken_in(BARCODE)
    own.lent(BERTS, BARCODE)
    assert reason(own.borrow(ANNAS, BARCODE)) is Reason.ITEM_ON_LOAN
    own.lent(ANNAS, OTHER)
    assert reason(own.borrow(ANNAS, THIRD)) is Reason.NO_STRIPS


def test_a_return_with_a_hold_goes_to_its_shelf_and_is_lent_to_nobody_else(own: Own) -> None:
    waiting = Hold(BERT, on_shelf=False)
    own.mirror.items[BARCODE] = replace(item(), loan=loan(ANNA), wanted_by=(waiting,))
    own.mirror.patrons = [anna(loans=(loan(ANNA),)), bert()]
    brought = own.taken_in(BARCODE).promised
    assert isinstance(brought, CheckedIn)
    assert brought.route is HOLD_SHELF
    assert reason(own.borrow(ANNAS, BARCODE)) is Reason.HELD_FOR_ANOTHER
    fetched = own.borrow(BERTS, BARCODE)
    assert isinstance(fetched, CheckedOut)
    assert fetched.hold_filled
    own.lent(BERTS, BARCODE)
    own.taken_in(BARCODE)
    assert isinstance(own.borrow(ANNAS, BARCODE), CheckedOut), "the hold was filled"


def test_k8_whoever_takes_the_copy_that_was_chosen_for_them_has_what_they_waited_for(own: Own) -> None:
    chosen, after = Hold(BERT, on_shelf=False, branch=BranchCode("3560")), Hold(ANNA, on_shelf=False)
    own.mirror.items[BARCODE] = replace(item(), hold=chosen, wanted_by=(chosen, after))
    own.mirror.patrons = [anna(), bert()]
    own.taken_in(BARCODE)
    fetched = own.lent(BERTS, BARCODE).promised
    assert isinstance(fetched, CheckedOut)
    assert fetched.hold_filled
    again = own.taken_in(BARCODE).promised
    assert isinstance(again, CheckedIn)
    assert again.route is HOLD_SHELF
    assert reason(own.borrow(BERTS, BARCODE)) is Reason.HELD_FOR_ANOTHER, "it is kept for the next in line now"


def test_an_item_that_another_has_on_the_hold_shelf_is_not_lent(own: Own) -> None:
    own.mirror.items[BARCODE] = replace(item(), hold=hold(), wanted_by=(hold(),))
    assert reason(own.borrow(ANNAS, BARCODE)) is Reason.HELD_FOR_ANOTHER
    assert isinstance(own.borrow(BERTS, BARCODE), CheckedOut)


def test_a_missing_item_that_came_back_goes_to_staff_and_is_missing_no_more(own: Own) -> None:
    own.mirror.items[BARCODE] = replace(item(), status=ItemStatus.MISSING)
    brought = own.taken_in(BARCODE).promised
    assert isinstance(brought, CheckedIn)
    assert brought.route is STAFF
    assert isinstance(own.borrow(ANNAS, BARCODE), CheckedOut)


def test_an_unknown_item_is_taken_in_and_laid_apart_and_one_of_elsewhere_is_not_taken_in(own: Own) -> None:
    stranger = ItemBarcode("30000000000996")
    assert own.bring(stranger) == CheckedIn(stranger, "", STAFF, "", was_on_loan=False, provisional=True)
    own.mirror.items[BARCODE] = replace(item(), institution=HERZELE)
    assert reason(own.bring(BARCODE)) is Reason.RETURN_ELSEWHERE
    assert reason(own.bring(ItemBarcode(NUMBER))) is Reason.PASS_SHOWN_AS_ITEM


# ---- money


def paying(own: Own, *fees: int) -> None:
    with_policy(own, pay=True)
    own.mirror.patrons = [anna(fees=tuple(fee(one) for one in fees)), bert()]


@pytest.mark.parametrize(("late", "expected"), [(29, None), (30, Reason.OPEN_AMOUNT)])
def test_a_late_return_of_here_is_fined_as_the_library_system_will_fine_it(
    own: Own, late: int, expected: Reason | None
) -> None:
    """S8: 15 cents a day, in force on the day of the loan; the branch lets 10 euros stand (F4)."""
    out = loan(ANNA, lent=day(-late - 126), due=day(-late))
    terms = membership("0083", starts=day(-300), ends=day(100), strips_left=None)
    own.mirror.patrons = [anna(terms, loans=(out,), fees=(fee(560),), type=PatronType.SPECIAL)]
    own.mirror.items[BARCODE] = replace(item(), barcode=BARCODE, loan=out)
    assert isinstance(own.borrow(ANNAS, OTHER), CheckedOut)
    own.taken_in(BARCODE)
    answer = own.borrow(ANNAS, OTHER)
    assert (answer.reason if isinstance(answer, Refused) else None) is expected


@pytest.mark.parametrize("wrong_by", [timedelta(days=days) for days in (-2000, 0, 400)])
@pytest.mark.parametrize(("late", "expected"), [(0, None), (30, Reason.OPEN_AMOUNT)])
def test_a_return_is_late_or_not_by_the_days_of_the_store_and_not_of_a_wall_clock_that_is_wrong(
    own: Own, wrong_by: timedelta, late: int, expected: Reason | None
) -> None:
    out = loan(ANNA, lent=day(-late - 126), due=day(-late))
    terms = membership("0083", starts=day(-300), ends=day(100), strips_left=None)
    own.mirror.patrons = [anna(terms, loans=(out,), fees=(fee(560),), type=PatronType.SPECIAL)]
    own.mirror.items[BARCODE] = replace(item(), barcode=BARCODE, loan=out)
    brought = own.desk.decide(Action.CHECK_IN, None, BARCODE, NOON + wrong_by)
    assert isinstance(brought, CheckedIn)
    own.did(Action.CHECK_IN, None, BARCODE, brought, at=NOON + wrong_by)
    answer = own.borrow(ANNAS, OTHER)
    assert (answer.reason if isinstance(answer, Refused) else None) is expected


def test_a_payment_takes_away_its_fees_and_lifts_the_block_in_the_same_visit(own: Own) -> None:
    paying(own, 900, 400)
    assert reason(own.borrow(ANNAS, BARCODE)) is Reason.OPEN_AMOUNT
    paid = own.paid(ANNAS, Payment(("fee-900",), 900, "t-1"))
    assert (paid.left, paid.credit) == (400, 0)
    assert isinstance(own.borrow(ANNAS, BARCODE), CheckedOut)


def test_money_that_was_more_than_the_fee_stands_as_credit_and_credit_that_was_used_is_gone(own: Own) -> None:
    paying(own, 1500, -300, 800)
    paid = own.paid(ANNAS, Payment(("fee-1500",), 1200, "t-1"))
    assert (paid.left, paid.credit) == (800, 0)
    paid = own.paid(ANNAS, Payment(("fee-800",), 1000, "t-2"))
    assert (paid.left, paid.credit) == (0, 200)
    stranger = own.paid(by_barcode(PassNumber("20000000000998")), Payment(("f",), 70, "t-3"))
    assert (stranger.left, stranger.credit) == (0, 70)


def test_whether_the_subscription_was_paid_by_it_only_the_store_can_tell(own: Own) -> None:
    paying(own, 1100)
    own.mirror.patrons = [anna(membership("0091", paid=False, strips_left=20), fees=(fee(1100),)), bert()]
    assert reason(own.borrow(ANNAS, BARCODE)) is Reason.PAY_FIRST
    own.paid(ANNAS, Payment(("fee-1100",), 1100, "t-1"))
    assert reason(own.borrow(ANNAS, BARCODE)) is Reason.OFFLINE_NOT_ALLOWED


# ---- privacy


def test_between_two_questions_the_desk_holds_no_number_and_no_barcode(own: Own) -> None:
    own.lent(by_chip(number=NUMBER), BARCODE)
    desk = own.desk
    assert reason(desk.decide(Action.CHECK_OUT, BERTS, BARCODE, NOON)) is Reason.ITEM_ON_LOAN
    held = repr({name: value for name, value in vars(desk).items() if name not in ("_mirror", "_own", "_age")})
    held += repr(vars(vars(desk)["_own"])["_known"]) if own.marked else ""
    assert held.count("PatronRef") == 0
    assert masked(K, PATRON, ANNA) in held
    for one in (NUMBER, UID, BARCODE, ANNA, "Oeroeg"):
        assert one not in held
    assert PatronRef(masked(K, PATRON, ANNA)) != ANNA
