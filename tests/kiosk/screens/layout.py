"""What can be measured of a laid-out screen: which words are seen where, cut off, too small, or upon each other."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from fontTools.ttLib import TTFont

from kiosk.screens.direction import direction
from kiosk.screens.look import SMALLEST, look
from kiosk.theme import TARGET
from kiosk.typefaces import without_face

SLACK = 1.5  # pixels of rounding
APART = 24  # units between two things that are touched


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
            min(self.top, other.top) - max(self.bottom, other.bottom) > SLACK
            and min(self.right, other.right) - max(self.left, other.left) > SLACK
        )

    def wider(self, by: float) -> "Box":
        return Box(self.left - by, self.bottom - by, self.right + by, self.top + by)


def box(widget: Any) -> Box:
    """Where a widget stands in the window."""
    (one, bottom), (other, top) = widget.to_window(*widget.pos), widget.to_window(widget.right, widget.top)
    return Box(min(one, other), bottom, max(one, other), top)


def ink(label: Any) -> Box:
    """Where the letters of a label stand, which need not be where the label stands."""
    whole, (width, height) = box(label), label.texture_size
    from kiosk.screens.parts import Words

    middle = (whole.bottom + whole.top) / 2
    left = whole.right - width if direction.to_the_left else whole.left
    if not isinstance(label, Words) or label.halign == "center":
        left = (whole.left + whole.right - width) / 2
    return Box(left, middle - height / 2, left + width, middle + height / 2)


def seen(widget: Any) -> bool:
    """Whether it is drawn at all."""
    return all(one.opacity for one in [widget, *ancestors(widget)] if hasattr(one, "opacity"))


def ancestors(widget: Any) -> list[Any]:
    """Its parents, the nearest first."""
    found = []
    while widget.parent is not None and widget.parent is not widget:
        widget = widget.parent
        found.append(widget)
    return found


def within(widget: Any, *kinds: str) -> Any:
    """The nearest parent of one of these classes, or None."""
    while widget.parent is not None and widget.parent is not widget:
        widget = widget.parent
        if not _names(type(widget)).isdisjoint(kinds):
            return widget
    return None


_NAMES: dict[type, frozenset[str]] = {}


def _names(kind: type) -> frozenset[str]:
    """Of a class and all that it is made of."""
    if kind not in _NAMES:
        _NAMES[kind] = frozenset(one.__name__ for one in kind.__mro__)
    return _NAMES[kind]


def movers(stage: Any) -> list[Any]:
    """The buttons that move a list, where they can be touched; they tell no Intent."""
    from kiosk.screens.touch import Touch

    under = [] if stage.ids.over.children else stage.ids.pages.walk(restrict=True)
    return [one for one in under if isinstance(one, Touch) and within(one, "Movers") and one.offered]


def labels(stage: Any) -> Iterator[Any]:
    """All labels with letters that are drawn."""
    from kivy.uix.label import Label

    for widget in stage.walk(restrict=True):
        if isinstance(widget, Label) and widget.text and seen(widget):
            yield widget


def faults(stage: Any) -> list[str]:
    """Every fault of the layout, in words."""
    over = bool(stage.ids.over.children)
    shown = [one for one in labels(stage) if not (over and stage.ids.pages in ancestors(one))]
    inks = {one: ink(one) for one in shown}
    touches = {one: box(one) for one in [*stage.touchable(), *movers(stage)]}
    listed = {one for one in shown if within(one, "CardList")}
    return [
        *(fault for one in shown for fault in _faults_of_label(stage, one, inks[one], one in listed)),
        *_faults_between_words({one: where for one, where in inks.items() if one not in listed}, touches),
        *_faults_of_buttons(stage, touches),
        *_faults_of_cards(stage),
        *_faults_of_drawings(stage, {one: where for one, where in inks.items() if one not in listed}, touches, over),
    ]


def _faults_of_label(stage: Any, label: Any, where: Box, listed: bool) -> Iterator[str]:
    from kiosk.screens.parts import Words

    name = f"{label.text[:40]!r}"
    if isinstance(label, Words):
        if label.font_size < look.u(SMALLEST) - 0.5:
            yield f"{name} is smaller than {SMALLEST}"
        if label.wraps and broken(label):
            yield f"{name} is broken within a word"
        if label.wraps and label.texture_size[1] > label.height + SLACK:
            yield f"{name} is higher than its place"
    holder = within(label, "Touch", "Strip", "CardView") or within(label, "OverPage")
    place = holder.ids.card if within(label, "OverPage") is holder and holder else holder
    if place is not None and not box(place).holds(where):
        yield f"{name} leaves its {type(holder).__name__}"
    if not listed and not Box(0, 0, stage.width, stage.height).holds(where):
        yield f"{name} leaves the window"


def _faults_between_words(shown: dict[Any, Box], touches: dict[Any, Box]) -> Iterator[str]:
    from kiosk.screens.parts import Icon

    words = [(one, where) for one, where in shown.items() if not isinstance(one, Icon)]
    for (one, where), (other, there) in combinations(words, 2):
        if where.meets(there):
            yield f"{one.text[:30]!r} lies upon {other.text[:30]!r}"
    for one, where in words:
        for touch, there in touches.items():
            if where.meets(there) and touch not in ancestors(one):
                yield f"{one.text[:30]!r} lies upon the button {touch.text!r}"


def _faults_of_buttons(stage: Any, touches: dict[Any, Box]) -> Iterator[str]:
    from kiosk.screens.parts import Icon, Words

    whole = Box(0, 0, stage.width, stage.height)
    for touch, where in touches.items():
        if min(touch.height, touch.width) < look.u(TARGET) - 1:
            yield f"the button {touch.text!r} is too small"
        if not whole.holds(where):
            yield f"the button {touch.text!r} leaves the window"
        if not (touch.text or within(touch, "Movers")) or not touch.spoken:
            yield f"the button {touch.intent} has no name"
        icon, words = (next(one for one in touch.children if type(one) is kind) for kind in (Icon, Words))
        if icon.text and ink(icon).meets(ink(words)):
            yield f"the pictogram of the button {touch.text!r} lies upon its word"
    apart = look.u(APART) - SLACK
    for (one, where), (other, there) in combinations(touches.items(), 2):
        if where.wider(apart).meets(there):
            yield f"the buttons {one.text!r} and {other.text!r} are too close"


def _faults_of_cards(stage: Any) -> Iterator[str]:
    cards = [box(one) for one in stage.walk(restrict=True) if type(one).__name__ == "CardView"]
    for one, other in combinations(cards, 2):
        if one.meets(other):
            yield "two cards lie upon each other"
    for one in stage.walk(restrict=True):
        if type(one).__name__ == "CardList":
            left, bottom, width, height = one.window
            if not Box(left, bottom, left + width, bottom + height).holds(box(one)):
                yield "cards are cut off beside their list"


def _faults_of_drawings(stage: Any, shown: dict[Any, Box], touches: dict[Any, Box], over: bool) -> Iterator[str]:
    """What is drawn beside the words covers none of them, no button, and not the edge of the window."""
    from kiosk.screens.parts import Icon

    whole = Box(0, 0, stage.width, stage.height)
    for drawn, where in drawings(stage):
        if over and stage.ids.pages in ancestors(drawn):
            continue
        name = f"the {type(drawn).__name__}"
        if not whole.holds(where):
            yield f"{name} leaves the window"
        for one, there in shown.items():
            if not isinstance(one, Icon) and where.meets(there):
                yield f"{name} lies upon {one.text[:30]!r}"
        for touch, there in touches.items():
            if where.meets(there) and touch not in ancestors(drawn):
                yield f"{name} lies upon the button {touch.text!r}"


def drawings(stage: Any) -> Iterator[tuple[Any, Box]]:
    """All that is drawn without letters but on cards, of which a part may be scrolled away; with where it ends."""
    from kiosk.screens.parts import Badge, Dots
    from kiosk.screens.rest import Picture

    for one in stage.walk(restrict=True):
        if isinstance(one, (Badge, Dots, Picture)) and seen(one) and not within(one, "CardList"):
            yield one, _extent(one) if isinstance(one, Picture) else box(one)


def _extent(picture: Any) -> Box:
    """Of the picture at rest, which is drawn about the middle of its place and need not fill it, or keep to it."""
    place = box(picture)
    x, y = (place.left + place.right) / 2, (place.bottom + place.top) / 2
    across, up = (picture.z(side, picture.zoom) / 2 for side in (picture.WIDTH, picture.HEIGHT))
    return Box(x - across, y - up, x + across, y + up)


def geometry(stage: Any) -> list[tuple[str, Box, str, tuple[float, float]]]:
    """What stands where: the kind, the place, the words and their extent of all that is laid out."""
    return [
        (type(one).__name__, box(one), getattr(one, "text", ""), tuple(getattr(one, "texture_size", (0, 0))))
        for one in stage.walk(restrict=True)
    ]


def broken(label: Any) -> bool:
    """Whether a line of a label ends within a word."""
    lines = [" ".join(word.text for word in line.words) for line in label._label._cached_lines]
    return any(part not in label.text.split() for line in lines for part in line.split())


_GLYPHS: dict[str, set[int]] = {}


def missing_glyphs(stage: Any) -> list[str]:
    """Letters that their typeface does not have, which would be drawn as an empty box."""
    found = []
    for label in labels(stage):
        found += [f"{one!r} of {label.text[:30]!r}" for one in left_out(label)]
        for piece, path in typefaces(label):
            if path not in _GLYPHS:
                _GLYPHS[path] = {ord("\n"), *TTFont(path, lazy=True).getBestCmap()}
            found += [f"{one!r} of {label.text[:30]!r}" for one in piece if ord(one) not in _GLYPHS[path]]
    return found


def typefaces(label: Any) -> Iterator[tuple[str, str]]:
    """The pieces of a label as they are drawn, each with the typeface that draws it."""
    from kiosk.screens.lettering import is_mixed

    if not is_mixed(label.text, label.font_name):
        yield label.text, label.font_name
        return
    for line in label.text.split("\n"):
        for one, piece in label._label._pieces(line):
            yield piece, one.options["font_name"]


def left_out(label: Any) -> str:
    """The letters of a label in whose place three dots are drawn, because no typeface has them."""
    return "" if type(label).__name__ == "Icon" else without_face(label.text, look.fonts)


def unpainted(stage: Any, width: int, picture: bytes) -> list[str]:
    """Words and pictograms that are laid out and are not in the picture, which has `width` and RGB from the lower left;
    under a card nothing is looked for."""
    found = []
    for label in labels(stage.ids.over if stage.ids.over.children else stage):
        place = ink(label)
        left, right = round(place.left), round(place.right)
        colours: set[bytes] = set()
        for y in range(round(place.bottom), round(place.top), 3):
            row = picture[3 * (y * width + left) : 3 * (y * width + right)]
            colours.update(row[at : at + 3] for at in range(0, len(row), 3))
            if len(colours) >= 3:
                break
        if len(colours) < 3 and _in_sight(label):  # the ground, the letters, and what lies between at their edges
            found.append(label.text)
    return found


def _in_sight(label: Any) -> bool:
    """Not a label of a card that is scrolled half away under the edge of its list."""
    listed = within(label, "CardList")
    return listed is None or box(listed).holds(ink(label))
