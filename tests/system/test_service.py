"""kiosk.service under a real systemd: ready, locked in, let in by pcscd, back after kill -9 and its watchdog."""

from __future__ import annotations

import pytest

from tests.system.machines import LIMIT_S, machine


@pytest.mark.timeout(LIMIT_S + 60)
def test_the_service_gets_ready_is_locked_in_and_always_comes_back(capsys: pytest.CaptureFixture[str]) -> None:
    assert "prove: all of it held\n" in machine("trixie", "root", ["appliance"], capsys)
