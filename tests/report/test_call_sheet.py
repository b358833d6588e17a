"""The page of a single call: what can be heard, where evidence lies, and which word is said when."""

from __future__ import annotations

import base64
import hashlib
import io
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from audit.audio import encode_blocks, read_audio
from audit.report import ReportedCall, ReportSettings, write_reports
from audit.report.call_files import call_file, write_call
from audit.report.call_sheet import call_sheet
from audit.report.clips import Wanted
from audit.report.curves import envelopes_of, wave_path, waveforms_of
from audit.report.marking import MarkedPlace, spoken_parts
from audit.report.messages import load_messages
from audit.report.naming import call_stem
from audit.report.sheet_context import CallSheet
from audit.report.sound import WHOLE, hear_call
from audit.segments import Segment
from audit.words import Turn, Word
from tests.report.made_calls import GENERATED_AT, call, second_hz, write_recording

SETTINGS = ReportSettings("en", GENERATED_AT)


@pytest.fixture
def recorded(tmp_path: Path) -> ReportedCall:
    path = tmp_path / "zh-001.wav"
    return call(path=str(path), sha256=write_recording(path))


def sheet_of(of: ReportedCall, settings: ReportSettings = SETTINGS) -> CallSheet:
    return call_sheet(
        of, agent="A101", home="../a.html", made_from="0" * 64, messages=load_messages(settings.lang), settings=settings
    )


def decoded(uri: str) -> np.ndarray:
    with av.open(io.BytesIO(base64.b64decode(uri.removeprefix("data:audio/mpeg;base64,")))) as container:
        return np.concatenate([f.to_ndarray() for f in container.decode(audio=0)], axis=1)[0]


# --- sound ----------------------------------------------------------------------------------------
def test_the_whole_call_is_in_its_page_and_each_second_is_at_its_place(recorded: ReportedCall) -> None:
    (piece,) = sheet_of(recorded).pieces
    samples = decoded(piece.src)
    assert (piece.key, piece.start, piece.end) == (WHOLE, "0", "100")
    assert len(samples) == pytest.approx(100 * 8000, abs=2 * 576)
    for second in (0, 41, 99):
        middle = samples[int((second + 0.25) * 8000) : int((second + 0.75) * 8000)]
        peak_hz = np.argmax(np.abs(np.fft.rfft(middle * np.hanning(len(middle))))) * 8000 / len(middle)
        assert peak_hz == pytest.approx(second_hz(second), abs=4)


def test_sound_in_pieces_is_encoded_as_the_same_sound_at_once() -> None:
    leg = (0.3 * np.sin(np.arange(20_000) / 3)).astype(np.float32)
    assert encode_blocks([leg[:1], leg[1:700], leg[700:701], leg[701:]], 8000) == encode_blocks([leg], 8000)


def test_a_rate_that_recordings_are_not_read_at_is_refused() -> None:
    with pytest.raises(ValueError, match="8000 or 16000"):
        encode_blocks([np.zeros(10, np.float32)], 44_100)


def test_a_call_too_long_for_a_page_has_the_clips_of_its_evidence(recorded: ReportedCall) -> None:
    found = hear_call(recorded.record.recording, [Wanted(30.0, 31.0)], n_bins=100, max_bytes=40_000)
    assert [p.segment for p in found.pieces] == [Segment(28.0, 33.0)]
    assert not found.is_whole
    assert found.waves[0].shape == (2, 100)


@pytest.mark.parametrize("what", ["gone", "changed", "broken"])
def test_without_the_recording_the_page_says_why_and_keeps_the_words(recorded: ReportedCall, what: str) -> None:
    path = Path(recorded.record.recording.path)
    broken = recorded
    if what == "gone":
        path.unlink()
    elif what == "changed":
        path.write_bytes(path.read_bytes() + b"x")
    else:
        path.write_bytes(b"RIFF")
        digest = hashlib.sha256(b"RIFF").hexdigest()
        broken = replace(recorded, record=replace(recorded.record, recording=replace(recorded.record.recording, sha256=digest)))
    page = sheet_of(broken)
    said = {"gone": "no longer at its place", "changed": "not the one that was audited", "broken": "could not be taken"}
    assert said[what] in page.sound_note
    assert page.pieces == () and page.turns and page.drawings and page.places


def test_a_page_made_without_sound_opens_no_recording(recorded: ReportedCall) -> None:
    page = sheet_of(recorded, replace(SETTINGS, with_audio=False))
    assert page.sound == "none" and "made without sound" in page.sound_note


# --- the waveform ---------------------------------------------------------------------------------
def test_a_waveform_is_the_highest_and_the_lowest_sample_of_each_part(tmp_path: Path) -> None:
    write_recording(tmp_path / "a.wav", seconds=150.0)
    audio = read_audio(tmp_path / "a.wav")
    waves, leg = waveforms_of(audio, 300)[0], audio.samples[0]
    assert np.array_equal(waves[0], leg.reshape(300, -1).max(axis=1))
    assert np.array_equal(waves[1], leg.reshape(300, -1).min(axis=1))
    assert np.array_equal(envelopes_of(audio, 300)[0], np.abs(leg).reshape(300, -1).max(axis=1))


def test_a_one_sided_sound_is_drawn_to_one_side() -> None:
    d = wave_path([[1.0, 1.0], [0.0, 0.0]], x=0, width=10, middle=50.0, half_height=40.0, scale=1.0)
    assert d.startswith("M0 10h")
    assert "v40.4h" in d  # 40 pixels up; the line of silence keeps 0.4 on its side


# --- evidence -------------------------------------------------------------------------------------
def test_places_are_numbered_by_time_and_each_leads_to_its_verdict(recorded: ReportedCall) -> None:
    page = sheet_of(recorded)
    starts = [float(p.start) for p in page.places]
    assert [p.number for p in page.places] == [str(i + 1) for i in range(len(starts))] and starts == sorted(starts)
    told = {e.anchor: e for o in page.call.failed for e in o.evidence}
    assert all(p.anchor in told and told[p.anchor].number == p.number for p in page.places)
    assert len(told) == sum(len(o.evidence) for o in page.call.failed)


def test_marked_words_refer_to_the_verdict_and_the_verdict_to_the_words(recorded: ReportedCall) -> None:
    page = sheet_of(recorded)
    parts = [p for turn in page.turns for p in turn.parts]
    anchors = {anchor for p in parts for _, anchor in p.refs}
    assert "".join(p.text for p in parts if p.marked and p.at) == "喂你是谁你电话是多少你等着"
    assert anchors == {e.anchor for o in page.call.failed for e in o.evidence if e.in_words}
    assert len(anchors) == 4


@pytest.mark.parametrize("kind", ["wide", "middle", "narrow"])
def test_no_pin_covers_another(recorded: ReportedCall, kind: str) -> None:
    (drawing,) = (d for d in sheet_of(recorded).drawings if d.kind == kind)
    width_px = {"wide": 1080, "middle": 700, "narrow": 360}[kind]
    for row in range(drawing.n_rows):
        xs = sorted(p.x * width_px / 100 for p in drawing.pins if p.row == row)
        assert xs and all(b - a >= 26 for a, b in pairwise(xs))


def test_a_pin_stands_over_its_second(recorded: ReportedCall) -> None:
    drawing = sheet_of(recorded).drawings[0]
    pin = next(p for p in drawing.pins if p.place.start == "30.5")
    assert pin.x == pytest.approx(drawing.x + drawing.span * 0.305, abs=0.01)


# --- words ----------------------------------------------------------------------------------------
def test_words_keep_the_text_as_it_is_punctuated() -> None:
    turn = Turn(
        0,
        3,
        "agent",
        "Well, hold on. Please!",
        words=(Word(0, 1, "Well", 1), Word(1, 2, "hold on", 1), Word(2, 3, "Please", 1)),
    )
    parts = spoken_parts(turn, ())
    assert "".join(p.text for p in parts) == turn.text
    assert [(p.text, p.at) for p in parts if p.at] == [("Well", "0"), ("hold on", "1"), ("Please", "2")]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param((), [("abc def", "4", True)], id="a turn without words is one"),
        pytest.param((Word(4, 5, "abc", 1), Word(5, 6, "xyz", 1)), [("abc", "4", True), (" def", "5", False)], id="not found"),
    ],
)
def test_what_has_no_word_of_its_own_stays_whole(words: tuple[Word, ...], expected: list[tuple[str, str, bool]]) -> None:
    turn = Turn(4, 8, "agent", "abc def", words=words)
    place = MarkedPlace(Segment(4.1, 4.9), "agent", "command", 1, "e1")
    assert [(p.text, p.at, p.marked) for p in spoken_parts(turn, [place])] == expected


def test_anothers_words_are_no_evidence() -> None:
    turn = Turn(4, 8, "customer", "abc", words=(Word(4, 5, "abc", 1),))
    assert not any(p.marked for p in spoken_parts(turn, [MarkedPlace(Segment(4, 5), "agent", "command", 1, "e1")]))


# --- files ----------------------------------------------------------------------------------------
def test_a_page_is_left_alone_until_its_call_its_recording_or_its_language_changes(
    tmp_path: Path, recorded: ReportedCall
) -> None:
    out = tmp_path / "out"
    out.mkdir()

    def write(of: ReportedCall = recorded, settings: ReportSettings = SETTINGS) -> bool:
        return write_call(out, of, agent="A101", home="../scorecards/A101.html", settings=settings)

    assert [write(), write()] == [True, False]
    assert write(settings=replace(SETTINGS, lang="zh"))
    assert write(replace(recorded, evaluation=None), replace(SETTINGS, lang="zh"))
    Path(recorded.record.recording.path).unlink()
    assert write(replace(recorded, evaluation=None), replace(SETTINGS, lang="zh"))


def test_a_report_writes_a_page_for_each_call_and_links_it(tmp_path: Path, recorded: ReportedCall) -> None:
    paths = write_reports(tmp_path / "out", [recorded], lang="en", failures=(), generated_at=GENERATED_AT)
    assert call_file(tmp_path / "out", "zh-001").is_file()
    assert 'href="../call-pages/zh-001.html"' in paths.scorecards["A101"].read_text("utf-8")
    assert 'href="../scorecards/A101.html"' in call_file(tmp_path / "out", "zh-001").read_text("utf-8")


@pytest.mark.parametrize("call_id", ["a/b", "..", "con", "通话%1", "x\udcff", "a" * 300, "#1"])
def test_any_call_id_gives_a_file_name_of_its_own(call_id: str) -> None:
    stem = call_stem(call_id)
    assert stem != call_id and stem == Path(stem).name and len(stem.encode()) < 200 and not set(stem) & set('<>:"/\\|?*%#')
