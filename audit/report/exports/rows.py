"""The rows of the exported tables from an agent's numbers, calls and failed criteria."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from audit.digests import CallDigest
from audit.report.habits import habit_row
from audit.report.links import link_to_outcome
from audit.report.messages import Messages
from audit.report.scorecard import AgentSummary, VerdictCounts, agent_key
from audit.report.spoken import SpokenHabit
from audit.report.tables import Cell
from audit.report.together import BatchSummary, others_of
from audit.verdicts import Outcome


def criteria_rows(
    a: AgentSummary, team: BatchSummary, everybody: BatchSummary, messages: Messages
) -> Iterator[dict[str, Cell]]:
    """The criteria of an agent beside those of the team and of the others.

    Parameters
    ----------
    a : AgentSummary
    team : BatchSummary
        Of the agent's team, this agent among it.
    everybody : BatchSummary
        Of all agents of the report.
    messages : Messages
    """
    titles = {s.section: messages.pick(s.title, s.section) for s in a.sections}
    in_team = {c.criterion: c for c in team.criteria}
    in_all = {c.criterion: c for c in everybody.criteria}
    for c in a.criteria:
        rate, of_team = c.counts.pass_rate, in_team[c.criterion].counts.pass_rate
        of_others = others_of(in_all, c).pass_rate
        yield {
            "agent_id": a.agent_id or None,
            "agent_name": a.agent_name,
            "team": a.team,
            "section": c.section,
            "section_title": titles.get(c.section),
            "criterion": c.criterion,
            "title": messages.pick(c.title, c.criterion),
            "clause": c.clause or None,
            "critical": c.critical,
            "pass_ratio": rate.ratio,
            "pass_ratio_low": c.estimate.low if c.estimate else None,
            "pass_ratio_high": c.estimate.high if c.estimate else None,
            "n_calls": rate.of,
            **_counts(c.counts),
            "points": c.points,
            "max_points": c.max_points,
            "points_lost": c.points_lost,
            "team_pass_ratio": of_team.ratio,
            "n_team_calls": of_team.of,
            "others_pass_ratio": of_others.ratio,
            "n_others_calls": of_others.of,
        }


def habit_rows(
    a: AgentSummary, habits: Sequence[SpokenHabit], links: Mapping[str, str], page: str
) -> Iterable[dict[str, Cell]]:
    """A row for each habit of an agent, with its first place in the call in which it is said most."""
    for h in habits:
        place = h.places[0]
        figures = habit_row(h)
        figures.pop("p_value")
        call_id = place.call.record.call_id
        yield {
            "agent_id": a.agent_id or None,
            "agent_name": a.agent_name,
            "team": a.team,
            **figures,
            "call_id": call_id,
            "start_s": place.evidence.start_s,
            "end_s": place.evidence.end_s,
            "page": links.get(call_id, page) or None,
        }


def _counts(n: VerdictCounts) -> dict[str, Cell]:
    return {
        "n_pass": n.n_pass,
        "n_fail": n.n_fail,
        "n_not_applicable": n.n_not_applicable,
        "n_not_evaluable": n.n_not_evaluable,
    }


def evidence_rows(call: CallDigest, failed: Sequence[Outcome], messages: Messages, page: str = "") -> Iterable[dict[str, Cell]]:
    """A row for each place that proves a failed criterion of a call; one row where there is no place."""
    head: dict[str, Cell] = {
        "call_id": call.call_id,
        "agent_id": agent_key(call) or None,
        "agent_name": call.agent_name,
        "team": call.team,
        "started_at": call.started_at,
    }
    for o in failed:
        lost = None if o.max_points is None or o.points is None else o.max_points - o.points
        mine = head | {
            "section": o.section,
            "criterion": o.criterion,
            "title": messages.pick(o.title, o.criterion),
            "clause": o.clause or None,
            "critical": o.critical,
            "points_lost": lost,
            "reason": messages.pick(o.reason) or None,
        }
        suggestion = messages.pick(o.suggestion) or None
        place = link_to_outcome(page, o.criterion) or None
        if not o.evidence:
            yield mine | dict.fromkeys(_PLACE) | {"n_places": 0, "suggestion": suggestion, "page": place}
        for i, e in enumerate(o.evidence):
            yield mine | {
                "place": i + 1,
                "n_places": len(o.evidence),
                "start_s": e.start_s,
                "end_s": e.end_s,
                "role": e.role,
                "quote": e.text or None,
                "heard": e.heard or None,
                "match": e.match,
                "confidence_ratio": e.confidence,
                "suggestion": e.suggestion or suggestion,
                "page": place,
            }


_PLACE = ("place", "start_s", "end_s", "role", "quote", "heard", "match", "confidence_ratio")
