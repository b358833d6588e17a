"""The service standard's clauses, and which of them the rule packs audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audit.errors import ScorecardError
from audit.evaluation.conditions import Texts
from audit.evaluation.language import Scorecard
from audit.evaluation.yamlfile import read_yaml
from audit.resources import resource_dir
from audit.verdicts import AuditMode


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing that the standard asks for.

    `by_score` clauses are met by the scoring itself (weakest section, band), not by a criterion.
    """

    id: str
    section: str
    title: Texts
    by_score: bool = False


def load_clauses() -> tuple[Clause, ...]:
    """Every clause of ``rules/standard.yml``, in its order.

    Raises
    ------
    ScorecardError
        If the file is damaged.
    """
    file = read_yaml(resource_dir("rules") / "standard.yml")
    if file.faults or not isinstance(file.data, dict):
        raise ScorecardError(file.faults or f"{file.path}:1:1: not a list of clauses")
    try:
        return tuple(
            Clause(c["id"], section["id"], c["title"], c.get("by_score", False))
            for section in file.data["sections"]
            for c in section["clauses"]
        )
    except (KeyError, TypeError) as e:
        raise ScorecardError(f"{file.path}:1:1: a clause needs id and title ({e})") from e


def coverage(clauses: Sequence[Clause], scorecards: Sequence[Scorecard]) -> tuple[tuple[Clause, tuple[str, ...]], ...]:
    """Each clause with the ids of the scorecards that audit it; ``()`` where none does yet.

    Criteria that no clause names are appended under their own id, so that none is hidden.
    """
    rows = [(c, tuple(s.id for s in scorecards if s.criterion(c.id) is not None)) for c in clauses]
    named = {c.id for c in clauses}
    extra: dict[str, Clause] = {}
    for card in scorecards:
        for criterion in card.criteria:
            if criterion.id not in named:
                extra.setdefault(criterion.id, Clause(criterion.id, "pack", criterion.title))
    rows += [(c, tuple(s.id for s in scorecards if s.criterion(c.id) is not None)) for c in extra.values()]
    return tuple(rows)


def audit_modes(clause: Clause, scorecards: Sequence[Scorecard]) -> tuple[tuple[str, AuditMode], ...]:
    """The scorecards that audit a clause, each with who decides there."""
    found = ((card, card.criterion(clause.id)) for card in scorecards)
    return tuple((card.id, criterion.audit) for card, criterion in found if criterion is not None)


def uncovered(clauses: Sequence[Clause], scorecards: Sequence[Scorecard]) -> tuple[Clause, ...]:
    """Clauses that neither a rule of any of the scorecards nor the scoring itself audits."""
    return tuple(c for c in clauses if not c.by_score and not audit_modes(c, scorecards))
