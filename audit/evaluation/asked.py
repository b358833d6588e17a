"""What a scorecard wants to hear: wordings that a recogniser should know how to spell."""

from __future__ import annotations

from collections.abc import Iterator

from audit.evaluation.conditions import Check, HoldEtiquette, parts_of
from audit.evaluation.language import Scorecard
from audit.evaluation.match import MatchMode
from audit.evaluation.spelling import variants
from audit.evaluation.wordings import Phrases

#: Of a phrase with more wordings than these the first are taken.
_MOST_WORDINGS = 500


def asked_phrases(scorecard: Scorecard) -> tuple[str, ...]:
    """Every wording that some check of a scorecard asks for, without those that only forbid and those with variables.

    Parameters
    ----------
    scorecard : Scorecard

    Returns
    -------
    tuple of str
        Normalised, each once, in the scorecard's order; of a wording with a gap its pieces.
    """
    found: dict[str, None] = {}
    for criterion in scorecard.criteria:
        for check in (criterion.check, criterion.applies_when):
            for text, mode in _wordings(check) if check is not None else ():
                if "{" in text:
                    continue
                spelled = variants(text, scorecard.language, mode, scorecard.matching.gap_chars)
                for variant in spelled[:_MOST_WORDINGS]:
                    found.update(dict.fromkeys(variant.pieces))
    return tuple(found)


def _wordings(check: Check) -> Iterator[tuple[str, MatchMode]]:
    """What a check, and each that it holds, asks for, and how it is sought."""
    if isinstance(check, Phrases) and check.quantifier in ("any", "all"):
        yield from ((phrase.text, phrase.match or check.match) for phrase in check.phrases)
    if isinstance(check, HoldEtiquette):
        yield from ((text, check.match) for text in check.phrases)
    for _, part in parts_of(check):
        yield from _wordings(part)
