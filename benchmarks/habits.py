#!/usr/bin/env python3
"""Whether planted habits of speech are found, and none that is not: in calls of ``make_archive.py``, drawn but not stored.

Three agents of fifty say something that no list of fillers has; another's callers speak of what others' do not, one call says
one thing forty times, and one agent has to say his name. Printed for each seed: what was found, what was missed, what was
invented, and the processor time of each step. With ``--sayings`` agents say the lines of a file beside the script, so that the
words are not ours.

Usage::

    python benchmarks/habits.py --seeds 1-5
    python benchmarks/habits.py --seeds 1-5 --calls 2500
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from make_archive import Talk, _record, _transcript

from audit.phrases import CallPhrases, call_phrases
from audit.records import CallRecord, Metadata
from audit.report import ReportedCall, ReportSettings
from audit.report.habits import compare, named_habits, put_aside


class Drawn:
    """Calls at hand, as the part of a report's source that is asked here."""

    def __init__(self, talk: Talk, n_calls: int, n_agents: int, names: Mapping[int, str]) -> None:
        self.said: dict[str, list[CallPhrases]] = defaultdict(list)
        self.records: dict[str, CallRecord] = {}
        scripted = [_transcript(k) for k in range(8)]
        script = np.random.default_rng(talk.rng.integers(1 << 32))
        for i in range(n_calls):
            agent, call_id = i % n_agents, f"c{i:06d}"
            words = scripted[int(script.integers(8))]
            words = replace(words, turns=(*words.turns, *talk.turns(agent, words.turns[-1].end_s + 0.6)))
            known = Metadata(call_id, agent_id=f"A{agent:02d}", agent_name=names.get(agent), direction="inbound")
            record = replace(_record(words), call_id=call_id, metadata=known)
            self.records[call_id] = record
            self.said[f"A{agent:02d}"].append(call_phrases(record))

    def phrases(self, agent: str, call_ids: Collection[str]) -> Iterable[CallPhrases]:
        """All of an agent."""
        return self.said[agent]

    def calls(self, agent: str, call_ids: Collection[str]) -> dict[str, ReportedCall]:
        """Some in full, without a verdict."""
        return {i: ReportedCall(self.records[i]) for i in call_ids}


def found_in(source: Any, ids: Mapping[str, Collection[str]]) -> tuple[dict[str, list[str]], str]:
    """The habits of each agent that has one, and what each step took."""
    settings, marks = ReportSettings("zh", datetime.now(UTC)), [time.process_time()]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        aside = [put_aside(folder, a, source.phrases(a, ids[a])) for a in ids]
        marks.append(time.process_time())
        habits = compare(folder, aside, settings.habits)
        marks.append(time.process_time())
        named = {a: named_habits(folder, h, source, ids[a], settings) for a, h in habits.items()}
        marks.append(time.process_time())
        size = sum(f.stat().st_size for f in folder.iterdir())
    steps = ", ".join(f"{n} {b - a:.1f} s" for n, a, b in zip(("count", "compare", "read"), marks[:-1], marks[1:], strict=True))
    return {a: [h.text for h in found] for a, found in named.items() if found}, f"{steps}; {size / 1e6:.0f} MB aside"


def told(found: Mapping[str, Collection[str]], planted: Mapping[str, str]) -> tuple[str, int, int]:
    """What was found, missed and invented, in words; and how many of the first and the last."""
    hits = {a: t for a, t in planted.items() if t in found.get(a, ())}
    invented = {a: [t for t in texts if t != planted.get(a)] for a, texts in found.items()}
    invented = {a: t for a, t in invented.items() if t}
    missed = {a: t for a, t in planted.items() if a not in hits}
    text = f"found {len(hits)} of {len(planted)} planted, invented {sum(map(len, invented.values()))}"
    return (
        text + "".join(f"; {n} {v}" for n, v in (("missed", missed), ("invented", invented)) if v),
        len(hits),
        sum(map(len, invented.values())),
    )


def main() -> None:
    """Draw, look and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1-5", help="first-last")
    parser.add_argument("--calls", type=int, default=5000)
    parser.add_argument("--agents", type=int, default=50)
    parser.add_argument("--sayings", type=Path, help="a text file: what is said by chance, one saying a line")
    options = parser.parse_args()
    free = tuple(options.sayings.read_text("utf-8").split("\n")[:-1]) if options.sayings else None
    first, _, last = options.seeds.partition("-")
    totals = np.zeros(3, int)
    for seed in range(int(first), int(last or first) + 1):
        talk = Talk(options.agents, seed, free) if free else Talk(options.agents, seed)
        source = Drawn(talk, options.calls, options.agents, talk.names)
        ids = {a: [s.call_id for s in said] for a, said in source.said.items()}
        found, steps = found_in(source, ids)
        text, n_hits, n_invented = told(found, talk.truth)
        totals += (n_hits, len(talk.truth), n_invented)
        print(f"seed {seed}: {text} ({steps})", flush=True)
    print(f"all: found {totals[0]} of {totals[1]}, invented {totals[2]}")


if __name__ == "__main__":
    main()
