"""The simulated hardware by verbs: what the workbench, the command line and the journeys do to a running kiosk."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from devices.simulators import around
from devices.simulators.around import BenchError
from devices.simulators.control import ControlError, ask
from devices.simulators.plugs import ENDS, MODELS, PLUGS, RECORDED, SIMULATORS, TERMINALS

__all__ = ["Bench", "BenchError"]

KEYS = ("approve", "decline", "cancel")
RANDOM_KINDS = ("phone", "eid")  # chips without a UID of their own
_PATRON_CARD = 8  # ISO 28560: type of usage


class Bench:
    """All simulators of one run directory; every method raises BenchError when it cannot be done."""

    def __init__(self, run_dir: Path | str) -> None:
        self.run_dir = Path(run_dir)

    # -- passes

    def place_pass(
        self, name: str | None = None, uid: str | None = None, ndef: str | None = None, kind: str = "ntag213"
    ) -> str:
        """Lay the pass `name` of the drawer on the reader, or any chip; a sentence that says what was done."""
        if (name is None) == (uid is None and kind not in RANDOM_KINDS):
            raise BenchError("give either the name of a pass or --uid (a phone needs neither: --kind phone)")
        if name is None:
            self.place(uid or "", ndef, kind)
            return "the chip lies on the reader"
        one = self._pass_with_chip(name)
        self.place(one["uid"], one.get("ndef"), one.get("kind") or "ntag213")
        return f"the pass {name} lies on the reader"

    def place(self, uid: str, ndef: str | None = None, kind: str = "ntag213") -> None:
        """Lay a chip on the reader: its UID in hexadecimal, the NDEF text on it, and its kind."""
        self._ask("pass-reader", "place", uid=uid, ndef=ndef, kind=kind)

    def remove_pass(self) -> None:
        """Take away whatever lies on the reader."""
        self._ask("pass-reader", "remove")

    def pad_pass(self, name: str) -> None:
        """Lay the pass `name` on the item pad, as the ISO 15693 tag that many passes are."""
        one = self._pass_with_chip(name)
        self.place_item(one["number"], usage=_PATRON_CARD)

    def scan_pass(self, name: str) -> None:
        """Scan the number printed on the pass `name`."""
        self.scan(self._pass(name)["number"])

    # -- items

    def scan(self, text: str, terminator: str = "\r", *, aim: str = "", prefix: str = "", end: str = "") -> None:
        """Scan any barcode.

        Before it a prefix, then an AIM identifier (`C0` or `]C0`), as a scanner can be told to send them; `end` is one
        of ENDS, instead of a terminator.
        """
        if end and end not in ENDS:
            raise BenchError(f"a scan ends in one of {', '.join(ENDS)}")
        begin, last = ENDS[end] if end else ("", terminator)
        mark = f"]{aim.removeprefix(']')}" if aim else ""
        self._ask("scanner", "scan", text=begin + prefix + mark + text, terminator=last)

    def scan_book(self, name: str) -> None:
        """Scan the barcode of the book `name` of the pile."""
        self.scan(self._barcode(name))

    def send_raw(self, data: bytes) -> None:
        """Put bytes on the scanner's line."""
        self._ask("scanner", "raw", hex=data.hex())

    def noise(self) -> None:
        """Put noise on the scanner's line."""
        self._ask("scanner", "noise")

    # -- the item pad

    def place_item(self, number: str, **more: Any) -> None:
        """Lay an item on the pad, on what lies there already.

        `part` of `parts`, `usage` (8: a patron's pass), `model`, `uid`, `memory` (hexadecimal), `order` of the bytes
        of a block (turned, straight), `security` (secured, unsecured), `afi`.
        """
        self._ask("item-pad", "place", number=number, **more)

    def stack_items(self, *numbers: str) -> None:
        """Lay several items on the pad."""
        for number in numbers:
            self.place_item(number)

    def place_book(self, name: str) -> None:
        """Lay the book `name` of the pile on the pad."""
        self.place_item(self._barcode(name))

    def remove_item(self, which: str) -> list[dict[str, Any]]:
        """Take an item away: its number (all of its parts), or a tag's UID in hexadecimal; its tags as they were."""
        return list(self._ask("item-pad", "remove", which=which)["taken"])

    def clear_pad(self) -> list[dict[str, Any]]:
        """Take everything away; the tags as they were."""
        return list(self._ask("item-pad", "clear")["taken"])

    def move_item(self, which: str, during: str = "read", back_after: int | None = None) -> None:
        """Let it leave the field at its next `read`, `write` or `after-write`, for so many commands (None: all)."""
        self._ask("item-pad", "move", which=which, during=during, back_after=back_after)

    def spoil_item(self, which: str) -> None:
        """Let one bit of what is written on its tags fall over."""
        self._ask("item-pad", "spoil", which=which)

    def lock_item(self, which: str) -> None:
        """Let its tags refuse to be switched."""
        self._ask("item-pad", "lock", which=which)

    def pad_fault(self, kind: str, count: int | None = None, on: str = "any") -> None:
        """Let the pad's next `count` answers (None: all) be truncate(d), corrupt, silent or late; `none` ends it.

        Only answers to commands of the kind `on`: inventory, read, system, write, eas.
        """
        self._ask("item-pad", "fault", kind=kind, count=count, on=on)

    def pad_tells_only_new(self, on: str = "yes") -> None:
        """Let an inventory tell only tags that came since the last one (a setting of the real pad), or all: `no`."""
        self._ask("item-pad", "only-new", on=on)

    def pace_pad(self, rf_s: float) -> None:
        """Let the pad take its line's real time, and `rf_s` for each command to a tag; 0 ends it."""
        self._ask("item-pad", "pace", rf=rf_s)

    # -- the payment terminal

    def press(self, key: str, after: float = 0.0) -> None:
        """Press approve (with a card), decline or cancel at the payment terminal; it is answered `after` seconds."""
        if key not in KEYS:
            raise BenchError(f"the keypad has {', '.join(KEYS)}")
        self._ask("payment", key, **({"after": after} if after else {}))

    def approve_and_lose_line(self) -> None:
        """Press approve, and lose the line before anybody is told of it."""
        self._ask("payment", "approve-lost")

    def press_by_itself(self, key: str, seconds: float = 0.0) -> None:
        """Let every payment from now on end by that key after so many seconds; `none` ends it."""
        self._ask("payment", "auto", key=key, seconds=seconds)

    def charge(self, cents: int) -> None:
        """Ask the terminal for an amount, with the kiosk's driver and configuration, in a process of its own.

        What came of it stands in log/charge.log and in the terminal's own ledger. A ZVT terminal has one line only:
        not while a kiosk holds it.
        """
        alone = self._socket("payment").stem == "payment-zvt"
        around.charge(self.run_dir, cents, terminal_has_one_line=alone)

    def charged(self) -> list[str]:
        """What the driver has said of the last charge, line by line."""
        return around.charged(self.run_dir)

    def terminal_fault(self, kind: str, count: int | None = None, on: str = "Payment") -> None:
        """Let a nexo terminal's next `count` answers (None: all) on that message be bad; `none` ends it.

        `lose-line` after the deed, `lose-request` before it, not-found, silent, wrong-hmac, wrong-header, plaintext,
        garbage, truncate, http-500, endless.
        """
        self._ask("payment-nexo", "fault", kind=kind, count=count, category=on)

    def terminal_busy(self, count: int = 1) -> None:
        """Let a nexo terminal be busy with something else at the next `count` payments."""
        self._ask("payment-nexo", "busy", count=count)

    def delay_terminal(self, seconds: float) -> None:
        """Let a nexo terminal keep what became of a payment to itself for so long; 0 ends it."""
        self._ask("payment-nexo", "delay", seconds=seconds)

    def lose_terminal_line(self, when: str = "approved", payment: str = "kept", seconds: float = 0.5) -> None:
        """Let a ZVT terminal's line break when the next payment is `asked`, `approved`, `told` or `settled`.

        It comes back after so many seconds; an approved payment that nobody heard of is `kept` or `reversed`.
        """
        self._ask("payment-zvt", "lose-line", when=when, payment=payment, seconds=seconds)

    # -- troubles

    def unplug(self, what: str) -> None:
        """Unplug the reader, scanner, pad, printer, terminal or network."""
        simulator, command, _ = self._plug_of(what)
        self._ask(simulator, command)

    def plug(self, what: str) -> None:
        """Plug it in again."""
        simulator, _, command = self._plug_of(what)
        self._ask(simulator, command)

    def swap(self, what: str, model: str) -> None:
        """Put one of the MODELS behind the same port, as a hand swaps a broken device for a spare of another make."""
        if what not in MODELS:
            raise BenchError(f"there is no spare {what}; choose from {', '.join(MODELS)}")
        self._ask(PLUGS[what][0], "model", model=model)

    def reader_fault(self, kind: str, count: int | None = None) -> None:
        """Let the reader's next `count` answers (None: all) be truncated, corrupt or silent; `none` ends it."""
        self._ask("pass-reader", "fault", kind=kind, count=count)

    def paper_out(self, after: int | None = None) -> None:
        """Let the printer run out of paper, now or after `after` more bytes of print."""
        self._ask("printer", "paper-out", after=after)

    def paper_in(self) -> None:
        """Put paper in."""
        self._ask("printer", "paper-in")

    def paper_low(self) -> None:
        """Let the paper run low."""
        self._ask("printer", "paper-low")

    def cover_open(self) -> None:
        """Open the printer's cover."""
        self._ask("printer", "cover-open")

    def cover_closed(self) -> None:
        """Close the printer's cover."""
        self._ask("printer", "cover-closed")

    def printer_dies_after(self, count: int) -> None:
        """Let the printer lose its power after `count` more bytes; `plug` switches it on again."""
        self._ask("printer", "die-after", bytes=count)

    def stall_printer(self) -> None:
        """Let the printer neither read nor answer."""
        self._ask("printer", "stall")

    def stall_printer_after(self, count: int) -> None:
        """Let it stall once it has read `count` more bytes."""
        self._ask("printer", "stall", after=count)

    def resume_printer(self) -> None:
        """End the stall."""
        self._ask("printer", "resume")

    def lose_answers(self, count: int | None = None, match: str = "") -> None:
        """Let requests reach the store and lose the next `count` answers (None: all until `plug network`).

        Only answers to requests whose first line contains `match` are lost and counted.
        """
        self._ask("line", "lose-answers", count=count, match=match)

    def delay(self, seconds: float) -> None:
        """Hold each answer of the store back for so long; 0 ends it."""
        self._ask("line", "delay", seconds=seconds)

    def stall_line(self) -> None:
        """Let the line accept calls and carry nothing, until `plug network`."""
        self._ask("line", "stall")

    def move_clock(self, days: float) -> None:
        """Let the store live so many days ahead (behind: negative; 0: now); it is started again for it."""
        around.move_clock(self.run_dir, days)

    def mute_light(self) -> None:
        """Let the status light show what it is told and answer nothing."""
        self._ask("light", "mute")

    def unmute_light(self) -> None:
        """Let it answer again."""
        self._ask("light", "speak")

    def break_sound(self) -> None:
        """Let there be no sound card: every sound fails."""
        self._ask("sound", "break")

    def mend_sound(self) -> None:
        """Let there be one again."""
        self._ask("sound", "mend")

    def break_voice(self) -> None:
        """Let the synthesizer fail."""
        self._ask("sound", "break-voice")

    def mend_voice(self) -> None:
        """Let it work again."""
        self._ask("sound", "mend-voice")

    def press_key(self, key: str) -> None:
        """Press a key of the keypad that is felt (TACTILE_KEYS)."""
        self._ask("keypad", "press", key=key)

    def headphones_in(self) -> None:
        """Plug headphones in."""
        self._ask("keypad", "headphones-in")

    def headphones_out(self) -> None:
        """Pull them out."""
        self._ask("keypad", "headphones-out")

    def speech(self, after: int = 0) -> list[dict[str, Any]]:
        """What was said lately, oldest first: number, text, voice, loudness, card, and whether it was cut off; only
        what came `after` that number."""
        return [one for one in self._ask("sound", "status")["speech"] if one["number"] > after]

    # -- transcripts

    def record(self, what: str) -> None:
        """Begin a transcript of what goes over the line of a device (RECORDED); the last one is dropped."""
        self._ask(self._recorded(what), "record")

    def stop_recording(self, what: str) -> None:
        """End it; it stays to be read."""
        self._ask(self._recorded(what), "stop-recording")

    def transcript(self, what: str) -> str:
        """What was recorded: lines of text with times, directions, bytes and what they mean."""
        return str(self._ask(self._recorded(what), "transcript")["text"])

    # -- looking

    def status(self) -> dict[str, Mapping[str, Any]]:
        """What each simulator says of itself; one that is not running has {"running": False}."""
        found: dict[str, Mapping[str, Any]] = {}
        for simulator in SIMULATORS:
            try:
                answer = ask(self._socket(simulator), "status")
                found[simulator] = {"running": True, **{key: answer[key] for key in answer if key != "ok"}}
            except ControlError:
                found[simulator] = {"running": False}
        return found

    def clock(self) -> dict[str, Any]:
        """The store's clock: `days` from now, and whether it `can` be moved; empty without a demo."""
        return around.clock(self.run_dir)

    def drawer(self) -> list[dict[str, Any]]:
        """The passes at hand."""
        return self._read("drawer.json")

    def pile(self) -> list[dict[str, Any]]:
        """The books at hand."""
        return self._read("pile.json")

    def receipts(self) -> list[Path]:
        """The texts of the receipts that were cut, oldest first; a picture lies beside each (.png)."""
        return sorted((self.run_dir / "receipts").glob("[0-9]*.txt"))

    # -- within

    def _socket(self, simulator: str) -> Path:
        if simulator == "payment":
            here = [one for one in TERMINALS if (self.run_dir / "control" / f"{one}.sock").exists()]
            simulator = here[0] if here else TERMINALS[0]
        return self.run_dir / "control" / f"{simulator}.sock"

    def _ask(self, simulator: str, do: str, **arguments: Any) -> dict[str, Any]:
        try:
            return ask(self._socket(simulator), do, **arguments)
        except ControlError as error:
            raise BenchError(str(error)) from error

    def _read(self, name: str) -> list[dict[str, Any]]:
        path = self.run_dir / name
        try:
            return list(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise BenchError(f"{path} cannot be read; is the demo running?") from error

    def _named(self, these: Sequence[dict[str, Any]], name: str, what: str, where: str) -> dict[str, Any]:
        for one in these:
            if one.get("name") == name:
                return one
        raise BenchError(f"there is no {what} {name!r} in the {where}; see: list")

    def _pass(self, name: str) -> dict[str, Any]:
        return self._named(self.drawer(), name, "pass", "drawer")

    def _pass_with_chip(self, name: str) -> dict[str, Any]:
        one = self._pass(name)
        if not one.get("uid"):
            raise BenchError(f"the pass {name} has no chip; scan its barcode with: scan-pass {name}")
        return one

    def _barcode(self, name: str) -> str:
        return str(self._named(self.pile(), name, "book", "pile")["barcode"])

    def _recorded(self, what: str) -> str:
        if what not in RECORDED:
            raise BenchError(f"no line of {what!r} can be written down; choose from {', '.join(RECORDED)}")
        return PLUGS[what][0]

    def _plug_of(self, what: str) -> tuple[str, str, str]:
        if what not in PLUGS:
            raise BenchError(f"there is no {what!r} to plug; choose from {', '.join(PLUGS)}")
        return PLUGS[what]
