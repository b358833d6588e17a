"""``--format``: a report as pages, tables and PDF."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audit.errors import UsageError

if TYPE_CHECKING:
    from audit.cli.pages import ReportInputs
    from audit.report import ReportPaths
    from audit.report.exports import Format, Scope
    from audit.report.exports.pdf import Browser

#: In the order in which they are written: PDF is printed from the pages.
FORMATS = ("html", "xlsx", "csv", "json", "parquet", "pdf")
#: Browsers at the same time; each takes some 200 MB.
MAX_BROWSERS = 4


class FormatsType(click.ParamType[tuple[str, ...]]):
    """Reads one format, or several with commas between."""

    name = "format"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Split and check."""
        if isinstance(value, tuple):
            return value
        names = tuple(part.strip().lower() for part in str(value).split(",") if part.strip())
        for name in names:
            if name not in FORMATS:
                from difflib import get_close_matches

                near = get_close_matches(name, FORMATS, n=1)
                meant = f"; did you mean {near[0]}?" if near else ""
                self.fail(f"{name!r} is none of {', '.join(FORMATS)}{meant}", param, ctx)
        return names or self.fail(f"name one or several of {', '.join(FORMATS)}", param, ctx)


def formats_asked(given: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """What ``--format`` asks for, each once and in the order of writing; pages where it is not given.

    Examples
    --------
    >>> formats_asked([("pdf", "xlsx"), ("xlsx",)]), formats_asked([])
    (('xlsx', 'pdf'), ('html',))
    """
    asked = {name for names in given for name in names} or {"html"}
    return tuple(f for f in FORMATS if f in asked)


def check_formats(formats: Iterable[str]) -> Browser | None:
    """Find out before anything is read whether all formats can be written; gives the browser that prints.

    Raises
    ------
    UsageError
        Naming what is missing and how to get it.
    """
    if "parquet" in formats:
        from audit.report.exports.parquet import require_pyarrow

        require_pyarrow()
    if "pdf" not in formats:
        return None
    from audit.report.exports.pdf import find_browser, lacks_chinese_font

    browser = find_browser()
    if lacks_chinese_font():
        click.echo(
            "callaudit: no font on this machine has Chinese, which is printed as boxes\n  next: apt install fonts-noto-cjk",
            err=True,
        )
    return browser


def write_report(
    inputs: ReportInputs,
    out: Path,
    formats: tuple[str, ...],
    *,
    scope: Scope,
    browser: Browser | None = None,
    jobs: int | None = None,
) -> tuple[Path, ...]:
    """Write a report in the formats asked for.

    Parameters
    ----------
    inputs : ReportInputs
    out : Path
        There already.
    formats : tuple of str
        As :func:`formats_asked` gives them.
    scope : Scope
        What was asked for, for exports to say.
    browser : Browser, optional
        Prints, where PDF is asked for.
    jobs : int, optional

    Returns
    -------
    tuple of Path
        Where to look first, of each format.

    Raises
    ------
    UsageError, AuditError, StoreError
        For what is missing, what was not printed and what cannot be written.
    """
    from audit.batch.files import cannot_write
    from audit.cli.pages import write_pages_of
    from audit.report.files import folder_in

    found: list[Path] = []
    try:
        with ExitStack() as stack:
            pages: ReportPaths | None = None
            home = out
            if "html" in formats:
                pages = write_pages_of(inputs, out, jobs=jobs)
                found.append(pages.index)
            elif browser is not None:
                home = stack.enter_context(folder_in(out, "pages"))
                silent = replace(inputs, settings=replace(inputs.settings, with_audio=False))
                pages = write_pages_of(silent, home, jobs=jobs)
            found += _write_tables(inputs, out, formats, scope)
            if browser is not None and pages is not None:
                found += _print(pages, home, out, browser, inputs.settings.lang, jobs, with_teams=scope.agent_id is None)
    except OSError as e:
        raise cannot_write(Path(e.filename or out), e) from e
    return tuple(found)


def _write_tables(inputs: ReportInputs, out: Path, formats: Iterable[str], scope: Scope) -> list[Path]:
    """One file of each format: the first, where there are several."""
    from audit.report.exports import FORMATS as TABLES
    from audit.report.exports import write_exports

    asked: list[Format] = [f for f in TABLES if f in formats]
    if not asked:
        return []
    written = write_exports(out, inputs.source, inputs.settings, asked, failures=inputs.failures, scope=scope)
    return [next(p for p in written if p.suffix == f".{f}") for f in asked]


def _print(
    pages: ReportPaths, home: Path, out: Path, browser: Browser, lang: str, jobs: int | None, *, with_teams: bool
) -> list[Path]:
    """PDFs of the scorecards and team pages, at the places of their pages; the first to look at."""
    from audit.cli.options import workers_and_threads
    from audit.report.exports.pdf import print_pages
    from audit.report.messages import load_messages

    sheets = [*([pages.team] if pages.team else []), *pages.teams.values()] if with_teams else []
    sheets += pages.scorecards.values()
    if not sheets:
        raise UsageError("there is nothing to print", hint="see calls.csv for starts, agents and teams")
    targets = {page: out / page.relative_to(home).with_suffix(".pdf") for page in sheets}
    at_once = max(1, min(MAX_BROWSERS, workers_and_threads(jobs)[0]))
    printed = print_pages(targets, browser, load_messages("zh" if lang == "zh" else "en"), n_at_once=at_once)
    return [printed[0]]
