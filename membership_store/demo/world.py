"""The whole demo as plain facts, counted from a day: networks, casts and shelves; and how they get into a database."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from circulation.identifiers import InstitutionCode
from membership_store import pins, register
from membership_store.database import Session
from membership_store.demo.cast import cast
from membership_store.demo.casting import Home, Player
from membership_store.demo.networks import DRENTHE, FLANDERS, NETWORKS, Network, Place
from membership_store.demo.persons import person_of
from membership_store.demo.shelves import Stock, stock
from membership_store.staff.persons import write_person

# Where casts are seen from: slug, place, here, partner, one that shares nothing.
_HOMES = {
    DRENTHE: (("annen", "9401", "aa-en-hunze", "borger-odoorn", "emmen"),),
    FLANDERS: (
        ("zottegem", "3550", "zottegem", "oosterzele", "brakel"),
        ("geraardsbergen", "3570", "geraardsbergen", "ninove", "zottegem"),
    ),
}


@dataclass(frozen=True, slots=True)
class World:
    """One network with everybody and everything in it."""

    network: Network
    casts: tuple[tuple[Home, tuple[Player, ...]], ...]
    stock: Stock

    def home_of(self, place: Place) -> Home:
        """The home from which a place is best seen: its own, its partner's, or the first of the network."""
        seen = [one for one, _ in self.casts]
        best = [one for one in seen if place.institution == one.here]
        return (best or [one for one in seen if place.institution == one.partner] or seen)[0]


def worlds(today: date) -> Iterator[World]:
    """Both networks as they stand on that day. The same day gives the same worlds."""
    for network in NETWORKS:
        casts = tuple((home, tuple(cast(home))) for home in _homes(network, today))
        yield World(network, casts, stock(network, today, casts))


def _homes(network: Network, today: date) -> Iterator[Home]:
    for slug, place, *codes in _HOMES[network.code]:
        here, partner, stranger = (InstitutionCode(one) for one in codes)
        yield Home(slug, place, here, partner, stranger, network.is_dutch, network.library(here).uses_eid, today)


def populate(session: Session, world: World, pin_hash: str, moment: datetime) -> None:
    """Writes everybody and everything; the network must be there. `pin_hash`: of the demo's PIN, for who has one."""
    network = world.network.code
    for home, players in world.casts:
        for player in players:
            if player.patron is not None:
                register.add_patron(session, network, player.patron, player.type_code)
                if player.pin:
                    pins.set_pin(session, network, player.patron.ref, pin_hash, moment)
                person = person_of(home, player)
                if person is not None:
                    write_person(session, network, player.patron.ref, person)
    for key, title in world.stock.titles:
        register.add_title(session, network, key, title.name, title.author, title.genre)
    for item, key in world.stock.items:
        register.add_item(session, network, item, key)
