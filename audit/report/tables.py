"""The numbers of the pages as files: CSV that a spreadsheet opens and JSON that a script reads.

Units stand in the column names; scores are 0-100 and ratios 0-1. A cell is empty where nothing was measured.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from audit.digests import CallDigest
from audit.records import Failure, Measures
from audit.report.messages import Messages
from audit.report.scorecard import AgentSummary, CriterionSummary, SectionSummary, agent_key, count_verdicts

if TYPE_CHECKING:
    from audit.statistics import Change

SCORECARD_SCHEMA = "callaudit.scorecard/1"

AGENT_COLUMNS = (
    "agent_id", "agent_name", "n_calls", "n_scored_calls", "score", "band", "lowest_score", "highest_score",
    "n_critical_calls", "audio_s", "n_pass", "n_fail", "n_not_applicable", "n_not_evaluable", "pass_ratio",
    "weakest_section", "weakest_section_score", "weakest_section_points_lost", "page",
    "score_low", "score_high", "score_method", "n_not_evaluable_calls", "rank_from", "rank_to", "n_ranked", "team",
)  # fmt: skip

_MEASURE_NAMES = tuple(f.name for f in fields(Measures))

CALL_COLUMNS = (
    "call_id", "agent_id", "agent_name", "direction", "started_at", "duration_s", "ring_s", "ring_source", "n_rings",
    "answer_at_s", "talk_s", "hold_s", "hold_count", "longest_hold_s", "dead_air_s", "dead_air_count", "overlap_s",
    "hangup_by", "layout", "language", "transcript_coverage_ratio", "scorecard", "scorecard_version", "scorecard_sha256",
    "score", "band", "critical_failed", "weakest_section", "n_pass", "n_fail", "n_not_applicable", "n_not_evaluable",
    "failed_criteria", *(f"agent_{name}" for name in _MEASURE_NAMES), *(f"customer_{name}" for name in _MEASURE_NAMES),
    "recording_path", "warnings", "team",
    "n_overruled", "tool_score", "ring_heard_s", "page", "utc_offset_min",
)  # fmt: skip

FAILURE_COLUMNS = ("recording_path", "call_id", "severity", "stage", "error", "message", "next_step")

SCORECARD_COLUMNS = (
    "level", "id", "title", "section", "clause", "critical", "score", "n_calls", "n_pass", "n_fail", "n_not_applicable",
    "n_not_evaluable", "pass_ratio", "points", "max_points", "points_lost",
    "low", "high",
)  # fmt: skip

Cell = str | int | float | bool | datetime | None

#: A cell that a spreadsheet would run as a formula; plain numbers and telephone numbers are let through.
_FORMULA = re.compile(r"[=@\t\r]|[+-](?!\d[\d .()-]*$)")


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, Cell]]) -> str:
    """Rows as CSV with a byte order mark, so that spreadsheets read Chinese; lines end in CR LF (RFC 4180).

    Parameters
    ----------
    columns : sequence of str
    rows : iterable of mapping of column to cell
        Each with exactly these columns.

    Examples
    --------
    >>> csv_text(("a", "b_s"), [{"a": "=1+1", "b_s": None}])
    "\\ufeffa,b_s\\r\\n'=1+1,\\r\\n"
    """
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out)
    writer.writerow(columns)
    return out.getvalue() + csv_rows(columns, rows)


def csv_rows(columns: Sequence[str], rows: Iterable[Mapping[str, Cell]]) -> str:
    """The lines of some rows alone, to follow those of :func:`csv_text`."""
    out = io.StringIO()
    csv.writer(out).writerows([csv_cell(row[c]) for c in columns] for row in rows)
    return out.getvalue()


def csv_cell(value: Cell) -> str:
    """What stands in a cell: nothing for None, and nothing that a spreadsheet would run."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    text = str(value)
    return f"'{text}" if isinstance(value, str) and _FORMULA.match(text) else text


def agent_row(a: AgentSummary, page: str, messages: Messages) -> dict[str, Cell]:
    """One line of ``agents.csv``."""
    weakest = a.weakest
    return {
        "agent_id": a.agent_id or None,
        "agent_name": a.agent_name,
        "n_calls": a.n_calls,
        "n_scored_calls": a.n_scored,
        "score": a.score,
        "band": messages.pick(a.band.title, a.band.band) if a.band else None,
        "lowest_score": a.lowest_score,
        "highest_score": a.highest_score,
        "n_critical_calls": a.n_critical,
        "audio_s": a.audio_s,
        "n_pass": a.counts.n_pass,
        "n_fail": a.counts.n_fail,
        "n_not_applicable": a.counts.n_not_applicable,
        "n_not_evaluable": a.counts.n_not_evaluable,
        "pass_ratio": a.counts.pass_rate.ratio,
        "weakest_section": messages.pick(weakest.title, weakest.section) if weakest else None,
        "weakest_section_score": weakest.score if weakest else None,
        "weakest_section_points_lost": weakest.points_lost if weakest else None,
        "page": page,
        "score_low": a.estimate.low if a.estimate else None,
        "score_high": a.estimate.high if a.estimate else None,
        "score_method": a.estimate.method if a.estimate else None,
        "n_not_evaluable_calls": a.n_calls - a.n_scored,
        "rank_from": a.rank.first if a.rank else None,
        "rank_to": a.rank.last if a.rank else None,
        "n_ranked": a.rank.of if a.rank else None,
        "team": a.team,
    }


def call_row(call: CallDigest, messages: Messages, page: str = "") -> dict[str, Cell]:
    """One line of ``calls.csv``; `page` is where the call is shown."""
    offset = call.started_at.utcoffset() if call.started_at is not None and not call.utc_only else None
    judged = call.scorecard is not None
    counts = count_verdicts(call.outcomes.values())
    row: dict[str, Cell] = {
        "call_id": call.call_id,
        "agent_id": agent_key(call) or None,
        "agent_name": call.agent_name,
        "direction": call.direction,
        "started_at": call.started_at,
        "duration_s": call.duration_s,
        "ring_s": call.ring_s,
        "ring_source": call.ring_source,
        "n_rings": call.n_rings,
        "answer_at_s": call.answer_at_s,
        "talk_s": call.talk_s,
        "hold_s": call.hold_s,
        "hold_count": call.n_holds,
        "longest_hold_s": call.longest_hold_s,
        "dead_air_s": call.silence_s,
        "dead_air_count": call.n_silences,
        "overlap_s": call.overlap_s,
        "hangup_by": call.hangup_by,
        "layout": call.layout,
        "language": call.language,
        "transcript_coverage_ratio": call.coverage_ratio,
        "scorecard": call.scorecard,
        "scorecard_version": call.scorecard_version,
        "scorecard_sha256": call.scorecard_sha256,
        "score": call.score,
        "band": messages.pick(call.band_title, call.band or "") or None,
        "critical_failed": call.critical_failed if judged else None,
        "weakest_section": call.weakest_section,
        "n_pass": counts.n_pass if judged else None,
        "n_fail": counts.n_fail if judged else None,
        "n_not_applicable": counts.n_not_applicable if judged else None,
        "n_not_evaluable": counts.n_not_evaluable if judged else None,
        "failed_criteria": " ".join(failed_criteria(call)),
        "recording_path": call.recording_path,
        "warnings": "; ".join(call.warnings),
        "team": call.team,
        "n_overruled": len(call.overruled) if judged else None,
        "tool_score": call.tool_score,
        "ring_heard_s": call.ring_heard_s,
        "page": page or None,
        "utc_offset_min": None if offset is None else round(offset.total_seconds() / 60),
    }
    for name in _MEASURE_NAMES:
        row[f"agent_{name}"] = _figure(name, call.measures.get(name))
        row[f"customer_{name}"] = _figure(name, call.customer_measures.get(name))
    return row


def _figure(name: str, value: float | None) -> Cell:
    """A measure; digests keep counts as the other figures."""
    return round(value) if value is not None and name.startswith("n_") else value


def failed_criteria(call: CallDigest) -> list[str]:
    """The criteria that a call failed, in the scorecard's order."""
    return [criterion for criterion, o in call.outcomes.items() if o.outcome == "fail"]


def failure_row(f: Failure) -> dict[str, Cell]:
    """One line of ``failures.csv``."""
    return {
        "recording_path": f.path,
        "call_id": f.call_id,
        "severity": f.severity,
        "stage": f.stage,
        "error": f.error,
        "message": f.reason,
        "next_step": f.next_step,
    }


def scorecard_rows(a: AgentSummary, messages: Messages) -> list[dict[str, Cell]]:
    """The lines of ``scorecards/<agent>.csv``: the agent, each section, each criterion."""
    blank: dict[str, Cell] = dict.fromkeys(SCORECARD_COLUMNS)
    head = blank | {
        "level": "agent",
        "id": a.agent_id or None,
        "title": a.agent_name,
        "score": a.score,
        "n_calls": a.n_scored,
        "n_pass": a.counts.n_pass,
        "n_fail": a.counts.n_fail,
        "n_not_applicable": a.counts.n_not_applicable,
        "n_not_evaluable": a.counts.n_not_evaluable,
        "pass_ratio": a.counts.pass_rate.ratio,
        "low": a.estimate.low if a.estimate else None,
        "high": a.estimate.high if a.estimate else None,
    }
    return [
        head,
        *(blank | {"level": "section"} | _section(s, messages) for s in a.sections),
        *(blank | {"level": "criterion"} | _criterion(c, messages) for c in a.criteria),
    ]


def scorecard_json(
    a: AgentSummary, calls: Sequence[CallDigest], messages: Messages, generated_at: datetime, changes: Sequence[Change] = ()
) -> dict[str, Any]:
    """``scorecards/<agent>.json``: what the page says, for scripts; ``null`` where nothing was measured."""
    weakest = a.weakest
    return {
        "schema": SCORECARD_SCHEMA,
        "agent_id": a.agent_id or None,
        "agent_name": a.agent_name,
        "generated_at": generated_at.isoformat(),
        "n_calls": a.n_calls,
        "n_scored_calls": a.n_scored,
        "n_critical_calls": a.n_critical,
        "score": a.score,
        "band": a.band.band if a.band else None,
        "lowest_score": a.lowest_score,
        "highest_score": a.highest_score,
        "audio_s": a.audio_s,
        "score_low": a.estimate.low if a.estimate else None,
        "score_high": a.estimate.high if a.estimate else None,
        "score_method": a.estimate.method if a.estimate else None,
        "n_not_evaluable_calls": a.n_calls - a.n_scored,
        "rank": {"rank_from": a.rank.first, "rank_to": a.rank.last, "n_ranked": a.rank.of} if a.rank else None,
        "team": a.team,
        "changes": [
            {
                "at": c.at.isoformat(),
                "earliest": c.earliest.isoformat(),
                "latest": c.latest.isoformat(),
                "score_before": c.before,
                "score_after": c.after,
                "p_value": c.p_value,
            }
            for c in changes
        ],
        "verdicts": {
            "n_pass": a.counts.n_pass,
            "n_fail": a.counts.n_fail,
            "n_not_applicable": a.counts.n_not_applicable,
            "n_not_evaluable": a.counts.n_not_evaluable,
            "pass_ratio": a.counts.pass_rate.ratio,
        },
        "weakest_section": {"section": weakest.section, "score": weakest.score, "points_lost": weakest.points_lost}
        if weakest
        else None,
        "scorecards": [
            {"scorecard": u.scorecard, "scorecard_version": u.version, "scorecard_sha256": u.sha256, "n_calls": u.n_calls}
            for u in a.scorecards
        ],
        "sections": [_section(s, messages) for s in a.sections],
        "coaching": [c.criterion for c in a.coaching],
        "criteria": [_criterion(c, messages) for c in a.criteria],
        "measures": {
            name: {"median": m.median, "least": m.least, "greatest": m.greatest, "n_calls": m.n_calls, "quantiles": m.quantiles}
            for name, m in a.measures.items()
        },
        "calls": [
            {
                "call_id": c.call_id,
                "started_at": c.started_at.isoformat() if c.started_at else None,
                "duration_s": c.duration_s,
                "score": c.score,
                "band": c.band,
                "critical_failed": c.critical_failed if c.scorecard is not None else None,
                "failed_criteria": failed_criteria(c),
                **({"tool_score": c.tool_score, "overruled": dict(c.overruled)} if c.overruled else {}),
            }
            for c in calls
        ],
    }


def _section(s: SectionSummary, messages: Messages) -> dict[str, Cell]:
    return {
        "id": s.section,
        "title": messages.pick(s.title, s.section),
        "score": s.score,
        "n_calls": s.n_calls,
        "points": s.points,
        "max_points": s.max_points,
        "points_lost": s.points_lost,
        "low": 100 * s.estimate.low if s.estimate else None,
        "high": 100 * s.estimate.high if s.estimate else None,
    }


def _criterion(c: CriterionSummary, messages: Messages) -> dict[str, Cell]:
    return {
        "id": c.criterion,
        "title": messages.pick(c.title, c.criterion),
        "section": c.section,
        "clause": c.clause,
        "critical": c.critical,
        "n_calls": c.counts.pass_rate.of,
        "n_pass": c.counts.n_pass,
        "n_fail": c.counts.n_fail,
        "n_not_applicable": c.counts.n_not_applicable,
        "n_not_evaluable": c.counts.n_not_evaluable,
        "pass_ratio": c.counts.pass_rate.ratio,
        "points": c.points,
        "max_points": c.max_points,
        "points_lost": c.points_lost,
        "low": c.estimate.low if c.estimate else None,
        "high": c.estimate.high if c.estimate else None,
    }
