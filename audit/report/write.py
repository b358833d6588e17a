"""Write all pages and tables of a report."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import audit
from audit.archive import is_there
from audit.digests import digest_bytes
from audit.records import Evidence, Failure
from audit.report.activity import add_activities
from audit.report.agent_page import MAX_COACHING, AgentNumbers, Example, ShownCall, agent_label, calls_in_full, scorecard_page
from audit.report.call_files import call_file, remove_other_calls, write_call
from audit.report.call_page import wanted_clips
from audit.report.chain_pages import Chains, PageChains, chains_fingerprint, places_of
from audit.report.chains import MAX_AGENT_ROWS, MAX_TEAM_ROWS, around, calls_in_chains, chains_view
from audit.report.clips import Wanted, cut_page, no_clips
from audit.report.files import folder_in
from audit.report.files import write_beside as _write
from audit.report.graphs import changes_of
from audit.report.habits import AgentHabits, AgentWords, compare, habits_json, named_habits, put_aside
from audit.report.html import render_index, render_scorecard, render_team
from audit.report.index_page import index_page
from audit.report.inputs import Band, CallSource, ReportedCall, ReportPaths, ReportSettings
from audit.report.links import links_to_calls
from audit.report.messages import Lang, Messages, load_messages
from audit.report.naming import file_stems
from audit.report.reference import Reference, reference_of, with_ranks
from audit.report.scorecard import AgentSummary, summarise_agent
from audit.report.shelf import Shelf
from audit.report.tables import (
    AGENT_COLUMNS,
    CALL_COLUMNS,
    FAILURE_COLUMNS,
    SCORECARD_COLUMNS,
    agent_row,
    call_row,
    csv_rows,
    csv_text,
    failure_row,
    scorecard_json,
    scorecard_rows,
)
from audit.report.team_page import TEAM_STEM, team_page
from audit.report.tics import habit_views, habits_note, habits_rule, tic_calls, tic_examples, tic_views, tics_of
from audit.report.together import BatchSummary, summarise_batch
from audit.verdicts import Outcome

if TYPE_CHECKING:
    from audit.report.sounds import Sounds

#: Evidence that somebody can listen to and learn from: words, or something that happened.
_EXEMPLARY = ("exact", "normalised", "pinyin", "event")


def write_reports(
    out: Path,
    calls: Iterable[ReportedCall],
    *,
    lang: Lang,
    failures: Sequence[Failure],
    generated_at: datetime,
    with_audio: bool = True,
    agents: Collection[str] | None = None,
    bands: Mapping[str, Sequence[Band]] | None = None,
) -> ReportPaths:
    """Write the overview, a scorecard for each agent, and the same numbers as tables.

    The calls are read once and kept on disk while the pages are made, so that memory holds one agent's calls at a time.
    Every file is written beside its place and renamed into it; a reader never sees half a page.

    Parameters
    ----------
    out : Path
        Made if missing.
    calls : iterable of ReportedCall
        In any order. A call belongs to the agent its metadata names by id, else by name; the others share one page,
        ``scorecards/unassigned.html``.
    lang : {"zh", "en"}
    failures : sequence of Failure
    generated_at : datetime
        With a time zone; printed on each page.
    with_audio : bool, default True
        Cut clips from the recordings and embed them. Without, times are printed.
    agents : collection of str, optional
        Write the scorecards of these agents only (``""`` for calls without one). The overview and the tables cover all
        calls given in any case, and link the pages that exist.
    bands : mapping of scorecard id to sequence of Band, optional
        What the mean score of an agent is called, where all his calls share a scorecard.

    Returns
    -------
    ReportPaths

    Raises
    ------
    ValueError
        For another language.
    OSError
        If a file cannot be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    settings = ReportSettings(lang, generated_at, with_audio, bands or {})
    load_messages(lang)  # another language is refused before anything is read
    with folder_in(out, "report") as folder:
        return write_from(out, Shelf(folder, calls), settings, failures=failures, agents=agents)


def write_from(
    out: Path,
    source: CallSource,
    settings: ReportSettings,
    *,
    failures: Sequence[Failure] = (),
    agents: Collection[str] | None = None,
    n_workers: int = 1,
    n_threads: int = 1,
    only_changed: bool = False,
) -> ReportPaths:
    """Write a report of the calls of a source, as :func:`write_reports` does.

    Digests are read once for the numbers of everybody, and again agent by agent for the pages; whole records only for the
    calls that a page shows. Memory holds one agent's calls at a time, in each worker.

    Parameters
    ----------
    out : Path
    source : CallSource
        With several workers it has to pickle.
    settings : ReportSettings
    failures : sequence of Failure
    agents : collection of str, optional
        Write the scorecards of these agents only.
    n_workers : int, default 1
        Processes that make pages; with 1 it is this one.
    n_threads : int, default 1
        That encode sound, all processes together; each has one at least.
    only_changed : bool, default False
        Leave the page of an agent alone whose calls are those that it was made from. What it says of the others is then as
        of the moment that it names as its own.

    Returns
    -------
    ReportPaths
    """
    messages = load_messages(settings.lang)
    cards = out / "scorecards"
    cards.mkdir(parents=True, exist_ok=True)
    stems = file_stems(sorted(source.agents()))
    shown = {a: f"scorecards/{stem}.html" for a, stem in stems.items() if agents is None or a in agents}
    written: dict[str, Path] = {}
    linked: set[str] = set()
    known = source.followups()
    chained = calls_in_chains(known) if known is not None else frozenset()
    with ExitStack() as until_done:
        folder = until_done.enter_context(folder_in(out, "words"))
        job = _Job(out, source, settings, chained, shown, folder, n_threads=max(1, n_workers // max(1, len(stems))))
        each = until_done.enter_context(_workers(job, min(n_workers, len(stems))))
        read = list(each(_read_agent, list(stems)))
        habits = compare(folder, [r.words for r in read], settings.habits)
        summaries = with_ranks([r.numbers.summary for r in read])
        _write(out / "calls.csv", csv_text(CALL_COLUMNS, ()) + "".join(r.call_rows for r in read))
        batch = summarise_batch(summaries, [t for r in read for t in r.first_and_last])
        reference = reference_of(batch, summaries)
        chosen = [a.agent_id for a in summaries if agents is None or a.agent_id in agents]
        chains = Chains(known, {i: r.numbers.summary.agent_id for r in read for i in r.chain_calls}, summaries, chosen)
        tasks = [
            _Task(
                a.agent_id, stems[a.agent_id], replace(r.numbers, summary=a), reference, r.fingerprint, only_changed,
                chains.of_agent(a.agent_id), habits.get(a.agent_id, AgentHabits()),
            )
            for a, r in zip(summaries, read, strict=True)
            if a.agent_id in chosen
        ]  # fmt: skip
        for task, (is_new, call_ids) in zip(tasks, each(_write_scorecard, tasks), strict=True):
            linked |= call_ids
            if is_new:
                written[task.agent_id] = cards / f"{task.stem}.html"
        pages = {a: f"scorecards/{stem}.html" for a, stem in stems.items() if (cards / f"{stem}.html").is_file()}
        team_tasks = _team_tasks(out, summaries, reference, pages, chains, messages)
        teams = {t.team: t.path for t, _ in zip(team_tasks, each(_write_team, team_tasks), strict=True)}
    paths = ReportPaths(
        out / "index.html", out / "agents.csv", out / "calls.csv", out / "failures.csv", written, teams.get(""),
        {t: path for t, path in teams.items() if t},
    )  # fmt: skip
    _write(paths.agents_csv, csv_text(AGENT_COLUMNS, (agent_row(a, pages.get(a.agent_id, ""), messages) for a in summaries)))
    _write(paths.failures_csv, csv_text(FAILURE_COLUMNS, (failure_row(f) for f in failures)))
    links = {team: path.relative_to(out).as_posix() for team, path in teams.items()}
    page = index_page(batch, summaries, pages, failures, messages=messages, generated_at=settings.generated_at, teams=links)
    _write(paths.index, render_index(page, messages))
    made = {*teams.values(), *(cards / f"{t.stem}.html" for t in tasks)}
    others = (p for folder in (cards, out / "teams") for p in folder.glob("*.html") if p not in made)
    remove_other_calls(out, linked, others)
    return paths


@dataclass(frozen=True, slots=True)
class _TeamTask:
    """The page of a team to write; `team` is ``""`` for everybody."""

    team: str
    path: Path
    batch: BatchSummary
    members: tuple[AgentSummary, ...]
    links: Mapping[str, str]
    others: tuple[tuple[str, str], ...]
    chains: PageChains
    home: str


def _team_tasks(
    out: Path,
    summaries: Sequence[AgentSummary],
    reference: Reference,
    pages: Mapping[str, str],
    chains: Chains,
    messages: Messages,
) -> list[_TeamTask]:
    """The page of everybody and, where calls name several, one for each team."""
    if not summaries:
        return []
    named = sorted({a.team for a in summaries if a.team})
    stems = file_stems(named) if len(named) > 1 else {}
    paths = {"": out / f"{TEAM_STEM}.html"} | {t: out / "teams" / f"{stem}.html" for t, stem in stems.items()}
    tasks = []
    for team, path in paths.items():
        path.parent.mkdir(exist_ok=True)
        members = tuple(a for a in summaries if not team or a.team == team)
        batch = reference.batch if not team else replace(
            summarise_batch(members, ()), activity=add_activities(a.activity for a in members),
            first_at=reference.batch.first_at, last_at=reference.batch.last_at,
        )  # fmt: skip
        up = "../" if team else ""
        links = {a: up + href for a, href in pages.items()}
        others = tuple(
            (t or messages("team.everybody"), up + p.relative_to(out).as_posix()) for t, p in paths.items() if t != team
        )
        its = chains.of_team(tuple(a.agent_id for a in members), everybody=not team)
        tasks.append(_TeamTask(team, path, batch, members, links, others, its, f"{up}index.html"))
    return tasks


def _write_team(job: _Job, task: _TeamTask) -> None:
    """One team's page."""
    messages = load_messages(job.settings.lang)
    places = places_of(task.chains, messages, up="../" if task.team else "", names=True)
    page = team_page(
        task.team, task.batch, task.members, task.links, task.others, messages=messages, settings=job.settings, home=task.home,
        chains=chains_view(task.chains.known, MAX_TEAM_ROWS, places, messages),
    )  # fmt: skip
    _write(task.path, render_team(page, messages))


# --- one agent, in this process or another -----------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Job:
    """What is the same for all agents."""

    out: Path
    source: CallSource
    settings: ReportSettings
    chain_ids: frozenset[str]
    pages: Mapping[str, str]
    words: Path
    n_threads: int = 1


@dataclass(frozen=True, slots=True)
class _Read:
    """One agent's numbers, his lines of ``calls.csv``, what his page depends on as a hash, his calls in chains, his words."""

    numbers: AgentNumbers
    call_rows: str
    first_and_last: tuple[datetime, ...]
    fingerprint: str
    words: AgentWords
    chain_calls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Task:
    """One page to write."""

    agent_id: str
    stem: str
    numbers: AgentNumbers
    reference: Reference
    fingerprint: str
    only_changed: bool
    chains: PageChains
    habits: AgentHabits


def _read_agent(job: _Job, agent: str) -> _Read:
    """Everything that needs no whole record."""
    settings = job.settings
    messages, catalogues = load_messages(settings.lang), job.source.catalogues()
    calls, earlier = job.source.digests(agent), job.source.earlier(agent)
    summary = summarise_agent(agent, calls, catalogues, settings.bands, max_rings=settings.targets.max_rings)
    before = summarise_agent(agent, earlier, catalogues, settings.bands) if earlier else None
    days = add_activities([before.activity, summary.activity] if before else [summary.activity]).days
    begin = min(summary.activity.days, default=None) if before else None
    times = sorted(c.started_at for c in calls if c.started_at is not None)
    links = links_to_calls(calls, summary, job.pages.get(agent, ""))
    made_from = hashlib.sha256(repr((audit.__version__, replace(settings, generated_at=None))).encode())  # type: ignore[arg-type]
    for digest in (*earlier, *calls):
        made_from.update(digest_bytes(digest))
    phrases = [*job.source.phrases(agent, [c.call_id for c in calls])]
    for said in phrases:
        made_from.update(f"{said.call_id} {said.stratum}".encode("utf-8", "surrogatepass") + said.counts)
    return _Read(
        AgentNumbers(summary, before, days, changes_of(days), begin),
        csv_rows(CALL_COLUMNS, (call_row(c, messages, links.get(c.call_id, "")) for c in calls)),
        tuple({times[0], times[-1]}) if times else (),
        made_from.hexdigest(),
        put_aside(job.words, agent, phrases),
        tuple(c.call_id for c in calls if c.call_id in job.chain_ids),
    )


def _write_scorecard(job: _Job, task: _Task) -> tuple[bool, frozenset[str]]:
    """One agent's page and its two data files, the page last, so that its links hold; the calls that have pages because of it.

    The first is False where all stand as they are.
    """
    settings, source, summary = job.settings, job.source, task.numbers.summary
    messages = load_messages(settings.lang)
    cards = job.out / "scorecards"
    path = cards / f"{task.stem}.html"
    calls = source.digests(task.agent_id)
    coached = [c.criterion for c in summary.coaching[:MAX_COACHING]]
    ids = calls_in_full(calls, coached)
    heard = hashlib.sha256(task.fingerprint.encode() + chains_fingerprint(task.chains))
    for c in calls:
        if settings.with_audio and c.call_id in ids:
            # a recording that is gone takes its clips along; whether one in an object store is there is not asked
            heard.update(b"1" if is_there(c.recording_path) else b"0")
    tics = tics_of(summary.fillers, task.reference.batch) if summary.agent_id and task.reference.n_agents > 1 else ()
    said_in = tic_calls(tics, calls)
    led_to = {*task.chains.pages, *(i for its in said_in.values() for i in its)}
    judged = {
        c.call_id for c in calls if c.scorecard is not None
    }  # a page with all its sound takes as long as measuring a call
    paged = [i for i in ids if i in judged]
    joined = sorted(led_to - {*paged})
    made_from, heard_before = _made_from(cards / f"{task.stem}.json")
    stands = frozenset((*paged, *joined, *heard_before))
    is_written = path.is_file() and all(call_file(job.out, i).is_file() for i in stands)
    if task.only_changed and is_written and made_from == heard.hexdigest():
        return False, stands.union(task.chains.linked)
    habits = named_habits(job.words, task.habits, source, [c.call_id for c in calls], settings)
    joined = sorted({*joined, *(p.call.record.call_id for h in habits for p in h.places)} - {*paged})
    with_pages = frozenset((*paged, *joined, *task.chains.linked))
    found = source.calls(task.agent_id, (*ids, *joined))
    full = [found[i] for i in ids if i in found]
    examples = _examples(task.agent_id, coached, summary, task.reference, source, settings)
    wanted = [(c.record.recording, wanted_clips(c)) for c in full]
    wanted += [(e.call.record.recording, (Wanted(e.evidence.start_s, e.evidence.end_s, (0.5,)),)) for e in examples.values()]
    said = tic_examples(said_in, found)
    wanted += [(e.call.record.recording, (Wanted(e.evidence.start_s, e.evidence.end_s, (0.7,)),)) for e in said]
    heard_at = [p for h in habits for p in h.places]
    wanted += [(p.call.record.recording, (Wanted(p.evidence.start_s, p.evidence.end_s, (0.8,)),)) for p in heard_at]
    places = places_of(task.chains, messages, up="../", also=(*paged, *joined))
    agent = agent_label(summary.agent_id, summary.agent_name, messages)
    sheets = [found[i] for i in (*paged, *joined) if i in found]
    with _taking(sheets if settings.with_audio else (), job.n_threads) as sounds:
        for call in sheets:
            others = around(call.record.call_id, task.chains.near, places, messages)
            home = f"../scorecards/{task.stem}.html"
            write_call(job.out, call, agent=agent, home=home, settings=settings, around=others, sounds=sounds)
        clips = cut_page(wanted, sounds=sounds) if settings.with_audio else no_clips(wanted)
    clips, of_habits = clips[: len(clips) - len(heard_at)], clips[len(clips) - len(heard_at) :]
    shown = [ShownCall(c, k) for c, k in zip(full, clips[: len(full)], strict=True)]
    heard_examples = {
        n: replace(e, clips=k) for (n, e), k in zip(examples.items(), clips[len(full) : len(full) + len(examples)], strict=True)
    }
    said = tuple(replace(e, clips=k) for e, k in zip(said, clips[len(full) + len(examples) :], strict=True))
    page = scorecard_page(
        task.numbers, calls, shown, heard_examples, task.reference, messages=messages, settings=settings, stem=task.stem,
        chains=chains_view(task.chains.known, MAX_AGENT_ROWS, places, messages),
        tics=tic_views(tics, said, summary.fillers.counts, places.addresses, messages),
        habits=habit_views(habits, of_habits, places.addresses, messages),
        habits_note=habits_note(task.habits, habits, settings.habits, messages) if summary.agent_id else "",
        habits_rule=habits_rule(settings.habits, messages),
    )  # fmt: skip
    data = scorecard_json(summary, calls, messages, settings.generated_at, task.numbers.changes)
    data["habits"] = habits_json(task.habits, habits)
    data["inputs_sha256"] = heard.hexdigest()
    _write(cards / f"{task.stem}.json", json.dumps(data, ensure_ascii=False, indent=1) + "\n")
    _write(cards / f"{task.stem}.csv", csv_text(SCORECARD_COLUMNS, scorecard_rows(summary, messages)))
    _write(path, render_scorecard(page, messages))
    return True, with_pages


def _taking(calls: Sequence[ReportedCall], n_threads: int) -> AbstractContextManager[Sounds | None]:
    """The sound of calls that have pages, taken in threads."""
    if not calls:
        return nullcontext()
    from audit.report.sounds import taking  # with NumPy, which a report of measures gets by without

    return taking((c.record.recording for c in calls), n_threads=n_threads)


def _made_from(path: Path) -> tuple[str | None, tuple[str, ...]]:
    """What a page says it was made from, and the calls in which its habits are heard.

    None where that cannot be read, so that the page is made anew.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
        return found["inputs_sha256"], tuple(i for h in (found["habits"] or {"found": ()})["found"] for i in h["calls"])
    except (OSError, ValueError, LookupError, TypeError):
        return None, ()


def _examples(
    agent: str,
    criteria: Sequence[str],
    summary: AgentSummary,
    reference: Reference,
    source: CallSource,
    settings: ReportSettings,
) -> dict[str, Example]:
    """For each criterion to coach a place where it was done well: the agent's own, else a colleague's."""
    found = {}
    for criterion in criteria:
        candidates = [(agent, i) for i in summary.examples.get(criterion, ())]
        if settings.colleagues and agent:
            candidates += [(a, i) for a, i in reference.examples.get(criterion, ()) if a != agent]
        for owner, call_id in candidates:
            call = source.calls(owner, (call_id,)).get(call_id)
            place = _place(call, criterion)
            if call is not None and place is not None:
                found[criterion] = Example(call, *place, own=owner == agent)
                break
    return found


def _place(call: ReportedCall | None, criterion: str) -> tuple[Outcome, Evidence] | None:
    """Where a call shows how a criterion is passed; None where nothing can be pointed at."""
    for o in call.evaluation.outcomes if call is not None and call.evaluation is not None else ():
        if o.criterion == criterion and o.outcome == "pass":
            places = [e for e in o.evidence if e.match in _EXEMPLARY]
            if places:
                return o, min(places, key=lambda e: (_EXEMPLARY.index(e.match), -(e.confidence or 0.0), e.start_s))
    return None


_job: _Job | None = None


def _adopt(job: _Job) -> None:
    """Remember the job in a worker."""
    global _job
    _job = job


def _run(task: tuple[Callable[[_Job, Any], Any], Any]) -> Any:
    """One task in a worker."""
    if _job is None:
        raise RuntimeError("a worker began without its job")
    function, argument = task
    return function(_job, argument)


@contextmanager
def _workers(job: _Job, n: int) -> Iterator[Callable[[Callable[[_Job, Any], Any], Sequence[Any]], Iterable[Any]]]:
    """A map over agents: in this process, or over several begun anew."""
    if n <= 1:
        yield lambda function, arguments: (function(job, a) for a in arguments)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(n, get_context("spawn"), _adopt, (job,)) as pool:
        yield lambda function, arguments: pool.map(_run, [(function, a) for a in arguments])
