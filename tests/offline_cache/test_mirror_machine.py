"""Whatever is pulled, cut off, repeated or killed, in whatever order: a mirror is what a fresh snapshot would be."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from circulation.events import ClockState, Told
from circulation.identifiers import ItemBarcode, PassNumber
from circulation.presented import Presented, Source
from offline_cache.downloads import PullLine
from offline_cache.mirror import Mirror, NoMirror
from offline_cache.mirror_settings import MirrorSettings
from offline_cache.pull import CannotPull, Clock, Puller
from tests.offline_cache.mirrors import contents
from tests.offline_cache.model_store import KEY, Killed, ModelStore, down, item, killed, network, patron

NAMES, NUMBERS, BOOKS = ("anna", "bert", "cor"), ("20000000000014", "20000000000022", "20000000000030"), ("B1", "B2")
# What a process ends is the same there, and a hundred syncs a run cost nothing.
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
# Else nearly every round would begin with a snapshot.
SELDOM = st.integers(0, 7).map(lambda number: number == 7)
some_passes = st.lists(st.sampled_from(NUMBERS), unique=True, max_size=3).map(tuple)


class MirrorMachine(RuleBasedStateMachine):
    """One kiosk and its store. `caught_up`: whether the last round went to its end."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY))
        self.store = ModelStore(signer=ModelStore().signer)
        (self.folder / "mirror").mkdir(0o700)
        self.settings = MirrorSettings(
            "annen-1", "http://store", self.folder, self.folder / "mirror", self.folder / "key", self.folder / "pub"
        )
        self.boot = 0
        self.puller = self._new_puller()
        self.reader = Mirror(self.folder / "mirror", lambda: KEY)
        self.said: dict[str, Any] | None = None
        self.versions: dict[bytes, int] = {}
        self.generation = ""

    def _new_puller(self) -> Puller:
        self.boot += 1
        told = Told(f"boot-{self.boot}", self.boot, ClockState.SYNCHRONISED)
        clock = Clock(lambda: self.store.now, lambda: told)
        return Puller(self.settings, cast(PullLine, self.store), self.store.signer.public_key(), clock)

    @rule(name=st.sampled_from(NAMES), passes=some_passes, emailed=st.booleans())
    def patron_changes(self, name: str, passes: tuple[str, ...], emailed: bool) -> None:
        self.store.change("patron", name, patron(name, passes, **({"emailed": True} if emailed else {})))

    @rule(name=st.sampled_from(NAMES))
    def patron_goes(self, name: str) -> None:
        self.store.change("patron", name, None)

    @rule(barcode=st.sampled_from(BOOKS), there=st.booleans(), interlibrary=st.booleans())
    def item_changes(self, barcode: str, there: bool, interlibrary: bool) -> None:
        more = {"interlibrary": True} if interlibrary else {}
        self.store.change("item", barcode, item(barcode, **more) if there else None)

    @rule(limit=st.integers(0, 9999))
    def network_changes(self, limit: int) -> None:
        self.store.change("network", "", network(limit))

    @rule(acked=st.integers(1, 3))
    def events_are_taken(self, acked: int) -> None:
        self.store.acked += acked

    @rule(seldom=SELDOM)
    def store_prunes(self, seldom: bool) -> None:
        if seldom:
            self.store.pruned = self.store.head

    @rule(seldom=SELDOM)
    def store_is_restored(self, seldom: bool) -> None:
        if seldom:
            self.store.restore()

    @rule()
    def snapshots_are_thrown_away(self) -> None:
        self.store.forget()

    @rule()
    def an_hour_later_a_new_snapshot_is_offered(self) -> None:
        self.store.now += timedelta(hours=1)
        self.store.offered = None

    @rule(limit=st.integers(1, 4), anew=SELDOM)
    def pull(self, limit: int, anew: bool) -> None:
        self.store.limit, self.store.most_bytes, self.store.at_call = limit, None, lambda _: None
        event(self.puller.round(anew=anew).value)
        live = contents(self.puller._generations, KEY)
        assert live == self._fresh()
        assert self.reader.picture().cursor == f"{self.store.generation}:{self.store.head}"
        assert not (self.folder / "mirror" / "incoming.part").exists()
        self.said = live

    @rule(limit=st.integers(1, 2), calls=st.integers(0, 4), kill=st.booleans(), anew=SELDOM)
    def pull_that_ends_early(self, limit: int, calls: int, kill: bool, anew: bool) -> None:
        left = calls

        def then(path: str) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                (killed if kill else down)(path)

        self.store.limit, self.store.most_bytes, self.store.at_call = limit, 300, then
        with suppress(CannotPull, Killed):
            self.puller.round(anew=anew)
        if kill:
            self.puller = self._new_puller()

    @rule(seldom=SELDOM)
    def a_reader_finds_damage(self, seldom: bool) -> None:
        live = self.puller._generations.live()
        if live is not None and seldom:
            self.puller._generations.damaged_file(live).touch()

    @invariant()
    def what_is_read_is_whole_and_never_older(self) -> None:
        if not hasattr(self, "reader"):
            return
        try:
            with self.reader.reading() as now:
                picture = now.picture()
                for number in NUMBERS:
                    for one in now.found(Presented(Source.BARCODE, PassNumber(number))):
                        assert one.card.number == number
                        assert one.card in one.patron.passes
                for barcode in BOOKS:
                    known = now.item(ItemBarcode(barcode))
                    assert known is None or known.barcode == barcode
        except NoMirror:
            assert self.puller._generations.live() is None
            return
        versions = self._versions()
        if picture.generation == self.generation:
            for mask, ver in self.versions.items():
                assert versions.get(mask, ver) >= ver
        self.generation, self.versions = picture.generation, versions

    def _versions(self) -> dict[bytes, int]:
        live = self.puller._generations.live()
        assert live is not None
        with closing(sqlite3.connect(self.puller._generations.file(live))) as db:
            return dict(db.execute("SELECT key, ver FROM patron UNION ALL SELECT key, ver FROM item").fetchall())

    def _fresh(self) -> dict[str, Any]:
        """What a snapshot of now says, without any code of the mirror's."""
        rows = [json.loads(line) for line in self.store.snapshot_lines()]
        patrons = {one["key"]: one["patron"] for one in rows if one["kind"] == "patron"}
        masks = {key: sorted({card["number"] for card in body.get("passes", ())}) for key, body in patrons.items()}
        return {
            "patrons": {key: (body, bytes.fromhex("".join(masks[key]))) for key, body in patrons.items()},
            "items": {one["key"]: one["item"] for one in rows if one["kind"] == "item"},
            "ways": {(bytes.fromhex(mask), key) for key, some in masks.items() for mask in some},
            "network": next(
                {name: one[name] for name in ("here", "zone", "branches")} for one in rows if one["kind"] == "network"
            ),
            "place": (self.store.generation, self.store.head, self.store.acked),
        }

    def teardown(self) -> None:
        if hasattr(self, "reader"):
            self.reader.close()
            shutil.rmtree(self.folder)


TestMirror = MirrorMachine.TestCase
TestMirror.settings = settings(
    max_examples=50, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
