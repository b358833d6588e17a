"""How like a script or an example is what was said, and is anything said again."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from rapidfuzz import fuzz, process
from rapidfuzz.distance import LCSseq

from audit.evaluation.call import Call, Judge, Result, say, span
from audit.evaluation.checks.hits import excused_hits
from audit.evaluation.checks.scope import Searched, search, within
from audit.evaluation.checks.sentences import clauses, sentences
from audit.evaluation.match import Heard, Hit
from audit.evaluation.normalise import normalise
from audit.evaluation.wordings import Repetition, Similarity
from audit.records import Evidence
from audit.segments import Segment

#: An example is compared with up to so many clauses of a turn together.
_LONGEST_RUN = 4


@dataclass(frozen=True, slots=True)
class _Like:
    """How like an example something said is, and where."""

    ratio: float
    example: str
    proof: Evidence


# --- like a script or an example ------------------------------------------------------------------
def judge_similarity(check: Similarity, call: Call, judge: Judge) -> Result:
    """How like a script or examples is what was said."""
    searched = search(check.where, call, judge)
    if isinstance(searched, Result):
        return searched
    texts = (*((check.to,) if check.to is not None else ()), *check.examples)
    method = check.method or ("order" if check.to is not None else "ngram")
    best: _Like | None = None
    for text in texts:
        filled, missing = call.fill(text)
        # A script may itself hold variables (the agent's name, the company).
        script, missing_inside = call.fill(filled)
        if missing or missing_inside:
            lacking = missing or missing_inside
            return Result("not_evaluable", say(f"通话资料中没有 {lacking}", f"the call's data has no {lacking}"))
        if method == "order":
            like: _Like | None = _in_order(script, searched, call)
        elif method == "meaning":
            like = _nearest_meaning(script, searched)
        else:
            like = _nearest_stretch(script, searched, call)
        if like is not None and (best is None or like.ratio > best.ratio):
            best = like
    ratio = 0.0 if best is None else best.ratio
    alike = ratio >= check.min_ratio
    if method == "order":
        reason = say(
            f"与规定话术相同 {ratio:.0%}（至少 {check.min_ratio:.0%}）",
            f"{ratio:.0%} of the script was said (at least {check.min_ratio:.0%})",
        )
    else:
        example = texts[0] if best is None else best.example
        what = say("意思相近", "in meaning") if method == "meaning" else say("用词相似", "in wording")
        reason = say(
            f"与例句“{example}”{what['zh']} {ratio:.0%}（界限 {check.min_ratio:.0%}）",
            f"{ratio:.0%} like the example “{example}” {what['en']} (limit {check.min_ratio:.0%})",
        )
    good = alike == (check.expect == "said")
    if best is None or (not alike and method != "order"):
        window = searched.evidence(call, texts[0] if best is None else best.example)
        return Result("pass" if good else "fail", reason, () if good else (window,))
    return Result("pass" if good else "fail", reason, (best.proof,))


def _in_order(script: str, searched: Searched, call: Call) -> _Like:
    """The share of a script's characters (English: words) found in its order in everything searched."""
    wanted = _units(normalise(script, call.language)[0], call.language)
    said = _units(" ".join(h.plain for h in searched.turns), call.language)
    ratio = LCSseq.similarity(wanted, said) / len(wanted) if wanted else 0.0
    whole = span(searched.turns) or Segment(0.0, 0.01)
    heard = " ".join(h.turn.text for h in searched.turns)
    return _Like(
        ratio, script, Evidence(round(whole.start_s, 2), round(whole.end_s, 2), searched.role, script, "measure", heard=heard)
    )


def _units(text: str, language: str) -> list[str]:
    """Characters of Chinese, words of English."""
    return text.split() if language == "en" else [c for c in text if c != " "]


def _grams(text: str, language: str) -> frozenset[str]:
    """The characters (English: words) of a text and its pairs of neighbours."""
    units = _units(text, language)
    return frozenset([*units, *(f"{a}\0{b}" for a, b in pairwise(units))])


@lru_cache(maxsize=5_000)
def _example_grams(example: str, language: str) -> frozenset[str]:
    """The same of an example, which many calls are compared with."""
    return _grams(normalise(example, language)[0], language)


def _dice(a: frozenset[str], b: frozenset[str]) -> float:
    """Likeness of two sets (Dice, Ecology 26, 1945): twice what they share over what they hold."""
    return 2.0 * len(a & b) / (len(a) + len(b)) if a and b else 0.0


def _nearest_stretch(example: str, searched: Searched, call: Call) -> _Like | None:
    """The run of clauses in one turn that is most like an example."""
    wanted = _example_grams(example, call.language)
    best: tuple[float, Heard, int, int] | None = None
    for heard in searched.turns:
        parts = clauses(heard)
        for i, (a, _) in enumerate(parts):
            if not within(searched.windows, heard.time_of(a)[0]):
                continue
            for _, b in parts[i : i + _LONGEST_RUN]:
                ratio = _dice(wanted, _grams(heard.plain[a:b], call.language))
                if best is None or ratio > best[0]:
                    best = (ratio, heard, a, b)
    return None if best is None else _like(example, *best)


def _nearest_meaning(example: str, searched: Searched) -> _Like | None:
    """The sentence, clause or pair of clauses that is nearest to an example in meaning."""
    from audit.evaluation.meaning import nearness  # numpy, which no other check needs

    places: list[tuple[Heard, int, int]] = []
    for heard in searched.turns:
        parts = clauses(heard)
        spans = dict.fromkeys([*parts, *((a, b) for (a, _), (_, b) in pairwise(parts)), *sentences(heard)])
        places += [(heard, a, b) for a, b in spans if within(searched.windows, heard.time_of(a)[0])]
    texts = [h.turn.text[h.origin[a][0] : h.origin[b - 1][1]] for h, a, b in places]
    ratios = nearness(example, texts)
    if not ratios:
        return None
    best = max(range(len(ratios)), key=ratios.__getitem__)
    return _like(example, ratios[best], *places[best])


def _like(example: str, ratio: float, heard: Heard, a: int, b: int) -> _Like:
    hit = Hit(heard, a, b, example, "normalised", 1.0 - ratio)
    proof = Evidence(
        round(hit.start_s, 2),
        round(hit.end_s, 2),
        heard.turn.role,
        example,
        "measure",
        heard=hit.written,
        confidence=hit.confidence,
    )
    return _Like(ratio, example, proof)


# --- said again -----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Sentence:
    heard: Heard
    turn: int
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.heard.plain[self.start : self.end]

    @property
    def hit(self) -> Hit:
        return Hit(self.heard, self.start, self.end, self.text, "normalised")

    def evidence(self) -> Evidence:
        hit = self.hit
        return Evidence(
            round(hit.start_s, 2),
            round(hit.end_s, 2),
            self.heard.turn.role,
            hit.written,
            "normalised",
            heard=hit.written,
            confidence=hit.confidence,
        )


def judge_repetition(check: Repetition, call: Call, judge: Judge) -> Result:
    """Whether a sentence is said again more often than it may be; the first saying and the repeats are the proof."""
    searched = search(check.where, call, judge)
    if isinstance(searched, Result):
        return searched
    rows = _sentences(check, searched, call)
    texts = [r.text for r in rows]
    proof: dict[int, None] = {}
    turns = [r.turn for r in rows]
    most, worst = 0, -1
    for i, row in enumerate(rows):
        since = bisect_left(turns, row.turn - check.within_turns) if check.within_turns else 0
        earlier = _similar(texts[i], texts[since:i], check.min_similarity)
        if len(earlier) > most:
            most, worst = len(earlier), i
        if len(earlier) > check.max_times:
            proof.update(dict.fromkeys([*(since + j for j in earlier), i]))
    if not proof:
        reason = say(
            f"没有重复超过 {check.max_times} 次的话" + (f"（最多 {most} 次）" if most else ""),
            f"nothing is said again more than {check.max_times} times" + (f" (at most {most})" if most else ""),
        )
        return Result("pass", reason)
    written = rows[worst].hit.written
    reason = say(
        f"“{written}”重复了 {most} 次（至多 {check.max_times} 次）",
        f"“{written}” is said again, {most} times (at most {check.max_times})",
    )
    return Result("fail", reason, tuple(rows[i].evidence() for i in sorted(proof)))


def _sentences(check: Repetition, searched: Searched, call: Call) -> list[_Sentence]:
    """The sentences that count, in order of time."""
    left_out = excused_hits(check.excludes, searched, call)
    rows = []
    for n, heard in enumerate(searched.turns):
        mine = [h for h in left_out if h.heard is heard]
        rows += [
            _Sentence(heard, n, a, b)
            for a, b in sentences(heard)
            if len(_units(heard.plain[a:b], call.language)) >= check.min_chars
            and within(searched.windows, heard.time_of(a)[0])
            and not any(h.start < b and a < h.end for h in mine)
        ]
    return rows


def _similar(text: str, earlier: Sequence[str], min_similarity: float) -> list[int]:
    """Which of some earlier sentences a sentence repeats; likeness is that of their longest common subsequence."""
    if not earlier:
        return []
    ratios = process.cdist([text], earlier, scorer=fuzz.ratio, score_cutoff=100.0 * min_similarity)[0]
    return [int(i) for i in ratios.nonzero()[0]]
