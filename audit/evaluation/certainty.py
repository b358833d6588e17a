"""How sure the words are that a verdict rests on: what a machine heard badly must not decide a critical criterion."""

from __future__ import annotations

from audit.evaluation.call import Reason, Result, say

_WORDS = ("exact", "normalised", "pinyin")


def doubt(result: Result, min_confidence: float) -> Reason | None:
    """Why a person must listen before this verdict counts; None where the words are sure enough.

    Only a verdict that rests on words that were found can be doubted: one clear hit is enough, and so is a place found by
    other means. Words without a confidence, as a transcript made by hand has them, are sure.

    Parameters
    ----------
    result : Result
    min_confidence : float
        0-1, of the recogniser's words times their likeness to what was sought.

    Examples
    --------
    >>> from audit.records import Evidence
    >>> heard = Evidence(3.0, 3.6, "agent", "白痴", "normalised", heard="白痴", confidence=0.31)
    >>> doubt(Result("fail", say("说了", "said"), (heard,)), 0.5)["en"]
    'said, but heard with a certainty of only 31 % (at least 50 % is needed): a person must listen'
    >>> doubt(Result("fail", say("说了", "said"), (heard,)), 0.2) is None
    True
    """
    if result.verdict not in ("pass", "fail") or not result.evidence:
        return None
    best = 0.0
    for e in result.evidence:
        if e.match not in _WORDS or e.confidence is None or e.confidence >= min_confidence:
            return None
        best = max(best, e.confidence)
    return say(
        f"{result.reason['zh']}，但把握只有 {best:.0%}（至少需要 {min_confidence:.0%}），请人工听录音确认",
        f"{result.reason['en']}, but heard with a certainty of only {100 * best:.0f} % "
        f"(at least {100 * min_confidence:.0f} % is needed): a person must listen",
    )
