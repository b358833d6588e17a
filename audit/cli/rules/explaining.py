"""``callaudit rules explain`` and ``coverage``."""

from __future__ import annotations

from pathlib import Path

import click

from audit.cli.options import lang_option
from audit.cli.rules.packs import coloured, default_scorecard, load_all, make_console, print_evidence, read_call
from audit.errors import ScorecardError

_MODES = {
    "automated": {"zh": "自动", "en": "automated"},
    "assisted": {"zh": "辅助", "en": "assisted"},
    "human": {"zh": "人工", "en": "human"},
}


@click.command("explain")
@click.argument("call_json", type=click.Path(path_type=Path), metavar="CALL")
@click.argument("criterion")
@click.option("--scorecard", help="Name or folder (default: the one the call was judged by).")
@lang_option
def explain_verdict(call_json: Path, criterion: str, scorecard: str | None, lang: str) -> None:
    """Say why a call passed or failed a criterion: each condition's value, the stretch it searched, and where to listen.

    CALL is a file of calls/ in the output folder.

    \b
    callaudit rules explain out/calls/2041.json open.greet
    callaudit rules explain out/calls/2041.json talk.hold-ask --scorecard ./our-rules
    """
    from rich.markup import escape

    from audit.evaluation import explain as explained
    from audit.evaluation import load_scorecard

    record, judged_by = read_call(call_json)
    card = load_scorecard(scorecard or judged_by or default_scorecard(record))
    found = explained(record, card, criterion)
    console = make_console()
    rule = found.criterion
    console.print(f"[bold]{rule.id}[/bold]  {escape(rule.title[lang])}  ({escape(rule.clause)})")
    reason = escape(found.result.reason[lang])
    console.print(f"{record.call_id}, {card.id} {card.version}: {coloured(found.result.verdict)}  {reason}")
    print_evidence(console, found.result.evidence, "  ")
    console.print()
    for step in found.steps:
        pad = "  " * (step.depth + 1)
        said = escape(step.result.reason.get(lang, ""))
        console.print(f"{escape(f'{pad}{step.label}')}: {coloured(step.result.verdict)}  {said}")
        if step.searched:
            spans = ", ".join(f"{a:.2f}–{b:.2f} s" for a, b in step.searched)
            console.print(f"{pad}  {'查找范围' if lang == 'zh' else 'searched'}: {spans}")
        print_evidence(console, step.result.evidence, pad + "  ")
    console.print(f"\n{escape(rule.why[lang])}")
    console.print(escape(rule.false_alarms[lang]))


@click.command("coverage")
@click.argument("scorecards", nargs=-1)
@lang_option
def show_coverage(scorecards: tuple[str, ...], lang: str) -> None:
    """Show each clause of the service standard, the packs that audit it, and who decides; a clause without a rule is an error.

    automated: the rule decides. assisted: a person confirms what it finds. human: a person alone.

    \b
    callaudit rules coverage
    callaudit rules coverage zh-service --lang zh
    """
    from rich.markup import escape
    from rich.table import Table

    from audit.evaluation import coverage as covered
    from audit.evaluation import load_clauses
    from audit.evaluation.standard import audit_modes, uncovered

    cards = load_all(scorecards)
    clauses = load_clauses()
    head = ("条款", "内容", "规则") if lang == "zh" else ("clause", "what it asks", "audited by")
    table = Table(box=None, pad_edge=False)
    table.add_column(head[0], no_wrap=True)
    table.add_column(head[1])
    table.add_column(head[2])
    none = "[red]没有规则[/red]" if lang == "zh" else "[red]no rule[/red]"
    by_score = "计分本身" if lang == "zh" else "the scoring itself"
    for clause, _ in covered(clauses, cards):
        said = ", ".join(f"{card} ({_MODES[mode][lang]})" for card, mode in audit_modes(clause, cards))
        table.add_row(clause.id, escape(clause.title[lang]), said or (by_score if clause.by_score else none))
    console = make_console()
    console.print(table)
    missing = uncovered(clauses, cards)
    n, n_all = len(clauses) - len(missing), len(clauses)
    console.print(f"标准 {n_all} 条中 {n} 条有规则" if lang == "zh" else f"{n} of the standard's {n_all} clauses are audited")
    if missing:
        names = ", ".join(card.id for card in cards)
        raise ScorecardError(
            [f"{clause.id}: no rule of {names} audits this clause" for clause in missing],
            hint="write one with `callaudit rules new`",
        )
