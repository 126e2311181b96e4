"""The window, and the bridge to it: other threads `show`, the Kivy thread draws. Nobody else touches a widget.

The doors that Kivy leaves open (Escape, F1, red dots, a window that closes) are shut before it is imported.
"""

import logging
import os
import signal
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from devices.ports import Key
from kiosk.bus import Focused, Stirred, Touched, Untouched
from kiosk.screens.faults import Faults
from kiosk.steady_memory import give_back
from kiosk.theme import NORMAL, Colours
from kiosk.ui import OutOfOrder, Rest, Shown

log = logging.getLogger(__name__)

REST_FPS = 30  # nobody is there; a touch or a pass wakes the loop at once
VISIT_FPS = 60
PAINTED_FPS = 30  # where the processor paints, a frame takes longer than a sixtieth of a second
AGAIN_AFTER_S = 5.0
NOBODY_S = 2.0  # after a visit; who comes sooner is not kept waiting, and uses the same memory again
ENVIRONMENT = {
    "KIVY_NO_ARGS": "1",
    "KIVY_NO_CONFIG": "1",
    "KIVY_NO_ENV_CONFIG": "1",
    "KIVY_NO_FILELOG": "1",
    "KIVY_LOG_MODE": "PYTHON",
    "KIVY_METRICS_DENSITY": "1",
    "KIVY_DPI": "96",
    "KIVY_CLOCK": "interrupt",
    "KIVY_WINDOW": "sdl2",
    "KIVY_TEXT": "sdl2",
    "KIVY_IMAGE": "sdl2",
    "SDL_TOUCH_MOUSE_EVENTS": "0",  # no mouse is made of fingers: each finger would touch twice
    "SDL_MOUSE_TOUCH_EVENTS": "0",
}


class DrawingFailed(Exception):
    """The screen cannot be drawn, or touched, any more; the process should end and be started again."""


def _worth_a_line(record: logging.LogRecord) -> bool:
    """Kivy's chatter, such as where it is installed, stays out of our log; its own level is reset at each import."""
    return record.levelno >= logging.WARNING


def configure_kivy(size: tuple[int, int], fullscreen: bool) -> None:
    """Everything that Kivy reads once, when it is imported. `size` in pixels, of a window that is not full screen."""
    os.environ.update(ENVIRONMENT)
    logging.getLogger("kivy").addFilter(_worth_a_line)
    from kivy.config import Config

    graphics = {
        "width": size[0],
        "height": size[1],
        "fullscreen": "auto" if fullscreen else "0",
        "borderless": int(fullscreen),
        "resizable": int(not fullscreen),
        "show_cursor": int(not fullscreen),
        "position": "custom",
        "left": 0,
        "top": 0,
        "allow_screensaver": 0,
        "multisamples": 0,
        "maxfps": VISIT_FPS,
    }
    for name, value in graphics.items():
        Config.set("graphics", name, str(value))
    Config.set("kivy", "exit_on_escape", "0")
    Config.set("kivy", "log_level", "warning")
    Config.remove_section("input")
    Config.add_section("input")
    Config.set("input", "mouse", "mouse,disable_multitouch")
    _use_own_style()


def _use_own_style() -> None:
    """Kivy's style.kv dresses forty kinds of widgets that no screen of ours has, for 0.1 s of CPU at every start."""
    import kivy

    kept, kivy.kivy_data_dir = kivy.kivy_data_dir, str(Path(__file__).parent / "screens")
    import kivy.lang.builder

    kivy.kivy_data_dir = kept


class KioskApp:
    """The screen of a kiosk; is `kiosk.ui.Ui`. Build and `run` it on the main thread.

    `on_touch` is told each touch once, and of each finger that somebody stirred; `on_frame` is called after the
    first frame and then each second for as long as frames are drawn (both on the Kivy thread: they must not block).
    `today` is the library's day; `welcome` its own first words by language, `logo` the file of a PNG.
    `is_deaf` is asked each second whether touches get lost, and told how many came; then the app ends by a fault.
    """

    def __init__(
        self,
        title: str,
        languages: tuple[str, ...],
        on_touch: Callable[[Touched | Stirred], None],
        size: tuple[int, int],
        fullscreen: bool,
        on_frame: Callable[[], None],
        library_name: str,
        today: Callable[[], date],
        colours: Colours = NORMAL,
        on_focus: Callable[[Focused | Untouched], None] = lambda _: None,
        welcome: Mapping[str, str] | None = None,
        logo: str = "",
        is_deaf: Callable[[int], bool] = lambda _: False,
    ) -> None:
        """`on_focus` is told what came of each key: where the ring is that keys move, or that nothing was there."""
        configure_kivy(size, fullscreen)
        from kivy.clock import Clock
        from kivy.core.window import Window

        self._languages, self._on_touch, self._on_frame = languages, on_touch, on_frame
        self._library_name, self._today, self._colours = library_name, today, colours
        self._fullscreen, self._on_focus, self._is_deaf = fullscreen, on_focus, is_deaf
        self._welcome, self._logo = welcome or {}, _picture(logo)
        self._waiting: SimpleQueue[Shown] = SimpleQueue()
        self._shown = Shown(language=languages[0], translated=len(languages) > 1)
        self._faults = Faults(self._out_of_order, self._give_up)
        self._failed, self._at_rest = False, True
        self._clock, self._window = Clock, Window
        Clock.interupt_next_only = True  # woken by what is due at once; what is due later waits for its frame
        self._draw = Clock.create_trigger(self._draw_newest)
        self._rebuild = Clock.create_trigger(self._build)
        self._tidy = Clock.create_trigger(lambda _: give_back(), NOBODY_S)
        Window.set_title(title)
        Window.bind(
            on_request_close=self._may_close, on_mouse_down=self._wake, on_mouse_up=self._wake, size=self._rebuild
        )
        self._listen()
        self._stage: Any = None
        self._build()

    @property
    def access_choices(self) -> tuple[str, ...]:
        """What a patron may choose of `kiosk.access.Access` on a screen of this size."""
        from kiosk.screens.look import look

        return look.access_choices

    # ---- from any thread

    def show(self, shown: Shown) -> None:
        """Draws this in the next frame; of several the newest."""
        self._waiting.put(shown)
        self._draw()

    def press(self, key: Key) -> None:
        """A key that is felt went down (`kiosk.aid.Ring`)."""
        self._clock.schedule_once(lambda _: self._stage.press(key, self._on_focus))

    def take_away(self) -> None:
        """The ring leaves the screen."""
        self._clock.schedule_once(lambda _: self._stage.ids.ring.take_away())

    def stop_from_thread(self) -> None:
        """Ends `run`."""
        self._clock.schedule_once(lambda _: self.stop())

    # ---- on the Kivy thread

    def run(self) -> None:
        """Draws until stopped by `stop`, `stop_from_thread`, SIGTERM or SIGINT. Raises DrawingFailed."""
        from kivy.base import ExceptionManager, runTouchApp

        ExceptionManager.add_handler(self._faults)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop())
        self._window.bind(on_flip=self._first_frame)
        runTouchApp(self._stage)
        if self._failed:
            raise DrawingFailed

    def stop(self) -> None:
        """Ends `run`, after this frame."""
        from kivy.base import stopTouchApp

        stopTouchApp()

    def _build(self, *_: Any) -> None:
        """The stage, for the size that the window has now."""
        from kivy.graphics.opengl import GL_RENDERER, glGetString

        from kiosk.screens.look import look

        width, height = self._window.size
        look.use(width, height, self._colours, self._shown.access)
        look.painted = b"pipe" in (glGetString(GL_RENDERER) or b"")
        from kiosk.screens.stage import Stage

        old, self._stage = self._stage, Stage(self._languages, self._on_touch, self._library_name, self._today)
        self._stage.greet(self._welcome, self._logo)
        self._window.clearcolor = look.c("ground")
        self._stage.size = width, height  # before anything is measured for it
        self._show(self._shown)
        if old is not None:
            self._stage.follow(old)
            old.clear()
            self._window.remove_widget(old)
            self._window.add_widget(self._stage)

    def _show(self, shown: Shown) -> None:
        from kiosk.screens.look import look

        self._stage.show(shown)
        at_rest = isinstance(shown.screen, Rest) and shown.over is None
        if at_rest and not self._at_rest:
            self._tidy()
        elif not at_rest:
            self._tidy.cancel()
        self._at_rest = at_rest
        fps = REST_FPS if at_rest else PAINTED_FPS if look.painted else VISIT_FPS
        self._clock._max_fps = fps  # noqa: SLF001 - there is no public way to change it

    def _draw_newest(self, _: float) -> None:
        newest = None
        while True:
            try:
                newest = self._waiting.get_nowait()
            except Empty:
                break
        if newest is not None:
            others = newest.access != self._shown.access
            self._shown = newest
            if others:
                self._build()
                self._clock.schedule_once(self._prepare, 1.0)
            else:
                self._show(newest)

    def _first_frame(self, *_: Any) -> None:
        self._window.unbind(on_flip=self._first_frame)
        self._on_frame()
        self._clock.schedule_interval(self._frame, 1.0)
        self._clock.schedule_once(self._prepare, 0.1)

    def _frame(self, _: float) -> None:
        self._on_frame()
        if self._is_deaf(self._fingers.count):
            log.critical("touches do not reach the window any more")
            self._give_up()

    def _prepare(self, _: float) -> None:
        """Between two frames, one page at a time: what the first frame did not need. Somebody's visit comes first."""
        if not isinstance(self._shown.screen, Rest):
            self._clock.schedule_once(self._prepare, 1.0)
        elif self._stage.prepare():
            self._clock.schedule_once(self._prepare, 0.02)

    def _listen(self) -> None:
        """Fingers, and a mouse where there is one; no key that somebody, or a scanner, types into the window."""
        from kivy.base import EventLoop
        from kivy.core.window.window_sdl2 import SDL2MotionEventProvider

        from kiosk.screens.fingers import Fingers

        for one in [*EventLoop.input_providers]:
            if isinstance(one, SDL2MotionEventProvider):
                EventLoop.remove_input_provider(one)
        self._fingers = Fingers(self._window, self._wake)
        EventLoop.add_input_provider(self._fingers)

    def _wake(self, *_: Any) -> None:
        """A touch is drawn in the next frame, however slow the frames are now."""
        self._clock.schedule_once(_nothing, 0)

    def _may_close(self, *_: Any, **__: Any) -> bool:
        """True keeps the window: a patron cannot close a kiosk."""
        return self._fullscreen

    def _out_of_order(self) -> None:
        self._clock.schedule_once(self._show_out_of_order, 0)
        self._clock.schedule_once(self._show_again, AGAIN_AFTER_S)

    def _show_out_of_order(self, _: float) -> None:
        shown = self._shown
        self._show(Shown(OutOfOrder("screen"), language=shown.language, translated=shown.translated))

    def _show_again(self, _: float) -> None:
        self._show(self._shown)

    def _give_up(self) -> None:
        self._failed = True
        self.stop()


def _picture(name: str) -> Any:
    """The PNG as a texture. One that cannot be drawn is left out: a kiosk without its logo still lends."""
    if not name:
        return None
    from kivy.core.image import Image

    try:
        return Image(name, mipmap=True).texture
    except Exception as fault:  # noqa: BLE001 - whatever the decoder raises
        log.warning("the logo cannot be drawn: %s", type(fault).__name__)
        return None


def _nothing(_: float) -> None:
    """Being scheduled is what counts."""
