"""The items of the demo: what each library has, what is out, held or damaged, and the pile beside the kiosk."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from circulation.identifiers import BranchCode, InstitutionCode, ItemBarcode
from circulation.model import Hold, Item, ItemStatus, Loan, Patron, PatronType
from membership_store.demo.casting import Home, Player
from membership_store.demo.networks import Network, Place
from membership_store.demo.numbers import Numbers, misread
from membership_store.demo.titles import KNOWN, Title, titles

ITEMS_A_PLACE = 330
Lending = Callable[[ItemBarcode], Loan]
ODD_TITLES = (
    ("reunie", Title("De reünie aan zee", "Renée van Wijngaarden", "roman")),
    ("ijsvogel", Title("De ijsvogel in café Coöperatie", "Joëlle IJzerman", "jeugd")),
    (
        "long-title",
        Title(
            "Volledige en waarachtige beschrijving van de wonderlijke reis die drie schippers uit Stavoren"
            " maakten langs de eilanden van het noorden, door hen zelf verteld",
            "Guus ter Braak",
            "geschiedenis",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Book:
    """A book of the pile beside the kiosk. `shows`: what it shows to the patron `anna` at the home branch."""

    name: str
    title: str
    barcode: ItemBarcode
    shows: str = "lent"


@dataclass(frozen=True, slots=True)
class Stock:
    """What a network has: its titles by key, its items with the key of their title, and each home's pile by slug."""

    titles: tuple[tuple[str, Title], ...]
    items: tuple[tuple[Item, str], ...]
    piles: dict[str, tuple[Book, ...]]


class Shelves:
    """Puts items into one network. The same network gets the same items in the same order."""

    def __init__(self, network: Network, today: date) -> None:
        self._network, self._today = network, today
        self._new_titles = titles(len(network.code))
        self._numbers = {place.code: Numbers(place.code) for place in network.places}
        self.titles: dict[Title, str] = {}
        self.items: list[tuple[Item, str]] = []

    def next_number(self, place: Place) -> ItemBarcode:
        """A number that no item has."""
        return self._numbers[place.code].item(regional=not self._network.is_dutch)

    def put(
        self,
        place: Place,
        title: Title | None = None,
        status: ItemStatus = ItemStatus.LENDABLE,
        loan: Lending | None = None,
        hold: Hold | None = None,
        *,
        interlibrary: bool = False,
    ) -> tuple[ItemBarcode, str]:
        """One more item at that place, of a new title unless one is given."""
        title = title or next(self._new_titles)
        key = self.titles.setdefault(title, f"T{len(self.titles) + 1:06d}")
        barcode, owner = self.next_number(place), InstitutionCode(place.institution)
        lent = loan(barcode) if loan else None
        self.items.append(
            (Item(barcode, title.name, owner, BranchCode(place.code), status, lent, hold, interlibrary), key)
        )
        return barcode, title.name

    def lent_to(
        self, patron: Patron, place: Place, n: int = 1, *, internal: bool = False, days: int = 21, late: int = 0
    ) -> Lending:
        """A loan for so many days, some days old or so many days late; an internal one is due on its own date (A4)."""
        lent = self._today - timedelta(days=days + late if late else 3 + n % 11)
        due = lent if internal else lent + timedelta(days=days)
        return lambda barcode: Loan(barcode, patron.ref, BranchCode(place.code), lent, due, internal)


def stock(network: Network, today: date, homes: Iterable[tuple[Home, tuple[Player, ...]]]) -> Stock:
    """All items of a network: the piles and the loans of its homes, and full shelves at every place."""
    shelves = Shelves(network, today)
    piles = {}
    for home, players in homes:
        piles[home.slug] = tuple(_pile(shelves, network, home, {one.name: one.patron for one in players}))
        _loans(shelves, _place(network, home.here), players)
    for place in network.places:
        for _ in range(ITEMS_A_PLACE):
            shelves.put(place)
    return Stock(tuple((key, title) for title, key in shelves.titles.items()), tuple(shelves.items), piles)


def _place(network: Network, institution: str, *, second: bool = False) -> Place:
    found = [one for one in network.places if one.institution == institution]
    return found[-1 if second else 0]


def _loans(shelves: Shelves, place: Place, players: tuple[Player, ...]) -> None:
    for player in players:
        if player.patron is not None:
            internal = player.patron.type is PatronType.ADMINISTRATIVE
            for n in range(player.loans):
                shelves.put(place, loan=shelves.lent_to(player.patron, place, n, internal=internal))


def _pile(shelves: Shelves, network: Network, home: Home, patrons: dict[str, Any]) -> Iterator[Book]:
    here, next_door = _place(network, home.here), _place(network, home.here, second=True)
    partner, stranger = _place(network, home.partner), _place(network, home.stranger)
    anna, bram, binder = patrons["anna"], patrons["bram"], patrons["binder"]

    def book(name: str, shows: str, place: Place = here, title: Title | None = None, **facts: Any) -> Book:
        barcode, said = shelves.put(place, title, **facts)
        return Book(name, said, barcode, shows)

    for title in KNOWN:
        yield book(_slug(title.name), "lent", title=title)
    for name, title in ODD_TITLES:
        yield book(name, "lent", title=title)
    yield book("other-branch", "lent", next_door)
    shelf, code = network.hold_shelf, BranchCode(here.code)
    yield book("held-for-anna", "lent", hold=Hold(anna.ref, True, code, f"{shelf}, vak A"))
    yield book("held-for-bram", "K8 held_for_another", hold=Hold(bram.ref, True, code, f"{shelf}, vak B"))
    yield book("title-hold", "lent", hold=Hold(bram.ref, on_shelf=False))
    yield book("reference", "K7 item_reference", status=ItemStatus.REFERENCE)
    yield book("damaged", "K7 item_damaged", status=ItemStatus.DAMAGED)
    yield book("missing", "K7 item_missing", status=ItemStatus.MISSING)
    yield book("internal", "A4 item_internal", loan=shelves.lent_to(binder, here, internal=True))
    yield book("on-loan", "K7 item_on_loan", loan=shelves.lent_to(bram, here))
    yield book("annas-own", "K11 already_yours", loan=shelves.lent_to(anna, here))
    yield from _to_bring_back(shelves, book, patrons, here, next_door)
    transport = "lent" if network.has_transport(home.here) else "N6 no_transport"
    yield book("of-the-partner", transport, partner)
    yield book("of-a-stranger", "N6 no_transport", stranger)
    yield Book("unknown-book", "(not in any catalogue)", shelves.next_number(here), "K7 item_unknown")
    misprint = ItemBarcode(misread(shelves.next_number(here)))
    yield Book("torn-label", "(label torn, check digit fails)", misprint, "K7 item_unknown")


def _to_bring_back(
    shelves: Shelves, book: Callable[..., Book], patrons: dict[str, Any], here: Place, next_door: Place
) -> Iterator[Book]:
    """What shows something when it comes back or is renewed: a fine, a hold here and elsewhere, a book from afar."""
    out, school, hanna, iris = "K7 item_on_loan", patrons["school"], patrons["hanna"], patrons["iris"]
    waits_here, waits_there = (Hold(hanna.ref, False, BranchCode(one.code)) for one in (here, next_door))
    yield book("late", out, loan=shelves.lent_to(school, here, days=42, late=4))
    yield book("wanted-here", out, loan=shelves.lent_to(iris, here), hold=waits_here)
    yield book("wanted-elsewhere", out, loan=shelves.lent_to(iris, here), hold=waits_there)
    yield book("interlibrary", out, loan=shelves.lent_to(iris, here), interlibrary=True)


def _slug(name: str) -> str:
    kept = name.lower().replace("ë", "e").replace("'", "")
    return kept.removeprefix("de ").replace(" ", "-")
