"""SRT and WebVTT: files written out by hand, limits of the screen, and the way back."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from audit.ingest import read_transcript
from audit.report.messages import load_messages
from audit.report.subtitles import LINE_COLUMNS, MAX_CUE_MS, MAX_LINES, cues_of, to_srt, to_vtt
from audit.words import Role, Transcript, Turn, Word

EN, ZH = load_messages("en"), load_messages("zh")


def spoken(role: Role, start_s: float, *words: str, each_s: float = 0.4) -> Turn:
    """A turn whose words follow each other at once."""
    timed = tuple(Word(start_s + i * each_s, start_s + (i + 1) * each_s, w, 0.9) for i, w in enumerate(words))
    glue = "" if any("\u4e00" <= c <= "\u9fff" for w in words for c in w) else " "
    return Turn(start_s, timed[-1].end_s, role, glue.join(words), 0.9, timed)


SHORT = Transcript(
    "en",
    "base",
    (
        Turn(1.0, 2.5, "agent", "Good morning, R&D <desk>."),
        Turn(2.25, 3.0, "customer", "Hi."),
        Turn(3661.0, 3662.0, "unknown", "Bye."),
    ),
)


def test_srt_to_the_letter() -> None:
    assert to_srt(SHORT, EN) == (
        "1\n00:00:01,000 --> 00:00:02,500\nAgent: Good morning, R&D <desk>.\n\n"
        "2\n00:00:02,250 --> 00:00:03,000\nCustomer: Hi.\n\n"
        "3\n01:01:01,000 --> 01:01:02,000\nSpeaker unknown: Bye.\n"
    )


def test_vtt_to_the_letter() -> None:
    assert to_vtt(SHORT, EN) == (
        "WEBVTT\n\nNOTE\nlanguage: en\nmodel: base\n\n"
        "turn-1\n00:00:01.000 --> 00:00:02.500\n<v Agent>Good morning, R&amp;D &lt;desk&gt;.\n\n"
        "turn-2\n00:00:02.250 --> 00:00:03.000\n<v Customer>Hi.\n\n"
        "turn-3\n01:01:01.000 --> 01:01:02.000\n<v Speaker unknown>Bye.\n"
    )


def test_chinese_speakers_and_line_ends() -> None:
    text = "您好，这里是南山月家电客户服务中心，请问有什么可以帮您？"
    found = to_srt(Transcript("zh", "base", (Turn(0, 4, "agent", text),)), ZH)
    assert found == "1\n00:00:00,000 --> 00:00:04,000\n坐席：您好，这里是南山月家电客户服务中心，\n请问有什么可以帮您？\n"


def test_a_long_turn_is_cut_at_the_times_of_its_words() -> None:
    turn = spoken("agent", 10.0, *[f"word{i}" for i in range(30)])
    cues = cues_of(Transcript("en", "base", (turn,)))
    assert len(cues) > 1
    begins = {round(w.start_s * 1000) for w in turn.words}
    assert all(c.start_ms in begins for c in cues)
    assert [c.end_ms for c in cues] == [*(c.start_ms for c in cues[1:]), 22000]
    assert " ".join(" ".join(c.lines) for c in cues) == turn.text


def test_a_cut_is_made_where_a_clause_ends() -> None:
    words = ["well"] * 9 + ["yes,"] + ["then"] * 12
    cues = cues_of(Transcript("en", "base", (spoken("agent", 0.0, *words),)))
    assert cues[0].lines[-1].endswith("yes,")


def test_a_long_pause_within_a_turn_is_not_shown() -> None:
    turn = Turn(0.0, 21.0, "agent", "One two", 0.9, (Word(0.0, 1.0, "One", 0.9), Word(20.0, 21.0, "two", 0.9)))
    cues = cues_of(Transcript("en", "base", (turn,)))
    assert [(c.start_ms, c.end_ms) for c in cues] == [(0, 7000), (20000, 21000)]


@pytest.mark.parametrize("end_s", [5.0, 5.0004, 5.003])
def test_a_turn_of_no_length_still_has_a_cue(end_s: float) -> None:
    turn = Turn(5.0, end_s, "agent", "很" * 200)
    cues = cues_of(Transcript("zh", "base", (turn,)))
    assert all(c.end_ms > c.start_ms for c in cues)
    assert "".join("".join(c.lines) for c in cues) == turn.text


# --- the way back ---------------------------------------------------------------------------------
_latin = st.text("abcdefghijklmnopqrstuvwxyzé'", min_size=1, max_size=12)
_han = st.text("您好请问有什么可以帮到的冰箱坏了", min_size=1, max_size=4)
_mark = st.sampled_from(["", "", "", ",", ".", "?"])
_wide_mark = st.sampled_from(["", "", "", "，", "。", "？"])


@st.composite
def turns(draw: st.DrawFn, *, language: str) -> tuple[Turn, ...]:
    """Turns as the recogniser makes them: a role's turns follow each other, its pauses within one are short."""
    found: list[Turn] = []
    for role in ("agent", "customer", "unknown"):
        at_ms = draw(st.integers(0, 3000))
        for _ in range(draw(st.integers(0, 3))):
            words: list[Word] = []
            for _ in range(draw(st.integers(1, 25))):
                end_ms = at_ms + draw(st.integers(0, 900))
                text = draw(_han) + draw(_wide_mark) if language == "zh" else draw(_latin) + draw(_mark)
                words.append(Word(at_ms / 1000, end_ms / 1000, text, 0.5))
                at_ms = end_ms + draw(st.integers(0, 900))
            text = ("" if language == "zh" else " ").join(w.text for w in words)
            timed = draw(st.booleans())
            end_s = max(words[-1].end_s, words[0].start_s + 0.05)
            found.append(Turn(words[0].start_s, end_s, role, text, None, tuple(words) if timed else ()))
            at_ms = round(end_s * 1000) + draw(st.integers(0, 2000))
    return tuple(sorted(found, key=lambda t: (t.start_s, t.end_s)))


@pytest.mark.parametrize("language", ["zh", "en"])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_turns_survive_the_way_through_subtitles(language: str, data: st.DataObject) -> None:
    transcript = Transcript(language, "base", data.draw(turns(language=language)))
    if not transcript.turns:
        return
    with tempfile.TemporaryDirectory() as folder:
        for write, messages, suffix in ((to_srt, EN, "srt"), (to_srt, ZH, "srt"), (to_vtt, EN, "vtt"), (to_vtt, ZH, "vtt")):
            path = Path(folder) / f"a.{suffix}"
            path.write_text(write(transcript, messages), encoding="utf-8")
            found = read_transcript(path)
            said = sorted((t.start_s, t.role, t.text) for t in found.transcript.turns)
            assert said == sorted((t.start_s, t.role, t.text) for t in transcript.turns)
            by_start = {(t.start_s, t.role): t.end_s for t in found.transcript.turns}
            for t in transcript.turns:
                # SubRip gives up a millisecond where one speaker's turns touch; no line here is shorter than 10 ms.
                assert by_start[t.start_s, t.role] == pytest.approx(t.end_s, abs=0.0101)
            if suffix == "vtt":
                assert found.transcript.language == language
                assert found.transcript.model == "imported:vtt:base"


@pytest.mark.parametrize("language", ["zh", "en"])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_cues_fit_the_screen_and_follow_each_other(language: str, data: st.DataObject) -> None:
    transcript = Transcript(language, "base", data.draw(turns(language=language)))
    cues = cues_of(transcript)
    assert all(a.start_ms <= b.start_ms for a, b in pairwise(cues))
    for cue in cues:
        assert cue.end_ms - cue.start_ms > 0
        assert cue.end_ms - cue.start_ms <= MAX_CUE_MS
        assert len(cue.lines) <= MAX_LINES
        assert all(cell_len(line) <= LINE_COLUMNS for line in cue.lines)
