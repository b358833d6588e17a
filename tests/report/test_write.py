"""The files of a report, from made calls and a made recording."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path

import av
import numpy as np
import pytest

from audit.records import Evidence, Failure, Measured
from audit.report import ReportedCall, write_reports
from audit.report.clips import CLIP_MARGIN_S
from audit.report.messages import LANGUAGES, Lang, load_messages
from audit.words import Dropped, Uncovered
from tests.report.made_calls import (
    BANDS,
    GENERATED_AT,
    call,
    evaluation,
    measured_only,
    outcome,
    outcomes,
    second_hz,
    write_recording,
)

FAILURES = (Failure("zh-d09", "in/broken.mp3", "recording", "DamagedRecording", "ends at 12.1 s", "get the file again"),)
_VOID = {"meta", "br"}


@dataclass
class Page(HTMLParser):
    """A parsed page: its elements, their attributes, all text, and whether every element was closed."""

    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {k: v or "" for k, v in attrs}))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {k: v or "" for k, v in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.texts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.texts))

    def all(self, tag: str, **attributes: str) -> list[dict[str, str]]:
        wanted = {k.rstrip("_"): v for k, v in attributes.items()}
        return [a for t, a in self.elements if t == tag and all(v in a.get(k, "").split() for k, v in wanted.items())]


def parse(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text("utf-8"))
    page.close()
    assert page.open == [], f"{page.open} stay open"
    return page


def write(out: Path, calls: Sequence[ReportedCall], lang: Lang = "en", **options: object) -> dict[str, Path]:
    """Write a report and give the agents' pages."""
    settings: dict[str, object] = {"failures": (), "generated_at": GENERATED_AT, "bands": BANDS} | options
    return dict(write_reports(out, calls, lang=lang, **settings).scorecards)  # type: ignore[arg-type]


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))


def decode(uri: str) -> tuple[np.ndarray, int]:
    """The samples of a data URI with an MP3 in it."""
    with av.open(io.BytesIO(base64.b64decode(uri.removeprefix("data:audio/mpeg;base64,")))) as container:
        frames = [f.to_ndarray() for f in container.decode(audio=0)]
        return np.concatenate(frames, axis=1)[0], container.streams.audio[0].rate


@pytest.fixture
def recorded(tmp_path: Path) -> ReportedCall:
    """A call whose recording is there."""
    path = tmp_path / "zh-001.wav"
    return call(path=str(path), sha256=write_recording(path))


# --- pages ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_page_is_well_formed_and_says_its_language(tmp_path: Path, recorded: ReportedCall, lang: Lang) -> None:
    pages = write(tmp_path / "out", [recorded], lang, failures=FAILURES)
    for path in (tmp_path / "out" / "index.html", *pages.values()):
        page = parse(path)
        assert page.all("html")[0]["lang"] == {"zh": "zh-CN", "en": "en"}[lang]


def test_a_page_loads_nothing_from_outside_itself(tmp_path: Path, recorded: ReportedCall) -> None:
    pages = write(tmp_path / "out", [recorded], failures=FAILURES)
    for path in (tmp_path / "out" / "index.html", *pages.values()):
        text = re.sub(r"data:audio/mpeg;base64,[A-Za-z0-9+/=]+", "", path.read_text("utf-8"))
        assert not re.search(r"https?:|url\((?!#)|@import|//[a-z0-9-]+\.", text.replace("// Without", ""))
        for tag, attributes in parse(path).elements:
            assert tag not in ("link", "iframe", "object", "embed")
            assert "srcset" not in attributes
            assert attributes.get("src", "data:").startswith("data:"), tag


def test_links_of_the_pages_lead_to_files_and_places_that_exist(tmp_path: Path, recorded: ReportedCall) -> None:
    from urllib.parse import unquote

    named = replace(recorded, record=replace(recorded.record, metadata=replace(recorded.record.metadata, agent_id="陈 / 李")))
    pages = write(tmp_path / "out", [recorded, named])
    for path in (tmp_path / "out" / "index.html", *pages.values()):
        page = parse(path)
        ids = {a["id"] for _, a in page.elements if "id" in a}
        for link in page.all("a"):
            target, _, anchor = unquote(link["href"]).partition("#")
            assert (path.parent / target).exists() if target else anchor in ids, link


def test_ids_are_unique_on_a_page(tmp_path: Path, recorded: ReportedCall) -> None:
    (path,) = write(tmp_path / "out", [recorded, call("zh-002")]).values()
    ids = [a["id"] for _, a in parse(path).elements if "id" in a]
    assert len(ids) == len(set(ids))


def test_text_from_outside_cannot_become_markup(tmp_path: Path, recorded: ReportedCall) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    item = outcome("word.no-commands", "fail", (0, 4), (evil, evil), (evil, evil), clause=evil, suggestion=(evil, evil),
                   evidence=[Evidence(19.0, 20.0, "agent", evil, "exact", evil, 0.5, evil)])  # fmt: skip
    bad = call(evil, recorded.record.recording.path, agent_id=evil, agent_name=evil, items=[item])
    (path,) = write(tmp_path / "out", [bad], failures=[Failure(evil, evil, evil, evil, evil, evil)]).values()
    scripts_of_ours = {path: 1, tmp_path / "out" / "index.html": 0}
    for written, n in scripts_of_ours.items():
        page = parse(written)
        assert len(page.all("script")) == n
        assert page.all("img") == []
        assert "<script>alert(1)</script>" in page.text


def test_the_only_script_is_the_one_the_policy_names(tmp_path: Path, recorded: ReportedCall) -> None:
    import hashlib

    (path,) = write(tmp_path / "out", [recorded]).values()
    text = path.read_text("utf-8")
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    policy = next(a["content"] for a in parse(path).all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy


# --- listening ------------------------------------------------------------------------------------
def outcome_sections(path: Path) -> list[str]:
    return re.findall(r'<section class="outcome.*?</section>', path.read_text("utf-8"), re.DOTALL)


def test_every_failed_criterion_has_a_player_or_plays_one_of_the_page(tmp_path: Path, recorded: ReportedCall) -> None:
    (path,) = write(tmp_path / "out", [recorded]).values()
    sections = outcome_sections(path)
    assert len(sections) == sum(o.outcome == "fail" for o in outcomes())
    held = {a["id"] for a in parse(path).all("audio")}
    for section in sections:
        asked = re.findall(r'<audio id="([^"]+)"|<a class="play screen" href="#([^"]+)"', section)
        assert asked
        assert {a or b for a, b in asked} <= held


def test_a_clip_starts_two_seconds_before_the_evidence(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    sha = write_recording(path)
    item = outcome("open.no-wei", "fail", (0, 2), ("喂", "wei"), evidence=[Evidence(40.0, 41.0, "agent", "喂", "exact")])
    (page_path,) = write(tmp_path / "out", [call(path=str(path), sha256=sha, items=[item])]).values()
    (audio,) = parse(page_path).all("audio")
    samples, rate_hz = decode(audio["src"])
    assert len(samples) / rate_hz == pytest.approx(1 + 2 * CLIP_MARGIN_S, abs=0.2)  # MP3 pads to whole frames of 72 ms
    for second in range(5):  # the tone in the middle of each second says which second of the recording it is
        middle = samples[round((second + 0.3) * rate_hz) : round((second + 0.8) * rate_hz)]
        peak_hz = np.argmax(np.abs(np.fft.rfft(middle * np.hanning(len(middle)), rate_hz))) * 1.0
        assert peak_hz == pytest.approx(second_hz(38 + second), abs=3)


def test_no_sound_is_embedded_twice(tmp_path: Path, recorded: ReportedCall) -> None:
    (path,) = write(tmp_path / "out", [recorded]).values()
    sources = [a["src"] for a in parse(path).all("audio")]
    assert sources
    assert len(sources) == len(set(sources))


@pytest.mark.parametrize("change", ["gone", "changed", "text"])
def test_without_its_recording_a_failure_names_the_time_and_the_file(
    tmp_path: Path, recorded: ReportedCall, change: str
) -> None:
    recording = Path(recorded.record.recording.path)
    if change == "gone":
        recording.unlink()
    else:
        recording.write_bytes(b"another recording" if change == "changed" else recording.read_bytes()[:-100])
    (path,) = write(tmp_path / "out", [recorded]).values()
    assert parse(path).all("audio") == []
    for section in outcome_sections(path):
        assert recording.name in section
        assert re.search(r"\d:\d\d\.\d", section)
    assert ("no longer at its place" if change == "gone" else "not the one that was audited") in parse(path).text


def test_without_sound_asked_for_times_are_printed(tmp_path: Path, recorded: ReportedCall) -> None:
    (path,) = write(tmp_path / "out", [recorded], with_audio=False).values()
    page = parse(path)
    assert page.all("audio") == []
    assert "Listen at 0:19.0–0:19.9" in page.text


# --- numbers on the pages -------------------------------------------------------------------------
def test_an_agent_without_a_scored_call_has_no_score_and_not_a_zero(tmp_path: Path) -> None:
    nothing = call("b", score=None, items=[outcome("open.greet", "not_evaluable", None, ("问候", "Greets"))])
    (path,) = write(tmp_path / "out", [measured_only(call("a")), nothing]).values()
    page = parse(path)
    assert page.all("svg", class_="dial")[0]["aria-label"] == "— out of 100"
    assert page.all("circle", class_="dial-front") == []
    assert "No call of this agent could be scored." in page.text
    (row,) = rows(tmp_path / "out" / "agents.csv")
    assert (row["score"], row["n_calls"], row["n_scored_calls"]) == ("", "2", "0")
    assert json.loads(path.with_suffix(".json").read_text("utf-8"))["score"] is None


def test_a_section_without_points_shows_a_dash(tmp_path: Path) -> None:
    greet = outcome("open.greet", "pass", (4, 4), ("问候", "Greets"))
    (path,) = write(tmp_path / "out", [call(items=[greet], score=100.0)]).values()
    labels = [a["aria-label"] for a in parse(path).all("span", class_="bar")]
    assert "Closing —" in labels
    assert "Opening 100.0" in labels


def test_a_critical_failure_is_named_at_the_head_of_page_and_call(tmp_path: Path) -> None:
    (path,) = write(tmp_path / "out", [call("a"), call("b", rude=True)]).values()
    text = parse(path).text
    assert "Critical failure in 1 of 2 calls." in text
    assert "Critical failure: No abuse. The score of this call is 0." in text


def test_the_words_that_failed_are_marked_in_the_transcript(tmp_path: Path) -> None:
    (path,) = write(tmp_path / "out", [call()]).values()
    marked = re.findall(r"<mark[^>]*>(.*?)</mark>", path.read_text("utf-8"))
    assert marked == ["喂", "你是谁", "你电话是多少", "你等着"]


def test_heard_and_taken_for_are_both_shown_where_they_differ(tmp_path: Path) -> None:
    (path,) = write(tmp_path / "out", [call()], "zh").values()
    assert "识别为“你电话是多小”" in parse(path).text


def test_a_missing_ring_is_a_dash_with_its_reason(tmp_path: Path) -> None:
    made = call()
    timeline = replace(made.record.timeline, ring_s=Measured(None, reason="the recording begins at the answer"))
    (path,) = write(tmp_path / "out", [replace(made, record=replace(made.record, timeline=timeline))]).values()
    assert "Ringing—the recording begins at the answer" in parse(path).text


def test_a_long_list_of_calls_shows_the_worst_in_full_and_lists_all(tmp_path: Path) -> None:
    from audit.report.agent_page import MAX_CALLS_SHOWN, MAX_OF_MANY_SHOWN

    item = outcome("open.greet", "pass", (4, 4), ("问候", "Greets"))
    calls = [call(f"c{i:03}", score=float(i), items=[item]) for i in range(MAX_CALLS_SHOWN + 5)]
    (path,) = write(tmp_path / "out", calls).values()
    page = parse(path)
    assert len(page.all("article", class_="call")) == MAX_OF_MANY_SHOWN
    assert "Call c000" in page.text
    assert "Call c064" not in page.text
    assert "c064" in page.text
    assert f"The {MAX_OF_MANY_SHOWN} calls with the lowest scores" in page.text


# --- the batch ------------------------------------------------------------------------------------
@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_empty_batch_still_gives_an_overview_and_tables(tmp_path: Path, lang: Lang) -> None:
    assert write(tmp_path / "out", [], lang) == {}
    assert load_messages(lang)("agents.none") in parse(tmp_path / "out" / "index.html").text
    for name in ("agents.csv", "calls.csv", "failures.csv"):
        assert rows(tmp_path / "out" / name) == []


def test_agents_are_listed_best_first_and_those_without_a_score_last(tmp_path: Path) -> None:
    made = [
        call("a", agent_id="A1", agent_name=None, score=50.0),
        call("b", agent_id="A2", agent_name=None, score=90.0),
        measured_only(call("c", agent_id="A0", agent_name=None)),
    ]
    write(tmp_path / "out", made)
    text = (tmp_path / "out" / "index.html").read_text("utf-8")
    assert re.findall(r'href="scorecards/(\w+)\.html"', text) == ["A2", "A1", "A0"]


def test_failures_are_listed_with_what_to_do_next(tmp_path: Path) -> None:
    write(tmp_path / "out", [], "zh", failures=FAILURES)
    text = parse(tmp_path / "out" / "index.html").text
    assert "损坏或被截短" in text
    assert "get the file again" in text
    (row,) = rows(tmp_path / "out" / "failures.csv")
    assert row == {
        "recording_path": "in/broken.mp3", "call_id": "zh-d09", "severity": "failure", "stage": "recording",
        "error": "DamagedRecording", "message": "ends at 12.1 s",
        "next_step": "get the file again",
    }  # fmt: skip


def test_calls_without_an_agent_share_a_page_named_unassigned(tmp_path: Path) -> None:
    pages = write(tmp_path / "out", [call("a", agent_id=None, agent_name=None), call("b", agent_id=" ", agent_name="")])
    assert {k: p.name for k, p in pages.items()} == {"": "unassigned.html"}


def test_agents_whose_names_would_share_a_file_get_two(tmp_path: Path) -> None:
    pages = write(tmp_path / "out", [call("a", agent_id="a/b"), call("b", agent_id="a_b"), call("c", agent_id="A_B")])
    assert len({p.name.casefold() for p in pages.values()}) == 3
    assert pages["A_B"].name == "A_B.html"
    assert all(p.parent == tmp_path / "out" / "scorecards" and p.is_file() for p in pages.values())


def test_only_the_asked_agents_get_a_new_page_and_the_overview_keeps_all(tmp_path: Path) -> None:
    made = [call("a", agent_id="A1"), call("b", agent_id="A2")]
    assert list(write(tmp_path / "out", made, agents={"A2"})) == ["A2"]
    assert not (tmp_path / "out" / "scorecards" / "A1.html").exists()
    assert [r["agent_id"] for r in rows(tmp_path / "out" / "agents.csv")] == ["A1", "A2"]
    assert [r["page"] for r in rows(tmp_path / "out" / "agents.csv")] == ["", "scorecards/A2.html"]


def test_nothing_but_the_report_stays_in_the_folder(tmp_path: Path) -> None:
    write(tmp_path / "out", [call()])
    names = sorted(p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*") if p.is_file())
    assert names == [
        "agents.csv", "call-pages/zh-001.html", "calls.csv", "failures.csv", "index.html",
        "scorecards/A101.csv", "scorecards/A101.html", "scorecards/A101.json", "team.html",
    ]  # fmt: skip
    assert not list((tmp_path / "out").glob(".report-*"))


def test_a_page_that_cannot_be_made_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path,) = write(tmp_path / "out", [call()]).values()
    before = path.read_bytes()
    with pytest.raises(AttributeError):
        write(tmp_path / "out", [replace(call(), evaluation=replace(evaluation(), outcomes=(None,)))])  # type: ignore[arg-type]
    assert path.read_bytes() == before


# --- tables ---------------------------------------------------------------------------------------
def test_tables_open_in_a_spreadsheet_as_utf_8(tmp_path: Path) -> None:
    write(tmp_path / "out", [call()], failures=FAILURES)
    for path in [*(tmp_path / "out").glob("*.csv"), *(tmp_path / "out").glob("scorecards/*.csv")]:
        assert path.read_bytes().startswith(b"\xef\xbb\xbf")
        assert b"\r\n" in path.read_bytes()
    assert rows(tmp_path / "out" / "agents.csv")[0]["agent_name"] == "林晓"


def test_a_row_of_calls_csv_says_what_was_measured_and_leaves_the_rest_empty(tmp_path: Path) -> None:
    write(tmp_path / "out", [call()])
    (row,) = rows(tmp_path / "out" / "calls.csv")
    expected = {
        "call_id": "zh-001", "agent_id": "A101", "started_at": "2026-11-16T09:12:00+08:00", "duration_s": "100",
        "ring_s": "9", "ring_source": "cdr", "n_rings": "2", "hold_s": "25", "hold_count": "1", "longest_hold_s": "25",
        "dead_air_s": "8", "hangup_by": "customer", "score": "41.2", "critical_failed": "false", "n_fail": "5",
        "n_not_applicable": "1", "n_not_evaluable": "1", "agent_speech_rate_cpm": "212", "customer_speech_rate_wpm": "",
        "failed_criteria": "open.greet open.no-wei word.impolite-table talk.hold-ask talk.hold-max",
    }  # fmt: skip
    assert {k: row[k] for k in expected} == expected


def test_scorecard_json_and_csv_carry_the_same_numbers(tmp_path: Path) -> None:
    (path,) = write(tmp_path / "out", [call("a", score=40.0), call("b", score=60.0)]).values()
    data = json.loads(path.with_suffix(".json").read_text("utf-8"))
    table = rows(path.with_suffix(".csv"))
    assert data["schema"] == "callaudit.scorecard/1"
    assert (data["score"], data["n_scored_calls"]) == (50.0, 2)
    assert (table[0]["level"], table[0]["score"], table[0]["n_calls"]) == ("agent", "50", "2")
    assert [s["id"] for s in data["sections"]] == [r["id"] for r in table if r["level"] == "section"]
    greet = next(r for r in table if r["id"] == "open.greet")
    assert (greet["n_fail"], greet["points_lost"], greet["pass_ratio"]) == ("2", "8", "0")
    assert data["coaching"][0] == "word.impolite-table"


def test_a_call_held_against_nothing_has_no_counts_and_nothing_that_passed(tmp_path: Path) -> None:
    (path,) = write(tmp_path / "out", [measured_only(call())]).values()
    page = parse(path)
    assert "Nothing failed" not in page.text
    assert "No criterion was evaluated." in page.text
    (row,) = re.findall(r'<td data-label="Failed">(.*?)</td>', path.read_text("utf-8"))
    assert row == "—"
    (line,) = rows(tmp_path / "out" / "calls.csv")
    assert (line["n_pass"], line["n_fail"], line["score"]) == ("", "", "")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_speech_without_words_and_text_not_believed_are_told_under_the_transcript(
    tmp_path: Path, recorded: ReportedCall, lang: Lang
) -> None:
    assert recorded.record.transcript is not None
    told = replace(
        recorded.record.transcript,
        uncovered=(Uncovered(62.0, 64.5, "customer", "no_words"),),
        dropped=(Dropped("repetition", 1, 7),),
    )
    made = replace(recorded, record=replace(recorded.record, transcript=told))
    (path,) = write(tmp_path / "out", [made], lang).values()
    text = path.read_text("utf-8")
    assert {"en": "Speech without words, to be listened to, at 1:02.", "zh": "请听录音：1:02。"}[lang] in text
    assert {"en": "Words written and not believed: 7.", "zh": "7 个"}[lang] in text


@pytest.mark.parametrize("told_apart", [True, False], ids=["told apart", "nobody named"])
def test_one_channel_is_a_reason_for_no_verdict_only_where_nobody_is_named(
    tmp_path: Path, recorded: ReportedCall, told_apart: bool
) -> None:
    mono = replace(recorded.record.recording, layout="mono", n_channels=1, agent_channel=None)
    speech = recorded.record.speech if told_apart else {"unknown": recorded.record.speech["agent"]}
    made = replace(recorded, record=replace(recorded.record, recording=mono, speech=speech))
    (path,) = write(tmp_path / "out", [made]).values()
    assert ("who speaks is not known" in path.read_text("utf-8")) is not told_apart
