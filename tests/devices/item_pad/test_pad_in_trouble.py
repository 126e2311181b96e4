"""Faults, moves and plugs at random: what was said of a gate bit is so, and each tag keeps its number."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from devices.ports import ItemsChanged, TagSecurity
from tests.devices.item_pad.conftest import Pad
from tests.devices.running import eventually

FIVE = tuple(f"3000555500000{number}" for number in range(5))
SAID = {0x07: TagSecurity.SECURED, 0xC2: TagSecurity.UNSECURED}


def trouble(pad: Pad, chance: random.Random) -> None:
    """One of the things that happen to a pad."""
    match chance.randrange(6):
        case 0 | 1:
            kind = chance.choice(["truncate", "corrupt", "silent", "late"])
            pad.bench.pad_fault(
                kind, chance.randint(1, 2), chance.choice(["any", "inventory", "read", "system", "write"])
            )
        case 2 | 3:
            during = chance.choice(["read", "write", "after-write"])
            pad.bench.move_item(chance.choice(FIVE), during, chance.randint(0, 12))
        case 4:
            (taken,) = pad.bench.remove_item(gone := chance.choice(FIVE))
            # No hand sets a bit elsewhere and is back before the pad has missed the tag.
            pad.wait("lifted", lambda items: all(one.uid.hex() != taken["uid"] for one in items))
            pad.bench.place_item(gone, security=chance.choice(["secured", "unsecured"]))
        case _:
            pad.bench.unplug("pad")
            pad.bench.plug("pad")


def live(pad: Pad, seed: int, steps: int) -> Counter[TagSecurity]:
    """So many switchings in the middle of troubles; how often each answer was given."""
    chance, answers = random.Random(seed), Counter[TagSecurity]()
    pad.bench.stack_items(*FIVE)
    uids = {number: bytes.fromhex(str(pad.tag(number)["uid"])) for number in FIVE}
    for _ in range(steps):
        trouble(pad, chance)
        number = chance.choice(FIVE)
        act = chance.choice([pad.port.secure, pad.port.unsecure])
        answer = act(uids[number], chance.choice([0.2, 1.0, 4.0]))
        answers[answer] += 1
        assert answer in (TagSecurity.UNKNOWN, SAID[int(str(pad.tag(number)["afi"]))])
    pad.bench.pad_fault("none")
    pad.numbers(*FIVE)
    for told in pad.events.of(ItemsChanged):
        assert all(one.number is None or uids[one.number] == one.uid for one in told.items)
    eventually(
        "what is told is what the tags say",
        lambda: all(one.security is SAID[int(str(pad.tag(str(one.number))["afi"]))] for one in pad.items()),
    )
    return answers


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_said_of_a_gate_bit_is_so_whatever_happens(pad: Pad, seed: int) -> None:
    answers = live(pad, seed, 25)
    assert answers[TagSecurity.SECURED] + answers[TagSecurity.UNSECURED] > 10


@pytest.mark.long(minutes=5)
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(100, 104))
def test_what_is_said_of_a_gate_bit_is_so_for_a_long_time(pad: Pad, seed: int) -> None:
    live(pad, seed, 250)
