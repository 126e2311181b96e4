"""Every form in which an identity could stand in a file: clear, hexadecimal, base64, UTF-16, BCD, turned round."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from pathlib import Path

SHORTEST = 4  # bytes; shorter ones stand in any file by chance


def forms(text: str) -> dict[str, bytes]:
    """The byte strings by which that text would be found, by the name of each form."""
    plain = text.encode()
    found = {
        "clear": plain,
        "turned round": plain[::-1],
        "hexadecimal": plain.hex().encode(),
        "HEXADECIMAL": plain.hex().upper().encode(),
        "UTF-16 LE": text.encode("utf-16-le"),
        "UTF-16 BE": text.encode("utf-16-be"),
    }
    for offset in range(3):  # what stands before it moves the letters; those at both ends depend on neighbours
        letters = base64.b64encode(b"\0" * offset + plain)
        found[f"base64 at {offset}"] = letters[4 if offset else 0 : len(letters) // 4 * 4 - 4]
    if text.isdigit() and len(text) % 2 == 0:
        packed = bytes.fromhex(text)
        found["BCD"], found["reversed BCD"] = packed, packed[::-1]
        found["BCD, nibbles swapped"] = bytes((one >> 4) | (one & 15) << 4 for one in packed)
        found["a number"] = int(text).to_bytes(8, "big").lstrip(b"\0")
        found["a number, little"] = int(text).to_bytes(8, "little").rstrip(b"\0")
    elif len(text) % 2 == 0 and all(one in "0123456789ABCDEFabcdef" for one in text):
        found["bytes"], found["bytes, turned round"] = bytes.fromhex(text), bytes.fromhex(text)[::-1]
    return {name: value for name, value in found.items() if len(value) >= SHORTEST}


def found_in(folder: Path, planted: Iterable[str], but: Iterable[str] = ()) -> Iterator[str]:
    """Where what was planted stands, in which form; never the thing itself. `but`: names of files that may hold it."""
    wanted = {text: forms(text) for text in planted}
    spared = set(but)
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.name in spared:
            continue
        content = path.read_bytes()
        for number, (_, ways) in enumerate(wanted.items()):
            yield from (f"{path.name}: planted {number}, {name}" for name, way in ways.items() if way in content)
