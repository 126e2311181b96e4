"""Seals the rows of one kiosk's journal and opens them, each at its own place.

As long as there is no key (key level b, ADR 15) it only seals them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from circulation.events import Event
from circulation.identifiers import KioskId
from offline_cache.journal_entry import Answer, Entry, Row, answer_bytes, event_bytes, place, read_entry
from offline_cache.journal_faults import JournalFault, JournalLocked
from offline_cache.sealing import Seal

if TYPE_CHECKING:
    from offline_cache.letterbox import Letterbox

_PROOF = b"this journal and this key belong together"


class JournalSeal:
    """With a letterbox everything can be sealed, and `entries` wants the key first."""

    def __init__(self, seal: Seal | Letterbox, kiosk: KioskId) -> None:
        self._seal, self._kiosk = seal, kiosk

    @property
    def is_locked(self) -> bool:
        """Whether nothing can be opened yet."""
        return not isinstance(self._seal, Seal)

    def event(self, event: Event) -> bytes:
        """The event, sealed."""
        return self._seal.close_up(event_bytes(event), place(self._kiosk, event.seq, "body"))

    def answer(self, seq: int, column: str, answer: Answer) -> bytes:
        """What stands in that column of that row, sealed."""
        return self._seal.close_up(answer_bytes(answer), place(self._kiosk, seq, column))

    def proof(self) -> bytes:
        """By which a key is known to belong to this journal."""
        return self._seal.close_up(_PROOF, place(self._kiosk, 0, "proof"))

    def is_proved_by(self, proof: bytes) -> bool:
        """Whether the key is the one of that proof; nobody knows as long as there is none. Raises SealBroken."""
        return not isinstance(self._seal, Seal) or self._opens(self._seal, proof)

    def entries(self, rows: Sequence[Row]) -> list[Entry]:
        """What stands in the rows. Raises JournalLocked, and JournalFault where one cannot be unsealed or read."""
        if not rows:
            return []
        if not isinstance(self._seal, Seal):
            raise JournalLocked("the journal cannot be read: its key is not there yet")
        return [read_entry(self._seal, self._kiosk, row) for row in rows]

    def unlock(self, proof: bytes) -> None:
        """Gets the key, where there is none yet. Raises JournalLocked, SealBroken, and JournalFault for another's."""
        if isinstance(self._seal, Seal):
            return
        seal = self._seal.unlock()
        if not self._opens(seal, proof):
            raise JournalFault("the journal belongs to another kiosk")
        self._seal = seal

    def _opens(self, seal: Seal, proof: bytes) -> bool:
        return seal.open(proof, place(self._kiosk, 0, "proof")) == _PROOF
