"""Judge calls: rule packs (data) applied to call records (data), purely.

scorecard = load_scorecard("zh-service")
evaluation = evaluate(record, scorecard)
"""

import audit.evaluation.compiled  # noqa: F401  # first: it says in which form the other modules are found

# isort: split
from audit.evaluation.asked import asked_phrases
from audit.evaluation.cases import CaseResult, run_cases
from audit.evaluation.explain import explain
from audit.evaluation.language import Band, Criterion, Scorecard, Section
from audit.evaluation.pack import load_scorecard, schema, shipped_scorecards
from audit.evaluation.score import evaluate
from audit.evaluation.standard import Clause, coverage, load_clauses

__all__ = [
    "Band",
    "CaseResult",
    "Clause",
    "Criterion",
    "Scorecard",
    "Section",
    "asked_phrases",
    "coverage",
    "evaluate",
    "explain",
    "load_clauses",
    "load_scorecard",
    "run_cases",
    "schema",
    "shipped_scorecards",
]
