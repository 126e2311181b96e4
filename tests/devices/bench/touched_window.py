"""A window that fills its screen, writes down each touch in pixels of the screen, and can be made to change colour."""

from __future__ import annotations

import os
import sys
from typing import Any

os.environ.update(KIVY_NO_ARGS="1", KIVY_NO_CONFIG="1", KIVY_NO_FILELOG="1", KIVY_NO_CONSOLELOG="1")

from kivy.config import Config

WIDTH, HEIGHT, MOVING = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "moving"
for name, value in {"width": WIDTH, "height": HEIGHT, "left": 0, "top": 0, "multisamples": 0, "borderless": 1}.items():
    Config.set("graphics", name, str(value))
Config.set("graphics", "position", "custom")
Config.set("input", "mouse", "mouse,disable_multitouch")

from kivy.app import App  # noqa: E402 - after the settings
from kivy.clock import Clock  # noqa: E402 - after the settings
from kivy.core.window import Window  # noqa: E402 - after the settings
from kivy.uix.widget import Widget  # noqa: E402 - after the settings


def tell(what: str, touch: Any) -> None:
    """Write a touch as `what x y`; Kivy counts y from below."""
    print(what, round(touch.x), round(HEIGHT - 1 - touch.y), flush=True)


class Paper(Widget):  # type: ignore[misc]
    """Takes every touch."""

    def on_touch_down(self, touch: Any) -> bool:
        tell("press", touch)
        return True

    def on_touch_move(self, touch: Any) -> bool:
        tell("move", touch)
        return True

    def on_touch_up(self, touch: Any) -> bool:
        tell("release", touch)
        return True


class TouchedWindow(App):  # type: ignore[misc]
    """The window; says `ready` with its size after its first frames."""

    def build(self) -> Paper:
        Window.clearcolor = (0.2, 0.4, 0.6, 1)
        return Paper()

    def on_start(self) -> None:
        Clock.schedule_once(lambda _: print("ready", *map(int, Window.size), flush=True), 0.5)
        if MOVING:
            Clock.schedule_interval(self.change, 1 / 20)

    def change(self, _: float) -> None:
        red = (Window.clearcolor[0] + 0.05) % 1
        Window.clearcolor = (red, 0.4, 0.6, 1)
        self.root.canvas.ask_update()


TouchedWindow().run()
