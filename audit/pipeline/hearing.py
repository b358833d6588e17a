"""What the audio says, leg by leg, before it is known whose leg is whose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from audit import acoustics, telephony
from audit.audio import Audio, Samples
from audit.pipeline.windows import Window, joined, windows
from audit.records import Layout, Tone
from audit.segments import Segment, subtract, union
from audit.speakers import channel_layout

#: A rest of music this long after the answer is a hold of its own.
MIN_HOLD_LEFT_S = 2.0
#: The end of music before the answer is looked for up to this long after where it seems to be.
MUSIC_LOOK_S = 3.0
HEAD_MARGIN_S = 0.1


@dataclass(frozen=True, slots=True)
class Heard:
    """What the audio says, leg by leg.

    Attributes
    ----------
    audio : Audio
    layout : {"mono", "stereo", "dual_mono", "one_dead_leg"}
    n_legs : int
        One for mono and dual-mono, else two; a leg's index is its channel.
    tones, holds : tuple
        Of all legs, sorted by start.
    speech : tuple of tuple of Segment
        One per leg.
    background : tuple of tuple of Segment
        One per leg: where something else goes on while the party says nothing.
    ringing : Ringing or None
    music_before_answer : Segment or None
        Played instead of ringback, or in a queue.
    music_end_s : float or None
        Its end by the fall of the level, sharper than that of `music_before_answer`.
    opening : LineOpening or None
        Line noise that sets in with the answer.
    first_speech_s : float or None
        Announcements and what was played before the answer left out.
    """

    audio: Audio
    layout: Layout
    n_legs: int
    tones: tuple[Tone, ...] = ()
    holds: tuple[telephony.LegHold, ...] = ()
    speech: tuple[tuple[Segment, ...], ...] = ()
    background: tuple[tuple[Segment, ...], ...] = ()
    ringing: telephony.Ringing | None = None
    music_before_answer: Segment | None = None
    music_end_s: float | None = None
    opening: telephony.LineOpening | None = None
    first_speech_s: float | None = None

    @property
    def sample_rate_hz(self) -> int:
        """Of the legs."""
        return self.audio.sample_rate_hz

    @property
    def duration_s(self) -> float:
        """Length of the audio."""
        return self.audio.duration_s

    def legs(self, seen: Segment) -> Samples:
        """Samples of a stretch of all legs, (n_legs, n)."""
        return self.audio.read(seen.start_s, seen.end_s)[: self.n_legs]


def hear(audio: Audio, *, tone_plan: str = "auto", parts: Sequence[Window] | None = None) -> Heard:
    """Find tones, ringing, holds and speech on each leg.

    Parameters
    ----------
    audio : Audio
        A recording of more than twenty minutes is looked at a window at a time.
    tone_plan : str
        National plan of the ringback, or "auto".
    parts : sequence of Window, optional
        Windows to look at it through, instead of those of :func:`audit.pipeline.windows.windows`.

    Returns
    -------
    Heard
    """
    parts = windows(audio.duration_s) if parts is None else parts
    layout = _layout(audio, parts)
    n_legs = 1 if layout in ("mono", "dual_mono") else audio.n_channels
    heard = Heard(audio, layout, n_legs)
    heard = replace(heard, tones=_tones(heard, parts, tone_plan))
    ringing = telephony.measure_ringing(heard.tones, plan=tone_plan)
    heard = replace(heard, holds=_holds(heard, parts, ringing.last_burst_end_s if ringing else 0.0))
    speech, background = _activity(heard, parts)
    heard = replace(heard, speech=speech, background=background)
    return _before_answer(heard, ringing, tone_plan)


def _before_answer(heard: Heard, ringing: telephony.Ringing | None, tone_plan: str) -> Heard:
    """Look again at what comes before the answer, now that it is known who speaks when."""
    played = [tuple(h.hold for h in heard.holds if h.channel == c and h.hold.kind == "music") for c in range(heard.n_legs)]
    music = telephony.find_music_before_answer(played, heard.speech, duration_s=heard.duration_s, ringing=ringing)
    first_s = telephony.first_dialogue_s(heard.speech, tones=heard.tones, music=music)
    everyone = union(s for leg in heard.speech for s in leg)
    ringing = telephony.measure_ringing(heard.tones, plan=tone_plan, first_speech_s=first_s, speech=everyone)
    opening = music_end_s = None
    if ringing or music:
        head = heard.legs(Segment(0.0, _known_by_s(ringing, music, first_s)))
        if ringing:
            opening = telephony.find_line_opening(head, heard.sample_rate_hz, ringing=ringing, tones=heard.tones)
        if music:
            music_end_s = telephony.find_music_end(head, heard.sample_rate_hz, music=music, first_speech_s=first_s)
    return replace(
        heard,
        ringing=ringing,
        music_before_answer=music,
        music_end_s=music_end_s,
        opening=opening,
        first_speech_s=first_s,
    )


def _known_by_s(ringing: telephony.Ringing | None, music: Segment | None, first_speech_s: float | None) -> float:
    """How much of the recording's head tells of the answer."""
    ends = [MUSIC_LOOK_S + music.end_s if music else 0.0, ringing.answer_latest_s if ringing else 0.0, first_speech_s or 0.0]
    return max(ends) + HEAD_MARGIN_S


def answered(heard: Heard, answer: telephony.Answer) -> Heard:
    """Take what lies before the answer for what it is: no hold, and music no speech.

    Parameters
    ----------
    heard : Heard
    answer : Answer

    Returns
    -------
    Heard
    """
    holds = []
    for h in heard.holds:
        if h.hold.end_s - answer.at_s < min(MIN_HOLD_LEFT_S, h.hold.duration_s):
            continue  # it was played before the answer
        begin_s = max(h.hold.start_s, answer.at_s)
        holds.append(replace(h, hold=replace(h.hold, start_s=begin_s)))
    speech = heard.speech
    if answer.music is not None:
        speech = tuple(subtract(leg, [answer.music]) for leg in speech)
    return replace(heard, holds=tuple(holds), speech=speech)


def _layout(audio: Audio, parts: Sequence[Window]) -> Layout:
    """One layout for the call: of a long one, that on which all windows with sound agree, else two parties."""
    found = [channel_layout(audio.read(w.own.start_s, w.own.end_s), audio.sample_rate_hz) for w in parts]
    if len(found) == 1:
        return found[0].layout
    if audio.n_channels == 1:
        return "mono"
    sounding = [f for f in found if f.live_channels]
    if not sounding:
        return found[0].layout if found else "stereo"
    kinds = {(f.layout, f.live_channels if f.layout == "one_dead_leg" else None) for f in sounding}
    return sounding[0].layout if len(kinds) == 1 else "stereo"


def _tones(heard: Heard, parts: Sequence[Window], tone_plan: str) -> tuple[Tone, ...]:
    """Bursts found window by window, then named by their place among all others of their leg."""
    bursts: list[list[telephony.Burst]] = [[] for _ in range(heard.n_legs)]
    for w in parts:
        for found, leg in zip(bursts, heard.legs(w.seen), strict=True):
            for b in telephony.find_bursts(telephony.at_line_rate(leg, heard.sample_rate_hz)):
                moved = replace(b, start_s=b.start_s + w.seen.start_s, end_s=b.end_s + w.seen.start_s)
                if w.own.contains(moved.start_s) and not (found and moved.start_s < found[-1].end_s):
                    found.append(moved)
    named = (telephony.name_tones(b, heard.duration_s, c, plan=tone_plan) for c, b in enumerate(bursts))
    return tuple(sorted(t for tones in named for t in tones))


def _holds(heard: Heard, parts: Sequence[Window], earliest_s: float) -> tuple[telephony.LegHold, ...]:
    """Holds found window by window; one that crosses a seam is put together again."""
    found: list[telephony.LegHold] = []
    for w in parts:
        tones = [
            replace(t, start_s=s.start_s, end_s=s.end_s) for t in heard.tones for s in w.into([Segment(t.start_s, t.end_s)])
        ]
        here = telephony.find_holds(
            heard.legs(w.seen), heard.sample_rate_hz, tones=tones, answer_at_s=max(0.0, earliest_s - w.seen.start_s)
        )
        found += [replace(h, hold=replace(h.hold, start_s=s.start_s, end_s=s.end_s)) for h in here for s in w.back([h.hold])]
    if len(parts) == 1:
        return tuple(found)
    kept: list[telephony.LegHold] = []
    for h in sorted(found, key=lambda h: (h.hold.start_s, h.channel)):
        last = next((k for k in reversed(kept) if k.channel == h.channel), None)
        if last and last.hold.kind == h.hold.kind and h.hold.start_s <= last.hold.end_s:
            kept[kept.index(last)] = replace(last, hold=replace(last.hold, end_s=max(last.hold.end_s, h.hold.end_s)))
        else:
            kept.append(h)
    return tuple(kept)


def _activity(heard: Heard, parts: Sequence[Window]) -> tuple[tuple[tuple[Segment, ...], ...], tuple[tuple[Segment, ...], ...]]:
    """Speech and background of each leg, where neither tones nor hold music are."""
    refused = [_refused(c, heard) for c in range(heard.n_legs)]
    speech: list[list[tuple[Segment, ...]]] = [[] for _ in range(heard.n_legs)]
    background: list[list[tuple[Segment, ...]]] = [[] for _ in range(heard.n_legs)]
    for w in parts:
        here = acoustics.find_activity(heard.legs(w.seen), heard.sample_rate_hz, exclude=[w.into(r) for r in refused])
        for c, found in enumerate(here):
            speech[c].append(w.back(found.speech))
            background[c].append(w.back(found.background))
    return tuple(joined(leg) for leg in speech), tuple(joined(leg) for leg in background)


def _refused(channel: int, heard: Heard) -> tuple[Segment, ...]:
    """Where a leg carries tones or hold music, which are not speech."""
    spans = [Segment(t.start_s, t.end_s) for t in heard.tones if t.channel == channel]
    spans += [Segment(h.hold.start_s, h.hold.end_s) for h in heard.holds if h.channel == channel]
    return union(spans)
