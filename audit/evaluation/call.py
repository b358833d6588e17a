"""A call made ready to be judged: its words normalised once, its roles and variables looked up."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from audit.evaluation.conditions import Check
from audit.evaluation.facts import NO_FACTS, Facts
from audit.evaluation.match import Heard, Matching, prepare, together
from audit.evaluation.prefilter import PhraseIndex
from audit.evaluation.scopes import AnyRole, Where
from audit.records import CallRecord, Evidence
from audit.segments import Segment
from audit.verdicts import Verdict
from audit.words import Role, Transcript, Turn

Reason = Mapping[str, str]
_VARIABLE = re.compile(r"\{(\w+)\}")


class Result:
    """What a check found: a verdict, why, and where to hear it; never changed."""

    __slots__ = ("evidence", "reason", "verdict")

    def __init__(self, verdict: Verdict, reason: Reason, evidence: tuple[Evidence, ...] = ()) -> None:
        self.verdict = verdict
        self.reason = reason
        self.evidence = evidence


def say(zh: str, en: str) -> Reason:
    """A reason in both languages."""
    return {"zh": zh, "en": en}


@dataclass(frozen=True, slots=True)
class Call:
    """A record as the checks see it.

    Attributes
    ----------
    turns : mapping of role to tuple of Heard
        Consecutive turns of one role joined over short pauses.
    words_problem : Reason or None
        Why nothing can be judged by words.
    everyone : tuple of Heard
        The turns of all roles by time.
    facts : mapping
        What other calls and registers say of this one (:mod:`audit.evaluation.facts`).
    memo : dict
        What each check found, by its identity: one that several rules share is judged once. The check is kept beside its
        result, so that no other can take its identity.
    scopes : dict
        What each scope comes to, by its identity, as in `memo`.
    index : PhraseIndex
        Of the scorecard.
    end_s : float
        The hang-up, else the last word, else the end of the recording.
    """

    record: CallRecord
    language: str
    matching: Matching
    turns: Mapping[Role, tuple[Heard, ...]]
    words_problem: Reason | None
    everyone: tuple[Heard, ...] = ()
    facts: Facts = field(default_factory=dict)
    memo: dict[int, tuple[Check, Result]] = field(default_factory=dict, compare=False, repr=False)
    scopes: dict[int, tuple[Where, Any]] = field(default_factory=dict, compare=False, repr=False)
    index: PhraseIndex = field(default_factory=PhraseIndex, compare=False, repr=False)
    end_s: float = 0.0

    def problem(self, role: AnyRole) -> Reason | None:
        """Why the words of a role cannot be judged; None if they can."""
        if self.words_problem is not None:
            return self.words_problem
        if self.everyone if role == "any" else self.turns.get(role):
            return None
        if self.turns.get("unknown"):
            return say(
                "双方声音在同一声道,尚不能分清哪句是谁说的", "both people share one channel and it is not known who said what"
            )
        if self.record.recording.layout == "one_dead_leg":
            return say("有一个声道没有声音", "one channel carries no sound")
        who = {"agent": ("坐席", "the agent"), "customer": ("客户", "the customer")}.get(role, (role, role))
        return say(f"没有识别到{who[0]}的话", f"no words of {who[1]} were recognised")

    def fill(self, text: str) -> tuple[str, str | None]:
        """The text with its ``{variables}`` filled in, and the first one that the call's data lacks."""
        if "{" not in text:
            return text, None
        missing: list[str] = []

        def value(m: re.Match[str]) -> str:
            found = self.variable(m[1])
            if not found:
                missing.append(m[1])
            return found or ""

        filled = _VARIABLE.sub(value, text)
        return filled, missing[0] if missing else None

    def variable(self, name: str) -> str | None:
        """A variable of the call's data, or one of its own fields by that name."""
        found = self.record.metadata.variables.get(name)
        if not found and name == "agent_first_name":
            found = (self.record.metadata.agent_name or "").strip().split(" ")[0]
        if not found and name in ("agent_name", "agent_id", "customer_number"):
            found = getattr(self.record.metadata, name)
        return found.strip() or None if found else None


#: The mean confidence of fewer words says little: single Mandarin utterances of four to eight signs came to 0.44 and 0.54,
#: all of the same two speakers to 0.80 and 0.82.
TELLING_WORDS = 40

_ROLES: tuple[Role, ...] = get_args(Role)


def _by_time(heard: Heard) -> tuple[float, float, int]:
    """Those of different people that begin and end together in a fixed order."""
    turn = heard.turn
    return turn.start_s, turn.end_s, _ROLES.index(turn.role)


#: Applies any check to a call.
Judge = Callable[[Check, Call], Result]


def make_ready(
    record: CallRecord,
    *,
    language: str,
    matching: Matching,
    min_coverage_ratio: float,
    join_gap_s: float,
    facts: Facts = NO_FACTS,
    index: PhraseIndex | None = None,
    min_transcript_confidence: float = 0.0,
) -> Call:
    """Prepare a record for checks in one language.

    Parameters
    ----------
    record : CallRecord
    language : {"zh", "en"}
        Of the scorecard.
    matching : Matching
    min_coverage_ratio, join_gap_s : float
        See :class:`audit.evaluation.language.Scorecard`.
    facts : mapping, optional
        What other calls and registers say of this one.
    index : PhraseIndex, optional
        Of the scorecard; a new one is filled by what is judged.
    min_transcript_confidence : float
        See :class:`audit.evaluation.language.Scorecard`; a few words are judged whatever it is.
    """
    transcript = record.transcript
    problem: Reason | None = None
    if transcript is None:
        problem = say("本次没有转写录音", "the call was not transcribed")
    elif transcript.language != language:
        problem = say(
            f"通话语言是 {transcript.language},评分表语言是 {language}",
            f"the call is in {transcript.language}, the scorecard judges {language}",
        )
    elif transcript.coverage_ratio is not None and transcript.coverage_ratio < min_coverage_ratio:
        problem = say(
            f"只有 {transcript.coverage_ratio:.0%} 的讲话被识别出文字(至少要 {min_coverage_ratio:.0%})",
            f"only {transcript.coverage_ratio:.0%} of the speech was recognised (at least {min_coverage_ratio:.0%} is needed)",
        )
    elif (confidence := _telling_confidence(transcript)) is not None and confidence < min_transcript_confidence:
        problem = say(
            f"识别把握平均只有 {confidence:.0%}（至少要 {min_transcript_confidence:.0%}），可能是方言、其他语言或线路太差",
            f"the words were recognised with a mean confidence of only {confidence:.0%} (at least "
            f"{min_transcript_confidence:.0%} is needed): perhaps a dialect, another language or a bad line",
        )
    elif not any(t.text.strip() for t in transcript.turns):
        problem = say("录音中没有识别到文字", "no words were recognised")
    turns: dict[Role, tuple[Heard, ...]] = {}
    everyone: tuple[Heard, ...] = ()
    if problem is None and transcript is not None:
        fillers = matching.fillers_of(language)
        heard = [prepare(t, language, fillers) for t in _joined(transcript.turns, language, join_gap_s)]
        everyone = together(sorted([h for h in heard if h.plain], key=_by_time))
        turns = {role: tuple([h for h in everyone if h.turn.role == role]) for role in _ROLES}
    index = PhraseIndex() if index is None else index
    return Call(record, language, matching, turns, problem, everyone, facts, index=index, end_s=_end_s(record))


def _telling_confidence(transcript: Transcript) -> float | None:
    """The mean confidence of a call's words; None where they are too few to say anything."""
    confidences = [w.confidence for t in transcript.turns for w in t.words]
    return sum(confidences) / len(confidences) if len(confidences) >= TELLING_WORDS else None


def _end_s(record: CallRecord) -> float:
    """The hang-up, else the last word, else the end of the recording."""
    if record.timeline.hangup_at_s is not None:
        return record.timeline.hangup_at_s
    if record.transcript and record.transcript.turns:
        return max([t.end_s for t in record.transcript.turns])
    return record.recording.duration_s


def _joined(turns: tuple[Turn, ...], language: str, gap_s: float) -> list[Turn]:
    """Consecutive turns of one role, with a short pause between and nobody else beginning, made one."""
    out: list[Turn] = []
    for turn in sorted((t for t in turns if t.text.strip()), key=lambda t: (t.start_s, t.end_s)):
        last = out[-1] if out else None
        if last is not None and last.role == turn.role and turn.start_s - last.end_s <= gap_s:
            sep = " " if language == "en" else "" if last.text[-1:] in "。?!？！，,、；;：:" else "，"
            out[-1] = replace(
                last,
                end_s=max(last.end_s, turn.end_s),
                text=last.text + sep + turn.text,
                words=last.words + turn.words,
            )
        else:
            out.append(turn)
    return out


def window_evidence(start_s: float, end_s: float, role: Role, text: str) -> Evidence:
    """A stretch that was searched, to be listened to."""
    return Evidence(start_s=round(start_s, 2), end_s=round(max(end_s, start_s + 0.01), 2), role=role, text=text, match="window")


def span(turns: tuple[Heard, ...]) -> Segment | None:
    """From the first to the last of some turns; None without any."""
    if not turns:
        return None
    start, end = min([h.turn.start_s for h in turns]), max([h.turn.end_s for h in turns])
    return Segment(start, max(end, start + 0.01))
