"""By which clock a kiosk tells: when each of its boots began by the store's own clock, from what it says when it calls.

A kiosk's wall clock may be anything after a power cut; how long it has been running it always knows (CLOCK_BOOTTIME).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from circulation.events import ClockState, Event, Kind, Told
from membership_store.credentials import Kiosk
from membership_store.database import Session

LONGEST_BOOT_ID = 64
LONGEST_RUN = timedelta(days=20 * 365)
KEPT = timedelta(days=400)
OLDEST_FACT = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of a kiosk's time, as text (UTC) or None: when the event's own boot began, when the newest
    boot that it heard of began, and the instant before which the event before this one was not done."""

    booted_at: str | None = None
    newest_boot: str | None = None
    last_at: str | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Not before `earliest`, not after `latest` (UTC); the same where the instant is known.

    `told`: what a clock said that the kiosk's own sequence contradicts, or None.
    """

    earliest: datetime
    latest: datetime
    told: datetime | None = None

    @property
    def mildest(self) -> datetime:
        """The earliest instant that anything speaks for: by it a return costs least."""
        return self.earliest if self.told is None else min(self.earliest, self.told)


def is_usable(told: Told) -> bool:
    """Whether anything can be learnt from it."""
    running = 0 <= told.since_boot_ms <= LONGEST_RUN // timedelta(milliseconds=1)
    return running and 0 < len(told.boot) <= LONGEST_BOOT_ID


def heard(session: Session, kiosk: Kiosk, told: Told, now: datetime) -> None:
    """Notes when the boot began that the kiosk runs in. What took long on the way moves nothing: the earliest is it."""
    if not is_usable(told):
        return
    began = _text(now - timedelta(milliseconds=told.since_boot_ms))
    session.later(
        "DELETE FROM kiosk_boot WHERE consortium = ? AND kiosk = ? AND heard_at < ?",
        kiosk.consortium,
        kiosk.id,
        _text(now - KEPT),
    )
    session.later(
        "INSERT INTO kiosk_boot (consortium, kiosk, boot, booted_at, heard_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (consortium, kiosk, boot) DO UPDATE SET heard_at = excluded.heard_at, booted_at ="
        " CASE WHEN excluded.booted_at < kiosk_boot.booted_at THEN excluded.booted_at ELSE kiosk_boot.booted_at END",
        kiosk.consortium,
        kiosk.id,
        told.boot,
        began,
        _text(now),
    )


def when(event: Event, known: Known, now: datetime) -> Span:
    """When the act was done. A request is judged now; a fact by how long the kiosk had been running, or by its clock.

    A clock that nobody set, in a boot that never called, tells nothing: then it was between the event before, and the
    boot that the kiosk runs in now. Nothing was done before the event before it.
    """
    if event.kind is not Kind.FACT:
        return Span(now, now)
    told, oldest = event.told, now - OLDEST_FACT
    if told is None or (told.clock is ClockState.SYNCHRONISED and known.booted_at is None):
        at = event.at
    elif known.booted_at is not None and is_usable(told):
        at = datetime.fromisoformat(known.booted_at) + timedelta(milliseconds=told.since_boot_ms)
    else:
        latest = _within(known.newest_boot, oldest, now, now)
        return Span(_within(known.last_at, oldest, latest, oldest), latest)
    at = min(max(at, oldest), now)
    floor = _within(known.last_at, oldest, now, at)
    return Span(at, at) if at >= floor else Span(floor, floor, at)


def _within(text: str | None, least: datetime, most: datetime, otherwise: datetime) -> datetime:
    return otherwise if text is None else min(max(datetime.fromisoformat(text), least), most)


def floor_after(event: Event, known: Known, span: Span, now: datetime) -> str | None:
    """Not before which instant the next event of the kiosk is done, as far as this one tells it.

    A request may lie in the kiosk's journal for a day before it is heard: only a clock that is right says when it was.
    """
    told = event.told
    if event.kind is Kind.FACT:
        found = _text(span.earliest)
    elif told is not None and told.clock is ClockState.SYNCHRONISED and event.at <= now:
        found = _text(event.at)
    else:
        return known.last_at
    return found if known.last_at is None else max(known.last_at, found)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
