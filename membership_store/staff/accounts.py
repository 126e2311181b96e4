"""Login accounts (K14, G9): user names are case-sensitive; an activation lives 24 hours and is then made anew.

The token is derived from the consortium's key, so that the store keeps its hash only and can still write the letter.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime

from circulation.rules.staffing import activation_ends
from membership_store.database import Session, one
from membership_store.staff.acts import Act, Answer, At, Denied, Done, Manner, NoSuch, Unacceptable, stamp
from membership_store.staff.asked import OfPatron

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkAccount(OfPatron):
    """The user name that the patron has already, in exactly these letters."""

    user_name: str = field(repr=False)


def open_account(at: At, patron: str, user_name: str = "") -> dict[str, object]:
    """Links the account of that name, or makes a new one that must be activated within 24 hours."""
    if user_name:
        at.add("login_account", user_name=user_name, patron=patron, made_at=at.stamp, activated_at=at.stamp)
        return {"account": "linked"}
    name = "".join(secrets.choice(_LETTERS) for _ in range(10))
    until = activation_ends(at.now)
    at.add(
        "login_account",
        user_name=name,
        patron=patron,
        made_at=at.stamp,
        activation=_kept(_token(at.session, at.consortium, name, at.stamp)),
        activation_until=stamp(until),
    )
    return {"account": "made", "activation_until": until}


def name_denied(at: At, user_name: str) -> Denied | None:
    """G9: the name of another patron would make a second actor."""
    if not 1 <= len(user_name) <= 100 or user_name != user_name.strip():
        raise Unacceptable("user_name", "1 to 100 characters, none of them a blank at an end")
    owner = at.one("SELECT patron FROM login_account WHERE consortium = ? AND user_name = ?", user_name)
    return None if owner is None else Denied("account_of_another", "G9")


def _present(at: At, patron: str) -> tuple[str, str | None, str | None] | None:
    row = at.one(
        "SELECT user_name, first_login_at, activated_at FROM login_account WHERE consortium = ? AND patron = ?", patron
    )
    return None if row is None else (row[0], row[1], row[2])


def link(at: At, asked: LinkAccount) -> Answer:
    """G9: links an existing account, before the patron logs in here for the first time."""
    at.member(asked.patron)
    if _is_administrative(at, asked.patron):
        return Denied("no_account_for_a_pass", "A2")
    mine = _present(at, asked.patron)
    if mine is not None and mine[1] is not None:
        return Denied("logged_in_already", "G9")
    if mine is not None and mine[0] == asked.user_name:
        return Denied("linked_already", "G9")
    no = name_denied(at, asked.user_name)
    if no is not None:
        return no
    _drop(at, asked.patron)
    open_account(at, asked.patron, asked.user_name)
    return Done({"account": "linked"}, asked.patron)


def generate(at: At, asked: OfPatron) -> Answer:
    """K14: a new account, in the place of one that was never activated."""
    at.member(asked.patron)
    mine = _present(at, asked.patron)
    if mine is not None and mine[2] is not None:
        return Denied("account_in_use", "K14")
    if _is_administrative(at, asked.patron):
        return Denied("no_account_for_a_pass", "A2")
    _drop(at, asked.patron)
    return Done(open_account(at, asked.patron), asked.patron)


def forget(at: At, asked: OfPatron) -> Answer:
    """The patron wants no login account any more."""
    at.member(asked.patron)
    if _drop(at, asked.patron) == 0:
        raise NoSuch("account")
    return Done({}, asked.patron)


def letter(at: At, asked: OfPatron) -> Answer:
    """K14: what the patron needs to activate the account: its name and the token of the link, while it lives."""
    at.member(asked.patron)
    row = at.one(
        "SELECT user_name, made_at, activation, activation_until FROM login_account"
        " WHERE consortium = ? AND patron = ?",
        asked.patron,
    )
    if row is None:
        raise NoSuch("account")
    name, made_at, kept, until = row
    if kept is None:
        return Denied("account_in_use", "K14")
    if until <= at.stamp:
        return Denied("activation_over", "K14")
    token = _token(at.session, at.consortium, name, made_at)
    return Done({"user_name": name, "activation": token, "until": until}, asked.patron)


def activate(session: Session, consortium: str, token: str, now: datetime) -> bool:
    """The patron opened the link: the account is theirs, if the token is known and still lives. For a website."""
    used = (
        "UPDATE login_account SET activated_at = ?, activation = NULL, activation_until = NULL"
        " WHERE consortium = ? AND activation = ? AND activation_until > ?"
    )
    return session.run(used, stamp(now), consortium, _kept(token), stamp(now)) == 1


def drop_stale(session: Session, consortium: str, now: datetime) -> int:
    """K14: accounts that nobody activated within 24 hours are deleted; says how many."""
    stale = "DELETE FROM login_account WHERE consortium = ? AND activated_at IS NULL AND activation_until <= ?"
    return session.run(stale, consortium, stamp(now))


def _drop(at: At, patron: str) -> int:
    return at.run("DELETE FROM login_account WHERE consortium = ? AND patron = ?", at.consortium, patron)


def _is_administrative(at: At, patron: str) -> bool:
    return at.one("SELECT 1 FROM patron WHERE consortium = ? AND patron = ? AND type = '14'", patron) is not None


def _token(session: Session, consortium: str, name: str, made_at: str) -> str:
    row = one(session.rows("SELECT identity_key FROM consortium WHERE consortium = ?", consortium))
    key = bytes.fromhex(row[0]) if row else b""
    return hmac.new(key, f"activation/{name}/{made_at}".encode(), hashlib.sha256).hexdigest()


def _kept(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


ACTS = (
    Act("accounts/link", "Links the login account that a patron has already (G9)", LinkAccount, link),
    Act("accounts/generate", "Makes a login account anew (K14)", OfPatron, generate),
    Act("accounts/forget", "Deletes a login account", OfPatron, forget),
    Act("accounts/letter", "The name and the link of a new account (K14)", OfPatron, letter, manner=Manner.LOOK),
)
