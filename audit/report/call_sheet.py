"""The page of a single call: its waveform, its words as they are said, and the evidence in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from audit.records import CallRecord, Evidence
from audit.report.call_page import PlayerBoard, call_view, failed_outcomes, shown_evidence, wanted_clips
from audit.report.clips import CLIP_MARGIN_S, CallClips
from audit.report.context import CallView, OutcomeView
from audit.report.html import render_timeline
from audit.report.inputs import ReportedCall, ReportSettings
from audit.report.marking import MarkedPlace, spoken_parts
from audit.report.messages import Messages
from audit.report.sheet_context import Around, CallSheet, Drawing, Pin, Place, SoundPiece, SpokenTurn
from audit.report.sound import CallSound, hear_call
from audit.report.sounds import N_BINS, Sounds
from audit.report.timeline import timeline_picture
from audit.report.timeline_board import time_axis
from audit.report.wording import clock, length, moment, span
from audit.segments import Segment
from audit.verdicts import Outcome

#: Widths of the drawings in pixels; which one is shown is the style sheet's choice.
DRAWINGS = (("wide", 1080), ("middle", 700), ("narrow", 360))
#: A pin of the style sheet with some room, in pixels.
_PIN_PX = 27.0
_SPOKEN = ("exact", "normalised", "pinyin")


@dataclass(frozen=True, slots=True)
class _Site:
    """A stretch with the evidence that lies in it, of one outcome or several."""

    number: int
    segment: Segment
    held: tuple[tuple[Outcome, Evidence], ...]

    def anchor(self, i: int) -> str:
        """HTML id of its i-th evidence."""
        return f"e{self.number}" if i == 0 else f"e{self.number}-{i + 1}"


def call_sheet(
    call: ReportedCall,
    *,
    agent: str,
    home: str,
    made_from: str,
    messages: Messages,
    settings: ReportSettings,
    around: tuple[Around, ...] = (),
    sounds: Sounds | None = None,
) -> CallSheet:
    """Put the page of one call together, its sound and waveform taken from the recording.

    Parameters
    ----------
    call : ReportedCall
    agent : str
        As a reader calls the agent.
    home : str
        Address of the agent's scorecard, as seen from this page.
    made_from : str
        What the page is to say that it was made from.
    messages : Messages
    settings : ReportSettings
    around : tuple of Around
        What came before the call and after it.
    sounds : Sounds, optional
        Sound that was taken already.

    Returns
    -------
    CallSheet
    """
    record = call.record
    failed = failed_outcomes(call.evaluation)
    sites = _sites(failed)
    sound = CallSound(clips=CallClips(unavailable="not_asked"))
    if settings.with_audio:
        sound = hear_call(record.recording, wanted_clips(call), n_bins=N_BINS, sounds=sounds)
    board = PlayerBoard()
    view = call_view(call, sound.clips, board, "call", messages)
    places = tuple(_place(site, messages) for site in sites)
    turns = _turns(record, sites, messages)
    in_words = {anchor for turn in turns for part in turn.parts for _, anchor in part.refs}
    when = view.when
    return CallSheet(
        lang=messages("html_lang"),
        title=messages("sheet.title", call_id=record.call_id, when=when),
        agent=agent,
        home=home,
        call=replace(view, failed=_numbered(view, failed, sites, in_words)),
        sound="whole" if sound.is_whole else "clips" if sound.pieces else "none",
        sound_note=_sound_note(sound, record, messages),
        length_s=_seconds(record.recording.duration_s),
        length=clock(record.recording.duration_s),
        pieces=tuple(
            SoundPiece(
                p.key,
                p.data_uri,
                _seconds(p.segment.start_s),
                _seconds(p.segment.end_s),
                messages("player.from", start=clock(p.segment.start_s), end=clock(p.segment.end_s)),
            )
            for p in sound.pieces
        ),
        drawings=_drawings(record, sound, places, messages) if record.recording.duration_s > 0 else (),
        places=places,
        turns=turns,
        made_from=made_from,
        generated=messages("generated", when=moment(settings.generated_at, messages)),
        around=around,
    )


def _sites(failed: Sequence[Outcome]) -> tuple[_Site, ...]:
    """The stretches of evidence that are shown, by start, numbered from 1."""
    held: dict[Segment, list[tuple[Outcome, Evidence]]] = {}
    for o in failed:
        for e in shown_evidence(o):
            held.setdefault(Segment(e.start_s, e.end_s), []).append((o, e))
    return tuple(_Site(i + 1, segment, tuple(held[segment])) for i, segment in enumerate(sorted(held)))


def _place(site: _Site, messages: Messages) -> Place:
    titles = messages("list_separator").join(dict.fromkeys(messages.pick(o.title, o.criterion) for o, _ in site.held))
    return Place(
        number=str(site.number),
        anchor=site.anchor(0),
        at=_seconds(max(0.0, site.segment.start_s - CLIP_MARGIN_S)),
        start=_seconds(site.segment.start_s),
        end=_seconds(site.segment.end_s),
        label=messages("sheet.place", n=site.number, when=span(site.segment.start_s, site.segment.end_s), what=titles),
        critical=any(o.critical for o, _ in site.held),
        searched=all(e.match == "window" for _, e in site.held),
    )


def _numbered(view: CallView, failed: Sequence[Outcome], sites: Sequence[_Site], in_words: set[str]) -> tuple[OutcomeView, ...]:
    """The failed outcomes with the numbers and ids of their evidence."""
    of = {(id(o), id(e)): (site, i) for site in sites for i, (o, e) in enumerate(site.held)}
    numbered = []
    for outcome, shown in zip(failed, view.failed, strict=True):
        evidence = []
        for e, seen in zip(shown_evidence(outcome), shown.evidence, strict=True):
            site, i = of[(id(outcome), id(e))]
            anchor = site.anchor(i)
            evidence.append(replace(seen, number=str(site.number), anchor=anchor, in_words=anchor in in_words))
        numbered.append(replace(shown, evidence=tuple(evidence)))
    return tuple(numbered)


def _turns(record: CallRecord, sites: Sequence[_Site], messages: Messages) -> tuple[SpokenTurn, ...]:
    """The transcript word by word."""
    marked = [
        MarkedPlace(site.segment, e.role, messages.pick(o.title, o.criterion), site.number, site.anchor(i))
        for site in sites
        for i, (o, e) in enumerate(site.held)
        if e.match in _SPOKEN
    ]
    return tuple(
        SpokenTurn(
            clock(turn.start_s), _seconds(turn.start_s), messages(f"role.{turn.role}"), turn.role, spoken_parts(turn, marked)
        )
        for turn in (record.transcript.turns if record.transcript else ())
    )


def _sound_note(sound: CallSound, record: CallRecord, messages: Messages) -> str:
    """Why not every second can be played; empty where it can."""
    if sound.is_whole:
        return ""
    if sound.pieces or sound.waves:
        return messages("sheet.clips_only", length=length(record.recording.duration_s, messages))
    why = sound.clips.unavailable
    if why in ("gone", "changed", "muted", "not_asked"):
        return messages(f"sheet.{why}", file=record.recording.path)
    return messages("sheet.broken", why=why or "", file=record.recording.path)


def _drawings(record: CallRecord, sound: CallSound, places: Sequence[Place], messages: Messages) -> tuple[Drawing, ...]:
    """The timeline at each width, with the pins of the places over it."""
    drawn = []
    for kind, width_px in DRAWINGS:
        x, across = time_axis(width_px)
        picture = timeline_picture(record, envelopes=sound.waves, language=messages.lang, width_px=width_px, heading=False)
        pins = _pins(places, record.recording.duration_s, width_px)
        share = 100 / width_px
        n_rows = 1 + max((p.row for p in pins), default=-1)
        drawn.append(
            Drawing(
                kind=kind,
                picture=Markup(render_timeline(picture)),
                x=round(x * share, 3),
                span=round(across * share, 3),
                below=round(100 * (1 - picture.axis_y / picture.height), 3),
                pins=pins,
                n_rows=n_rows,
            )
        )
    return tuple(drawn)


def _pins(places: Sequence[Place], duration_s: float, width_px: int) -> tuple[Pin, ...]:
    """Each in the first row in which it does not cover another."""
    x0, across = time_axis(width_px)
    free_from: list[float] = []
    pins = []
    for place in places:
        start, end = (min(max(float(t) / duration_s, 0.0), 1.0) for t in (place.start, place.end))
        x = x0 + across * start
        row = next((i for i, free in enumerate(free_from) if x >= free), len(free_from))
        free_from[row:] = [x + _PIN_PX, *free_from[row + 1 :]]
        pins.append(Pin(place, round(100 * x / width_px, 3), round(100 * across * (end - start) / width_px, 3), row))
    return tuple(pins)


def _seconds(value: float) -> str:
    """To a hundredth, as short as can be."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
