"""``callaudit review``: keys of reviewers, their decision files, and how often they overrule the rules."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audit.cli.options import existing_store, lang_option
from audit.errors import ReviewError, UsageError

if TYPE_CHECKING:
    from audit.batch.reviewing import Agreement, Imported, Placed
    from audit.storage import Store


@click.group(short_help="Take in what QA decided on verdicts; how often they overrule the tool.")
def review() -> None:
    """What reviewers hold right: every verdict of a scorecard can be accepted, rejected or commented.

    A reviewer gets a key once, decides on the pages that callaudit wrote, offline, and saves a signed
    file; import reads it. A verdict that was overruled counts as the reviewer says, and both are shown.

    \b
    Examples:
      callaudit review key "QA 7" audit/
      callaudit review import decisions-2026-11-22.json --dir audit/
      callaudit review list audit/
      callaudit review export audit/ --csv decisions.csv --agreement agreement.csv
    """


_folder = click.argument("folder", required=False, type=click.Path(path_type=Path), metavar="[DIR]")
_store = click.option("--store", "store_url", metavar="URL", help="Database, instead of the one in DIR.")


@review.command("key")
@click.argument("name")
@_folder
@_store
@click.option("--revoke", is_flag=True, help="Take nothing more that is signed with NAME's key.")
@lang_option
def make_key(name: str, folder: Path | None, store_url: str | None, revoke: bool, lang: str) -> None:
    """Make NAME known as a reviewer and print the key that their decisions are signed with, once.

    Whoever has the key can decide in that name. It is typed into the page when decisions are saved
    and kept nowhere there. The store keeps what checks it; a store that is a file is made readable
    to its owner only.

    \b
    callaudit review key "QA 7" audit/
    callaudit review key "QA 7" audit/ --revoke
    """
    from audit.cli.closing import now
    from audit.ingest import new_key
    from audit.storage import Reviewer, add_reviewer, keep_to_owner, revoke_reviewer, store_file

    name = name.strip()
    if not name or not name.isprintable() or len(name) > 100:
        raise UsageError("NAME is empty, too long, or holds what cannot be printed", hint='callaudit review key "QA 7" DIR')
    with existing_store(folder, store_url) as store:
        if revoke:
            if not revoke_reviewer(store, name, now=now()):
                raise UsageError(f"{name} has no key that is valid", hint="callaudit review list DIR --keys")
            said = (
                f"{name} 的密钥已作废；已导入的决定不变"
                if lang == "zh"
                else f"the key of {name} is revoked; what was taken stays"
            )
            click.echo(said)
            return
        key = new_key()
        path = store_file(store)
        closed = path is not None and keep_to_owner(path)
        if not add_reviewer(store, Reviewer(name, key.key_id, key.secret, now())):
            raise UsageError(f"{name} has a key already", hint=f'callaudit review key "{name}" DIR --revoke, then once more')
    click.echo(key.text)
    if lang == "zh":
        notes = [f"这是 {name} 的密钥，只显示这一次；请当面交给本人，在页面上保存决定时输入。"]
        notes += [f"{path} 现在只有其所有者可以读写。"] if closed else []
    else:
        notes = [f"the key of {name}, shown this once: hand it over in person; the page asks for it when decisions are saved."]
        notes += [f"{path} can now be read by its owner only."] if closed else []
    for note in notes:
        click.echo(note, err=True)


@review.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--dir", "folder", type=click.Path(path_type=Path), metavar="DIR", help="Folder of the run. [default: this one]")
@_store
@click.option("--scorecard", "scorecards", metavar="NAME_OR_PATH", multiple=True, help="Rules that are not shipped.")
@click.option("--pages/--no-pages", default=True, show_default=True, help="Write the pages of DIR anew.")
@lang_option
def import_files(
    files: tuple[Path, ...],
    folder: Path | None,
    store_url: str | None,
    scorecards: tuple[str, ...],
    pages: bool,
    lang: str,
) -> None:
    """Take in decision FILES that pages saved: all of them, or none.

    A file may come again, or a later one that repeats it: what is known is not taken twice. Of two
    decisions on an outcome both are kept, and the later one counts. Where the rules have since said
    something else, a decision is kept and not counted.

    \b
    callaudit review import decisions-A101-20261122-1703.json --dir audit/
    callaudit review import /media/usb/*.json --store sqlite:////srv/audit/all.db
    """
    from audit.batch.reviewing import RulesAtHand, import_reviews
    from audit.cli.closing import now
    from audit.cli.pages import ReportRequest, write_pages
    from audit.storage import store_file

    if folder is None and store_url is None:
        folder = Path()
    with existing_store(None if store_url else folder, store_url) as store:
        _insist_on_secrecy(store_file(store), store)
        done = import_reviews(store, files, RulesAtHand(scorecards), out=folder, lang=lang, now=now())
        index = None
        if pages and folder is not None and done.changed:
            asked = ReportRequest(lang=lang, scorecard=scorecards[0] if scorecards else None)
            index = write_pages(store, folder, asked, only_changed=True)
    for line in _conflict_lines(done, lang):
        click.echo(line)
    click.echo(_import_line(done, index, lang))


def _insist_on_secrecy(path: Path | None, store: Store) -> None:
    """Keys that others can read sign nothing."""
    from audit.storage import all_reviewers

    if path is not None and path.stat().st_mode & 0o077 and all_reviewers(store):
        raise ReviewError(
            f"{path}: others than its owner may read the reviewers' keys in it (mode {path.stat().st_mode & 0o777:o})",
            hint=f"chmod 600 {path}, and make new keys if anybody may have read them",
        )


def _import_line(done: Imported, index: Path | None, lang: str) -> str:
    if lang == "zh":
        said = f"导入 {done.n_new} 条，已有 {done.n_known} 条；{len(done.changed)} 通电话的结果有变化"
        said += f"；{done.n_stale} 条所评的结论已变，保留但不计" if done.n_stale else ""
        return said + (f"；请打开 {index}" if index else "")
    said = f"{done.n_new} taken in, {done.n_known} known before; {len(done.changed)} calls changed"
    said += f"; {done.n_stale} on verdicts that have changed since: kept, not counted" if done.n_stale else ""
    return said + (f"; see {index}" if index else "")


def _conflict_lines(done: Imported, lang: str) -> list[str]:
    lines = []
    for counts, other in done.conflicts:
        a, b = counts.decision, other.decision
        if lang == "zh":
            what = f"{counts.reviewer} 认为{_VERDICT_ZH[a.held]}，{other.reviewer} 认为{_VERDICT_ZH[b.held]}；以较晚的为准"
        else:
            what = f"{counts.reviewer} says {_words(a.held)}, {other.reviewer} {_words(b.held)}; the later counts"
        lines.append(f"{a.call_id}  {a.criterion}  {what}")
    return lines


@review.command("list")
@_folder
@_store
@click.option("--keys", is_flag=True, help="Reviewers and their keys' ids instead.")
@click.option("--conflicts", "only_conflicts", is_flag=True, help="Only outcomes on which reviewers differ.")
@click.option("--stale", "only_stale", is_flag=True, help="Only decisions on verdicts that have changed since.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@lang_option
def list_reviews(
    folder: Path | None, store_url: str | None, keys: bool, only_conflicts: bool, only_stale: bool, as_json: bool, lang: str
) -> None:
    """List decisions and what they do now, and how often each rule is upheld.

    \b
    callaudit review list audit/
    callaudit review list audit/ --conflicts
    callaudit review list audit/ --keys
    """
    from audit.batch.reviewing import agreement, conflicts, place
    from audit.storage import all_reviewers

    with existing_store(folder, store_url) as store:
        if keys:
            found = all_reviewers(store)
            if as_json:
                click.echo(json.dumps([_key_json(r) for r in found], ensure_ascii=False, indent=1))
                return
            for r in found:
                revoked = "" if r.revoked_at is None else f"  {'作废于' if lang == 'zh' else 'revoked'} {r.revoked_at:%Y-%m-%d}"
                click.echo(f"{r.key_id}  {r.made_at:%Y-%m-%d}  {r.name}{revoked}")
            return
        placed = place(store)
    rates = agreement(placed)
    if only_conflicts:
        numbers = {k.number for pair in conflicts(placed) for k in pair}
        placed = tuple(p for p in placed if p.kept.number in numbers)
    if only_stale:
        placed = tuple(p for p in placed if p.standing == "stale")
    if as_json:
        said = {"decisions": [_decision_row(p) for p in placed], "agreement": [_agreement_row(a) for a in rates]}
        click.echo(json.dumps(said, ensure_ascii=False, indent=1))
        return
    for p in placed:
        click.echo(_decision_line(p, lang))
    if not only_conflicts and not only_stale:
        for line in _agreement_lines(rates, lang):
            click.echo(line)


@review.command("export")
@_folder
@_store
@click.option("--csv", "csv_file", type=click.Path(path_type=Path, dir_okay=False), help="Write all decisions to FILE.")
@click.option(
    "--agreement", "rates_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the rates of the rules to FILE."
)
@lang_option
def export_reviews(
    folder: Path | None, store_url: str | None, csv_file: Path | None, rates_file: Path | None, lang: str
) -> None:
    """Write decisions, one a line, and how often each rule is upheld, as CSV.

    \b
    callaudit review export audit/ --csv decisions.csv --agreement agreement.csv
    """
    from audit.batch.reviewing import agreement, place

    if csv_file is None and rates_file is None:
        raise UsageError("name a file to write", hint="--csv decisions.csv, --agreement agreement.csv, or both")
    with existing_store(folder, store_url) as store:
        placed = place(store)
    rates = agreement(placed)
    if csv_file is not None:
        _write_csv(csv_file, _DECISION_COLUMNS, (_decision_row(p) for p in placed))
    if rates_file is not None:
        _write_csv(rates_file, _AGREEMENT_COLUMNS, (_agreement_row(a) for a in rates))
    n, m = len(placed), len(rates)
    click.echo(f"{n} 条决定，{m} 项标准" if lang == "zh" else f"{n} decisions on {m} criteria")


# --- what is shown --------------------------------------------------------------------------------
_VERDICT_ZH = {"pass": "合格", "fail": "不合格", "not_applicable": "不适用", "not_evaluable": "无法评判"}
_STANDING_ZH = {
    "counts": "生效", "seconds": "相同意见", "overtaken": "已被后来的取代", "remark": "备注", "stale": "结论已变，不计",
}  # fmt: skip
_DECISION_COLUMNS = (
    "call_id", "agent_id", "scorecard", "scorecard_version", "criterion", "tool_outcome", "decision", "held_outcome", "comment",
    "reviewer", "decided_at", "standing", "tool_outcome_now", "imported_at", "evaluation_id", "file_sha256",
)  # fmt: skip
_AGREEMENT_COLUMNS = (
    "scorecard", "criterion", "n_decided", "n_upheld", "n_overruled", "upheld_ratio", "upheld_low_ratio", "upheld_high_ratio",
    "n_fails_decided", "n_fails_upheld", "n_passes_decided", "n_passes_upheld", "n_left_open_decided", "n_stale",
)  # fmt: skip


def _words(verdict: str) -> str:
    return verdict.replace("_", " ")


def _key_json(r: Any) -> dict[str, Any]:
    revoked = r.revoked_at.isoformat() if r.revoked_at else None
    return {"key_id": r.key_id, "name": r.name, "made_at": r.made_at.isoformat(), "revoked_at": revoked}


def _decision_row(p: Placed) -> dict[str, Any]:
    d = p.kept.decision
    return {
        "call_id": d.call_id,
        "agent_id": p.agent_id,
        "scorecard": d.scorecard,
        "scorecard_version": d.scorecard_version,
        "criterion": d.criterion,
        "tool_outcome": d.outcome,
        "decision": d.kind,
        "held_outcome": d.held,
        "comment": d.comment,
        "reviewer": p.kept.reviewer,
        "decided_at": d.decided_at.isoformat(),
        "standing": p.standing,
        "tool_outcome_now": p.verdict,
        "imported_at": p.kept.imported_at.isoformat(),
        "evaluation_id": d.evaluation_id,
        "file_sha256": p.kept.file_sha256,
    }


def _agreement_row(a: Agreement) -> dict[str, Any]:
    e = a.estimate
    return {
        "scorecard": a.scorecard,
        "criterion": a.criterion,
        "n_decided": a.n,
        "n_upheld": a.n_upheld,
        "n_overruled": a.n - a.n_upheld,
        "upheld_ratio": None if e is None else round(e.value, 4),
        "upheld_low_ratio": None if e is None else round(e.low, 4),
        "upheld_high_ratio": None if e is None else round(e.high, 4),
        "n_fails_decided": a.n_fails,
        "n_fails_upheld": a.n_fails_upheld,
        "n_passes_decided": a.n_passes,
        "n_passes_upheld": a.n_passes_upheld,
        "n_left_open_decided": a.n_left,
        "n_stale": a.n_stale,
    }


def _decision_line(p: Placed, lang: str) -> str:
    d = p.kept.decision
    zh = lang == "zh"
    judged, held = (_VERDICT_ZH[v] if zh else _words(v) for v in (d.outcome, d.held))
    said = {
        "accept": f"同意“{judged}”" if zh else f"upholds {judged}",
        "reject": f"“{judged}”改为“{held}”" if zh else f"{judged} → {held}",
        "comment": f"对“{judged}”的备注" if zh else f"on {judged}",
    }[d.kind]
    standing = _STANDING_ZH[p.standing] if zh else p.standing
    comment = " ".join(d.comment.split())
    line = f"{d.decided_at:%Y-%m-%d %H:%M}  {d.call_id}  {d.criterion}  {said}  {p.kept.reviewer}  [{standing}]"
    return line + (f"  {comment}" if comment else "")


def _agreement_lines(rates: Sequence[Agreement], lang: str) -> list[str]:
    decided = [a for a in rates if a.n or a.n_left or a.n_stale]
    if not decided:
        return ["还没有决定" if lang == "zh" else "no decisions yet"]
    lines = ["", "各项标准被维持的比例：" if lang == "zh" else "how often each rule is upheld:"]
    for a in decided:
        e = a.estimate
        share = "—" if e is None else f"{e.value:.0%} ({e.low:.0%}–{e.high:.0%})"
        if lang == "zh":
            more = (
                f"{a.n} 条中维持 {a.n_upheld} 条；不合格 {a.n_fails_upheld}/{a.n_fails}，合格 {a.n_passes_upheld}/{a.n_passes}"
            )
            more += f"；机器未定 {a.n_left} 条" if a.n_left else ""
        else:
            more = f"{a.n_upheld} of {a.n}; fails {a.n_fails_upheld} of {a.n_fails}, passes {a.n_passes_upheld} of {a.n_passes}"
            more += f"; {a.n_left} left open by the tool" if a.n_left else ""
        lines.append(f"  {a.criterion}  {share}  {more}")
    return lines


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """With a mark so that spreadsheets read it as UTF-8, and no text that they would run."""
    from audit.report.tables import csv_text

    try:
        path.write_text(csv_text(columns, rows), "utf-8", newline="")
    except OSError as e:
        raise UsageError(f"{path}: cannot be written: {e.strerror}", hint="check the path") from e
