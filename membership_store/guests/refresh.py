"""Asks the home of every guest, every night (G7, G8): homes side by side, each at its own pace.

A home that is silent holds up nobody: after three questions without an answer it is left, and tried again at the end.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime

from circulation.rules.guests import HomeOutcome, HomeSays
from membership_store.database import Database, Session
from membership_store.guests.connectors import Connect, NoConnector, connect
from membership_store.guests.enrolment import believed
from membership_store.guests.homes import Home, HomeLibrary, home_of, isil_of
from membership_store.guests.night import Night, forget_old, keep, keep_silence, question_about, still_to_ask
from membership_store.network import local_date

Clock = Callable[[], datetime]
SLICE = 500
UNLISTED = "this home library is not listed, or its ISIL is malformed (G1)"


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient a night is. `within_s`: for one answer. `silences`: in a row, after which a home is left alone.

    `rounds`: how often a silent home is tried in all, `rest_s` apart. `together`: homes at one time.
    """

    within_s: float = 10.0
    silences: int = 3
    rounds: int = 3
    rest_s: float = 60.0
    together: int = 32


@dataclass(slots=True)
class OfHome:
    """What one home library said in the night: how many guests by outcome, and why it could not be asked."""

    said: Counter[str] = field(default_factory=Counter)
    why: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What a night brought. `before`: guests that an earlier run of the same night had settled are not in it."""

    night: date
    homes: Mapping[str, OfHome]

    @property
    def total(self) -> Counter[str]:
        """Guests by outcome, of all homes."""
        return sum((one.said for one in self.homes.values()), Counter())

    @property
    def silent(self) -> int:
        """Guests who stay unverified."""
        return self.total[HomeOutcome.SILENT.value]


class Refresh:
    """One run over the guests of a consortium. `clock` gives UTC; the night is the library's own date then."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        consortium: str,
        *,
        connecting: Connect = connect,
        pace: Pace = Pace(),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database, self._clock = database, clock
        self._connect, self._pace, self._sleep = connecting, pace, sleep
        self.night = Night(consortium, database.read(lambda session: _tonight(session, consortium, clock())))
        self._lock = threading.Lock()

    def waiting(self) -> dict[str, list[str]]:
        """The guests that are still to be asked, by ISIL."""
        return self._database.read(lambda session: still_to_ask(session, self.night))

    def run(self, waiting: Mapping[str, Sequence[str]], step: Callable[[], None] = lambda: None) -> Report:
        """Asks about these guests; `step` is told of each that is settled. Raises StoreUnavailable."""
        report = Report(self.night.date, {isil: OfHome() for isil in waiting})
        left: dict[str, Sequence[str]] = dict(waiting)
        for turn in range(self._pace.rounds):
            if turn and left:
                self._sleep(self._pace.rest_s)
            left = self._round(left, report, step)
            hopeless = {isil: rest for isil, rest in left.items() if report.homes[isil].why}
            self._give_up(hopeless, report, step)
            left = {isil: rest for isil, rest in left.items() if isil not in hopeless}
        self._give_up(left, report, step)
        self._database.write(lambda session: forget_old(session, self.night))
        return report

    def _round(
        self, left: Mapping[str, Sequence[str]], report: Report, step: Callable[[], None]
    ) -> dict[str, Sequence[str]]:
        """Asks each home in a thread of its own; gives what had no answer."""
        if not left:
            return {}
        with ThreadPoolExecutor(min(self._pace.together, len(left)), "home") as threads:
            jobs = {
                isil: threads.submit(self._ask_all, isil, patrons, report.homes[isil], step)
                for isil, patrons in left.items()
            }
            rests = {isil: job.result() for isil, job in jobs.items()}
        return {isil: rest for isil, rest in rests.items() if rest}

    def _ask_all(self, isil: str, patrons: Sequence[str], told: OfHome, step: Callable[[], None]) -> Sequence[str]:
        """Asks one home about its guests, at its pace; gives those about whom it said nothing."""
        known = isil_of(isil)
        home = None
        if known is not None:
            home = self._database.read(lambda session: home_of(session, self.night.consortium, known))
        if home is None:
            told.why = UNLISTED
            return patrons
        line = self._connect(home)
        if isinstance(line, NoConnector):
            told.why = line.why
            return patrons
        try:
            return self._ask_line(home, line, patrons, told, step)
        finally:
            line.close()

    def _ask_line(
        self, home: Home, line: HomeLibrary, patrons: Sequence[str], told: OfHome, step: Callable[[], None]
    ) -> Sequence[str]:
        silent: list[str] = []
        in_a_row, due = 0, time.monotonic()
        for n, patron in enumerate(patrons):
            self._wait_until(due)
            due = max(due, time.monotonic()) + 60 / home.per_minute
            says = self._ask(home, line, patron)
            if says is None or says.outcome is HomeOutcome.SILENT:
                silent.append(patron)
                in_a_row += says is not None
                if in_a_row >= self._pace.silences:
                    return [*silent, *patrons[n + 1 :]]
                continue
            in_a_row = 0
            self._settle(home, patron, says)
            told.said[says.outcome.value] += 1
            with self._lock:
                step()
        return silent

    def _ask(self, home: Home, line: HomeLibrary, patron: str) -> HomeSays | None:
        """What home says; None of a guest without a pass, about whom it cannot be asked."""
        question = self._database.read(lambda session: question_about(session, self.night, home.isil, patron))
        if question is None:
            return None
        return believed(line.ask(question, self._pace.within_s), self.night.date)

    def _settle(self, home: Home, patron: str, says: HomeSays) -> None:
        now = self._clock()
        self._database.write(lambda session: keep(session, self.night, home.isil, patron, says, now))

    def _give_up(self, left: Mapping[str, Sequence[str]], report: Report, step: Callable[[], None]) -> None:
        """Notes the silence about who is left."""
        for isil, patrons in left.items():
            for begin in range(0, len(patrons), SLICE):
                self._note_silence(isil, patrons[begin : begin + SLICE])
            report.homes[isil].said[HomeOutcome.SILENT.value] += len(patrons)
            for _ in patrons:
                step()

    def _note_silence(self, isil: str, some: Sequence[str]) -> None:
        now = self._clock()
        self._database.write(lambda session: keep_silence(session, self.night, isil, some, now))

    def _wait_until(self, due: float) -> None:
        left = due - time.monotonic()
        if left > 0:
            time.sleep(left)


def _tonight(session: Session, consortium: str, now: datetime) -> date:
    """The library's own date: the night that begins on Saturday and is asked on Sunday at four is Sunday's."""
    rows = session.rows("SELECT zone FROM branch WHERE consortium = ? ORDER BY branch", consortium)
    return local_date(now, str(rows[0][0]) if rows else "Europe/Amsterdam")
