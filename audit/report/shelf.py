"""Calls put aside on disk by agent while their pages are made."""

from __future__ import annotations

import pickle
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from audit.digests import CallDigest, Catalogue, catalogue_of, digest_call
from audit.phrases import CallPhrases, call_phrases
from audit.report.inputs import ReportedCall
from audit.report.scorecard import agent_key
from audit.verdicts import Outcome


def by_time(call: CallDigest) -> tuple[bool, float, str]:
    """Oldest first; calls without a time last, by id."""
    started = call.started_at
    return (started is None, started.timestamp() if started else 0.0, call.call_id)


class Shelf:
    """A source of calls that are at hand: memory holds their digests, and the records of one agent at a time.

    Parameters
    ----------
    folder : Path
        Where the records lie for as long as the folder lives.
    calls : iterable of ReportedCall
    """

    def __init__(self, folder: Path, calls: Iterable[ReportedCall]) -> None:
        self._folder = folder
        self._numbers: dict[str, int] = {}
        self._digests: dict[str, list[CallDigest]] = {}
        self._catalogues: dict[str, Catalogue] = {}
        self._phrases: dict[str, list[CallPhrases]] = {}
        for call in calls:
            self._add(call)

    def _add(self, call: ReportedCall) -> None:
        digest = digest_call(call.record, call.evaluation)
        agent = agent_key(digest)
        self._digests.setdefault(agent, []).append(digest)
        self._phrases.setdefault(agent, []).append(call_phrases(call.record))
        if call.evaluation is not None:
            self._catalogues[call.evaluation.scorecard_sha256] = catalogue_of(call.evaluation)
        with (self._folder / str(self._numbers.setdefault(agent, len(self._numbers)))).open("ab") as f:
            pickle.dump(call, f, pickle.HIGHEST_PROTOCOL)

    def agents(self) -> Mapping[str, int]:
        """Agents and how many calls each has."""
        return {agent: len(calls) for agent, calls in self._digests.items()}

    def catalogues(self) -> Mapping[str, Catalogue]:
        """The words of the scorecards of the calls."""
        return self._catalogues

    def digests(self, agent: str) -> list[CallDigest]:
        """All calls of an agent, oldest first."""
        return sorted(self._digests[agent], key=by_time)

    def earlier(self, agent: str) -> list[CallDigest]:
        """Nothing: there is no period before calls at hand."""
        return []

    def phrases(self, agent: str, call_ids: Collection[str]) -> list[CallPhrases]:
        """What an agent says in some of his calls, as numbers."""
        return [p for p in self._phrases[agent] if p.counts and p.call_id in call_ids]

    def followups(self) -> None:
        """Nothing: calls at hand were not joined."""

    def calls(self, agent: str, call_ids: Collection[str]) -> dict[str, Any]:
        """Some calls of an agent in full."""
        found = {}
        with (self._folder / str(self._numbers[agent])).open("rb") as f:
            while f.peek(1):
                call = pickle.load(f)
                if call.record.call_id in call_ids:
                    found[call.record.call_id] = call
        return found

    def failed(self, agent: str, call_ids: Collection[str]) -> Iterator[tuple[str, tuple[Outcome, ...]]]:
        """The failed criteria of some calls of an agent, with their evidence."""
        for call_id, call in self.calls(agent, call_ids).items():
            if call.evaluation is not None:
                yield call_id, tuple(o for o in call.evaluation.outcomes if o.outcome == "fail")
