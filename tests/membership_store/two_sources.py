"""One decision, two sources: worlds of all that a verdict looks at, held in plain objects and written into the store.

Networks, links, catalogue, policy, loans and holds are written by the register; PINs by trying them; patrons, passes,
memberships, titles and items by CSV import in half of the worlds and by the register in the other half.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from itertools import product

from hypothesis import strategies as st

from circulation import identifiers as ids
from circulation.catalogue import CATALOGUE
from circulation.model import (
    Branch,
    GroupKind,
    Hold,
    Institution,
    Item,
    ItemStatus,
    Loan,
    Patron,
    PatronType,
    ProductLink,
    Subscription,
)
from circulation.outcomes import Verdict
from circulation.presented import Presented, Source
from circulation.rules.facts import Borrow, Here, Holder, OfflinePolicy, PinState, Policy, Renew, Return, Visit
from circulation.rules.pins import needs_pin
from circulation.rules.returns import route_of
from circulation.rules.verdict import due_date, on_borrow, on_renew, on_return, on_visit, renewed_due
from membership_store import proving, register
from membership_store.collection import find_item
from membership_store.csv_files import sheets
from membership_store.csv_files.importing import BadFile, import_file
from membership_store.database import Database, Session, insert
from membership_store.renewing import asked
from membership_store.returning import look_at_return
from membership_store.situation import both, look, open_visit
from tests.membership_store import test_loading as small
from tests.membership_store.test_loading import BARCODES, BRANCH, CHIPS, CODES, HOMES, NOON, NUMBERS, PLACES, TODAY

KIOSK = "kiosk-1"
UNKNOWN = ids.ItemBarcode("39999999999999")
SHOWN = tuple(
    Presented(source, number, uid)
    for source, number, uid in product(Source, (None, *NUMBERS), (None, *CHIPS, small.RANDOM_CHIP))
    if number is not None or uid is not None
)
# What was decided: the visit, then what was wanted, and what it comes to where nothing refused it.
Decision = tuple[str, Verdict, object]


@dataclass(frozen=True)
class World:
    """Everything that a verdict may look at. `wanted`: who waits for the title of each item."""

    institutions: tuple[Institution, ...]
    branch: Branch
    policy: Policy
    links: tuple[ProductLink, ...]
    catalogue: tuple[Subscription, ...]
    closed: frozenset[date]
    patrons: tuple[Patron, ...]
    items: tuple[Item, ...]
    pins: Mapping[ids.PatronRef, PinState]
    by_csv: bool
    here: Here = field(init=False)

    def __post_init__(self) -> None:
        known = {one.code: one for one in self.institutions}
        here = Here(self.branch, known, TODAY, self.links, self.catalogue, self.policy, self.closed)
        object.__setattr__(self, "here", here)


@st.composite
def catalogues(draw: st.DrawFn) -> tuple[Subscription, ...]:
    """The catalogue, in which some subscriptions changed or will change within days (S1)."""
    changed = draw(st.sets(st.sampled_from(CODES), max_size=3))
    made: list[Subscription] = []
    for one in CATALOGUE:
        since = TODAY + timedelta(days=draw(st.integers(-2, 2)))
        if one.code not in changed or not one.valid_from < since <= one.valid_to:
            made.append(one)
            continue
        days = st.none() | st.sampled_from([0, 7, 21])
        other = replace(one, strips=draw(st.none() | st.integers(0, 3)), on_pass=draw(st.none() | st.integers(0, 2)))
        made.append(replace(one, valid_to=since - timedelta(days=1)))
        made.append(replace(other, loan_days=draw(days), pay_at_once=draw(st.booleans()), valid_from=since))
    return tuple(made)


_yes_no, _minutes = st.booleans(), st.integers(0, 10_000)
offline_policies = st.builds(
    OfflinePolicy, _yes_no, _yes_no, _yes_no, _minutes, _minutes, st.integers(0, 9), _yes_no, _yes_no
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any values of a library."""
    types = draw(st.frozensets(st.sampled_from(list(PatronType)))) | {PatronType.REGULAR, PatronType.GUEST}
    return Policy(
        visit_types=types - {PatronType.UNKNOWN},
        special_subscriptions=draw(st.frozensets(st.sampled_from(CODES))),
        unverified_nights=draw(st.integers(0, 9)),
        hold_shelf="de blauwe plank",
        max_renewals=draw(st.integers(0, 3)),
        renewal_takes_strip=draw(st.booleans()),
        renews_others=draw(st.booleans()),
        pin_tries=draw(st.integers(1, 2)),
        offline=draw(offline_policies),
    )


# Where a hold is fetched: nobody said, here, or at a branch of another institution (N6).
NEXT_DOOR = Branch(ids.BranchCode("9301"), "Rolde", PLACES[1])
fetched_at = st.sampled_from([(None, None), (BRANCH, PLACES[0]), (NEXT_DOOR.code, NEXT_DOOR.institution)])


def _hold_at(who: ids.PatronRef, on_shelf: bool, at: tuple[ids.BranchCode | None, ids.InstitutionCode | None]) -> Hold:
    branch, institution = at
    return Hold(who, on_shelf, branch, institution=institution)


@st.composite
def things(draw: st.DrawFn, barcode: ids.ItemBarcode, refs: Sequence[ids.PatronRef]) -> Item:
    """An item of any kind, with its loan, with a hold on the copy, and with holds on its title."""
    who = st.sampled_from(refs)
    lent = draw(st.none() | who)
    copy = draw(st.none() | st.builds(_hold_at, who, st.booleans(), fetched_at))
    titles = draw(st.lists(st.builds(_hold_at, who, st.just(False), fetched_at), max_size=2))
    loan = None
    if lent is not None:
        loan = Loan(barcode, lent, BRANCH, TODAY, draw(small.days), draw(st.booleans()), draw(st.integers(0, 3)))
    return Item(
        barcode,
        "Titel",
        draw(st.sampled_from(PLACES)),
        BRANCH,
        draw(st.sampled_from([ItemStatus.LENDABLE, *ItemStatus])),
        loan,
        copy,
        draw(st.sampled_from([False, False, True])),
        (*((copy,) if copy else ()), *titles),
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A small network with three patrons whose passes may collide, and three items."""
    kind = draw(st.none() | st.sampled_from(list(GroupKind)))
    known = small._institutions(kind, draw(st.booleans()), draw(st.booleans()))
    people = [draw(small.patrons(ref)) for ref in ("P1", "P2", "P3")]
    refs = [one.ref for one in people]
    items = tuple(draw(things(one, refs)) for one in (*BARCODES, ids.ItemBarcode("30000000000020")))
    out = [one.loan for one in items if one.loan is not None]
    people = [replace(one, loans=tuple(loan for loan in out if loan.patron == one.ref)) for one in people]
    links = [
        ProductLink(PLACES[0], draw(st.sampled_from(CODES)), PLACES[1], one)
        for one in draw(st.sets(st.sampled_from(CODES)))
    ]
    limit, asks = draw(st.sampled_from([0, 1000])), draw(st.sampled_from([False, False, True]))
    return World(
        known,
        Branch(BRANCH, "Annen", PLACES[0], limit, asks),
        draw(policies()),
        tuple(links),
        draw(catalogues()),
        frozenset(TODAY + timedelta(days=n) for n in draw(st.sets(st.integers(0, 30), max_size=5))),
        tuple(people),
        items,
        {one: draw(st.sampled_from([PinState.NOT_SHOWN, PinState.PROVED, PinState.LOCKED])) for one in refs},
        draw(st.booleans()),
    )


def plainly(world: World, shown: Iterable[Presented]) -> Iterator[Decision]:
    """Every decision on the plain objects: each pass alone and with each item, then each item brought back."""
    barcodes = [one.barcode for one in world.items] + [UNKNOWN]
    by_code = {one.barcode: one for one in world.items}
    for by in shown:
        visit = _visit(world, by)
        opening = on_visit(visit)
        yield "visit", opening, None
        holder = visit.holder
        for barcode in barcodes:
            item = by_code.get(barcode)
            if holder is None:
                yield from (("borrow", opening, None), ("renew", opening, None))
                continue
            borrow = Borrow(world.here, holder.patron, barcode, item)
            yield "borrow", both(opening, on_borrow(borrow)), _due(due_date, borrow)
            loan = item.loan if item is not None and item.loan and item.loan.patron == holder.patron.ref else None
            renew = Renew(world.here, holder.patron, item, loan)
            yield "renew", both(opening, on_renew(renew)), _due(renewed_due, renew)
    for barcode in barcodes:
        brought = Return(world.here, barcode, by_code.get(barcode))
        yield "return", on_return(brought), route_of(brought)


def _visit(world: World, by: Presented) -> Visit:
    found = tuple(
        Holder(card, patron)
        for patron in world.patrons
        for card in patron.passes
        if card.number == by.number or by.uid in card.chips
    )
    visit = Visit(world.here, by, found)
    holder = visit.holder
    state = PinState.NOT_SHOWN if holder is None else world.pins[holder.patron.ref]
    return replace(visit, pin=state) if needs_pin(visit) or state is PinState.LOCKED else visit


def from_store(session: Session, consortium: str, world: World, shown: Iterable[Presented]) -> Iterator[Decision]:
    """The same decisions, by what the store loads for an act of a kiosk."""
    barcodes = [one.barcode for one in world.items] + [UNKNOWN]
    for by in shown:
        opened = open_visit(session, consortium, BRANCH, by, NOON, kiosk=KIOSK)
        yield "visit", opened.verdict, None
        for barcode in barcodes:
            seen = look(session, consortium, BRANCH, by, NOON, barcode, kiosk=KIOSK)
            yield "borrow", seen.verdict, None if seen.borrow is None else _due(due_date, seen.borrow)
            if opened.member is None:
                yield "renew", opened.verdict, None
                continue
            wanted = asked(opened.here, opened.member, find_item(session, consortium, barcode))
            yield "renew", both(opened.verdict, wanted.verdict), _due(renewed_due, wanted.renew)
    for barcode in barcodes:
        brought = look_at_return(session, consortium, BRANCH, barcode, NOON)
        yield "return", brought.verdict, route_of(brought.facts)


def _due(rule: Callable[..., date], facts: object) -> date | None:
    try:
        return rule(facts)
    except ValueError:
        return None


def write(database: Database, consortium: str, world: World) -> bool:
    """Writes the world as a network of its own; says whether its patrons and items came by CSV."""
    database.write(lambda session: _write_network(session, consortium, world))
    came = world.by_csv
    if came:
        _import(database, consortium, world)
    database.write(lambda session: _write_rest(session, consortium, world, came=came))
    return came


def _write_network(session: Session, consortium: str, world: World) -> None:
    register.add_consortium(session, consortium, "Network", TODAY.isoformat(), "0" * 64)
    register.add_institutions(session, consortium, world.institutions)
    for one in world.institutions:
        register.set_policy(session, consortium, one.code, world.policy)
    register.add_branch(session, consortium, world.branch, "Europe/Amsterdam", world.policy.hold_shelf)
    register.add_branch(session, consortium, NEXT_DOOR, "Europe/Amsterdam", "")
    register.set_offline(session, consortium, world.branch.code, world.policy.offline)
    register.add_catalogue(session, consortium, world.catalogue)
    register.add_links(session, consortium, world.links)
    register.add_home_library(session, consortium, HOMES[0], "Biblionet Groningen")
    for day in sorted(world.closed):
        insert(session, "closed_day", consortium=consortium, branch=BRANCH, day=day.isoformat())
    insert(session, "kiosk", consortium=consortium, kiosk=KIOSK, branch=BRANCH, salt="0" * 32, credential="0" * 64)


def _write_rest(session: Session, consortium: str, world: World, *, came: bool) -> None:
    for patron in world.patrons:
        if came:
            _write_fees(session, consortium, patron)
        else:
            register.add_patron(session, consortium, patron)
    for item in world.items:
        title = f"T{item.barcode}"
        if came:
            _write_loan_and_hold(session, consortium, item, title)
        else:
            register.add_title(session, consortium, title, item.title)
            register.add_item(session, consortium, item, title)
        waiting = item.wanted_by[1:] if item.hold else item.wanted_by
        for n, hold in enumerate(waiting):
            row = {"hold": f"title-{item.barcode}-{n}", "patron": hold.patron, "title": title, "branch": hold.branch}
            insert(session, "hold", consortium=consortium, status="waiting", **row)
    for patron in world.patrons:
        _write_pin(session, consortium, world, patron)


def _write_fees(session: Session, consortium: str, patron: Patron) -> None:
    for one in patron.fees:
        row = {"fee": one.ref, "patron": patron.ref, "institution": one.institution, "status": one.status.value}
        insert(session, "fee", consortium=consortium, cents=one.cents, **row)


def _write_loan_and_hold(session: Session, consortium: str, item: Item, title: str) -> None:
    if item.loan is not None:
        at = f"{item.loan.lent.isoformat()}T10:00:00.000000+00:00"
        register.add_loan(session, consortium, f"item-{item.barcode}", item.loan, at)
    if item.hold is not None:
        register._add_hold(session, consortium, item, title, item.hold)


def _write_pin(session: Session, consortium: str, world: World, patron: Patron) -> None:
    """P6: proved at the kiosk, or tried until it was locked."""
    state = world.pins[patron.ref]
    for n, _ in enumerate(patron.passes):
        who = proving.Prover(consortium, KIOSK, f"{patron.ref}-{n}", patron.ref)
        if state is PinState.LOCKED:
            while proving.count_try(session, who, NOON, world.policy):
                pass
    if state is PinState.PROVED:
        until = (NOON + timedelta(minutes=5)).isoformat(timespec="microseconds")
        insert(session, "pin_proof", consortium=consortium, kiosk=KIOSK, patron=patron.ref, until=until)


def _import(database: Database, consortium: str, world: World) -> None:
    """Patrons, passes, memberships, titles and items by CSV."""
    files = (
        (sheets.PATRONS, _patron_rows(world)),
        (sheets.PASSES, _pass_rows(world)),
        (sheets.MEMBERSHIPS, _membership_rows(world)),
        (sheets.TITLES, [{"title": f"T{one.barcode}", "name": one.title} for one in world.items]),
        (sheets.ITEMS, _item_rows(world)),
    )
    bodies = [(sheet, _csv(rows)) for sheet, rows in files if rows]
    for sheet, body in bodies:
        try:
            import_file(database, consortium, sheet, body)
        except BadFile:
            database.write(partial(_write_part, consortium=consortium, world=world, sheet=sheet.name))


def _write_part(session: Session, consortium: str, world: World, sheet: str) -> None:
    """What the import does not take, and the rules have to live with: a unique number of two, no such subscription."""
    for patron in world.patrons:
        if sheet == sheets.PASSES.name:
            for n, card in enumerate(patron.passes):
                register._add_pass(session, consortium, patron, f"{patron.ref}-{n}", card)
        elif sheet == sheets.MEMBERSHIPS.name:
            for n, row in enumerate(patron.memberships):
                register._add_membership(session, consortium, patron, f"{patron.ref}-{n}", row)
        else:
            raise AssertionError(f"the import refused {sheet}")


def _csv(rows: Sequence[Mapping[str, object]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def _patron_rows(world: World) -> list[dict[str, object]]:
    return [
        {
            "patron": one.ref,
            "type": "77" if one.type is PatronType.UNKNOWN else one.type.value,
            "home": one.home or "",
            "main_library": one.main_library or "",
            "pin_required": int(one.pin_required),
        }
        for one in world.patrons
    ]


def _pass_rows(world: World) -> list[dict[str, object]]:
    return [
        {
            "pass": f"{patron.ref}-{n}",
            "patron": patron.ref,
            "number": card.number,
            "status": card.status.value,
            "network_unique": int(card.unique),
            "document_number": int(card.document_number),
            "eid": int(card.eid),
            "chips": " ".join(sorted(card.chips)),
            "institutions": " ".join(sorted(card.institutions)),
        }
        for patron in world.patrons
        for n, card in enumerate(patron.passes)
    ]


def _membership_rows(world: World) -> list[dict[str, object]]:
    return [
        {
            "membership": f"{patron.ref}-{n}",
            "patron": patron.ref,
            "institution": row.institution,
            "subscription": row.subscription,
            "starts": row.starts.isoformat(),
            "ends": row.ends.isoformat(),
            "status": row.status.value,
            "confirmed": int(row.confirmed),
            "paid": int(row.paid),
            "verified": row.verified.isoformat() if row.verified else "",
            "strips": "" if row.strips_left is None else max(0, row.strips_left),
            "overdrawn": 0 if row.strips_left is None else max(0, -row.strips_left),
        }
        for patron in world.patrons
        for n, row in enumerate(patron.memberships)
    ]


def _item_rows(world: World) -> list[dict[str, object]]:
    return [
        {
            "item": one.barcode,
            "title": f"T{one.barcode}",
            "institution": one.institution,
            "branch": one.branch,
            "status": one.status.value,
            "interlibrary": int(one.interlibrary),
        }
        for one in world.items
    ]
