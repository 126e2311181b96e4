"""FEIG's frames and answers: the manual's frames, any pieces, any noise."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.item_pad import obid_tags
from devices.item_pad.obid import Answer, FrameError, Framer, crc, request

UID = bytes.fromhex("E004010012345678")


def answer(body: bytes) -> bytes:
    frame = bytes([len(body) + 3]) + body
    return frame + crc(frame).to_bytes(2, "little")


def test_the_published_inventory_frame() -> None:
    assert request(obid_tags.inventory()).hex(" ").upper() == "07 FF B0 01 00 1C 56"


def test_the_crc_of_the_nine_digits() -> None:
    assert crc(b"123456789") == 0x6F91  # CRC-16/MCRF4XX


@pytest.mark.parametrize(
    ("command", "hexadecimal"),
    [
        (obid_tags.inventory(more=True), "B0 01 80"),
        (obid_tags.read_blocks(UID, 0, 9), "B0 23 01 E004010012345678 00 09"),
        (obid_tags.system_information(UID), "B0 2B 01 E004010012345678"),
        (obid_tags.write_afi(UID, 0xC2), "B0 27 01 E004010012345678 C2"),
        (obid_tags.write_eas(UID, on=True), "B1 04 A2 01 E004010012345678"),
        (obid_tags.write_eas(UID, on=False), "B1 04 A3 01 E004010012345678"),
        (obid_tags.eas_alarm(UID), "B1 04 A5 01 E004010012345678"),
    ],
)
def test_commands_are_those_of_the_manual(command: bytes, hexadecimal: str) -> None:
    assert command == bytes.fromhex(hexadecimal)


@given(
    st.lists(st.builds(Answer, st.integers(0, 255), st.integers(0, 255), st.binary(max_size=249)), max_size=5),
    st.integers(1, 60),
)
def test_answers_survive_every_way_to_arrive_in_pieces(answers: list[Answer], size: int) -> None:
    stream = b"".join(answer(bytes([0, one.control, one.status]) + one.data) for one in answers)
    framer, found = Framer(), []
    for at in range(0, len(stream), size):
        framer.feed(stream[at : at + size])
        while (one := framer.take()) is not None:
            found.append(one)
    assert found == answers


@given(st.builds(Answer, st.integers(0, 255), st.integers(0, 255), st.binary(max_size=249)), st.integers(0, 2039))
def test_one_flipped_bit_gives_no_answer(one: Answer, bit: int) -> None:
    frame = bytearray(answer(bytes([0, one.control, one.status]) + one.data))
    frame[bit // 8 % len(frame)] ^= 1 << bit % 8
    framer = Framer()
    framer.feed(bytes(frame))
    with suppress(FrameError):
        assert framer.take() is None


@given(st.lists(st.binary(max_size=400), max_size=12))
def test_any_noise_leaves_bounded_memory_and_only_the_typed_error(pieces: list[bytes]) -> None:
    framer = Framer()
    for piece in pieces:
        framer.feed(piece)
        with suppress(FrameError):
            while (one := framer.take()) is not None:
                assert len(one.data) <= 249
        assert len(framer._kept) <= 255


@given(st.builds(Answer, st.just(0xB0), st.integers(0, 255), st.binary(max_size=249)), st.integers(0, 32))
def test_no_data_whatever_raises_anything_but_the_typed_error(one: Answer, count: int) -> None:
    for decode in (
        lambda: obid_tags.sightings(one),
        lambda: obid_tags.blocks(one, count),
        lambda: obid_tags.afi_of(one, UID),
    ):
        with suppress(FrameError):
            decode()


@given(st.lists(st.tuples(st.binary(min_size=8, max_size=8), st.integers(0, 255)), max_size=24))
def test_every_tag_of_an_inventory_is_seen(tags: list[tuple[bytes, int]]) -> None:
    data = bytes([len(tags)]) + b"".join(bytes([3, dsfid]) + uid for uid, dsfid in tags)
    assert [(one.uid, one.dsfid) for one in obid_tags.sightings(Answer(0xB0, 0, data))] == tags


def test_a_card_of_another_kind_hides_nothing_that_came_before_it() -> None:
    data = bytes([2, 3, 6]) + UID + bytes.fromhex("0400000401020304")
    assert [one.uid for one in obid_tags.sightings(Answer(0xB0, 0, data))] == [UID]


@given(st.integers(1, 16), st.integers(1, 8), st.data())
def test_blocks_come_without_their_security_bytes(count: int, size: int, source: st.DataObject) -> None:
    memory = source.draw(st.binary(min_size=count * size, max_size=count * size))
    data = bytes([count, size])
    for at in range(0, len(memory), size):
        data += b"\x01" + memory[at : at + size]
    assert obid_tags.blocks(Answer(0xB0, 0, data), count) == obid_tags.Blocks(size, memory)
    with pytest.raises(FrameError):
        obid_tags.blocks(Answer(0xB0, 0, data), count + 1)


def test_the_system_information_of_another_tag_is_not_taken_for_this_ones() -> None:
    told = Answer(0xB0, 0, bytes([6]) + bytes(4) + UID[4:] + bytes([0xC2, 3, 27, 1]))
    assert obid_tags.afi_of(told, UID) == 0xC2
    with pytest.raises(FrameError):
        obid_tags.afi_of(told, UID[:-1] + b"\x79")
