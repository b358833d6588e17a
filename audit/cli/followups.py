"""``callaudit followups``: what calls say together, the CRM's word on complaints, and a person's."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audit.cli.options import existing_store, lang_option, moment
from audit.errors import MetadataError, UsageError

if TYPE_CHECKING:
    from audit.chains import FollowUps, Kind, Link
    from audit.profile import Profile
    from audit.storage import Store


class _ListByDefault(click.Group):
    """Without the name of a command, lists."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the name in where it is left out."""
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_ListByDefault, short_help="Across calls: redials, repeat contacts, complaints, promised call-backs.")
def followups() -> None:
    """What the calls of one customer say together, from a store's calls.

    Lists, unless another command is named.

    \b
    Examples:
      callaudit followups audit/
      callaudit followups audit/ --kind complaint --overdue
      callaudit followups audit/ --from 2026-11-01 --to 2026-11-30 --csv november.csv
      callaudit followups import complaints.csv audit/ --map call_id=CallGuid
      callaudit followups close 2041 audit/ --by "QA 7" --note "replacement sent"
    """


_folder = click.argument("folder", required=False, type=click.Path(path_type=Path), metavar="[DIR]")
_store = click.option("--store", "store_url", metavar="URL", help="Database, instead of the one in DIR.")
_profile = click.option(
    "--profile", type=click.Path(path_type=Path, dir_okay=False), help="For the time zone, and the windows of its followups."
)


@followups.command("list")
@_folder
@_store
@_profile
@click.option(
    "--kind",
    "kinds",
    type=click.Choice(["redial", "repeat", "complaint", "callback"]),
    multiple=True,
    help="Only these; may be given several times.",
)
@click.option("--open", "only_open", is_flag=True, help="Only what waits: not closed, not decided.")
@click.option("--overdue", is_flag=True, help="Only complaints past a due time, and call-backs that were missed.")
@click.option("--agent", "agent_id", metavar="ID", help="Only of calls of this agent.")
@click.option("--from", "since", metavar="DATE", help="Only what began on or after this day or time.")
@click.option("--to", "until", metavar="DATE", help="Only what began up to the end of this day, or before this time.")
@click.option("--csv", "csv_file", type=click.Path(path_type=Path, dir_okay=False), help="Write a table to FILE.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@lang_option
def list_followups(
    folder: Path | None,
    store_url: str | None,
    profile: Path | None,
    kinds: tuple[Kind, ...],
    only_open: bool,
    overdue: bool,
    agent_id: str | None,
    since: str | None,
    until: str | None,
    csv_file: Path | None,
    as_json: bool,
    lang: str,
) -> None:
    """List cut-offs and who called back, repeat contacts, the complaint register and promised call-backs.

    \b
    callaudit followups list audit/ --kind complaint --overdue
    callaudit followups list audit/ --from 2026-11-01 --csv november.csv
    """
    from audit.cli.closing import now
    from audit.profile import load_profile
    from audit.storage import load_followups

    known = load_profile(profile)
    start = moment(since, known.zone(), end=False) if since else None
    end = moment(until, known.zone(), end=True) if until else None
    at = now()
    with existing_store(folder, store_url) as store:
        _follow(store, known, lang)
        found = load_followups(store, start, end)
    rows = [
        row
        for row in _rows(found, at)
        if (not kinds or row.kind in kinds)
        and (not only_open or row.is_open)
        and (not overdue or row.is_overdue)
        and (agent_id is None or row.agent_id == agent_id)
    ]
    if csv_file is not None:
        _write_csv(csv_file, rows)
    if as_json:
        click.echo(json.dumps([row.as_json() for row in rows], ensure_ascii=False, indent=1))
    elif csv_file is None:
        for row in rows:
            click.echo(row.line(lang))
    if not as_json:
        click.echo(_last_line(rows, found, known.zone(), lang))


@followups.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_folder
@_store
@_profile
@click.option(
    "--map", "mapped", metavar="FIELD=COLUMN", multiple=True, help="Which column holds a field; see docs/followups.md."
)
@lang_option
def import_crm(
    file: Path, folder: Path | None, store_url: str | None, profile: Path | None, mapped: tuple[str, ...], lang: str
) -> None:
    """Take in complaints as the CRM exports them: FILE is CSV, one ticket a line.

    The same line again changes nothing; a later line on a ticket adds to it. If any line cannot be read, none is taken.

    \b
    callaudit followups import complaints.csv audit/
    callaudit followups import complaints.csv audit/ --map call_id=CallGuid --map closed_at=DoneTime
    """
    from audit.cli.closing import now
    from audit.ingest import read_crm
    from audit.profile import load_profile
    from audit.storage import save_events

    known = load_profile(profile)
    columns = dict(_mapping(text) for text in mapped)
    try:
        table = read_crm(file, known.zone(), columns)
    except MetadataError as e:
        raise UsageError(e.message, hint=e.hint) from e
    with existing_store(folder, store_url) as store:
        n_new = save_events(store, table.events, now=now())
        _follow(store, known, lang)
    n_known = len(table.events) - n_new
    if table.unused:
        names = ", ".join(table.unused)
        click.echo(f"未使用的列：{names}" if lang == "zh" else f"columns not used: {names}", err=True)
    click.echo(f"导入 {n_new} 条，已有 {n_known} 条" if lang == "zh" else f"{n_new} taken in, {n_known} known before")


@followups.command("close")
@click.argument("complaint_id", metavar="ID")
@_folder
@_store
@click.option("--by", required=True, metavar="WHO", help="Who closes it.")
@click.option("--note", required=True, metavar="TEXT", help="What was done.")
@click.option("--at", "closed_at", metavar="TIME", help="When it was closed. [default: now]")
@_profile
@lang_option
def close_complaint(
    complaint_id: str,
    folder: Path | None,
    store_url: str | None,
    by: str,
    note: str,
    closed_at: str | None,
    profile: Path | None,
    lang: str,
) -> None:
    """Close the complaint ID of the register, as a person's decision: it is added, and nothing is changed.

    \b
    callaudit followups close 2041 audit/ --by "QA 7" --note "replacement sent"
    """
    from audit.chains import CaseEvent
    from audit.cli.closing import now
    from audit.profile import load_profile
    from audit.storage import find_complaint, save_events

    known = load_profile(profile)
    when = moment(closed_at, known.zone(), end=False) if closed_at else now()
    with existing_store(folder, store_url) as store:
        _follow(store, known, lang)
        entry = find_complaint(store, complaint_id)
        if entry is None:
            raise UsageError(
                f"the register holds no complaint {complaint_id!r}", hint="callaudit followups DIR --kind complaint lists them"
            )
        if when < entry.opened_at:
            raise UsageError(f"{complaint_id} was opened at {entry.opened_at:%Y-%m-%d %H:%M}, after the time given")
        if entry.closed_at is not None:
            said = f"{complaint_id} 已于 {entry.closed_at:%Y-%m-%d %H:%M} 办结"
            click.echo(said if lang == "zh" else f"{complaint_id} was closed at {entry.closed_at:%Y-%m-%d %H:%M}")
            return
        event = CaseEvent("person", "", complaint_id=complaint_id, closed_at=when, by=by, note=note)
        save_events(store, [(event, None)], now=now())
        _follow(store, known, lang)
    click.echo(f"{complaint_id} 已办结" if lang == "zh" else f"{complaint_id} closed")


def _follow(store: Store, profile: Profile, lang: str) -> None:
    """Bring the chains up to date."""
    from audit.batch.followups import follow_up
    from audit.batch.known_facts import RATES
    from audit.cli.closing import now
    from audit.cli.progress import CountedProgress
    from audit.followup import FollowUpTerms, read_terms
    from audit.storage.followups import state_of

    terms = None
    if profile.followups is not None:
        with store.reading() as c:
            state = state_of(c)
        last = read_terms(state.terms) if state is not None else FollowUpTerms()
        asked = read_terms(profile.followups)
        terms = asked if "promises" in profile.followups else replace(asked, promises=last.promises)
    with CountedProgress(lang) as progress:
        is_told = False

        def advanced(n: int, of: int) -> None:
            nonlocal is_told
            if not is_told:
                progress.started(n_calls=of)
                is_told = True
            progress.advanced(n)

        follow_up(store, now=now(), terms=terms, needed=RATES, advanced=advanced)


def _mapping(text: str) -> tuple[str, str]:
    name, sign, column = text.partition("=")
    if not sign or not name or not column:
        raise UsageError(f"--map {text!r}: a field, =, and the name of a column", hint="--map call_id=CallGuid")
    return name.strip(), column.strip()


# --- what is shown --------------------------------------------------------------------------------
_STATUS_ZH = {
    "called_back": "已回拨", "customer_called": "客户先打来", "missed": "未回拨", "pending": "待定", "unknown": "方向不明",
    "kept": "按时", "late": "迟了", "overtaken": "客户先打来并已解决", "open": "待答复", "answered": "已答复",
    "closed": "已办结", "overdue": "超时", "repeated": "再次来电",
}  # fmt: skip
_KIND_ZH = {"redial": "中断回拨", "repeat": "重复来电", "complaint": "投诉", "callback": "承诺回电"}


@dataclass(frozen=True, slots=True)
class _Row:
    """One thing that is listed."""

    kind: Kind
    status: str
    call_id: str
    next_call_id: str | None
    at: datetime
    agent_id: str | None
    link: Link
    is_open: bool
    is_overdue: bool
    due_at: datetime | None = None

    def line(self, lang: str) -> str:
        """One line for people."""
        kind = _KIND_ZH[self.kind] if lang == "zh" else self.kind
        status = _STATUS_ZH[self.status] if lang == "zh" else self.status.replace("_", " ")
        arrow = f" → {self.next_call_id}" if self.next_call_id else ""
        due = ""
        if self.due_at is not None:
            due = f"  {'时限' if lang == 'zh' else 'due'} {self.due_at:%Y-%m-%d %H:%M}"
        agent = f"  {self.agent_id}" if self.agent_id else ""
        return f"{self.at:%Y-%m-%d %H:%M}  {kind}  {status}  {self.call_id}{arrow}{agent}{due}{self._more(lang)}"

    def as_json(self) -> dict[str, Any]:
        """The link with its kind and status."""
        from audit.chains import chain_to_json

        return {"kind": self.kind, **chain_to_json(self.link), "status": self.status}

    def _more(self, lang: str) -> str:
        """What else there is to say of a redial."""
        from audit.chains import Redial, Repeat

        if isinstance(self.link, Repeat):
            return f"  {self.link.after_h:.1f} h"
        if not isinstance(self.link, Redial) or self.link.after_s is None:
            return ""
        said = [f"{self.link.after_s:.0f} s"]
        for known, zh, en in ((self.link.apologised, "致歉", "apology"), (self.link.explained, "说明原因", "reason")):
            if known is not None:
                no = "未" if lang == "zh" else "no "
                said.append((zh if lang == "zh" else en) if known else no + (zh if lang == "zh" else en))
        return "  " + ("，" if lang == "zh" else ", ").join(said)


def _rows(found: FollowUps, now: datetime) -> Iterator[_Row]:
    for r in found.redials:
        late = r.status == "missed"
        yield _Row("redial", r.status, r.call_id, r.next_call_id, r.cut_off_at, r.agent_id, r, r.status == "pending", late)
    for p in found.repeats:
        yield _Row("repeat", "repeated", p.call_id, p.next_call_id, p.started_at, p.agent_id, p, False, False)
    for c in found.complaints:
        status = c.status(now)
        due = c.issue_due_at if c.kind == "issue" else c.answer_due_at if c.answered_at is None else c.close_due_at
        after = c.closed_call_id or c.answered_call_id
        after = after if after != c.complaint_id else None
        is_open = status != "closed"
        yield _Row(
            "complaint",
            status,
            c.complaint_id,
            after,
            c.opened_at,
            c.agent_id,
            c,
            is_open,
            status == "overdue",
            due if is_open else None,
        )
    for b in found.callbacks:
        is_open = b.status == "pending"
        yield _Row(
            "callback",
            b.status,
            b.call_id,
            b.next_call_id,
            b.promised_at,
            b.agent_id,
            b,
            is_open,
            b.status == "missed",
            b.due_at,
        )


def _write_csv(path: Path, rows: list[_Row]) -> None:
    """All fields of all kinds, one link a line; with a mark so that spreadsheets read it as UTF-8."""
    from audit.chains import KINDS

    names = list(dict.fromkeys(f.name for kind in KINDS.values() for f in fields(kind)))
    head = ["kind", "status", *(n for n in names if n not in ("status", "kind"))]
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            table = csv.DictWriter(stream, head, restval="")
            table.writeheader()
            for row in rows:
                values = row.as_json()
                table.writerow({n: " ".join(v) if isinstance(v, list) else _safe(v) for n, v in values.items()})
    except OSError as e:
        raise UsageError(f"{path}: cannot be written: {e.strerror}", hint="check the path after --csv") from e


def _safe(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula, marked as text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t") else value


def _last_line(rows: list[_Row], found: FollowUps, zone: tzinfo, lang: str) -> str:
    """Counts, and up to where calls are known."""
    n = {kind: sum(row.kind == kind for row in rows) for kind in _KIND_ZH}
    rate = found.resolution.rate
    reach = "" if found.as_of is None else f"{found.as_of.astimezone(zone):%Y-%m-%d %H:%M}"
    if lang == "zh":
        solved = "" if rate is None else f"；首次解决率 {rate:.1%}（{found.resolution.n_first_calls} 通，仅按号码）"
        until = f"；通话截至 {reach}" if reach else ""
        return "，".join(f"{_KIND_ZH[k]} {v}" for k, v in n.items()) + solved + until
    solved = "" if rate is None else f"; first-call resolution {rate:.1%} of {found.resolution.n_first_calls} (by number alone)"
    until = f"; calls known until {reach}" if reach else ""
    return ", ".join(f"{v} {k}{'' if v == 1 else 's'}" for k, v in n.items()) + solved + until
