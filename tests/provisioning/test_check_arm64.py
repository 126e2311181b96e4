"""What is asked of the package index for 64-bit ARM is exactly what the locks pin."""

from __future__ import annotations

from pathlib import Path

from provisioning.check_arm64 import EXCEPTIONS, LOCKS, exceptions, pins

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements"
LOCK = """\
# a comment
alpha==1.2 ; sys_platform == 'linux' \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via beta
beta-two==3.0 \\
    --hash=sha256:cc
gamma==1 ; python_full_version < '3.12' and sys_platform == 'linux' \\
    --hash=sha256:dd
delta==1 ; platform_machine == 'x86_64' \\
    --hash=sha256:ee
"""


def test_pins_are_those_that_hold_on_that_python_and_machine() -> None:
    assert set(pins(LOCK, "3.11")) == {"alpha", "beta-two", "gamma"}
    assert set(pins(LOCK, "3.12")) == {"alpha", "beta-two"}
    assert pins(LOCK, "3.13")["alpha"] == "alpha==1.2 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"


def test_no_pin_of_the_real_locks_is_overlooked() -> None:
    for name in LOCKS:
        text = (REQUIREMENTS / f"{name}.txt").read_text("utf-8")
        assert len(pins(text, "3.13")) == sum("==" in line for line in text.splitlines() if not line.startswith(" "))


def test_every_exception_has_a_reason() -> None:
    listed = exceptions(EXCEPTIONS.read_text("utf-8"))
    assert exceptions("# why\n\nx-y: because\n") == {"x-y": "because"}
    assert all(len(reason) > 20 for reason in listed.values())
