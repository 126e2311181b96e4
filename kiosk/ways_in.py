"""The sentences of the screens before a visit: books that came first, and the PIN (P6). Knows no Kivy."""

from kiosk.texts import Texts
from kiosk.ui import LendOrReturn, PinPad, Trouble


def books_first(texts: Texts, fact: LendOrReturn) -> tuple[str, str]:
    """The question, and that a pass answers it too; or that the pass is awaited. A notice stands in for the second."""
    show = "rest.lay" if fact.lay_pass else "rest.scan" if Trouble.NO_PASS_READER in fact.troubles else "rest.do"
    if fact.wants_pass:
        title, text = texts.say(show), texts.say("rest.or_scan") if show == "rest.do" else ""
    else:
        title = texts.count("books_first.ask", fact.count)
        text = f"{texts.say('books_first.lend_at_once')} {texts.say(show)}"
    return title, texts.say(f"notice.{fact.notice.value}") if fact.notice else text


def of_pin(texts: Texts, fact: PinPad) -> str:
    """What to do, or what is thought of the last one."""
    if fact.checking:
        return texts.say("waiting.looking")
    if fact.short:
        return texts.say("pin.short")
    return texts.say("pin.wrong" if fact.wrong else "pin.how")
