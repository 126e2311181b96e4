"""What a simulated payment terminal has in its books, and how it tells and prints it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from devices.payment_terminal.zvt_apdu import (
    AMOUNT,
    CONTAINER,
    CURRENCY,
    DATE,
    ORIGINAL_TRACE,
    RECEIPT,
    RESULT,
    TERMINAL_ID,
    TIME,
    TRACE,
    Apdu,
    bcd,
    encode_field,
    encode_tlv,
)
from devices.payment_terminal.zvt_messages import PRINT_BLOCK, PRINT_LINE
from values import dataclass

_CENTRED, _PLAIN, _END = 0x40, 0x00, 0x81


@dataclass
class Entry:
    """One receipt: a payment, or what gave one back."""

    receipt: int
    trace: int
    cents: int
    at: datetime
    gives_back: Entry | None = None
    reversed: bool = False

    def fields(self) -> bytes:
        """As a status information tells it."""
        found = encode_field(RESULT, b"\0") + encode_field(AMOUNT, bcd(self.cents, 6))
        found += encode_field(TRACE, bcd(self.trace, 3))
        if self.gives_back is not None:
            found += encode_field(ORIGINAL_TRACE, bcd(self.gives_back.trace, 3))
        found += encode_field(TIME, bytes.fromhex(f"{self.at:%H%M%S}")) + encode_field(
            DATE, bytes.fromhex(f"{self.at:%m%d}")
        )
        found += encode_field(TERMINAL_ID, bcd(28004869, 4)) + encode_field(CURRENCY, b"\x09\x78")
        found += encode_field(RECEIPT, self.fields_receipt()) + encode_field(0x22, bytes.fromhex("eeeeeeeeeeee4771"))
        return found + encode_field(0x8B, b"Bancontact\0")

    def fields_receipt(self) -> bytes:
        """The receipt number alone."""
        return bcd(self.receipt, 2)

    def receipts(self) -> Iterator[Apdu]:
        """The library's receipt line by line, the customer's as one block."""
        kind = encode_field(CONTAINER, encode_tlv([(0x1F07, b"\x01")]))
        for attribute, line in ((_CENTRED, "** WINKELIER **"), *((_PLAIN, line) for line in self._lines()), (_END, "")):
            yield Apdu(PRINT_LINE, bytes([attribute]) + line.encode("cp437") + kind)
        texts = [(0x07, line.encode("cp437")) for line in ("** KLANT **", *self._lines())]
        texts.append((0x09, bytes([_END])))
        block = encode_tlv([(0x1F07, b"\x02"), (0x25, encode_tlv(texts))])
        yield Apdu(PRINT_BLOCK, encode_field(CONTAINER, block))

    def _lines(self) -> tuple[str, ...]:
        what = "Betaling" if self.gives_back is None else "Teruggave"
        amount = f"{self.cents // 100},{self.cents % 100:02}"
        return (what, f"Bon {self.receipt:04}", f"{self.at:%d.%m.%Y %H:%M:%S}", f"EUR {amount:>12}", "Akkoord é")


class Ledger:
    """All receipts of one terminal, and what was refused."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._refused: list[int] = []
        self._last_refused: int | None = None  # in cents, where nothing was booked after it

    @property
    def last(self) -> Entry | None:
        """The last receipt."""
        return self._entries[-1] if self._entries else None

    @property
    def charged(self) -> int:
        """Cents that patrons have paid and not been given back."""
        return sum(one.cents for one in self._entries if one.gives_back is None and not one.reversed)

    def approved(self, cents: int) -> Entry:
        """Book a payment."""
        return self._add(cents, None)

    def refused(self, cents: int) -> None:
        """Remember one that was not."""
        self._refused.append(cents)
        self._last_refused = cents

    def give_back(self, entry: Entry) -> Entry:
        """Book its reversal."""
        entry.reversed = True
        return self._add(entry.cents, entry)

    def payment(self, receipt: int) -> Entry:
        """The payment with that receipt number; raises KeyError."""
        for one in reversed(self._entries):
            if one.receipt == receipt and one.gives_back is None:
                return one
        raise KeyError(receipt)

    def newest(self) -> dict[str, Any]:
        """What a display shows of the last payment."""
        if self._last_refused is not None:
            return {"amount": self._last_refused, "state": "refused"}
        one = self.last
        if one is None:
            return {"amount": None, "state": "waits"}
        back = one.gives_back is not None or one.reversed
        return {"amount": one.cents, "state": "given back" if back else "approved"}

    def told(self) -> list[dict[str, Any]]:
        """For the status."""
        return [
            {"receipt": one.receipt, "cents": one.cents, "reversed": one.reversed, "payment": one.gives_back is None}
            for one in self._entries
        ] + [{"receipt": None, "cents": cents, "refused": True} for cents in self._refused]

    def _add(self, cents: int, gives_back: Entry | None) -> Entry:
        self._last_refused = None
        count = len(self._entries) + 1
        self._entries.append(Entry(count % 10000, count, cents, datetime.now(UTC).astimezone(), gives_back))
        return self._entries[-1]
