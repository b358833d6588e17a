"""Verdicts without audio: the scorecard of this run, held against stored records."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from typing import TYPE_CHECKING

from audit import __version__
from audit.pipeline.scorecards import Scorecards
from audit.pipeline.settings import Settings
from audit.records import CallRecord
from audit.verdicts import Evaluation

if TYPE_CHECKING:
    from audit.batch.baselines import Baselines
    from audit.batch.known_facts import KnownFacts
    from audit.batch.reviews import KnownReviews
    from audit.evaluation.facts import FactValue
    from audit.evaluation.language import Sign
    from audit.storage import Store


class ScorecardJudge:
    """Evaluates records as :class:`audit.pipeline.auditor.Auditor` would after measuring them.

    Parameters
    ----------
    settings : Settings
        No speech model is loaded.
    store : Store, optional
        For base lines and for what other calls say; without it, rules that ask for either are not evaluable. Base lines are
        computed once for each language, when first needed, and stay as they are for the life of the judge.

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
        self._known: KnownFacts | None = None
        self._reviews: KnownReviews | None = None
        self._needed: dict[str, frozenset[str]] = {}
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

        found = evaluate(record, scorecard, self.facts(record.metadata.agent_id, language, record.call_id))
        return found if self._store is None else self._known_reviews(self._store).apply(record.call_id, found, scorecard)

    def prepare(self, call_ids: Collection[str]) -> None:
        """Read at once what other calls say of some that are to be judged."""
        if self._store is not None:
            self._facts_of_calls().prepare(call_ids)

    def forget(self) -> None:
        """What other calls and reviewers say has changed: read it anew."""
        self._known = self._reviews = None

    def facts(self, agent_id: str | None, language: str, call_id: str | None = None) -> dict[str, FactValue]:
        """What is usual, and what other calls say of one, as far as the scorecard asks."""
        if self._store is None:
            return {}
        usual = self._usual(self._store, language)
        found = usual.facts(agent_id) if usual else {}
        needed = self.facts_needed(language) if call_id is not None else ()
        return {**found, **self._facts_of_calls().facts(call_id, needed)} if call_id is not None and needed else found

    def facts_needed(self, language: str) -> frozenset[str]:
        """Names of the facts that the scorecard for a language reads."""
        if language not in self._needed:
            scorecard = self._scorecards.of(language)
            from audit.evaluation.needs import facts_needed

            self._needed[language] = frozenset(facts_needed(scorecard)) if scorecard else frozenset()
        return self._needed[language]

    def promises(self, language: str) -> tuple[Sign, ...]:
        """The signs of the scorecard for a language that fall due, from general to particular."""
        scorecard = self._scorecards.of(language)
        return tuple(s for s in scorecard.signs if s.due_h is not None or s.due_days is not None) if scorecard else ()

    def _facts_of_calls(self) -> KnownFacts:
        if self._known is None:
            if self._store is None:
                raise ValueError("a judge without a store knows of no other calls")
            from audit.batch.known_facts import KnownFacts

            self._known = KnownFacts(self._store)
        return self._known

    def _known_reviews(self, store: Store) -> KnownReviews:
        if self._reviews is None:
            from audit.batch.reviews import KnownReviews

            self._reviews = KnownReviews(store)
        return self._reviews

    def _usual(self, store: Store, language: str) -> Baselines | None:
        """The base lines that the scorecard for a language compares with; None where it compares with none."""
        if language not in self._baselines:
            scorecard = self._scorecards.of(language)
            from audit.batch.baselines import Baselines
            from audit.evaluation.needs import baselines_needed

            needs = baselines_needed(scorecard) if scorecard else ()
            self._baselines[language] = Baselines(store, needs, language, scorecard) if needs else None
        return self._baselines[language]

    def compares(self, language: str) -> bool:
        """Whether the scorecard for a language compares with base lines of the store."""
        scorecard = self._scorecards.of(language)
        if scorecard is None:
            return False
        from audit.evaluation.needs import baselines_needed

        return bool(baselines_needed(scorecard))

    def judging_key(self, agent_id: str | None, language: str, call_id: str | None = None) -> str | None:
        """Hash of all that an evaluation is made from, beside the record; None where no scorecard applies."""
        rules = self.scorecard_sha256(language)
        if rules is None:
            return None
        made_from: list[object] = [__version__, rules, sorted(self.facts(agent_id, language, call_id).items())]
        if self._store is not None and call_id is not None:
            made_from += self._known_reviews(self._store).key(call_id)
        return hashlib.sha256(json.dumps(made_from).encode("ascii")).hexdigest()
