"""How many statements a question takes, and that they tell nobody whether a pass is known (K5)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from circulation.events import Kind
from circulation.identifiers import PassNumber
from circulation.presented import Presented, Source
from membership_store.desk import StoreDesk
from membership_store.opening import Spec
from tests.membership_store.counter import Counter
from tests.membership_store.counting import Listening
from tests.membership_store.running import Demo, plain_books

UNKNOWN = Presented(Source.BARCODE, PassNumber("29401999999999"))
MOST_STATEMENTS = {"identify": 10, "check out": 20}
MOST_JOURNEYS = {"identify": 2, "check out": 2}


@pytest.fixture
def listening(counter: Counter) -> Listening:
    """The counter's database, which is listened to from now on, its network known already."""
    one = Listening(counter.database)
    counter.desk = StoreDesk(one, lambda: counter.now)
    counter.desk.identify(counter.kiosk, UNKNOWN)
    return one


def asked(listening: Listening, ask: Callable[[], object]) -> tuple[list[str], int]:
    """The statements and the journeys that a question takes."""
    listening.statements.clear()
    before = listening.journeys
    ask()
    return list(listening.statements), listening.journeys - before


def test_identify_and_check_out_stay_cheap(counter: Counter, listening: Listening, demo: Demo, address: Spec) -> None:
    anna, book = demo.shown("anna"), next(plain_books(address))
    for name, ask in (
        ("identify", lambda: counter.desk.identify(counter.kiosk, anna)),
        ("check out", lambda: counter.borrow(anna, book)),
    ):
        statements, journeys = asked(listening, ask)
        print(name, len(statements), "statements", journeys, "journeys")
        assert len(statements) <= MOST_STATEMENTS[name]
        assert journeys <= MOST_JOURNEYS[name]


def test_an_unknown_pass_takes_the_same_statements_in_the_same_order_as_a_known_one(
    counter: Counter, listening: Listening, demo: Demo
) -> None:
    known, _ = asked(listening, lambda: counter.desk.identify(counter.kiosk, demo.shown("blocked")))
    unknown, _ = asked(listening, lambda: counter.desk.identify(counter.kiosk, UNKNOWN))
    assert unknown == known

    def refused(presented: Presented) -> list[str]:
        event = counter.event(presented, demo.book("oeroeg"), Kind.REQUEST)
        found, _ = asked(listening, lambda: counter.tell(event))
        return found

    assert refused(UNKNOWN) == refused(demo.shown("blocked"))
