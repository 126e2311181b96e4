"""The library's mail relay (SMTP, RFC 5321). Tells a fault of a letter from one of the relay."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from enum import Enum
from typing import Self, TypeVar

PERMANENT = 500
Result = TypeVar("Result")


class Tls(Enum):
    """How the line is kept secret. NONE is for a relay on the same machine."""

    STARTTLS = "starttls"
    WHOLE = "tls"
    NONE = "none"


class RelayDown(Exception):
    """The relay does not answer, or does not let us in: no letter goes now. The message names no patron."""


class NotNow(Exception):
    """This letter was not taken, or nobody knows whether it was: try again later, under the same Message-ID."""


class Never(Exception):
    """The relay will never take this letter. `code`: what it said (RFC 5321 4.2)."""

    def __init__(self, code: int) -> None:
        super().__init__(f"SMTP {code}")
        self.code = code


@dataclass(frozen=True, slots=True)
class RelayAddress:
    """Where it is and how it is entered. `ca_file`: who vouches for it; without one, whom the machine trusts."""

    host: str
    port: int
    tls: Tls = Tls.STARTTLS
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""
    patience_s: float = 20.0


class Relay:
    """One line to it, opened with the first letter. As a context it is closed in the end."""

    def __init__(self, address: RelayAddress) -> None:
        self._address = address
        self._line: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def send(self, message: EmailMessage, sender: str, to: str) -> None:
        """Hands it over. Raises RelayDown, NotNow, Never."""
        line = self._line = self._line or _asked(self._opened)
        try:
            refused = line.send_message(message, sender, [to])
        except smtplib.SMTPRecipientsRefused as fault:
            raise _said(max((code for code, _ in fault.recipients.values()), default=0)) from None
        except smtplib.SMTPDataError as fault:
            raise _said(fault.smtp_code) from None
        except smtplib.SMTPSenderRefused as fault:  # of us, not of this patron
            raise NotNow(f"SMTP {fault.smtp_code}") from None
        except (smtplib.SMTPException, OSError, ValueError) as fault:
            self._close()
            raise NotNow(type(fault).__name__) from None
        if refused:
            raise NotNow("refused")

    def _opened(self) -> smtplib.SMTP:
        at = self._address
        context = ssl.create_default_context(cafile=at.ca_file or None)
        if at.tls is Tls.WHOLE:
            line: smtplib.SMTP = smtplib.SMTP_SSL(at.host, at.port, timeout=at.patience_s, context=context)
        else:
            line = smtplib.SMTP(at.host, at.port, timeout=at.patience_s)
        if at.tls is Tls.STARTTLS:
            line.starttls(context=context)  # raises where it is not offered: nothing goes in the clear
        if at.user:
            line.login(at.user, at.password)
        line.ehlo_or_helo_if_needed()
        return line

    def _close(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            with suppress(smtplib.SMTPException, OSError):
                line.quit()
            line.close()


def _asked(open_line: Callable[[], Result]) -> Result:
    try:
        return open_line()
    except (smtplib.SMTPException, OSError) as fault:
        code = getattr(fault, "smtp_code", "")
        raise RelayDown(f"{type(fault).__name__} {code}".strip()) from None


def _said(code: int) -> NotNow | Never:
    return Never(code) if code >= PERMANENT else NotNow(f"SMTP {code}")
