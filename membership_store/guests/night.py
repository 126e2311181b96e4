"""What a night leaves behind of a guest: the real term in the place of the provisional one, or that home was silent.

G7, G8: the balance of strips is left alone; `guest_check` holds a row for each guest and night, so that a night that
was broken off goes on where it stopped.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from circulation import identifiers as ids
from circulation.model import Membership
from circulation.rules.guests import HomeOutcome, HomeSays, after_night
from membership_store import changes
from membership_store.books import stamp
from membership_store.database import Session, one
from membership_store.guests.homes import Question

KEPT_NIGHTS = timedelta(days=60)
_ASKED = (
    "SELECT p.home, p.patron FROM patron p WHERE p.consortium = ? AND p.type = '04' AND p.erased_at IS NULL"
    " AND p.home IS NOT NULL"
    " AND EXISTS (SELECT 1 FROM membership m WHERE m.consortium = p.consortium AND m.patron = p.patron"
    " AND m.status <> 'invalid' AND m.cancelled_on IS NULL)"
    " AND NOT EXISTS (SELECT 1 FROM guest_check g WHERE g.consortium = p.consortium AND g.night = ?"
    " AND g.patron = p.patron AND g.outcome <> 'silent')"
)


@dataclass(frozen=True, slots=True)
class Night:
    """One night of one consortium, by the library's own date."""

    consortium: str
    date: date


def still_to_ask(session: Session, night: Night) -> dict[str, list[str]]:
    """The guests of whom home has said nothing in this night yet: references by ISIL, both in order."""
    found: dict[str, list[str]] = {}
    for home, patron in sorted(session.rows(_ASKED, night.consortium, night.date.isoformat())):
        found.setdefault(str(home), []).append(str(patron))
    return found


def question_about(session: Session, night: Night, isil: ids.Isil, patron: str) -> Question | None:
    """By what home knows the guest: the home's own pass, else any other, with its chip. None without a pass.

    A pass that is blocked here is asked about too: whether the membership runs is for home to say.
    """
    row = one(
        session.rows(
            "SELECT c.number, u.uid FROM pass c"
            " LEFT JOIN pass_chip u ON u.consortium = c.consortium AND u.pass = c.pass"
            " WHERE c.consortium = ? AND c.patron = ?"
            " ORDER BY CASE WHEN c.kind = 'home' THEN 0 ELSE 1 END, CASE WHEN c.status = 'active' THEN 0 ELSE 1 END,"
            " c.pass, u.uid",
            night.consortium,
            patron,
        )
    )
    if row is None:
        return None
    number, uid = row
    # Of a pass that is known by its chip alone the number is that of the chip (P8).
    return Question(isil, None if number == uid else ids.PassNumber(number), ids.ChipUid(uid) if uid else None)


def keep(session: Session, night: Night, isil: str, patron: str, says: HomeSays, now: datetime) -> None:
    """Keeps what home said: the term by the rule, and that it was asked."""
    session.lock("patron", night.consortium, patron)
    for key, row in _latest(session, night, patron):
        after = after_night(row, says, night.date)
        session.run(
            "UPDATE membership SET ends = ?, verified = ?, home_until = ?, term_source = 'home'"
            " WHERE consortium = ? AND membership = ?",
            after.ends.isoformat(),
            night.date.isoformat(),
            says.until.isoformat() if says.until else None,
            night.consortium,
            key,
        )
    changes.touch(session, night.consortium, changes.PATRON, patron)
    _note(session, night, isil, patron, says.outcome, now)


def keep_silence(session: Session, night: Night, isil: str, patrons: Iterable[str], now: datetime) -> None:
    """Keeps that home was silent about these guests; their last known term stands, with its date."""
    for patron in patrons:
        _note(session, night, isil, patron, HomeOutcome.SILENT, now)


def forget_old(session: Session, night: Night) -> None:
    """Drops what was noted more than sixty nights ago."""
    oldest = (night.date - KEPT_NIGHTS).isoformat()
    session.run("DELETE FROM guest_check WHERE consortium = ? AND night < ?", night.consortium, oldest)


def _latest(session: Session, night: Night, patron: str) -> list[tuple[str, Membership]]:
    """The guest's last membership at each institution, unless the desk stopped it."""
    rows = session.rows(
        "SELECT institution, membership, subscription, starts, ends, cancelled_on FROM membership"
        " WHERE consortium = ? AND patron = ? AND status <> 'invalid' ORDER BY starts, membership",
        night.consortium,
        patron,
    )
    last = {row[0]: row for row in rows}
    return [
        (
            str(key),
            Membership(
                ids.InstitutionCode(place),
                ids.SubscriptionCode(subscription),
                date.fromisoformat(starts),
                date.fromisoformat(ends),
            ),
        )
        for place, key, subscription, starts, ends, cancelled in last.values()
        if cancelled is None
    ]


def _note(session: Session, night: Night, isil: str, patron: str, outcome: HomeOutcome, now: datetime) -> None:
    key = (night.consortium, night.date.isoformat(), patron)
    again = session.run(
        "UPDATE guest_check SET outcome = ?, tries = tries + 1, asked_at = ?"
        " WHERE consortium = ? AND night = ? AND patron = ?",
        outcome.value,
        stamp(now),
        *key,
    )
    if not again:
        session.run(
            "INSERT INTO guest_check (consortium, night, patron, isil, outcome, asked_at) VALUES (?, ?, ?, ?, ?, ?)",
            *key,
            isil,
            outcome.value,
            stamp(now),
        )
