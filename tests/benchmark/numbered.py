"""A large store whose every key is made from a number, so that a load generator and pgbench can name any row of it.

Consortia are blocks of patrons and items. The first half of a consortium's items is never lent when the world is made:
the measurements borrow those, in an order that does not repeat.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

FIRST = 1_000_000
FEED_BEGINS = 1_000
CONSORTIA, INSTITUTIONS = 12, 20


@dataclass(frozen=True)
class Size:
    """How large. `kiosks`: of all consortia together."""

    patrons: int = 1_000_000
    items: int = 2_000_000
    kiosks: int = 2_000
    feed: int = 60_000

    @property
    def patrons_each(self) -> int:
        """Patrons of one consortium."""
        return self.patrons // CONSORTIA

    @property
    def items_each(self) -> int:
        """Items of one consortium."""
        return self.items // CONSORTIA

    @property
    def free_each(self) -> int:
        """Items of one consortium that are on the shelf, the first of its block."""
        return self.items_each // 2

    @property
    def feed_ends(self) -> int:
        """The last sequence number of each consortium's feed."""
        return FEED_BEGINS + self.feed // CONSORTIA

    def patron_of(self, consortium: int, index: int) -> int:
        """The number of a consortium's patron."""
        return FIRST + consortium * self.patrons_each + index % self.patrons_each

    def item_of(self, consortium: int, index: int) -> int:
        """The number of a consortium's item."""
        return FIRST + consortium * self.items_each + index % self.items_each


def consortium_code(consortium: int) -> str:
    """`net-3`."""
    return f"net-{consortium}"


def patron_ref(n: int) -> str:
    """The reference of a patron."""
    return f"P{n}"


def pass_number(n: int) -> str:
    """Fourteen digits that begin with 2000; the check digit is left out of it (P2: never a refusal)."""
    return f"2000{n}000"


def chip(n: int) -> str:
    """Seven bytes that begin with 04."""
    return f"04{n}00000"


def barcode(m: int) -> str:
    """Fourteen digits that begin with 3000."""
    return f"3000{m}000"


def institution_code(i: int) -> str:
    """`i7`; every consortium has the same codes."""
    return f"i{i % INSTITUTIONS}"


def branch_code(i: int) -> str:
    """The one branch of that institution."""
    return f"b{i % INSTITUTIONS}"


def kiosk_code(k: int) -> str:
    """The kiosk of that number, in whatever consortium."""
    return f"k{k}"


def consortium_of_kiosk(k: int) -> int:
    """Kiosks are dealt out over the consortia."""
    return k % CONSORTIA


def token(k: int) -> str:
    """The credential of a kiosk."""
    return f"{consortium_code(consortium_of_kiosk(k))}.{kiosk_code(k)}.secret-{k}"


def cursor(generations: Mapping[str, str], k: int, seq: int) -> str:
    """Where the mirror of a kiosk stands (membership_store.mirror): the feed's generation, its view, the number."""
    codes = sorted(institution_code(i) for i in range(INSTITUTIONS))
    scope = hashlib.sha256("\n".join([branch_code(k), *codes]).encode()).hexdigest()[:8]
    return f"{generations[consortium_code(consortium_of_kiosk(k))]}-{scope}:{seq}"


def salt_and_credential(k: int) -> tuple[str, str]:
    """What the store keeps of that credential (see membership_store.credentials)."""
    salt = f"{k:032x}"
    return salt, hashlib.sha256(bytes.fromhex(salt) + f"secret-{k}".encode()).hexdigest()
