"""All that a library system does for a patron (the "ACS" of SIP2), whichever system answers."""

from typing import TYPE_CHECKING, Protocol

from circulation.events import Event, HandOver
from circulation.identifiers import EventId, Isil
from circulation.outcomes import CheckedOut, Identified, Refused, Voided
from circulation.presented import Presented

if TYPE_CHECKING:
    from circulation.affairs import Account, CheckedIn, GuestHomes, HandedOver, Paid, Renewed, RenewedAll, VisitEnded


class DeskUnreachable(Exception):
    """No answer. `sent`: whether the request may have arrived, so that it is not known whether it was done."""

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.sent = sent


class NotAdmitted(DeskUnreachable):
    """It answers, and does not let this kiosk act: its credential counts no more. Nothing was done."""

    def __init__(self, why: str) -> None:
        super().__init__(why, sent=False)


class AskedToWait(DeskUnreachable):
    """It answers, and wants to be left alone for `seconds`."""

    def __init__(self, why: str, *, sent: bool, seconds: float) -> None:
        super().__init__(why, sent=sent)
        self.seconds = seconds


class DeskFault(Exception):
    """An answer that cannot be used: not the protocol, not allowed, or a broken sequence. Staff must look at it.

    `expected_seq`: set when the library system misses an earlier event of this kiosk. `settled`: sending the same
    event again can only give the same fault, so that it must not hold up the queue.
    """

    def __init__(self, why: str, *, expected_seq: int | None = None, settled: bool = False) -> None:
        super().__init__(why)
        self.expected_seq = expected_seq
        self.settled = settled


class Desk(Protocol):
    """Blocking; every call ends within `deadline_s` seconds in all, with an answer or an exception.

    Raises DeskUnreachable where nobody answered and DeskFault where the answer cannot be used.
    """

    def identify(self, presented: Presented, deadline_s: float, pin: str | None = None) -> Identified | Refused:
        """Who is this, and may the visit begin (docs/rules.md, Visit)? Changes nothing, but that a right `pin` counts
        until the visit ends, and a wrong one is counted (P6)."""
        ...

    def account(self, presented: Presented, deadline_s: float) -> "Account | Refused":
        """What is theirs (N4, K12, F1, N8)? Changes nothing."""
        ...

    def hand_over(self, case: HandOver, deadline_s: float) -> "HandedOver":
        """The code under which the desk finds that case (N10); the same for the same EventId."""
        ...

    def guest_homes(self, deadline_s: float) -> "GuestHomes | Refused":
        """The libraries from which guests can enrol by themselves (G1, G10)."""
        ...

    def enrol(
        self, presented: Presented, pin: str, home: Isil, event: EventId, deadline_s: float
    ) -> Identified | Refused:
        """Takes in a guest by the own chip and the PIN of home (G10), once for each EventId."""
        ...

    def is_reachable(self, deadline_s: float) -> bool:
        """Whether the library system answers at all. Raises NotAdmitted and AskedToWait, and nothing else."""
        ...

    def deliver(
        self, event: Event, deadline_s: float
    ) -> "CheckedOut | CheckedIn | Renewed | RenewedAll | Paid | VisitEnded | Refused | Voided":
        """Does, records or gives up what the event says, once for each EventId however often it is sent."""
        ...
