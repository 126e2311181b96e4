"""Where the mirror's key comes from, where it is kept, and what that place is worth."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from circulation import wire
from offline_cache import key_level
from offline_cache.key_level import KeyLevel, level_of
from offline_cache.keys import KeyMissing, MirrorKey, derived, fetch_key, load_key
from offline_cache.store_client import LineDown, Response
from tests.offline_cache.model_store import KEY

MEMORY = Path("/dev/shm")


@dataclass
class Store:
    """Says one thing, or nothing."""

    body: bytes | None = field(default=wire.dumps({"key": KEY.key.hex(), "key_id": KEY.key_id}))
    status: int = 200

    def get(self, path: str, deadline_s: float) -> Response:
        """The answer to any question."""
        if self.body is None:
            raise LineDown("ConnectionError", sent=False)
        return Response(self.status, self.body)


def test_a_key_is_fetched_once_kept_for_its_owner_alone_and_read_from_then_on(tmp_path: Path) -> None:
    file = tmp_path / "run" / "mirror.key"
    assert load_key(file, Store()) == KEY
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert load_key(file) == KEY
    assert load_key(file, Store(body=None)) == KEY
    assert [one.name for one in file.parent.iterdir()] == ["mirror.key"]


def test_after_an_offline_boot_without_a_file_there_is_no_key(tmp_path: Path) -> None:
    with pytest.raises(KeyMissing):
        load_key(tmp_path / "mirror.key")
    with pytest.raises(KeyMissing):
        load_key(tmp_path / "mirror.key", Store(body=None))


@pytest.mark.parametrize(
    "store",
    [
        Store(status=401),
        Store(body=b"{}"),
        Store(body=b"[]"),
        Store(body=b"x"),
        Store(body=wire.dumps({"key": "00", "key_id": "00"})),
        Store(body=wire.dumps({"key": KEY.key.hex(), "key_id": "00000000"})),
    ],
)
def test_what_is_no_key_is_not_kept(tmp_path: Path, store: Store) -> None:
    with pytest.raises(KeyMissing) as told:
        fetch_key(tmp_path / "mirror.key", store)
    assert str(told.value) == ""
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_asked_for_anew(tmp_path: Path) -> None:
    file = tmp_path / "mirror.key"
    file.write_bytes(b"half a k")
    with pytest.raises(KeyMissing):
        load_key(file)
    assert load_key(file, Store()) == KEY == load_key(file)


def test_the_key_of_another_purpose_is_another_key() -> None:
    assert len({derived(KEY.key, b"mirror-rows"), derived(KEY.key, b"snapshot/1"), KEY.key}) == 3
    assert "0102" not in repr(KEY)
    with pytest.raises(ValueError, match="32 bytes"):
        MirrorKey(b"short")


def test_c_is_a_key_on_a_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(_mounted("/", "ext4") + _mounted("/run", "tmpfs") + _mounted("/run/credentials/a", "ramfs"))
    monkeypatch.setattr(key_level, "_MOUNTS", mounts)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert level_of(Path("/var/lib/kiosk/mirror.key")) is KeyLevel.ON_DISK
    assert level_of(Path("/run/kiosk/mirror.key")) is KeyLevel.FETCHED
    assert level_of(Path("/run/credentials/a/mirror.key")) is KeyLevel.SEALED


def test_a_credential_folder_on_a_disk_is_no_better_than_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(_mounted("/", "ext4"))
    monkeypatch.setattr(key_level, "_MOUNTS", mounts)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/etc/kiosk/secrets")
    assert level_of(Path("/etc/kiosk/secrets/mirror.key")) is KeyLevel.ON_DISK


@pytest.mark.skipif(not MEMORY.is_dir(), reason="no memory file system here")
def test_b_is_a_key_in_memory() -> None:
    assert level_of(MEMORY / "mirror.key") is KeyLevel.FETCHED


def _mounted(where: str, kind: str) -> str:
    return f"1 2 0:1 / {where} rw,nosuid shared:1 - {kind} none rw\n"
