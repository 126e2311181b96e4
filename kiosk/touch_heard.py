"""Whether the window still hears its touch screen, where a kiosk watches that (docs/adr/0029)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack

    from kiosk.config import KioskConfig


def hearing(config: KioskConfig, undo: ExitStack) -> Callable[[int], bool]:
    """Whether the window has gone deaf, of a touch screen that is watched. `undo`: what to end with the kiosk."""
    if config.touch is None:
        return lambda _: False
    from devices.touch_watch import TouchWatch

    watch = TouchWatch(str(config.path(config.touch.device)))
    watch.start()
    undo.callback(watch.stop)
    return watch.is_deaf
