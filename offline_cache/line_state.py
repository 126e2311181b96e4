"""What the line to the store is like, for whoever keeps a kiosk running; and what the kiosk makes of it.

Only the store itself can say that a credential counts no more: a login page in between says it of something else.
"""

from collections.abc import Mapping
from enum import Enum

_PROBLEM = "application/problem+json"  # RFC 9457: how the store, and hardly anything in between, says no
LONGEST_WAIT_S = 300.0


class LineState(Enum):
    """`value` is the word in the kiosk's health file and in the note of the pull."""

    ANSWERS = "answers"
    SILENT = "silent"
    CERTIFICATE = "certificate"
    """One of the two ends does not accept the other's TLS certificate: nobody was asked anything."""
    STRANGER = "not-the-store"
    """Something in between answered: a login page of the network, a proxy."""
    WAIT = "asked-to-wait"
    REFUSED = "credential-refused"
    """The store knows this kiosk's credential not, or not any more."""
    FAILS = "store-fails"


def state_of(status: int, headers: Mapping[str, str]) -> LineState:
    """What an answer of that HTTP status says of the line. `headers`: names in any case."""
    if status in (401, 403):
        ours = headers.get("Content-Type", "").partition(";")[0].strip() == _PROBLEM
        return LineState.REFUSED if ours else LineState.STRANGER
    if status in (429, 503) and "Retry-After" in headers:
        return LineState.WAIT
    if status >= 500:
        return LineState.STRANGER if status == 511 else LineState.FAILS
    return LineState.STRANGER if 300 <= status < 400 or status == 407 else LineState.ANSWERS


def wait_s(headers: Mapping[str, str]) -> float:
    """The seconds to leave the store alone (RFC 9110, 10.2.3), five minutes at most: nobody is quiet for ever.

    A date is measured against the answer's own `Date`: the clock of a kiosk may be wrong.
    """
    from email.utils import parsedate_to_datetime  # late: a start need not know how mail writes dates

    said = headers.get("Retry-After", "").strip()
    try:
        if said.isascii() and said.isdigit():
            seconds = float(said[:9])
        else:
            seconds = (parsedate_to_datetime(said) - parsedate_to_datetime(headers["Date"])).total_seconds()
    except (KeyError, ValueError, TypeError):
        return 0.0
    return min(max(0.0, seconds), LONGEST_WAIT_S)
