"""Which card lies on a PC/SC reader, by its ATR (ISO/IEC 7816-3; PC/SC part 3 for contactless ones), and its UID. Pure.

A UID is taken of chips of ISO/IEC 14443 type A only; what no public specification gives is not guessed.
"""

from __future__ import annotations

from enum import Enum

GET_UID = b"\xff\xca\x00\x00\x00"  # PC/SC part 3, 3.2.2.1.3: GET DATA, answered by the reader itself
_BELGIAN_EID = frozenset(
    {
        bytes.fromhex("3b9813400aa503010101ad1311"),
        bytes.fromhex("3b9894400aa503010101ad1310"),
        bytes.fromhex("3b989440ffa503010101ad1310"),
    }
)
_CONTACTLESS = b"\x80\x01"
_STORAGE = bytes.fromhex("804f0ca000000306")  # of the historical bytes of a chip without an operating system
_TYPE_A = frozenset({0x01, 0x02, 0x03})
_UID_LENGTHS = frozenset({4, 7, 10})
_DONE = b"\x90\x00"


class CardKind(Enum):
    """What a card is; the values are words for staff."""

    TYPE_A = "a contactless chip"
    A_OR_B = "a contactless chip of type A or B"
    OTHER_RADIO = "a contactless chip of another standard"
    BELGIAN_EID = "a Belgian identity card"
    CONTACT = "a card with contacts"
    MUTE = "a card that does not answer"


def kind_of(atr: bytes) -> CardKind:
    """What card has this ATR; whatever the bytes are, there is an answer."""
    if not atr:
        return CardKind.MUTE
    if atr in _BELGIAN_EID:
        return CardKind.BELGIAN_EID
    if not _is_contactless(atr):
        return CardKind.CONTACT
    told = atr[4:-1]
    if told.startswith(_STORAGE) and len(told) == 15:
        return CardKind.TYPE_A if told[8] in _TYPE_A else CardKind.OTHER_RADIO
    # Of type B the reader tells 8 bytes (ATQB), of type A what the chip chose to tell of itself: they may be 8, too.
    return CardKind.A_OR_B if len(told) == 8 else CardKind.TYPE_A


def _is_contactless(atr: bytes) -> bool:
    if len(atr) < 5 or atr[0] != 0x3B or atr[1] >> 4 != 8 or atr[2:4] != _CONTACTLESS:
        return False
    check = 0
    for byte in atr[1:]:
        check ^= byte
    return len(atr) == 5 + (atr[1] & 0x0F) and check == 0


def uid_in(kind: CardKind, answer: bytes) -> bytes | None:
    """The UID in a reader's answer to GET_UID; None where it says none, or one that means nothing on such a card."""
    uid, status = answer[:-2], answer[-2:]
    if status != _DONE or len(uid) not in _UID_LENGTHS:
        return None
    if kind is CardKind.TYPE_A or (kind is CardKind.A_OR_B and len(uid) > 4):
        return uid
    return None  # four bytes of type B are made up anew at each sense
