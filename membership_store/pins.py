"""P6: of a PIN the store keeps a salted, memory-hard hash (scrypt, RFC 7914) and nothing else.

The hash names its own cost, so that it can be raised later. A PIN is an argument here: never kept, logged or repeated.
"""

import base64
import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime

from membership_store.database import Session, insert

# 32 MiB and about a tenth of a second: little for who types a PIN, much for who tries ten thousand.
LOG_N, R, P = 15, 8, 1
_MEMORY = 256 * 1024 * 1024
_FORM = re.compile(r"[0-9]{4,12}")
_KEPT = re.compile(r"scrypt\$(\d{1,2})\$(\d{1,2})\$(\d{1,2})\$([\w+/=]{24})\$([\w+/=]{44})")


class NotAPin(ValueError):
    """A PIN is four to twelve digits. The message never repeats what was given."""


def pin(text: str) -> str:
    """The PIN as it is typed. Raises NotAPin."""
    if not _FORM.fullmatch(text):
        raise NotAPin("a PIN is four to twelve digits")
    return text


def hashed(given: str) -> str:
    """What to keep of a PIN. Slow on purpose: never within a transaction. Raises NotAPin."""
    salt = secrets.token_bytes(16)
    return "$".join(("scrypt", str(LOG_N), str(R), str(P), _text(salt), _text(_hash(pin(given), salt, LOG_N, R, P))))


def verify(kept: str, given: str) -> bool:
    """Whether the PIN is the one that was kept. Slow on purpose: never within a transaction.

    Raises ValueError where what was kept is no hash of ours.
    """
    parts = _KEPT.fullmatch(kept)
    if parts is None:
        raise ValueError("not a PIN's hash")
    log_n, r, p = (int(one) for one in parts.group(1, 2, 3))
    salt, right = (base64.b64decode(one) for one in parts.group(4, 5))
    return hmac.compare_digest(_hash(given, salt, log_n, r, p), right)


def set_pin(session: Session, consortium: str, patron: str, kept: str, moment: datetime) -> None:
    """Keeps the hash as the patron's only PIN. Wrong tries are forgotten, and what was proved with the old one ends.

    `kept` comes from `hashed`, which was called before the transaction; `moment` is UTC.
    """
    if not _KEPT.fullmatch(kept):
        raise ValueError("not a PIN's hash")
    clear_pin(session, consortium, patron)
    at = moment.astimezone(UTC).isoformat(timespec="microseconds")
    insert(session, "pin", consortium=consortium, patron=patron, hash=kept, set_at=at)


def clear_pin(session: Session, consortium: str, patron: str) -> None:
    """Takes the patron's PIN away, with the wrong tries of every pass and what was proved."""
    session.run("DELETE FROM pin WHERE consortium = ? AND patron = ?", consortium, patron)
    session.run("DELETE FROM pin_proof WHERE consortium = ? AND patron = ?", consortium, patron)
    session.run(
        "DELETE FROM pin_try WHERE consortium = ? AND pass IN"
        " (SELECT pass FROM pass WHERE consortium = ? AND patron = ?)",
        consortium,
        consortium,
        patron,
    )


def _hash(given: str, salt: bytes, log_n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(given.encode(), salt=salt, n=2**log_n, r=r, p=p, maxmem=_MEMORY, dklen=32)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
