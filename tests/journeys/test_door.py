"""The way into a visit, in the whole app over the real wire, by touches on the screen."""

from collections.abc import Iterator

import pytest

from membership_store.demo.casting import DEMO_PIN
from tests.journeys.running import wait_until
from tests.journeys.whole_app import WholeApp, started

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]
WRONG = "86420"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeApp]:
    with started(tmp_path_factory.mktemp("j") / "run") as one:
        yield one


def proofs(app: WholeApp) -> int:
    """How many PINs the store holds for proved."""
    return int(app._ask_store("SELECT COUNT(*) FROM pin_proof"))


def test_a_pass_that_needs_a_pin_borrows_after_one_wrong_and_the_right_one(app: WholeApp) -> None:
    book = app.book()
    app.mark()
    app.present("pin")
    app.wait_log("screen PinPad")
    app.type_pin(WRONG)
    app.wait_log("no visit yet: P6 pin_wrong")
    app.type_pin(DEMO_PIN)
    app.wait_log("screen Borrowing")
    assert proofs(app) == 1
    app.bench.scan(book)
    app.wait_log("item lent")
    assert app.loans_of(book) == 1
    app.leave()
    wait_until("the end of the visit at the store", lambda: proofs(app) == 0)
    log = app.log()
    assert WRONG not in log
    assert f" {DEMO_PIN} " not in log
