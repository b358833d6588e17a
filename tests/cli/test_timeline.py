"""``callaudit timeline``: a sample call as a picture, and what is said when there is none."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from audit.cli import cli
from tests.cli.calls import write_call

SVG = "{http://www.w3.org/2000/svg}"


def timeline(*args: object) -> Result:
    done = CliRunner().invoke(cli, ["timeline", *map(str, args)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def marks(path: Path, kind: str) -> list[tuple[float, float]]:
    root = ElementTree.fromstring(path.read_text("utf-8"))
    found = [g for g in root.iter(f"{SVG}g") if g.get("data-kind") == kind]
    return [(float(g.attrib["data-start-s"]), float(g.attrib["data-end-s"])) for g in found]


def test_a_sample_call_is_drawn_as_it_was_composed(samples_dir: Path, tmp_path: Path) -> None:
    composed = (samples_dir / "truth.jsonl").read_text("utf-8").splitlines()
    truth = next(t for line in composed if (t := json.loads(line))["call_id"] == "zh-01")
    out = tmp_path / "zh-01.svg"
    known = ("--cdr", samples_dir / "cdr.csv", "--profile", samples_dir / "profile.yml")
    done = timeline(samples_dir / "zh-01.mp3", *known, "--lang", "zh", "--out", out)
    assert done.exit_code == 0, done.output
    assert done.output == f"请打开 {out}\n"
    assert len(marks(out, "ring")) == truth["n_rings"]
    (hold,) = marks(out, "hold")
    assert hold == pytest.approx((truth["holds"][0]["start_s"], truth["holds"][0]["end_s"]), abs=0.5)
    ((answer, _),) = marks(out, "answer")
    assert truth["answer_earliest_s"] - 0.2 <= answer <= truth["answer_latest_s"] + 0.2
    picture = out.read_text("utf-8")
    assert "振铃 2 声" in picture
    assert "客户挂机" in picture
    assert re.search(r'class="pitch agent" d="M', picture)
    assert picture.count("clip-path=") == 2, "the sound of both legs, in colour where it is speech"


def test_the_width_and_the_agents_channel_are_taken_from_the_command(tmp_path: Path) -> None:
    call = write_call(tmp_path / "call.wav")
    out = tmp_path / "call.svg"
    done = timeline(call, "--agent-channel", "1", "--width", "390", "--lang", "en", "--out", out)
    assert done.exit_code == 0, done.output
    root = ElementTree.fromstring(out.read_text("utf-8"))
    assert root.get("width") == "390"
    (agent,), (customer,) = marks(out, "agent"), marks(out, "customer")
    assert customer[0] < 1 < 2 < agent[0], "the leg that talks first is the customer's"


@pytest.mark.parametrize(
    ("path", "out", "code", "said"),
    [
        (".", "x.svg", 2, "is a folder"),
        ("gone.wav", "x.svg", 1, "gone.wav"),
        ("text.wav", "x.svg", 1, "text.wav"),
        ("call.wav", "nowhere/x.svg", 2, "cannot be written"),
    ],
    ids=["folder", "no file", "no audio", "no folder for the picture"],
)
def test_what_cannot_be_drawn_is_said_with_the_next_step(tmp_path: Path, path: str, out: str, code: int, said: str) -> None:
    write_call(tmp_path / "call.wav", seconds=2.0)
    (tmp_path / "text.wav").write_text("no sound here\n" * 50)
    done = timeline(tmp_path / path, "--out", tmp_path / out)
    assert done.exit_code == code, done.output
    assert said in done.output
    assert "next:" in done.output
