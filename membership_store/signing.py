"""The key that vouches for a consortium's snapshots (Ed25519, RFC 8032). Its private half never leaves the database."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from membership_store.database import Database, Session, one

_KEY = "SELECT signing_key FROM feed_head WHERE consortium = ?"


class NoFeed(LookupError):
    """There is no such consortium."""


def signing_key(database: Database, consortium: str) -> Ed25519PrivateKey:
    """The consortium's key, made now where it has none yet. Raises NoFeed, StoreUnavailable."""
    known = database.read(lambda session: one(session.rows(_KEY, consortium)))
    if known is None:
        raise NoFeed(consortium)
    found = str(known[0]) or database.write(lambda session: _made(session, consortium))
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(found))


def public_half(key: Ed25519PrivateKey) -> str:
    """What a kiosk needs to check a signature: 64 hexadecimals."""
    return key.public_key().public_bytes_raw().hex()


def _made(session: Session, consortium: str) -> str:
    """A new key, unless somebody else made one meanwhile."""
    made = Ed25519PrivateKey.generate().private_bytes_raw().hex()
    session.run("UPDATE feed_head SET signing_key = ? WHERE consortium = ? AND signing_key = ''", made, consortium)
    return str(session.rows(_KEY, consortium)[0][0])
