"""CSV as bytes (RFC 4180): UTF-8 with or without a mark, `;` or `,`; no cell that a spreadsheet would calculate.

A text that begins like a formula gets an apostrophe before it, as spreadsheets write it; reading takes it off again.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

MARK = "\ufeff"
DELIMITER = ";"
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_GUARDED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"-?[0-9]+")


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong: the row as a spreadsheet counts it (the head is row 1), the column, and what; never a value."""

    row: int
    column: str
    what: str


class Unreadable(Exception):
    """The file cannot be read as a table at all."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.what)
        self.trouble = trouble


def records(body: bytes) -> Iterator[tuple[int, list[str]]]:
    """The rows with their numbers, empty ones left out, the guard taken off. Raises Unreadable."""
    whole = _decoded(body)
    if whole.startswith(("sep=;\n", "sep=;\r\n", "sep=,\n", "sep=,\r\n")):
        delimiter, start = whole[4], 2
        whole = whole.partition("\n")[2]
    else:
        head = whole.partition("\n")[0]
        delimiter, start = (";" if head.count(";") >= head.count(",") else ","), 1
    reader = csv.reader(io.StringIO(whole, newline=""), delimiter=delimiter, strict=True)
    row = start - 1
    try:
        for row, cells in enumerate(reader, start):
            if any(cells):
                yield row, [unguarded(cell) for cell in cells]
    except csv.Error:
        raise Unreadable(
            Trouble(row + 1, "", "cannot be read: a quotation mark or a delimiter is out of place")
        ) from None


def written(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """A file of these rows, piece by piece; the same rows give the same bytes."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=DELIMITER, lineterminator="\r\n")
    out.write(MARK)
    writer.writerow(head)
    for row in rows:
        writer.writerow([guarded(cell) for cell in row])
        if out.tell() > 1 << 16:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def guarded(cell: str) -> str:
    """The cell as no spreadsheet will calculate it. A plain number is none to fear."""
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def unguarded(cell: str) -> str:
    """The cell as it was before `guarded`."""
    return cell[1:] if _GUARDED.match(cell) else cell


def _decoded(body: bytes) -> str:
    try:
        whole = body.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        row = body.count(b"\n", 0, fault.start) + 1
        raise Unreadable(Trouble(row, "", "is not UTF-8: save the file as CSV UTF-8")) from None
    if "\0" in whole:
        raise Unreadable(Trouble(whole[: whole.index("\0")].count("\n") + 1, "", "holds a byte that is no text"))
    return whole
