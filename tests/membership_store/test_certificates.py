"""TLS of the store's own: a kiosk that is bound to a certificate needs that very one, from the connection itself."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from circulation import wire
from membership_store.sqlite_database import SqliteDatabase
from tests.membership_store.running import ROOT, Caller, Demo, command, new_kiosk, run


def signed(folder: Path, name: str, by: str | None = None) -> tuple[Path, Path, str]:
    """Certificate and key of that name as PEM files, and its fingerprint. `by`: signed by that one, else by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer = key
    if by is not None:
        loaded = serialization.load_pem_private_key((folder / f"{by}.key").read_bytes(), None)
        assert isinstance(loaded, ec.EllipticCurvePrivateKey)
        signer = loaded
    issuer = subject if by is None else x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, by)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(signer, hashes.SHA256())
    )
    cert, private = folder / f"{name}.pem", folder / f"{name}.key"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert, private, made.fingerprint(hashes.SHA256()).hex()


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """The authority of the kiosks, with two of them; the store's own certificate; and one of nobody's."""
    signed(tmp_path, "authority")
    signed(tmp_path, "localhost")
    return tmp_path


@pytest.fixture
def secured(authority: Path, database: Path) -> Iterator[str]:
    """A store that answers over TLS; its address."""
    files = ("--tls-cert", "localhost.pem", "--tls-key", "localhost.key", "--tls-client-ca", "authority.pem")
    options = [one if one.startswith("--") else str(authority / one) for one in files]
    told = command("serve", "--database", database, "--listen", "127.0.0.1:0", *options)
    with subprocess.Popen(told, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        ready = process.stdout.readline() if process.stdout else ""
        assert ready.startswith("ready https://127.0.0.1:"), ready
        yield "https://localhost:" + ready.strip().rpartition(":")[2]
        process.terminate()


def status(kiosk: Caller, demo: Demo, authority: Path, shown: tuple[Path, Path, str] | None, **headers: str) -> int:
    """What comes of asking who that is, with that certificate."""
    answer = requests.post(
        f"{kiosk.url}/v1/identify",
        data=wire.dumps({"presented": wire.encode(demo.shown("anna"))}),
        headers={"Authorization": f"Bearer {kiosk.token}", **headers},
        cert=None if shown is None else (str(shown[0]), str(shown[1])),
        verify=str(authority / "localhost.pem"),
        timeout=30,
    )
    return answer.status_code


def test_a_bound_kiosk_needs_its_certificate_and_its_token(
    secured: str, authority: Path, database: Path, demo: Demo
) -> None:
    mine, other = signed(authority, "kiosk-1", "authority"), signed(authority, "kiosk-2", "authority")
    kiosk, free = (new_kiosk(database, secured, name) for name in ("bound-1", "free-1"))
    opened = SqliteDatabase(database)
    opened.write(lambda s: s.run("UPDATE kiosk SET certificate = ? WHERE kiosk = 'bound-1'", mine[2]))
    opened.close()
    assert status(kiosk, demo, authority, mine) == 200
    assert status(kiosk, demo, authority, other) == 401
    assert status(kiosk, demo, authority, None) == 401
    assert status(kiosk, demo, authority, None, **{"X-Client-Certificate": mine[2], "Client-Cert": mine[2]}) == 401
    assert status(free, demo, authority, None) == status(free, demo, authority, other) == 200


def test_a_certificate_of_another_authority_does_not_even_connect(
    secured: str, authority: Path, database: Path, demo: Demo
) -> None:
    stranger = signed(authority, "stranger")
    kiosk = new_kiosk(database, secured, "any-1")
    with pytest.raises(requests.RequestException):
        status(kiosk, demo, authority, stranger)


def test_behind_a_proxy_the_header_that_was_named_counts_and_no_other(database: Path, demo: Demo) -> None:
    options = ("--certificate-header", "X-Client-Certificate")
    told = command("serve", "--database", database, "--listen", "127.0.0.1:0", *options)
    with subprocess.Popen(told, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        url = (process.stdout.readline() if process.stdout else "").split()[1]
        kiosk = new_kiosk(database, url, "proxied-1")
        opened = SqliteDatabase(database)
        opened.write(lambda s: s.run("UPDATE kiosk SET certificate = ? WHERE kiosk = 'proxied-1'", "ab" * 32))
        opened.close()
        body = {"presented": wire.encode(demo.shown("anna"))}
        said = [
            kiosk.post("/v1/identify", body, **headers)[0]
            for headers in ({}, {"X-Client-Certificate": ":".join(["AB"] * 32)}, {"X-Other": "ab" * 32})
        ]
        process.terminate()
    assert said == [401, 200, 401]


@pytest.mark.parametrize("lacking", ["--tls-cert", "--tls-key", "none"])
def test_what_tls_lacks_is_said_in_a_sentence(authority: Path, database: Path, lacking: str) -> None:
    files = {"--tls-cert": authority / "localhost.pem", "--tls-key": authority / "localhost.key"}
    if lacking == "none":
        files["--tls-key"] = authority / "authority.key"
    options = [part for name, file in files.items() if name != lacking for part in (name, str(file))]
    done = run("serve", "--database", database, "--listen", "127.0.0.1:0", *options)
    assert done.returncode == 2
    assert "TLS" in done.stderr
    assert os.linesep.join(done.stderr.splitlines()).count("\n") == 0
