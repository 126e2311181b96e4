"""Worlds as they mostly are: passes that open, memberships that run, items that stand on their shelf.

A world drawn at random seldom gets past the pass that was shown; what is to be compared lies behind it.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

from circulation.identifiers import ChipUid, ItemBarcode, PassNumber, SubscriptionCode
from circulation.model import Item, ItemStatus, Membership, Pass, PassStatus, Patron, PatronType
from tests.membership_store.test_loading import CODES, HOMES, PLACES, TODAY
from tests.membership_store.two_sources import World

_HERE, _PARTNER, _OTHER = PLACES
_YEAR = timedelta(days=180)
_LENDS = tuple(SubscriptionCode(one) for one in ("0045", "0053", "0021", "0083"))


def usual(world: World, chance: random.Random) -> World:
    """The same world, most of it put in order; one in eight stays as it was drawn."""
    if chance.random() < 0.125:
        return world
    back = frozenset(one.barcode for one in world.items if chance.random() < 0.6)
    return replace(
        world,
        patrons=tuple(_patron(number, one, back, chance) for number, one in enumerate(world.patrons)),
        items=tuple(_item(one, back, chance) for one in world.items),
    )


def _patron(number: int, patron: Patron, back: frozenset[ItemBarcode], chance: random.Random) -> Patron:
    changes: dict[str, object] = {"loans": tuple(one for one in patron.loans if one.item not in back)}
    if chance.random() < 0.85:
        more = patron.passes[1:] if chance.random() < 0.3 else ()
        changes["passes"] = (_card(number, patron.passes[0], chance), *more)
    if chance.random() < 0.85:
        changes["type"] = PatronType.GUEST if chance.random() < 0.1 else PatronType.REGULAR
    if chance.random() < 0.8:
        changes |= {"home": HOMES[0], "home_known": True}
    if chance.random() < 0.85:
        rest = patron.memberships if chance.random() < 0.4 else ()
        changes["memberships"] = (_membership(chance), *rest)
    if chance.random() < 0.7:
        changes["fees"] = ()
    return replace(patron, **changes)  # type: ignore[arg-type]


def _card(number: int, card: Pass, chance: random.Random) -> Pass:
    """A pass of one's own; now and then one that works at its own library only."""
    alone = chance.random() < 0.1
    return replace(
        card,
        number=PassNumber(f"2940100000{number:04}"),
        chips=frozenset({ChipUid(f"04AA00000000{number:02X}")}),
        status=PassStatus.ACTIVE,
        unique=not alone,
        institutions=frozenset({_HERE}) if alone else card.institutions,
    )


def _membership(chance: random.Random) -> Membership:
    """Here, or at the partner, or at a library that has nothing to do with either; running, or just over."""
    place = chance.choices((_HERE, _PARTNER, _OTHER), (6, 3, 1))[0]
    code = chance.choice(_LENDS) if chance.random() < 0.85 else chance.choice(CODES)
    till = chance.random()
    ends = TODAY + (_YEAR if till < 0.6 else timedelta(days=16) if till < 0.85 else timedelta(days=-10))
    verified = TODAY - timedelta(days=chance.choice((0, 1, 30)))
    strips = chance.choice((None, None, 0, 1, 2, 40))
    return Membership(place, code, TODAY - _YEAR, ends, strips_left=strips, verified=verified)


def _item(item: Item, back: frozenset[ItemBarcode], chance: random.Random) -> Item:
    changes: dict[str, object] = {"loan": None} if item.barcode in back else {}
    if chance.random() < 0.8:
        changes["status"] = ItemStatus.LENDABLE
    if chance.random() < 0.6:
        changes["institution"] = _HERE
    if chance.random() < 0.5:
        changes |= {"hold": None, "wanted_by": ()}
    return replace(item, **changes)  # type: ignore[arg-type]
