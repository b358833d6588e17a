"""The scorecards of a run, each read once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit.pipeline.settings import SCORECARD_OF_LANGUAGE, Settings

if TYPE_CHECKING:
    from audit.evaluation import Scorecard
    from audit.transcript import PhraseBook


class Scorecards:
    """Scorecards by the language of the call.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self._name = settings.scorecard
        self._read: dict[str, Scorecard] = {}
        self._book: PhraseBook | None = None

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

    def phrase_book(self) -> PhraseBook:
        """The phrases that the scorecard for Mandarin calls asks for, to be spelt right where they were said."""
        if self._book is None:
            from audit.evaluation import asked_phrases
            from audit.transcript import PhraseBook

            scorecard = self.of("zh")
            asked = asked_phrases(scorecard) if scorecard is not None and scorecard.language == "zh" else ()
            self._book = PhraseBook.of(asked)
        return self._book
