"""The line is cut, slow, or comes and goes: lending goes on from the mirror, and the store has every loan once."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from circulation.identifiers import KioskId
from circulation.outcomes import CheckedOut
from offline_cache.journal import Entry, Journal
from offline_cache.sealing import Seal, read_key
from tests.journeys.running import ROOT, share, wait_until
from tests.journeys.whole_app import WholeApp, started
from tests.offline_cache.journals import ids

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]
BROKEN = (0xFD, 0xEC, 0xEC)
PROVISIONAL = "Voorlopig: terug voor of op"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeApp]:
    folder = tmp_path_factory.mktemp("j") / "run"
    with started(folder, mirror=True, prepare=WholeApp.wait_mirror, idle_s="60") as one:
        yield one


@pytest.fixture(autouse=True)
def _begun_at_rest(app: WholeApp) -> None:
    """One fault shows as one failure, not in every journey after it."""
    app.put_right()


def entries(app: WholeApp) -> list[Entry]:
    """The kiosk's journal, read while no kiosk runs."""
    found = re.search(r'(?m)^id = "(.*)"$', app.config.read_text("utf-8"))
    assert found
    seal = Seal(read_key(app.run_dir / "secrets" / "journal.key"))
    journal = Journal(app.run_dir / "var" / "journal.db", seal, KioskId(found[1]), ids())
    try:
        return journal.since(0)
    finally:
        journal.close()


def ledgers_agree(app: WholeApp) -> None:
    """Every event is answered, in a sequence without holes, and the store has what the kiosk lent, once each."""
    assert app.stop_kiosk() == 0
    journal = entries(app)
    assert {one.state for one in journal} <= {"answered", "voided"}
    assert [one.event.seq for one in journal] == list(range(1, app.last_seq() + 1))
    lent = [one.event.scanned for one in journal if isinstance(one.answer, CheckedOut)]
    assert len(set(lent)) == len(lent)
    assert all(app.loans_of(item) == 1 for item in lent)
    app.start_kiosk()


def delivered(app: WholeApp, count: int) -> None:
    """Waits until so much was told late, and the kiosk takes the line for good again."""
    app.wait_log("delivered late: CheckedOut", count)
    app.wait_log("the library system answers")


def test_a_line_cut_in_the_middle_of_a_visit_keeps_the_visit_and_loses_no_loan(app: WholeApp) -> None:
    books = [app.book() for _ in range(4)]
    app.begin_visit("anna")
    app.bench.scan(books[0])
    app.wait_log("item lent")
    app.bench.unplug("network")
    for number, book in enumerate(books[1:3], 2):
        began = time.monotonic()
        app.bench.scan(book)
        app.wait_log("item lent", number)
        assert time.monotonic() - began < 5
    assert share(app.still_picture(), BROKEN) == 0, "an outage in which one can borrow is no alarm"
    assert [app.loans_of(book) for book in books] == [1, 0, 0, 0]
    app.bench.plug("network")
    delivered(app, 2)
    app.bench.scan(books[3])
    app.wait_log("item lent", 4)
    assert [app.loans_of(book) for book in books] == [1, 1, 1, 1]
    assert "screen NoAnswer" not in app.since_mark()
    receipts = len(app.bench.receipts())
    app.lift()
    app.touch("done")
    app.wait_log("screen Finished")
    app.touch("print")
    text = wait_until("the receipt", lambda: app.bench.receipts()[receipts:])[0].read_text("utf-8")
    assert text.count(PROVISIONAL) == 2
    app.wait_log("screen Rest")
    ledgers_agree(app)


def test_without_a_line_a_pass_is_known_and_one_that_is_not_is_not_called_unknown(app: WholeApp) -> None:
    app.bench.unplug("network")
    app.mark()
    began = time.monotonic()
    app.present("bram")
    app.wait_log("screen Borrowing")
    assert time.monotonic() - began < 6
    app.leave()
    assert share(app.still_picture(), BROKEN) == 0, "patrons are invited as ever"
    app.mark()
    app.bench.place("04AABBCCDDEE11")
    app.wait_log("no visit: K5 offline_pass_unknown")
    app.lift()
    app.touch("done")
    app.wait_log("screen Rest")
    app.mark()
    app.bench.plug("network")
    app.wait_log("the library system answers")


def test_an_answer_lost_after_the_commit_is_lent_under_the_same_event(app: WholeApp) -> None:
    book = app.book()
    app.begin_visit("anna")
    app.bench.lose_answers(None, match="checkouts")
    app.bench.scan(book)
    app.wait_log("item lent")
    app.wait_log("done without a line")
    assert app.loans_of(book) == 1, "the store had committed"
    app.bench.plug("network")
    delivered(app, 1)
    assert app.loans_of(book) == 1
    app.leave()
    ledgers_agree(app)


@pytest.mark.system
def test_a_slow_line_does_not_slow_the_patron(app: WholeApp) -> None:
    books = [app.book() for _ in range(3)]
    app.bench.delay(5)
    app.begin_visit("anna")
    began = time.monotonic()
    for number, book in enumerate(books, 1):
        app.bench.scan(book)
        app.wait_log("item lent", number)
    assert time.monotonic() - began < 6, "one try of two seconds at the most, then none"
    app.bench.delay(0)
    delivered(app, 3)
    assert [app.loans_of(book) for book in books] == [1, 1, 1]
    app.leave()
    ledgers_agree(app)


def test_what_was_lent_in_an_outage_survives_a_power_cut_and_counts_after_it(app: WholeApp) -> None:
    book = app.book()
    app.bench.unplug("network")
    app.begin_visit("anna")
    app.bench.scan(book)
    app.wait_log("item lent")
    app.kill_kiosk()
    app.bench.remove_pass()
    app.start_kiosk()
    app.begin_visit("anna")
    app.bench.scan(book)
    app.wait_log("item refused: K11 already_yours")
    app.leave()
    app.begin_visit("bram")
    app.bench.scan(book)
    app.wait_log("item refused: K7 item_on_loan")
    app.mark()
    app.bench.plug("network")
    delivered(app, 1)
    assert app.loans_of(book) == 1
    app.leave()
    ledgers_agree(app)


@pytest.mark.system  # it looks for a while
def test_a_line_that_comes_and_goes_does_not_flap_the_screen(app: WholeApp) -> None:
    app.mark()
    for _ in range(4):
        app.bench.unplug("network")
        time.sleep(2.2)
        app.bench.plug("network")
        time.sleep(1.3)
    assert app.since_mark().count("the library system answers") <= 1
    app.wait_log("the library system answers")
    assert app.kiosk_lives()
    assert "Traceback" not in app.log()


@pytest.mark.system  # waits for pulls
def test_a_kiosk_whose_credential_is_withdrawn_lends_nothing_more_and_goes_on_with_a_new_one(app: WholeApp) -> None:
    """The last of this file: the pull beside it keeps the old credential."""
    token, health = app.run_dir / "secrets" / "kiosk.token", app.run_dir / "var" / "health.json"
    consortium, kiosk, _ = token.read_text("ascii").split(".")
    books = [app.book() for _ in range(2)]
    app.begin_visit("anna")
    at_the_store("withdraw", app, "--consortium", consortium, "--kiosk", kiosk)
    app.wait_log("refuses this kiosk's credential")
    app.bench.scan(books[0])
    app.wait_log("item refused: K13 kiosk_not_admitted")
    app.leave()
    app.bench.unplug("network")
    app.mark()
    app.present("bram")
    app.wait_log("no visit: K13 kiosk_not_admitted")
    assert share(app.still_picture(), BROKEN) == 0
    app.lift()
    app.touch("done")
    app.bench.plug("network")
    wait_until("the status", lambda: json.loads(health.read_text("utf-8"))["line"]["state"] == "credential-refused")
    at_the_store("renew", app, "--consortium", consortium, "--kiosk", kiosk, "--token-file", str(token))
    assert app.stop_kiosk() == 0
    app.start_kiosk()
    app.begin_visit("anna")
    app.bench.scan(books[1])
    app.wait_log("item lent")
    assert [app.loans_of(book) for book in books] == [0, 1]
    app.leave()


def at_the_store(act: str, app: WholeApp, *more: str) -> None:
    """What somebody at the store does to a kiosk's credential."""
    command = [
        sys.executable,
        "-m",
        "membership_store",
        "kiosk",
        act,
        "--database",
        str(app.run_dir / "store.db"),
        *more,
    ]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
