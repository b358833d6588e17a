"""The written form of recognised text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.transcript.normalise import tidy, to_simplified


@pytest.mark.parametrize(
    ("raw", "written"),
    [
        pytest.param("請問您貴姓", "请问您贵姓", id="Traditional"),
        pytest.param("享受著涼風", "享受着凉风", id="著 for 着"),
        pytest.param("著名的名著", "著名的名著", id="著 that is meant"),
        pytest.param("您好,请问?", "您好，请问？", id="half-width marks"),
        pytest.param("好的 我 帮您查", "好的我帮您查", id="spaces"),
        pytest.param("一共 3.5 元.", "一共3.5元。", id="a decimal point is no full stop"),
        pytest.param("尾号8021,对吗", "尾号8021,对吗", id="a mark after digits stays as it is"),
        pytest.param("打开 Let It Go", "打开Let It Go", id="English inside Chinese keeps its own spaces"),
        pytest.param("", "", id="empty"),
    ],
)
def test_chinese_is_written_as_chinese(raw: str, written: str) -> None:
    assert tidy(raw, language="zh") == written


def test_english_is_left_as_it_was_but_for_spaces() -> None:
    assert tidy("  Hello,  how are you? ", language="en") == "Hello, how are you?"


@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x9FFF, exclude_categories=["Cs"])))
def test_simplifying_never_shifts_a_character(text: str) -> None:
    assert len(to_simplified(text)) == len(text)
