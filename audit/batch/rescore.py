"""New verdicts on what was measured before: no audio is opened and no model runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from audit import __version__
from audit.batch.files import call_file_name, write_json
from audit.batch.plan import Judge
from audit.contract import call_to_json
from audit.storage import Store


@dataclass(frozen=True, slots=True)
class RescoreSummary:
    """How a rescore went.

    Attributes
    ----------
    n_calls : int
        In the store.
    n_rescored : int
        Got a new evaluation.
    n_unchanged : int
        The scorecard says what it said before; nothing was added.
    n_without_words : int
        Measured only, or in a language without a scorecard: no verdict.
    call_ids : frozenset of str
        Calls with a verdict.
    """

    n_calls: int = 0
    n_rescored: int = 0
    n_unchanged: int = 0
    n_without_words: int = 0
    call_ids: frozenset[str] = frozenset()


def rescore(
    store: Store,
    judge: Judge,
    out: Path,
    *,
    options: Mapping[str, Any],
    lang: str,
    clock: Callable[[], datetime],
    since: datetime | None = None,
    until: datetime | None = None,
) -> RescoreSummary:
    """Hold stored calls against a scorecard, add evaluations and write ``calls/*.json`` anew.

    Parameters
    ----------
    judge : Judge
    out : Path
        Folder with a ``calls/`` that exists.
    options : mapping
        Kept with each evaluation.
    lang : {"en", "zh"}
        Of the reasons in the files.
    since, until : datetime, optional
        Only calls that started in this half-open time.

    Returns
    -------
    RescoreSummary

    Raises
    ------
    StoreError
        If a result cannot be kept.
    """
    run_id = store.begin_run("rescore", options, tool_version=__version__, now=clock())
    n_calls = n_rescored = n_unchanged = n_without = 0
    judged: set[str] = set()
    # Row numbers first: adding rows while reading them would show the reader its own writing.
    for number in [c.call_row_id for c in store.calls(since=since, until=until)]:
        call = store.call(number)
        n_calls += 1
        evaluation = judge.evaluate(call.record) if call.record.transcript is not None else None
        if evaluation is None:
            n_without += 1
            evaluation = call.evaluation
        elif call.evaluation is not None and _said(call.record, evaluation) == _said(call.record, call.evaluation):
            n_unchanged += 1
        else:
            store.save_evaluation(number, call.record, evaluation, options=options, now=clock())
            n_rescored += 1
        if evaluation is not None:
            judged.add(call.record.call_id)
        path = out / "calls" / call_file_name(call.record.call_id)
        write_json(path, call_to_json(call.record, evaluation, lang=lang))
    store.finish_run(run_id, "done", {"n_calls": n_calls, "n_rescored": n_rescored, "n_unchanged": n_unchanged}, now=clock())
    return RescoreSummary(n_calls, n_rescored, n_unchanged, n_without, frozenset(judged))


def _said(record: Any, evaluation: Any) -> Any:
    """An evaluation as it is published; figures that are rounded there differ for nobody."""
    return call_to_json(record, evaluation)["evaluation"]
