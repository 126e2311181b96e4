"""When a library wants no sound: spans of its own clock, such as `20:00-09:00, 12:30-13:30`, each day. Pure."""

from __future__ import annotations

import re
from datetime import time

from values import dataclass

_SPAN = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$", re.ASCII)
_MOST_SPANS = 12


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Spans from (included) to (excluded); one that ends before it begins goes on past midnight."""

    spans: tuple[tuple[time, time], ...] = ()

    @classmethod
    def read(cls, text: str) -> QuietHours:
        """The spans of a configuration; raises ValueError with a sentence that begins with "must be"."""
        parts = [part.strip() for part in text.split(",")] if text.strip() else []
        found = [_SPAN.match(part) for part in parts]
        spans = [_span(*map(int, one.groups())) for one in found if one is not None]
        if len(spans) != len(parts) or len(parts) > _MOST_SPANS or any(begin == end for begin, end in spans):
            raise ValueError("must be times such as 20:00-09:00, 12:30-13:30")
        return cls(tuple(spans))

    def covers(self, now: time) -> bool:
        """Whether it is quiet at `now`, of the library's clock."""
        return any(
            begin <= now < end if begin < end else now >= begin or now < end  # past midnight
            for begin, end in self.spans
        )


def _span(begin_hour: int, begin_minute: int, end_hour: int, end_minute: int) -> tuple[time, time]:
    return time(begin_hour, begin_minute), time(end_hour, end_minute)
