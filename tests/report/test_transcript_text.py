"""The printed transcript: golden pages by hand, widths counted in columns."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len

from audit.report.folding import fold, joined_pieces, pieces
from audit.report.messages import load_messages
from audit.report.transcript_text import call_heading, to_text
from audit.words import Role, Transcript, Turn
from tests.cli.calls import spoken

EN, ZH = load_messages("en"), load_messages("zh")


def said(*turns: tuple[float, Role, str], language: str = "en") -> Transcript:
    return Transcript(language, "base", tuple(Turn(s, s + 1, role, text) for s, role, text in turns))


def test_agent_left_customer_right() -> None:
    transcript = said(
        (4.1, "agent", "Good morning. Thank you for calling Maple Harbor."),
        (9.0, "customer", "Hello."),
        (61.0, "ivr", "Please hold."),
    )
    assert to_text(transcript, EN, width=60) == (
        "      Agent                       Customer\n"
        "      ──────────────────────────  ──────────────────────────\n"
        "0:04  Good morning. Thank you\n"
        "      for calling Maple Harbor.\n"
        "0:09                              Hello.\n"
        "1:01  [Announcement] Please hold.\n"
    )


def test_a_chinese_character_takes_two_columns() -> None:
    transcript = said((0, "agent", "您好，请问有什么可以帮您？很高兴为您服务。"), (5, "customer", "我要退货。"), language="zh")
    assert to_text(transcript, ZH, width=60) == (
        "      坐席                        客户\n"
        "      ──────────────────────────  ──────────────────────────\n"
        "0:00  您好，请问有什么可以帮您？\n"
        "      很高兴为您服务。\n"
        "0:05                              我要退货。\n"
    )


def test_on_a_narrow_terminal_the_speaker_stands_before_the_words() -> None:
    transcript = said((0, "agent", "您好，请问有什么可以帮您？"), (3725, "customer", "退货"), language="zh")
    assert to_text(transcript, ZH, width=32) == (
        "   0:00  【坐席】您好，请问有什\n"
        "         么可以帮您？\n"
        "1:02:05  【客户】退货\n"
    )  # fmt: skip


def test_who_is_not_known_is_said_to_be_unknown() -> None:
    assert to_text(said((0, "unknown", "Hello.")), EN, width=80) == "0:00  [Speaker unknown] Hello.\n"


@pytest.mark.parametrize("width", [0, 32, 40, 59, 60, 61, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    text = "您好 this is 南山月家电 customer service, 请问有什么可以帮您？ " * 5
    transcript = said((0, "agent", text), (4000, "customer", text), (4001, "unknown", text))
    lines = to_text(transcript, EN, width=width).splitlines()
    assert max(map(cell_len, lines)) <= max(width, 32)


def test_without_turns_there_is_nothing() -> None:
    assert to_text(said(), EN) == ""


def test_the_heading_says_what_to_beware_of() -> None:
    record = spoken("c-1", [("agent", "您好"), ("customer", "你好")])
    record = replace(record, recording=replace(record.recording, warnings=("one channel is silent",)))
    first, second, third = call_heading(record, EN).splitlines()
    assert first.startswith("c-1 · ")
    assert second == "Chinese · model base · 100 % of the speech has words"
    assert third == "! one channel is silent"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Hi",
        "您好，请讲。",
        "尾号 8021 的 VIP 客户",
        "a  b",
        " x ",
        "“您好”（他说）",
        "supercalifragilistic",
        "价格是￥100，打 8.5 折。",
    ],
)
def test_pieces_together_are_the_text(text: str) -> None:
    parts = pieces(text)
    assert joined_pieces(parts) == text.rstrip(" ") or text.endswith(" ")
    for line in fold(parts, 8):
        assert not line.startswith(("，", "。", "）", "”"))
        assert not line.endswith(("（", "“", "￥"))
