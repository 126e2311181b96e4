"""What a person may ask of the library (GDPR art. 15, 17, 20): all that is kept of them, and that it is erased."""

from typing import Any

from membership_store.lent_again import IS_A_LOAN
from membership_store.staff.acts import Act, Answer, At, Denied, Done, Manner
from membership_store.staff.asked import OfPatron
from membership_store.staff.credentials import Role
from membership_store.staff.erasing import NOBODY, erase, reasons_against

# Every table with something of a patron: what is given of it. Hashes of secrets say nothing to the person.
_KEPT: tuple[tuple[str, str, str], ...] = (
    (
        "patron",
        (
            "patron, type, language, receipt, first_name, home, main_library, pin_required, keeps_history,"
            " tells_borrowed_before"
        ),
        "patron WHERE {of}",
    ),
    (
        "person",
        (
            "sex, surname, prefix, initials, born, email, phone, street, house_number, postcode, town, selection,"
            " newsletter, identity_checked"
        ),
        "person WHERE {of}",
    ),
    ("passes", "pass, number, status, kind, follow_on", "pass WHERE {of} ORDER BY pass || ''"),
    ("chips", "uid", "pass_chip WHERE consortium = ? AND pass IN (SELECT pass FROM pass WHERE {of}) ORDER BY uid"),
    (
        "memberships",
        (
            "membership, institution, subscription, starts, ends, status, confirmed, paid, verified, term_source,"
            " cancelled_on"
        ),
        "membership WHERE {of} ORDER BY membership || ''",
    ),
    (
        "strips",
        "membership, balance, overdrawn",
        (
            "strips WHERE consortium = ? AND membership IN (SELECT membership FROM membership WHERE {of})"
            " ORDER BY membership"
        ),
    ),
    (
        "strips_booked",
        "membership, strips, cash_code, term, booked_at",
        (
            "strips_entry WHERE consortium = ? AND membership IN (SELECT membership FROM membership WHERE {of})"
            " ORDER BY booked_at, entry"
        ),
    ),
    (
        "loans",
        "item, branch, lent, due, renewals, returned_at, returned_branch",
        # Those that are over, then the open ones: each half has an index of its own.
        f"loan l WHERE {{of}} AND returned_at IS NOT NULL AND {IS_A_LOAN} ORDER BY lent_at, loan",
    ),
    (
        "scanned_again",  # kept of the person, too, but no loan: what they had by the books already
        "item, branch, lent",
        f"loan l WHERE {{of}} AND returned_at IS NOT NULL AND NOT ({IS_A_LOAN}) ORDER BY lent_at, loan",
    ),
    (
        "loans",
        "item, branch, lent, due, renewals, returned_at, returned_branch",
        "loan WHERE {of} AND returned_at IS NULL ORDER BY lent_at, loan",
    ),
    (
        "holds",
        "title, item, status, branch, placed_at, shelf, shelf_until",
        "hold WHERE {of} ORDER BY placed_at, hold",
    ),
    ("fees", "institution, cents, status, kind, since, waived_at", "fee WHERE {of} ORDER BY fee || ''"),
    ("payments", "institution, branch, cents, paid_at", "payment WHERE {of} ORDER BY paid_at, payment"),
    ("messages", "body, for_patron, acknowledged_at", "message WHERE {of} ORDER BY message || ''"),
    ("mandates", "mandate, account_end, signed_on, ended_on", "mandate WHERE {of} ORDER BY signed_on, mandate"),
    ("account", "user_name, made_at, activated_at, first_login_at", "login_account WHERE {of}"),
    ("pin", "set_at", "pin WHERE {of}"),
    ("home_checks", "night, isil, outcome", "guest_check WHERE {of} ORDER BY night"),
    ("handed_over", "branch, item, rule, reason, raised_at, until", "handover WHERE {of} ORDER BY raised_at, code"),
    ("receipts_by_mail", "branch, subject, body, state, asked_at", "receipt_mail WHERE {of} ORDER BY asked_at, event"),
    ("done_by_staff", "act, done_at", "audit WHERE {of} ORDER BY entry || ''"),
)
_OF = "consortium = ? AND patron = ?"


def export(at: At, asked: OfPatron) -> Answer:
    """All that is kept of the patron, as JSON; that it was given is written down."""
    at.member(asked.patron)
    return Done({"exported_at": at.stamp, "kept": kept_of(at, asked.patron)}, asked.patron)


def kept_of(at: At, patron: str) -> dict[str, list[dict[str, Any]]]:
    """The rows of every table that names the patron."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, columns, where in _KEPT:
        sql = f"SELECT {columns} FROM {where.format(of=_OF)}"  # noqa: S608 - words of this module
        values = (patron,) if sql.count("?") == 2 else (at.consortium, patron)
        names = columns.split(", ")
        found.setdefault(name, []).extend(dict(zip(names, row, strict=True)) for row in at.rows(sql, *values))
    return found


def erase_patron(at: At, asked: OfPatron) -> Answer:
    """Erases; refused with the reasons while loans or amounts stand open."""
    at.member(asked.patron)
    if asked.patron == NOBODY:
        return Denied("not_a_person", "GDPR art. 17")
    against = reasons_against(at.session, at.consortium, asked.patron)
    if against:
        return Denied("not_settled", "GDPR art. 17", against)
    erase(at.session, at.consortium, asked.patron, at.stamp)
    return Done({"patron": asked.patron}, asked.patron)


ACTS = (
    Act("patrons/export", "All that is kept of a patron (GDPR art. 15)", OfPatron, export, Role.MANAGER, Manner.LOOK),
    Act("patrons/erase", "Erases a patron (GDPR art. 17)", OfPatron, erase_patron, Role.MANAGER, sweeps=True),
)
