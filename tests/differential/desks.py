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
from circulation.identifiers import BranchCode, InstitutionCode, ItemBarcode, KioskId, PatronRef, new_event_id
from circulation.model import Branch, Item, Patron
from circulation.outcomes import CheckedOut, Identified, Reason, Refused, Verdict
from circulation.presented import Presented, Source
from circulation.rules.facts import Borrow, Holder, OfflinePolicy, PinState, Visit
from circulation.rules.offline import DO_NOT_KNOW
from circulation.rules.returns import route_of, was_on_loan
from circulation.rules.verdict import due_date, on_borrow, on_visit, told
from membership_store import register
from membership_store.credentials import Kiosk
from membership_store.database import Database, Session
from membership_store.desk import StoreDesk
from membership_store.feed import Feed
from membership_store.proving import Prover, count_try, forget_tries
from membership_store.returning import look_at_return
from membership_store.scope import Gone, Items, Patrons, Scope
from membership_store.signing import public_half, signing_key
from membership_store.situation import Opening, both, greeting, look, open_visit
from membership_store.spool import Spool
from offline_cache.generations import Generations
from offline_cache.journal import Entry
from offline_cache.keys import MirrorKey, load_key
from offline_cache.mirror import Mirror
from offline_cache.mirror_settings import MirrorSettings
from offline_cache.offline_desk import OfflineDesk
from offline_cache.pull import Clock, Puller
from offline_cache.store_client import Response
from tests.differential.usual import usual
from tests.membership_store.test_loading import BRANCH, NOON
from tests.membership_store.two_sources import KIOSK, UNKNOWN, World, write

BOOT = "00000000-0000-4000-8000-000000000000"
TOLD = Told(BOOT, 1_000_000, ClockState.SYNCHRONISED)
_BEYOND = object()
BESIDES = BranchCode("9402")
# A membership at a library that has nothing to do with the region is not in the mirror: it is not needed to say no. So
# the kiosk may give another reason than the store, as if there were no such membership; the patron is sent to the desk
# all the same. Each of them is looked at: it must be the very "no" that the store would say of somebody without it.
OUTSIDE = "a membership outside of the region"
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
    """What was compared. `unknown`: the offline desk said that it does not know, by its reason. `otherwise`: both
    said no, for another reason, by what it is that the mirror may not hold."""

    decided: int = 0
    worlds: int = 0
    lent: int = 0
    taken: int = 0
    locked: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    otherwise: Counter[str] = field(default_factory=Counter)

    def share_unknown(self) -> float:
        """Of all decisions."""
        return self.unknown.total() / max(1, self.decided)


class Pair:
    """One world, and both desks over it."""

    def __init__(self, database: Database, world: World, folder: Path) -> None:
        self.database, self.world, self.consortium = database, world, next(_names)
        write(database, self.consortium, world)
        database.write(self._elsewhere)
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

        def read(session: Session) -> list[tuple[str, object, object, object]]:
            return list(self._both(session, asked, brought))

        for what, theirs, ours, without in self.database.read(read):
            tally.decided += 1
            if ours is _BEYOND:
                tally.unknown["beyond the scope"] += 1
            elif isinstance(ours, Refused) and ours.reason in DO_NOT_KNOW:
                tally.unknown[ours.reason.value] += 1
            elif isinstance(theirs, Refused) and ours != theirs and ours == without:
                tally.otherwise[OUTSIDE] += 1
            else:
                assert ours == theirs, f"{what} in {self.consortium}: the store says {theirs}, the offline desk {ours}"
            tally.lent += isinstance(ours, tuple) and ours[0] == "lent"
            tally.taken += isinstance(ours, tuple) and ours[0] == "taken"
            tally.locked += isinstance(ours, Refused) and ours.reason is Reason.PIN_LOCKED

    def _is_whole(self, opened: Opening) -> bool:
        """Whether the mirror may know all whose pass this could be: others' data does not belong on this kiosk."""
        return all(holder.patron.ref in self.scope for holder in opened.visit.found)

    def _both(
        self, session: Session, asked: list[tuple[Presented, ItemBarcode]], brought: list[ItemBarcode]
    ) -> Iterator[tuple[str, object, object, object]]:
        hidden: set[Presented] = set()
        for by in dict.fromkeys(one for one, _ in asked):
            opened = open_visit(session, self.consortium, BRANCH, by, NOON, kiosk=KIOSK)
            who = self.offline.identify(by, NOON)
            if not self._is_whole(opened):
                hidden.add(by)
                yield f"visit {by.source}", _BEYOND, _BEYOND, None
                continue
            said_here = None if isinstance(who, Identified) else who
            without = self._of_the_region(opened.visit).decided
            yield f"visit {by.source}", self._as_allowed(opened.verdict, opened.visit).decided, said_here, without
            greeted = greeting(look(session, self.consortium, BRANCH, by, NOON, None, kiosk=KIOSK))
            if isinstance(greeted, Identified) and isinstance(who, Identified):
                yield "end of membership", greeted.ends, who.ends, None
        for by, barcode in asked:
            if by in hidden:
                continue
            seen = look(session, self.consortium, BRANCH, by, NOON, barcode, kiosk=KIOSK)
            theirs: object = _told(self._as_allowed(seen.verdict, seen.visit, seen.borrow), seen.visit, seen.borrow)
            if theirs is None and seen.borrow is not None:
                theirs = ("lent", due_date(seen.borrow))
            said = self.offline.decide(Action.CHECK_OUT, by, barcode, NOON)
            ours: object = ("lent", said.due) if isinstance(said, CheckedOut) else said
            yield "loan", theirs, ours, _told(self._of_the_region(seen.visit, seen.borrow), seen.visit, seen.borrow)
        for barcode in brought:
            taken = look_at_return(session, self.consortium, BRANCH, barcode, NOON)
            back = self.offline.decide(Action.CHECK_IN, None, barcode, NOON)
            theirs = taken.verdict.decided
            if theirs is None:
                route, place = route_of(taken.facts)
                theirs = ("taken", route, self._named(session, place), was_on_loan(taken.facts))
            ours = back
            if isinstance(back, CheckedIn):
                ours = ("taken", back.route, back.place, back.was_on_loan)
            yield "return", theirs, ours, None

    def _of_the_region(self, visit: Visit, borrow: Borrow | None = None) -> Verdict:
        """What the store would say if nobody had a membership outside of the region."""
        whole = {one.patron.ref: self._without_others(one.patron) for one in visit.found}
        visit = replace(visit, found=tuple(Holder(one.card, whole[one.patron.ref]) for one in visit.found))
        borrow = None if borrow is None else replace(borrow, patron=whole[borrow.patron.ref])
        return self._as_allowed(_judged(visit, borrow), visit, borrow)

    def _as_allowed(self, verdict: Verdict, visit: Visit, borrow: Borrow | None = None) -> Verdict:
        """A branch may let patrons borrow without the PIN that the store would ask for: then as if it had been shown.

        See `circulation.rules.offline.pin_cannot_be_checked`: never with a number that others read off a document.
        """
        no = verdict.decided
        if no is None or no.reason is not Reason.PIN_NEEDED or not self.world.policy.offline.lends_without_pin:
            return verdict
        card = None if visit.holder is None else visit.holder.card
        if card is None or card.document_number or card.eid:
            return verdict
        return _judged(replace(visit, pin=PinState.PROVED), borrow)

    def _without_others(self, patron: Patron) -> Patron:
        places = region(self.world)
        return replace(patron, memberships=tuple(one for one in patron.memberships if one.institution in places))

    # ---- what the worlds do not have by themselves

    def _elsewhere(self, session: Session) -> None:
        """A second branch of the network, where some of the items belong."""
        branch = Branch(BESIDES, "Gieten", self.world.branch.institution)
        register.add_branch(session, self.consortium, branch, "Europe/Amsterdam")
        for one in self.world.items[::2]:
            moved = "UPDATE item SET branch = ? WHERE consortium = ? AND item = ?"
            session.run(moved, BESIDES, self.consortium, one.barcode)

    def _named(self, session: Session, place: str) -> str:
        asked = "SELECT name FROM branch WHERE consortium = ? AND branch = ?"
        return next((str(name) for (name,) in session.rows(asked, self.consortium, place)), place)

    def turn_lock(self, chance: random.Random) -> None:
        """Wrong PINs lock a pass, or the right one opens it again (P6)."""
        patron = chance.choice(self.world.patrons)
        who = Prover(self.consortium, "another", f"{patron.ref}-{chance.randrange(len(patron.passes))}", patron.ref)

        def turn(session: Session) -> None:
            locked = False
            while count_try(session, who, NOON, self.world.policy):
                locked = True
            if not locked:
                forget_tries(session, who)

        self.database.write(turn)

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


def _judged(visit: Visit, borrow: Borrow | None) -> Verdict:
    opening = on_visit(visit)
    return opening if borrow is None else both(opening, on_borrow(borrow))


def region(world: World) -> set[InstitutionCode]:
    """The institution of the kiosk's branch, and those with which it shares memberships."""
    here = world.here
    group = {code for code in here.institutions if here.same_group(code)} if here.shares_memberships else set()
    return group | {here.branch.institution}


def _told(verdict: Verdict, visit: Visit, borrow: Borrow | None) -> Refused | None:
    """The refusal as a kiosk hears it: of a loan that is refused it hears whether the item is lent."""
    no, opening = verdict.decided, on_visit(visit)
    if no is None or borrow is None or no in (opening.decided, *opening.also):
        return no
    return told(borrow, no)


def in_scope(world: World, patron: Patron) -> bool:
    """Whether the region of the kiosk's branch has to do with this patron: only then the mirror holds anything."""
    places = region(world)
    linked = {place for card in patron.passes for place in card.institutions}
    return bool(places & (linked | {row.institution for row in patron.memberships}))


def tame(world: World, chance: random.Random) -> World:
    """Few passes that need a PIN or are another region's, few branches that allow nothing: all else is decided."""
    # What was proved at a kiosk ends with the visit, and no mirror knows of it.
    pins = {ref: state if _stays_locked(state, chance) else PinState.NOT_SHOWN for ref, state in world.pins.items()}
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


def _stays_locked(state: PinState, chance: random.Random) -> bool:
    return state is PinState.LOCKED and chance.random() < 0.3


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
    world = tame(usual(world, chance), chance)
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
        turned = chance.random() < 0.25 and bool(world.patrons)
        if turned:
            pair.turn_lock(chance)
        if turned or (done and chance.random() < 0.25):
            pair.pull()
            pair.compare(asked, brought, tally)
