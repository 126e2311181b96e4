"""One membership, recognised in all libraries of a group: N1, N2, N3, N6 and N11."""
# ruff: noqa: N802 - a test bears the id of its rule

import pytest

from circulation.catalogue import CATALOGUE
from circulation.identifiers import InstitutionCode
from circulation.model import GroupKind, Membership, MembershipStatus, Subscription
from circulation.outcomes import NextStep, Reason
from circulation.rules.facts import Here
from circulation.rules.region import Effective, effective, recognised_at, sharing
from circulation.rules.verdict import due_date
from tests.circulation.worlds import (
    ANNEN,
    ELSEWHERE,
    HERZELE,
    OOSTERZELE,
    TODAY,
    ZOTTEGEM,
    borrow,
    code,
    day,
    here,
    institutions,
    item,
    link,
    membership,
    passes,
    patron,
    refusal,
    says,
)

SHARING = [GroupKind.THREE, GroupKind.THREE_A, GroupKind.THREE_B, GroupKind.THREE_C]


def chosen(*memberships: Membership, at: Here | None = None, main: InstitutionCode | None = None) -> Effective:
    """The membership that counts, the same for the records backwards."""
    forth = effective(borrow(patron(*memberships, main_library=main), at=at))
    back = effective(borrow(patron(*memberships[::-1], main_library=main), at=at))
    assert forth is not None
    assert forth == back
    return forth


@pytest.mark.parametrize("kind", SHARING)
def test_N1_a_membership_elsewhere_in_the_group_is_recognised_here(kind: GroupKind) -> None:
    assert passes(borrow(patron(membership(at=OOSTERZELE)), at=here(institutions(kind))))


def test_N1_a_patron_is_treated_by_the_linked_subscription() -> None:
    who = patron(membership("0045", at=OOSTERZELE))
    facts = borrow(who, at=here(links=(link("0045", "0083"),)))
    assert passes(facts)
    assert (due_date(facts) - TODAY).days == 126


def test_N1_a_membership_that_is_not_linked_goes_to_the_desk() -> None:
    who = patron(membership("0045", at=OOSTERZELE))
    for links in ((), (link("0053"),), (link("0045", of=HERZELE),), (link("0045", "9999"),)):
        assert says(borrow(who, at=here(links=links))) == ("N1", Reason.NOT_LINKED)
    assert refusal(borrow(who, at=here(links=()))).next is NextStep.DESK


def test_N1_a_link_that_holds_elsewhere_does_not_hold_here() -> None:
    there = link()
    mirrored = type(there)(at=OOSTERZELE, here=there.here, of=ZOTTEGEM, there=there.there)
    assert says(borrow(patron(membership(at=OOSTERZELE)), at=here(links=(mirrored,)))) == ("N1", Reason.NOT_LINKED)


def test_N1_two_links_of_one_subscription_do_not_depend_on_their_order() -> None:
    one, other = link("0045", "0083"), link("0045", "0053")
    row = membership("0045", at=OOSTERZELE)
    for links in ((one, other), (other, one)):
        assert chosen(row, at=here(links=links)).subscription.code == "0053"


def test_N1_being_in_the_group_without_being_accepted_is_not_enough() -> None:
    at = here(institutions(accepts=frozenset()))
    decided = refusal(borrow(patron(membership(at=OOSTERZELE)), at=at))
    assert (decided.rule, decided.reason, decided.next) == ("N1", Reason.NOT_SHARED, NextStep.DESK)


def test_N1_being_accepted_without_being_in_the_group_is_not_enough() -> None:
    at = here(institutions(accepts=frozenset({HERZELE, ANNEN, ELSEWHERE})))
    for other in (HERZELE, ANNEN, ELSEWHERE):
        assert says(borrow(patron(membership(at=other)), at=at)) == ("N1", Reason.NOT_SHARED)


def test_N1_an_institution_without_a_group_accepts_its_own_patrons_only() -> None:
    assert passes(borrow(patron(membership(at=ANNEN)), item(institution=ANNEN), at=here(at=ANNEN)))
    assert says(borrow(patron(), item(institution=ANNEN), at=here(at=ANNEN))) == ("N1", Reason.NOT_SHARED)


@pytest.mark.parametrize("kind", list(GroupKind))
def test_N1_a_patron_is_recognised_where_the_others_accept_whatever_is_accepted_here(kind: GroupKind) -> None:
    for accepts in (frozenset[InstitutionCode](), frozenset({OOSTERZELE, HERZELE, ANNEN})):
        known = institutions(kind, accepts)
        for mine in known:
            accepted = {one for one in known if here(known, at=one).accepts(mine)}
            assert recognised_at(here(known, at=mine)) == accepted
    assert recognised_at(here(institutions(accepts=frozenset()))) == {ZOTTEGEM, OOSTERZELE}
    assert recognised_at(here(institutions(accepts=frozenset()), at=OOSTERZELE)) == {OOSTERZELE}


@pytest.mark.parametrize("kind", list(GroupKind))
def test_N11_a_group_shares_whosever_patrons_it_accepts_and_groups_1_and_2_do_not(kind: GroupKind) -> None:
    known = institutions(kind, frozenset())
    for mine, other in ((ZOTTEGEM, OOSTERZELE), (OOSTERZELE, ZOTTEGEM)):
        assert sharing(here(known, at=mine)) == ({mine, other} if kind in SHARING else {mine})
    assert sharing(here(known, at=ANNEN)) == {ANNEN}


@pytest.mark.parametrize("kind", [GroupKind.ONE, GroupKind.TWO])
def test_N11_groups_1_and_2_do_not_share_memberships(kind: GroupKind) -> None:
    at = here(institutions(kind))
    assert says(borrow(patron(membership(at=OOSTERZELE)), at=at)) == ("N11", Reason.NOT_SHARED)
    assert says(borrow(patron(membership(at=HERZELE)), at=at)) == ("N1", Reason.NOT_SHARED)
    assert passes(borrow(patron(), at=at))


def test_N2_a_membership_here_is_valid() -> None:
    assert passes(borrow(patron()))


def test_N2_lapsed_here_but_valid_elsewhere_is_valid() -> None:
    lapsed, valid = membership(ends=day(-1)), membership(at=OOSTERZELE)
    assert passes(borrow(patron(lapsed, valid)))
    assert passes(borrow(patron(valid, lapsed)))


def test_N2_only_lapsed_everywhere_is_lapsed_and_the_last_day_is_told() -> None:
    rows = (membership(ends=day(-9)), membership(at=OOSTERZELE, ends=day(-3)))
    for memberships in (rows, rows[::-1]):
        decided = refusal(borrow(patron(*memberships)))
        assert (decided.rule, decided.reason, decided.next) == ("N2", Reason.LAPSED, NextStep.DESK)
        assert decided.values == {"ended": day(-3)}


def test_N2_the_first_and_the_last_day_of_a_term_are_valid() -> None:
    assert passes(borrow(patron(membership(starts=TODAY, ends=TODAY))))
    assert says(borrow(patron(membership(ends=day(-1))))) == ("N2", Reason.LAPSED)
    assert says(borrow(patron(membership(starts=day(1))))) == ("N2", Reason.NO_MEMBERSHIP)


def test_N2_lapsed_at_an_institution_that_is_not_accepted_was_never_a_membership_here() -> None:
    assert says(borrow(patron(membership(at=HERZELE, ends=day(-1))))) == ("N2", Reason.NO_MEMBERSHIP)


def test_S7_a_row_that_never_counted_cannot_have_lapsed() -> None:
    never = (
        membership(ends=day(-1), status=MembershipStatus.INVALID),
        membership(starts=day(-5), ends=day(-6)),
        membership(ends=day(-1), confirmed=False),
    )
    for row in never:
        assert says(borrow(patron(row))) == ("N2", Reason.NO_MEMBERSHIP)
    assert refusal(borrow(patron(*never, membership(ends=day(-7))))).values == {"ended": day(-7)}


def test_S7_a_row_of_one_day_has_lapsed_after_it() -> None:
    assert refusal(borrow(patron(membership(starts=day(-1), ends=day(-1))))).values == {"ended": day(-1)}


def test_S7_invoiced_counts_and_invalid_does_not() -> None:
    assert passes(borrow(patron(membership(status=MembershipStatus.INVOICED))))
    assert says(borrow(patron(membership(status=MembershipStatus.INVALID)))) == ("N2", Reason.NO_MEMBERSHIP)


def test_S7_a_row_whose_end_lies_before_its_begin_does_not_count() -> None:
    for starts, ends in ((TODAY, day(-1)), (day(1), TODAY), (day(1), day(-1))):
        assert says(borrow(patron(membership(starts=starts, ends=ends)))) == ("N2", Reason.NO_MEMBERSHIP)


def test_N3_the_membership_of_this_institution_goes_before_all_others() -> None:
    mine = membership(starts=day(-1))
    other = membership(at=OOSTERZELE, starts=day(-90))
    assert chosen(mine, other, main=OOSTERZELE).membership == mine


def test_N3_a_digital_membership_here_goes_before_one_elsewhere_that_lends() -> None:
    digital, other = membership("0141", strips_left=None), membership(at=OOSTERZELE)
    assert chosen(digital, other).membership == digital


def three() -> Here:
    """A region of three: Herzele and Annen belong to the group too, and all are linked."""
    known = institutions(accepts=frozenset({OOSTERZELE, HERZELE, ANNEN}))
    group = known[ZOTTEGEM].group
    for other in (HERZELE, ANNEN):
        old = known[other]
        known[other] = type(old)(old.code, old.name, group=group)
    links = tuple(link(sub, sub, of) for of in (OOSTERZELE, HERZELE, ANNEN) for sub in ("0045", "0141"))
    return here(known, links=links)


def test_N3_without_one_here_the_main_library_goes_first() -> None:
    old, main = membership(at=HERZELE, starts=day(-90)), membership(at=OOSTERZELE, starts=day(-1))
    assert chosen(old, main, at=three(), main=OOSTERZELE).membership == main


def test_N3_without_a_linked_one_of_the_main_library_the_oldest_goes_first() -> None:
    old, new = membership(at=OOSTERZELE, starts=day(-9)), membership(at=HERZELE, starts=day(-8))
    assert chosen(old, new, at=three()).membership == old
    unlinked = membership("0053", at=ANNEN, starts=day(-99))
    assert chosen(old, new, unlinked, at=three(), main=ANNEN).membership == old


def test_N3_of_two_equally_old_the_lowest_institution_code_goes_first() -> None:
    one, other = membership(at=OOSTERZELE, ends=day(1)), membership(at=HERZELE, ends=day(2))
    assert chosen(one, other, at=three()).membership == other


def test_N3_the_oldest_goes_first_elsewhere_even_where_it_is_digital() -> None:
    digital = membership("0141", at=OOSTERZELE, starts=day(-9))
    assert chosen(digital, membership(at=HERZELE, starts=day(-8)), at=three()).membership == digital


@pytest.mark.parametrize("at", [ZOTTEGEM, OOSTERZELE])
def test_N3_of_several_in_one_place_one_that_lends_goes_first(at: InstitutionCode) -> None:
    digital, basis = membership("0141", at=at, starts=day(-90)), membership(at=at, starts=day(-1))
    assert chosen(digital, basis, at=three(), main=OOSTERZELE).membership == basis


def test_N3_of_several_that_lend_in_one_place_the_oldest_goes_first() -> None:
    old, new = membership(starts=day(-9)), membership("0053", starts=day(-8))
    assert chosen(old, new).membership == old


def test_N3_a_membership_that_does_not_count_is_not_chosen() -> None:
    unconfirmed, other = membership(confirmed=False), membership(at=OOSTERZELE)
    assert chosen(unconfirmed, other).membership == other


def test_N3_rows_that_differ_in_one_thing_only_do_not_depend_on_their_order() -> None:
    base = membership()
    for other in (
        membership(ends=day(99)),
        membership("0053"),
        membership(strips_left=5),
        membership(strips_left=None),
        membership(paid=False),
        membership(verified=TODAY),
    ):
        chosen(base, other)


def test_N3_of_two_alike_the_one_with_more_strips_and_the_paid_one_go_first() -> None:
    assert chosen(membership(strips_left=0), membership(strips_left=3)).membership.strips_left == 3
    assert chosen(membership(strips_left=None), membership(strips_left=3)).membership.strips_left is None
    assert chosen(membership(paid=False), membership()).membership.paid


def test_S1_a_subscription_here_that_the_catalogue_lacks_is_not_a_missing_link() -> None:
    assert says(borrow(patron(membership("9999")))) == ("S1", Reason.NO_SELF_SERVICE)
    assert says(borrow(patron(membership("9999"), membership("0053", at=OOSTERZELE)))) == ("S1", Reason.NO_SELF_SERVICE)


def test_S1_the_catalogue_is_asked_for_today() -> None:
    basis = next(one for one in CATALOGUE if one.code == "0045")
    over = Subscription(basis.code, basis.name, valid_to=day(-1))
    assert says(borrow(patron(), at=here(catalogue=(over,)))) == ("S1", Reason.NO_SELF_SERVICE)
    assert over.code == code("0045")


@pytest.mark.parametrize("kind", [GroupKind.THREE_B, GroupKind.THREE_C])
def test_N6_with_transport_an_item_of_another_institution_is_lent(kind: GroupKind) -> None:
    assert passes(borrow(what=item(institution=OOSTERZELE), at=here(institutions(kind))))


@pytest.mark.parametrize("kind", sorted(set(GroupKind) - {GroupKind.THREE_B, GroupKind.THREE_C}, key=str))
def test_N6_without_transport_an_item_of_another_institution_goes_back_there(kind: GroupKind) -> None:
    decided = refusal(borrow(what=item(institution=OOSTERZELE), at=here(institutions(kind))))
    assert (decided.rule, decided.reason, decided.next) == ("N6", Reason.NO_TRANSPORT, NextStep.OTHER_BRANCH)
    assert decided.values == {"place": "Bibliotheek Oosterzele"}


@pytest.mark.parametrize("kind", list(GroupKind))
def test_N6_an_item_of_this_institution_is_lent_in_every_group(kind: GroupKind) -> None:
    assert passes(borrow(at=here(institutions(kind))))


def test_N6_transport_does_not_reach_another_group_or_an_unknown_institution() -> None:
    assert refusal(borrow(what=item(institution=HERZELE))).values == {"place": "Bibliotheek Herzele"}
    assert refusal(borrow(what=item(institution=ANNEN))).values == {"place": "Bibliotheek Annen"}
    assert refusal(borrow(what=item(institution=ELSEWHERE))).values == {"place": "elsewhere"}
    at_annen = borrow(patron(membership(at=ANNEN)), item(), at=here(at=ANNEN))
    assert says(at_annen) == ("N6", Reason.NO_TRANSPORT)


def test_N6_transport_does_not_ask_whose_patrons_are_accepted() -> None:
    at = here(institutions(accepts=frozenset()))
    assert passes(borrow(what=item(institution=OOSTERZELE), at=at))
