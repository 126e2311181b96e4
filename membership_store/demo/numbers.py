"""Numbers for the demo: printed forms of P1 with a right check digit (P2), and chips that never change."""

from hashlib import blake2b
from itertools import count

from circulation.identifiers import ChipUid, ItemBarcode, PassNumber, with_check_digit


class Numbers:
    """Gives numbers that no other library of the demo gives. `place`: four digits."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._serial = count(1)

    def regional(self) -> PassNumber:
        """2000…, unique in the network."""
        return PassNumber(with_check_digit(f"2000{self._place}{next(self._serial):05d}"))

    def ordinary(self) -> PassNumber:
        """2, branch, serial, check digit: an old pass, known to one institution."""
        return PassNumber(with_check_digit(f"2{self._place}{next(self._serial):08d}"))

    def administrative(self) -> PassNumber:
        """29999…, an administrative pass."""
        return PassNumber(with_check_digit(f"29999{self._place}{next(self._serial):04d}"))

    def at_home(self) -> PassNumber:
        """A guest's number, as the home library made it: of any length (P1)."""
        return PassNumber(f"{self._place[-2:]}{next(self._serial):04d}")

    def document(self) -> PassNumber:
        """The form of a national register number: eleven digits, to be read off an identity card (P6)."""
        return PassNumber(f"85{int(self._place) % 97:02d}12{next(self._serial):05d}")

    def mandate(self) -> str:
        """Sixteen digits: the code of a mandate (P3)."""
        return f"9{self._place}{next(self._serial):011d}"

    def item(self, *, regional: bool) -> ItemBarcode:
        """3000… for an item of the region, else 3, branch, serial; both with a check digit."""
        serial = next(self._serial)
        digits = f"3000{self._place}{serial:05d}" if regional else f"3{self._place}{serial:08d}"
        return ItemBarcode(with_check_digit(digits))


def misread(number: str) -> str:
    """The number with a check digit that fails (P2)."""
    return number[:-1] + str((int(number[-1]) + 1) % 10)


def chip(name: str, *, short: bool = False) -> ChipUid:
    """The UID of the chip in that pass: NXP's 04 and six bytes, or the four bytes of an old city card."""
    digest = blake2b(name.encode(), digest_size=6).hexdigest().upper()
    return ChipUid(f"A3{digest[:6]}" if short else f"04{digest}")
