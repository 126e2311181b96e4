"""What the store does by itself each night: coming of age (S4), stale accounts and cases, retention. Safe to repeat."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from circulation.catalogue import YOUTH
from circulation.rules.offers import OF_AGE, after_coming_of_age, birthday
from membership_store.database import Database, Session, one
from membership_store.members import Member, load
from membership_store.network import load_here
from membership_store.staff import accounts, contributions, retention, unclaimed
from membership_store.staff.acts import At, Done, stamp
from membership_store.staff.desk import operator, write_down

log = logging.getLogger(__name__)
BATCH = 500
LOOKED_BACK = timedelta(days=92)
RECEIPTS_KEPT = timedelta(days=7)
Chance = Callable[[], str]
Step = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Night:
    """One night of one consortium. `step` is told how many more are done."""

    database: Database
    consortium: str
    now: datetime
    chance: Chance
    step: Step


def come_of_age(night: Night) -> int:
    """S4: youth that turned 19 becomes Start with 12 strips; open loans cost none of them. Says how many did."""
    done, after = 0, ""
    while True:
        refs = night.database.read(partial(_of_age, night=night, after=after))
        for ref in refs:
            turned = night.database.write(partial(_turn, night=night, ref=ref))
            done += turned
            night.step(turned)
        if len(refs) < BATCH:
            return done
        after = refs[-1]


def _of_age(session: Session, night: Night, after: str) -> list[str]:
    """Who has a youth membership that goes on past the 19th birthday. A day early is looked at once more."""
    latest = birthday_before(night.now.date() + timedelta(days=1))
    rows = session.rows(
        "SELECT DISTINCT m.patron FROM membership m"
        " JOIN person e ON e.consortium = m.consortium AND e.patron = m.patron"
        " WHERE m.consortium = ? AND m.subscription = ? AND m.patron > ? AND e.born IS NOT NULL AND e.born <= ?"
        " AND m.cancelled_on IS NULL AND e.sex <> 'instelling' AND (m.ends >="
        " CAST(CAST(SUBSTR(e.born, 1, 4) AS INTEGER) + ? AS TEXT) || SUBSTR(e.born, 5)"
        # A term may end just the day before the birthday; what follows it has been seen to already.
        " OR (e.born > ? AND NOT EXISTS (SELECT 1 FROM membership l WHERE l.consortium = m.consortium"
        " AND l.patron = m.patron AND l.starts > m.ends))) ORDER BY m.patron LIMIT ?",
        night.consortium,
        YOUTH,
        after,
        latest.isoformat(),
        OF_AGE,
        (latest - LOOKED_BACK).isoformat(),
        BATCH,
    )
    return [ref for (ref,) in rows]


def birthday_before(day: date) -> date:
    """The last birth date with which somebody is 19 on that day."""
    try:
        return day.replace(year=day.year - OF_AGE)
    except ValueError:
        return date(day.year - OF_AGE, 2, 28)


def _turn(session: Session, night: Night, ref: str) -> int:
    session.lock("patron", night.consortium, ref)
    member = load(session, night.consortium, ref)
    row = one(session.rows("SELECT born FROM person WHERE consortium = ? AND patron = ?", night.consortium, ref))
    branch = one(
        session.rows(
            "SELECT b.branch FROM membership m JOIN branch b"
            " ON b.consortium = m.consortium AND b.institution = m.institution"
            " WHERE m.consortium = ? AND m.patron = ? AND m.subscription = ? ORDER BY b.branch",
            night.consortium,
            ref,
            YOUTH,
        )
    )
    if member is None or row is None or branch is None:
        return 0
    here = load_here(session, night.consortium, branch[0], night.now)
    born = date.fromisoformat(row[0])
    before = member.patron.memberships
    after = after_coming_of_age(before, born, here.today, here.catalogue, _stopped(session, night, ref, member))
    if after == before:
        return 0
    for key, was, is_now in zip(member.memberships, before, after, strict=False):
        if was != is_now:
            ends = "UPDATE membership SET ends = ? WHERE consortium = ? AND membership = ?"
            session.run(ends, is_now.ends.isoformat(), night.consortium, key)
    at = At(session, operator(night.consortium), here, night.now, night.chance)
    for fresh in after[len(before) :]:
        key = f"M{night.chance()}"
        at.add(
            "membership",
            membership=key,
            patron=ref,
            institution=fresh.institution,
            subscription=fresh.subscription,
            starts=fresh.starts.isoformat(),
            ends=fresh.ends.isoformat(),
            status=fresh.status.value,
            confirmed=int(fresh.confirmed),
            paid=int(fresh.paid),
        )
        if fresh.strips_left is not None:
            at.add("strips", membership=key, balance=fresh.strips_left)
            contributions.book(at, key, fresh.strips_left)
    # K2: an adult has no first name on file.
    at.run("UPDATE patron SET first_name = '' WHERE consortium = ? AND patron = ?", night.consortium, ref)
    at.changed(ref)
    done = Done(patron=ref, subject=birthday(born, OF_AGE).isoformat())
    write_down(session, at.staff, "nightly/come-of-age", done, night.now, night.chance())
    return 1


def _stopped(session: Session, night: Night, ref: str, member: Member) -> frozenset[int]:
    """S7: the places among the patron's memberships of those that the desk has stopped."""
    rows = session.rows(
        "SELECT membership FROM membership WHERE consortium = ? AND patron = ? AND cancelled_on IS NOT NULL",
        night.consortium,
        ref,
    )
    keys = {key for (key,) in rows}
    return frozenset(n for n, key in enumerate(member.memberships) if key in keys)


def drop_stale_accounts(night: Night) -> int:
    """K14: accounts that nobody activated within 24 hours."""
    return night.database.write(lambda session: accounts.drop_stale(session, night.consortium, night.now))


def drop_cases(night: Night) -> int:
    """N10: cases whose code lives no more."""
    gone = "DELETE FROM handover WHERE consortium = ? AND until <= ?"
    return night.database.write(lambda session: session.run(gone, night.consortium, stamp(night.now)))


def forget_receipts(night: Night) -> int:
    """K9: receipts that were to be mailed, with what is left of their text."""
    gone, before = "DELETE FROM receipt_mail WHERE consortium = ? AND asked_at < ?", stamp(night.now - RECEIPTS_KEPT)
    return night.database.write(lambda session: session.run(gone, night.consortium, before))


def end_unclaimed(night: Night) -> int:
    """K8: holds whose copy nobody fetched in time; the next in line gets it."""
    return unclaimed.end_unclaimed(night.database, night.consortium, night.now, night.chance, night.step)


def forget_loans(night: Night) -> int:
    """K4: closed loans of who did not opt in lose their patron."""
    return retention.forget_closed_loans(night.database, night.consortium, night.now, night.step)


def erase_lapsed(night: Night) -> int:
    """Patrons who lapsed long ago and owe nothing are erased."""
    return retention.erase_lapsed(night.database, night.consortium, night.now, night.step)


# In this order: who comes of age today is no lapsed youth.
WORK: tuple[tuple[str, Callable[[Night], int]], ...] = (
    ("come of age", come_of_age),
    ("accounts that nobody activated", drop_stale_accounts),
    ("cases that are over", drop_cases),
    ("mailed receipts forgotten", forget_receipts),
    ("holds that nobody fetched", end_unclaimed),
    ("closed loans forgotten", forget_loans),
    ("lapsed patrons erased", erase_lapsed),
)


def run(night: Night) -> dict[str, int]:
    """Does all of it and says how many of each."""
    done = {}
    for name, work in WORK:
        done[name] = work(night)
        log.info("night of %s: %s %d", night.consortium, name, done[name])
    night.database.sweep()
    night.database.take_stock()
    return done
