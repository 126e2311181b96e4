"""A store of a few rows that answers a pull as the real one does, and can be slow, cut off and forgetful at will."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from circulation import wire
from circulation.identifiers import BranchCode, InstitutionCode
from circulation.masking import ITEM, PATRON, masked
from circulation.model import Branch, Institution
from circulation.rules.facts import Here
from membership_store import snapshot_file
from offline_cache.downloads import CutShort, NotKept
from offline_cache.keys import MirrorKey
from offline_cache.snapshot_file import SCHEMA
from offline_cache.store_client import LineDown, Response

KEY = MirrorKey(bytes(range(32)))
AA = InstitutionCode("aa-en-hunze")
NOW = datetime(2026, 7, 15, 12, 0, tzinfo=UTC)


class Killed(BaseException):
    """The process ends here."""


def network(limit: int = 1000) -> dict[str, Any]:
    """The row of a network of one library."""
    here = Here(Branch(BranchCode("9401"), "Annen", AA, limit), {}, date(2026, 1, 1))
    plain = wire.encode(here)
    del plain["today"]
    plain["institutions"] = wire.encode((Institution(AA, "Aa en Hunze"),))
    return {"here": plain, "zone": "Europe/Amsterdam", "branches": {"9401": "Annen", "9402": "Gieten"}}


def patron(name: str, passes: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    """The body of a patron with passes of these numbers."""
    numbers = [{"number": masked(KEY.key, "pass", one)} for one in passes]
    return {"ref": masked(KEY.key, PATRON, name), "type": "00", **({"passes": numbers} if numbers else {}), **more}


def item(barcode: str, **more: Any) -> dict[str, Any]:
    """The body of an item."""
    return {"barcode": masked(KEY.key, ITEM, barcode), "title": "Oeroeg", "institution": AA, "branch": "9401", **more}


@dataclass
class ModelStore:
    """Rows under a counter, and what a line can do wrong. `at_call` is called before every answer."""

    key: MirrorKey = KEY
    signer: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    generation: str = "g1-s"
    head: int = 0
    pruned: int = 0
    acked: int = 0
    now: datetime = NOW
    valid: timedelta = timedelta(days=7)
    rows: dict[tuple[str, str], dict[str, Any] | None] = field(default_factory=dict)
    feed: list[tuple[int, str, str]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    limit: int = 1000
    most_bytes: int | None = None
    at_call: Callable[[str], object] = lambda _: None
    tamper: Callable[[dict[str, Any]], dict[str, Any]] = lambda answer: answer
    offered: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        self.change("network", "", network())

    def change(self, kind: str, name: str, body: dict[str, Any] | None) -> None:
        """The thing is now so, or gone."""
        key = "" if kind == "network" else masked(self.key.key, kind, name)
        self.head += 1
        self.rows[kind, key] = body
        self.feed.append((self.head, kind, key))

    def get(self, path: str, deadline_s: float = 0.0) -> Response:
        """As PullLine.get."""
        self.asked.append(path)
        self.at_call(path)
        parts = urlsplit(path)
        if parts.path == "/v1/mirror-key":
            return Response(200, wire.dumps({"key": self.key.key.hex(), "key_id": self.key.key_id}))
        if parts.path == "/v1/snapshot":
            if self.offered is None or self.offered["manifest"]["seq"] < self.pruned:
                self.offered = self._made()
            return Response(200, wire.dumps(self.tamper(self.offered)))
        return self._page(parse_qs(parts.query)["since"][0])

    def download(self, path: str, into: Path, size: int) -> None:
        """As PullLine.download; no more than `most_bytes` come at once."""
        self.asked.append(path)
        self.at_call(path)
        whole = self.files.get(path.rpartition("/")[2])
        if whole is None:
            raise NotKept
        with into.open("ab") as file:
            here = file.tell()
            file.write(whole[here : None if self.most_bytes is None else here + self.most_bytes])
            if file.tell() < size:
                raise CutShort

    def close(self) -> None:
        """As PullLine.close."""

    def forget(self) -> None:
        """The snapshots are thrown away."""
        self.files.clear()
        self.offered = None

    def restore(self) -> None:
        """A backup was put back: another generation, and the counter may be lower."""
        self.generation = f"g{int(self.generation[1:-2]) + 1}-s"
        self.offered = None

    def snapshot_lines(self) -> list[bytes]:
        """Every row that is there, as in a snapshot."""
        found = ((kind, key, body) for (kind, key), body in sorted(self.rows.items()) if body is not None)
        return [wire.dumps(self._row(kind, key, body)) + b"\n" for kind, key, body in found]

    def _row(self, kind: str, key: str, body: dict[str, Any] | None) -> dict[str, Any]:
        head = {"kind": kind, "key": key, "ver": self.head}
        if body is None:
            return {**head, "gone": True}
        return {**head, **body} if kind == "network" else {**head, kind: body}

    def _page(self, since: str) -> Response:
        generation, _, seq = since.rpartition(":")
        if generation != self.generation or not self.pruned <= int(seq) <= self.head:
            return Response(410, b"{}")
        found = [one for one in self.feed if one[0] > int(seq)][: self.limit]
        reached = found[-1][0] if found else int(seq)
        more = reached < self.head
        rows = [self._row(kind, key, self.rows[kind, key]) for kind, key in dict.fromkeys(one[1:] for one in found)]
        at = self.now.isoformat()
        page = {"rows": rows, "next": f"{self.generation}:{reached}", "more": more, "seq": self.head, "at": at}
        return Response(200, wire.dumps({**page, "acked_seq": None if more else self.acked}))

    def _made(self) -> dict[str, Any]:
        name = os.urandom(16).hex()
        file = io.BytesIO()
        written = snapshot_file.write(file, self.snapshot_lines(), self.key.key, name)
        self.files[name] = file.getvalue()
        manifest = {
            "snapshot": name,
            "cursor": f"{self.generation}:{self.head}",
            "generation": self.generation,
            "seq": self.head,
            "made_at": self.now.isoformat(),
            "not_after": (self.now + self.valid).isoformat(),
            "schema": SCHEMA,
            "rows": written.rows,
            "blocks": written.blocks,
            "bytes": written.size,
            "sha256": written.sha256,
            "key_id": self.key.key_id,
        }
        return self.signed(manifest)

    def signed(self, manifest: dict[str, Any]) -> dict[str, Any]:
        """The manifest with the store's signature."""
        return {"manifest": manifest, "signature": self.signer.sign(wire.dumps(manifest)).hex()}


def down(_: str) -> None:
    """The line is cut."""
    raise LineDown("ConnectionError", sent=False)


def killed(_: str) -> None:
    """The process is ended."""
    raise Killed
