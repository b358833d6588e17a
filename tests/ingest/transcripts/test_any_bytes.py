"""Whatever a file holds, reading it gives a transcript with sound times or an error that names the file."""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from audit.errors import MetadataError
from audit.ingest import read_transcript
from tests.ingest.transcripts.test_read import SEGMENTS, analysis, call_analytics, deepgram, item, mark, vcon, world_format

CHANNELS = [{"channel_label": "ch_0", "items": [item(0, 1, "a"), mark("."), item(1, 2, "b")]}]
SEEDS: list[Any] = [
    SEGMENTS,
    {"segments": SEGMENTS, "language": "en"},
    call_analytics(),
    deepgram(2),
    world_format(),
    vcon(analysis(json.dumps(SEGMENTS), encoding="json"), analysis(world_format(), type="wtf_transcription")),
    {"results": {"transcripts": [], "channel_labels": {"channels": CHANNELS}}},
    {"language": "zh", "model": "base", "turns": [{"start_s": 0, "end_s": 1, "role": "agent", "text": "x", "words": []}]},
]
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**400), 10**400), st.floats(), st.text(max_size=5),
    st.builds(list), st.builds(dict), st.builds(lambda: [None]), st.just("NaN"), st.just("1e999"), st.builds(lambda: [{}]),
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """One of the formats with some of its values replaced."""
    data = json.loads(json.dumps(draw(st.sampled_from(SEEDS))))
    for _ in range(draw(st.integers(1, 3))):
        at: Any = data
        while True:
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(at[key], (dict, list)) and at[key] and draw(st.integers(0, 9)):
                at = at[key]
                continue
            at[key] = draw(ODD)
            break
    return data


def read(name: str, data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        try:
            turns = read_transcript(path, recording=Path("a.wav")).transcript.turns
        except MetadataError as e:
            assert name in e.message
            assert e.hint
            return
    assert turns
    for turn in turns:
        assert 0 <= turn.start_s < turn.end_s < math.inf
        assert turn.text
        assert all(turn.start_s <= w.start_s <= w.end_s <= turn.end_s and 0 <= w.confidence <= 1 for w in turn.words)
    assert list(turns) == sorted(turns, key=lambda t: (t.start_s, t.end_s))


@given(damaged())
@settings(max_examples=150, deadline=None)
def test_json_with_any_value_in_any_place(data: Any) -> None:
    read("a.json", json.dumps(data).encode())


@given(st.sampled_from(SEEDS), st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_json_that_is_cut_off(data: Any, share: float) -> None:
    whole = json.dumps(data).encode()
    read("a.json", whole[: int(share * len(whole))])


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_bytes(data: bytes) -> None:
    read("a.srt", data)


@given(
    st.lists(
        st.sampled_from(
            [
                "WEBVTT",
                "",
                "1",
                "00:00:01,000 --> 00:00:02,000",
                "00:01.5 --> 00:09.9 line:0",
                "<v Agent>x",
                "NOTE",
                "-->",
                "start,end,text",
                "1,2,x",
                '"',
                "Agent: x",
                "turn-1-2",
                "<v >",
                "&amp;",
            ]
        ),
        max_size=12,
    )
)
@settings(max_examples=200, deadline=None)
def test_any_lines(lines: list[str]) -> None:
    read("a.txt", "\n".join(lines).encode())
