"""The timeline of one call as a picture: an SVG that stands alone or inside a page.

Above one another, on one axis of time: signalling tones, the sound of each party with its speech and pitch, who talked
over whom, holds and dead air, the answer and the release. Typed values are laid out here and written by a Jinja2
template, as the pages are: escaping is then the default, the file holds nothing but the marks, and no further package is
needed (drawing libraries such as drawsvg and svgwrite lay nothing out either; matplotlib's SVG has neither titles nor
themes, and is heavy).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from audit.records import CallRecord, Overlap
from audit.report import timeline_words as words
from audit.report.curves import PitchScale, envelope_scale, pitch_path, pitch_scale, wave_path
from audit.report.html import render_timeline
from audit.report.messages import Lang, Messages, load_messages
from audit.report.picture import Anchor, Label, Mark, Picture, Shape, Wave, rect, text_width
from audit.report.timeline_board import FACT_PX, LABEL_PX, SMALL_PX, Board, S
from audit.report.wording import length
from audit.segments import Segment, total_s
from audit.words import Role

#: A narrower picture could not hold its labels; a wider one no screen shows.
MIN_WIDTH_PX, MAX_WIDTH_PX = 320, 8000
#: Words may stand so far from what they name, beyond the stem of the answer for instance.
_FAR_PX = 48.0
#: Arrows nearer to each other would run together.
_ARROW_PX = 13.0

#: By role ("agent", "customer", "unknown") or by channel (0, 1).
Key = Role | int


def draw_timeline(
    record: CallRecord,
    *,
    envelopes: Mapping[Key, ArrayLike] | None = None,
    pitch: Mapping[Key, tuple[ArrayLike, ArrayLike]] | None = None,
    language: Lang = "en",
    width_px: int = 1200,
    heading: bool = True,
) -> str:
    """Draw one call.

    Parameters
    ----------
    record : CallRecord
        Holds and dead air are drawn across both legs. Where it is not known whose a channel is, lanes are named by
        channel and speech has a lane of its own; a call on one channel has one lane.
    envelopes : mapping of role or channel to array_like, shape (n_bins,) or (2, n_bins), optional
        Peak (or RMS) of equal parts of the recording, 0-1, as :func:`audit.report.curves.leg_envelope` gives it, or its
        highest and lowest samples, as :func:`audit.report.curves.waveforms_of` does. Legs share one scale. A leg that is
        missing is drawn without a wave.
    pitch : mapping of role or channel to (times_s, f0_hz), optional
        Seconds from the start of the recording, any step; frequencies that are NaN, 0 or less are no voice.
    language : {"en", "zh"}
    width_px : int, default 1200
        320 to 8000. Under 640 names stand above the lanes. Sound, pitch and marks are joined to what this width can
        show, so the size of the file hardly grows with the length of the call.
    heading : bool, default True
        Whether the call's name and figures stand above the lanes; a page that has them itself leaves them out.

    Returns
    -------
    str
        An ``<svg>`` element: a file of its own, or part of a page. It has no script and loads nothing. Colours follow
        the reader's light or dark setting and are those of Okabe and Ito, darkened or lightened to a contrast of 3:1;
        each mark has a ``<title>`` and carries ``data-kind``, ``data-start-s`` and ``data-end-s``. The same arguments
        give the same text.

    Raises
    ------
    ValueError
        If the recording has no length, or the width or language is none that can be drawn.

    References
    ----------
    Okabe, M., Ito, K. (2008). Color universal design: how to make figures and presentations that are friendly to
    colorblind people.
    """
    return render_timeline(
        timeline_picture(record, envelopes=envelopes, pitch=pitch, language=language, width_px=width_px, heading=heading)
    )


def timeline_picture(
    record: CallRecord,
    *,
    envelopes: Mapping[Key, ArrayLike] | None = None,
    pitch: Mapping[Key, tuple[ArrayLike, ArrayLike]] | None = None,
    language: Lang = "en",
    width_px: int = 1200,
    heading: bool = True,
) -> Picture:
    """Lay out what :func:`draw_timeline` draws; its parameters and errors are the same."""
    if not record.recording.duration_s > 0:
        raise ValueError(f"{record.call_id}: a recording without length has no timeline")
    if not MIN_WIDTH_PX <= width_px <= MAX_WIDTH_PX:
        raise ValueError(f"a timeline is {MIN_WIDTH_PX} to {MAX_WIDTH_PX} pixels wide, not {width_px}")
    board = _Timeline(record, load_messages(language), width_px)
    if heading:
        board.heading()
    legs = _legs(record, envelopes or {}, pitch or {}, board.messages)
    board.flags()
    board.tones()
    board.legs(legs, _common_speech(record, board.messages))
    board.events()
    board.close()
    return board.picture()


@dataclass(frozen=True, slots=True)
class _Leg:
    """One lane; `speech` is None where the speech of the call cannot be told apart by channel."""

    name: str
    note: str
    role: Role
    speech: tuple[Segment, ...] | None
    envelope: ArrayLike | None
    pitch: tuple[ArrayLike, ArrayLike] | None


def _legs(
    record: CallRecord, envelopes: Mapping[Key, ArrayLike], pitch: Mapping[Key, tuple[ArrayLike, ArrayLike]], messages: Messages
) -> tuple[_Leg, ...]:
    """The lanes from top to bottom."""
    agent = record.recording.agent_channel
    unknown = record.speech.get("unknown", ())
    if _is_shared(record):
        live = max((k for k in envelopes if k in (0, 1)), key=lambda k: float(np.sum(np.abs(envelopes[k]))), default=0)
        wave, contour = envelopes.get("unknown", envelopes.get(live)), pitch.get("unknown", pitch.get(live))
        parties: tuple[Role, ...] = ("agent", "customer")
        told_apart = tuple(r for r in parties if r in record.speech)
        both = _Leg(messages("timeline.both"), "", "unknown", None if told_apart else unknown, wave, contour)
        return (both, *(_Leg(messages(f"role.{r}"), "", r, record.speech[r], None, None) for r in told_apart))
    if agent is None:
        return tuple(
            _Leg(messages("timeline.channel", n=c), "", "unknown", None, envelopes.get(c), pitch.get(c)) for c in (0, 1)
        )
    whose: tuple[tuple[Role, int], ...] = (("agent", agent), ("customer", 1 - agent))
    return tuple(
        _Leg(
            messages(f"role.{role}"),
            messages("timeline.channel", n=channel),
            role,
            record.speech.get(role, ()),
            envelopes.get(role, envelopes.get(channel)),
            pitch.get(role, pitch.get(channel)),
        )
        for role, channel in whose
    )


def _is_shared(record: CallRecord) -> bool:
    """Whether both parties are on one channel: the only one, two that are the same, or the live one beside a dead leg."""
    shared = record.recording.shared_channel
    return record.recording.layout in ("mono", "dual_mono") or (shared is not None and (shared.n_voices or 0) > 1)


def _common_speech(record: CallRecord, messages: Messages) -> _Leg | None:
    """A lane for speech of which the channel is not recorded."""
    if _is_shared(record) or record.recording.agent_channel is not None:
        return None
    return _Leg(messages("timeline.speech"), "", "unknown", record.speech.get("unknown", ()), None, None)


class _Timeline(Board):
    """One call, from top to bottom."""

    def heading(self) -> None:
        """The call's name, and its figures in as many lines as they need."""
        self.labels.append(Label("heading", self.sizes.margin, self.y + 14, words.heading(self.record, self.messages)))
        self.y += 22
        line = ""
        for fact in words.facts(self.record, self.messages):
            longer = f"{line}  ·  {fact}" if line else fact
            if line and text_width(longer, FACT_PX) > self.width - 2 * self.sizes.margin:
                self._fact_line(line)
                longer = fact
            line = longer
        self._fact_line(line)
        self.y += 10

    def _fact_line(self, text: str) -> None:
        self.labels.append(Label("fact", self.sizes.margin, self.y + 14, text))
        self.y += 19

    def flags(self) -> None:
        """The answer and the release, their words in one line if it holds both, else in two."""
        t = self.record.timeline
        taken: list[tuple[float, float]] = []
        row_y = self.y
        if t.answer_at_s is not None:
            text, stem = words.answered(t, self.messages), "stem taken" if t.answer_source == "none" else "stem"
            title = words.answer_title(t, self.messages)
            taken.append(self._flag("answer", t.answer_at_s, (text, title), stem, row_y, forward=True))
        if t.hangup_at_s is not None:
            text = words.hung_up(t, self.messages)
            end = self.at(t.hangup_at_s)
            forward = end - text_width(text, LABEL_PX, bold=True) - 12 < self.x
            if taken and end - text_width(text, LABEL_PX, bold=True) - 20 < taken[0][1]:
                row_y += 18
            self._flag("release", t.hangup_at_s, (text, text), "stem", row_y, forward=forward)
        if self.stems_from:
            self.y = row_y + 20
        self.lanes_top = self.y

    def _flag(
        self, kind: str, at_s: float, said: tuple[str, str], stem: str, y: float, *, forward: bool
    ) -> tuple[float, float]:
        """Words and pennant of a moment, whose stem is drawn when the height of the lanes is known; `said`: words, title."""
        text, title = said
        x, width = self.at(at_s), text_width(text, LABEL_PX, bold=True)
        if forward and x + 10 + width > self.width:
            forward = False
        tip = 6 if forward else -6
        pennant = Shape("pennant", f"M{x:.1f} {y:.1f}l{tip} 4l{-tip} 4z")
        anchor: Anchor = "start" if forward else "end"
        words_x = x + 10 if forward else max(x - 10, width + 4)  # too long for either side: over the stem
        self.labels.append(Label("flag", words_x, y + 9, text, anchor))
        self.stems_from.append((y, stem, Mark(kind, at_s, at_s, title, (pennant,))))
        return (x, x + 10 + width) if forward else (x - 10 - width, x)

    def tones(self) -> None:
        """Ringing and other tones of the line, in a row of their own if there are any."""
        tones, music = self.record.timeline.tones, self.record.timeline.music_before_answer
        if not (tones or music):
            return
        y, height = self.row(self.messages("timeline.line"))
        rung = words.ringing(self.record.timeline, self.messages)
        taken = [(self.at(m.start_s) - 1, self.at(m.start_s) + 1) for _, _, m in self.stems_from]
        names: list[tuple[str, Segment]] = []
        for kind in dict.fromkeys(t.kind for t in tones):
            css = "ring" if kind == "ringback" else "tone"
            what = words.tone_kind(kind, self.messages)
            groups = self.merged(t for t in tones if t.kind == kind)
            for segment, parts in groups:
                self.mark(css, what, (segment, parts), Shape(css, self.box(segment, y, height)))
                taken.append((self.extent(segment)[0], sum(self.extent(segment))))
            bursts = Segment(groups[0][0].start_s, groups[-1][0].end_s) if groups else None
            if bursts:
                names.append((rung if kind == "ringback" else what, bursts))
            if css == "ring":
                self.key(css, Shape(css, ""), self.messages("strip.ring"))
            else:
                self.key(css, Shape(css, ""), self.messages("timeline.other_tone"))
        if music is not None:
            what = self.messages("timeline.music_before_answer")
            self.mark("music", what, (music, [music]), Shape("ring wash", self.box(music, y, height)))
            self.key("music", Shape("ring wash", ""), what)
            taken.append((self.at(music.start_s), self.at(music.end_s)))
            names.append((what, music))
        for text, bursts in names:
            self._beside(text, bursts, y + height / 2 + 4, taken)
        self.y = y + height + 8

    def _beside(self, text: str, what: Segment, baseline: float, taken: list[tuple[float, float]]) -> None:
        """Write after, else before, a stretch; not at all where other things lie: the mark's title says it."""
        width = text_width(text, LABEL_PX)
        end, start = self.at(what.end_s), self.at(what.start_s)
        after = sorted(b for _, b in taken if end <= b <= end + _FAR_PX)
        for x in (end + 8, *(b + 8 for b in after), start - 8 - width):
            free = all(b <= x - 4 or a >= x + width + 4 for a, b in taken)
            if free and self.x <= x and x + width <= self.x + self.span:
                taken.append((x, x + width))
                self.labels.append(Label("rings", x, baseline, text))
                return

    def legs(self, legs: Sequence[_Leg], common: _Leg | None) -> None:
        """Waves, speech, pitch, and between two legs who talks over whom."""
        self.legs_top = self.y + self.sizes.name_line
        scale = envelope_scale([leg.envelope for leg in legs if leg.envelope is not None])
        tones = pitch_scale([leg.pitch[1] for leg in legs if leg.pitch is not None])
        for i, leg in enumerate(legs):
            self.y += self.sizes.name_line
            first = self.y
            pitched = tones is not None and leg.pitch is not None
            if pitched and tones is not None and i == 0 and len(legs) > 1:
                self._pitch(leg, tones)
            name_y, note = self.y, leg.note
            if self.sizes.name_line:
                name_y = first
                if pitched and tones is not None:
                    note = self.messages("timeline.pitch_range", low=round(tones.low_hz), high=round(tones.high_hz))
            self.name(leg.name, name_y, self.sizes.wave, note)
            self._wave(leg, i, scale)
            if pitched and tones is not None and (i > 0 or len(legs) == 1):
                self._pitch(leg, tones)
            if i == 0:
                self.first_leg_bottom = self.y
            if i + 1 < len(legs):
                self.y += self._between()
        self.legs_bottom = self.y
        if len(legs) > 1:
            self._overlaps()
        if common is not None:
            y, height = self.row(self.messages("timeline.speech"))
            self.y = y + height
            self._speech(common, y, height, y)
        self.y += 10

    def _wave(self, leg: _Leg, n: int, scale: float) -> None:
        """One leg's sound, in colour where it is speech."""
        y, height = self.y, self.sizes.wave
        middle = y + height / 2 - 2
        self.ground.append(Shape("lane", rect(self.x, y, self.span, height)))
        self.ground.append(Shape("zero", f"M{self.x} {middle:.1f}h{self.span}"))
        if leg.speech is not None:
            self._speech(leg, y, height, y + height - 4)
        if leg.envelope is not None:
            d = wave_path(leg.envelope, x=self.x, width=self.span, middle=middle, half_height=height / 2 - 5, scale=scale)
            speech = "".join(self.box(s, y, height) for s, _ in self.merged(leg.speech or ()))
            self.waves.append(Wave(leg.role, f"w{n}", d, speech))
            self.key("quiet", Shape("quiet", ""), self.messages("timeline.other_sound"))
        self.y += height

    def _speech(self, leg: _Leg, y: float, height: float, bar_y: float) -> None:
        """The speech of one leg: a bar, and its whole lane as the place to point at."""
        what = words.speaks(leg.role, self.messages)
        for segment, parts in self.merged(leg.speech or ()):
            hit, bar = Shape("hit", self.box(segment, y, height)), Shape(leg.role, self.box(segment, bar_y, y + height - bar_y))
            self.mark(leg.role, what, (segment, parts), hit, bar)
            self.keys.setdefault(leg.role, (Shape(leg.role, ""), what))

    def _pitch(self, leg: _Leg, scale: PitchScale) -> None:
        """One leg's pitch contour under its axis of semitones."""
        assert leg.pitch is not None
        top, height = self.y + 3, self.sizes.pitch - 6
        self.ground.append(Shape("lane", rect(self.x, self.y, self.span, self.sizes.pitch)))
        if not self.sizes.name_line:
            for hz in scale.ticks_hz(height, least_px=SMALL_PX + 2):
                tick_y = top + height * (1 - float(scale.share(hz)))
                self.ground.append(Shape("grid", f"M{self.x} {tick_y:.1f}h{self.span}"))
                self.labels.append(Label("hz", self.x - 6, tick_y + 4, f"{hz} Hz", "end"))
            self.labels.append(
                Label("note", self.sizes.margin, self.y + self.sizes.pitch / 2 + 4, self.messages("timeline.pitch"))
            )
        times_s, f0_hz = leg.pitch
        d = pitch_path(times_s, f0_hz, scale, x=self.x, width=self.span, top=top, height=height, duration_s=self.duration_s)
        if d:
            self.lines.append(Shape(f"pitch {leg.role}", d))
            self.keys["pitch"] = (Shape(f"pitch {leg.role}", ""), self.messages("timeline.pitch"))
        self.y += self.sizes.pitch

    def _overlaps(self) -> None:
        """Who talks over whom: a band over both legs, and an arrow from the one who cuts in to the other; assents have none."""
        gap_y = self.first_leg_bottom + self._between() / 2
        last_x = -_ARROW_PX
        for segment, parts in self.merged(self.record.timeline.overlaps):
            x, width = self.extent(segment)
            shapes = [Shape("over band", rect(x, self.legs_top, width, self.legs_bottom - self.legs_top))]
            cutting = [o for o in parts if o.kind == "interruption"]
            if cutting and x + width / 2 - last_x >= _ARROW_PX:
                last_x = x + width / 2
                shapes.append(Shape("over", _arrow(last_x, gap_y, cutting)))
            self.mark("overlap", words.cut_in(parts, self.messages), (segment, parts), *shapes)
            for some in ([cutting[0]], cutting) if cutting else ():
                what = words.cut_in(some, self.messages)
                self.keys.setdefault(f"over {what}", (Shape("over", _arrow(7, 5, some)), what))

    def _between(self) -> int:
        """The gap between two legs; arrows need more of it."""
        return self.sizes.between + (self.sizes.arrow if self.record.timeline.overlaps else 0)

    def events(self) -> None:
        """Holds and dead air: a bar with its words, and a band behind both legs."""
        t = self.record.timeline
        if not (t.holds or t.silences):
            return
        y, height = self.row(self.messages("timeline.events"))
        wanted: list[tuple[Segment, str]] = []
        for segment, holds in self.merged(t.holds):
            kinds, titles = (
                self.messages("list_separator").join(dict.fromkeys(say(h, self.messages) for h in holds))
                for say in (words.hold, words.hold_title)
            )
            wanted.append(self._event("hold", (kinds, titles), (segment, holds), y, height))
            self.key("hold", Shape("hold", "", "hatch"), self.messages("strip.hold"))
        for segment, gaps in self.merged(t.silences):
            what = self.messages("strip.dead")
            wanted.append(self._event("dead", (what, what), (segment, gaps), y, height))
            self.key("dead", Shape("dead", "", "dots"), self.messages("strip.dead"))
        self.y = y + height
        if self._event_words(wanted, self.y + 15):
            self.y += 18
        self.y += 6

    def _event(
        self, css: str, said: tuple[str, str], group: tuple[Segment, list[S]], y: float, height: float
    ) -> tuple[Segment, str]:
        """One bar and its band; gives what may be written under it. `said`: words, title."""
        segment, parts = group
        what, title = said
        box = self.box(segment, y, height)
        pattern = Shape(css, box, {"hold": "hatch", "dead": "dots"}[css])
        self.mark(css, title, group, pattern, Shape(f"frame {css}", box))
        self.ground.append(Shape(f"{css} band", self.box(segment, self.legs_top, self.legs_bottom - self.legs_top)))
        return segment, f"{what} {length(total_s(parts), self.messages)}"

    def _event_words(self, wanted: list[tuple[Segment, str]], baseline: float) -> bool:
        """Write under the bars as many words as there is room for, the longest events first."""
        taken: list[tuple[float, float]] = []
        for segment, text in sorted(wanted, key=lambda w: (-w[0].duration_s, w[0].start_s)):
            x, width = self.extent(segment)[0], text_width(text, LABEL_PX)
            x = min(max(x + (self.extent(segment)[1] - width) / 2, self.x), self.x + self.span - width)
            if all(b + 10 <= x or a >= x + width + 10 for a, b in taken) and x >= self.x:
                taken.append((x, x + width))
                self.labels.append(Label("event", x, baseline, text))
        return bool(taken)


def _arrow(x: float, y: float, parts: Sequence[Overlap]) -> str:
    """Down where the upper party cuts in on the lower one, up the other way round, a diamond for both or nobody known."""
    who = {o.interrupter for o in parts}
    if who == {"agent"}:
        return f"M{x - 6:.1f} {y - 5:.1f}h12l-6 10z"
    if who == {"customer"}:
        return f"M{x - 6:.1f} {y + 5:.1f}h12l-6-10z"
    return f"M{x:.1f} {y - 6:.1f}l6 6l-6 6l-6-6z"
