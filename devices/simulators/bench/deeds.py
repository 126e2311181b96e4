"""What a hand can do at the workbench: deeds by their command-line names, done through `drive.Bench`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from devices.simulators.control import Arguments
from devices.simulators.drive import Bench, BenchError


class Deeds:
    """Does what an order asks; raises BenchError or ControlError with a sentence where it cannot be done."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._known: dict[str, Callable[[Arguments], str]] = {
            "place-pass": self._place,
            "remove-pass": self._remove,
            "scan-pass": self._scan_pass,
            "scan-book": self._scan_book,
            "scan": self._scan,
            "unplug": self._unplug,
            "plug": self._plug,
            "paper-out": self._paper_out,
            "paper-in": self._paper_in,
            "lose-answers": self._lose_answers,
            "delay": self._delay,
        }

    def do(self, order: Mapping[str, Any]) -> str:
        """Carry out `{"do": deed, …}` and say in a sentence what was done."""
        given = dict(order)
        deed = given.pop("do", None)
        if not isinstance(deed, str) or deed not in self._known:
            raise BenchError(f"there is no such deed; there are {', '.join(sorted(self._known))}")
        return self._known[deed](Arguments(given))

    def _place(self, given: Arguments) -> str:
        name = _only(given, "name")
        self._bench.place_pass(name)
        return f"On the reader: {_spoken(name)}."

    def _remove(self, given: Arguments) -> str:
        given.done()
        self._bench.remove_pass()
        return "Nothing lies on the reader."

    def _scan_pass(self, given: Arguments) -> str:
        name = _only(given, "name")
        self._bench.scan_pass(name)
        return f"Scanned the barcode of the pass: {_spoken(name)}."

    def _scan_book(self, given: Arguments) -> str:
        name = _only(given, "name")
        self._bench.scan_book(name)
        title = next((str(book["title"]) for book in self._bench.pile() if book["name"] == name), name)
        return f"Scanned: {title}."

    def _scan(self, given: Arguments) -> str:
        self._bench.scan(_only(given, "text"))
        return "Scanned what was typed."

    def _unplug(self, given: Arguments) -> str:
        what = _only(given, "what")
        self._bench.unplug(what)
        return f"The {what} is unplugged."

    def _plug(self, given: Arguments) -> str:
        what = _only(given, "what")
        self._bench.plug(what)
        return f"The {what} is plugged in."

    def _paper_out(self, given: Arguments) -> str:
        given.done()
        self._bench.paper_out()
        return "The printer is out of paper."

    def _paper_in(self, given: Arguments) -> str:
        given.done()
        self._bench.paper_in()
        return "The printer has paper."

    def _lose_answers(self, given: Arguments) -> str:
        count, match = given.count("count", 1), given.text("match", "")
        given.done()
        self._bench.lose_answers(count, match)
        return "The store's next answer will be lost on its way." if count else "The store's answers arrive."

    def _delay(self, given: Arguments) -> str:
        seconds = given.seconds("seconds")
        given.done()
        self._bench.delay(seconds)
        return f"The store takes {seconds:g} s to answer." if seconds else "The store answers at once."


def _only(given: Arguments, name: str) -> str:
    value = given.text(name)
    given.done()
    return value


def _spoken(name: str) -> str:
    return name.replace("-", " ").capitalize()
