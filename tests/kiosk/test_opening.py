"""What a kiosk cannot begin without: credential, key, journal. A fault names the file and nothing that is in it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.opening import CannotStart, opened, why_closed
from offline_cache.key_level import KeyLevel, level_of
from tests.kiosk.test_config import GOOD, read
from tests.offline_cache.journals import KEY

MEMORY = Path("/dev/shm")
SETTINGS = GOOD.replace(":8702", ":9")  # where nobody answers


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "kiosk.token").write_text("token\n")
    (tmp_path / "secrets" / "journal.key").write_text(KEY.hex())
    read(tmp_path, SETTINGS)
    return tmp_path


@pytest.fixture
def memory() -> Iterator[Path]:
    if not MEMORY.is_dir() or level_of(MEMORY / "key") is not KeyLevel.FETCHED:
        pytest.skip("there is no memory file system")
    folder = Path(tempfile.mkdtemp(dir=MEMORY))
    yield folder
    shutil.rmtree(folder)


def test_a_kiosk_that_can_begin_is_not_kept_from_it_by_having_been_looked_at(folder: Path) -> None:
    assert [why_closed(folder / "kiosk.toml") for _ in range(2)] == ["", ""]
    token, journal = opened(read(folder, SETTINGS))
    journal.close()
    assert token == "token"


@pytest.mark.parametrize("held", ["", "\n", "secret\nsecret", "sécret", "sec\x07ret"])
def test_a_credential_that_is_not_one_line_of_text_is_none_and_is_not_said(folder: Path, held: str) -> None:
    (folder / "secrets" / "kiosk.token").write_text(held)
    assert why_closed(folder / "kiosk.toml") == "secrets"
    with pytest.raises(CannotStart, match=r"^secrets/kiosk\.token cannot be used: [A-Za-z]+$"):
        opened(read(folder, SETTINGS))
    assert not (folder / "var").exists()


def test_without_a_line_no_journal_is_begun_under_a_key_that_would_be_in_memory_alone(
    folder: Path, memory: Path
) -> None:
    key = f'key_file = "{memory / "mirror.key"}"\nstore_key_file = "store.pub"\n'
    mirror = f'[mirror]\npath = "mirror"\n{key}'
    text = SETTINGS.replace("secrets/journal.key", str(memory / "journal.key")) + mirror
    with pytest.raises(CannotStart, match="the store gives none to begin a journal with"):
        opened(read(folder, text))
    assert why_closed(folder / "kiosk.toml") == "secrets"
    assert (list(memory.iterdir()), (folder / "var").exists()) == ([], False)
