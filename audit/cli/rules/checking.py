"""``callaudit rules check``, ``test`` and ``release``."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from audit.cli.options import lang_option
from audit.cli.rules.packs import load_all, make_console
from audit.errors import ScorecardError

if TYPE_CHECKING:
    from audit.evaluation import CaseResult, Scorecard
    from audit.words import Transcript

_CASE_HINT = "correct the rule or the case; `callaudit rules explain` shows why a call was judged so"


@click.command("check")
@click.argument("scorecards", nargs=-1)
def check_packs(scorecards: tuple[str, ...]) -> None:
    """Read rule packs and name every fault by file, line and column.

    A released version whose rules have changed is a fault, too.

    \b
    callaudit rules check
    callaudit rules check ./our-rules zh-service
    """
    from audit.evaluation.releases import read_releases, release_faults

    console = make_console()
    faults: list[str] = []
    for card in load_all(scorecards):
        releases = read_releases(card.folder)
        found = list(release_faults(card, releases))
        faults += found
        if not found:
            state = ", released" if any(r.version == card.version for r in releases) else ""
            console.print(
                f"[green]ok[/green] {card.id} {card.version}{state}: {len(card.sections)} sections, "
                f"{len(card.criteria)} criteria, sha256 {card.sha256[:12]}"
            )
    if faults:
        raise ScorecardError(faults, hint="a released version never changes: raise the version, or take the change back")


@click.command("test")
@click.argument("scorecards", nargs=-1)
@click.option("--verbose", "-v", is_flag=True, help="List the cases that hold, too.")
@lang_option
def run_tests(scorecards: tuple[str, ...], verbose: bool, lang: str) -> None:
    """Run the cases beside the rules and the transcripts of transcripts.yml; one that does not hold is an error.

    \b
    callaudit rules test
    callaudit rules test ./our-rules --verbose
    """
    from rich.markup import escape

    console = make_console()
    wrong: list[str] = []
    for card in load_all(scorecards):
        results = _results(card)
        if verbose:
            for r in results:
                if r.ok:
                    console.print(f"[green]holds[/green] {r.criterion}: {escape(r.case)}")
        wrong += [_told(r, lang) for r in results if not r.ok]
        n_held = sum(r.ok for r in results)
        if lang == "zh":
            console.print(f"{card.id} {card.version}：{len(results)} 个用例中 {n_held} 个成立，共 {len(card.criteria)} 条规则")
        else:
            console.print(f"{card.id} {card.version}: {n_held} of {len(results)} cases hold, {len(card.criteria)} criteria")
    if wrong:
        raise ScorecardError(wrong, hint=_CASE_HINT)


def _results(card: Scorecard) -> tuple[CaseResult, ...]:
    from audit.evaluation import run_cases

    return run_cases(card, read=_read_transcript)


def _read_transcript(path: Path, language: str) -> Transcript:
    """A transcript in any format that ``--transcripts`` takes."""
    from audit.ingest import read_transcript

    return read_transcript(path, language=language).transcript


def _told(r: CaseResult, lang: str) -> str:
    got = r.got if r.got != r.expected else f"evidence lacks {', '.join(r.missing_evidence)}"
    return f"{r.path}: {r.criterion}: {r.case}: expected {r.expected}, got {got} ({r.reason.get(lang, '')})"


@click.command("release")
@click.argument("scorecards", nargs=-1, required=True)
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="Day of the release. [default: today]")
@lang_option
def release_packs(scorecards: tuple[str, ...], day: datetime | None, lang: str) -> None:
    """List a scorecard's version with its hash in releases.yml; from then on it never changes.

    Its cases have to hold first. `callaudit rules check` refuses a listed version whose rules hash differently.

    \b
    callaudit rules release ./our-rules
    callaudit rules release ./our-rules --date 2026-12-01
    """
    from audit.evaluation.releases import release

    cards = load_all(scorecards)
    wrong = [_told(r, lang) for card in cards for r in _results(card) if not r.ok]
    if wrong:
        raise ScorecardError(wrong, hint=_CASE_HINT)
    when = day.date() if day else date.today()
    for card in cards:
        new = release(card, when)
        if lang == "zh":
            click.echo(f"{card.id} {card.version} {'已发布' if new else '此前已发布'}，sha256 {card.sha256[:12]}")
        else:
            click.echo(f"{card.id} {card.version} {'released' if new else 'was released before'}, sha256 {card.sha256[:12]}")
