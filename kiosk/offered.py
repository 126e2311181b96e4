"""What can be touched, screen by screen: the states of the product in one table; tests and documents draw from it."""

from collections.abc import Mapping

from kiosk.ui import (
    AccessCard,
    AccountSection,
    Borrowing,
    ChooseHome,
    Closed,
    Finished,
    GuestOffer,
    HelpCard,
    Intent,
    LanguageCard,
    LendOrReturn,
    MyAccount,
    NoAccount,
    NoAnswer,
    NoVisit,
    OutOfOrder,
    Over,
    PinPad,
    Reading,
    Receipt,
    Rest,
    Returned,
    Returning,
    Screen,
    Shown,
    StillThere,
    Waiting,
)

BUTTONS_AT_REST: Mapping[str, Intent] = {"account": Intent.ACCOUNT, "return": Intent.BRING_BACK}
"""What a library may leave away from the screen at rest, by its name in [look]."""
_ALWAYS = frozenset({Intent.HELP, Intent.LANGUAGE, Intent.ACCESS})
_OFFERED: Mapping[type, frozenset[Intent]] = {
    Rest: frozenset({Intent.BRING_BACK, Intent.ACCOUNT}),
    LendOrReturn: frozenset({Intent.LEND, Intent.BRING_BACK, Intent.STOP}),
    Waiting: frozenset({Intent.STOP}),
    PinPad: frozenset({Intent.DIGIT, Intent.ERASE, Intent.ENTER, Intent.STOP}),
    GuestOffer: frozenset({Intent.ENROL, Intent.CLOSE}),
    ChooseHome: frozenset({Intent.CHOOSE, Intent.BACK, Intent.CLOSE, Intent.STOP}),
    NoVisit: frozenset({Intent.CLOSE}),
    NoAnswer: frozenset({Intent.CLOSE}),
    Borrowing: frozenset({Intent.DONE, Intent.STOP, Intent.ACCOUNT, Intent.READ}),
    MyAccount: frozenset({Intent.BACK, Intent.STOP, Intent.SECTION, Intent.RENEW, Intent.RENEW_ALL}),
    NoAccount: frozenset({Intent.BACK}),
    Finished: frozenset({Intent.PRINT, Intent.EMAIL, Intent.NO_RECEIPT}),
    Receipt: frozenset({Intent.PRINT, Intent.CLOSE}),
    Returning: frozenset({Intent.DONE, Intent.STOP}),
    Returned: frozenset({Intent.PRINT, Intent.CLOSE}),
    Closed: frozenset(),
    OutOfOrder: frozenset(),
}
_OFFERED_OVER: Mapping[type, frozenset[Intent]] = {
    StillThere: frozenset({Intent.MORE_TIME, Intent.STOP, Intent.LANGUAGE, Intent.HELP}),
    HelpCard: frozenset({Intent.CLOSE, Intent.LANGUAGE, Intent.READ_ALOUD, Intent.ACCESS}),
    LanguageCard: frozenset({Intent.CLOSE}) | _ALWAYS,
    AccessCard: frozenset({Intent.CLOSE}) | _ALWAYS,
}


def offered(screen: Screen, over: Over | None = None) -> frozenset[Intent]:
    """What can be touched now. The states of the product in one table: tests and documents draw from it."""
    if over is not None:
        return _OFFERED_OVER[type(over)] - _withheld(over)
    return (_OFFERED[type(screen)] | _ALWAYS) - _withheld(screen)


def offered_of(shown: Shown) -> frozenset[Intent]:
    """The same of a whole picture: of one language there is nothing to choose."""
    can = offered(shown.screen, shown.over)
    return can if shown.translated else can - {Intent.LANGUAGE}


def _withheld(screen: Screen | Over) -> frozenset[Intent]:
    """What a screen, or a card, of that kind offers, but not in this state."""
    match screen:
        case HelpCard(reading=Reading.NONE):
            return frozenset({Intent.READ_ALOUD})
        case Rest():
            ways = {Intent.BRING_BACK: screen.takes_back, Intent.ACCOUNT: screen.sees_account}
            return frozenset(intent for intent, is_there in ways.items() if not is_there)
        case LendOrReturn(wants_pass=True):
            return frozenset({Intent.LEND})
        case ChooseHome(narrowed=False):
            return frozenset({Intent.BACK})
        case Returning(ending=True):
            return frozenset({Intent.DONE})
        case Borrowing():
            there = {
                Intent.DONE: not screen.ending,
                Intent.ACCOUNT: screen.sees_account and not screen.ending,
                Intent.READ: bool(screen.messages),
            }
            return frozenset(intent for intent, is_there in there.items() if not is_there)
        case MyAccount():
            renewing = frozenset({Intent.RENEW, Intent.RENEW_ALL})
            return frozenset() if screen.section is AccountSection.LOANS and screen.can_renew else renewing
        case Finished(can_print=can_print, mail_to=mail_to):
            found = {Intent.PRINT: can_print, Intent.EMAIL: mail_to}
            return frozenset(one for one, can in found.items() if not can)
        case Receipt(can_print=False) | Returned(can_print=False):
            return frozenset({Intent.PRINT})
        case PinPad(checking=True):
            return frozenset({Intent.DIGIT, Intent.ERASE, Intent.ENTER})
        case _:
            return frozenset()
