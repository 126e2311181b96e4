"""Who the people of the demo are, for the desk that looks them up: made-up surnames, streets and birth dates (K14)."""

import hashlib
from datetime import date
from typing import Any

from circulation.catalogue import HOMES, YOUTH
from circulation.model import PatronType, Sex
from membership_store.demo.casting import Home, Player
from membership_store.staff.persons import INSTITUTION_BORN, Person

SURNAMES = (
    ("", "Adema"), ("", "Bakker"), ("van der", "Berg"), ("", "Celik"), ("de", "Groot"), ("", "Hoekstra"),
    ("", "Janssens"), ("", "Kaya"), ("van", "Loon"), ("", "Maes"), ("", "Nguyen"), ("", "Peeters"), ("", "Postma"),
    ("van den", "Bosch"), ("", "Smit"), ("", "Wouters"), ("", "Yildiz"), ("", "Zijlstra"),
)  # fmt: skip
STREETS = ("Kerkstraat", "Molenweg", "Schoolstraat", "Brink", "Stationsstraat", "Lindelaan")
_NAMELESS = frozenset({PatronType.ANONYMOUS, PatronType.CARD_SALE, PatronType.NEWSLETTER})


def person_of(home: Home, player: Player) -> Person | None:
    """Who that player is; None for a pass of nobody and for a type that has no person. The same player, the same."""
    patron = player.patron
    if patron is None or patron.type in _NAMELESS:
        return None
    if patron.type is PatronType.ADMINISTRATIVE:
        return Person(surname=player.label)
    dice = hashlib.sha256(f"{home.slug}/{player.name}".encode()).digest()
    codes = {one.subscription for one in patron.memberships}
    place: dict[str, Any] = {
        "street": STREETS[dice[0] % len(STREETS)],
        "house_number": str(1 + dice[1] % 90),
        "postcode": f"9{dice[2] % 900 + 100:03d} AB" if home.is_dutch else f"9{dice[2] % 900 + 100:03d}",
        "town": home.slug.capitalize(),
    }
    if codes & {*HOMES, "0086"}:
        return Person(surname=player.label, sex=Sex.INSTITUTION, born=INSTITUTION_BORN, **place)
    prefix, surname = SURNAMES[dice[3] % len(SURNAMES)]
    years = 9 + dice[4] % 6 if YOUTH in codes else 22 if "0021" in codes else 25 + dice[4] % 60
    born = date(home.today.year - years, 1 + dice[5] % 12, 1 + dice[6] % 28)
    sex = (Sex.FEMALE, Sex.MALE, Sex.NEUTRAL)[dice[7] % 3]
    initials = f"{(patron.first_name or player.name)[:1].upper()}."
    first_name = patron.first_name if YOUTH in codes else ""
    return Person(surname=surname, prefix=prefix, initials=initials, first_name=first_name, sex=sex, born=born, **place)
