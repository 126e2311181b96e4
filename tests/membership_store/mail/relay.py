"""A mail relay as a process of its own (RFC 5321), which keeps what it takes and fails in any phase that it is told.

`how` in its folder: nothing, or a phase and what happens there, such as "rcpt 550" or "data drop".
"""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
import threading
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LIMIT_S = 30.0
PHASES = ("connect", "ehlo", "starttls", "mail", "rcpt", "data", "end", "taken")


class Dropped(Exception):
    """The line is cut."""


class Session:
    """One line. Before "end" nothing is kept; with "taken drop" it is kept and the answer is lost."""

    def __init__(self, folder: Path, tls: ssl.SSLContext | None) -> None:
        self._folder, self._tls = folder, tls
        self._secret = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        try:
            await self._say("connect", "220 relay")
            while line := (await reader.readline()).decode().strip():
                if not await self._answer(line):
                    break
        except (Dropped, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def _answer(self, line: str) -> bool:
        word = line.split(maxsplit=1)[0].upper()
        if word == "EHLO":
            offers = ["relay", *(["STARTTLS"] if self._tls and not self._secret else []), "8BITMIME"]
            await self._say("ehlo", "\r\n".join(f"250{'-' if one != offers[-1] else ' '}{one}" for one in offers))
        elif word == "STARTTLS" and self._tls is not None:
            await self._say("starttls", "220 go")
            await self._writer.start_tls(self._tls)
            self._secret = True
        elif word == "MAIL" and self._tls and not self._secret:
            await self._write("530 STARTTLS first")
        elif word in ("MAIL", "RCPT"):
            await self._say(word.lower(), "250 ok")
        elif word == "DATA":
            if await self._say("data", "354 go"):
                await self._take()
        else:
            await self._write("221 bye" if word == "QUIT" else "250 ok")
        return word != "QUIT"

    async def _take(self) -> None:
        body = b""
        while (line := await self._reader.readline()) != b".\r\n":
            if not line:
                raise Dropped
            body += line[1:] if line.startswith(b"..") else line
        if not await self._say("end", ""):
            return
        count = len(list(self._folder.glob("*.eml")))
        (self._folder / f"{count:04d}.eml").write_bytes(body)
        await self._say("taken", "250 taken")

    async def _say(self, phase: str, well: str) -> bool:
        """What is answered there; False where it was a no."""
        at, _, what = (self._folder / "how").read_text("ascii").partition(" ")
        if at != phase:
            await self._write(well)
            return True
        if what == "drop":
            raise Dropped
        await self._write(f"{what} told to")
        return False

    async def _write(self, text: str) -> None:
        if text:
            self._writer.write(text.encode() + b"\r\n")
            await self._writer.drain()


async def serve(folder: Path, certificate: str, key: str) -> None:
    """Until it is killed; its port stands on the first line of its output."""
    tls = None
    if certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, key)
    server = await asyncio.start_server(lambda *both: Session(folder, tls).serve(*both), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


class RelayProcess:
    """The relay as a test sees it."""

    def __init__(self, folder: Path, certificate: Path | None = None, key: Path | None = None) -> None:
        folder.mkdir()
        self._folder = folder
        self.fails("")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.membership_store.mail.relay", folder, str(certificate or ""), str(key or "")],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        watchdog = threading.Timer(LIMIT_S, self._process.kill)
        watchdog.start()
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        watchdog.cancel()

    def fails(self, how: str) -> None:
        """From now on: a phase and a code, or "drop"; nothing where all goes well."""
        (self._folder / "how").write_text(how, "ascii")

    def letters(self) -> list[EmailMessage]:
        """What it took, in order."""
        found = [message_from_bytes(one.read_bytes(), policy=SMTP) for one in sorted(self._folder.glob("*.eml"))]
        return [one for one in found if isinstance(one, EmailMessage)]

    def stop(self) -> None:
        """It is gone."""
        self._process.kill()
        self._process.wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), *sys.argv[2:]))
