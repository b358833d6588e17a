"""Values of a frozen dataclass that are made quickly are the same values."""

import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from audit.frozen import quick


@dataclass(frozen=True, slots=True)
class Plain:
    name: str
    size: float = 0.0
    rest: dict[str, int] = field(default_factory=dict)


@quick
@dataclass(frozen=True, slots=True)
class Quick:
    name: str
    size: float = 0.0
    rest: dict[str, int] = field(default_factory=dict)


def test_a_value_is_of_its_class_and_equal_however_it_is_given() -> None:
    made = [Quick("a"), Quick("a", 0.0, {}), Quick(rest={}, size=0.0, name="a"), replace(Quick("b"), name="a")]
    assert all(type(q) is Quick and q == made[0] for q in made)
    assert made[0] != Quick("b")
    assert repr(made[0]) == repr(Plain("a")).replace("Plain", "Quick")


def test_a_default_that_is_made_is_made_for_each_value() -> None:
    assert Quick("a").rest is not Quick("a").rest


def test_nothing_can_be_assigned() -> None:
    with pytest.raises(FrozenInstanceError):
        Quick("a").name = "b"  # type: ignore[misc]


@pytest.mark.parametrize("given", [(), ("a", 1.0, {}, "more")], ids=["too few", "too many"])
def test_what_is_missing_or_too_much_is_refused(given: tuple[object, ...]) -> None:
    with pytest.raises(TypeError):
        Quick(*given)  # type: ignore[arg-type]


def test_a_value_survives_pickling() -> None:
    assert pickle.loads(pickle.dumps(Quick("a", 1.0, {"b": 2}))) == Quick("a", 1.0, {"b": 2})


def test_a_class_with_a_base_or_without_slots_is_refused() -> None:
    @dataclass(frozen=True)
    class Loose:
        name: str

    @dataclass(frozen=True, slots=True)
    class Heir(Plain):
        more: int = 0

    for cls in (Loose, Heir):
        with pytest.raises(TypeError):
            quick(cls)
