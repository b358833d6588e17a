#!/usr/bin/env python3
"""How often the intervals of scorecards hold the truth: in many archives of ``make_archive.py``, drawn but not stored.

One archive is 49 agents' means (the fifty less the one who falls in the middle), 245 sections and 2,900 criteria: were
every interval right exactly 95 % of the time, the sections of one archive would still lie anywhere between 92 and 98 %. So
archives of several seeds are drawn as ``make_archive.py`` draws them, the whole period, its weeks and its days apart, and
each share stands with its own Monte-Carlo error, which is that of agents, whose figures hang together.

Usage::

    python benchmarks/intervals.py --seeds 1-20
"""

from __future__ import annotations

import argparse
from collections import defaultdict

import numpy as np
import numpy.typing as npt
from make_archive import CALLS_A_DAY, FALLING_AGENT, Skills, make_skills, plan_calls

from audit.evaluation import load_scorecard
from audit.statistics import Estimate, PointSums, pooled_ratio, proportion_estimate, score_estimate

N_CALLS = 20_000
N_AGENTS = 50
#: Of which an agent's true mean is taken; what is left of its own error moves no share by a tenth of a per cent.
N_DRAWN = 40_000
_Floats = npt.NDArray[np.float64]


class Coverage:
    """Shares of intervals that hold the truth, by agent."""

    def __init__(self) -> None:
        self.shares: list[float] = []
        self.n = 0

    def add(self, found: list[bool]) -> None:
        """One agent's intervals."""
        if found:
            self.shares.append(float(np.mean(found)))
            self.n += len(found)

    @property
    def percent(self) -> float:
        """Mean of the agents' shares."""
        return 100 * float(np.mean(self.shares))

    @property
    def error(self) -> float:
        """Standard error of that mean."""
        return 100 * float(np.std(self.shares, ddof=1)) / len(self.shares) ** 0.5

    def __str__(self) -> str:
        return f"{self.percent:.1f} ± {self.error:.1f} % of {self.n}"


def holds(estimate: Estimate | None, truth: float) -> list[bool]:
    """Whether an interval holds the truth; nothing where none is given."""
    return [] if estimate is None else [estimate.low <= truth <= estimate.high]


def true_sections(skills: Skills, agent: int) -> _Floats:
    """Points of points in the long run, exactly."""
    ends = np.cumsum([len(s.criteria) for s in skills.card.sections])[:-1]
    stakes = skills.stakes * skills.counts * (1 - skills.unheard)
    points, most = ([float(p.sum()) for p in np.split(v, ends)] for v in (stakes * skills.passes[agent], stakes))
    return np.array([p / m if m else np.nan for p, m in zip(points, most, strict=True)])


def check(skills: Skills, agent: int, verdicts: npt.NDArray[np.int8], true_mean: float) -> dict[str, list[bool]]:
    """Which intervals of some calls of one agent hold the truth."""
    scores, points, most = skills.scores(verdicts)
    lost = ((verdicts == 1) & skills.critical).any(axis=1)
    found: dict[str, list[bool]] = {"score": holds(score_estimate(scores[~lost], int(lost.sum())), true_mean)}
    found["section"] = []
    for p, m, truth in zip(points.T, most.T, true_sections(skills, agent), strict=True):
        if np.isfinite(truth):
            counted = m > 0
            x, y = p[counted], m[counted]
            sums = PointSums(len(x), x.sum(), y.sum(), (x * x).sum(), (y * y).sum(), (x * y).sum())
            found["section"] += holds(pooled_ratio(sums), truth)
    passed, failed = (verdicts == 0).sum(axis=0), (verdicts == 1).sum(axis=0)
    found["criterion"] = [
        hit
        for i, c in enumerate(skills.card.criteria)
        if not c.critical
        for hit in holds(proportion_estimate(int(passed[i]), int(passed[i] + failed[i])), skills.passes[agent, i])
    ]
    return found


def one_archive(seed: int) -> dict[tuple[str, str], Coverage]:
    """Coverage by stretch of time and figure."""
    rng = np.random.default_rng(seed)
    skills = make_skills(load_scorecard("zh-service"), N_AGENTS, rng)
    plan_calls(N_CALLS, N_AGENTS, rng)  # draws what lies between skills and verdicts
    tallies: dict[tuple[str, str], Coverage] = defaultdict(Coverage)
    n = N_CALLS // N_AGENTS
    steady = np.zeros(n, bool)
    for agent in range(N_AGENTS):
        verdicts = skills.draw(rng, agent, n, steady)
        if agent == FALLING_AGENT:
            continue
        drawn = skills.draw(np.random.default_rng((seed, agent)), agent, N_DRAWN, np.zeros(N_DRAWN, bool))
        mean = float(skills.scores(drawn)[0].mean())
        for name, size in (("whole", n), ("weeks", 5 * CALLS_A_DAY), ("days", CALLS_A_DAY)):
            parts = [check(skills, agent, verdicts[i : i + size], mean) for i in range(0, n, size)]
            for kind in parts[0]:
                tallies[name, kind].add([hit for part in parts for hit in part[kind]])
    return tallies


def main() -> None:
    """Print a line for each archive, and one for all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1-20", help="first and last")
    first, last = (int(n) for n in parser.parse_args().seeds.split("-"))
    together: dict[tuple[str, str], Coverage] = defaultdict(Coverage)
    for seed in range(first, last + 1):
        tallies = one_archive(seed)
        for key, tally in tallies.items():
            together[key].shares += tally.shares
            together[key].n += tally.n
        print(f"seed {seed}: " + "; ".join(f"{a} {b} {t.percent:.1f}" for (a, b), t in tallies.items()), flush=True)
    for (name, kind), tally in together.items():
        print(f"{name:6} {kind:10} {tally}")


if __name__ == "__main__":
    main()
