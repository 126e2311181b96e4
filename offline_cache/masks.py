"""The keyed hashes that name things in the mirror, for what a kiosk has in the clear (circulation.masking)."""

from circulation.identifiers import ChipUid, ItemBarcode, PassNumber, PatronRef
from circulation.masking import CHIP, FEE, ITEM, PASS, PATRON, masking
from circulation.presented import Presented


class Masks:
    """What a number, chip, barcode or reference is called in the mirror: 32 hexadecimals each."""

    def __init__(self, key: bytes) -> None:
        self._number, self._chip, self._item = masking(key, PASS), masking(key, CHIP), masking(key, ITEM)
        self._patron, self._fee = masking(key, PATRON), masking(key, FEE)

    def number(self, number: PassNumber) -> str:
        """The mask of a pass number."""
        return self._number(number)

    def chip(self, uid: ChipUid) -> str:
        """The mask of a chip's UID."""
        return self._chip(uid)

    def item(self, barcode: ItemBarcode) -> str:
        """The mask of a barcode: the key of the item's row, and what a loan in the mirror names."""
        return self._item(barcode)

    def patron(self, ref: PatronRef) -> PatronRef:
        """The mask of a reference as the store gives it in its answers."""
        return PatronRef(self._patron(ref))

    def fee(self, ref: str) -> str:
        """The mask of an amount's reference, as the store gives it in its answers."""
        return self._fee(ref)

    def shown(self, presented: Presented) -> tuple[str, ...]:
        """The masks under which the pass that was shown may stand: by its number, by its chip."""
        number = () if presented.number is None else (self.number(presented.number),)
        return number if presented.uid is None else (*number, self.chip(presented.uid))
