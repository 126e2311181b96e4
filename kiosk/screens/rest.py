"""Nobody is being served: a greeting, what to do first, and a small picture of it that moves."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from kivy.clock import Clock
from kivy.graphics import Color, Rectangle
from kivy.lang import Builder
from kivy.properties import BooleanProperty, NumericProperty, ObjectProperty, StringProperty
from kivy.uix.widget import Widget

from kiosk import sentences
from kiosk.screens.icons import OF_NOTICE, OF_TROUBLE
from kiosk.screens.look import look
from kiosk.screens.page import Page, Tell, Today
from kiosk.texts import Texts
from kiosk.ui import Rest, Trouble


class Picture(Widget):
    """A pass beside the reader and a pass at the reader, in turn; `scanning` where its barcode must be scanned."""

    WIDTH, HEIGHT = 760, 460  # units, at zoom 1
    CARD = 380  # of which the pass is wide

    BARS = ((36, 8), (50, 16), (74, 5), (88, 10), (108, 20), (136, 5), (150, 14))  # of the barcode: where, how wide

    at_reader = BooleanProperty(False)
    scanning = BooleanProperty(False)
    zoom = NumericProperty(1)
    side = NumericProperty(1)  # -1: all is drawn towards the left, which is undone here

    def on_kv_post(self, _: Any) -> None:
        """The barcode of the pass, as soon as there is a pass to draw it on."""
        card = self.ids.card
        with card.canvas:
            Color(*look.c("on_touch"))
            self._bars = [Rectangle() for _ in self.BARS]
        card.bind(pos=self._place, size=self._place)
        self.bind(side=lambda *_: self._place(card, None))
        self._place(card, None)

    def _place(self, card: Any, _: Any) -> None:
        for (left, width), bar in zip(self.BARS, self._bars, strict=True):
            start = left if self.side > 0 else self.CARD - left - width
            bar.pos = (card.x + self.z(start, self.zoom), card.y + self.z(36, self.zoom))
            bar.size = (self.z(width, self.zoom), self.z(64, self.zoom))

    def on_size(self, *_: Any) -> None:
        """As large as there is room."""
        self.zoom = max(0.1, min(self.width / look.u(self.WIDTH), self.height / look.u(self.HEIGHT), 1.3))

    def z(self, units: float, zoom: float) -> float:
        """Units of the picture in pixels."""
        return look.u(units * zoom)


class RestPage(Page):
    """Draws `Rest`."""

    STEP_S = 4.5  # each step is a repaint of the whole window, and this screen stands all day

    library_name = StringProperty("")
    logo = ObjectProperty(None, allownone=True)
    logo_ratio = NumericProperty(1)
    welcome: Mapping[str, str] = MappingProxyType({})
    title = StringProperty("")
    what_to_do = StringProperty("")
    or_else = StringProperty("")
    strip = StringProperty("")
    strip_icon = StringProperty("")
    aside = StringProperty("")
    words_part = NumericProperty(0.5)  # lying: of the width, the words'; the picture's is what is left
    under_name = NumericProperty(0)  # pixels: where what stands under the heading ends
    crowded = BooleanProperty(False)  # words are enlarged on a screen that lies
    broken_icon = StringProperty("")
    broken_tone = StringProperty("broken")
    bring_back_text = StringProperty("")
    bring_back_spoken = StringProperty("")
    account_text = StringProperty("")
    account_spoken = StringProperty("")

    def __init__(self, tell: Tell, today: Today, **kwargs: Any) -> None:
        super().__init__(tell, today, **kwargs)
        self._bring_back, self._account = self.ids.bring_back.__self__, self.ids.account.__self__
        self._clock = Clock.schedule_interval(self._step, self.STEP_S)
        self._clock.cancel()

    def draw(self, fact: Rest, texts: Texts) -> None:
        """A greeting and what to do; or what is wrong; and the notice of the moment in a strip."""
        self.title = self.welcome.get(texts.language) or texts.say("rest.title")
        trouble = sentences.worst(fact.troubles)
        self.what_to_do, self.or_else = sentences.at_rest(texts, fact)
        self.broken_icon = OF_TROUBLE[trouble] if trouble is not None else ""
        self.broken_tone = "care" if trouble is Trouble.NOT_ADMITTED else "broken"
        self.ids.picture.scanning = Trouble.NO_PASS_READER in fact.troubles
        self.strip = texts.say(f"notice.{fact.notice.value}") if fact.notice else ""
        self.strip_icon = OF_NOTICE[fact.notice] if fact.notice else ""
        self.aside = sentences.aside(texts, fact.troubles) if trouble is None else ""
        self.bring_back_text, self.bring_back_spoken = texts.say("rest.bring_back"), texts.say("access.bring_back")
        self.account_text, self.account_spoken = texts.say("account.title"), texts.say("access.account")
        self.keep_offered(self._bring_back, fact.takes_back)
        self.keep_offered(self._account, fact.sees_account)

    def greet(self, welcome: Mapping[str, str], logo: Any) -> None:
        """The library's own welcome by language; its logo is a texture, or None."""
        self.welcome, self.logo = welcome, logo
        self.logo_ratio = logo.width / logo.height if logo is not None else 1

    def enter(self) -> None:
        """The picture starts to move."""
        if look.slides:
            self._clock()

    def leave(self) -> None:
        """The picture rests."""
        self._clock.cancel()
        self.ids.picture.at_reader = False

    def _step(self, _: float) -> None:
        if not self.broken_icon:
            self.ids.picture.at_reader = not self.ids.picture.at_reader


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
