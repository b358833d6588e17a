"""What a new user meets with files, names and options that are not as they should be."""

from __future__ import annotations

import csv
import os
import wave
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from audit.cli import cli
from tests.cli.calls import write_call


def measure(*args: object) -> Result:
    done = CliRunner().invoke(cli, ["measure", *map(str, args), "--jobs", "0", "--lang", "en"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert "Traceback" not in done.output
    return done


def failures(out: Path) -> list[dict[str, str]]:
    with (out / "failures.csv").open(encoding="utf-8-sig", newline="") as f:
        return list(csv.DictReader(f))


def test_a_file_name_that_is_no_utf_8_is_audited_like_any_other(tmp_path):
    folder = tmp_path / "rec"
    name = write_call(folder / "c.wav")
    try:
        name.rename(folder / os.fsdecode(b"caf\xe9.wav"))
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    done = measure(folder, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert len(list((tmp_path / "out" / "calls").iterdir())) == 1
    assert measure(folder, "--out", tmp_path / "out").stdout.startswith("0 audited, 0 failed, 1 skipped")


def test_a_failure_names_its_file_once_and_the_next_step(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rec").mkdir()
    (tmp_path / "rec" / "empty.wav").write_bytes(b"")
    done = measure("rec", "--out", "out")
    assert done.stderr.count("rec/empty.wav") == 1
    assert "next: fetch it again from the recorder" in done.stderr


def test_a_file_name_cannot_command_the_terminal(tmp_path):
    (tmp_path / "rec").mkdir()
    (tmp_path / "rec" / "a\n\x1b[31mb.wav").write_bytes(b"")
    assert "a\\n\\x1b[31mb.wav: the file is empty" in measure(tmp_path / "rec", "--out", tmp_path / "out").stderr


def test_many_failures_are_counted_where_they_would_fill_the_screen(tmp_path):
    (tmp_path / "rec").mkdir()
    for i in range(25):
        (tmp_path / "rec" / f"e{i:02}.wav").write_bytes(b"")
    done = measure(tmp_path / "rec", "--out", tmp_path / "out")
    assert done.stderr.count("the file is empty") == 20
    assert f"and 5 more; all are in {tmp_path / 'out' / 'failures.csv'}" in done.stderr
    assert len(failures(tmp_path / "out")) == 25


def test_a_link_that_leads_nowhere_stands_in_the_list_of_failures(tmp_path):
    write_call(tmp_path / "rec" / "c-1.wav")
    (tmp_path / "rec" / "gone.wav").symlink_to("nowhere.wav")
    done = measure(tmp_path / "rec", "--out", tmp_path / "out")
    assert done.exit_code == 4
    (row,) = failures(tmp_path / "out")
    assert (row["stage"], row["severity"]) == ("discovery", "warning")
    assert "gone.wav: a link that leads nowhere" in row["message"] and row["next_step"]


def test_a_call_with_one_dead_leg_is_audited_and_listed(tmp_path):
    path = write_call(tmp_path / "rec" / "c-1.wav")
    with wave.open(str(path)) as f:
        legs = np.frombuffer(f.readframes(f.getnframes()), "<i2").reshape(-1, 2).copy()
    legs[:, 1] = 0
    with wave.open(str(path), "wb") as f:
        f.setparams((2, 2, 8000, 0, "NONE", ""))
        f.writeframes(legs.tobytes())
    done = measure(tmp_path / "rec", "--out", tmp_path / "out")
    assert done.exit_code == 0 and done.stdout.startswith("1 audited, 0 failed")
    (row,) = failures(tmp_path / "out")
    assert (row["call_id"], row["severity"]) == ("c-1", "warning")
    assert "one of its two channels is silent" in row["message"]


def test_an_unknown_tone_plan_is_refused_before_any_call_fails_by_it(tmp_path):
    write_call(tmp_path / "rec" / "c-1.wav")
    (tmp_path / "p.yml").write_text("tone_plan: cnn\n")
    done = measure(tmp_path / "rec", "--profile", tmp_path / "p.yml", "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "unknown tone_plan 'cnn'" in done.stderr and "did you mean 'cn'?" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_page_that_cannot_be_written_leaves_no_half_of_it(tmp_path):
    folder, out = write_call(tmp_path / "rec" / "c-1.wav").parent, tmp_path / "out"
    assert measure(folder, "--out", out).exit_code == 0
    (out / "index.html").unlink()
    (out / "index.html").mkdir()
    done = CliRunner().invoke(cli, ["report", str(out)])
    assert done.exit_code == 1
    assert "index.html" in done.stderr and "next: " in done.stderr
    assert list(out.rglob("*.part")) == []
