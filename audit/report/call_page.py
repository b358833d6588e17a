"""One call as a page shows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from audit.records import CallRecord, Evidence, Measured, Recording
from audit.report.clips import MAX_CLIP_S, CallClips, Wanted
from audit.report.context import CallView, EvidenceView, Figure, MeasureRow, OutcomeView, Player, TurnView
from audit.report.inputs import ReportedCall
from audit.report.marking import mark_words
from audit.report.messages import Messages
from audit.report.review_kit import review_target, score_note, what_reviewers_said
from audit.report.scorecard import SHOWN_MEASURES
from audit.report.strip import timeline_strip
from audit.report.wording import NONE, clock, length, measure, moment, percent, points, score, span, zone
from audit.segments import Segment, total_s
from audit.verdicts import Evaluation, Outcome, SectionScore
from audit.words import Role

#: Places of one failed criterion that are shown one by one; of the others the times are listed.
MAX_EVIDENCE_SHOWN = 4
#: Kinds of evidence whose text is somebody's words.
_SPOKEN = ("exact", "normalised", "pinyin")
_LANGUAGE_NAMES = {"zh": {"zh": "中文", "en": "Chinese"}, "en": {"zh": "英文", "en": "English"}}


@dataclass
class PlayerBoard:
    """Hands out each clip's audio element once on a page, at the first evidence that begins with it."""

    _owners: dict[str, Evidence] = field(default_factory=dict)

    def claim(self, outcomes: Iterable[Outcome], clips: CallClips) -> None:
        """Decide for one call which shown evidence holds which clip: the one that starts it, the first of several."""
        for evidence in (e for o in outcomes for e in shown_evidence(o)):
            heard = clips.heard.get((evidence.start_s, evidence.end_s))
            if heard is None:
                continue
            owner = self._owners.get(heard.clip.key)
            if owner is None or evidence.start_s < owner.start_s:
                self._owners[heard.clip.key] = evidence

    def claim_evidence(self, evidence: Evidence, clips: CallClips) -> None:
        """Decide that one place holds its clip, unless another does."""
        heard = clips.heard.get((evidence.start_s, evidence.end_s))
        if heard is not None:
            self._owners.setdefault(heard.clip.key, evidence)

    def player(self, evidence: Evidence, clips: CallClips, messages: Messages, *, elsewhere: bool = False) -> Player | None:
        """The element or a button for it; `elsewhere` always asks for a button."""
        heard = clips.heard.get((evidence.start_s, evidence.end_s))
        if heard is None:
            return None
        owns = not elsewhere and self._owners.get(heard.clip.key) is evidence
        segment = heard.clip.segment
        return Player(
            clip_id=heard.clip.key,
            seek=f"{heard.offset_s:.2f}",
            src=heard.clip.data_uri if owns else None,
            label=messages("player.from", start=clock(segment.start_s), end=clock(segment.end_s)),
        )


def failed_outcomes(evaluation: Evaluation | None) -> tuple[Outcome, ...]:
    """Failed criteria, critical ones first, then by points lost."""
    failed = [o for o in (evaluation.outcomes if evaluation else ()) if o.outcome == "fail"]
    return tuple(sorted(failed, key=lambda o: (not o.critical, -lost(o))))


def lost(outcome: Outcome) -> float:
    """Points that the criterion cost."""
    return (outcome.max_points or 0.0) - (outcome.points or 0.0)


def shown_evidence(outcome: Outcome) -> tuple[Evidence, ...]:
    """The places of a failed criterion that are shown one by one, in order of time."""
    return tuple(sorted(outcome.evidence, key=lambda e: (e.start_s, e.end_s))[:MAX_EVIDENCE_SHOWN])


def wanted_clips(call: ReportedCall) -> tuple[Wanted, ...]:
    """What should be heard of a call: critical failures first, each criterion's first place before the second of any."""
    return tuple(
        Wanted(e.start_s, e.end_s, (float(not o.critical), float(i), -lost(o)))
        for o in failed_outcomes(call.evaluation)
        for i, e in enumerate(shown_evidence(o))
    )


def call_view(call: ReportedCall, clips: CallClips, board: PlayerBoard, anchor: str, messages: Messages) -> CallView:
    """Everything about one call, in the page's language.

    Parameters
    ----------
    call : ReportedCall
    clips : CallClips
        Cut for :func:`wanted_clips` of this call.
    board : PlayerBoard
        Of the page; it has to have claimed this call's failed outcomes.
    anchor : str
        HTML id of the call on its page.
    messages : Messages
    """
    record, evaluation = call.record, call.evaluation
    failed = failed_outcomes(evaluation)
    by_verdict = {
        verdict: tuple(
            outcome_view(o, f"{anchor}-{o.criterion}", record.recording, clips, board, messages, evaluation)
            for o in (failed if verdict == "fail" else (evaluation.outcomes if evaluation else ()))
            if o.outcome == verdict
        )
        for verdict in ("fail", "pass", "not_evaluable", "not_applicable")
    }
    critical = bool(evaluation and evaluation.critical_failed)
    what = messages("list_separator").join(messages.pick(o.title, o.criterion) for o in failed if o.critical)
    return CallView(
        anchor=anchor,
        call_id=record.call_id,
        when=moment(record.metadata.started_at, messages),
        zone=zone(record.metadata.started_at),
        score=score(evaluation.score if evaluation else None),
        share=_share(evaluation),
        band=messages.pick(evaluation.band_title, evaluation.band or "") if evaluation else "",
        critical=critical,
        critical_text=_critical_text(critical, what, messages),
        no_score_reason=_no_score_reason(evaluation, messages),
        facts=_facts(record, messages),
        notices=(*_hidden(call, messages), *_notices(record, messages)),
        sections=section_figures(evaluation, messages),
        failed=by_verdict["fail"],
        passed=by_verdict["pass"],
        not_evaluable=by_verdict["not_evaluable"],
        not_applicable=by_verdict["not_applicable"],
        strip=timeline_strip(record, [Segment(e.start_s, e.end_s) for o in failed for e in o.evidence], messages),
        measure_columns=tuple(messages(f"role.{r}") for r in _measure_roles(record)),
        measures=_measure_rows(record, messages),
        turns=_turn_views(record, failed, messages),
        transcript_note=_transcript_note(record, messages),
        path=record.recording.path,
        review=review_target(call),
        score_note=score_note(evaluation, messages),
    )


def outcome_view(
    outcome: Outcome,
    anchor: str,
    recording: Recording,
    clips: CallClips,
    board: PlayerBoard,
    messages: Messages,
    evaluation: Evaluation | None,
) -> OutcomeView:
    """One criterion of one call; players only where it failed."""
    failed = outcome.outcome == "fail"
    # of one that was overruled the reviewer's reason stands with the reviewer's name
    shown, reason = shown_evidence(outcome), "" if outcome.tool else messages.pick(outcome.reason)
    rest = sorted(outcome.evidence, key=lambda e: (e.start_s, e.end_s))[len(shown) :]
    titles = {s.section: messages.pick(s.title, s.section) for s in (evaluation.sections if evaluation else ())}
    return OutcomeView(
        anchor=anchor,
        criterion=outcome.criterion,
        title=messages.pick(outcome.title, outcome.criterion),
        section=titles.get(outcome.section, outcome.section),
        clause=outcome.clause,
        reason=reason,
        points=_points_text(outcome, messages),
        critical=outcome.critical or outcome.critical_section,
        # each place with its own wording needs no general one above it
        suggestion="" if shown and all(e.suggestion for e in shown) else messages.pick(outcome.suggestion),
        evidence=tuple(
            evidence_view(
                e,
                recording,
                clips,
                board.player(e, clips, messages) if failed else None,
                messages,
                listen=failed,
                reason=reason,
            )
            for e in shown
        ),
        more=messages.count("evidence.more", len(rest), times=", ".join(clock(e.start_s) for e in rest)) if rest else None,
        verdict=outcome.by_rules,
        said=what_reviewers_said(outcome, messages),
    )


def evidence_view(
    evidence: Evidence,
    recording: Recording,
    clips: CallClips,
    player: Player | None,
    messages: Messages,
    *,
    listen: bool,
    reason: str = "",
) -> EvidenceView:
    """One place in the audio; where no clip can be played and `listen` is set, where to listen is said.

    What a window was searched for is left out where `reason` says it already.
    """
    heard = clips.heard.get((evidence.start_s, evidence.end_s))
    cut_short = None
    if player is not None and heard is not None and not heard.complete:
        cut_short = messages("player.cut_short", length=length(MAX_CLIP_S, messages), end=clock(evidence.end_s))
    return EvidenceView(
        when=span(evidence.start_s, evidence.end_s),
        role=messages(f"role.{evidence.role}"),
        text="" if evidence.match == "window" and evidence.text in reason else evidence.text,
        heard=evidence.heard if evidence.heard and evidence.heard != evidence.text else None,
        is_window=evidence.match == "window",
        is_quote=evidence.match in _SPOKEN,
        how=_how(evidence, messages),
        confidence=None if evidence.confidence is None else messages("evidence.confidence", ratio=percent(evidence.confidence)),
        suggestion=evidence.suggestion,
        player=player,
        listen=where_to_listen(evidence, recording, clips, messages) if listen else None,
        cut_short=cut_short,
    )


def _how(evidence: Evidence, messages: Messages) -> str:
    """How it was found, and what it cost where something else was heard."""
    how = messages.find(f"evidence.how_{evidence.match}") or evidence.match
    return how if evidence.cost is None else messages("evidence.how_at_cost", how=how, cost=f"{evidence.cost:.2f}")


def where_to_listen(evidence: Evidence, recording: Recording, clips: CallClips, messages: Messages) -> str:
    """The place in the recording in words: why there is no clip, or what a printed page says instead of a player."""
    where = {"time": span(evidence.start_s, evidence.end_s), "file": recording.path}
    if (evidence.start_s, evidence.end_s) in clips.heard:
        return messages("player.print", **where | {"file": PurePath(recording.path).name})
    if clips.unavailable is None:
        return messages("player.full", **where)
    if clips.unavailable in ("gone", "changed", "muted", "not_asked"):
        return messages(f"player.{clips.unavailable}", **where)
    return messages("player.broken", why=clips.unavailable, **where)


def section_figures(evaluation: Evaluation | None, messages: Messages) -> tuple[Figure, ...]:
    """The section scores of one call."""
    return tuple(
        Figure(
            messages.pick(s.title, s.section),
            score(s.score),
            _section_text(s, messages),
            None if s.score is None else s.score / 100,
        )
        for s in (evaluation.sections if evaluation else ())
    )


def _section_text(section: SectionScore, messages: Messages) -> str:
    """What a section earned, what was taken off, and whether one failure took it all."""
    if section.score is None:
        return ""
    said = [messages("points", points=points(section.points), max=points(section.max_points))]
    if section.deducted:
        said.append(messages("points_deducted", points=points(section.deducted)))
    if section.critical_failed:
        said.append(messages("section.critical"))
    return " · ".join(said)


def _share(evaluation: Evaluation | None) -> float | None:
    return None if evaluation is None or evaluation.score is None else evaluation.score / 100


def _critical_text(critical: bool, what: str, messages: Messages) -> str:
    if not critical:
        return ""
    return messages("score.critical_which", what=what) if what else messages("score.critical_call")


def _no_score_reason(evaluation: Evaluation | None, messages: Messages) -> str:
    if evaluation is None:
        return messages("score.no_evaluation")
    if evaluation.score is not None:
        return ""
    return messages.pick(evaluation.score_reason, "") or messages("score.no_call_score")


def _points_text(outcome: Outcome, messages: Messages) -> str:
    if outcome.bonus and outcome.points:
        return messages("points_bonus", points=points(outcome.points))
    if outcome.points is None or not (outcome.max_points or outcome.points):  # one that only vetoes carries no points
        return ""
    if outcome.outcome == "fail":
        return messages("evidence.lost", points=points(lost(outcome)))
    return messages("points", points=points(outcome.points), max=points(outcome.max_points))


def _facts(record: CallRecord, messages: Messages) -> tuple[Figure, ...]:
    metadata, timeline = record.metadata, record.timeline
    known = {"inbound", "outbound", "internal"}
    direction = messages(f"direction.{metadata.direction}") if metadata.direction in known else metadata.direction or NONE
    facts = [
        Figure(messages("call.direction"), direction, definition=messages("definition.direction")),
        Figure(
            messages("call.duration"),
            length(record.recording.duration_s, messages),
            definition=messages("definition.duration"),
        ),
        _ring_fact(timeline.ring_s, timeline.n_rings, messages),
        Figure(
            messages("call.hold"),
            length(timeline.hold_s, messages) if timeline.holds else messages("call.no_hold"),
            messages.count("call.hold_note", len(timeline.holds), longest=length(timeline.longest_hold_s, messages))
            if timeline.holds
            else "",
            definition=messages("definition.hold"),
        ),
    ]
    if timeline.silences:
        said = length(total_s(timeline.silences), messages)
        facts.append(Figure(messages("call.dead_air"), said, definition=messages("definition.dead_air")))
    if timeline.overlaps:
        said = length(total_s(timeline.overlaps), messages)
        facts.append(Figure(messages("call.overlap"), said, definition=messages("definition.overlap")))
    by = timeline.hangup_by
    if by.value in ("agent", "customer", "system"):
        source = messages.find(f"source.{by.source}") or ""
        who = messages(f"by.{by.value}")
        facts.append(Figure(messages("call.hangup"), who, source, definition=messages("definition.hangup")))
    if metadata.customer_number:
        facts.append(Figure(messages("call.customer"), metadata.customer_number))
    return tuple(facts)


def _ring_fact(ring_s: Measured, n_rings: Measured, messages: Messages) -> Figure:
    definition = messages("definition.ring")
    if not isinstance(ring_s.value, int | float):
        return Figure(messages("call.ring"), NONE, ring_s.reason or "", definition=definition)
    notes = [messages.count("call.rings", int(n_rings.value))] if isinstance(n_rings.value, int | float) else []
    source = messages.find(f"source.{ring_s.source}")
    note = " · ".join([*notes, source] if source else notes)
    return Figure(messages("call.ring"), length(float(ring_s.value), messages), note, definition=definition)


def _hidden(call: ReportedCall, messages: Messages) -> tuple[str, ...]:
    """What is hidden in the call's words and sound, and why."""
    said = [
        messages("call.hidden_kind", what=h.label, n=h.n) + (messages("call.hidden_why", why=h.reason) if h.reason else "")
        for h in call.hidden
    ]
    return (messages("call.hidden", what=messages("list_separator").join(said)),) if said else ()


def _notices(record: CallRecord, messages: Messages) -> tuple[str, ...]:
    nobody_named = record.recording.layout in ("mono", "dual_mono") and "agent" not in record.speech
    return (
        *((messages("call.mono"),) if nobody_named else ()),
        *record.recording.warnings,
        *record.metadata.warnings,
    )


def _measure_roles(record: CallRecord) -> tuple[Role, ...]:
    """The roles that have figures, in the order of the columns."""
    roles: tuple[Role, ...] = ("agent", "customer", "unknown")
    return tuple(r for r in roles if r in record.measures)


def _measure_rows(record: CallRecord, messages: Messages) -> tuple[MeasureRow, ...]:
    rows = []
    for name in SHOWN_MEASURES:
        values = [getattr(record.measures[role], name) for role in _measure_roles(record)]
        if any(v is not None for v in values):
            texts = tuple(measure(name, v) for v in values)
            label, unit, definition = (messages(f"measure.{name}.{part}") for part in ("label", "unit", "definition"))
            rows.append(MeasureRow(label, unit, texts, definition))
    return tuple(rows)


#: Stretches of speech without words that the note under a call names.
UNCOVERED_SHOWN = 6


def _transcript_note(record: CallRecord, messages: Messages) -> str:
    transcript = record.transcript
    if transcript is None:
        return messages("call.no_transcript")
    name = _LANGUAGE_NAMES.get(transcript.language, {}).get(messages.lang, transcript.language)
    notes = [messages("call.transcript_model", language=name, model=transcript.model)]
    if transcript.coverage_ratio is not None:
        notes.append(messages("call.coverage", ratio=percent(transcript.coverage_ratio)))
    if transcript.uncovered:
        times = ("、" if messages.lang == "zh" else ", ").join(clock(u.start_s) for u in transcript.uncovered[:UNCOVERED_SHOWN])
        more = "…" if len(transcript.uncovered) > UNCOVERED_SHOWN else ""
        notes.append(messages("call.uncovered", times=times + more))
    if transcript.dropped:
        notes.append(messages("call.dropped", n=sum(d.n_words for d in transcript.dropped)))
    if not transcript.turns:
        notes.append(messages("call.empty_transcript"))
    return " ".join(notes)


def _turn_views(record: CallRecord, failed: Sequence[Outcome], messages: Messages) -> tuple[TurnView, ...]:
    if record.transcript is None:
        return ()
    places = [
        (Segment(e.start_s, e.end_s), e.role, messages.pick(o.title, o.criterion))
        for o in failed
        for e in o.evidence
        if e.match in _SPOKEN
    ]
    views = []
    for turn in record.transcript.turns:
        here = [
            (s, title)
            for s, role, title in places
            if role in (turn.role, "unknown") and s.start_s < turn.end_s and turn.start_s < s.end_s
        ]
        parts = mark_words(turn, here)
        views.append(
            TurnView(clock(turn.start_s), messages(f"role.{turn.role}"), turn.role, parts, any(p.marked for p in parts))
        )
    return tuple(views)
