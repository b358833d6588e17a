"""One voice or two: by how alike two groups of speech are, and by whether the pauses leave room for another party.

Evidence is summed as natural log-odds for two voices. One party of a call pauses while the other speaks, so a leg of its
own is half silent; a channel that both share is not. How alike the two halves of one voice are depends on the voice, on
the line and on what is said, so neither is proof alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise

from audit.segments import Segment, union

#: Evidence of the likeness (cosine of the mean points) of two groups, as a logistic curve: even at 0.81. Fitted on 451 whole
#: calls, halves and quarters with two voices and 281 of one party of them alone: four real voices (composed calls of seed
#: 14) and seven synthetic ones (seeds 11 and 12), groups of about equally many windows compared.
_LIKENESS_SLOPE, _EVEN_COSINE = 22.5, 0.81
#: Groups nearer than this are one voice, whatever else speaks for two: the most alike two of seven synthetic voices came to
#: 0.935, and nobody could say which of the two speaks when.
INDISTINCT_COSINE = 0.95
#: Evidence of the share of the time that is speech, a pause counting for 5 s at most (holds are no turns): even at 0.62,
#: fitted on the same calls. What it may say is limited: a party alone may also talk without a pause, and a hurried
#: customer may leave few.
_SPEECH_SHARE_SLOPE, _EVEN_SPEECH_SHARE = 23.0, 0.62
_LONGEST_PAUSE_S = 5.0
_PAUSES_FOR_ONE, _PAUSES_FOR_TWO = -3.0, 1.5

#: Before anything is heard. A channel that is said to carry a whole call carries two voices in nineteen of twenty (a
#: judgement: the rest are messages left, and recorders that took down one party). A leg beside a dead one carries one
#: party, or both: even odds.
_SHARED_CHANNEL_LOG_ODDS, _LONE_LEG_LOG_ODDS = math.log(19.0), 0.0


def channel_log_odds(speech: Iterable[Segment], *, lone_leg: bool) -> float:
    """What the kind of channel and its pauses say for two voices.

    Parameters
    ----------
    speech : iterable of Segment
        Of one channel.
    lone_leg : bool
        Whether it is the live leg beside a dead one; otherwise one that is said to carry the whole call, of which a lack
        of pauses says nothing more: who leaves a message makes none, either.

    Returns
    -------
    float
    """
    pauses = _pauses_log_odds(speech)
    return _LONE_LEG_LOG_ODDS + pauses if lone_leg else _SHARED_CHANNEL_LOG_ODDS + min(pauses, 0.0)


def _pauses_log_odds(speech: Iterable[Segment]) -> float:
    """What the pauses of one party's leg would leave room for; 0.0 where there is no pause to judge by."""
    stretches = union(speech)
    if len(stretches) < 2:
        return 0.0
    speech_s = sum(s.duration_s for s in stretches)
    pauses_s = sum(min(b.start_s - a.end_s, _LONGEST_PAUSE_S) for a, b in pairwise(stretches))
    evidence = _SPEECH_SHARE_SLOPE * (speech_s / (speech_s + pauses_s) - _EVEN_SPEECH_SHARE)
    return min(max(evidence, _PAUSES_FOR_ONE), _PAUSES_FOR_TWO)


def likeness_log_odds(likeness: float) -> float:
    """What the likeness of two groups says for their being two voices.

    Parameters
    ----------
    likeness : float
        Cosine of their mean points, -1 to 1.

    Returns
    -------
    float
        Minus infinity where nobody could tell the two apart.
    """
    if likeness > INDISTINCT_COSINE:
        return -math.inf
    return _LIKENESS_SLOPE * (_EVEN_COSINE - likeness)


def probability(log_odds: float) -> float:
    """Log-odds as a probability, 0-1."""
    return 1.0 / (1.0 + math.exp(-min(max(log_odds, -50.0), 50.0)))
