"""Words that one person uses more than the others do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

#: Words that the prior weighs as much as: what the others say counts for this many words of the person's own.
PRIOR_WORDS = 500.0
#: Standard scores from here on count: of 15,490 words that nobody over-used none reached it, seven reached 4.0.
MIN_Z = 4.5
#: A word heard less often than this is no habit.
MIN_COUNT = 5


@dataclass(frozen=True, slots=True)
class OverUse:
    """A word and how much more one person uses it.

    Attributes
    ----------
    word : str
    n : int
        How often the person said it.
    rate, others_rate : float
        Of a thousand words, the person's and the others'.
    z : float
        Log-odds ratio over its standard error.
    """

    word: str
    n: int
    rate: float
    others_rate: float
    z: float


def over_used(own: Mapping[str, int], others: Mapping[str, int]) -> tuple[OverUse, ...]:
    """What one person says more than the others do, the most striking first.

    Log-odds ratio with an informative Dirichlet prior (Monroe, Colaresi and Quinn 2008, equations 15-22): the prior is how
    often everybody says a word, so that a rare word said twice is no discovery.

    Parameters
    ----------
    own, others : mapping of word to count
        Every word that was counted, so that the totals are what was said in all.

    Returns
    -------
    tuple of OverUse
        Words of at least `MIN_COUNT` and a standard score of at least `MIN_Z`.
    """
    n_own, n_others = sum(own.values()), sum(others.values())
    n_all = n_own + n_others
    if not n_own or not n_others:
        return ()
    found = []
    for word, n in own.items():
        m = others.get(word, 0)
        if n < MIN_COUNT or n + m == n_all:  # what is all that anybody says, nobody over-uses
            continue
        prior = PRIOR_WORDS * (n + m) / n_all
        mine = math.log((n + prior) / (n_own + PRIOR_WORDS - n - prior))
        theirs = math.log((m + prior) / (n_others + PRIOR_WORDS - m - prior))
        z = (mine - theirs) / math.sqrt(1 / (n + prior) + 1 / (m + prior))
        if z >= MIN_Z:
            found.append(OverUse(word, n, 1000 * n / n_own, 1000 * m / n_others, z))
    return tuple(sorted(found, key=lambda o: (-o.z, o.word)))
