"""P6: what is known of a patron's PIN in a visit. A try is counted before the PIN is looked at, across all kiosks.

So however many kiosks try at once, no more PINs are ever looked at than the policy allows.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from circulation.rules.facts import PinState, Policy
from circulation.rules.pins import PinTries, after_wrong, is_locked
from membership_store.books import stamp
from membership_store.changes import PATRON, touch
from membership_store.database import Session, insert, one

# A visit that the kiosk never ended; each act of the patron at that kiosk begins the time anew.
PROOF_LIVES = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Prover:
    """Whose PIN it is about: a pass of a patron, shown at a kiosk."""

    consortium: str
    kiosk: str
    card: str
    patron: str


def state(session: Session, who: Prover, moment: datetime) -> PinState:
    """PROVED within a visit at that kiosk, LOCKED after too many wrong ones, else NOT_SHOWN."""
    proof = "SELECT 1 FROM pin_proof WHERE consortium = ? AND kiosk = ? AND patron = ? AND until > ?"
    if one(session.rows(proof, who.consortium, who.kiosk, who.patron, stamp(moment))) is not None:
        return PinState.PROVED
    return PinState.LOCKED if is_locked(_tries(session, who), moment) else PinState.NOT_SHOWN


def kept_hash(session: Session, who: Prover) -> str | None:
    """What the store keeps of the patron's PIN, or None where there is none."""
    row = one(session.rows("SELECT hash FROM pin WHERE consortium = ? AND patron = ?", who.consortium, who.patron))
    return None if row is None else str(row[0])


def count_try(session: Session, who: Prover, moment: datetime, policy: Policy) -> bool:
    """Counts a try as a wrong one, before it is looked at; False where the pass is locked, so that nothing is."""
    session.lock("patron", who.consortium, who.patron)
    tries = _tries(session, who)
    if is_locked(tries, moment):
        return False
    after = after_wrong(tries, moment, policy)
    _keep_tries(session, who, after)
    if after.locked_until != tries.locked_until:
        touch(session, who.consortium, PATRON, who.patron)
    return True


def prove(session: Session, who: Prover, moment: datetime) -> None:
    """The PIN was right: the tries are forgotten, and it counts at that kiosk until the visit ends."""
    session.lock("patron", who.consortium, who.patron)
    forget_tries(session, who)
    end_visit(session, who.consortium, who.kiosk)
    insert(
        session,
        "pin_proof",
        consortium=who.consortium,
        kiosk=who.kiosk,
        patron=who.patron,
        until=stamp(moment + PROOF_LIVES),
    )


def forget_tries(session: Session, who: Prover) -> None:
    """Wrong PINs of this pass count no more; the kiosks' mirrors are told where it had been locked."""
    gone = "DELETE FROM pin_try WHERE consortium = ? AND pass = ? RETURNING locked_until"
    if any(until for (until,) in session.rows(gone, who.consortium, who.card)):
        touch(session, who.consortium, PATRON, who.patron)


def go_on(session: Session, who: Prover, moment: datetime) -> None:
    """The patron is still at it: what was proved counts for another while."""
    session.run(
        "UPDATE pin_proof SET until = ? WHERE consortium = ? AND kiosk = ? AND patron = ?",
        stamp(moment + PROOF_LIVES),
        who.consortium,
        who.kiosk,
        who.patron,
    )


def end_visit(session: Session, consortium: str, kiosk: str) -> None:
    """Nothing that was proved at that kiosk counts any more: one visit at a time stands there."""
    session.run("DELETE FROM pin_proof WHERE consortium = ? AND kiosk = ?", consortium, kiosk)


def _tries(session: Session, who: Prover) -> PinTries:
    row = one(
        session.rows(
            "SELECT wrong, locked_until FROM pin_try WHERE consortium = ? AND pass = ?", who.consortium, who.card
        )
    )
    if row is None:
        return PinTries()
    return PinTries(row[0], datetime.fromisoformat(row[1]) if row[1] else None)


def _keep_tries(session: Session, who: Prover, tries: PinTries) -> None:
    until = stamp(tries.locked_until) if tries.locked_until else None
    session.run("DELETE FROM pin_try WHERE consortium = ? AND pass = ?", who.consortium, who.card)
    key = {"consortium": who.consortium, "pass": who.card}
    insert(session, "pin_try", wrong=tries.wrong, locked_until=until, **key)
