"""New verdicts on what was measured before: no audio is opened and no model runs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from audit import __version__
from audit.batch.files import call_file_name, write_json
from audit.batch.stopping import StopSignals
from audit.contract import call_to_json, evaluation_to_json
from audit.records import CallRecord
from audit.storage import Judged, Standing, Store, StoredCall
from audit.verdicts import Evaluation

#: Calls that are read, and whose evaluations are kept, in one transaction.
CHUNK_CALLS = 50


class Rejudge(Protocol):
    """Holds stored records against the scorecard of this run."""

    def evaluate(self, record: CallRecord) -> Evaluation | None:
        """The verdicts on a record; None where no scorecard applies."""
        ...

    def prepare(self, call_ids: Collection[str]) -> None:
        """These calls are to be judged."""
        ...

    def judging_key(self, agent_id: str | None, language: str, call_id: str | None = None) -> str | None:
        """Hash of all that an evaluation is made from, beside the record; None where no scorecard applies."""
        ...


class RescoreProgress(Protocol):
    """Who shows how far a rescore is."""

    def started(self, *, n_calls: int) -> None:
        """So many calls have to be judged."""
        ...

    def advanced(self, n_done: int) -> None:
        """So many of them are kept."""
        ...

    def stopping(self, level: int) -> None:
        """Somebody asked to stop."""
        ...


class Unwatched:
    """Progress that nobody watches."""

    def started(self, *, n_calls: int) -> None:
        """Nothing."""

    def advanced(self, n_done: int) -> None:
        """Nothing."""

    def stopping(self, level: int) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class RescoreSummary:
    """How a rescore went.

    Attributes
    ----------
    n_calls : int
        In the store, or in the part of it that was asked for.
    n_rescored : int
        Got a new evaluation.
    n_unchanged : int
        Nothing was added: judged from the same record, rules and facts before, or it came out the same.
    n_without_words : int
        Measured only, or in a language without a scorecard: no verdict.
    call_ids : frozenset of str
        Calls with a verdict.
    stopped_by : int or None
        Number of the signal that ended it early; what was kept stays, and the same command goes on from there.
    """

    n_calls: int = 0
    n_rescored: int = 0
    n_unchanged: int = 0
    n_without_words: int = 0
    call_ids: frozenset[str] = frozenset()
    stopped_by: int | None = None

    @property
    def n_not_begun(self) -> int:
        """Calls that a stopped rescore left alone."""
        return self.n_calls - self.n_rescored - self.n_unchanged - self.n_without_words


def rescore(
    store: Store,
    judge: Rejudge,
    out: Path,
    *,
    options: Mapping[str, Any],
    lang: str,
    clock: Callable[[], datetime],
    since: datetime | None = None,
    until: datetime | None = None,
    only: Collection[str] | None = None,
    anew: bool = False,
    progress: RescoreProgress | None = None,
    files_here_only: bool = False,
) -> RescoreSummary:
    """Hold stored calls against a scorecard, add evaluations and write ``calls/*.json`` anew.

    A call that was judged from the same record, rules, facts and version of this program, into the same folder, is
    left alone. A call's file is written before its evaluation is kept, and a few dozen evaluations are kept at once: whatever
    ends the process, the next rescore goes on where this one stopped.

    Parameters
    ----------
    judge : Rejudge
    out : Path
        Folder with a ``calls/`` that exists.
    options : mapping
        Kept with each evaluation.
    lang : {"en", "zh"}
        Of the reasons in the files.
    since, until : datetime, optional
        Only calls that started in this half-open time.
    only : collection of str, optional
        Only these calls.
    anew : bool, default False
        Judge every call, also one that was judged from the same before.
    progress : RescoreProgress, optional
    files_here_only : bool, default False
        Write only files that are in the folder: those of a store's other calls lie elsewhere.

    Returns
    -------
    RescoreSummary

    Raises
    ------
    StoreError
        If a result cannot be kept.
    """
    shown = progress or Unwatched()
    run_id = store.begin_run("rescore", options, tool_version=__version__, now=clock())
    standings = store.standings(since=since, until=until, only=only)
    judge.prepare([s.call_id for s in standings])
    work = _Work(store, judge, out, options, lang, clock, files_here_only)
    state: Literal["done", "interrupted", "failed"] = "failed"
    stopped_by: int | None = None
    try:
        with StopSignals(shown.stopping) as stop:
            todo = work.sort_out(standings, anew=anew)
            shown.started(n_calls=len(todo))
            n_done = 0
            for begin in range(0, len(todo), CHUNK_CALLS):
                n_done += work.judge_all(todo[begin : begin + CHUNK_CALLS], lambda: stop.look() > 0)
                shown.advanced(n_done)
                if stop.look():
                    break
            stopped_by = stop.signum if stop.level else None
        state = "done" if stopped_by is None else "interrupted"
    finally:
        counts = {"n_calls": len(standings), "n_rescored": work.n_rescored, "n_unchanged": work.n_unchanged}
        store.finish_run(run_id, state, counts, now=clock())
    return RescoreSummary(len(standings), work.n_rescored, work.n_unchanged, work.n_without, frozenset(work.judged), stopped_by)


class _Work:
    """One rescore under way."""

    def __init__(
        self,
        store: Store,
        judge: Rejudge,
        out: Path,
        options: Mapping[str, Any],
        lang: str,
        clock: Callable[[], datetime],
        files_here_only: bool,
    ) -> None:
        self.store, self.judge, self.out, self.options, self.lang, self.clock = store, judge, out, options, lang, clock
        self.files_here_only = files_here_only
        self.n_rescored = self.n_unchanged = self.n_without = 0
        self.judged: set[str] = set()
        self._place = f"{lang} {out.absolute()}"

    def sort_out(self, standings: Sequence[Standing], *, anew: bool) -> list[Standing]:
        """The calls that have to be judged; the others are counted."""
        todo = []
        for s in standings:
            key = self._key(s)
            if (
                key is not None
                and key == s.judging_key
                and not anew
                and (self.files_here_only or self._path(s.call_id).exists())
            ):
                self.n_unchanged += 1
                self.judged.add(s.call_id)
            else:
                todo.append(s)
        return todo

    def judge_all(self, chunk: Iterable[Standing], is_stopped: Callable[[], bool]) -> int:
        """Judge some calls and keep what came out; how many were done before somebody asked to stop."""
        by_row = {s.call_row_id: s for s in chunk}
        done: list[Judged] = []
        n_done = 0
        for call in self.store.calls_by_row(tuple(by_row)):
            if is_stopped():
                break
            done += self._judged(call, self._key(by_row[call.call_row_id]))
            n_done += 1
        if done:
            self.store.save_judged(done, options=self.options, now=self.clock())
        return n_done

    def _judged(self, call: StoredCall, key: str | None) -> list[Judged]:
        record = call.record
        new = self.judge.evaluate(record) if record.transcript is not None and key is not None else None
        shown = new or call.evaluation
        published = {**call_to_json(record), "evaluation": evaluation_to_json(shown, self.lang) if shown else None}
        path = self._path(record.call_id)
        if not self.files_here_only or path.exists():
            write_json(path, published)
        if new is not None or call.evaluation is not None:
            self.judged.add(record.call_id)
        if new is None or key is None:
            self.n_without += 1
            return []
        # Held against each other as they are published: figures that are rounded there differ for nobody.
        if call.evaluation is not None and evaluation_to_json(new) == evaluation_to_json(call.evaluation):
            self.n_unchanged += 1
            return [Judged(call.call_row_id, record, None, call.evaluation_id, key)]
        self.n_rescored += 1
        return [Judged(call.call_row_id, record, new, None, key)]

    def _key(self, standing: Standing) -> str | None:
        """What the evaluation of a call would be made from, and where its file goes."""
        if standing.language is None:
            return None
        made_from = self.judge.judging_key(standing.agent_id, standing.language, standing.call_id)
        text = f"{made_from} {self._place}"
        return None if made_from is None else hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()

    def _path(self, call_id: str) -> Path:
        return self.out / "calls" / call_file_name(call_id)
