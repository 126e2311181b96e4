"""The passes that lie there, by device, and those that lay on a device when it could not tell any more.

A pass that is found when a device was opened opens nothing (ADR 19): only one that was seen to come does.
"""

from devices.ports import PassFound, PassPresented, PassRemoved
from kiosk.shown_pass import shown_pass


class LyingPasses(dict[str, PassPresented | PassFound]):
    """One kiosk's. A pass that was found again is the one it was before: who waits behind it goes on waiting."""

    def __init__(self) -> None:
        super().__init__()
        self._before: dict[str, PassPresented | PassFound] = {}

    def note(self, told: PassPresented | PassFound | PassRemoved) -> None:
        """What a device told."""
        before = self._before.pop(told.device, None)
        if isinstance(told, PassRemoved):
            self.pop(told.device, None)
        elif isinstance(told, PassFound) and before is not None and shown_pass(before) == shown_pass(told):
            self[told.device] = before
        else:
            self[told.device] = told

    def lose(self, device: str) -> None:
        """That device cannot tell any more; a pass that still lies there will be found again."""
        if device in self:
            self._before[device] = self.pop(device)
