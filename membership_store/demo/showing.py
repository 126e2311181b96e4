"""What each pass of the drawer and each book of the pile shows at a branch, as the rules say it."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from circulation.identifiers import ChipUid, PassNumber
from circulation.outcomes import Verdict
from circulation.presented import Presented, Source
from membership_store.database import Session
from membership_store.demo.casting import MAY_BORROW, Player
from membership_store.demo.networks import Network, Place
from membership_store.demo.world import World
from membership_store.situation import look

VISITORS = ("anna", "daan", "lapsed")
BORROWER = "anna"
LENT = "lent"


def drawer_of(
    session: Session, everything: Sequence[World], network: Network, place: Place, moment: datetime
) -> list[dict[str, object]]:
    """The passes of the home that the place is seen from, and a few from everywhere else, with what they show here."""
    return [
        {
            "name": name,
            "label": player.label,
            "expect": _said(
                look(session, network.code, place.code, presented(player), moment, None).verdict, MAY_BORROW
            ),
            "number": player.number,
            "uid": player.uid,
            "ndef": player.ndef,
            "kind": player.kind,
            "group": group,
        }
        for name, group, player in _passes(everything, network, place)
    ]


def pile_of(
    session: Session, everything: Sequence[World], network: Network, place: Place, moment: datetime
) -> list[dict[str, object]]:
    """The books of the same home, with what they show to its patron `anna` here."""
    world = next(one for one in everything if one.network == network)
    home = world.home_of(place)
    players = dict(world.casts)[home]
    shown = presented(next(one for one in players if one.name == BORROWER))
    return [
        {
            "name": book.name,
            "title": book.title,
            "barcode": book.barcode,
            "expect": _said(look(session, network.code, place.code, shown, moment, book.barcode).verdict, LENT),
        }
        for book in world.stock.piles[home.slug]
    ]


def presented(player: Player) -> Presented:
    """How the pass is shown: its chip where it has one, else its number by the scanner."""
    if player.uid is None:
        return Presented(Source.BARCODE, player.number)
    return Presented(Source.CHIP, None if player.ndef is None else PassNumber(player.ndef), ChipUid(player.uid))


def _passes(everything: Sequence[World], network: Network, place: Place) -> Iterator[tuple[str, str, Player]]:
    for world in everything:
        mine = world.home_of(place) if world.network == network else None
        for home, players in world.casts:
            for player in players:
                if home == mine:
                    yield player.name, player.group, player
                elif player.name in VISITORS:
                    yield f"{player.name}-{home.slug}", "Elsewhere", player


def _said(verdict: Verdict, allowed: str) -> str:
    decided = verdict.decided
    return allowed if decided is None else f"{decided.rule} {decided.reason.value}"
