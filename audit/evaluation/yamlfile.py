"""YAML that remembers where each of its values stands, so that a fault can name line and column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import yaml

Place = tuple[str | int, ...]
#: The compiled parser where PyYAML was built with it: six times as fast, and as safe.
_Safe: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

#: The largest pack file is some 20 kB of text and 1,000 values; what is larger than this was made to do harm.
MAX_BYTES = 2_000_000
MAX_VALUES = 100_000
#: Some fifty negations in each other, or twenty anchors each near the next; deeper ones no interpreter's stack would bear.
MAX_DEPTH = 64


class _Loader(_Safe):  # type: ignore[valid-type, misc]  # which of the two is known only here
    """Safe YAML in which a date stays the text that was written, as the schema checks it."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {
        first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
        for first, found in _Safe.yaml_implicit_resolvers.items()
    }


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

    def broken(where: str, what: str) -> YamlFile:
        return YamlFile(path, raw, None, {}, {}, (f"{path}:{where}: {what}",))

    if len(raw) > MAX_BYTES:
        return broken("1:1", f"{len(raw):,} bytes are too many for a rule file (at most {MAX_BYTES:,})")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        line = raw.count(b"\n", 0, e.start) + 1
        column = e.start - (raw.rfind(b"\n", 0, e.start) + 1) + 1
        return broken(f"{line}:{column}", f"not UTF-8: {e.reason} at byte {e.start}{_other_encoding(raw)}")
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is not None and (knot := _too_much(node)) is not None:
            return broken(knot, f"aliases (&, *) make more than {MAX_VALUES:,} values of this, or a circle")
        if node is not None and (deep := _too_deep(node)) is not None:
            return broken(deep, f"lists and mappings are nested more than {MAX_DEPTH} deep")
        data = loader.construct_document(node) if node is not None else None
    except RecursionError:
        return broken("1:1", "lists and mappings are nested too deep")
    except yaml.MarkedYAMLError as e:
        mark = e.problem_mark or e.context_mark
        return broken(f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1", f"not valid YAML: {e.problem or e.context}")
    except (yaml.YAMLError, ValueError) as e:
        return broken("1:1", f"not valid YAML: {e}")
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


def _other_encoding(raw: bytes) -> str:
    """What a file that is not UTF-8 probably is, and what to do."""
    try:
        raw.decode("gb18030")
    except UnicodeDecodeError:
        return ""
    return "; it reads as GBK (GB18030): save it as UTF-8"


def _too_much(root: yaml.Node) -> str | None:
    """Line and column of a document that aliases blow up or close to a circle; None if they do not.

    Each node is counted once however often it is referred to, so that counting is quick where expanding is not.
    """
    sizes: dict[int, int] = {}
    open_nodes: set[int] = set()

    def size(node: yaml.Node) -> int:
        if id(node) in sizes:
            return sizes[id(node)]
        if id(node) in open_nodes:
            return MAX_VALUES + 1
        open_nodes.add(id(node))
        inside: list[yaml.Node] = []
        if isinstance(node, yaml.MappingNode):
            inside = [n for pair in node.value for n in pair]
        elif isinstance(node, yaml.SequenceNode):
            inside = node.value
        sizes[id(node)] = 1 + sum(size(n) for n in inside)
        open_nodes.discard(id(node))
        return sizes[id(node)]

    return f"{root.start_mark.line + 1}:{root.start_mark.column + 1}" if size(root) > MAX_VALUES else None


def _too_deep(root: yaml.Node) -> str | None:
    """Line and column of the first value that lies too deep; None if none does."""
    level: list[yaml.Node] = [root]
    for _ in range(MAX_DEPTH):
        inside: dict[int, yaml.Node] = {}
        for node in level:
            if isinstance(node, yaml.MappingNode):
                inside.update((id(value), value) for _, value in node.value)
            elif isinstance(node, yaml.SequenceNode):
                inside.update((id(value), value) for value in node.value)
        level = list(inside.values())
        if not level:
            return None
    return f"{level[0].start_mark.line + 1}:{level[0].start_mark.column + 1}"


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
