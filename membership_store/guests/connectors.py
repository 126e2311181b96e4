"""Which connector asks a home library: the table of those that there are (ADR 7). Chosen by the library's own row."""

from collections.abc import Callable, Mapping

from circulation.rules.guests import HomeOutcome, HomeSays
from membership_store.guests.homes import Home, HomeLibrary, Question
from membership_store.guests.store_connector import NotSetUp, StoreConnector

NOT_IN_THIS_RELEASE = "asking a home library over SIP2 is not in this release"
NO_CONNECTOR = "no connector is set for this home library"


class Sip2Connector:
    """The place of a connector over SIP2 (Patron Information, 63 and 64): not in this release, so it says nothing.

    It will answer VALID by BLANK patron status, ENDED by expiry or blocks, UNKNOWN by BL "N", SILENT by no answer.
    """

    def __init__(self, home: Home) -> None:
        raise NotSetUp(f"{home.isil}: {NOT_IN_THIS_RELEASE}")

    def ask(self, question: Question, within_s: float) -> HomeSays:
        """See HomeLibrary.ask."""
        raise NotImplementedError(NOT_IN_THIS_RELEASE)

    def close(self) -> None:
        """See HomeLibrary.close."""


class NoConnector:
    """A home library that cannot be asked: every question stays without an answer, and `why` says so to staff."""

    def __init__(self, why: str) -> None:
        self.why = why

    def ask(self, question: Question, within_s: float) -> HomeSays:
        """SILENT, at once."""
        return HomeSays(HomeOutcome.SILENT)

    def close(self) -> None:
        """There is no line."""


FACTORY: Mapping[str, Callable[[Home], HomeLibrary]] = {
    "store": StoreConnector,
    "sip2": Sip2Connector,
}
Connect = Callable[[Home], HomeLibrary]


def connect(home: Home) -> HomeLibrary:
    """The connector that the library's row names; one that is silent where that cannot be had."""
    make = FACTORY.get(home.connector)
    if make is None:
        return NoConnector(f"{home.isil}: {NO_CONNECTOR}")
    try:
        return make(home)
    except NotSetUp as fault:
        return NoConnector(str(fault))
