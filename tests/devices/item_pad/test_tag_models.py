"""What libraries write on tags: published vectors, round trips, both orders of bytes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.item_pad import danish, iso28560_2
from devices.item_pad.danish import DanishModel
from devices.item_pad.dutch import DutchModel, layout_of
from devices.item_pad.iso28560_2 import DSFID, Iso28560Part2Model
from devices.item_pad.tag_data import TagDamaged, TagData, TagError, TagUnfinished, crc16, parts_in, turned
from devices.item_pad.tag_models import MODELS, Reading, TagModel, read_tag

PUBLISHED = bytes.fromhex("11010131313232333334340000000000000000513e4445373035000000000000")
LAYOUT = {
    "length": 30,
    "mark_at": 0,
    "mark": "4e4c",
    "number_at": 4,
    "number_length": 8,
    "number_form": "bcd",
    "usage_at": 2,
    "parts_at": 12,
    "part_at": 13,
    "crc_at": 28,
}
UNCHECKED = {key: value for key, value in LAYOUT.items() if key != "crc_at"}

printable = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=16)
parts = st.integers(1, 255).flatmap(lambda whole: st.tuples(st.integers(1, whole), st.just(whole)))
data = st.builds(lambda number, of, usage: TagData(number, of[0], of[1], usage), printable, parts, st.integers(0, 15))
every_model: list[TagModel] = [DanishModel(), Iso28560Part2Model(), DutchModel(layout_of(LAYOUT))]


def written_by_layout(number: str, part: int = 1, of: int = 1, usage: int = 1, *, checked: bool = True) -> bytes:
    block = b"NL" + bytes([usage, 0]) + bytes.fromhex(number.ljust(16, "f")) + bytes([of, part]) + bytes(14)
    return block + (crc16(block).to_bytes(2, "little") if checked else b"\x00\x00")


def test_the_published_checksum_of_a_text() -> None:
    assert crc16(b"RFID tag data model") == 0x1AEE


def test_the_published_tag_is_read_and_written_alike() -> None:
    said = danish.decode(PUBLISHED)
    assert (said.number, said.part, said.parts, said.usage, said.owner) == ("11223344", 1, 1, 1, "DE705")
    assert danish.encode(said, 32) == PUBLISHED
    assert danish.checksum(PUBLISHED) == 0x3E51


@given(data, st.sampled_from([32, 34]), st.text("ABCDE-0123", max_size=9), st.binary(max_size=78))
def test_a_danish_block_survives_the_round_trip(one: TagData, size: int, owner: str, behind: bytes) -> None:
    one = replace(one, owner=owner)
    memory = danish.encode(one, size) + (behind if size == 34 else b"")
    assert danish.decode(memory) == one


@given(data, st.sampled_from([32, 34]), st.integers(0, 255), st.sampled_from([4, 8]))
def test_one_flipped_bit_in_the_32_bytes_that_all_tags_have_gives_no_number(
    one: TagData, size: int, bit: int, block: int
) -> None:
    spoilt = bytearray(danish.encode(one, size))
    spoilt[bit // 8] ^= 1 << bit % 8
    assert read_tag([DanishModel()], bytes(spoilt), block, 0, whole=True).data is None


@given(data)
def test_iso_28560_2_survives_the_round_trip(one: TagData) -> None:
    assert iso28560_2.decode(iso28560_2.encode(one)) == one


@given(data, st.integers(1, 27))
def test_a_tag_of_iso_28560_2_read_in_part_asks_for_more_or_is_whole(one: TagData, blocks: int) -> None:
    memory = iso28560_2.encode(one)
    if blocks * 4 >= len(memory):
        assert iso28560_2.decode(memory[: blocks * 4], whole=False) == one
    else:
        with pytest.raises(TagUnfinished):
            iso28560_2.decode(memory[: blocks * 4], whole=False)


@pytest.mark.parametrize(
    ("memory", "number"),
    [
        ("11 02 04D2 00", "1234"),  # integer
        ("21 03 01234F 00", "01234"),  # digits, a leading zero kept
        ("31 02 0886 00", "ABC"),  # five bits
        ("41 03 C72CF4 00", "1234"),  # six bits
        ("41 03 C72833 00", None),  # six bits, a space within
        ("51 02 C38B 00", "ab"),  # seven bits
        ("51 02 03FF 00", None),  # seven bits that give a control character
        ("61 03 414231 00", "AB1"),  # octets
        ("71 03 C3A931 00", None),  # UTF-8 beyond ASCII
        ("91 01 03 414231 00", "4276785"),  # an integer, with a byte of padding behind
        ("E1 02 02 4142 FFFF 00", "AB"),  # octets, two bytes of padding behind
        ("01 02 4142 00", None),  # a number in a compaction of its own
        ("61 02 4142 6F 05 01 58 00", "AB"),  # an identifier beyond 14 behind it
        ("61 02 4142 61 02 4142 00", None),  # twice
        ("61 FF 4142 00", None),  # longer than a tag
        ("62 02 4142 00", None),  # no number at first
    ],
)
def test_compactions_of_iso_15962(memory: str, number: str | None) -> None:
    read = read_tag([Iso28560Part2Model()], bytes.fromhex(memory), 256, DSFID, whole=True)
    assert (read.data and read.data.number) == number


@given(parts)
def test_parts_are_told_right_by_whichever_order_they_are_written_in(of: tuple[int, int]) -> None:
    assert parts_in(*of) == parts_in(of[1], of[0]) == of
    assert parts_in(0, 0) == (1, 1)


@given(st.text("0123456789", min_size=1, max_size=16), parts, st.integers(0, 9), st.booleans())
def test_a_tag_is_read_by_a_layout_of_the_configuration(
    number: str, of: tuple[int, int], usage: int, checked: bool
) -> None:
    memory = written_by_layout(number, of[0], of[1], usage, checked=checked)
    model = DutchModel(layout_of(LAYOUT if checked else UNCHECKED))
    assert model.read(memory, 0, whole=True) == TagData(number, of[0], of[1], usage)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"length": 0}, "needs a length from 1 to 128"),
        ({"number_at": 25}, "has its number outside of the 30 bytes"),
        ({"mark": "xyz"}, "needs a mark in hexadecimal"),
        ({"mark": ""}, "has its mark outside"),
        ({"crc_at": 29}, "has its crc outside"),
        ({"number_form": "roman"}, "one of ascii, bcd, integer"),
        ({"number_at": True}, "needs a whole number for number_at"),
        ({"colour": 1}, "has no colour"),
    ],
)
def test_a_layout_that_cannot_be_is_refused_in_a_sentence(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        layout_of({**LAYOUT, **change})


@pytest.mark.parametrize("table", [None, 7, {}, {"length": 3}, {1: 2}])
def test_a_layout_that_is_not_whole_is_refused(table: object) -> None:
    with pytest.raises(ValueError, match=r"must be a table|needs"):
        layout_of(table)


@given(data, st.sampled_from([32, 34]), st.sampled_from([4, 8]))
def test_the_checksum_decides_in_which_order_the_bytes_of_a_block_are(one: TagData, size: int, block: int) -> None:
    memory = danish.encode(one, size).ljust(40, b"\x00")
    for delivered in (memory, turned(memory, block)):
        assert read_tag(every_model, delivered, block, 0, whole=True) == Reading(one, "iso28560-3")


@given(data)
def test_a_tag_without_a_checksum_is_read_in_both_orders_and_never_as_two_numbers(one: TagData) -> None:
    memory = iso28560_2.encode(one)
    for delivered in (memory, turned(memory, 4)):
        read = read_tag(every_model, delivered, 4, DSFID, whole=True)
        assert read.data in {None, one}
        assert read.model == "iso28560-2"


def test_two_readings_without_a_checksum_are_none() -> None:
    class Both:
        name, checked = "both", False

        def read(self, memory: bytes, dsfid: int, *, whole: bool) -> TagData:
            return TagData(memory.decode())

    assert read_tag([Both()], b"ABBA", 2, 0, whole=True) == Reading(None, "both")
    assert read_tag([Both()], b"AABB", 2, 0, whole=True) == Reading(TagData("AABB"), "both")


def test_without_a_checksum_a_reading_waits_for_the_other_order_to_end() -> None:
    class Longer:
        name, checked = "longer", False

        def read(self, memory: bytes, dsfid: int, *, whole: bool) -> TagData:
            if memory[:1] == b"B" and not whole:
                raise TagUnfinished("more may follow")
            return TagData(memory[:1].decode() * 2)

    assert read_tag([Longer()], b"AB", 2, 0, whole=False) == Reading(None, "longer", unfinished=True)
    assert read_tag([Longer()], b"AB", 2, 0, whole=True) == Reading(None, "longer")


def test_another_makers_model_is_one_class_more() -> None:
    class Legacy:
        name, checked = "legacy", True

        def read(self, memory: bytes, dsfid: int, *, whole: bool) -> TagData:
            if memory[:1] != b"\x04":
                raise TagError("another")
            return TagData(memory[4:20].rstrip(b"\x00").decode())

    memory = b"\x04\x11\x00\x01" + b"1301234567".ljust(28, b"\x00")
    assert read_tag([*every_model, Legacy()], memory, 4, 0, whole=True) == Reading(TagData("1301234567"), "legacy")


@pytest.mark.parametrize("memory", [bytes(112), b"\x55" * 24 + bytes(8), b"\xff" * 32, b"", b"\x11"])
def test_a_blank_tag_is_foreign(memory: bytes) -> None:
    assert read_tag(every_model, memory, 4, 0, whole=True) == Reading(None, "")


def test_a_tag_of_a_model_that_cannot_be_believed_names_its_model() -> None:
    assert read_tag(every_model, PUBLISHED[:-1] + b"x", 4, 0, whole=True) == Reading(None, "iso28560-3")


@given(st.binary(max_size=140), st.integers(0, 255), st.booleans(), st.integers(0, 255))
def test_no_bytes_whatever_raise_anything_but_the_typed_error(
    memory: bytes, dsfid: int, whole: bool, block: int
) -> None:
    for model in (*every_model, DutchModel(layout_of(UNCHECKED))):
        for one in (memory, b"\x11\x01\x01" + memory, b"NL" + memory, b"\x61" + memory):
            with suppress(TagError):
                assert 1 <= len(model.read(one, DSFID, whole=whole).number) <= 64
    read_tag(every_model, memory, block, dsfid, whole=whole)


@pytest.mark.parametrize(
    "one", [TagData(""), TagData("x" * 65), TagData("1", 2, 1), TagData("1", 0, 1), TagData("1", usage=16)]
)
def test_what_has_no_room_on_a_tag_is_not_written(one: TagData) -> None:
    with pytest.raises(TagError):
        danish.encode(one)
    with pytest.raises(TagError):
        iso28560_2.encode(one)


def test_nothing_read_is_shown_by_a_repr_or_an_error() -> None:
    assert "11223344" not in repr(danish.decode(PUBLISHED))
    with pytest.raises(TagDamaged) as caught:
        danish.decode(PUBLISHED[:-1] + b"x")
    assert "11223344" not in str(caught.value)


def test_every_model_of_the_list_can_be_made() -> None:
    for name, make in MODELS.items():
        assert make({"dutch": LAYOUT}).name == name
