"""What staff do with guests: take one in (G1 to G5), book the free strips (G5), see who is unverified (G8)."""

from dataclasses import dataclass
from datetime import date

from circulation import identifiers as ids
from circulation.rules import region
from circulation.rules.guests import HomeSays
from membership_store.guests.enrolment import Enrolment, Guest, balance_of, book_strips
from membership_store.guests.homes import Home, Question, home_of, homes_named, isil_of, shared_isil
from membership_store.staff.acts import Act, Answer, At, Denied, Done, Manner, NoSuch, Unacceptable
from membership_store.staff.asked import AtBranch, OfMembership, Since
from membership_store.staff.credentials import Role

ASK_IDENTITY_DOCUMENT = "ask_identity_document"
# What the desk hears by its own words where a kiosk says less: by rule.
_OF_THE_DESK = {"G4": "nothing_on_offer", "P4": "number_in_use", "P8": "chip_in_use"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolGuest(AtBranch):
    """Somebody with a pass of another library. `isil` may be left out where this system knows the pass already.

    `subscription`: the choice, where several are on offer; `with_strips`: cash code 780 at once.
    """

    number: ids.PassNumber
    uid: ids.ChipUid | None = None
    isil: str | None = None
    subscription: ids.SubscriptionCode | None = None
    with_strips: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FindHome(AtBranch):
    """Letters of a library's name or ISIL."""

    words: str


class MustAsk(Exception):
    """The home library has to be asked first, outside the transaction."""

    def __init__(self, home: Home, question: Question) -> None:
        super().__init__("home has to be asked")
        self.home, self.question = home, question


def prepare(at: At, asked: EnrolGuest) -> Answer:
    """Finds whom to ask (G1). Raises MustAsk."""
    home, question = _whom(at, asked)
    if home is None or question is None:
        return Denied("guest_home_unknown", "G1")
    raise MustAsk(home, question)


def enrol(at: At, asked: EnrolGuest, says: HomeSays) -> Answer:
    """Takes the guest in on the word of home; the desk is reminded to ask for an identity document (G2)."""
    home, question = _whom(at, asked)
    if home is None or question is None:
        return Denied("guest_home_unknown", "G1")
    taken = _place(at).take_in(home, question, says, asked.subscription, with_strips=asked.with_strips)
    if not isinstance(taken, Guest):
        return Denied(_OF_THE_DESK[taken.rule], taken.rule) if taken.rule in _OF_THE_DESK else Denied.by(taken)
    said = {
        "patron": taken.patron,
        "membership": taken.membership,
        "ends": taken.ends,
        "strips": taken.strips,
        "known": taken.known,
        "remind": [ASK_IDENTITY_DOCUMENT],
    }
    return Done(said, taken.patron, taken.membership)


def strips(at: At, asked: OfMembership) -> Answer:
    """Books the free strips under cash code 780, once for each home term (G5)."""
    at.member(asked.patron)
    row = at.one(
        "SELECT m.institution FROM membership m JOIN patron p ON p.consortium = m.consortium AND p.patron = m.patron"
        " WHERE m.consortium = ? AND m.membership = ? AND m.patron = ? AND p.type = '04'",
        asked.membership,
        asked.patron,
    )
    if row is None or row[0] not in region.sharing(at.here):
        raise NoSuch("membership")
    if not book_strips(_place(at), asked.membership):
        return Denied("strips_booked_already", "G5")
    at.changed(asked.patron)
    left = balance_of(at.session, at.consortium, asked.membership)
    return Done({"membership": asked.membership, "strips": left}, asked.patron, asked.membership)


def homes(at: At, asked: FindHome) -> Answer:
    """The listed libraries with these letters in name or ISIL (G1)."""
    if not asked.words.strip():
        raise Unacceptable("words", "empty")
    found = homes_named(at.session, at.consortium, asked.words.strip())
    return Done({"homes": [{"isil": isil, "name": name, "province": province} for isil, name, province in found]})


def unverified(at: At, asked: Since) -> Answer:
    """The guests of this institution of whom home has said nothing since a day before today, and since when (G8)."""
    rows = at.rows(
        "SELECT p.patron, p.home, m.membership, COALESCE(m.verified, m.starts), m.ends FROM membership m"
        " JOIN patron p ON p.consortium = m.consortium AND p.patron = m.patron"
        " WHERE m.consortium = ? AND m.institution = ? AND p.type = '04' AND p.erased_at IS NULL"
        " AND m.status <> 'invalid' AND m.cancelled_on IS NULL AND m.ends >= ? AND COALESCE(m.verified, m.starts) < ?"
        " AND m.membership > ? ORDER BY m.membership LIMIT ?",
        at.institution,
        at.today.isoformat(),
        at.today.isoformat(),
        asked.after,
        asked.most,
    )
    nights = at.here.policy.unverified_nights
    found = [_unverified(at.today, nights, row) for row in rows]
    return Done({"guests": found, "next": rows[-1][2] if len(rows) == asked.most else None})


def _unverified(today: date, nights: int, row: tuple[str, ...]) -> dict[str, object]:
    patron, home, membership, since, ends = row
    silent = (today - date.fromisoformat(since)).days
    return {
        "patron": patron,
        "membership": membership,
        "home": home,
        "since": since,
        "ends": ends,
        "nights": silent,
        "self_service": silent < nights,
    }


def _place(at: At) -> Enrolment:
    return Enrolment(at.session, at.consortium, at.here, at.now, at.chance)


def _whom(at: At, asked: EnrolGuest) -> tuple[Home | None, Question | None]:
    """G1: the home library, by the ISIL that was given or that this system knows of the pass."""
    isil = isil_of(asked.isil) if asked.isil else shared_isil(at.session, at.consortium, asked.number)
    home = None if isil is None else home_of(at.session, at.consortium, isil)
    return home, None if home is None else Question(home.isil, asked.number, asked.uid)


ENROL = Act("guests/enrol", "Takes in a guest on the word of the home library (G1 to G5)", EnrolGuest, prepare)
ACTS = (
    ENROL,
    Act("guests/strips", "Books a guest's free strips, cash code 780 (G5)", OfMembership, strips),
    Act("guests/homes", "Looks up an ISIL (G1)", FindHome, homes, Role.READER, Manner.FIND),
    Act("guests/unverified", "Guests whose home is silent (G8)", Since, unverified, Role.READER, Manner.FIND),
)
