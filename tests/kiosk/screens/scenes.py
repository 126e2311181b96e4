"""One picture of every screen in every state: for the gallery, and for the checks that all of them must pass."""

from dataclasses import replace
from datetime import date

from circulation.affairs import Route
from circulation.outcomes import NextStep, Reason, Refused, Value
from kiosk.access import Access
from kiosk.rows import Asking, Back, Gate, Lent, NotAsked, NotKnown, NotLent, NotTaken, PartsMissing, Switching, Undone
from kiosk.texts import available
from kiosk.ui import (
    AccessCard,
    Borrowing,
    ChooseHome,
    Closed,
    Finished,
    GuestOffer,
    HelpCard,
    LanguageCard,
    LendOrReturn,
    NoAnswer,
    Notice,
    NoVisit,
    OutOfOrder,
    Over,
    PinPad,
    Reading,
    Receipt,
    ReceiptState,
    Rest,
    Returned,
    Returning,
    Screen,
    StillThere,
    Trouble,
    Waiting,
)
from kiosk.veil import veiled
from tests.kiosk.screens import account_scenes

TODAY = date(2026, 7, 22)
DUE = date(2026, 8, 12)
LANGUAGES = tuple(sorted(available(), key=lambda one: (one != "nl", one != "en", one)))
PORTRAIT, LANDSCAPE, SMALL = (1080, 1920), (1920, 1080), (800, 480)
SIZES = (PORTRAIT, LANDSCAPE, SMALL)
LARGEST, SMALL_STANDING = (2160, 3840), (480, 800)  # 4K; the least that the configuration allows
# Every third with `make test`, beginning with the first; all with `make test-system`.
OTHERS = (
    *((1280, 800), (800, 1280), (1024, 1280)),
    *(LARGEST, (1024, 600), (800, 600)),
    *(SMALL_STANDING, (1280, 1024)),
)
LONG = "Het geheim van de zeven verdwenen meeuwen en de vuurtorenwachter die alles al wist: een vertelling in brieven"

VALUES: dict[Reason, dict[str, Value]] = {
    Reason.GUEST_UNVERIFIED: {"since": date(2026, 7, 13)},
    Reason.LAPSED: {"ended": date(2024, 9, 30)},
    Reason.PAY_FIRST: {"cents": 1100},
    Reason.OPEN_AMOUNT: {"cents": 123_45, "limit": 1000},
    Reason.NO_STRIPS: {"ends": date(2027, 11, 30)},
    Reason.ON_PASS_MAXIMUM: {"count": 30, "maximum": 30},
    Reason.ALREADY_YOURS: {"due": DUE},
    Reason.NO_TRANSPORT: {"place": "Bibliotheek Oosterzele"},
    Reason.RETURN_ELSEWHERE: {"place": "Bibliotheek Oosterzele"},
    Reason.NOT_RENEWED_HERE: {"place": "Bibliotheek Oosterzele"},
    Reason.RENEWED_ENOUGH: {"count": 2},
    Reason.OFFLINE_MAXIMUM: {"count": 5},
    Reason.PIN_LOCKED: {"count": 15},
}
STEPS: dict[Reason, tuple[NextStep, ...]] = {
    Reason.PASS_UNREADABLE: (NextStep.SCAN_AGAIN,),
    Reason.ITEM_SHOWN_AS_PASS: (NextStep.PASS,),
    Reason.PASS_SHOWN_AS_ITEM: (NextStep.SCAN_ITEM,),
    Reason.MANDATE_SHOWN: (NextStep.SCAN_ITEM, NextStep.PASS),
    Reason.CHIP_RANDOM: (NextStep.PASS,),
    Reason.GUEST_ENDED: (NextStep.OWN_LIBRARY,),
    Reason.ON_PASS_MAXIMUM: (NextStep.RETURN_SOMETHING,),
    Reason.ITEM_UNKNOWN: (NextStep.DESK, NextStep.SCAN_AGAIN),
    Reason.ITEM_REFERENCE: (NextStep.SHELF,),
    Reason.ALREADY_YOURS: (NextStep.KEEP,),
    Reason.HELD_FOR_ANOTHER: (NextStep.HOLD_SHELF,),
    Reason.NO_TRANSPORT: (NextStep.OTHER_BRANCH,),
    Reason.RETURN_ELSEWHERE: (NextStep.OTHER_BRANCH,),
    Reason.NOT_RENEWED_HERE: (NextStep.OTHER_BRANCH,),
    Reason.NOT_ON_LOAN: (NextStep.SCAN_ITEM,),
    Reason.WANTED_BY_ANOTHER: (NextStep.RETURN_SOMETHING,),
    Reason.NOTHING_TO_PAY: (NextStep.KEEP,),
    Reason.AMOUNT_DIFFERS: (NextStep.SCAN_AGAIN,),
    Reason.HOME_SAYS_NO: (NextStep.OWN_LIBRARY,),
}


def refusals(reason: Reason) -> list[Refused]:
    """Every refusal that the rules can make of this reason."""
    return [Refused(reason, "K13", step, VALUES.get(reason, {})) for step in STEPS.get(reason, (NextStep.DESK,))]


ALL_REFUSALS = [one for reason in Reason for one in refusals(reason)]
HELD = refusals(Reason.HELD_FOR_ANOTHER)[0]
ROWS = (
    Asking("6"),
    Lent("5", "Oeroeg", DUE),
    Lent("4", LONG, DUE),
    NotLent("3", HELD, "Max Havelaar"),
    NotKnown("2"),
    NotAsked("1"),
)
NO_STRIPS = refusals(Reason.NO_STRIPS)[0]
OF_STRIPS = NO_STRIPS.reason
TOLD = Lent("2", LONG, DUE, borrowed_before=True, hold_filled=True)
AT_GATE = (
    Switching("8", Lent("8", "Oeroeg", DUE)),
    PartsMissing("7", 4, 5),
    Lent("6", "Max Havelaar", DUE),
    Lent("5", LONG, DUE, gate=Gate.LAY_DOWN),
    Lent("4", "De ontdekking van de hemel", DUE, gate=Gate.CALLS),
)
NOT_PAST_GATE = (
    NotLent("3", HELD, "Het diner", Gate.ARMED),
    NotLent("2", refusals(Reason.OPEN_AMOUNT)[0], gate=Gate.OPEN),
    NotLent("1", refusals(Reason.ALREADY_YOURS)[0], gate=Gate.CALLS),
    Undone("0", LONG),
)
BROUGHT = (
    Switching("4", Back("4", "Oeroeg", Route.SHELF)),
    Back("3", LONG, Route.SHELF),
    Back("2", "Max Havelaar", Route.HOLD_SHELF, "blauw"),
    Back("1", "De ontdekking van de hemel", Route.OTHER_BRANCH, "Bibliotheek Geraardsbergen"),
)
NOT_BROUGHT = (
    NotTaken("6", refusals(Reason.RETURN_ELSEWHERE)[0]),
    Back("5", "Het diner", Route.STAFF),
    Back("4", LONG, Route.SHELF, gate=Gate.LAY_DOWN),
    Back("3", "Oeroeg", Route.HOLD_SHELF, "blauw", gate=Gate.OPEN),
    NotKnown("2"),
    NotAsked("1"),
)
MASKED = "w•••@w…org"
WITHOUT_LINE = frozenset({Trouble.WITHOUT_LINE})
MODES = {
    "large": Access(text=140),
    "largest": Access(text=200),
    "contrast": Access(contrast=True),
    "seated": Access(low=True, still=True),
}
BOTH = {"seated-large": Access(low=True, text=140), "seated-largest": Access(low=True, text=200)}
LOOKS = {"normal": Access()} | MODES | BOTH
SCENES: dict[str, tuple[Screen, Over | None]] = {
    "rest": (Rest(takes_back=True), None),
    "rest-lends-only": (Rest(), None),
    "rest-account-only": (Rest(sees_account=True), None),
    "rest-no-reader": (Rest(frozenset({Trouble.NO_PASS_READER}), takes_back=True), None),
    "rest-no-scanner": (Rest(frozenset({Trouble.NO_SCANNER})), None),
    "rest-no-pad": (Rest(frozenset({Trouble.NO_PAD}), takes_back=True), None),
    "rest-no-items": (Rest(frozenset({Trouble.NO_ITEMS})), None),
    "rest-lay-pass": (Rest(lay_pass=True, takes_back=True), None),
    "rest-no-line": (Rest(frozenset({Trouble.NO_CONNECTION})), None),
    "rest-without-line": (Rest(WITHOUT_LINE, takes_back=True), None),
    "rest-without-line-pass-left": (Rest(WITHOUT_LINE, Notice.PASS_LEFT, takes_back=True), None),
    "rest-not-admitted": (Rest(frozenset({Trouble.NOT_ADMITTED})), None),
    "rest-no-way-in": (Rest(frozenset({Trouble.NO_WAY_IN, Trouble.NO_SCANNER, Trouble.NO_PASS_READER})), None),
    **{f"rest-{one.value}": (Rest(notice=one, takes_back=True), None) for one in Notice},
    "lend-or-return": (LendOrReturn(3), None),
    "lend-or-return-one": (LendOrReturn(1, notice=Notice.UNREADABLE_SCAN), None),
    "lend-or-return-without-line": (LendOrReturn(12, troubles=WITHOUT_LINE), None),
    "lend-or-return-pass": (LendOrReturn(3, wants_pass=True), None),
    "lend-or-return-pass-left": (LendOrReturn(2, wants_pass=True, notice=Notice.PASS_LEFT, lay_pass=True), None),
    "waiting": (Waiting(), None),
    "pin": (PinPad(), None),
    "pin-typed": (PinPad(5), None),
    "pin-wrong": (PinPad(wrong=True), None),
    "pin-short": (PinPad(3, short=True), None),
    "pin-longest": (PinPad(12, keys="7305918264"), None),
    "pin-checking": (PinPad(4, checking=True), None),
    "pin-still-there": (PinPad(2), StillThere(18)),
    "guest-offer": (GuestOffer(), None),
    "choose-home": (
        ChooseHome((("Bibliotheek Annen", False), ("Bibliotheek Geraardsbergen", False), ("De Krook, Gent", False))),
        None,
    ),
    "choose-home-long": (ChooseHome((("Bibliotheek van Geraardsbergen en omstreken", True),) * 6), None),
    "choose-home-narrowed": (
        ChooseHome((("Bibliotheek van Geraardsbergen en omstreken", True),) * 6, narrowed=True),
        None,
    ),
    "no-visit": (NoVisit(refusals(Reason.LAPSED)[0]), None),
    "no-visit-code": (NoVisit(refusals(Reason.PASS_BLOCKED)[0], "KZTP"), None),
    "no-visit-code-long": (NoVisit(refusals(Reason.LAPSED)[0], "KZTPBCDF"), None),
    "no-answer": (NoAnswer(), None),
    "borrow-begin": (Borrowing(may_borrow=10), None),
    "borrow-begin-child": (Borrowing(may_borrow=None, first_name="Marieke-Christina"), None),
    "borrow-resumed": (Borrowing(may_borrow=7, resumed=True), None),
    "borrow-first-asked": (Borrowing((Asking("1"),), may_borrow=10), None),
    "borrow": (Borrowing(ROWS, lent=2, may_borrow=8), None),
    "borrow-one-more": (Borrowing((Lent("1", "Oeroeg", DUE),), lent=1, may_borrow=1), None),
    "borrow-no-code": (Borrowing((NotLent("3", NO_STRIPS, LONG), *ROWS[1:3]), 2, code="KZTP", code_of=OF_STRIPS), None),
    "borrow-no-code-at-gate": (
        Borrowing((NotLent("3", NO_STRIPS, "Oeroeg", Gate.OPEN),), by_pad=True, code="KZTPBCDF", code_of=OF_STRIPS),
        None,
    ),
    "borrow-told": (Borrowing((TOLD, replace(TOLD, key="1", title="Oeroeg", provisional=True)), lent=2), None),
    "borrow-told-veiled": (veiled(Borrowing((TOLD,), lent=1)), None),
    "borrow-no-more": (Borrowing((Lent("1", "Oeroeg", DUE),), lent=1, may_borrow=0), None),
    "borrow-other-pass": (Borrowing(ROWS[1:3], lent=2, may_borrow=8, notice=Notice.OTHER_PASS), None),
    "borrow-no-line": (Borrowing(ROWS[1:3], lent=2, troubles=frozenset({Trouble.NO_CONNECTION})), None),
    "borrow-without-line-begin": (Borrowing(may_borrow=5, troubles=WITHOUT_LINE), None),
    "borrow-without-line": (
        Borrowing(
            (
                Lent("4", "Oeroeg", DUE, provisional=True),
                NotLent("3", refusals(Reason.OFFLINE_ITEM_UNKNOWN)[0]),
                Lent("2", LONG, DUE, provisional=True),
                Lent("1", "Max Havelaar", DUE),
            ),
            lent=3,
            may_borrow=2,
            troubles=WITHOUT_LINE,
        ),
        None,
    ),
    "borrow-not-admitted": (
        Borrowing(
            (NotLent("2", refusals(Reason.KIOSK_NOT_ADMITTED)[0]), *ROWS[1:2]),
            lent=1,
            troubles=frozenset({Trouble.NOT_ADMITTED}),
        ),
        None,
    ),
    "borrow-not-admitted-begin": (Borrowing(troubles=frozenset({Trouble.NOT_ADMITTED})), None),
    "borrow-no-scanner": (Borrowing(may_borrow=8, troubles=frozenset({Trouble.NO_SCANNER})), None),
    "borrow-pad-begin": (Borrowing(may_borrow=10, by_pad=True), None),
    "borrow-pad-alone-begin": (Borrowing(may_borrow=10, by_pad=True, by_scan=False), None),
    "borrow-pad": (Borrowing(AT_GATE, lent=3, may_borrow=6, by_pad=True), None),
    "borrow-pad-no": (Borrowing(NOT_PAST_GATE, lent=0, may_borrow=6, by_pad=True), None),
    "borrow-pad-strange": (
        Borrowing(AT_GATE[:1], may_borrow=8, by_pad=True, notice=Notice.TAG_UNREADABLE),
        None,
    ),
    "borrow-pad-lift": (Borrowing(may_borrow=8, by_pad=True, notice=Notice.LIFT_FIRST), None),
    "borrow-no-pad": (Borrowing(may_borrow=8, troubles=frozenset({Trouble.NO_PAD})), None),
    "borrow-no-items": (Borrowing(may_borrow=8, troubles=frozenset({Trouble.NO_ITEMS})), None),
    "borrow-cannot": (Borrowing(may_borrow=0, cannot_borrow=refusals(Reason.OPEN_AMOUNT)[0]), None),
    "borrow-cannot-code": (Borrowing(may_borrow=0, cannot_borrow=refusals(Reason.OPEN_AMOUNT)[0], code="KZTP"), None),
    "borrow-cannot-child": (
        Borrowing(
            (NotLent("1", refusals(Reason.OPEN_AMOUNT)[0], "Oeroeg"),),
            first_name="Marieke",
            cannot_borrow=refusals(Reason.PAY_FIRST)[0],
            code="KZTP",
        ),
        None,
    ),
    "borrow-message": (Borrowing(may_borrow=8, messages=("Je tas ligt nog bij de balie.",)), None),
    "borrow-two-messages": (
        Borrowing(ROWS[:2], lent=1, may_borrow=8, messages=("Je tas ligt nog bij de balie.", "Bel even terug.")),
        None,
    ),
    "borrow-ends": (Borrowing(may_borrow=8, ends=date(2026, 8, 31)), None),
    "borrow-message-ends": (
        Borrowing(ROWS, lent=2, may_borrow=8, messages=("Je tas ligt nog bij de balie.",), ends=date(2027, 12, 31)),
        None,
    ),
    "borrow-many": (Borrowing(tuple(Lent(str(60 - at), f"Deel {60 - at}", DUE) for at in range(60)), lent=60), None),
    "borrow-veiled": (veiled(Borrowing(ROWS, lent=2, may_borrow=8, first_name="Marieke")), None),
    "borrow-ending": (Borrowing((Asking("2"), ROWS[1]), lent=1, may_borrow=9, ending=True), None),
    "still-there": (Borrowing(ROWS, lent=2, may_borrow=8), StillThere(18)),
    "still-there-one": (Borrowing(may_borrow=8), StillThere(1)),
    "rest-still-there": (Rest(takes_back=True), StillThere(18)),
    "help": (Rest(takes_back=True), HelpCard()),
    "help-reads-aloud": (Rest(takes_back=True), HelpCard(reading=Reading.OFF)),
    "help-reading": (Rest(takes_back=True), HelpCard(reading=Reading.ON)),
    "help-called": (Rest(takes_back=True), HelpCard(called=True)),
    "help-code": (NoVisit(refusals(Reason.LAPSED)[0], "KZTP"), HelpCard("KZTP")),
    "languages": (Rest(takes_back=True), LanguageCard(LANGUAGES)),
    "access": (Rest(takes_back=True), AccessCard()),
    "access-chosen": (Borrowing(ROWS, lent=2, may_borrow=8), AccessCard(Access(text=140, still=True))),
    "finished": (Finished(3), None),
    "finished-nothing": (Finished(0, not_known=1, can_print=False), None),
    "finished-not-known": (Finished(2, not_known=2), None),
    "finished-lying": (Finished(3, lying=True), None),
    "finished-to-check": (Finished(3, to_check=2, lying=True), None),
    "finished-to-check-not-known": (Finished(1, not_known=12, to_check=11), None),
    "finished-unlocking": (Finished(1, can_print=False, lying=True, unlocking=True), None),
    "finished-no-printer": (Finished(1, can_print=False), None),
    "finished-mail": (Finished(3, mail_to=MASKED), None),
    "finished-mail-only": (Finished(1, can_print=False, mail_to=MASKED), None),
    "finished-mail-to-check": (Finished(3, to_check=2, not_known=1, lying=True, mail_to=MASKED), None),
    "receipt-failed-renewed": (Receipt(ReceiptState.FAILED, 0, renewed=2), None),
    "receipt-not-sure-both": (Receipt(ReceiptState.NOT_SURE, 3, renewed=2), None),
    "receipt-not-mailed-print": (Receipt(ReceiptState.NOT_MAILED, 3, can_print=True), None),
    **{f"receipt-{one.value.replace('_', '-')}": (Receipt(one, 3), None) for one in ReceiptState},
    "returning-begin": (Returning(), None),
    "returning-pad-begin": (Returning(by_pad=True), None),
    "returning": (Returning(BROUGHT, back=3, by_pad=True), None),
    "returning-more": (Returning(NOT_BROUGHT, back=2, by_pad=True, notice=Notice.TAG_UNREADABLE), None),
    "returning-without-line": (
        Returning((Back("1", LONG, Route.SHELF, provisional=True),), back=1, troubles=WITHOUT_LINE),
        None,
    ),
    "returning-no-items": (Returning(troubles=frozenset({Trouble.NO_ITEMS})), None),
    "returning-ending": (
        Returning((Switching("1", Back("1", "Oeroeg", Route.SHELF)),), by_pad=True, ending=True),
        None,
    ),
    "returning-still-there": (Returning(BROUGHT, back=3, by_pad=True), StillThere(18)),
    "returned": (Returned(3), None),
    "returned-receipt": (Returned(3, can_print=True), None),
    "returned-receipt-to-check": (Returned(12, not_known=11, to_check=12, lying=True, can_print=True), None),
    "receipt-failed-returned": (Receipt(ReceiptState.OUT_OF_PAPER, 0, back=2), None),
    "returned-nothing": (Returned(0, not_known=1), None),
    "returned-lying": (Returned(3, lying=True), None),
    "returned-to-check": (Returned(12, not_known=11, to_check=12, lying=True), None),
    "returned-locking": (Returned(1, lying=True, locking=True), None),
    "closed": (Closed("journal-damaged"), None),
    "closed-in-visit": (Closed("disk-full", lent=2), None),
    "out-of-order": (OutOfOrder("no_way_in"), None),
    **account_scenes.SCENES,
}
