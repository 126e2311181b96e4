"""The decorator of the standard library for frozen classes with slots, without the compiler at each import.

`dataclasses.dataclass(frozen=True, slots=True)` compiles six functions a class, a millisecond of Python 3.11; a kiosk
loads 150 such classes before its first picture, and makes nothing of most of them.
"""

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import Any

_FROZEN = {"frozen": True, "slots": True}


def dataclass(cls: type | None = None, /, **asked: bool) -> Any:
    """As `dataclasses.dataclass`. Asked for `frozen=True, slots=True`, the same class comes cheaper: `__init__` is
    compiled when the first is made, and what compares, shows and copies is not compiled at all."""
    if cls is not None or asked != _FROZEN:
        return dataclasses.dataclass(cls, **asked) if cls is not None else dataclasses.dataclass(**asked)
    return _value


def _value(given: type) -> type:
    own = given.__dict__
    if given.__doc__ is None:
        given.__doc__ = given.__name__  # or its signature would be looked for, by far the most of the work
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(given)
    fields = dataclasses.fields(made)
    if any(not one.init or one.hash is not None for one in fields):
        raise TypeError(f"{made.__name__}: a field that is not given, or hashed otherwise, is for the standard library")
    names = [one.name for one in fields]
    compared = _values_of([one.name for one in fields if one.compare])
    methods = {
        "__eq__": _equal(compared),
        "__hash__": lambda self: hash(compared(self)),
        "__repr__": _shown([one.name for one in fields if one.repr]),
        "__getstate__": _kept(names),
        "__setstate__": _restored(names),
    }
    for name, method in methods.items():
        if own.get(name) is None:  # a class that compares by itself has a `__hash__` of None
            setattr(made, name, method)
    if "__init__" not in own:
        made.__init__ = _compiled_late(made)
    made.__setattr__ = made.__delattr__ = _unchangeable
    return made  # type: ignore[no-any-return]


def _compiled_late(made: Any) -> Callable[..., None]:
    def first(self: Any, /, *args: Any, **kwargs: Any) -> None:
        made.__init__ = _compiled(made)
        made.__init__(self, *args, **kwargs)

    return first


def _compiled(made: Any) -> Callable[..., None]:
    """The `__init__` that the standard library would have made."""
    fields = dataclasses.fields(made)
    known: dict[str, Any] = {"_set": object.__setattr__, "_MISSING": dataclasses.MISSING}
    positional, by_name = ["self"], list[str]()
    lines = []
    for number, one in enumerate(fields):
        value = one.name
        if one.default is not dataclasses.MISSING:
            known[f"_{number}"] = one.default
        elif one.default_factory is not dataclasses.MISSING:
            known[f"_{number}"], known[f"_make_{number}"] = dataclasses.MISSING, one.default_factory
            value = f"_make_{number}() if {one.name} is _MISSING else {one.name}"
        default = f"=_{number}" if f"_{number}" in known else ""
        (by_name if one.kw_only is True else positional).append(one.name + default)
        lines.append(f"_set(self, {one.name!r}, {value})")
    if hasattr(made, "__post_init__"):
        lines.append("self.__post_init__()")
    given = ", ".join([*positional, *(["*", *by_name] if by_name else [])])
    exec(f"def __init__({given}):\n " + "\n ".join(lines or ["pass"]), known)  # noqa: S102 - as the standard library
    init: Callable[..., None] = known["__init__"]
    init.__qualname__ = f"{made.__qualname__}.__init__"
    return init


def _values_of(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    return attrgetter(*names) if len(names) > 1 else _kept(names)


def _equal(compared: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any, object], bool]:
    def equal(self: Any, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented  # type: ignore[no-any-return]  # as `__eq__` does
        return bool(compared(self) == compared(other))

    return equal


def _shown(names: list[str]) -> Callable[[Any], str]:
    def shown(self: Any) -> str:
        told = ", ".join(f"{one}={getattr(self, one)!r}" for one in names)
        return f"{self.__class__.__qualname__}({told})"

    return shown


def _kept(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    return lambda self: tuple(getattr(self, one) for one in names)


def _restored(names: list[str]) -> Callable[[Any, tuple[Any, ...]], None]:
    def restored(self: Any, state: tuple[Any, ...]) -> None:
        for name, value in zip(names, state, strict=True):
            object.__setattr__(self, name, value)

    return restored


def _unchangeable(self: Any, name: str, *_: Any) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot change field {name!r}")
