"""One event for a pass as long as it lies there, whatever its UID does."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.pass_reader.presence import FORGOTTEN_AFTER_S, MISSES_UNTIL_GONE, Change, Presence, is_random

A, B = bytes.fromhex("04a1b2c3d4e5f6"), bytes.fromhex("01020304")
uids = st.binary(min_size=4, max_size=4) | st.binary(min_size=7, max_size=7)


def changes(senses: Iterable[bytes | None]) -> list[Change]:
    presence = Presence()
    return [change for at, uid in enumerate(senses) if (change := presence.sensed(uid, at / 10)) is not Change.NONE]


@given(uids, st.integers(1, 600))
def test_a_pass_that_lies_still_came_once(uid: bytes, senses: int) -> None:
    assert changes([uid] * senses) == [Change.CAME]


@given(st.lists(st.binary(min_size=3, max_size=3), min_size=2, max_size=600))
def test_a_phone_with_another_random_uid_each_time_came_once(tails: list[bytes]) -> None:
    assert changes(b"\x08" + tail for tail in tails) == [Change.CAME]


@given(st.lists(uids, min_size=2, max_size=600, unique=True))
def test_a_uid_that_changes_at_every_sense_came_once_even_when_it_is_not_marked_random(senses: list[bytes]) -> None:
    assert changes([one for one in senses if not is_random(one)] or [A]) == [Change.CAME]


@given(st.integers(0, MISSES_UNTIL_GONE - 1), st.integers(1, 50))
def test_a_few_missed_senses_are_not_a_removal(misses: int, times: int) -> None:
    assert changes(([A] + [None] * misses) * times) == [Change.CAME]


def test_a_pass_is_gone_after_three_misses_and_may_come_again() -> None:
    assert changes([A, None, None, A, None, None]) == [Change.CAME]
    assert changes([A, None, None, None, A]) == [Change.CAME, Change.WENT, Change.CAME]


def test_another_pass_laid_in_its_place_is_a_swap_once_it_is_sensed_twice() -> None:
    assert changes([A, A, B, A, B, B, B]) == [Change.CAME, Change.SWAPPED]


def test_a_phone_in_the_place_of_a_pass_is_a_swap() -> None:
    assert changes([A, b"\x08abc", b"\x08def", b"\x08ghi"]) == [Change.CAME, Change.SWAPPED]


@given(st.lists(st.none() | st.sampled_from([A, B, b"\x08abc", b"\x08xyz"]), max_size=200))
def test_comings_and_goings_alternate(senses: list[bytes | None]) -> None:
    there = False
    for change in changes(senses):
        assert there is (change is not Change.CAME)
        there = change is not Change.WENT


def opened_after(away_s: float, before: bytes | None) -> Presence:
    """A reader that was away for so long, and on which that lay before."""
    presence = Presence()
    presence.sensed(before, 10.0)
    presence.opened(10.0 + away_s)
    return presence


@pytest.mark.parametrize("away_s", [0.5, FORGOTTEN_AFTER_S])
def test_a_pass_that_lies_on_a_reader_that_was_away_did_not_come_again(away_s: float) -> None:
    presence = opened_after(away_s, A)
    assert [presence.sensed(uid, 13.0) for uid in (None, A, A)] == [Change.NONE, Change.FOUND, Change.NONE]


@pytest.mark.parametrize(("away_s", "change"), [(0.5, Change.CAME), (FORGOTTEN_AFTER_S, Change.FOUND)])
def test_nobody_knows_of_a_pass_that_was_laid_there_in_two_seconds_without_a_look_whether_its_owner_has_gone(
    away_s: float, change: Change
) -> None:
    assert opened_after(away_s, None).sensed(A, 13.0) is change


@pytest.mark.parametrize(("away_s", "change"), [(0.5, Change.SWAPPED), (FORGOTTEN_AFTER_S, Change.FOUND)])
def test_the_same_of_another_pass_in_its_place(away_s: float, change: Change) -> None:
    presence = opened_after(away_s, A)
    assert [presence.sensed(B, 13.0), presence.sensed(B, 13.1)] == [Change.NONE, change]


def test_a_pass_that_lies_there_at_a_start_was_not_seen_to_come() -> None:
    presence = Presence()
    presence.opened(10.0)
    assert presence.sensed(A, 10.1) is Change.FOUND


def test_a_pass_that_went_while_the_reader_was_away_comes_when_it_is_laid_there_again() -> None:
    presence = opened_after(FORGOTTEN_AFTER_S, A)
    senses = (*[None] * MISSES_UNTIL_GONE, A)
    assert [presence.sensed(uid, 13.0) for uid in senses][-2:] == [Change.WENT, Change.CAME]


def test_a_pass_that_was_found_and_could_not_be_told_is_found_by_the_next_sense() -> None:
    presence = opened_after(FORGOTTEN_AFTER_S, A)
    presence.sensed(A, 13.0)
    presence.forget()
    assert presence.sensed(A, 13.1) is Change.FOUND


def test_only_four_bytes_that_begin_with_08_are_a_random_uid() -> None:
    assert is_random(bytes.fromhex("08aabbcc"))
    assert not is_random(bytes.fromhex("08aabbccddeeff"))
    assert not is_random(bytes.fromhex("04aabbcc"))
