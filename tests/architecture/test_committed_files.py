"""What is committed holds on every machine: no registry's host, no path of one machine, no secret, no compiled text."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Put together here, so that this file does not name them either.
REGISTRY_HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("deb", "debian", "org"),
        ("security", "debian", "org"),
        ("ftp", "debian", "org"),
        ("snapshot", "debian", "org"),
        ("archive", "raspberrypi", "com"),
        ("registry", "npmjs", "org"),
        ("crates", "io"),
        ("proxy", "golang", "org"),
    )
]
A_HOST = re.compile("|".join(re.escape(host) for host in REGISTRY_HOSTS), re.IGNORECASE)
A_PATH_OF_ONE_MACHINE = re.compile(r"(?<![\w./$}>-])/(?:home|Users|root|work)/[\w.][\w./-]*")
A_PRIVATE_KEY = re.compile("-----BEGIN [A-Z ]*PRIVATE" + " KEY-----")
BINARY = {".png", ".ttf", ".otf", ".ico", ".jpg", ".woff2", ".gz"}


def committed() -> list[Path]:
    """Return the files that git tracks, and those about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


@pytest.mark.parametrize(
    "what",
    [A_HOST, A_PATH_OF_ONE_MACHINE, A_PRIVATE_KEY],
    ids=["a registry's host", "a path of one machine", "a key"],
)
def test_no_committed_file_names(what: re.Pattern[str]) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {match[0]}"
        for path in committed()
        if path.suffix not in BINARY
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if (match := what.search(line))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("what", "text"),
    [
        (A_HOST, "--index-url https://" + REGISTRY_HOSTS[0] + "/simple"),
        (A_HOST, "http://" + REGISTRY_HOSTS[2] + "/debian"),
        (A_PATH_OF_ONE_MACHINE, "cache = /ho" + "me/jan/.cache"),
        (A_PATH_OF_ONE_MACHINE, '"/wo' + 'rk/main/kiosk"'),
        (A_PRIVATE_KEY, "-----BEGIN EC PRIVATE" + " KEY-----"),
    ],
)
def test_what_must_not_be_named_is_recognised(what: re.Pattern[str], text: str) -> None:
    assert what.search(text)


def test_compiled_catalogues_and_locks_are_where_they_belong() -> None:
    names = {str(path.relative_to(ROOT)) for path in committed()}
    assert not [name for name in names if name.endswith((".mo", ".pyc"))]
    roles = ("build", "dev", "kiosk", "provisioning", "store")
    assert {f"requirements/{role}.txt" for role in roles} <= names


@pytest.mark.parametrize("role", ["build", "dev", "kiosk", "provisioning", "store"])
def test_every_line_of_a_lock_is_pinned_and_hashed(role: str) -> None:
    text = (ROOT / "requirements" / f"{role}.txt").read_text("utf-8")
    requirements = re.sub(r"(?m)^\s*#.*\n", "", text).replace("\\\n", " ").strip().splitlines()
    assert requirements
    for requirement in requirements:
        assert re.match(r"[\w.-]+==[\w.]+ .*--hash=sha256:[0-9a-f]{64}", requirement), requirement


def test_the_roles_agree_on_every_version() -> None:
    def versions(role: str) -> dict[str, str]:
        text = (ROOT / "requirements" / f"{role}.txt").read_text("utf-8")
        return dict(re.findall(r"(?m)^([\w.-]+)==(\S+)", text))

    everything = versions("dev")
    for role in ("kiosk", "provisioning", "store"):
        assert versions(role).items() <= everything.items()
    assert "kivy" in versions("kiosk")
    assert "starlette" not in versions("kiosk"), "a kiosk's release leaves the store out"
