"""Every control of the simulated hardware, once: the command line, the workbench's page and `drive.Bench` go by it.

A control `place-pass` is the command `place-pass`, the page's order `{"do": "place-pass", …}` and `Bench.place_pass`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from devices.simulators.drive import KEYS, Bench
from devices.simulators.plugs import ENDS, MODELS, MOMENTS, PAD_FAULTS, PLUGS, READER_FAULTS, RECORDED, TACTILE_KEYS
from devices.simulators.tags import KINDS as CHIPS
from values import dataclass

Said = str | Callable[[Bench, Mapping[str, Any]], str]


@dataclass(frozen=True, slots=True)
class Word:
    """One argument: `kind` str, int or float; on the command line a word in its place, or after `flag`.

    Left out where it is not `needed`: then the call's own default holds. `many`: one or more of them.
    """

    name: str
    kind: type = str
    choices: tuple[str, ...] = ()
    needed: bool = True
    flag: str = ""
    many: bool = False
    what: str = ""


@dataclass(frozen=True, slots=True)
class Control:
    """One deed; `what` is for who asks for help, `said` the page's sentence once it was done."""

    name: str
    what: str
    said: Said
    words: tuple[Word, ...] = ()
    calls: str = ""

    @property
    def method(self) -> str:
        """The name of the method of `Bench`."""
        return self.calls or self.name.replace("-", "_")

    @property
    def names(self) -> frozenset[str]:
        """The names of its arguments."""
        return frozenset(word.name for word in self.words)

    def carry_out(self, bench: Bench, values: Mapping[str, Any]) -> str | None:
        """Call `Bench`; what that says, if anything. Raises BenchError with a sentence."""
        many = next((word.name for word in self.words if word.many), None)
        rest = {name: value for name, value in values.items() if name != many}
        said = getattr(bench, self.method)(*(values[many] if many else ()), **rest)
        return said if isinstance(said, str) else None

    def sentence(self, bench: Bench, values: Mapping[str, Any]) -> str:
        """What was done, for the page."""
        return self.said.format(**values) if isinstance(self.said, str) else self.said(bench, values)


def _option(name: str, kind: type = str, choices: tuple[str, ...] = (), what: str = "") -> Word:
    return Word(name, kind, choices, needed=False, flag=f"--{name.replace('_', '-')}", what=what)


def _if_given(name: str, kind: type = str, what: str = "") -> Word:
    return Word(name, kind, needed=False, what=what)


def _spoken(name: object) -> str:
    return str(name).replace("-", " ").capitalize()


def _named(sentence: str) -> Said:
    return lambda bench, given: sentence.format(_spoken(given.get("name") or given.get("kind") or "a chip"))


def _titled(sentence: str) -> Said:
    def said(bench: Bench, given: Mapping[str, Any]) -> str:
        titles = {book["name"]: str(book["title"]) for book in bench.pile()}
        return sentence.format(titles.get(given["name"], given["name"]))

    return said


_ALL = "so many answers; all when left out"
_NAME, _COUNT, _WHICH = Word("name"), _if_given("count", int, _ALL), Word("which")
_PLUG = Word("what", choices=tuple(sorted(PLUGS)))
_RECORDED = Word("what", choices=tuple(sorted(RECORDED)))

_PASSES = (
    Control(
        "place-pass",
        "lay a pass on the reader: of the drawer by name, or any chip",
        _named("On the reader: {}."),
        (
            Word("name", needed=False, what="a name from the drawer"),
            _option("uid", what="or the UID of any chip, in hexadecimal"),
            _option("ndef", what="text on the chip"),
            _option("kind", choices=CHIPS, what=", ".join(CHIPS)),
        ),
    ),
    Control("remove-pass", "take the pass off the reader", "Nothing lies on the reader."),
    Control("scan-pass", "scan the number on a pass", _named("Scanned the barcode of the pass: {}."), (_NAME,)),
    Control("pad-pass", "lay a pass that is an ISO 15693 tag on the pad", _named("On the pad: the pass {}."), (_NAME,)),
    Control(
        "reader-fault",
        "let the reader answer badly",
        "The reader's answers: {kind}.",
        (Word("kind", choices=READER_FAULTS), _COUNT),
    ),
)
_SCANNER = (
    Control("scan-book", "scan a book of the pile", _titled("Scanned: {}."), (_NAME,)),
    Control(
        "scan",
        "scan any barcode",
        "Scanned what was typed.",
        (
            Word("text"),
            _option("aim", what="an AIM identifier before it, such as C0 or ]E0"),
            _option("prefix", what="characters before all of it"),
            _option("end", choices=tuple(ENDS), what="how it ends: " + ", ".join(ENDS)),
        ),
    ),
    Control("noise", "noise on the scanner's line", "There was noise on the scanner's line."),
)
_PAD = (
    Control("place-book", "lay a book of the pile on the pad", _titled("On the pad: {}."), (_NAME,)),
    Control(
        "place-item",
        "lay any item on the pad",
        "On the pad: {number}.",
        (
            Word("number"),
            *(_option(name, int) for name in ("part", "parts", "usage", "afi")),
            *(_option(name) for name in ("model", "uid", "memory", "order", "security")),
        ),
    ),
    Control("stack-items", "lay several items on the pad", "They lie on the pad.", (Word("numbers", many=True),)),
    Control("remove-item", "take it off the pad: its number, or a tag's UID", "Taken off the pad.", (_WHICH,)),
    Control("clear-pad", "take everything off the item pad", "Nothing lies on the pad."),
    Control("spoil-item", "let a bit on its tags fall over", "A bit on its tags fell over.", (_WHICH,)),
    Control("lock-item", "let its tags refuse to be switched", "Its tags cannot be switched any more.", (_WHICH,)),
    Control(
        "move-item",
        "let it leave the pad's field at the worst moment",
        "It leaves the pad's field at its next {during}.",
        (
            _WHICH,
            _option("during", choices=MOMENTS),
            _option("back_after", int, what="it is back after so many commands"),
        ),
    ),
    Control(
        "pad-fault",
        "let the pad answer badly",
        "The pad's answers: {kind}.",
        (
            Word("kind", choices=PAD_FAULTS),
            _COUNT,
            _option("on", what="only to inventory, read, system, write or eas"),
        ),
    ),
    Control("pace-pad", "let it take its line's real time", "The pad takes its time.", (Word("rf_s", float),)),
)
_PRINTER = (
    Control("paper-out", "let the printer run out of paper", "The printer is out of paper.",
            (Word("after", int, needed=False, flag="--after", what="only after so many bytes of print"),)),
    Control("paper-in", "put paper in", "The printer has paper."),
    Control("paper-low", "let the paper run low", "The printer's paper runs low."),
    Control("cover-open", "open the printer's cover", "The printer's cover is open."),
    Control("cover-closed", "close it", "The printer's cover is closed."),
    Control("stall-printer", "the printer neither reads nor answers", "The printer stands still."),
    Control("resume-printer", "it does again", "The printer goes on."),
    Control("printer-dies", "let the printer lose its power in the middle",
            "The printer loses its power in the middle of the next receipt.",
            (Word("count", int, needed=False, flag="--after", what="after so many bytes"),), "printer_dies_after"),
)  # fmt: skip
_TERMINAL = (
    Control(
        "press",
        "press a key of the payment terminal",
        "Pressed: {key}.",
        (Word("key", choices=KEYS), _option("after", float, what="seconds until it is answered")),
    ),
    Control(
        "press-by-itself",
        "let every payment end by that key",
        "Every payment ends by itself: {key}.",
        (
            Word("key", choices=(*KEYS, "none")),
            _if_given("seconds", float, "so long after the terminal asked"),
        ),
    ),
    Control("approve-and-lose-line", "approve, and lose the line before anybody is told",
            "Approved, and the line was lost before anybody was told."),
    Control("charge", "ask the terminal for an amount, by the kiosk's own driver and configuration",
            "The terminal is asked for {cents} cents.", (Word("cents", int),)),
    Control(
        "terminal-fault",
        "let a nexo terminal answer badly: lose-line, garbage, none ...",
        "The terminal's answers: {kind}.",
        (Word("kind"), _COUNT, _option("on", what="only to this message, such as TransactionStatus or Reversal")),
    ),
    Control("terminal-busy", "let a nexo terminal decline the next payment as busy", "The terminal is busy.",
            (_if_given("count", int, "so many payments"),)),
    Control("delay-terminal", "hold a nexo terminal's results back", "Its results come {seconds} s late.",
            (Word("seconds", float),)),
    Control(
        "lose-terminal-line",
        "let a ZVT terminal's line break in the middle of a payment",
        "The terminal's line breaks in the next payment.",
        (
            _option("when", choices=("asked", "approved", "told", "settled")),
            _option("payment", choices=("kept", "reversed"), what="what became of it, unheard"),
        ),
    ),
)  # fmt: skip
_LINE = (
    Control(
        "lose-answers",
        "let requests arrive and their answers be lost",
        lambda bench, given: "The store's answers arrive." if given.get("count") == 0 else "Answers will be lost.",
        (_COUNT, _option("match", what="only for requests whose first line contains this")),
    ),
    Control(
        "delay",
        "hold back the store's answers",
        lambda bench, given: f"The store takes {given['seconds']:g} s to answer." if given["seconds"] else
        "The store answers at once.",
        (Word("seconds", float),),
    ),
    Control("stall-line", "the line accepts calls and carries nothing", "The network carries nothing."),
    Control("move-clock", "let the store's clock be so many days ahead (behind: negative)",
            "The store's clock: {days:+g} days.", (Word("days", float),)),
)  # fmt: skip
_SIGNALS = (
    Control("mute-light", "the status light does not answer", "The light does not answer."),
    Control("unmute-light", "it does again", "The light answers."),
    Control("break-sound", "there is no sound card any more", "There is no sound card."),
    Control("mend-sound", "it is back", "The sound card is back."),
    Control("break-voice", "the synthesizer fails", "The synthesizer fails."),
    Control("mend-voice", "it works again", "The synthesizer speaks."),
)
_TACTILE = (
    Control("press-key", "press a key of the keypad", "Pressed: {key}.", (Word("key", choices=TACTILE_KEYS),)),
    Control("headphones-in", "plug headphones in", "Headphones are in."),
    Control("headphones-out", "pull them out", "Headphones are out."),
)
_ALL_DEVICES = (
    Control("unplug", "pull out a device", "The {what} is unplugged.", (_PLUG,)),
    Control("plug", "put it back; network: a good line again", "The {what} is plugged in.", (_PLUG,)),
    Control(
        "swap",
        "put a spare of another make behind the same port",
        "The {what} is another one now: {model}.",
        (Word("what", choices=tuple(sorted(MODELS))), Word("model", what="see: models")),
    ),
    Control("record", "begin a transcript of a device's line", "Recording: {what}.", (_RECORDED,)),
    Control("stop-recording", "end it; it can still be read", "Not recording any more: {what}.", (_RECORDED,)),
)

CONTROLS: Mapping[str, Control] = {
    one.name: one
    for group in (_PASSES, _SCANNER, _PAD, _PRINTER, _TERMINAL, _LINE, _SIGNALS, _TACTILE, _ALL_DEVICES)
    for one in group
}
