"""A long proof that passed is known by its commit; a stamp that is not whole counts as none."""

from __future__ import annotations

from pathlib import Path

from tests.long.__main__ import Proof, Stamp, Stamps, line

PROOF = Proof("tests/kiosk/test_sweep.py::test_every_screen[nl-1080]", 12)


def test_a_stamp_is_read_back_and_a_torn_one_is_none(tmp_path: Path) -> None:
    stamps = Stamps(tmp_path / "long")
    assert stamps.read(PROOF) is None
    stamps.write(PROOF, Stamp("c0ffee", 65))
    assert stamps.read(PROOF) == Stamp("c0ffee", 65)
    (written,) = (tmp_path / "long").iterdir()
    written.write_text(written.read_text()[:5])
    assert stamps.read(PROOF) is None


def test_the_list_says_time_and_state() -> None:
    assert line(PROOF, None, "c0ffee") == f"   12 min  {PROOF.name}  [not done]"
    assert line(PROOF, Stamp("c0ffee", 90), "c0ffee").endswith("[done at this commit, took 1.5 min]")
    assert "an older commit" in line(PROOF, Stamp("0123456789", 90), "c0ffee")
