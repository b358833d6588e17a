"""``callaudit rules new``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from audit.cli.options import lang_option

if TYPE_CHECKING:
    from audit.evaluation import Scorecard

_ASKED = {
    "en": {
        "section": "Section ({})",
        "id": "Id, such as talk.no-shouting; it is permanent",
        "title_zh": "Title in Chinese",
        "title_en": "Title in English",
        "clause": "Where the handbook asks for it",
        "points": "Points",
        "must": "Must it be said or left unsaid?",
        "role": "By whom?",
        "phrase": "Phrase as it is spoken; (a|b) are alternatives, … a gap",
        "more": "One more (empty: done)",
        "done": "{}\n{}\nnext: callaudit rules test {}",
    },
    "zh": {
        "section": "所属部分（{}）",
        "id": "编号，如 talk.no-shouting，以后不再更改",
        "title_zh": "中文标题",
        "title_en": "英文标题",
        "clause": "出自手册何处",
        "points": "分值",
        "must": "必须说（said）还是不许说（unsaid）？",
        "role": "由谁说？",
        "phrase": "说法，照口语写；(甲|乙) 表示任选，… 表示间隔",
        "more": "再加一个（回车结束）",
        "done": "{}\n{}\n下一步：callaudit rules test {}",
    },
}


@click.command("new")
@click.argument("pack", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--section", help="Section of the scorecard.")
@click.option("--id", "rule_id", metavar="ID", help="Permanent id, such as talk.no-shouting.")
@click.option("--title-zh", help="Title in Chinese.")
@click.option("--title-en", help="Title in English.")
@click.option("--clause", help="Where the handbook asks for it.")
@click.option("--points", type=click.FloatRange(0, min_open=True), help="Earned by a pass.")
@click.option("--must", type=click.Choice(["said", "unsaid"]), help="Whether a phrase has to be said, or none may be.")
@click.option("--role", type=click.Choice(["agent", "customer"]), help="Who says it.")
@click.option("--phrase", "phrases", multiple=True, help="A wording as it is spoken. Repeatable.")
@lang_option
def new_rule(
    pack: Path,
    section: str | None,
    rule_id: str | None,
    title_zh: str | None,
    title_en: str | None,
    clause: str | None,
    points: float | None,
    must: Literal["said", "unsaid"] | None,
    role: Literal["agent", "customer"] | None,
    phrases: tuple[str, ...],
    lang: str,
) -> None:
    """Write a new rule with its cases into PACK from a template, and list it in scorecard.yml, whose comments stay.

    What no option gives is asked for.

    \b
    callaudit rules new ./our-rules
    callaudit rules new ./our-rules --section wording --id word.no-sir --title-zh 不说老板 --title-en "No boss" \\
      --clause "handbook 3.2" --points 2 --must unsaid --role agent --phrase 老板
    """
    from audit.evaluation import load_scorecard
    from audit.evaluation.template import NewRule, write_rule

    card = load_scorecard(pack)
    asked = _ASKED[lang]
    rule = NewRule(
        section=section or _section(card, asked["section"]),
        id=rule_id or click.prompt(asked["id"]),
        title_zh=title_zh or click.prompt(asked["title_zh"]),
        title_en=title_en or click.prompt(asked["title_en"]),
        clause=clause or click.prompt(asked["clause"]),
        points=points or float(click.prompt(asked["points"], type=click.FloatRange(0, min_open=True), default=2)),
        must="said" if _chosen(must, asked["must"], ("said", "unsaid"), None) == "said" else "unsaid",
        role="agent" if _chosen(role, asked["role"], ("agent", "customer"), "agent") == "agent" else "customer",
        phrases=phrases or _phrases(asked["phrase"], asked["more"]),
    )
    path, cases = write_rule(rule, pack)
    click.echo(asked["done"].format(path, cases, pack))


def _section(card: Scorecard, question: str) -> str:
    names = [s.id for s in card.sections]
    return str(click.prompt(question.format(", ".join(names)), type=click.Choice(names), show_choices=False))


def _chosen(given: str | None, question: str, choices: tuple[str, ...], default: str | None) -> str:
    return given or str(click.prompt(question, type=click.Choice(choices), default=default))


def _phrases(first: str, more: str) -> tuple[str, ...]:
    found = [str(click.prompt(first))]
    while another := str(click.prompt(more, default="", show_default=False)):
        found.append(another)
    return tuple(found)
