"""Tags come and go by inventories; one that is missed once or twice has not left."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from devices.item_pad.obid_tags import Sighting
from devices.item_pad.pad_state import MISSES_UNTIL_GONE, TRIES_UNTIL_TOLD, PadState
from devices.ports import PadItem, TagSecurity

A, B = Sighting(b"a" * 8, 0), Sighting(b"b" * 8, 0)


def item(sighting: Sighting, number: str | None = "1", usage: int = 1, model: str = "m") -> PadItem:
    return PadItem(sighting.uid, number, 1, 1, usage, model, TagSecurity.SECURED)


def is_known(state: PadState) -> bool:
    return state.is_known


@given(st.lists(st.integers(0, MISSES_UNTIL_GONE - 1), max_size=20))
def test_a_few_misses_between_two_sights_are_no_removal(misses: list[int]) -> None:
    state = PadState()
    state.seen([A])
    state.read(A.uid, item(A))
    for count in misses:
        for _ in range(count):
            state.seen([])
            assert state.misses
            assert state.unread() == []
        state.seen([A])
        assert state.items == (item(A),)
        assert not state.misses


def test_after_three_misses_it_has_gone_and_may_come_again() -> None:
    state = PadState()
    state.seen([A, B])
    for one in state.unread():
        state.read(one.uid, item(one))
    for _ in range(MISSES_UNTIL_GONE):
        state.seen([B])
    assert state.items == (item(B),)
    state.seen([A, B])
    assert state.unread() == [A]


def test_a_tag_that_cannot_be_read_is_told_after_three_tries_and_read_on() -> None:
    state = PadState()
    state.seen([A])
    for _ in range(TRIES_UNTIL_TOLD):
        assert state.items == ()
        state.read(A.uid, None)
    assert [(one.number, one.model) for one in state.items] == [(None, "")]
    assert state.unread() == [A]
    state.read(A.uid, item(A))
    assert state.items == (item(A),)
    assert state.unread() == []


def test_a_tag_that_is_not_believed_is_told_after_three_tries_and_then_left() -> None:
    state = PadState()
    state.seen([A])
    for _ in range(TRIES_UNTIL_TOLD):
        assert state.items == ()
        state.read(A.uid, item(A, None))
    assert state.items == (item(A, None),)
    assert state.unread() == []


def test_a_foreign_tag_is_told_at_once() -> None:
    state = PadState()
    state.seen([A])
    state.read(A.uid, item(A, None, model=""))
    assert state.items == (item(A, None, model=""),)


def test_a_gate_bit_that_was_not_read_back_is_read_again() -> None:
    state = PadState()
    state.seen([A])
    state.read(A.uid, item(A))
    for security, unread in ((TagSecurity.UNSECURED, []), (TagSecurity.UNKNOWN, [A])):
        state.switched(A.uid, security)
        assert [one.security for one in state.items] == [security]
        assert state.unread() == unread


def test_a_patrons_card_is_no_item() -> None:
    state = PadState()
    state.seen([A, B])
    state.read(A.uid, item(A, usage=8))
    state.read(B.uid, item(B))
    assert state.items == (item(B),)
    assert state.presented == item(A, usage=8)


def test_after_an_opening_nothing_is_known_before_somebody_looked() -> None:
    state = PadState()
    assert not is_known(state)
    state.seen([])
    assert is_known(state)
    for anew in (False, True):
        state.opened(anew=anew)
        assert not is_known(state)


def test_what_was_not_looked_at_for_long_is_known_when_it_is_read_again_or_has_gone() -> None:
    state = PadState()
    state.seen([A, B])
    for one in (A, B):
        state.read(one.uid, item(one))
    state.opened(anew=True)
    state.seen([A])
    assert state.unread() == [A]
    state.read(A.uid, item(A))
    assert not is_known(state), "one bad inventory is no removal"
    for _ in range(MISSES_UNTIL_GONE - 1):
        state.seen([A])
    assert is_known(state)
    assert state.items == (item(A),)


def test_a_tag_that_cannot_be_read_is_known_when_it_is_given_up() -> None:
    state = PadState()
    state.seen([A])
    for _ in range(TRIES_UNTIL_TOLD):
        assert not is_known(state)
        state.read(A.uid, None)
    assert is_known(state)


def test_of_an_opened_pad_all_is_known_once_each_tag_was_seen_though_never_all_in_one_look() -> None:
    state = PadState()
    state.seen([A, B])
    for one in (A, B):
        state.read(one.uid, item(one))
    assert is_known(state)
    state.opened(anew=False)
    state.seen([A])
    assert not is_known(state), "nobody has seen the other one yet"
    state.seen([B])
    assert (is_known(state), state.misses) == (True, True)
