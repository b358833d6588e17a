#!/usr/bin/env python3
"""How many stored calls a second one core judges anew, and what each rule of the scorecard costs.

Calls are copies of those of an earlier run (``--from DIR``, its ``callaudit.db``), or, without one, made of the turns in the
scorecard's own cases. Each copy has an id and a start of its own, and two characters of a hundred are exchanged for others of
the same calls, as a recogniser errs: no two turns are alike, so nothing learned from one call serves another.

Printed, in seconds of processor time of this process (wall time beside it):

- cold       the first 50 calls of a process, by which patterns are compiled and tables of sounds and prices filled
- read       the store's rows to records
- evaluate   records to evaluations, once warm, as in a run of thousands
- both       what ``rescore`` does for a call whose rules changed, before it writes
- the table  each rule alone on calls made ready; below it, making ready, and all rules together, which share their work

Where ``make compiled`` was run, what it made is what judges; the first line says so, and ``CALLAUDIT_COMPILED=0`` turns it off.

Usage::

    python benchmarks/rescore.py --from out/
    python benchmarks/rescore.py --from out/ --scorecard ./our-rules --calls 2000 --write
"""

from __future__ import annotations

import argparse
import gc
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from audit.batch.judge import ScorecardJudge
from audit.batch.rescore import rescore
from audit.evaluation import Scorecard, compiled, evaluate, load_scorecard
from audit.evaluation.cases import record_of_case
from audit.evaluation.pack import CASES_SUFFIX
from audit.evaluation.score import judge_criterion, ready
from audit.evaluation.yamlfile import read_yaml
from audit.pipeline import Settings
from audit.records import CallRecord
from audit.storage import AuditKeys, Store
from audit.words import Turn

CHANGED_RATIO = 0.02
#: Calls after which patterns are compiled and tables filled.
N_COLD = 50
START = datetime(2026, 11, 2, 9, tzinfo=UTC)
#: Turns of a call that is made of cases.
N_TURNS = 18


def main() -> None:
    """Make the calls, time, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="source", type=Path, metavar="DIR", help="an earlier run (default: calls made of cases)")
    parser.add_argument("--scorecard", default="zh-service", help="name or folder (default zh-service)")
    parser.add_argument("--calls", type=int, default=1000, help="how many (default 1000)")
    parser.add_argument("--write", action="store_true", help="time a whole rescore, too: rows and calls/*.json written")
    options = parser.parse_args()
    gc.set_threshold(20_000)  # as the command does
    card = load_scorecard(options.scorecard)
    seeds = stored(options.source, card.language) if options.source else made_of_cases(card)
    with tempfile.TemporaryDirectory() as folder, Store.in_folder(Path(folder)) as store:
        n_chars = fill(store, seeds, options.calls)
        print(f"{options.calls} calls from {len(seeds)}, {n_chars / options.calls:.0f} characters each")
        print(f"{card.id} {card.version}, {len(card.criteria)} rules, {'compiled' if compiled.IN_USE else 'not compiled'}\n")
        print_speed(store, card, options.calls)
        print_rules(store, card)
        if options.write:
            print_whole(store, options.scorecard, Path(folder), options.calls)


def stored(folder: Path, language: str) -> list[CallRecord]:
    """The records of an earlier run in the scorecard's language."""
    with Store.in_folder(folder) as store:
        found = [c.record for c in store.calls() if c.record.transcript and c.record.transcript.language == language]
    if not found:
        raise SystemExit(f"{folder}: no transcribed call in {language}")
    return found


def made_of_cases(card: Scorecard) -> list[CallRecord]:
    """Calls of `N_TURNS` turns drawn from the scorecard's cases."""
    files = [read_yaml(c.path.with_name(c.path.stem + CASES_SUFFIX)).data for c in card.criteria]
    lines = [line.split(":", 1) for f in files for case in f["cases"] for line in case.get("turns", ())]
    turns = [f"{who.split()[0]}: {text.strip()}" for who, text in lines if not who.startswith("Unknown")]
    chance = random.Random(7)
    return [record_of_case({"turns": chance.sample(turns, N_TURNS)}, card.language) for _ in range(20)]


def fill(store: Store, seeds: list[CallRecord], n_calls: int) -> int:
    """Keep so many copies; returns how many characters they have."""
    chance = random.Random(11)
    alphabet = [c for r in seeds for t in (r.transcript.turns if r.transcript else ()) for c in t.text if c.isalpha()]
    n_chars = 0
    for i in range(n_calls):
        record = copy(seeds[i % len(seeds)], i, chance, alphabet)
        n_chars += sum(len(t.text) for t in record.transcript.turns) if record.transcript else 0
        number = store.begin(f"/calls/{i}.wav", record.call_id, size_bytes=1, mtime_ns=1, now=START)
        store.save_result(number, record, None, AuditKeys("m", "w", "d"), options={}, now=START)
    return n_chars


def copy(record: CallRecord, i: int, chance: random.Random, alphabet: list[str]) -> CallRecord:
    """A record under another id, some of its characters exchanged."""
    turns = tuple(_changed(t, chance, alphabet) for t in record.transcript.turns) if record.transcript else ()
    name, start = f"call-{i:06d}", START + timedelta(minutes=i)
    return replace(
        record,
        call_id=name,
        metadata=replace(record.metadata, call_id=name, agent_id=f"A{i % 12}", started_at=start),
        transcript=replace(record.transcript, turns=turns) if record.transcript else None,
    )


def _changed(turn: Turn, chance: random.Random, alphabet: list[str]) -> Turn:
    def err(text: str) -> str:
        return "".join(chance.choice(alphabet) if c.isalpha() and chance.random() < CHANGED_RATIO else c for c in text)

    if not turn.words:
        return replace(turn, text=err(turn.text))
    at, text, words = 0, turn.text, []
    for word in turn.words:  # the same change in the text and its words
        new = err(word.text)
        found = text.find(word.text.strip(), at)
        if found >= 0:
            bare = new.strip()
            text = text[:found] + bare + text[found + len(word.text.strip()) :]
            at = found + len(bare)
        words.append(replace(word, text=new))
    return replace(turn, text=text, words=tuple(words))


def timed(steps: Iterator[object]) -> tuple[int, float, float]:
    """Count, seconds of processor time and of wall time of running through."""
    cpu, wall = time.process_time(), time.perf_counter()
    n = sum(1 for _ in steps)
    return n, time.process_time() - cpu, time.perf_counter() - wall


def print_speed(store: Store, card: Scorecard, n_calls: int) -> None:
    """Cold, read, evaluate, both."""
    records = [c.record for c in store.calls()]
    n, cpu, _ = timed(evaluate(r, card) for r in records[:N_COLD])
    print(f"cold      {n / cpu:8.0f} calls/s   {1000 * cpu / n:6.2f} ms a call, the first {n}")
    for name, steps in (
        ("read", (c for c in store.calls())),
        ("evaluate", (evaluate(r, card) for r in records)),
        ("both", (evaluate(c.record, card) for c in store.calls())),
    ):
        n, cpu, wall = timed(iter(steps))
        print(f"{name:9s} {n / cpu:8.0f} calls/s   {1000 * cpu / n:6.2f} ms a call   (wall {wall:.1f} s)")


def print_rules(store: Store, card: Scorecard) -> None:
    """The cost of each rule alone, dearest first."""
    records = [c.record for c, _ in zip(store.calls(), range(200), strict=False)]
    begun = time.process_time()
    calls = [ready(r, card) for r in records]
    making_ready = time.process_time() - begun
    costs = []
    for criterion in card.criteria:
        calls = [ready(r, card) for r in records]
        begun = time.process_time()
        for call in calls:
            judge_criterion(criterion, call)
        costs.append((time.process_time() - begun, criterion.id))
    n, total = len(records), sum(c for c, _ in costs)
    print("\n  µs a call   share   rule")
    for cost, name in sorted(costs, reverse=True):
        print(f"{1e6 * cost / n:11.0f}   {cost / total:5.1%}   {name}")
    print(f"{1e6 * total / n:11.0f}           the sum")
    print(f"{1e6 * making_ready / n:11.0f}           making ready, once a call")
    begun = time.process_time()
    for record in records:
        evaluate(record, card)
    print(f"{1e6 * (time.process_time() - begun) / n:11.0f}           all together\n")


def print_whole(store: Store, scorecard: str, folder: Path, n_calls: int) -> None:
    """A whole rescore with its writing, then one with nothing to do."""
    (folder / "calls").mkdir()
    judge = ScorecardJudge(Settings(scorecard=scorecard))
    for what in ("rescore", "again"):
        cpu, wall = time.process_time(), time.perf_counter()
        rescore(store, judge, folder, options={}, lang="en", clock=lambda: datetime.now(UTC))
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        print(f"{what:9s} {n_calls / cpu:8.0f} calls/s   {1000 * cpu / n_calls:6.2f} ms a call   (wall {wall:.1f} s)")


if __name__ == "__main__":
    main()
