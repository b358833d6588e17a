"""Exported tables, read back by readers of others and held against the scorecards of the same calls."""

from __future__ import annotations

import csv
import errno
import gc
import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from audit.errors import UsageError
from audit.records import Evidence
from audit.report import write_reports
from audit.report.exports import Facts, Scope, load_tables
from audit.report.exports.columns import table
from audit.report.exports.dictionary import dictionary_page, json_schema
from audit.report.exports.workbook import MAX_TEXT, WorkbookSink, fitting
from audit.report.messages import LANGUAGES, Lang, load_messages
from audit.report.tables import AGENT_COLUMNS, CALL_COLUMNS, FAILURE_COLUMNS
from tests.conftest import ROOT
from tests.report.exports.made import HOSTILE, calls, export
from tests.report.made_calls import BANDS, GENERATED_AT, call, outcome
from tests.report.test_habits import archive

openpyxl = pytest.importorskip("openpyxl", reason="openpyxl, which reads workbooks back, is not installed")
unescape = pytest.importorskip(
    "openpyxl.utils.escape", reason="openpyxl, which reads workbooks back, is not installed"
).unescape


def sheets(path: Path) -> dict[str, Any]:
    book = openpyxl.load_workbook(path)
    return dict(zip([*(t.name for t in load_tables()), "about"], book.worksheets, strict=True))


def lines(sheet: Any) -> list[dict[str, Any]]:
    """The rows of a sheet by column id."""
    names = {t.titles[lang]: t.names for t in load_tables() for lang in LANGUAGES}[sheet.title]
    return [dict(zip(names, row, strict=True)) for row in sheet.iter_rows(min_row=2, values_only=True)]


def csv_rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))


def json_rows(path: Path, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["tables"][name]
    return rows


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install 'callaudit[parquet]'")
    return export(tmp_path_factory.mktemp("exports") / "out", calls())


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, dict[str, Any]]:
    """What the scorecards of the same calls say, as their own JSON has it."""
    out = tmp_path_factory.mktemp("cards")
    paths = write_reports(out, calls(), lang="zh", failures=(), generated_at=GENERATED_AT, with_audio=False, bands=BANDS)
    return {a: json.loads(p.with_suffix(".json").read_text("utf-8")) for a, p in paths.scorecards.items()}


# --- one definition ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "columns"), [("agents", AGENT_COLUMNS), ("calls", CALL_COLUMNS), ("failures", FAILURE_COLUMNS)], ids=str
)
def test_the_tables_of_the_pages_and_of_the_exports_have_the_same_columns(name: str, columns: tuple[str, ...]) -> None:
    assert table(name).names == columns


def test_every_column_is_named_and_explained_in_both_languages() -> None:
    for t in load_tables():
        assert len(set(t.names)) == len(t.names)
        for lang in LANGUAGES:
            headings = [c.heading(lang) for c in t.columns]
            assert len(set(headings)) == len(headings), [h for h in headings if headings.count(h) > 1]
            assert all(headings) and all(c.about[lang] for c in t.columns)


def test_every_ratio_count_and_duration_has_the_type_and_unit_that_its_name_says() -> None:
    for t in load_tables():
        for c in t.columns:
            if c.name.endswith("_ratio") and "dc_offset" not in c.name:
                assert (c.type, c.unit) == ("number", "0-1"), c.name
            if c.name.endswith("_s"):
                assert (c.type, c.unit) == ("number", "s"), c.name
            if c.name.startswith("n_"):
                assert c.type == "integer", c.name


# --- the same numbers everywhere ----------------------------------------------------------------------
def test_agents_are_those_of_the_scorecards_to_the_last_digit(written: dict[str, Path], cards: Mapping[str, Any]) -> None:
    rows = {r["agent_id"] or "": r for r in lines(sheets(written["report.xlsx"])["agents"])}
    assert set(rows) == set(cards)
    for agent, card in cards.items():
        row = rows[agent]
        for name in ("n_calls", "n_scored_calls", "n_not_evaluable_calls", "n_critical_calls", "agent_name", "team"):
            assert row[name] == card[name], name
        for name in ("score", "score_low", "score_high", "lowest_score"):
            assert row[name] == (None if card[name] is None else pytest.approx(card[name], abs=1e-12)), name
        assert row["pass_ratio"] == pytest.approx(card["verdicts"]["pass_ratio"])
        rank = card["rank"] or {}
        assert [row[n] for n in ("rank_from", "rank_to", "n_ranked")] == [
            rank.get(n) for n in ("rank_from", "rank_to", "n_ranked")
        ]


def test_criteria_are_those_of_the_scorecards_with_the_teams_beside_them(
    written: dict[str, Path], cards: Mapping[str, Any]
) -> None:
    rows = lines(sheets(written["report.xlsx"])["criteria"])
    found = {(r["agent_id"] or "", r["criterion"]): r for r in rows}
    assert len(found) == len(rows) == sum(len(c["criteria"]) for c in cards.values())
    for agent, card in cards.items():
        for c in card["criteria"]:
            row = found[agent, c["id"]]
            assert (row["pass_ratio"], row["n_calls"], row["title"]) == (c["pass_ratio"], c["n_calls"], c["title"])
            assert [row["pass_ratio_low"], row["pass_ratio_high"]] == pytest.approx([c["low"], c["high"]], abs=1e-12)
    greet = {a: next(c for c in cards[a]["criteria"] if c["id"] == "word.no-profanity") for a in cards}
    of_team = [greet[a] for a in ("A101", "A202")]
    row = found["A101", "word.no-profanity"]
    n_pass, n = sum(c["n_pass"] for c in of_team), sum(c["n_calls"] for c in of_team)
    assert row["team_pass_ratio"] == pytest.approx(n_pass / n) and row["n_team_calls"] == n == 12
    others = [c for a, c in greet.items() if a != "A101"]
    assert row["others_pass_ratio"] == pytest.approx(sum(c["n_pass"] for c in others) / sum(c["n_calls"] for c in others))


def test_all_formats_hold_the_same_rows(tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed: pip install 'callaudit[parquet]'")
    written = export(tmp_path / "out", [*calls(), *archive({"A": "说到底呢，{}"}, n_calls=8)])
    books = sheets(written["report.xlsx"])
    for t in load_tables():
        in_json = json_rows(written["report.json"], t.name)
        in_csv = csv_rows(written[f"{t.name}.csv"])
        in_xlsx = lines(books[t.name])
        in_parquet = pq.read_table(written[f"{t.name}.parquet"]).to_pylist()
        assert len(in_json) == len(in_csv) == len(in_xlsx) == len(in_parquet) > 0, t.name
        for j, c, x, p in zip(in_json, in_csv, in_xlsx, in_parquet, strict=True):
            for column in t.columns:
                a, b, d, e = j[column.name], c[column.name], x[column.name], p[column.name]
                if a in (None, ""):
                    assert b == "" and d is None and e in (None, ""), column.name
                elif column.type == "datetime":
                    when = datetime.fromisoformat(a)
                    assert datetime.fromisoformat(b) == when == e and d == when.replace(tzinfo=None)
                elif column.type == "number":
                    assert float(b) == pytest.approx(a, abs=5e-4) and d == pytest.approx(a) and e == a, column.name
                elif column.type == "boolean":
                    assert (b == "true", d, e) == (a, a, a)
                else:
                    assert (b.removeprefix("'"), str(d), e) == (str(a).removeprefix("'"), str(a), a), column.name


def test_habits_are_those_of_the_scorecards_with_the_place_in_which_they_are_heard(tmp_path: Path) -> None:
    made = archive({"A": "说到底呢，{}"}, n_calls=8)
    (row,) = json_rows(export(tmp_path / "out", made, ["json"])["report.json"], "habits")
    page = write_reports(tmp_path, made, lang="zh", failures=(), generated_at=GENERATED_AT, with_audio=False, agents=["A"])
    (found,) = json.loads(page.scorecards["A"].with_suffix(".json").read_text("utf-8"))["habits"]["found"]
    assert {n: row[n] for n in found if n in row} == {n: v for n, v in found.items() if n in row}
    assert (row["agent_id"], row["phrase"], row["call_id"]) == ("A", "说到底呢", found["calls"][0])
    (call_heard,) = [c.record for c in made if c.record.call_id == row["call_id"]]
    (turn,) = [t for t in call_heard.transcript.turns if t.start_s == row["start_s"]]
    assert turn.text.startswith("说到底呢")


def test_csv_of_the_pages_and_of_the_exports_are_the_same_files(tmp_path: Path) -> None:
    write_reports(tmp_path, calls(), lang="zh", failures=(), generated_at=GENERATED_AT, with_audio=False, bands=BANDS)
    before = {n: (tmp_path / n).read_bytes() for n in ("agents.csv", "calls.csv", "failures.csv")}
    export(tmp_path, calls(), ["csv"], failures=())
    assert {n: (tmp_path / n).read_bytes() for n in before} == before


def test_evidence_names_the_clause_the_second_and_the_words(written: dict[str, Path]) -> None:
    rows = [r for r in json_rows(written["report.json"], "evidence") if r["call_id"] == "a-0"]
    places = [r for r in rows if r["criterion"] == "word.impolite-table"]
    assert [(r["place"], r["n_places"], r["start_s"], r["quote"], r["heard"]) for r in places] == [
        (1, 3, 19.0, "你是谁", None), (2, 3, 19.9, "你电话是多少", "你电话是多小"), (3, 3, 30.5, "你等着", None),
    ]  # fmt: skip
    assert places[0]["clause"] == "001 用语表" and places[0]["points_lost"] == 6 and places[0]["suggestion"] == "请问您贵姓？"
    (greet,) = (r for r in rows if r["criterion"] == "open.greet")
    assert (greet["quote"], greet["match"], greet["suggestion"][:2]) == (None, "window", "您好")


def test_a_failure_that_nothing_points_at_has_one_row(tmp_path: Path) -> None:
    made = call(items=[outcome("open.greet", "fail", (0, 4), ("开口先问好", "Greets first"))])
    (row,) = json_rows(export(tmp_path, [made], ["json"])["report.json"], "evidence")
    assert row["n_places"] == 0 and row["place"] is None and row["start_s"] is None


def test_words_that_were_removed_are_in_no_export(tmp_path: Path) -> None:
    items = [
        outcome(
            "open.greet", "fail", (0, 4), ("开口先问好", "Greets first"), evidence=[Evidence(9.4, 9.9, "agent", "", "exact")]
        )
    ]
    (row,) = json_rows(export(tmp_path, [call(items=items)], ["json"])["report.json"], "evidence")
    assert (row["quote"], row["start_s"], row["reason"]) == (None, 9.4, None)


def test_no_export_names_a_customer(written: dict[str, Path]) -> None:
    import zipfile

    for path in written.values():
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as book:
                raw = b"".join(book.read(n) for n in book.namelist())
        else:
            raw = path.read_bytes()
        assert b"13900004471" not in raw, path.name


# --- workbooks ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("lang", "title", "first"), [("zh", "坐席", "坐席编号"), ("en", "Agents", "Agent")])
def test_a_workbook_speaks_its_language(tmp_path: Path, lang: Lang, title: str, first: str) -> None:
    book = sheets(export(tmp_path, calls(), ["xlsx"], lang)["report.xlsx"])
    assert book["agents"].title == title and book["agents"]["A1"].value == first
    explained = {row[1] for row in book["about"].iter_rows(values_only=True)}
    assert {"pass_ratio", "agent_f0_median_hz", "confidence_ratio"} <= explained


def test_every_sheet_has_a_fixed_heading_and_a_filter_over_all_its_rows(written: dict[str, Path]) -> None:
    for name, sheet in sheets(written["report.xlsx"]).items():
        if name != "about":
            assert sheet.freeze_panes == "B2"
            last = max(2, sheet.max_row)  # of a table without rows the heading and a blank one
            assert sheet.auto_filter.ref == f"A1:{sheet.cell(last, len(table(name).columns)).coordinate}", name


def test_cells_are_numbers_percentages_and_times_and_not_texts_that_look_like_them(written: dict[str, Path]) -> None:
    sheet = sheets(written["report.xlsx"])["calls"]
    (row,) = (r for r in sheet.iter_rows(min_row=2) if r[0].value == "a-0")
    cells = dict(zip(table("calls").names, row, strict=True))
    assert cells["started_at"].is_date and cells["started_at"].value == datetime(2026, 11, 10, 9, 12)
    assert cells["utc_offset_min"].value == 480
    assert (cells["score"].data_type, cells["score"].number_format) == ("n", "0.0")
    assert (cells["agent_talk_share_ratio"].value, cells["agent_talk_share_ratio"].number_format) == (0.47, "0.0%")
    assert cells["critical_failed"].data_type == "b" and cells["call_id"].data_type == "s"
    assert sheet.column_dimensions["A"].width >= 10


def test_a_cell_leads_to_the_page_of_its_call_where_one_was_written(tmp_path: Path) -> None:
    made = [call("x-1"), call("x-2", day=17)]
    write_reports(tmp_path, made, lang="en", failures=(), generated_at=GENERATED_AT, with_audio=False)
    pages = [r["page"] for r in csv_rows(tmp_path / "calls.csv")]
    assert pages == ["call-pages/x-1.html", "call-pages/x-2.html"] and all((tmp_path / p).is_file() for p in pages)
    cell = lines(sheets(export(tmp_path, made, ["xlsx"], "en")["report.xlsx"])["calls"])[1]["page"]
    assert cell == '=HYPERLINK("call-pages/x-2.html","open")'
    for row in json_rows(export(tmp_path, made, ["json"])["report.json"], "evidence"):
        page, place = row["page"].split("#")
        assert page == f"call-pages/{row['call_id']}.html" and f'id="{place}"' in (tmp_path / page).read_text("utf-8")
    (tmp_path / pages[1]).unlink()
    rows = json_rows(export(tmp_path, made, ["json"])["report.json"], "calls")
    assert [r["page"] for r in rows] == ["call-pages/x-1.html", "scorecards/A101.html"]
    (tmp_path / "scorecards" / "A101.html").unlink()
    assert json_rows(export(tmp_path, made, ["json"])["report.json"], "calls")[0]["page"] is None


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_from_outside_is_run_by_a_spreadsheet(tmp_path: Path, text: str) -> None:
    made = call(items=[outcome("open.greet", "fail", (0, 4), ("开口先问好", ""), (text, ""))])
    paths = export(tmp_path, [made], ["xlsx", "csv", "json"])
    cell = sheets(paths["report.xlsx"])["evidence"].cell(2, table("evidence").names.index("reason") + 1)
    assert cell.data_type == "s" and unescape(cell.value).rstrip(" ") == text
    assert csv_rows(paths["evidence.csv"])[0]["reason"] == (text if text[0] in "<a" else f"'{text}")
    assert json_rows(paths["report.json"], "evidence")[0]["reason"] == text


def test_a_text_longer_than_a_cell_ends_in_an_ellipsis_and_a_path_of_no_encoding_is_written(tmp_path: Path) -> None:
    assert fitting("x" * MAX_TEXT) == "x" * MAX_TEXT
    assert fitting("😀" * MAX_TEXT).endswith("…") and len(fitting("😀" * MAX_TEXT).encode("utf-16-le")) // 2 <= MAX_TEXT
    made = call(path="in/\udcff.wav")
    paths = export(tmp_path, [made], ["xlsx", "csv", "json"])
    assert "in/\\udcff.wav" in {r["recording_path"] for r in lines(sheets(paths["report.xlsx"])["calls"])}
    assert "in/\\udcff.wav" in {r["recording_path"] for r in csv_rows(paths["calls.csv"])}


def test_a_full_sheet_goes_on_in_a_second_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.report.exports.workbook.MAX_ROWS", 6)
    book = openpyxl.load_workbook(
        export(tmp_path, [call(f"c-{i}", day=1 + i) for i in range(9)], ["xlsx"], "en")["report.xlsx"]
    )
    found = [[row[0] for row in book[n].iter_rows(min_row=2, values_only=True)] for n in ("Calls", "Calls 2")]
    assert found == [[f"c-{i}" for i in range(5)], [f"c-{i}" for i in range(5, 9)]]
    assert book["Calls 2"].auto_filter.ref.startswith("A1:")


def test_the_same_calls_give_the_same_bytes(tmp_path: Path) -> None:
    made = calls()
    first, second = export(tmp_path / "a", made), export(tmp_path / "b", made)
    assert {n: p.read_bytes() for n, p in first.items()} == {n: p.read_bytes() for n, p in second.items()}


# --- JSON, Parquet --------------------------------------------------------------------------------------
@pytest.mark.parametrize("made", [calls(), []], ids=["calls", "none"])
def test_json_follows_its_schema(tmp_path: Path, made: list[Any]) -> None:
    import jsonschema

    scope = Scope(datetime(2026, 11, 1, tzinfo=UTC), None, "A101", "T1")
    data = json.loads(export(tmp_path, made, ["json"], scope=scope)["report.json"].read_text("utf-8"))
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(data, schema)
    assert data["schema"] == "callaudit.report/1" and data["period"] == {"from": "2026-11-01T00:00:00+00:00", "until": None}
    assert data["n_calls"] == len(made)
    data["tables"].setdefault("calls", []).append({"call_id": 1})
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, schema)


def test_parquet_columns_are_typed_and_say_what_they_mean(written: dict[str, Path]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pq.read_schema(written["calls.parquet"])
    assert schema.field("started_at").type == pa.timestamp("us", "UTC")
    assert schema.field("n_rings").type == pa.int64() and schema.field("critical_failed").type == pa.bool_()
    field = schema.field("agent_f0_median_hz")
    assert field.type == pa.float64() and field.metadata[b"unit"] == b"Hz" and field.metadata[b"title"].decode() == "坐席音高"
    said = json.loads(pq.read_metadata(written["calls.parquet"]).metadata[b"callaudit.report"])
    assert said["schema"] == "callaudit.report/1" and said["n_calls"] == len(calls())


def test_without_pyarrow_parquet_names_the_command_that_installs_it_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.report.exports.parquet.find_spec", lambda name: None)
    with pytest.raises(UsageError, match="needs pyarrow") as refused:
        export(tmp_path / "out", calls(), ["csv", "parquet"])
    assert refused.value.hint == "pip install 'callaudit[parquet]'"
    assert not (tmp_path / "out").exists()


# --- whole files or none --------------------------------------------------------------------------------
@pytest.mark.parametrize("fails_at", ["add", "finish"])
def test_a_full_disk_leaves_the_old_files_and_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: str
) -> None:
    old = {n: p.read_bytes() for n, p in export(tmp_path / "out", calls()[:3]).items()}

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(WorkbookSink, fails_at, full)
    with pytest.raises(OSError, match="No space left"):
        export(tmp_path / "out", calls())
    assert {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()} == old


def test_a_disk_that_is_full_while_the_workbook_is_put_together_is_an_error_of_the_system(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    (tmp_path / "report.xlsx").symlink_to("/dev/full")
    sink = WorkbookSink(tmp_path, load_tables(), load_messages("en"), GENERATED_AT)
    with pytest.raises(OSError, match="No space left"):
        sink.finish(Facts("0", GENERATED_AT, "en"))
    sink.abandon()
    del sink
    gc.collect()


# --- what the docs say ------------------------------------------------------------------------------------
def test_the_data_dictionary_in_the_docs_is_that_of_the_definition() -> None:
    page = (ROOT / "docs" / "exports.md").read_text("utf-8")
    assert dictionary_page() in page, "run: python -m audit.report.exports.dictionary"


def test_the_schema_in_the_docs_is_that_of_the_definition() -> None:
    assert json.loads((ROOT / "docs" / "report.schema.json").read_text("utf-8")) == json_schema()
