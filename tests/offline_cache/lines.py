"""Lines to a real desk over SQLite, in this process: what is said goes through the JSON that travels, both ways."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from circulation import wire
from circulation.desk import DeskFault, DeskUnreachable
from circulation.events import Event, Told
from membership_store.credentials import Kiosk
from membership_store.desk import StoreDesk
from membership_store.web.kiosk_routes import _events, _said
from offline_cache import event_line
from offline_cache.event_line import Batch
from offline_cache.store_client import LineDown, Response, StoreClient

WEATHER = ("good", "refused connection", "lost on the way", "answer lost", "arrives later", "overloaded", "rubbish")


class InProcess:
    """See `offline_cache.event_line.EventLine`: a good line to a desk."""

    def __init__(self, desk: StoreDesk, kiosk: Kiosk) -> None:
        self.desk, self.kiosk = desk, kiosk
        self.told: list[list[Event]] = []

    def tell(self, events: Sequence[Event], told: Told | None, deadline_s: float) -> Batch:
        assert deadline_s > 0
        return event_line.StoreEvents(_Client(self._post)).tell(events, told, deadline_s)

    def _post(self, body: bytes) -> Response:
        events, told = _events(wire.loads(body))
        self.told.append(list(events))
        found = self.desk.deliver_all(self.kiosk, events, told)
        return Response(200, _said(found))


class Stormy(InProcess):
    """A line that does what the weather says; with none left the sun shines. It may bring old bodies again."""

    def __init__(self, desk: StoreDesk, kiosk: Kiosk, weather: list[str] | None = None) -> None:
        super().__init__(desk, kiosk)
        self.weather: list[str] = [] if weather is None else weather
        self.on_the_way: list[bytes] = []
        self.sent: list[bytes] = []

    def _post(self, body: bytes) -> Response:
        now = self.weather.pop(0) if self.weather else "good"
        if now == "refused connection":
            raise LineDown(now, sent=False)
        self.sent.append(body)
        if now == "arrives later":
            self.on_the_way.append(body)
        if now in ("lost on the way", "arrives later"):
            raise LineDown(now, sent=True)
        if now == "overloaded":
            return Response(503, b"{}")
        answer = super()._post(body)
        if now == "answer lost":
            raise LineDown(now, sent=True)
        return Response(200, b'{"portal":"sign in"}') if now == "rubbish" else answer

    def arrives(self) -> None:
        """What was on the way arrives now, and nobody hears the answer."""
        if self.on_the_way:
            super()._post(self.on_the_way.pop(0))

    def repeats(self, back: int) -> None:
        """A body that was sent before arrives once more."""
        if len(self.sent) >= back:
            super()._post(self.sent[-back])


class _Client(StoreClient):
    """What `StoreEvents` needs of a client."""

    def __init__(self, post: Callable[[bytes], Response]) -> None:
        self._answer = post

    def post(self, path: str, body: bytes, deadline_s: float, key: str | None = None) -> Response:
        assert path == event_line.PATH
        return self._answer(body)


__all__ = ["WEATHER", "DeskFault", "DeskUnreachable", "InProcess", "Stormy"]
