"""The demo, driven once entirely through the workbench page in a browser: from a pass to a printed receipt."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import partial

import pytest
from PIL import Image

from tests.journeys.browser import Browser, chromium, why_no_browser
from tests.journeys.running import CARE, GOOD, Demo, cards, main_button, share, wait_until

pytestmark = pytest.mark.skipif(bool(why_no_browser()), reason=why_no_browser())

BOOKS = ("oeroeg", "max-havelaar")
NOT_FOR_LOAN = "reference"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A window as large as a laptop's screen."""
    with chromium(1440, 1040) as one:
        yield one


@pytest.fixture
def page(demo: Demo, browser: Browser) -> Browser:
    """The workbench page, newly opened, with the kiosk's picture on it."""
    browser.open(f"{demo.url}/")
    browser.until("the kiosk's picture", "return document.getElementById('screen').dataset.picture")
    return browser


def kiosk_picture(page: Browser) -> Image.Image:
    """The kiosk's screen as the page shows it, taken out of a screenshot of the page."""
    box = page.script(
        "const b = document.getElementById('screen').getBoundingClientRect();"
        "return [b.left, b.top, b.right, b.bottom].map((side) => side * devicePixelRatio)"
    )
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB").crop(tuple(round(side) for side in box))


def touch_main_button(page: Browser) -> float:
    """Touch the main button in the kiosk's picture; return its height on the screen, 0 (top) to 1."""
    x, y = wait_until("a main button in the picture", lambda: main_button(kiosk_picture(page)), 30)
    picture = kiosk_picture(page)
    page.drag("#screen", (x / picture.width, y / picture.height))
    return float(y / picture.height)


def test_a_patron_borrows_two_books_and_takes_the_receipt_all_through_the_page(demo: Demo, page: Browser) -> None:
    before = demo.open_loans()
    assert share(kiosk_picture(page), GOOD) < 0.001  # rest: nothing has gone well yet

    page.click("[data-pass=anna] .main")
    page.until("the pass lies on the reader", "return document.querySelector('#reader.holds')")
    wait_until("the visit in the picture", lambda: share(kiosk_picture(page), GOOD) > 0.005, 30)
    for number, book in enumerate(BOOKS, start=1):
        page.click(f"[data-book={book}] .main")
        wait_until(f"card {number} in the picture", partial(_shows_cards, page, GOOD, number), 30)
    page.click(f"[data-book={NOT_FOR_LOAN}] .main")
    wait_until("a refusal in the picture", lambda: _shows_cards(page, CARE, 1), 30)
    assert _shows_cards(page, GOOD, len(BOOKS))

    done_at = touch_main_button(page)
    wait_until("the question for a receipt", lambda: _moved_up(page, done_at), 30)
    touch_main_button(page)
    page.until("a receipt on the page", "return document.querySelector('[data-receipt]')")
    page.until(
        "its picture",
        "const p = document.querySelector('[data-receipt] img'); return p.complete && p.naturalWidth > 300",
    )

    lent = demo.open_loans() - before
    assert lent == {demo.barcode(book): 1 for book in BOOKS}
    text = page.until("its words", "const p = document.querySelector('[data-receipt] img'); return p.alt.split(':')[1]")
    assert "Oeroeg" in text
    assert "Max Havelaar" in text


def _shows_cards(page: Browser, colour: tuple[int, int, int], count: int) -> bool:
    return cards(kiosk_picture(page), colour) == count


def _moved_up(page: Browser, done_at: float) -> bool:
    picture = kiosk_picture(page)
    button = main_button(picture)
    return button is not None and button[1] / picture.height < done_at - 0.05


def test_books_are_stacked_on_the_pad_and_taken_away_by_touch(demo: Demo, page: Browser) -> None:
    for number, book in enumerate(BOOKS, start=1):
        page.until("the book on the page", f"return document.querySelector('[data-book={book}] .bars')")
        page.click(f"[data-book={book}] .bars")
        page.until("it lies there", f"return document.querySelectorAll('#stack button').length === {number}")
    numbers = {tag["number"] for tag in demo.bench.status()["item-pad"]["tags"]}
    assert numbers == {demo.barcode(book) for book in BOOKS}
    page.click("#stack button")
    page.until("one is left", "return document.querySelectorAll('#stack button').length === 1")
    page.click("#clear")
    page.until("none is left", "return !document.querySelector('#pad.holds')")
    assert demo.bench.status()["item-pad"]["tags"] == []


def test_a_network_pulled_on_the_page_is_pulled_and_shown_as_such(demo: Demo, page: Browser) -> None:
    pulled = "return document.querySelector('.switch').getAttribute('aria-checked') === 'true'"
    assert not page.script(pulled)
    page.click(".switch:nth-child(1)")
    page.until("the switch is on", pulled)
    assert demo.bench.status()["line"]["line"] == "cut"
    page.click(".switch:nth-child(1)")
    page.until("the switch is off", pulled.replace("=== 'true'", "=== 'false'"))
    assert demo.bench.status()["line"]["line"] == "up"


def test_every_part_is_shown_alive_and_the_page_loads_nothing_from_elsewhere(demo: Demo, page: Browser) -> None:
    page.until("all parts", "return document.querySelectorAll('#processes li:not(.ended)').length === 14")
    loaded = page.script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert loaded
    assert [name for name in loaded if not name.startswith((demo.url, f"blob:{demo.url}"))] == []


def test_a_payment_is_asked_for_and_approved_by_keyboard_alone_and_the_receipt_of_it_all_is_told(
    demo: Demo, page: Browser
) -> None:
    enter = "\ue007"
    page.type("form[data-do*=charge] button", enter)
    page.until("the amount", "return document.getElementById('amount').textContent.includes('3,50')")
    assert "card" in page.text(".display")
    page.type(".keypad .yes", enter)
    page.until("approved", "return document.querySelector('.display').textContent.includes('approved')")
    page.until("the driver says so", "return document.getElementById('charged').textContent.includes('approved: 350')")
    assert demo.bench.status()["payment-nexo"]["ledger"][-1]["state"] == "approved"


def test_a_make_is_swapped_on_the_page_and_the_kiosk_goes_on_by_itself(demo: Demo, page: Browser) -> None:
    before = demo.log("kiosk").count("device item_scanner: ready")
    page.script("document.querySelector('form[data-do*=\"scanner\"] select[name=model]').value = 'stx-etx'")
    page.click('form[data-do*="swap"][data-do*="scanner"] button')
    demo.until_logged("device item_scanner: ready", times=before + 1)
    demo.bench.swap("scanner", "plain")


@pytest.mark.parametrize("width", [412, pytest.param(820, marks=pytest.mark.system)])
def test_on_a_phone_and_on_a_tablet_nothing_is_cut_off_and_all_is_large_enough_for_a_finger(
    page: Browser, width: int
) -> None:
    page.resize(width, 900)
    try:
        page.until("no wider than the window", "return document.documentElement.scrollWidth <= innerWidth")
        small = page.script(
            "return [...document.querySelectorAll('#hands button, #devices button, #devices select, #devices input')]"
            ".filter((one) => one.offsetParent && one.getBoundingClientRect().height < 43.5)"
            ".map((one) => one.outerHTML)"
        )
        assert small == []
    finally:
        page.resize(1440, 1040)
