"""From what a device read to what the desk is shown (P8)."""

from hypothesis import given
from hypothesis import strategies as st

from circulation import wire
from circulation.identifiers import ChipUid, PassNumber
from circulation.presented import Presented, Source
from devices.ports import BarcodeScanned, PassPresented
from kiosk.shown_pass import shown_pass

UID = bytes.fromhex("04A1B2C3D4E5F6")
RANDOM = bytes.fromhex("08A1B2C3")


def chip(uid: bytes, number: str | None = None, random_uid: bool = False) -> Presented | None:
    return shown_pass(PassPresented("pass_reader", uid, number, random_uid, 0.0))


def test_a_chip_shows_the_number_written_in_it_and_its_uid() -> None:
    assert chip(UID, "20000000000014") == Presented(
        Source.CHIP, PassNumber("20000000000014"), ChipUid("04A1B2C3D4E5F6")
    )


def test_a_chip_without_a_number_shows_its_uid() -> None:
    assert chip(UID) == Presented(Source.CHIP, None, ChipUid("04A1B2C3D4E5F6"))


def test_text_in_a_chip_that_is_no_number_is_nothing() -> None:
    assert chip(UID, "https://example.org/?id=1") == Presented(Source.CHIP, None, ChipUid("04A1B2C3D4E5F6"))


def test_a_uid_that_changes_at_every_reading_goes_along_only_so_that_the_rules_can_refuse_it() -> None:
    assert chip(RANDOM, None, random_uid=True) == Presented(Source.CHIP, None, ChipUid("08A1B2C3"))
    assert chip(RANDOM, "20000000000014", random_uid=True) == Presented(Source.CHIP, PassNumber("20000000000014"))


def test_a_barcode_never_stands_for_a_chip() -> None:
    assert shown_pass(BarcodeScanned("item_scanner", "2000 0000 000014", None, 0.0)) == Presented(
        Source.BARCODE, PassNumber("20000000000014")
    )


@given(text=st.text(max_size=70), uid=st.binary(max_size=12), random_uid=st.booleans())
def test_whatever_was_read_is_something_that_can_travel_or_nothing(text: str, uid: bytes, random_uid: bool) -> None:
    for shown in (chip(uid, text, random_uid), shown_pass(BarcodeScanned("item_scanner", text, None, 0.0))):
        if shown is not None:
            assert wire.decode_presented(wire.encode(shown)) == shown
