"""Passes at the desk: the first, follow-on, replacing, blocking (P4, P5, P7), and the chips linked to them (P8)."""

from dataclasses import dataclass, field

from circulation import identifiers as ids
from circulation.model import PassKind
from circulation.rules.staffing import UNIQUE_KINDS, follow_on_allowed
from membership_store.members import chip_owners
from membership_store.staff.acts import Act, Answer, At, Denied, Done, NoSuch, Unacceptable
from membership_store.staff.asked import OfPatron

REGIONAL_PREFIX = "2000"
PROVIDED = frozenset({*UNIQUE_KINDS, PassKind.ORDINARY})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPass:
    """A pass that is given out. `eid`: the identity card itself is the pass. `chip`: linked to it at once."""

    number: ids.PassNumber = field(repr=False)
    kind: PassKind = PassKind.REGIONAL
    eid: bool = False
    chip: ids.ChipUid | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddFollowOnPass(OfPatron):
    """A further pass for a patron who has one."""

    card: NewPass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacePass(OfPatron):
    """`number` is the pass that is given up; the new one takes its place."""

    number: ids.PassNumber = field(repr=False)
    card: NewPass


@dataclass(frozen=True, slots=True, kw_only=True)
class OfPass(OfPatron):
    """One of the patron's passes, by its number."""

    number: ids.PassNumber = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfChip(OfPass):
    """A chip of one of the patron's passes."""

    chip: ids.ChipUid = field(repr=False)


def denied(at: At, patron: str, card: NewPass, *, administrative: bool = False) -> Denied | None:
    """Why the patron cannot have that pass here, or None (P4, P5, P8)."""
    if card.kind not in PROVIDED and not administrative:
        raise Unacceptable("card.kind", "not a kind that the desk gives out")
    if card.kind is PassKind.REGIONAL and not card.number.startswith(REGIONAL_PREFIX):
        return Denied("not_a_regional_number", "P1")
    if card.eid and not (card.kind is PassKind.NATIONAL_NUMBER and at.here.institution.uses_eid):
        return Denied("eid_not_used", "P4")
    if _is_taken(at, patron, card):
        return Denied("number_in_use", "P4")
    return None if card.chip is None else _chip_denied(at, patron, card.chip)


def _is_taken(at: At, patron: str, card: NewPass) -> bool:
    """A unique number is of one patron in the whole network; any other of one patron an institution."""
    rows = at.rows(
        "SELECT p.patron, p.network_unique, i.institution FROM pass p LEFT JOIN pass_institution i"
        " ON i.consortium = p.consortium AND i.pass = p.pass WHERE p.consortium = ? AND p.number = ?",
        card.number,
    )
    unique = card.kind in UNIQUE_KINDS
    return any(owner == patron or unique or is_unique or place == at.institution for owner, is_unique, place in rows)


def _chip_denied(at: At, patron: str, chip: ids.ChipUid) -> Denied | None:
    if ids.is_random(chip):
        return Denied("chip_random", "P8")
    return Denied("chip_in_use", "P8") if chip_owners(at.session, at.consortium, chip) - {patron} else None


def give(at: At, patron: str, card: NewPass, *, follow_on: bool = False) -> str:
    """Writes the pass down, after `denied` said nothing, linked to this institution; returns its key."""
    key = f"S{at.chance()}"
    at.add(
        "pass",
        **{"pass": key},
        patron=patron,
        number=card.number,
        network_unique=int(card.kind in UNIQUE_KINDS),
        document_number=int(card.kind is PassKind.NATIONAL_NUMBER),
        eid=int(card.eid),
        kind=card.kind.value,
        follow_on=int(follow_on),
    )
    at.add("pass_institution", **{"pass": key}, institution=at.institution)
    if card.chip is not None:
        at.add("pass_chip", uid=card.chip, **{"pass": key})
    return key


def _own(at: At, patron: str, number: str) -> tuple[str, str]:
    """The key and the status of a pass of the patron. Raises NoSuch."""
    at.member(patron)
    row = at.one(
        "SELECT pass, status FROM pass WHERE consortium = ? AND patron = ? AND number = ? ORDER BY status, pass",
        patron,
        number,
    )
    if row is None:
        raise NoSuch("pass")
    return str(row[0]), str(row[1])


def add_follow_on(at: At, asked: AddFollowOnPass) -> Answer:
    """P5: only of the kinds whose number is unique in the network."""
    at.member(asked.patron)
    if not follow_on_allowed(asked.card.kind):
        return Denied("not_unique", "P5")
    no = denied(at, asked.patron, asked.card)
    if no is not None:
        return no
    key = give(at, asked.patron, asked.card, follow_on=True)
    at.changed(asked.patron)
    return Done({"pass": key}, asked.patron, key)


def replace(at: At, asked: ReplacePass) -> Answer:
    """P4, P7: the old pass counts no more; the new one is unique in the network."""
    old, status = _own(at, asked.patron, asked.number)
    if status == "replaced":
        return Denied("replaced_already", "P7")
    if not follow_on_allowed(asked.card.kind):
        return Denied("not_unique", "P4")
    no = denied(at, asked.patron, asked.card)
    if no is not None:
        return no
    _set_status(at, old, "replaced")
    key = give(at, asked.patron, asked.card, follow_on=True)
    at.changed(asked.patron)
    return Done({"pass": key, "replaced": old}, asked.patron, key)


def block(at: At, asked: OfPass) -> Answer:
    """P7: a blocked pass goes to the desk."""
    return _turn(at, asked, "active", "blocked")


def unblock(at: At, asked: OfPass) -> Answer:
    """P7: a pass that was found again counts again; a replaced one never."""
    return _turn(at, asked, "blocked", "active")


def _turn(at: At, asked: OfPass, was: str, will_be: str) -> Answer:
    key, status = _own(at, asked.patron, asked.number)
    if status != was:
        return Denied(f"pass_{status}", "P7")
    _set_status(at, key, will_be)
    at.changed(asked.patron)
    return Done({"pass": key}, asked.patron, key)


def _set_status(at: At, key: str, status: str) -> None:
    at.run("UPDATE pass SET status = ? WHERE consortium = ? AND pass = ?", status, at.consortium, key)


def link_chip(at: At, asked: OfChip) -> Answer:
    """P8: links a chip to a pass; never a number that the chip makes up at each reading."""
    key, status = _own(at, asked.patron, asked.number)
    if status != "active":
        return Denied(f"pass_{status}", "P7")
    no = _chip_denied(at, asked.patron, asked.chip)
    if no is not None:
        return no
    known = at.one("SELECT 1 FROM pass_chip WHERE consortium = ? AND uid = ? AND pass = ?", asked.chip, key)
    if known is None:
        at.add("pass_chip", uid=asked.chip, **{"pass": key})
    at.changed(asked.patron)
    return Done({"pass": key}, asked.patron, key)


def unlink_chip(at: At, asked: OfChip) -> Answer:
    """P8: a chip that was linked wrongly opens nothing any more."""
    key, _ = _own(at, asked.patron, asked.number)
    gone = "DELETE FROM pass_chip WHERE consortium = ? AND uid = ? AND pass = ?"
    if at.run(gone, at.consortium, asked.chip, key) == 0:
        raise NoSuch("chip")
    at.changed(asked.patron)
    return Done({"pass": key}, asked.patron, key)


ACTS = (
    Act("passes/add", "Gives a patron a follow-on pass (P5)", AddFollowOnPass, add_follow_on),
    Act("passes/replace", "Replaces a pass by one that is unique in the network (P4)", ReplacePass, replace),
    Act("passes/block", "Blocks a pass (P7)", OfPass, block),
    Act("passes/unblock", "Lets a blocked pass count again (P7)", OfPass, unblock),
    Act("passes/link-chip", "Links a chip to a pass (P8)", OfChip, link_chip),
    Act("passes/unlink-chip", "Takes a chip off a pass (P8)", OfChip, unlink_chip),
)
