"""``callaudit demo``: the main job on the calls that ship with callaudit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from audit.cli.options import lang_option, workers_and_threads

if TYPE_CHECKING:
    from rich.table import Table

    from audit.storage import Store


@click.command(short_help="Audit the sample calls and say which page to open.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("callaudit-demo"),
    show_default=True,
    metavar="DIR",
    help="Where results go.",
)
@click.option("--jobs", type=click.IntRange(0), help="Worker processes; 0: none, for a debugger. [default: by processors]")
@lang_option
def demo(out: Path, jobs: int | None, lang: str) -> None:
    """Audit the sample calls, print their scores and say which page to open.

    A second demo finds everything done and only prints.

    \b
    Examples:
      callaudit demo
      callaudit demo --lang zh --out /tmp/demo
    """
    from rich.console import Console

    from audit.cli.options import worker_limits
    from audit.cli.run import Means, audit_archive
    from audit.pipeline import Settings
    from audit.profile import load_profile
    from audit.resources import resource_dir
    from audit.storage import Store

    samples = resource_dir("samples")
    n_workers, n_threads = workers_and_threads(jobs)
    settings = Settings(profile=load_profile(samples / "profile.yml"), cpu_threads=n_threads)
    try:
        audit_archive(
            "run",
            (samples,),
            out,
            settings,
            cdr=samples / "cdr.csv",
            store_url=None,
            means=Means(n_workers, worker_limits(None, None, n_workers)),
            fail_on=(),
            lang=lang,
        )
    finally:
        if (out / "callaudit.db").is_file():
            with Store.in_folder(out) as store:
                Console(width=None if Console().is_terminal else 100).print(score_table(store, lang))
            click.echo(f"{'请打开' if lang == 'zh' else 'open'} {(out / 'index.html').absolute()}")


def score_table(store: Store, lang: str) -> Table:
    """The calls of a store with their scores, as a table for the terminal."""
    from rich.table import Table

    heads = {
        "en": ("Call", "Agent", "Scorecard", "Score", "Band", "Weakest section", "Failed"),
        "zh": ("通话", "坐席", "评分表", "得分", "等级", "最弱环节", "未通过"),
    }
    table = Table(*heads[lang], header_style="bold")
    for call in store.calls():
        who, e = call.record.metadata, call.evaluation
        row = [call.record.call_id, who.agent_name or who.agent_id or "-"]
        if e is None:
            table.add_row(*row, "-", "-", "-", "-", "-")
            continue
        score = "-" if e.score is None else f"{e.score:.1f}"
        weakest = next((s.title.get(lang, s.section) for s in e.sections if s.section == e.weakest_section), "-")
        n_judged = sum(o.outcome in ("pass", "fail") for o in e.outcomes)
        failed = f"{sum(o.outcome == 'fail' for o in e.outcomes)}/{n_judged}"
        style = "bold red" if e.critical_failed else ""
        table.add_row(*row, e.scorecard, score, e.band_title.get(lang, e.band or "-"), weakest, failed, style=style)
    return table
