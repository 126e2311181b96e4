"""TLS of the store's own, and what a kiosk's certificate says of it: its fingerprint, from the connection itself.

Whoever has no certificate is let in all the same and shows a token; a kiosk that is bound to one needs both.
"""

import hashlib
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from membership_store.web.kiosk_access import CERTIFICATE


class NoCertificate(Exception):
    """A file that TLS needs cannot be used; the message says which."""


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files: the store's certificate with its chain, its key, and the authority that signed the kiosks'."""

    certificate: Path
    key: Path
    client_authority: Path | None = None

    def settings(self) -> dict[str, Any]:
        """What uvicorn is told, after all files were tried once. Raises NoCertificate."""
        asked = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            asked.load_cert_chain(self.certificate, self.key)
            if self.client_authority is not None:
                asked.load_verify_locations(self.client_authority)
        except (OSError, ssl.SSLError) as fault:
            raise NoCertificate(
                f"the files for TLS cannot be used: {fault.strerror or type(fault).__name__}"
            ) from fault
        told: dict[str, Any] = {"ssl_certfile": str(self.certificate), "ssl_keyfile": str(self.key), "http": Named}
        if self.client_authority is not None:
            told |= {"ssl_ca_certs": str(self.client_authority), "ssl_cert_reqs": ssl.CERT_OPTIONAL}
        return told


class Named(H11Protocol):
    """HTTP/1.1 whose requests know the certificate that their connection was opened with."""

    def connection_made(self, transport: Any) -> None:
        """See asyncio.Protocol."""
        super().connection_made(transport)
        secured = transport.get_extra_info("ssl_object")
        shown = None if secured is None else secured.getpeercert(binary_form=True)
        if shown:
            self.app_state = {**self.app_state, CERTIFICATE: hashlib.sha256(shown).hexdigest()}
