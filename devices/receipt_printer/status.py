"""What an ESC/POS printer says of itself: DLE EOT n (real time) and GS r 1 (in its turn). Pure."""

from __future__ import annotations

from collections.abc import Mapping

from values import dataclass

QUESTIONS = (1, 2, 4)  # printer, cause of being off-line, paper sensor
CLEAR_BUFFERS = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"  # DLE DC4 8: drop what was not printed
CONFIRM = b"\x1dr\x01"  # GS r 1: answered when all before it has been worked off
CUT_OFF = b"\n\x1dV\x42\x00"  # GS V 66: feed to the knife and cut
NO_AUTOMATIC_STATUS = b"\x1da\x00"  # GS a 0: only what is asked for


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """An answered question for status; a printer that does not answer has no PrinterStatus at all."""

    offline: bool
    cover_open: bool
    paper_out: bool
    paper_low: bool
    error: bool

    @property
    def trouble(self) -> str:
        """In words why nothing can be printed now; empty when it can."""
        if self.cover_open:
            return "the cover is open"
        if self.paper_out:
            return "out of paper"
        if self.error:
            return "the printer reports an error"
        return "the printer is off-line" if self.offline else ""


def question(number: int) -> bytes:
    """DLE EOT `number`."""
    return bytes([0x10, 0x04, number])


def is_answer(byte: int) -> bool:
    """Whether `byte` has the fixed bits of an answer to DLE EOT."""
    return byte & 0x93 == 0x12


def is_confirmation(byte: int) -> bool:
    """Whether `byte` has the fixed bits of an answer to GS r."""
    return byte & 0x90 == 0


def status_of(answers: Mapping[int, int]) -> PrinterStatus:
    """The answers to all QUESTIONS as a status."""
    printer, cause, paper = (answers[number] for number in QUESTIONS)
    return PrinterStatus(
        offline=bool(printer & 0x08),
        cover_open=bool(cause & 0x04),
        paper_out=bool(cause & 0x20 or paper & 0x60),
        paper_low=bool(paper & 0x0C),
        error=bool(cause & 0x40),
    )
