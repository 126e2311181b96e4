"""The cards that whoever stands there opens over a screen, and when one stays while the screen below it changes."""

from dataclasses import replace

from kiosk.ui import AccessCard, HelpCard, LanguageCard, Over, Screen, Shown, Waiting

OPENED = HelpCard | LanguageCard | AccessCard


def kept_over(screen: Screen, before: Shown) -> Over | None:
    """The card that was opened before, over what is drawn next: the same screen with other facts, or another one that
    only came as the answer that was awaited. What somebody did themselves closes it."""
    is_next = type(screen) is type(before.screen) or _awaits(before.screen)
    if not is_next or not isinstance(before.over, OPENED):
        return None
    return replace(before.over, code=code_of(screen)) if isinstance(before.over, HelpCard) else before.over


def code_of(screen: Screen) -> str:
    """The desk's code of the case that the screen shows, where it can show one."""
    return str(getattr(screen, "code", ""))


def _awaits(screen: Screen) -> bool:
    """Whether it goes by itself, once an answer is there."""
    return isinstance(screen, Waiting) or getattr(screen, "checking", False) or getattr(screen, "ending", False)
