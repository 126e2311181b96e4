"""How a player of the demo comes by a pass, numbers and rows; cast.py says who they are."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from circulation.identifiers import InstitutionCode, PassNumber, PatronRef, SubscriptionCode
from circulation.model import Membership, Pass, Patron, PatronType
from membership_store.demo.numbers import Numbers, chip

MAY_BORROW = "may borrow"
DEMO_PIN = "2468"


@dataclass(frozen=True, slots=True)
class Home:
    """From where a cast is seen: an institution, one that shares with it, and one that does not."""

    slug: str
    place: str
    here: InstitutionCode
    partner: InstitutionCode
    stranger: InstitutionCode
    is_dutch: bool
    uses_eid: bool
    today: date


@dataclass(frozen=True, slots=True)
class Player:
    """A pass of the drawer. `shows`: what it shows at the home branch; `loans`: how many items are out on it.

    `pin`: its patron has the demo's PIN (P6).
    """

    name: str
    label: str
    group: str
    shows: str
    number: PassNumber
    uid: str | None = None
    ndef: PassNumber | None = None
    kind: str = "ntag213"
    patron: Patron | None = None
    type_code: str | None = None
    loans: int = 0
    pin: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """What one player is made of, before numbers are given out. `card`: how the pass is made, see `_pass`."""

    name: str
    label: str
    shows: str = MAY_BORROW
    type: str = "00"
    card: str = "chip"
    loans: int = 0
    pin: bool = False
    facts: dict[str, Any] = field(default_factory=dict)
    pass_facts: dict[str, Any] = field(default_factory=dict)


class Casting:
    """Gives the players of a home their numbers and rows. The same home gives the same numbers."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.numbers = Numbers(home.place)
        self._refs = 0

    def row(
        self, code: str, strips: int | None = None, days: tuple[int, int] = (-100, 200), **facts: Any
    ) -> Membership:
        """A membership of the home institution; its term counts in days from today."""
        starts, ends = (self.home.today + timedelta(days=one) for one in days)
        row = Membership(self.home.here, SubscriptionCode(code), starts, ends, strips_left=strips)
        return replace(row, **facts)

    def play(self, scene: Scene, group: str) -> Player:
        """The player of a scene."""
        self._refs += 1
        card, player = self._pass(scene)
        facts = {"memberships": (self.row("0045", 120),), "main_library": self.home.here, "language": "nl"}
        patron = Patron(
            PatronRef(f"{self.home.slug[:1].upper()}{self._refs:05d}"),
            PatronType.of(scene.type),
            passes=(card,),
            **{**facts, **scene.facts},
        )
        code = scene.type if patron.type is PatronType.UNKNOWN else None
        return replace(player, group=group, patron=patron, type_code=code, loans=scene.loans, pin=scene.pin)

    def follow_on(self, player: Player, name: str, label: str) -> tuple[Player, Player]:
        """The player with a second pass (volgpas), and that pass as one of the drawer."""
        if player.patron is None:
            raise ValueError("a pass of nobody has no second one")
        number = self.numbers.regional()
        patron = replace(player.patron, passes=(*player.patron.passes, Pass(number)))
        second = Player(name, label, player.group, player.shows, number, chip(self._seed(name)), number)
        return replace(player, patron=patron), second

    def nobody(self, name: str, label: str, shows: str, number: str, **chip_facts: Any) -> Player:
        """Something shown as a pass that belongs to nobody in the store."""
        return Player(name, label, "Not a pass", shows, PassNumber(number), **chip_facts)

    def _seed(self, name: str) -> str:
        return f"{self.home.slug}/{name}"

    def _pass(self, scene: Scene) -> tuple[Pass, Player]:
        mine, seed, numbers = frozenset({self.home.here}), self._seed(scene.name), self.numbers
        uid: str | None = chip(seed, short=scene.card == "city")
        if scene.card == "old":
            card, kind = Pass(numbers.ordinary(), unique=False, institutions=mine), "ntag213"
        elif scene.card == "administrative":
            card, kind = Pass(numbers.administrative(), unique=False, institutions=mine), "ntag213"
        elif scene.card.startswith("guest"):
            card, kind = Pass(numbers.at_home(), unique=False, institutions=mine), "ntag213"
        elif scene.card == "document":
            card, kind = Pass(numbers.document(), document_number=True), "desfire"
        elif scene.card == "city":
            card, kind = Pass(numbers.regional(), institutions=mine), "mifare-classic"
        else:
            card, kind = Pass(numbers.regional(), institutions=mine), "ntag213"
        linked = scene.card in ("city", "guest-uid")
        card = replace(card, chips=frozenset({chip(seed, short=scene.card == "city")} if linked else ()))
        card = replace(card, **scene.pass_facts)
        if scene.card in ("printed", "old", "guest-printed", "document", "administrative"):
            uid = None
        ndef = None if linked or uid is None else card.number
        return card, Player(scene.name, scene.label, "", scene.shows, card.number, uid, ndef, kind)
