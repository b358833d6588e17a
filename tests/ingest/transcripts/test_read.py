"""Transcripts made elsewhere: each format by its own specification, written out by hand here."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from audit.errors import MetadataError
from audit.ingest import read_transcript
from audit.words import Turn, Word

Said = list[tuple[float, float, str, str]]


def said(turns: tuple[Turn, ...]) -> Said:
    return [(t.start_s, t.end_s, t.role, t.text) for t in turns]


def write(path: Path, data: Any) -> Path:
    path.write_text(data if isinstance(data, str) else json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return path


# --- Amazon ---------------------------------------------------------------------------------------
def call_analytics() -> dict[str, Any]:
    """As the developer guide shows post-call output, cut down; one item lacks nothing, the mark has no times."""
    items = [
        {"Id": "1", "BeginOffsetMillis": 1200, "EndOffsetMillis": 1500, "Confidence": "0.98", "Content": "Good"},
        {"Id": "2", "BeginOffsetMillis": 1500, "EndOffsetMillis": 2100, "Confidence": "1.0", "Content": "morning"},
        {"Content": ".", "Confidence": "0.0", "Type": "punctuation"},
    ]
    return {
        "JobStatus": "COMPLETED",
        "LanguageCode": "en-US",
        "Participants": [{"ParticipantRole": "AGENT"}, {"ParticipantRole": "CUSTOMER"}],
        "Transcript": [
            {
                "LoudnessScores": [79.1], "Content": "Good morning.", "Items": items, "Id": "a", "Sentiment": "NEUTRAL",
                "BeginOffsetMillis": 1200, "EndOffsetMillis": 2100, "ParticipantRole": "AGENT",
            },
            {
                "Content": "Hi, it is broken.", "Items": [], "Id": "b", "Sentiment": "NEGATIVE",
                "BeginOffsetMillis": 2600, "EndOffsetMillis": 4000, "ParticipantRole": "CUSTOMER",
            },
        ],
    }  # fmt: skip


def test_call_analytics_gives_roles_turns_and_the_words_that_have_times(tmp_path: Path) -> None:
    found = read_transcript(write(tmp_path / "job.json", call_analytics()))
    assert found.kind == "amazon-call-analytics"
    assert found.transcript.model == "imported:amazon-call-analytics"
    assert found.transcript.language == "en"
    assert said(found.transcript.turns) == [
        (1.2, 2.1, "agent", "Good morning."),
        (2.6, 4.0, "customer", "Hi, it is broken."),
    ]
    assert found.transcript.turns[0].words == (Word(1.2, 1.5, "Good", 0.98), Word(1.5, 2.1, "morning.", 1.0))
    assert found.transcript.turns[1].words == ()
    assert found.transcript.turns[1].confidence is None


def test_contact_lens_names_the_participant_by_its_id(tmp_path: Path) -> None:
    data = {
        "LanguageCode": "zh-CN",
        "Participants": [
            {"ParticipantId": "p1", "ParticipantRole": "AGENT"},
            {"ParticipantId": "p2", "ParticipantRole": "CUSTOMER"},
        ],
        "Transcript": [
            {"BeginOffsetMillis": 0, "EndOffsetMillis": 900, "Content": "您好。", "ParticipantId": "p1"},
            {"BeginOffsetMillis": 1000, "EndOffsetMillis": 1900, "Content": "冰箱坏了。", "ParticipantId": "p2"},
        ],
    }
    found = read_transcript(write(tmp_path / "lens.json", data))
    assert said(found.transcript.turns) == [(0, 0.9, "agent", "您好。"), (1, 1.9, "customer", "冰箱坏了。")]
    assert found.transcript.language == "zh"


def item(start: float, end: float, content: str, **more: str) -> dict[str, Any]:
    alternatives = [{"confidence": "0.9", "content": content}]
    return {"start_time": str(start), "end_time": str(end), "type": "pronunciation", "alternatives": alternatives, **more}


def mark(content: str) -> dict[str, Any]:
    return {"type": "punctuation", "alternatives": [{"confidence": "0.0", "content": content}]}


def test_amazon_transcribe_by_channel_ends_a_turn_at_a_pause(tmp_path: Path) -> None:
    left = [
        item(0.5, 0.8, "Good"),
        item(0.8, 1.1, "day"),
        mark(","),
        item(1.2, 1.6, "Ann"),
        mark("?"),
        item(6, 6.4, "Fine"),
        mark("."),
    ]
    right = [item(2.0, 2.3, "Hi"), mark("."), item(2.4, 2.9, "Hello")]
    channels = [{"channel_label": "ch_0", "items": left}, {"channel_label": "ch_1", "items": right}]
    data = {"results": {"transcripts": [{"transcript": "…"}], "channel_labels": {"channels": channels}}}
    found = read_transcript(write(tmp_path / "t.json", data))
    assert found.kind == "amazon-transcribe"
    assert said(found.transcript.turns) == [
        (0.5, 1.6, "unknown", "Good day, Ann?"),
        (2.0, 2.9, "unknown", "Hi. Hello"),
        (6.0, 6.4, "unknown", "Fine."),
    ]
    assert found.speakers == ("ch_0", "ch_1", "ch_0")


@pytest.mark.parametrize("newer", [True, False], ids=["labels on the items", "labels beside the items"])
def test_amazon_transcribe_by_speaker(tmp_path: Path, newer: bool) -> None:
    label = {"speaker_label": "spk_0"}, {"speaker_label": "spk_1"}
    words = [(0.0, 0.4, "请"), (0.4, 0.8, "讲"), (1.5, 2.0, "我"), (2.0, 2.4, "退货")]
    who = [0, 0, 1, 1]
    items = [item(*w, **(label[k] if newer else {})) for w, k in zip(words, who, strict=True)]
    items.insert(2, mark("。"))
    said_by = [{"start_time": str(w[0]), "speaker_label": f"spk_{k}"} for w, k in zip(words, who, strict=True)]
    segments = [{"speaker_label": f"spk_{k}", "items": said_by[2 * k : 2 * k + 2]} for k in (0, 1)]
    results = {"language_code": "zh-CN", "transcripts": [{}], "items": items, "speaker_labels": {"segments": segments}}
    found = read_transcript(write(tmp_path / "t.json", {"results": results}))
    assert said(found.transcript.turns) == [(0.0, 0.8, "unknown", "请讲。"), (1.5, 2.4, "unknown", "我退货")]
    assert found.speakers == ("spk_0", "spk_1")
    assert found.transcript.language == "zh"


# --- segments -------------------------------------------------------------------------------------
HI = {"word": " Hi.", "start": 2.3, "end": 2.9, "probability": 0.7}
SEGMENTS = [
    {"start": 0.66, "end": 1.9, "text": " Thank you for calling.", "speaker": "SPEAKER_00"},
    {"start": 2.2, "end": 3.0, "text": " Hi.", "speaker": "SPEAKER_01", "words": [HI]},
]


@pytest.mark.parametrize("data", [SEGMENTS, {"segments": SEGMENTS, "language": "english"}], ids=["a list", "whisper"])
def test_whisper_and_its_kin(tmp_path: Path, data: Any) -> None:
    found = read_transcript(write(tmp_path / "w.json", data))
    assert said(found.transcript.turns) == [(0.66, 1.9, "unknown", "Thank you for calling."), (2.2, 3.0, "unknown", "Hi.")]
    assert found.transcript.turns[1].words == (Word(2.3, 2.9, "Hi.", 0.7),)
    assert found.transcript.language == "en"


def test_words_without_confidence_are_not_given_one(tmp_path: Path) -> None:
    words = [{"word": "Hi", "start": 2.3, "end": 2.9}]
    found = read_transcript(write(tmp_path / "w.json", [{"start": 2, "end": 3, "text": "Hi", "words": words}]))
    assert found.transcript.turns == (Turn(2, 3, "unknown", "Hi"),)


def deepgram(n_channels: int) -> dict[str, Any]:
    def word(text: str, start: float, speaker: int) -> dict[str, Any]:
        out = {"word": text.strip(".").lower(), "punctuated_word": text, "start": start, "end": start + 0.4, "confidence": 0.8}
        return out if n_channels > 1 else {**out, "speaker": speaker}

    left, right = [word("Good", 0.0, 0), word("morning.", 0.5, 0)], [word("Hello.", 1.5, 1)]
    channels = [left, right] if n_channels > 1 else [[*left, *right]]
    return {"results": {"channels": [{"alternatives": [{"transcript": "…", "words": w}]} for w in channels]}}


@pytest.mark.parametrize("n_channels", [1, 2])
def test_deepgram_by_speaker_and_by_channel(tmp_path: Path, n_channels: int) -> None:
    found = read_transcript(write(tmp_path / "d.json", deepgram(n_channels)))
    assert found.kind == "deepgram"
    assert [(t.start_s, t.end_s, t.text) for t in found.transcript.turns] == [(0.0, 0.9, "Good morning."), (1.5, 1.9, "Hello.")]
    assert found.speakers == (("0", "1") if n_channels == 1 else ("ch_0", "ch_1"))


def world_format() -> dict[str, Any]:
    """By draft-howe-vcon-wtf-extension: segments, words apart from them, speakers with labels."""
    return {
        "transcript": {"text": "…", "language": "en-US", "duration": 3.0, "confidence": 0.9},
        "segments": [
            {"id": 0, "start": 0.0, "end": 1.2, "text": "Good morning.", "confidence": 0.96, "speaker": 0},
            {"id": 1, "start": 1.5, "end": 2.0, "text": "Hello.", "confidence": 0.94, "speaker": 1},
        ],
        "words": [
            {"id": 0, "start": 0.0, "end": 0.5, "text": "Good", "confidence": 0.98, "speaker": 0, "is_punctuation": False},
            {"id": 1, "start": 0.5, "end": 1.2, "text": "morning", "confidence": 0.9, "speaker": 0, "is_punctuation": False},
            {"id": 2, "start": 1.2, "end": 1.2, "text": ".", "confidence": 0.9, "speaker": 0, "is_punctuation": True},
            {"id": 3, "start": 1.5, "end": 2.0, "text": "Hello.", "confidence": 0.8, "speaker": 1, "is_punctuation": False},
        ],
        "speakers": {"0": {"id": 0, "label": "Agent"}, "1": {"id": 1, "label": "Customer"}},
        "metadata": {"provider": "acme", "model": "acme-2"},
    }


def test_the_world_transcription_format(tmp_path: Path) -> None:
    found = read_transcript(write(tmp_path / "w.wtf.json", world_format()))
    assert found.transcript.model == "imported:wtf:acme-2"
    assert said(found.transcript.turns) == [(0.0, 1.2, "agent", "Good morning."), (1.5, 2.0, "customer", "Hello.")]
    assert [w.text for w in found.transcript.turns[0].words] == ["Good", "morning."]
    assert found.transcript.turns[1].words == (Word(1.5, 2.0, "Hello.", 0.8),)


# --- vCon -----------------------------------------------------------------------------------------
def vcon(*analysis: dict[str, Any]) -> dict[str, Any]:
    parties = [{"tel": "+8613900001001", "role": "customer"}, {"name": "Lin", "meta": {"role": "agent"}}]
    dialog = [
        {"type": "recording", "start": "2026-11-16T01:40:00Z", "parties": [0, 1], "filename": n} for n in ("a.wav", "b.wav")
    ]
    return {
        "vcon": "0.0.1",
        "uuid": "u",
        "created_at": "2026-11-16T01:40:00Z",
        "parties": parties,
        "dialog": dialog,
        "analysis": list(analysis),
    }


def analysis(body: Any, **more: Any) -> dict[str, Any]:
    return {"type": "transcript", "dialog": 0, "vendor": "acme", "encoding": "none", "body": body, **more}


def as_base64(body: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(body).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("one", "kind"),
    [
        (analysis(world_format(), type="wtf_transcription"), "vcon-wtf"),
        (analysis(json.dumps(deepgram(1)), encoding="json"), "vcon-deepgram"),
        (analysis(deepgram(1)["results"]["channels"][0]["alternatives"][0]), "vcon-deepgram"),
        (analysis({"text": "…", "segments": SEGMENTS}), "vcon-segments"),
        (analysis(as_base64(SEGMENTS), encoding="base64url"), "vcon-segments"),
    ],
    ids=["wtf", "deepgram as text", "a deepgram alternative", "whisper", "base64url"],
)
def test_a_vcon_of_any_vendor(tmp_path: Path, one: dict[str, Any], kind: str) -> None:
    found = read_transcript(write(tmp_path / "c.vcon.json", vcon({"type": "summary", "body": "…"}, one)))
    assert found.kind == kind
    assert len(found.transcript.turns) == 2


def test_a_segment_of_a_vcon_that_names_a_party_has_its_role(tmp_path: Path) -> None:
    body = [{"start": 0, "end": 1, "text": "您好", "party": 1}, {"start": 1, "end": 2, "text": "你好", "party": 0}]
    found = read_transcript(write(tmp_path / "c.vcon.json", vcon(analysis(body))))
    assert [t.role for t in found.transcript.turns] == ["agent", "customer"]


def test_segments_that_begin_at_a_moment_are_put_into_the_recordings_time(tmp_path: Path) -> None:
    """The form of the core draft's own example: moments, durations and ``parties``."""
    body = [{"parties": 1, "start": "2026-11-16T01:40:01.200000+00:00", "duration": 2.5, "text": "Good morning."}]
    found = read_transcript(write(tmp_path / "c.vcon.json", vcon(analysis(body))))
    assert said(found.transcript.turns) == [(1.2, 3.7, "agent", "Good morning.")]


def test_the_analysis_of_the_recordings_own_dialog_is_taken(tmp_path: Path) -> None:
    one, two = ([{"start": 0, "end": 1, "text": word}] for word in ("first", "second"))
    path = write(tmp_path / "c.vcon.json", vcon(analysis(one), analysis(two, dialog=[1])))
    assert read_transcript(path, recording=Path("x/b.wav")).transcript.turns[0].text == "second"
    assert read_transcript(path, recording=Path("x/a.wav")).transcript.turns[0].text == "first"


def test_a_vcon_whose_transcript_has_no_times_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MetadataError, match="text without times"):
        read_transcript(write(tmp_path / "c.vcon.json", vcon(analysis("Good morning. Hello."))))
    with pytest.raises(MetadataError, match="holds no transcript"):
        read_transcript(write(tmp_path / "c.vcon.json", vcon()))


# --- tables ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    [
        "start,end,speaker,text\n0.5,1.5,Agent,Good morning.\n2,3,Customer,\"Hi, there.\"\n",
        "start_ms;end_ms;role;text\n500;1500;agent;Good morning.\n2000;3000;customer;Hi, there.\n",
        "Start_Time\tDuration\tParticipant\tContent\n0:00.5\t1\tAGENT\tGood morning.\n0:00:02\t1\tCUSTOMER\tHi, there.\n",
        "开始,结束,角色,文本\n0.5,1.5,坐席,Good morning.\n2.0,3.0,客户,\"Hi, there.\"\n",
    ],
    ids=["seconds", "milliseconds", "clock and duration", "Chinese"],
)  # fmt: skip
def test_tables(tmp_path: Path, text: str) -> None:
    found = read_transcript(write(tmp_path / "t.csv", text))
    assert found.kind == "csv"
    assert said(found.transcript.turns) == [(0.5, 1.5, "agent", "Good morning."), (2.0, 3.0, "customer", "Hi, there.")]


def test_a_row_without_an_end_ends_where_the_next_begins_and_the_last_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "start,end,text\n1,,一\n3,4,二\n")
    assert [t.end_s for t in read_transcript(path).transcript.turns] == [3.0, 4.0]
    with pytest.raises(MetadataError, match="row 3 has no time"):
        read_transcript(write(path, "start,text\n1,一\n3,二\n"))


def test_a_column_that_is_missing_is_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(MetadataError, match="no column for the text") as e:
        read_transcript(write(tmp_path / "t.csv", "start,end,texts\n1,2,x\n"))
    assert "did you mean 'texts'" in str(e.value)


# --- what is wrong with a file --------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.json", b"", "empty"),
        ("a.json", b" \n\t", "empty"),
        ("a.vtt", b"\xef\xbb\xbf", "empty"),
        ("a.json", json.dumps(call_analytics()).encode()[:300], "not whole JSON"),
        ("a.json", b"[" * 100_000, "not whole JSON"),
        ("a.json", b'{"a": 1}', "no transcript that is known"),
        ("a.json", b'[{"start": 0, "end": 1, "text": " "}]', "holds no words"),
        ("a.json", b'[{"start": -1, "end": 1, "text": "x"}]', "segment 1 begins at -1 s"),
        ("a.json", b'[{"start": 3, "end": 1, "text": "x"}]', "ends at 1 s, before it begins"),
        ("a.json", b'[{"start": 0, "end": NaN, "text": "x"}]', "segment 1 has no time"),
        ("a.json", b'[{"start": 0, "end": 1, "text": "x"}, {"text": "y"}]', "segment 2 has no time"),
        ("a.json", b'[{"start": 0, "end": 1e999, "text": "x"}]', "segment 1 has no time"),
        ("a.wav", b"RIFF\x24\x08\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\xff\xff\xff\xff\xff", "neither UTF-8"),
        ("a.srt", b"1\n00:00:01,000 --> 12\nx\n\n2\n00:00:01,000 --> 00:00:02,000\ny\n", ":2: "),
        ("a.txt", "会议纪要".encode(), "no transcript that is known"),
        ("a.csv", b"start,text\nnoon,x\n", "row 2: start"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_named_with_what_to_do(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(MetadataError) as e:
        read_transcript(path)
    assert message in e.value.message
    assert name in e.value.message
    assert e.value.hint


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MetadataError, match=r"none\.srt: cannot read"):
        read_transcript(tmp_path / "none.srt")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gbk", "gb18030"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    text = "1\n00:00:01,000 --> 00:00:02,500\n坐席：您好，请问有什么可以帮您？\n"
    path = tmp_path / "t.srt"
    path.write_bytes(text.encode(encoding))
    found = read_transcript(path)
    assert said(found.transcript.turns) == [(1.0, 2.5, "agent", "您好，请问有什么可以帮您？")]
    assert found.transcript.language == "zh"


def test_turns_in_any_order_are_sorted_and_the_language_may_be_given(tmp_path: Path) -> None:
    data = [{"start": 5, "end": 6, "text": "OK"}, {"start": 1, "end": 2, "text": "OK"}]
    found = read_transcript(write(tmp_path / "t.json", data), language="zh")
    assert [t.start_s for t in found.transcript.turns] == [1, 5]
    assert found.transcript.language == "zh"
