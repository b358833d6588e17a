"""Conditions on what people tell each other: what is told is told at all, and is said again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from audit.evaluation.entities import EntityKind
from audit.evaluation.scopes import AGENT, Where
from audit.words import Role

_CUSTOMER = Where(role="customer")


@dataclass(frozen=True, slots=True)
class EntitiesSaid:
    """At least so many different entities of some kinds are said, or none is.

    Attributes
    ----------
    of : tuple of str
        Kinds of entities (:data:`audit.evaluation.entities.EntityKind`).
    at_least : int
        Different values.
    expect : {"said", "unsaid"}
    """

    of: tuple[EntityKind, ...]
    where: Where = AGENT
    at_least: int = 1
    expect: Literal["said", "unsaid"] = "said"


@dataclass(frozen=True, slots=True)
class SaidAgain:
    """What one person tells, another says again.

    Attributes
    ----------
    entities : tuple of str
        Kinds of entities.
    from_role, by : Role
        Who tells, and who must say it again.
    within_turns : int or None
        Of the second person's turns after it; None for all the rest of the call.
    min_share : float
        How much of a telephone, order, number or address must be said again, 0-1.
    require : {"all", "any"}
        Whether each of them must be said again, or one is enough.
    known_as : str or None
        For names: a variable of the call's data that holds the name, if it is known beforehand.
    where : Where
        Where it is told; its role is `from_role`.
    """

    entities: tuple[EntityKind, ...]
    from_role: Role = "customer"
    by: Role = "agent"
    within_turns: int | None = None
    min_share: float = 0.6
    require: Literal["all", "any"] = "all"
    known_as: str | None = None
    where: Where = _CUSTOMER
