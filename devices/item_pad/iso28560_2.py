"""ISO 28560-2: data elements in any order, each with a precursor, a length and a compaction (ISO/IEC 15962).

As far as public: the number, set information and type of usage are read; all else is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator

from devices.item_pad.tag_data import TagDamaged, TagData, TagError, TagUnfinished, number_in, parts_in

DSFID = 0x06  # libraries' data format, no directory
_NUMBER, _SET, _USAGE = 1, 4, 5  # relative object identifiers
_BEYOND = 15  # the identifier goes on in the byte that follows
_APPLICATION, _INTEGER, _NUMERIC, _FIVE_BIT, _SIX_BIT, _SEVEN_BIT, _OCTETS, _UTF8 = range(8)
_LONGEST_INTEGER = 8
_LONGEST_ELEMENT = 127  # longer ones have a length of two bytes, which no library's tag has room for


class Iso28560Part2Model:
    """Reads tags whose data format says so; there is no checksum."""

    name = "iso28560-2"
    checked = False

    def read(self, memory: bytes, dsfid: int, *, whole: bool) -> TagData:
        """See `devices.item_pad.tag_models.TagModel.read`."""
        if dsfid != DSFID:
            raise TagError("the data format is another")
        return decode(memory, whole=whole)


def decode(memory: bytes, *, whole: bool = True) -> TagData:
    """What a tag's memory says, from its first block on; the errors are those of `DanishModel`."""
    if not memory or memory[0] & 0x0F != _NUMBER:
        raise TagError("the number does not come first")
    found: dict[int, tuple[int, bytes]] = {}
    for identifier, compaction, content in _elements(memory, whole=whole):
        if identifier in found:
            raise TagDamaged("a data element comes twice")
        found[identifier] = compaction, content
    part, parts = _parts(found.get(_SET))
    return TagData(_number(*found[_NUMBER]), part, parts, _usage(found.get(_USAGE)))


def _number(compaction: int, content: bytes) -> str:
    try:
        return number_in(_text(compaction, content).encode("ascii"))
    except (TagError, UnicodeEncodeError) as error:
        raise TagDamaged("a number that is none") from error


def _elements(memory: bytes, *, whole: bool) -> Iterator[tuple[int, int, bytes]]:
    """(relative object identifier, compaction, content) of each data element, up to the terminator."""
    at = 0
    while at < len(memory) and memory[at]:
        precursor = memory[at]
        identifier, at = precursor & 0x0F, at + 1
        head = memory[at : at + (identifier == _BEYOND) + (precursor >> 7) + 1]
        if len(head) < (identifier == _BEYOND) + (precursor >> 7) + 1:
            raise TagUnfinished("a data element breaks off")
        if identifier == _BEYOND:
            identifier += head[0]
        elif identifier == 0:
            raise TagDamaged("a data element without an identifier")
        padding, length = head[-2] if precursor >> 7 else 0, head[-1]
        at += len(head)
        if length > _LONGEST_ELEMENT:
            raise TagDamaged("a data element is longer than a tag")
        if at + length > len(memory):
            raise TagUnfinished("a data element breaks off")
        yield identifier, precursor >> 4 & 7, memory[at : at + length]
        at += length + padding
    if at >= len(memory) and not whole:
        raise TagUnfinished("more data elements may follow")


def _text(compaction: int, content: bytes) -> str:
    if compaction == _INTEGER:
        return str(int.from_bytes(content, "big")) if 1 <= len(content) <= _LONGEST_INTEGER else ""
    if compaction == _NUMERIC:
        return _digits(content)
    if compaction == _FIVE_BIT:
        return "".join(chr(0x40 + value) for value in _split(content, 5)).rstrip("@")
    if compaction == _SIX_BIT:
        return "".join(chr(value if value & 0x20 else 0x40 + value) for value in _split(content, 6)).rstrip(" ")
    if compaction == _SEVEN_BIT:
        return "".join(map(chr, _split(content, 7))).rstrip("\x7f")
    if compaction == _OCTETS:
        return content.decode("latin-1")
    if compaction == _UTF8:
        return content.decode("utf-8", "replace")
    raise TagDamaged("a number in a compaction of its own")


def _digits(content: bytes) -> str:
    digits = content.hex().removesuffix("f")
    if not all("0" <= one <= "9" for one in digits):
        raise TagDamaged("digits that are none")
    return digits


def _split(content: bytes, width: int) -> list[int]:
    bits, count = int.from_bytes(content, "big"), len(content) * 8 // width
    spare = len(content) * 8 - count * width
    return [bits >> spare + width * place & (1 << width) - 1 for place in reversed(range(count))]


def _parts(element: tuple[int, bytes] | None) -> tuple[int, int]:
    """Two, four or six digits: half of them the number of parts, the other half which one this is."""
    if element is None or element[0] == _APPLICATION:
        return 1, 1
    digits = _text(*element)
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 6:
        raise TagDamaged("set information that makes no sense")
    digits = digits.zfill(len(digits) + len(digits) % 2)
    half = len(digits) // 2
    return parts_in(int(digits[:half]), int(digits[half:]))


def _usage(element: tuple[int, bytes] | None) -> int | None:
    """The class is in the upper half of one byte, its subdivision in the lower."""
    return element[1][0] >> 4 if element is not None and len(element[1]) == 1 else None


def encode(data: TagData, block_size: int = 4) -> bytes:
    """Number, set information and type of usage, closed and filled up to whole blocks; raises TagError."""
    number_in(data.number.encode("utf-8"))
    if not 1 <= data.part <= data.parts or data.parts > 999 or not 0 <= (data.usage or 0) <= 15:
        raise TagError("the parts or the type of usage are beyond this model")
    written = _element(_NUMBER, *_compacted(data.number))
    if data.parts > 1:
        width = len(str(data.parts))
        written += _element(_SET, *_compacted(f"{data.parts:0{width}d}{data.part:0{width}d}"))
    if data.usage is not None:
        written += _element(_USAGE, _APPLICATION, bytes([data.usage << 4]))
    return written + bytes(block_size - len(written) % block_size)


def _element(identifier: int, compaction: int, content: bytes) -> bytes:
    return bytes([compaction << 4 | identifier, len(content)]) + content


def _compacted(text: str) -> tuple[int, bytes]:
    """The first compaction, in the standard's order, that has all of the characters."""
    if text.isdigit() and text[0] != "0" and 2 <= len(text) <= 19:
        return _INTEGER, int(text).to_bytes((int(text).bit_length() + 7) // 8, "big")
    if text.isdigit():
        return _NUMERIC, bytes.fromhex(text + "f" * (len(text) % 2))
    if all(0x41 <= ord(one) <= 0x5F for one in text):
        return _FIVE_BIT, _joined([ord(one) & 0x1F for one in text], 5, "0")
    if all(0x20 <= ord(one) <= 0x5F for one in text):
        return _SIX_BIT, _joined([ord(one) & 0x3F for one in text], 6, "100000")
    return _SEVEN_BIT, _joined([ord(one) for one in text], 7, "1")


def _joined(values: list[int], width: int, filling: str) -> bytes:
    bits = "".join(f"{value:0{width}b}" for value in values)
    missing = -len(bits) % 8
    bits += (filling * 8)[:missing]
    return int(bits, 2).to_bytes(len(bits) // 8, "big")
