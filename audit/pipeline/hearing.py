"""What the audio says, leg by leg, before it is known whose leg is whose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from audit import acoustics, telephony
from audit.audio import Audio, Samples
from audit.pipeline.windows import Window, joined, windows
from audit.records import Layout, Segment, Tone, union
from audit.speakers import channel_layout


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
    """

    audio: Audio
    layout: Layout
    n_legs: int
    tones: tuple[Tone, ...]
    holds: tuple[telephony.LegHold, ...]
    ringing: telephony.Ringing | None
    speech: tuple[tuple[Segment, ...], ...]

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
    heard = Heard(audio, layout, n_legs, (), (), None, tuple(() for _ in range(n_legs)))
    heard = replace(heard, tones=_tones(heard, parts))
    ringing = telephony.measure_ringing(heard.tones, plan=tone_plan)
    heard = replace(heard, holds=_holds(heard, parts, ringing.answer_at_s if ringing else 0.0))
    speech = _speech(heard, parts)
    first = min((s[0].start_s for s in speech if s), default=None)
    if ringing and first is not None:
        ringing = telephony.measure_ringing(heard.tones, plan=tone_plan, first_speech_s=first)
    return replace(heard, ringing=ringing, speech=speech)


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


def _tones(heard: Heard, parts: Sequence[Window]) -> tuple[Tone, ...]:
    """Bursts found window by window, then named by their place among all others of their leg."""
    bursts: list[list[telephony.Burst]] = [[] for _ in range(heard.n_legs)]
    for w in parts:
        for found, leg in zip(bursts, heard.legs(w.seen), strict=True):
            for b in telephony.find_bursts(telephony.at_line_rate(leg, heard.sample_rate_hz)):
                moved = replace(b, start_s=b.start_s + w.seen.start_s, end_s=b.end_s + w.seen.start_s)
                if w.own.contains(moved.start_s) and not (found and moved.start_s < found[-1].end_s):
                    found.append(moved)
    named = (telephony.name_tones(b, duration_s=heard.duration_s, channel=c) for c, b in enumerate(bursts))
    return tuple(sorted(t for tones in named for t in tones))


def _holds(heard: Heard, parts: Sequence[Window], answer_at_s: float) -> tuple[telephony.LegHold, ...]:
    """Holds found window by window; one that crosses a seam is put together again."""
    found: list[telephony.LegHold] = []
    for w in parts:
        tones = [
            replace(t, start_s=s.start_s, end_s=s.end_s) for t in heard.tones for s in w.into([Segment(t.start_s, t.end_s)])
        ]
        here = telephony.find_holds(
            heard.legs(w.seen), heard.sample_rate_hz, tones=tones, answer_at_s=max(0.0, answer_at_s - w.seen.start_s)
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


def _speech(heard: Heard, parts: Sequence[Window]) -> tuple[tuple[Segment, ...], ...]:
    """Speech of each leg, where neither tones nor hold music are."""
    refused = [_refused(c, heard) for c in range(heard.n_legs)]
    pieces: list[list[tuple[Segment, ...]]] = [[] for _ in range(heard.n_legs)]
    for w in parts:
        here = acoustics.find_speech(heard.legs(w.seen), heard.sample_rate_hz, exclude=[w.into(r) for r in refused])
        for leg, found in zip(pieces, here, strict=True):
            leg.append(w.back(found))
    return tuple(joined(leg) for leg in pieces)


def _refused(channel: int, heard: Heard) -> tuple[Segment, ...]:
    """Where a leg carries tones or hold music, which are not speech."""
    spans = [Segment(t.start_s, t.end_s) for t in heard.tones if t.channel == channel]
    spans += [Segment(h.hold.start_s, h.hold.end_s) for h in heard.holds if h.channel == channel]
    return union(spans)
