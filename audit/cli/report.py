"""``callaudit report``: pages of a period, from the store alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from audit.cli.formats import FORMATS, FormatsType, check_formats, formats_asked, write_report
from audit.cli.options import existing_store, lang_option, moment
from audit.errors import UsageError

if TYPE_CHECKING:
    from audit.redaction import Kind


@click.command(short_help="Write scorecards and team pages of a period from the store.")
@click.argument("folder", required=False, type=click.Path(path_type=Path), metavar="[DIR]")
@click.option("--store", "store_url", metavar="URL", help="Database, instead of the one in DIR.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Where pages go. [default: DIR]")
@click.option("--from", "since", metavar="DATE", help="Only calls that started on or after this day or time.")
@click.option("--to", "until", metavar="DATE", help="Only calls that started up to the end of this day, or before this time.")
@click.option("--agent", "agent_id", metavar="ID", help="Only this agent's calls.")
@click.option("--team", metavar="NAME", help="Only the calls of this team, as the records name it.")
@click.option(
    "--format",
    "formats",
    type=FormatsType(),
    multiple=True,
    metavar="FORMAT",
    help=f"{', '.join(FORMATS)}: one, several with commas between, or the option repeated. [default: html]",
)
@click.option(
    "--profile",
    type=click.Path(path_type=Path, dir_okay=False),
    help="For the time zone of --from and --to, what is redacted, and when something said is a habit.",
)
@click.option(
    "--redact",
    "redact",
    metavar="KINDS",
    help="What is hidden in words and sound: card-number, id-number, phone-number, address, with commas between, or none. "
    "[default: as the profile says, else that of the last run]",
)
@click.option("--audio/--no-audio", default=True, show_default=True, help="Embed the clips that prove each verdict.")
@click.option(
    "--examples",
    type=click.Choice(["team", "own"]),
    default="team",
    show_default=True,
    help="Whose passing calls may be played as examples: colleagues' too, unnamed, or only the agent's own.",
)
@click.option("--scorecard", metavar="NAME_OR_PATH", help="Rules that are not shipped, for their bands and limits.")
@click.option("--jobs", type=click.IntRange(1), help="Processes that make pages. [default: by processors]")
@lang_option
def report(
    folder: Path | None,
    store_url: str | None,
    out: Path | None,
    since: str | None,
    until: str | None,
    agent_id: str | None,
    team: str | None,
    formats: tuple[tuple[str, ...], ...],
    profile: Path | None,
    redact: str | None,
    audio: bool,
    examples: str,
    scorecard: str | None,
    jobs: int | None,
    lang: str,
) -> None:
    """Write the overview, the scorecards, the teams' pages and the tables of calls audited before.

    With --from, --to, --agent or --team the pages hold those calls only; give them an --out of their
    own to keep the others. Without dates they hold all calls, or where those span more than 31 days
    the last 31. A period with both ends is compared with the one of equal length before it.

    html: pages with clips, and agents.csv, calls.csv, failures.csv. xlsx: report.xlsx, with filters.
    csv, parquet: a file for each table. json: report.json. pdf: scorecards and team pages, printed by
    the Chromium or Chrome of this machine. Parquet needs: pip install 'callaudit[parquet]'.

    \b
    Examples:
      callaudit report audit/ --lang zh
      callaudit report audit/ --format html,xlsx
      callaudit report audit/ --agent A101 --from 2026-11-01 --to 2026-11-30 --format pdf --out a101/
      callaudit report audit/ --from 2026-11-01 --to 2026-11-30 --out november/
      callaudit report --store sqlite:////srv/audit/all.db --agent A101 --out a101/
    """
    from audit.batch import make_out_folder
    from audit.batch.reporting import Period, StoredCalls, default_period
    from audit.cli.pages import ReportRequest, report_inputs
    from audit.profile import load_profile
    from audit.report.exports import Scope
    from audit.storage import complete_digests

    asked = formats_asked(formats)
    browser = check_formats(asked)

    target = out or folder
    if target is None:
        raise UsageError("--store alone does not say where pages go", hint="add --out DIR")
    known = load_profile(profile)
    zone = known.zone()
    hidden = known.redact if redact is None else _kinds(redact, known.redact or {})
    start = moment(since, zone, end=False) if since else None
    end = moment(until, zone, end=True) if until else None
    if start and end and start >= end:
        raise UsageError(f"the period from {since} to {until} is empty", hint="--from comes before --to")
    with existing_store(folder, store_url) as store:
        complete_digests(store)
        if start is None and end is None:
            period = default_period(store)
            start, end = period.since, period.until
        chosen = Period(start, end, None if agent_id is None else frozenset((agent_id,)), team)
        if not StoredCalls(store.address, chosen, store).agents():
            raise UsageError(
                "no call of the store is of this period, agent and team", hint="see calls.csv for starts, agents and teams"
            )
        make_out_folder(target)
        wanted = ReportRequest(
            lang=lang, scorecard=scorecard, since=start, until=end, agent_id=agent_id, team=team, with_audio=audio,
            colleagues=examples == "team", redact=hidden, profile=known if profile is not None else None,
        )  # fmt: skip
        inputs = report_inputs(store, wanted)
        scope = Scope(start, end, agent_id, team)
        found = write_report(inputs, target, asked, scope=scope, browser=browser, jobs=jobs)
    if start is not None and since is None and until is None:
        click.echo(
            f"自 {start:%Y-%m-%d} 起；更早的用 --from" if lang == "zh" else f"from {start:%Y-%m-%d}; --from goes further back"
        )
    places = ", ".join(str(path) for path in found)
    click.echo(f"{'请打开' if lang == 'zh' else 'see'} {places}")


def _kinds(text: str, reasons: Mapping[Kind, str]) -> dict[Kind, str]:
    """``--redact``: kinds with the profile's reasons, or none."""
    from audit.redaction import KINDS

    names = [part.strip().lower() for part in text.split(",") if part.strip()]
    if names == ["none"]:
        return {}
    for name in names:
        if name not in KINDS:
            from difflib import get_close_matches

            near = get_close_matches(name, KINDS, n=1)
            raise UsageError(
                f"--redact {name}: there is no such kind",
                hint=f"did you mean {near[0]}?" if near else f"known: {', '.join(KINDS)}, or none alone",
            )
    if not names:
        raise UsageError("--redact names nothing", hint=f"known: {', '.join(KINDS)}, or none alone")
    return {kind: reasons.get(kind, "") for kind in KINDS if kind in names}
