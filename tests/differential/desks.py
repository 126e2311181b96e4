"""A generated world in a real store, and a kiosk beside it: what the store decides, and what the offline desk decides.

The mirror comes by the product's own pull: a signed snapshot, then pages; only HTTP is left out in between.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from circulation.affairs import CheckedIn
from circulation.events import Action, ClockState, Event, Kind, Told
from circulation.identifiers import ItemBarcode, KioskId, PatronRef, new_event_id
from circulation.model import Item, Patron
from circulation.outcomes import CheckedOut, Identified, Reason, Refused, Verdict
from circulation.presented import Presented, Source
from circulation.rules.facts import OfflinePolicy, PinState
from circulation.rules.offline import DO_NOT_KNOW
from circulation.rules.returns import route_of, was_on_loan
from circulation.rules.verdict import due_date
from membership_store.credentials import Kiosk
from membership_store.database import Database, Session
from membership_store.desk import StoreDesk
from membership_store.feed import Feed
from membership_store.returning import look_at_return
from membership_store.scope import Gone, Items, Patrons, Scope
from membership_store.signing import public_half, signing_key
from membership_store.situation import Opening, look, open_visit
from membership_store.spool import Spool
from offline_cache.generations import Generations
from offline_cache.journal import Entry
from offline_cache.keys import MirrorKey, load_key
from offline_cache.mirror import Mirror
from offline_cache.mirror_settings import MirrorSettings
from offline_cache.offline_desk import OfflineDesk
from offline_cache.pull import Clock, Puller
from offline_cache.store_client import Response
from tests.membership_store.test_loading import BRANCH, NOON
from tests.membership_store.two_sources import KIOSK, UNKNOWN, World, write

BOOT = "00000000-0000-4000-8000-000000000000"
TOLD = Told(BOOT, 1_000_000, ClockState.SYNCHRONISED)
_BEYOND = object()
# A membership at a library that has nothing to do with the region is not in the mirror: whether there is one that does
# not count here, or none at all, is the same "no" at the kiosk, and the same way to the desk.
_NONE_THAT_COUNTS = frozenset({Reason.NOT_SHARED, Reason.NO_MEMBERSHIP})
_names = (f"world-{n}" for n in count(1))


class FeedLine:
    """See `offline_cache.downloads.PullLine`: the store's feed, without HTTP in between."""

    def __init__(self, feed: Feed, kiosk: Kiosk) -> None:
        self._feed, self._kiosk = feed, kiosk

    def get(self, path: str, _deadline_s: float = 0) -> Response:
        """A page, a manifest or the key."""
        asked = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(asked.query).items()}
        scope = Scope(Patrons(query.get("patrons", "group")), Items(query.get("items", "group")))
        if asked.path == "/v1/mirror-key":
            return Response(200, self._feed.key(self._kiosk))
        if asked.path == "/v1/snapshot":
            return Response(200, self._feed.snapshot(self._kiosk, scope))
        try:
            return Response(200, self._feed.changes(self._kiosk, query["since"], int(query["limit"]), scope))
        except Gone:
            return Response(410, b"{}")

    def download(self, path: str, into: Path, _size: int) -> None:
        """The file of a snapshot."""
        with closing(self._feed.file(self._kiosk, path.rsplit("/", 1)[1])) as file, into.open("wb") as out:
            shutil.copyfileobj(file, out)


@dataclass
class Tally:
    """What was compared. `unknown`: the offline desk said that it does not know, by its reason."""

    decided: int = 0
    worlds: int = 0
    lent: int = 0
    unknown: Counter[str] = field(default_factory=Counter)

    def share_unknown(self) -> float:
        """Of all decisions."""
        return self.unknown.total() / max(1, self.decided)


class Pair:
    """One world, and both desks over it."""

    def __init__(self, database: Database, world: World, folder: Path) -> None:
        self.database, self.world, self.consortium = database, world, next(_names)
        write(database, self.consortium, world)
        self.kiosk = Kiosk(self.consortium, KIOSK, BRANCH)
        self.store = StoreDesk(database, lambda: NOON)
        self.own: list[Entry] = []
        self.scope = {one.ref for one in world.patrons if in_scope(world, one)}
        folder = folder / self.consortium
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_half(signing_key(database, self.consortium))))
        settings = MirrorSettings(KIOSK, "", folder, folder / "mirror", folder / "key", folder)
        line = FeedLine(Feed(database, lambda: NOON, Spool(folder / "spool")), self.kiosk)
        self._folder, self._settings = folder, settings
        self._puller = Puller(settings, line, public, Clock(lambda: NOON, lambda: TOLD))  # type: ignore[arg-type]
        self.pull()
        self.mirror = Mirror(settings.path, self._key)
        self.offline = OfflineDesk(
            self.mirror, lambda seq: [one for one in self.own if one.event.seq > seq], lambda *_: timedelta()
        )

    def _key(self) -> MirrorKey:
        return load_key(self._settings.key_file)

    def pull(self) -> None:
        """One round, as the kiosk's own process does it."""
        with Generations(self._settings.path).alone():
            self._puller.round()

    def close(self) -> None:
        """Nothing stays of it but the rows in the store."""
        self.mirror.close()
        shutil.rmtree(self._folder)

    # ---- both say what they think

    def compare(self, asked: list[tuple[Presented, ItemBarcode]], brought: list[ItemBarcode], tally: Tally) -> None:
        """Every visit, loan and return. Raises AssertionError at the first on which the two desks differ."""

        def read(session: Session) -> list[tuple[str, object, object]]:
            return list(self._both(session, asked, brought))

        for what, theirs, ours in self.database.read(read):
            tally.decided += 1
            if ours is _BEYOND:
                tally.unknown["beyond the scope"] += 1
            elif isinstance(ours, Refused) and ours.reason in DO_NOT_KNOW:
                tally.unknown[ours.reason.value] += 1
            else:
                assert _said(ours) == _said(theirs), (
                    f"{what} in {self.consortium}: the store says {theirs}, the offline desk {ours}"
                )
            tally.lent += isinstance(ours, tuple)

    def _is_whole(self, opened: Opening) -> bool:
        """Whether the mirror may know all whose pass this could be: others' data does not belong on this kiosk."""
        return all(holder.patron.ref in self.scope for holder in opened.visit.found)

    def _both(
        self, session: Session, asked: list[tuple[Presented, ItemBarcode]], brought: list[ItemBarcode]
    ) -> Iterator[tuple[str, object, object]]:
        hidden: set[Presented] = set()
        for by in dict.fromkeys(one for one, _ in asked):
            opened = open_visit(session, self.consortium, BRANCH, by, NOON, kiosk=KIOSK)
            who = self.offline.identify(by, NOON)
            if not self._is_whole(opened):
                hidden.add(by)
                yield f"visit {by.source}", _BEYOND, _BEYOND
                continue
            yield f"visit {by.source}", _plain(opened.verdict), None if isinstance(who, Identified) else who
        for by, barcode in asked:
            if by in hidden:
                continue
            seen = look(session, self.consortium, BRANCH, by, NOON, barcode, kiosk=KIOSK)
            theirs: object = _plain(seen.verdict)
            if theirs is None and seen.borrow is not None:
                theirs = ("lent", due_date(seen.borrow))
            said = self.offline.decide(Action.CHECK_OUT, by, barcode, NOON)
            yield "loan", theirs, ("lent", said.due) if isinstance(said, CheckedOut) else said
        for barcode in brought:
            taken = look_at_return(session, self.consortium, BRANCH, barcode, NOON)
            back = self.offline.decide(Action.CHECK_IN, None, barcode, NOON)
            theirs = _plain(taken.verdict)
            if theirs is None:
                theirs = ("taken", *route_of(taken.facts), was_on_loan(taken.facts))
            ours: object = back
            if isinstance(back, CheckedIn):
                ours = ("taken", back.route, back.place, back.was_on_loan)
            yield "return", theirs, ours

    # ---- and both hear what was done

    def lend(self, by: Presented, barcode: ItemBarcode) -> bool:
        """An item that the offline desk lends: a fact at the kiosk, told to the store; not pulled yet."""
        return self._fact(Action.CHECK_OUT, by, barcode)

    def bring(self, barcode: ItemBarcode) -> bool:
        """The same of an item that is laid down."""
        return self._fact(Action.CHECK_IN, None, barcode)

    def _fact(self, action: Action, by: Presented | None, barcode: ItemBarcode) -> bool:
        said = self.offline.decide(action, by, barcode, NOON)
        if isinstance(said, Refused):
            return False
        seq = len(self.own) + 1
        event = Event(
            new_event_id(seq, random.randbytes(10)),
            KioskId(KIOSK), seq, Kind.FACT, action, by, barcode, NOON, told=TOLD,
        )  # fmt: skip
        self.own.append(Entry(event, "open", promised=said))
        delivered = self.store.deliver_all(self.kiosk, [event], TOLD)
        assert delivered.acked_seq == seq
        return True


def _plain(verdict: Verdict) -> Refused | None:
    """What decided; texts stay in the store (K3)."""
    return verdict.decided


def _said(answer: object) -> object:
    """A verdict: by which rule and why, what next, how much. How a place is called is no part of it."""
    if not isinstance(answer, Refused):
        return answer
    if answer.reason in _NONE_THAT_COUNTS:
        return _NONE_THAT_COUNTS
    values = {name: value for name, value in answer.values.items() if name != "place"}
    return answer.reason, answer.rule, answer.next, values


def in_scope(world: World, patron: Patron) -> bool:
    """Whether the region of the kiosk's branch has to do with this patron: only then the mirror holds anything."""
    here = world.here
    group = {code for code in here.institutions if here.same_group(code)} if here.shares_memberships else set()
    places = group | {here.branch.institution}
    linked = {place for card in patron.passes for place in card.institutions}
    return bool(places & (linked | {row.institution for row in patron.memberships}))


def tame(world: World, chance: random.Random) -> World:
    """Few passes that need a PIN or are another region's, few branches that allow nothing: all else is decided."""
    # Nor is a lock after wrong PINs in the mirror (P6): it is over within minutes, a mirror is older than that.
    pins = dict.fromkeys(world.pins, PinState.NOT_SHOWN)
    if chance.random() < 0.01:
        return replace(world, pins=pins)
    world = replace(world, policy=replace(world.policy, offline=OfflinePolicy()))
    strangers = {one.ref for one in world.patrons if not in_scope(world, one)}
    world = replace(world, patrons=tuple(one for one in world.patrons if one.ref not in strangers))
    world = replace(world, items=tuple(without(one, strangers) for one in world.items))
    patrons = tuple(
        replace(
            one,
            pin_required=False,
            passes=tuple(replace(card, document_number=False, eid=False) for card in one.passes),
        )
        for one in world.patrons
    )
    return replace(world, patrons=patrons, branch=replace(world.branch, asks_pin=False), pins=pins)


def without(item: Item, strangers: set[PatronRef]) -> Item:
    """The item as if these had never been."""
    return replace(
        item,
        loan=None if item.loan is not None and item.loan.patron in strangers else item.loan,
        hold=None if item.hold is not None and item.hold.patron in strangers else item.hold,
        wanted_by=tuple(one for one in item.wanted_by if one.patron not in strangers),
    )


def passes_of(world: World) -> list[Presented]:
    """Every pass of the world, by each of its sides."""
    shown = []
    for patron in world.patrons:
        for card in patron.passes:
            shown.append(Presented(Source.BARCODE, card.number))
            shown += [Presented(Source.CHIP, None, uid) for uid in sorted(card.chips)]
            shown += [Presented(Source.CHIP, card.number, uid) for uid in sorted(card.chips)]
    return list(dict.fromkeys(shown))


def questions(
    world: World, chance: random.Random, most: int
) -> tuple[list[tuple[Presented, ItemBarcode]], list[ItemBarcode]]:
    """Who asks for what, and what is brought; now and then somebody or something that nobody knows."""
    shown, items = passes_of(world), [one.barcode for one in world.items]
    asked = [(by, barcode) for by in shown for barcode in items]
    asked = chance.sample(asked, min(most, len(asked)))
    if chance.random() < 0.15:
        asked.append((chance.choice(shown), UNKNOWN) if shown else (Presented(Source.BARCODE, None), UNKNOWN))
    return [one for one in asked if one[0].number or one[0].uid], items


def everything(database: Database, world: World, folder: Path, chance: random.Random, tally: Tally, most: int) -> None:
    """Compares on a fresh mirror, after own events that were not pulled, and after the next page."""
    world = tame(world, chance)
    with closing(Pair(database, world, folder)) as pair:
        tally.worlds += 1
        asked, brought = questions(world, chance, most)
        pair.compare(asked, brought, tally)
        done = 0
        for by, barcode in chance.sample(asked, len(asked)):
            done += pair.lend(by, barcode)
            if done >= 2:
                break
        if chance.random() < 0.5:
            done += pair.bring(chance.choice(brought))
        if done:
            pair.compare(asked, brought, tally)
        if done and chance.random() < 0.25:
            pair.pull()
            pair.compare(asked, brought, tally)
