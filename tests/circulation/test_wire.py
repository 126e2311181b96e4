"""The facts as JSON: every one survives the way there and back, and nothing else gets in or leaks out."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from types import NoneType, UnionType
from typing import Any, NewType, Union, cast, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from circulation import wire
from circulation.affairs import Account, BranchLoans, CheckedIn, LoanLine, Route
from circulation.events import NEEDS, Action, Event, HandOver, Kind, MailedReceipt, Payment, Question
from circulation.identifiers import (
    BranchCode,
    ChipUid,
    EventId,
    Isil,
    ItemBarcode,
    KioskId,
    PassNumber,
    PatronRef,
    new_event_id,
)
from circulation.outcomes import CheckedOut, Identified, NextStep, Reason, Refused, Verdict, Voided
from circulation.presented import Presented, ReceiptChoice, Source
from circulation.wire import WireError
from tests.circulation.test_events import EVENT

SECRET = "GEHEIM"
ANSWERS = (Identified, CheckedOut, Refused, Voided)
PRINTABLE = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"))
TEXTS = st.text(PRINTABLE, max_size=40) | st.text(PRINTABLE, min_size=500, max_size=500)
NUMBERS = st.from_regex(r"[0-9A-Z][0-9A-Z.\-]{0,39}", fullmatch=True)
CODES = st.from_regex(r"[0-9A-Za-z][0-9A-Za-z_\-]{0,39}", fullmatch=True)
COUNTS = st.integers(-(2**53) + 1, 2**53 - 1)
EVENT_IDS = st.builds(new_event_id, st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
UIDS = st.binary(min_size=4, max_size=10).map(lambda raw: ChipUid(raw.hex().upper()))
PRESENTED = st.builds(Presented, st.sampled_from(Source), NUMBERS.map(PassNumber), st.none() | UIDS) | st.builds(
    Presented, st.sampled_from(Source), st.none(), UIDS
)
FEES = st.lists(CODES, min_size=1, max_size=3).map(tuple)
PAYMENTS = st.builds(Payment, FEES, st.integers(1, 2**31 - 1), CODES)


def _events_of(action: Action) -> st.SearchStrategy[Event]:
    needs = NEEDS[action]
    return st.builds(
        Event,
        EVENT_IDS,
        CODES.map(KioskId),
        st.integers(0, 2**53 - 1),
        st.sampled_from(Kind),
        st.just(action),
        PRESENTED if "presented" in needs else st.none(),
        NUMBERS.map(ItemBarcode) if "item" in needs else st.none(),
        st.datetimes(timezones=st.just(UTC)),
        PAYMENTS if "payment" in needs else st.none(),
    )


EVENTS = st.sampled_from(Action).flatmap(_events_of)
REFUSED = st.builds(
    Refused,
    st.sampled_from(Reason),
    CODES,
    st.sampled_from(NextStep),
    st.dictionaries(st.from_regex(r"[a-z][a-z_]{0,9}", fullmatch=True), COUNTS | TEXTS | st.dates(), max_size=4),
)
_LEAVES: dict[object, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: COUNTS,
    str: TEXTS,
    date: st.dates(),
    datetime: st.datetimes(timezones=st.just(UTC)),
    PassNumber: NUMBERS.map(PassNumber),
    ItemBarcode: NUMBERS.map(ItemBarcode),
    EventId: EVENT_IDS,
    Isil: st.from_regex(r"[A-Z]{2}-[0-9]{3,6}", fullmatch=True).map(Isil),
    Refused: REFUSED,
}


def facts(wanted: Any) -> st.SearchStrategy[Any]:
    """Any fact of a type that an answer is made of."""
    if wanted in _LEAVES:
        return _LEAVES[wanted]
    origin, inner = get_origin(wanted), get_args(wanted)
    if origin in (Union, UnionType):
        return st.one_of([st.none() if one is NoneType else facts(one) for one in inner])
    if origin is tuple:
        return st.lists(facts(inner[0]), max_size=3).map(tuple)
    if is_dataclass(wanted):
        hints = get_type_hints(wanted)
        return st.builds(cast(Any, wanted), **{one.name: facts(hints[one.name]) for one in fields(wanted)})
    return CODES.map(wanted) if isinstance(wanted, NewType) else st.sampled_from(wanted)


ALL_ANSWERS = st.sampled_from(sorted(wire.ANSWERS)).flatmap(lambda name: facts(wire.ANSWERS[name]))
QUESTIONS = st.sampled_from(Action).flatmap(
    lambda action: st.builds(
        Question,
        st.just(action),
        PRESENTED if "presented" in NEEDS[action] else st.none(),
        NUMBERS.map(ItemBarcode) if "item" in NEEDS[action] else st.none(),
    )
)
RULE_NAMES = st.from_regex(r"[A-Z][0-9]{1,2}", fullmatch=True)
CASES = st.builds(
    HandOver,
    EVENT_IDS,
    st.sampled_from(Reason),
    RULE_NAMES,
    st.none() | PRESENTED,
    st.none() | NUMBERS.map(ItemBarcode),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)
SOME = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
LOAN = CheckedOut(ItemBarcode("30000000000012"), "Oeroeg", date(2026, 8, 5), 3, None)
NO = Refused(Reason.LAPSED, "N2", NextStep.DESK, {"ended": date(2026, 7, 1), "place": "Annen", "cents": -5})
WHO = Identified(PatronRef("p1"), "nl", first_name="Anna", cannot_borrow=NO, messages=("Er ligt iets klaar.",))


def answer_of(data: object) -> Any:
    return wire.decode_answer(data, *ANSWERS)


DECODERS: tuple[Callable[[object], object], ...] = (wire.decode_event, wire.decode_presented, answer_of)


@SOME
@given(EVENTS)
def test_every_event_survives_the_round_trip(event: Event) -> None:
    assert wire.decode_event(wire.loads(wire.dumps(wire.encode(event)))) == event


@SOME
@given(PRESENTED)
def test_every_shown_pass_survives_the_round_trip(shown: Presented) -> None:
    assert wire.decode_presented(wire.loads(wire.dumps(wire.encode(shown)))) == shown


@SOME
@given(QUESTIONS)
def test_every_question_survives_the_round_trip(question: Question) -> None:
    assert wire.decode_question(wire.loads(wire.dumps(wire.encode(question)))) == question


@SOME
@given(CASES)
def test_every_case_for_the_desk_survives_the_round_trip(case: HandOver) -> None:
    assert wire.decode_hand_over(wire.loads(wire.dumps(wire.encode(case)))) == case


@settings(SOME, max_examples=250)
@given(ALL_ANSWERS)
def test_every_answer_survives_the_round_trip(answer: wire.Answer) -> None:
    body = wire.dumps(wire.encode_answer(answer))
    back = wire.decode_answer(wire.loads(body), type(answer))
    assert back == answer
    assert wire.dumps(wire.encode_answer(back)) == body


def test_the_values_of_a_sentence_keep_their_types() -> None:
    assert {name: type(value) for name, value in answer_of(wire.encode_answer(NO)).values.items()} == {
        "ended": date,
        "place": str,
        "cents": int,
    }


def test_the_same_fact_gives_the_same_bytes() -> None:
    one = Refused(Reason.LAPSED, "N2", NextStep.DESK, {"a": 1, "b": 2})
    other = Refused(Reason.LAPSED, "N2", NextStep.DESK, {"b": 2, "a": 1})
    assert wire.dumps(wire.encode_answer(one)) == wire.dumps(wire.encode_answer(other))


def test_a_field_that_has_a_default_may_be_left_out_and_no_other() -> None:
    assert answer_of({"outcome": "identified", "patron": "p1"}) == Identified(PatronRef("p1"))
    with pytest.raises(WireError, match="missing"):
        answer_of({"outcome": "identified"})


@pytest.mark.parametrize(
    "title", ["Één Zürich\u00a0– ‘ëtc’ …", "Война и мир", "戦争と平和", "🙂‍↔️", "שלום\u200f", "x" * 500]
)
def test_a_title_may_hold_any_printable_character(title: str) -> None:
    lent = replace(LOAN, title=title)
    assert answer_of(wire.loads(wire.dumps(wire.encode_answer(lent)))) == lent


@SOME
@given(st.text(max_size=700))
def test_an_odd_title_of_the_library_system_never_makes_its_answer_unreadable(title: str) -> None:
    sent = wire.loads(wire.dumps(wire.encode_answer(replace(LOAN, title=title))))
    read = answer_of(sent).title
    assert len(read) == min(len(title), 500)
    assert all(there in (here, " ") for here, there in zip(title, read, strict=False))


def test_lines_and_controls_of_a_message_become_spaces() -> None:
    who = replace(WHO, messages=("een\r\ntwee\x00drie\u2028vier\ud800\x85",))
    assert answer_of(wire.encode_answer(who)).messages == ("een  twee drie vier  ",)


@pytest.mark.parametrize("text", ["a\nb", "\x00", "\x7f", "\x85", "\u2028", "\ud800", "x" * 501])
def test_what_is_not_printable_or_too_long_is_not_accepted(text: str) -> None:
    with pytest.raises(WireError, match="title: not a printable text"):
        answer_of({**wire.encode_answer(LOAN), "title": text})


# What is not JSON, or not what was agreed.


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nul",
        b"NaN",
        b"[Infinity]",
        b"[-Infinity]",
        b'"\xff"',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b"{} {}",
        b'{"a":1,"a":2}',
        b"[" * 60_000,
        b"1" * 5_000,
        b'"' + b"a" * 65_536 + b'"',
    ],
)
def test_bytes_that_are_not_plain_json_are_a_wire_error(body: bytes) -> None:
    with pytest.raises(WireError) as caught:
        wire.loads(body)
    assert caught.value.path == ""
    assert caught.value.__cause__ is None


def test_a_body_of_64_kib_is_read() -> None:
    assert wire.loads(b'"' + b"a" * 65_534 + b'"') == "a" * 65_534


@SOME
@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_json_or_a_wire_error(body: bytes) -> None:
    with suppress(WireError):
        wire.loads(body)


@SOME
@given(JSON)
def test_arbitrary_json_is_never_an_event_or_an_answer_and_raises_nothing_else(data: object) -> None:
    for decoder in DECODERS:
        with pytest.raises(WireError):
            decoder(data)


GOOD: tuple[tuple[Callable[[object], object], dict[str, Any]], ...] = (
    (wire.decode_event, wire.encode(EVENT)),
    (wire.decode_presented, wire.encode(EVENT.presented)),
    (answer_of, wire.encode_answer(LOAN)),
    (answer_of, wire.encode_answer(NO)),
    (answer_of, wire.encode_answer(WHO)),
    (answer_of, wire.encode_answer(Voided(EVENT.id))),
)


@SOME
@given(st.sampled_from(GOOD), st.data(), JSON)
def test_arbitrary_json_in_one_place_of_a_good_body_is_read_or_a_wire_error(
    good: tuple[Callable[[object], object], dict[str, Any]], data: st.DataObject, wrong: object
) -> None:
    decoder, body = good
    name = data.draw(st.sampled_from(sorted(body)) | st.text(max_size=9))
    with suppress(WireError):
        decoder({**body, name: wrong})


@pytest.mark.parametrize("depth", [10, 300, 900, 940, 960, 980, 990, 20_000])
def test_a_deeply_nested_body_is_a_wire_error(depth: int) -> None:
    for body in (b"[" * depth + b"]" * depth, b'{"outcome":' + b"[" * depth + b"]" * depth + b"}"):
        with pytest.raises(WireError):
            answer_of(wire.loads(body))


@pytest.mark.parametrize("wrong", [None, True, 1.5, "1", [], {}, 2**53, -(2**53)])
def test_a_count_is_a_whole_number_and_nothing_else(wrong: object) -> None:
    with pytest.raises(WireError, match="open_loans: "):
        answer_of({**wire.encode_answer(LOAN), "open_loans": wrong})


@pytest.mark.parametrize("wrong", [None, 0, 1, "true", []])
def test_a_truth_is_true_or_false_and_nothing_else(wrong: object) -> None:
    with pytest.raises(WireError, match="hold_filled: "):
        answer_of({**wire.encode_answer(LOAN), "hold_filled": wrong})


@pytest.mark.parametrize(
    "wrong", [None, 1, "", "20260805", "2026-W32-3", "2026-13-01", "2026-02-29", "2026-08-05T00:00:00", "05-08-2026"]
)
def test_a_date_has_one_form(wrong: object) -> None:
    with pytest.raises(WireError, match="due: "):
        answer_of({**wire.encode_answer(LOAN), "due": wrong})


@pytest.mark.parametrize(
    "wrong", [None, 0, "", "2026-07-15T12:00:00", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "noon"]
)
def test_an_instant_has_a_zone_and_a_place_in_time(wrong: object) -> None:
    with pytest.raises(WireError, match="at: "):
        wire.decode_event({**wire.encode(EVENT), "at": wrong})


def test_instants_are_utc_whatever_their_zone() -> None:
    summer = timezone(timedelta(hours=2))
    event = replace(EVENT, at=datetime(2026, 7, 15, 14, tzinfo=summer))
    assert wire.encode(event)["at"] == "2026-07-15T12:00:00+00:00"
    assert wire.decode_event({**wire.encode(EVENT), "at": "2026-07-15T12:00:00Z"}) == EVENT
    with pytest.raises(ValueError, match="zone"):
        wire.encode(replace(EVENT, at=datetime(2026, 7, 15, 12)))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("id", "0190a1b2-c3d4-4e5f-8a6b-7c8d9e0f1a2b"),
        ("kiosk", ""),
        ("kiosk", "a b"),
        ("seq", -1),
        ("kind", "REQUEST"),
        ("kind", None),
        ("action", "eat"),
        ("action", "check_in"),
        ("presented", []),
        ("presented", {"source": "barcode", "number": None, "uid": None}),
        ("presented", {"source": "barcode", "number": ""}),
        ("presented", {"source": "smell", "number": "1"}),
        ("presented", {"number": "1"}),
        ("item", "|AB"),
        ("item", 3),
    ],
)
def test_an_event_with_a_wrong_value_says_where(name: str, wrong: object) -> None:
    with pytest.raises(WireError) as caught:
        wire.decode_event({**wire.encode(EVENT), name: wrong})
    assert caught.value.path.startswith(name)


def test_a_shown_pass_has_a_number_or_a_uid() -> None:
    with pytest.raises(WireError, match="neither"):
        wire.decode_presented({"source": "chip"})


def test_an_unknown_field_of_a_request_is_an_error_wherever_it_stands() -> None:
    nested = wire.encode(EVENT)
    nested["presented"] = {**nested["presented"], "extra": 1}
    with pytest.raises(WireError, match=r"presented: 1 unknown"):
        wire.decode_event(nested)
    with pytest.raises(WireError, match=r"body: 1 unknown"):
        wire.decode_question({"action": "check_in", "item": "1", "extra": 1})
    with pytest.raises(WireError, match=r"body: 1 unknown"):
        wire.decode_hand_over({"id": EVENT.id, "reason": "lapsed", "rule": "N2", "extra": 1})
    with pytest.raises(WireError, match=r"reason: not a Reason"):
        wire.decode_hand_over({"id": EVENT.id, "reason": "of_tomorrow", "rule": "N2"})


def grown(data: Any) -> Any:
    """The same JSON with a field more in every object but the values of a sentence, as a newer store may say it."""
    if isinstance(data, list):
        return [grown(one) for one in data]
    if not isinstance(data, dict) or set(data) == {"date"}:
        return data
    inner = {name: value if name == "values" else grown(value) for name, value in data.items()}
    return {**inner, "of_tomorrow": {"what": ["ever"]}}


@SOME
@given(ALL_ANSWERS)
def test_fields_that_a_newer_store_says_besides_change_nothing(answer: wire.Answer) -> None:
    assert wire.decode_answer(grown(wire.encode_answer(answer)), type(answer)) == answer


def test_what_a_newer_store_calls_by_a_new_word_is_read_as_the_desk_would_have_it() -> None:
    new = {**wire.encode_answer(NO), "reason": "of_tomorrow", "next": "moon_2"}
    assert answer_of(new) == replace(NO, reason=Reason.OTHER, next=NextStep.DESK)
    inner = {**wire.encode_answer(WHO), "receipt": "sung", "cannot_borrow": wire.encode(NO) | {"next": "moon"}}
    assert answer_of(inner) == replace(WHO, receipt=ReceiptChoice.ASK, cannot_borrow=NO)
    back = CheckedIn(ItemBarcode("1"), "Oeroeg", Route.SHELF)
    assert wire.decode_answer({**wire.encode_answer(back), "route": "drone"}, CheckedIn).route is Route.STAFF


@pytest.mark.parametrize("wrong", [None, 1, [], {}, "", "Of tomorrow", "x" * 41, "lapsed\n"])
def test_what_can_be_no_word_of_any_store_is_an_error(wrong: object) -> None:
    with pytest.raises(WireError, match="reason: "):
        answer_of({**wire.encode_answer(NO), "reason": wrong})


def test_a_date_among_the_values_of_a_sentence_has_no_company() -> None:
    with pytest.raises(WireError, match=r"values\.ended"):
        answer_of({**wire.encode_answer(NO), "values": {"ended": {"date": "2026-01-01", "extra": 1}}})


@pytest.mark.parametrize(
    ("action", "shown", "item"),
    [("check_in", True, True), ("check_in", False, False), ("renew", True, False), ("pay", False, False)],
)
def test_a_question_names_what_its_action_needs(action: str, shown: bool, item: bool) -> None:
    asked = {"action": action, "presented": wire.encode(EVENT.presented) if shown else None}
    with pytest.raises(WireError, match="action: does not go"):
        wire.decode_question(asked | {"item": EVENT.item if item else None})


@pytest.mark.parametrize("rule", ["", "K", "K123", "k8", "house 1", SECRET])
def test_a_case_names_a_rule(rule: str) -> None:
    with pytest.raises(WireError, match="rule: not the id of a rule"):
        wire.decode_hand_over({"id": EVENT.id, "reason": "lapsed", "rule": rule})


def test_an_answer_may_be_longer_than_a_request() -> None:
    lines = tuple(LoanLine(ItemBarcode(str(n)), "x" * 400, date(2026, 8, 5)) for n in range(400))
    body = wire.dumps(wire.encode_answer(Account(PatronRef("p1"), (BranchLoans(BranchCode("1"), "Annen", lines),))))
    assert len(body) > wire.MAX_BYTES
    assert wire.decode_answer(wire.loads(body, wire.MAX_ANSWER_BYTES), Account).loans[0].loans == lines
    with pytest.raises(WireError, match="larger than 64 KiB"):
        wire.loads(body)


@pytest.mark.parametrize("outcome", [None, 1, "", "Refused", "event", ["refused"], {"refused": 1}, True])
def test_an_answer_says_what_it_is(outcome: object) -> None:
    with pytest.raises(WireError, match="outcome: unexpected"):
        answer_of({**wire.encode_answer(NO), "outcome": outcome})


def test_an_answer_of_a_kind_that_was_not_asked_for_is_an_error() -> None:
    with pytest.raises(WireError, match="outcome: unexpected"):
        wire.decode_answer(wire.encode_answer(WHO), CheckedOut, Refused)


@pytest.mark.parametrize("wrong", [None, True, 1.5, [], {"day": "2026-01-01"}, {}, 2**53, "a\nb"])
def test_a_value_of_a_sentence_is_a_text_a_number_or_a_date(wrong: object) -> None:
    with pytest.raises(WireError, match=r"values\.place"):
        answer_of({**wire.encode_answer(NO), "values": {"place": wrong}})


@pytest.mark.parametrize("name", ["", "A", "a b", "1", "a" * 41, "a.b", "{0}", SECRET])
def test_a_value_of_a_sentence_has_a_plain_name_that_no_error_repeats(name: str) -> None:
    with pytest.raises(WireError) as caught:
        answer_of({**wire.encode_answer(NO), "values": {name: None}})
    assert caught.value.path == "values"


@SOME
@given(st.sampled_from(GOOD), st.data())
def test_an_error_never_repeats_a_value(
    good: tuple[Callable[[object], object], dict[str, Any]], data: st.DataObject
) -> None:
    decoder, body = good
    wrongs = [SECRET + "\n", [SECRET + "\n"], {SECRET: SECRET}, SECRET + "!" * 600, {"ended": {"date": SECRET}}]
    wrong = data.draw(st.sampled_from(wrongs))
    names = sorted(body) if decoder is answer_of else [*sorted(body), SECRET]
    changed = {**body, data.draw(st.sampled_from(names)): wrong}
    with pytest.raises(WireError) as caught:
        decoder(changed)
    shown: BaseException | None = caught.value
    while shown is not None:
        assert SECRET not in str(shown)
        assert SECRET not in repr(shown)
        shown = shown.__cause__


def test_a_verdict_for_staff_is_plain_json() -> None:
    verdict = Verdict(NO, (Refused(Reason.NO_STRIPS, "S2", NextStep.DESK, {"ends": date(2026, 9, 1)}),))
    data = json.loads(wire.dumps(wire.encode(verdict)))
    assert data["decided"]["reason"] == "lapsed"
    assert data["also"][0]["values"] == {"ends": {"date": "2026-09-01"}}
    assert json.loads(wire.dumps(wire.encode(Verdict(None)))) == {"decided": None, "also": []}


def test_an_event_id_names_its_void() -> None:
    assert answer_of({"outcome": "voided", "event": EVENT.id}) == Voided(EventId(EVENT.id))


RECEIPTS = st.builds(
    MailedReceipt,
    EVENT_IDS,
    PRESENTED,
    st.sampled_from(["nl", "uk", "fy"]),
    st.just("Je bon"),
    st.lists(st.sampled_from(["", "Oeroeg", "مع السلامة"]), min_size=1, max_size=5).map(tuple),
)


@SOME
@given(RECEIPTS)
def test_every_receipt_for_the_mail_survives_the_round_trip(receipt: MailedReceipt) -> None:
    assert wire.decode_receipt(wire.loads(wire.dumps(wire.encode(receipt)))) == receipt


def test_n8_a_greeting_of_an_older_store_is_read_and_one_of_a_newer_store_is_too() -> None:
    ends = date(2026, 8, 31)
    newer = wire.encode_answer(Identified(PatronRef("anna"), ends=ends))
    assert wire.decode_answer(newer, Identified) == Identified(PatronRef("anna"), ends=ends)
    older = {name: value for name, value in newer.items() if name != "ends"}
    assert wire.decode_answer(older, Identified) == Identified(PatronRef("anna"))
    assert wire.decode_answer(newer | {"unheard_of": "x"}, Identified) == Identified(PatronRef("anna"), ends=ends)
