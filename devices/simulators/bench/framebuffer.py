"""The picture of a virtual screen, read from outside: the file that `Xvfb -fbdir` maps (X Window Dump, XWDFile.h)."""

from __future__ import annotations

import io
import mmap
import struct
from pathlib import Path

from PIL import Image

from values import dataclass

_HEADER = struct.Struct(">25I")
_COLOUR_BYTES = 12
_VERSION, _ZPIXMAP, _LSB_FIRST = 7, 2, 0


class NoPicture(Exception):
    """The frame buffer file is missing, not written yet, or of a form that is not read here."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the pixels stand in the file: sizes in pixels, `start` and `stride` in bytes."""

    width: int
    height: int
    start: int
    stride: int


def parse_header(head: bytes) -> Layout:
    """Read an XWD header (XWDFileHeader, 25 big-endian words); raises NoPicture unless it is 32 bits BGRX."""
    if len(head) < _HEADER.size:
        raise NoPicture("the frame buffer file is shorter than its header")
    size, version, kind, depth, width, height, _, order, _, _, _, bits, stride, _, *masks = _HEADER.unpack_from(head)
    red, green, blue, _, _, colours = masks[:6]
    if version != _VERSION or size < _HEADER.size:
        raise NoPicture("the frame buffer file is no X window dump of version 7")
    if (kind, depth, bits, order) != (_ZPIXMAP, 24, 32, _LSB_FIRST) or (red, green, blue) != (0xFF0000, 0xFF00, 0xFF):
        raise NoPicture("the frame buffer is not 24 bits deep in 32-bit little-endian pixels; start Xvfb with …x24")
    if not (width and height) or stride < width * 4:
        raise NoPicture("the frame buffer's header contradicts itself")
    return Layout(width, height, size + colours * _COLOUR_BYTES, stride)


class FrameBuffer:
    """The live pixels of one screen. Reading disturbs nobody: the X server does not know of it."""

    def __init__(self, path: Path) -> None:
        """Map the file at `path`; raises NoPicture."""
        try:
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        except (OSError, ValueError) as problem:  # ValueError: mapping an empty file
            raise NoPicture("there is no frame buffer file, or it is empty; does the X server run?") from problem
        self.layout = parse_header(self._map[: _HEADER.size])
        if len(self._map) < self.layout.start + self.layout.stride * self.layout.height:
            raise NoPicture("the frame buffer file is shorter than its picture")

    def pixels(self) -> bytes:
        """Copy the picture of this moment, 4 bytes a pixel (2 ms in full HD); equal copies are equal pictures."""
        end = self.layout.start + self.layout.stride * self.layout.height
        return self._map[self.layout.start : end]

    def picture(self, pixels: bytes) -> Image.Image:
        """Make an RGB picture of a copy that `pixels` returned."""
        size = (self.layout.width, self.layout.height)
        return Image.frombuffer("RGB", size, pixels, "raw", "BGRX", self.layout.stride, 1)

    def close(self) -> None:
        """Let go of the file."""
        self._map.close()


def encoded(picture: Image.Image, width: int, form: str) -> bytes:
    """Encode `picture` at `width` pixels wide (never enlarged) as "jpeg" or "png"."""
    if width < picture.width:
        height = max(1, round(picture.height * width / picture.width))
        picture = picture.resize((width, height), Image.Resampling.BOX)
    out = io.BytesIO()
    if form == "png":
        picture.save(out, "PNG", compress_level=1)
    else:
        # 4:4:4: the screens are text on flat colour, which chroma subsampling frays.
        picture.save(out, "JPEG", quality=82, subsampling=0)
    return out.getvalue()
