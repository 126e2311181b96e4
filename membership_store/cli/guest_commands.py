"""`guests refresh`: asks the home of every guest, as every night (G7, G8). Broken off, it goes on where it stopped."""

import argparse
import json
import logging

from membership_store.cli.command import Commands, Progress, Trouble, add, consortium, family, now, opened, show
from membership_store.database import Database
from membership_store.guests.refresh import Pace, Refresh, Report

UNVERIFIED = 1


def register(commands: Commands) -> None:
    """Adds the commands."""
    usual = Pace()
    guests = family(commands, "guests", "guests of other libraries")
    refresh = add(guests, "refresh", "ask the home library of every guest; exit code 1 where one was silent", _refresh)
    refresh.add_argument("--consortium", help="one only; else all that the database holds")
    refresh.add_argument("--within", type=float, default=usual.within_s, metavar="S", help="seconds for an answer")
    refresh.add_argument("--rounds", type=int, default=usual.rounds, help="how often a silent home is tried")
    refresh.add_argument("--rest", type=float, default=usual.rest_s, metavar="S", help="seconds between these")
    refresh.add_argument("--json", action="store_true", help="print JSON instead of a table")


def _refresh(given: argparse.Namespace) -> None:
    if given.within <= 0 or given.rounds < 1 or given.rest < 0:
        raise Trouble("--within and --rounds are more than nothing, --rest is no less than nothing")
    logging.basicConfig(level=logging.ERROR)
    pace = Pace(within_s=given.within, rounds=given.rounds, rest_s=given.rest)
    with opened(given) as database:
        reports = {code: _one(database, code, pace) for code in _consortia(database, given)}
    rows = [_row(code, report, isil) for code, report in reports.items() for isil in report.homes]
    if given.json:
        silent = sum(report.silent for report in reports.values())
        print(json.dumps({"homes": rows, "unverified": silent}, ensure_ascii=False, indent=2))
    else:
        show(rows, as_json=False, nothing="every guest was asked about already, or there is none")
    if any(report.silent for report in reports.values()):
        raise SystemExit(UNVERIFIED)


def _consortia(database: Database, given: argparse.Namespace) -> list[str]:
    if given.consortium:
        return [consortium(database, given)]
    rows = database.read(lambda session: session.rows("SELECT consortium FROM consortium ORDER BY consortium"))
    return [str(code) for (code,) in rows]


def _one(database: Database, code: str, pace: Pace) -> Report:
    refresh = Refresh(database, now, code, pace=pace)
    waiting = refresh.waiting()
    progress = Progress(f"guests of {code}", sum(map(len, waiting.values())))
    try:
        return refresh.run(waiting, progress.step)
    finally:
        progress.end()


def _row(code: str, report: Report, isil: str) -> dict[str, object]:
    one = report.homes[isil]
    counts = {name: one.said[name] for name in ("valid", "ended", "unknown", "silent")}
    return {"consortium": code, "night": report.night.isoformat(), "home": isil, **counts, "why": one.why}
