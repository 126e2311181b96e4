"""Small worlds to judge: two libraries of one region, one of its own, one of another group; a happy patron in each."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from circulation.catalogue import CATALOGUE, GUEST
from circulation.identifiers import (
    BranchCode,
    ChipUid,
    InstitutionCode,
    Isil,
    ItemBarcode,
    PassNumber,
    PatronRef,
    SubscriptionCode,
)
from circulation.model import (
    Branch,
    Fee,
    FeeStatus,
    Group,
    GroupKind,
    Hold,
    Institution,
    Item,
    Loan,
    Membership,
    Pass,
    Patron,
    PatronType,
    ProductLink,
    Subscription,
)
from circulation.outcomes import Reason, Refused, Verdict
from circulation.presented import Presented, Source
from circulation.rules.facts import Borrow, Here, Holder, PinState, Policy, Renew, Return, Visit
from circulation.rules.verdict import on_borrow, on_renew, on_return, on_visit

TODAY = date(2026, 7, 15)
ZOTTEGEM, OOSTERZELE = InstitutionCode("zottegem"), InstitutionCode("oosterzele")
HERZELE, ANNEN, ELSEWHERE = InstitutionCode("herzele"), InstitutionCode("annen"), InstitutionCode("elsewhere")
NUMBER, OLD_NUMBER = PassNumber("20000000000014"), PassNumber("864300")
UID, RANDOM_UID = ChipUid("04A1B2C3D4E5F6"), ChipUid("08A1B2C3")
BARCODE = ItemBarcode("30000000000012")
BASIS, ANNA, BERT = SubscriptionCode("0045"), PatronRef("anna"), PatronRef("bert")


def day(offset: int) -> date:
    """The date so many days from today; negative is past."""
    return TODAY + timedelta(days=offset)


def code(text: str) -> SubscriptionCode:
    """A subscription's code."""
    return SubscriptionCode(text)


def link(there: str = "0045", here: str = "0045", of: InstitutionCode = OOSTERZELE) -> ProductLink:
    """A *Productkoppeling* that holds in Zottegem."""
    return ProductLink(at=ZOTTEGEM, here=code(here), of=of, there=code(there))


def institutions(
    kind: GroupKind = GroupKind.THREE_B,
    accepts: frozenset[InstitutionCode] = frozenset({OOSTERZELE}),
    uses_eid: bool = False,
) -> dict[InstitutionCode, Institution]:
    """Zottegem and Oosterzele in one group of that kind, Herzele in another group, Annen in none."""
    group, other = Group("vlaamse-ardennen", kind), Group("denderland", GroupKind.THREE_C)
    zottegem = Institution(ZOTTEGEM, "Bibliotheek Zottegem", group=group, accepts=accepts, uses_eid=uses_eid)
    oosterzele = Institution(OOSTERZELE, "Bibliotheek Oosterzele", group=group, accepts=frozenset({ZOTTEGEM}))
    herzele = Institution(HERZELE, "Bibliotheek Herzele", group=other)
    annen = Institution(ANNEN, "Bibliotheek Annen", isil=Isil("NL-087041"))
    return {one.code: one for one in (zottegem, oosterzele, herzele, annen)}


def here(
    known: dict[InstitutionCode, Institution] | None = None,
    at: InstitutionCode = ZOTTEGEM,
    links: tuple[ProductLink, ...] = (link(), link("0345", "0345")),
    catalogue: tuple[Subscription, ...] = CATALOGUE,
    policy: Policy | None = None,
    today: date = TODAY,
    limit: int = 1000,
    asks_pin: bool = False,
) -> Here:
    """A kiosk in Zottegem, in a region with transport."""
    branch = Branch(BranchCode("3550"), "Zottegem", at, open_amount_limit=limit, asks_pin=asks_pin)
    return Here(branch, known or institutions(), today, links, catalogue, policy or Policy())


def membership(subscription: str = "0045", at: InstitutionCode = ZOTTEGEM, **changes: Any) -> Membership:
    """A membership that runs, with strips left."""
    return replace(Membership(at, code(subscription), day(-100), day(100), strips_left=100), **changes)


def patron(*memberships: Membership, **changes: Any) -> Patron:
    """A regular patron who may borrow, unless the memberships given say otherwise."""
    return replace(Patron(ANNA, PatronType.REGULAR, memberships=memberships or (membership(),)), **changes)


def guest(*memberships: Membership, **changes: Any) -> Patron:
    """A guest from Groningen whose home confirmed the membership last night and whose strips are booked."""
    rows = memberships or (membership(GUEST, verified=TODAY),)
    return replace(Patron(ANNA, PatronType.GUEST, home=Isil("NL-070288"), memberships=rows), **changes)


def card(number: PassNumber = NUMBER, **changes: Any) -> Pass:
    """An active regional pass with one chip."""
    return replace(Pass(number, chips=frozenset({UID})), **changes)


def old_card(*at: InstitutionCode, **changes: Any) -> Pass:
    """A pass whose number is not unique in the network, linked to these institutions."""
    return card(OLD_NUMBER, unique=False, institutions=frozenset(at), **changes)


def by_barcode(number: PassNumber = NUMBER) -> Presented:
    """A number scanned from print."""
    return Presented(Source.BARCODE, number)


def by_chip(uid: ChipUid = UID, number: PassNumber | None = None) -> Presented:
    """A chip, with the number that is written in it, if any."""
    return Presented(Source.CHIP, number, uid)


def visit(
    *found: Holder, at: Here | None = None, presented: Presented | None = None, pin: PinState = PinState.NOT_SHOWN
) -> Visit:
    """These passes were found for a chip with the number of the first of them (of no pass: for NUMBER)."""
    number = found[0].card.number if found else NUMBER
    return Visit(at or here(), presented or by_chip(number=number), found, pin)


def holder(who: Patron | None = None, **changes: Any) -> Holder:
    """The regional pass of a happy patron."""
    return Holder(card(**changes), who or patron())


def item(**changes: Any) -> Item:
    """A lendable copy of this library."""
    return replace(Item(BARCODE, "Oeroeg", ZOTTEGEM, BranchCode("3550")), **changes)


def loan(who: PatronRef = BERT, barcode: ItemBarcode = BARCODE, **changes: Any) -> Loan:
    """A loan of last week."""
    return replace(Loan(barcode, who, BranchCode("3550"), day(-7), day(14)), **changes)


def loans(count: int) -> tuple[Loan, ...]:
    """So many loans of Anna, none of them of the item at hand."""
    return tuple(loan(ANNA, ItemBarcode(f"3{number:013}")) for number in range(count))


def hold(who: PatronRef = BERT, on_shelf: bool = True, **where: Any) -> Hold:
    """A hold whose item stands on the hold shelf."""
    return replace(Hold(who, on_shelf), **where)


def fee(cents: int, status: FeeStatus = FeeStatus.OPEN, at: InstitutionCode = ZOTTEGEM) -> Fee:
    """An amount owed, or a credit where it is negative."""
    return Fee(f"fee-{cents}", cents, at, status)


def borrow(
    who: Patron | None = None,
    what: Item | None = None,
    at: Here | None = None,
    barcode: ItemBarcode | None = None,
) -> Borrow:
    """A happy patron scans a lendable item; with only a barcode given, an item that nobody knows."""
    known = what or (None if barcode else item())
    return Borrow(at or here(), who or patron(), barcode or (known.barcode if known else None), known)


def renew(
    who: Patron | None = None, what: Item | None = None, at: Here | None = None, own: Loan | None = None
) -> Renew:
    """A happy patron wants to keep an item of last week longer."""
    mine = own or loan(ANNA)
    return Renew(at or here(), who or patron(), what or item(loan=mine), mine)


def brought(what: Item | None = None, at: Here | None = None, barcode: ItemBarcode = BARCODE) -> Return:
    """Somebody lays an item down; without one, nobody knows its barcode."""
    return Return(at or here(), what.barcode if what else barcode, what)


Facts = Visit | Borrow | Renew | Return


def judged(facts: Facts) -> Verdict:
    """The verdict on a visit, a loan, a renewal or a return."""
    if isinstance(facts, Visit):
        return on_visit(facts)
    if isinstance(facts, Renew):
        return on_renew(facts)
    return on_return(facts) if isinstance(facts, Return) else on_borrow(facts)


def refusal(facts: Facts) -> Refused:
    """What decided; it is an error of the test if nothing refused."""
    decided = judged(facts).decided
    assert decided is not None, "nothing refused"
    return decided


def says(facts: Facts) -> tuple[str, Reason]:
    """The rule and the reason that decided."""
    decided = refusal(facts)
    return decided.rule, decided.reason


def passes(facts: Facts) -> bool:
    """Whether nothing at all refuses."""
    verdict = judged(facts)
    return verdict.allowed and not verdict.also
