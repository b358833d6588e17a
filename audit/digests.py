"""What aggregates need of a call: its verdicts and figures without words, evidence or timeline.

A scorecard over a month, a team's page and the chains of calls of one customer read thousands of calls; a digest is a
thousandth of a record and holds no word that was said, but for how often each of a closed list of fillers was.
"""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from audit.fillers import count_fillers
from audit.records import CallRecord, Measures
from audit.segments import total_s
from audit.verdicts import AuditMode, Evaluation, Verdict

#: Raised when the form changes: digests of another form are made anew from their records.
DIGEST_FORM = 4

#: Figures of agent and customer that a digest keeps: all of :class:`audit.records.Measures`.
DIGEST_MEASURES = tuple(f.name for f in fields(Measures))

#: Columns of a call-detail record that may name the agent's team, the first that is there counts.
TEAM_VARIABLES = ("team", "group", "department", "queue")

_LETTERS: Mapping[Verdict, str] = {"pass": "p", "fail": "f", "not_applicable": "a", "not_evaluable": "e"}
_VERDICTS: Mapping[str, Verdict] = {letter: verdict for verdict, letter in _LETTERS.items()}
_NONE: Mapping[str, Any] = MappingProxyType({})


class OutcomeDigest(NamedTuple):
    """The verdict on one criterion, its points and what they could have been; None where it left the denominator."""

    outcome: Verdict
    points: float | None = None
    max_points: float | None = None


class SectionDigest(NamedTuple):
    """The score of one section (0-100 or None), its points and what they could have been."""

    score: float | None
    points: float
    max_points: float


@dataclass(frozen=True, slots=True)
class CallDigest:
    """One call, without its words.

    Attributes
    ----------
    agent_id : str or None
        None also where the record leaves it blank.
    team : str or None
        The first of `TEAM_VARIABLES` that the record has.
    started_at, ended_at : datetime or None
        With a zone. The end is the record's, else start and length of the recording together.
    utc_only : bool
        The local hour of the times is not known.
    duration_s : float
        Of the recording.
    ring_s, n_rings, talk_s, hold_s, longest_hold_s, silence_s : float or None
        Of the timeline.
    cut_off : bool or None
        The call ended while somebody was speaking.
    coverage_ratio : float or None
        Share of the speech that has words; None without a transcript.
    n_warnings : int
        What the recording and its record warn of.
    ring_gap_s : float or None
        Ringing as heard less ringing as recorded, where both are known and the recording has all of the ringing.
    scorecard, scorecard_version, scorecard_sha256 : str or None
        None where the call was measured only.
    outcomes : mapping of criterion to OutcomeDigest
    sections : mapping of section to SectionDigest
    measures : mapping of str to float
        Of the agent, by the names of `DIGEST_MEASURES`; what could not be measured is not there.
    signs : mapping of str to bool or None
        What the pack's signs say of the call; None where a sign could not be judged.
    ring_source : {"cdr", "vcon", "audio", "none"}
    answer_at_s : float or None
    n_holds, n_silences : int
    overlap_s : float
        Both parties at once.
    weakest_section : str or None
    band_title : mapping of language to str
    recording_path : str
        As it was found.
    warnings : tuple of str
        Of the recording and its record.
    damaged : str or None
        Why this is not the whole recording.
    customer_measures : mapping of str to float
        As `measures`, of the customer.
    overruled : mapping of criterion to verdict
        Where a reviewer overruled the rules, what those had said; `outcomes` hold what the reviewer says.
    tool_score : float or None
        The score by the rules alone, where any of their verdicts was overruled.
    reviews : str or None
        Hash of all that reviewers said of the call; None where nobody said anything.
    n_upheld : int
        Verdicts of the rules that a reviewer upheld, outcomes that they left open not counted.
    fillers : mapping of str to int
        How often the agent said each of :data:`audit.fillers.FILLERS`; what he did not say is not there.
    n_units : int
        Han characters, and words in other letters, that the agent said.
    ring_heard_s : float or None
        Ringing in the recording alone; None also where it does not have all of it, and in records that kept the other
        figure only.
    """

    call_id: str
    agent_id: str | None = None
    agent_name: str | None = None
    team: str | None = None
    customer_number: str | None = None
    direction: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    utc_only: bool = False
    language: str | None = None
    layout: str = "mono"
    duration_s: float = 0.0
    ring_s: float | None = None
    n_rings: int | None = None
    talk_s: float | None = None
    hold_s: float | None = None
    longest_hold_s: float | None = None
    silence_s: float | None = None
    hangup_by: str | None = None
    cut_off: bool | None = None
    coverage_ratio: float | None = None
    n_warnings: int = 0
    ring_gap_s: float | None = None
    scorecard: str | None = None
    scorecard_version: str | None = None
    scorecard_sha256: str | None = None
    score: float | None = None
    band: str | None = None
    critical_failed: bool = False
    outcomes: Mapping[str, OutcomeDigest] = field(default_factory=dict)
    sections: Mapping[str, SectionDigest] = field(default_factory=dict)
    measures: Mapping[str, float] = field(default_factory=dict)
    signs: Mapping[str, bool | None] = field(default_factory=dict)
    ring_source: str = "none"
    answer_at_s: float | None = None
    n_holds: int = 0
    n_silences: int = 0
    overlap_s: float = 0.0
    weakest_section: str | None = None
    band_title: Mapping[str, str] = field(default_factory=dict)
    recording_path: str = ""
    warnings: tuple[str, ...] = ()
    damaged: str | None = None
    customer_measures: Mapping[str, float] = field(default_factory=dict)
    overruled: Mapping[str, Verdict] = field(default_factory=dict)
    tool_score: float | None = None
    reviews: str | None = None
    ring_heard_s: float | None = None
    n_upheld: int = 0
    fillers: Mapping[str, int] = field(default_factory=dict)
    n_units: int = 0

    @property
    def n_reviewed(self) -> int:
        """Verdicts of the rules that a reviewer upheld or overruled."""
        return self.n_upheld + sum(v != "not_evaluable" for v in self.overruled.values())


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """What a scorecard says of one of its criteria, in words."""

    criterion: str
    section: str
    title: Mapping[str, str]
    clause: str = ""
    critical: bool = False
    bonus: bool = False
    audit: AuditMode = "automated"
    suggestion: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The words that belong to the digests of one version of a scorecard.

    Attributes
    ----------
    criteria : tuple of CatalogueEntry
        In the scorecard's order.
    sections : mapping of section to title
    """

    scorecard: str
    version: str
    sha256: str
    criteria: tuple[CatalogueEntry, ...]
    sections: Mapping[str, Mapping[str, str]]


def digest_call(record: CallRecord, evaluation: Evaluation | None) -> CallDigest:
    """Take from a record and its evaluation what aggregates need.

    Parameters
    ----------
    record : CallRecord
    evaluation : Evaluation or None
        None where the call was measured only.
    """
    m, t, e = record.metadata, record.timeline, evaluation
    ring_s = t.ring_s.value if isinstance(t.ring_s.value, int | float) else None
    n_rings = t.n_rings.value if isinstance(t.n_rings.value, int) else None
    fillers, n_units = count_fillers(record.transcript)
    heard = t.ring_heard.value if t.ring_heard.reason is None else None
    heard_s = float(heard) if isinstance(heard, int | float) else None
    ended_at = m.ended_at
    if ended_at is None and m.started_at is not None:
        ended_at = m.started_at + timedelta(seconds=m.duration_s or record.recording.duration_s)
    return CallDigest(
        call_id=record.call_id,
        agent_id=_bare(m.agent_id),
        agent_name=_bare(m.agent_name),
        team=next((v for n in TEAM_VARIABLES if (v := _bare(m.variables.get(n)))), None),
        customer_number=_bare(m.customer_number),
        direction=m.direction,
        started_at=m.started_at,
        ended_at=ended_at,
        utc_only=m.utc_only,
        language=record.transcript.language if record.transcript else None,
        layout=record.recording.layout,
        duration_s=record.recording.duration_s,
        ring_s=ring_s,
        n_rings=n_rings,
        talk_s=t.talk_s,
        hold_s=t.hold_s,
        longest_hold_s=t.longest_hold_s,
        silence_s=sum(s.duration_s for s in t.silences),
        hangup_by=t.hangup_by.value if isinstance(t.hangup_by.value, str) else None,
        cut_off=t.cut_off.value,
        coverage_ratio=record.transcript.coverage_ratio if record.transcript else None,
        n_warnings=len(record.recording.warnings) + len(m.warnings),
        ring_gap_s=heard_s - m.ring_s if heard_s is not None and m.ring_s else None,  # a record's 0 says nothing of ringing
        scorecard=e.scorecard if e else None,
        scorecard_version=e.scorecard_version if e else None,
        scorecard_sha256=e.scorecard_sha256 if e else None,
        score=e.score if e else None,
        band=e.band if e else None,
        critical_failed=e.critical_failed if e else False,
        outcomes={o.criterion: OutcomeDigest(o.outcome, o.points, o.max_points) for o in e.outcomes} if e else {},
        sections={s.section: SectionDigest(s.score, s.points, s.max_points) for s in e.sections} if e else {},
        measures=_figures(record.measures.get("agent")),
        signs=dict(e.signs) if e else {},
        ring_source=t.ring_s.source,
        answer_at_s=t.answer_at_s,
        n_holds=len(t.holds),
        n_silences=len(t.silences),
        overlap_s=total_s(t.overlaps),
        weakest_section=e.weakest_section if e else None,
        band_title=dict(e.band_title) if e else {},
        recording_path=record.recording.path,
        warnings=(*record.recording.warnings, *m.warnings),
        damaged=record.recording.damaged,
        customer_measures=_figures(record.measures.get("customer")),
        overruled={o.criterion: o.tool.outcome for o in e.outcomes if o.tool is not None} if e else {},
        tool_score=e.tool_score if e else None,
        reviews=_reviews_key(e) if e else None,
        ring_heard_s=heard_s,
        n_upheld=sum(o.upheld and o.outcome != "not_evaluable" for o in e.outcomes) if e else 0,
        fillers=fillers,
        n_units=n_units,
    )


def _reviews_key(evaluation: Evaluation) -> str | None:
    """What tells whether reviewers said something else."""
    said = [(o.criterion, *map(repr, o.reviews)) for o in evaluation.outcomes if o.reviews]
    return hashlib.sha256(repr(said).encode("utf-8", "surrogatepass")).hexdigest()[:16] if said else None


def catalogue_of(evaluation: Evaluation) -> Catalogue:
    """The words of a scorecard, as any one evaluation under it carries them."""
    return Catalogue(
        scorecard=evaluation.scorecard,
        version=evaluation.scorecard_version,
        sha256=evaluation.scorecard_sha256,
        criteria=tuple(
            CatalogueEntry(o.criterion, o.section, o.title, o.clause, o.critical, o.bonus, o.audit, o.suggestion)
            for o in evaluation.outcomes
        ),
        sections={s.section: s.title for s in evaluation.sections},
    )


def digest_bytes(d: CallDigest) -> bytes:
    """All that a digest says, as bytes that tell it from any other; far quicker than JSON, and not to be read back."""
    plain = [getattr(d, n) for n in (*_PLAIN, *_FLAGS)]
    numbers = [None if (v := getattr(d, n)) is None else round(float(v), 3) for n in _ROUNDED]
    times = [None if (v := getattr(d, n)) is None else v.isoformat() for n in _TIMES]
    outcomes = [(n, *o) for n, o in d.outcomes.items()]
    sections = [(n, *s) for n, s in d.sections.items()]
    maps = [dict(m) for m in (d.measures, d.customer_measures, d.signs, d.band_title, d.overruled, d.fillers)]
    rest = [d.call_id, list(d.warnings), d.n_units, d.n_upheld]
    # version 0 writes equal values alike, whichever objects they are
    return marshal.dumps([plain, numbers, times, outcomes, sections, maps, rest], 0)


# --- as the store keeps them ----------------------------------------------------------------------
_PLAIN = (
    "agent_id", "agent_name", "team", "customer_number", "direction", "language", "layout", "n_rings", "hangup_by", "cut_off",
    "n_warnings", "scorecard", "scorecard_version", "scorecard_sha256", "band", "ring_source", "n_holds", "n_silences",
    "weakest_section", "recording_path", "damaged", "reviews",
)  # fmt: skip
_ROUNDED = (
    "duration_s", "ring_s", "talk_s", "hold_s", "longest_hold_s", "silence_s", "coverage_ratio", "ring_gap_s", "score",
    "answer_at_s", "overlap_s", "tool_score", "ring_heard_s",
)  # fmt: skip
_FLAGS = ("utc_only", "critical_failed")
_TIMES = ("started_at", "ended_at")


def digest_to_json(d: CallDigest) -> dict[str, Any]:
    """Write a digest; what is not known is left out."""
    out: dict[str, Any] = {"call_id": d.call_id}
    out |= {n: v for n in _PLAIN if (v := getattr(d, n)) is not None}
    out |= {n: round(v, 3) for n in _ROUNDED if (v := getattr(d, n)) is not None}
    out |= {n: True for n in _FLAGS if getattr(d, n)}
    out |= {n: v.isoformat() for n in _TIMES if (v := getattr(d, n)) is not None}
    if d.outcomes:
        found = d.outcomes.values()
        out["criteria"] = list(d.outcomes)
        out["verdicts"] = "".join(_LETTERS[o.outcome] for o in found)
        out["points"] = [_short(o.points) for o in found]
        out["max_points"] = [_short(o.max_points) for o in found]
        out["sections"] = {n: [_short(s.score), _short(s.points), _short(s.max_points)] for n, s in d.sections.items()}
    if d.measures:
        out["measures"] = _in_order(d.measures)
    if d.customer_measures:
        out["customer_measures"] = _in_order(d.customer_measures)
    if d.band_title:
        out["band_title"] = dict(d.band_title)
    if d.warnings:
        out["warnings"] = list(d.warnings)
    if d.n_units:
        out["n_units"] = d.n_units
    if d.fillers:
        out["fillers"] = dict(d.fillers)
    if d.signs:
        out["signs"] = dict(d.signs)
    if d.overruled:
        out["overruled"] = {n: _LETTERS[v] for n, v in d.overruled.items()}
    if d.n_upheld:
        out["n_upheld"] = d.n_upheld
    return out


def digest_from_json(data: Mapping[str, Any]) -> CallDigest:
    """Read a digest back."""
    outcomes = {
        name: _outcome(letter, points, max_points)
        for name, letter, points, max_points in zip(
            data.get("criteria", ()), data.get("verdicts", ""), data.get("points", ()), data.get("max_points", ()), strict=True
        )
    }
    known: dict[str, Any] = {n: data[n] for n in (*_PLAIN, *_ROUNDED, *_FLAGS) if n in data}
    known |= {n: datetime.fromisoformat(data[n]) for n in _TIMES if n in data}
    return CallDigest(
        call_id=data["call_id"],
        **known,
        outcomes=outcomes,
        sections={n: SectionDigest(*s) for n, s in data.get("sections", _NONE).items()},
        measures=_by_name(data.get("measures", ())),
        signs=data.get("signs", _NONE),
        fillers=data.get("fillers", _NONE),
        n_units=data.get("n_units", 0),
        band_title=data.get("band_title", _NONE),
        warnings=tuple(data.get("warnings", ())),
        customer_measures=_by_name(data.get("customer_measures", ())),
        overruled={n: _VERDICTS[v] for n, v in data.get("overruled", _NONE).items()},
        n_upheld=data.get("n_upheld", 0),
    )


def catalogue_to_json(c: Catalogue) -> dict[str, Any]:
    """Write a catalogue."""
    return {
        "scorecard": c.scorecard,
        "version": c.version,
        "sha256": c.sha256,
        "criteria": [
            {
                "criterion": e.criterion, "section": e.section, "title": dict(e.title), "clause": e.clause,
                "critical": e.critical, "bonus": e.bonus, "audit": e.audit, "suggestion": dict(e.suggestion),
            }
            for e in c.criteria
        ],
        "sections": {n: dict(t) for n, t in c.sections.items()},
    }  # fmt: skip


def catalogue_from_json(data: Mapping[str, Any]) -> Catalogue:
    """Read a catalogue back."""
    return Catalogue(
        data["scorecard"],
        data["version"],
        data["sha256"],
        tuple(CatalogueEntry(**e) for e in data["criteria"]),
        data["sections"],
    )


def _figures(measures: Measures | None) -> dict[str, float]:
    """What could be measured, by name."""
    return {n: float(v) for n in DIGEST_MEASURES if (v := getattr(measures, n, None)) is not None}


def _in_order(measures: Mapping[str, float]) -> list[float | int | None]:
    """Measures without their names, which would be half of the digest; `DIGEST_FORM` tells their order."""
    return [_short(measures.get(n), 4) for n in DIGEST_MEASURES]


def _by_name(values: Iterable[float | None]) -> dict[str, float]:
    return {n: float(v) for n, v in zip(DIGEST_MEASURES, values, strict=False) if v is not None}


@lru_cache(maxsize=4096)
def _outcome(letter: str, points: float | None, max_points: float | None) -> OutcomeDigest:
    """One value for all that say the same: a month of calls has a million verdicts of a few dozen kinds."""
    return OutcomeDigest(_VERDICTS[letter], points, max_points)


def _bare(text: str | None) -> str | None:
    return (text or "").strip() or None


def _short(value: float | None, digits: int = 3) -> float | int | None:
    """Rounded, and whole numbers written as such."""
    if value is None:
        return None
    rounded = round(value, digits)
    return int(rounded) if rounded == int(rounded) else rounded
