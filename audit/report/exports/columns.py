"""What the exported tables hold: one definition that every format and the data dictionary follow."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from audit.report.messages import Lang

Type = Literal["text", "integer", "number", "boolean", "datetime"]
#: Whose figures a call has, as titles say it.
_PARTIES: Mapping[str, Mapping[Lang, str]] = {
    "agent": {"en": "Agent: ", "zh": "坐席"},
    "customer": {"en": "Customer: ", "zh": "客户"},
}
#: The place in the list of columns at which those figures stand.
_MEASURES = "measures"


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes
    ----------
    name : str
        Its id in CSV, JSON and Parquet; carries the unit where there is one.
    type : {"text", "integer", "number", "boolean", "datetime"}
    unit : str
        ``0-1`` for a ratio, ``0-100`` for a score, ``link`` for a relative path; empty without one.
    titles, about : mapping of language to str
        Its heading in a workbook, and what it means.
    """

    name: str
    type: Type
    unit: str
    titles: Mapping[Lang, str]
    about: Mapping[Lang, str]

    def heading(self, lang: Lang) -> str:
        """The title with its unit, where that is one that a reader has to know."""
        shown = {"characters/min": "字/分", "words/min": "词/分", "s": "秒", "points": "分", "min": "分钟", "semitones": "半音"}
        unit = shown.get(self.unit, self.unit) if lang == "zh" else self.unit
        title = self.titles[lang]
        if not unit or unit in ("0-1", "0-100", "link", "ratio", "points") or unit in title:
            return title
        return f"{title}（{unit}）" if lang == "zh" else f"{title} ({unit})"


@dataclass(frozen=True, slots=True)
class Table:
    """One table: `name` is its file's stem and its key in JSON."""

    name: str
    titles: Mapping[Lang, str]
    about: Mapping[Lang, str]
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns, in order."""
        return tuple(c.name for c in self.columns)


@cache
def load_tables() -> tuple[Table, ...]:
    """All tables, in the order of a workbook's sheets.

    Raises
    ------
    ValueError
        If the shipped definition does not hold together.
    """
    data = tomllib.loads(Path(__file__).with_name("tables.toml").read_text("utf-8"))
    measures = [_column(name, row) for name, row in data.pop("measures").items()]
    tables = []
    for name, found in data.items():
        columns: list[Column] = []
        for key, row in found["columns"].items():
            columns += _of_parties(found[_MEASURES], measures) if key == _MEASURES else [_column(key, row)]
        tables.append(Table(name, _pair(found["title"]), _pair(found["about"]), tuple(columns)))
    return tuple(tables)


def table(name: str) -> Table:
    """One of the tables; KeyError for another name.

    Examples
    --------
    >>> table("agents").names[:2]
    ('agent_id', 'agent_name')
    >>> [c.heading("zh") for c in table("calls").columns if c.name == "agent_speech_rate_cpm"]
    ['坐席语速（字/分）']
    """
    return {t.name: t for t in load_tables()}[name]


def _of_parties(parties: list[str], measures: list[Column]) -> Iterator[Column]:
    for party in parties:
        for m in measures:
            titles = {lang: prefix + m.titles[lang] for lang, prefix in _PARTIES[party].items()}
            yield Column(f"{party}_{m.name}", m.type, m.unit, titles, m.about)


def _column(name: str, row: list[Any]) -> Column:
    kind, unit, title_en, title_zh, about_en, about_zh = row
    if kind not in get_args(Type):
        raise ValueError(f"column {name}: {kind!r} is no type")
    return Column(name, kind, unit, _pair([title_en, title_zh]), _pair([about_en, about_zh]))


def _pair(texts: list[str]) -> dict[Lang, str]:
    return {"en": texts[0], "zh": texts[1]}
