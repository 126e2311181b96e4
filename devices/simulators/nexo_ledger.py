"""What a simulated terminal of the Terminal API has been asked and has done: its payments, and what it said of them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from values import dataclass


@dataclass
class Payment:
    """One payment; `state` is running, approved, declined or aborted."""

    service: str
    reference: str
    asked_at: str
    cents: int
    transaction: str
    at: str
    state: str = "running"
    given_back: int = 0

    def facts(self) -> dict[str, Any]:
        """For the status."""
        return {
            "reference": self.reference,
            "cents": self.cents,
            "state": self.state,
            "given_back": self.given_back,
            "service": self.service,
        }

    def response(self) -> dict[str, Any]:
        """The PaymentResponse."""
        done: dict[str, Any] = {
            "approved": {"Result": "Success"},
            "declined": {"Result": "Failure", "ErrorCondition": "Refusal"},
            "aborted": {"Result": "Failure", "ErrorCondition": "Aborted"},
            "cancelled": {"Result": "Failure", "ErrorCondition": "Cancel"},
        }[self.state]
        told: dict[str, Any] = {
            "Response": {**done, "AdditionalResponse": "tid=1&refusalReason=simulated"},
            "SaleData": {"SaleTransactionID": {"TransactionID": self.reference, "TimeStamp": self.asked_at}},
            "POIData": {"POITransactionID": {"TransactionID": self.transaction, "TimeStamp": self.at}},
            "PaymentReceipt": [_receipt("CashierReceipt", self), _receipt("CustomerReceipt", self)],
        }
        if self.state == "approved":
            amounts = {"Currency": "EUR", "AuthorizedAmount": self.cents / 100}
            told["PaymentResult"] = {"OnlineFlag": True, "AmountsResp": amounts}
        return told


@dataclass
class Ledger:
    """All of them, in order; `said` is what TransactionStatus repeats, by category and ServiceID."""

    payments: list[Payment] = field(default_factory=list)
    said: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def running(self) -> Payment | None:
        """The payment that waits for a card."""
        return next((one for one in self.payments if one.state == "running"), None)

    def begin(self, service: str, request: Mapping[str, Any]) -> Payment:
        """A payment that was just asked for; the same one asked for twice is charged twice, as by the real ones."""
        sale = request["SaleData"]["SaleTransactionID"]
        cents = Decimal(str(request["PaymentTransaction"]["AmountsReq"]["RequestedAmount"])) * 100
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        transaction = f"SIM{next(self._numbers):09}.{now[:10]}"
        one = Payment(service, sale["TransactionID"], sale["TimeStamp"], int(cents), transaction, now)
        self.payments.append(one)
        return one

    def give_back(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The ReversalResponse; no more is given back than was paid."""
        wanted = request["OriginalPOITransaction"]["POITransactionID"]["TransactionID"]
        one = next((one for one in self.payments if one.transaction == wanted and one.state == "approved"), None)
        if one is None:
            return failure("NotFound")
        asked = request.get("ReversedAmount")
        cents = one.cents if asked is None else int(Decimal(str(asked)) * 100)
        if one.given_back + cents > one.cents:
            return failure("Refusal")
        one.given_back += cents
        return {"Response": {"Result": "Success"}, "ReversedAmount": cents / 100}

    def forget(self) -> None:
        """No TransactionStatus knows any of it any more."""
        self.said.clear()


def failure(condition: str) -> dict[str, Any]:
    """A Response of that ErrorCondition."""
    return {"Response": {"Result": "Failure", "ErrorCondition": condition}}


def _receipt(for_whom: str, one: Payment) -> dict[str, Any]:
    title = "CARDHOLDER%20COPY" if for_whom == "CustomerReceipt" else "MERCHANT%20COPY"
    euros = f"{one.cents // 100}.{one.cents % 100:02}"
    texts = [
        f"name={title}&key=header",
        "key=filler",
        f"name=TOTAL&value=%e2%82%ac%c2%a0{euros}&key=totalAmount",
        f"name={one.state.upper()}&key=result",
    ]
    lines = [{"Text": text, "EndOfLineFlag": True} for text in texts]
    return {"DocumentQualifier": for_whom, "OutputContent": {"OutputFormat": "Text", "OutputText": lines}}
