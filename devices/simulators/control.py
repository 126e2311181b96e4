"""The control socket of a simulator: one JSON object a line, `{"do": …}` answered by `{"ok": …}`."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from devices.simulators.loop import Loop
from devices.simulators.plugs import MODELS
from devices.simulators.transcript import Transcript

_LONGEST_LINE = 65536
_ANSWER_S = 10.0
_MOST = 1e6


class ControlError(Exception):
    """A command that cannot be carried out; its text is a sentence for whoever gave it."""


class Arguments:
    """The arguments of one command, asked for by name and type."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = dict(given)

    def text(self, name: str, default: str | None = None) -> str:
        """A string."""
        value = self._given.pop(name, None)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            raise ControlError(f"{name} must be a text")
        return value

    def texts(self, name: str) -> list[str]:
        """One or more strings."""
        value = self._given.pop(name, None)
        if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
            raise ControlError(f"{name} must be a list of texts")
        return value

    def optional_text(self, name: str) -> str | None:
        """A string, or None when it is missing or null."""
        return self.text(name) if self._given.get(name) is not None else self._given.pop(name, None)

    def count(self, name: str, default: int | None = None) -> int | None:
        """A whole number from 0; null and missing mean `default`."""
        value = self._given.pop(name, None)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise ControlError(f"{name} must be a whole number")
        return value

    def seconds(self, name: str, default: float | None = None) -> float:
        """A number of seconds from 0 to an hour; null and missing mean `default`, where there is one."""
        value = self._given.pop(name, None)
        if value is None and default is not None:
            return default
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 3600:
            raise ControlError(f"{name} must be a number of seconds")
        return float(value)

    def number(self, name: str) -> float:
        """Any number of a reasonable size."""
        value = self._given.pop(name, None)
        if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) <= _MOST:
            raise ControlError(f"{name} must be a number")
        return float(value)

    def model(self, what: str) -> str:
        """The only argument: one of the MODELS of a device."""
        name = self.text("model")
        self.done()
        if name not in MODELS[what]:
            raise ControlError(f"a {what} is one of {', '.join(MODELS[what])}")
        return name

    def done(self) -> None:
        """Refuse what nobody asked for; to be called when all else has been taken, before anything is done."""
        if self._given:
            raise ControlError(f"unknown argument {', '.join(sorted(self._given))}")


Command = Callable[[Arguments], Mapping[str, Any] | None]


def plain(act: Callable[[], None]) -> Command:
    """A command without arguments."""

    def command(arguments: Arguments) -> None:
        arguments.done()
        act()

    return command


def telling(status: Callable[[], Mapping[str, Any]]) -> Command:
    """A command without arguments that answers with facts."""

    def command(arguments: Arguments) -> Mapping[str, Any]:
        arguments.done()
        return status()

    return command


def _transcript(transcript: Transcript) -> Mapping[str, Command]:
    """What every simulator can do with what goes over its line."""

    def record() -> None:
        if transcript.refused:
            raise ControlError(transcript.refused)
        transcript.record()

    return {
        "record": plain(record),
        "stop-recording": plain(transcript.stop),
        "transcript": telling(lambda: {"text": transcript.text(), "recording": transcript.recording}),
    }


class ControlServer:
    """Answers commands on a unix socket from within a simulator's loop."""

    def __init__(self, loop: Loop, path: Path, commands: Mapping[str, Command]) -> None:
        self._loop = loop
        self._commands = {**commands, **_transcript(loop.transcript)}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.setblocking(False)
        with _address(path) as address:
            self._listener.bind(address)
        self._listener.listen(16)
        loop.watch(self._listener, self._accept)
        loop.at_end(lambda: path.unlink(missing_ok=True))

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        client.settimeout(_ANSWER_S)
        received = bytearray()
        self._loop.watch(client, lambda: self._read(client, received))

    def _read(self, client: socket.socket, received: bytearray) -> None:
        try:
            data = client.recv(4096)
            received += data
            while (end := received.find(b"\n")) >= 0:
                line = bytes(received[:end])
                del received[: end + 1]
                client.sendall(json.dumps(self._answer(line), ensure_ascii=False).encode() + b"\n")
        except OSError:
            data = b""
        if not data or len(received) > _LONGEST_LINE:
            self._loop.watch(client, None)
            client.close()

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
            do = request.pop("do")
            if do not in self._commands:
                return {"ok": False, "error": f"unknown command {do!r}; there are {', '.join(sorted(self._commands))}"}
            told = dict(self._commands[do](Arguments(request)) or {})
            if do == "status":
                told["recording"] = self._loop.transcript.recording
            return {"ok": True, **told}
        except ControlError as error:
            return {"ok": False, "error": str(error)}
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
            return {"ok": False, "error": 'a command is one line of JSON like {"do": "status"}'}


@contextmanager
def _address(path: Path) -> Iterator[str]:
    """A socket's address holds 107 bytes, a path may be longer: reach it through its folder's descriptor."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def ask(path: Path, do: str, **arguments: Any) -> dict[str, Any]:
    """Give one command to the simulator at `path`; raises ControlError with a sentence when it fails."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(_ANSWER_S)
        try:
            with _address(path) as address:
                client.connect(address)
            client.sendall(json.dumps({"do": do, **arguments}).encode() + b"\n")
            received = b""
            while not received.endswith(b"\n"):
                data = client.recv(65536)
                if not data:
                    break
                received += data
        except OSError as error:
            raise ControlError(f"the simulator {path.stem} does not answer; is the demo running?") from error
    answer: dict[str, Any] = {}
    with suppress(ValueError):
        answer = json.loads(received)
    if not answer.get("ok"):
        raise ControlError(str(answer.get("error", f"the simulator {path.stem} gave no answer")))
    return answer
