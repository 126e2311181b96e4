"""ZVT's bytes: published vectors, what goes in comes out, hostile bytes are told by one error and take no memory."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.payment_terminal.zvt_apdu import (
    AMOUNT,
    LONGEST_DATA,
    RECEIPT,
    RESULT,
    Apdu,
    ApduReader,
    ZvtMalformed,
    bcd,
    decode,
    encode_field,
    encode_tlv,
    fields,
    number,
    tlv,
)
from devices.payment_terminal.zvt_serial import Block, BlockReader, Sign, crc, encode_block

APPROVED = bytes.fromhex(
    "040F77270004000000002040 0B000470 0C223953 0D1006 0E2512 170001 1970 22F0F8EEEEEEEEEEEE4771 29280048692A"
    "3130303436313736332020 20202020 3B36313138303400003CF0F1F447454E2E4E522E3A363131383034 490978 870470"
    "88000470 8A2E 8BF1F74465626974204D617374657263617264 00".replace(" ", "")
)
apdus = st.builds(Apdu, st.integers(0, 0xFFFF), st.binary(max_size=700))
bmp_fields = st.one_of(
    st.tuples(st.just(AMOUNT), st.binary(min_size=6, max_size=6)),
    st.tuples(st.just(RECEIPT), st.binary(min_size=2, max_size=2)),
    st.tuples(st.sampled_from([0x22, 0x8B]), st.binary(max_size=99)),
    st.tuples(st.sampled_from([0x24, 0x3C]), st.binary(max_size=300)),
    st.tuples(st.just(0x06), st.binary(max_size=300)),
)
objects = st.tuples(st.sampled_from([0x07, 0x09, 0x25, 0x1F07, 0x1F10]), st.binary(max_size=300))


def test_the_published_checksum_and_block_come_out() -> None:
    assert crc(bytes.fromhex("80000003")).to_bytes(2, "little") == b"\xf5\x1f"
    ten_euro = Apdu(0x0601, encode_field(AMOUNT, bcd(1000, 6)))
    assert encode_block(ten_euro.encode()).hex(" ") == "10 02 06 01 07 04 00 00 00 00 10 10 00 10 03 62 91"


def test_a_published_payment_is_read_field_by_field() -> None:
    found = dict(fields(decode(APPROVED).data))
    assert (found[RESULT], number(found[AMOUNT]), number(found[RECEIPT])) == (b"\0", 2040, 470)
    assert found[0x8B] == b"Debit Mastercard\0"


@given(apdus)
def test_a_message_survives_the_round_trip(message: Apdu) -> None:
    assert decode(message.encode()) == message


@pytest.mark.parametrize(("size", "written"), [(0, "00"), (254, "fe"), (255, "ffff00"), (65535, "ffffff")])
def test_a_length_takes_one_byte_or_three(size: int, written: str) -> None:
    message = Apdu(0x06D3, bytes(size))
    assert message.encode()[2 : 2 + len(written) // 2].hex() == written
    assert decode(message.encode()) == message


@given(st.lists(apdus, max_size=5), st.integers(1, 50))
def test_messages_come_out_of_a_stream_in_any_pieces(messages: list[Apdu], size: int) -> None:
    stream, reader, found = b"".join(one.encode() for one in messages), ApduReader(), []
    for at in range(0, len(stream), size):
        found += reader.feed(stream[at : at + size])
    assert found == messages


@given(st.integers(0, 10**12 - 1))
def test_an_amount_survives_the_round_trip(cents: int) -> None:
    assert number(bcd(cents, 6)) == cents


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: bcd(10000, 2),
        lambda: bcd(-1, 2),
        lambda: number(b"\x1a"),
        lambda: decode(b"\x06\x01\x02\x00"),
        lambda: decode(b"\x06\x01\x00\x00"),
        lambda: Apdu(0x0601, bytes(LONGEST_DATA + 1)).encode(),
        lambda: encode_field(AMOUNT, b"\0"),
        lambda: encode_field(0x22, bytes(100)),
        lambda: encode_field(0x99, b""),
        lambda: list(fields(b"\x04\x00")),
        lambda: list(fields(b"\x99")),
        lambda: list(fields(b"\x22\xf1")),
        lambda: list(fields(b"\x22\x01\x01a")),
        lambda: list(fields(b"\x06\x83\x00\x00\x00")),
        lambda: list(fields(b"\x06")),
        lambda: list(tlv(b"\x1f")),
        lambda: list(tlv(b"\x1f\x81\x81\x81\x01\x00")),
        lambda: list(tlv(b"\x07\x05ab")),
    ],
)
def test_what_is_not_of_the_protocol_is_malformed(wrong: Callable[[], object]) -> None:
    with pytest.raises(ZvtMalformed):
        wrong()


@given(st.lists(bmp_fields, max_size=6))
def test_fields_survive_the_round_trip(given_fields: list[tuple[int, bytes]]) -> None:
    assert list(fields(b"".join(encode_field(bmp, value) for bmp, value in given_fields))) == given_fields


@given(st.lists(objects, max_size=6))
def test_data_objects_survive_the_round_trip(given_objects: list[tuple[int, bytes]]) -> None:
    assert list(tlv(encode_tlv(given_objects))) == given_objects


@given(
    st.binary(max_size=400),
    st.sampled_from([decode, number, lambda one: list(fields(one)), lambda one: list(tlv(one))]),
)
def test_no_bytes_whatever_raise_anything_else(data: bytes, read: Callable[[bytes], object]) -> None:
    with suppress(ZvtMalformed):
        read(data)


@given(st.binary(max_size=600), st.integers(1, 50))
def test_no_stream_whatever_makes_a_reader_hold_more_than_one_message(data: bytes, size: int) -> None:
    reader = ApduReader()
    for at in range(0, len(data), size):
        reader.feed(data[at : at + size])
        assert len(reader._waiting) <= LONGEST_DATA + 5


@given(st.lists(st.binary(max_size=60), max_size=5), st.integers(1, 30))
def test_blocks_survive_the_line_in_any_pieces(contents: list[bytes], size: int) -> None:
    stream, reader, found = b"".join(map(encode_block, contents)), BlockReader(), []
    for at in range(0, len(stream), size):
        found += reader.feed(stream[at : at + size])
    assert found == [Block(one) for one in contents]


@given(st.binary(min_size=1, max_size=60), st.data())
def test_one_wrong_bit_never_makes_another_block(content: bytes, data: st.DataObject) -> None:
    block = bytearray(encode_block(content))
    block[data.draw(st.integers(0, len(block) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert not [one for one in BlockReader().feed(bytes(block)) if isinstance(one, Block) and one.content != content]


@given(st.binary(max_size=300))
def test_after_any_noise_one_block_is_lost_at_most(noise: bytes) -> None:
    reader = BlockReader()
    reader.feed(noise)
    found = reader.feed(encode_block(b"\x80\0\0") + encode_block(b"\x80\0\0"))
    assert found[-1] == Block(b"\x80\0\0")


def test_a_block_without_an_end_is_damaged_and_takes_no_memory_for_ever() -> None:
    reader = BlockReader()
    found = reader.feed(b"\x10\x02" + bytes(200_000))
    assert found == [Sign.DAMAGED]
    assert not reader.within
