"""One card of the list: a pictogram, a title of at most two lines, why, and what next."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty
from kivy.uix.relativelayout import RelativeLayout

from kiosk.screens.lettering import Lettering
from kiosk.screens.look import look

ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Card:
    """What a card draws. `tone` good is a loan, care a refusal, touch a message; `busy` turns dots for the icon."""

    key: str
    tone: str
    icon: str
    title: str
    why: str = ""
    next: str = ""
    busy: bool = False


def two_lines(text: str, room: float, width_of: Callable[[str], float]) -> str:
    """The text as one or two lines that fit `room`, cut at a word and ended by an ellipsis where it is longer."""
    words = text.split()
    lines = []
    for last in (False, True):
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

    def draw(self, card: Card) -> None:
        """Shows this card."""
        self.tone, self.icon, self.busy = card.tone, card.icon, card.busy
        title = self.ids.title
        room = self.width - look.u(180)
        if card.title:
            measure = Lettering(font_name=title.font_name, font_size=title.font_size)
            self.title = two_lines(card.title, room, lambda text: float(measure.get_extents(text)[0]))
        else:
            self.title = ""
        self.why, self.next = card.why, card.next
        for words in (title, self.ids.why, self.ids.next):
            words.texture_update()
        text = sum(one.height for one in (title, self.ids.why, self.ids.next))
        gaps = self.ids.column.spacing * 2
        self.height = max(look.u(152), text + gaps + look.u(52))


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
