"""Both languages say everything, and every key is used."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import audit.errors
import audit.report
from audit.report.messages import LANGUAGES, load_messages
from audit.report.scorecard import SHOWN_MEASURES

#: Keys put together from a verdict, a role, an error's name and so on.
MADE_FROM_DATA = (
    "verdict.", "role.", "direction.", "by.", "source.", "strip.", "measure.", "failure.", "evidence.how_", "player.",
    "timeline.hold.", "timeline.tone.", "timeline.cut_in.", "transcript.language_", "compare.", "method.",
    "sheet.gone", "sheet.changed", "sheet.muted", "sheet.not_asked", "redact.",
    "review.", "chain.", "around.", "tic.",
)  # fmt: skip
FOLDER = Path(audit.report.__file__).parent


def names(text: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field}


def test_each_key_stands_in_both_languages_with_the_same_names() -> None:
    zh, en = load_messages("zh").texts, load_messages("en").texts
    assert zh.keys() == en.keys()
    assert {k: names(zh[k]) for k in zh} == {k: names(en[k]) for k in en}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_message_is_empty(lang: str) -> None:
    assert all(text.strip() for text in load_messages(lang).texts.values())  # type: ignore[arg-type]


def test_the_chinese_pages_are_in_chinese() -> None:
    latin_only = {k for k, v in load_messages("zh").texts.items() if not re.search(r"[\u4e00-\u9fff]", v)}
    figures = {
        "html_lang", "none", "scorecard_used", "evidence.lost", "evidence.at", "list_separator", "measure.summary",
        "section.weakest_short", "measure.active_level_dbfs.unit", "measure.f0_median_hz.unit",
        "measure.talk_share_ratio.unit", "timeline.says", "timeline.stop", "timeline.from_source",
        "transcript.speaker", "sheet.place", "reviewed.because", "reviewed.with_remark", "review.because",
    }  # fmt: skip
    assert latin_only <= figures


def test_every_message_is_used_and_every_used_message_exists() -> None:
    sources = [p.read_text("utf-8") for p in (*FOLDER.rglob("*.py"), *FOLDER.glob("templates/*.html"))]
    text = "\n".join(sources)
    keys = set(load_messages("en").texts)
    plain = set(re.findall(r"""(?:(?<!load_)messages|\bt)\(\s*['"]([a-z0-9_.]+)['"]\s*[,)]""", text))
    for either in re.findall(r"""messages\(\s*"([a-z_.]+)" if [\w.]+ else "([a-z_.]+)"\s*\)""", text):
        plain |= set(either)
    counted = {f"{k}.{n}" for k in re.findall(r"""messages\.count\(\s*['"]([a-z0-9_.]+)['"]""", text) for n in ("one", "other")}
    assert plain | counted <= keys, "a page would fail"
    assert {k for k in keys - plain - counted if not k.startswith(MADE_FROM_DATA)} == set()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_shown_measures_and_known_errors_have_words(lang: str) -> None:
    texts = load_messages(lang).texts  # type: ignore[arg-type]
    for name in SHOWN_MEASURES:
        assert {f"measure.{name}.{part}" for part in ("label", "unit", "definition")} <= texts.keys()
    for error in (audit.errors.UnreadableRecording, audit.errors.DamagedRecording, audit.errors.DuplicateCall):
        assert f"failure.{error.__name__}" in texts


def test_another_language_is_refused() -> None:
    with pytest.raises(ValueError, match="zh or en"):
        load_messages("fr")  # type: ignore[arg-type]
