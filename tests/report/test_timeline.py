"""The picture of a call: what it shows, when, in words, on any screen."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import pytest

from audit.audio import read_audio
from audit.records import CallRecord, CutOff, Hold, Measured, Overlap, Recording, SharedChannel, Tone
from audit.report.curves import PitchScale, envelopes_of, leg_envelope, pitch_path, pitch_scale, wave_path
from audit.report.picture import text_width
from audit.report.timeline import MAX_WIDTH_PX, MIN_WIDTH_PX, draw_timeline
from audit.segments import Segment
from tests.report.made_calls import record, write_recording

SVG = "{http://www.w3.org/2000/svg}"
#: Of the style sheet, by class.
FONT_PX = {"heading": 16, "fact": 13, "name": 13, "hz": 11, "tick": 11}


def a_call() -> CallRecord:
    """100 s with two rings, a hold, dead air, two interruptions and a busy tone at the end."""
    made = record("zh-001", "nowhere/zh-001.wav", "00" * 32)
    overlaps = (Overlap(20.0, 21.0, "agent"), Overlap(70.0, 71.5, "customer"))
    tones = (*made.timeline.tones, *(Tone(96.0 + t, 96.35 + t, "busy") for t in (0.0, 0.7, 1.4)))
    return replace(made, timeline=replace(made.timeline, overlaps=overlaps, tones=tones))


def on_one_channel(made: CallRecord) -> CallRecord:
    recording = replace(made.recording, layout="mono", n_channels=1, agent_channel=None)
    return replace(made, recording=recording, speech={"unknown": made.speech["agent"]})


def with_unknown_roles(made: CallRecord) -> CallRecord:
    recording = replace(made.recording, agent_channel=None)
    timeline = replace(made.timeline, overlaps=(), hangup_by=Measured(None, reason="not known"))
    return replace(made, recording=recording, timeline=timeline, speech={"unknown": made.speech["agent"]})


def cut_off(made: CallRecord) -> CallRecord:
    return replace(made, timeline=replace(made.timeline, cut_off=CutOff(True), music_before_answer=Segment(6.0, 8.0)))


def sound() -> dict[int, np.ndarray]:
    t = np.linspace(0, 1, 3000)
    return {0: 0.3 * np.abs(np.sin(50 * t)), 1: 0.1 * np.abs(np.sin(80 * t))}


def voices() -> dict[int, tuple[np.ndarray, np.ndarray]]:
    t = np.arange(0.0, 100.0, 0.016)
    return {0: (t, 200 + 40 * np.sin(t)), 1: (t, np.where(t % 10 < 5, 110 + 10 * np.sin(t), np.nan))}


def parsed(picture: str) -> ElementTree.Element:
    return ElementTree.fromstring(picture)


def times(picture: str, kind: str) -> list[tuple[float, float]]:
    marks = [g for g in parsed(picture).iter(f"{SVG}g") if g.get("data-kind") == kind]
    return sorted((float(g.attrib["data-start-s"]), float(g.attrib["data-end-s"])) for g in marks)


def titles(picture: str, kind: str) -> list[str]:
    marks = [g for g in parsed(picture).iter(f"{SVG}g") if g.get("data-kind") == kind]
    return [g.findtext(f"{SVG}title") or "" for g in marks]


def texts(picture: str) -> list[str]:
    return [e.text or "" for e in parsed(picture).iter(f"{SVG}text")]


def as_pairs(segments: tuple[Segment, ...]) -> list[tuple[float, float]]:
    return [(round(s.start_s, 3), round(s.end_s, 3)) for s in segments]


def test_each_event_is_one_mark_with_its_times() -> None:
    call = a_call()
    picture, t = draw_timeline(call, envelopes=sound()), call.timeline
    assert times(picture, "agent") == as_pairs(call.speech["agent"])
    assert times(picture, "customer") == as_pairs(call.speech["customer"])
    assert times(picture, "hold") == as_pairs(t.holds)
    assert times(picture, "dead") == as_pairs(t.silences)
    assert times(picture, "overlap") == as_pairs(t.overlaps)
    assert times(picture, "ring") == as_pairs(tuple(x for x in t.tones if x.kind == "ringback"))
    assert times(picture, "tone") == as_pairs(tuple(x for x in t.tones if x.kind == "busy"))
    assert times(picture, "answer") == [(9.0, 9.0)]
    assert times(picture, "release") == [(96.0, 96.0)]


def test_marks_say_what_and_when() -> None:
    picture = draw_timeline(a_call())
    assert titles(picture, "hold") == ["Hold: music 0:33.0–0:58.0"]
    assert titles(picture, "overlap") == ["Agent cuts in 0:20.0–0:21.0", "Customer cuts in 1:10.0–1:11.5"]
    assert titles(picture, "release") == ["Customer hung up 1:36.0"]
    assert "Ringing, 2 rings" in texts(picture)


def test_chinese_pictures_speak_chinese() -> None:
    picture = draw_timeline(a_call(), language="zh", pitch=voices(), envelopes=sound())
    assert titles(picture, "hold") == ["等待：音乐 0:33.0–0:58.0"]
    words = " ".join(texts(picture)).replace("Hz", "").replace("zh-001", "")
    assert not re.search(r"[A-Za-z]", words), words


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width_px", [MIN_WIDTH_PX, 390, 700, 1200, 2400])
@pytest.mark.parametrize(
    "call",
    [a_call(), on_one_channel(a_call()), with_unknown_roles(a_call()), cut_off(a_call())],
    ids=["roles", "mono", "channels", "cut off"],
)
def test_no_words_lie_upon_each_other_or_leave_the_picture(call: CallRecord, width_px: int, lang: str) -> None:
    picture = draw_timeline(call, envelopes=sound(), pitch=voices(), language=lang, width_px=width_px)  # type: ignore[arg-type]
    boxes = []
    for e in parsed(picture).iter(f"{SVG}text"):
        size = FONT_PX.get(e.get("class", ""), 12)
        width = text_width(e.text or "", size, bold=e.get("class") in ("heading", "name", "flag"))
        shift = {"end": 1.0, "middle": 0.5}.get(e.get("text-anchor", ""), 0.0)
        x, y = float(e.attrib["x"]) - shift * width, float(e.attrib["y"])
        boxes.append((x, x + width, y - 0.75 * size, y + 0.1 * size, e.text))
    height = float(parsed(picture).attrib["height"])
    assert [b for b in boxes if b[0] < 0 or b[1] > width_px or b[3] > height] == []
    hits = [(a[4], b[4]) for a, b in combinations(boxes, 2) if a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]]
    assert hits == []


def test_a_reader_who_cannot_see_it_is_told_the_whole() -> None:
    root = parsed(draw_timeline(a_call()))
    assert root.get("role") == "img"
    named = {e.get("id"): e.text or "" for e in root if e.tag in (f"{SVG}title", f"{SVG}desc")}
    assert list(named) == root.attrib["aria-labelledby"].split()
    said = list(named.values())[1]
    for part in (
        "2 rings",
        "Answered 0:09.0",
        "Hold: music 0:33.0–0:58.0",
        "Dead air 1:20.0–1:28.0",
        "Customer hung up 1:36.0",
    ):
        assert part in said


def test_a_mono_call_has_one_lane() -> None:
    picture = draw_timeline(on_one_channel(a_call()), envelopes={0: sound()[0]})
    assert "Both parties" in texts(picture)
    assert times(picture, "agent") == times(picture, "customer") == []
    assert times(picture, "unknown") == as_pairs(a_call().speech["agent"])
    assert len(parsed(picture).findall(f".//{SVG}defs/{SVG}path")) == 1


def test_voices_told_apart_on_one_channel_have_lanes_of_their_own_under_its_sound() -> None:
    made = a_call()
    mono = replace(on_one_channel(made), speech={r: made.speech[r] for r in ("agent", "customer")})  # type: ignore[index]
    picture = draw_timeline(mono, envelopes={0: sound()[0]})
    assert {"Both parties", "Agent", "Customer"} <= set(texts(picture))
    assert times(picture, "agent") == as_pairs(made.speech["agent"])
    assert times(picture, "customer") == as_pairs(made.speech["customer"])


def test_both_voices_on_the_live_leg_beside_a_dead_one_are_shown_like_a_mono_call() -> None:
    made = a_call()
    recording = replace(made.recording, layout="one_dead_leg", agent_channel=None, shared_channel=SharedChannel(2, 0.9, 0.9))
    call = replace(made, recording=recording, speech={r: made.speech[r] for r in ("agent", "customer")})  # type: ignore[index]
    live = sound()[0]
    picture = draw_timeline(call, envelopes={0: [0.0 * x for x in live], 1: live})
    assert {"Both parties", "Agent", "Customer"} <= set(texts(picture))
    assert times(picture, "agent") == as_pairs(made.speech["agent"])
    assert len(parsed(picture).findall(f".//{SVG}defs/{SVG}path")) == 1


def test_unknown_roles_give_lanes_by_channel_and_speech_of_nobody() -> None:
    picture = draw_timeline(with_unknown_roles(a_call()), envelopes=sound())
    assert {"Channel 0", "Channel 1", "Speech"} <= set(texts(picture))
    assert not {"Agent", "Customer"} & set(texts(picture))
    assert titles(picture, "unknown")[0].startswith("Somebody speaks")
    assert titles(picture, "release") == ["Hung up 1:36.0, by whom unknown"]


def test_the_agent_is_the_upper_lane_on_whichever_channel() -> None:
    call = a_call()
    swapped = replace(call, recording=replace(call.recording, agent_channel=1))
    waves = sound()
    picture = draw_timeline(call, envelopes=waves)
    other = draw_timeline(swapped, envelopes={0: waves[1], 1: waves[0]})
    outlines = [[p.get("d") for p in parsed(x).findall(f".//{SVG}defs/{SVG}path")] for x in (picture, other)]
    assert outlines[0] == outlines[1]
    assert outlines[0][0] != outlines[0][1]


def test_an_answer_that_was_not_heard_is_marked_as_taken() -> None:
    call = a_call()
    taken = replace(call, timeline=replace(call.timeline, answer_source="none", answer_at_s=0.0))
    picture = draw_timeline(taken)
    assert titles(picture, "answer") == ["Taken to be answered at 0:00.0"]
    assert 'class="stem taken"' in picture


def test_what_is_known_of_the_answer_is_said_with_it() -> None:
    t = a_call().timeline
    at_start = replace(t, answer_source="none", answer_at_s=0.0, recording_starts="at_answer")
    said = [
        titles(draw_timeline(replace(a_call(), timeline=x)), "answer") for x in (replace(t, answer_tolerance_s=0.7), at_start)
    ]
    assert said == [["Answered 0:09.0, within 0.7 s"], ["Starts at the answer"]]


def test_a_hold_that_was_not_heard_says_who_tells_of_it() -> None:
    call = a_call()
    holds = (Hold(30.0, 40.0, "silence", "words"), Hold(50.0, 60.0, "music", "cdr"))
    told = titles(draw_timeline(replace(call, timeline=replace(call.timeline, holds=holds))), "hold")
    assert told == [
        "Hold: silence (told by the words) 0:30.0–0:40.0",
        "Hold: music (from the call record) 0:50.0–1:00.0",
    ]


def test_music_instead_of_ringing_and_an_end_in_mid_speech_are_shown() -> None:
    call = a_call()
    timeline = replace(
        call.timeline, tones=(), music_before_answer=Segment(1.0, 8.5), cut_off=CutOff(True), transfers_s=(45.0,)
    )
    picture = draw_timeline(replace(call, timeline=timeline))
    assert times(picture, "music") == [(1.0, 8.5)]
    assert "Customer hung up 1:36.0, in mid-speech" in texts(picture)
    assert "Transferred 0:45.0" in picture


def test_a_kind_that_has_no_words_is_shown_by_what_it_is() -> None:
    call = a_call()
    odd = replace(call, timeline=replace(call.timeline, holds=(Hold(30.0, 40.0, "parade"),)))  # type: ignore[arg-type]
    assert titles(draw_timeline(odd), "hold") == ["Hold 0:30.0–0:40.0"]


def test_a_file_name_cannot_break_out_of_the_picture() -> None:
    call = replace(a_call(), call_id="<script>&\"'\x00\udcff")
    picture = draw_timeline(call)
    picture.encode("utf-8")
    assert "Call <script>&\"'��" in texts(picture)
    assert not list(parsed(picture).iter(f"{SVG}script"))


def test_nothing_is_loaded_from_outside() -> None:
    picture = draw_timeline(a_call(), envelopes=sound(), pitch=voices())
    assert set(re.findall(r"https?://[^\"' ]+", picture)) == {"http://www.w3.org/2000/svg"}
    assert all(link.startswith("#") for link in re.findall(r'href="([^"]*)"', picture))
    assert all(link.startswith("#") for link in re.findall(r"url\(([^)]*)\)", picture))


def test_two_pictures_on_one_page_do_not_share_names() -> None:
    one, two = (draw_timeline(replace(a_call(), call_id=i), envelopes=sound()) for i in ("a", "b"))
    assert not set(re.findall(r' id="([^"]+)"', one)) & set(re.findall(r' id="([^"]+)"', two))


def test_the_same_call_gives_the_same_picture() -> None:
    assert draw_timeline(a_call(), envelopes=sound(), pitch=voices()) == draw_timeline(
        a_call(), envelopes=sound(), pitch=voices()
    )


def test_a_page_may_have_its_own_heading() -> None:
    assert "Call zh-001" in texts(draw_timeline(a_call()))
    assert "Call zh-001" not in texts(draw_timeline(a_call(), heading=False))


def test_six_hours_of_talk_stay_small_and_show_how_much_is_covered() -> None:
    n = 2400
    talk = {
        "agent": tuple(Segment(9 * i, 9 * i + 3) for i in range(n)),
        "customer": tuple(Segment(9 * i + 4, 9 * i + 7) for i in range(n)),
    }
    call = a_call()
    recording = Recording("x", "00", 9.0 * n, 8000, 2, "stereo", 0)
    overlaps = tuple(Overlap(30 * i, 30 * i + 1, "agent") for i in range(720))
    long = replace(call, recording=recording, speech=talk, timeline=replace(call.timeline, overlaps=overlaps))  # type: ignore[arg-type]
    t = np.arange(0, 9.0 * n, 0.1)
    waves = {c: np.full(50_000, 0.1) for c in (0, 1)}
    picture = draw_timeline(long, envelopes=waves, pitch={0: (t, np.full(len(t), 200.0))})
    assert len(picture) < 300_000
    marks = times(picture, "agent")
    assert 100 < len(marks) < 400
    assert max(b - a for a, b in marks) < 240, "no mark spans what it does not cover"
    faint = [float(x) for x in re.findall(r'data-kind="agent"[^>]* opacity="([\d.]+)"', picture)]
    assert np.median(faint) == pytest.approx(1 / 3, abs=0.05)
    assert "drawn as one" in titles(picture, "agent")[0]


@pytest.mark.parametrize("seconds", [0.3, 4.0, 59.9, 3600.0, 400_000.0])
def test_any_length_has_an_axis(seconds: float) -> None:
    call = a_call()
    made = replace(call, recording=replace(call.recording, duration_s=seconds))
    ticks = [e.text for e in parsed(draw_timeline(made)).iter(f"{SVG}text") if e.get("class") == "tick"]
    assert ticks[0] == "0:00"
    assert len(ticks) < 20


def test_what_cannot_be_drawn_is_refused() -> None:
    call = a_call()
    with pytest.raises(ValueError, match="without length"):
        draw_timeline(replace(call, recording=replace(call.recording, duration_s=0.0)))
    for width in (MIN_WIDTH_PX - 1, MAX_WIDTH_PX + 1):
        with pytest.raises(ValueError, match="pixels wide"):
            draw_timeline(call, width_px=width)


# --- colours --------------------------------------------------------------------------------------
def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    colour = "".join(2 * c for c in colour) if len(colour) == 3 else colour
    channels = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_marks_and_words_stand_out_from_their_ground(theme: int) -> None:
    """WCAG 2.2: 3:1 for graphics (1.4.11), 4.5:1 for words (1.4.3)."""
    block = re.findall(r"\.ct\{(--[^}]*)\}", draw_timeline(a_call()))[theme]
    colours = dict(re.findall(r"--ct-([a-z]+):#([0-9a-f]+)", block))
    for name in ("agent", "customer", "unknown", "ring", "tone", "hold", "dead", "over", "flag"):
        assert contrast(colours[name], colours["lane"]) >= 3.0, name
    for name in ("ink", "soft"):
        assert contrast(colours[name], colours["bg"]) >= 4.5, name


# --- curves ---------------------------------------------------------------------------------------
def test_an_envelope_keeps_the_peak_of_each_part() -> None:
    leg = np.zeros(1000, np.float32)
    leg[[5, 999]] = -0.5, 0.25
    assert leg_envelope(leg, 4).tolist() == [0.5, 0.0, 0.0, 0.25]
    assert leg_envelope(np.ones(2), 4).tolist() == [1.0] * 4
    assert leg_envelope([], 3).tolist() == [0.0] * 3
    with pytest.raises(ValueError, match="one leg"):
        leg_envelope(np.zeros((2, 5)), 3)
    with pytest.raises(ValueError, match="at least one"):
        leg_envelope(leg, 0)


@pytest.mark.parametrize("n_bins", [1, 7, 333, 5000])
def test_a_recording_read_in_windows_has_the_envelope_of_the_whole(tmp_path, n_bins: int) -> None:
    write_recording(tmp_path / "call.wav", 75.0)
    audio = read_audio(tmp_path / "call.wav")
    found = envelopes_of(audio, n_bins)
    assert list(found) == [0, 1]
    for channel, leg in enumerate(audio.samples):
        assert np.array_equal(found[channel], leg_envelope(leg, n_bins))


def corners(outline: str) -> list[tuple[float, float]]:
    """Follow an outline of M, h, v, l and z."""
    x = y = 0.0
    found = []
    for command, rest in re.findall(r"([Mhvlz])([^Mhvlz]*)", outline):
        numbers = [float(n) for n in re.findall(r"-?\d+\.?\d*", rest)]
        if command == "M":
            x, y = numbers
        x += numbers[0] if command in "hl" else 0.0
        y += numbers[-1] if command in "vl" else 0.0
        found.append((round(x, 3), round(y, 3)))
    return found


@pytest.mark.parametrize("n_bins", [1, 10, 37, 100, 999])
def test_a_wave_fills_its_lane_and_comes_back_to_its_start(n_bins: int) -> None:
    outline = wave_path(np.ones(n_bins), x=20, width=100, middle=50.0, half_height=30.0, scale=1.0)
    points = corners(outline)
    assert {p[0] for p in points} >= {20.0, 120.0}
    assert {p[1] for p in points} == {20.0, 80.0}
    assert (points[0], points[-1]) == ((20.0, 20.0), (20.0, 80.0)), "z then closes it"


def test_a_wave_a_quarter_as_loud_is_half_as_high() -> None:
    points = corners(wave_path([1.0, 0.25], x=0, width=100, middle=50.0, half_height=40.0, scale=1.0))
    assert {p[1] for p in points} == {10.0, 30.0, 70.0, 90.0}


def test_equal_intervals_are_equally_high() -> None:
    scale = PitchScale(100.0, 400.0)
    assert scale.share([100.0, 200.0, 400.0]) == pytest.approx([0.0, 0.5, 1.0])


def test_the_scale_of_pitch_holds_at_least_an_octave_and_no_outlier() -> None:
    narrow = pitch_scale([np.full(100, 200.0)])
    assert narrow is not None
    assert narrow.high_hz / narrow.low_hz == pytest.approx(2.0)
    wide = pitch_scale([np.r_[np.linspace(100, 300, 1000), 5000.0], np.array([np.nan, 0.0])])
    assert wide is not None
    assert wide.high_hz < 340
    assert pitch_scale([np.full(9, np.nan)]) is None


def test_a_contour_follows_the_voice_and_breaks_where_it_pauses() -> None:
    times_s = np.arange(0.0, 10.0, 0.01)
    f0 = np.where(times_s < 4, 200.0, np.where(times_s < 6, np.nan, 400.0))
    outline = pitch_path(times_s, f0, PitchScale(100, 400), x=0, width=100, top=0.0, height=100.0, duration_s=10.0)
    assert outline.count("M") == 2
    first, second = (corners(f"M{part}") for part in outline[1:].split("M"))
    assert {p[1] for p in first} == {50.0}
    assert {p[1] for p in second} == {0.0}
    assert (first[0][0], first[-1][0], second[0][0], second[-1][0]) == (0.0, 39.0, 60.0, 99.0)


def test_no_voice_draws_no_contour() -> None:
    lane = {"x": 0, "width": 100, "top": 0.0, "height": 10.0, "duration_s": 10.0}
    assert pitch_path([], [], PitchScale(100, 400), **lane) == ""
    assert pitch_path([1.0], [np.nan], PitchScale(100, 400), **lane) == ""
