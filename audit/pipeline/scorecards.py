"""The scorecards of a run, each read once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit.pipeline.settings import SCORECARD_OF_LANGUAGE, Settings

if TYPE_CHECKING:
    from audit.evaluation import Scorecard


class Scorecards:
    """Scorecards by the language of the call.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self._name = settings.scorecard
        self._read: dict[str, Scorecard] = {}

    def of(self, language: str) -> Scorecard | None:
        """The scorecard of the settings, or the shipped one of a language; None where there is none.

        Raises
        ------
        ScorecardError
            If it cannot be used.
        """
        name = self._name or SCORECARD_OF_LANGUAGE.get(language)
        if name is None:
            return None
        if name not in self._read:
            from audit.evaluation import load_scorecard  # half a second that a run which only measures need not spend

            self._read[name] = load_scorecard(name)
        return self._read[name]
