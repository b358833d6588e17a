"""Scorecards and team pages on paper: by the browser of this machine where there is one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from audit.errors import AuditError, UsageError
from audit.report import write_reports
from audit.report.exports.pdf import (
    BROWSER_ENV,
    MAX_CALLS_ON_PAPER,
    Browser,
    css_text,
    find_browser,
    for_paper,
    lacks_chinese_font,
    print_pages,
)
from audit.report.messages import load_messages
from tests.report.made_calls import BANDS, GENERATED_AT, call, write_recording


def scorecard(out: Path, n_calls: int, *, with_audio: bool = False) -> Path:
    made = [call(f"p-{i}", day=1 + i, score=60.0 + i) for i in range(n_calls)]
    if with_audio:
        recording = out.parent / "p.wav"
        made = [call("p-0", path=str(recording), sha256=write_recording(recording))]
    written = write_reports(out, made, lang="zh", failures=(), generated_at=GENERATED_AT, bands=BANDS, with_audio=with_audio)
    return written.scorecards["A101"]


@pytest.fixture
def browser() -> Browser:
    try:
        return find_browser()
    except UsageError as e:
        pytest.skip(e.message)


def script(path: Path, body: str) -> Browser:
    """A program in the place of a browser: ``$PDF`` is where it shall print."""
    path.write_text(f'#!/bin/sh\nfor a; do case "$a" in --print-to-pdf=*) PDF="${{a#*=}}";; esac; done\n{body}\n')
    path.chmod(0o755)
    return Browser(str(path))


def test_a_page_for_paper_has_no_sound_and_no_script(tmp_path: Path) -> None:
    page = scorecard(tmp_path / "out", 1, with_audio=True).read_text("utf-8")
    assert "data:audio" in page and "<script>" in page
    paper = for_paper(page, load_messages("zh"))
    assert "data:audio" not in paper and "<script>" not in paper
    assert 'counter(page) " / " counter(pages)' in paper and css_text("评分卡 · 林晓 (A101)") in paper


@pytest.mark.parametrize(("n", "hidden"), [(MAX_CALLS_ON_PAPER, False), (MAX_CALLS_ON_PAPER + 1, True)], ids=["few", "many"])
def test_only_few_calls_are_printed_in_full_and_the_sheet_says_where_the_others_are(
    tmp_path: Path, n: int, hidden: bool
) -> None:
    paper = for_paper(scorecard(tmp_path / "out", n).read_text("utf-8"), load_messages("zh"))
    assert (".call{display:none}" in paper) is hidden
    assert ("各通通话的详情和录音片段见网页版" in paper) is hidden


def test_a_title_cannot_leave_the_style_it_stands_in() -> None:
    assert css_text('</style><script>"') == r'"\3c \2f style\3e \3c script\3e \22 "'


def test_the_pdf_of_a_chinese_scorecard_holds_its_text_its_period_and_its_sheet_numbers(
    tmp_path: Path, browser: Browser
) -> None:
    reader = shutil.which("pdftotext")
    if reader is None:
        pytest.skip("pdftotext, which reads PDF back, is not installed: apt install poppler-utils")
    if lacks_chinese_font():
        pytest.skip("no font with Chinese is installed: apt install fonts-noto-cjk")
    page = scorecard(tmp_path / "out", 6)
    (pdf,) = print_pages({page: page.with_suffix(".pdf")}, browser, load_messages("zh"))
    text = subprocess.run([reader, "-layout", str(pdf), "-"], capture_output=True, text=True, check=True).stdout
    sheets = text.split("\f")[:-1]
    assert len(sheets) >= 2
    for words in ("林晓", "各部分得分", "优先辅导", "不说“喂”", "各通通话的详情和录音片段见网页版"):
        assert words in text, words
    for i, sheet in enumerate(sheets):
        assert "评分卡 · 林晓 (A101)" in sheet and "2026-11-01 至 2026-11-06" in sheet
        assert f"{i + 1}/{len(sheets)}" in sheet.replace(" ", "")
    assert [p.name for p in page.parent.iterdir() if p.name.startswith(".")] == []


@pytest.mark.parametrize(
    "body",
    ["echo no screen >&2; exit 1", 'printf "%%PDF-1.4 half" > "$PDF"; echo no screen', "echo no screen; true"],
    ids=["fails", "prints half", "prints nothing"],
)
def test_a_browser_that_prints_nothing_whole_is_an_error_and_the_old_pdf_stays(tmp_path: Path, body: str) -> None:
    page, target = tmp_path / "a.html", tmp_path / "a.pdf"
    page.write_text("<html><head><title>a</title></head></html>")
    target.write_text("old")
    with pytest.raises(AuditError, match="no screen") as failed:
        print_pages({page: target}, script(tmp_path / "browser", body), load_messages("en"))
    assert BROWSER_ENV in (failed.value.hint or "")
    assert target.read_text() == "old" and sorted(p.name for p in tmp_path.iterdir()) == ["a.html", "a.pdf", "browser"]


def test_a_browser_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.report.exports.pdf.PRINT_TIMEOUT_S", 0.5)
    page = tmp_path / "a.html"
    page.write_text("<html><head></head></html>")
    with pytest.raises(AuditError, match=r"longer than 0.5 s to print a\.html"):
        print_pages({page: tmp_path / "a.pdf"}, script(tmp_path / "browser", "exec sleep 60"), load_messages("en"))


def test_without_a_browser_the_next_step_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="none is on this machine") as refused:
        find_browser({"PATH": str(tmp_path)})
    assert "apt install chromium" in (refused.value.hint or "") and BROWSER_ENV in (refused.value.hint or "")
    with pytest.raises(UsageError, match="no such program"):
        find_browser({BROWSER_ENV: str(tmp_path / "none"), "PATH": str(tmp_path)})


def test_the_browser_named_by_the_environment_comes_first(tmp_path: Path) -> None:
    mine = script(tmp_path / "mine", "true")
    script(tmp_path / "chromium", "true")
    assert find_browser({BROWSER_ENV: mine.path, "PATH": str(tmp_path)}) == mine
    assert find_browser({"PATH": str(tmp_path)}).path == str(tmp_path / "chromium")
