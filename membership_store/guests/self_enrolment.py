"""G10: somebody with a pass of another library becomes a guest at the kiosk, by own chip and own PIN, proved at home.

Off where the institution has not switched it on. Once for each EventId; home is asked outside the transaction.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from circulation import identifiers as ids
from circulation import wire
from circulation.affairs import GuestHomes, HomeChoice
from circulation.model import PatronType
from circulation.outcomes import Identified, NextStep, Reason, Refused
from circulation.presented import Presented, Source
from circulation.rules.facts import PinState
from circulation.rules.guests import HomeSays, may_enrol_alone
from membership_store import proving
from membership_store.answers import IdentityConflict
from membership_store.books import stamp
from membership_store.credentials import Kiosk
from membership_store.database import Database, Session, insert, one
from membership_store.guests.enrolment import Enrolment, Guest
from membership_store.guests.homes import Home, Question, home_of, homes_to_ask, isil_of, shared_isil
from membership_store.network import load_here
from membership_store.situation import Situation, greeting, look

Ask = Callable[[Home, Question], HomeSays]
Said = Identified | Refused


@dataclass(frozen=True, slots=True)
class SelfEnrolment:
    """What the kiosk sends. `isil` is empty where the patron was not asked, because this system may know it (G1)."""

    event: ids.EventId
    presented: Presented
    pin: str = field(repr=False)
    isil: str = ""


class SelfEnrolling:
    """Over a database, a clock (UTC) and a way to ask home libraries. Every call may raise StoreUnavailable."""

    def __init__(self, database: Database, clock: Callable[[], datetime], ask: Ask) -> None:
        self._database, self._clock, self._ask = database, clock, ask

    def enrol(self, kiosk: Kiosk, asked: SelfEnrolment) -> bytes:
        """The greeting of the new guest, or why not, as JSON; the same for ever under the same EventId.

        Raises IdentityConflict for somebody else under a known EventId.
        """
        first = self._database.read(lambda session: self._first(session, kiosk, asked))
        if isinstance(first, bytes):
            return first
        if isinstance(first, Identified | Refused):
            said = first
            return self._database.write(lambda session: self._keep(session, kiosk, asked, lambda: said))
        home, question = first
        says = self._ask(home, question)

        def take_in(session: Session) -> bytes:
            return self._keep(
                session, kiosk, asked, lambda: self._taken_in(session, kiosk, asked, home, question, says)
            )

        return self._database.write(take_in)

    def homes(self, kiosk: Kiosk) -> GuestHomes | Refused:
        """From where guests can be taken in here (G1), by name; why not, where nobody may enrol alone (G10)."""

        def read(session: Session) -> GuestHomes | Refused:
            here = load_here(session, kiosk.consortium, kiosk.branch, self._clock())
            refused = may_enrol_alone(here)
            return refused or GuestHomes(tuple(HomeChoice(*one) for one in homes_to_ask(session, kiosk.consortium)))

        return self._database.read(read)

    def _first(self, session: Session, kiosk: Kiosk, asked: SelfEnrolment) -> bytes | Said | tuple[Home, Question]:
        """What was answered already, what can be answered at once, or whom to ask."""
        kept = _kept(session, kiosk, asked)
        if kept is not None:
            return kept
        situation = self._look(session, kiosk, asked)
        refused = may_enrol_alone(situation.here) or _chip_refused(asked.presented)
        if refused is not None:
            return refused
        holder = situation.visit.holder
        if holder is not None and holder.patron.type is not PatronType.GUEST:
            return greeting(situation)
        home = _home(session, kiosk.consortium, asked)
        if home is None:
            return Refused(Reason.GUEST_HOME_UNKNOWN, "G1", NextStep.DESK)
        shown = asked.presented
        return home, Question(home.isil, shown.number, shown.uid, asked.pin)

    def _taken_in(
        self, session: Session, kiosk: Kiosk, asked: SelfEnrolment, home: Home, question: Question, says: HomeSays
    ) -> Said:
        situation = self._look(session, kiosk, asked)
        place = Enrolment(session, kiosk.consortium, situation.here, self._clock(), lambda: secrets.token_hex(8))
        taken = place.take_in(home, question, says, None, with_strips=True)
        return self._greeted(session, kiosk, asked) if isinstance(taken, Guest) else taken

    def _greeted(self, session: Session, kiosk: Kiosk, asked: SelfEnrolment) -> Said:
        """P6: at a branch that asks everybody for a PIN, the one that home has just proved counts for this visit."""
        situation = self._look(session, kiosk, asked)
        if situation.prover is not None and situation.visit.pin is PinState.NOT_SHOWN:
            proving.prove(session, situation.prover, self._clock())
            situation = self._look(session, kiosk, asked)
        return greeting(situation)

    def _look(self, session: Session, kiosk: Kiosk, asked: SelfEnrolment) -> Situation:
        return look(session, kiosk.consortium, kiosk.branch, asked.presented, self._clock(), None, kiosk=kiosk.id)

    def _keep(self, session: Session, kiosk: Kiosk, asked: SelfEnrolment, answer: Callable[[], Said]) -> bytes:
        kept = _kept(session, kiosk, asked)
        if kept is not None:
            return kept
        body = wire.dumps(wire.encode_answer(answer()))
        insert(
            session,
            "guest_enrolment",
            consortium=kiosk.consortium,
            kiosk=kiosk.id,
            event=asked.event,
            identity=_identity(session, kiosk, asked),
            body=body.decode(),
            answered_at=stamp(self._clock()),
        )
        return body


def _chip_refused(shown: Presented) -> Refused | None:
    """G6, P8: only the own chip, never a typed or scanned number; one that changes at each reading is nobody's."""
    if shown.source is Source.BARCODE or shown.uid is None:
        return Refused(Reason.GUEST_WITHOUT_CHIP, "G6", NextStep.DESK)
    if ids.is_random(shown.uid) and shown.number is None:
        return Refused(Reason.CHIP_RANDOM, "P8", NextStep.PASS)
    return None


def _home(session: Session, consortium: str, asked: SelfEnrolment) -> Home | None:
    number = asked.presented.number
    isil = isil_of(asked.isil)
    if not asked.isil and number is not None:
        isil = shared_isil(session, consortium, number)
    return None if isil is None else home_of(session, consortium, isil)


def _kept(session: Session, kiosk: Kiosk, asked: SelfEnrolment) -> bytes | None:
    row = one(
        session.rows(
            "SELECT identity, body FROM guest_enrolment WHERE consortium = ? AND kiosk = ? AND event = ?",
            kiosk.consortium,
            kiosk.id,
            asked.event,
        )
    )
    if row is None:
        return None
    if row[0] != _identity(session, kiosk, asked):
        raise IdentityConflict
    return str(row[1]).encode()


def _identity(session: Session, kiosk: Kiosk, asked: SelfEnrolment) -> str:
    """A keyed hash of who asked for whom; the PIN has no part in it."""
    row = one(session.rows("SELECT identity_key FROM consortium WHERE consortium = ?", kiosk.consortium))
    said = wire.dumps([kiosk.id, wire.encode(asked.presented), asked.isil])
    return hashlib.blake2b(said, key=bytes.fromhex(row[0] if row else ""), digest_size=32).hexdigest()
