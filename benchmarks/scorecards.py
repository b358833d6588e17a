#!/usr/bin/env python3
"""Whether scorecards say the truth, and what they cost: against archives of ``make_archive.py``, whose truth is known.

Printed:

- how many intervals hold the truth: of agents' scores, of sections and of criteria, over the whole and week by week, with the
  standard error of the share (of many archives: ``intervals.py``)
- whether the planted fall is found, and how many changes are found where none was planted
- whether any agent is placed wholly above another whose interval meets his
- which planted habits of speech are found, and which are invented (of many archives: ``habits.py``)
- with ``--pages``, processor and wall time of all pages, and what a call costs

Usage::

    python benchmarks/make_archive.py --calls 20000 --out archive/
    python benchmarks/scorecards.py archive/ --pages
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import combinations
from pathlib import Path
from statistics import fmean, stdev

from habits import found_in, told

from audit.batch.followups import follow_up
from audit.batch.reporting import Period, StoredCalls, asked_by
from audit.digests import CallDigest
from audit.report import ReportSettings, write_from
from audit.report.graphs import changes_of
from audit.report.reference import with_ranks
from audit.report.scorecard import AgentSummary, summarise_agent
from audit.resources import resource_dir
from audit.statistics import Estimate
from audit.storage import Store, complete_digests, complete_phrases


class Tally:
    """How many of how many, by agent: the figures of one hang together, so the error of the share is that of agents."""

    def __init__(self) -> None:
        self.hits: dict[str, list[bool]] = {}

    def add(self, agent: str, estimate: Estimate | None, truth: float | None) -> None:
        """Count an interval, where there is one and the truth is known."""
        if estimate is not None and truth is not None:
            self.hits.setdefault(agent, []).append(estimate.low <= truth <= estimate.high)

    def __str__(self) -> str:
        if len(self.hits) < 2:
            return "too few"
        shares = [fmean(found) for found in self.hits.values()]
        n, of = sum(map(sum, self.hits.values())), sum(map(len, self.hits.values()))
        return f"{n} of {of} ({n / of:.1%} ± {stdev(shares) / len(shares) ** 0.5:.1%})"


def coverage(summaries: Sequence[AgentSummary], truth: dict[str, dict[str, object]], tallies: dict[str, Tally]) -> None:
    """Count the intervals that hold the truth."""
    for a in summaries:
        true = truth[a.agent_id]
        tallies["score"].add(a.agent_id, a.estimate, true["mean_score"])  # type: ignore[arg-type]
        for s in a.sections:
            tallies["section"].add(a.agent_id, s.estimate, true["section_ratios"].get(s.section))  # type: ignore[attr-defined]
        for c in a.criteria:
            if not c.critical:
                tallies["criterion"].add(a.agent_id, c.estimate, true["pass_ratios"].get(c.criterion))  # type: ignore[attr-defined]


def main() -> None:
    """Check and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path, help="folder written by make_archive.py")
    parser.add_argument("--pages", action="store_true", help="write all pages, too, and time it")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    truth = json.loads((options.archive / "truth.json").read_text("utf-8"))
    fallen = truth["fall"]["agent"]
    with Store.in_folder(options.archive) as store:
        complete_digests(store)
        complete_phrases(store)
        follow_up(store, now=datetime.now(UTC))
        source = StoredCalls(store.address, Period(), store)
        calls = {a: source.digests(a) for a in source.agents()}
        catalogues = source.catalogues()
        steady = {a: c for a, c in calls.items() if a != fallen}
        whole = [summarise_agent(a, c, catalogues, {}) for a, c in calls.items()]
        weekly: list[AgentSummary] = []
        for a, c in steady.items():
            weeks: dict[tuple[int, int], list[CallDigest]] = {}
            for call in c:
                if call.started_at is not None:
                    weeks.setdefault(call.started_at.isocalendar()[:2], []).append(call)
            weekly += [summarise_agent(a, part, catalogues, {}) for part in weeks.values()]
        for name, summaries in (("whole period", [a for a in whole if a.agent_id != fallen]), ("single weeks", weekly)):
            tallies = {kind: Tally() for kind in ("score", "section", "criterion")}
            coverage(summaries, truth["agents"], tallies)
            n = sorted(a.n_calls for a in summaries)[len(summaries) // 2]
            print(f"{name} (median {n} calls): " + "; ".join(f"{k} {t}" for k, t in tallies.items()))
        planted = date.fromisoformat(truth["fall"]["day"])
        for a in whole:
            changes = changes_of(a.activity.days)
            for c in changes:
                hit = a.agent_id == fallen and c.earliest <= planted <= c.latest
                said = f"{c.at} ({c.earliest} to {c.latest}) {c.before:.1f} -> {c.after:.1f}"
                print(f"change {'as planted' if hit else 'FALSE'}: {a.agent_id} {said}")
        print(f"planted: {fallen} on {planted}")
        ranked = with_ranks(whole)
        torn = sum(
            x.estimate.overlaps(y.estimate) and (x.rank.last < y.rank.first or y.rank.last < x.rank.first)
            for x, y in combinations(ranked, 2)
            if x.estimate and y.estimate and x.rank and y.rank
        )
        apart = sum(not x.estimate.overlaps(y.estimate) for x, y in combinations(ranked, 2) if x.estimate and y.estimate)
        print(f"pairs placed apart though their intervals meet: {torn}; pairs whose intervals do not meet: {apart}")
        found, steps = found_in(source, {a: [c.call_id for c in its] for a, its in calls.items()})
        print(f"habits of speech: {told(found, truth['habits'])[0]} ({steps})")
        if options.pages:
            print_cost(source, sum(len(c) for c in calls.values()), options.jobs)


def print_cost(source: StoredCalls, n_calls: int, jobs: int) -> None:
    """Write all pages once and say what it took."""
    asked = asked_by(sorted(p.parent for p in resource_dir("rules").glob("*/scorecard.yml")))
    settings = ReportSettings("zh", datetime.now(UTC), True, asked.bands, asked.measures, asked.targets)
    with tempfile.TemporaryDirectory() as folder:
        wall, before = time.perf_counter(), _processor_s()
        written = write_from(Path(folder), source, settings, n_workers=jobs)
        wall, spent = time.perf_counter() - wall, _processor_s() - before
    n = len(written.scorecards)
    print(f"{n} scorecards and the teams' pages of {n_calls} calls: {wall:.1f} s, {spent:.1f} s of processor")
    print(f"{1000 * spent / n_calls:.2f} ms of processor a call")


def _processor_s() -> float:
    """Of this process and the workers that have ended."""
    found = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(u.ru_utime + u.ru_stime for u in found)


if __name__ == "__main__":
    main()
