"""What the Terminal API's messages say: amounts to the cent, and nothing taken for sure that is not."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.payment_terminal import nexo_messages as nexo
from devices.payment_terminal.nexo_crypto import Opened
from devices.ports import PayOutcome, PayResult

VECTOR: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "nexo_vector.json").read_text("utf-8"))
PUBLISHED: dict[str, Any] = VECTOR["plaintext"]["SaleToPOIResponse"]
PARTIES = nexo.Parties("kiosk-1", "P400Plus-275039202")
SERVICE = nexo.service_id("Payment", "999")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


def approved(**changed: Any) -> dict[str, Any]:
    """The published PaymentResponse, with other parts where given."""
    return {**copy.deepcopy(PUBLISHED["PaymentResponse"]), **changed}


def failed(condition: object) -> dict[str, Any]:
    return {"Response": {"Result": "Failure", "ErrorCondition": condition}}


def answer_to(asked: dict[str, Any], **changed: Any) -> Opened:
    """An answer whose header fits, but for what is given."""
    category = asked["MessageCategory"]
    body = {f"{category}Response": {"Response": {"Result": "Success"}}}
    return Opened({**asked, "MessageType": "Response", **changed}, body)


def test_the_published_answer_is_an_approval_of_its_cents_with_its_reference_and_receipt() -> None:
    result = nexo.read_payment(PUBLISHED["PaymentResponse"], "999", 100)
    assert (result.outcome, result.cents) == (PayOutcome.APPROVED, 100)
    assert result.terminal_ref == "4r7i001557325515012.8815573255107661@2019-05-08T14:25:15.000Z"
    assert result.receipt[2:5] == ("CARDHOLDER COPY", "", "Date 08/05/19")
    assert "TOTAL €\N{NO-BREAK SPACE}1.00" in result.receipt
    assert result.receipt[-1] == "Thank you"
    assert "MERCHANT COPY" not in result.receipt
    assert len(result.receipt) == len(PUBLISHED["PaymentResponse"]["PaymentReceipt"][1]["OutputContent"]["OutputText"])


def test_a_log_shows_neither_the_reference_nor_the_receipt() -> None:
    shown = repr(nexo.read_payment(PUBLISHED["PaymentResponse"], "999", 100))
    assert "4r7i" not in shown
    assert "TOTAL" not in shown


@settings(deadline=None)
@given(st.integers(1, nexo.MOST_CENTS))
def test_every_amount_is_exact_on_the_wire_and_comes_back_to_the_cent(cents: int) -> None:
    request = nexo.payment(cents, "r", "t")["PaymentRequest"]
    written = json.dumps(request["PaymentTransaction"]["AmountsReq"]["RequestedAmount"])
    euros, _, rest = written.partition(".")
    assert int(euros) * 100 + int(rest.ljust(2, "0")) == cents
    paid = {"AmountsResp": {"Currency": "EUR", "AuthorizedAmount": json.loads(written)}}
    assert nexo.read_payment(approved(PaymentResult=paid), "999").cents == cents


@pytest.mark.parametrize("cents", [0, -1, nexo.MOST_CENTS + 1])
def test_an_amount_that_is_none_is_the_callers_mistake(cents: int) -> None:
    with pytest.raises(ValueError, match="1 to 9,999,999 cents"):
        nexo.payment(cents, "r", "t")


@pytest.mark.parametrize("amount", [1.001, "1.00", True, None, -1, float("nan"), float("inf"), 10**400, 1e300, [1]])
def test_an_approval_of_no_exact_amount_is_unknown(amount: object) -> None:
    paid = {"AmountsResp": {"Currency": "EUR", "AuthorizedAmount": amount}}
    assert nexo.read_payment(approved(PaymentResult=paid), "999").outcome is PayOutcome.UNKNOWN


@pytest.mark.parametrize(
    "changed",
    [
        {"SaleData": {"SaleTransactionID": {"TransactionID": "998"}}},
        {"SaleData": {}},
        {"POIData": {}},
        {"POIData": {"POITransactionID": {"TransactionID": "x", "TimeStamp": ""}}},
        {"PaymentResult": {}},
        {"PaymentResult": {"AmountsResp": {"Currency": "USD", "AuthorizedAmount": 1}}},
        {"PaymentResult": {"AmountsResp": {"Currency": "EUR", "AuthorizedAmount": 0}}},
        {"PaymentResult": {"AmountsResp": {"Currency": "EUR", "AuthorizedAmount": 2}}},
        {"Response": {"Result": "Partial"}},
        {"Response": {"Result": "Failure", "ErrorCondition": "Refusal"}},
    ],
)
def test_an_answer_that_does_not_fit_the_payment_or_itself_is_unknown(changed: dict[str, Any]) -> None:
    assert nexo.read_payment(approved(**changed), "999", 100).outcome is PayOutcome.UNKNOWN


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        ("Aborted", PayOutcome.ABORTED),
        ("Cancel", PayOutcome.ABORTED),
        ("Refusal", PayOutcome.DECLINED),
        ("InvalidCard", PayOutcome.DECLINED),
        ("WrongPIN", PayOutcome.DECLINED),
        ("PaymentRestriction", PayOutcome.DECLINED),
        ("InsertedCard", PayOutcome.DECLINED),
        ("Busy", PayOutcome.DECLINED),
        ("LoggedOut", PayOutcome.DECLINED),
        ("NotAllowed", PayOutcome.DECLINED),
        ("MessageFormat", PayOutcome.DECLINED),
        ("UnreachableHost", PayOutcome.UNKNOWN),
        ("UnavailableService", PayOutcome.UNKNOWN),
        ("UnavailableDevice", PayOutcome.UNKNOWN),
        ("DeviceOut", PayOutcome.UNKNOWN),
        ("InProgress", PayOutcome.UNKNOWN),
        ("NotFound", PayOutcome.UNKNOWN),
        ("Refusal and more", PayOutcome.UNKNOWN),
        (None, PayOutcome.UNKNOWN),
        (["Refusal"], PayOutcome.UNKNOWN),
    ],
)
def test_only_conditions_that_say_so_are_refusals(condition: object, outcome: PayOutcome) -> None:
    assert nexo.read_payment(failed(condition), "999", 100).outcome is outcome


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from([*PUBLISHED["PaymentResponse"]]), json_values, max_size=4))
def test_no_answer_whatever_is_approved_unless_it_says_all_that_an_approval_says(changed: dict[str, Any]) -> None:
    try:
        result = nexo.read_payment(approved(**changed), "999", 100)
    except nexo.NexoMessageError:
        return
    if result.outcome is PayOutcome.APPROVED:
        assert not {"SaleData", "POIData", "PaymentResult"} & set(changed)
        assert result.cents == 100
    assert "\n" not in result.why


@settings(max_examples=200, deadline=None)
@given(json_values.filter(lambda value: isinstance(value, dict)), st.text(max_size=5))
def test_no_object_whatever_does_more_than_to_be_refused(value: dict[str, Any], reference: str) -> None:
    def read(how: Any, *more: Any) -> None:
        for body in (value, {"Response": value}, {"Response": {"Result": "Success"}, **value}):
            try:
                told = how(body, *more)
            except nexo.NexoMessageError:
                continue
            if isinstance(told, PayResult):
                assert told.outcome is not PayOutcome.APPROVED

    read(nexo.read_payment, reference)
    read(nexo.read_reversal, 100)
    read(nexo.read_status, PARTIES, nexo.PAYMENT, SERVICE)
    read(nexo.read_diagnosis)


@settings(deadline=None)
@given(st.lists(json_values, max_size=4))
def test_a_receipt_that_cannot_be_read_makes_an_approval_no_less_one(texts: list[Any]) -> None:
    receipt = {"DocumentQualifier": "CustomerReceipt", "OutputContent": {"OutputText": texts}}
    result = nexo.read_payment(approved(PaymentReceipt=[receipt]), "999", 100)
    assert result.outcome is PayOutcome.APPROVED


@pytest.mark.parametrize(
    ("texts", "lines"),
    [
        ([{"Text": "Bedrag: 1 & meer = 2"}], ("Bedrag: 1 & meer = 2",)),
        ([{"Text": "name=a%26b&value=%c3%a9&key=k"}], ("a&b é",)),
        ([{"Text": "one ", "EndOfLineFlag": False}, {"Text": "two"}], ("one two",)),
        ([{"Text": "key=filler"}, {"Text": ""}], ("", "")),
        ([{"Text": 7}], ()),
        ([{"Text": "\x1b@"}], ()),
        ([{"Text": "name=%1bd%ff"}], ()),
        ([{"Text": "\ud800"}], ()),
        ([{"Text": "x"}] * 201, ()),
        ([{"Text": "x" * 501}], ()),
    ],
)
def test_a_receipt_is_printed_in_the_terminals_own_words(texts: list[Any], lines: tuple[str, ...]) -> None:
    receipt = {"DocumentQualifier": "CustomerReceipt", "OutputContent": {"OutputText": texts}}
    assert nexo.read_payment(approved(PaymentReceipt=[{}, 7, receipt]), "999").receipt == lines


@settings(deadline=None)
@given(st.text(), st.text())
def test_a_service_id_belongs_to_its_reference_alone_and_fits_the_field(one: str, other: str) -> None:
    first, second = nexo.service_id(nexo.PAYMENT, one), nexo.service_id(nexo.PAYMENT, other)
    assert (first == second) == (one == other)
    assert len(first) == 10
    assert first.isalnum()
    assert first.isascii()


def test_a_service_id_stays_the_same_from_release_to_release() -> None:
    assert nexo.service_id(nexo.PAYMENT, "fee-0001") == "5HSIVXAZ6D"


@pytest.mark.parametrize("name", ["MessageCategory", "MessageClass", "MessageType", "ServiceID", "SaleID", "POIID"])
def test_an_answer_to_another_question_is_none(name: str) -> None:
    asked = nexo.header(PARTIES, nexo.PAYMENT, SERVICE)
    assert nexo.response(answer_to(asked), asked) == {"Response": {"Result": "Success"}}
    with pytest.raises(nexo.NexoMessageError, match=f"another {name}"):
        nexo.response(answer_to(asked, **{name: "other"}), asked)


@pytest.mark.parametrize("name", ["MessageCategory", "ServiceID", "SaleID", "POIID"])
def test_a_status_about_another_payment_is_none(name: str) -> None:
    head = {"MessageCategory": "Payment", "ServiceID": SERVICE, "SaleID": "kiosk-1", "POIID": PARTIES.poi_id}
    body = {"PaymentResponse": approved()}

    def told(**changed: Any) -> object:
        repeated = {"MessageHeader": {**head, **changed}, "RepeatedResponseMessageBody": body}
        answer = {"Response": {"Result": "Success"}, "RepeatedMessageResponse": repeated}
        return nexo.read_status(answer, PARTIES, nexo.PAYMENT, SERVICE)

    assert told() == approved()
    with pytest.raises(nexo.NexoMessageError, match=f"another {name}"):
        told(**{name: "other"})


@pytest.mark.parametrize(
    ("condition", "progress"),
    [
        ("InProgress", nexo.Progress.RUNNING),
        ("NotFound", nexo.Progress.NOT_FOUND),
        ("NotAllowed", nexo.Progress.NOT_KEPT),
        ("MessageFormat", nexo.Progress.NOT_KEPT),
        ("Busy", nexo.Progress.UNTOLD),
        ("UnreachableHost", nexo.Progress.UNTOLD),
        (None, nexo.Progress.UNTOLD),
    ],
)
def test_a_status_without_a_result_says_how_far_it_is(condition: object, progress: nexo.Progress) -> None:
    assert nexo.read_status(failed(condition), PARTIES, nexo.PAYMENT, SERVICE) is progress


def test_a_reversal_names_the_payment_as_the_terminal_does_and_its_part_where_it_is_one() -> None:
    whole = nexo.reversal("a.b@2019-05-08T14:25:15.000Z", None, "fee-1", "now")["ReversalRequest"]
    named = {"TransactionID": "a.b", "TimeStamp": "2019-05-08T14:25:15.000Z"}
    assert whole["OriginalPOITransaction"] == {"POITransactionID": named}
    assert "ReversedAmount" not in whole
    part = nexo.reversal("a.b@t", 250, "fee-1", "now")["ReversalRequest"]
    assert (part["ReversedAmount"], part["SaleData"]["SaleToAcquirerData"]) == (2.5, "currency=EUR")
    for foreign in ("", "@", "ab", "a@", "@b"):
        with pytest.raises(nexo.NexoMessageError):
            nexo.reversal(foreign, None, "fee-1", "now")


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({"Response": {"Result": "Success"}}, PayOutcome.ABORTED),
        ({"Response": {"Result": "Success"}, "ReversedAmount": 1.0}, PayOutcome.ABORTED),
        ({"Response": {"Result": "Success"}, "ReversedAmount": 0.5}, PayOutcome.UNKNOWN),
        ({"Response": {"Result": "Partial"}}, PayOutcome.UNKNOWN),
        (failed("NotFound"), PayOutcome.DECLINED),
        (failed("Refusal"), PayOutcome.DECLINED),
        (failed("UnreachableHost"), PayOutcome.UNKNOWN),
        ({**failed("Refusal"), "ReversedAmount": 1}, PayOutcome.UNKNOWN),
    ],
)
def test_money_is_given_back_only_where_the_terminal_says_so(answer: dict[str, Any], outcome: PayOutcome) -> None:
    assert nexo.read_reversal(answer, 100).outcome is outcome


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        ({"Response": {"Result": "Success"}, "POIStatus": {"GlobalStatus": "OK"}}, ""),
        ({"Response": {"Result": "Success"}, "POIStatus": {"GlobalStatus": "Busy"}}, ""),
        (failed("Busy"), ""),
        ({"Response": {"Result": "Success"}, "POIStatus": {"GlobalStatus": "Maintenance"}}, "the terminal says Maint"),
        ({"Response": {"Result": "Success"}, "POIStatus": {"GlobalStatus": ["x"]}}, "the terminal does not say"),
        ({"Response": {"Result": "Success"}}, "the terminal does not say how it is"),
        (failed("LoggedOut"), "the terminal says LoggedOut"),
    ],
)
def test_a_diagnosis_says_what_is_wrong(answer: dict[str, Any], trouble: str) -> None:
    assert nexo.read_diagnosis(answer).startswith(trouble)
    assert bool(nexo.read_diagnosis(answer)) == bool(trouble)
