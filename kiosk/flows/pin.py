"""A PIN is typed (P6). What was typed lives in one local variable here and nowhere else: the screen knows how many
digits there are, the log nothing."""

from collections.abc import Callable
from functools import partial
from random import Random

from circulation.presented import Presented, Source
from devices.ports import BarcodeScanned, PassPresented
from kiosk.bus import Touched
from kiosk.flows.books_first import book_of
from kiosk.flows.still_there import still_there
from kiosk.settings import Patience
from kiosk.shown_pass import is_same_pass, shown_pass
from kiosk.stage import Stage
from kiosk.ui import DIGITS, PIN_MAX, PIN_MIN, Intent, PinPad

NewKeys = Callable[[], str]
Keep = Callable[[BarcodeScanned], None]


def in_order() -> str:
    """As on a telephone."""
    return DIGITS


def scrambled(random: Random) -> str:
    """In another order each time: neither a glance from the side nor a greasy screen tells what was typed."""
    return "".join(random.sample(DIGITS, len(DIGITS)))


async def type_pin(
    stage: Stage, shown: Presented, keys: str, patience: Patience, *, wrong: bool, keep: Keep
) -> str | None:
    """The PIN, or None where the patron left, fell silent, or showed another pass (which then is what happens next).

    `keep`: takes what is scanned meanwhile and is no pass.
    """
    typed, short = "", False
    while True:
        pad = PinPad(len(typed), wrong, short, keys=keys)
        stage.show(pad)
        happening = await stage.next(patience.idle)
        if happening is None:
            happening = await still_there(stage, partial(stage.show, pad), patience, partial(is_another, shown=shown))
        if happening is None:
            return None
        if isinstance(happening, Touched):
            if happening.intent is Intent.STOP:
                return None
            short = happening.intent is Intent.ENTER and len(typed) < PIN_MIN
            if happening.intent is Intent.ENTER and not short:
                return typed
            before, typed = typed, _after(typed, happening, keys)
            wrong = wrong and typed == before and not short
        elif isinstance(happening, PassPresented | BarcodeScanned):
            if is_another(happening, shown):
                stage.put_back(happening)
                return None
            if isinstance(happening, BarcodeScanned):
                keep(happening)


def _after(typed: str, touched: Touched, keys: str) -> str:
    if touched.intent is Intent.ERASE:
        return typed[:-1]
    is_digit = touched.intent is Intent.DIGIT and len(touched.what) == 1 and touched.what in keys
    return typed + touched.what if is_digit and len(typed) < PIN_MAX else typed


def is_another(happening: object, shown: Presented) -> bool:
    """Whether it is another pass than the one that somebody stands here with. What is scanned is an item, unless passes
    are scanned here too and its number has not an item's form (P1); what cannot be read is nobody's."""
    if not isinstance(happening, PassPresented | BarcodeScanned):
        return False
    if isinstance(happening, BarcodeScanned) and (shown.source is not Source.BARCODE or book_of(happening) is not None):
        return False
    return shown_pass(happening) is not None and not is_same_pass(happening, shown)
