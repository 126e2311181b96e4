"""What one checkout asks of PostgreSQL, taken from the server's own log, as a pgbench script with other keys each time.

Every statement of the request is there, in its order, with the transactions that it was in. What named the patron, the
item, the kiosk, the event and the places in sequence and feed is replaced by an expression of pgbench's variables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tests.benchmark import numbered
from tests.benchmark.numbered import CONSORTIA, FIRST, Size
from tests.load.tasks import STEP

_ENTRY = re.compile(
    r"^\d{4}-\d\d-\d\d [^\[]*\[(\d+)\] (LOG|DETAIL|ERROR|FATAL|STATEMENT|HINT|WARNING):  ", re.MULTILINE
)
_STATEMENT = re.compile(r"(?:statement|execute [^:]*): (.*)", re.DOTALL)
_PARAMETER = re.compile(r"\$(\d+) = (NULL|'(?:[^']|'')*')")
_PLACE = re.compile(r"\$(\d+)")


@dataclass(frozen=True)
class Sample:
    """The checkout that was logged: what its keys were."""

    consortium: int
    patron: int
    item: int
    kiosk: int
    event: str
    seq: int
    head: int

    @property
    def names(self) -> Mapping[str, str]:
        """What is replaced, the longest first, by which expression of SQL over variables of pgbench."""
        return {
            self.event: "'00000000-0000-7000-8000-' || :event",
            numbered.pass_number(self.patron): "'2000' || :patron || '000'",
            numbered.chip(self.patron): "'04' || :patron || '00000'",
            numbered.barcode(self.item): "'3000' || :item || '000'",
            numbered.patron_ref(self.patron): "'P' || :patron",
            numbered.consortium_code(self.consortium): "'net-' || :net",
            numbered.kiosk_code(self.kiosk): "'k' || :client_id",
        }

    @property
    def whole(self) -> Mapping[str, str]:
        """Values that are replaced only where they stand alone."""
        near = range(-3, 4)
        places = {str(self.seq): ":seq", str(self.seq - 1): ":last"}
        return places | {str(self.head + n): f":head + {n - 1}" for n in near if n > 0}


def statements(log: str) -> list[tuple[str, dict[str, str | None]]]:
    """Statements with their parameters (as texts), in the order of the log."""
    found: list[tuple[str, dict[str, str | None]]] = []
    entries = list(_ENTRY.finditer(log))
    for n, entry in enumerate(entries):
        ends = entries[n + 1].start() if n + 1 < len(entries) else len(log)
        text = log[entry.end() : ends].strip()
        if entry[2] == "LOG" and (said := _STATEMENT.match(text)):
            found.append((" ".join(said[1].split()), {}))
        elif entry[2] == "DETAIL" and found:
            for number, value in _PARAMETER.findall(text):
                found[-1][1][number] = None if value == "NULL" else value[1:-1].replace("''", "'")
    return found


def script(log: str, sample: Sample, size: Size) -> str:
    """The pgbench script: variables first, then the statements."""
    lines = [
        f"\\set net mod(:client_id, {CONSORTIA})",
        f"\\set patron {FIRST} + :net * {size.patrons_each} + random(0, {size.patrons_each - 1})",
        "\\set count :count + 1",
        f"\\set item {FIRST} + :net * {size.items_each} + mod((:count * 16 + :client_id) * {STEP}, {size.free_each})",
        "\\set event random(100000000000, 999999999999)",
        "\\set seq :count",
        "\\set last :count - 1",
    ]
    for sql, values in statements(log):
        put = _PLACE.sub(lambda place, values=values: _expression(values[place[1]], sample), sql)  # type: ignore[misc]
        lines.append(put + (" \\gset" if put.endswith("RETURNING head") else ";"))
    return "\n".join(lines) + "\n"


def _expression(value: str | None, sample: Sample) -> str:
    if value is None:
        return "NULL"
    if value in sample.whole:
        return f"({sample.whole[value]})"
    parts = [value]
    for name, expression in sample.names.items():
        parts = [piece for part in parts for piece in _split(part, name, expression)]
    said = [part if part.startswith("\0") else _quoted(part) for part in parts if part]
    return "(" + " || ".join(one.lstrip("\0") for one in said) + ")" if len(said) > 1 else said[0].lstrip("\0")


def _split(part: str, name: str, expression: str) -> list[str]:
    if part.startswith("\0") or name not in part:
        return [part]
    pieces: list[str] = []
    for n, piece in enumerate(part.split(name)):
        pieces += ["\0(" + expression + ")", piece] if n else [piece]
    return pieces


def _quoted(text: str) -> str:
    """A literal; a colon before a letter would be a variable to pgbench."""
    said = re.sub(r":(?=[A-Za-z_])", "' || chr(58) || '", text.replace("'", "''"))
    return f"('{said}')" if "chr(58)" in said else f"'{said}'"
