"""A value class is the one that the standard library makes, but for when its methods are compiled."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, field
from typing import Any, ClassVar, Generic, TypeVar, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from values import dataclass, lazily

Kind = TypeVar("Kind")
Deco = Callable[..., Any]
ANY = st.none() | st.integers() | st.text(max_size=3) | st.tuples(st.integers()) | st.frozensets(st.booleans())


def _plain(decorator: Deco) -> Any:
    @decorator(frozen=True, slots=True)
    class Plain:
        """Two fields."""

        one: int
        other: str = "usual"

    return Plain


def _rich(decorator: Deco) -> Any:
    @decorator(frozen=True, slots=True)
    class Rich(Generic[Kind]):
        """Every kind of field there is."""

        first: Any
        secret: Any = field(repr=False)
        beside: Any = field(default=3, compare=False)
        made: Any = field(default_factory=tuple)
        of_all: ClassVar[int] = 7
        named: Any = field(default=None, kw_only=True)
        must: Any = field(kw_only=True)

        @property
        def both(self) -> tuple[Any, Any]:
            """What it computes."""
            return self.first, self.secret

    return Rich


def _empty(decorator: Deco) -> Any:
    @decorator(frozen=True, slots=True)
    class Empty:
        """No field at all."""

    return Empty


def _strict(decorator: Deco) -> Any:
    @decorator(frozen=True, slots=True)
    class Strict:  # noqa: PLW1641 - it has one, by its decorator
        one: int

        def __post_init__(self) -> None:
            if self.one < 0:
                raise ValueError("negative")

        def __repr__(self) -> str:
            return "of its own"

        def __eq__(self, other: object) -> bool:
            return isinstance(other, type(self))

    return Strict


MAKERS = [_plain, _rich, _empty, _strict]


@dataclasses.dataclass(frozen=True, slots=True)
class Theirs:
    """For a pickle a class must be found by its name."""

    one: int
    many: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Ours:
    """The same."""

    one: int
    many: tuple[int, ...] = ()


def _outcome(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except Exception as error:
        return type(error), str(error).split(".")[-1]  # a class made in a function has that in its name


@given(st.data())
def test_it_is_made_compared_hashed_and_shown_as_by_the_standard_library(data: st.DataObject) -> None:
    make = data.draw(st.sampled_from(MAKERS))
    args = data.draw(st.lists(ANY, max_size=4))
    kwargs = data.draw(st.dictionaries(st.sampled_from(["one", "other", "named", "must", "made", "no"]), ANY))
    other_args = data.draw(st.just(args) | st.lists(ANY, max_size=4))

    def all_of(kind: Any) -> Any:
        found = _outcome(lambda: kind(*args, **kwargs))
        other = _outcome(lambda: kind(*other_args, **kwargs))
        same = _outcome(lambda: (hash(found) == hash(other)) if found == other else "another")
        return (
            found if isinstance(found, tuple) else repr(found).split(".")[-1],
            found == other,
            found != other,
            same,
            _outcome(lambda: dataclasses.asdict(found)),
            _outcome(lambda: repr(dataclasses.replace(found, **kwargs)).split(".")[-1]),
        )

    assert all_of(make(lazily.dataclass)) == all_of(make(dataclasses.dataclass))


@pytest.mark.parametrize("make", MAKERS)
def test_it_looks_the_same_from_outside(make: Callable[[Deco], Any]) -> None:
    ours, theirs = make(lazily.dataclass), make(dataclasses.dataclass)
    assert [one.name for one in dataclasses.fields(ours)] == [one.name for one in dataclasses.fields(theirs)]
    assert ours.__slots__ == theirs.__slots__
    assert ours.__match_args__ == theirs.__match_args__
    told: object = ours
    assert dataclasses.is_dataclass(told)
    assert (ours.__hash__ is None) == (theirs.__hash__ is None)
    with_must = {"must": 1} if make is _rich else {}
    given_: list[Any] = [1, 2][: len(dataclasses.fields(ours))]
    ours(*(given_ if make is not _strict else [1]), **with_must)  # then `__init__` is the compiled one
    names = [(one.name, one.kind, one.default is one.empty) for one in inspect.signature(ours).parameters.values()]
    assert names == [
        (one.name, one.kind, one.default is one.empty) for one in inspect.signature(theirs).parameters.values()
    ]


def test_it_is_frozen() -> None:
    value: Any = Ours(1)
    acts: list[Callable[[], None]] = [
        lambda: setattr(value, "one", 2),
        lambda: delattr(value, "one"),
        lambda: setattr(value, "new", 2),
    ]
    for act in acts:
        with pytest.raises(FrozenInstanceError):
            act()
    assert value == Ours(1)


def test_it_is_equal_to_no_value_of_another_class() -> None:
    for other in (Theirs(1), (1, ())):
        assert cast("object", Ours(1)) != other


def test_it_is_copied_and_kept() -> None:
    value = Ours(1, (2, 3))
    assert copy.copy(value) == copy.deepcopy(value) == pickle.loads(pickle.dumps(value)) == value


def test_a_default_is_made_anew_for_each() -> None:
    @dataclass(frozen=True, slots=True)
    class Holder:
        held: list[int] = field(default_factory=list)

    assert Holder().held is not Holder().held


def test_what_is_made_by_two_threads_at_once_is_made_whole() -> None:
    made = _plain(lazily.dataclass)
    begun = made.__init__  # what a second thread has in its hands while the first compiles
    first = made(1)
    second = object.__new__(made)
    begun(second, 1)
    assert first == second


def test_what_it_cannot_make_is_refused_when_it_is_written() -> None:
    with pytest.raises(TypeError, match="for the standard library"):

        @dataclass(frozen=True, slots=True)
        class Hidden:
            one: int = field(default=1, init=False)


def test_any_other_class_is_made_by_the_standard_library() -> None:
    @dataclass(slots=True)
    class Changing:
        one: int = 0

    @dataclass
    class Open:
        one: int = 0

    Changing().one = Open().one = 1
    assert Changing(1) == Changing(1)
    assert Open(1) != Open(2)


def test_nothing_is_compiled_before_the_first_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[Any] = []
    compile_now = lazily._compiled

    def watched(kind: Any) -> Callable[..., None]:
        compiled.append(kind)
        return compile_now(kind)

    monkeypatch.setattr(lazily, "_compiled", watched)
    monkeypatch.setattr(dataclasses, "_create_fn", None, raising=False)  # what compiles in the standard library
    made = _plain(lazily.dataclass)
    assert not compiled
    made(1)
    made(2)
    assert compiled == [made]
