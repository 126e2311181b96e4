"""What a kiosk's mirror may keep: how much of its group's patrons and items, and where it stands (N1, N6).

A kiosk is configured to keep less than it may; a cursor is of one scope, so that no other one goes on from it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from circulation.identifiers import InstitutionCode
from circulation.model import Item
from circulation.rules.facts import Here
from membership_store.credentials import Kiosk
from membership_store.database import Query, Session, one
from membership_store.network import load_here, zone_of

_HEAD = "SELECT generation, head, pruned, pass_key FROM feed_head WHERE consortium = ?"
_BRANCHES = "SELECT branch, institution, name FROM branch WHERE consortium = ?"


class BadCursor(ValueError):
    """What was given is no cursor."""


class Gone(Exception):
    """The cursor is of another generation, of another group, or older than what is kept: a snapshot comes first."""


class Patrons(Enum):
    """Whose patrons: all that the group recognises, or those of the kiosk's own institution, guests included."""

    GROUP = "group"
    INSTITUTION = "institution"


class Items(Enum):
    """Which items: the group's, the institution's, those that belong to the branch, or none."""

    GROUP = "group"
    INSTITUTION = "institution"
    BRANCH = "branch"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Scope:
    """How much of what it may see a kiosk keeps."""

    patrons: Patrons = Patrons.GROUP
    items: Items = Items.GROUP

    @property
    def said(self) -> tuple[str, ...]:
        """What of it is in the name of a cursor's generation: nothing for the whole, as cursors always were."""
        return () if self == ALL else (f"patrons={self.patrons.value}", f"items={self.items.value}")


ALL = Scope()


@dataclass(frozen=True, slots=True)
class View:
    """What a kiosk may see. `generation` changes with the data's, the group and the scope: none goes unnoticed.

    `institutions`: of the group. `patrons_of`: whose patrons are kept; `items_of`, `items_at`: the items of
    which institutions, and those at which branches. `branches`: how each of the network is called.
    """

    kiosk: Kiosk
    here: Here
    zone: str
    institutions: frozenset[InstitutionCode]
    patrons_of: frozenset[InstitutionCode]
    items_of: frozenset[InstitutionCode]
    items_at: frozenset[str]
    branches: Mapping[str, str]
    generation: str
    head: int
    pruned: int
    key: bytes

    @property
    def has_items(self) -> bool:
        """Whether any item is kept."""
        return bool(self.items_of or self.items_at)

    def keeps(self, item: Item) -> bool:
        """Whether this item is."""
        return item.institution in self.items_of or item.branch in self.items_at

    def cursor(self, seq: int) -> str:
        """Where a mirror stands that has all up to that number."""
        return f"{self.generation}:{seq}"

    def seq_of(self, cursor: str) -> int:
        """The number in a cursor. Raises BadCursor, Gone."""
        generation, seq = cursor.partition(":")[0], number_in(cursor)
        if not generation or seq is None:
            raise BadCursor("since: not a cursor of this store")
        if generation != self.generation or not self.pruned <= seq <= self.head:
            raise Gone
        return seq


def number_in(cursor: str) -> int | None:
    """The number in what may be a cursor."""
    seq = cursor.partition(":")[2]
    return int(seq) if seq.isascii() and seq.isdigit() and len(seq) <= 18 else None


def asked_of_view(kiosk: Kiosk) -> tuple[Query, Query]:
    """What `view_of` asks besides the branch."""
    mine = (kiosk.consortium,)
    return (_HEAD, mine), (_BRANCHES, mine)


def view_of(session: Session, kiosk: Kiosk, moment: datetime, scope: Scope = ALL) -> View:
    """What the kiosk sees at that moment (UTC): its own institution's, and its group's where that shares."""
    here = load_here(session, kiosk.consortium, kiosk.branch, moment)
    group = {code for code in here.institutions if here.same_group(code)} if here.shares_memberships else set()
    mine = frozenset({here.branch.institution})
    institutions = mine | group
    row = one(session.rows(_HEAD, kiosk.consortium))
    generation, head, pruned, key = row or ("", 0, 0, "")
    named = "\n".join([here.branch.code, *sorted(institutions), *scope.said])
    items_of = {Items.GROUP: institutions, Items.INSTITUTION: mine}.get(scope.items, frozenset())
    branches = session.rows(_BRANCHES, kiosk.consortium)
    items_at = {code for code, owner, _ in branches if owner in items_of}
    return View(
        kiosk=kiosk,
        here=here,
        zone=zone_of(session, kiosk.consortium, kiosk.branch),
        institutions=institutions,
        patrons_of=institutions if scope.patrons is Patrons.GROUP else mine,
        items_of=items_of,
        items_at=frozenset({here.branch.code} if scope.items is Items.BRANCH else items_at),
        branches={code: name for code, _, name in branches},
        generation=f"{generation}-{hashlib.sha256(named.encode()).hexdigest()[:8]}",
        head=head,
        pruned=pruned,
        key=bytes.fromhex(key),
    )
