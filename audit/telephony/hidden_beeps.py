"""Beeps of a hold tone that other sound covers, once one of them is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from audit.records import Tone
from audit.telephony.musicness import LEVEL_HOP_S, RATE_HZ, Floats

SEARCH_S = 60.0  # on both sides of a known beep
#: What is the same tone again has the same amplitude, in all its thirds, and nothing of it is heard before and after.
AMPLITUDE_DB, PART_DB, CONTRAST_DB = 2.0, 4.0, 8.0
GUARD_S, BESIDE_S = 0.05, 0.15
SAME_S = 0.1


def hidden_beeps(line: Floats, beeps: Sequence[Tone]) -> list[Tone]:
    """Look for further times of known beeps with a filter matched to each.

    Parameters
    ----------
    line : ndarray of float32
        A leg at 8 kHz.
    beeps : sequence of Tone
        Known beeps of this leg; those with one component are looked for again.

    Returns
    -------
    list of Tone
        Only what was not known, sorted by start, to 10 ms.

    Notes
    -----
    The correlation with a sine of the beep's frequency and length (a matched filter, North 1943) has the known amplitude
    only where the beep begins; music that happens to hold the note has another one, and is heard beside it, too.
    """
    found: list[Tone] = []
    heard_again: list[float] = []
    for beep in sorted(beeps):
        if len(beep.freqs_hz) != 1 or any(abs(beep.start_s - s) <= SAME_S for s in heard_again):
            continue
        again = _again(line, beep)
        heard_again += again
        for start_s in again:
            if all(abs(start_s - b.start_s) > SAME_S for b in (*beeps, *found)):
                found.append(replace(beep, start_s=start_s, end_s=start_s + beep.duration_s))
    return sorted(found)


def _again(line: Floats, beep: Tone) -> list[float]:
    """Where the same beep begins again."""
    hop = round(LEVEL_HOP_S * RATE_HZ)
    n_beep = max(3, round(beep.duration_s / LEVEL_HOP_S))
    lowest = max(0, int((beep.start_s - SEARCH_S) / LEVEL_HOP_S))
    piece = line[lowest * hop : int((beep.end_s + SEARCH_S) / LEVEL_HOP_S) * hop]
    n = len(piece) // hop
    if n < 3 * n_beep:
        return []
    turn = -2j * np.pi * beep.freqs_hz[0] / RATE_HZ
    within = np.exp(turn * np.arange(hop))  # of one hop; whole hops are turned afterwards, for exponentials are slow
    parts = piece[: n * hop].reshape(n, hop) @ np.stack((within.real, within.imag), axis=1).astype(np.float32)
    blocks = parts.view(np.complex64)[:, 0] * np.exp(turn * hop * np.arange(n))
    summed = np.concatenate((np.zeros(1, complex), np.cumsum(blocks)))

    def amplitude_db(first: NDArray[np.intp], length: int) -> NDArray[np.float64]:
        a, b = np.clip(first, 0, n), np.clip(first + length, 0, n)
        return np.asarray(20 * np.log10(np.abs(summed[b] - summed[a]) / (np.maximum(b - a, 1) * hop) + 1e-9), dtype=np.float64)

    at = np.arange(n - n_beep)
    whole = amplitude_db(at, n_beep)
    known = round(beep.start_s / LEVEL_HOP_S) - lowest
    reference_db = whole[max(0, known - 2) : known + 3].max(initial=-np.inf)  # one that the end of a window cuts is like none
    third, guard, beside = n_beep // 3, round(GUARD_S / LEVEL_HOP_S), round(BESIDE_S / LEVEL_HOP_S)
    parts = np.stack([amplitude_db(at + k * third, third) for k in range(3)])
    outside = np.maximum(amplitude_db(at - guard - beside, beside), amplitude_db(at + n_beep + guard, beside))
    good = (
        (np.abs(whole - reference_db) <= AMPLITUDE_DB)
        & (np.abs(parts - whole).max(axis=0) <= PART_DB)
        & (whole - outside >= CONTRAST_DB)
    )
    starts: list[float] = []
    i = 0
    candidates = np.flatnonzero(good)
    while i < len(candidates):
        j = i
        while j + 1 < len(candidates) and candidates[j + 1] - candidates[j] <= n_beep:
            j += 1
        group = candidates[i : j + 1]
        starts.append(float((lowest + group[np.argmax(whole[group])]) * LEVEL_HOP_S))
        i = j + 1
    return starts
