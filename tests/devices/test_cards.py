"""Which card it is by its ATR, and whether its UID is one: what PC/SC part 3 says, and nothing guessed beyond it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.links.pcsc import PcscLink
from devices.open_devices import DeviceSettings, check_settings, open_devices
from devices.pass_reader.cards import CardKind, kind_of, uid_in
from devices.ports import DeviceGone
from devices.simulators.smart_card import CARDS
from tests.devices.running import eventually


@pytest.mark.parametrize(
    ("card", "kind", "readable"),
    [
        ("ntag", CardKind.TYPE_A, True),
        ("desfire", CardKind.TYPE_A, True),
        ("phone", CardKind.TYPE_A, True),
        ("type-b", CardKind.A_OR_B, False),
        ("icode", CardKind.OTHER_RADIO, False),
        ("eid", CardKind.BELGIAN_EID, False),
        ("bank", CardKind.CONTACT, False),
    ],
)
def test_a_card_is_known_by_its_atr_and_only_a_type_a_uid_is_one(card: str, kind: CardKind, readable: bool) -> None:
    atr, uid = CARDS[card]
    assert kind_of(atr) is kind
    assert uid_in(kind, uid + b"\x90\x00") == (uid if readable else None)


def test_the_published_atr_of_a_mifare_classic_is_a_contactless_chip() -> None:
    atr = bytes.fromhex("3b8f8001804f0ca000000306030001000000006a")  # PC/SC part 3, 3.1.3.2.3.2
    assert kind_of(atr) is CardKind.TYPE_A
    assert kind_of(atr[:-1] + b"\x6b") is CardKind.CONTACT
    assert kind_of(b"") is CardKind.MUTE


def test_a_seven_byte_uid_is_one_whatever_the_chip_tells_of_itself() -> None:
    assert uid_in(CardKind.A_OR_B, bytes(7) + b"\x90\x00") == bytes(7)
    assert uid_in(CardKind.TYPE_A, bytes(7) + b"\x63\x00") is None


@given(st.binary(max_size=40), st.binary(max_size=20))
def test_no_bytes_whatever_are_more_than_a_card_that_cannot_be_read(atr: bytes, answer: bytes) -> None:
    uid = uid_in(kind_of(atr), answer)
    assert uid is None or len(uid) in {4, 7, 10}


def test_a_system_without_pc_sc_is_a_device_that_is_gone_and_says_what_to_install() -> None:
    with pytest.raises(DeviceGone, match="pcscd"):
        PcscLink("", "libpcsclite-that-is-not-there.so.1")


def test_a_kiosk_with_a_pc_sc_reader_starts_without_it() -> None:
    settings = DeviceSettings("cards", "pass_reader", "pcsc", {"reader": "No such reader"})
    assert check_settings([settings]) == []
    assert check_settings([DeviceSettings("cards", "pass_reader", "pcsc", {"reader": ""})])
    devices = open_devices([settings], lambda _: None)
    devices.start()
    eventually("said why", lambda: devices.health()["cards"].tries > 0)
    devices.stop()
