"""Who was shown: loads every pass that a number or chip may mean, with its patron (P4, P8, N2). Decides nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from circulation import identifiers as ids
from circulation.mail_address import masked
from circulation.model import (
    Fee,
    FeeKind,
    FeeStatus,
    Loan,
    Membership,
    MembershipStatus,
    Message,
    Pass,
    PassKind,
    PassStatus,
    Patron,
    PatronType,
)
from circulation.presented import Presented, ReceiptChoice
from circulation.rules.facts import Holder
from membership_store.database import Contested, Query, Row, Session, places_for

NOBODY = ""
# All that is known of patrons, asked together, whose each row is first: by consortium and references ({}).
# By the key's text, not by the key: to have the key's own order for nothing, SQLite would walk the whole consortium.
# CROSS JOIN: it then begins with the patron's passes, where else it may begin with every pass of an institution.
_OF_A_PATRON = (
    (
        "SELECT p.patron, p.type, p.language, p.receipt, p.first_name, p.home, p.main_library, p.pin_required, h.isil,"
        " e.email, p.keeps_history, p.tells_borrowed_before FROM patron p"
        " LEFT JOIN home_library h ON h.consortium = p.consortium AND h.isil = p.home"
        " LEFT JOIN person e ON e.consortium = p.consortium AND e.patron = p.patron"
        " WHERE p.consortium = ? AND p.patron IN ({})"
    ),
    (
        "SELECT m.patron, m.membership, m.institution, m.subscription, m.starts, m.ends, m.status, m.confirmed, m.paid,"
        " m.verified, s.balance - s.overdrawn FROM membership m"
        " LEFT JOIN strips s ON s.consortium = m.consortium AND s.membership = m.membership"
        " WHERE m.consortium = ? AND m.patron IN ({}) ORDER BY m.membership || ''"
    ),
    (
        "SELECT p.patron, i.pass, i.institution FROM pass p CROSS JOIN pass_institution i"
        " WHERE i.consortium = p.consortium AND i.pass = p.pass AND p.consortium = ? AND p.patron IN ({})"
    ),
    (
        "SELECT p.patron, p.pass, p.number, p.status, p.network_unique, p.document_number, p.eid, p.kind, p.follow_on,"
        " t.locked_until, c.uid FROM pass p LEFT JOIN pass_chip c ON c.consortium = p.consortium AND c.pass = p.pass"
        " LEFT JOIN pin_try t ON t.consortium = p.consortium AND t.pass = p.pass"
        " WHERE p.consortium = ? AND p.patron IN ({}) ORDER BY p.pass || ''"
    ),
    (
        "SELECT patron, fee, cents, institution, status, kind, since FROM fee"
        " WHERE consortium = ? AND patron IN ({}) AND status <> 'paid' ORDER BY fee || ''"
    ),
    (
        "SELECT patron, body, for_patron, acknowledge FROM message"
        " WHERE consortium = ? AND patron IN ({}) AND acknowledged_at IS NULL ORDER BY message || ''"
    ),
    (
        "SELECT patron, item, patron, branch, lent, due, internal, renewals FROM loan"
        " WHERE consortium = ? AND patron IN ({}) AND returned_at IS NULL ORDER BY loan || ''"
    ),
)
QUESTIONS = len(_OF_A_PATRON)


@dataclass(frozen=True, slots=True)
class PatronRows:
    """What the database holds of a patron: the columns of the first question, and the rows of each of the others."""

    patron: Row
    parts: list[list[Row]]


@dataclass(frozen=True, slots=True)
class Member:
    """A patron as a fact, with the keys of the rows that it came from. `memberships` runs like `patron.memberships`.
    `mail_to`: the masked address, empty where nothing can be mailed there."""

    patron: Patron
    memberships: tuple[str, ...] = ()
    passes: tuple[str, ...] = ()
    mail_to: str = field(default="", repr=False)

    def key_of(self, membership: Membership) -> str:
        """The key of that very membership of this patron."""
        return next(
            key for key, mine in zip(self.memberships, self.patron.memberships, strict=True) if mine is membership
        )

    def pass_key_of(self, card: Pass) -> str:
        """The key of that very pass of this patron."""
        return next(key for key, mine in zip(self.passes, self.patron.passes, strict=True) if mine is card)


@dataclass(frozen=True, slots=True)
class Found:
    """A pass that was found, as a rule wants it, with the member that it belongs to."""

    holder: Holder
    member: Member


def passes_shown(consortium: str, presented: Presented) -> tuple[str, tuple[str | None, ...]]:
    """What finds every pass with the number or the chip that was shown, with its patron."""
    return (
        (
            "SELECT pass, patron FROM pass WHERE consortium = ? AND number = ?"
            " UNION SELECT p.pass, p.patron FROM pass_chip c"
            " JOIN pass p ON p.consortium = c.consortium AND p.pass = c.pass WHERE c.consortium = ? AND c.uid = ?"
        ),
        (consortium, presented.number, consortium, presented.uid),
    )


def chip_owners(session: Session, consortium: str, uid: ids.ChipUid) -> set[str]:
    """P8: the patrons to whose passes that chip is linked."""
    rows = session.rows(
        "SELECT p.patron FROM pass_chip c JOIN pass p ON p.consortium = c.consortium AND p.pass = c.pass"
        " WHERE c.consortium = ? AND c.uid = ?",
        consortium,
        uid,
    )
    return {owner for (owner,) in rows}


def find(
    session: Session,
    consortium: str,
    presented: Presented,
    *,
    to_write: bool = False,
    besides: Callable[[], None] = lambda: None,
) -> tuple[Found, ...]:
    """Every pass of the consortium with the number or the chip that was shown; which of them counts is a rule's.

    `to_write`: their patrons are held until the transaction ends, so that nobody else judges them meanwhile.
    `besides`: called when they are held, for what may go on the same journey. Raises Contested where a pass became
    another patron's while its own was waited for (N12).
    """
    sql, values = passes_shown(consortium, presented)
    rows = session.rows(sql, *values)
    # Somebody unknown costs the same statements as somebody known (K5).
    refs = sorted({patron for _, patron in rows}) or [NOBODY]
    if to_write:
        for ref in refs:
            session.lock("patron", consortium, ref)
    besides()
    members = {ref: load(session, consortium, ref) for ref in refs}
    found = []
    for key, ref in sorted(rows):
        member = members[ref]
        if member is None:
            continue
        if key not in member.passes:  # whose it is now was not held, and must be before anything is judged
            raise Contested
        found.append(Found(Holder(member.patron.passes[member.passes.index(key)], member.patron), member))
    return tuple(found)


def load(session: Session, consortium: str, ref: str) -> Member | None:
    """The patron of that reference with all that a verdict may look at, or None."""
    return load_all(session, consortium, (ref,)).get(ref)


def load_all(session: Session, consortium: str, refs: Sequence[str]) -> dict[str, Member]:
    """Those of the patrons that there are, by reference: many are read in no more statements than one."""
    return {ref: _member(ref, of.patron, of.parts) for ref, of in rows_of(session, consortium, refs).items()}


def rows_of(session: Session, consortium: str, refs: Sequence[str]) -> dict[str, PatronRows]:
    """All rows of those of the patrons that there are, by reference, in no more statements than for one."""
    return by_patron(session.several(*asked_of(consortium, refs)))


def asked_of(consortium: str, refs: Sequence[str]) -> list[Query]:
    """What asks for all rows of these patrons."""
    places, keys = places_for(refs)
    return [(sql.format(places), (consortium, *keys)) for sql in _OF_A_PATRON]


def by_patron(answers: Sequence[list[Row]]) -> dict[str, PatronRows]:
    """What `asked_of` was answered, by reference."""
    patrons, *parts = (_by_owner(rows) for rows in answers)
    return {ref: PatronRows(rows[0], [part.get(ref, []) for part in parts]) for ref, rows in patrons.items()}


def _by_owner(rows: list[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row[1:])
    return found


def _member(ref: str, row: Row, parts: list[list[Row]]) -> Member:
    membership_rows, places, cards, fee_rows, message_rows, loan_rows = parts
    memberships = [(key, _membership(rest)) for key, *rest in membership_rows]
    passes = _passes(cards, _gathered(places))
    kind, language, receipt, first_name, home, main_library, pin_required, known_home, email, keeps, tells = row
    patron = Patron(
        ids.PatronRef(ref),
        PatronType.of(kind),
        language,
        ReceiptChoice(receipt),
        first_name,
        known_isil(home),
        known_home is not None or home is None,
        ids.InstitutionCode(main_library) if main_library else None,
        bool(pin_required),
        tuple(membership for _, membership in memberships),
        tuple(card for _, card in passes),
        tuple(_fee(one) for one in fee_rows),
        tuple(Message(body, bool(shown), bool(acknowledge)) for body, shown, acknowledge in message_rows),
        tuple(loan_of(one) for one in loan_rows),
        "@" in (email or ""),
        bool(keeps),
        bool(tells),
    )
    keys = tuple(key for key, _ in memberships), tuple(key for key, _ in passes)
    return Member(patron, *keys, masked(email or ""))


def known_isil(text: str | None) -> ids.Isil | None:
    """G1: a malformed ISIL is as good as none."""
    try:
        return None if text is None else ids.isil(text)
    except ids.IdentifierError:
        return None


def _membership(row: list[object]) -> Membership:
    institution, subscription, starts, ends, status, confirmed, paid, verified, strips = row
    return Membership(
        ids.InstitutionCode(str(institution)),
        ids.SubscriptionCode(str(subscription)),
        date.fromisoformat(str(starts)),
        date.fromisoformat(str(ends)),
        MembershipStatus(status),
        bool(confirmed),
        bool(paid),
        strips if isinstance(strips, int) else None,
        date.fromisoformat(str(verified)) if verified else None,
    )


def _passes(rows: list[Row], places: dict[str, list[str]]) -> list[tuple[str, Pass]]:
    found = []
    for (key, number, status, unique, document, eid, kind, follow_on, locked), chips in with_chips(rows):
        card = Pass(
            ids.PassNumber(number),
            PassStatus(status),
            bool(unique),
            frozenset(ids.InstitutionCode(one) for one in places.get(key, ())),
            frozenset(ids.ChipUid(one) for one in chips),
            bool(document),
            bool(eid),
            PassKind(kind),
            bool(follow_on),
            datetime.fromisoformat(locked) if locked else None,
        )
        found.append((key, card))
    return found


def with_chips(rows: list[Row]) -> list[tuple[Row, list[str]]]:
    """Each pass once, with its chips: the rows hold a pass as often as it has a chip, and once where it has none."""
    found: list[tuple[Row, list[str]]] = []
    for *card, uid in rows:
        if not found or found[-1][0][0] != card[0]:
            found.append((tuple(card), []))
        if uid is not None:
            found[-1][1].append(uid)
    return found


def _gathered(rows: list[Row]) -> dict[str, list[str]]:
    gathered: dict[str, list[str]] = {}
    for key, value in rows:
        gathered.setdefault(key, []).append(value)
    return gathered


def _fee(row: Row) -> Fee:
    fee, cents, place, status, kind, since = row
    return Fee(fee, cents, ids.InstitutionCode(place), FeeStatus(status), FeeKind(kind), _date(since))


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def loan_of(row: Row) -> Loan:
    """A loan of the columns item, patron, branch, lent, due, internal, renewals."""
    item, patron, branch, lent, due, internal, renewals = row
    return Loan(
        ids.ItemBarcode(item),
        ids.PatronRef(patron),
        ids.BranchCode(branch),
        date.fromisoformat(lent),
        date.fromisoformat(due),
        bool(internal),
        renewals,
    )
