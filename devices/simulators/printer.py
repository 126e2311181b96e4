"""The simulated receipt printer: ESC/POS over TCP or a pty; each receipt that it cuts becomes a picture and a text."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from devices.simulators import decoding
from devices.simulators.control import Arguments, ControlServer, plain, telling
from devices.simulators.escpos import DOTS, EscposPaper, PaperLine, split_real_time
from devices.simulators.loop import Loop
from devices.simulators.plugs import MODELS
from devices.simulators.port import SimulatedPort
from devices.simulators.receipt_picture import as_text, draw

_PIECE = 4096
_NARROW = 384  # dots across paper of 58 mm


class Socket:
    """The printer's network side: one caller at a time, as network printers do."""

    def __init__(self, loop: Loop, listen: tuple[str, int], received: Callable[[bytes], None]) -> None:
        self._loop = loop
        self._listen = listen
        self._received = received
        self._listener: socket.socket | None = None
        self._caller: socket.socket | None = None
        self._answers = bytearray()
        self._deaf = False

    @property
    def plugged(self) -> bool:
        """Whether callers find it."""
        return self._listener is not None

    def plug(self) -> None:
        """Listen."""
        if self._listener is None:
            self._listener = socket.create_server(self._listen, backlog=4)
            self._listener.setblocking(False)
            self._loop.watch(self._listener, self._accept)

    def unplug(self) -> None:
        """Hang up and refuse."""
        if self._listener is not None:
            self._loop.watch(self._listener, None)
            self._listener.close()
            self._listener = None
        self._hang_up()

    def send(self, data: bytes) -> None:
        """Answer the caller; without one the answer is lost."""
        self._loop.transcript.said(data)
        self._answers += data
        self._write()

    def set_deaf(self, *, deaf: bool) -> None:
        """Neither read nor answer, or begin again."""
        self._deaf = deaf
        self._write()

    def _accept(self) -> None:
        if self._listener is not None:
            caller, _ = self._listener.accept()
            self._hang_up()
            caller.setblocking(False)
            caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._caller = caller
            self._attend()

    def _attend(self) -> None:
        if self._caller is not None:
            write = self._write if self._answers and not self._deaf else None
            self._loop.watch(self._caller, None if self._deaf else self._read, write)

    def _hang_up(self) -> None:
        if self._caller is not None:
            self._loop.watch(self._caller, None)
            self._caller.close()
            self._caller = None
        self._answers.clear()

    def _read(self) -> None:
        try:
            data = self._caller.recv(_PIECE) if self._caller is not None else b""
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._loop.transcript.heard(data)
            self._received(data)
        else:
            self._hang_up()

    def _write(self) -> None:
        if self._caller is not None and not self._deaf:
            with suppress(OSError):
                del self._answers[: self._caller.send(self._answers)]
        self._attend()


class PrinterSimulator:
    """A printer process on the network or, with a path instead of an address, on a serial line."""

    def __init__(self, loop: Loop, wire: tuple[str, int] | Path, control: Path, receipts: Path) -> None:
        loop.transcript.decode = decoding.escpos
        self._receipts = receipts
        receipts.mkdir(parents=True, exist_ok=True)
        self._number = max((int(one.stem) for one in receipts.glob("[0-9]*.txt")), default=0)
        self._has_paper, self._paper_low, self._cover_open, self._stalled = True, False, False, False
        self._out_after: int | None = None
        self._die_after: int | None = None
        self._stall_after: int | None = None
        self._taken = 0  # bytes to print, ever
        self._waiting = bytearray()  # received, not worked off: the head stands still without paper
        self._wire: Socket | SimulatedPort = (
            SimulatedPort(loop, wire, self._received) if isinstance(wire, Path) else Socket(loop, wire, self._received)
        )
        self._model = MODELS["printer"][0]
        self._paper = self._new_paper()
        self.plug()
        ControlServer(loop, control, self._commands())

    def _commands(self) -> Mapping[str, Any]:
        return {
            "paper-out": self._paper_out,
            "paper-in": plain(self._paper_in),
            "paper-low": plain(lambda: self._set(low=True)),
            "cover-open": plain(lambda: self._set(cover=True)),
            "cover-closed": plain(lambda: self._set(cover=False)),
            "unplug": plain(self._wire.unplug),
            "plug": plain(self.plug),
            "model": self._set_model,
            "die-after": self._set_die_after,
            "stall": self._stall,
            "resume": plain(lambda: self._set_stalled(stalled=False)),
            "status": telling(self._status),
        }

    @property
    def _dots(self) -> int:
        return _NARROW if self._model == "other-58mm" else DOTS

    def _new_paper(self) -> EscposPaper:
        return EscposPaper(self._cut, self._answer, self._paper_byte, self._dots)

    def _answer(self, data: bytes) -> None:
        """One of another make may be silent about itself."""
        if self._model != "without-status":
            self._wire.send(data)

    def _set_model(self, arguments: Arguments) -> None:
        """Another printer in its place: what the last one had in its memory went with it."""
        self._model = arguments.model("printer")
        self._wire.unplug()
        self.plug()

    def plug(self) -> None:
        """Switch it on; what it had in its memory is gone."""
        if not self._wire.plugged:
            self._waiting.clear()
            self._die_after = None
            self._paper = self._new_paper()
            self._wire.plug()

    def _received(self, data: bytes) -> None:
        if self._stall_after is not None:
            self._stall_after -= len(data)
            if self._stall_after <= 0:
                self._stall_after = None
                self._set_stalled(stalled=True)
        if self._die_after is not None:
            data, left = data[: self._die_after], self._die_after - len(data)
            self._die_after = max(0, left)
        for what, part in split_real_time(data):
            if what == "status":
                self._answer(bytes([self._status_byte(part[0])]))
            elif what == "clear":
                self._waiting.clear()
                self._paper.forget()
            else:
                self._waiting += part
                self._taken += len(part)
        self._work_off()
        if self._die_after == 0:
            self._wire.unplug()

    def _work_off(self) -> None:
        """Print what waits, as far as there is paper under a closed cover."""
        while self._waiting and self._has_paper and not self._cover_open:
            part = self._waiting[: self._out_after] if self._out_after is not None else self._waiting[:]
            del self._waiting[: len(part)]
            self._paper.feed(bytes(part))
            if self._out_after is not None:
                self._out_after -= len(part)
                if self._out_after <= 0:
                    self._out_after, self._has_paper = None, False

    def _status_byte(self, question: int) -> int:
        stopped = not self._has_paper or self._cover_open
        if question == 1:
            return 0x16 | (0x08 if stopped else 0)
        if question == 2:
            return 0x12 | (0x04 if self._cover_open else 0) | (0x20 if not self._has_paper else 0)
        if question == 4:
            return 0x12 | (0x0C if self._paper_low else 0) | (0x60 if not self._has_paper else 0)
        return 0x12

    def _paper_byte(self) -> int:
        return (0x03 if self._paper_low else 0) | (0x0C if not self._has_paper else 0)

    def _cut(self, lines: list[PaperLine]) -> None:
        if not any(line.glyphs or line.picture for line in lines):
            return
        self._number += 1
        for suffix in (".png", ".txt"):
            final = self._receipts / f"{self._number:04}{suffix}"
            draft = final.with_suffix(suffix + ".part")
            if suffix == ".png":
                draw(lines, self._dots).save(draft, "PNG")
            else:
                draft.write_text(as_text(lines, self._dots), encoding="utf-8")
            draft.rename(final)

    def _paper_out(self, arguments: Arguments) -> None:
        after = arguments.count("after")
        arguments.done()
        if after:
            self._out_after = after
        else:
            self._has_paper = False

    def _paper_in(self) -> None:
        self._has_paper, self._paper_low, self._out_after = True, False, None
        self._work_off()

    def _set(self, *, low: bool | None = None, cover: bool | None = None) -> None:
        self._paper_low = self._paper_low if low is None else low
        self._cover_open = self._cover_open if cover is None else cover
        self._work_off()

    def _set_die_after(self, arguments: Arguments) -> None:
        count = arguments.count("bytes")
        arguments.done()
        self._die_after = count

    def _stall(self, arguments: Arguments) -> None:
        after = arguments.count("after")
        arguments.done()
        self._stall_after = after
        if not after:
            self._set_stalled(stalled=True)

    def _set_stalled(self, *, stalled: bool) -> None:
        self._stalled = stalled
        self._wire.set_deaf(deaf=stalled)

    def _status(self) -> Mapping[str, Any]:
        return {
            "plugged": self._wire.plugged,
            "model": self._model,
            "paper": "out" if not self._has_paper else "low" if self._paper_low else "in",
            "cover": "open" if self._cover_open else "closed",
            "stalled": self._stalled,
            "receipts": self._number,
            "taken": self._taken,
            "unknown_commands": self._paper.unknown,
        }
