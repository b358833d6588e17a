"""Verdicts without audio: the scorecard of this run, held against stored records."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from audit import __version__
from audit.pipeline.scorecards import Scorecards
from audit.pipeline.settings import Settings
from audit.records import CallRecord
from audit.verdicts import Evaluation

if TYPE_CHECKING:
    from audit.batch.baselines import Baselines
    from audit.evaluation.facts import FactValue
    from audit.storage import Store


class ScorecardJudge:
    """Evaluates records as :class:`audit.pipeline.auditor.Auditor` would after measuring them.

    Parameters
    ----------
    settings : Settings
        No speech model is loaded.
    store : Store, optional
        For base lines; without it, rules that compare with one are not evaluable. They are computed once for each
        language, when first needed, and stay as they are for the life of the judge.

    Raises
    ------
    ScorecardError
        If the scorecard that the settings name cannot be used.
    """

    def __init__(self, settings: Settings, store: Store | None = None) -> None:
        self._scorecards = Scorecards(settings)
        self._language = settings.language
        self._store = store
        self._baselines: dict[str, Baselines | None] = {}
        if settings.scorecard is not None:
            self._scorecards.of(settings.language)

    def scorecard_sha256(self, language: str) -> str | None:
        """Hash of the scorecard for calls in a language; None where there is none."""
        scorecard = self._scorecards.of(language)
        return scorecard.sha256 if scorecard else None

    def evaluate(self, record: CallRecord) -> Evaluation | None:
        """The verdicts on a record; None where no scorecard applies."""
        language = record.transcript.language if record.transcript else self._language
        scorecard = self._scorecards.of(language)
        if scorecard is None:
            return None
        from audit.evaluation import evaluate  # as in the auditor: not for those who only measure

        return evaluate(record, scorecard, self.facts(record.metadata.agent_id, language))

    def facts(self, agent_id: str | None, language: str) -> dict[str, FactValue]:
        """What other calls say of one, as far as the scorecard asks."""
        if self._store is None:
            return {}
        if language not in self._baselines:
            scorecard = self._scorecards.of(language)
            from audit.batch.baselines import Baselines
            from audit.evaluation.needs import baselines_needed

            needs = baselines_needed(scorecard) if scorecard else ()
            self._baselines[language] = Baselines(self._store, needs, language, scorecard) if needs else None
        baselines = self._baselines[language]
        return baselines.facts(agent_id) if baselines else {}

    def compares(self, language: str) -> bool:
        """Whether the scorecard for a language compares with base lines of the store."""
        scorecard = self._scorecards.of(language)
        if scorecard is None:
            return False
        from audit.evaluation.needs import baselines_needed

        return bool(baselines_needed(scorecard))

    def judging_key(self, agent_id: str | None, language: str) -> str | None:
        """Hash of all that an evaluation is made from, beside the record; None where no scorecard applies."""
        rules = self.scorecard_sha256(language)
        if rules is None:
            return None
        made_from = [__version__, rules, sorted(self.facts(agent_id, language).items())]
        return hashlib.sha256(json.dumps(made_from).encode("ascii")).hexdigest()
