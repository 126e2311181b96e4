"""The order of a loan, a return and its gate bit, one step at a time; and the pad as a visit sees it."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circulation.affairs import CheckedIn
from circulation.identifiers import ItemBarcode
from circulation.outcomes import NextStep, Reason, Refused
from devices.ports import PadItem, TagSecurity
from kiosk.desks.in_background import Workers
from kiosk.flows.gate import TRIES, Switched, Undoing, arm, let_pass, undo
from kiosk.stack import Stack
from kiosk.visit_pad import SWITCH_S, BackgroundPad, PadRules
from tests.kiosk.virtual_time import VirtualLoop, play
from tests.kiosk.world import ScriptedPad, book, tag

SECURED, UNSECURED, UNKNOWN = TagSecurity.SECURED, TagSecurity.UNSECURED, TagSecurity.UNKNOWN
ITEM = ItemBarcode(book(1))
Result = TypeVar("Result")


def pad_with(tags: Sequence[PadItem], security: TagSecurity) -> ScriptedPad:
    pad = ScriptedPad()
    pad.bits = {one.uid: security for one in tags}
    return pad


def played(what: Callable[[], Awaitable[Result]]) -> Result:
    """What it gives, in virtual time."""
    found: list[Result] = []

    async def whole() -> None:
        found.append(await what())

    play(whole(), VirtualLoop())
    return found[0]


def test_a_returned_item_counts_as_armed_only_when_every_tag_was_read_back_as_armed() -> None:
    """As a return has it: the library says yes, `arm` is DONE, and only then it is said."""
    tags = (tag(book(1), 1, 2), tag(book(1), 2, 2))
    pad = pad_with(tags, UNSECURED)
    assert played(lambda: arm(pad, lambda: tags)) is Switched.DONE
    assert set(pad.bits.values()) == {SECURED}
    pad = pad_with(tags, UNSECURED)
    pad.stuck.add(tags[1].uid)
    assert played(lambda: arm(pad, lambda: tags)) is Switched.FAILED
    assert [uid for uid, _ in pad.tried].count(tags[1].uid) == TRIES


def test_a_tag_that_was_taken_away_is_not_known_and_not_tried_for_long() -> None:
    one = tag(book(1))
    pad = pad_with((one,), SECURED)
    pad.silent.add(one.uid)
    lies = [one]
    pad.on_switch = lambda _: lies.clear()
    assert played(lambda: let_pass(pad, lambda: tuple(lies))) is Switched.LEFT
    assert len(pad.tried) == 1
    assert played(lambda: let_pass(pad, tuple)) is Switched.LEFT  # it went before anything began


@pytest.mark.parametrize("stays_open", [True, False])
def test_no_loan_ends_before_its_bits_are_armed(stays_open: bool) -> None:
    one = tag(book(1))
    pad = pad_with((one,), UNSECURED)
    if stays_open:
        pad.stuck.add(one.uid)
    bits: list[TagSecurity] = []

    async def check_in(item: ItemBarcode) -> CheckedIn:
        bits.append(pad.bits[one.uid])
        return CheckedIn(item, "x")

    done = played(lambda: undo(pad, check_in, ITEM, lambda: (one,)))
    assert (done, bits) == ((Undoing.STANDS, []) if stays_open else (Undoing.UNDONE, [SECURED]))


def test_a_return_that_is_refused_leaves_the_loan() -> None:
    one = tag(book(1))

    async def check_in(item: ItemBarcode) -> Refused:
        return Refused(Reason.RETURN_ELSEWHERE, "N6", NextStep.OTHER_BRANCH)

    assert played(lambda: undo(pad_with((one,), SECURED), check_in, ITEM, lambda: (one,))) is Undoing.STANDS


class RealPad:
    """Notes who calls, and how long it may take."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, float, str]] = []

    def secure(self, uid: bytes, deadline_s: float) -> TagSecurity:
        self.calls.append(("secure", deadline_s, threading.current_thread().name))
        return SECURED

    def unsecure(self, uid: bytes, deadline_s: float) -> TagSecurity:
        self.calls.append(("unsecure", deadline_s, threading.current_thread().name))
        return UNSECURED


def test_the_pad_is_asked_off_the_event_loop_with_a_deadline() -> None:
    workers, real = Workers(), RealPad()
    pad = BackgroundPad(real, workers, PadRules())

    async def both() -> tuple[TagSecurity, TagSecurity]:
        return await pad.secure(b"1"), await pad.unsecure(b"1")

    assert asyncio.run(both()) == (SECURED, UNSECURED)
    assert [(name, deadline) for name, deadline, _ in real.calls] == [("secure", SWITCH_S), ("unsecure", SWITCH_S)]
    assert all(thread.startswith("desk") for _, _, thread in real.calls)
    workers.close()


def test_without_a_pad_or_without_a_gate_nothing_is_switched() -> None:
    workers = Workers()
    assert BackgroundPad(RealPad(), workers, PadRules()).switches
    assert not BackgroundPad(RealPad(), workers, PadRules(), gates=False).switches
    without = BackgroundPad(None, workers, PadRules())
    assert not without.switches
    assert asyncio.run(without.unsecure(b"1")) is UNKNOWN
    workers.close()


_TAGS = st.builds(
    tag,
    st.one_of(st.none(), st.sampled_from([book(1), book(2), "", " ", "no;number"]), st.text(max_size=6)),
    st.integers(-1, 9),
    st.integers(-1, 9),
    st.sampled_from(TagSecurity),
)


@given(st.lists(_TAGS, max_size=8))
def test_every_tag_is_of_one_item_or_a_strange_one(tags: list[PadItem]) -> None:
    stack = Stack.of(tags)
    assert sum(len(one.tags) for one in stack.items) + stack.strange == len(tags)
    assert len(stack.numbers) == len(stack.items)
    for one in stack.items:
        assert one.read >= 1
        assert one.whole == (one.read >= one.parts)
        assert stack.find(one.item) is one
    assert stack.uids_of(stack.numbers) == stack.uids
