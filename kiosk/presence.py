"""Whether somebody is there, and may see all of the screen: of a pass only whoever shows the one of this visit.

What comes by itself (a pass at the edge of the field, a label left under a scanner) counts only so often in a row.
"""

from collections import Counter
from enum import Enum

from circulation.presented import Presented
from devices.ports import (
    BarcodeScanned,
    HeadphonesChanged,
    Key,
    KeyPressed,
    PassPresented,
    PassUnreadable,
    ScanUnreadable,
)
from kiosk.bus import Happening, Stirred, Touched
from kiosk.shown_pass import is_same_pass, shown_pass

OFTEN = {
    PassPresented: 3,
    PassUnreadable: 3,
    HeadphonesChanged: 3,
    ScanUnreadable: 10,
    BarcodeScanned: 3,
    KeyPressed: 90,
    Stirred: 100,
}
"""So often in a row each of these counts, until something that only a person does: a button, another key, a label that
was not read before. Whoever scans worn labels needs more tries than anybody needs with a pass, and a long account can
be heard by one key, or drawn down by one finger. A label counts for itself: two may lie under one scanner."""
_READS = Touched | Stirred | KeyPressed | BarcodeScanned


class Sign(Enum):
    """What a happening tells of whoever stands there."""

    NONE = "none"  # nothing: a device, or somebody with whom this visit has nothing to do
    THERE = "there"  # somebody is, and their time counts anew
    READS = "reads"  # and a veil is taken off for them (`kiosk.veil`)


class Presence:
    """Of one visit after the other.

    Somebody else's pass is no sign at all: whoever left is given no time by whoever waits for the kiosk, and comes back
    to what they would have found. Headphones are anybody's: whoever plugs them in has the time to hear what stands
    there, veiled as it is drawn, and the first key takes the veil off.
    """

    def __init__(self) -> None:
        self._whose: Presented | None = None
        self._in_a_row: Counter[type | str] = Counter()
        self._labels: set[str] = set()  # that were read
        self._key: Key | None = None  # the last one
        self._by_ok = False  # whether it was OK, and no finger since: what is touched next, it touched
        self._last: Happening | None = None

    def begin(self, whose: Presented | None) -> None:
        """A visit of that pass begins; None: nobody's."""
        self._whose, self._last, self._key, self._by_ok = whose, None, None, False
        self._in_a_row.clear()
        self._labels.clear()

    def sign_of(self, happening: Happening) -> Sign:
        """What it tells, asked once, when it arrives."""
        sign = self._sign_of(happening)
        if sign is not Sign.NONE:
            self._last = happening
        return sign

    def was_by(self, happening: object) -> bool:
        """Whether that is the last happening of which somebody of this visit was taken to be there."""
        return happening is self._last

    def _sign_of(self, happening: Happening) -> Sign:
        is_anothers = self._is_anothers(happening)
        if (is_anothers and isinstance(happening, PassPresented)) or self._comes_by_itself(happening):
            return Sign.NONE
        is_own = isinstance(happening, PassPresented) and self._whose is not None
        return Sign.READS if is_own or (isinstance(happening, _READS) and not is_anothers) else Sign.THERE

    def _comes_by_itself(self, happening: Happening) -> bool:
        """Whether there were too many of it in a row. What only a person does begins all rows anew."""
        what: type | str = type(happening)
        match happening:
            case Touched():
                if self._by_ok:
                    return self._in_a_row[KeyPressed] > OFTEN[KeyPressed]
                self._in_a_row.clear()
                return False
            case Stirred():
                self._by_ok = False
            case KeyPressed(key=key):
                if key is not self._key:
                    self._in_a_row.clear()
                self._key, self._by_ok = key, key is Key.OK
            case BarcodeScanned(text=text):
                what = text
                if text not in self._labels:
                    self._in_a_row.clear()
                self._labels.add(text)
        self._in_a_row[what] += 1
        return self._in_a_row[what] > OFTEN.get(type(happening), 0)

    def _is_anothers(self, happening: Happening) -> bool:
        """Whether it is a pass, and not the one of this visit."""
        if self._whose is None or not isinstance(happening, PassPresented | BarcodeScanned):
            return False
        shown = shown_pass(happening)
        if isinstance(happening, PassPresented) or shown is None or shown.number is None:
            return isinstance(happening, PassPresented) and not is_same_pass(happening, self._whose)
        from circulation.rules.numbers import NumberKind, kind_of  # late: the first picture need not wait for it

        is_pass = kind_of(shown.number) in (NumberKind.PASS, NumberKind.ADMINISTRATIVE_PASS)
        return is_pass and shown.number != self._whose.number
