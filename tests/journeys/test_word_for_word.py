"""What stands on the screen, word for word, beside what the store holds: returns, a lock-out, all of an account.

It is known by ear: all that is drawn is said, in the same words (EN 301 549 5.1.3.3).
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from membership_store.demo.casting import DEMO_PIN
from tests.journeys.running import wait_until
from tests.journeys.whole_app import WholeApp, started

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]
WRONG, TRIES = "86420", 5
SECTIONS = {"loans": (296, 1388), "holds": (784, 1388), "fees": (296, 1508), "membership": (784, 1508)}


class Heard:
    """What is said since the last `wait`, and so drawn."""

    def __init__(self, app: WholeApp) -> None:
        self._app, self._after = app, 0
        app.bench.headphones_in()
        self.wait("Voorlezen is aan")

    def wait(self, *words: str) -> str:
        """Waits until these were said, in this order, of one picture or several; all that was said by then."""
        pattern, said = re.compile(".*".join(re.escape(one) for one in words)), ""

        def found() -> bool:
            nonlocal said
            said = " ".join(one["text"] for one in self._app.bench.speech(self._after))
            return pattern.search(said) is not None

        try:
            wait_until(f"{words} is said", found)
        except AssertionError as fault:
            raise AssertionError(f"{fault}; what was said: {said}") from None
        self._after = self._app.last_said()
        return said


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeApp]:
    with started(tmp_path_factory.mktemp("w") / "run", "keypad", "speech") as one:
        yield one


@pytest.fixture
def heard(app: WholeApp) -> Iterator[Heard]:
    """Somebody listens to the journey, and the next one finds a kiosk that invites."""
    yield Heard(app)
    app.bench.headphones_out()
    app.put_right()


def store(app: WholeApp, question: str, *values: str) -> list[tuple[object, ...]]:
    """What the store's file holds now."""
    with contextlib.closing(sqlite3.connect(app.run_dir / "store.db")) as db:
        return db.execute(question, values).fetchall()


def of_the_pile(app: WholeApp, name: str) -> tuple[str, str]:
    """The barcode and the title of that book."""
    one = next(one for one in app.bench.pile() if one["name"] == name)
    return str(one["barcode"]), str(one["title"])


def test_three_books_come_back_and_each_is_sent_where_it_must_go(app: WholeApp, heard: Heard) -> None:
    """K8, K10, K12: the hold shelf here, another branch, the desk; the words and the store say the same."""
    says = {
        "wanted-here": ("Ingeleverd. Iemand wacht op dit boek.", "Leg het apart."),
        "wanted-elsewhere": ("Ingeleverd. Het gaat naar Bibliotheek Gieten.", "Leg het apart."),
        "interlibrary": ("Ingeleverd.", "Geef het aan de balie."),
    }
    (here, _), (elsewhere, _), (from_afar, _) = (of_the_pile(app, name) for name in says)
    app.mark()
    app.touch("bring_back")
    app.wait_log("screen Returning")
    for name, words in says.items():
        barcode, title = of_the_pile(app, name)
        app.bench.scan(barcode)
        heard.wait(title, *words)
        assert barcode not in app.open_loans()
    app.touch("done")
    heard.wait("Bedankt! 3 ingeleverd.")
    holds = "SELECT status, item FROM hold WHERE item = ?"
    assert store(app, holds, here) == [("on_shelf", here)]
    assert store(app, holds, elsewhere) == [("waiting", elsewhere)]
    ways = "SELECT in_transit_to FROM item WHERE item = ?"
    assert [store(app, ways, one) for one in (here, elsewhere, from_afar)] == [[(None,)], [("9402",)], [(None,)]]
    app.touch("done")  # the same place closes it
    app.wait_log("screen Rest")


def test_p6_five_wrong_pins_lock_the_pass_and_then_the_right_one_opens_nothing(app: WholeApp, heard: Heard) -> None:
    app.mark()
    app.present("pin")
    for count in range(1, TRIES + 1):
        app.wait_log("screen PinPad")
        app.type_pin(WRONG)
        app.wait_log("no visit yet: P6 pin_wrong", count)
        heard.wait("Dat was niet goed.")
    app.type_pin(DEMO_PIN)
    app.wait_log("no visit: P6 pin_locked")
    heard.wait("Je pas zit nog hooguit 15 minuten op slot.", "of ga naar de balie.")
    app.lift()
    app.touch("done")
    app.wait_log("screen Rest")
    app.mark()
    app.present("pin")
    app.wait_log("no visit: P6 pin_locked")
    app.lift()
    app.touch("done")
    app.wait_log("screen Rest")
    assert "PinPad" not in app.since_mark(), "nobody is asked for what would not be looked at"
    [(wrong, until)] = store(app, "SELECT wrong, locked_until FROM pin_try WHERE wrong > 0")
    assert (wrong, str(until) > datetime.now(UTC).isoformat()) == (TRIES, True)
    assert store(app, "SELECT * FROM pin_proof") == []
    assert "visit begins" not in app.since_start()


def opened(app: WholeApp, name: str) -> None:
    """The account of that patron, from the list of their visit."""
    app.begin_visit(name)
    app.lift()
    app.touch("account")
    app.wait_log("screen MyAccount")


def test_all_four_sections_of_an_account_tell_what_the_store_holds(app: WholeApp, heard: Heard) -> None:
    """N4, K12, F1, N8: one patron with a hold that lies ready, one who brought a book back late."""
    theirs = "SELECT title.name FROM loan JOIN item USING (consortium, item) JOIN title USING (consortium, title)"
    theirs += " JOIN pass USING (consortium, patron) WHERE returned_at IS NULL AND pass.number = ?"
    numbers = {one["name"]: one["number"] for one in app.bench.drawer()}
    opened(app, "bram")
    heard.wait("Mijn bieb", *(str(title) for (title,) in store(app, theirs, numbers["bram"])))
    app.touch_at(*SECTIONS["holds"])
    heard.wait("Gereserveerd", of_the_pile(app, "held-for-bram")[1], "Ligt klaar bij", "vak B")
    app.touch_at(*SECTIONS["membership"])
    heard.wait("Lidmaatschap", "Compleet")
    app.touch_at(*SECTIONS["fees"])
    heard.wait("Je hoeft niets te betalen.")
    app.leave()
    opened(app, "fined")
    heard.wait("Mijn bieb", *(str(title) for (title,) in store(app, theirs, numbers["fined"])))
    app.touch_at(*SECTIONS["holds"])
    heard.wait("Je hebt niets gereserveerd.")
    app.touch_at(*SECTIONS["fees"])
    heard.wait("Hier te betalen: ", "45", "Betalen kan bij de balie.", "Te laat ingeleverd", "45")
    app.touch_at(*SECTIONS["membership"])
    heard.wait("Lidmaatschap", "Basis")
    app.touch_at(*SECTIONS["loans"])
    heard.wait("Geleend")
    app.leave()
