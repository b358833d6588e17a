#!/usr/bin/env python3
"""A store of invented calls whose truth is known: every agent's skill, one planted fall, and planted chains of calls.

Agents and customers are numbers. Each agent passes each criterion with a chance of his own; the score of a call follows
from its verdicts by a plain rule, and the mean that it has in the long run is worked out from the chances by drawing
40,000 calls of that agent, none of which is in the store. One agent falls by a logit of 1 in the middle of the period.
Redials after a cut-off, repeated calls and complaints are planted; nobody else calls twice.

Behind what is scripted agents say sentences that all say by chance. Three agents have a habit each that is on no list of
fillers. Three things only look like one: an agent whose callers speak of what others' do not, a call that says one thing
forty times, and an agent who has to say his name.

The calls are written past the batch, straight into the tables, as the batch writes them: a record with words, an
evaluation of every criterion with evidence, a digest.

Written beside the store: ``truth.json`` with the agents' true means and criterion chances, the fall's day, the chains, and the
habits.

Usage::

    python benchmarks/make_archive.py --calls 20000 --out archive/
    callaudit report archive/ --from 2026-10-05 --to 2026-10-30
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from audit.contract import call_to_json, evaluation_to_json
from audit.digests import DIGEST_FORM, catalogue_of, catalogue_to_json, digest_call, digest_to_json
from audit.evaluation import Scorecard, load_scorecard
from audit.phrases import PHRASES_FORM, call_phrases
from audit.records import CallRecord, CutOff, Evidence, Hold, Measured, Measures, Metadata, Recording, Timeline
from audit.segments import Segment
from audit.storage import Store
from audit.storage.tables import calls as calls_table
from audit.storage.tables import catalogues, digests, evaluations, phrases, recordings, touched_calls
from audit.verdicts import Evaluation, Outcome, SectionScore, Verdict
from audit.words import Transcript, Turn, Word

ZONE = timezone(timedelta(hours=8))
FIRST_DAY = datetime(2026, 10, 5, tzinfo=ZONE)
CALLS_A_DAY = 20
#: Logit by which the agent falls.
FALL = 1.0
FALLING_AGENT = 7
_Floats = npt.NDArray[np.float64]
_LETTERS: tuple[Verdict, ...] = ("pass", "fail", "not_applicable", "not_evaluable")
_SAYINGS = (
    "您好，晨星电信，很高兴为您服务。", "请问有什么可以帮您？", "我想问一下上个月的账单，好像多扣了钱。",
    "请您稍等，我帮您查一下。",
    "让您久等了，您上个月开通了一个流量包，所以多了十元。", "我没有开通过啊，能帮我取消吗？", "好的，已经帮您取消了。",
    "这个不归我管，不知道。", "那我应该找谁呢？", "还有其他可以帮您的吗？", "没有了，谢谢。", "感谢您的来电，再见。",
)  # fmt: skip


#: Said by chance behind what is scripted, of the customer by turns.
_FREE = (
    "我马上帮您看一看系统", "您的套餐是每月五十八元", "请您核对一下地址", "那边师傅明天上门", "系统里面已经登记好了",
    "这个业务今天可以办", "退款三个工作日到账", "我这边给您重新开通", "合同是去年签的", "发票已经寄出去了", "我再看看您的资料",
    "短信稍后会发给您", "这项服务是免费的", "月底之前都有效", "您那边信号还好吗", "我给您记下来了", "密码可以自己改",
    "这个月用了八个G", "下个月一号生效", "原来的卡还能用", "需要本人带证件", "营业厅六点关门", "余额还有三十多",
    "我帮您转到那个部门",
)  # fmt: skip
_ANSWERS = ("好", "嗯行", "知道了", "那就这样吧", "我看看", "是这个号", "可以啊", "还没收到呢")
#: Habits that no list of fillers has, and how often in a call each is said.
_HABITS = (("说到底呢", 0.5), ("得嘞", 0.8), ("咱这么着行不行", 1.2))
_TOPIC, _ONE_CALL, _NAME = "智能门锁", "国际漫游包", "周晓棠"


class Talk:
    """What agents say beside the script: by chance, but for the habits, and for what only looks like one.

    Attributes
    ----------
    habits : mapping of agent to (habit, how often in a call)
    topical, monotonous, named : int
        The agents of what only looks so.
    """

    def __init__(self, n_agents: int, seed: int, free: Sequence[str] = _FREE) -> None:
        self.rng = np.random.default_rng([seed, 2])  # of its own, so that the rest of an archive stays what it was
        who = self.rng.permutation([a for a in range(n_agents) if a != FALLING_AGENT])[: len(_HABITS) + 3].tolist()
        self.habits = dict(zip(who, _HABITS, strict=False))
        self.topical, self.monotonous, self.named = (*who[len(_HABITS) :], -1, -1, -1)[:3]
        self.free, self.told = free, False

    def turns(self, agent: int, at: float) -> tuple[Turn, ...]:
        """The turns behind a script that ends at some second."""
        rng = self.rng
        habit, rate = self.habits.get(agent, ("", 0.0))
        n_turns = int(rng.integers(3, 7))
        said = [str(self.free[i]) for i in rng.integers(0, len(self.free), n_turns)]
        for i in rng.integers(0, n_turns, rng.poisson(rate)):
            said[i] = f"{habit}，{said[i]}"
        answers = [_ANSWERS[i] for i in rng.integers(0, len(_ANSWERS), n_turns)]
        if agent == self.topical and rng.random() < 0.6:
            said[0], answers[0] = f"{_TOPIC}，{said[0]}", f"我想问{_TOPIC}"
        if agent == self.named:
            said[-1] += f"，我是{_NAME}"
        if agent == self.monotonous and not self.told:
            self.told = True
            said += [f"{_ONE_CALL}，{_ONE_CALL}"] * 20
            answers += ["嗯"] * 20
        turns = []
        for pair in zip(said, answers, strict=True):
            for role, text in zip(("agent", "customer"), pair, strict=True):
                turns.append(_turn(at, role, text))
                at = turns[-1].end_s + 0.4
        return tuple(turns)

    @property
    def names(self) -> dict[int, str]:
        """The names that records give."""
        return {self.named: _NAME}

    @property
    def truth(self) -> dict[str, str]:
        """The habit of each agent that has one."""
        return {f"A{agent:02d}": habit for agent, (habit, _) in self.habits.items()}


@dataclass(frozen=True)
class Skills:
    """The chances that make an archive.

    Attributes
    ----------
    passes : array (n_agents, n_criteria)
        Chance to pass where the criterion counts.
    counts : array (n_criteria,)
        Chance that a criterion counts in a call.
    unheard : float
        Chance that one cannot be judged.
    """

    card: Scorecard
    passes: _Floats
    counts: _Floats
    unheard: float = 0.03

    @property
    def stakes(self) -> _Floats:
        """Points of each criterion; 0 where it decides only by being critical, or is only shown."""
        return np.array([0.0 if c.critical else c.stake for c in self.card.criteria])

    @property
    def critical(self) -> npt.NDArray[np.bool_]:
        """Which criteria set a call to 0."""
        return np.array([c.critical for c in self.card.criteria])

    def scores(self, verdicts: npt.NDArray[np.int8]) -> tuple[_Floats, _Floats, _Floats]:
        """Score of each call, points and what could have been earned of each section, from verdicts (n_calls, n_criteria)."""
        judged = (verdicts <= 1) * self.stakes
        won = (verdicts == 0) * self.stakes
        ends = np.cumsum([len(s.criteria) for s in self.card.sections])
        points, most = (np.stack([p.sum(axis=1) for p in np.split(v, ends[:-1], axis=1)], axis=1) for v in (won, judged))
        weights = np.array([s.weight for s in self.card.sections]) * (most > 0)
        shares = np.divide(points, most, out=np.zeros_like(points), where=most > 0)
        score = 100 * (weights * shares).sum(axis=1) / weights.sum(axis=1)
        score[((verdicts == 1) & self.critical).any(axis=1)] = 0.0
        return score, points, most

    def draw(self, rng: np.random.Generator, agent: int, n: int, fallen: npt.NDArray[np.bool_]) -> npt.NDArray[np.int8]:
        """Verdicts of so many calls, as places in `_LETTERS`."""
        chance = np.where(fallen[:, None] & ~self.critical, _moved(self.passes[agent], -FALL), self.passes[agent])
        shape = (n, len(self.counts))
        verdicts = (rng.random(shape) >= chance).astype(np.int8)
        verdicts[rng.random(shape) >= self.counts] = 2
        verdicts[rng.random(shape) < self.unheard] = 3
        return verdicts


def _moved(chances: _Floats, logit: float) -> _Floats:
    moved: _Floats = 1 / (1 + np.exp(-(np.log(chances / (1 - chances)) + logit)))
    return moved


def make_skills(card: Scorecard, n_agents: int, rng: np.random.Generator) -> Skills:
    """Agents of different skill, stronger in some criteria than in others."""
    n = len(card.criteria)
    base = np.log(1 / (1 / rng.uniform(0.62, 0.97, n) - 1))
    passes = _moved(np.full((n_agents, n), 0.5), 0.0)
    passes = 1 / (1 + np.exp(-(base + rng.normal(0, 0.35, (n_agents, 1)) + rng.normal(0, 0.35, (n_agents, n)))))
    critical = np.array([c.critical for c in card.criteria])
    passes[:, critical] = 1 - rng.uniform(0.0005, 0.006, (n_agents, int(critical.sum())))
    counts = rng.choice([1.0, 0.9, 0.5, 0.25], n, p=[0.5, 0.2, 0.2, 0.1])
    return Skills(card, passes, counts)


@dataclass
class Plan:
    """One call before it is made."""

    call_id: str
    agent: int
    at: datetime
    customer: str
    outbound: bool = False
    cut_off: bool = False
    signs: dict[str, bool] | None = None


def plan_calls(n_calls: int, n_agents: int, rng: np.random.Generator) -> tuple[list[Plan], dict[str, Any], datetime]:
    """Who calls whom and when, with the chains planted; and the day of the fall."""
    n_days = max(1, n_calls // (n_agents * CALLS_A_DAY))
    days = [d for i in range(2 * n_days + 7) if (d := FIRST_DAY + timedelta(days=i)).weekday() < 5][:n_days]
    fall = days[n_days // 2]
    plans: list[Plan] = []
    for i in range(n_calls):
        agent, day = i % n_agents, days[min(i // (n_agents * CALLS_A_DAY), n_days - 1)]
        second = int(8.5 * 3600 + rng.integers(0, 9 * 3600))
        plans.append(Plan(f"c{i:06d}", agent, day + timedelta(seconds=second), f"139{i:08d}", rng.random() < 0.06))
    chains: dict[str, list[Any]] = {"redials": [], "repeats": [], "complaints": []}
    chosen = rng.permutation(n_calls)[: 6 * max(1, n_calls // 400)].reshape(-1, 6)
    for cut, back, first, again, complaint, unreached in chosen:
        a, b = plans[cut], plans[back]
        apologised = bool(rng.random() < 0.6)
        a.cut_off, a.outbound = True, False
        b.agent, b.customer, b.outbound, b.at = a.agent, a.customer, True, a.at + timedelta(seconds=int(rng.integers(400, 900)))
        b.signs = {"apology_first": apologised, "cause_told": apologised}
        chains["redials"].append({"call_id": a.call_id, "back_call_id": b.call_id, "apologised": apologised})
        a, b = plans[first], plans[again]
        a.outbound = b.outbound = False
        b.customer, b.at = a.customer, a.at + timedelta(hours=float(rng.uniform(3, 40)))
        chains["repeats"].append({"call_id": a.call_id, "again_call_id": b.call_id})
        plans[complaint].outbound, plans[complaint].signs = False, {"complaint": True}
        chains["complaints"].append({"call_id": plans[complaint].call_id})
        plans[unreached].cut_off, plans[unreached].outbound = True, False
        chains["redials"].append({"call_id": plans[unreached].call_id, "back_call_id": None, "apologised": None})
    return plans, chains, fall


# --- making the calls --------------------------------------------------------------------------------
class Maker:
    """Turns plans and verdicts into rows."""

    def __init__(
        self, skills: Skills, rng: np.random.Generator, samples: Sequence[tuple[Path, str, float]], talk: Talk
    ) -> None:
        self.skills, self.rng, self.samples, self.talk = skills, rng, samples, talk
        self.voice = rng.normal((205, -24, 190, 2.9, 0.46, 0.8), (22, 2.5, 35, 0.4, 0.05, 0.25), (len(skills.passes), 6))
        self.transcripts = [_transcript(i) for i in range(8)]
        self.texts = [call_to_json(_record(t))["transcript"] for t in self.transcripts]
        self.outcomes = {
            (i, v, k): _outcome(skills.card, i, v, self.transcripts[k])
            for i in range(len(skills.card.criteria))
            for v in _LETTERS
            for k in range(len(self.transcripts))
        }
        self.written: dict[int, dict[str, Any]] = {}

    def call(self, plan: Plan, verdicts: npt.NDArray[np.int8], score: float, points: _Floats, most: _Floats) -> dict[str, Any]:
        """The rows of one call, but for the numbers that the database gives."""
        rng, card = self.rng, self.skills.card
        k = int(rng.integers(len(self.transcripts)))
        rings = int(1 + rng.geometric(0.62 if 10 <= plan.at.hour <= 11 or plan.at.hour == 15 else 0.8) * (1 + rng.random()))
        cpm, level, pitch, spread, share, response = rng.normal(self.voice[plan.agent], (12, 1.5, 8, 0.3, 0.07, 0.25))
        path, sha, duration_s = self.samples[plan.agent % len(self.samples)] if self.samples else (
            Path(f"archive/{plan.call_id}.mp3"), hashlib.sha256(plan.call_id.encode()).hexdigest(), 0.0,
        )  # fmt: skip
        own_words = self.talk.turns(plan.agent, self.transcripts[k].turns[-1].end_s + 0.6)
        record = _record(self.transcripts[k])
        record = replace(record, transcript=replace(self.transcripts[k], turns=(*self.transcripts[k].turns, *own_words)))
        duration_s = duration_s or float(rng.uniform(60, 300))
        waits = rng.random() < 0.3
        record = replace(
            record,
            call_id=plan.call_id,
            recording=replace(record.recording, path=str(path), sha256=sha, duration_s=duration_s),
            metadata=replace(
                record.metadata, call_id=plan.call_id, agent_id=f"A{plan.agent:02d}", customer_number=plan.customer,
                direction="outbound" if plan.outbound else "inbound", started_at=plan.at, ring_s=5.0 * rings,
                agent_name=self.talk.names.get(plan.agent),
                variables={"team": f"T{plan.agent % 5 + 1}"},
            ),
            timeline=replace(
                record.timeline,
                ring_s=Measured(5.0 * rings, "cdr"), ring_heard=Measured(5.0 * rings + float(rng.normal(0, 0.4)), "audio"),
                n_rings=Measured(rings, "audio"),
                talk_s=duration_s - 5.0 * rings,
                holds=(Hold(30.0, 30.0 + float(rng.gamma(2, 9)), "music"),) if waits else (),
                silences=(Segment(20.0, 20.0 + float(rng.gamma(2, 2))),),
                cut_off=CutOff(plan.cut_off),
                hangup_by=Measured("system" if plan.cut_off else "customer", "audio"),
            ),
            measures={
                "agent": Measures(
                    speech_s=duration_s * 0.4, speech_rate_cpm=cpm, active_level_dbfs=level, f0_median_hz=pitch,
                    f0_sd_semitones=max(0.4, spread), talk_share_ratio=min(0.95, max(0.05, share)),
                    response_time_median_s=max(0.05, response), n_interruptions=int(rng.poisson(0.4)),
                ),
                "customer": Measures(speech_rate_cpm=cpm + 5, active_level_dbfs=level - 3),
            },
        )  # fmt: skip
        outcomes = tuple(self.outcomes[i, _LETTERS[v], k] for i, v in enumerate(verdicts))
        bare = Evaluation(card.id, card.version, card.sha256, None, None, {}, False, None, (), ())
        critical = score == 0.0
        band = next((b for b in reversed(card.bands) if score >= b.min_score), card.bands[0])
        sections = tuple(
            SectionScore(s.id, s.title, 100 * float(p / m) if m else None, float(p), float(m))
            for s, p, m in zip(card.sections, points, most, strict=True)
        )
        signs: dict[str, bool | None] = {s.id: False for s in card.signs} | (plan.signs or {})
        evaluation = replace(
            bare, score=score, band=band.id, band_title=band.title, critical_failed=critical, sections=sections,
            outcomes=outcomes, signs=signs,
        )  # fmt: skip
        written = evaluation_to_json(replace(evaluation, outcomes=()))
        written["outcomes"] = [self._json(o) for o in outcomes]
        as_json = call_to_json(replace(record, transcript=None))
        turns = call_to_json(_record(replace(self.transcripts[k], turns=own_words)))["transcript"]["turns"]
        as_json["transcript"] = self.texts[k] | {"turns": [*self.texts[k]["turns"], *turns]}
        return {"record": record, "record_json": as_json, "evaluation": evaluation, "evaluation_json": written}

    def _json(self, outcome: Outcome) -> dict[str, Any]:
        found = self.written.get(id(outcome))
        if found is None:
            bare = Evaluation("", "", "", None, None, {}, False, None, (), (outcome,))
            found = self.written[id(outcome)] = evaluation_to_json(bare)["outcomes"][0]
        return found


def _transcript(k: int) -> Transcript:
    turns, at = [], 8.0
    for i in range(10 + k):
        turns.append(_turn(at, "agent" if i % 2 == 0 else "customer", _SAYINGS[(i * (k + 1)) % len(_SAYINGS)]))
        at = turns[-1].end_s + 0.6
    return Transcript("zh", "base", tuple(turns), 0.9 + 0.01 * k)


def _turn(at: float, role: str, text: str) -> Turn:
    spoken = [c for c in text if c not in "，。？"]
    words = tuple(Word(at + 0.22 * j, at + 0.22 * (j + 1), c, 0.9) for j, c in enumerate(spoken))
    return Turn(at, words[-1].end_s, role, text, 0.9, words)  # type: ignore[arg-type]


def _record(transcript: Transcript) -> CallRecord:
    speech: dict[str, list[Segment]] = {"agent": [], "customer": []}
    for t in transcript.turns:
        speech[t.role].append(Segment(t.start_s, t.end_s))
    nothing = Measured(None)
    return CallRecord(
        "", Recording("", "", 60.0, 8000, 2, "stereo", 0, "profile"), Metadata("", source="cdr"),
        Timeline(nothing, nothing, nothing, "cn", 8.0, "audio", 60.0), {r: tuple(s) for r, s in speech.items()},  # type: ignore[misc]
        {}, transcript, "0.1.0",
    )  # fmt: skip


def _outcome(card: Scorecard, i: int, verdict: Verdict, transcript: Transcript) -> Outcome:
    criterion = card.criteria[i]
    section = next(s.id for s in card.sections if criterion in s.criteria)
    turn = transcript.turns[2 * (i % (len(transcript.turns) // 2))]
    judged = verdict in ("pass", "fail")
    stake = 0.0 if criterion.critical else criterion.stake
    evidence = (Evidence(turn.start_s, turn.end_s, "agent", turn.text.rstrip("。？"), "exact", None, 0.9),) if judged else ()
    return Outcome(
        criterion.id, verdict, section, {"zh": "示例", "en": "example"}, criterion.title,
        (stake if verdict == "pass" else 0.0) if judged else None, stake if judged else None, criterion.critical,
        criterion.clause, criterion.suggestion, evidence,
    )  # fmt: skip


# --- writing -----------------------------------------------------------------------------------------
def write(store: Store, plans: Sequence[Plan], made: Iterator[dict[str, Any]], card: Scorecard, *, at_once: int = 2000) -> None:
    """Fill the tables, some thousand calls a transaction."""
    now = datetime.now(UTC)
    kept_words = False
    for begin in range(0, len(plans), at_once):
        part = [next(made) for _ in plans[begin : begin + at_once]]
        rows: dict[str, list[dict[str, Any]]] = {n: [] for n in ("recordings", "calls", "evaluations", "digests", "phrases")}
        for number, one in enumerate(part, begin + 1):
            record, evaluation = one["record"], one["evaluation"]
            rows["recordings"].append({
                "id": number, "path": f"/archive/{record.call_id}.mp3", "call_id": record.call_id,
                "sha256": record.recording.sha256, "size_bytes": 1, "mtime_ns": 1, "state": "done", "n_attempts": 1,
                "first_seen_at": now, "n_crashes": 0,
            })  # fmt: skip
            rows["calls"].append({
                "id": number, "call_id": record.call_id, "recording_id": number, "sha256": record.recording.sha256,
                "agent_id": record.metadata.agent_id, "started_at": record.metadata.started_at, "language": "zh",
                "measuring_key": "m", "words_key": "w", "metadata_key": "d", "tool_version": record.tool_version,
                "audited_at": now, "record": one["record_json"],
            })  # fmt: skip
            rows["evaluations"].append({
                "id": number, "call_row_id": number, "scorecard": evaluation.scorecard,
                "scorecard_version": evaluation.scorecard_version, "scorecard_sha256": evaluation.scorecard_sha256,
                "score": evaluation.score, "critical_failed": evaluation.critical_failed,
                "n_failed_criteria": sum(o.outcome == "fail" for o in evaluation.outcomes),
                "tool_version": record.tool_version, "options": {}, "created_at": now, "evaluation": one["evaluation_json"],
            })  # fmt: skip
            digest = digest_call(record, evaluation)
            rows["digests"].append({
                "call_id": record.call_id, "call_row_id": number, "evaluation_id": number, "form": DIGEST_FORM,
                "agent_id": digest.agent_id, "customer_number": digest.customer_number, "started_at": digest.started_at,
                "digest": digest_to_json(digest),
            })  # fmt: skip
            said = call_phrases(record)
            rows["phrases"].append({
                "call_id": said.call_id, "call_row_id": number, "form": PHRASES_FORM, "stratum": said.stratum,
                "counts": said.counts,
            })  # fmt: skip
        rows["touched"] = [{"call_id": d["call_id"]} for d in rows["digests"]]
        tables = {
            "recordings": recordings, "calls": calls_table, "evaluations": evaluations, "digests": digests,
            "phrases": phrases, "touched": touched_calls,
        }  # fmt: skip
        with store.writing() as c:
            for name, table in tables.items():
                c.execute(sa.insert(table), rows[name])
            if not kept_words:
                words = catalogue_to_json(catalogue_of(part[0]["evaluation"]))
                c.execute(sa.insert(catalogues), {"scorecard_sha256": card.sha256, "catalogue": words})
                kept_words = True


def make_archive(out: Path, n_calls: int, n_agents: int, seed: int, samples: Sequence[tuple[Path, str, float]] = ()) -> None:
    """Write a store and its truth into a folder."""
    rng = np.random.default_rng(seed)
    card = load_scorecard("zh-service")
    skills = make_skills(card, n_agents, rng)
    plans, chains, fall = plan_calls(n_calls, n_agents, rng)
    of_agent = np.array([p.agent for p in plans])
    fallen = np.array([p.agent == FALLING_AGENT and p.at >= fall for p in plans])
    verdicts = np.zeros((n_calls, len(card.criteria)), np.int8)
    for agent in range(n_agents):
        mine = of_agent == agent
        verdicts[mine] = skills.draw(rng, agent, int(mine.sum()), fallen[mine])
    score, points, most = skills.scores(verdicts)
    talk = Talk(n_agents, seed)
    maker = Maker(skills, rng, samples, talk)
    made = (maker.call(p, verdicts[i], float(score[i]), points[i], most[i]) for i, p in enumerate(plans))
    with Store.in_folder(out) as store:
        write(store, plans, made, card)
    truth: dict[str, Any] = {
        "habits": talk.truth,
        "fall": {"agent": f"A{FALLING_AGENT:02d}", "day": fall.date().isoformat()},
        **chains,
        "agents": {},
    }
    n_drawn = 40_000
    for agent in range(n_agents):
        means, section_means = [], []
        for has_fallen in (False, True) if agent == FALLING_AGENT else (False,):
            drawn = skills.draw(rng, agent, n_drawn, np.full(n_drawn, has_fallen))
            s, p, m = skills.scores(drawn)
            means.append(float(s.mean()))
            section_means.append((p.sum(axis=0), m.sum(axis=0)))
        share = float(fallen[of_agent == agent].mean()) if len(means) == 2 else 0.0
        mixed = [(1 - share) * a + share * b for a, b in zip(section_means[0], section_means[-1], strict=True)]
        truth["agents"][f"A{agent:02d}"] = {
            "mean_score": (1 - share) * means[0] + share * means[-1],
            "section_ratios": {s.id: float(a / b) for s, a, b in zip(card.sections, *mixed, strict=True) if b > 0},
            "pass_ratios": {c.id: float(p) for c, p in zip(card.criteria, skills.passes[agent], strict=True)},
        }
    (out / "truth.json").write_text(json.dumps(truth, indent=1), "utf-8")


def sample_recordings() -> list[tuple[Path, str, float]]:
    """The sample calls with their hash and length: so that clips can be cut, each of a few files many times."""
    from audit.audio import file_sha256, read_audio
    from audit.resources import resource_dir

    paths = sorted(p.absolute() for p in resource_dir("samples").glob("zh-0*") if p.suffix in (".mp3", ".opus", ".m4a"))
    return [(p, file_sha256(p), float(read_audio(p).duration_s)) for p in paths]


def main() -> None:
    """Make an archive of the size asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--agents", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--audio", action="store_true", help="every call's recording is one of the samples")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    make_archive(options.out, options.calls, options.agents, options.seed, sample_recordings() if options.audio else ())


if __name__ == "__main__":
    main()
