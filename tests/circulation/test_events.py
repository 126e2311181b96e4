"""What a kiosk did: what makes two tellings one act."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from circulation.events import Action, Event, Kind
from circulation.identifiers import EventId, ItemBarcode, KioskId
from tests.circulation.worlds import BARCODE, NUMBER, by_barcode, by_chip

EVENT = Event(
    EventId("0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b"),
    KioskId("annen-1"),
    7,
    Kind.REQUEST,
    Action.CHECK_OUT,
    by_barcode(),
    BARCODE,
    datetime(2026, 7, 15, 12, tzinfo=UTC),
)


def test_an_act_is_the_same_however_and_whenever_it_is_told() -> None:
    for kind in Kind:
        assert EVENT.as_kind(kind).identity == EVENT.identity
        assert EVENT.as_kind(kind) == replace(EVENT, kind=kind)
    assert replace(EVENT, at=EVENT.at + timedelta(days=1)).identity == EVENT.identity
    assert replace(EVENT, seq=8).identity == EVENT.identity


def test_another_kiosk_pass_or_item_is_another_act() -> None:
    others = (
        replace(EVENT, kiosk=KioskId("annen-2")),
        replace(EVENT, presented=by_chip(number=NUMBER)),
        replace(EVENT, item=ItemBarcode("1")),
    )
    assert len({EVENT.identity, *(one.identity for one in others)}) == 4


def test_an_event_in_a_log_shows_no_pass() -> None:
    shown = repr(replace(EVENT, presented=by_chip(number=NUMBER)))
    assert NUMBER not in shown
    assert "04A1B2" not in shown
