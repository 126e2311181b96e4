"""Takes a CSV file in, wholly or not at all. What is wrong is said by row and column, never with what stands there.

A known key changes what stands there, in the columns that the file has; the same file again changes nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from membership_store.csv_files import rows, text
from membership_store.csv_files.rows import Cells
from membership_store.csv_files.sheets import PASSES, Sheet
from membership_store.csv_files.text import Trouble
from membership_store.csv_files.values import Column, Wrong
from membership_store.database import Database, Session

Step = Callable[[int], None]
SLICE = 5000


@dataclass(frozen=True, slots=True)
class Report:
    """What a file does, or would do: rows that are new, that change something, that are as they were; what is wrong.

    Where anything is wrong, nothing was imported.
    """

    new: int = 0
    changed: int = 0
    same: int = 0
    troubles: tuple[Trouble, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows can be taken in."""
        return self.new + self.changed + self.same


class BadFile(Exception):
    """The file cannot be taken in; `report` says why."""

    def __init__(self, report: Report) -> None:
        super().__init__("the file was not imported")
        self.report = report


@dataclass(frozen=True, slots=True)
class _Table:
    """The rows that could be read, each with its number and the cells that the file has; and what could not."""

    cells: tuple[tuple[int, Cells], ...]
    troubles: tuple[Trouble, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    new: list[Cells]
    changed: list[Cells]
    same: int
    troubles: list[Trouble]

    @property
    def report(self) -> Report:
        troubles = tuple(sorted(self.troubles, key=lambda one: (one.row, one.column, one.what)))
        return Report(len(self.new), len(self.changed), self.same, troubles)


def import_file(
    database: Database,
    consortium: str,
    sheet: Sheet,
    body: bytes,
    *,
    dry_run: bool = False,
    also: Callable[[Session, Report], None] = lambda _session, _report: None,
    step: Step = lambda _: None,
) -> Report:
    """Imports the bytes of a file, in one transaction. `also`: what else happens in it; `step`: told of rows done.

    A dry run only says what would happen. Raises BadFile, StoreUnavailable.
    """
    table = _read(sheet, body, step)
    plan = database.read(lambda session: _planned(session, consortium, sheet, table))
    if plan.troubles:
        raise BadFile(plan.report)
    if dry_run:
        return plan.report

    def take_in(session: Session) -> Report:
        if plan.report.same == len(table.cells):
            also(session, plan.report)
            return plan.report
        # Judged once more: between looking and writing somebody else may have changed what the rows build on.
        again = _planned(session, consortium, sheet, table)
        if again.troubles:
            raise BadFile(again.report)
        for some in _slices(again.new, step):
            rows.add(session, consortium, sheet, some)
        for some in _slices(again.changed, step):
            rows.change(session, consortium, sheet, some)
        also(session, again.report)
        return again.report

    return database.write(take_in)


def _slices(found: list[Cells], step: Step) -> Iterator[list[Cells]]:
    for begin in range(0, len(found), SLICE):
        some = found[begin : begin + SLICE]
        yield some
        step(len(some))


def _read(sheet: Sheet, body: bytes, step: Step) -> _Table:
    try:
        records = list(text.records(body))
    except text.Unreadable as fault:
        raise BadFile(Report(troubles=(fault.trouble,))) from None
    if not records:
        raise BadFile(Report(troubles=(Trouble(1, "", "the file is empty"),)))
    row, head = records[0]
    names = [cell.strip().lower() for cell in head]
    wrong = list(_head_troubles(sheet, row, names))
    if wrong:
        raise BadFile(Report(troubles=tuple(wrong)))
    columns = [sheet.column(name) for name in names]
    found, troubles, seen = [], [], set()
    for row, cells in records[1:]:
        read, faults = _read_row(columns, row, cells)
        key = read.get(sheet.key)
        if key is not None and key in seen:
            faults.append(Trouble(row, sheet.key, "occurs above already"))
        seen.add(key)
        troubles += faults
        if not faults:
            found.append((row, read))
    step(len(records) - 1)
    return _Table(tuple(found), tuple(troubles))


def _head_troubles(sheet: Sheet, row: int, names: Sequence[str]) -> Iterator[Trouble]:
    known = [one.name for one in sheet.columns]
    for n, name in enumerate(names, 1):
        if name not in known:
            yield Trouble(row, "", f"column {n} has a name that is not known; known are: {', '.join(known)}")
        elif name in names[: n - 1]:
            yield Trouble(row, name, "occurs twice")
    for one in sheet.columns:
        if one.new is None and one.name not in names:
            yield Trouble(row, one.name, "is missing")


def _read_row(columns: Sequence[Column], row: int, cells: Sequence[str]) -> tuple[Cells, list[Trouble]]:
    if len(cells) != len(columns):
        return {}, [Trouble(row, "", f"has {len(cells)} cells instead of {len(columns)}")]
    read: Cells = {}
    troubles = []
    for column, cell in zip(columns, cells, strict=True):
        try:
            read[column.name] = column.read(cell)
        except Wrong as fault:
            troubles.append(Trouble(row, column.name, str(fault)))
    return read, troubles


def _planned(session: Session, consortium: str, sheet: Sheet, table: _Table) -> _Plan:
    """What each row does to what stands there, and what is wrong with it."""
    wanted = [cells[sheet.key] for _, cells in table.cells]
    standing = rows.standing(session, consortium, sheet, wanted)
    erased = rows.hidden(session, consortium, sheet, wanted)
    fresh = {one.name: one.new or "" for one in sheet.columns}
    plan = _Plan([], [], 0, list(table.troubles))
    same, whole = 0, []
    for row, cells in table.cells:
        old = standing.get(cells[sheet.key])
        new = (old or fresh) | cells
        whole.append((row, new))
        problems = list(sheet.check(new))
        if cells[sheet.key] in erased:
            problems.append((sheet.key, "belongs to somebody whose data were erased"))
        elif old is not None:
            problems += sheet.may_become(old, new)
        plan.troubles.extend(Trouble(row, column, what) for column, what in problems)
        if old is None:
            plan.new.append(new)
        elif old == new:
            same += 1
        else:
            plan.changed.append(new)
    plan.troubles.extend(_dangling(session, consortium, sheet, whole))
    if sheet is PASSES:
        plan.troubles.extend(_numbers_of_two(session, consortium, whole))
    return _Plan(plan.new, plan.changed, same, plan.troubles)


def _dangling(session: Session, consortium: str, sheet: Sheet, whole: Sequence[tuple[int, Cells]]) -> Iterator[Trouble]:
    for one in sheet.references:
        named = {part for _, cells in whole for part in cells[one.cell].split()}
        lacking = named - rows.known(session, consortium, one.table, one.column, named)
        if lacking:
            for row, cells in whole:
                if lacking.intersection(cells[one.cell].split()):
                    yield Trouble(row, one.cell, f"names no {one.table.replace('_', ' ')} of this consortium")


def _numbers_of_two(session: Session, consortium: str, whole: Iterable[tuple[int, Cells]]) -> Iterator[Trouble]:
    """P4: a number that is unique in the network is not of two patrons."""
    counted = [(row, one) for row, one in whole if one["network_unique"] == "1" and one["status"] == "active"]
    mine = {one["pass"] for _, one in counted}
    owners: dict[str, set[str]] = {}
    for key, patron, number in rows.uniquely_numbered(session, consortium, [one["number"] for _, one in counted]):
        if key not in mine:
            owners.setdefault(number, set()).add(patron)
    for _, one in counted:
        owners.setdefault(one["number"], set()).add(one["patron"])
    for row, one in counted:
        if len(owners[one["number"]]) > 1:
            yield Trouble(row, "number", "is unique in the network, and of two patrons (P4)")
