"""Questions to a terminal and their proved answers: sealed, sent once, opened, and matched to what was asked."""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from devices.payment_terminal import nexo_messages as nexo
from devices.payment_terminal.nexo_crypto import (
    REQUEST,
    RESPONSE,
    NexoEnvelopeError,
    NexoKeys,
    derive_keys,
    seal,
    unseal,
)
from devices.payment_terminal.nexo_line import Address, Call, Deadline
from devices.ports import DeviceFault, DeviceGone
from values import dataclass

ASK_S = 5.0  # how long a question may take that no card and no host has a part in
_REPLY_TO_ABORT_S = 1.0


@dataclass(frozen=True, slots=True)
class Access:
    """What the configuration says of one terminal; the passphrase is in a file of its own."""

    address: Address
    parties: nexo.Parties
    passphrase_file: str
    key_identifier: str
    key_version: int


@dataclass(frozen=True, slots=True)
class NexoTalk:
    """An open way to one terminal: its keys and its certificates are read, no connection is held."""

    access: Access
    context: ssl.SSLContext
    keys: NexoKeys = field(repr=False)

    @classmethod
    def begin(cls, access: Access) -> NexoTalk:
        """Reads passphrase and certificates; raises DeviceGone, without a word of what stands in them."""
        try:
            passphrase = Path(access.passphrase_file).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise DeviceGone("the file of the terminal's passphrase cannot be read") from error
        if not passphrase:
            raise DeviceGone("the file of the terminal's passphrase is empty")
        keys = derive_keys(passphrase, access.key_identifier, access.key_version)
        return cls(access, access.address.context(), keys)

    def call(self, deadline: Deadline) -> Call:
        """A connection; raises DeviceFault."""
        return Call(self.access.address, self.context, deadline)

    def say(self, call: Call, head: Mapping[str, Any], body: Mapping[str, Any], deadline: Deadline) -> None:
        """Hands over one request; raises DeviceFault, after which it may have been heard."""
        call.say(seal(REQUEST, head, body, self.keys, secrets.token_bytes(16)), deadline)

    def hear(
        self, call: Call, head: Mapping[str, Any], deadline: Deadline, idle: Callable[[], None] = lambda: None
    ) -> Mapping[str, Any]:
        """The proved response to `head`; raises DeviceFault for everything else."""
        data = call.hear(deadline, idle)
        try:
            return nexo.response(unseal(RESPONSE, data, self.keys), head)
        except (NexoEnvelopeError, nexo.NexoMessageError) as error:
            raise DeviceGone(f"{self.access.address.host}: {error}") from error

    def ask(self, category: str, body: Mapping[str, Any], deadline: Deadline) -> Mapping[str, Any]:
        """One question under a fresh ServiceID, on a connection of its own; raises DeviceFault."""
        short = deadline.within(ASK_S)
        head = self.header(category, fresh_service())
        call = self.call(short)
        try:
            self.say(call, head, body, short)
            return self.hear(call, head, short)
        finally:
            call.close()

    def abort(self, category: str, service: str, deadline: Deadline) -> bool:
        """Asks to stop what runs under `service`; False when it could not be said."""
        head = self.header(nexo.ABORT, fresh_service())
        try:
            call = self.call(deadline)
        except DeviceFault:
            return False
        try:
            self.say(call, head, nexo.abort(self.access.parties, category, service), deadline)
        except DeviceFault:
            return False
        else:
            with suppress(DeviceFault):  # whatever is answered to this, the payment's own answer tells
                call.hear(deadline.within(_REPLY_TO_ABORT_S), lambda: None)
            return True
        finally:
            call.close()

    def status(self, category: str, service: str, deadline: Deadline) -> nexo.Progress | Mapping[str, Any]:
        """What became of what was asked under `service`; UNTOLD when no answer can be had or believed."""
        try:
            answer = self.ask(nexo.STATUS, nexo.status(self.access.parties, category, service), deadline)
            return nexo.read_status(answer, self.access.parties, category, service)
        except (DeviceFault, nexo.NexoMessageError):
            return nexo.Progress.UNTOLD

    def diagnosis(self, deadline: Deadline) -> str:
        """What is wrong with the terminal, "" for nothing; raises DeviceFault."""
        try:
            return nexo.read_diagnosis(self.ask(nexo.DIAGNOSIS, nexo.diagnosis(), deadline))
        except nexo.NexoMessageError as error:
            raise DeviceGone(f"{self.access.address.host}: {error}") from error

    def header(self, category: str, service: str) -> dict[str, Any]:
        """The header of a request of this kiosk to this terminal."""
        return nexo.header(self.access.parties, category, service)


def fresh_service() -> str:
    """A ServiceID that was never used."""
    return nexo.service_id(secrets.token_hex(8))


def now_text() -> str:
    """The instant for a TimeStamp: UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
