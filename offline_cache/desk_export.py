"""What a kiosk did, as a file for the desk: CSV, or the .koc of Koha's offline circulation (version 1.0).

In .koc a line is: local time, a word, pass and item, with tabs between. Payments have no key there: what is uploaded
twice is paid twice, so that a file is made once and its making is noted.
"""

import csv
import io
import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from circulation.events import Action, Event, Kind
from offline_cache.journal import Entry

MODE = 0o600
COLUMNS = (
    "number",
    "event",
    "done_at",
    "clock",
    "act",
    "told_as",
    "state",
    "why",
    "pass",
    "chip",
    "item",
    "due",
    "cents",
    "terminal",
)
_KOC_HEAD = "Version=1.0\tGenerator=library-kiosk\tGeneratorVersion=1.0"


def as_csv(entries: Sequence[Entry]) -> tuple[str, int]:
    """All of them, and that none was left out. Instants are UTC, money is in cents, `due` is what was promised."""
    text = io.StringIO()
    text.write("\ufeff")  # as the store writes its sheets: a spreadsheet then knows that this is UTF-8
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for one in entries:
        writer.writerow([_harmless(cell) for cell in _cells(one)])
    return text.getvalue(), 0


def as_koc(entries: Sequence[Entry], zone: tzinfo | None = None) -> tuple[str, int]:
    """Loans, renewals, returns and payments that were done, and how many of those it cannot tell (a chip only)."""
    lines, left_out = [_KOC_HEAD], 0
    for one in entries:
        if one.event.kind is Kind.VOID or one.state in ("given_up", "voided") or not _was_done(one):
            continue
        said = _koc(one.event)
        if said is None:
            left_out += 1
        else:
            local = one.event.at.astimezone(zone)
            stamp = f"{local:%Y-%m-%d %H:%M:%S} {local.microsecond // 1000:03}"
            lines.append("\t".join((stamp, *said)))
    return "".join(f"{line}\r\n" for line in lines), left_out


FORMATS: Mapping[str, Callable[[Sequence[Entry]], tuple[str, int]]] = {"csv": as_csv, "koc": as_koc}


def write_private(file: Path, text: str) -> None:
    """A new file that its owner alone may read. Raises FileExistsError, OSError."""
    # Not by `write_whole`: what staff named must not take the place of another file.
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE), "w", newline="") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())


def note_export(journal: Path, at: datetime, who: str, what: Mapping[str, str | int]) -> None:
    """One line in the list of exports beside the journal: when, who, how many; never of whom. Raises OSError."""
    line = json.dumps({"at": at.astimezone(UTC).isoformat(timespec="seconds"), "who": who, **what}) + "\n"
    audit = journal.with_name(journal.name + ".audit")
    descriptor = os.open(audit, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, MODE)
    try:
        os.write(descriptor, line.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _was_done(entry: Entry) -> bool:
    """A fact was done; a request was where it was answered with something else than no."""
    from circulation.outcomes import Refused, Voided

    if entry.event.kind is Kind.FACT:
        return True
    return entry.answer is not None and not isinstance(entry.answer, Refused | Voided)


def _koc(event: Event) -> tuple[str, ...] | None:
    number = event.presented.number if event.presented else None
    if event.action is Action.CHECK_IN:
        return "return", event.scanned
    if number is None:
        return None
    if event.action in (Action.CHECK_OUT, Action.RENEW):  # an issue to who has it already renews it there
        return "issue", number, event.scanned
    if event.action is Action.PAY and event.payment is not None:
        return "payment", number, f"{event.payment.cents // 100}.{event.payment.cents % 100:02}"
    return None


def _cells(entry: Entry) -> tuple[str, ...]:
    event, promised = entry.event, entry.promised or entry.answer
    shown = event.presented
    return (
        str(event.seq),
        event.id,
        event.at.astimezone(UTC).isoformat(timespec="seconds"),
        event.told.clock.value if event.told else "",
        event.action.value,
        event.kind.value,
        entry.state,
        entry.why,
        (shown.number or "") if shown else "",
        (shown.uid or "") if shown else "",
        event.item or "",
        str(getattr(promised, "due", "")),
        str(event.payment.cents) if event.payment else "",
        event.payment.terminal if event.payment else "",
    )


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@") else cell
