"""The people of the demo: one for each type and each refusal of the rules, seen from one home branch. Nobody exists."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from circulation.identifiers import InstitutionCode
from circulation.model import Fee, FeeKind, FeeStatus, Membership, Message, PassStatus
from circulation.presented import ReceiptChoice
from membership_store.demo.casting import DEMO_PIN, MAY_BORROW, Casting, Home, Player, Scene
from membership_store.demo.numbers import chip, misread


def cast(home: Home) -> Iterator[Player]:
    """Everybody who belongs to a home, and what belongs to nobody."""
    casting = Casting(home)
    for group, scenes in (
        ("May borrow", _borrowers(casting)),
        ("Pass to the desk", _passes_to_the_desk(casting)),
        ("Types to the desk", _types(casting)),
        ("No borrowing today", _no_borrowing(casting)),
        ("Region", _region(casting)),
        ("Guests", _guests(casting) if home.is_dutch else ()),
    ):
        for scene in scenes:
            player = casting.play(scene, group)
            if scene.name == "nora":
                player, second = casting.follow_on(player, "nora-second-pass", "Follow-on pass of the same patron")
                yield second
            yield player
    yield from _not_passes(casting)


def _borrowers(c: Casting) -> Iterator[Scene]:
    euro = _fees(c.home.here)
    youth = {"memberships": (c.row("JEUGD"),)}
    marked = Message("Je gereserveerde boek ligt klaar.", for_patron=True)
    yield Scene("anna", "Regular patron, Basis, two books out", loans=2)
    yield Scene("bram", "Compleet, a book on the hold shelf", loans=1, facts={"memberships": (c.row("0053"),)})
    yield Scene("chris", "Start, one strip left", facts={"memberships": (c.row("0021", 1),)})
    yield Scene("daan", "Youth, chip", facts={**youth, "first_name": "Daan"})
    yield Scene("zoe", "Youth, printed pass without chip", card="printed", facts={**youth, "first_name": "Zoë"})
    yield Scene("fatima", "Prefers Arabic", facts={"language": "ar"})
    yield Scene("grace", "Prefers English, no receipt", facts={"language": "en", "receipt": ReceiptChoice.NONE})
    yield Scene("hanna", "Has a message for the patron, and one for staff", facts={"messages": (marked, _STAFF_ONLY)})
    yield Scene("iris", "Has a staff-only message", facts={"messages": (_STAFF_ONLY,)})
    yield Scene("joris", "City card (MIFARE Classic), linked by its UID", card="city")
    yield Scene("karim", "Old printed pass of this library", card="old")
    yield Scene("lotte", "Owes exactly the limit, more is registered", facts={"fees": euro(1000, registered=5000)})
    yield Scene("milan", "Owes more than the limit, less a credit", facts={"fees": euro(1250, credit=-500)})
    yield Scene("nora", "Has two passes", facts={"receipt": ReceiptChoice.PRINT})
    yield Scene("school", "School, 0082", type="01", loans=3, facts={"memberships": (c.row("0082", 350),)})
    yield Scene("home-29", "Home, 0083, 29 of 30 out", type="01", loans=29, facts={"memberships": (c.row("0083"),)})
    yield Scene("month-paid", "Month subscription, paid", facts={"memberships": (c.row("0091", 20, (-5, 25)),)})
    fined = (Fee("1", 45, c.home.here, kind=FeeKind.FINE, since=c.home.today - timedelta(days=12)),)
    yield Scene("fined", "Brought a book back late: € 0,45", loans=1, facts={"fees": fined})
    yield Scene("ending", "Lapses in three weeks", facts={"memberships": (c.row("0045", 40, (-344, 21)),)})
    yield Scene("reader", "Keeps a history of loans", facts={"keeps_history": True, "tells_borrowed_before": True})


def _passes_to_the_desk(c: Casting) -> Iterator[Scene]:
    theirs = {"unique": False, "institutions": frozenset({c.home.partner})}
    shared = {"number": c.numbers.regional(), "unique": False}
    yield Scene("not-unique", "Old pass of the other library", "P4 pass_not_unique", card="old", pass_facts=theirs)
    yield Scene("double-one", "Number of two patrons, first", "P4 pass_of_two", card="printed", pass_facts=shared)
    yield Scene("double-two", "Number of two patrons, second", "P4 pass_of_two", card="printed", pass_facts=shared)
    yield Scene("replaced", "Replaced pass", "P7 pass_replaced", pass_facts={"status": PassStatus.REPLACED})
    yield Scene("blocked", "Blocked pass", "P7 pass_blocked", pass_facts={"status": PassStatus.BLOCKED})
    needed = "P6 pin_needed"
    yield Scene("pin", f"Asks for a PIN: {DEMO_PIN}", needed, facts={"pin_required": True}, loans=1, pin=True)
    yield Scene("document", f"Number off an identity card, PIN {DEMO_PIN}", needed, card="document", pin=True)
    yield Scene("pin-less", "Asks for a PIN, has none", needed, facts={"pin_required": True})
    if not c.home.is_dutch and not c.home.uses_eid:
        yield Scene("eid", "eID where it is not used", "P4 eid_not_used", card="document", pass_facts={"eid": True})


def _types(c: Casting) -> Iterator[Scene]:
    desk = "K1 type_to_desk"
    yield Scene("special", "Special patron without 0082 or 0083", desk, type="01")
    for code, name, label in (
        ("02", "argos", "ARGOS user"),
        ("06", "anonymous", "Anonymous"),
        ("09", "card-sale", "Card sale"),
        ("15", "side-subscription", "Side subscription"),
        ("16", "donor", "Donor"),
        ("98", "newsletter", "Newsletter"),
        ("77", "unknown-type", "A type that nobody has listed"),
    ):
        yield Scene(name, label, desk, type=code)
    yield Scene(
        "binder",
        "Administrative pass",
        "A1 administrative_pass",
        type="14",
        card="administrative",
        loans=3,
        facts={"memberships": (c.row("0089", ends=date(2099, 12, 31)),), "messages": (_FOR_THE_BINDER,)},
    )


def _no_borrowing(c: Casting) -> Iterator[Scene]:
    def under(*rows: Membership) -> dict[str, Any]:
        return {"memberships": rows}

    euro = _fees(c.home.here)
    yield Scene("lapsed", "Lapsed last week", "N2 lapsed", facts=under(c.row("0045", 80, (-372, -7))))
    yield Scene(
        "never", "Only a row that ends before it begins", "N2 no_membership", facts=under(c.row("0045", 9, (9, 3)))
    )
    yield Scene(
        "enrolled-online", "Not confirmed yet", "K6 not_confirmed", facts=under(c.row("0045", 125, confirmed=False))
    )
    yield Scene("digital", "Digital only", "S6 digital_only", facts=under(c.row("0141", 0)))
    yield Scene("blank", "A subscription without a period", "S1 no_self_service", facts=under(c.row("0086")))
    month = Fee("1", 1100, c.home.here, kind=FeeKind.CONTRIBUTION, since=c.home.today - timedelta(days=1))
    unpaid = under(c.row("0091", 20, (-1, 29), paid=False)) | {"fees": (month,)}
    yield Scene("month-unpaid", "Month, unpaid", "S5 pay_first", facts=unpaid)
    yield Scene("owes", "Owes € 12,50", "F4 open_amount", facts={"fees": euro(1250)})
    yield Scene("no-strips", "Basis, no strips left", "S2 no_strips", facts=under(c.row("0045", 0)))
    yield Scene(
        "home-30", "Home, 0083, 30 of 30 out", "S3 on_pass_maximum", type="01", loans=30, facts=under(c.row("0083"))
    )


def _region(c: Casting) -> Iterator[Scene]:
    def at(institution: InstitutionCode, code: str = "0045", **facts: Any) -> dict[str, Any]:
        row = c.row(code, None if code == "0053" else 90, institution=institution, **facts)
        return {"memberships": (row,), "main_library": institution}

    lapsed = c.row("0045", 12, (-400, -30))
    yield Scene("neighbour", "Member of the partner library", facts=at(c.home.partner), loans=1)
    elsewhere = {**at(c.home.partner), "memberships": (lapsed, *at(c.home.partner)["memberships"])}
    yield Scene("lapsed-here", "Lapsed here, valid at the partner", facts=elsewhere)
    two = {**at(c.home.partner), "memberships": (*at(c.home.partner)["memberships"], c.row("0021", 8))}
    yield Scene("two-memberships", "Two memberships of different kinds", facts=two)
    yield Scene("not-linked", "Subscription without a link", "N1 not_linked", facts=at(c.home.partner, "0053"))
    yield Scene("not-shared", "Member of a library outside the group", "N1 not_shared", facts=at(c.home.stranger))
    if c.home.is_dutch:
        # Seen from Emmen, in the same group 1, this is N11.
        yield Scene("group-one", "Member of Coevorden", "N1 not_shared", facts=at(InstitutionCode("coevorden")))


def _guests(c: Casting) -> Iterator[Scene]:
    today = c.home.today

    def from_home(isil: str | None, strips: int = 125, nights: int = 0, ends: int = 150) -> dict[str, Any]:
        row = c.row("0345", strips, (-60, ends), verified=today - timedelta(days=nights))
        return {"memberships": (row,), "home": isil, "main_library": None}

    def guest(name: str, label: str, shows: str, facts: dict[str, Any], card: str = "guest") -> Scene:
        return Scene(name, label, shows, type="04", card=card, facts=facts)

    here = "NL-070288"
    fryslan, unlisted = from_home("NL-087041"), from_home("NL-999999")
    yield guest("guest", "Guest from Groningen", MAY_BORROW, from_home(here))
    yield guest("guest-linked", "Guest from Fryslân, chip linked by UID", MAY_BORROW, fryslan, "guest-uid")
    yield guest("guest-six-nights", "Guest, home silent for six nights", MAY_BORROW, from_home(here, nights=6))
    yield guest("guest-no-chip", "Guest without a chip", "G6 guest_without_chip", from_home(here), "guest-printed")
    yield guest("guest-no-home", "Guest without a home", "G1 guest_home_unknown", from_home(None))
    yield guest("guest-odd-home", "Guest, home not listed", "G1 guest_home_unknown", unlisted)
    yield guest("guest-ended", "Guest, ended at home", "G7 guest_ended", from_home(here, ends=-2))
    yield guest("guest-unverified", "Guest, silence of ten nights", "G8 guest_unverified", from_home(here, nights=10))
    yield guest("guest-no-strips", "Guest before the 125 strips", "S2 guest_without_strips", from_home(here, 0))


def _not_passes(c: Casting) -> Iterator[Player]:
    stray = c.numbers.regional()
    uid = chip(f"{c.home.slug}/stray")
    yield c.nobody("stranger", "Pass of another network", "K5 pass_unknown", stray, uid=uid, ndef=stray)
    yield c.nobody("unlinked", "Chip that nobody linked", "K5 pass_unknown", "", uid=chip(f"{c.home.slug}/unlinked"))
    yield c.nobody("phone", "Phone: a new UID every time", "P8 chip_random", "", uid="08C0FFEE", kind="phone")
    yield c.nobody("misread", "Number that was misread", "K5 pass_unreadable", misread(c.numbers.regional()))
    yield c.nobody(
        "book-as-pass", "A book's barcode", "P3 item_shown_as_pass", c.numbers.item(regional=not c.home.is_dutch)
    )
    yield c.nobody("mandate", "The code of a mandate", "P3 mandate_shown", c.numbers.mandate())


_STAFF_ONLY = Message("Adres nakijken.")
_FOR_THE_BINDER = Message("Niet meer dan twintig boeken tegelijk.", acknowledge=True)


def _fees(institution: InstitutionCode) -> Callable[..., tuple[Fee, ...]]:
    def owed(open_cents: int, registered: int = 0, credit: int = 0) -> tuple[Fee, ...]:
        all_fees = (
            Fee("1", open_cents, institution),
            Fee("2", registered, institution, FeeStatus.REGISTERED),
            Fee("3", credit, institution),
        )
        return tuple(one for one in all_fees if one.cents)

    return owed
