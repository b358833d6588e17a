"""Verdicts without audio: the scorecard of this run, held against stored records."""

from __future__ import annotations

from audit.pipeline.scorecards import Scorecards
from audit.pipeline.settings import Settings
from audit.records import CallRecord
from audit.verdicts import Evaluation


class ScorecardJudge:
    """Evaluates records as :class:`audit.pipeline.auditor.Auditor` would after measuring them.

    Parameters
    ----------
    settings : Settings
        No speech model is loaded.

    Raises
    ------
    ScorecardError
        If the scorecard that the settings name cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self._scorecards = Scorecards(settings)
        self._language = settings.language
        if settings.scorecard is not None:
            self._scorecards.of(settings.language)

    def scorecard_sha256(self, language: str) -> str | None:
        """Hash of the scorecard for calls in a language; None where there is none."""
        scorecard = self._scorecards.of(language)
        return scorecard.sha256 if scorecard else None

    def evaluate(self, record: CallRecord) -> Evaluation | None:
        """The verdicts on a record; None where no scorecard applies."""
        scorecard = self._scorecards.of(record.transcript.language if record.transcript else self._language)
        if scorecard is None:
            return None
        from audit.evaluation import evaluate  # as in the auditor: not for those who only measure

        return evaluate(record, scorecard)
