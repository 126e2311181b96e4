"""The real app in a window without a screen (SDL's offscreen driver), drawn and touched frame by frame."""

import gc
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kiosk import app as app_module
from kiosk.access import Access
from kiosk.app import KioskApp
from kiosk.bus import Stirred, Touched
from kiosk.theme import NORMAL, Colours
from kiosk.ui import Over, Screen, Shown
from tests.kiosk.screens.scenes import LANGUAGES, PORTRAIT, TODAY

PATIENCE_S = 30.0
USUAL = Access()


class Kiosk:
    """Drives the app: shows, touches, waits. Positions are in pixels from the lower left."""

    def __init__(self, colours: Colours = NORMAL, languages: tuple[str, ...] = LANGUAGES) -> None:
        self.touched: list[Touched] = []
        self.stirred = 0  # times
        self.frames = 0
        self.app = KioskApp(
            title="Kiosk",
            languages=languages,
            on_touch=self._told,
            size=(1920, 1920),  # the picture's memory does not grow with the window; each test takes a part of it
            fullscreen=False,
            on_frame=self._frame,
            library_name="Bibliotheek Annen",
            today=lambda: TODAY,
            colours=colours,
        )
        from kivy.base import EventLoop, runTouchApp
        from kivy.core.window import Window

        self.loop, self.window = EventLoop, Window
        runTouchApp(self.app._stage, embedded=True)

    def _told(self, told: Touched | Stirred) -> None:
        if isinstance(told, Touched):
            self.touched.append(told)
        else:
            self.stirred += 1

    def _frame(self) -> None:
        self.frames += 1

    @property
    def stage(self) -> Any:
        return self.app._stage

    def turn(self, frames: int = 4) -> None:
        """Lets some frames pass: all that Kivy's loop does but painting, which takes the most time."""
        from kivy.clock import Clock
        from kivy.lang import Builder

        for _ in range(frames):
            Clock.tick()
            self.loop.dispatch_input()
            Builder.sync()
            Clock.tick_draw()
            Builder.sync()

    def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Lets frames pass until the condition holds."""
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < end, f"waited in vain {what}"
            self.turn(1)
            time.sleep(0.002)

    def resize(self, size: tuple[int, int]) -> None:
        if tuple(self.window.size) != size:
            self.window.size = size
            self.turn()
        assert tuple(self.window.size) == size

    def show(
        self,
        screen: Screen,
        over: Over | None = None,
        language: str = "nl",
        access: Access = USUAL,
        masked: bool = False,
    ) -> None:
        """Shows a fact and lets it be laid out."""
        shown = Shown(screen, over, language, access, masked, translated=len(self.app._languages) > 1)
        self.app.show(shown)
        self.turn(6)
        assert self.stage.shown == shown

    def down(self, x: float, y: float, button: str = "left") -> None:
        self.window.dispatch("on_mouse_down", x, self.window.height - 1 - y, button, [])
        self.turn(2)

    def move(self, x: float, y: float) -> None:
        self.window.dispatch("on_mouse_move", x, self.window.height - 1 - y, [])
        self.turn(2)

    def up(self, x: float, y: float, button: str = "left") -> None:
        self.window.dispatch("on_mouse_up", x, self.window.height - 1 - y, button, [])
        self.turn(2)

    def tap(self, x: float, y: float) -> None:
        self.down(x, y)
        self.up(x, y)

    def button(self, intent: str) -> Any:
        """The button that tells this intent."""
        found = [one for one in self.stage.touchable() if one.intent == intent]
        assert found, f"{intent} cannot be touched"
        return found[0]

    def tap_button(self, intent: str) -> None:
        button = self.button(intent)  # in whatever it stands: a card has a place of its own
        self.tap(*button.to_window(*button.center))

    def rested(self) -> None:
        """Forgets earlier touches, and that there was one a moment ago."""
        self.touched.clear()
        self.stirred = 0
        self.stage._told_at = -1.0

    def pixels(self) -> bytes:
        """The picture, RGB from the lower left: drawn anew, for the buffer behind the window may be stale."""
        from kivy.graphics.opengl import GL_RGB, GL_UNSIGNED_BYTE, glPixelStorei, glReadPixels

        self.window.dispatch("on_draw")
        glPixelStorei(0x0D05, 1)  # GL_PACK_ALIGNMENT
        return bytes(glReadPixels(0, 0, self.window.width, self.window.height, GL_RGB, GL_UNSIGNED_BYTE))


@pytest.fixture(scope="session")
def one_kiosk() -> Kiosk:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SDL_VIDEODRIVER", "offscreen")
        patch.setattr(app_module, "REST_FPS", 0)
        patch.setattr(app_module, "PAINTED_FPS", 0)
        kiosk = Kiosk()
    app_module.REST_FPS = app_module.PAINTED_FPS = 0
    kiosk.app._clock._max_fps = 0
    gc.collect()
    gc.freeze()  # as the kiosk itself does: what was imported by now need not be looked through again and again
    return kiosk


@pytest.fixture
def kiosk(one_kiosk: Kiosk) -> Iterator[Kiosk]:
    """The app at rest, in Dutch, portrait; nothing was touched yet."""
    from kiosk.screens.look import look
    from kiosk.ui import Rest

    look.moves = False
    one_kiosk.resize(PORTRAIT)
    one_kiosk.stage.ids.ring.take_away()
    one_kiosk.show(Rest())
    one_kiosk.rested()
    yield one_kiosk
    one_kiosk.show(Rest())
