"""What is on the screen now: one page, at most one card over it, and the three buttons that are always in one place."""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from kivy.clock import Clock
from kivy.lang import Builder
from kivy.properties import BooleanProperty, ListProperty, StringProperty
from kivy.uix.floatlayout import FloatLayout

from devices.ports import Key
from kiosk.bus import Stirred, Touched
from kiosk.offered import offered_of
from kiosk.screens.direction import direction
from kiosk.screens.look import look
from kiosk.screens.mirror import Mirror
from kiosk.screens.out_of_sight import OutOfSight
from kiosk.screens.page import Page, Today
from kiosk.screens.rest import RestPage
from kiosk.screens.ring import Ring, Tell  # noqa: F401 - the ring is named in the .kv
from kiosk.screens.touch import Touch
from kiosk.texts import Texts, name_of
from kiosk.ui import (
    AccessCard,
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
    PinPad,
    Receipt,
    Rest,
    Returned,
    Returning,
    Shown,
    StillThere,
    Waiting,
)

PAGES: Mapping[type, tuple[str, str]] = {
    Rest: ("rest", "RestPage"),
    LendOrReturn: ("lend_or_return", "LendOrReturnPage"),
    Waiting: ("waiting", "WaitingPage"),
    PinPad: ("pin_pad", "PinPadPage"),
    Borrowing: ("borrowing", "BorrowingPage"),
    MyAccount: ("my_account", "MyAccountPage"),
    NoAccount: ("no_account", "NoAccountPage"),
    GuestOffer: ("guest_offer", "GuestOfferPage"),
    ChooseHome: ("choose_home", "ChooseHomePage"),
    NoVisit: ("no_visit", "NoVisitPage"),
    NoAnswer: ("no_visit", "NoAnswerPage"),
    Finished: ("finished", "FinishedPage"),
    Receipt: ("receipt", "ReceiptPage"),
    Returning: ("returning", "ReturningPage"),
    Returned: ("returned", "ReturnedPage"),
    Closed: ("out_of_order", "ClosedPage"),
    OutOfOrder: ("out_of_order", "OutOfOrderPage"),
    StillThere: ("still_there", "StillTherePage"),
    HelpCard: ("help_card", "HelpCardPage"),
    LanguageCard: ("languages", "LanguagePage"),
    AccessCard: ("access", "AccessPage"),
}
# Built when they are first shown, which takes some hundredths of a second longer then: most kiosks never show some of
# them, and together they hold 7 MB.
SELDOM = frozenset({PinPad, GuestOffer, ChooseHome, NoAccount, NoAnswer, Closed, HelpCard, LanguageCard, AccessCard})
DEBOUNCE_S = 0.3
BESIDE = 120  # units; who touches there, within that time, is another finger and no bounce
TYPED = frozenset({Intent.DIGIT, Intent.ERASE})
BOUNCE_S = 0.05  # of a key: a finger that types the same digit twice takes twice as long, one touch told twice does not
STIRS_S = 1.0  # of a finger that moves it is told so often
STIRS = 24  # units that it has moved by then: a palm that rests there trembles, and is nobody
_STIRRED = "stirred"  # of a finger: where it was when it was told of last
FEW = 2  # languages: one touch changes to the other; of more a card is shown


class Stage(Mirror):
    """Draws what is `Shown`, and tells each touch once as `Touched`, after each finger that somebody stirred."""

    help_text = StringProperty("")
    stop_text = StringProperty("")
    language_text = StringProperty("")
    help_spoken = StringProperty("")
    stop_spoken = StringProperty("")
    language_spoken = StringProperty("")
    access_spoken = StringProperty("")
    access_offered = BooleanProperty(True)
    language_offered = BooleanProperty(True)
    stop_offered = BooleanProperty(False)
    help_offered = BooleanProperty(True)
    covered = BooleanProperty(False)
    narrow = BooleanProperty(False)
    free = ListProperty([0, 0])

    def __init__(
        self,
        languages: tuple[str, ...],
        tell: Callable[[Touched | Stirred], None],
        library_name: str,
        today: Today,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._languages = languages
        self._tell = tell
        self._today = today
        self._texts = {languages[0]: Texts(languages[0])}
        self._told_at = -DEBOUNCE_S
        self._told_where = self._lifted = (0.0, 0.0)
        self._stirred_at = 0.0
        self._pause_s = DEBOUNCE_S  # until the same place can be touched again
        self._pages: dict[type, Page] = {}
        self._page: Page | None = None
        self._over: Page | None = None
        self._drawn: dict[Page, tuple[object, str]] = {}
        self.shown = Shown(language=languages[0], translated=len(languages) > 1)
        rest = RestPage(self._touched, today)
        rest.library_name = library_name
        self._rest = rest
        self._keep(Rest, rest)

    def greet(self, welcome: Mapping[str, str], logo: Any) -> None:
        """At rest: the library's own welcome by language; its logo is a texture, or None."""
        self._rest.greet(welcome, logo)

    def texts(self, language: str) -> Texts:
        """The catalogue of a language, read once; the first language where it is none of ours."""
        language = language if language in self._languages else self._languages[0]
        if language not in self._texts:
            self._texts[language] = Texts(language)
        return self._texts[language]

    def follow(self, old: "Stage") -> None:
        """Takes the place of another, now: the second half of a double tap upon it, which had to wait, is none here.
        The ring stays around the same button."""
        self._told_at, self._told_where = Clock.time(), old.told_where
        self.ids.ring.take_over(old.ids.ring)

    @property
    def told_where(self) -> tuple[float, float]:
        """Where something was touched last."""
        return self._told_where

    def clear(self) -> None:
        """Nothing moves any more and nothing is kept, before another stage takes the place of this one."""
        for page in self._pages.values():
            page.leave()

    def prepare(self) -> bool:
        """Builds one page of an ordinary visit that has not been built, for a moment without work. False when all are
        there."""
        missing = next((kind for kind in PAGES if kind not in self._pages and kind not in SELDOM), None)
        if missing is not None:
            page = self._page_of(missing)
            page.size = self.size
            page.rehearse(self.texts(self.shown.language))
        return missing is not None

    def show(self, shown: Shown) -> None:
        """Draws this."""
        texts = self.texts(shown.language)
        self.shown = shown
        direction.to_the_left = texts.to_the_left
        self._page = self._change(self._page, shown.screen, texts, self.ids.pages)
        self._over = self._change(self._over, shown.over, texts, self.ids.over)
        intents = offered_of(shown)
        if not isinstance(shown.screen, PinPad):
            self._told_key = None  # it is a digit of somebody's PIN
        self.covered = shown.over is not None
        self.help_offered = Intent.HELP in intents
        self.stop_offered = Intent.STOP in intents
        self.access_offered = Intent.ACCESS in intents
        self.language_offered = Intent.LANGUAGE in intents
        self.access_spoken = texts.say("access.access")
        self.help_text, self.help_spoken = texts.say("help.button"), texts.say("access.help")
        self.stop_text, self.stop_spoken = texts.say("stop.button"), texts.say("access.stop")
        if offered_language := self._offered_language():
            name = name_of(offered_language)
            self.language_text, self.language_spoken = name, texts.say("access.language", language=name)
        else:
            self.language_text, self.language_spoken = name_of(texts.language), texts.say("language.title")
        if look.text > 1 and look.tall:  # three large words do not fit beside each other
            self.language_text = (offered_language or texts.language).upper()
        self.ids.ring.follow()

    def _change(self, old: Page | None, fact: object, texts: Texts, place: FloatLayout) -> Page | None:
        new = self._page_of(type(fact)) if fact is not None else None
        if new is not old and old is not None:
            place.remove_widget(old)
            old.leave()
            self._drawn.pop(old, None)
        if new is None:
            return None
        if self._drawn.get(new) != (fact, texts.language):
            new.draw(fact, texts)
            self._drawn[new] = (fact, texts.language)
        if new is not old:
            place.add_widget(new)
            new.enter()
        return new

    def _page_of(self, kind: type) -> Page:
        if kind not in self._pages:
            module, name = PAGES[kind]
            build = getattr(import_module(f"kiosk.screens.{module}"), name)
            page = build(self._touched, self._today)
            page.size = self.size
            self._keep(kind, page)
        return self._pages[kind]

    def _keep(self, kind: type, page: Page) -> None:
        self._pages[kind] = page
        page.free = self.free
        self.bind(free=page.setter("free"))
        page.bind(on_stirred=self._stirred)

    def _offered_language(self) -> str:
        """The one that a touch changes to; empty where it shows all of them."""
        known = self._languages
        if len(known) > FEW and not isinstance(self.shown.over, StillThere):
            return ""
        at = known.index(self.shown.language) if self.shown.language in known else 0
        return known[(at + 1) % len(known)]

    def touch(self, intent: str) -> None:
        """One of the three fixed buttons was touched: the value of an Intent."""
        self._touched(Intent(intent), self._offered_language() if intent == Intent.LANGUAGE.value else "")

    def _touched(self, intent: Intent, what: str) -> None:
        if intent not in offered_of(self.shown):
            return
        self._acted(BOUNCE_S if intent in TYPED else DEBOUNCE_S)
        self._tell(Touched(intent, what))

    def _stirred(self, _: Page) -> None:
        """Somebody moved what is drawn, by a finger that was told of: a double strike moves it once."""
        self._acted(DEBOUNCE_S)

    def _acted(self, pause_s: float) -> None:
        self._told_at, self._told_where, self._pause_s = Clock.time(), self._lifted, pause_s

    def on_touch_down(self, touch: Any) -> bool:
        """A finger. The second half of a double tap touches nothing, whatever appeared under it meanwhile."""
        (x, y), (told_x, told_y) = touch.pos, self._told_where
        beside = max(abs(x - told_x), abs(y - told_y)) > look.u(BESIDE)
        if Clock.time() - self._told_at < self._pause_s and not beside:
            return True
        self._stirs(touch)
        return super().on_touch_down(touch)

    def on_touch_move(self, touch: Any) -> bool:
        """It moves: whoever draws a list down reads it."""
        from_x, from_y = touch.ud.get(_STIRRED, touch.pos)
        moved = max(abs(touch.x - from_x), abs(touch.y - from_y)) > look.u(STIRS)
        if moved and Clock.time() - self._stirred_at >= STIRS_S:
            self._stirs(touch)
        return super().on_touch_move(touch)

    def _stirs(self, touch: Any) -> None:
        """Somebody is there, whatever it is that they touch."""
        touch.ud[_STIRRED], self._stirred_at = touch.pos, Clock.time()
        self._tell(Stirred())

    def on_touch_up(self, touch: Any) -> bool:
        """It is lifted, here; whoever held it is told after this."""
        self._lifted = touch.pos
        return super().on_touch_up(touch)

    @property
    def drawn(self) -> tuple[Page | None, Page | None]:
        """The page that is drawn, and the card over it."""
        return self._page, self._over

    def press(self, key: Key, tell: Tell) -> None:
        """A key that is felt: moves the ring and tells where it is, or touches what it stands around."""
        self.ids.ring.press(key, tell)

    def reachable(self) -> list[Touch | OutOfSight]:
        """All that keys go to, each once: of the card or the page from the top, then what is on every screen, and the
        buttons of a list between them, those too that are not in sight."""
        from kiosk.screens.card_list import CardList  # not above: the first picture has no list
        from kiosk.screens.cards import CardView

        pages = [] if self._over else list(self.ids.pages.walk(restrict=True))
        lists = [one for one in pages if isinstance(one, CardList)]
        listed = [button for one in lists for button in one.buttons]
        bars, side = list(self.ids.bars.walk(restrict=True)), -1 if direction.to_the_left else 1
        others = sorted(
            (one for one in self.touchable() if not isinstance(one.parent, CardView)),
            key=lambda one: (one in bars, one.intent == "stop", -round(one.top), side * one.x),
        )
        once = list({(one.intent, one.spoken): one for one in reversed(others)}.values())[::-1]
        own = [one for one in once if one not in bars and one.intent != "stop"]
        return [*own, *listed, *(one for one in once if one not in own)]

    def touchable(self) -> list[Touch]:
        """All that tells an Intent and can be touched now, drawn and not covered."""
        under = [] if self._over else list(self.ids.pages.walk(restrict=True))
        parts = under + list(self.ids.over.walk(restrict=True)) + list(self.ids.bars.walk(restrict=True))
        return [one for one in parts if isinstance(one, Touch) and one.intent and one.offered]


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
