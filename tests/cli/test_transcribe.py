"""``callaudit transcribe``: from a stored call and from other transcripts without a model, from a recording with one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from audit.audio import read_audio
from audit.batch import write_json
from audit.cli import cli
from audit.contract import call_to_json
from audit.ingest import find_transcript
from tests.cli.calls import spoken
from tests.pipeline.test_sample_calls import wav

LINES = [("agent", "您好，请问有什么可以帮您？"), ("customer", "我要退货。")]


def transcribe(*args: object) -> Result:
    done = CliRunner().invoke(cli, ["transcribe", *map(str, args)], env={"COLUMNS": "80", "LANG": "en"})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    path = tmp_path / "calls" / "c-1.json"
    path.parent.mkdir()
    write_json(path, call_to_json(spoken("c-1", LINES)))
    return path


def test_a_stored_call_is_printed_without_audio_or_model(stored: Path) -> None:
    done = transcribe(stored, "--model", "/nowhere", "--lang", "zh")
    assert done.exit_code == 0, done.output
    assert "0:00  您好，请问有什么可以帮您？\n" in done.stdout
    assert "0:02" + " " * 40 + "我要退货。\n" in done.stdout
    assert "坐席" in done.stdout


@pytest.mark.parametrize("form", ["srt", "vtt", "json", "vcon"])
def test_each_form_is_found_again_beside_its_recording(stored: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    done = transcribe(stored, "--format", form, "--out", out)
    assert done.exit_code == 0, done.output
    (made,) = out.iterdir()
    recording = json.loads(stored.read_text("utf-8"))["recording"]["path"]
    assert find_transcript(Path(recording), out) == made
    again = transcribe(made)
    assert again.exit_code == 0, again.output
    assert all(text in again.stdout for _, text in LINES)


def test_one_form_becomes_another(tmp_path: Path) -> None:
    table = tmp_path / "call.csv"
    table.write_text("start,end,speaker,text\n1,2.5,坐席,您好\n", encoding="gbk")
    done = transcribe(table, "--format", "srt")
    assert done.stdout == "1\n00:00:01,000 --> 00:00:02,500\nAgent: 您好\n"


def test_several_files_go_to_a_folder_and_one_that_is_bad_does_not_stop_the_rest(stored: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.srt"
    bad.write_text("", encoding="utf-8")
    out = tmp_path / "new"
    done = transcribe(bad, stored, "--format", "vtt", "--out", out)
    assert done.exit_code == 4
    assert "bad.srt: the file is empty" in done.stderr
    assert len(list(out.glob("*.vtt"))) == 1


@pytest.mark.parametrize(
    ("args", "said", "code"),
    [
        (["{folder}"], "is a folder", 2),
        (["{stored}", "{stored}", "--format", "srt"], "cannot all be printed", 2),
        (["{stored}", "{stored}", "--out", "{folder}"], "would both be written", 2),
        (["{stored}", "--out", "{folder}/none/x.txt"], "cannot be written", 2),
        (["{folder}/none.wav"], "none.wav", 1),
        (["{folder}/none.json"], "cannot read the transcript", 1),
        (["{measured}"], "measured without recognising speech", 1),
        (["{table}", "--format", "vcon"], "makes no vCon", 1),
        (["{cut}"], "not a whole call", 1),
    ],
)
def test_what_is_wrong_is_said_with_the_next_step(stored: Path, tmp_path: Path, args: list[str], said: str, code: int) -> None:
    measured, table, cut = tmp_path / "m.json", tmp_path / "t.csv", tmp_path / "cut.json"
    data = call_to_json(spoken("c-2", LINES))
    write_json(measured, {**data, "transcript": None})
    write_json(cut, {"schema": data["schema"], "call_id": "c"})
    table.write_text("start,end,text\n1,2,x\n", encoding="utf-8")
    names = {"folder": tmp_path, "stored": stored, "measured": measured, "table": table, "cut": cut}
    done = transcribe(*(a.format(**names) for a in args))
    assert done.exit_code == code, done.output
    assert said in done.stderr
    assert "next: " in done.stderr


def test_a_recording_is_transcribed(samples_dir: Path, model_dir: Path, tmp_path: Path) -> None:
    opening = read_audio(samples_dir / "zh-01.mp3").read(0.0, 22.0)
    known = ("--cdr", samples_dir / "cdr.csv", "--profile", samples_dir / "profile.yml")
    done = transcribe(wav(tmp_path / "zh-01.wav", opening), *known, "--lang", "en")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("zh-01 · 2026-11-16 09:40")
    assert ["Agent", "Customer"] in [line.split() for line in done.stdout.splitlines()]
    assert "上个星期" in "".join(done.stdout.split())
