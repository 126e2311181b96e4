"""The credential of a kiosk: `consortium.kiosk.secret`, 256 random bits; the store keeps a salted hash only."""

import hashlib
import hmac
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from membership_store.database import Session, insert, one

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_NO_SALT, _NO_CREDENTIAL = "0" * 32, "0" * 64


class KioskExists(Exception):
    """There is a kiosk of that id; a new device takes a new id, so that no sequence is ever used twice."""


@dataclass(frozen=True, slots=True)
class Kiosk:
    """Who asks: a kiosk of a consortium, and the branch that it stands in."""

    consortium: str
    id: str
    branch: str


def add_kiosk(session: Session, kiosk: Kiosk) -> str:
    """Adds a kiosk and returns its token, which is nowhere else to be had. Raises KioskExists."""
    known = "SELECT 1 FROM kiosk WHERE consortium = ? AND kiosk = ?"
    if one(session.rows(known, kiosk.consortium, kiosk.id)) is not None:
        raise KioskExists(kiosk.id)
    secret, salt = secrets.token_urlsafe(32), secrets.token_hex(16)
    insert(
        session,
        "kiosk",
        consortium=kiosk.consortium,
        kiosk=kiosk.id,
        branch=kiosk.branch,
        salt=salt,
        credential=_hash(salt, secret),
    )
    return _token(kiosk, secret)


def renew_credential(session: Session, kiosk: Kiosk) -> str:
    """Gives the kiosk a new token; the old one is void at once. Its sequence goes on.

    One whose credential was withdrawn may ask again: what waits in its journal can be told under its own id only.
    """
    secret, salt = secrets.token_urlsafe(32), secrets.token_hex(16)
    session.run(
        "UPDATE kiosk SET salt = ?, credential = ?, ended_at = NULL WHERE consortium = ? AND kiosk = ?",
        salt,
        _hash(salt, secret),
        kiosk.consortium,
        kiosk.id,
    )
    return _token(kiosk, secret)


def withdraw(session: Session, consortium: str, kiosk: str, moment: str) -> bool:
    """From that instant on (ISO UTC) the kiosk's token is worth nothing. Says whether there was one that counted."""
    ended = "UPDATE kiosk SET ended_at = ? WHERE consortium = ? AND kiosk = ? AND ended_at IS NULL"
    return session.run(ended, moment, consortium, kiosk) == 1


def kiosk_of(session: Session, token: str, certificate: str = "") -> Kiosk | None:
    """The kiosk that shows the token, or None. One that is unknown or withdrawn costs as much as a wrong secret.

    `certificate`: the fingerprint (`fingerprint`) of the TLS certificate that came with it; a kiosk that is bound to
    one needs that very one besides its token.
    """
    consortium, _, rest = token.partition(".")
    kiosk, _, secret = rest.partition(".")
    row = one(
        session.rows(
            "SELECT branch, salt, credential, certificate, ended_at FROM kiosk WHERE consortium = ? AND kiosk = ?",
            consortium,
            kiosk,
        )
    )
    branch, salt, credential, bound, ended = row or ("", _NO_SALT, _NO_CREDENTIAL, None, None)
    right = hmac.compare_digest(_hash(salt, secret), credential)
    known = not bound or hmac.compare_digest(bound, certificate)
    counts = right and known and row is not None and ended is None
    return Kiosk(consortium, kiosk, branch) if counts else None


def bind(session: Session, kiosk: Kiosk, certificate: str | None) -> None:
    """Binds the kiosk to the certificate of that fingerprint, or to none again."""
    session.run(
        "UPDATE kiosk SET certificate = ? WHERE consortium = ? AND kiosk = ?",
        None if certificate is None else fingerprint(certificate),
        kiosk.consortium,
        kiosk.id,
    )


def fingerprint(text: str) -> str:
    """A SHA-256 fingerprint as 64 small hexadecimals, with or without colons; the empty text where it is none."""
    plain = text.strip().replace(":", "").lower()
    return plain if _FINGERPRINT.fullmatch(plain) else ""


def _token(kiosk: Kiosk, secret: str) -> str:
    return f"{kiosk.consortium}.{kiosk.id}.{secret}"


def _hash(salt: str, secret: str) -> str:
    return hashlib.sha256(bytes.fromhex(salt) + secret.encode("utf-8", "surrogateescape")).hexdigest()


def write_token(file: Path, token: str) -> None:
    """Writes the token to a file that only its owner may read, whole or not at all."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(f"{token}\n")
    draft.replace(file)
