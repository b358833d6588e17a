"""A source of made calls, and its exports."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from audit.records import Failure
from audit.report import ReportedCall, ReportSettings
from audit.report.exports import FORMATS, Format, Scope, write_exports
from audit.report.messages import Lang
from audit.report.shelf import Shelf
from tests.report.made_calls import BANDS, GENERATED_AT, call, measured_only

FAILURES = (Failure("zh-d09", "in/broken.mp3", "recording", "DamagedRecording", "ends at 12.1 s", "get the file again"),)
#: What a spreadsheet or a file would do something with, were it not written as text.
HOSTILE = ('=HYPERLINK("http://x","y")', "+1+1", "-2+3+cmd|' /C calc'!A0", "@SUM(1)", "<r><t>x</t></r>", "\tx", "a\x01b_x0041_")


def in_team(made: ReportedCall, team: str) -> ReportedCall:
    metadata = replace(made.record.metadata, variables={"team": team})
    return replace(made, record=replace(made.record, metadata=metadata))


def calls() -> list[ReportedCall]:
    """Two agents of one team, one of another, a call that was measured only, and one of nobody."""
    mine = [in_team(call(f"a-{i}", day=10 + i, score=50.0 + 4 * i), "T1") for i in range(10)]
    hers = [in_team(call(f"b-{i}", agent_id="A202", agent_name="陈安", day=3 + i, rude=i == 0), "T1") for i in range(2)]
    other = [in_team(call("c-0", agent_id="B7", agent_name=None, day=5), "T2")]
    return [*mine, *hers, *other, measured_only(call("m-0", day=2)), call("n-0", agent_id=None, agent_name=None, day=4)]


def export(
    out: Path,
    made: Sequence[ReportedCall],
    formats: Collection[Format] = FORMATS,
    lang: Lang = "zh",
    scope: Scope | None = None,
    failures: Sequence[Failure] = FAILURES,
) -> dict[str, Path]:
    """The files written, by name."""
    shelf = out.parent / f"shelf-{out.name}"
    shelf.mkdir(exist_ok=True)
    for old in shelf.iterdir():
        old.unlink()
    settings = ReportSettings(lang, GENERATED_AT, False, BANDS)
    paths = write_exports(out, Shelf(shelf, made), settings, formats, failures=failures, scope=scope or Scope())
    return {p.name: p for p in paths}
