"""From a pass to a borrowed book and a receipt, in the whole app over the real wire."""

import re
from collections.abc import Iterator

import pytest

from tests.journeys.running import wait_until
from tests.journeys.whole_app import WholeApp, started

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeApp]:
    with started(tmp_path_factory.mktemp("j") / "run") as one:
        yield one


@pytest.fixture(autouse=True)
def at_rest(app: WholeApp) -> Iterator[None]:
    """Every journey begins at a rest screen with everything plugged in, and leaves it so."""
    yield
    app.lift()
    app.bench.plug("network")
    app.bench.paper_in()
    if re.findall(r"screen (\w+)", app.log())[-1:] != ["Rest"]:
        app.mark()
        app.touch("stop")
        wait_until("the rest screen", lambda: re.findall(r"screen (\w+)", app.log())[-1] == "Rest")


def test_a_chip_pass_borrows_three_books_and_gets_a_receipt(app: WholeApp) -> None:
    rest = app.still_picture()
    books = [app.book() for _ in range(3)]
    before = app.answers()
    app.begin_visit("anna")
    for number, book in enumerate(books, 1):
        app.bench.scan(book)
        app.wait_log("item lent", number)
    assert [app.loans_of(book) for book in books] == [1, 1, 1]
    assert app.answers() == before + 3
    app.lift()
    app.touch("done")
    app.wait_log("screen Finished")
    receipts = len(app.bench.receipts())
    app.touch("print")
    app.wait_log("screen Receipt")
    printed = wait_until("the receipt", lambda: app.bench.receipts()[receipts:])
    text = printed[0].read_text("utf-8")
    titles = {one["barcode"]: one["title"] for one in app.bench.pile()}
    for book in books:
        assert titles[book][:20] in text.replace("\n", " ")
        assert book not in text
    assert printed[0].with_suffix(".png").stat().st_size > 1000
    app.wait_log("screen Rest")
    app.wait_picture(rest, "nothing of the visit is left on the screen")


def test_a_barcode_pass_borrows_too(app: WholeApp) -> None:
    name = next(one["name"] for one in app.bench.drawer() if one["expect"] == "may borrow" and not one.get("uid"))
    book = app.book()
    app.begin_visit(name)
    app.bench.scan(book)
    app.wait_log("item lent")
    assert app.loans_of(book) == 1
    app.leave()


@pytest.mark.system  # thirty visits
def test_every_pass_of_the_drawer_says_what_it_should(app: WholeApp) -> None:
    """All refusals of a visit, each by its rule, and those of borrowing that stand before any item."""
    seen: set[tuple[str, bool]] = set()
    for one in app.bench.drawer():
        kind = (one["expect"], bool(one.get("uid")))
        if kind in seen:
            continue  # the store's own tests go through every pass
        seen.add(kind)
        app.mark()
        app.present(one["name"])
        if one["expect"] == "P3 item_shown_as_pass":  # a book: it is asked what to do with it
            app.wait_log("screen LendOrReturn")
            app.touch("stop")
            app.wait_log("screen Rest")
            continue
        if one["expect"] == "may borrow":
            app.wait_log(r"visit begins\n")
        else:
            app.wait_log(rf"(no visit|no visit yet|cannot borrow): {one['expect']}\n")
        app.lift()
        app.mark()
        # Closes a refusal, ends a visit without loans, leaves a pad.
        app.touch("stop" if one["expect"] == "P6 pin_needed" else "done")
        app.wait_log("screen Rest")


def test_every_book_of_the_pile_says_what_it_should(app: WholeApp) -> None:
    app.begin_visit("anna")
    for one in app.bench.pile():
        if one["expect"] == "lent":
            continue
        app.mark()
        app.bench.scan(one["barcode"])
        app.wait_log(f"item refused: {one['expect']}\n")
    app.leave()


def test_a_pass_or_a_mandate_on_the_item_screen_has_a_sentence_of_its_own(app: WholeApp) -> None:
    app.begin_visit("anna")
    number = next(one["number"] for one in app.bench.drawer() if one["name"] == "bram")
    app.bench.scan(number)
    app.wait_log("item refused: P3 pass_shown_as_item")
    app.bench.scan("6775991190016261")
    app.wait_log("item refused: P3 mandate_shown")
    app.leave()


def test_a_pass_that_lies_still_is_one_visit(app: WholeApp) -> None:
    app.begin_visit("anna")
    app.touch("stop")
    app.wait_log("screen Rest")
    with pytest.raises(AssertionError, match="not within"):
        app.wait_log("screen Borrowing", 2, limit_s=4)


def test_the_language_changes_while_borrowing_and_the_receipt_follows(app: WholeApp) -> None:
    app.begin_visit("anna")
    dutch = app.still_picture()
    app.touch("language")
    app.wait_log("screen Borrowing under LanguageCard")
    app.touch("english")
    app.wait_log(r"screen Borrowing\n")
    wait_until("another language", lambda: app.picture().tobytes() != dutch.tobytes())
    app.bench.scan(app.book())
    app.wait_log("item lent")
    app.lift()
    app.touch("done")
    app.wait_log("screen Finished")
    receipts = len(app.bench.receipts())
    app.touch("print")
    text = wait_until("the receipt", lambda: app.bench.receipts()[receipts:])[0].read_text("utf-8")
    assert "borrowed" in text.lower()
    app.wait_log("screen Rest")


def test_a_printer_without_paper_stops_no_visit(app: WholeApp) -> None:
    app.bench.paper_out()
    app.begin_visit("anna")
    book = app.book()
    app.bench.scan(book)
    app.wait_log("item lent")
    app.lift()
    app.touch("done")
    app.wait_log("screen Finished")
    app.touch("print")
    app.wait_log("screen Receipt")
    app.wait_log("out_of_paper")
    app.wait_log("screen Rest")
    assert app.loans_of(book) == 1


def test_noise_and_endless_scans_end_in_a_notice(app: WholeApp) -> None:
    app.begin_visit("anna")
    before = app.still_picture()
    app.bench.noise()
    app.bench.send_raw(b"7" * 10_000)
    app.bench.send_raw(b"300\x01\x02|AB\r")
    wait_until("a notice", lambda: app.picture().tobytes() != before.tobytes())
    book = app.book()
    app.bench.send_raw(b"\r")
    app.bench.scan(book)
    app.wait_log("item lent")
    assert app.kiosk_lives()
    app.leave()


def test_no_log_names_anybody(app: WholeApp) -> None:
    secrets = {one[key] for one in app.bench.drawer() for key in ("number", "uid", "ndef") if one.get(key)}
    secrets |= {one[key] for one in app.bench.pile() for key in ("barcode", "title")}
    for file in (app.run_dir / "log").iterdir():
        text = file.read_text("utf-8", "replace").upper()
        found = [one for one in secrets if one.upper() in text]
        assert not found, f"{file.name} holds {len(found)} numbers or titles"
