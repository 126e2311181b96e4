"""The frame buffer file of a virtual screen, read as the X window dump format says."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from devices.simulators.bench.framebuffer import FrameBuffer, NoPicture, encoded, parse_header

WIDTH, HEIGHT, SPARE = 7, 5, 12


def words(**changed: int) -> bytes:
    """An XWD header as Xvfb writes it, with some words changed by name."""
    said = {
        "header_size": 160,
        "file_version": 7,
        "pixmap_format": 2,
        "pixmap_depth": 24,
        "width": WIDTH,
        "height": HEIGHT,
        "xoffset": 0,
        "byte_order": 0,
        "bitmap_unit": 32,
        "bitmap_bit_order": 0,
        "bitmap_pad": 32,
        "bits_per_pixel": 32,
        "bytes_per_line": WIDTH * 4 + SPARE,
        "visual_class": 4,
        "red_mask": 0xFF0000,
        "green_mask": 0xFF00,
        "blue_mask": 0xFF,
        "bits_per_rgb": 8,
        "colormap_entries": 256,
        "ncolors": 256,
        "window_width": WIDTH,
        "window_height": HEIGHT,
        "window_x": 0,
        "window_y": 0,
        "window_border": 0,
    }
    said.update(changed)
    return struct.pack(">25I", *said.values())


def colour(x: int, y: int) -> tuple[int, int, int]:
    """A colour of its own for every pixel."""
    return (10 * x, 20 * y, 200 - x - y)


def dump() -> bytes:
    """A whole file with a known picture, and something else in the spare bytes of each row."""
    head = words().ljust(160, b"\0") + bytes(256 * 12)
    rows = b"".join(
        b"".join(bytes((*reversed(colour(x, y)), 0)) for x in range(WIDTH)) + b"\xee" * SPARE for y in range(HEIGHT)
    )
    return head + rows


def test_every_pixel_of_a_known_picture_is_read_in_its_place_and_colour(tmp_path: Path) -> None:
    (tmp_path / "fb").write_bytes(dump())
    screen = FrameBuffer(tmp_path / "fb")
    picture = screen.picture(screen.pixels())
    assert picture.size == (WIDTH, HEIGHT)
    read = [[picture.getpixel((x, y)) for x in range(WIDTH)] for y in range(HEIGHT)]
    assert read == [[colour(x, y) for x in range(WIDTH)] for y in range(HEIGHT)]


def test_what_is_drawn_later_is_seen_by_the_next_reading_and_by_none_before(tmp_path: Path) -> None:
    path = tmp_path / "fb"
    path.write_bytes(dump())
    screen = FrameBuffer(path)
    before = screen.pixels()
    assert screen.pixels() == before
    with path.open("r+b") as file:
        file.seek(160 + 256 * 12)
        file.write(b"\x01\x02\x03")
    assert screen.picture(screen.pixels()).getpixel((0, 0)) == (3, 2, 1)
    assert screen.picture(before).getpixel((0, 0)) == colour(0, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"file_version": 6},
        {"header_size": 20},
        {"pixmap_depth": 16},
        {"pixmap_format": 1},
        {"bits_per_pixel": 24},
        {"byte_order": 1},
        {"red_mask": 0xFF, "blue_mask": 0xFF0000},
        {"width": 0},
        {"bytes_per_line": 4},
    ],
    ids=str,
)
def test_a_picture_of_another_form_is_refused_not_shown_wrongly(wrong: dict[str, int]) -> None:
    with pytest.raises(NoPicture):
        parse_header(words(**wrong))


@given(st.binary(max_size=200))
def test_no_bytes_make_the_header_reader_fail_otherwise_than_with_its_own_error(head: bytes) -> None:
    try:
        layout = parse_header(head)
    except NoPicture:
        return
    assert layout.stride >= layout.width * 4 > 0


@pytest.mark.parametrize("length", [0, 40, 99, 160, 160 + 256 * 12 + 3])
def test_a_file_that_is_not_whole_yet_is_refused(tmp_path: Path, length: int) -> None:
    (tmp_path / "fb").write_bytes(dump()[:length])
    with pytest.raises(NoPicture):
        FrameBuffer(tmp_path / "fb")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoPicture):
        FrameBuffer(tmp_path / "fb")


@pytest.mark.parametrize(("form", "seen"), [("jpeg", "JPEG"), ("png", "PNG")])
def test_a_picture_is_made_smaller_in_its_proportions_and_never_larger(form: str, seen: str) -> None:
    picture = Image.new("RGB", (100, 60), (11, 93, 87))
    half = Image.open(io.BytesIO(encoded(picture, 50, form)))
    assert (half.format, half.size) == (seen, (50, 30))
    assert Image.open(io.BytesIO(encoded(picture, 500, form))).size == (100, 60)
