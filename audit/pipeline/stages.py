"""What each stage of an audit found, kept so that a later audit of the same recording begins where its settings differ.

An audit has stages that cost very different amounts: hearing, the voices on a shared channel, recognition, levels and pitch.
Each is kept with a key of all that it was made from. A later audit asks for it under the key of what it would be made from
now: the same key, and it is taken; another, and it is made anew. So a changed speech model measures nothing again, a changed
tone plan or call-detail row recognises nothing again while the same speech is found, and in each case the record is the one
that an audit from nothing would have come to: figures are kept to the last bit.
"""

from __future__ import annotations

import hashlib
import json
import types
import zlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from numbers import Number
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from audit import __version__

Kept = TypeVar("Kept")


class Stages:
    """The stages of one recording: those kept from an earlier audit, and those of this one.

    Parameters
    ----------
    kept : bytes, optional
        As :meth:`to_bytes` gave them; what cannot be read is made anew.

    Attributes
    ----------
    taken : list of str
        Names of the stages that were not made again.
    """

    def __init__(self, kept: bytes | None = None) -> None:
        self._found: dict[str, tuple[str, Any]] = _unpacked(kept)
        self._same: tuple[object, ...] = ()
        self.taken: list[str] = []

    def begin(self, *same: object) -> None:
        """Say what every stage is made from: the recording's hash, for one."""
        self._same = same

    def of(
        self,
        name: str,
        kind: Any,
        made_from: object,
        make: Callable[[], Kept],
        *,
        given: Mapping[str, Any] | None = None,
    ) -> Kept:
        """What a stage found, taken from before or made now.

        Parameters
        ----------
        name : str
            Of one name the newest is kept.
        kind : type
            Of what the stage finds: dataclasses, tuples, plain values and what they are put together from.
        made_from : object
            All that it depends on beside the recording, as dataclasses, tuples and plain values.
        make : callable
        given : mapping, optional
            Fields of `kind` that are not kept, and what they are now.
        """
        without = frozenset(given or ())
        key = _digest([__version__, _layout(kind, without), _plain(self._same), name, _plain(made_from)])
        if name in self._found and self._found[name][0] == key:
            try:
                found: Kept = _rebuilt(kind, self._found[name][1], given or {})
            except (TypeError, ValueError, KeyError):
                pass  # not as this version writes it
            else:
                self.taken.append(name)
                return found
        made = make()
        self._found[name] = (key, _plain(made, without))
        return made

    def to_bytes(self) -> bytes:
        """All stages, for :class:`Stages` later; those that were not asked for this time are among them."""
        return zlib.compress(
            json.dumps(self._found, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        )


def _unpacked(kept: bytes | None) -> dict[str, tuple[str, Any]]:
    if not kept:
        return {}
    try:
        found = json.loads(zlib.decompress(kept).decode("utf-8", "surrogatepass"))
        return {str(name): (str(key), value) for name, (key, value) in found.items()}
    except (zlib.error, ValueError, TypeError, AttributeError):
        return {}


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode("ascii")).hexdigest()


_AS_IT_IS = frozenset({float, int, str, bool, type(None)})


def _plain(value: Any, without: Collection[str] = ()) -> Any:
    """A value as JSON has it; floats to the last bit."""
    if type(value) in _AS_IT_IS:  # nearly all of them
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value) if f.name not in without}
    if isinstance(value, (tuple, list)):
        return [_plain(v) for v in value]
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, Number):
        return value.item() if hasattr(value, "item") else value
    raise TypeError(f"a stage cannot keep {type(value).__name__}")


@cache
def _layout(kind: Any, without: frozenset[str]) -> str:
    """The fields of a type and theirs, so that what another version wrote under the same names is not taken for ours."""
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        inner = (f"{f.name}:{_layout(hints[f.name], frozenset())}" for f in fields(kind) if f.name not in without)
        return f"{kind.__name__}({','.join(inner)})"
    if get_args(kind) and get_origin(kind) is not Literal:
        return f"{get_origin(kind)}[{','.join(_layout(a, frozenset()) for a in get_args(kind))}]"
    return str(kind)


def _rebuilt(kind: Any, value: Any, given: Mapping[str, Any]) -> Any:
    """A value of a type, from :func:`_plain`'s."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        if value is None:
            return None
        (kind,) = (a for a in get_args(kind) if a is not type(None))
        return _rebuilt(kind, value, given)
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        known = {f.name: given[f.name] if f.name in given else _rebuilt(hints[f.name], value[f.name], {}) for f in fields(kind)}
        return kind(**known)
    if origin is tuple:
        inner = get_args(kind)
        if len(inner) == 2 and inner[1] is Ellipsis:
            return tuple(_rebuilt(inner[0], v, {}) for v in value)
        return tuple(_rebuilt(k, v, {}) for k, v in zip(inner, value, strict=True))
    return value
