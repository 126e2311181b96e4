"""On a bare Debian, the two commands of the README are enough: `make demo` runs and ends, `make test` passes."""

from __future__ import annotations

import pytest

from tests.system.machines import LIMIT_S, machine


@pytest.mark.timeout(LIMIT_S + 60)
@pytest.mark.parametrize(
    ("suite", "person", "commands"),
    [
        ("bookworm", "root", ["demo", "test"]),
        ("trixie", "user", ["demo"]),
    ],
    ids=["Debian 12 as root", "Debian 13 as a user with sudo"],
)
def test_a_newcomer_gets_the_demo_and_the_tests_by_one_command_each(
    suite: str, person: str, commands: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    said = machine(suite, person, commands, capsys)
    assert "watch: two starts, two ends, nothing left behind\n" in said
