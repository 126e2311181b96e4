"""Erasing a patron (GDPR art. 17): nothing personal is left; loans and money stay nameless, the audit its reference."""

from membership_store import changes
from membership_store.database import Session, insert, one

# K1: type 06. What must be counted and has no patron any more stands under this reference.
NOBODY, ANONYMOUS = "anonymous", "06"
# Children first. Every row of the patron goes.
_BY_PASS = ("pin_try", "pass_chip", "pass_institution")
_BY_MEMBERSHIP = ("strips", "strips_entry")
_OWN = (
    "pass", "membership", "message", "hold", "mandate", "login_account", "pin", "pin_proof", "guest_check", "handover",
    "receipt_mail", "person",
)  # fmt: skip


def reasons_against(session: Session, consortium: str, patron: str) -> dict[str, int]:
    """What stands in the way: open loans, and cents that are owed either way (a credit is the patron's money)."""
    loans = one(
        session.rows(
            "SELECT COUNT(*) FROM loan WHERE consortium = ? AND patron = ? AND returned_at IS NULL", consortium, patron
        )
    )
    owed = session.rows(
        "SELECT cents FROM fee WHERE consortium = ? AND patron = ? AND status <> 'paid' ORDER BY fee",
        consortium,
        patron,
    )
    found = {
        "open_loans": int(loans[0]) if loans else 0,
        "open_cents": sum(cents for (cents,) in owed if cents > 0),
        "credit_cents": -sum(cents for (cents,) in owed if cents < 0),
    }
    return {name: value for name, value in found.items() if value > 0}


def erase(session: Session, consortium: str, patron: str, moment: str) -> None:
    """Erases the patron, whom `reasons_against` said nothing about. `moment`: ISO UTC."""
    for (item,) in session.rows(
        "SELECT DISTINCT i.item FROM hold h JOIN item i ON i.consortium = h.consortium AND i.title = h.title"
        " WHERE h.consortium = ? AND h.patron = ? AND h.status IN ('waiting', 'on_shelf') ORDER BY i.item",
        consortium,
        patron,
    ):
        changes.touch(session, consortium, changes.ITEM, item)
    make_nobody(session, consortium)
    _hide_shown(session, consortium, patron)
    anonymise = "SET patron = ?, membership = NULL WHERE consortium = ? AND patron = ?"
    session.run(f"UPDATE loan {anonymise} AND returned_at IS NOT NULL", NOBODY, consortium, patron)
    session.run(f"UPDATE fee {anonymise}", NOBODY, consortium, patron)
    session.run("UPDATE payment SET patron = NULL WHERE consortium = ? AND patron = ?", consortium, patron)
    for table in _BY_PASS:
        _delete_by(session, table, "pass", consortium, patron)
    for table in _BY_MEMBERSHIP:
        _delete_by(session, table, "membership", consortium, patron)
    for table in _OWN:
        session.run(f"DELETE FROM {table} WHERE consortium = ? AND patron = ?", consortium, patron)  # noqa: S608
    session.run(
        "UPDATE patron SET language = '', receipt = 'none', first_name = '', home = NULL, main_library = NULL,"
        " pin_required = 0, keeps_history = 0, tells_borrowed_before = 0, version = version + 1, erased_at = ?"
        " WHERE consortium = ? AND patron = ?",
        moment,
        consortium,
        patron,
    )
    changes.touch(session, consortium, changes.PATRON, patron)


def _delete_by(session: Session, table: str, key: str, consortium: str, patron: str) -> None:
    session.run(
        f"DELETE FROM {table} WHERE consortium = ? AND {key} IN"  # noqa: S608 - words of this module
        f" (SELECT {key} FROM {key} WHERE consortium = ? AND patron = ?)",
        consortium,
        consortium,
        patron,
    )


def _hide_shown(session: Session, consortium: str, patron: str) -> None:
    """A flag may hold the number or the chip that was shown; what happened stays, whose it was goes."""
    shown = session.rows(
        "SELECT number FROM pass WHERE consortium = ? AND patron = ? UNION SELECT c.uid FROM pass_chip c"
        " JOIN pass p ON p.consortium = c.consortium AND p.pass = c.pass WHERE p.consortium = ? AND p.patron = ?",
        consortium,
        patron,
        consortium,
        patron,
    )
    hide = "UPDATE staff_flag SET shown_pass = NULL WHERE consortium = ? AND shown_pass = ?"
    session.run_many(hide, [(consortium, one_shown) for (one_shown,) in shown])


def make_nobody(session: Session, consortium: str) -> None:
    """The reference under which loans and amounts without a patron stand."""
    known = "SELECT 1 FROM patron WHERE consortium = ? AND patron = ?"
    if one(session.rows(known, consortium, NOBODY)) is None:
        insert(session, "patron", consortium=consortium, patron=NOBODY, type=ANONYMOUS, receipt="none")


def forget_loans(session: Session, consortium: str, keys: list[str]) -> None:
    """These closed loans lose their patron (K4)."""
    make_nobody(session, consortium)
    session.run_many(
        "UPDATE loan SET patron = ?, membership = NULL WHERE consortium = ? AND loan = ? AND returned_at IS NOT NULL",
        [(NOBODY, consortium, key) for key in keys],
    )
