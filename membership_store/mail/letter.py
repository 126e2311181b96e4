"""A receipt as a letter (RFC 5322): plain UTF-8 text, no pass number, always the same Message-ID."""

from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP


class NoLetter(ValueError):
    """To that address, or from that one, no letter can be written. The message says no address."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A receipt in the queue, with the addresses as they are now."""

    consortium: str
    kiosk: str
    event: str
    branch: str
    patron: str
    language: str
    subject: str = field(repr=False)
    body: str = field(repr=False)
    tries: int
    asked_at: str
    next_at: str
    sender: str
    sender_name: str
    to: str = field(repr=False)


def letter(receipt: Waiting, moment: datetime) -> EmailMessage:
    """What is sent. A name, an address or a subject in it can add no header. Raises NoLetter."""
    found = EmailMessage(policy=SMTP)
    try:
        found["From"] = Address(_one_line(receipt.sender_name), addr_spec=receipt.sender)
        found["To"] = Address(addr_spec=_domain_in_ascii(receipt.to.strip()))
        found["Subject"] = _one_line(receipt.subject)
        found["Message-ID"] = f"<{receipt.event}@{receipt.sender.rpartition('@')[2]}>"
    # Over some texts the parser itself trips, each time by another fault (IndexError, AttributeError, NameError): they
    # are as bad as those that it refuses, and must not keep the letters waiting that come after.
    except Exception:  # noqa: BLE001
        raise NoLetter("an address that no letter can be sent to") from None
    found["Date"] = moment
    found["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday answers it
    found.set_content(receipt.body + "\n")
    found["Content-Language"] = receipt.language
    return found


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _domain_in_ascii(address: str) -> str:
    """Raises ValueError where the part before the @ is not ASCII: few relays take that."""
    name, _, domain = address.partition("@")
    name.encode("ascii")
    return f"{name}@{domain.encode('idna').decode()}"
