"""The sealed envelope against the acquirer's own published message, and against whoever has not the passphrase.

`data/nexo_vector.json` holds facts only: the test message of Adyen's public Terminal API libraries (MIT licence).
"""

from __future__ import annotations

import base64
import hmac
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.payment_terminal.nexo_crypto import (
    REQUEST,
    RESPONSE,
    NexoEnvelopeError,
    derive_keys,
    open_blob,
    seal,
    seal_blob,
    unseal,
)

VECTOR: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "nexo_vector.json").read_text("utf-8"))
KEYS = derive_keys(VECTOR["passphrase"], "kiosk", 1)
OTHERS = derive_keys("another passphrase", "kiosk", 1)
HEADER = {"MessageClass": "Service", "MessageCategory": "Payment", "ServiceID": "0123456789"}
NONCE = bytes(range(16))
SEALED = seal(REQUEST, HEADER, {"PaymentRequest": {"x": "€"}}, KEYS, NONCE)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def published(**changed: str) -> bytes:
    """The published message in the envelope that it came in."""
    trailer = {"AdyenCryptoVersion": 1, "KeyIdentifier": "kiosk", "KeyVersion": 1}
    trailer |= {name: changed.get(name, VECTOR[name]) for name in ("Nonce", "Hmac")}
    header = VECTOR["plaintext"][RESPONSE]["MessageHeader"]
    blob = changed.get("NexoBlob", VECTOR["NexoBlob"])
    return json.dumps({RESPONSE: {"MessageHeader": header, "NexoBlob": blob, "SecurityTrailer": trailer}}).encode()


def altered(change: Any) -> bytes:
    """SEALED, with something changed in its envelope."""
    message = json.loads(SEALED)
    change(message[REQUEST])
    return json.dumps(message).encode()


def test_the_published_message_opens_with_its_passphrase_and_says_what_is_published() -> None:
    opened = unseal(RESPONSE, published(), KEYS)
    expected = dict(VECTOR["plaintext"][RESPONSE])
    assert opened.header == expected.pop("MessageHeader")
    assert opened.body == expected


def test_the_published_bytes_come_out_when_the_published_plaintext_is_sealed_with_its_nonce() -> None:
    blob, nonce, mac = (base64.b64decode(VECTOR[name]) for name in ("NexoBlob", "Nonce", "Hmac"))
    plain = open_blob(blob, nonce, mac, KEYS)
    assert json.loads(plain) == VECTOR["plaintext"]
    assert seal_blob(plain, nonce, KEYS) == (blob, mac)


@pytest.mark.parametrize("name", ["Hmac", "Nonce", "NexoBlob"])
def test_one_changed_byte_of_the_published_message_is_not_believed(name: str) -> None:
    raw = bytearray(base64.b64decode(VECTOR[name]))
    raw[-1] ^= 1
    with pytest.raises(NexoEnvelopeError, match="altered on the way"):
        unseal(RESPONSE, published(**{name: base64.b64encode(raw).decode()}), KEYS)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(max_size=8), json_values, max_size=3), json_values, st.binary(min_size=16, max_size=16))
def test_whatever_is_sealed_opens_again_and_only_with_the_same_passphrase(
    header: dict[str, Any], body: Any, nonce: bytes
) -> None:
    data = seal(RESPONSE, header, {"PaymentResponse": body}, KEYS, nonce)
    opened = unseal(RESPONSE, data, KEYS)
    assert (opened.header, opened.body) == (header, {"PaymentResponse": body})
    with pytest.raises(NexoEnvelopeError):
        unseal(RESPONSE, data, OTHERS)
    with pytest.raises(NexoEnvelopeError):
        unseal(REQUEST, data, KEYS)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
def test_a_changed_byte_anywhere_is_refused_or_changes_nothing(place: int, change: int) -> None:
    data = bytearray(SEALED)
    data[place] ^= change
    with suppress(NexoEnvelopeError):
        opened = unseal(REQUEST, bytes(data), KEYS)
        assert (opened.header, opened.body) == (HEADER, {"PaymentRequest": {"x": "€"}})


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300) | json_values.map(lambda value: json.dumps(value).encode()))
def test_no_bytes_whatever_do_more_than_to_be_refused(data: bytes) -> None:
    with pytest.raises(NexoEnvelopeError):
        unseal(RESPONSE, data, KEYS)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["MessageHeader", "NexoBlob", "SecurityTrailer"]), json_values)
def test_no_value_in_the_place_of_a_part_does_more_than_to_be_refused(part: str, value: Any) -> None:
    with pytest.raises(NexoEnvelopeError):
        unseal(REQUEST, altered(lambda envelope: envelope.update({part: value})), KEYS)


def test_a_header_that_was_exchanged_outside_the_seal_is_refused() -> None:
    data = altered(lambda envelope: envelope["MessageHeader"].update(ServiceID="9876543210"))
    with pytest.raises(NexoEnvelopeError, match="the header outside is not the one inside"):
        unseal(REQUEST, data, KEYS)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("KeyIdentifier", "another", "another key"),
        ("KeyVersion", 2, "another key"),
        ("AdyenCryptoVersion", 2, "in a way that is not known"),
        ("Nonce", "AAAA", "in a way that is not known"),
        ("Nonce", "a b", "without Nonce"),
        ("Hmac", 7, "without Hmac"),
        ("Hmac", "", "altered on the way"),
    ],
)
def test_each_part_of_the_trailer_counts(name: str, value: object, said: str) -> None:
    with pytest.raises(NexoEnvelopeError, match=said):
        unseal(REQUEST, altered(lambda envelope: envelope["SecurityTrailer"].update({name: value})), KEYS)


def test_a_blob_that_is_not_padded_is_refused_even_with_its_hmac() -> None:
    with pytest.raises(NexoEnvelopeError, match="altered on the way"):
        open_blob(b"", NONCE, hmac.digest(KEYS.mac, b"", "sha256"), KEYS)


def test_a_tower_of_brackets_is_refused_and_not_climbed() -> None:
    with pytest.raises(NexoEnvelopeError):
        unseal(RESPONSE, b"[" * 200_000, KEYS)


def test_keys_and_what_was_sealed_do_not_show_in_a_log() -> None:
    assert KEYS.mac.hex() not in repr(KEYS)
    assert "b'" not in repr(KEYS)
    assert "€" not in repr(unseal(REQUEST, SEALED, KEYS))
