"""Receipts by mail (K9): the store is given the text and knows the address. Nobody waits longer than a moment."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from circulation.identifiers import EventId
from circulation.presented import Presented
from devices.ports import Receipt
from offline_cache.store_client import LineDown, StoreClient

if TYPE_CHECKING:
    from kiosk.desks.in_background import Workers

TRIES = 2
DEADLINE_S = 1.5  # each
MOST_LINES = 600


class VisitMail(Protocol):
    """What a flow asks of the mail."""

    async def send(self, presented: Presented, language: str, receipt: Receipt) -> bool: ...


class NoMail:
    """A kiosk that mails nothing."""

    async def send(self, presented: Presented, language: str, receipt: Receipt) -> bool:
        """Whether it will be mailed."""
        return False


class StoreMail:
    """Gives receipts to the store. `subject`: of a letter in that language."""

    def __init__(
        self, client: StoreClient, workers: "Workers", new_event: Callable[[], EventId], subject: Callable[[str], str]
    ) -> None:
        self._client, self._workers, self._new_event, self._subject = client, workers, new_event, subject

    async def send(self, presented: Presented, language: str, receipt: Receipt) -> bool:
        """Whether the store has it. An answer that was lost is asked for again, under the same EventId."""
        return await self._workers.run(lambda: self._sent(presented, language, receipt))

    def _sent(self, presented: Presented, language: str, receipt: Receipt) -> bool:
        from circulation import wire  # late: the first picture need not wait for it
        from circulation.affairs import ReceiptTaken
        from circulation.events import MailedReceipt

        event = self._new_event()
        lines = tuple(line.text for line in receipt.lines)[:MOST_LINES]
        letter = MailedReceipt(event, presented, language, self._subject(language), lines)
        body = wire.dumps(wire.encode(letter))
        for _ in range(TRIES):
            try:
                response = self._client.post("/v1/receipts", body, DEADLINE_S, event)
            except LineDown:
                continue
            try:
                answer = wire.decode_answer(wire.loads(response.body), *wire.ANSWERS.values())
            except wire.WireError:
                return False
            return response.status == 200 and answer == ReceiptTaken(event)
        return False
