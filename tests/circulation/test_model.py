"""The facts that rules look at: what a group means, and what a log may never show."""
# ruff: noqa: N802 - a test bears the id of its rule

from dataclasses import replace

import pytest

from circulation.masking import CHIP, FEE, ITEM, PASS, PATRON, masked, masking
from circulation.model import GroupKind, Message, changed
from circulation.outcomes import CheckedOut, Identified
from tests.circulation.worlds import ANNA, BARCODE, NUMBER, TODAY, UID, holder, item, loans, membership, patron


@pytest.mark.parametrize(
    ("kind", "shares", "transport"),
    [
        ("1", False, False),
        ("2", False, False),
        ("3", True, False),
        ("3a", True, False),
        ("3b", True, True),
        ("3c", True, True),
    ],
)
def test_N1_N6_N11_what_a_group_shares_follows_from_its_kind(kind: str, shares: bool, transport: bool) -> None:
    assert (GroupKind(kind).shares_memberships, GroupKind(kind).has_transport) == (shares, transport)


def test_what_is_changed_is_as_replaced_and_what_it_came_from_stays() -> None:
    who = patron(membership("0045", strips_left=7))
    after = changed(who, loans=loans(2), language="fy")
    assert after == replace(who, loans=loans(2), language="fy")
    assert (who.loans, who.language) == (patron().loans, patron().language)
    assert changed(who.memberships[0], strips_left=6) == replace(who.memberships[0], strips_left=6)
    with pytest.raises(TypeError, match="no such field of Patron"):
        changed(who, loan=())


@pytest.mark.parametrize("kind", [PASS, CHIP, ITEM, PATRON, FEE])
def test_a_mask_under_a_prepared_key_is_the_same_each_time(kind: str) -> None:
    key = bytes(range(32))
    mask = masking(key, kind)
    for text in (NUMBER, "", "é", NUMBER):
        assert mask(text) == masked(key, kind, text)


def test_no_name_number_title_or_message_stands_in_a_repr() -> None:
    who = patron(first_name="Geheim", messages=(Message("Geheim"),))
    facts = (
        holder(who),
        item(title="Geheim"),
        Identified(ANNA, first_name="Geheim", messages=("Geheim",)),
        CheckedOut(BARCODE, "Geheim", TODAY, 1, None),
    )
    for fact in facts:
        assert not any(secret in repr(fact) for secret in ("Geheim", NUMBER, UID))
