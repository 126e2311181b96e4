"""A patron looks at what is theirs and keeps a book longer, in the whole app over the real wire."""

from collections.abc import Iterator

import pytest

from tests.journeys.running import wait_until
from tests.journeys.whole_app import WholeApp, started

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]
RENEW_FIRST = (838, 368)  # the button on the first card of the loans


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeApp]:
    with started(tmp_path_factory.mktemp("j") / "run") as one:
        yield one


def test_a_borrowed_book_is_renewed_from_the_account_and_the_receipt_says_both(app: WholeApp) -> None:
    rest = app.still_picture()
    book = app.book()
    app.begin_visit("chris")
    app.bench.scan(book)
    app.wait_log("item lent")
    app.lift()
    app.fall_due_soon(book)  # what was lent today gets no later date (K11)
    app.touch("account")
    app.wait_log("screen MyAccount")
    before = app.still_picture()
    app.touch_at(*RENEW_FIRST)
    app.wait_log("renewal answered")
    assert app.renewals_of(book) == 1
    wait_until("its answer on the card", lambda: app.picture().tobytes() != before.tobytes())
    app.touch("back")
    app.wait_log(r"screen Borrowing\n", 2)
    app.touch("done")
    app.wait_log("screen Finished")
    receipts = len(app.bench.receipts())
    app.touch("print")
    text = wait_until("the receipt", lambda: app.bench.receipts()[receipts:])[0].read_text("utf-8")
    assert "1 boek geleend" in text
    assert "1 boek verlengd" in text
    app.wait_log("screen Rest")
    app.wait_picture(rest, "nothing of the account is left on the screen")


def test_the_account_opens_with_the_pass_where_it_was_asked_for_at_rest(app: WholeApp) -> None:
    app.mark()
    before = app.still_picture()
    app.touch("account_at_rest")
    wait_until("a notice", lambda: app.picture().tobytes() != before.tobytes())
    app.present("chris")
    app.wait_log("screen MyAccount")
    assert "screen Borrowing" not in app.since_mark()
    app.leave()
    assert app.kiosk_lives()
