"""What became of a payment whose end was not heard, judged by the terminal's last receipt; pure.

Only a payment that can be no other one is APPROVED, only certain absence is ABORTED, all else is UNKNOWN.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from devices.payment_terminal.zvt_messages import Told, from_mark, from_terminal_ref
from devices.ports import Begun, PayOutcome
from values import dataclass

CLOCKS_MAY_DIFFER = timedelta(minutes=5)
LONGEST_PAYMENT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Known:
    """What the kiosk knows of a payment: `told` as the terminal told it, if it did; `before` the one before it.

    `began` and `ended` are the kiosk's own, in local time.
    """

    cents: int
    began: datetime | None = None
    ended: datetime | None = None
    before: Told | None = None
    told: Told | None = None


def written_down(begun: Begun, terminal_ref: str, now: datetime) -> Known | None:
    """What the kiosk knows of a payment that an earlier process asked for; None where that tells it from no other.

    `now` in local time, which is the terminal's.
    """
    told, before = from_terminal_ref(terminal_ref), from_mark(begun.mark)
    if (told is None and before is None) or (told is not None and told.cents != begun.cents):
        return None
    at = begun.at.astimezone(now.tzinfo or UTC)
    return Known(begun.cents, at, min(now, at + LONGEST_PAYMENT), before, told)


def judge(known: Known, last: Told | None) -> PayOutcome:
    """`last`: the last receipt in the terminal, once it is at rest; None where it told none."""
    if last is None:
        return PayOutcome.UNKNOWN
    if known.told is not None and _same(known.told, last):
        return PayOutcome.APPROVED
    if known.told is not None and last.approved and _gives_back(known.told, last):
        return PayOutcome.ABORTED
    if known.before is None or known.before.receipt is None:
        return PayOutcome.UNKNOWN
    if last == known.before:
        return PayOutcome.ABORTED
    if known.told is not None or not last.approved or last.reverses is not None:
        return PayOutcome.UNKNOWN
    ours = last.cents == known.cents and last.receipt not in {None, known.before.receipt} and _in_time(known, last)
    return PayOutcome.APPROVED if ours else PayOutcome.UNKNOWN


def _same(ours: Told, last: Told) -> bool:
    if ours.receipt is None or ours.cents is None or ours.time is None or last.reverses is not None:
        return False
    pairs = ((ours.receipt, last.receipt), (ours.cents, last.cents), (ours.time, last.time), (ours.date, last.date))
    return last.approved and all(one == other for one, other in pairs)


def _gives_back(ours: Told, last: Told) -> bool:
    return bool(ours.trace) and last.reverses == ours.trace and last.cents in {None, ours.cents}


def _in_time(known: Known, last: Told) -> bool:
    if known.began is None or known.ended is None or last.date is None or last.time is None:
        return False
    for year in {known.began.year, known.ended.year}:
        try:
            at = datetime(
                year, last.date // 100, last.date % 100, last.time // 10000, last.time // 100 % 100, last.time % 100,
                tzinfo=known.began.tzinfo,
            )  # fmt: skip
        except ValueError:
            continue
        if known.began - CLOCKS_MAY_DIFFER <= at <= known.ended + CLOCKS_MAY_DIFFER:
            return True
    return False
