"""An item of another institution: every kind of group, and none, against lending, returning and renewing (N5, N6)."""
# ruff: noqa: N802 - a test bears the id of its rule

from dataclasses import replace

import pytest

from circulation.identifiers import InstitutionCode, ItemBarcode
from circulation.model import GroupKind, Institution
from circulation.outcomes import Reason
from circulation.rules.facts import Here, Policy
from tests.circulation.worlds import (
    HERZELE,
    OOSTERZELE,
    ZOTTEGEM,
    borrow,
    brought,
    here,
    institutions,
    item,
    membership,
    passes,
    patron,
    refusal,
    renew,
)

OLD = ItemBarcode("35500000000012")
KINDS: list[GroupKind | None] = [None, *GroupKind]
CARRIES = {GroupKind.THREE_B, GroupKind.THREE_C}


def place(kind: GroupKind | None, renews_others: bool = False) -> Here:
    """Zottegem beside Oosterzele in a group of that kind, or neither in any."""
    known = institutions(kind or GroupKind.ONE)
    if kind is None:
        known = {code: replace(one, group=None) for code, one in known.items()}
    return here(known, policy=Policy(renews_others=renews_others))


@pytest.mark.parametrize("kind", KINDS)
def test_N6_lending_here_needs_transport_for_an_item_of_another_institution(kind: GroupKind | None) -> None:
    assert passes(borrow(at=place(kind)))
    facts = borrow(what=item(institution=OOSTERZELE), at=place(kind))
    assert passes(facts) is (kind in CARRIES)
    if kind not in CARRIES:
        assert refusal(facts).reason is Reason.NO_TRANSPORT


@pytest.mark.parametrize("kind", KINDS)
def test_N6_returning_here_needs_transport_for_an_item_of_another_institution(kind: GroupKind | None) -> None:
    assert passes(brought(item(), at=place(kind)))
    facts = brought(item(institution=OOSTERZELE), at=place(kind))
    assert passes(facts) is (kind in CARRIES)
    if kind not in CARRIES:
        assert refusal(facts).reason is Reason.RETURN_ELSEWHERE


@pytest.mark.parametrize("kind", KINDS)
def test_N5_renewing_here_needs_transport_or_the_switch_and_a_new_barcode(kind: GroupKind | None) -> None:
    assert passes(renew(at=place(kind)))
    new, old = item(institution=OOSTERZELE), item(institution=OOSTERZELE, barcode=OLD)
    assert passes(renew(what=new, at=place(kind))) is (kind in CARRIES)
    assert passes(renew(what=new, at=place(kind, renews_others=True))) is (kind is not None)
    assert not passes(renew(what=old, at=place(kind)))
    assert not passes(renew(what=old, at=place(kind, renews_others=True)))
    assert passes(renew(what=item(barcode=OLD), at=place(kind)))


@pytest.mark.parametrize("kind", KINDS)
def test_N6_an_item_of_another_group_goes_home_whatever_the_kind(kind: GroupKind | None) -> None:
    theirs, at = item(institution=HERZELE), place(kind, renews_others=True)
    assert not passes(borrow(what=theirs, at=at))
    assert not passes(brought(theirs, at=at))
    assert not passes(renew(what=theirs, at=at))


@pytest.mark.parametrize("kind", KINDS)
def test_N11_only_groups_3_know_each_others_members(kind: GroupKind | None) -> None:
    theirs = patron(membership(at=OOSTERZELE))
    shares = kind not in (None, GroupKind.ONE, GroupKind.TWO)
    assert passes(borrow(theirs, at=place(kind))) is shares
    assert passes(renew(theirs, at=place(kind))) is shares
    assert passes(borrow(patron(membership(at=ZOTTEGEM)), at=place(kind)))


def test_N6_an_institution_that_nobody_knows_lends_nothing_here() -> None:
    stranger = item(institution=InstitutionCode("unknown"))
    for facts in (borrow(what=stranger), brought(stranger), renew(what=stranger)):
        assert refusal(facts).values == {"place": "unknown"}


def test_N6_transport_is_that_of_the_group_where_the_kiosk_stands() -> None:
    known = institutions(GroupKind.THREE_A)
    moved: dict[InstitutionCode, Institution] = {**known, OOSTERZELE: replace(known[OOSTERZELE], group=None)}
    assert not passes(borrow(what=item(institution=OOSTERZELE), at=here(moved)))
