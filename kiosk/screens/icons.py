"""The pictograms that are used, by what they mean here: code points of Google's Material Icons (Apache-2.0)."""

from circulation.outcomes import NextStep
from kiosk.rows import Gate
from kiosk.ui import Notice, ReceiptState, Trouble

ICONS = {
    "check": 0xE5CA,
    "help": 0xE8FD,
    "desk": 0xF0E2,
    "language": 0xE8E2,
    "close": 0xE5CD,
    "book": 0xEA19,
    "waves": 0xEA71,
    "library": 0xE54B,
    "card": 0xEA67,
    "no_line": 0xE2C1,
    "broken": 0xF10B,
    "attention": 0xF083,
    "hold_shelf": 0xE866,
    "shelf": 0xE02F,
    "again": 0xE042,
    "scan": 0xE5FA,
    "give_back": 0xE860,
    "elsewhere": 0xE55F,
    "time": 0xE8B5,
    "person": 0xE7FD,
    "receipt": 0xEF6E,
    "print": 0xE8AD,
    "next": 0xE5C8,
    "message": 0xE88E,
    "mail": 0xE158,
    "stack": 0xE53B,
    "lock": 0xE897,
    "read_aloud": 0xE050,
    "access": 0xE84E,
    "contrast": 0xE891,
    "text": 0xE245,
    "low": 0xE914,
    "still": 0xE034,
    "up": 0xE5D8,
    "down": 0xE5DB,
}
OF_STEP = {
    NextStep.DESK: "desk",
    NextStep.SHELF: "shelf",
    NextStep.HOLD_SHELF: "hold_shelf",
    NextStep.PASS: "card",
    NextStep.SCAN_AGAIN: "again",
    NextStep.SCAN_ITEM: "scan",
    NextStep.RETURN_SOMETHING: "give_back",
    NextStep.OWN_LIBRARY: "elsewhere",
    NextStep.OTHER_BRANCH: "elsewhere",
    NextStep.KEEP: "check",
}
OF_NOTICE = {
    Notice.OTHER_PASS: "card",
    Notice.UNREADABLE_SCAN: "again",
    Notice.CHIP_UNREADABLE: "card",
    Notice.CARD_NOT_READ: "card",
    Notice.PASS_LEFT: "card",
    Notice.ENDED_BY_TIME: "time",
    Notice.TAG_UNREADABLE: "again",
    Notice.PASS_FIRST: "card",
    Notice.BOOKS_LEFT: "book",
    Notice.LIFT_FIRST: "stack",
    Notice.PASS_FOR_ACCOUNT: "card",
}
OF_GATE = {Gate.LAY_DOWN: "stack", Gate.CALLS: "desk", Gate.OPEN: "desk"}
OF_ROUTE = {"shelf": "check", "hold_shelf": "hold_shelf", "other_branch": "elsewhere", "staff": "desk"}
OF_TROUBLE = {
    Trouble.NO_CONNECTION: "no_line",
    Trouble.WITHOUT_LINE: "no_line",
    Trouble.NOT_ADMITTED: "desk",
    Trouble.NO_PASS_READER: "card",
    Trouble.NO_SCANNER: "scan",
    Trouble.NO_PAD: "stack",
    Trouble.NO_ITEMS: "scan",
    Trouble.NO_WAY_IN: "broken",
}
OF_RECEIPT = {
    ReceiptState.PRINTING: "print",
    ReceiptState.PRINTED: "check",
    ReceiptState.OUT_OF_PAPER: "receipt",
    ReceiptState.FAILED: "receipt",
    ReceiptState.NOT_SURE: "receipt",
    ReceiptState.MAILING: "mail",
    ReceiptState.MAILED: "mail",
    ReceiptState.NOT_MAILED: "mail",
}


def glyph(name: str) -> str:
    """The character of a pictogram; empty for an empty name."""
    return chr(ICONS[name]) if name else ""
