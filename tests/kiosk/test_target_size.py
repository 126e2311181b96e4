"""How large targets are in millimetres: what docs/accessibility.md says of panels, and what --check-config warns of."""

import re
from pathlib import Path

import pytest

from kiosk.config import read_config
from kiosk.config_check import checked
from kiosk.theme import TARGET, TARGET_MM, least_diagonal, scale_of, target_mm
from tests.kiosk.test_config_of_devices import WHOLE

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "accessibility.md").read_text("utf-8")
PANELS = {
    (int(width), int(height)): (int(pixels), float(inches))
    for width, height, pixels, inches in re.findall(r"^\| (\d+) × (\d+) \| (\d+) \| ([\d.]+) \|$", PAGE, re.MULTILINE)
}


@pytest.mark.parametrize("size", PANELS)
def test_the_page_says_how_large_a_panel_must_be_for_targets_of_20_mm(size: tuple[int, int]) -> None:
    assert PANELS[size] == (round(TARGET * scale_of(*size)), least_diagonal(*size))


def test_the_usual_sizes_are_on_the_page() -> None:
    assert {(1080, 1920), (1920, 1080), (2160, 3840), (1280, 800), (800, 480)} <= {*PANELS}


@pytest.mark.parametrize(
    ("size", "inches", "millimetres"), [((1920, 1080), 15.6, 17.3), ((1280, 800), 10.1, 10.9), ((800, 480), 7, 10.1)]
)
def test_a_target_is_as_high_as_the_panel_makes_it(size: tuple[int, int], inches: float, millimetres: float) -> None:
    width, height = size
    width_mm = inches * 25.4 * width / (width**2 + height**2) ** 0.5
    assert target_mm(width, height, width_mm) == pytest.approx(millimetres, abs=0.06)
    assert (target_mm(width, height, width_mm) >= TARGET_MM) is (inches >= least_diagonal(width, height))


@pytest.mark.parametrize(("width_mm", "said"), [("", ""), ("width_mm = 200", "17.8 mm"), ("width_mm = 226", "")])
def test_a_panel_on_which_targets_are_small_is_a_warning_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], width_mm: str, said: str
) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text(
        WHOLE.removesuffix("[pad]\npasses = true\n") + f"[screen]\nwidth = 1080\nheight = 1920\n{width_mm}\n"
    )
    assert checked(read_config(file), file, ports=False) == 0
    shown = [one for one in capsys.readouterr().err.splitlines() if "[screen]" in one]
    assert len(shown) == bool(said)
    for one in shown:
        assert one.startswith(f"{file}:{file.read_text().count(chr(10))}: warning: [screen] ")
        assert said in one
        assert "18.1 inches" in one
