"""The file of a night: what it says, every fault at once, and the window it names."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from audit.errors import UsageError
from audit.nightly import Mail, Retention, end_of_window, in_order, is_busy, load_config

SHANGHAI = ZoneInfo("Asia/Shanghai")


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "nightly.yml"
    path.write_text(text, "utf-8")
    return path


def test_paths_start_at_the_files_folder(tmp_path):
    found = load_config(written(tmp_path, "recordings: [rec, /srv/more]\nout: audit\n"))
    assert found.recordings == (tmp_path / "rec", Path("/srv/more"))
    assert found.out == tmp_path / "audit"


def test_every_key_is_read(tmp_path):
    text = """
recordings: rec
out: out
window: "22:00-06:30"
order: riskiest
max_load: 4
nice: 10
lang: zh
mail: {to: [a@example.com, b@example.com], sender: c@example.com, server: mail, port: 2525, tls: starttls, user: c}
retention: {audio_days: 90, archive: old, transcripts_days: 365}
"""
    found = load_config(written(tmp_path, text))
    assert found.window == (22 * 60, 6 * 60 + 30)
    assert found.mail == Mail(("a@example.com", "b@example.com"), "c@example.com", "mail", 2525, "starttls", "c")
    assert found.retention == Retention(90, 365, tmp_path / "old")
    assert (found.order, found.max_load, found.nice, found.lang) == ("riskiest", 4, 10, "zh")


def test_all_faults_are_named_at_once(tmp_path):
    text = 'recording: [rec]\nout: out\nwindow: "26:00-06:00"\norder: best\njobs: many\n'
    text += "retention: {audio_days: 0}\nmail: {to: [x]}\n"
    with pytest.raises(UsageError) as caught:
        load_config(written(tmp_path, text))
    for part in (
        "did you mean recordings?",
        "recordings is missing",
        "26:00",
        "'best' is none of",
        "'many'",
        "audio_days",
        "mail: needs",
    ):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("text", "what"),
    [("- a\n", "holds no keys"), ("a: [", "not YAML"), ("a: &a [*a]", "unknown key")],
    ids=["list", "broken", "cycle"],
)
def test_a_file_that_is_no_configuration_is_refused(tmp_path, text, what):
    with pytest.raises(UsageError, match=what):
        load_config(written(tmp_path, text))


@pytest.mark.parametrize(
    ("window", "now", "end"),
    [
        ((22 * 60, 6 * 60), "2026-03-01T23:30", "2026-03-02T06:00"),
        ((22 * 60, 6 * 60), "2026-03-02T05:59", "2026-03-02T06:00"),
        ((60, 300), "2026-03-02T01:00", "2026-03-02T05:00"),
        ((22 * 60, 0), "2026-03-01T22:00", "2026-03-02T00:00"),
    ],
    ids=["before-midnight", "after-midnight", "within-a-day", "to-midnight"],
)
def test_a_window_ends_when_the_clock_on_the_wall_says(window, now, end):
    found = end_of_window(window, datetime.fromisoformat(now).replace(tzinfo=SHANGHAI), SHANGHAI)
    assert found == datetime.fromisoformat(end).replace(tzinfo=SHANGHAI)


def test_outside_the_window_is_wrong_usage():
    with pytest.raises(UsageError, match="outside the window 22:00-06:00"):
        end_of_window((22 * 60, 6 * 60), datetime(2026, 3, 1, 12, tzinfo=SHANGHAI), SHANGHAI)


def test_the_riskiest_agents_come_first_and_the_unknown_in_the_middle(tmp_path):
    import os

    paths = [tmp_path / f"{n}.wav" for n in "abcd"]
    for i, p in enumerate(paths):
        p.write_text("")
        os.utime(p, (1000 + i, 1000 + i))
    a, b, c, d = paths
    agents = {a: "good", b: "bad", c: None, d: "good"}
    scores = {"good": 95.0, "bad": 40.0, "other": 70.0}
    assert in_order(paths, "newest", agents={}, mean_scores={}) == (d, c, b, a)
    assert in_order(paths, "oldest", agents={}, mean_scores={}) == (a, b, c, d)
    assert in_order(paths, "riskiest", agents=agents, mean_scores=scores) == (b, c, d, a)
    assert in_order(paths, "riskiest", agents=agents, mean_scores={}) == (d, c, b, a)


def test_a_machine_is_busy_above_its_limit(monkeypatch):
    monkeypatch.setattr("os.getloadavg", lambda: (3.5, 0.0, 0.0))
    assert (is_busy(None), is_busy(4.0), is_busy(3.0)) == (False, False, True)
