"""A home and the library where its patrons are guests, for one file of tests."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.membership_store.guests.homes import HOME_ISIL, Library, talking_home
from tests.membership_store.running import Demo


@pytest.fixture(scope="module")
def home(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The library in Annen, whose patrons are guests elsewhere."""
    one = Library(demo, tmp_path_factory.mktemp("home") / "store")
    yield one
    one.store.stop()


@pytest.fixture(scope="module")
def here(demo: Demo, home: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The library in Zottegem, which lists Annen as a home."""
    one = Library(demo, tmp_path_factory.mktemp("here") / "store")
    one.lists(HOME_ISIL, home.store.url, home.peer)
    yield one
    one.store.stop()


@pytest.fixture
def tls_home(tmp_path: Path) -> Iterator[str]:
    """A server with a certificate that it made itself, which would answer that all is well."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
         "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
        capture_output=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip("openssl is not installed")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with talking_home(200, b'{"outcome":"valid","until":null}', context=context) as address:
        yield address.replace("http://127.0.0.1", "https://localhost")
