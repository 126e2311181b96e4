"""What a hand can do at the workbench: orders by the names of controls.CONTROLS, done through `drive.Bench`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devices.simulators.control import Arguments, ControlError
from devices.simulators.controls import CONTROLS, Control, Word
from devices.simulators.drive import Bench, BenchError


class Deeds:
    """Does what an order asks; raises BenchError or ControlError with a sentence where it cannot be done."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def do(self, order: Mapping[str, Any]) -> str:
        """Carry out `{"do": control, …}` and say in a sentence what was done."""
        given = dict(order)
        name = given.pop("do", None)
        if not isinstance(name, str) or name not in CONTROLS:
            raise BenchError(f"there is no such deed; there are {', '.join(sorted(CONTROLS))}")
        control = CONTROLS[name]
        values = _values(control, given)
        control.carry_out(self._bench, values)
        return control.sentence(self._bench, values)


def _values(control: Control, given: Mapping[str, Any]) -> dict[str, Any]:
    """The order's arguments, each of its kind; what is left out, or null, is left to the call."""
    arguments = Arguments(given)
    values = {}
    for word in control.words:
        if word.needed or given.get(word.name) is not None:
            values[word.name] = _value(word, arguments)
        else:
            arguments.optional_text(word.name)
    arguments.done()
    return values


def _value(word: Word, arguments: Arguments) -> Any:
    if word.many:
        return arguments.texts(word.name)
    if word.kind is int:
        value: Any = arguments.count(word.name)
        if value is None:
            raise ControlError(f"{word.name} must be a whole number")
    elif word.kind is float:
        value = arguments.number(word.name)
    else:
        value = arguments.text(word.name)
    if word.choices and value not in word.choices:
        raise ControlError(f"{word.name} is one of {', '.join(word.choices)}")
    return value
