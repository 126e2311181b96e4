"""What ZVT's messages mean: published receipts and results, and a judgement that is sure or says that it is not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.payment_terminal import zvt_messages as zvt
from devices.payment_terminal.zvt_apdu import ZvtMalformed, decode, encode_field
from devices.payment_terminal.zvt_judgement import CLOCKS_MAY_DIFFER, Known, judge, written_down
from devices.payment_terminal.zvt_messages import Printed, Told, customers_receipt
from devices.payment_terminal.zvt_payment import Payment
from devices.ports import Begun, PayOutcome, PayStep

NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
BEFORE = Told(0, 995, 41, 141, 1122, 115000)
OURS = Told(0, 1610, 42, 142, 1122, 120010)
KNOWN = Known(1610, NOON, NOON + timedelta(seconds=40), BEFORE)

numbers = st.none() | st.integers(0, 9999)
tolds = st.builds(
    Told, st.integers(0, 255), numbers, numbers, numbers, st.none() | st.integers(0, 9999),
    st.none() | st.integers(0, 999999), numbers,
)  # fmt: skip


def data_of(message: str) -> bytes:
    """The data of a message in hexadecimal."""
    return decode(bytes.fromhex(message)).data


def test_the_commands_are_those_of_the_protocol() -> None:
    assert zvt.registration(0).encode().hex(" ") == "06 00 0e 00 00 00 be 09 78 06 06 26 04 0a 02 06 d3"
    assert zvt.authorisation(1610).encode().hex(" ") == "06 01 09 04 00 00 00 00 16 10 02 3c"
    assert zvt.reversal(123456, 42).encode().hex(" ") == "06 30 06 12 34 56 87 00 42"
    assert zvt.repeat_receipt(0).encode().hex(" ") == "06 20 03 00 00 00"
    assert zvt.status_enquiry(0).encode().hex(" ") == "05 01 03 00 00 00"


def test_a_published_abort_by_the_customer_is_read() -> None:
    told = zvt.told(data_of("040F1E276C29280048693CF0F1F941626272756368206475726368204B756E6465"))
    assert (told.result, told.approved, told.cents) == (zvt.BY_KEY, False, None)


def test_a_published_contactless_payment_is_read_to_its_last_field() -> None:
    told = zvt.told(
        data_of(
            "040F6C27000400000000204 00C2109160D11010E999922F0F8EEEEEEEEEEEE4771A0012900000006870005 0B0000008A068BF1F1"
            "4D4153544552434152440006 2E2F081F1201011F100103601B4307A00000000410104410446562697420"
            "4D6173746572636172641F2B0410016005".replace(" ", "")
        )
    )
    assert told == Told(0, 2040, 5, 0, 1101, 210916)


def test_what_stands_behind_a_field_that_nobody_knows_does_not_cost_the_result() -> None:
    assert zvt.told(b"\x27\x00" + encode_field(0x04, b"\0\0\0\0\x16\x10") + b"\x99\x01") == Told(0, 1610)


def test_a_published_customers_receipt_in_a_block_is_read_with_its_umlaut() -> None:
    texts = bytes.fromhex("0716") + b"     f\x81r PORTALUM GmbH" + bytes.fromhex("0713") + b"        KUNDENBELEG"
    texts += bytes.fromhex("0701200901 81".replace(" ", ""))
    inner = b"\x1f\x07\x01\x02\x25" + bytes([len(texts)]) + texts
    lines = zvt.print_block(b"\x06" + bytes([len(inner)]) + inner, "cp437")
    assert customers_receipt(lines) == ("     für PORTALUM GmbH", "        KUNDENBELEG")


def test_published_lines_are_told_apart_by_for_whom_they_are() -> None:
    library = data_of("06D119402A2A2048C44E444C455242454C4547202A2A06041F070101")
    customer = data_of("06D118402A2A204B554E44454E42454C4547202A2A06041F070102")
    assert zvt.print_line(library, "latin-1")[0] == Printed("** HÄNDLERBELEG **", 1)
    lines = (*zvt.print_line(library, "latin-1"), *zvt.print_line(customer, "latin-1"))
    assert customers_receipt(lines) == ("** KUNDENBELEG **",)


def test_without_a_word_for_whom_the_last_receipt_is_the_customers() -> None:
    lines = (Printed("theirs"), Printed("", last=True), Printed("ours"), Printed(""), Printed("", last=True))
    assert customers_receipt(lines) == ("ours",)


@pytest.mark.parametrize(
    ("code", "step"),
    [(0x0A, PayStep.CARD), (0x01, PayStep.PIN), (0x04, PayStep.HOST), (0x0B, PayStep.REMOVE_CARD),
     (0x44, PayStep.REMOVE_CARD), (0xD2, None)],
)  # fmt: skip
def test_steps_are_those_that_mean_something_to_a_patron(code: int, step: PayStep | None) -> None:
    assert zvt.step(bytes([code])) is step


@given(st.integers(0, 9999), st.integers(0, 10**12 - 1), numbers, st.none() | st.integers(0, 999999), numbers)
def test_the_terminals_reference_survives_the_round_trip(
    receipt: int, cents: int, date: int | None, time: int | None, trace: int | None
) -> None:
    told = Told(0, cents, receipt, trace, date, time)
    assert zvt.from_terminal_ref(zvt.terminal_ref(told)) == told


@given(st.text(max_size=60) | st.from_regex(r"zvt:[0-9:²٣]{0,40}", fullmatch=True))
def test_no_text_whatever_is_more_than_no_reference(text: str) -> None:
    told = zvt.from_terminal_ref(text)
    assert told is None or zvt.from_terminal_ref(zvt.terminal_ref(told)) == told


@given(
    st.binary(max_size=300),
    st.sampled_from(
        [
            *(zvt.told, zvt.step, zvt.code, zvt.terminal_status),
            lambda one: zvt.print_line(one, "cp437"),
            lambda one: zvt.print_block(one, "latin-1"),
        ]
    ),
)
def test_no_bytes_whatever_raise_anything_but_malformed(data: bytes, read: Callable[[bytes], object]) -> None:
    with suppress(ZvtMalformed):
        read(data)


@pytest.mark.parametrize(
    ("known", "last", "outcome"),
    [
        (KNOWN, OURS, PayOutcome.APPROVED),
        (KNOWN, BEFORE, PayOutcome.ABORTED),
        (KNOWN, None, PayOutcome.UNKNOWN),
        (KNOWN, replace(OURS, cents=1611), PayOutcome.UNKNOWN),
        (KNOWN, replace(OURS, receipt=41), PayOutcome.UNKNOWN),
        (KNOWN, replace(OURS, receipt=None), PayOutcome.UNKNOWN),
        (KNOWN, replace(OURS, result=5), PayOutcome.UNKNOWN),
        (KNOWN, replace(OURS, reverses=142), PayOutcome.UNKNOWN),
        (KNOWN, replace(OURS, time=121000), PayOutcome.UNKNOWN),
        (KNOWN, replace(OURS, time=115000), PayOutcome.UNKNOWN),
        (KNOWN, replace(OURS, date=1121), PayOutcome.UNKNOWN),
        (KNOWN, replace(OURS, date=1399), PayOutcome.UNKNOWN),
        (KNOWN, replace(OURS, time=None), PayOutcome.UNKNOWN),
        (replace(KNOWN, before=None), OURS, PayOutcome.UNKNOWN),
        (replace(KNOWN, before=None, told=OURS), OURS, PayOutcome.APPROVED),
        (replace(KNOWN, told=OURS), replace(OURS, trace=7, receipt=43), PayOutcome.UNKNOWN),
        (replace(KNOWN, told=OURS), replace(OURS, receipt=43, reverses=142), PayOutcome.ABORTED),
        (replace(KNOWN, told=OURS), replace(OURS, receipt=43, reverses=142, cents=100), PayOutcome.UNKNOWN),
        (replace(KNOWN, told=OURS), replace(OURS, receipt=43, reverses=142, result=5), PayOutcome.UNKNOWN),
        (replace(KNOWN, told=replace(OURS, trace=0)), replace(OURS, receipt=43, reverses=0), PayOutcome.UNKNOWN),
        (replace(KNOWN, told=OURS), BEFORE, PayOutcome.ABORTED),
        (Known(1610, told=OURS), BEFORE, PayOutcome.UNKNOWN),
    ],
)
def test_only_what_can_be_nothing_else_is_approved_or_aborted(known: Known, last: Told, outcome: PayOutcome) -> None:
    assert judge(known, last) is outcome


def test_a_payment_over_new_years_eve_is_recognised() -> None:
    began = datetime(2026, 12, 31, 23, 59, 30, tzinfo=UTC)
    known = replace(KNOWN, began=began, ended=began + timedelta(minutes=1))
    assert judge(known, replace(OURS, date=101, time=10)) is PayOutcome.APPROVED


@given(tolds)
def test_a_mark_keeps_all_that_the_last_receipt_told(told: Told) -> None:
    assert zvt.from_mark(zvt.mark(told)) == told


@given(st.text(max_size=60) | st.from_regex(r"zvt-last:[0-9:²]{0,40}", fullmatch=True))
def test_no_text_whatever_is_more_than_no_mark(text: str) -> None:
    told = zvt.from_mark(text)
    assert told is None or zvt.from_mark(zvt.mark(told)) == told


@pytest.mark.parametrize(
    "text", ["zvt-last:0:995", "zvt-last::995:41::::", "zvt-last:0:1:2:3:4:5:6:7", "zvt:1:2:3:4:5"]
)
def test_a_text_of_other_parts_than_a_mark_has_is_none(text: str) -> None:
    assert zvt.from_mark(text) is None


def test_after_a_start_a_receipt_of_a_time_that_is_still_to_come_is_not_the_payments() -> None:
    begun = Begun("fee", 1610, NOON - timedelta(minutes=9), zvt.mark(BEFORE))
    known = written_down(begun, "", NOON - timedelta(minutes=6))
    assert known is not None
    assert judge(known, OURS) is PayOutcome.UNKNOWN


def test_a_receipt_is_a_payments_only_with_the_same_number_and_time() -> None:
    payment = Payment("fee", 1610, NOON, 0.0)
    assert not payment.has(OURS)
    payment.finish(PayOutcome.APPROVED, told=OURS)
    assert payment.has(OURS)
    assert not payment.has(replace(OURS, time=120011))
    assert not payment.has(replace(OURS, receipt=43))


@pytest.mark.parametrize(
    ("later", "outcome"),
    [(0, PayOutcome.APPROVED), (9, PayOutcome.APPROVED), (16, PayOutcome.UNKNOWN), (-6, PayOutcome.UNKNOWN)],
)
def test_after_a_start_a_payment_is_known_by_the_mark_the_amount_and_the_time(later: int, outcome: PayOutcome) -> None:
    begun = Begun("fee", 1610, NOON - timedelta(minutes=later), zvt.mark(BEFORE))
    now = NOON + timedelta(hours=1)
    known = written_down(begun, "", now)
    assert known is not None
    assert (judge(known, OURS), judge(known, BEFORE)) == (outcome, PayOutcome.ABORTED)
    assert written_down(replace(begun, mark=""), "", now) is None
    assert written_down(replace(begun, cents=1611), zvt.terminal_ref(OURS), now) is None


@given(st.none() | tolds, st.none() | tolds, st.none() | tolds)
def test_whatever_a_terminal_tells_an_approval_is_of_the_amount_and_a_new_receipt(
    before: Told | None, told: Told | None, last: Told | None
) -> None:
    outcome = judge(replace(KNOWN, before=before, told=told), last)
    if outcome is PayOutcome.APPROVED:
        assert last is not None
        assert last.approved
        assert last.reverses is None
        assert last.cents == (told.cents if told is not None else 1610)
        assert told is not None or (before is not None and last.receipt != before.receipt)


def test_clocks_may_differ_by_minutes_only() -> None:
    assert timedelta(minutes=1) <= CLOCKS_MAY_DIFFER <= timedelta(minutes=10)
