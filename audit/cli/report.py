"""``callaudit report``: pages of a period, from the store alone."""

from __future__ import annotations

from pathlib import Path

import click

from audit.cli.options import existing_store, lang_option, moment
from audit.errors import UsageError


@click.command(short_help="Write scorecards and team pages of a period from the store.")
@click.argument("folder", required=False, type=click.Path(path_type=Path), metavar="[DIR]")
@click.option("--store", "store_url", metavar="URL", help="Database, instead of the one in DIR.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Where pages go. [default: DIR]")
@click.option("--from", "since", metavar="DATE", help="Only calls that started on or after this day or time.")
@click.option("--to", "until", metavar="DATE", help="Only calls that started up to the end of this day, or before this time.")
@click.option("--agent", "agent_id", metavar="ID", help="Only this agent's calls.")
@click.option("--profile", type=click.Path(path_type=Path, dir_okay=False), help="For the time zone of --from and --to.")
@click.option("--audio/--no-audio", default=True, show_default=True, help="Embed the clips that prove each verdict.")
@lang_option
def report(
    folder: Path | None,
    store_url: str | None,
    out: Path | None,
    since: str | None,
    until: str | None,
    agent_id: str | None,
    profile: Path | None,
    audio: bool,
    lang: str,
) -> None:
    """Write the overview, the scorecards and the tables of calls audited before.

    With --from, --to or --agent the pages hold those calls only; give them an --out of their own to
    keep the others.

    \b
    Examples:
      callaudit report audit/ --lang zh
      callaudit report audit/ --from 2026-11-01 --to 2026-11-30 --out november/
      callaudit report --store sqlite:////srv/audit/all.db --agent A101 --out a101/
    """
    from audit.batch import make_out_folder
    from audit.cli.closing import write_pages
    from audit.profile import load_profile

    target = out or folder
    if target is None:
        raise UsageError("--store alone does not say where pages go", hint="add --out DIR")
    zone = load_profile(profile).zone()
    start = moment(since, zone, end=False) if since else None
    end = moment(until, zone, end=True) if until else None
    if start and end and start >= end:
        raise UsageError(f"the period from {since} to {until} is empty", hint="--from comes before --to")
    with existing_store(folder, store_url) as store:
        if next(store.calls(since=start, until=end, agent_id=agent_id), None) is None:
            raise UsageError("no call of the store is of this period and agent", hint="see calls.csv for starts and agents")
        make_out_folder(target)
        index = write_pages(store, target, lang=lang, since=start, until=end, agent_id=agent_id, with_audio=audio)
    click.echo(f"{'请打开' if lang == 'zh' else 'see'} {index}")
