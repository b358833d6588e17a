"""Made calls for the report's tests: hand-written records and evaluations, and a recording whose tones name the second."""

from __future__ import annotations

import hashlib
import wave
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np

from audit.records import CallRecord, Evidence, Hold, Measured, Measures, Metadata, Recording, Timeline, Tone
from audit.report import Band, ReportedCall
from audit.segments import Segment
from audit.verdicts import Evaluation, Outcome, SectionScore, Verdict
from audit.words import Transcript, Turn, Word

SHANGHAI = timezone(timedelta(hours=8))
GENERATED_AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
DURATION_S = 100.0
BANDS = {
    "zh-service": (
        Band("poor", 0, {"zh": "不合格", "en": "Poor"}),
        Band("fair", 60, {"zh": "合格", "en": "Fair"}),
        Band("good", 80, {"zh": "良好", "en": "Good"}),
    )
}
SECTIONS = {
    "opening": {"zh": "开场", "en": "Opening"},
    "wording": {"zh": "用语", "en": "Wording"},
    "conversation": {"zh": "对话", "en": "Conversation"},
    "closing": {"zh": "结束", "en": "Closing"},
}


def second_hz(second: int) -> float:
    """The tone that sounds during one second of :func:`write_recording`, so that a clip tells where it was cut."""
    return 400.0 + 10 * second


def write_recording(path: Path, seconds: float = DURATION_S, sample_rate_hz: int = 8000) -> str:
    """A stereo WAV whose first leg sounds :func:`second_hz` in each second and whose second is silent; gives its SHA-256."""
    t = np.arange(round(seconds * sample_rate_hz)) / sample_rate_hz
    leg = 0.3 * np.sin(2 * np.pi * (400.0 + 10 * np.floor(t)) * t)
    samples = np.stack([leg, np.zeros_like(leg)], axis=1)
    with wave.open(str(path), "wb") as f:
        f.setnchannels(2)
        f.setsampwidth(2)
        f.setframerate(sample_rate_hz)
        f.writeframes((samples * 32767).astype("<i2").tobytes())
    return hashlib.sha256(path.read_bytes()).hexdigest()


def words(text: str, start_s: float, each_s: float = 0.3) -> tuple[Word, ...]:
    """One word for each character that is not a sign."""
    characters = [c for c in text if c not in "，。？！、：… "]
    return tuple(Word(start_s + i * each_s, start_s + (i + 1) * each_s, c, 0.9) for i, c in enumerate(characters))


def turn(start_s: float, role: str, text: str) -> Turn:
    """A turn whose words last 0.3 s each."""
    spoken = words(text, start_s)
    return Turn(start_s, spoken[-1].end_s, role, text, 0.86, spoken)  # type: ignore[arg-type]


TURNS = (
    turn(9.4, "agent", "喂，你好，哪位？"),
    turn(12.4, "customer", "你好，我想问一下上个月的账单，好像多扣了钱。"),
    turn(19.0, "agent", "你是谁？你电话是多少？"),
    turn(23.0, "customer", "我姓王，号码是一三九零零零零四四七一。"),
    turn(30.5, "agent", "你等着，我查一下。"),
    turn(58.0, "agent", "让您久等了，您上个月开通了一个流量包，所以多了十元。"),
    turn(67.0, "customer", "我没有开通过啊，能帮我取消吗？"),
    turn(72.4, "agent", "这个不归我管，不知道。"),
    turn(77.0, "customer", "那我应该找谁呢？"),
    turn(88.0, "agent", "好的，已经帮您取消了，再见。"),
)


def outcome(
    criterion: str,
    verdict: Verdict,
    points: tuple[float, float] | None,
    title: tuple[str, str],
    reason: tuple[str, str] = ("", ""),
    *,
    clause: str = "",
    suggestion: tuple[str, str] | None = None,
    critical: bool = False,
    evidence: Sequence[Evidence] = (),
) -> Outcome:
    """An outcome with its texts given as (Chinese, English)."""
    sections = {"open": "opening", "word": "wording", "talk": "conversation", "close": "closing"}
    return Outcome(
        criterion,
        verdict,
        sections[criterion.split(".")[0]],
        {"zh": reason[0], "en": reason[1]},
        {"zh": title[0], "en": title[1]},
        points[0] if points else None,
        points[1] if points else None,
        critical,
        clause,
        {"zh": suggestion[0], "en": suggestion[1]} if suggestion else {},
        tuple(evidence),
    )


def outcomes(*, rude: bool = False) -> tuple[Outcome, ...]:
    """A call's outcomes with one of every kind that a page has to show."""
    said = (
        Evidence(19.0, 19.9, "agent", "你是谁", "exact", None, 0.91, "请问您贵姓？"),
        Evidence(19.9, 21.7, "agent", "你电话是多少", "pinyin", "你电话是多小", 0.74, "请问您的联系电话是多少？"),
        Evidence(30.5, 31.4, "agent", "你等着", "exact", None, 0.88, "请您稍等，好吗？"),
    )
    return (
        outcome(
            "open.greet",
            "fail",
            (0, 4),
            ("开口先问好", "Greets first"),
            ("前 5 秒没有问候语。", "No greeting in the first 5 s."),
            clause="001 二",
            suggestion=("您好，晨星电信，很高兴为您服务。", "Good morning, Morning Star Telecom, how may I help?"),
            evidence=[Evidence(9.4, 14.4, "agent", "", "window")],
        ),
        outcome(
            "open.no-wei",
            "fail",
            (0, 2),
            ("不说“喂”", "No bare “wei”"),
            ("开口是“喂”。", "The first word is “wei”."),
            clause="001 二",
            evidence=[Evidence(9.4, 9.7, "agent", "喂", "pinyin", "为", 0.62)],
        ),
        outcome(
            "open.answer-in-3-rings",
            "pass",
            (4, 4),
            ("三声内接听", "Answers within three rings"),
            ("2 声", "2 rings"),
            evidence=[Evidence(0.0, 9.0, "ivr", "", "event")],
        ),
        outcome(
            "open.company-name",
            "not_evaluable",
            None,
            ("报公司全称", "Gives the company's name"),
            ("资料里没有公司名称。", "No company name is known."),
        ),
        outcome(
            "word.impolite-table",
            "fail",
            (2, 8),
            ("不用生硬说法", "No blunt phrases"),
            ("3 处", "3 places"),
            clause="001 用语表",
            suggestion=("请您稍等，好吗？", "Would you hold a moment, please?"),
            evidence=said,
        ),
        outcome(
            "word.no-profanity",
            "fail" if rude else "pass",
            (0, 0),
            ("不辱骂客户", "No abuse"),
            ("辱骂了客户", "The caller was abused") if rude else ("没有", "None"),
            critical=True,
            clause="001 8",
            evidence=[Evidence(74.0, 75.0, "agent", "不知道", "exact", None, 0.8)] if rude else [],
        ),
        outcome(
            "talk.hold-ask",
            "fail",
            (0, 4),
            ("等待前先征得同意", "Asks before a hold"),
            ("等待前 10 秒没有告知。", "Not told in the 10 s before."),
            clause="000 #56",
            evidence=[Evidence(23.0, 33.0, "agent", "", "window")],
        ),
        outcome(
            "talk.hold-max",
            "fail",
            (0, 4),
            ("等待不超过 7 秒", "No wait over 7 s"),
            ("等待 25.0 秒", "25.0 s"),
            clause="001 4",
            evidence=[Evidence(33.0, 58.0, "agent", "25.0 s", "event")],
        ),
        outcome("talk.speech-rate", "pass", (4, 4), ("语速适中", "Moderate rate"), ("212 字/分", "212 characters a minute")),
        outcome("talk.listen-ratio", "not_applicable", None, ("多听少说", "Listens more"), ("通话太短", "Call too short")),
        outcome(
            "close.thank-goodbye",
            "pass",
            (4, 4),
            ("道谢并道别", "Says goodbye"),
            ("", ""),
            evidence=[Evidence(91.6, 92.2, "agent", "再见", "exact", None, 0.95)],
        ),
    )


def evaluation(items: Sequence[Outcome] | None = None, *, score: float | None = 41.2, rude: bool = False) -> Evaluation:
    """An evaluation whose sections are summed from its outcomes."""
    items = tuple(items if items is not None else outcomes(rude=rude))
    sections = []
    for name, title in SECTIONS.items():
        counted = [o for o in items if o.section == name and o.max_points]
        points, top = sum(o.points or 0 for o in counted), sum(o.max_points or 0 for o in counted)
        sections.append(SectionScore(name, title, 100 * points / top if top else None, points, top))
    score = 0.0 if rude else score
    band = None if score is None else ("good" if score >= 80 else "fair" if score >= 60 else "poor")
    titles = {b.band: b.title for b in BANDS["zh-service"]}
    return Evaluation(
        "zh-service", "1.0.0", "ab" * 32, score, band, titles[band] if band else {}, rude, "opening", tuple(sections), items
    )


def record(
    call_id: str, path: str, sha256: str, *, agent_id: str | None = "A101", agent_name: str | None = "林晓", day: int = 16
) -> CallRecord:
    """A measured stereo call of 100 s with ringing, a hold and both parties' speech."""
    speech: dict[str, list[Segment]] = {"agent": [], "customer": []}
    for t in TURNS:
        speech[t.role].append(Segment(t.start_s, t.end_s))
    return CallRecord(
        call_id,
        Recording(path, sha256, DURATION_S, 8000, 2, "stereo", 0, "profile"),
        Metadata(
            call_id,
            agent_id,
            agent_name,
            "13900004471",
            "inbound",
            started_at=datetime(2026, 11, day, 9, 12, tzinfo=SHANGHAI),
            source="cdr",
        ),
        Timeline(
            Measured(9.0, "cdr", 1.0),
            Measured(2, "audio"),
            Measured("customer", "audio"),
            "cn",
            9.0,
            "cdr",
            96.0,
            62.0,
            holds=(Hold(33.0, 58.0, "music"),),
            silences=(Segment(80.0, 88.0),),
            tones=(Tone(0.0, 1.0), Tone(5.0, 6.0)),
        ),
        {k: tuple(v) for k, v in speech.items()},  # type: ignore[misc]
        {
            "agent": Measures(
                speech_rate_cpm=212.0,
                active_level_dbfs=-24.1,
                f0_median_hz=210.0,
                f0_sd_semitones=2.9,
                talk_share_ratio=0.47,
                response_time_median_s=0.6,
                n_interruptions=0,
            ),
            "customer": Measures(speech_rate_cpm=198.0, active_level_dbfs=-21.8, talk_share_ratio=0.53),
        },
        Transcript("zh", "base", TURNS, 0.97),
        "0.1.0",
    )


def call(
    call_id: str = "zh-001",
    path: str = "nowhere/zh-001.wav",
    sha256: str = "00" * 32,
    *,
    agent_id: str | None = "A101",
    agent_name: str | None = "林晓",
    day: int = 16,
    score: float | None = 41.2,
    rude: bool = False,
    items: Sequence[Outcome] | None = None,
) -> ReportedCall:
    """A call with its evaluation."""
    facts = record(call_id, path, sha256, agent_id=agent_id, agent_name=agent_name, day=day)
    return ReportedCall(facts, evaluation(items, score=score, rude=rude))


def measured_only(made: ReportedCall) -> ReportedCall:
    """The same call without an evaluation."""
    return replace(made, evaluation=None)
