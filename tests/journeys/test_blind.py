"""A patron who sees nothing does a whole visit alone: a pass, a scanner, headphones, five keys, and what is said.

The transcript is what came out of the headphones; nothing else is looked at until the visit is over.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.running import wait_until
from tests.journeys.whole_app import WholeApp

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]
MOST_KEYS = 12


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeApp]:
    made = WholeApp(Path(tmp_path_factory.mktemp("b")) / "run")
    try:
        made.start_kiosk()
        made.until_ready("keypad", "speech")
        yield made
    finally:
        made.close()


class Ears:
    """Hears, and presses keys by what was heard."""

    def __init__(self, app: WholeApp) -> None:
        self._bench = app.bench
        self._begins = len(app.bench.speech())

    def heard(self) -> list[dict[str, Any]]:
        """What was said since the last wait."""
        return self._bench.speech()[self._begins :]

    def wait(self, pattern: str) -> str:
        """Listens until something like that is said; what it was."""

        def found() -> str:
            for at, one in enumerate(self.heard()):
                if re.search(pattern, one["text"]):
                    self._begins += at + 1
                    return str(one["text"])
            return ""

        return str(wait_until(f"{pattern!r} among {[one['text'] for one in self.heard()]}", found))

    def choose(self, name: str) -> None:
        """Goes on with one key until that name is heard, and presses OK."""
        for _ in range(MOST_KEYS):
            self._bench.press_key("next")
            if self.wait(r"Keuze \d+ van \d+").startswith(name):
                self._bench.press_key("ok")
                return
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
    ears.choose("Klaar met lenen")
    assert "2 geleend" in ears.wait("Klaar!")
    ears.choose("Geen bon")
    ears.wait("Welkom")
    assert [app.loans_of(book) for book in books] == [1, 1]
    assert {one["card"] for one in app.bench.speech()} == {"headphones"}
    app.bench.headphones_out()
    wait_until("the headphones are out", lambda: not app.bench.status()["keypad"]["headphones"])


def test_over_the_loudspeaker_no_title_is_said(app: WholeApp) -> None:
    before = len(app.bench.speech())
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
    ears.choose("Klaar met lenen")
    ears.wait("Klaar!")
    ears.choose("Geen bon")
    app.wait_log("screen Rest")
    told = app.bench.speech()[before:]
    assert {one["card"] for one in told} == {"loudspeaker"}
    assert title_of(app, book) not in " ".join(one["text"] for one in told)


def test_no_word_that_was_said_stands_in_the_log(app: WholeApp) -> None:
    for one in app.bench.speech():
        assert one["text"] not in app.log()


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
        ears.choose("Hulp van de balie")
        ears.wait("Loop naar de balie")
    finally:
        aside.rename(token)
    wait_until("it ends, to be started anew", lambda: not app.kiosk_lives())
    app.start_kiosk()
