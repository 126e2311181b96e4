"""What stands in the tables, as the cells of a sheet, and how cells get there: many rows a statement."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from membership_store import changes
from membership_store.csv_files.sheets import Listed, Part, Sheet
from membership_store.database import Row, Session, Value

TOGETHER = 500
Cells = dict[str, str]


def keys(session: Session, consortium: str, sheet: Sheet) -> list[str]:
    """The keys of all rows that the sheet shows, ordered by code points on every engine alike."""
    shown = f" AND {sheet.shown}" if sheet.shown else ""
    sql = f"SELECT t.{sheet.key} FROM {sheet.parts[0].table} t WHERE t.consortium = ?{shown}"  # noqa: S608
    return sorted(str(key) for (key,) in session.rows(sql, consortium))


def hidden(session: Session, consortium: str, sheet: Sheet, wanted: Iterable[str]) -> set[str]:
    """Which of the keys stand for rows that the sheet does not show: of somebody whose data were erased."""
    if not sheet.shown:
        return set()
    table = sheet.parts[0].table
    sql = f"SELECT t.{sheet.key} FROM {table} t WHERE t.consortium = ? AND NOT ({sheet.shown})"  # noqa: S608
    return {str(key) for (key,) in _chunked(session, sql, f"t.{sheet.key}", consortium, wanted)}


def standing(session: Session, consortium: str, sheet: Sheet, wanted: Iterable[str]) -> dict[str, Cells]:
    """The rows of these keys as cells, for those that there are."""
    first, *others = sheet.parts
    names = [f"t.{column}" for column in first.columns.values()]
    joins = ""
    for n, part in enumerate(others):
        names += [f"j{n}.{column}" for column in part.columns.values()]
        names.append(f"j{n}.{sheet.key}")
        joins += f" LEFT JOIN {part.table} j{n} ON j{n}.consortium = t.consortium AND j{n}.{sheet.key} = t.{sheet.key}"
    sql = f"SELECT t.{sheet.key}, {', '.join(names)} FROM {first.table} t{joins} WHERE t.consortium = ?"  # noqa: S608
    wanted = list(wanted)
    found = {
        str(row[0]): {sheet.key: str(row[0])} | _cells(sheet, row[1:])
        for row in _chunked(session, sql, f"t.{sheet.key}", consortium, wanted)
    }
    for listed in sheet.lists:
        gathered = _gathered(session, consortium, sheet, listed, wanted)
        for key, cells in found.items():
            cells[listed.cell] = " ".join(sorted(gathered.get(key, ())))
    return found


def known(session: Session, consortium: str, table: str, column: str, wanted: Iterable[str]) -> set[str]:
    """Which of the values there are in a column of a table."""
    sql = f"SELECT {column} FROM {table} WHERE consortium = ?"  # noqa: S608 - words of this program
    return {str(value) for (value,) in _chunked(session, sql, column, consortium, wanted)}


def uniquely_numbered(session: Session, consortium: str, numbers: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Key, patron and number of the active passes with such a number, where it is unique in the network (P4)."""
    sql = "SELECT pass, patron, number FROM pass WHERE consortium = ? AND status = 'active' AND network_unique = 1"
    for key, patron, number in _chunked(session, sql, "number", consortium, numbers):
        yield str(key), str(patron), str(number)


def add(session: Session, consortium: str, sheet: Sheet, rows: Sequence[Cells]) -> None:
    """New rows."""
    for part in sheet.parts:
        _insert_part(session, consortium, sheet, part, rows)
    for listed in sheet.lists:
        _insert_list(session, consortium, sheet, listed, rows)
    _tell(session, consortium, sheet, rows)


def change(session: Session, consortium: str, sheet: Sheet, rows: Sequence[Cells]) -> None:
    """Rows that stand already, with all their cells as they shall be."""
    first, *others = sheet.parts
    settings = ", ".join(f"{column} = ?" for column in first.columns.values())
    settings += ", version = version + 1" if sheet.versioned else ""
    session.run_many(
        f"UPDATE {first.table} SET {settings} WHERE consortium = ? AND {sheet.key} = ?",  # noqa: S608
        [(*values, consortium, row[sheet.key]) for row, values in zip(rows, _values(sheet, first, rows), strict=True)],
    )
    owners = [(consortium, row[sheet.key]) for row in rows]
    for table in (*(part.table for part in others), *(listed.table for listed in sheet.lists)):
        session.run_many(f"DELETE FROM {table} WHERE consortium = ? AND {sheet.key} = ?", owners)  # noqa: S608
    for part in others:
        _insert_part(session, consortium, sheet, part, rows)
    for listed in sheet.lists:
        _insert_list(session, consortium, sheet, listed, rows)
    _tell(session, consortium, sheet, rows)


def _insert_part(session: Session, consortium: str, sheet: Sheet, part: Part, rows: Sequence[Cells]) -> None:
    columns = ", ".join(("consortium", sheet.key, *part.columns.values(), *part.derived))
    places = ", ".join("?" * (len(part.columns) + len(part.derived) + 2))
    kept = [row for row in rows if not part.absent or any(row[name] != text for name, text in part.absent.items())]
    session.run_many(
        f"INSERT INTO {part.table} ({columns}) VALUES ({places})",  # noqa: S608
        [
            (consortium, row[sheet.key], *values, *(make(row) for make in part.derived.values()))
            for row, values in zip(kept, _values(sheet, part, kept), strict=True)
        ],
    )


def _insert_list(session: Session, consortium: str, sheet: Sheet, listed: Listed, rows: Iterable[Cells]) -> None:
    session.run_many(
        f"INSERT INTO {listed.table} (consortium, {sheet.key}, {listed.column}) VALUES (?, ?, ?)",  # noqa: S608
        [(consortium, row[sheet.key], one) for row in rows for one in row[listed.cell].split()],
    )


def _tell(session: Session, consortium: str, sheet: Sheet, rows: Sequence[Cells]) -> None:
    """Tells the kiosks' mirrors what changed."""
    if sheet.touches == "network" and rows:
        changes.touch(session, consortium, changes.NETWORK)
    elif sheet.touches == "patron":
        for patron in sorted({row["patron"] for row in rows}):
            changes.touch(session, consortium, changes.PATRON, patron)
    elif sheet.touches == "item":
        for row in rows:
            changes.touch(session, consortium, changes.ITEM, row["item"])
    elif sheet.touches == "title":
        sql = "SELECT item FROM item WHERE consortium = ?"
        for item in sorted(
            str(item) for (item,) in _chunked(session, sql, "title", consortium, [row["title"] for row in rows])
        ):
            changes.touch(session, consortium, changes.ITEM, item)


def _values(sheet: Sheet, part: Part, rows: Iterable[Cells]) -> Iterator[list[Value]]:
    columns = [sheet.column(name) for name in part.columns]
    return ([one.value(row[one.name]) for one in columns] for row in rows)


def _cells(sheet: Sheet, row: Row) -> Cells:
    values = iter(row)
    cells: Cells = {}
    for n, part in enumerate(sheet.parts):
        texts = {name: _text(value) for name, value in zip(part.columns, values, strict=False)}
        there = n == 0 or next(values) is not None
        cells |= texts if there else dict(part.absent)
    return cells


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _gathered(
    session: Session, consortium: str, sheet: Sheet, listed: Listed, wanted: Iterable[str]
) -> Mapping[str, list[str]]:
    sql = f"SELECT {sheet.key}, {listed.column} FROM {listed.table} WHERE consortium = ?"  # noqa: S608
    gathered: dict[str, list[str]] = {}
    for key, value in _chunked(session, sql, sheet.key, consortium, wanted):
        gathered.setdefault(str(key), []).append(str(value))
    return gathered


def _chunked(session: Session, sql: str, column: str, consortium: str, wanted: Iterable[str]) -> Iterator[Row]:
    """The rows whose column is one of those wanted, however many: some hundred values a statement."""
    rest = iter(dict.fromkeys(wanted))
    while some := tuple(islice(rest, TOGETHER)):
        yield from session.rows(f"{sql} AND {column} IN ({', '.join('?' * len(some))})", consortium, *some)
