"""One decision, two sources: a world in plain objects and the same world through the database get the same verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from circulation import identifiers as ids
from circulation.catalogue import CATALOGUE
from circulation.model import (
    Branch,
    Fee,
    FeeStatus,
    Group,
    GroupKind,
    Hold,
    Institution,
    Item,
    ItemStatus,
    Loan,
    Membership,
    MembershipStatus,
    Pass,
    PassStatus,
    Patron,
    PatronType,
    ProductLink,
)
from circulation.outcomes import Verdict
from circulation.presented import Presented, Source
from circulation.rules.facts import Borrow, Here, Holder, Policy, Visit
from circulation.rules.verdict import on_borrow, on_visit
from membership_store import register
from membership_store.database import Database, Session
from membership_store.migrations import migrate
from membership_store.opening import open_database
from membership_store.situation import Situation, look
from tests.membership_store.engines import Engine

TODAY = date(2026, 7, 15)
NOON = datetime(2026, 7, 15, 10, tzinfo=UTC)
PLACES = tuple(ids.InstitutionCode(one) for one in ("annen", "borger", "emmen"))
BRANCH = ids.BranchCode("9401")
CODES = tuple(
    ids.SubscriptionCode(one) for one in ("JEUGD", "0021", "0045", "0053", "0083", "0091", "0141", "0345", "X")
)
NUMBERS = tuple(ids.PassNumber(one) for one in ("20000000000014", "20000000000022", "864300", "30000000000012"))
CHIPS = tuple(ids.ChipUid(one) for one in ("04A1B2C3D4E5F6", "A3000001"))
RANDOM_CHIP = ids.ChipUid("08A1B2C3")
BARCODES = tuple(ids.ItemBarcode(one) for one in ("30000000000012", "39401000000013"))
HOMES = (ids.Isil("NL-070288"), ids.Isil("NL-087041"))
days = st.integers(-40, 40).map(lambda n: TODAY + timedelta(days=n))


@dataclass(frozen=True)
class World:
    """Everything that a verdict may look at."""

    institutions: tuple[Institution, ...]
    branch: Branch
    policy: Policy
    links: tuple[ProductLink, ...]
    patrons: tuple[Patron, ...]
    items: tuple[Item, ...]

    @property
    def here(self) -> Here:
        """The world as the branch sees it."""
        known = {one.code: one for one in self.institutions}
        return Here(self.branch, known, TODAY, self.links, CATALOGUE, self.policy)

    def plainly(self, shown: Presented, barcode: ids.ItemBarcode) -> tuple[Verdict, Verdict | None]:
        """The verdicts on the plain objects."""
        found = tuple(
            Holder(card, patron)
            for patron in self.patrons
            for card in patron.passes
            if card.number == shown.number or shown.uid in card.chips
        )
        visit = Visit(self.here, shown, found)
        if visit.holder is None:
            return on_visit(visit), None
        item = next((one for one in self.items if one.barcode == barcode), None)
        return on_visit(visit), on_borrow(Borrow(self.here, visit.holder.patron, barcode, item))

    def write(self, session: Session, consortium: str) -> None:
        """The same world as rows."""
        register.add_consortium(session, consortium, "Network", TODAY.isoformat(), "0" * 64)
        register.add_institutions(session, consortium, self.institutions)
        for one in self.institutions:
            register.set_policy(session, consortium, one.code, self.policy)
        register.add_branch(session, consortium, self.branch, "Europe/Amsterdam", self.policy.hold_shelf)
        register.add_catalogue(session, consortium, CATALOGUE)
        register.add_links(session, consortium, self.links)
        register.add_home_library(session, consortium, HOMES[0], "Biblionet Groningen")
        for patron in self.patrons:
            register.add_patron(session, consortium, patron)
        for item in self.items:
            register.add_title(session, consortium, f"T{item.barcode}", item.title)
            register.add_item(session, consortium, item, f"T{item.barcode}")


def _institutions(kind: GroupKind | None, accepts: bool, eid: bool) -> tuple[Institution, ...]:
    here, partner, other = PLACES
    group = None if kind is None else Group("g", kind)
    return (
        Institution(here, "Here", None, group, frozenset({partner} if accepts else ()), eid, "Drenthe"),
        Institution(partner, "Partner", HOMES[1], group, frozenset({here})),
        Institution(other, "Other"),
    )


memberships = st.builds(
    Membership,
    st.sampled_from(PLACES),
    st.sampled_from(CODES),
    days,
    days,
    st.sampled_from(list(MembershipStatus)),
    st.booleans(),
    st.booleans(),
    st.none() | st.integers(-2, 3),
    st.none() | days,
)
passes = st.builds(
    Pass,
    st.sampled_from(NUMBERS),
    st.sampled_from(list(PassStatus)),
    st.booleans(),
    st.frozensets(st.sampled_from(PLACES), max_size=2),
    st.frozensets(st.sampled_from(CHIPS), max_size=2),
    st.booleans(),
    st.booleans(),
)
fees = st.builds(
    Fee, st.uuids().map(str), st.integers(-1500, 1500), st.sampled_from(PLACES), st.sampled_from(list(FeeStatus))
)


@st.composite
def patrons(draw: st.DrawFn, ref: str) -> Patron:
    """A patron of any kind, happier than not."""
    home = draw(st.none() | st.sampled_from(HOMES))
    return Patron(
        ids.PatronRef(ref),
        draw(st.sampled_from([PatronType.REGULAR, PatronType.GUEST, *PatronType])),
        home=home,
        home_known=home in (None, HOMES[0]),
        main_library=draw(st.none() | st.sampled_from(PLACES)),
        pin_required=draw(st.sampled_from([False, False, True])),
        memberships=draw(st.lists(memberships, max_size=3).map(tuple)),
        passes=draw(st.lists(passes, min_size=1, max_size=3).map(tuple)),
        fees=draw(st.lists(fees, max_size=3, unique_by=lambda one: one.ref).map(tuple)),
    )


@st.composite
def items(draw: st.DrawFn, barcode: ids.ItemBarcode, refs: list[ids.PatronRef]) -> Item:
    """An item of any kind, on loan or held or neither."""
    who = st.sampled_from(refs)
    lent = draw(st.none() | who)
    held = draw(st.none() | st.builds(Hold, who, st.booleans()))
    loan = lent and Loan(barcode, lent, BRANCH, TODAY, draw(days), draw(st.booleans()))
    return Item(
        barcode,
        "Titel",
        draw(st.sampled_from(PLACES)),
        BRANCH,
        draw(st.sampled_from(list(ItemStatus))),
        loan or None,
        held,
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A small network with two patrons whose passes may collide, and two items."""
    kind = draw(st.none() | st.sampled_from(list(GroupKind)))
    known = _institutions(kind, draw(st.booleans()), draw(st.booleans()))
    people = [draw(patrons(ref)) for ref in ("P1", "P2")]
    things = tuple(draw(items(one, [p.ref for p in people])) for one in BARCODES)
    out = [one.loan for one in things if one.loan is not None]
    people = [replace(one, loans=tuple(loan for loan in out if loan.patron == one.ref)) for one in people]
    links = [
        ProductLink(PLACES[0], draw(st.sampled_from(CODES)), PLACES[1], one)
        for one in draw(st.sets(st.sampled_from(CODES)))
    ]
    branch = Branch(
        BRANCH, "Annen", PLACES[0], draw(st.sampled_from([0, 1000])), draw(st.sampled_from([False, False, True]))
    )
    policy = Policy(
        visit_types=draw(st.frozensets(st.sampled_from(list(PatronType)))) | {PatronType.REGULAR, PatronType.GUEST},
        special_subscriptions=draw(st.frozensets(st.sampled_from(CODES))),
        unverified_nights=draw(st.integers(0, 9)),
        hold_shelf="de blauwe plank",
    )
    return World(known, branch, policy, tuple(links), tuple(people), things)


shown = st.builds(
    Presented,
    st.sampled_from(list(Source)),
    st.none() | st.sampled_from(NUMBERS),
    st.none() | st.sampled_from([*CHIPS, RANDOM_CHIP]),
)


@pytest.fixture(scope="module")
def database(engine: Engine) -> Iterator[Database]:
    """An empty database; each world is a network of its own in it."""
    address = engine.new(filled=False)
    opened = open_database(address)
    migrate(opened)
    yield opened
    opened.close()
    engine.drop(address)


def _look(session: Session, consortium: str, by: Presented, barcode: ids.ItemBarcode) -> Situation:
    return look(session, consortium, BRANCH, by, NOON, barcode)


def unordered(here: Here) -> tuple[object, ...]:
    """A place to compare, without the order of its records."""
    return (set(here.catalogue), set(here.links), replace(here, catalogue=(), links=()))


_names = (f"world-{n}" for n in count())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(world=worlds(), presented=shown, barcode=st.sampled_from([*BARCODES, ids.ItemBarcode("39999999999999")]))
def test_a_world_from_the_database_gets_the_verdicts_of_the_same_world_in_plain_objects(
    database: Database, world: World, presented: Presented, barcode: ids.ItemBarcode
) -> None:
    consortium = next(_names)
    database.write(lambda session: world.write(session, consortium))
    seen = database.read(partial(_look, consortium=consortium, by=presented, barcode=barcode))
    visit, borrow = world.plainly(presented, barcode)
    assert seen.visit_verdict == visit
    said = [one for verdict in (visit, borrow) if verdict for one in (verdict.decided, *verdict.also) if one]
    assert seen.verdict == (Verdict(said[0], tuple(said[1:])) if said else Verdict(None))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(world=worlds())
def test_what_is_written_is_read_back_as_the_same_facts(database: Database, world: World) -> None:
    consortium = next(_names)
    database.write(lambda session: world.write(session, consortium))
    for patron in world.patrons:
        by = Presented(Source.CHIP, patron.passes[0].number)
        seen = database.read(partial(_look, consortium=consortium, by=by, barcode=BARCODES[0]))
        assert unordered(seen.here) == unordered(world.here)
        if seen.borrow is not None:
            was = next(one for one in world.patrons if one.ref == seen.borrow.patron.ref)
            now = seen.borrow.patron
            assert set(now.memberships) == set(was.memberships)
            assert set(now.passes) == set(was.passes)
            owed = sorted(one.cents for one in was.fees if one.status is not FeeStatus.PAID)
            assert sorted(one.cents for one in now.fees) == owed
            assert set(now.loans) == set(was.loans)
            assert (now.type, now.home, now.main_library, now.pin_required) == (
                was.type,
                was.home,
                was.main_library,
                was.pin_required,
            )
            hold = world.items[0].hold
            assert seen.borrow.item == replace(world.items[0], wanted_by=() if hold is None else (hold,))


@pytest.mark.parametrize(
    ("moment", "zone", "today"),
    [
        ("2026-07-15T21:59:59+00:00", "Europe/Amsterdam", "2026-07-15"),
        ("2026-07-15T22:00:00+00:00", "Europe/Amsterdam", "2026-07-16"),
        ("2026-01-15T22:59:59+00:00", "Europe/Brussels", "2026-01-15"),
        ("2026-01-15T23:00:00+00:00", "Europe/Brussels", "2026-01-16"),
        ("2026-03-28T23:30:00+00:00", "Europe/Amsterdam", "2026-03-29"),
        ("2026-10-24T22:30:00+00:00", "Europe/Brussels", "2026-10-25"),
        ("2026-10-25T22:30:00+00:00", "Europe/Brussels", "2026-10-25"),
    ],
)
def test_the_date_of_the_rules_is_that_of_the_library(database: Database, moment: str, zone: str, today: str) -> None:
    consortium = next(_names)

    def write(session: Session) -> None:
        register.add_consortium(session, consortium, "Network", today, "0" * 64)
        register.add_institutions(session, consortium, _institutions(None, accepts=False, eid=False))
        register.add_branch(session, consortium, Branch(BRANCH, "Annen", PLACES[0]), zone)

    database.write(write)
    by, at = Presented(Source.BARCODE, NUMBERS[0]), datetime.fromisoformat(moment)
    seen = database.read(lambda session: look(session, consortium, BRANCH, by, at, None))
    assert seen.here.today.isoformat() == today
