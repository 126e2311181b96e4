"""Every decoder of what a payment terminal sends, with published messages to begin from."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

from devices.payment_terminal import nexo_messages as nexo
from devices.payment_terminal import zvt_apdu, zvt_serial
from devices.payment_terminal import zvt_messages as zvt
from devices.payment_terminal.nexo_crypto import (
    RESPONSE,
    NexoEnvelopeError,
    Opened,
    derive_keys,
    seal_blob,
    unseal,
)
from devices.payment_terminal.nexo_line import read_answer
from devices.payment_terminal.nexo_receipt import customer_receipt
from devices.payment_terminal.zvt_apdu import Apdu, ApduReader, ZvtMalformed
from devices.payment_terminal.zvt_judgement import Known, judge
from devices.payment_terminal.zvt_serial import Block, BlockReader
from devices.ports import DeviceGone, PayOutcome
from tests.fuzz.fuzzing import Decoder, chance_of, in_pieces, json_mended

_VECTOR: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "devices" / "data" / "nexo_vector.json").read_text("utf-8")
)
_KEYS = derive_keys(_VECTOR["passphrase"], "kiosk", 1)
_MESSAGE = _VECTOR["plaintext"][RESPONSE]
_HEADER = _MESSAGE["MessageHeader"]
_PARTIES = nexo.Parties(_HEADER["SaleID"], _HEADER["POIID"])
_PAYMENT = _MESSAGE["PaymentResponse"]
_FAILED = {"Response": {"Result": "Failure", "ErrorCondition": "Refusal"}}
_ANSWERS = tuple(
    json.dumps(one).encode()
    for one in (
        _PAYMENT,
        _FAILED,
        {"Response": {"Result": "Success"}, "ReversedAmount": 1.5},
        {"Response": {"Result": "Failure", "ErrorCondition": "InProgress"}},
        {
            "Response": {"Result": "Success"},
            "RepeatedMessageResponse": {
                "MessageHeader": {**_HEADER, "MessageType": "Response"},
                "RepeatedResponseMessageBody": {"PaymentResponse": _PAYMENT},
            },
        },
        {"Response": {"Result": "Success"}, "POIStatus": {"GlobalStatus": "OK"}},
    )
)
_WORDS = (
    b'"Success"', b'"Failure"', b"null", b"{}", b"[]", b"1e400", b"-1", b"NaN", b"true", b'"\\ud800"', b'"\\u0000"',
    b"1.005", b"9" * 400, b"[" * 1200, b'{"a":' * 600, b'"name=a&value=%e2%82"', b"%", b'"PaymentReceipt":',
)  # fmt: skip
_STATUS = zvt_apdu.decode(
    bytes.fromhex(
        "040F772700040000000020400B0004700C2239530D10060E251217000119"
        "7022F0F8EEEEEEEEEEEE477129280048692A3130303436313736332020202020203B36313138303400003CF0F1F447454E2E"
        "4E522E3A363131383034490978870470880004708A2E8BF1F74465626974204D61737465726361726400"
    )
)
_KIND = zvt_apdu.encode_field(zvt_apdu.CONTAINER, zvt_apdu.encode_tlv([(0x1F07, b"\x02")]))
_LINES = zvt_apdu.encode_tlv([(0x1F07, b"\x02"), (0x25, zvt_apdu.encode_tlv([(0x07, b"KLANT"), (0x09, b"\x81")]))])
APDUS = (
    _STATUS,
    zvt.DONE,
    zvt.MORE_TIME,
    Apdu(zvt.INTERMEDIATE, b"\x0a"),
    Apdu(zvt.COMPLETION),
    Apdu(zvt.ABORTED, b"\x6c"),
    Apdu(zvt.PRINT_LINE, b"\x40Bon 0470" + _KIND),
    Apdu(zvt.PRINT_BLOCK, zvt_apdu.encode_field(zvt_apdu.CONTAINER, _LINES)),
    Apdu(zvt.STATUS_INFORMATION, bytes(300)),
)
_FIELDS = tuple(one.data for one in APDUS if one.data)
_LAST = zvt.told(_STATUS.data)
_REFS = tuple(one.encode() for one in (zvt.terminal_ref(_LAST), zvt.mark(_LAST), "zvt:1:2:::", "zvt-last:0:::::::"))


_ALTERED = json_mended(_VECTOR["plaintext"])


def _unsealed(data: bytes) -> None:
    unseal(RESPONSE, data, _KEYS)


def _sealed(data: bytes) -> bytes:
    """The bytes as a plaintext that the terminal itself sealed: what is behind the HMAC is tried, too."""
    if chance_of(data) & 4:  # a right message, and only its header or body altered
        data = (
            b'{"SaleToPOIResponse":{"MessageHeader":'
            + json.dumps(_HEADER).encode()
            + b',"PaymentResponse":'
            + data
            + b"}}"
        )
    elif chance_of(data) & 8:
        data = _ALTERED(data)
    nonce = bytes(range(16))
    blob, mac = seal_blob(data, nonce, _KEYS)
    names = {"AdyenCryptoVersion": 1, "KeyIdentifier": "kiosk", "KeyVersion": 1}
    trailer = {**names, "Nonce": base64.b64encode(nonce).decode(), "Hmac": base64.b64encode(mac).decode()}
    envelope = {"MessageHeader": _HEADER, "NexoBlob": base64.b64encode(blob).decode(), "SecurityTrailer": trailer}
    return json.dumps({RESPONSE: envelope}).encode()


def _answer_read(data: bytes) -> None:
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        return
    if not isinstance(answer, dict):
        return
    what = chance_of(data) % 5
    if what == 0:
        result = nexo.read_payment(answer, "999", 100)
        assert result.cents == (100 if result.outcome is PayOutcome.APPROVED else 0)
    elif what == 1:
        nexo.read_reversal(answer, 150)
    elif what == 2:
        nexo.read_status(answer, _PARTIES, nexo.PAYMENT, _HEADER["ServiceID"])
    elif what == 3:
        nexo.read_diagnosis(answer)
    else:
        asked = {**_HEADER, "MessageType": "Request"}
        nexo.response(Opened(answer, {"PaymentResponse": answer}), asked)


def _receipt_read(data: bytes) -> None:
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        return
    if isinstance(answer, dict):
        lines = customer_receipt(answer)
        assert all(isinstance(line, str) and len(line) <= 500 for line in lines)
        "\n".join(lines).encode("utf-8")


class _Pieces(io.RawIOBase):
    """What a line delivers, and then nothing."""

    def __init__(self, data: bytes) -> None:
        self._rest, self._most = io.BytesIO(data), 1 + chance_of(data) % 300

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        read = self._rest.read(min(len(into), self._most))
        into[: len(read)] = read
        return len(read)


def _http_read(data: bytes) -> None:
    assert len(read_answer(_Pieces(data), "there")) <= len(data)


def _http_answer(body: bytes, *heads: bytes) -> bytes:
    length = b"Content-Length: %d" % len(body)
    return b"HTTP/1.1 200 OK\r\n" + b"\r\n".join((*(heads or (length,)), b"", b"")) + body


def _fields_read(data: bytes) -> None:
    for _, value in zvt_apdu.fields(data):
        if value.hex().isdecimal():
            zvt_apdu.number(value)


def _stream_read(data: bytes) -> None:
    whole, reader = ApduReader().feed(data), ApduReader()
    assert whole == [one for piece in in_pieces(data) for one in reader.feed(piece)]
    assert sum(len(one.encode()) for one in whole) <= len(data) + 2 * len(whole)


def _blocks_read(data: bytes) -> None:
    whole, reader = BlockReader().feed(data), BlockReader()
    assert whole == [one for piece in in_pieces(data) for one in reader.feed(piece)]
    for one in whole:
        if isinstance(one, Block):
            zvt_apdu.decode(one.content)


def _blocks_of(data: bytes) -> bytes:
    half = len(data) // 2
    return zvt_serial.encode_block(data[:half]) + b"\x06" + zvt_serial.encode_block(data[half:])


def _message_understood(data: bytes) -> None:
    zvt.step(data)
    zvt.code(data)
    if chance_of(data) & 1:
        zvt.terminal_status(data)
        return
    last = zvt.told(data)
    assert zvt.from_mark(zvt.mark(last)) == last
    outcome = judge(Known(2040, told=_LAST), last)
    assert outcome is not PayOutcome.APPROVED or last.cents == 2040


def _print_read(data: bytes) -> None:
    charset = zvt.CHARSETS[chance_of(data) % len(zvt.CHARSETS)]
    lines = (zvt.print_line if chance_of(data) & 4 else zvt.print_block)(data, charset)
    assert all(one.isprintable() for one in zvt.customers_receipt(lines))


def _refs_read(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    for read, write in ((zvt.from_terminal_ref, zvt.terminal_ref), (zvt.from_mark, zvt.mark)):
        told = read(text)
        assert told is None or read(write(told)) == told


DECODERS = (
    Decoder(
        "a sealed message (nexo_crypto.unseal)",
        (json.dumps(_VECTOR["plaintext"]).encode(), *_ANSWERS),
        _unsealed,
        (NexoEnvelopeError,),
        _sealed,
        _WORDS,
        4096,
    ),
    Decoder(
        "answers of a terminal (nexo_messages)",
        _ANSWERS,
        _answer_read,
        (nexo.NexoMessageError,),
        json_mended(*map(json.loads, _ANSWERS)),
        _WORDS,
        4096,
    ),
    Decoder("a receipt (nexo_receipt)", _ANSWERS[:1], _receipt_read, (), json_mended(_PAYMENT), _WORDS, 4096),
    Decoder(
        "an answer in HTTP (nexo_line.read_answer)",
        (
            _http_answer(b"{}"),
            _http_answer(b"2\r\n{}\r\n0\r\n\r\n", b"Transfer-Encoding: chunked"),
            _http_answer(b"{}", b"Connection: close"),
            b"HTTP/1.1 100 Continue\r\n\r\n" + _http_answer(b"{}"),
            b"HTTP/1.0 500 No\r\n\r\n",
        ),
        _http_read,
        (DeviceGone,),
        None,
        (
            b"Content-Length: -1",
            b"chunked",
            b"ffffffffffffffff\r\n",
            b"\r\n\r\n",
            b"9" * 20,
            b"HTTP/1.1 100 \r\n",
            b":" * 99,
        ),
        4096,
    ),
    Decoder("one message (zvt_apdu.decode)", tuple(one.encode() for one in APDUS), zvt_apdu.decode, (ZvtMalformed,)),
    Decoder("fields (zvt_apdu.fields)", _FIELDS, _fields_read, (ZvtMalformed,), words=(b"\x06\x82", b"\x22\xf9\xf9")),
    Decoder("data objects (zvt_apdu.tlv)", (_LINES, _KIND), lambda data: list(zvt_apdu.tlv(data)), (ZvtMalformed,)),
    Decoder("messages on TCP (ApduReader)", tuple(one.encode() for one in APDUS), _stream_read),
    Decoder(
        "blocks on a serial line (BlockReader)",
        tuple(zvt_serial.encode_block(one.encode()) for one in APDUS),
        _blocks_read,
        (ZvtMalformed,),
        _blocks_of,
        (b"\x10\x02", b"\x10\x03", b"\x10\x10", b"\x06", b"\x15"),
    ),
    Decoder("results and states (zvt_messages)", _FIELDS, _message_understood, (ZvtMalformed,)),
    Decoder("lines of print (zvt_messages)", _FIELDS, _print_read, (ZvtMalformed,), words=(b"\x1f\x07\x01\x02", _KIND)),
    Decoder("references and marks (zvt_messages)", _REFS, _refs_read, words=(b":", b"zvt", "²".encode(), b"9" * 13)),
)
