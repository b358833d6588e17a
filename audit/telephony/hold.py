"""Find where the customer is parked: music or a periodic tone on a leg.

Music is told from speech by how long its partials stay where they are. Notes hold their pitch; in a voice every harmonic
moves with the intonation. The measure is the correlation of the whitened spectrum with itself a fifth of a second later:
about 0.4 for music, 0.05 for speech in Mandarin or English, 0 for noise. It does not depend on level.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from audit.records import Hold, Segment, Tone, intersection, total_s, union
from audit.telephony.cadence import same_tone
from audit.telephony.spectrum import LINE_RATE_HZ, Floats, Framing, at_line_rate

Levels = NDArray[np.float64]  # dBFS of each 10 ms

FRAMING = Framing(n_window=1024, n_hop=256, n_fft=1024, low_hz=200.0, high_hz=3000.0)
LAG_FRAMES = 5  # 160 ms: longer than a voice holds its pitch, shorter than most notes
WHITEN_HZ = 250.0
BIN_EPSILON = 1e-9
MIN_HOLD_S = 5.0
# Steadiness at which music and speech are equally likely, and how much one frame may say.
STEADY_RATIO = 0.18
FRAME_VOTE = 0.25
MIN_QUIET_S = 0.3  # shorter gaps say nothing
SWITCH_COST = 6.0
MIN_CORE_RATIO = 0.28  # the steadiest four seconds of music have 0.29 and more, of talk at most 0.27
CORE_S = 4.0
QUIET_OVER_FLOOR_DB = 3.0
DEAD_DBFS = -75.0
# Music that goes on behind the talk is no hold: seconds looked at on both sides, and how alike their pauses must be.
AROUND_S = 20.0
BACKGROUND_STEADY_SHARE = 0.25
BACKGROUND_LEVEL_DB = 8.0
# Somebody who talks over the music is loud where the partials move: share of such half seconds. Music alone stays below 0.02.
VOICE_SHARE = 0.04
VOICE_OVER_DB = 6.0
VOICE_STEADY_RATIO = 0.12
VOICE_S = 0.5
EDGE_SEARCH_S = 0.6
PERCUSSION_S = 4.5  # an intro or an ending without steady partials, up to the next pause
PAUSE_S = 0.16
# Tracks fade out and begin again: where music stops and for this long nobody talks, the customer is still parked; who comes
# back speaks soon.
LOOP_SILENCE_S = (2.4, 6.0)
RETURN_S = 0.6
# Hold tones of PBXs come every 3 to 8 s and are short.
BEEP_PERIOD_S = (2.5, 9.0)
BEEP_MAX_S = 1.0
BEEP_SPREAD_S = 0.1
ACTIVITY_S = 0.01
RAMP_STEPS, SOUND_STEPS = 6, 8
SOUND_OVER_FLOOR_DB = 5.0


@dataclass(frozen=True, slots=True)
class LegHold:
    """A hold and the channel that carries it (0-based)."""

    hold: Hold
    channel: int


@dataclass(frozen=True, slots=True)
class _Steadiness:
    """Per frame of one leg: steadiness of its partials, level in dBFS, and whether it is only the leg's floor."""

    ratio: Floats
    level_dbfs: Floats
    quiet: NDArray[np.bool_]


def find_holds(legs: Floats, sample_rate_hz: int, *, tones: Iterable[Tone], answer_at_s: float | None) -> tuple[LegHold, ...]:
    """Find holds with music and holds with a periodic tone.

    Parameters
    ----------
    legs : ndarray, shape (n_channels, n), float32
    sample_rate_hz : int
        8000 or more.
    tones : iterable of Tone
        Of all channels; bursts are not taken for music and beeps make tone holds.
    answer_at_s : float or None
        Nothing before it is a hold: music that is heard instead of ringback is no hold.

    Returns
    -------
    tuple of LegHold
        Sorted by start. A hold heard on two legs is reported on the louder one. Music begins and ends with the music;
        a tone hold begins halfway between the talk and its first beep, and ends with the next talk or when the next beep
        does not come.

    Raises
    ------
    ValueError
        If `legs` is not two-dimensional or the rate is not positive.

    Notes
    -----
    Music that is heard in the pauses of the talk around it, at the same level, is background and no hold, however long
    nobody speaks.

    Examples
    --------
    >>> import numpy as np
    >>> find_holds(np.zeros((2, 8000), np.float32), 8000, tones=(), answer_at_s=None)
    ()
    """
    if legs.ndim != 2:
        raise ValueError(f"legs have the shape (channels, samples), not {legs.shape}")
    heard = tuple(tones)
    lines = [at_line_rate(leg, sample_rate_hz) for leg in legs]
    earliest_s = answer_at_s or 0.0
    envelopes = [_envelope_dbfs(line) for line in lines]
    music: list[tuple[float, LegHold]] = []
    for channel, line in enumerate(lines):
        own = union(Segment(t.start_s, t.end_s) for t in heard if t.channel == channel)
        music += [
            (level, LegHold(Hold(s.start_s, _until_talk(envelopes, s.end_s), "music"), channel))
            for s, level in _find_music(line, envelopes[channel], own, earliest_s=earliest_s)
        ]
    kept = _louder_leg(music)
    for hold in _find_tone_holds(envelopes, heard, earliest_s=earliest_s):
        if not intersection([hold.hold], [k.hold for k in kept]):
            kept.append(hold)
    return tuple(sorted(kept, key=lambda h: (h.hold.start_s, h.channel)))


# --- music ----------------------------------------------------------------------------------------
def _find_music(leg: Floats, envelope: Levels, tones: Sequence[Segment], *, earliest_s: float) -> list[tuple[Segment, float]]:
    """Music of at least five seconds that is not background, with its level in dBFS."""
    s = _steadiness(leg)
    if not len(s.ratio):
        return []
    votes = np.clip(s.ratio - STEADY_RATIO, -FRAME_VOTE, FRAME_VOTE)
    votes[s.quiet] = 0.0
    for a, b in _runs(s.quiet):
        if (b - a) * FRAMING.hop_s >= MIN_QUIET_S:
            votes[a:b] = -FRAME_VOTE
    for t in tones:  # a tone is steady, but no music; it may lie over music
        votes[int(t.start_s / FRAMING.hop_s) : int(t.end_s / FRAMING.hop_s) + 2] = -FRAME_VOTE
    votes[: int(earliest_s / FRAMING.hop_s)] = -1.0
    found = []
    for a, b in _runs(_two_states(votes)):
        if (b - a) * FRAMING.hop_s < MIN_HOLD_S - 1.5 or _core_ratio(s.ratio[a:b]) < MIN_CORE_RATIO:
            continue
        if _is_talked_over(s, a, b) or _is_background(s, a, b, earliest_s=earliest_s):
            continue
        a, b = _to_pause(s.quiet, a, -1), _to_pause(s.quiet, b, 1)
        start, end = _snap(envelope, a * FRAMING.hop_s, b * FRAMING.hop_s)
        start = max(start, earliest_s)
        if end - start >= MIN_HOLD_S:
            found.append((Segment(start, end), float(np.median(s.level_dbfs[a:b]))))
    return found


def _core_ratio(ratio: Floats) -> float:
    """Mean steadiness of the steadiest few seconds."""
    n = min(len(ratio), int(CORE_S / FRAMING.hop_s))
    running = np.cumsum(np.concatenate(([0.0], ratio)))
    return float(np.max(running[n:] - running[:-n]) / n)


def _to_pause(quiet: NDArray[np.bool_], edge: int, step: int) -> int:
    """Move an edge outwards to the next pause, if there is one within reach."""
    n_pause = round(PAUSE_S / FRAMING.hop_s)
    for k in range(int(PERCUSSION_S / FRAMING.hop_s)):
        at = edge + step * k
        outside = quiet[max(0, at - n_pause) : at] if step < 0 else quiet[at : at + n_pause]
        if len(outside) < n_pause or outside.all():
            return max(0, min(at, len(quiet)))
    return edge


def _steadiness(leg: Floats) -> _Steadiness:
    """How like the spectrum of each frame is to that 160 ms later, its floor and its smooth shape taken away."""
    n = FRAMING.n_frames(len(leg))
    ratio, level = np.zeros(n, np.float32), np.full(n, -120.0, np.float32)
    if n == 0:
        return _Steadiness(ratio, level, np.zeros(0, bool))
    floor = _bin_floor(leg)
    width = int(WHITEN_HZ / FRAMING.bin_hz) | 1
    last: Floats | None = None
    for start, power in FRAMING.power_blocks(leg):
        level[start : start + len(power)] = 10 * np.log10(power.sum(axis=1) + 1e-12)
        excess = np.log10(1 + power / floor)
        detail = excess - uniform_filter1d(excess, width, axis=1)
        norm = np.sqrt((detail**2).sum(axis=1)) + 1e-6
        detail /= norm[:, None]
        joined = detail if last is None else np.concatenate((last, detail))
        first = start + LAG_FRAMES if last is None else start
        # The figure belongs to the middle of the two frames it compares.
        ratio[first - LAG_FRAMES // 2 :][: len(joined) - LAG_FRAMES] = (joined[:-LAG_FRAMES] * joined[LAG_FRAMES:]).sum(axis=1)
        last = joined[-LAG_FRAMES:]
    alive = level > DEAD_DBFS
    base = float(np.percentile(level[alive], 5)) if alive.any() else 0.0
    return _Steadiness(ratio, level, level < max(base + QUIET_OVER_FLOOR_DB, DEAD_DBFS))


def _bin_floor(leg: Floats) -> Floats:
    """Power per bin that is there nearly all the time: line noise and hum."""
    sparse = Framing(FRAMING.n_window, FRAMING.n_hop * 8, FRAMING.n_fft, FRAMING.low_hz, FRAMING.high_hz)
    power = np.concatenate([p for _, p in sparse.power_blocks(leg)])
    alive = power[10 * np.log10(power.sum(axis=1) + 1e-12) > DEAD_DBFS]
    if len(alive) < 20:
        return np.full(power.shape[1], BIN_EPSILON, np.float32)
    # A tenth of noise frames lie below a tenth of the mean: ten times the percentile is the mean.
    return np.asarray(10 * np.percentile(alive, 10, axis=0) + BIN_EPSILON, dtype=np.float32)


def _two_states(votes: Floats) -> NDArray[np.bool_]:
    """Most likely course of music / no music, with a cost for each change (Viterbi)."""
    came_from = np.zeros((len(votes), 2), bool)
    off, on = 0.0, -SWITCH_COST
    for i, v in enumerate(votes.tolist()):
        stay_off, stay_on = off >= on - SWITCH_COST, on >= off - SWITCH_COST
        came_from[i] = (not stay_off, stay_on)
        off, on = (off if stay_off else on - SWITCH_COST), (on if stay_on else off - SWITCH_COST) + v
    state = np.zeros(len(votes), bool)
    here = on > off
    for i in range(len(votes) - 1, -1, -1):
        state[i] = here
        here = bool(came_from[i, int(here)])
    return state


def _runs(state: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Half-open index ranges in which it is true."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], state.astype(np.int8), [0]))))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _is_talked_over(s: _Steadiness, a: int, b: int) -> bool:
    """Whether a stretch of music holds loud parts that are not music."""
    n = round(VOICE_S / FRAMING.hop_s)
    ratio, level = uniform_filter1d(s.ratio[a:b], n), uniform_filter1d(s.level_dbfs[a:b], n)
    voice = (level > np.percentile(level, 20) + VOICE_OVER_DB) & (ratio < VOICE_STEADY_RATIO)
    return float(np.mean(voice)) > VOICE_SHARE


def _is_background(s: _Steadiness, a: int, b: int, *, earliest_s: float) -> bool:
    """Whether the pauses of the talk around a stretch of music are filled with the same music."""
    reach, gap = int(AROUND_S / FRAMING.hop_s), LAG_FRAMES + 5
    lowest = int(earliest_s / FRAMING.hop_s)
    around = np.r_[max(lowest, a - reach) : max(lowest, a - gap), min(b + gap, len(s.ratio)) : min(b + reach, len(s.ratio))]
    around = around[s.level_dbfs[around] > DEAD_DBFS]
    if len(around) < 40:
        return False
    pauses = around[s.level_dbfs[around] <= np.percentile(s.level_dbfs[around], 30)]
    inside = float(np.mean(s.ratio[a:b]))
    alike = float(np.mean(s.ratio[pauses])) > BACKGROUND_STEADY_SHARE * inside
    louder_db = float(np.median(s.level_dbfs[a:b]) - np.median(s.level_dbfs[pauses]))
    return alike and louder_db < BACKGROUND_LEVEL_DB


def _envelope_dbfs(leg: Floats) -> Levels:
    """Level of each 10 ms."""
    n = round(ACTIVITY_S * LINE_RATE_HZ)
    blocks = leg[: len(leg) // n * n].reshape(-1, n)
    power = np.einsum("ij,ij->i", blocks, blocks).astype(np.float64) / n
    return np.asarray(10 * np.log10(power + 1e-12))


def _snap(envelope: Levels, start_s: float, end_s: float) -> tuple[float, float]:
    """Move the edges to where the level rises from and falls to its lowest nearby, if it does."""
    return _snap_edge(envelope, start_s, rising=True), _snap_edge(envelope, end_s, rising=False)


def _snap_edge(envelope: Levels, edge_s: float, *, rising: bool) -> float:
    """The nearest step of at least 6 dB between the means of 100 ms on both sides; else the edge as it was."""
    k, reach, side = round(edge_s / ACTIVITY_S), round(EDGE_SEARCH_S / ACTIVITY_S), 10
    a, b = max(side, k - reach), min(len(envelope) - side, k + reach)
    if b <= a:
        return edge_s
    running = np.cumsum(np.concatenate(([0.0], envelope)))
    i = np.arange(a, b)
    step = (running[i + side] - running[i]) - (running[i] - running[i - side])
    step = (step if rising else -step) / side - 0.05 * np.abs(i - k)
    best = int(np.argmax(step))
    return float(i[best]) * ACTIVITY_S if step[best] >= 6.0 else edge_s


def _louder_leg(music: list[tuple[float, LegHold]]) -> list[LegHold]:
    """Drop a hold that overlaps one on another, louder leg by half: it is its crosstalk."""
    kept: list[LegHold] = []
    for _, candidate in sorted(music, key=lambda m: -m[0]):
        leaked = any(
            k.channel != candidate.channel
            and total_s(intersection([candidate.hold], [k.hold])) > 0.5 * min(candidate.hold.duration_s, k.hold.duration_s)
            for k in kept
        )
        if not leaked:
            kept.append(candidate)
    return kept


def _until_talk(envelopes: Sequence[Levels], end_s: float) -> float:
    """The end of a hold whose music stops well before anybody talks; else as it was."""
    floors = [float(np.percentile(e[e > DEAD_DBFS], 5)) if (e > DEAD_DBFS).any() else DEAD_DBFS for e in envelopes]
    talk_s = _next_sound(envelopes, floors, end_s, LOOP_SILENCE_S[1])
    silence_s = talk_s - end_s
    return talk_s - RETURN_S if LOOP_SILENCE_S[0] <= silence_s < LOOP_SILENCE_S[1] - ACTIVITY_S else end_s


# --- tone -----------------------------------------------------------------------------------------
def _find_tone_holds(envelopes: Sequence[Levels], tones: Sequence[Tone], *, earliest_s: float) -> list[LegHold]:
    """Series of at least two short equal beeps, three to eight seconds apart."""
    holds: list[LegHold] = []
    beeps = sorted(
        t for t in tones if t.kind in ("beep", "call_waiting") and t.start_s >= earliest_s and t.duration_s <= BEEP_MAX_S
    )
    for channel in sorted({t.channel for t in beeps}):
        for series in _periodic([t for t in beeps if t.channel == channel]):
            rest_s = float(np.median(np.diff([t.start_s for t in series]))) - series[-1].duration_s
            between = slice(int(series[0].start_s / ACTIVITY_S), int(series[-1].end_s / ACTIVITY_S))
            floors = [max(float(np.median(e[between])), DEAD_DBFS) for e in envelopes]
            # It began somewhere between the talk and the first beep.
            talk_s = max(earliest_s, _next_sound(envelopes, floors, series[0].start_s, -rest_s))
            start = (talk_s + series[0].start_s) / 2
            end = _next_sound(envelopes, floors, series[-1].end_s, rest_s)
            if end - start >= MIN_HOLD_S:
                holds.append(LegHold(Hold(start, end, "tone"), channel))
    return holds


def _periodic(beeps: Sequence[Tone]) -> list[list[Tone]]:
    """Runs of equal beeps at equal distances, at least two."""
    runs: list[list[Tone]] = []
    for beep in beeps:
        for run in runs:
            period = beep.start_s - run[-1].start_s
            alike = same_tone(run[-1].freqs_hz, beep.freqs_hz) and abs(run[-1].duration_s - beep.duration_s) <= BEEP_SPREAD_S
            steady = len(run) < 2 or abs(period - (run[-1].start_s - run[-2].start_s)) <= 2 * BEEP_SPREAD_S
            if alike and steady and BEEP_PERIOD_S[0] <= period <= BEEP_PERIOD_S[1]:
                run.append(beep)
                break
        else:
            runs.append([beep])
    return [run for run in runs if len(run) >= 2]


def _next_sound(envelopes: Sequence[Levels], floors_dbfs: Sequence[float], from_s: float, reach_s: float) -> float:
    """The end of the quiet after a moment (before it, if `reach_s` is negative): 80 ms at 5 dB over the floor of a leg."""
    step, n = (1 if reach_s > 0 else -1), round(abs(reach_s) / ACTIVITY_S)
    origin = round(from_s / ACTIVITY_S) + step * RAMP_STEPS
    reached = n
    for levels, floor in zip(envelopes, floors_dbfs, strict=True):
        inside = levels[max(0, origin) : origin + n] if step > 0 else levels[max(0, origin - n) : max(0, origin)][::-1]
        loud = (inside > floor + SOUND_OVER_FLOOR_DB).astype(np.float64)
        if len(loud) >= SOUND_STEPS:
            hits = np.flatnonzero(np.convolve(loud, np.ones(SOUND_STEPS), "valid") >= 0.75 * SOUND_STEPS)
            reached = min(reached, int(hits[0]) + RAMP_STEPS if len(hits) else n)
    last = max((len(e) for e in envelopes), default=0) * ACTIVITY_S
    return min(max(from_s + step * reached * ACTIVITY_S, 0.0), last)
