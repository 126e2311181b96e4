"""What the workbench knows: the drawer, the pile, the state of every simulator and process, the printed receipts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devices.simulators.around import processes
from devices.simulators.drive import Bench, BenchError

_RECEIPT = re.compile(r"\d{1,9}")
_NEWEST_RECEIPTS = 30
_RESTLESS = frozenset({"answers", "wire_s", "commands", "connections", "asked", "seen", "speech"})


class Facts:
    """Looks at everything in a run directory anew each time; what is not there is empty, never an error."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._run = bench.run_dir

    def drawer(self) -> list[dict[str, Any]]:
        """The passes in the drawer, in its order."""
        try:
            return self._bench.drawer()
        except BenchError:
            return []

    def books(self, sought: str, limit: int) -> tuple[list[dict[str, Any]], int]:
        """The first `limit` books whose title, barcode, name or remark has every word of `sought`; and how many do."""
        words = sought.casefold().split()
        try:
            pile = self._bench.pile()
        except BenchError:
            pile = []
        found = [
            book
            for book in pile
            if all(
                word in f"{book['title']} {book['barcode']} {book['name']} {book.get('expect', '')}".casefold()
                for word in words
            )
        ]
        return found[:limit], len(found)

    def state(self) -> dict[str, Any]:
        """All that changes while one looks, see the page's API."""
        devices = {name: _calm(one) if one["running"] else None for name, one in self._bench.status().items()}
        return {
            "reader": self._with_name(devices["pass-reader"]),
            "scanner": devices["scanner"],
            "pad": self._with_titles(devices["item-pad"]),
            "printer": devices["printer"],
            "line": devices["line"],
            "terminal": _terminal(devices),
            "light": devices["light"],
            "sound": devices["sound"],
            "keypad": devices["keypad"],
            "clock": self._bench.clock() or None,
            "charged": self._bench.charged()[-8:],
            "processes": [
                {"name": entry["name"], "title": entry["title"], "running": runs(entry.get("pid"))}
                for entry in processes(self._run)
            ],
            "receipts": self.receipts(),
        }

    def receipts(self) -> list[str]:
        """The names of the newest receipts, newest first; each has a .png and a .txt."""
        names = [path.stem for path in (self._run / "receipts").glob("*.png") if _RECEIPT.fullmatch(path.stem)]
        return sorted(names, key=int, reverse=True)[:_NEWEST_RECEIPTS]

    def receipt_file(self, name: str) -> Path | None:
        """The file of a receipt, such as "0001.png"; None unless it is one and there is one."""
        stem, dot, kind = name.rpartition(".")
        path = self._run / "receipts" / name
        return path if dot and _RECEIPT.fullmatch(stem) and kind in {"png", "txt"} and path.is_file() else None

    def log(self, name: str) -> Path | None:
        """The log file of a process in processes.json; None for any other name."""
        for entry in processes(self._run):
            if entry["name"] == name and (self._run / entry["log"]).is_file():
                return self._run / str(entry["log"])
        return None

    def _with_name(self, reader: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        if reader is None or not isinstance(reader.get("pass"), Mapping):
            return reader
        lying = reader["pass"]
        uid, kind = str(lying.get("uid", "")).lower(), lying.get("kind")
        # A phone shows another UID at every reading; it is known by what it is.
        names = (
            entry["name"]
            for entry in self.drawer()
            if (entry["uid"] or "").lower() == uid or (kind == entry["kind"] == "phone")
        )
        return {**reader, "pass": {**lying, "name": next(names, None)}}

    def _with_titles(self, pad: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """The pad, with the title and the name of each book of the pile on it."""
        if pad is None or not pad.get("tags"):
            return pad
        try:
            pile = {str(book["barcode"]): book for book in self._bench.pile()}
        except BenchError:
            pile = {}
        known = [pile.get(str(tag["number"]), {}) for tag in pad["tags"]]
        named = [
            {**tag, "title": book.get("title"), "name": book.get("name")}
            for tag, book in zip(pad["tags"], known, strict=True)
        ]
        return {**pad, "tags": named}


def _calm(status: Mapping[str, Any]) -> Mapping[str, Any]:
    """A status without what changes all the time: a page is told only what somebody may want to see."""
    return {name: value for name, value in status.items() if name not in _RESTLESS}


def _terminal(devices: Mapping[str, Mapping[str, Any] | None]) -> Mapping[str, Any] | None:
    """The one that there is, with its make."""
    for make in ("nexo", "zvt"):
        found = devices[f"payment-{make}"]
        if found is not None:
            return {"make": make, **found}
    return None


def runs(pid: object) -> bool:
    """Tell whether a process of that id lives (a zombie does not)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[:1] != ["Z"]


def tail(path: Path, lines: int) -> str:
    """The last `lines` lines of a text file (of its last 256 KiB)."""
    with path.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - 262_144))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
