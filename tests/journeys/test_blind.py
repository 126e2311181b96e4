"""A patron who sees nothing does a whole visit alone: a pass, a scanner, headphones, five keys, and what is said.

The transcript is what came out of the headphones; nothing else is looked at until the visit is over. What it proves is
tried in parts and cheaply by kiosk/test_aid.py, kiosk/screens/test_ring.py and devices/test_speech.py.
"""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.journeys.running import LIMIT_S, wait_until
from tests.journeys.whole_app import WholeApp, started

pytestmark = [pytest.mark.journey, pytest.mark.system, pytest.mark.timeout(300)]
MOST_KEYS = 12
REACTS_S = 0.2  # between hearing and pressing; one key twice within a tenth of a second is one strike (EN 301 549 5.8)
PATIENCE_S = 6.0  # who hears nothing for so long after a key presses it again
MOST_AGAIN = 1  # in a whole visit, on a machine that does other work too
CHOICE = r"Keuze \d+ van \d+"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeApp]:
    with started(tmp_path_factory.mktemp("b") / "run", "keypad", "speech") as one:
        yield one


class Ears:
    """Hears, and presses keys by what was heard; `again`: how often a key had to be pressed once more."""

    def __init__(self, app: WholeApp) -> None:
        self._bench = app.bench
        self._after = app.last_said()
        self.again = 0

    def heard(self) -> list[dict[str, Any]]:
        """What was said since the last wait."""
        return self._bench.speech(self._after)

    def finds(self, pattern: str, seconds: float) -> str:
        """Listens for so long until something like that is said; what it was, or nothing."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for one in self.heard():
                if re.search(pattern, one["text"]):
                    self._after = one["number"]
                    return str(one["text"])
            time.sleep(0.05)
        return ""

    def wait(self, pattern: str) -> str:
        """Listens until something like that is said; what it was."""
        found = self.finds(pattern, LIMIT_S)
        assert found, f"not within {LIMIT_S:g} s: {pattern!r} among {[one['text'] for one in self.heard()]}"
        return found

    def press(self, key: str, pattern: str) -> str:
        """A key, and what is said to it; again where nothing is, as whoever hears nothing does."""
        time.sleep(REACTS_S)
        self._bench.press_key(key)
        while not (found := self.finds(pattern, PATIENCE_S)):
            self.again += 1
            assert self.again <= MOST_AGAIN, f"{key}: {pattern!r} not among {[one['text'] for one in self.heard()]}"
            self._bench.press_key(key)
        return found

    def choose(self, name: str, then: str) -> str:
        """Goes on with one key until that name is heard, and presses OK; what is said then."""
        for _ in range(MOST_KEYS):
            if self.press("next", CHOICE).startswith(name):
                return self.press("ok", then)
        raise AssertionError(f"{name} was never reached")


def title_of(app: WholeApp, book: str) -> str:
    return str(next(one["title"] for one in app.bench.pile() if one["barcode"] == book))


def test_two_books_are_borrowed_a_third_is_not_and_the_visit_ends_by_ear_alone(app: WholeApp) -> None:
    ears = Ears(app)
    app.bench.headphones_in()
    ears.wait("Voorlezen is aan")
    ears.wait("Houd je pas voor de lezer")
    app.present("anna")
    ears.wait("Je mag nog")
    books = [app.book(), app.book()]
    for book in books:
        app.bench.scan(book)
        said = ears.wait(re.escape(title_of(app, book)))
        assert re.search(r"Geleend tot (maan|dins|woens|donder|vrij|zater|zon)\w*dag \d+ \w+", said)
    held = next(one["expect"] for one in app.bench.pile() if one["expect"].endswith("held_for_another"))
    app.bench.scan(app.book(held))
    assert "Leg het op de plank hiernaast." in ears.wait("gereserveerd voor iemand anders")
    app.lift()
    assert "2 geleend" in ears.choose("Klaar met lenen", "Klaar!")
    ears.choose("Geen bon", "Welkom")
    assert [app.loans_of(book) for book in books] == [1, 1]
    assert {one["card"] for one in app.bench.speech()} == {"headphones"}
    app.bench.headphones_out()
    wait_until("the headphones are out", lambda: not app.bench.status()["keypad"]["headphones"])


def test_over_the_loudspeaker_no_title_is_said(app: WholeApp) -> None:
    before = app.last_said()
    ears = Ears(app)
    app.bench.press_key("repeat")
    ears.wait("Met een koptelefoon hoor je ook titels")
    app.mark()
    app.present("anna")
    app.wait_log("screen Borrowing")
    book = app.book()
    app.bench.scan(book)
    ears.wait("^Geleend tot ")
    app.lift()
    ears.choose("Klaar met lenen", "Klaar!")
    for _ in range(MOST_KEYS):
        if ears.press("next", CHOICE).startswith("Geen bon"):
            break
    app.bench.press_key("ok")  # it is quiet then: reading aloud ends with the visit
    app.wait_log("screen Rest")
    told = app.bench.speech(before)
    assert {one["card"] for one in told} == {"loudspeaker"}
    assert title_of(app, book) not in " ".join(one["text"] for one in told)


def test_no_word_that_was_said_stands_in_the_log(app: WholeApp) -> None:
    for one in app.bench.speech():
        assert one["text"] not in app.log()


@pytest.mark.parametrize("gap_s", [0.12, 0.4])
def test_no_key_is_without_an_answer_however_soon_it_comes_after_the_last(app: WholeApp, gap_s: float) -> None:
    """Pass, book and keys in one breath: whatever the screen does meanwhile, the last thing heard is a place."""
    app.bench.headphones_in()
    ears = Ears(app)
    ears.wait("Voorlezen is aan")
    app.mark()
    app.present("anna")
    for key in ("next", "previous", "next", "next", "previous", "next"):
        app.bench.press_key(key)
        time.sleep(gap_s)
    app.bench.scan(app.book())
    app.bench.press_key("next")
    app.wait_log("item lent")
    ears.wait("Geleend tot")
    ears.press("next", CHOICE)
    assert ears.again == 0
    app.lift()
    ears.choose("Klaar met lenen", "Klaar!")
    ears.choose("Geen bon", "Welkom")
    app.bench.headphones_out()


def test_a_kiosk_that_cannot_begin_says_that_it_is_closed_and_where_to_go(app: WholeApp) -> None:
    """Its screen cannot be seen by everybody. What it needs to be heard by is opened all the same."""
    assert app.stop_kiosk() == 0
    token = app.run_dir / "secrets" / "kiosk.token"
    aside = token.with_suffix(".aside")
    ears = Ears(app)
    token.rename(aside)
    try:
        app.start_kiosk("speech", "keypad")
        assert "device pass_reader" not in app.since_start()
        app.bench.headphones_in()
        ears.wait("Dit apparaat is even dicht. .*balie")
        ears.choose("Hulp van de balie", "Loop naar de balie")
    finally:
        aside.rename(token)
    wait_until("it ends, to be started anew", lambda: not app.kiosk_lives())
    app.start_kiosk()


def test_a_kiosk_that_starts_while_somebody_has_headphones_in_welcomes_them(app: WholeApp) -> None:
    app.bench.headphones_in()
    for end in (app.stop_kiosk, app.kill_kiosk):
        end()
        ears = Ears(app)
        app.start_kiosk("speech", "keypad")
        ears.wait("Voorlezen is aan")
        ears.wait("Houd je pas voor de lezer")
    app.bench.headphones_out()
