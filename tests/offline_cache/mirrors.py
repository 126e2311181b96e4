"""A kiosk's memory over a real store, for tests: its configuration, its pull, its reader, what is in it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from circulation.events import ClockState, Told
from circulation.presented import Presented
from circulation.rules.facts import Holder
from membership_store.opening import open_database
from membership_store.signing import public_half, signing_key
from offline_cache.downloads import PullLine
from offline_cache.generations import Generations
from offline_cache.keys import MirrorKey, load_key
from offline_cache.mirror import Mirror
from offline_cache.mirror_settings import MirrorSettings, read_settings
from offline_cache.pull import Clock, Pulled, Puller
from offline_cache.sealing import read_key
from tests.membership_store.running import Caller, StoreProcess


class TellingClock:
    """A kiosk's clock that is right until a test says otherwise."""

    def __init__(self) -> None:
        self.shift_ms = 0
        self.boot = "boot-1"
        self.state = ClockState.SYNCHRONISED
        self.fixed: datetime | None = None

    def now(self) -> datetime:
        """The wall clock."""
        return self.fixed or datetime.now(UTC)

    def told(self) -> Told:
        """A boot that began with the epoch."""
        return Told(self.boot, int(datetime.now(UTC).timestamp() * 1000) + self.shift_ms, self.state)


@dataclass
class Rig:
    """One kiosk: its folder, its store, and who asks it."""

    folder: Path
    store: StoreProcess
    caller: Caller
    clock: TellingClock = field(default_factory=TellingClock)
    patrons: str = "group"
    items: str = "group"
    _open: list[Any] = field(default_factory=list)

    @property
    def config(self) -> Path:
        """The configuration file, written anew."""
        (self.folder / "kiosk.token").write_text(self.caller.token)
        with closing(open_database(self.store.database)) as opened:
            (self.folder / "store.pub").write_text(public_half(signing_key(opened, self.caller.kiosk.consortium)))
        file = self.folder / "kiosk.toml"
        file.write_text(
            f'[kiosk]\nid = "{self.caller.kiosk.id}"\n[branch]\nname = "Annen"\n'
            f'[store]\nurl = "{self.store.url}"\ntoken_file = "kiosk.token"\n'
            f'[mirror]\npath = "mirror"\nkey_file = "keys/mirror.key"\nstore_key_file = "store.pub"\n'
            f'patrons = "{self.patrons}"\nitems = "{self.items}"\npull_seconds = 5\n'
        )
        return file

    @property
    def settings(self) -> MirrorSettings:
        """As the pull reads them."""
        return read_settings(self.config)

    @property
    def generations(self) -> Generations:
        """The mirror's files."""
        return Generations(self.folder / "mirror")

    def key(self) -> MirrorKey:
        """The key, as the pull kept it."""
        return load_key(self.folder / "keys" / "mirror.key")

    def puller(self, line: PullLine | None = None) -> Puller:
        """A new pull, as after a start."""
        settings = self.settings
        public = Ed25519PublicKey.from_public_bytes(read_key(settings.store_key_file))
        made = line or PullLine(settings.url, self.caller.token)
        self._open.append(made)
        return Puller(settings, made, public, Clock(self.clock.now, self.clock.told))

    def pull(self, line: PullLine | None = None, *, anew: bool = False) -> Pulled:
        """A round, alone."""
        with self.generations.alone():
            return self.puller(line).round(anew=anew)

    def reader(self) -> Mirror:
        """The kiosk's side."""
        made = Mirror(self.folder / "mirror", self.key)
        self._open.append(made)
        return made

    def close(self) -> None:
        """Lets everything go."""
        for one in self._open:
            one.close()


def only(found: tuple[Holder, ...]) -> Holder:
    """The one holder."""
    (one,) = found
    return one


def contents(generations: Generations, key: MirrorKey) -> dict[str, Any]:
    """All that the live mirror says, opened: what must be equal between two mirrors of one cursor."""
    live = generations.live()
    assert live is not None
    with closing(sqlite3.connect(generations.file(live))) as db:
        seal = key.rows
        patrons = {
            mask.hex(): (json.loads(seal.open(body, f"patron/{mask.hex()}")), passes)
            for mask, passes, body in db.execute("SELECT key, passes, body FROM patron WHERE body IS NOT NULL")
        }
        items = {
            mask.hex(): json.loads(seal.open(body, f"item/{mask.hex()}"))
            for mask, body in db.execute("SELECT key, body FROM item WHERE body IS NOT NULL")
        }
        ways = {
            (mask, patron.hex())
            for mask, patron in db.execute("SELECT c.key, p.key FROM pass c JOIN patron p ON p.id = c.patron")
        }
        (network,) = db.execute("SELECT body FROM network").fetchone()
        place = db.execute("SELECT generation, seq, acked_seq FROM picture").fetchone()
    return {
        "patrons": patrons,
        "items": items,
        "ways": ways,
        "network": json.loads(seal.open(network, "network")),
        "place": place,
    }


def shown_only(presented: Presented) -> frozenset[str]:
    """What of a pass the kiosk may say in the clear."""
    return frozenset(str(one) for one in (presented.number, presented.uid) if one is not None)
