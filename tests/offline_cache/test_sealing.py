"""What is sealed opens with its key, at its place and unchanged, or not at all."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offline_cache.sealing import KEY_BYTES, Seal, SealBroken, read_key

KEY = bytes(range(32))
PLACE = "journal/annen-1/1/body"


@given(plain=st.binary(max_size=200), key=st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES), place=st.text(max_size=20))
def test_what_was_sealed_opens_at_its_place(plain: bytes, key: bytes, place: str) -> None:
    assert Seal(key).open(Seal(key).close_up(plain, place), place) == plain


@given(data=st.data())
def test_a_changed_byte_a_cut_or_another_place_does_not_open(data: st.DataObject) -> None:
    sealed = bytearray(Seal(KEY).close_up(b"2000", PLACE))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealBroken):
        Seal(KEY).open(bytes(sealed), PLACE)
    whole = Seal(KEY).close_up(b"2000", PLACE)
    with pytest.raises(SealBroken):
        Seal(KEY).open(whole[: data.draw(st.integers(0, len(whole) - 1))], PLACE)
    with pytest.raises(SealBroken):
        Seal(KEY).open(whole, "journal/annen-1/2/body")


def test_another_key_does_not_open() -> None:
    with pytest.raises(SealBroken):
        Seal(bytes(32)).open(Seal(KEY).close_up(b"2000", PLACE), PLACE)


def test_the_same_value_never_looks_the_same_twice() -> None:
    assert len({Seal(KEY).close_up(b"2000", PLACE) for _ in range(100)}) == 100


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_key_of_another_length_is_no_key(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Seal(bytes(size))


@pytest.mark.parametrize("content", [KEY, KEY.hex().encode(), KEY.hex().encode() + b"\n"])
def test_a_key_is_read_as_bytes_or_as_hexadecimal_digits(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    assert read_key(tmp_path / "key") == KEY


@pytest.mark.parametrize("content", [b"", b"abcd", b"no key at all", bytes(31), b"\xff" * 64])
def test_a_file_with_something_else_is_no_key(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(ValueError, match=r"."):
        read_key(tmp_path / "key")
