"""A fault while drawing never ends in a dead window: it is logged, shown, tried again; and if it stays, ends the run.

The text of a fault is never logged: it may hold what a patron sees.
"""

import logging
import traceback
from collections import deque
from collections.abc import Callable
from pathlib import Path
from time import monotonic

log = logging.getLogger(__name__)

FAULTS_A_MINUTE = 5


class Faults:
    """Kivy's exception handler: logs a fault by type and place, and tells what to do about it."""

    def __init__(self, out_of_order: Callable[[], None], give_up: Callable[[], None]) -> None:
        self._out_of_order, self._give_up = out_of_order, give_up
        self._times: deque[float] = deque(maxlen=FAULTS_A_MINUTE)

    def handle_exception(self, fault: BaseException) -> int:
        """Called by Kivy's loop; 1 goes on, 0 raises what is no fault but a wish to end."""
        if not isinstance(fault, Exception):
            return 0
        frames = traceback.extract_tb(fault.__traceback__)
        places = " < ".join(f"{Path(one.filename).name}:{one.lineno}" for one in reversed(frames[-4:]))
        log.error("fault while drawing: %s at %s", type(fault).__name__, places)
        self._times.append(monotonic())
        if len(self._times) == FAULTS_A_MINUTE and self._times[-1] - self._times[0] < 60:
            self._give_up()
        else:
            self._out_of_order()
        return 1
