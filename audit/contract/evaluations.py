"""The ``evaluation`` part of the published form, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from audit.contract.values import ms
from audit.records import Evidence
from audit.verdicts import Evaluation, Outcome, Review, SectionScore, ToolVerdict


def evaluation_to_json(e: Evaluation, lang: str = "en") -> dict[str, Any]:
    """Write the ``evaluation`` part of a call."""
    return {
        "scorecard": e.scorecard,
        "scorecard_version": e.scorecard_version,
        "scorecard_sha256": e.scorecard_sha256,
        "score": None if e.score is None else round(e.score, 2),
        "band": e.band,
        "band_title": dict(e.band_title),
        "score_reason": dict(e.score_reason),
        "critical_failed": e.critical_failed,
        "weakest_section": e.weakest_section,
        "sections": [
            {
                "section": s.section,
                "title": dict(s.title),
                "score": None if s.score is None else round(s.score, 2),
                "points": round(s.points, 4),
                "max_points": round(s.max_points, 4),
                "deducted": round(s.deducted, 4),
                "critical_failed": s.critical_failed,
            }
            for s in e.sections
        ],
        "outcomes": [_outcome_to_json(o, lang) for o in e.outcomes],
        "bonus_points": round(e.bonus_points, 4),
        "weakest_cost": None if e.weakest_cost is None else round(e.weakest_cost, 2),
        "band_reason": dict(e.band_reason),
        "signs": dict(e.signs),
        **({"tool_score": None if e.tool_score is None else round(e.tool_score, 2)} if e.overruled else {}),
    }


def _outcome_to_json(o: Outcome, lang: str) -> dict[str, Any]:
    return {
        "criterion": o.criterion,
        "outcome": o.outcome,
        "section": o.section,
        "title": dict(o.title),
        "points": None if o.points is None else round(o.points, 4),
        "max_points": o.max_points,
        "critical": o.critical,
        "clause": o.clause,
        "reason": o.reason.get(lang) or next(iter(o.reason.values()), ""),
        "reasons": dict(o.reason),
        "suggestion": dict(o.suggestion),
        "evidence": [evidence_to_json(e) for e in o.evidence],
        "critical_section": o.critical_section,
        "bonus": o.bonus,
        "audit": o.audit,
        "for_person": o.for_person,
        **_reviews_to_json(o),
    }


def _reviews_to_json(o: Outcome) -> dict[str, Any]:
    """What reviewers said, and what the rules had said where they were overruled; nothing where nobody looked."""
    out: dict[str, Any] = {}
    if o.reviews:
        out["reviews"] = [
            {
                "kind": r.kind,
                "outcome": r.outcome,
                "reviewer": r.reviewer,
                "decided_at": r.decided_at.isoformat(),
                "comment": r.comment,
            }
            for r in o.reviews
        ]
    if o.tool is not None:
        out["tool"] = {
            "outcome": o.tool.outcome,
            "points": None if o.tool.points is None else round(o.tool.points, 4),
            "max_points": o.tool.max_points,
            "reasons": dict(o.tool.reason),
            "for_person": o.tool.for_person,
        }
    return out


def evidence_to_json(e: Evidence) -> dict[str, Any]:
    """Write one piece of evidence; what is not known is left out."""
    out: dict[str, Any] = {
        "start_s": ms(e.start_s),
        "end_s": ms(e.end_s),
        "role": e.role,
        "text": e.text,
        "match": e.match,
    }
    for name in ("heard", "suggestion"):
        if getattr(e, name) is not None:
            out[name] = getattr(e, name)
    if e.confidence is not None:
        out["confidence"] = round(e.confidence, 3)
    if e.cost is not None:
        out["cost"] = round(e.cost, 3)
    return out


def evaluation_from_json(data: Mapping[str, Any]) -> Evaluation:
    """Read back the ``evaluation`` part of a call."""
    return Evaluation(
        scorecard=data["scorecard"],
        scorecard_version=data["scorecard_version"],
        scorecard_sha256=data["scorecard_sha256"],
        score=data["score"],
        score_reason=data.get("score_reason", {}),
        band=data["band"],
        band_title=data["band_title"],
        critical_failed=data["critical_failed"],
        weakest_section=data["weakest_section"],
        sections=tuple(SectionScore(**s) for s in data["sections"]),
        outcomes=tuple(outcome_from_json(o) for o in data["outcomes"]),
        bonus_points=data.get("bonus_points", 0.0),
        weakest_cost=data.get("weakest_cost"),
        band_reason=data.get("band_reason", {}),
        signs=data.get("signs", {}),
        tool_score=data.get("tool_score"),
    )


def _review(data: Mapping[str, Any]) -> Review:
    decided_at = datetime.fromisoformat(data["decided_at"])
    return Review(data["kind"], data["outcome"], data["reviewer"], decided_at, data["comment"])


def _tool_verdict(data: Mapping[str, Any]) -> ToolVerdict:
    return ToolVerdict(data["outcome"], data["reasons"], data["points"], data["max_points"], data["for_person"])


def outcome_from_json(o: Mapping[str, Any]) -> Outcome:
    """Read back one of the ``outcomes`` of an evaluation."""
    return Outcome(
        criterion=o["criterion"],
        outcome=o["outcome"],
        section=o["section"],
        reason=o["reasons"],
        title=o["title"],
        points=o["points"],
        max_points=o["max_points"],
        critical=o["critical"],
        clause=o["clause"],
        suggestion=o["suggestion"],
        evidence=tuple(Evidence(**e) for e in o["evidence"]),
        critical_section=o.get("critical_section", False),
        bonus=o.get("bonus", False),
        audit=o.get("audit", "automated"),
        for_person=o.get("for_person", False),
        reviews=tuple(_review(r) for r in o.get("reviews", ())),
        tool=_tool_verdict(o["tool"]) if "tool" in o else None,
    )
