"""Who works at the desk: credentials `consortium.staff.secret` as a kiosk's, each with a role and an institution."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from enum import Enum

from circulation.identifiers import InstitutionCode
from membership_store.database import Session, insert, one

_NO_SALT, _NO_CREDENTIAL = "0" * 32, "0" * 64


class Role(Enum):
    """What a credential is for. A reader looks, the desk acts, a manager also erases, merges and sets the calendar.

    A peer is another library's store (GUESTS' route alone) and has no place at the desk.
    """

    READER = "reader"
    DESK = "desk"
    MANAGER = "manager"
    PEER = "peer"

    def includes(self, needed: "Role") -> bool:
        """Whether who has this role may do what asks for the other."""
        ladder = (Role.READER, Role.DESK, Role.MANAGER)
        if self not in ladder or needed not in ladder:
            return self is needed
        return ladder.index(self) >= ladder.index(needed)


class StaffExists(Exception):
    """There is somebody of that id; a credential that was ended stays ended, and its id is not given again."""


@dataclass(frozen=True, slots=True)
class Staff:
    """Who asks. `institution` None: of the whole consortium."""

    consortium: str
    id: str
    role: Role
    institution: InstitutionCode | None = None


def add_staff(session: Session, staff: Staff) -> str:
    """Adds somebody and returns the token, which is nowhere else to be had. Raises StaffExists."""
    known = "SELECT 1 FROM staff WHERE consortium = ? AND staff = ?"
    if one(session.rows(known, staff.consortium, staff.id)) is not None:
        raise StaffExists(staff.id)
    secret, salt = secrets.token_urlsafe(32), secrets.token_hex(16)
    insert(
        session,
        "staff",
        consortium=staff.consortium,
        staff=staff.id,
        role=staff.role.value,
        institution=staff.institution,
        salt=salt,
        credential=_hash(salt, secret),
    )
    return f"{staff.consortium}.{staff.id}.{secret}"


def renew_credential(session: Session, staff: Staff) -> str:
    """Gives somebody a new token; the old one is void at once."""
    secret, salt = secrets.token_urlsafe(32), secrets.token_hex(16)
    session.run(
        "UPDATE staff SET salt = ?, credential = ? WHERE consortium = ? AND staff = ? AND ended_at IS NULL",
        salt,
        _hash(salt, secret),
        staff.consortium,
        staff.id,
    )
    return f"{staff.consortium}.{staff.id}.{secret}"


def end_staff(session: Session, consortium: str, staff: str, moment: str) -> bool:
    """Ends a credential at that instant (ISO UTC) and says whether there was one to end."""
    ended = "UPDATE staff SET ended_at = ? WHERE consortium = ? AND staff = ? AND ended_at IS NULL"
    return session.run(ended, moment, consortium, staff) == 1


def staff_of(session: Session, token: str) -> Staff | None:
    """Whose token this is, or None. Somebody unknown or ended costs as much as a wrong secret."""
    consortium, _, rest = token.partition(".")
    staff, _, secret = rest.partition(".")
    row = one(
        session.rows(
            "SELECT role, institution, salt, credential, ended_at FROM staff WHERE consortium = ? AND staff = ?",
            consortium,
            staff,
        )
    )
    role, institution, salt, credential, ended = row or ("", None, _NO_SALT, _NO_CREDENTIAL, None)
    right = hmac.compare_digest(_hash(salt, secret), credential)
    if not right or row is None or ended is not None:
        return None
    return Staff(consortium, staff, Role(role), InstitutionCode(institution) if institution else None)


def _hash(salt: str, secret: str) -> str:
    return hashlib.sha256(bytes.fromhex(salt) + secret.encode("utf-8", "surrogateescape")).hexdigest()
