"""Find where the customer is parked: music, a periodic tone, a repeated announcement or a silent leg.

What counts as a hold, and what does not, is defined in docs/holds.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from audit.records import Hold, Tone
from audit.segments import Segment, intersection, total_s, union
from audit.telephony.announcement import Announcement, find_announcements
from audit.telephony.behind import edge_over_background, over_background
from audit.telephony.familiar import familiar
from audit.telephony.hold_edges import (
    WORD_OVER_MUSIC_S,
    Talk,
    end_of_hold,
    heard_talk,
    start_of_hold,
    whole_sounds,
    without_clicks,
)
from audit.telephony.hold_tone import find_tone_holds
from audit.telephony.leak import judged_together
from audit.telephony.music import MIN_MUSIC_S, SHORT_MUSIC_S, Music, music_of, quiet_of, voiced
from audit.telephony.musicness import DEAD_DBFS, LEVEL_HOP_S, Levels, Musicness, frame_figures, judge, levels_of, smoothed_db
from audit.telephony.park import MIN_PARK_S, find_parks
from audit.telephony.parting import words_between
from audit.telephony.spectrum import Floats, at_line_rate

Flags = NDArray[np.bool_]

# Music that goes on behind the talk is no hold: share of the leg's other time without a voice in which it sounds all the
# same, and how far both edges together rise over what is beside them.
BACKGROUND = ((0.05, 6.0), (0.12, 12.0), (0.15, 22.0), (0.35, 32.0), (0.6, 45.0))
BACKGROUND_MIXED = ((0.3, 22.0), (0.6, 45.0))  # where both parties share the leg, more of it sounds like nobody's voice
BACKGROUND_SHORT = ((0.05, 8.0), *BACKGROUND_MIXED)  # in a pause of ten seconds a background is soon taken for a hold
BESIDE_S, MIN_OUTSIDE_S, UNKNOWN_SHARE = 0.3, 1.0, 0.3
RISE_STEPS, RISE_AT_END_DB = (2, 15), 10.0  # 10 ms each
# Share of the music during which the other party talks: in a hold nobody converses.
MAX_TALK_SHARE = 0.8
# Over music on hold hardly anybody speaks: in 200 holds of composed calls voices took at most 0.17 of the music's own leg and
# 0.15 of the other, but 0.3 of both together where music of half a minute and more lay behind a conversation.
# Shorter music is less of a sample: (least length, greatest share).
MAX_VOICES_SHARE = ((25.0, 0.22), (10.0, 0.35), (0.0, 0.5))
# Music in which for this long nobody at all speaks, or that is this much louder than what sounds elsewhere on the leg, is no
# background, whatever else sounds like music there.
ALONE_SHARE, ALONE_S = 0.02, 18.0
OVER_BACKGROUND_DB, MIN_BACKGROUND_S = 8.0, 0.5
LEAST_OVER_DB, CLEARLY_OVER_DB = 2.0, 11.0  # over the level at which a background is heard in the gaps of the talk
LOUD_SHARE, LOUD_DB = 0.8, 8.0  # a background is hardly ever as loud as all but the loudest talk
CROSSTALK_DB = 20.0  # a leg this much quieter than the other carries its leak
RETURN_S = 0.85  # who comes back speaks soon
BEEPING_SHARE = 0.6
# Shorter music in a recording where nobody talks is no hold: a horn, an engine.
LONE_MUSIC_S, MIN_TALK_S = 60.0, 1.0
MIN_ANNOUNCED_S, MAX_OTHER_SHARE = 8.0, 0.15
RETURN_STEPS = 20
HEARD_S = 0.1


@dataclass(frozen=True, slots=True)
class LegHold:
    """A hold and the channel that carries it (0-based)."""

    hold: Hold
    channel: int


@dataclass(frozen=True, slots=True)
class _Leg:
    """One leg, looked at once.

    `background_dbfs` is the level of what is heard behind its talk; where its levels have that for their floor, `line_dbfs` is
    the one of its line noise.
    """

    levels: Levels
    quiet: Flags
    voice: Flags
    music: tuple[Music, ...]
    announcements: tuple[Announcement, ...]
    sounds: Flags
    talk: Flags
    line_dbfs: float | None
    background_dbfs: float | None


def find_holds(
    legs: Floats,
    sample_rate_hz: int,
    *,
    tones: Iterable[Tone],
    answer_at_s: float | None,
    min_silence_s: float = MIN_PARK_S,
) -> tuple[LegHold, ...]:
    """Find holds with music, a periodic tone, a repeated announcement, or silence of one leg.

    Parameters
    ----------
    legs : ndarray, shape (n_channels, n), float32
    sample_rate_hz : int
        8000 or more.
    tones : iterable of Tone
        Of all channels; bursts are not taken for music and beeps make tone holds.
    answer_at_s : float or None
        Nothing before it is a hold: music that is heard instead of ringback is no hold.
    min_silence_s : float
        Shorter silence of a leg is no hold.

    Returns
    -------
    tuple of LegHold
        Sorted by start. A hold heard on two legs is reported on the louder one. Music begins and ends with the music;
        a tone hold begins halfway between the talk and its first beep, and ends just before the next talk or when the
        next beep does not come.

    Raises
    ------
    ValueError
        If `legs` is not two-dimensional or the rate is not positive.

    Notes
    -----
    Music that is heard in the pauses of the talk around it, at the same level, is background and no hold, however long
    nobody speaks; so is music during which the other party talks.

    Examples
    --------
    >>> import numpy as np
    >>> find_holds(np.zeros((2, 8000), np.float32), 8000, tones=(), answer_at_s=None)
    ()
    """
    if legs.ndim != 2:
        raise ValueError(f"legs have the shape (channels, samples), not {legs.shape}")
    heard = tuple(tones)
    earliest_s = answer_at_s or 0.0
    lines = [at_line_rate(leg, sample_rate_hz) for leg in legs]
    looked = _look(lines, heard, earliest_s)
    dbfs = [leg.levels.dbfs for leg in looked]
    candidates = find_tone_holds(lines, dbfs, [leg.voice for leg in looked], heard, earliest_s=earliest_s)
    beeping = union(hold for hold, _ in candidates)
    kept = _louder_leg(
        [
            (m, c)
            for c in range(len(looked))
            for m in _music_holds(lines, looked, c, earliest_s)
            # What is heard between the beeps of a hold tone was there before.
            if total_s(intersection([m.segment], beeping)) < BEEPING_SHARE * m.segment.duration_s
        ]
    )
    candidates += [(h, c) for c, leg in enumerate(looked) for h in _announced(leg, looked)]
    candidates += find_parks(
        [leg.levels for leg in looked], [leg.quiet for leg in looked], earliest_s=earliest_s, min_s=min_silence_s
    )
    for hold, channel in candidates:
        if not intersection([hold], [k.hold for k in kept]):
            kept.append(LegHold(hold, channel))
    return tuple(sorted(kept, key=lambda h: (h.hold.start_s, h.channel)))


def _look(lines: Sequence[Floats], tones: Sequence[Tone], earliest_s: float) -> list[_Leg]:
    """Levels, pauses, music and announcements of each leg."""
    levels = [levels_of(line, since_s=earliest_s) for line in lines]
    quiet = [quiet_of(lv) for lv in levels]
    tones_of = [union(Segment(t.start_s, t.end_s) for t in tones if t.channel == c) for c in range(len(lines))]
    figures = [frame_figures(line, lv, deaf=own) for line, lv, own in zip(lines, levels, tones_of, strict=True)]
    judged = judged_together([judge(f, weight, lv) for (f, weight), lv in zip(figures, levels, strict=True)], lines)
    voice = [voiced(j, q) for j, q in zip(judged, quiet, strict=True)]
    above = [over_background(lv, v, earliest_s) for lv, v in zip(levels, voice, strict=True)]
    sounds = [without_clicks(~(quiet_of(lv) if lv else q)) for lv, q in zip(above, quiet, strict=True)]
    line_dbfs = None
    if len(lines) == 1 and above[0]:
        line_dbfs = levels[0].floor_dbfs
        levels, quiet = [above[0]], [quiet_of(above[0])]
        judged = [judge(*frame_figures(lines[0], levels[0], deaf=tones_of[0]), levels[0])]
        voice = [voiced(judged[0], quiet[0])]
    talk = [heard_talk(lv, q, v, _inside(own, len(q))) for lv, q, v, own in zip(levels, quiet, voice, tones_of, strict=True)]
    looked = []
    for c, (lv, behind) in enumerate(zip(levels, above, strict=True)):
        find = partial(music_of, levels=lv, quiet=quiet[c], answered=_any_other(talk, c), tones=tones_of[c], since_s=earliest_s)
        found = find(judged[c])
        long = _long(found)
        words = words_between(judged[c], lines[c], long, quiet=quiet[c], voice=voice[c], since_s=earliest_s)
        if words:
            found = find(judged[c], words=words)
            long = _long(found)
        if long:
            again = familiar(judged[c], lines[c], long, since_s=earliest_s)
            refined = find(again, words=words)
            joined = [
                g for g in _gaps(long) if any(r.segment.start_s < g.start_s and g.end_s < r.segment.end_s for r in refined)
            ]
            if joined:
                refined = find(_parted_as_before(again, judged[c], joined), words=words)
            found = [_as_heard_first(r, found) for r in refined]
        floor_dbfs = behind.floor_dbfs if behind else None
        said = find_announcements(lv, quiet[c], voice[c], others_quiet=~_any_other([~q for q in quiet], c), since_s=earliest_s)
        looked.append(_Leg(lv, quiet[c], voice[c], tuple(found), said, sounds[c], talk[c], line_dbfs, floor_dbfs))
    return looked


def _long(found: Sequence[Music]) -> list[Segment]:
    """What is long enough for a hold."""
    return [m.segment for m in found if m.segment.duration_s >= MIN_MUSIC_S]


def _gaps(segments: Sequence[Segment]) -> list[Segment]:
    """What lies between each and the next."""
    return [Segment(a.end_s, b.start_s) for a, b in pairwise(segments)]


def _parted_as_before(again: Musicness, first: Musicness, gaps: Sequence[Segment]) -> Musicness:
    """A second look is for the edges: what parted two stretches of music is no more like music than it was at first."""
    between = np.zeros(len(first.log_odds), bool)
    for gap in gaps:
        between[int(gap.start_s / first.step_s) + 1 : int(gap.end_s / first.step_s)] = True
    return replace(again, log_odds=np.where(between, np.minimum(again.log_odds, first.log_odds), again.log_odds))


def _as_heard_first(refined: Music, first: Sequence[Music]) -> Music:
    """Music by its refined edges, as sure as it was at first."""
    parts = [f for f in first if intersection([f.segment], [refined.segment])]
    return replace(refined, odds=max([refined.odds, *(f.odds for f in parts)]))


def _marked(leg: _Leg, tones: Sequence[Tone], channel: int) -> Flags:
    """Where a leg carries music or tones."""
    own = [Segment(t.start_s, t.end_s) for t in tones if t.channel == channel]
    return _inside([*(m.segment for m in leg.music), *own], len(leg.quiet))


def _inside(segments: Sequence[Segment], n: int) -> Flags:
    """Whether each of `n` times 10 ms lies in any of them."""
    flags = np.zeros(n, bool)
    for s in segments:
        flags[int(s.start_s / LEVEL_HOP_S) : int(s.end_s / LEVEL_HOP_S) + 1] = True
    return flags


def _any_other(flags: Sequence[Flags], channel: int) -> Flags:
    """Whether it is so on any other leg."""
    others = [f for c, f in enumerate(flags) if c != channel]
    return np.logical_or.reduce(others) if others else np.zeros_like(flags[channel])


# --- music ----------------------------------------------------------------------------------------
def _music_holds(lines: Sequence[Floats], looked: Sequence[_Leg], channel: int, earliest_s: float) -> list[Music]:
    """Music of a leg that is long enough, no background, and nobody's conversation; what an announcement parts is one."""
    leg = looked[channel]
    joined: list[Music] = []
    for m in leg.music:
        if joined and _is_announced(leg, looked, channel, joined[-1].segment.end_s, m.segment.start_s):
            last = joined.pop()
            whole = Segment(last.segment.start_s, m.segment.end_s)
            joined.append(Music(whole, max(last.level_dbfs, m.level_dbfs), max(last.odds, m.odds)))
        else:
            joined.append(m)
    talks = [_talk(other, is_own=c == channel) for c, other in enumerate(looked)]
    found = []
    for m in joined:
        if m.segment.duration_s < MIN_MUSIC_S or not m.is_clear:
            continue
        if m.segment.duration_s < LONE_MUSIC_S and not _is_talk_beside(looked, m):
            continue
        if _is_conversation(looked, channel, m):
            continue
        if leg.background_dbfs is not None and m.level_dbfs < leg.background_dbfs + LEAST_OVER_DB:
            continue
        is_alone = m.segment.duration_s >= ALONE_S and sum(_voices(looked, channel, m)) < ALONE_SHARE
        is_clear = leg.line_dbfs is not None and m.level_dbfs >= leg.levels.floor_dbfs + CLEARLY_OVER_DB
        if not (is_alone or is_clear) and _is_background(leg, m, earliest_s, mixed=len(looked) == 1):
            continue
        begin_s = max(earliest_s, m.segment.start_s)
        if leg.line_dbfs is None:  # nothing fades in from line noise that is not heard
            begin_s = max(earliest_s, start_of_hold(leg.levels, leg.quiet, talks, m.segment.start_s))
        end_s = end_of_hold(
            lines[channel], leg.levels, leg.quiet, talks, m.segment.end_s, level_dbfs=m.level_dbfs, since_s=earliest_s
        )
        if leg.line_dbfs is not None:  # music of this length keeps its edges apart
            begin_s = edge_over_background(lines[channel], leg.line_dbfs, begin_s, level_dbfs=m.level_dbfs, inwards=1)
            heard_dbfs = m.level_dbfs if end_s <= m.segment.end_s + HEARD_S else None
            end_s = edge_over_background(lines[channel], leg.line_dbfs, end_s, level_dbfs=heard_dbfs, inwards=-1)
        found.append(Music(Segment(begin_s, end_s), m.level_dbfs, m.odds))
    return found


def _talk(leg: _Leg, *, is_own: bool) -> Talk:
    """Where talk is heard beside music: any sound of the same leg, what is loud or a voice on another.

    A voice that is not loud is half a second long at least. Where no background is known, a sound is talk from its beginning to
    its end.
    """
    if is_own:
        return Talk(leg.sounds, leg.levels.dbfs, leg.background_dbfs is not None)
    voices = without_clicks(leg.sounds & (leg.voice if leg.background_dbfs is None else leg.talk), WORD_OVER_MUSIC_S)
    dbfs = smoothed_db(np.power(np.float32(10), leg.levels.dbfs / 10), 5)
    loud = leg.sounds & (dbfs > np.quantile(dbfs[leg.voice], LOUD_SHARE) - LOUD_DB) if leg.voice.any() else voices
    if leg.background_dbfs is not None:
        return Talk(without_clicks(loud) | voices, leg.levels.dbfs, has_background=True)
    talk = whole_sounds(leg.sounds, loud | voices) if leg.voice.any() else leg.sounds
    return Talk(talk, np.where(leg.sounds & ~talk, np.float32(leg.levels.floor_dbfs), leg.levels.dbfs))


def _is_announced(leg: _Leg, looked: Sequence[_Leg], channel: int, from_s: float, to_s: float) -> bool:
    """Whether all that is heard between two stretches of music is a repeated announcement."""
    times = [t for a in leg.announcements for t in a.times]
    between = Segment(from_s, to_s)
    said = total_s(intersection(times, [between]))
    span = slice(int(from_s / LEVEL_HOP_S), int(to_s / LEVEL_HOP_S))
    sounding_s = float(np.sum(~leg.quiet[span])) * LEVEL_HOP_S
    others = any(np.mean(~o.quiet[span]) > 0.1 for c, o in enumerate(looked) if c != channel)
    return said > 0 and sounding_s - said < 1.0 and not others


def _is_talk_beside(looked: Sequence[_Leg], m: Music) -> bool:
    """Whether anybody talks outside of it: who is not in a conversation is not parked."""
    a, b = int(m.segment.start_s / LEVEL_HOP_S), int(m.segment.end_s / LEVEL_HOP_S)
    voiced_s = max(float(leg.voice[:a].sum() + leg.voice[b:].sum()) for leg in looked) * LEVEL_HOP_S
    return voiced_s >= MIN_TALK_S


def _is_conversation(looked: Sequence[_Leg], channel: int, m: Music) -> bool:
    """Whether another party talks during most of it, or the parties talk in turn over it."""
    own, others = _voices(looked, channel, m)
    most = next(share for least_s, share in MAX_VOICES_SHARE if m.segment.duration_s >= least_s)
    return others > MAX_TALK_SHARE or own + others > most


def _voices(looked: Sequence[_Leg], channel: int, m: Music) -> tuple[float, float]:
    """Shares of its time in which a voice is heard on its own leg, and on another that is no mere leak."""
    span = slice(int(m.segment.start_s / LEVEL_HOP_S), int(m.segment.end_s / LEVEL_HOP_S))
    others = 0.0
    for c, other in enumerate(looked):
        if c != channel:
            leak = other.levels.dbfs[span] < looked[channel].levels.dbfs[span] - CROSSTALK_DB
            others = max(others, float(np.mean(other.voice[span] & ~leak)))
    return float(np.mean(looked[channel].voice[span])), others


def _is_background(leg: _Leg, m: Music, earliest_s: float, *, mixed: bool) -> bool:
    """Whether the leg sounds like music elsewhere, too, and does not rise and fall with this stretch of it."""
    outside = np.ones(len(leg.quiet), bool)
    outside[: int(earliest_s / LEVEL_HOP_S)] = False
    beside = int(BESIDE_S / LEVEL_HOP_S)
    for other in leg.music:
        if other.segment.duration_s >= MIN_MUSIC_S or intersection([other.segment], [m.segment]):
            a, b = int(other.segment.start_s / LEVEL_HOP_S), int(other.segment.end_s / LEVEL_HOP_S)
            outside[max(0, a - beside) : b + beside] = False
    outside &= ~leg.voice & (leg.levels.dbfs > DEAD_DBFS)
    sounding = leg.levels.dbfs[outside & ~leg.quiet]
    a, b = int(m.segment.start_s / LEVEL_HOP_S), int(m.segment.end_s / LEVEL_HOP_S)
    if len(sounding) * LEVEL_HOP_S >= MIN_BACKGROUND_S:
        over_db = float(np.median(leg.levels.dbfs[a:b]) - np.median(sounding))
        if over_db >= OVER_BACKGROUND_DB:
            return False
    enough = outside.sum() * LEVEL_HOP_S >= MIN_OUTSIDE_S
    tuneful = float(np.mean(~leg.quiet[outside])) if enough else UNKNOWN_SHARE
    rises_db = sum(_rise_db(leg.levels.dbfs, round(s / LEVEL_HOP_S), inwards=i) for s, i in _ends(m.segment))
    limits = BACKGROUND if not mixed else BACKGROUND_SHORT if m.segment.duration_s < SHORT_MUSIC_S else BACKGROUND_MIXED
    return any(tuneful >= share and rises_db < limit_db for share, limit_db in limits)


def _ends(s: Segment) -> tuple[tuple[float, int], tuple[float, int]]:
    """Both ends and the direction to the inside."""
    return (s.start_s, 1), (s.end_s, -1)


def _rise_db(dbfs: Floats, edge: int, *, inwards: int) -> float:
    """Level of the half second inside an edge over that of the tenth outside; much at an end of the recording."""
    if edge < RISE_STEPS[1] or edge > len(dbfs) - RISE_STEPS[1]:
        return RISE_AT_END_DB
    half, (near, far) = round(0.5 / LEVEL_HOP_S), RISE_STEPS
    if inwards > 0:
        inside, outside = dbfs[edge : edge + half], dbfs[edge - far : edge - near]
    else:
        inside, outside = dbfs[max(0, edge - half) : edge], dbfs[edge + near : edge + far]
    return float(np.median(inside) - np.median(outside))


def _louder_leg(music: list[tuple[Music, int]]) -> list[LegHold]:
    """Drop a hold that overlaps one on another, louder leg by half: it is its crosstalk."""
    kept: list[LegHold] = []
    for m, channel in sorted(music, key=lambda found: -found[0].level_dbfs):
        leaked = any(
            k.channel != channel
            and total_s(intersection([m.segment], [k.hold])) > 0.5 * min(m.segment.duration_s, k.hold.duration_s)
            for k in kept
        )
        if not leaked:
            kept.append(LegHold(Hold(m.segment.start_s, m.segment.end_s, "music"), channel))
    return kept


# --- announcements --------------------------------------------------------------------------------
def _announced(leg: _Leg, looked: Sequence[_Leg]) -> list[Hold]:
    """From the first time of a repeated sentence until somebody talks or the next one does not come."""
    times = [t for found in leg.announcements for t in found.times]
    known = np.zeros(len(leg.quiet), bool)
    for t in times + [m.segment for m in leg.music if m.segment.duration_s >= MIN_MUSIC_S]:
        known[int(t.start_s / LEVEL_HOP_S) : int(t.end_s / LEVEL_HOP_S) + 1] = True
    holds = []
    # An announcement of several sentences is one.
    for span in union(Segment(found.times[0].start_s, found.times[-1].end_s) for found in leg.announcements):
        here = slice(int(span.start_s / LEVEL_HOP_S), int(span.end_s / LEVEL_HOP_S))
        other_s = float(np.sum(~leg.quiet[here] & ~known[here])) * LEVEL_HOP_S
        if span.duration_s < MIN_ANNOUNCED_S or other_s > MAX_OTHER_SHARE * span.duration_s:
            continue
        own = [found for found in leg.announcements if intersection([span], found.times)]
        rest_s = max(found.period_s - found.times[-1].duration_s for found in own)
        end_s = span.end_s
        first = int(end_s / LEVEL_HOP_S) + RETURN_STEPS
        next_sounds = [np.flatnonzero(~o.quiet[first : first + int(rest_s / LEVEL_HOP_S)]) for o in looked]
        if any(len(found) for found in next_sounds):
            talk_s = (first + min(int(found[0]) for found in next_sounds if len(found))) * LEVEL_HOP_S
            end_s = max(end_s, talk_s - RETURN_S)
        holds.append(Hold(span.start_s, end_s, "announcement"))
    return holds
