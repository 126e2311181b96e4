"""Facts as a kiosk's mirror may hold them: every number, UID, barcode and reference a keyed hash, no name, no text.

BLAKE2b with 128 bits under the key of the consortium. Pass numbers can be counted through, so that the hash protects
nobody from who has the key: it does not lie on the disk of the mirror.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace

from circulation.identifiers import ChipUid, ItemBarcode, PassNumber, PatronRef
from circulation.model import Hold, Item, Loan, Message, Pass, Patron

PASS, CHIP, ITEM, PATRON, FEE = "pass", "chip", "item", "patron", "fee"


def masked(key: bytes, kind: str, text: str) -> str:
    """32 hexadecimals that stand for the text; `kind` keeps a pass number from being taken for a barcode."""
    return hashlib.blake2b(text.encode(), digest_size=16, key=key, person=kind.encode()).hexdigest()


def masking(key: bytes, kind: str) -> Callable[[str], str]:
    """`masked` for many texts of one kind: the key is prepared once."""
    prepared = hashlib.blake2b(digest_size=16, key=key, person=kind.encode()).copy

    def mask(text: str) -> str:
        state = prepared()
        state.update(text.encode())
        return state.hexdigest()

    return mask


def masked_patron(key: bytes, patron: Patron) -> Patron:
    """The patron without first name and without the text of any message."""
    return replace(
        patron,
        ref=_patron(key, patron.ref),
        first_name="",
        child=patron.child or bool(patron.first_name),  # K2: of whom it is goes, that it is a child's stays
        passes=tuple(_pass(key, one) for one in patron.passes),
        messages=tuple(Message("", one.for_patron, one.acknowledge) for one in patron.messages),
        fees=tuple(replace(one, ref=masked(key, FEE, one.ref)) for one in patron.fees),
        loans=tuple(_loan(key, one) for one in patron.loans),
    )


def masked_item(key: bytes, item: Item) -> Item:
    """The item with its title; its loan and its holds name nobody."""
    return replace(
        item,
        barcode=ItemBarcode(masked(key, ITEM, item.barcode)),
        loan=None if item.loan is None else _loan(key, item.loan),
        hold=None if item.hold is None else _hold(key, item.hold),
        wanted_by=tuple(_hold(key, one) for one in item.wanted_by),
    )


def _patron(key: bytes, ref: PatronRef) -> PatronRef:
    return PatronRef(masked(key, PATRON, ref))


def _pass(key: bytes, card: Pass) -> Pass:
    return replace(
        card,
        number=PassNumber(masked(key, PASS, card.number)),
        chips=frozenset(ChipUid(masked(key, CHIP, one)) for one in card.chips),
    )


def _loan(key: bytes, loan: Loan) -> Loan:
    return replace(loan, item=ItemBarcode(masked(key, ITEM, loan.item)), patron=_patron(key, loan.patron))


def _hold(key: bytes, hold: Hold) -> Hold:
    return replace(hold, patron=_patron(key, hold.patron))
