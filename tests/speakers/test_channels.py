"""Whose channel is whose."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audit.profile import Profile
from audit.records import Metadata
from audit.speakers import ChannelFinding, agent_channel

INBOUND = Metadata(call_id="x", direction="inbound")
ZH = ("您好,这里是客服中心,很高兴为您服务", "你好,我想问一下我的话费怎么这么多")
EN = ("Thank you for calling, how may I help you?", "Hi, I'm calling about a problem with my order.")


def find(
    metadata: Metadata = INBOUND, *, profile: Profile | None = None, option: int | None = None, **cues: Any
) -> ChannelFinding:
    return agent_channel(option=option, profile=profile or Profile(), metadata=metadata, **cues)


def test_the_option_wins_over_profile_record_and_words() -> None:
    told = find(replace(INBOUND, agent_channel=0), profile=Profile(agent_channel=0), option=1, texts=ZH)
    assert (told.channel, told.source, told.confidence) == (1, "option", 1.0)


def test_the_profile_wins_over_the_record_and_the_record_over_words() -> None:
    record = replace(INBOUND, agent_channel=1)
    assert find(record, profile=Profile(agent_channel=0), texts=ZH[::-1]).source == "profile"
    assert (find(record, texts=ZH).channel, find(record, texts=ZH).source) == (1, "metadata")


@pytest.mark.parametrize("texts", [ZH, EN], ids=["zh", "en"])
def test_service_phrases_tell_the_agent_and_swapping_the_legs_swaps_the_answer(texts: tuple[str, str]) -> None:
    one, other = find(texts=texts), find(texts=texts[::-1])
    assert (one.channel, one.source) == (0, "words")
    assert other.channel == 1
    assert one.confidence == other.confidence > 0.9
    assert one.reason


def test_who_gives_the_companys_name_is_the_agent_though_misheard() -> None:
    record = replace(INBOUND, variables={"company": "晨曦示例服务中心"})
    assert find(record, texts=("喂", "晨曦试例服务中心")).channel == 1


def test_who_gives_the_agents_name_is_the_agent() -> None:
    record = replace(INBOUND, agent_name="Lin Xiao")
    finding = find(record, texts=("Good morning.", "Lin Xiao speaking, good morning."))
    assert (finding.channel, finding.source) == (1, "words")


def test_a_strong_customer_cue_alone_is_enough() -> None:
    assert find(texts=("我要投诉,你们公司太差了", "嗯")).channel == 1


@pytest.mark.parametrize(
    ("cues", "direction", "expected"),
    [
        ({"hold_channels": [1]}, None, 1),
        ({"hold_channels": [0, 0, 1]}, None, 0),
        ({"ringing_channel": 1}, "inbound", 1),
        ({"ringing_channel": 1}, "outbound", 0),
        ({"first_speaker_channel": 1}, "inbound", 1),
        ({"first_speaker_channel": 1}, "outbound", 0),
        ({"first_speaker_channel": 0, "hold_channels": [1]}, "inbound", 1),
    ],
)
def test_sounds_tell_where_words_are_missing(cues: dict[str, Any], direction: str | None, expected: int) -> None:
    finding = find(replace(INBOUND, direction=direction), **cues)
    assert (finding.channel, finding.source) == (expected, "audio")
    assert 0.5 < finding.confidence < 1.0


def test_words_outweigh_sounds() -> None:
    finding = find(texts=ZH, first_speaker_channel=1, ringing_channel=1, hold_channels=[1])
    assert (finding.channel, finding.source) == (0, "words")


def test_ringing_alone_without_a_direction_tells_nothing() -> None:
    finding = find(replace(INBOUND, direction=None), ringing_channel=0)
    assert (finding.channel, finding.source, finding.confidence) == (None, "none", 0.5)


@pytest.mark.parametrize("texts", [("", ""), ("好的", "好的"), None], ids=["empty", "alike", "none"])
def test_without_evidence_no_channel_is_named(texts: tuple[str, str] | None) -> None:
    assert find(texts=texts).channel is None


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="0 or 1"):
        find(option=2)
    with pytest.raises(ValueError, match="1 texts"):
        find(texts=["x"])


def zh_calls(shared_dir: Path) -> list[dict[str, Any]]:
    lines = (shared_dir / "data" / "calls-zh" / "truth.jsonl").read_text("utf-8").splitlines()
    return [call for call in map(json.loads, lines) if call["layout"] == "stereo"]


def test_the_scripts_of_all_mandarin_stereo_calls_tell_the_agent(shared_dir: Path) -> None:
    calls = zh_calls(shared_dir)
    assert len(calls) == 12
    for call in calls:
        texts = [" ".join(call["agent_text"]), " ".join(call["customer_text"])]
        if call["agent_channel"] == 1:
            texts.reverse()
        finding = find(texts=texts)  # without the company's or the agent's name
        assert (finding.channel, finding.source) == (call["agent_channel"], "words"), call["call_id"]


def test_the_scripts_of_all_english_calls_tell_the_agent(shared_dir: Path) -> None:
    paths = sorted((shared_dir / "data" / "calls-en").glob("????????.txt"))
    assert len(paths) == 20
    for path in paths:
        lines = path.read_text("utf-8").splitlines()
        texts = [" ".join(x for x in lines if x.startswith(role)).replace(role, "") for role in ("Customer:", "Agent:")]
        assert find(texts=texts).channel == 1, path.name
