"""A whole night by the command: audited, counted, told by mail and webhook, logged, and resumed the next."""

from __future__ import annotations

import json
import socketserver
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from audit.cli import cli
from tests.scripted import ScriptedAuditor, ScriptedJudge

pytestmark = pytest.mark.enable_socket  # of this machine alone


class MailServer(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs to hand over a message."""

    messages: list[str]

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        text: list[str] | None = None
        for raw in self.rfile:
            line = raw.decode("utf-8").rstrip("\r\n")
            if text is not None:
                if line == ".":
                    self.messages.append("\n".join(text))
                    text = None
                    self.wfile.write(b"250 kept\r\n")
                else:
                    text.append(line)
            elif line.upper() == "DATA":
                text = []
                self.wfile.write(b"354 go on\r\n")
            elif line.upper() == "QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 yes\r\n")


class Hook(BaseHTTPRequestHandler):
    """Keeps what is posted."""

    posted: list[dict]

    def do_POST(self) -> None:
        self.posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def listeners():
    """A mail server and a webhook on this machine; ports, and what they got."""
    MailServer.messages, Hook.posted = [], []
    servers = [socketserver.ThreadingTCPServer(("127.0.0.1", 0), MailServer), HTTPServer(("127.0.0.1", 0), Hook)]
    for s in servers:
        threading.Thread(target=s.serve_forever, daemon=True).start()
    yield servers[0].server_address[1], servers[1].server_address[1]
    for s in servers:
        s.shutdown()
        s.server_close()


@pytest.fixture
def night(tmp_path, monkeypatch, listeners):
    """A configuration over three scripted recordings, one of them bad."""
    rec = tmp_path / "rec"
    rec.mkdir()
    for name, order in (("a", "fine"), ("b", "unreadable"), ("c", "fine")):
        (rec / f"{name}.wav").write_text(f"{order} {name}.wav")
    monkeypatch.setattr("audit.pipeline.make_auditor", lambda s: ScriptedAuditor(tmp_path / "journal", s.model, s.transcribe))
    monkeypatch.setattr("audit.batch.judge.ScorecardJudge", lambda *_: ScriptedJudge("v1"))
    mail, hook = listeners
    config = tmp_path / "nightly.yml"
    config.write_text(
        f"""
recordings: [rec]
out: out
jobs: 0
mail: {{to: [qa@example.com], sender: audit@example.com, server: 127.0.0.1, port: {mail}}}
webhook: http://127.0.0.1:{hook}/audit
metrics_file: callaudit.prom
log_file: nightly.jsonl
""",
        "utf-8",
    )
    return config


def start(config: Path, *options: str):
    return CliRunner().invoke(cli, ["nightly", str(config), *options])


def test_a_night_audits_tells_counts_and_logs(night):
    done = start(night)
    assert done.exit_code == 4, done.output
    assert "callaudit: 2 audited, 1 failed, 0 skipped" in done.output
    (mail,) = MailServer.messages
    assert "Subject: callaudit: 2 audited, 1 failed, 0 skipped" in mail
    assert "b.wav" in mail
    (posted,) = Hook.posted
    assert (posted["n_audited"], posted["n_failed"], posted["exit_code"]) == (2, 1, 4)
    assert posted["failures"][0]["call_id"] == "b"
    metrics = (night.parent / "callaudit.prom").read_text()
    assert 'callaudit_recordings_total{end="audited"} 2.0' in metrics
    assert 'callaudit_recordings_total{end="failed"} 1.0' in metrics
    assert "callaudit_audio_seconds_total 20.0" in metrics
    assert "callaudit_night_exit_code 4.0" in metrics
    events = [json.loads(line) for line in (night.parent / "nightly.jsonl").read_text("utf-8").splitlines()]
    assert [e["event"] for e in events] == ["begin", "call", "call", "call", "failure", "end"]
    assert all(datetime.fromisoformat(e["at"]).tzinfo for e in events)


def test_the_next_night_audits_nothing_twice(night):
    start(night)
    done = start(night)
    assert "callaudit: 0 audited, 1 failed, 2 skipped" in done.output
    assert (night.parent / "journal").read_text().split().count("a.wav") == 1


def test_who_cannot_be_reached_is_said_and_changes_nothing(night):
    night.write_text(night.read_text("utf-8").replace("http://127.0.0.1:", "http://127.0.0.1:1"), "utf-8")
    done = start(night)
    assert done.exit_code == 4
    assert "the webhook could not be sent" in done.output


def test_after_the_end_of_the_window_nothing_is_begun(night, monkeypatch):
    moments = iter([*[datetime(2026, 11, 20, 21, 0, tzinfo=UTC)] * 6, *[datetime(2026, 11, 20, 23, 0, tzinfo=UTC)] * 200])
    monkeypatch.setattr("audit.cli.closing.now", lambda: next(moments))
    night.write_text(night.read_text("utf-8") + 'window: "04:00-06:00"\n', "utf-8")  # 21:00 UTC is 05:00 in Shanghai
    done = start(night)
    assert "not begun" in done.output
    monkeypatch.undo()


def test_outside_the_window_it_does_not_begin_unless_told(night):
    night.write_text(night.read_text("utf-8") + 'window: "00:00-00:01"\n', "utf-8")
    outside = start(night)
    assert (outside.exit_code, "outside the window" in outside.output) == (2, True)
    assert start(night, "--now").exit_code == 4


def test_a_check_says_what_it_would_do_and_does_nothing(night):
    done = start(night, "--check")
    assert done.exit_code == 0
    assert "order: newest" in done.output
    assert not (night.parent / "out").exists()


def test_what_retention_takes_from_a_call_its_page_does_not_keep(night):
    start(night)
    page = night.parent / "out" / "call-pages" / "a.html"
    assert page.is_file()
    page.write_text("its words and its sound", "utf-8")
    night.write_text(night.read_text("utf-8") + "retention: {audio_days: 1, transcripts_days: 1}\n", "utf-8")
    later = datetime.now(UTC) + timedelta(days=3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("audit.cli.closing.now", lambda: later)
        start(night)
    assert not (night.parent / "rec" / "a.wav").exists()
    assert "its words and its sound" not in page.read_text("utf-8")
