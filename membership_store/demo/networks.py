"""The two demo networks: a Drenthe-like one with guests, a Flemish one with a 3b region and a 3a pair (N1, N6, G1)."""

from dataclasses import dataclass

from circulation.catalogue import CATALOGUE
from circulation.identifiers import BranchCode, InstitutionCode, Isil, SubscriptionCode
from circulation.model import Branch, Group, GroupKind, Institution, ProductLink
from circulation.rules.facts import Policy
from membership_store import register
from membership_store.database import Session

PREFIX = "demo-"
DRENTHE, FLANDERS = f"{PREFIX}drenthe", f"{PREFIX}vlaanderen"
HOMES_OF_GUESTS: tuple[tuple[str, str], ...] = (
    ("NL-070288", "Biblionet Groningen"),
    ("NL-087041", "Bibliotheken Noord-Fryslân"),
)
# 0053 is left out on purpose: its holders show what a missing link does (N1).
LINKED = tuple(SubscriptionCode(code) for code in ("JEUGD", "0001", "0021", "0045", "0049", "0052", "0082", "0083"))


@dataclass(frozen=True, slots=True)
class Place:
    """A branch of the demo; `slug` begins the id of its kiosk."""

    code: str
    name: str
    institution: str
    slug: str


@dataclass(frozen=True, slots=True)
class Library:
    """An institution of the demo."""

    code: str
    name: str
    isil: str
    group: Group | None
    partners: tuple[str, ...]
    uses_eid: bool = False


@dataclass(frozen=True, slots=True)
class Network:
    """A consortium of the demo."""

    code: str
    name: str
    zone: str
    hold_shelf: str
    province: str
    libraries: tuple[Library, ...]
    places: tuple[Place, ...]

    @property
    def is_dutch(self) -> bool:
        """Whether passes and items are numbered, and guests taken in, the Dutch way (P1, G1)."""
        return self.code == DRENTHE

    def library(self, code: str) -> Library:
        """The library of that code."""
        return next(one for one in self.libraries if one.code == code)

    def has_transport(self, code: str) -> bool:
        """N6: whether that library's group carries items to one another."""
        group = self.library(code).group
        return group is not None and group.kind.has_transport


_EAST = Group("drenthe-oost", GroupKind.THREE_A)
_SOUTH = Group("zuidoost", GroupKind.ONE)
_REGION = Group("vlaamse-ardennen", GroupKind.THREE_B)
_PAIR = Group("dender", GroupKind.THREE_A)
_OWN = Group("brakel", GroupKind.ONE)

NETWORKS: tuple[Network, ...] = (
    Network(
        DRENTHE,
        "Bibliotheken in Drenthe (demo)",
        "Europe/Amsterdam",
        "de blauwe plank",
        "Drenthe",
        (
            Library("aa-en-hunze", "Bibliotheek Aa en Hunze", "NL-0840010", _EAST, ("borger-odoorn",)),
            Library("borger-odoorn", "Bibliotheek Borger-Odoorn", "NL-0840020", _EAST, ("aa-en-hunze",)),
            Library("emmen", "Bibliotheek Emmen", "NL-0840030", _SOUTH, ("coevorden",)),
            Library("coevorden", "Bibliotheek Coevorden", "NL-0840040", _SOUTH, ("emmen",)),
        ),
        (
            Place("9401", "Bibliotheek Annen", "aa-en-hunze", "annen"),
            Place("9402", "Bibliotheek Gieten", "aa-en-hunze", "gieten"),
            Place("9407", "Bibliotheek Borger", "borger-odoorn", "borger"),
            Place("9420", "Bibliotheek Emmen", "emmen", "emmen"),
            Place("9425", "Bibliotheek Coevorden", "coevorden", "coevorden"),
        ),
    ),
    Network(
        FLANDERS,
        "Bibliotheken in Oost-Vlaanderen (demo)",
        "Europe/Brussels",
        "het rek naast de balie",
        "Oost-Vlaanderen",
        (
            Library("zottegem", "Bibliotheek Zottegem", "BE-ZOT01", _REGION, ("oosterzele",), uses_eid=True),
            Library("oosterzele", "Bibliotheek Oosterzele", "BE-OOS01", _REGION, ("zottegem",)),
            Library("geraardsbergen", "Bibliotheek Geraardsbergen", "BE-GER01", _PAIR, ("ninove",)),
            Library("ninove", "Bibliotheek Ninove", "BE-NIN01", _PAIR, ("geraardsbergen",), uses_eid=True),
            Library("brakel", "Bibliotheek Brakel", "BE-BRA01", _OWN, ()),
        ),
        (
            Place("3550", "Bibliotheek Zottegem", "zottegem", "zottegem"),
            Place("3551", "Bibliotheek Zottegem, uitleenpost Velzeke", "zottegem", "velzeke"),
            Place("3560", "Bibliotheek Oosterzele", "oosterzele", "oosterzele"),
            Place("3570", "Bibliotheek Geraardsbergen", "geraardsbergen", "geraardsbergen"),
            Place("3571", "Bibliotheek Geraardsbergen, uitleenpost Overboelare", "geraardsbergen", "overboelare"),
            Place("3580", "Bibliotheek Ninove", "ninove", "ninove"),
            Place("3590", "Bibliotheek Brakel", "brakel", "brakel"),
        ),
    ),
)


def add_network(session: Session, network: Network, since: str, identity_key: str) -> None:
    """Writes a network with its catalogue and links, but nobody and nothing to lend yet."""
    register.add_consortium(session, network.code, network.name, since, identity_key)
    register.add_institutions(session, network.code, [_institution(one, network) for one in network.libraries])
    register.add_catalogue(session, network.code, CATALOGUE)
    for library in network.libraries:
        register.set_policy(session, network.code, library.code, Policy())
    for place in network.places:
        branch = Branch(BranchCode(place.code), place.name, InstitutionCode(place.institution))
        register.add_branch(session, network.code, branch, network.zone, network.hold_shelf)
    register.add_links(session, network.code, _links(network))
    if network.is_dutch:
        for isil, name in HOMES_OF_GUESTS:
            register.add_home_library(session, network.code, Isil(isil), name)


def _institution(library: Library, network: Network) -> Institution:
    return Institution(
        InstitutionCode(library.code),
        library.name,
        Isil(library.isil),
        library.group,
        frozenset(InstitutionCode(one) for one in library.partners),
        library.uses_eid,
        network.province,
    )


def _links(network: Network) -> list[ProductLink]:
    return [
        ProductLink(InstitutionCode(library.code), code, InstitutionCode(partner), code)
        for library in network.libraries
        for partner in library.partners
        for code in LINKED
    ]
