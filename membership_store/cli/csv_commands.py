"""`import` and `export`: patrons, passes, memberships, titles, items and the ISIL list as CSV files (docs/csv.md)."""

import argparse
import json
import secrets
import sys
from dataclasses import asdict
from pathlib import Path

from membership_store.cli.command import Commands, Progress, Trouble, add, consortium, now, opened
from membership_store.csv_files.exporting import export_file
from membership_store.csv_files.importing import BadFile, Report, import_file
from membership_store.csv_files.sheets import SHEETS
from membership_store.database import Database, Session
from membership_store.staff.acts import Done
from membership_store.staff.credentials import Role, Staff
from membership_store.staff.desk import OPERATOR, write_down

BAD_ROWS = 1
SAID = 50


def register(commands: Commands) -> None:
    """Adds the commands."""
    taking = add(commands, "import", "take a CSV file in, wholly or not at all", _import)
    taking.add_argument("--dry-run", action="store_true", help="only say what would happen")
    taking.add_argument("--report", type=Path, metavar="FILE", help="write every trouble there as JSON (mode 0600)")
    giving = add(commands, "export", "write a CSV file that only its owner may read", _export)
    for command in (taking, giving):
        command.add_argument("sheet", choices=list(SHEETS), help="what the file holds")
        command.add_argument("file", type=Path)
        command.add_argument("--consortium")
        command.add_argument("--json", action="store_true", help="print what was done as JSON")


def _import(given: argparse.Namespace) -> None:
    try:
        body = given.file.read_bytes()
    except OSError as fault:
        raise Trouble(f"cannot read {given.file}: {fault.strerror}") from None
    if given.report is not None:
        given.report.touch(mode=0o600)  # before all else: whoever cannot write the report imports nothing
    with opened(given, patient=True) as database:
        progress = Progress("rows read and written")
        try:
            report = _taken_in(database, given, body, progress)
        except BadFile as fault:
            report = fault.report
        finally:
            progress.end()
    if given.report is not None:
        given.report.write_text(json.dumps(asdict(report), ensure_ascii=False, indent=2) + "\n", "utf-8")
    _say(given, report)
    if report.troubles:
        raise SystemExit(BAD_ROWS)


def _taken_in(database: Database, given: argparse.Namespace, body: bytes, progress: Progress) -> Report:
    code = consortium(database, given)

    def audited(session: Session, report: Report) -> None:
        _write_down(session, code, f"import/{given.sheet}", f"new={report.new} changed={report.changed}")

    report = import_file(
        database, code, SHEETS[given.sheet], body, dry_run=given.dry_run, also=audited, step=progress.step
    )
    if not given.dry_run:
        database.take_stock()
    return report


def _say(given: argparse.Namespace, report: Report) -> None:
    if given.json:
        print(json.dumps(asdict(report), ensure_ascii=False, indent=2))
        return
    for one in report.troubles[:SAID]:
        column = f", {one.column}" if one.column else ""
        print(f"row {one.row}{column}: {one.what}", file=sys.stderr)
    if len(report.troubles) > SAID:
        print(f"and {len(report.troubles) - SAID} more (--report FILE has them all)", file=sys.stderr)
    counts = f"{report.new} new, {report.changed} changed, {report.same} as they were"
    if report.troubles:
        print(f"nothing was imported: {len(report.troubles)} troubles in the file", file=sys.stderr)
    elif given.dry_run:
        print(f"nothing was imported (dry run); it would be: {counts}")
    else:
        print(f"imported {given.sheet}: {counts}")


def _export(given: argparse.Namespace) -> None:
    with opened(given, patient=True) as database:
        code = consortium(database, given)
        progress = Progress("rows written")
        # Written down first: no file leaves without a trace.
        database.write(lambda session: _write_down(session, code, f"export/{given.sheet}", ""))
        try:
            count = export_file(database, code, SHEETS[given.sheet], given.file, step=progress.step)
        except OSError as fault:
            raise Trouble(f"cannot write {given.file}: {fault.strerror}") from None
        finally:
            progress.end()
    print(json.dumps({"rows": count}) if given.json else f"exported {given.sheet}: {count} rows in {given.file}")


def _write_down(session: Session, code: str, act: str, subject: str) -> None:
    moment = now()
    operator = Staff(code, OPERATOR, Role.MANAGER)
    write_down(session, operator, act, Done(subject=subject), moment, secrets.token_hex(8))
