"""Rows to ESC/POS bytes through python-escpos, whose code pages and commands are those of the printer's profile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from devices.ports import Receipt
from devices.receipt_printer.layout import is_written, rows
from devices.receipt_printer.status import CONFIRM

# Profiles of python-escpos with a cutter, at least 32 columns and a code page that holds the euro sign.
PROFILES = frozenset({
    *("CT-S651", "KR-306", "P822D", "RP-F10-58mm", "RP-F10-80mm", "RP326", "SP2000", "T-1", "TEP-200M"),
    *("TH230", "TH230Plus", "TM-L90", "TM-P80", "TM-P80-42col", "TM-T20II", "TM-T20II-42col"),
    *("TM-T88II", "TM-T88III", "TM-T88IV", "TM-T88V", "TSP600", "TUP500", "default"),
})  # fmt: skip


# The code pages to use, best first; others in a profile are for scripts that no receipt here needs, and some of
# them hold a euro sign only in later editions than the printer's.
PAGES = (
    "CP1252",
    "CP858",
    "CP437",
    "CP850",
    "CP852",
    "CP857",
    "CP866",
    "CP1250",
    "CP1251",
    "CP1253",
    "CP1254",
    "CP1257",
)


class Encoder:
    """Receipts as the bytes that one profile prints, ending in a cut and a question for confirmation."""

    def __init__(self, profile: str) -> None:
        """`profile` is one of PROFILES; python-escpos itself is loaded by `prepare` or the first receipt."""
        self._profile = profile
        self._paper: Any = None
        self._preparing = threading.Lock()

    def prepare(self) -> None:
        """Load python-escpos; takes a tenth of a second the first time."""
        with self._preparing:
            if self._paper is None:
                self._paper = _paper_class()

    def encode(self, receipt: Receipt) -> bytes:
        """All bytes of `receipt`."""
        paper = self._new_paper()
        paper.hw("INIT")
        for row in rows(receipt, paper.profile.get_columns("a"), paper.has):
            paper.set(
                align="center" if row.centred else "left",
                bold=row.bold,
                normal_textsize=not row.large,
                double_width=row.large,
                double_height=row.large,
            )
            paper.textln(row.text)
        paper.cut()
        return bytes(paper.output) + CONFIRM

    def can_write(self, receipt: Receipt) -> bool:
        """Whether no letter of `receipt` becomes a question mark."""
        paper = self._new_paper()
        return all(is_written(line.text, paper.has) for line in receipt.lines)

    def _new_paper(self) -> Any:
        self.prepare()
        return self._paper(self._profile)


def _paper_class() -> Any:
    with _ready_capabilities():
        from escpos.escpos import Escpos

    class Paper(Escpos):  # type: ignore[misc]
        """A printer to python-escpos that only collects: our own link does the sending."""

        def __init__(self, profile: str) -> None:
            self.output = bytearray()
            super().__init__(profile=profile)
            slots = self.profile.get_code_pages()
            self.magic.encoder.codepages = {page: slots[page] for page in PAGES if page in slots}
            self.magic.encoder.used_encodings = {next(iter(self.magic.encoder.codepages))}  # tried first

        def has(self, char: str) -> bool:
            """Whether one of the printer's code pages holds it."""
            encoder = self.magic.encoder
            return char.isascii() or any(encoder.can_encode(page, char) for page in encoder.codepages)

        def open(self) -> None:
            """Nothing to open."""

        def close(self) -> None:
            """Nothing to close."""

        def _raw(self, msg: bytes) -> None:
            self.output += msg

    return Paper


@contextmanager
def _ready_capabilities() -> Iterator[None]:
    """Spare python-escpos 3.1 half a second of YAML at import, and /tmp the directory that it leaves there.

    It asks `mkdtemp` for a place for its pickled capabilities: for this thread, here, that place is ours,
    holds them already, and is removed afterwards.
    """
    import tempfile  # late, like python-escpos: at the kiosk's start every import counts

    thread, mkdtemp = threading.get_ident(), tempfile.mkdtemp
    with tempfile.TemporaryDirectory(prefix="receipt-printer-") as place:

        def ours(*args: Any, **kwargs: Any) -> str:
            return place if threading.get_ident() == thread else mkdtemp(*args, **kwargs)

        _pickle_capabilities(Path(place))
        tempfile.mkdtemp = ours  # type: ignore[assignment]
        try:
            yield
        finally:
            tempfile.mkdtemp = mkdtemp


def _pickle_capabilities(place: Path) -> None:
    import json
    import pickle
    import platform

    spec = find_spec("escpos")
    for home in (spec.submodule_search_locations or ()) if spec else ():
        source = Path(home) / "capabilities.json"
        if source.exists():
            capabilities = json.loads(source.read_text(encoding="utf-8"))
            (place / f"{platform.python_version()}.capabilities.pickle").write_bytes(pickle.dumps(capabilities))
