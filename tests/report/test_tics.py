"""A habit of words is found against the others, and can be heard."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audit.digests import digest_call
from audit.report import ReportedCall
from audit.report.rates import Fillers, add_fillers
from audit.report.scorecard import summarise_agent
from audit.report.tics import tic_calls, tics_of
from audit.report.together import summarise_batch
from audit.words import Transcript, Turn
from tests.report.made_calls import call, write_recording
from tests.report.test_write import parse, write


def spoken(call_id: str, agent: str, n_said: int, recording: Path | None = None, sha256: str = "00" * 32) -> ReportedCall:
    """A call of twenty turns of ten characters, in `n_said` of which a filler is said."""
    texts = ["反正这样办的话就行了吧" if i < n_said else "我马上帮您查询这个月的" for i in range(20)]
    turns = tuple(Turn(2.0 * i, 2.0 * i + 1, "agent", text, 0.9, ()) for i, text in enumerate(texts))
    made = call(call_id, str(recording or "nowhere.wav"), sha256, agent_id=agent, agent_name=None)
    return ReportedCall(replace(made.record, transcript=Transcript("zh", "base", turns, 0.97)), made.evaluation)


def archive(n_said: int, **recorded) -> list[ReportedCall]:
    return [spoken(f"{a}{i}", a, n_said if a == "A" else 1, **recorded) for a in "ABCD" for i in range(4)]


def found_of(calls: list[ReportedCall], agent: str):
    groups = {a: [digest_call(c.record, c.evaluation) for c in calls if c.record.metadata.agent_id == a] for a in "ABCD"}
    summaries = {a: summarise_agent(a, its, {}, {}) for a, its in groups.items()}
    return tics_of(summaries[agent].fillers, summarise_batch(summaries.values(), ())), groups[agent]


def test_what_one_agent_says_far_more_often_than_the_others_is_found_with_its_rates() -> None:
    (tic,), calls = found_of(archive(10), "A")
    assert (tic.word, tic.n) == ("反正", 40)
    assert tic.rate == pytest.approx(1000 * 40 / (4 * 20 * 11))
    assert tic.others_rate == pytest.approx(1000 * 12 / (3 * 4 * 20 * 11))
    assert tic_calls((tic,), calls)["反正"] == ("A0", "A1")


def test_a_word_that_all_say_as_often_is_no_habit() -> None:
    assert found_of(archive(1), "A")[0] == ()
    assert found_of(archive(10), "B")[0] == ()


def test_of_agents_who_differ_by_chance_alone_hardly_any_has_a_habit() -> None:
    rng = np.random.default_rng(4)
    n_found = 0
    rates = {"那个": 0.004, "然后": 0.01, "其实": 0.002, "可能": 0.001}
    for _ in range(20):
        agents = [Fillers({w: int(rng.poisson(8000 * r)) for w, r in rates.items()}, 8000) for _ in range(20)]
        batch = replace(summarise_batch((), ()), fillers=add_fillers(agents))
        n_found += sum(len(tics_of(a, batch)) for a in agents)
    assert n_found <= 2  # of 1,600 words


def test_the_page_plays_the_place_and_leads_to_its_call(tmp_path: Path) -> None:
    recording = tmp_path / "a.wav"
    sha256 = write_recording(recording, 42.0)
    pages = write(tmp_path / "out", archive(10, recording=recording, sha256=sha256))
    page = parse(pages["A"])
    assert "“反正”" in page.text
    assert "40 times" in page.text
    section = pages["A"].read_text("utf-8").partition('<section id="tics">')[2].partition("</section>")[0]
    assert "0:00.0–0:01.0" in section
    assert 'href="../call-pages/A0.html"' in section
    assert "<audio" in section or 'class="play' in section
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    assert "None beyond chance" in parse(pages["B"]).text


def test_alone_an_agent_is_held_against_nobody(tmp_path: Path) -> None:
    pages = write(tmp_path / "out", [spoken("a", "A", 10)], with_audio=False)
    assert 'id="tics"' not in pages["A"].read_text("utf-8")
