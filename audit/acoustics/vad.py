"""Who speaks when, from each leg's own sound.

A frame of a leg is speech where its bands stand out of what else may sound there, and that is three things:

1. the leg's own noise (`audit.acoustics.noise_floor`);
2. the other leg's sound, where it leaks (`audit.acoustics.leak`);
3. a lasting background, music or a television, where there is one (`audit.acoustics.background`).

Then the ends are set: a stretch of speech reaches as far as the leg is louder than when nobody speaks, as long as it is
not 40 dB under the voice, which is how the ends of speech are drawn by hand, too. A noise that comes and goes with the
voice (a room behind a gate) counts to the voice. Pauses under a quarter of a second are bridged, and a short stretch in
which the WebRTC detector hears no voice is refused.

References
----------
Sohn, J., Kim, N. S., Sung, W. (1999), A statistical model-based voice activity detection, IEEE Signal Processing
Letters 6(1): the mean over bands of the logarithm of the ratio to noise, of which a threshold decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import _webrtcvad  # webrtcvad is a wrapper that reads the package's own metadata first: 45 ms of every worker's start
import numpy as np

from audit.acoustics.background import refuse_background, still_sounding
from audit.acoustics.bands import (
    BAND_WIDTHS_HZ,
    EPS,
    FRAMES_PER_S,
    Bools,
    Floats,
    band_powers,
    frame_mask,
    per_frame,
    runs,
    stands_out,
)
from audit.acoustics.leak import leaks
from audit.acoustics.neighbours import greatest_around, mean_around
from audit.acoustics.noise_floor import noise_floor, quiet_floor
from audit.segments import Segment

SUPPORTED_RATES_HZ = (8000, 16000)
#: Two neighbouring stretches of speech further apart than this are two segments.
MIN_PAUSE_S = 0.25
#: A shorter segment is a click, not a syllable.
MIN_SPEECH_S = 0.1
#: A shorter run of frames joins nothing.
_MIN_RUN_S = 0.05
#: So near to sure speech nothing is taken for the line's own noise.
_NEAR_SPEECH_FRAMES = 10
#: A stretch grows while the level, smoothed over so many frames, is so far above that of the line, and above what the
#: line itself reaches for four fifths of the time; so far at most. Measured on composed calls: 0.5 to 1 dB do alike.
_EDGE_DB, _EDGE_MOST_DB, _EDGE_PERCENTILE, _EDGE_FRAMES, _EDGE_MAX_S = 0.7, 3.0, 80, 15, 0.6
#: Nothing further under the loudest frame around is speech: 40 dB, and 2 dB for the window.
_FAINT_DB, _PEAK_AROUND_S = 42.0, 3.0
#: Aggressiveness of the WebRTC detector, and the least share of frames that it must call voiced in a segment shorter
#: than the figure; it refused none longer in 400 composed calls, and takes any noise for a voice.
_WEBRTC_MODE, _WEBRTC_MIN_SHARE, _WEBRTC_BELOW_S = 2, 0.1, 0.6


@dataclass(frozen=True, slots=True)
class Activity:
    """What sounds on a leg.

    Attributes
    ----------
    speech : tuple of Segment
        Sorted stretches of speech.
    background : tuple of Segment
        Where something else keeps sounding while the party says nothing: music or a television behind the party. At
        least 1 s each; holds and tones that were excluded are not repeated here.
    """

    speech: tuple[Segment, ...]
    background: tuple[Segment, ...]


def find_speech(
    legs: Floats, sample_rate_hz: int, *, exclude: Sequence[Sequence[Segment]] | None = None
) -> tuple[tuple[Segment, ...], ...]:
    """Find the speech of every leg: `find_activity` without the background.

    Examples
    --------
    >>> find_speech(np.zeros((2, 8000), np.float32), 8000)
    ((), ())
    """
    return tuple(a.speech for a in find_activity(legs, sample_rate_hz, exclude=exclude))


def find_activity(
    legs: Floats, sample_rate_hz: int, *, exclude: Sequence[Sequence[Segment]] | None = None
) -> tuple[Activity, ...]:
    """Find the speech of every leg, and what else keeps sounding there.

    Real talk of both parties at once is kept on both legs; the quieter image of one leg in the other is refused.
    A mono recording is one leg that holds all voices.

    Parameters
    ----------
    legs : ndarray of float32, shape (n_channels, n_samples)
        Full scale 1.0, one party per channel; one channel for mono.
    sample_rate_hz : {8000, 16000}
    exclude : sequence of sequence of Segment, optional
        For each channel what is known not to be speech: tones, hold music. Their time is also kept out of the
        estimate of that leg's noise.

    Returns
    -------
    tuple of Activity
        One for each channel. Pauses under 0.25 s lie inside a stretch of speech; ends are accurate to about 30 ms
        where the voice stands out of the noise. No segment for a leg without speech.

    Raises
    ------
    ValueError
        If the shape, the rate or the number of exclusions does not fit.

    Notes
    -----
    Background music behind one party is recognised by its going on while the other party speaks, hence on separate
    legs only; on a mono recording it may be taken for speech unless it is excluded.
    """
    if legs.ndim != 2:
        raise ValueError(f"legs must have the shape (channels, samples), not {legs.shape}")
    if sample_rate_hz not in SUPPORTED_RATES_HZ:
        raise ValueError(f"speech is found at 8000 or 16000 Hz, not at {sample_rate_hz}")
    n_channels, n_samples = legs.shape
    excluded: Sequence[Sequence[Segment]] = [()] * n_channels if exclude is None else exclude
    if len(excluded) != n_channels:
        raise ValueError(f"{n_channels} channels need as many exclusions, not {len(excluded)}")
    n_frames = -(-n_samples * FRAMES_PER_S // sample_rate_hz)
    if n_frames == 0:
        return tuple(Activity((), ()) for _ in range(n_channels))
    power = [band_powers(leg, sample_rate_hz, n_frames) for leg in legs]
    allowed = [~frame_mask(e, n_frames) for e in excluded]
    floor = [noise_floor(p, ok) for p, ok in zip(power, allowed, strict=True)]
    leak = leaks(power, floor, allowed)
    sound = [stands_out(power[c], floor[c], leak[c]) & allowed[c] for c in range(n_channels)]
    speech, behind = refuse_background(power, floor, leak, allowed, sound)
    found = []
    for c, leg in enumerate(legs):
        # Behind a party with a background, only sure speech counts.
        open_to = allowed[c] & (~behind[c] | greatest_around(speech[c], 3, 3))
        quiet = open_to & ~greatest_around(speech[c], _NEAR_SPEECH_FRAMES, _NEAR_SPEECH_FRAMES)
        noise = quiet_floor(power[c], quiet, floor[c])
        sure = stands_out(power[c], noise, leak[c]) & open_to & greatest_around(speech[c], 15, 15)
        level_db, line_db = _levels_db(power[c], noise, leak[c])
        said = [
            (a, b)
            for a, b in _stretches(sure, level_db, line_db, open_to, quiet)
            if b - a >= _WEBRTC_BELOW_S * FRAMES_PER_S or _is_voiced(leg, sample_rate_hz, a, b)
        ]
        talk = np.zeros(n_frames, bool)
        for a, b in said:
            talk[max(0, a - 3) : b + 4] = True
        background = still_sounding(sound[c], talk)
        found.append(Activity(_segments(said, n_samples / sample_rate_hz), _segments(background, n_samples / sample_rate_hz)))
    return tuple(found)


def _segments(frames: Sequence[tuple[int, int]], duration_s: float) -> tuple[Segment, ...]:
    """Frames as seconds, none past the end."""
    return tuple(Segment(a / FRAMES_PER_S, min(b / FRAMES_PER_S, duration_s)) for a, b in frames)


def _levels_db(power: Floats, floor: Floats, leak: Floats | None) -> tuple[Floats, Floats]:
    """Level of each frame over all bands, and that of the line with the other leg's leak."""
    line = per_frame(floor @ BAND_WIDTHS_HZ, len(power))
    if leak is not None:
        line = line + leak @ BAND_WIDTHS_HZ
    return 10 * np.log10(power @ BAND_WIDTHS_HZ + EPS), 10 * np.log10(line + EPS)


def _stretches(sure: Bools, level_db: Floats, line_db: Floats, open_to: Bools, quiet: Bools) -> list[tuple[int, int]]:
    """From frames that are surely speech to whole stretches of speech, as frame ranges."""
    around = round(_PEAK_AROUND_S * FRAMES_PER_S)
    peak_db = greatest_around(np.where(sure, level_db, np.float32(-np.inf)), around, around)
    loud = level_db > peak_db - _FAINT_DB
    above_db = mean_around(level_db - line_db, _EDGE_FRAMES)
    usual_db = float(np.percentile(above_db[quiet], _EDGE_PERCENTILE)) if quiet.any() else 0.0
    on = (above_db > max(_EDGE_DB, min(_EDGE_MOST_DB, usual_db))) & open_to & greatest_around(loud, 1, 1)
    grown = sure & loud
    most, smeared = round(_EDGE_MAX_S * FRAMES_PER_S), _EDGE_FRAMES // 2 - 1
    off = np.flatnonzero(~on)
    for a, b in runs(grown, _MIN_RUN_S, MIN_PAUSE_S):
        before, after = int(off.searchsorted(a)) - 1, int(off.searchsorted(b))
        first = int(off[before]) + 1 + smeared if before >= 0 else 0
        last = int(off[after]) - smeared if after < len(off) else len(sure)
        grown[max(min(a, first), a - most) : min(max(b, last), b + most)] = True
    return [(a, b) for a, b in runs(grown, _MIN_RUN_S, MIN_PAUSE_S) if b - a >= MIN_SPEECH_S * FRAMES_PER_S]


def _is_voiced(leg: Floats, sample_rate_hz: int, first: int, last: int) -> bool:
    """Whether the WebRTC detector calls enough of the frames `first` to `last` voiced; it is asked until that is sure."""
    hop = sample_rate_hz // FRAMES_PER_S
    start = max(0, first - 10)  # its own filters need a little to settle
    pcm = np.clip(leg[start * hop : last * hop], -1, 1)
    data = (pcm * 32767).astype("<i2").tobytes()
    detector = _webrtcvad.create()
    _webrtcvad.init(detector)
    _webrtcvad.set_mode(detector, _WEBRTC_MODE)
    n_frames = len(pcm) // hop
    least = _WEBRTC_MIN_SHARE * (n_frames - (first - start))
    n_voiced = 0
    for k in range(n_frames):
        voiced = _webrtcvad.process(detector, sample_rate_hz, data[2 * hop * k : 2 * hop * (k + 1)], hop)
        n_voiced += voiced and k >= first - start
        if n_voiced >= max(1, least):
            return True
    return False
