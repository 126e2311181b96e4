"""What is said to a terminal of the Terminal API (nexo Retailer 3.0), and what its answers surely mean. Pure.

Approved and refused are only what is said in so many words about this very payment; all else is UNKNOWN.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

from devices.payment_terminal.nexo_crypto import Opened
from devices.payment_terminal.nexo_receipt import customer_receipt
from devices.ports import PayOutcome, PayResult
from values import dataclass

MOST_CENTS = 9_999_999
PAYMENT = "Payment"
REVERSAL = "Reversal"
STATUS = "TransactionStatus"
ABORT = "Abort"
DIAGNOSIS = "Diagnosis"
GIVEN_BACK = "given back"
_CURRENCY = "EUR"
_LONGEST_REF = 200

# Error conditions (nexo `ErrorCondition`) that say for sure that no money moved. Those that speak of a host, a service
# or a device that failed are left out on purpose: they do not say how far the payment had come.
_BY_SOMEBODY = frozenset({"Aborted", "Cancel"})
_REFUSED = frozenset(
    {
        "Busy",
        "InsertedCard",
        "InvalidCard",
        "LoggedOut",
        "MessageFormat",
        "NotAllowed",
        "PaymentRestriction",
        "Refusal",
        "WrongPIN",
    }
)
_REVERSAL_REFUSED = _REFUSED | {"NotFound"}
_UNCLEAR = frozenset(
    {"DeviceOut", "InProgress", "NotFound", "UnavailableDevice", "UnavailableService", "UnreachableHost"}
)
_CONDITIONS = _BY_SOMEBODY | _REFUSED | _UNCLEAR


class NexoMessageError(Exception):
    """An answer is not of the form that it must have; the text never holds what stood in it."""


class Progress(Enum):
    """What a terminal says of a payment that it gives no result of."""

    RUNNING = "running"
    NOT_FOUND = "not found"
    NOT_KEPT = "not kept"  # the terminal answers no such question
    UNTOLD = "untold"  # the question itself failed; worth asking again


_PROGRESS: Mapping[str, Progress] = {
    "InProgress": Progress.RUNNING,
    "NotFound": Progress.NOT_FOUND,
    "NotAllowed": Progress.NOT_KEPT,
    "MessageFormat": Progress.NOT_KEPT,
}


@dataclass(frozen=True, slots=True)
class Parties:
    """`sale_id` names this kiosk, `poi_id` the terminal (`model-serial number`)."""

    sale_id: str
    poi_id: str


def service_id(*words: str) -> str:
    """Ten letters and digits that belong to `words` for ever: 50 bits of a SHA-256 over them."""
    return base64.b32encode(hashlib.sha256("\x1f".join(words).encode()).digest())[:10].decode()


def header(parties: Parties, category: str, service: str) -> dict[str, Any]:
    """The header of a request."""
    return {
        "ProtocolVersion": "3.0",
        "MessageClass": "Service",
        "MessageCategory": category,
        "MessageType": "Request",
        "ServiceID": service,
        "SaleID": parties.sale_id,
        "POIID": parties.poi_id,
    }


def payment(cents: int, reference: str, at: str) -> dict[str, Any]:
    """Asks for `cents`; `at` is the UTC instant as ISO text."""
    return {
        "PaymentRequest": {
            "SaleData": {"SaleTransactionID": {"TransactionID": reference, "TimeStamp": at}},
            "PaymentTransaction": {"AmountsReq": {"Currency": _CURRENCY, "RequestedAmount": amount(cents)}},
        }
    }


def abort(parties: Parties, category: str, service: str) -> dict[str, Any]:
    """Asks to stop what was asked under `service`."""
    named = _named(parties, category, service)
    return {"AbortRequest": {"AbortReason": "MerchantAbort", "MessageReference": named}}


def status(parties: Parties, category: str, service: str) -> dict[str, Any]:
    """Asks what became of what was asked under `service`, with the customer's receipt."""
    named = _named(parties, category, service)
    wanted = {"ReceiptReprintFlag": True, "DocumentQualifier": ["CustomerReceipt"]}
    return {"TransactionStatusRequest": {"MessageReference": named, **wanted}}


def reversal(terminal_ref: str, cents: int | None, reference: str, at: str) -> dict[str, Any]:
    """Asks to give `cents` of a payment back, or all where None; raises NexoMessageError for a foreign reference."""
    transaction, found, timestamp = terminal_ref.rpartition("@")
    if not (transaction and found and timestamp):
        raise NexoMessageError("no reference of this kind of terminal")
    asked: dict[str, Any] = {
        "OriginalPOITransaction": {"POITransactionID": {"TransactionID": transaction, "TimeStamp": timestamp}},
        "ReversalReason": "MerchantCancel",
    }
    sale: dict[str, Any] = {"SaleTransactionID": {"TransactionID": reference, "TimeStamp": at}}
    if cents is not None:
        asked["ReversedAmount"] = amount(cents)
        sale["SaleToAcquirerData"] = f"currency={_CURRENCY}"
    return {"ReversalRequest": {**asked, "SaleData": sale}}


def diagnosis() -> dict[str, Any]:
    """Asks how the terminal is, without its calling the host."""
    return {"DiagnosisRequest": {"HostDiagnosisFlag": False}}


def amount(cents: int) -> float:
    """Euros as JSON writes them: with so few digits the shortest decimal of the float is the amount itself."""
    if not 0 < cents <= MOST_CENTS:
        raise ValueError("an amount is of 1 to 9,999,999 cents")
    return cents / 100


def response(opened: Opened, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """The response in an answer to the request with the header `asked`; raises NexoMessageError for any other."""
    _must_match(opened.header, {**asked, "MessageType": "Response"}, "MessageClass")
    return _part(opened.body, f"{asked['MessageCategory']}Response")


def read_payment(answer: Mapping[str, Any], reference: str, cents: int | None = None) -> PayResult:
    """What a PaymentResponse says of `reference`, of `cents` where they are known; raises NexoMessageError."""
    result, condition = _result(answer)
    about = _text(_maybe(answer, "SaleData", "SaleTransactionID").get("TransactionID"))
    authorised, currency = _authorised(answer)
    ref = _terminal_ref(answer)
    if about is not None and about != reference:
        return PayResult(PayOutcome.UNKNOWN, why="the answer is about another payment")
    if result == "Failure":
        if authorised:
            return PayResult(PayOutcome.UNKNOWN, terminal_ref=ref, why=f"{condition}, with an amount authorised")
        outcome = PayOutcome.ABORTED if condition in _BY_SOMEBODY else _refusal(condition, _REFUSED)
        return PayResult(outcome, terminal_ref=ref, receipt=customer_receipt(answer), why=condition)
    if result != "Success":
        return PayResult(PayOutcome.UNKNOWN, terminal_ref=ref, why="authorised in part")
    if about is None or not ref or not authorised or currency != _CURRENCY:
        return PayResult(PayOutcome.UNKNOWN, terminal_ref=ref, why="approved, without saying what")
    if cents is not None and authorised != cents:
        return PayResult(PayOutcome.UNKNOWN, terminal_ref=ref, why="another amount was authorised")
    return PayResult(PayOutcome.APPROVED, authorised, ref, customer_receipt(answer))


def read_reversal(answer: Mapping[str, Any], cents: int | None) -> PayResult:
    """What a ReversalResponse says of `cents`, where known: ABORTED when they go back; raises NexoMessageError."""
    result, condition = _result(answer)
    reversed_cents = _cents(answer.get("ReversedAmount"))
    if result == "Success" and (cents is None or reversed_cents in {None, cents}):
        return PayResult(PayOutcome.ABORTED, receipt=customer_receipt(answer), why=GIVEN_BACK)
    if result == "Failure" and not reversed_cents:
        return PayResult(_refusal(condition, _REVERSAL_REFUSED), why=condition)
    return PayResult(PayOutcome.UNKNOWN, why="another amount was given back")


def read_status(
    answer: Mapping[str, Any], parties: Parties, category: str, service: str
) -> Progress | Mapping[str, Any]:
    """The Progress, or else the response that was once given to `service`; raises NexoMessageError."""
    result, condition = _result(answer)
    if result == "Failure":
        return _PROGRESS.get(condition, Progress.UNTOLD)
    repeated = _part(answer, "RepeatedMessageResponse")
    wanted = {**_named(parties, category, service), "MessageType": "Response"}
    _must_match({"MessageType": "Response", **_part(repeated, "MessageHeader")}, wanted)
    return _part(_part(repeated, "RepeatedResponseMessageBody"), f"{category}Response")


def read_diagnosis(answer: Mapping[str, Any]) -> str:
    """What is wrong with the terminal, empty when nothing is; raises NexoMessageError."""
    result, condition = _result(answer)
    state = _text(_maybe(answer, "POIStatus").get("GlobalStatus"))
    if result == "Failure":
        return "" if condition == "Busy" else f"the terminal says {condition}"
    if state in {"Maintenance", "Unreachable"}:
        return f"the terminal says {state}"
    return "" if state in {"OK", "Busy"} else "the terminal does not say how it is"


def _named(parties: Parties, category: str, service: str) -> dict[str, Any]:
    return {
        "MessageCategory": category,
        "ServiceID": service,
        "SaleID": parties.sale_id,
        "POIID": parties.poi_id,
    }


def _must_match(found: Mapping[str, Any], wanted: Mapping[str, Any], *more: str) -> None:
    for name in ("MessageCategory", "MessageType", "ServiceID", "SaleID", "POIID", *more):
        if found.get(name) != wanted[name]:
            raise NexoMessageError(f"an answer with another {name}")


def _refusal(condition: str, surely: frozenset[str]) -> PayOutcome:
    return PayOutcome.DECLINED if condition in surely else PayOutcome.UNKNOWN


def _result(answer: Mapping[str, Any]) -> tuple[str, str]:
    """nexo `Response.Result` and `ErrorCondition`, the latter one of the known words."""
    told = _part(answer, "Response")
    result, condition = _text(told.get("Result")), _text(told.get("ErrorCondition"))
    if result not in {"Success", "Partial", "Failure"}:
        raise NexoMessageError("an answer without a result")
    return result, condition if condition in _CONDITIONS else "failed for a reason unknown"


def _authorised(answer: Mapping[str, Any]) -> tuple[int | None, object]:
    amounts = _maybe(answer, "PaymentResult", "AmountsResp")
    return _cents(amounts.get("AuthorizedAmount")), amounts.get("Currency")


def _cents(value: object) -> int | None:
    """Cents of a JSON number of euros; None for anything that is not an exact amount."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 0 <= value <= MOST_CENTS / 100:  # also false for what is not a number
        return None
    exact = Decimal(str(value)) * 100
    return int(exact) if exact == exact.to_integral_value() else None


def _terminal_ref(answer: Mapping[str, Any]) -> str:
    """POITransactionID as one text, empty when it is not whole."""
    told = _maybe(answer, "POIData", "POITransactionID")
    transaction, timestamp = _text(told.get("TransactionID")), _text(told.get("TimeStamp"))
    ref = f"{transaction}@{timestamp}"
    whole = transaction and timestamp and "@" not in timestamp and ref.isprintable() and len(ref) <= _LONGEST_REF
    return ref if whole else ""


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _part(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = value.get(name)
    if not isinstance(found, dict):
        raise NexoMessageError(f"an answer without {name}")
    return found


def _maybe(value: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    for name in names:
        found = value.get(name)
        value = found if isinstance(found, dict) else {}
    return value
