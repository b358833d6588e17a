"""Tones that are the same in every country: keypad digits, facsimile, special information."""

from __future__ import annotations

from collections.abc import Sequence

from audit.segments import Segment

# ITU-T Q.23; a sender keeps within 1.8 % (Q.24: receivers must take 1.5 %, some 1.8 %).
DTMF_LOW_HZ, DTMF_HIGH_HZ, DTMF_TOLERANCE_RATIO = (697, 770, 852, 941), (1209, 1336, 1477, 1633), 0.018
# ITU-T T.30: calling tone 1100 Hz, 0.5 s every 3.5 s; answering tone 2100 Hz, 2.6 to 4 s.
CNG_HZ, CNG_S, CNG_TOLERANCE_S, CED_HZ, CED_MIN_S, FAX_TOLERANCE_RATIO = 1100.0, 0.5, 0.09, 2100.0, 1.5, 0.035
CED_TOLERANCE_RATIO = 0.0075  # T.30: 15 Hz
# ITU-T E.180: three tones of 330 ms, 950, 1400 and 1800 Hz, each within 50 Hz; up to 30 ms between them.
SIT_HZ, SIT_TOLERANCE_HZ, SIT_MAX_GAP_S, SIT_S = (950, 1400, 1800), 50, 0.12, (0.2, 0.5)


def is_dtmf(freqs_hz: tuple[float, ...]) -> bool:
    """Whether the components are one row and one column frequency of the keypad.

    Examples
    --------
    >>> is_dtmf((770.0, 1336.0)), is_dtmf((770.0, 852.0))
    (True, False)
    """
    if len(freqs_hz) != 2:
        return False
    return all(
        any(abs(f / x - 1) <= DTMF_TOLERANCE_RATIO for x in group)
        for f, group in zip(freqs_hz, (DTMF_LOW_HZ, DTMF_HIGH_HZ), strict=True)
    )


def is_fax(freqs_hz: tuple[float, ...], duration_s: float) -> bool:
    """Whether a burst is a facsimile machine's calling or answering tone.

    Examples
    --------
    >>> is_fax((1100.0,), 0.5), is_fax((1100.0,), 0.25), is_fax((2100.0,), 3.0)
    (True, False, True)
    """
    if len(freqs_hz) == 2:
        return False
    middle = freqs_hz[len(freqs_hz) // 2]  # an answering tone may be modulated by 15 Hz (V.8)
    calling = abs(middle / CNG_HZ - 1) <= FAX_TOLERANCE_RATIO and abs(duration_s - CNG_S) <= CNG_TOLERANCE_S
    return calling or (abs(middle / CED_HZ - 1) <= CED_TOLERANCE_RATIO and duration_s >= CED_MIN_S)


def special_information(bursts: Sequence[Segment], freqs_hz: Sequence[tuple[float, ...]]) -> set[int]:
    """Indices of the bursts that make up special information tones: three rising steps without a pause."""
    found: set[int] = set()
    for i in range(len(bursts) - 2):
        three = range(i, i + 3)
        close = all(abs(bursts[k + 1].start_s - bursts[k].end_s) <= SIT_MAX_GAP_S for k in (i, i + 1))
        if close and all(
            len(freqs_hz[k]) == 1
            and abs(freqs_hz[k][0] - f) <= SIT_TOLERANCE_HZ
            and SIT_S[0] <= bursts[k].duration_s <= SIT_S[1]
            for k, f in zip(three, SIT_HZ, strict=True)
        ):
            found.update(three)
    return found
