"""The window, and the bridge to it: other threads `show`, the Kivy thread draws. Nobody else touches a widget.

The doors that Kivy leaves open (Escape, F1, red dots, a window that closes) are shut before it is imported.
"""

import logging
import os
import signal
import traceback
from collections import deque
from collections.abc import Callable
from datetime import date
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any

from kiosk.bus import Touched
from kiosk.theme import NORMAL, Colours
from kiosk.ui import OutOfOrder, Shown

log = logging.getLogger(__name__)

REST_FPS = 30  # also where the processor paints: a repaint takes longer than a sixtieth of a second
VISIT_FPS = 60
FAULTS_A_MINUTE = 5
AGAIN_AFTER_S = 5.0
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
}


def _worth_a_line(record: logging.LogRecord) -> bool:
    """Kivy's chatter, such as where it is installed, stays out of our log; its own level is reset at each import."""
    return record.levelno >= logging.WARNING


class DrawingFailed(Exception):
    """The screen cannot be drawn any more; the process should end and be started again."""


def configure_kivy(size: tuple[int, int], fullscreen: bool) -> None:
    """Everything that Kivy reads once, when it is imported. `size` in pixels, of a window that is not full screen."""
    os.environ.update(ENVIRONMENT)
    logging.getLogger("kivy").addFilter(_worth_a_line)
    from kivy.config import Config

    kiosk = "1" if fullscreen else "0"
    settings = {
        "width": str(size[0]),
        "height": str(size[1]),
        "fullscreen": "auto" if fullscreen else "0",
        "borderless": kiosk,
        "resizable": "0" if fullscreen else "1",
        "show_cursor": "0" if fullscreen else "1",
        "allow_screensaver": "0",
        "multisamples": "0",
        "position": "custom",
        "left": "0",
        "top": "0",
        "maxfps": str(VISIT_FPS),
    }
    for name, value in settings.items():
        Config.set("graphics", name, value)
    Config.set("kivy", "exit_on_escape", "0")
    Config.set("kivy", "log_level", "warning")
    Config.remove_section("input")
    Config.add_section("input")
    Config.set("input", "mouse", "mouse,disable_multitouch")


class KioskApp:
    """The screen of a kiosk; is `kiosk.ui.Ui`. Build and `run` it on the main thread.

    `on_touch` is told each touch once; `on_frame` is called after the first frame and then each second for as long as
    frames are drawn (both on the Kivy thread: they must not block). `today` is the library's day.
    """

    def __init__(
        self,
        title: str,
        languages: tuple[str, ...],
        on_touch: Callable[[Touched], None],
        size: tuple[int, int],
        fullscreen: bool,
        on_frame: Callable[[], None],
        library_name: str,
        today: Callable[[], date],
        colours: Colours = NORMAL,
    ) -> None:
        configure_kivy(size, fullscreen)
        from kivy.base import ExceptionManager
        from kivy.clock import Clock
        from kivy.core.window import Window

        self._languages, self._on_touch, self._on_frame = languages, on_touch, on_frame
        self._library_name, self._today, self._colours = library_name, today, colours
        self._fullscreen = fullscreen
        self._waiting: SimpleQueue[Shown] = SimpleQueue()
        self._faults: deque[float] = deque(maxlen=FAULTS_A_MINUTE)
        self._failed = False
        self._shown = Shown(language=languages[0])
        self._clock, self._window = Clock, Window
        self._draw = Clock.create_trigger(self._draw_newest)
        Window.set_title(title)
        Window.clearcolor = (0, 0, 0, 1)
        Window.bind(on_request_close=self._may_close)
        ExceptionManager.add_handler(self._handler())
        self._stage: Any = None
        self._build()

    # ---- from any thread

    def show(self, shown: Shown) -> None:
        """Draws this in the next frame; of several the newest."""
        self._waiting.put(shown)
        self._draw()

    def stop_from_thread(self) -> None:
        """Ends `run`."""
        self._clock.schedule_once(lambda _: self.stop())

    # ---- on the Kivy thread

    def run(self) -> None:
        """Draws until stopped by `stop`, `stop_from_thread`, SIGTERM or SIGINT. Raises DrawingFailed."""
        from kivy.base import runTouchApp

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

    def _build(self) -> None:
        """The stage anew, for the size of the window."""
        from kiosk.screens.look import look

        width, height = self._window.size
        look.use(width, height, self._colours)
        from kiosk.screens.stage import Stage

        self._window.clearcolor = look.c("ground")
        self._stage = Stage(self._languages, self._on_touch, self._library_name, self._today)
        self._stage.show(self._shown)

    def _first_frame(self, *_: Any) -> None:
        self._window.unbind(on_flip=self._first_frame)
        self._on_frame()
        self._clock.schedule_interval(lambda _: self._on_frame(), 1.0)
        self._clock.schedule_once(self._prepare, 0.2)

    def _prepare(self, _: float) -> None:
        """Between two frames, one page at a time: what the first frame did not need."""
        if self._stage.prepare():
            self._clock.schedule_once(self._prepare, 0.05)
        else:
            self._stage.texts(self._shown.language).warm()

    def _draw_newest(self, _: float) -> None:
        newest = None
        while True:
            try:
                newest = self._waiting.get_nowait()
            except Empty:
                break
        if newest is not None:
            self._shown = newest
            self._stage.show(newest)

    def _may_close(self, *_: Any, **__: Any) -> bool:
        """True keeps the window: a patron cannot close a kiosk."""
        return self._fullscreen

    def _handler(self) -> Any:
        from kivy.base import ExceptionHandler, ExceptionManager

        class Handler(ExceptionHandler):
            def handle_exception(handler, fault: BaseException) -> int:  # noqa: N805
                self._fault(fault)
                return int(ExceptionManager.PASS)

        return Handler()

    def _fault(self, fault: BaseException) -> None:
        """Logged by type and place, never by its text, which may hold what a patron sees; then shown."""
        frames = traceback.extract_tb(fault.__traceback__)
        places = " < ".join(f"{Path(one.filename).name}:{one.lineno}" for one in reversed(frames[-4:]))
        log.error("fault while drawing: %s at %s", type(fault).__name__, places)
        now = monotonic()
        self._faults.append(now)
        if len(self._faults) == FAULTS_A_MINUTE and now - self._faults[0] < 60:
            self._failed = True
            self.stop()
            return
        self._clock.schedule_once(self._out_of_order, 0)

    def _out_of_order(self, _: float) -> None:
        self._stage.show(Shown(OutOfOrder("screen"), language=self._shown.language))
        self._clock.schedule_once(lambda _: self._stage.show(self._shown), AGAIN_AFTER_S)
