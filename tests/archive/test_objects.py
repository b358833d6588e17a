"""Recordings in an object store: found, fetched, audited once, and what goes wrong there is said. On a real server here."""

from __future__ import annotations

import json
import os
import pickle
import socket
import tempfile
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from audit.archive import ObjectPath, as_local, find_objects, sweep
from audit.archive import objects as of_objects
from audit.cli import cli
from audit.cli.run import call_details
from audit.errors import UnreadableRecording, UsageError
from audit.ingest import discover, find_metadata
from audit.nightly import Retention, apply_retention, load_config
from audit.pipeline import Settings
from audit.profile import Profile
from audit.records import Metadata
from audit.storage import Store
from tests.archive.server import s3_server
from tests.batch.archives import NOW, Archive, counts
from tests.storage.test_ledger import KEYS, a_record

pytestmark = [
    pytest.mark.enable_socket,  # of this machine alone
    # the drivers leave closing their connections to the collector
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def server(request):
    with s3_server() as client:
        yield client


@pytest.fixture
def bucket(server):
    """The client, and nothing in the bucket."""
    found = server.list_objects_v2(Bucket="calls").get("Contents", [])
    for row in found:
        server.delete_object(Bucket="calls", Key=row["Key"])
    return server


@pytest.fixture
def archive(tmp_path, bucket):
    (tmp_path / "rec").mkdir()
    return Archive(tmp_path / "rec", tmp_path / "out")


def put(bucket, key: str, text: str = "fine") -> None:
    bucket.put_object(Bucket="calls", Key=key, Body=f"{text} {key}".encode())


def run(archive: Archive, root: str = "s3://calls/2026", **changes):
    return archive.run(recordings=discover([ObjectPath(root)]).recordings, **changes)


def fetched() -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob(f"callaudit-fetched-{os.getpid()}-*"))


# --- finding --------------------------------------------------------------------------------------
def test_what_lies_below_a_prefix_is_found_and_other_objects_are_not(bucket):
    for key in ("2026/11/b.wav", "2026/a.MP3", "2026/notes.txt", "2026/.hidden.wav", "2025/old.wav"):
        put(bucket, key)
    found = discover([ObjectPath("s3://calls/2026")]).recordings
    assert [str(p) for p in found] == ["s3://calls/2026/11/b.wav", "s3://calls/2026/a.MP3"]
    assert found[0].stat().st_size == len("fine 2026/11/b.wav")
    assert found[0].stat().st_mtime > 1.7e9


def test_an_object_that_is_named_is_taken_whatever_it_is_called(bucket):
    put(bucket, "2026/call.bin")
    assert [p.name for p in discover([ObjectPath("s3://calls/2026/call.bin")]).recordings] == ["call.bin"]


@pytest.mark.parametrize("url", ["s3://calls/none", "s3://nobody-has-this/x"], ids=["prefix", "bucket"])
def test_a_prefix_that_holds_nothing_is_wrong_usage(bucket, url):
    with pytest.raises(UsageError, match=url):
        discover([ObjectPath(url)])


def test_a_scheme_that_nobody_knows_is_wrong_usage():
    with pytest.raises(UsageError, match="nosuch"):
        find_objects(ObjectPath("nosuch://a/b"), {".wav"})


def test_any_other_driver_of_fsspec_serves_as_well(archive):
    import fsspec

    fsspec.filesystem("memory").pipe("/calls/a.wav", b"fine a")
    assert counts(run(archive, "memory://calls")) == (1, 0, 0)
    assert counts(run(archive, "memory://calls")) == (0, 0, 1)


# --- auditing -------------------------------------------------------------------------------------
@pytest.mark.parametrize("n_workers", [0, 1])
def test_objects_are_audited_under_their_urls_once_and_nothing_of_them_stays(archive, bucket, n_workers):
    put(bucket, "2026/a.wav")
    put(bucket, "2026/b.wav")
    assert counts(run(archive, n_workers=n_workers)) == (2, 0, 0)
    assert archive.written()["a.json"]["recording"]["path"] == "s3://calls/2026/a.wav"
    assert counts(run(archive, n_workers=n_workers)) == (0, 0, 2)
    assert archive.audited() == ["a.wav", "b.wav"]
    assert fetched() == []
    with Store.in_folder(archive.out) as store:
        assert sorted(e.path for e in store.ledger()) == ["s3://calls/2026/a.wav", "s3://calls/2026/b.wav"]


def test_an_object_that_was_replaced_is_audited_anew_and_one_that_was_only_touched_is_not_even_fetched(archive, bucket):
    put(bucket, "2026/a.wav")
    put(bucket, "2026/b.wav")
    run(archive)
    put(bucket, "2026/a.wav", "fine but other")
    with Store.in_folder(archive.out) as store, store.writing() as c:  # as if b had been written at another time
        c.exec_driver_sql("UPDATE recordings SET mtime_ns = 1 WHERE path LIKE '%b.wav'")
    with pytest.MonkeyPatch.context() as m:
        real = of_objects.told
        gets: list[str] = []

        def listening(url, ask):
            gets.append(url)
            return real(url, ask)

        m.setattr("audit.archive.fetch.told", listening)
        assert counts(run(archive)) == (1, 0, 1)
    assert {u.rpartition("/")[2] for u in gets} == {"a.wav"}


def test_an_object_under_another_key_is_recognised_by_its_bytes(archive, bucket):
    bucket.put_object(Bucket="calls", Key="2026/a.wav", Body=b"fine")
    archive.metadata = {name: Metadata("call-7") for name in ("a", "b")}
    run(archive)
    bucket.delete_object(Bucket="calls", Key="2026/a.wav")
    bucket.put_object(Bucket="calls", Key="2026/b.wav", Body=b"fine")
    assert run(archive).n_rescored == 1
    assert archive.audited() == ["a.wav"]


# --- what goes wrong ------------------------------------------------------------------------------
def test_an_object_that_is_gone_when_its_turn_comes_is_a_failure_and_leaves_the_list_by_the_next_run(archive, bucket):
    put(bucket, "2026/a.wav")
    put(bucket, "2026/b.wav")
    recordings = discover([ObjectPath("s3://calls/2026")]).recordings
    bucket.delete_object(Bucket="calls", Key="2026/a.wav")
    assert counts(archive.run(recordings=recordings)) == (1, 1, 0)
    (failure,) = archive.failures()
    assert (failure.path, failure.stage, failure.error) == ("s3://calls/2026/a.wav", "recording", "UnreadableRecording")
    assert "no such object any more" in failure.reason and failure.next_step
    run(archive)
    assert archive.failures() == ()


def test_a_fault_of_a_fetched_file_is_told_under_its_url(archive, bucket):
    put(bucket, "2026/a.wav", "unreadable")
    run(archive)
    (failure,) = archive.failures()
    assert failure.reason == "s3://calls/2026/a.wav: empty"


def test_a_store_that_stalls_is_a_failure_after_its_tries_and_the_next_run_tries_again(archive, bucket, monkeypatch):
    put(bucket, "2026/a.wav")
    recordings = discover([ObjectPath("s3://calls/2026")]).recordings
    pauses: list[float] = []
    with SilentServer() as endpoint, monkeypatch.context() as m:
        m.setattr(of_objects, "READ_TIMEOUT_S", 0.3)
        m.setenv("AWS_ENDPOINT_URL", endpoint)
        with pytest.raises(UnreadableRecording, match="cannot be fetched") as e, as_local(recordings[0], sleep=pauses.append):
            pass
    assert "same command tries again" in str(e.value)
    assert len(pauses) == 1
    assert counts(archive.run(recordings=recordings)) == (1, 0, 0)


def test_bytes_that_come_short_are_fetched_again(bucket, monkeypatch):
    put(bucket, "2026/a.wav", "fine")
    (path,) = discover([ObjectPath("s3://calls/2026")]).recordings
    real, n = of_objects.told, []

    def cut_once(url, ask):
        came = real(url, ask)
        for folder in fetched():
            for f in folder.iterdir():
                if not n:
                    n.append(1)
                    f.write_bytes(b"fi")
        return came

    monkeypatch.setattr("audit.archive.fetch.told", cut_once)
    with as_local(path, sleep=lambda _: None) as local:
        assert local.read_text() == "fine 2026/a.wav"
    assert n


def test_a_disk_without_room_is_said_before_anything_is_fetched(bucket, monkeypatch):
    put(bucket, "2026/a.wav")
    (path,) = discover([ObjectPath("s3://calls/2026")]).recordings
    monkeypatch.setattr("audit.archive.fetch.free_bytes", lambda folder: 1000)
    with pytest.raises(UnreadableRecording, match="no room") as e, as_local(path):
        pass
    assert "TMPDIR" in str(e.value)


def test_what_a_killed_process_had_fetched_is_removed_by_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    mine, theirs = tmp_path / f"callaudit-fetched-{os.getpid()}-a", tmp_path / "callaudit-fetched-999999999-b"
    mine.mkdir()
    theirs.mkdir()
    sweep()
    assert (mine.exists(), theirs.exists()) == (True, False)


# --- what lies beside -----------------------------------------------------------------------------
def test_a_call_detail_file_in_the_store_is_read(bucket):
    bucket.put_object(Bucket="calls", Key="cdr.csv", Body=b"call_id,agent_id,recording\n77,1002,a.wav\n")
    details = call_details(ObjectPath("s3://calls/cdr.csv"), Profile())
    put(bucket, "2026/a.wav")
    (path,) = discover([ObjectPath("s3://calls/2026")]).recordings
    assert find_metadata(path, cdr=details, profile=Profile()).agent_id == "1002"
    assert str(details.path) == "s3://calls/cdr.csv"


def test_a_vcon_and_a_transcript_beside_an_object_are_found(archive, bucket):
    from audit.ingest import find_transcript

    put(bucket, "2026/a.wav")
    put(bucket, "2026/a.b.wav")
    put(bucket, "2026/a.vtt", "WEBVTT")
    put(bucket, "2026/other.vtt", "WEBVTT")
    found = {p.name: p for p in discover([ObjectPath("s3://calls/2026")]).recordings}
    assert str(find_transcript(found["a.wav"], None)) == "s3://calls/2026/a.vtt"
    assert find_transcript(found["a.b.wav"], None) is None
    with as_local(found["a.wav"]) as local:
        assert find_transcript(local, None) == local.with_name("a.vtt")
    assert counts(run(archive, settings=Settings(transcripts="beside"))) == (2, 0, 0)


def test_clips_are_cut_from_the_object_and_the_page_says_where_they_cannot_be(bucket, samples_dir):
    from audit.audio import file_sha256
    from audit.report.clips import _cut
    from audit.segments import Segment

    sample = samples_dir / "zh-02.opus"
    bucket.put_object(Bucket="calls", Key="2026/zh-02.opus", Body=sample.read_bytes())
    recording = replace(a_record("a").recording, path="s3://calls/2026/zh-02.opus", sha256=file_sha256(sample), layout="stereo")
    reason, clips = _cut(recording, [Segment(1.0, 2.0)])
    assert reason is None and clips[0].startswith("data:audio")
    assert _cut(replace(recording, sha256="other"), [Segment(1.0, 2.0)]) == ("changed", [])
    bucket.delete_object(Bucket="calls", Key="2026/zh-02.opus")
    reason, clips = _cut(recording, [Segment(1.0, 2.0)])
    assert "no such object any more" in (reason or "") and clips == []


def test_an_object_path_survives_the_way_to_a_worker(bucket):
    put(bucket, "2026/a.wav")
    (path,) = discover([ObjectPath("s3://calls/2026")]).recordings
    again = pickle.loads(pickle.dumps(path))
    assert (again, again.stat(), again.etag) == (path, path.stat(), path.etag)


class SilentServer:
    """Takes connections and never says a word."""

    def __enter__(self) -> str:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.held: list[socket.socket] = []
        threading.Thread(target=self._take, daemon=True).start()
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def _take(self) -> None:
        while True:
            try:
                self.held.append(self.socket.accept()[0])
            except OSError:
                return

    def __exit__(self, *_: object) -> None:
        self.socket.close()
        for s in self.held:
            s.close()


# --- the whole command ----------------------------------------------------------------------------
def test_the_command_takes_a_url_and_its_pages_play_what_it_fetched(bucket, samples_dir, tmp_path):
    sample = samples_dir / "zh-02.opus"
    bucket.put_object(Bucket="calls", Key="2026/zh-02.opus", Body=sample.read_bytes())
    bucket.put_object(Bucket="calls", Key="cdr.csv", Body=(samples_dir / "cdr.csv").read_bytes())
    out = tmp_path / "out"
    command = ["measure", "s3://calls/2026/", "--cdr", "s3://calls/cdr.csv", "--out", str(out), "--jobs", "0"]
    done = CliRunner().invoke(cli, command)
    assert done.exit_code == 0, done.output
    (written,) = (json.loads(p.read_text("utf-8")) for p in (out / "calls").iterdir())
    assert written["recording"]["path"] == "s3://calls/2026/zh-02.opus"
    assert written["metadata"]["source"] == "cdr"
    assert "1 skipped" in CliRunner().invoke(cli, command).output


def test_a_night_may_begin_at_a_url(tmp_path):
    (tmp_path / "n.yml").write_text("recordings: [s3://calls/2026/, rec]\nout: out\ncdr: s3://calls/cdr.csv\n")
    night = load_config(tmp_path / "n.yml")
    assert [str(p) for p in night.recordings] == ["s3://calls/2026", str(tmp_path / "rec")]
    assert str(night.cdr) == "s3://calls/cdr.csv"


def test_retention_touches_no_object(bucket, tmp_path):
    put(bucket, "2026/a.wav")
    with Store.in_folder(tmp_path) as store:
        number = store.begin("s3://calls/2026/a.wav", "a", size_bytes=3, mtime_ns=1, now=NOW)
        store.save_result(number, a_record("a"), None, KEYS, options={}, now=NOW)
        roots = (ObjectPath("s3://calls/2026"),)
        late = NOW + timedelta(days=999)
        done = apply_retention(Retention(audio_days=1), store, roots=roots, now=late, forget=lambda _: None)
    assert done.removed == done.problems == ()
    assert ObjectPath("s3://calls/2026/a.wav").exists()
