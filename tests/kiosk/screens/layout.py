"""What can be measured of a laid-out screen: which words are seen where, cut off, too small, or upon each other."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fontTools.ttLib import TTFont

from kiosk.screens.look import SMALLEST, TARGET, look

SLACK = 1.5  # pixels of rounding


@dataclass(frozen=True)
class Box:
    left: float
    bottom: float
    right: float
    top: float

    def holds(self, other: "Box") -> bool:
        return (
            self.left - SLACK <= other.left
            and self.bottom - SLACK <= other.bottom
            and other.right <= self.right + SLACK
            and other.top <= self.top + SLACK
        )

    def meets(self, other: "Box") -> bool:
        return (
            min(self.right, other.right) - max(self.left, other.left) > SLACK
            and min(self.top, other.top) - max(self.bottom, other.bottom) > SLACK
        )


def box(widget: Any) -> Box:
    """Where a widget stands in the window."""
    left, bottom = widget.to_window(*widget.pos)
    return Box(left, bottom, left + widget.width, bottom + widget.height)


def ink(label: Any) -> Box:
    """Where the letters of a label stand: in the middle of it, by its alignment."""
    whole, (width, height) = box(label), label.texture_size
    middle, centre = (whole.bottom + whole.top) / 2, (whole.left + whole.right) / 2
    return Box(centre - width / 2, middle - height / 2, centre + width / 2, middle + height / 2)


def seen(widget: Any) -> bool:
    """Whether it is drawn at all."""
    while widget is not None and widget.parent is not widget:
        if not widget.opacity:
            return False
        widget = widget.parent
    return True


def labels(stage: Any) -> Iterator[Any]:
    """All labels with letters that are drawn."""
    from kivy.uix.label import Label

    for widget in stage.walk(restrict=True):
        if isinstance(widget, Label) and widget.text and seen(widget):
            yield widget


def ancestors(widget: Any) -> list[Any]:
    found = []
    while widget.parent is not None and widget.parent is not widget:
        widget = widget.parent
        found.append(widget)
    return found


def faults(stage: Any) -> list[str]:
    """Every fault of the layout, in words."""
    from kiosk.screens.card_list import CardList
    from kiosk.screens.over import OverPage
    from kiosk.screens.parts import Icon, Strip, Touch, Words

    found = []
    window = Box(0, 0, stage.width, stage.height)
    over = any(isinstance(one, OverPage) for one in stage.ids.over.children)
    shown = [one for one in labels(stage) if not (over and _under(one, stage.ids.pages))]
    touches = [one for one in stage.touchable() if seen(one)]
    for label in shown:
        name = f"{label.text[:40]!r}"
        listed = next((one for one in ancestors(label) if isinstance(one, CardList)), None)
        holder = next((one for one in ancestors(label) if isinstance(one, Touch | Strip)), None)
        if isinstance(label, Words):
            if label.font_size < look.u(SMALLEST) - 0.5:
                found.append(f"{name} is smaller than {SMALLEST}")
            if label.wraps and _broken(label):
                found.append(f"{name} is broken within a word")
        if label.texture_size[0] > label.width + SLACK and label.halign != "center":
            found.append(f"{name} is wider than its place")
        if listed is not None:
            card = ancestors(label)[[type(one).__name__ for one in ancestors(label)].index("CardView")]
            if not box(card).holds(ink(label)):
                found.append(f"{name} leaves its card")
            continue
        if not window.holds(ink(label)):
            found.append(f"{name} leaves the window")
        if holder is not None and not box(holder).holds(ink(label)):
            found.append(f"{name} leaves its {type(holder).__name__}")
        if over and holder is None and not box(_card(stage)).holds(ink(label)):
            found.append(f"{name} leaves the card")
    words = [one for one in shown if not isinstance(one, Icon)]
    for at, one in enumerate(words):
        for other in words[at + 1 :]:
            if not _in_list(one) and not _in_list(other) and ink(one).meets(ink(other)):
                found.append(f"{one.text[:30]!r} lies upon {other.text[:30]!r}")
    for one in words:
        for touch in touches:
            if touch not in ancestors(one) and not _in_list(one) and ink(one).meets(box(touch)):
                found.append(f"{one.text[:30]!r} lies upon the button {touch.text!r}")
    for at, touch in enumerate(touches):
        if touch.height < look.u(TARGET) - 1 or touch.width < look.u(TARGET) - 1:
            found.append(f"the button {touch.text!r} is too small")
        if not window.holds(box(touch)):
            found.append(f"the button {touch.text!r} leaves the window")
        if not touch.text or not touch.spoken:
            found.append(f"the button {touch.intent} has no name")
        for other in touches[at + 1 :]:
            apart = Box(
                *(edge - look.u(23) for edge in (box(touch).left, box(touch).bottom)),
                *(edge + look.u(23) for edge in (box(touch).right, box(touch).top)),
            )
            if apart.meets(box(other)) and not (over and _fixed(stage, touch) != _fixed(stage, other)):
                found.append(f"the buttons {touch.text!r} and {other.text!r} are too close")
    for at, one in enumerate(_cards(stage)):
        for other in _cards(stage)[at + 1 :]:
            if box(one).meets(box(other)):
                found.append("two cards lie upon each other")
    return found


def _under(widget: Any, place: Any) -> bool:
    return place in ancestors(widget)


def _fixed(stage: Any, widget: Any) -> bool:
    return stage.ids.bars in ancestors(widget)


def _in_list(widget: Any) -> bool:
    return any(type(one).__name__ == "CardList" for one in ancestors(widget))


def _cards(stage: Any) -> list[Any]:
    return [one for one in stage.walk(restrict=True) if type(one).__name__ == "CardView"]


def _card(stage: Any) -> Any:
    return stage.ids.over.children[0].ids.card


def _broken(label: Any) -> bool:
    """Whether a line of a label ends within a word."""
    lines = [" ".join(word.text for word in line.words).strip() for line in label._label._cached_lines]
    words = set(label.text.split())
    return any(part not in words for line in lines for part in line.split())


_GLYPHS: dict[str, set[int]] = {}


def missing_glyphs(stage: Any) -> list[str]:
    """Letters that their typeface does not have, which would be drawn as an empty box."""
    found = []
    for label in labels(stage):
        path = label.font_name
        if path not in _GLYPHS:
            _GLYPHS[path] = set(TTFont(path, lazy=True).getBestCmap())
        found += [
            f"{letter!r} of {label.text[:30]!r}" for letter in label.text if ord(letter) not in _GLYPHS[path] | {10}
        ]
    return found
