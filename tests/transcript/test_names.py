"""Names by their sound: written as they are spelt where they were said, and nowhere else."""

from __future__ import annotations

import pytest

from audit.transcript.names import respell
from audit.words import Word

NAMES = ("晨星电信客户服务中心", "林晓", "吴倩")


def heard(text: str, confidence: float = 0.9) -> list[Word]:
    return [Word(float(i), i + 0.5, c, confidence) for i, c in enumerate(text)]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        pytest.param("这里是陈星电信客户服务中心", "这里是晨星电信客户服务中心", id="the whole name"),
        pytest.param("乘新电信的套餐", "晨星电信的套餐", id="a part of it, fuzzily"),
        pytest.param("陳星電信", "晨星电信", id="in Traditional characters"),
        pytest.param("这里是晨星店信客户服务中心", "这里是晨星电信客户服务中心", id="a tone apart"),
        pytest.param("晨新定信客户服务中心", "晨星电信客户服务中心", id="one syllable nearly alike"),
        pytest.param("陈先生电信客户", "陈先生电信客户", id="not alike where it matters"),
        pytest.param("陈先生您好", "陈先生您好", id="a person who is called almost so"),
        pytest.param("那家新电信的", "那家新电信的", id="three syllables from inside a name"),
        pytest.param("打电信客服", "打电信客服", id="common words of the name as they are"),
        pytest.param("很高兴为您服务，我是林小", "很高兴为您服务，我是林晓", id="an agent introduces herself"),
        pytest.param("我是林小姐的朋友", "我是林小姐的朋友", id="a form of address"),
        pytest.param("他说他无钱付款", "他说他无钱付款", id="words that sound like a name"),
        pytest.param("晨星电信", "晨星电信", id="right as it is"),
        pytest.param("Let it go", "Let it go", id="English"),
        pytest.param("", "", id="no words"),
    ],
)
def test_a_name_is_written_as_it_is_spelt_where_it_was_said(text: str, written: str) -> None:
    assert "".join(w.text for w in respell(heard(text), NAMES)) == written


def test_a_short_name_is_believed_where_the_model_was_unsure() -> None:
    assert "".join(w.text for w in respell(heard("找无欠", 0.3), NAMES)) == "找吴倩"


def test_a_number_is_no_name_however_unsure_the_model_was() -> None:
    assert "".join(w.text for w in respell(heard("三五千五", 0.2), NAMES)) == "三五千五"


def test_times_and_confidence_stay_what_was_heard() -> None:
    words = heard("陈星电信", 0.4)
    assert [(w.start_s, w.end_s, w.confidence) for w in respell(words, NAMES)] == [(w.start_s, w.end_s, 0.4) for w in words]


def test_without_names_nothing_changes() -> None:
    assert respell(heard("陈星电信"), ()) == tuple(heard("陈星电信"))
