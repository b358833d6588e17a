"""SRT and WebVTT as other programs write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.ingest import read_transcript

Said = list[tuple[float, float, str, str]]


def read(tmp_path: Path, name: str, text: str) -> Said:
    path = tmp_path / name
    path.write_bytes(text.encode("utf-8"))
    found = read_transcript(path)
    return [(t.start_s, t.end_s, t.role, t.text) for t in found.transcript.turns]


VTT = """WEBVTT - call 12
Kind: captions
Language: en

STYLE
::cue { color: white }

NOTE made by hand --> not a cue

1
00:01.000 --> 00:02.500 align:start position:10%
<v Agent>Good <b>morning</b>,
R&amp;D &lt;desk&gt;.</v>

00:00:03.000 --> 00:00:04.000
<v.loud Customer>Hi.

00:00:05.000 --> 00:00:06.000
<v Agent>One.</v> <v Customer>Two.</v>
"""


def test_vtt_voices_tags_entities_and_settings(tmp_path: Path) -> None:
    assert read(tmp_path, "a.vtt", VTT) == [
        (1.0, 2.5, "agent", "Good morning, R&D <desk>."),
        (3.0, 4.0, "customer", "Hi."),
        (5.0, 6.0, "agent", "One."),
        (5.0, 6.0, "customer", "Two."),
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
def test_srt_with_any_line_ends_and_points_for_commas(tmp_path: Path, newline: str) -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nAgent: Good\nmorning.\n\n2\n00:00:03.5 --> 00:00:04.25\n[Customer] Hi.\n"
    assert read(tmp_path, "a.srt", text.replace("\n", newline)) == [
        (1.0, 2.0, "agent", "Good morning."),
        (3.5, 4.25, "customer", "Hi."),
    ]


def test_srt_without_empty_lines_between_cues(tmp_path: Path) -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\n您好\n2\n00:00:03,000 --> 00:00:04,000\n你好\n"
    assert read(tmp_path, "a.srt", text) == [(1.0, 2.0, "unknown", "您好"), (3.0, 4.0, "unknown", "你好")]


@pytest.mark.parametrize(
    ("texts", "speakers"),
    [
        (["Lin: Hello", "Wang: Hi", "Lin: Bye", "Wang: Bye"], ["Lin", "Wang", "Lin", "Wang"]),
        (["Speaker 1: Hello", "Hi"], ["Speaker 1", None]),
        (["At 10:30 then", "Note this: it broke", "yes", "no"], [None, None, None, None]),
        (["【坐席】您好", "（客户）：你好"], ["坐席", "客户"]),
    ],
    ids=["names that come again", "numbered", "no labels", "brackets"],
)
def test_labels_are_told_from_text_with_a_colon(tmp_path: Path, texts: list[str], speakers: list[str | None]) -> None:
    cues = [f"{i + 1}\n00:00:{2 * i:02d},000 --> 00:00:{2 * i + 1:02d},000\n{t}\n" for i, t in enumerate(texts)]
    path = tmp_path / "a.srt"
    path.write_text("\n".join(cues), encoding="utf-8")
    found = read_transcript(path)
    assert list(found.speakers) == speakers
    if not any(speakers):
        assert [t.text for t in found.transcript.turns] == texts


def test_touching_cues_of_one_speaker_are_one_turn_and_those_without_a_speaker_are_not(tmp_path: Path) -> None:
    named = "1\n00:00:01,000 --> 00:00:02,000\nAgent: I will\n\n2\n00:00:02,000 --> 00:00:03,000\nAgent: look.\n"
    assert read(tmp_path, "a.srt", named) == [(1.0, 3.0, "agent", "I will look.")]
    bare = named.replace("Agent: ", "")
    assert read(tmp_path, "a.srt", bare) == [(1.0, 2.0, "unknown", "I will"), (2.0, 3.0, "unknown", "look.")]


def test_an_hour_that_has_passed(tmp_path: Path) -> None:
    text = "WEBVTT\n\n100:01:01.500 --> 100:01:02.000\nx\n"
    assert read(tmp_path, "a.vtt", text) == [(360061.5, 360062.0, "unknown", "x")]
