"""A place in a turn that holds an entity, before it is put together with its turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Spotted:
    """``plain[start:end]`` is an entity of that kind and value."""

    kind: Literal["number", "time", "amount", "date", "phone", "address", "name", "id"]
    value: str
    start: int
    end: int
