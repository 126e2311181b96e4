"""The facts that rules look at: what a group means, and what a log may never show."""
# ruff: noqa: N802 - a test bears the id of its rule

import pytest

from circulation.model import GroupKind, Message
from circulation.outcomes import CheckedOut, Identified
from tests.circulation.worlds import ANNA, BARCODE, NUMBER, TODAY, UID, holder, item, patron


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
