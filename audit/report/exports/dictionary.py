"""What the exports mean, for people and for programs: the tables of ``docs/exports.md`` and a JSON Schema.

Both are made from the definition of the columns::

    python -m audit.report.exports.dictionary docs/
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from audit.report.exports.columns import Column, load_tables
from audit.report.exports.sinks import SCHEMA

#: Between these lines stands the dictionary in ``docs/exports.md``.
BEGIN, END = "<!-- columns: begin -->", "<!-- columns: end -->"
_TYPES = {"text": "string", "integer": "integer", "number": "number", "boolean": "boolean", "datetime": "string"}


def dictionary_page() -> str:
    """All columns of all tables as Markdown, in English with the Chinese titles."""
    lines = [BEGIN, ""]
    for t in load_tables():
        lines += [f"### {t.name} ({t.titles['en']}, {t.titles['zh']})", "", t.about["en"], ""]
        lines += ["| column | heading | 标题 | type | unit | meaning |", "|---|---|---|---|---|---|"]
        for c in t.columns:
            cells = (f"`{c.name}`", c.titles["en"], c.titles["zh"], c.type, c.unit, c.about["en"])
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        lines.append("")
    return "\n".join([*lines, END])


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of ``report.json``; keys are added freely, so others are let through."""
    when = {"type": ["string", "null"], "format": "date-time"}
    tables = {
        t.name: {
            "description": t.about["en"],
            "type": "array",
            "items": {
                "type": "object",
                "required": list(t.names),
                "properties": {c.name: _property(c) for c in t.columns},
            },
        }
        for t in load_tables()
    }
    use = {
        "type": "object",
        "required": ["scorecard", "scorecard_version", "scorecard_sha256", "n_calls"],
        "properties": {
            "scorecard": {"type": "string"}, "scorecard_version": {"type": "string"},
            "scorecard_sha256": {"type": "string"}, "n_calls": {"type": "integer"},
        },
    }  # fmt: skip
    head = {
        "schema": {"const": SCHEMA},
        "tool_version": {"type": "string"},
        "generated_at": {"type": "string", "format": "date-time"},
        "lang": {"enum": ["zh", "en"]},
        "period": {"type": "object", "required": ["from", "until"], "properties": {"from": when, "until": when}},
        "agent_id": {"type": ["string", "null"]},
        "team": {"type": ["string", "null"]},
        "n_agents": {"type": "integer"},
        "n_calls": {"type": "integer"},
        "first_call_at": when,
        "last_call_at": when,
        "scorecards": {"type": "array", "items": use},
        "tables": {"type": "object", "required": list(tables), "properties": tables},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA,
        "type": "object",
        "required": list(head),
        "properties": head,
    }


def _property(c: Column) -> dict[str, Any]:
    said: dict[str, Any] = {"type": [_TYPES[c.type], "null"], "description": c.about["en"]}
    if c.type == "datetime":
        said["format"] = "date-time"
    if c.unit:
        said["unit"] = c.unit
    if c.unit in ("0-1", "0-100"):
        said |= {"minimum": 0, "maximum": 1 if c.unit == "0-1" else 100}
    return said


def main(docs: Path) -> None:
    """Write the schema, and the dictionary into its page."""
    (docs / "report.schema.json").write_text(json.dumps(json_schema(), ensure_ascii=False, indent=1) + "\n", "utf-8")
    page = docs / "exports.md"
    text = page.read_text("utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    page.write_text(before + dictionary_page() + after, "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
