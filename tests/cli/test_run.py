"""``callaudit measure`` and ``run``: files, last line and exit codes on small real recordings."""

from __future__ import annotations

import csv
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from audit.cli import cli
from audit.cli.closing import met
from audit.cli.options import FailOn, spread, workers_and_threads
from audit.cli.progress import Pace, ShownProgress
from audit.digests import CallDigest, digest_call
from audit.records import CallRecord, Measured, Metadata, Recording, Timeline
from audit.verdicts import Evaluation, Outcome
from tests.cli.calls import write_call
from tests.conftest import ROOT


def measure(*args: object) -> Result:
    done = CliRunner().invoke(cli, ["measure", *map(str, args), "--jobs", "0", "--lang", "en"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def failures(out: Path) -> list[dict[str, str]]:
    with (out / "failures.csv").open(encoding="utf-8-sig", newline="") as f:
        return list(csv.DictReader(f))


@pytest.fixture
def recordings(tmp_path):
    folder = tmp_path / "rec"
    for i, name in enumerate(("c-1.wav", "deep/c-2.wav")):
        write_call(folder / name, seed=i)
    return folder


def test_measuring_a_folder_writes_the_files_of_the_contract(recordings, tmp_path):
    out = tmp_path / "out"
    done = measure(recordings, "--out", out, "--agent-channel", "0")
    assert done.exit_code == 0, done.output
    names = {p.name for p in out.iterdir() if not p.name.endswith(("-wal", "-shm"))}
    assert names >= {"calls", "scorecards", "index.html", "agents.csv", "calls.csv", "failures.csv", "callaudit.db"}
    call = json.loads((out / "calls" / "c-1.json").read_text("utf-8"))
    assert (call["schema"], call["call_id"], call["transcript"], call["evaluation"]) == ("callaudit.call/1", "c-1", None, None)
    assert call["recording"]["duration_s"] == pytest.approx(4.0, abs=0.001)
    assert failures(out) == []


def test_the_last_line_says_how_many_and_where_to_look(recordings, tmp_path):
    out = tmp_path / "out"
    (recordings / "text.wav").write_text("not audio at all")
    first = measure(recordings, "--out", out)
    last = first.stdout.splitlines()[-1]
    assert last.startswith("2 audited, 1 failed, 0 skipped in ") and last.endswith(f"see {out / 'index.html'}")
    second = measure(recordings, "--out", out)
    assert second.stdout.splitlines()[-1] == f"0 audited, 1 failed, 2 skipped; see {out / 'index.html'}"


def test_bad_recordings_are_listed_and_the_code_is_4(recordings, tmp_path):
    out = tmp_path / "out"
    (recordings / "empty.wav").write_bytes(b"")
    (recordings / "text.wav").write_text("not audio at all")
    done = measure(recordings, "--out", out)
    assert done.exit_code == 4
    assert {(r["call_id"], r["error"]) for r in failures(out)} == {
        ("empty", "UnreadableRecording"),
        ("text", "UnreadableRecording"),
    }
    assert all(r["message"] and r["next_step"] for r in failures(out))
    assert "empty.wav" in done.stderr
    assert len(list((out / "calls").iterdir())) == 2


def test_a_recording_that_lost_its_end_is_audited_and_listed(recordings, tmp_path):
    out, path = tmp_path / "out", recordings / "c-1.wav"
    path.write_bytes(path.read_bytes()[:-16000])  # half a second of two legs, 16 bit, 8 kHz
    for n_audited in (2, 0):
        done = measure(recordings, "--out", out)
        assert done.exit_code == 0 and done.stdout.startswith(f"{n_audited} audited, 0 failed")
        (row,) = failures(out)
        assert (row["call_id"], row["error"]) == ("c-1", "DamagedRecording")
        assert row["message"].startswith("audited, but ") and row["next_step"]


def test_rows_without_a_recording_and_recordings_without_a_row_are_told(recordings, tmp_path):
    out, cdr = tmp_path / "out", tmp_path / "cdr.csv"
    cdr.write_text(
        "uniqueid,recordingfile,calldate,duration,billsec,disposition\n"
        "c-1,c-1.wav,2026-11-20 09:00:00,4,4,ANSWERED\n"
        "c-9,c-9.wav,2026-11-20 09:05:00,4,4,ANSWERED\n"
        "c-10,,2026-11-20 09:06:00,9,0,NO ANSWER\n"
    )
    done = measure(recordings, "--cdr", cdr, "--out", out)
    assert done.exit_code == 0, done.output
    told = {r["call_id"]: r["message"] for r in failures(out)}
    assert "line 3" in told["c-9"] and "c-9.wav" in told["c-9"]
    assert "c-10" not in told
    assert (out / "calls" / "c-2.json").exists() and told["c-2"].startswith("no row")


def test_a_store_elsewhere_is_used_and_another_folder_is_filled_from_it(recordings, tmp_path):
    url = f"sqlite:///{tmp_path / 'all.db'}"
    assert measure(recordings, "--out", tmp_path / "one", "--store", url).exit_code == 0
    assert not (tmp_path / "one" / "callaudit.db").exists()
    second = measure(recordings, "--out", tmp_path / "two", "--store", url)
    assert "2 audited (2 without opening audio), 0 failed" in second.stdout
    assert len(list((tmp_path / "two" / "calls").iterdir())) == 2


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["{rec}/absent.wav", "--out", "{out}"], "absent.wav"),
        (["{rec}", "--out", "{out}", "--cdr", "{rec}/absent.csv"], "absent.csv"),
        (["{rec}", "--out", "{out}", "--profile", "{rec}/absent.yml"], "absent.yml"),
        (["{rec}", "--out", "{out}", "--agent-channel", "2"], "--agent-channel"),
        (["{rec}", "--out", "{out}", "--store", "callaudit.db"], "sqlite:////"),
        (["{rec}", "--out", "{rec}/c-1.wav"], "--out"),
        (["{rec}"], "--out"),
        (["--out", "{out}"], "PATH"),
    ],
    ids=["path", "cdr", "profile", "channel", "store", "out is a file", "no out", "no path"],
)
def test_wrong_usage_is_said_in_one_breath(args, said, recordings, tmp_path):
    done = measure(*(a.format(rec=recordings, out=tmp_path / "out") for a in args))
    assert done.exit_code in (1, 2) if "--store" in args else done.exit_code == 2
    assert said in done.stderr and "Traceback" not in done.stderr


def test_a_scorecard_that_is_none_is_wrong_usage_before_any_audio_is_opened(recordings, tmp_path):
    done = CliRunner().invoke(cli, ["run", str(recordings), "--out", str(tmp_path / "out"), "--scorecard", "zh-servise"])
    assert done.exit_code == 2
    assert "did you mean 'zh-service'?" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to_is_wrong_usage(recordings, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    done = measure(recordings, "--out", tmp_path / "locked" / "out")
    assert done.exit_code == 2 and "--out" in done.stderr


def test_a_full_disk_is_said_and_what_was_kept_is_whole(recordings, tmp_path):
    """A limit on the size of files stands for the end of the disk: writes fail half way."""
    out = tmp_path / "out"
    program = "import sys; from audit.cli import main; main(sys.argv[1:])"

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))

    command = [sys.executable, "-c", program, "measure", str(recordings), "--out", str(out), "--jobs", "0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, preexec_fn=limit, check=False)
    assert done.returncode == 1, done.stderr
    assert "next: free some disk space" in done.stderr and "Traceback" not in done.stderr
    for path in (out / "calls").iterdir():
        json.loads(path.read_text("utf-8"))
    assert measure(recordings, "--out", out).exit_code == 0
    assert len(list((out / "calls").iterdir())) == 2


def test_ctrl_c_on_the_real_command_ends_with_130_and_the_next_run_goes_on(tmp_path):
    recordings, out = tmp_path / "rec", tmp_path / "out"
    for i in range(8):
        write_call(recordings / f"c-{i:02}.wav", seed=i, seconds=15.0)
    command = [sys.executable, "-m", "audit", "measure", str(recordings), "--out", str(out), "--jobs", "1", "--lang", "en"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        deadline = time.monotonic() + 60
        while not list((out / "calls").glob("c-*.json")) if (out / "calls").exists() else True:
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)
        said, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert said.startswith("stopped: ") and "goes on from here" in said and "Traceback" not in errors
    n_done = len(list((out / "calls").iterdir()))
    assert 1 <= n_done < 8
    done = measure(recordings, "--out", out)
    assert done.exit_code == 0, done.output
    assert f"{8 - n_done} audited, 0 failed, {n_done} skipped" in done.stdout


@pytest.mark.model
def test_a_run_transcribes_and_scores(samples_dir, model_dir, tmp_path):
    out = tmp_path / "out"
    args = [
        "run",
        str(samples_dir / "en-01.mp3"),
        "--cdr",
        str(samples_dir / "cdr.csv"),
        "--out",
        str(out),
        "--fail-on",
        "below=100",
    ]
    done = CliRunner().invoke(cli, [*args, "--language", "en", "--jobs", "0"])
    call = json.loads((out / "calls" / "en-01.json").read_text("utf-8"))
    assert call["evaluation"]["scorecard"] == "en-service"
    assert call["transcript"]["turns"]
    assert done.exit_code == (3 if call["evaluation"]["score"] < 100 else 0)


# --- parts ----------------------------------------------------------------------------------------
def digest_of(evaluation: Evaluation) -> CallDigest:
    nothing = Measured(None)
    recording = Recording("a.wav", "0" * 64, 60.0, 8000, 2, "stereo")
    return digest_call(CallRecord("a", recording, Metadata("a"), Timeline(nothing, nothing, nothing)), evaluation)


def an_evaluation(score: float | None, *, critical: bool = False, failed: str = "open.greet") -> Evaluation:
    outcomes = (Outcome(failed, "fail", "opening", {}, {}), Outcome("close.thank", "pass", "closing", {}, {}))
    return Evaluation("zh-service", "1", "0" * 64, score, None, {}, critical, None, (), outcomes)


@pytest.mark.parametrize(
    ("condition", "evaluation", "is_met"),
    [
        (FailOn("below=60", below=60), an_evaluation(59.9), True),
        (FailOn("below=60", below=60), an_evaluation(60.0), False),
        (FailOn("below=60", below=60), an_evaluation(None), False),
        (FailOn("critical", critical=True), an_evaluation(0.0, critical=True), True),
        (FailOn("critical", critical=True), an_evaluation(0.0), False),
        (FailOn("criterion=open.greet", criterion="open.greet"), an_evaluation(90.0), True),
        (FailOn("criterion=close.thank", criterion="close.thank"), an_evaluation(90.0), False),
    ],
    ids=["under", "at the limit", "no score", "critical", "a zero without it", "failed", "passed"],
)
def test_conditions_of_fail_on(condition, evaluation, is_met):
    assert (met([condition], digest_of(evaluation)) != []) is is_met


@pytest.mark.parametrize("text", ["below", "below=x", "below=101", "critical=1", "criterion=", "score"])
def test_a_condition_that_is_none_is_wrong_usage(text, recordings, tmp_path):
    done = CliRunner().invoke(cli, ["run", str(recordings), "--out", str(tmp_path / "out"), "--fail-on", text])
    assert done.exit_code == 2 and text in done.stderr


def test_time_left_is_reckoned_by_bytes():
    pace = Pace(n_calls=4, n_bytes=400, n_done=1, done_bytes=100, audio_s=600.0, begun_at=0.0)
    assert pace.left_s(60.0) == pytest.approx(180.0)
    assert pace.audio_hours_per_hour(60.0) == pytest.approx(10.0)
    assert pace.words(60.0) == "10.0 h of audio per hour, 3:00 left"


def test_nothing_is_reckoned_before_the_first_call():
    pace = Pace(n_calls=4, n_bytes=400, begun_at=0.0)
    assert (pace.left_s(9.0), pace.audio_hours_per_hour(9.0), pace.words(9.0)) == (None, None, "")


class Terminal:
    """A stream that keeps what is written and says that it is a terminal, or not."""

    def __init__(self, is_tty: bool) -> None:
        self.text, self._is_tty = "", is_tty

    def isatty(self) -> bool:
        return self._is_tty

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None: ...


@pytest.mark.parametrize("is_tty", [True, False], ids=["terminal", "pipe"])
def test_progress_says_when_it_is_asked_to_stop(is_tty):
    stream = Terminal(is_tty)
    with ShownProgress(stream) as progress:  # type: ignore[arg-type]
        progress.started(n_calls=2, n_bytes=10)
        progress.ended("a", "audited", n_bytes=5, audio_s=60.0)
        progress.stopping(1)
    assert "Ctrl-C again" in stream.text


def test_a_pipe_gets_a_line_only_now_and_then(monkeypatch):
    stream, moment = Terminal(False), [0.0]
    monkeypatch.setattr("audit.cli.progress.time.monotonic", lambda: moment[0])
    progress = ShownProgress(stream)  # type: ignore[arg-type]
    progress.started(n_calls=100, n_bytes=100)
    for _ in range(100):
        moment[0] += 1.0
        progress.ended("a", "audited", n_bytes=1, audio_s=60.0)
    assert [line.split()[0] for line in stream.text.splitlines()] == ["30/100", "60/100", "90/100"]


@pytest.mark.parametrize(
    ("n_recordings", "expected"),
    [
        pytest.param(300, (4, 2), id="more recordings than workers"),
        pytest.param(1, (1, 8), id="one recording gets all threads"),
        pytest.param(3, (3, 2), id="threads that cannot be shared out stay idle"),
        pytest.param(0, (4, 2), id="no recording"),
    ],
)
def test_a_worker_without_a_recording_lends_its_threads(n_recordings, expected):
    assert spread(4, 2, n_recordings) == expected


def test_a_run_without_workers_keeps_its_threads():
    assert spread(0, 8, 1) == (0, 8)


def test_workers_and_threads_fill_the_processors(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    gibibytes = 16
    monkeypatch.setattr(os, "sysconf", lambda name: {"SC_PHYS_PAGES": gibibytes << 18, "SC_PAGE_SIZE": 4096}[name])
    assert workers_and_threads(None) == (8, 1)
    assert workers_and_threads(8) == (8, 1)
    assert workers_and_threads(1) == (1, 8)
    assert workers_and_threads(0) == (0, 8)


def test_no_more_workers_than_the_memory_holds(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    gibibytes = 3
    monkeypatch.setattr(os, "sysconf", lambda name: {"SC_PHYS_PAGES": gibibytes << 18, "SC_PAGE_SIZE": 4096}[name])
    assert workers_and_threads(None) == (3, 2)
