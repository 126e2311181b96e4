"""What is shown to a reader, and what its patron wants of a receipt: all that a kiosk knows before it asks (P8, K2)."""

from dataclasses import field
from enum import Enum

from circulation.identifiers import ChipUid, PassNumber
from values import dataclass


class Source(Enum):
    """How a pass was shown (P8, G6): its chip, its chip on the item pad (ISO 15693), or a number scanned from print."""

    CHIP = "chip"
    PAD = "pad"
    BARCODE = "barcode"


class ReceiptChoice(Enum):
    """K2 *klantbonnen*: what the patron wants after a visit."""

    PRINT = "print"
    EMAIL = "email"
    NONE = "none"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Presented:
    """What was shown to a reader: a chip's UID, the number written in it or printed on the pass, or both (P8).

    Here and in `model`, what names a person or says what they read stays out of the repr, so that no log can hold it.
    """

    source: Source
    number: PassNumber | None = field(default=None, repr=False)
    uid: ChipUid | None = field(default=None, repr=False)
