"""An archive of which everything is known: files, results and store rows, as after many nights, for :mod:`scale`.

The recordings are sparse files with names as FreePBX gives them, a thousand to a folder; results in ``calls/`` are empty
files, for a start only looks whether they are there. The store's rows are written directly, but with the metadata, keys and
digests that the program itself computes for these files, and the record of a real short call.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

PER_FOLDER = 1000
SIZE_BYTES = 160_044
BEGAN = datetime(2024, 1, 1, 8, tzinfo=UTC)


def recording(archive: Path, i: int) -> Path:
    """Where the recording of a number lies."""
    at = BEGAN + timedelta(seconds=30 * i)
    name = f"out-139{i:08d}-{1001 + i % 40}-{at:%Y%m%d-%H%M%S}-{int(at.timestamp())}.{i}.wav"
    return archive / f"{i // PER_FOLDER:05d}" / name


def make_files(archive: Path, out: Path, n: int) -> None:
    """Recordings and results, all empty of content."""
    from audit.batch import call_file_name

    (out / "calls").mkdir(parents=True)
    for i in range(n):
        path = recording(archive, i)
        if i % PER_FOLDER == 0:
            path.parent.mkdir(parents=True)
        with path.open("wb") as f:
            f.truncate(SIZE_BYTES)
        (out / "calls" / call_file_name(path.stem.rpartition("-")[2])).touch()


def make_rows(archive: Path, out: Path, n: int, published: dict[str, Any], settings: Any) -> None:
    """The store's rows of all of them, as if one run had audited them all.

    Parameters
    ----------
    published : dict
        A call's published record, which every row repeats under its own id.
    settings : Settings
        Of the run that is to find all of them known.
    """
    from audit.storage import Store

    with Store.in_folder(out) as store:
        store.begin_run("measure", {}, tool_version="0", now=BEGAN)
    text = json.dumps(published)
    db = sqlite3.connect(out / "callaudit.db")
    db.executescript("PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF; PRAGMA cache_size=-200000")
    for start in range(0, n, 10_000):
        rows = list(_rows(archive, range(start, min(n, start + 10_000)), text, published, settings))
        db.executemany(
            "INSERT INTO recordings (id, path, call_id, sha256, size_bytes, mtime_ns, state, n_attempts, first_seen_at, run_id)"
            " VALUES (:id, :path, :call, :sha256, :size, :mtime, 'done', 1, :at, 1)",
            rows,
        )
        db.executemany(
            "INSERT INTO calls (id, call_id, recording_id, sha256, agent_id, started_at, measuring_key, words_key,"
            " metadata_key, tool_version, audited_at, record, token)"
            " VALUES (:id, :call, :id, :sha256, :agent, :at, :measuring, :words, :metadata, :version, :at, :record, :token)",
            rows,
        )
        db.executemany(
            "INSERT INTO digests (call_id, call_row_id, form, agent_id, started_at, digest)"
            " VALUES (:call, :id, :form, :agent, :at, :digest)",
            rows,
        )
        db.commit()
    db.execute("UPDATE runs SET state = 'done', finished_at = started_at")
    db.commit()
    db.close()


def _rows(archive: Path, numbers: range, text: str, published: dict[str, Any], settings: Any) -> Iterator[dict[str, Any]]:
    from audit.batch.plan import audit_keys
    from audit.contract import record_from_json
    from audit.digests import DIGEST_FORM, digest_call, digest_to_json
    from audit.ingest import find_metadata

    digest = json.dumps(digest_to_json(digest_call(record_from_json(published), None)))
    for i in numbers:
        path = recording(archive, i)
        metadata = find_metadata(path, cdr=None, profile=settings.profile)
        keys = audit_keys(settings, metadata)
        stat = path.stat()
        yield {
            "id": i + 1,
            "path": str(path),
            "call": metadata.call_id,
            "sha256": f"{i:064x}",
            "size": stat.st_size,
            "mtime": stat.st_mtime_ns,
            "at": f"{metadata.started_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}.000000" if metadata.started_at else None,
            "agent": metadata.agent_id,
            "measuring": keys.measuring,
            "words": keys.words,
            "metadata": keys.metadata,
            "version": published["tool_version"],
            "record": text.replace(published["call_id"], metadata.call_id),
            "token": f"{i:032x}",
            "form": DIGEST_FORM,
            "digest": digest,
        }


def audited_by(out: Path, scope: str | None) -> None:
    """Let the run that audited all of them have had the scope of the one to come, and the calls' new ones be unknown."""
    from audit.storage import Store

    with Store.in_folder(out):
        pass  # an older store's tables are brought up to date
    with sqlite3.connect(out / "callaudit.db") as db:
        db.execute("UPDATE runs SET options = ? WHERE id = 1", (json.dumps({"scope": scope}),))
        for (call_id,) in db.execute("SELECT call_id FROM recordings WHERE call_id LIKE 'new-%'").fetchall():
            (out / "calls" / f"{call_id}.json").unlink(missing_ok=True)
            for table in ("digests", "stages"):
                db.execute(f"DELETE FROM {table} WHERE call_id = ?", (call_id,))
            db.execute("DELETE FROM calls WHERE call_id = ?", (call_id,))
            db.execute("DELETE FROM recordings WHERE call_id = ?", (call_id,))
