"""One card of the list: a pictogram, a title of at most two lines, why, and what next."""

from collections.abc import Callable
from dataclasses import field, replace
from math import ceil
from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, NumericProperty, StringProperty
from kivy.uix.relativelayout import RelativeLayout

from kiosk.screens.lettering import Lettering
from kiosk.screens.look import look
from kiosk.screens.touch import Touch
from kiosk.veil import MASK
from values import dataclass

ELLIPSIS = "…"
BESIDE, BESIDE_LARGE = 300, 380  # units, of the button of a card; with the largest letters
LEAST = 420  # units, that words keep beside it; where they would not, it stands under them
MANY = 200  # letters, such as of a long message: they are read in the whole width


@dataclass(frozen=True, slots=True)
class Act:
    """What can be done with what a card is about: the value of an Intent, and `what` of several it names."""

    intent: str
    what: str
    text: str
    spoken: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Card:
    """What a card draws. `tone` good is a loan, care a refusal, touch a message; `busy` turns dots for the icon; `act`
    is its button; one that `heads` says what the cards under it have in common."""

    key: str
    tone: str
    icon: str
    title: str
    why: str = ""
    next: str = ""
    busy: bool = False
    act: Act | None = None
    heads: bool = False


NOTHING = Card("", "good", "", "")


def _is_veiling(before: Act | None, after: Act | None) -> bool:
    """Whether both are the same but that a title is masked, or is not any more. Places name loans ("l0"): the same
    place may be another loan's."""
    if before is None or after is None or replace(before, spoken="") != replace(after, spoken=""):
        return False
    return (MASK in before.spoken) is not (MASK in after.spoken)


def two_lines(text: str, room: float, width_of: Callable[[str], float], most: int = 2) -> str:
    """The text as one or two lines (or `most`) that fit `room`, cut at a word and ended by an ellipsis where longer."""
    words = text.split()
    lines = []
    for last in [False] * (most - 1) + [True]:
        line = ""
        while words and width_of(f"{line} {words[0]}".strip()) <= room:
            line = f"{line} {words.pop(0)}".strip()
        if not line and words:  # a word as long as a line
            word = words.pop(0)
            cut = next((at for at in range(len(word), 0, -1) if width_of(word[:at]) <= room), 1)
            line, words = word[:cut], [word[cut:], *words]
        if last and words:
            while width_of(line + ELLIPSIS) > room and " " in line:
                line = line.rpartition(" ")[0]
            while line and width_of(line + ELLIPSIS) > room:
                line = line[:-1]
            line += ELLIPSIS
        if line:
            lines.append(line)
    return "\n".join(lines)


class CardView(RelativeLayout):
    """Draws one `Card`. Its height follows from its width and its words, at once."""

    tone = StringProperty("good")
    icon = StringProperty("")
    title = StringProperty("")
    why = StringProperty("")
    next = StringProperty("")
    busy = BooleanProperty(False)
    filled = BooleanProperty(False)
    room = NumericProperty(0)  # how wide its words may be
    below = NumericProperty(0)  # how high what stands under them

    button: Touch | None = None

    def __init__(self, tell: Callable[[str, str], None] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._tell = tell
        self._act: Act | None = None

    def draw(self, card: Card) -> None:
        """Shows this card."""
        self._offer(card.act)
        wide = look.u(BESIDE if look.text < 2 else BESIDE_LARGE)
        whole, beside = self.width - look.u(180), self.width - look.u(180 + 24) - wide
        under = card.act is not None and (beside < look.u(LEAST) or len(card.why) > MANY)
        self.room = whole if card.act is None or under else beside
        self.below = look.u(96 + 24) if under else 0
        self.tone, self.icon, self.busy = card.tone, card.icon, card.busy
        title = self.ids.title
        room = self.room
        if card.title:
            measure = Lettering(font_name=title.font_name, font_size=title.font_size)
            lines = 2 * ceil(look.text)
            self.title = two_lines(card.title, room, lambda text: float(measure.get_extents(text)[0]), lines)
        else:
            self.title = ""
        self.why, self.next = card.why, card.next
        for words in (title, self.ids.why, self.ids.next):
            words.texture_update()
        text = sum(one.height for one in (title, self.ids.why, self.ids.next))
        gaps = self.ids.column.spacing * 2
        self.height = max(look.u(152), text + gaps + look.u(52) + self.below)
        if self.button is not None:
            self.button.width = wide
            middle = (self.height - self.button.height) / 2
            self.button.pos = (self.width - look.u(28) - wide, look.u(26) if under or look.low else middle)

    def _offer(self, act: Act | None) -> None:
        """A button does one thing for as long as it is there: whoever holds it, or the ring around it, means that. So
        one that only has another name, because a title was veiled or is seen again, stays under them."""
        if act == self._act:
            return
        if act is not None and self.button is not None and _is_veiling(self._act, act):
            self._act, self.button.spoken = act, act.spoken
            return
        self._act = act
        if self.button is not None:
            self.remove_widget(self.button)
            self.button = None
        if act is not None:
            self.button = Touch(text=act.text, spoken=act.spoken, intent=act.intent, opaque=True, fits=True)
            self.button.size_hint_x = None
            self.button.bind(on_act=lambda _: self._tell(act.intent, act.what) if self._tell else None)
            self.add_widget(self.button)

    def reach(self, bottom: float, top: float) -> None:
        """Between these heights of the window's coordinates the card is seen; a button that is cut off does not act."""
        if self.button is not None:
            low = self.y + self.button.y
            self.button.reached = bottom <= low and low + self.button.height <= top


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
