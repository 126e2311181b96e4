"""Two networks with a real store each, ten kiosks at each: journal, replay, mirror and offline desk, in one process.

Time is simulated, so that hours pass in minutes; chance has a number, so that a run can be had again.
"""

from __future__ import annotations

import random
import time
from collections import Counter as Count
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from circulation.desk import DeskFault, DeskUnreachable
from circulation.events import Action, ClockState, Told
from circulation.identifiers import ItemBarcode, KioskId
from circulation.outcomes import Refused
from circulation.presented import Presented
from membership_store.database import Session
from membership_store.feed import Feed
from membership_store.signing import public_half, signing_key
from membership_store.spool import Spool
from offline_cache.generations import Generations
from offline_cache.journal import Entry, Journal
from offline_cache.keys import load_key
from offline_cache.mirror import Mirror
from offline_cache.mirror_settings import MirrorSettings
from offline_cache.offline_desk import OfflineDesk
from offline_cache.pull import CannotPull, Clock, Puller
from offline_cache.replay import Replay
from offline_cache.sealing import Seal
from tests.differential.desks import FeedLine
from tests.membership_store.counter import Counter
from tests.offline_cache.journals import KEY, ids
from tests.offline_cache.lines import WEATHER, Stormy

VISIT_S, CUT_S, PULL_S = 240.0, 3600.0, 300.0


@dataclass
class SoakedKiosk:
    """One kiosk of the product's own parts. `down_until`: its line is cut until then."""

    store: Counter
    folder: Path
    passes: list[Presented]
    chance: random.Random
    down_until: datetime | None = None
    did: Count[str] = field(default_factory=Count)

    def __post_init__(self) -> None:
        who = self.store.kiosk
        self.began = self.store.now
        public = public_half(signing_key(self.store.database, who.consortium))
        self.settings = MirrorSettings(
            who.id, "", self.folder, self.folder / "mirror", self.folder / "key", self.folder
        )
        feed = Feed(self.store.database, lambda: self.store.now, Spool(self.folder / "spool"))
        clock = Clock(lambda: self.store.now, self.told)
        line = FeedLine(feed, who)
        self.puller = Puller(self.settings, line, Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)), clock)  # type: ignore[arg-type]
        self.mirror = Mirror(self.settings.path, lambda: load_key(self.settings.key_file))
        self.line = Stormy(self.store.desk, who)
        self.new_id = ids(time.time_ns() // 1_000_000)
        self._open()

    def _open(self) -> None:
        self.journal = Journal(self.folder / "journal.db", Seal(KEY), KioskId(self.store.kiosk.id), self.new_id)
        self.replay = Replay(self.line, self.journal, self.told)
        self.offline = OfflineDesk(
            self.mirror,
            self.journal.since,
            lambda as_of, _: timedelta(milliseconds=self.told().since_boot_ms - as_of.told.since_boot_ms),
        )

    def told(self) -> Told:
        """The kiosk's clock, which is right."""
        passed = (self.store.now - self.began) // timedelta(milliseconds=1) + 1000
        return Told(f"boot-{self.store.kiosk.id}", passed, ClockState.SYNCHRONISED)

    @property
    def is_up(self) -> bool:
        return self.down_until is None or self.store.now >= self.down_until

    def cut(self, seconds: float) -> None:
        """Nobody hears it from now on."""
        self.down_until = self.store.now + timedelta(seconds=seconds)

    def die(self) -> None:
        """The process ends anywhere and begins anew."""
        self.journal.close()
        self._open()
        self.did["deaths"] += 1

    def pull(self) -> None:
        """A round of the pull, if the line is there."""
        if self.is_up:
            with Generations(self.settings.path).alone(), suppress(CannotPull):
                self.puller.round()

    def deliver(self, weather: str = "good") -> str:
        """Tells what waits; why something still does."""
        if not self.is_up:
            return "cut"
        self.line.weather = [weather]
        return self.replay.deliver(time.monotonic() + 30).silence

    def visit(self, books: list[ItemBarcode]) -> None:
        """Somebody borrows or brings something back."""
        action = Action.CHECK_OUT if self.chance.random() < 0.6 else Action.CHECK_IN
        shown = self.chance.choice(self.passes) if action is Action.CHECK_OUT else None
        book, now = self.chance.choice(books), self.store.now
        weather = self.chance.choice(WEATHER) if self.chance.random() < 0.3 else "good"
        if self.is_up and not self.deliver(weather):
            event = self.journal.append(action, shown, book, now, self.told())
            self.line.weather = [self.chance.choice(WEATHER) if self.chance.random() < 0.2 else "good"]
            try:
                batch = self.line.tell([event], self.told(), 5.0)
                self.journal.answered_all([(event, batch.answers[0])], batch.acked_seq)
                self.did["on line"] += 1
            except (DeskUnreachable, DeskFault, IndexError):
                said = self.offline.decide(action, shown, book, now, apart_from=event.id)
                if isinstance(said, Refused):
                    self.did["left open"] += 1
                else:
                    self.journal.turn_into_fact(event, said)
                    self.did["turned into a fact"] += 1
            return
        said = self.offline.decide(action, shown, book, now)
        if isinstance(said, Refused):
            self.did["refused without a line"] += 1
            return
        self.journal.append_fact(action, shown, book, now, self.told(), said)
        self.did["without a line"] += 1

    def close(self) -> None:
        """Lets the files go."""
        self.mirror.close()
        self.journal.close()


def happenings(
    kiosks: list[SoakedKiosk], stores: list[Counter], books: list[ItemBarcode], hours: float, chance: random.Random
) -> Iterator[None]:
    """Everything that happens in so many simulated hours."""
    begin = stores[0].now
    next_pull = begin
    while stores[0].now - begin < timedelta(hours=hours):
        passed = timedelta(seconds=chance.expovariate(len(kiosks) / VISIT_S))
        for store in stores:
            store.now += passed
        kiosk = chance.choice(kiosks)
        if chance.random() < VISIT_S / CUT_S:
            kiosk.cut(chance.expovariate(1 / 1800))
        if chance.random() < 0.02:
            kiosk.die()
        if chance.random() < 0.05:
            kiosk.line.arrives()
        kiosk.visit(books)
        if stores[0].now >= next_pull:
            next_pull += timedelta(seconds=PULL_S)
            for one in kiosks:
                one.pull()
        yield


def answered_there(kiosk: SoakedKiosk) -> list[tuple[int, str]]:
    """What the kiosk's store answered: number and EventId, in sequence."""

    def read(session: Session) -> list[tuple[int, str]]:
        asked = "SELECT seq, event FROM event_answer WHERE consortium = ? AND kiosk = ? ORDER BY seq"
        return [(int(row[0]), str(row[1])) for row in session.rows(asked, *_who(kiosk))]

    return kiosk.store.database.read(read)


def _who(kiosk: SoakedKiosk) -> tuple[str, str]:
    return kiosk.store.kiosk.consortium, kiosk.store.kiosk.id


def entries(kiosk: SoakedKiosk) -> list[Entry]:
    """The kiosk's own ledger."""
    return kiosk.journal.since(0)
