"""A patron's row, written straight from the database's rows, is what the facts themselves would say when masked."""

from __future__ import annotations

from circulation.masking import PATRON, masked, masked_patron
from circulation.wire import dumps, encode_lean
from membership_store.database import Session
from membership_store.members import PatronRows, load, rows_of
from membership_store.mirror_patron import write_patron
from tests.membership_store.counter import Counter
from tests.membership_store.running import DRENTHE

KEY = bytes(32)
EVERY = ("type", "fees", "loans", "messages", "passes", "memberships", "home", "pin_required", "main_library")


def test_every_patron_is_written_as_its_masked_facts_are(counter: Counter) -> None:
    """Each is seen from everywhere, and once more with all that the other patrons leave as usual turned around."""
    _turn_around(counter)
    seen: set[str] = set()
    compared = counter.database.read(lambda session: _compare(session, seen))
    assert compared > 10
    assert seen >= set(EVERY)


def test_somebody_of_other_institutions_is_not_written(counter: Counter) -> None:
    def write(session: Session) -> set[object]:
        return {write_patron(KEY, "x", of, {"nowhere"}) is None for of in _all(session).values()}

    assert counter.database.read(write) == {True}


def _all(session: Session) -> dict[str, PatronRows]:
    refs = [ref for (ref,) in session.rows("SELECT patron FROM patron WHERE consortium = ?", DRENTHE)]
    return rows_of(session, DRENTHE, refs)


def _compare(session: Session, seen: set[str]) -> int:
    rows = session.rows("SELECT institution FROM institution WHERE consortium = ?", DRENTHE)
    institutions, compared = {code for (code,) in rows}, 0
    for ref, of in _all(session).items():
        member = load(session, DRENTHE, ref)
        assert member is not None
        wanted = masked_patron(KEY, member.patron)
        written = write_patron(KEY, masked(KEY, PATRON, ref), of, institutions)
        if written is None:
            assert not member.patron.memberships
            continue
        assert dumps(written) == dumps(encode_lean(wanted))
        seen.update(written)
        compared += 1
    return compared


def _turn_around(counter: Counter) -> None:
    def turn(session: Session) -> None:
        half = "SELECT patron FROM patron WHERE consortium = ? ORDER BY patron"
        refs = [ref for (ref,) in session.rows(half, DRENTHE)][::2]
        for ref in refs:
            for sql in (
                (
                    "UPDATE patron SET language = 'fr', receipt = 'none', pin_required = 1, keeps_history = 1,"
                    " tells_borrowed_before = 1 WHERE consortium = ? AND patron = ?"
                ),
                (
                    "UPDATE membership SET status = 'invoiced', confirmed = 0, paid = 0, verified = '2026-01-01'"
                    " WHERE consortium = ? AND patron = ?"
                ),
                (
                    "UPDATE pass SET network_unique = 1 - network_unique, document_number = 1 - document_number,"
                    " eid = 1 - eid, follow_on = 1 - follow_on WHERE consortium = ? AND patron = ?"
                ),
                "UPDATE loan SET internal = 1 - internal, renewals = 2 WHERE consortium = ? AND patron = ?",
                (
                    "UPDATE fee SET since = '2026-01-01', status = 'registered', kind = 'fine'"
                    " WHERE consortium = ? AND patron = ?"
                ),
                (
                    "INSERT INTO pin_try (consortium, pass, wrong, locked_until)"
                    " SELECT consortium, pass, 5, '2026-01-01T00:00:00.000000+00:00' FROM pass"
                    " WHERE consortium = ? AND patron = ?"
                ),
                "UPDATE message SET acknowledge = 1, for_patron = 1 WHERE consortium = ? AND patron = ?",
            ):
                session.run(sql, DRENTHE, ref)

    counter.database.write(turn)
