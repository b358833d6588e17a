"""``callaudit rules``: check, test, explain and list rule packs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from audit.cli.options import lang_option

if TYPE_CHECKING:
    from rich.console import Console

    from audit.evaluation import Scorecard
    from audit.records import CallRecord, Evidence
    from audit.verdicts import Verdict

_COLOURS = {"pass": "green", "fail": "red", "not_applicable": "dim", "not_evaluable": "yellow"}


def _console() -> Console:
    from rich.console import Console

    return Console(soft_wrap=True, highlight=False)


def _scorecards(names: tuple[str, ...]) -> list[Scorecard]:
    """The scorecards named, or all that are shipped; every fault of all of them in one error."""
    from audit.errors import ScorecardError
    from audit.evaluation import load_scorecard, shipped_scorecards

    loaded: list[Scorecard] = []
    faults: list[str] = []
    hint: str | None = None
    for name in names or shipped_scorecards():
        try:
            loaded.append(load_scorecard(name))
        except ScorecardError as e:
            faults += e.faults
            hint = e.hint
    if faults:
        raise ScorecardError(faults, hint=hint)
    return loaded


@click.group("rules", short_help="Check, test and explain rule packs.")
def rules() -> None:
    """Work with rule packs: the YAML files that say what a good call is.

    A scorecard is named by its shipped name (zh-service, en-service) or by its folder.
    """


@rules.command("check")
@click.argument("scorecards", nargs=-1)
def check_packs(scorecards: tuple[str, ...]) -> None:
    """Read rule packs and name every fault by file, line and column.

    \b
    callaudit rules check
    callaudit rules check ./our-rules zh-service
    """
    console = _console()
    for card in _scorecards(scorecards):
        console.print(
            f"[green]ok[/green] {card.id} {card.version}: {len(card.sections)} sections, {len(card.criteria)} criteria, "
            f"sha256 {card.sha256[:12]}"
        )


@rules.command("test")
@click.argument("scorecards", nargs=-1)
@click.option("--verbose", "-v", is_flag=True, help="List the cases that hold, too.")
@lang_option
def run_tests(scorecards: tuple[str, ...], verbose: bool, lang: str) -> None:
    """Run the cases beside the rules; a case that does not hold is an error.

    \b
    callaudit rules test
    callaudit rules test ./our-rules --verbose
    """
    from rich.markup import escape

    from audit.errors import ScorecardError
    from audit.evaluation import run_cases

    console = _console()
    wrong: list[str] = []
    for card in _scorecards(scorecards):
        results = run_cases(card)
        for r in results:
            if r.ok and verbose:
                console.print(f"[green]holds[/green] {r.criterion}: {escape(r.case)}")
            if not r.ok:
                got = r.got if r.got != r.expected else f"evidence lacks {', '.join(r.missing_evidence)}"
                wrong.append(f"{r.path}: {r.criterion}: {r.case}: expected {r.expected}, got {got} ({r.reason[lang]})")
        n_held = sum(r.ok for r in results)
        console.print(f"{card.id} {card.version}: {n_held} of {len(results)} cases hold, {len(card.criteria)} criteria")
    if wrong:
        raise ScorecardError(
            wrong, hint="correct the rule or the case; `callaudit rules explain` shows why a call was judged so"
        )


@rules.command("explain")
@click.argument("call_json", type=click.Path(path_type=Path))
@click.argument("criterion")
@click.option("--scorecard", help="Name or folder (default: the one the call was judged by).")
@lang_option
def explain_verdict(call_json: Path, criterion: str, scorecard: str | None, lang: str) -> None:
    """Say why a call passed or failed a criterion, part by part, with the seconds to listen to.

    \b
    callaudit rules explain out/calls/2041.json open.greet
    callaudit rules explain out/calls/2041.json talk.hold-ask --scorecard ./our-rules
    """
    from rich.markup import escape

    from audit.evaluation import explain as explained
    from audit.evaluation import load_scorecard

    record, judged_by = _read_call(call_json)
    card = load_scorecard(scorecard or judged_by or _default_scorecard(record))
    found = explained(record, card, criterion)
    console = _console()
    rule = found.criterion
    console.print(f"[bold]{rule.id}[/bold]  {escape(rule.title[lang])}  ({escape(rule.clause)})")
    console.print(
        f"{record.call_id}, {card.id} {card.version}: {_coloured(found.result.verdict)}  {escape(found.result.reason[lang])}"
    )
    _print_evidence(console, found.result.evidence, "  ")
    console.print()
    for step in found.steps:
        pad = "  " * (step.depth + 1)
        console.print(f"{pad}{step.label}: {_coloured(step.result.verdict)}  {escape(step.result.reason[lang])}")
        _print_evidence(console, step.result.evidence, pad + "  ")
    console.print(f"\n{escape(rule.why[lang])}")
    console.print(escape(rule.false_alarms[lang]))


@rules.command("coverage")
@click.argument("scorecards", nargs=-1)
@lang_option
def show_coverage(scorecards: tuple[str, ...], lang: str) -> None:
    """Show each clause of the service standard and the rules that audit it.

    \b
    callaudit rules coverage
    callaudit rules coverage zh-service --lang zh
    """
    from rich.markup import escape
    from rich.table import Table

    from audit.evaluation import coverage as covered
    from audit.evaluation import load_clauses

    rows = covered(load_clauses(), _scorecards(scorecards))
    head = ("条款", "内容", "规则") if lang == "zh" else ("clause", "what it asks", "audited by")
    table = Table(box=None, pad_edge=False)
    table.add_column(head[0], no_wrap=True)
    table.add_column(head[1])
    table.add_column(head[2])
    none = "[yellow]尚未自动[/yellow]" if lang == "zh" else "[yellow]not yet[/yellow]"
    by_score = "计分本身" if lang == "zh" else "the scoring itself"
    for clause, cards in rows:
        table.add_row(clause.id, escape(clause.title[lang]), ", ".join(cards) or (by_score if clause.by_score else none))
    console = _console()
    console.print(table)
    of_standard = [bool(cards) or clause.by_score for clause, cards in rows if clause.section != "pack"]
    n = sum(of_standard)
    if lang == "zh":
        console.print(f"标准 {len(of_standard)} 条中 {n} 条已自动")
    else:
        console.print(f"{n} of the standard's {len(of_standard)} clauses are audited")


def _coloured(verdict: Verdict) -> str:
    return f"[{_COLOURS[verdict]}]{verdict}[/]"


def _print_evidence(console: Console, evidence: tuple[Evidence, ...], pad: str) -> None:
    from rich.markup import escape

    for e in evidence:
        sure = f"  confidence {e.confidence:.2f}" if e.confidence is not None else ""
        paid = f"  cost {e.cost:.2f}" if e.cost is not None else ""
        heard = f"  heard “{e.heard}”" if e.heard and e.heard != e.text else ""
        polite = f"  → {e.suggestion}" if e.suggestion else ""
        where = f"{pad}{e.start_s:.2f}–{e.end_s:.2f} s {e.role} {e.match}: "
        console.print(where + escape(f"“{e.text}”{heard}{paid}{sure}{polite}"))


def _read_call(path: Path) -> tuple[CallRecord, str | None]:
    """The record in a call's file, and the scorecard it was judged by."""
    from audit.contract import record_from_json
    from audit.errors import UsageError

    try:
        data = json.loads(path.read_text("utf-8"))
    except OSError as e:
        raise UsageError(
            f"{path}: cannot read the call: {e.strerror}", hint="give a file of calls/ in the output folder"
        ) from e
    except ValueError as e:
        raise UsageError(f"{path}: not a JSON file: {e}", hint="give a file of calls/ in the output folder") from e
    if not isinstance(data, dict):
        raise UsageError(f"{path}: not a call", hint="give a file of calls/ in the output folder")
    evaluation = data.get("evaluation") or {}
    try:
        return record_from_json(data), evaluation.get("scorecard")
    except (ValueError, KeyError, TypeError) as e:
        raise UsageError(
            f"{path}: not a call that callaudit wrote: {e}", hint="give a file of calls/ in the output folder"
        ) from e


def _default_scorecard(record: CallRecord) -> str:
    """The shipped scorecard of the call's language."""
    language = record.transcript.language if record.transcript else "zh"
    return f"{language}-service"
