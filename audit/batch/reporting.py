"""Reports from the store: which calls of which period, and what the rules ask."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from audit.archive import is_there
from audit.batch.redacting import Redaction
from audit.chains import FollowUps
from audit.digests import CallDigest, Catalogue
from audit.phrases import CallPhrases
from audit.records import CallRecord
from audit.report import Band, MeasureBand, ReportedCall, Targets
from audit.report.scorecard import agent_key
from audit.report.shelf import by_time
from audit.storage import (
    Store,
    StoredCall,
    digest_agents,
    digest_span,
    load_followups,
    read_calls,
    read_catalogues,
    read_digests,
    read_failed,
    read_phrases,
)
from audit.verdicts import Outcome

#: Without dates given, a report covers this long up to the newest call, where the store holds more than that.
DEFAULT_PERIOD = timedelta(days=31)
#: Whole calls in memory while evidence is read.
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Period:
    """Which calls: half-open times of the start with a zone, None for no bound, and of whom."""

    since: datetime | None = None
    until: datetime | None = None
    agents: frozenset[str] | None = None
    team: str | None = None

    @property
    def before(self) -> Period | None:
        """The period of equal length before; None where this one has no beginning and end."""
        if self.since is None or self.until is None:
            return None
        return replace(self, since=self.since - (self.until - self.since), until=self.since)


def default_period(store: Store) -> Period:
    """All calls where they span `DEFAULT_PERIOD` at most; else those of the last so many days, today's zone aside."""
    span = digest_span(store)
    if span is None or span[1] - span[0] <= DEFAULT_PERIOD:
        return Period()
    until = span[1] + timedelta(seconds=1)
    return Period(until - DEFAULT_PERIOD, until)


@dataclass
class StoredCalls:
    """The calls of a store as a report's source; in another process it opens the store anew.

    Parameters
    ----------
    url : str
        Of the store.
    period : Period
    redaction : Redaction
        What is hidden in calls that are read in full.
    """

    url: str
    period: Period
    _store: Store | None = field(default=None, repr=False)
    _catalogues: Mapping[str, Catalogue] | None = field(default=None, repr=False)
    _agentless: dict[Period, list[CallDigest]] = field(default_factory=dict, repr=False)
    _numbers: Mapping[str, int] | None = field(default=None, repr=False)
    redaction: Redaction = field(default_factory=Redaction)

    def __getstate__(self) -> dict[str, Any]:
        """Without what only this process can use."""
        kept = {"url": self.url, "period": self.period, "redaction": self.redaction}
        return kept | {"_store": None, "_catalogues": None, "_agentless": {}, "_numbers": None}

    @property
    def store(self) -> Store:
        """The store, opened once in each process."""
        if self._store is None:
            self._store = Store(self.url)
        return self._store

    def agents(self) -> Mapping[str, int]:
        """Agents and how many calls each has."""
        if self._numbers is None:
            p = self.period
            found: dict[str, int] = {}
            for agent, n in digest_agents(self.store, since=p.since, until=p.until).items():
                if agent is not None:
                    found[agent] = found.get(agent, 0) + n
            for call in self._without_id(p):
                found[agent_key(call)] = found.get(agent_key(call), 0) + 1
            if p.agents is not None:
                found = {a: n for a, n in found.items() if a in p.agents}
            if p.team is not None:
                found = {a: len(mine) for a in found if (mine := self.digests(a))}
            self._numbers = found
        return self._numbers

    def catalogues(self) -> Mapping[str, Catalogue]:
        """The words of scorecards, by hash."""
        if self._catalogues is None:
            self._catalogues = read_catalogues(self.store)
        return self._catalogues

    def digests(self, agent: str) -> list[CallDigest]:
        """All calls of an agent, oldest first."""
        return self._digests(agent, self.period)

    def earlier(self, agent: str) -> list[CallDigest]:
        """Those of the period before."""
        before = self.period.before
        return self._digests(agent, before) if before else []

    def calls(self, agent: str, call_ids: Collection[str]) -> dict[str, ReportedCall]:
        """Some calls in full."""
        return {
            i: self.redaction.applied(ReportedCall(playable(c), c.evaluation, c.evaluation_id))
            for i, c in read_calls(self.store, call_ids).items()
        }

    def phrases(self, agent: str, call_ids: Collection[str]) -> Iterator[CallPhrases]:
        """What an agent says in some of his calls, as numbers."""
        return read_phrases(self.store, call_ids)

    def followups(self) -> FollowUps:
        """The chains that begin in the period, as calls were last followed."""
        return load_followups(self.store, self.period.since, self.period.until)

    def failed(self, agent: str, call_ids: Collection[str]) -> Iterator[tuple[str, tuple[Outcome, ...]]]:
        """The failed criteria of some calls, with their evidence."""
        if not self.redaction:
            yield from read_failed(self.store, call_ids)
            return
        ids = list(call_ids)
        for at in range(0, len(ids), _AT_ONCE):  # what is hidden in a quote is told by the whole call
            for call_id, c in read_calls(self.store, ids[at : at + _AT_ONCE]).items():
                yield call_id, self.redaction.failed(ReportedCall(c.record, c.evaluation))

    def _digests(self, agent: str, p: Period) -> list[CallDigest]:
        found = [*read_digests(self.store, since=p.since, until=p.until, agent_ids=(agent,))] if agent else []
        found += [c for c in self._without_id(p) if agent_key(c) == agent]
        if p.team is not None:
            found = [c for c in found if c.team == p.team]
        return sorted(found, key=by_time)

    def _without_id(self, p: Period) -> list[CallDigest]:
        """Calls that name no agent by id; few, where the records are in order."""
        if p not in self._agentless:
            self._agentless[p] = [*read_digests(self.store, since=p.since, until=p.until, agent_ids=(None,))]
        return self._agentless[p]


def playable(call: StoredCall) -> CallRecord:
    """The record with a path that leads to the recording from here, wherever the audit was started."""
    recording = call.record.recording
    if is_there(recording.path):
        return call.record
    return replace(call.record, recording=replace(recording, path=call.path))


# --- what the rules ask ------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Asked:
    """What scorecards say that reports show beside the figures."""

    bands: Mapping[str, tuple[Band, ...]]
    measures: Mapping[str, MeasureBand]
    targets: Targets


def asked_by(scorecards: Collection[Path]) -> Asked:
    """Read bands, the limits of measures and the targets of a team from scorecards' files.

    Of a scorecard only these are read: making its rules ready to judge takes a hundred times longer.

    Parameters
    ----------
    scorecards : collection of Path
        Folders with a ``scorecard.yml``; where several rules bound a measure the narrowest does.
    """
    import yaml

    bands: dict[str, tuple[Band, ...]] = {}
    measures: dict[str, MeasureBand] = {}
    limits: dict[str, MeasureBand] = {}
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for folder in scorecards:
        card = yaml.load((folder / "scorecard.yml").read_bytes(), loader)  # a safe loader
        found = (Band(b["id"], float(b["min_score"]), b["title"]) for b in card["bands"])
        bands[card["id"]] = tuple(sorted(found, key=lambda band: band.min_score))
        for path in sorted(folder.glob("*/*.yml")):
            text = path.read_bytes()
            if path.name.endswith(".cases.yml") or b"kind: measure" not in text:
                continue
            for name, band in _limits(yaml.load(text, loader).get("check", {})):
                kind, _, short = name.rpartition(".")
                group = measures if kind in ("measures.agent", "timeline") else limits
                group[short] = _narrower(group.get(short, MeasureBand()), band)
    rings, day, complaints = (limits.get(n, MeasureBand()) for n in ("n_rings", "calls_per_day", "complaint_rate"))
    rings = measures.pop("n_rings", rings)
    max_rings = int(rings.high) if rings.high is not None else None
    return Asked(bands, measures, Targets(max_rings, day.low, complaints.high))


def _narrower(a: MeasureBand, b: MeasureBand) -> MeasureBand:
    """What keeps to both."""
    lows, highs = ([v for v in pair if v is not None] for pair in ((a.low, b.low), (a.high, b.high)))
    return MeasureBand(max(lows, default=None), min(highs, default=None))


def _limits(check: Any) -> list[tuple[str, MeasureBand]]:
    """Plain limits on a figure in a check and the checks inside it; differences of two figures are none.

    Where a rule names a figure twice, the first counts: it is the limit, the others its exceptions.
    """
    found: dict[str, MeasureBand] = {}
    if isinstance(check, Mapping):
        if check.get("kind") == "measure" and "minus" not in check and ("min" in check or "max" in check):
            low, high = (None if check.get(k) is None else float(check[k]) for k in ("min", "max"))
            found[str(check["field"])] = MeasureBand(low, high)
        inside = [v for k in ("check", "checks") if (v := check.get(k)) is not None]
        for part in inside:
            for each in part if isinstance(part, list) else [part]:
                for name, band in _limits(each):
                    found.setdefault(name, band)
    return [*found.items()]
