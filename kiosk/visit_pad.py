"""The item pad as a visit uses it: one tag switched at a time, off the event loop, with a deadline, and read back."""

from typing import Protocol

from devices.ports import ItemPad, TagSecurity
from kiosk.desks.in_background import Workers
from values import dataclass

SWITCH_S = 2.0  # for one try at one tag; a pad does it in a tenth of that


@dataclass(frozen=True, slots=True)
class PadRules:
    """How a branch works with its pad. `undo`: a loan whose tag cannot be cleared is undone; else the desk looks at it.

    `all_tagged`: what was lent by its barcode must be laid on the pad too.
    """

    undo: bool = False
    all_tagged: bool = True


class VisitPad(Protocol):
    """What a flow asks of the pad. `switches`: whether there are gate bits at all; then each answer was read back."""

    @property
    def switches(self) -> bool: ...
    @property
    def rules(self) -> PadRules: ...
    async def secure(self, uid: bytes) -> TagSecurity: ...
    async def unsecure(self, uid: bytes) -> TagSecurity: ...


class BackgroundPad:
    """Switches in a worker. Without a pad, or for a library without gates, nothing is switched."""

    def __init__(self, pad: ItemPad | None, workers: Workers, rules: PadRules, *, gates: bool = True) -> None:
        self._pad, self._workers, self.rules = pad, workers, rules
        self.switches = pad is not None and gates

    async def secure(self, uid: bytes) -> TagSecurity:
        """See `devices.ports.ItemPad.secure`."""
        pad = self._pad
        if pad is None:
            return TagSecurity.UNKNOWN
        return await self._workers.run(lambda: pad.secure(uid, SWITCH_S))

    async def unsecure(self, uid: bytes) -> TagSecurity:
        """See `devices.ports.ItemPad.unsecure`."""
        pad = self._pad
        if pad is None:
            return TagSecurity.UNKNOWN
        return await self._workers.run(lambda: pad.unsecure(uid, SWITCH_S))
