"""A child, somebody who sits, somebody who reads large letters: a whole visit each, and nothing of it for the next one.

What stands on the screen is known by ear: all that is drawn is said, in the same words (EN 301 549 5.1.3.3).
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pytest
from PIL import Image, ImageChops

from tests.journeys.running import wait_until
from tests.journeys.whole_app import WholeApp
from tests.personas.person import Person

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]
CHILD, NAME = "zoe", "Zoë"
OWED_CENTS = 735
REACH = 900  # units from below, of a screen of 1920: whoever sits reaches no higher
ADJUST = (417, 1824)  # the button "Aa"
CHOICES = {"large": (328, 1464), "low": (752, 1464), "close": (752, 1616)}
INK = (0x1C, 0x1B, 0x1A)


@pytest.fixture
def ear(app: WholeApp) -> Iterator[list[dict[str, Any]]]:
    """Somebody listens along; how many things were said before."""
    app.until_ready()
    app.bench.headphones_in()
    wait_until("the voice", lambda: "Voorlezen is aan" in " ".join(one["text"] for one in app.bench.speech()))
    yield app.bench.speech()
    app.bench.headphones_out()


def said(app: WholeApp, since: int = 0) -> str:
    """All that was said, and so drawn."""
    return " ".join(one["text"] for one in app.bench.speech(since))


def owes(app: WholeApp, name: str) -> None:
    """That patron owes something, which is no reason to refuse."""
    number = next(one["number"] for one in app.bench.drawer() if one["name"] == name)
    with contextlib.closing(sqlite3.connect(app.run_dir / "store.db")) as db, db:
        db.execute(
            "INSERT INTO fee (consortium, fee, patron, institution, cents, status)"
            " SELECT pass.consortium, 'a-book-in-the-bath', pass.patron, membership.institution, ?, 'open'"
            " FROM pass JOIN membership USING (consortium, patron) WHERE pass.number = ?",
            (OWED_CENTS, number),
        )


def titles(app: WholeApp, books: list[str]) -> list[str]:
    return [str(one["title"]) for one in app.bench.pile() if one["barcode"] in books]


def borrow(app: WholeApp, books: list[str]) -> None:
    """One book after the other under the scanner."""
    app.mark()
    for number, one in enumerate(books, 1):
        app.bench.scan(one)
        app.wait_log("item lent", number)


class Clumsy(Person):
    """A child's hands: a palm that rests, a finger beside the button, a touch that is two."""

    def palm(self, x: int, y: int) -> None:
        """Rests there, and slides away."""
        away = ["mousemove", str(x + 60), str(y - 90)]
        self.hand("mousemove", str(x), str(y), "mousedown", "1", "sleep", "0.9", *away, "sleep", "0.1", "mouseup", "1")

    def twice(self, x: int, y: int) -> None:
        """Means one touch."""
        self.app.look_first()
        self.hand("mousemove", str(x), str(y), "click", "--repeat", "2", "--delay", "110", "1")

    def slowly(self, x: int, y: int) -> None:
        """A finger that stays on the button for a second."""
        self.app.look_first()
        self.hand("mousemove", str(x), str(y), "mousedown", "1", "sleep", "1.1", "mouseup", "1")


def test_a_child_borrows_three_books_with_clumsy_hands_reads_her_name_and_no_amount(app: WholeApp, ear: Any) -> None:
    rest, books = app.still_picture(), [app.book() for _ in range(3)]
    owes(app, CHILD)
    child = Clumsy(app)
    child.palm(300, 700)
    app.begin_visit(CHILD)
    wait_until("her name", lambda: NAME in said(app))
    for number, one in enumerate(books, 1):
        child.palm(400, 900)  # upon the list, beside the book that she holds
        child.hand("mousemove", "540", "1560", "click", "1")  # above the button
        app.bench.scan(one)
        app.bench.scan(one)  # a book that stays under the scanner is seen again
        app.wait_log("item lent", number)
    child.touch("account")
    child.sees("MyAccount")
    for section in ((296, 1508), (784, 1508), (784, 1388)):
        child.twice(*section)
        time.sleep(1.2)  # until it is said
    child.touch("back")
    child.sees("Borrowing")
    child.palm(700, 1650)  # upon the button, and off it again
    app.mark()
    child.twice(700, 1656)
    app.wait_log("screen Finished")
    time.sleep(0.8)
    assert "screen Rest" not in app.since_mark(), "the second half of her touch fell upon a button of the next page"
    child.hand("mousemove", "30", "1656", "click", "1")  # beside it
    child.slowly(540, 1656)
    child.sees("Rest")
    assert "Klaar! 3 geleend." in said(app)
    hers = said(app)
    assert "euro" not in hers
    assert "7,35" not in hers
    assert [app.loans_of(one) for one in books] == [1, 1, 1]
    app.wait_picture(rest, "nothing of hers stands there")
    before = app.last_said()
    app.begin_visit("bram")
    wait_until("the next visitor is welcomed", lambda: "Welkom" in said(app, before))
    app.touch("account")
    child.sees("MyAccount")
    time.sleep(1.5)
    theirs = said(app, before)
    assert not [one for one in (NAME, *titles(app, books)) if one in theirs]
    app.touch("back")
    app.leave()


def adjust(person: Person, choice: str) -> None:
    """Opens the card of the button "Aa", makes a choice and closes it."""
    person.app.mark()
    person.touch_at(*ADJUST)
    person.app.wait_log("under AccessCard")
    before = person.app.still_picture()
    person.touch_at(*CHOICES[choice])
    wait_until("another picture", lambda: person.app.picture().tobytes() != before.tobytes())
    person.app.mark()
    person.touch_at(*CHOICES["close"])
    person.app.wait_log(r"screen Rest\n")


class Seated(Person):
    """Reaches no higher than `REACH`."""

    def touch_at(self, x: int, y: int) -> None:
        """One tap within reach."""
        assert y >= 1920 - REACH, "out of reach"
        super().touch_at(x, y)

    def draw_down(self, far: int) -> None:
        """A list, to bring what stands above within reach."""
        self.app.look_first()
        begun, steps = 1920 - REACH + 20, [str(1920 - REACH + 20 + far * part // 4) for part in (1, 2, 3, 4)]
        moves = [word for y in steps for word in ("mousemove", "300", y, "sleep", "0.05")]
        self.hand("mousemove", "300", str(begun), "mousedown", "1", *moves, "sleep", "0.4", "mouseup", "1")


def test_who_sits_does_a_whole_visit_with_touches_within_reach_and_the_next_one_finds_the_usual_screen(
    app: WholeApp,
) -> None:
    rest, books, person = app.still_picture(), [app.book(), app.book()], Seated(app)
    adjust(person, "low")
    app.begin_visit("anna")
    app.lift()
    borrow(app, books)
    person.touch_at(220, 1536)  # "Mijn bieb"
    person.sees("MyAccount")
    person.draw_down(160)
    app.mark()
    person.touch_at(838, 1111)  # the first loan, which stood above what lies ready
    app.wait_log("renewal (answered|refused)")
    app.mark()
    person.touch_at(766, 1536)  # renew all
    app.wait_log("renewal (answered|refused)")
    person.touch_at(278, 1536)
    person.sees("Borrowing")
    person.touch_at(708, 1536)
    person.sees("Finished")
    receipts = len(app.bench.receipts())
    person.touch_at(540, 1488)
    assert wait_until("the receipt", lambda: app.bench.receipts()[receipts:])
    person.sees("Rest", 60)
    assert [app.loans_of(one) for one in books] == [1, 1]
    app.wait_picture(rest, "the choice is gone with the one who made it")
    usual_places_hold(app)


def usual_places_hold(app: WholeApp) -> None:
    """The next visitor finds each button at its usual place."""
    app.begin_visit("bram")
    borrow(app, [app.book()])
    app.leave()


def what_to_do(picture: Image.Image) -> int:
    """How many pixels high the line is that says what to do at rest: the second below the library's name."""
    ink = ImageChops.difference(picture, Image.new("RGB", picture.size, INK)).convert("L").point(lambda one: one < 60)
    rows = [bool(ink.crop((64, y, 1016, y + 1)).getbbox()) for y in range(200, 1380)]
    return [len(list(group)) for is_words, group in groupby(rows) if is_words][1]


def test_who_reads_large_letters_does_a_whole_visit_by_touch(app: WholeApp) -> None:
    rest, books, person = app.still_picture(), [app.book(), app.book()], Person(app)
    adjust(person, "large")
    assert what_to_do(app.still_picture()) > 1.3 * what_to_do(rest)
    app.begin_visit("anna")
    app.lift()
    borrow(app, books)
    person.touch_at(220, 1656)
    person.sees("MyAccount")
    person.touch_at(278, 1656)
    person.sees("Borrowing")
    person.touch_at(708, 1656)
    person.sees("Finished")
    person.touch_at(540, 1656)
    person.sees("Rest")
    assert [app.loans_of(one) for one in books] == [1, 1]
    app.wait_picture(rest, "the letters are as before for the next one")
    usual_places_hold(app)
