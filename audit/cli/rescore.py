"""``callaudit rescore``: another scorecard over what was measured before."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audit.cli.options import FailOn, existing_store, fail_on_option, lang_option, moment
from audit.errors import UsageError

if TYPE_CHECKING:
    from audit.batch.judge import ScorecardJudge
    from audit.batch.rescore import RescoreSummary
    from audit.storage import Store


@click.command(short_help="Hold calls already stored against a scorecard again.")
@click.argument("folder", required=False, type=click.Path(path_type=Path), metavar="[DIR]")
@click.option("--store", "store_url", metavar="URL", help="Database, instead of the one in DIR.")
@click.option("--scorecard", metavar="NAME_OR_PATH", help="Rules. [default: zh-service or en-service, by the call's language]")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Where results go. [default: DIR]")
@click.option(
    "--profile", type=click.Path(path_type=Path, dir_okay=False), help="For the time zone of --from and --to, and followups."
)
@click.option("--from", "since", metavar="DATE", help="Only calls that started on or after this day or time.")
@click.option("--to", "until", metavar="DATE", help="Only calls that started up to the end of this day, or before this time.")
@click.option("--all", "anew", is_flag=True, help="Judge every call, also those judged from the same rules before.")
@fail_on_option
@lang_option
def rescore(
    folder: Path | None,
    store_url: str | None,
    scorecard: str | None,
    out: Path | None,
    profile: Path | None,
    since: str | None,
    until: str | None,
    anew: bool,
    fail_on: tuple[FailOn, ...],
    lang: str,
) -> None:
    """Apply a scorecard to the calls of an earlier run; no audio is opened and no model runs.

    Evaluations are added, never replaced: the store keeps what each call was given before.
    calls/*.json and the pages show the newest. A call that was judged from the same record, rules
    and base lines before is left alone. Ctrl-C keeps what is done; the same command goes on from there.

    \b
    Examples:
      callaudit rescore audit/ --scorecard my-rules/
      callaudit rescore audit/ --scorecard my-rules/ --out /tmp/what-if --from 2026-11-01
      callaudit rescore --store sqlite:////srv/audit/all.db --out audit/
    """
    from audit.batch import make_out_folder
    from audit.batch.judge import ScorecardJudge
    from audit.batch.rescore import rescore as rescore_store
    from audit.cli.closing import EXIT_SIGNAL, leave_if_met, now
    from audit.cli.pages import ReportRequest, write_pages
    from audit.cli.progress import CountedProgress
    from audit.pipeline import Settings
    from audit.profile import load_profile

    target = out or folder
    if target is None:
        raise UsageError("--store alone does not say where results go", hint="add --out DIR")
    known = load_profile(profile)
    zone = known.zone()
    start = moment(since, zone, end=False) if since else None
    end = moment(until, zone, end=True) if until else None
    with existing_store(folder, store_url) as store:
        judge = ScorecardJudge(Settings(scorecard=scorecard), store)
        make_out_folder(target)
        options = {"scorecard": scorecard, "lang": lang}
        with CountedProgress(lang) as progress:
            summary = rescore_store(
                store,
                judge,
                target,
                options=options,
                lang=lang,
                clock=now,
                since=start,
                until=end,
                anew=anew,
                progress=progress,
            )
        if summary.stopped_by is not None:
            click.echo(_stopped_line(summary, lang))
            raise click.exceptions.Exit(EXIT_SIGNAL + summary.stopped_by)
        _look_across(store, judge, target, options, known.followups, lang)
        asked = ReportRequest(lang=lang, scorecard=scorecard, since=start, until=end, redact=known.redact)
        index = write_pages(store, target, asked, only_changed=True)
        counts = (summary.n_rescored, summary.n_unchanged, summary.n_without_words)
        if lang == "zh":
            said = "重新评分 {} 通，无变化 {} 通，无文字 {} 通；请打开 {}".format(*counts, index)
        else:
            said = "{} rescored, {} unchanged, {} without words; see {}".format(*counts, index)
        click.echo(said)
        leave_if_met(fail_on, store, summary.call_ids)


def _look_across(
    store: Store, judge: ScorecardJudge, out: Path, options: dict[str, str | None], terms: Mapping[str, Any] | None, lang: str
) -> None:
    """What calls say of each other by the signs of this scorecard, and verdicts that rest on it."""
    from audit.batch.across import look_across
    from audit.cli.closing import now
    from audit.cli.progress import CountedProgress

    with CountedProgress(lang) as progress:
        look_across(
            store,
            judge,
            out,
            options=options,
            lang=lang,
            clock=now,
            terms=terms,
            languages=store.languages(),
            progress=progress,
        )


def _stopped_line(summary: RescoreSummary, lang: str) -> str:
    done = summary.n_calls - summary.n_not_begun
    if lang == "zh":
        return f"已停止：{summary.n_calls} 通中完成 {done} 通；再次运行同一命令即可继续"
    return f"stopped: {done} of {summary.n_calls} calls done; the same command goes on from here"
