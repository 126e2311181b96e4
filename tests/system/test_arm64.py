"""Every locked library can be had for the kiosk's 64-bit ARM, proved by downloading it for each Python."""

from __future__ import annotations

import pytest

from provisioning import check_arm64


@pytest.mark.timeout(1200)
def test_every_locked_wheel_can_be_downloaded_for_arm64(capsys: pytest.CaptureFixture[str]) -> None:
    code = check_arm64.main()
    said = capsys.readouterr().out
    assert code == 0, said
    for python in check_arm64.PYTHONS:
        assert f"Python {python}: " in said
