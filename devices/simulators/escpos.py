"""What an ESC/POS printer does with its bytes: the paper of a TM-T20II, line by line, and its answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field

from values import dataclass

ESC, GS, DLE = 0x1B, 0x1D, 0x10
DOTS = 576
CELL_WIDTH, CELL_HEIGHT = 12, 24
LINE_DOTS = 30
_MOST_LINES = 16_000  # a roll of sixty metres: of what is never cut, the oldest is forgotten
_LONGEST = 1_000_000  # bytes of one command; no picture on this paper is longer

CODE_PAGES = {
    0: "cp437", 2: "cp850", 3: "cp860", 4: "cp863", 5: "cp865", 13: "cp857", 14: "cp737", 15: "iso8859_7",
    16: "cp1252", 17: "cp866", 18: "cp852", 19: "cp858", 32: "cp720", 33: "cp775", 34: "cp855", 39: "iso8859_2",
    40: "iso8859_15", 45: "cp1250", 46: "cp1251", 47: "cp1253", 48: "cp1254", 51: "cp1257",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Glyph:
    """One printed character."""

    char: str
    bold: bool = False
    underline: bool = False
    inverse: bool = False
    width: int = 1
    height: int = 1


@dataclass(slots=True)
class PaperLine:
    """One line of glyphs, or a stripe of picture, as it leaves the head."""

    glyphs: list[Glyph] = field(default_factory=list)
    align: int = 0
    feed: int = LINE_DOTS
    picture: bytes = b""  # rows of `picture_width` bytes, one bit a dot
    picture_width: int = 0

    @property
    def text(self) -> str:
        """The characters; wide ones count once."""
        return "".join(glyph.char for glyph in self.glyphs)


# Commands with a fixed number of argument bytes; what has no meaning on this paper is taken and forgotten.
_ESC_LENGTHS = {
    **dict.fromkeys(b"!Ea-tdMG{J3R V", 1),
    **dict.fromkeys(b"@2S", 0),
    **dict.fromkeys(b"c", 2),
    **dict.fromkeys(b"p", 3),
    **dict.fromkeys(b"$\\", 2),
}  # fmt: skip
_GS_LENGTHS = {**dict.fromkeys(b"!BbhwfHraI", 1), **dict.fromkeys(b"LWP", 2)}


@dataclass(slots=True)
class EscposPaper:
    """Interprets a byte stream; `cut` receives the lines of each receipt, `answer` the bytes to send back."""

    cut: Callable[[list[PaperLine]], None]
    answer: Callable[[bytes], None]
    paper_byte: Callable[[], int]
    dots: int = DOTS  # across
    unknown: int = 0
    _buffer: bytearray = field(default_factory=bytearray)
    _lines: list[PaperLine] = field(default_factory=list)
    _line: PaperLine = field(default_factory=PaperLine)
    _page: str = "cp437"
    _bold: bool = False
    _underline: bool = False
    _inverse: bool = False
    _width: int = 1
    _height: int = 1
    _align: int = 0
    _spacing: int = LINE_DOTS

    def feed(self, data: bytes) -> None:
        """Work off bytes; a command that is not complete waits for the rest."""
        self._buffer += data
        while self._buffer:
            used = self._step()
            if used == 0:
                return
            del self._buffer[:used]

    def forget(self) -> None:
        """Drop what was not printed yet (DLE DC4 8): the rest of a command and the line being set."""
        self._buffer.clear()
        self._line = PaperLine(align=self._align)

    def _step(self) -> int:
        """Work off one character or command; its length, 0 when more bytes are needed."""
        first = self._buffer[0]
        if first == ESC:
            return self._command(_ESC_LENGTHS, self._esc)
        if first == GS:
            return self._command(_GS_LENGTHS, self._gs)
        if first == 0x0A:
            self._end_line()
        elif first >= 0x20:
            char = bytes([first]).decode(self._page, "replace")
            self._add(Glyph(char, self._bold, self._underline, self._inverse, self._width, self._height))
        elif first != 0x0D:
            self.unknown += 1
        return 1

    def _command(self, lengths: dict[int, int], act: Callable[[int, bytes], None]) -> int:
        if len(self._buffer) < 2:
            return 0
        letter = self._buffer[1]
        if self._buffer[0] == GS and letter in b"Vkv(":
            return self._long_command(letter)
        if letter not in lengths:
            self.unknown += 1
            return 2
        end = 2 + lengths[letter]
        if len(self._buffer) < end:
            return 0
        act(letter, bytes(self._buffer[2:end]))
        return end

    def _long_command(self, letter: int) -> int:
        head = {ord("V"): 3, ord("k"): 4, ord("v"): 8, ord("("): 5}[letter]
        buffer = self._buffer
        if len(buffer) < head:
            return 0
        if letter == ord("V"):
            end = 3 if buffer[2] in {0, 1, 48, 49} else 4
        elif letter == ord("("):
            end = 5 + (buffer[3] | buffer[4] << 8)
        elif letter == ord("v"):
            end = 8 + (buffer[4] | buffer[5] << 8) * (buffer[6] | buffer[7] << 8)
        else:
            end = 4 + buffer[3] if buffer[2] >= 65 else buffer.find(b"\0", 3) + 1
        if end > _LONGEST:
            self.unknown += 1
            return 2
        if not 0 < end <= len(buffer):
            return 0
        if letter == ord("V"):
            self._cut()
        elif letter == ord("v"):
            width = buffer[4] | buffer[5] << 8
            self._lines.append(PaperLine(align=self._align, feed=0, picture=bytes(buffer[8:end]), picture_width=width))
        else:
            self.unknown += 1
        return end

    def _esc(self, letter: int, data: bytes) -> None:
        value = data[0] if data else 0
        match chr(letter):
            case "@":
                self._line = PaperLine()
                self._page, self._bold, self._underline, self._inverse = "cp437", False, False, False
                self._width = self._height = 1
                self._align, self._spacing = 0, LINE_DOTS
            case "!":
                self._bold, self._underline = bool(value & 0x08), bool(value & 0x80)
                self._height, self._width = (2 if value & 0x10 else 1), (2 if value & 0x20 else 1)
            case "E" | "G":
                self._bold = bool(value & 1)
            case "-":
                self._underline = value & 0x03 in {1, 2}
            case "a":
                self._align = value & 0x03
                self._line.align = self._align
            case "t":
                self._page = CODE_PAGES.get(value, "cp437")
            case "d":
                self._end_line()
                if value > 1:
                    self._end_line()
                    self._lines += self._lines[-1:] * (value - 2)
            case "2":
                self._spacing = LINE_DOTS
            case "3":
                self._spacing = value

    def _gs(self, letter: int, data: bytes) -> None:
        match chr(letter):
            case "!":
                self._width, self._height = (data[0] >> 4 & 7) + 1, (data[0] & 7) + 1
            case "B":
                self._inverse = bool(data[0] & 1)
            case "r":
                self.answer(bytes([self.paper_byte()]))

    def _add(self, glyph: Glyph) -> None:
        used = sum(one.width for one in self._line.glyphs)
        if (used + glyph.width) * CELL_WIDTH > self.dots:
            self._end_line()
        self._line.glyphs.append(glyph)

    def _end_line(self) -> None:
        tallest = max((glyph.height for glyph in self._line.glyphs), default=1)
        self._line.feed = max(self._spacing, tallest * CELL_HEIGHT + LINE_DOTS - CELL_HEIGHT)
        self._lines.append(self._line)
        del self._lines[:-_MOST_LINES]
        self._line = PaperLine(align=self._align)

    def _cut(self) -> None:
        if self._line.glyphs:
            self._end_line()
        lines, self._lines = self._lines, []
        self.cut(lines)


def split_real_time(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Tell what a printer acts on at once, whatever waits in its buffer, from what takes its turn.

    Gives ("status", n), ("clear", b"") and ("data", bytes), in order. A command cut in two is not looked for.
    """
    at = 0
    while at < len(data):
        found = data.find(bytes([DLE]), at)
        if found < 0:
            break
        if data[found + 1 : found + 2] == b"\x04" and len(data) > found + 2:
            yield "data", data[at:found]
            yield "status", data[found + 2 : found + 3]
            at = found + 3
        elif data[found + 1 : found + 3] == b"\x14\x08":
            yield "data", data[at:found]
            yield "clear", b""
            at = found + 10
        else:
            yield "data", data[at : found + 1]
            at = found + 1
    if at < len(data):
        yield "data", data[at:]
