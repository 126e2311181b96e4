"""Which pass, whose, and may a visit begin with it (K1, K5, A1, G6, P2 to P8)."""
# ruff: noqa: N802 - a test bears the id of its rule

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from circulation.catalogue import GUEST
from circulation.identifiers import ChipUid, PassNumber
from circulation.model import PassStatus, PatronType
from circulation.outcomes import NextStep, Reason
from circulation.presented import Presented, Source
from circulation.rules.facts import Holder, Policy
from circulation.rules.verdict import on_visit
from tests.circulation.worlds import (
    ANNA,
    ANNEN,
    BERT,
    NUMBER,
    OLD_NUMBER,
    OOSTERZELE,
    RANDOM_UID,
    UID,
    ZOTTEGEM,
    by_barcode,
    by_chip,
    card,
    day,
    guest,
    here,
    holder,
    institutions,
    membership,
    old_card,
    passes,
    patron,
    refusal,
    says,
    visit,
)

BERTS = patron(ref=BERT)
MISREAD = PassNumber("20000000000015")
ACTIVE, REPLACED, BLOCKED = PassStatus.ACTIVE, PassStatus.REPLACED, PassStatus.BLOCKED


def test_K5_a_known_pass_begins_a_visit() -> None:
    assert passes(visit(holder()))


def test_K5_an_unknown_number_goes_to_the_desk() -> None:
    assert says(visit(presented=by_barcode())) == ("K5", Reason.PASS_UNKNOWN)
    assert refusal(visit()).next is NextStep.DESK


def test_K5_an_unknown_chip_goes_to_the_desk() -> None:
    assert says(visit(presented=by_chip())) == ("K5", Reason.PASS_UNKNOWN)


def test_K5_an_unknown_number_has_no_other_refusal() -> None:
    assert on_visit(visit()).also == ()


def test_P2_an_unknown_number_with_a_failing_check_digit_is_to_be_shown_again() -> None:
    decided = refusal(visit(presented=by_barcode(MISREAD)))
    assert (decided.rule, decided.reason, decided.next) == ("K5", Reason.PASS_UNREADABLE, NextStep.SCAN_AGAIN)


def test_P2_a_known_pass_with_a_failing_check_digit_begins_a_visit() -> None:
    assert passes(visit(Holder(card(MISREAD), patron()), presented=by_barcode(MISREAD)))


def test_P2_a_guests_number_of_any_length_is_unknown_not_misread() -> None:
    assert says(visit(presented=by_barcode(OLD_NUMBER))) == ("K5", Reason.PASS_UNKNOWN)


def test_P3_an_item_on_the_pass_screen_has_its_own_sentence() -> None:
    decided = refusal(visit(presented=by_barcode(PassNumber("30000000000012"))))
    assert (decided.rule, decided.reason, decided.next) == ("P3", Reason.ITEM_SHOWN_AS_PASS, NextStep.PASS)


def test_P3_a_mandate_on_the_pass_screen_has_its_own_sentence() -> None:
    assert says(visit(presented=by_barcode(PassNumber("1234567890123456")))) == ("P3", Reason.MANDATE_SHOWN)


def test_P3_a_pass_that_looks_like_an_item_or_a_mandate_is_a_pass_if_it_is_known() -> None:
    for number in (PassNumber("30000000000012"), PassNumber("1234567890123456")):
        assert passes(visit(Holder(card(number), patron()), presented=by_barcode(number)))


def test_P4_a_unique_pass_works_everywhere_in_the_network_without_a_link() -> None:
    assert passes(visit(holder(institutions=frozenset())))
    assert passes(visit(holder(institutions=frozenset({OOSTERZELE}))))


def test_P4_an_old_pass_works_where_it_is_linked() -> None:
    assert passes(visit(Holder(old_card(ZOTTEGEM), patron())))


def test_P4_an_old_pass_known_only_elsewhere_goes_to_the_desk() -> None:
    assert says(visit(Holder(old_card(OOSTERZELE), patron()))) == ("P4", Reason.PASS_NOT_UNIQUE)
    assert says(visit(Holder(old_card(), patron()))) == ("P4", Reason.PASS_NOT_UNIQUE)


def test_P4_a_replaced_old_pass_known_only_elsewhere_is_not_unique_rather_than_replaced() -> None:
    found = Holder(old_card(OOSTERZELE, status=REPLACED), patron())
    assert says(visit(found)) == ("P4", Reason.PASS_NOT_UNIQUE)


def test_P4_the_same_old_number_at_another_institution_is_not_looked_at() -> None:
    mine, theirs = Holder(old_card(ZOTTEGEM), patron()), Holder(old_card(OOSTERZELE), BERTS)
    for found in ((mine, theirs), (theirs, mine)):
        assert passes(visit(*found))
        assert visit(*found).holder == mine


def test_P4_a_replaced_old_pass_here_is_not_saved_by_an_active_one_elsewhere() -> None:
    mine, theirs = Holder(old_card(ZOTTEGEM, status=REPLACED), patron()), Holder(old_card(OOSTERZELE), BERTS)
    for found in ((mine, theirs), (theirs, mine)):
        assert says(visit(*found)) == ("P7", Reason.PASS_REPLACED)


def test_P4_two_patrons_with_one_number_here_are_refused_and_nobody_is_named() -> None:
    mine, theirs = Holder(old_card(ZOTTEGEM), patron()), Holder(old_card(ZOTTEGEM), BERTS)
    for found in ((mine, theirs), (theirs, mine)):
        assert says(visit(*found)) == ("P4", Reason.PASS_OF_TWO)
        assert refusal(visit(*found)).values == {}
        assert visit(*found).holder is None


def test_P4_two_patrons_with_one_inactive_number_here_are_refused_and_nobody_is_named() -> None:
    mine, theirs = (
        Holder(old_card(ZOTTEGEM, status=BLOCKED), patron()),
        Holder(old_card(ZOTTEGEM, status=REPLACED), BERTS),
    )
    for found in ((mine, theirs), (theirs, mine)):
        assert says(visit(*found)) == ("P4", Reason.PASS_OF_TWO)


def test_P4_two_patrons_with_one_number_give_no_later_refusal_away() -> None:
    special = patron(ref=BERT, type=PatronType.ADMINISTRATIVE)
    assert on_visit(visit(holder(), Holder(card(), special))).also == ()


def test_P4_one_patron_with_two_passes_under_one_chip_is_one_patron() -> None:
    other = card(OLD_NUMBER, unique=False, institutions=frozenset({ZOTTEGEM}))
    assert passes(visit(holder(), Holder(other, patron()), presented=by_chip()))


def test_P4_an_eid_works_only_where_the_institution_uses_it() -> None:
    eid = holder(eid=True)
    assert says(visit(eid)) == ("P4", Reason.EID_NOT_USED)
    assert says(visit(eid, at=here(institutions(uses_eid=True)))) == ("P6", Reason.PIN_NEEDED)


def test_P4_a_replaced_eid_under_the_same_chip_does_not_stop_an_active_pass() -> None:
    eid = Holder(card(OLD_NUMBER, eid=True, status=REPLACED), patron())
    for found in ((holder(), eid), (eid, holder())):
        assert passes(visit(*found, presented=by_chip()))


@pytest.mark.parametrize(("status", "reason"), [(REPLACED, Reason.PASS_REPLACED), (BLOCKED, Reason.PASS_BLOCKED)])
def test_P7_a_pass_that_is_not_active_goes_to_the_desk(status: PassStatus, reason: Reason) -> None:
    assert says(visit(holder(status=status))) == ("P7", reason)
    assert refusal(visit(holder(status=status))).next is NextStep.DESK


def test_P7_of_two_patrons_the_one_whose_pass_is_active_counts() -> None:
    old, new = Holder(card(status=REPLACED), BERTS), holder()
    for found in ((old, new), (new, old)):
        assert passes(visit(*found))
        assert visit(*found).holder == new


def test_P7_the_pass_that_counts_does_not_depend_on_the_order_of_records() -> None:
    low, high = Holder(card(PassNumber("1")), patron()), Holder(card(PassNumber("9")), patron())
    for found in ((low, high), (high, low)):
        assert visit(*found, presented=by_chip()).holder == low


def test_P8_the_number_in_the_chip_goes_before_the_chips_own_uid() -> None:
    by_uid = Holder(card(OLD_NUMBER), BERTS)
    for found in ((holder(), by_uid), (by_uid, holder())):
        assert passes(visit(*found, presented=by_chip(UID, NUMBER)))
        assert visit(*found, presented=by_chip(UID, NUMBER)).holder == holder()


def test_P8_a_chip_whose_number_is_not_known_is_known_by_its_uid() -> None:
    assert passes(visit(holder(), presented=by_chip(UID, OLD_NUMBER)))


def test_P8_a_random_uid_is_no_identity() -> None:
    decided = refusal(visit(presented=by_chip(RANDOM_UID)))
    assert (decided.rule, decided.reason, decided.next) == ("P8", Reason.CHIP_RANDOM, NextStep.PASS)


def test_P8_a_random_uid_finds_nobody_even_where_one_was_linked() -> None:
    linked = holder(chips=frozenset({RANDOM_UID}))
    assert says(visit(linked, presented=by_chip(RANDOM_UID))) == ("P8", Reason.CHIP_RANDOM)
    assert says(visit(linked, presented=by_chip(RANDOM_UID, OLD_NUMBER))) == ("K5", Reason.PASS_UNKNOWN)


def test_P8_a_random_uid_with_a_known_number_written_in_the_chip_begins_a_visit() -> None:
    assert passes(visit(holder(), presented=by_chip(RANDOM_UID, NUMBER)))


def test_P8_only_four_bytes_that_begin_with_08_are_random() -> None:
    for uid in (ChipUid("04A1B2C3"), ChipUid("08A1B2C3D4E5F6")):
        assert passes(visit(holder(), presented=by_chip(uid)))


def test_P8_a_number_that_was_not_found_finds_nobody_without_a_chip() -> None:
    assert says(visit(holder(), presented=by_barcode(OLD_NUMBER))) == ("K5", Reason.PASS_UNKNOWN)


def test_A1_an_administrative_pass_is_for_staff_mode_only() -> None:
    administrative = Holder(card(), patron(membership("0089"), type=PatronType.ADMINISTRATIVE))
    assert says(visit(administrative)) == ("A1", Reason.ADMINISTRATIVE_PASS)
    assert on_visit(visit(administrative)).also == ()


def test_A1_an_administrative_pass_stays_one_where_the_configuration_lists_its_type() -> None:
    policy = Policy(visit_types=frozenset(PatronType))
    administrative = Holder(card(), patron(type=PatronType.ADMINISTRATIVE))
    assert says(visit(administrative, at=here(policy=policy))) == ("A1", Reason.ADMINISTRATIVE_PASS)


def test_A1_neither_the_number_29999_nor_subscription_0089_makes_a_pass_administrative() -> None:
    number = PassNumber("29999900000035")
    assert passes(visit(Holder(card(number), patron(membership("0089"))), presented=by_barcode(number)))


def test_A1_an_administrative_pass_is_administrative_with_an_ordinary_number_and_subscription() -> None:
    assert says(visit(Holder(card(), patron(type=PatronType.ADMINISTRATIVE)))) == ("A1", Reason.ADMINISTRATIVE_PASS)


def test_K1_regular_patrons_and_guests_begin_a_visit() -> None:
    assert passes(visit(holder()))
    assert passes(visit(holder(guest())))


@pytest.mark.parametrize(
    "kind",
    sorted(set(PatronType) - {PatronType.REGULAR, PatronType.GUEST, PatronType.ADMINISTRATIVE}, key=str),
)
def test_K1_all_other_types_and_unknown_codes_go_to_the_desk(kind: PatronType) -> None:
    assert says(visit(holder(patron(type=kind)))) == ("K1", Reason.TYPE_TO_DESK)
    assert refusal(visit(holder(patron(type=kind)))).next is NextStep.DESK


def test_K1_a_code_that_nobody_listed_is_an_unknown_type() -> None:
    assert PatronType.of("77") is PatronType.UNKNOWN
    assert PatronType.of("04") is PatronType.GUEST


@pytest.mark.parametrize("subscription", ["0082", "0083"])
def test_K1_a_special_patron_with_a_school_or_home_subscription_begins_a_visit(subscription: str) -> None:
    assert passes(visit(holder(patron(membership(subscription), type=PatronType.SPECIAL))))
    beside = patron(membership("0086"), membership(subscription), type=PatronType.SPECIAL)
    assert passes(visit(holder(beside)))


@pytest.mark.parametrize("subscription", ["0089", "0086", "0045"])
def test_K1_an_unconverted_plak_or_bind_pass_goes_to_the_desk(subscription: str) -> None:
    assert says(visit(holder(patron(membership(subscription), type=PatronType.SPECIAL)))) == ("K1", Reason.TYPE_TO_DESK)


def test_K1_a_special_patron_whose_school_subscription_ended_goes_to_the_desk() -> None:
    ended = patron(membership("0082", ends=day(-1)), type=PatronType.SPECIAL)
    assert says(visit(holder(ended))) == ("K1", Reason.TYPE_TO_DESK)


def test_K1_the_list_is_configuration() -> None:
    policy = Policy(visit_types=frozenset({PatronType.DONOR}), special_subscriptions=frozenset())
    at = here(policy=policy)
    assert passes(visit(holder(patron(type=PatronType.DONOR)), at=at))
    assert says(visit(holder(), at=at)) == ("K1", Reason.TYPE_TO_DESK)
    school = patron(membership("0082"), type=PatronType.SPECIAL)
    assert says(visit(holder(school), at=at)) == ("K1", Reason.TYPE_TO_DESK)


def test_G6_a_guest_needs_the_chip() -> None:
    decided = refusal(visit(holder(guest()), presented=by_barcode()))
    assert (decided.rule, decided.reason, decided.next) == ("G6", Reason.GUEST_WITHOUT_CHIP, NextStep.DESK)


@pytest.mark.parametrize("source", [Source.CHIP, Source.PAD])
def test_G6_the_chip_of_a_guest_is_enough_on_either_reader(source: Source) -> None:
    assert passes(visit(holder(guest()), presented=Presented(source, NUMBER, UID)))


def test_G6_a_regular_patron_may_scan_the_number() -> None:
    assert passes(visit(holder(), presented=by_barcode()))


def test_G6_is_asked_of_the_type_and_not_of_the_subscription() -> None:
    assert passes(visit(holder(patron(membership(GUEST))), presented=by_barcode()))


def test_P6_a_number_that_others_can_read_off_a_document_needs_a_pin() -> None:
    assert says(visit(holder(document_number=True))) == ("P6", Reason.PIN_NEEDED)


def test_P6_a_patron_or_a_branch_may_ask_for_a_pin() -> None:
    assert says(visit(holder(patron(pin_required=True)))) == ("P6", Reason.PIN_NEEDED)
    assert says(visit(holder(), at=here(asks_pin=True))) == ("P6", Reason.PIN_NEEDED)
    assert refusal(visit(holder(), at=here(asks_pin=True))).next is NextStep.DESK


def test_P6_of_two_records_of_one_pass_the_one_that_asks_for_more_counts() -> None:
    plain, readable, eid = holder(), holder(document_number=True), holder(eid=True)
    for found in ((plain, readable), (readable, plain)):
        assert says(visit(*found)) == ("P6", Reason.PIN_NEEDED)
    for found in ((plain, eid), (eid, plain)):
        assert says(visit(*found)) == ("P4", Reason.EID_NOT_USED)


def test_P6_of_two_passes_with_one_chip_the_one_that_is_locked_for_longer_counts() -> None:
    """Not the one with the lower number: a mirror knows no numbers, and must choose as the store does."""
    now = datetime(2026, 7, 15, 10, tzinfo=UTC)
    by_uid = Presented(Source.CHIP, None, UID)
    for number in ("20000000000001", "20000000009999"):
        free, over = holder(), holder(number=PassNumber("20000000005000"), locked_until=now)
        shut = holder(number=PassNumber(number), locked_until=now + timedelta(minutes=15))
        for found in ((free, over, shut), (shut, over, free)):
            assert visit(*found, presented=by_uid).holder is shut


def test_P6_an_unknown_pass_is_not_asked_for_a_pin() -> None:
    assert on_visit(visit(at=here(asks_pin=True))).also == ()


def test_K5_comes_before_everything_that_is_asked_of_a_patron() -> None:
    order = [
        (visit(presented=by_barcode(MISREAD), at=here(asks_pin=True)), "K5"),
        (visit(holder(guest(), status=BLOCKED, eid=True), presented=by_barcode()), "P7"),
        (visit(holder(guest(), eid=True), presented=by_barcode()), "P4"),
        (visit(holder(patron(type=PatronType.ADMINISTRATIVE), document_number=True)), "A1"),
        (visit(holder(patron(type=PatronType.DONOR), document_number=True)), "K1"),
        (visit(holder(guest(), document_number=True), presented=by_barcode()), "G6"),
        (visit(holder(guest(), document_number=True)), "P6"),
    ]
    for facts, rule in order:
        assert refusal(facts).rule == rule


def test_K1_a_visit_is_judged_by_the_patron_of_the_pass_and_not_by_another() -> None:
    assert passes(visit(Holder(old_card(ANNEN), patron(type=PatronType.DONOR)), Holder(old_card(ZOTTEGEM), BERTS)))
    assert replace(patron(), ref=BERT) == BERTS != patron(ref=ANNA)
