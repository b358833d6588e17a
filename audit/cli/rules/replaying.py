"""``callaudit rules try`` and ``diff``: what rules would say of the archive, before anybody is judged by them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from audit.cli.options import lang_option
from audit.cli.rules.packs import Watched, coloured, load_all, make_console, on_option, print_evidence, store_on
from audit.errors import UsageError

if TYPE_CHECKING:
    from audit.batch.replay import PackDiff
    from audit.verdicts import Verdict

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command("try")
@click.argument("rule", type=_FILE)
@on_option
@click.option("--scorecard", help="Whose language and matching count. [default: zh-service]")
@click.option(
    "--show",
    type=click.Choice(["fail", "pass", "not_applicable", "not_evaluable"]),
    default="fail",
    show_default=True,
    help="Verdict of the examples.",
)
@click.option("--examples", "n_examples", type=click.IntRange(0), default=5, show_default=True, help="How many.")
@lang_option
def try_on(rule: Path, where: str, scorecard: str | None, show: Verdict, n_examples: int, lang: str) -> None:
    """Judge the calls of a store by one rule that need not be in any pack; nothing is written.

    RULE is a criterion's YAML file. Printed: how many calls pass and fail, how many hits, and examples with their seconds.

    \b
    callaudit rules try new.yml --on audit/
    callaudit rules try new.yml --on audit/ --scorecard en-service --show pass --examples 10
    """
    from rich.markup import escape

    from audit.batch.replay import try_rule
    from audit.evaluation import load_scorecard
    from audit.evaluation.pack import load_rule

    criterion, card = load_rule(rule), load_scorecard(scorecard or "zh-service")
    with store_on(where) as store, Watched() as watch:
        found = try_rule(criterion, card, store, show=show, n_examples=n_examples, watch=watch)
    n_calls = sum(found.verdicts.values())
    if not n_calls:
        raise UsageError(f"{where}: no call with words in {card.language!r}", hint="name another --scorecard or store")
    console = make_console()
    console.print(f"[bold]{criterion.id}[/bold]  {escape(criterion.title[lang])}")
    counts = ", ".join(f"{coloured(v)} {n}" for v, n in sorted(found.verdicts.items(), key=lambda item: -item[1]))
    rate = "–" if found.fail_ratio is None else f"{found.fail_ratio:.1%}"
    if lang == "zh":
        console.print(f"{n_calls} 通：{counts}；不合格率 {rate}，命中 {found.n_hits} 处")
    else:
        console.print(f"{n_calls} calls: {counts}; fail rate {rate}, {found.n_hits} hits")
    for example in found.examples:
        who = f" ({example.agent_id})" if example.agent_id else ""
        console.print(f"\n{escape(example.call_id + who)}: {coloured(example.verdict)}  {escape(example.reason[lang])}")
        print_evidence(console, example.evidence, "  ")


@click.command("diff")
@click.argument("before")
@click.argument("after")
@on_option
@click.option("--calls", "n_shown", type=click.IntRange(0), default=20, show_default=True, help="Changed calls listed.")
@lang_option
def diff(before: str, after: str, where: str, n_shown: int, lang: str) -> None:
    """Judge the calls of a store by two packs and show what changes: criteria, calls, agents and ranks; nothing is written.

    \b
    callaudit rules diff zh-service ./our-rules --on audit/
    """
    from audit.batch.replay import diff_packs

    old, new = load_all((before, after))
    if old.language != new.language:
        what = f"{old.id} judges calls in {old.language!r}, {new.id} in {new.language!r}"
        raise UsageError(what, hint="compare packs of one language")
    with store_on(where) as store, Watched() as watch:
        found = diff_packs(old, new, store, watch=watch)
    if not found.n_calls:
        raise UsageError(f"{where}: no call with words in {old.language!r}", hint="name another store")
    names = (f"{old.id} {old.version} {old.sha256[:8]}", f"{new.id} {new.version} {new.sha256[:8]}")
    _print_diff(found, names, n_shown, lang)


_WORDS = {
    "en": {
        "line": "{} calls: {} would change ({} → {})",
        "criteria": ("criterion", "before", "after", "calls"),
        "calls": ("call", "agent", "before", "after", "criteria"),
        "agents": ("agent", "calls", "before", "after", "rank before", "rank after"),
        "more": "and {} more calls",
    },
    "zh": {
        "line": "{} 通中 {} 通会变化（{} → {}）",
        "criteria": ("规则", "原", "新", "通数"),
        "calls": ("通话", "坐席", "原", "新", "规则"),
        "agents": ("坐席", "通数", "原", "新", "原名次", "新名次"),
        "more": "另有 {} 通",
    },
}


def _print_diff(found: PackDiff, names: tuple[str, str], n_shown: int, lang: str) -> None:
    from rich.markup import escape
    from rich.table import Table

    words = _WORDS[lang]
    console = make_console()

    def table(head: object, rows: list[tuple[str, ...]]) -> None:
        if rows:
            shown = Table(box=None, pad_edge=False)
            for name in head if isinstance(head, tuple) else ():
                shown.add_column(name, no_wrap=True)
            for row in rows:
                shown.add_row(*(escape(cell) for cell in row))
            console.print()
            console.print(shown)

    console.print(escape(str(words["line"]).format(found.n_calls, len(found.calls), *names)))
    changed = sorted(found.criteria.items(), key=lambda item: (-item[1], item[0]))
    table(words["criteria"], [(name, old, new, str(n)) for (name, old, new), n in changed])
    table(
        words["calls"],
        [
            (c.call_id, c.agent_id or "–", _score(c.before), _score(c.after), _verdicts(c.criteria))
            for c in found.calls[:n_shown]
        ],
    )
    if len(found.calls) > n_shown:
        console.print(str(words["more"]).format(len(found.calls) - n_shown))
    table(
        words["agents"],
        [
            (a.agent_id, str(a.n_calls), _score(a.before), _score(a.after), _rank(a.rank_before), _rank(a.rank_after))
            for a in found.agents
        ],
    )


def _verdicts(changed: tuple[tuple[str, str, str], ...]) -> str:
    return ", ".join(f"{name} {before}→{after}" for name, before, after in changed)


def _score(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _rank(value: int | None) -> str:
    return "–" if value is None else str(value)
