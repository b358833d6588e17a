"""Write all pages and tables of a report."""

from __future__ import annotations

import json
import os
import pickle
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from audit.records import Failure
from audit.report.agent_page import ShownCall, calls_in_full, scorecard_page
from audit.report.call_page import wanted_clips
from audit.report.clips import cut_page, no_clips
from audit.report.html import render_index, render_scorecard
from audit.report.index_page import index_page
from audit.report.inputs import Band, ReportedCall, ReportPaths
from audit.report.messages import Lang, Messages, load_messages
from audit.report.naming import file_stems
from audit.report.scorecard import AgentSummary, agent_key, summarise_agent, summarise_batch
from audit.report.tables import (
    AGENT_COLUMNS,
    CALL_COLUMNS,
    FAILURE_COLUMNS,
    SCORECARD_COLUMNS,
    Cell,
    agent_row,
    call_row,
    csv_text,
    failure_row,
    scorecard_json,
    scorecard_rows,
)


def write_reports(
    out: Path,
    calls: Iterable[ReportedCall],
    *,
    lang: Lang,
    failures: Sequence[Failure],
    generated_at: datetime,
    with_audio: bool = True,
    agents: Collection[str] | None = None,
    bands: Mapping[str, Sequence[Band]] | None = None,
) -> ReportPaths:
    """Write the overview, a scorecard for each agent, and the same numbers as tables.

    The calls are read once and kept on disk while the pages are made, so that memory holds one agent's calls at a time.
    Every file is written beside its place and renamed into it; a reader never sees half a page.

    Parameters
    ----------
    out : Path
        Made if missing.
    calls : iterable of ReportedCall
        In any order. A call belongs to the agent its metadata names by id, else by name; the others share one page,
        ``scorecards/unassigned.html``.
    lang : {"zh", "en"}
    failures : sequence of Failure
    generated_at : datetime
        With a time zone; printed on each page.
    with_audio : bool, default True
        Cut clips from the recordings and embed them. Without, times are printed.
    agents : collection of str, optional
        Write the scorecards of these agents only (``""`` for calls without one). The overview and the tables cover all
        calls given in any case, and link the pages that exist.
    bands : mapping of scorecard id to sequence of Band, optional
        What the mean score of an agent is called, where all his calls share a scorecard.

    Returns
    -------
    ReportPaths

    Raises
    ------
    ValueError
        For another language.
    OSError
        If a file cannot be written.
    """
    messages = load_messages(lang)
    cards = out / "scorecards"
    cards.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".report-", dir=out) as folder:
        shelf = _Shelf(Path(folder))
        for call in calls:
            shelf.add(call)
        stems = file_stems(sorted(shelf.agents))
        summaries: list[AgentSummary] = []
        call_rows: list[dict[str, Cell]] = []
        times: list[datetime | None] = []
        written: dict[str, Path] = {}
        for agent_id, stem in stems.items():
            theirs = sorted(shelf.read(agent_id), key=_by_time)
            summary = summarise_agent(agent_id, theirs, bands or {})
            summaries.append(summary)
            call_rows += [call_row(c, messages) for c in theirs]
            times += [c.record.metadata.started_at for c in theirs]
            if agents is None or agent_id in agents:
                written[agent_id] = _write_scorecard(
                    cards, stem, summary, theirs, messages=messages, generated_at=generated_at, with_audio=with_audio
                )
    pages = {a: f"scorecards/{stem}.html" for a, stem in stems.items() if (cards / f"{stem}.html").is_file()}
    paths = ReportPaths(out / "index.html", out / "agents.csv", out / "calls.csv", out / "failures.csv", written)
    _write(paths.agents_csv, csv_text(AGENT_COLUMNS, (agent_row(a, pages.get(a.agent_id, ""), messages) for a in summaries)))
    _write(paths.calls_csv, csv_text(CALL_COLUMNS, call_rows))
    _write(paths.failures_csv, csv_text(FAILURE_COLUMNS, (failure_row(f) for f in failures)))
    batch = summarise_batch(summaries, times)
    page = index_page(batch, summaries, pages, failures, messages=messages, generated_at=generated_at)
    _write(paths.index, render_index(page, messages))
    return paths


def _write_scorecard(
    cards: Path,
    stem: str,
    summary: AgentSummary,
    calls: Sequence[ReportedCall],
    *,
    messages: Messages,
    generated_at: datetime,
    with_audio: bool,
) -> Path:
    """One agent's page and its two data files; the page last, so that its links hold."""
    full = calls_in_full(calls)
    clips = (cut_page if with_audio else no_clips)([(c.record.recording, wanted_clips(c)) for c in full])
    shown = [ShownCall(c, k) for c, k in zip(full, clips, strict=True)]
    page = scorecard_page(summary, calls, shown, messages=messages, generated_at=generated_at, stem=stem)
    data = scorecard_json(summary, calls, messages, generated_at)
    _write(cards / f"{stem}.json", json.dumps(data, ensure_ascii=False, indent=1) + "\n")
    _write(cards / f"{stem}.csv", csv_text(SCORECARD_COLUMNS, scorecard_rows(summary, messages)))
    path = cards / f"{stem}.html"
    _write(path, render_scorecard(page, messages))
    return path


def _by_time(call: ReportedCall) -> tuple[bool, float, str]:
    """Oldest first; calls without a time last, by id."""
    started = call.record.metadata.started_at
    return (started is None, started.timestamp() if started else 0.0, call.record.call_id)


def _write(path: Path, text: str) -> None:
    """Write beside the place and rename into it; where that fails, nothing is left behind."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(text, "utf-8", "backslashreplace", newline="")  # a path may hold bytes that are no UTF-8
        os.replace(part, path)  # noqa: PTH105
    except OSError:
        part.unlink(missing_ok=True)
        raise


class _Shelf:
    """Calls put aside on disk by agent, for as long as the folder lives."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers: dict[str, int] = {}

    @property
    def agents(self) -> Collection[str]:
        return self._numbers.keys()

    def add(self, call: ReportedCall) -> None:
        number = self._numbers.setdefault(agent_key(call), len(self._numbers))
        with (self._folder / str(number)).open("ab") as f:
            pickle.dump(call, f, pickle.HIGHEST_PROTOCOL)

    def read(self, agent_id: str) -> list[Any]:
        """All calls of an agent, as they were added."""
        found = []
        with (self._folder / str(self._numbers[agent_id])).open("rb") as f:
            while f.peek(1):
                found.append(pickle.load(f))
        return found
