"""YAML that remembers where each of its values stands, so that a fault can name line and column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Place = tuple[str | int, ...]
#: The compiled parser where PyYAML was built with it: six times as fast, and as safe.
_Loader: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class YamlFile:
    """One parsed file.

    Attributes
    ----------
    path : Path
    text : bytes
        As read.
    data : object
    values, keys : mapping of place to (line, column)
        Where the value and, for an entry of a mapping, its key begins; both count from 1.
    faults : tuple of str
        Syntax and duplicate keys; `data` is None after a syntax fault.
    """

    path: Path
    text: bytes
    data: Any
    values: Mapping[Place, tuple[int, int]]
    keys: Mapping[Place, tuple[int, int]]
    faults: tuple[str, ...]

    def at(self, place: Place, *, key: bool = False) -> str:
        """``file:line:column`` of a value, or of the nearest thing around it that has a place."""
        table = self.keys if key else self.values
        while place and place not in table:
            place = place[:-1]
            table = self.values
        line, column = table.get(place, (1, 1))
        return f"{self.path}:{line}:{column}"


def read_yaml(path: Path) -> YamlFile:
    """Parse a file with safe YAML only.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        return YamlFile(path, raw, None, {}, {}, (f"{path}:1:1: not UTF-8: {e.reason} at byte {e.start}",))
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        data = loader.construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as e:
        mark = e.problem_mark or e.context_mark
        where = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        return YamlFile(path, raw, None, {}, {}, (f"{path}:{where}: not valid YAML: {e.problem or e.context}",))
    except yaml.YAMLError as e:
        return YamlFile(path, raw, None, {}, {}, (f"{path}:1:1: not valid YAML: {e}",))
    finally:
        loader.dispose()
    values: dict[Place, tuple[int, int]] = {}
    keys: dict[Place, tuple[int, int]] = {}
    faults: list[str] = []
    if node is not None:
        for place, key, value, repeated in _walk(node, ()):
            if repeated:
                mark = key.start_mark
                faults.append(f"{path}:{mark.line + 1}:{mark.column + 1}: the key {place[-1]!r} stands here a second time")
            values[place] = (value.start_mark.line + 1, value.start_mark.column + 1)
            if key is not None:
                keys[place] = (key.start_mark.line + 1, key.start_mark.column + 1)
    return YamlFile(path, raw, data, values, keys, tuple(faults))


def _walk(node: yaml.Node, place: Place) -> Iterator[tuple[Place, Any, yaml.Node, bool]]:
    """Every value with its place, its key's node and whether the key was there before."""
    if not place:
        yield (), None, node, False
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            yield (*place, name), key, value, name in seen
            seen.add(name)
            yield from _walk(value, (*place, name))
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            yield (*place, i), None, value, False
            yield from _walk(value, (*place, i))
