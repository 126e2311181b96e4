"""Numbers and codes that name things: parsed strictly, and never repeated in an error (P1, P8, G1, RFC 9562)."""
# ruff: noqa: N802 - a test bears the id of its rule

import uuid
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circulation.identifiers import (
    ChipUid,
    IdentifierError,
    chip_uid,
    code,
    event_id,
    is_random,
    isil,
    item_barcode,
    new_event_id,
    pass_number,
)

PARSERS: list[Callable[[str], str]] = [pass_number, item_barcode, chip_uid, isil, code, event_id]
EVENT = "0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b"


def name(parser: Callable[[str], str]) -> str:
    return parser.__name__


@pytest.mark.parametrize(
    ("parser", "text", "parsed"),
    [
        (pass_number, "2000 0000 0000 14", "20000000000014"),
        (pass_number, "864300", "864300"),
        (pass_number, "a-kaart.1", "A-KAART.1"),
        (pass_number, "9" * 40, "9" * 40),
        (item_barcode, "30000000000012", "30000000000012"),
        (item_barcode, "ab-1", "AB-1"),
        (chip_uid, "04a1b2c3", "04A1B2C3"),
        (chip_uid, "04A1B2C3D4E5F6", "04A1B2C3D4E5F6"),
        (chip_uid, "E0" * 10, "E0" * 10),
        (isil, "NL-070288", "NL-070288"),
        (isil, "BE-ZGM00", "BE-ZGM00"),
        (isil, "OCLC-12345678901", "OCLC-12345678901"),
        (code, "3550", "3550"),
        (code, "annen-1", "annen-1"),
        (code, "a" * 40, "a" * 40),
        (event_id, EVENT, EVENT),
    ],
)
def test_P1_a_possible_text_is_parsed(parser: Callable[[str], str], text: str, parsed: str) -> None:
    assert parser(text) == parsed


@pytest.mark.parametrize("parser", PARSERS, ids=name)
@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\r",
        "|AA",
        "a\nb",
        "30000000000012\n",
        "\x00",
        "é",
        "²",
        "٢٢٢٢",
        "{}",
        "-1",
        ".1",
        "a" * 41,
        "%s%n",
        "🎉",
    ],
)
def test_P1_an_impossible_text_is_rejected(parser: Callable[[str], str], text: str) -> None:
    with pytest.raises(IdentifierError):
        parser(text)


@pytest.mark.parametrize(
    ("parser", "text"),
    [
        (chip_uid, "04A1B2"),
        (chip_uid, "04A1B2C"),
        (chip_uid, "04A1B2C3D"),
        (chip_uid, "E0" * 11),
        (chip_uid, "04A1B2CG"),
        (chip_uid, "04 A1 B2 C3"),
        (isil, "NL070288"),
        (isil, "nl-070288"),
        (isil, "NL-"),
        (isil, "NLBEX-1"),
        (isil, "NL-123456789012"),
        (event_id, EVENT.upper()),
        (event_id, EVENT.replace("-7e5f", "-4e5f")),
        (event_id, EVENT.replace("-8a6b", "-ca6b")),
        (event_id, EVENT.replace("-", "")),
    ],
)
def test_G1_P8_another_form_is_rejected(parser: Callable[[str], str], text: str) -> None:
    with pytest.raises(IdentifierError):
        parser(text)


@pytest.mark.parametrize(
    ("parser", "text"), [(item_barcode, "ſ1"), (pass_number, "1ß"), (pass_number, "ı1"), (chip_uid, "ﬀ" * 4)]
)
def test_P1_a_foreign_letter_never_becomes_one_of_ours(parser: Callable[[str], str], text: str) -> None:
    with pytest.raises(IdentifierError):
        parser(text)


@pytest.mark.parametrize("parser", PARSERS, ids=name)
@settings(max_examples=50, deadline=None)
@given(text=st.text())
def test_P1_parsing_is_settled_after_once_and_raises_nothing_else(parser: Callable[[str], str], text: str) -> None:
    try:
        parsed = parser(text)
    except IdentifierError:
        return
    assert parser(parsed) == parsed


@pytest.mark.parametrize("parser", PARSERS, ids=name)
def test_K13_an_error_never_repeats_the_text(parser: Callable[[str], str]) -> None:
    with pytest.raises(IdentifierError) as caught:
        parser("GEHEIM!")
    assert "GEHEIM" not in str(caught.value)
    assert caught.value.__cause__ is None


@given(st.binary(min_size=4, max_size=10))
def test_P8_every_uid_a_reader_can_read_is_a_uid(raw: bytes) -> None:
    assert bytes.fromhex(chip_uid(raw.hex())) == raw


@pytest.mark.parametrize(
    ("uid", "random"),
    [("08A1B2C3", True), ("18A1B2C3", False), ("80A1B2C3", False), ("08A1B2C3D4E5F6", False), ("08A1B2C3D4", False)],
)
def test_P8_a_random_uid_is_told_by_its_first_byte_and_length(uid: str, random: bool) -> None:
    assert is_random(ChipUid(uid)) is random


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_an_event_id_is_a_uuid_version_7_that_carries_its_instant(unix_ms: int, entropy: bytes) -> None:
    made = new_event_id(unix_ms, entropy)
    assert event_id(made) == made
    read = uuid.UUID(made)
    assert (read.version, read.variant) == (7, uuid.RFC_4122)
    assert read.int >> 80 == unix_ms
    assert read.bytes[9:] == entropy[3:]


def test_event_ids_of_later_instants_sort_later_and_chance_tells_those_of_one_instant_apart() -> None:
    ids = [new_event_id(ms, bytes([chance]) * 10) for ms in (1, 2, 1_700_000_000_000) for chance in (0, 1, 255)]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("length", [0, 9, 11])
def test_an_event_id_needs_ten_bytes_of_chance(length: int) -> None:
    with pytest.raises(IdentifierError):
        new_event_id(0, bytes(length))
