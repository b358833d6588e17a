"""After the calls of a run: follow chains of calls, and judge again those of which other calls now say something else.

Verdicts rest on facts, facts on chains, chains on signs, and signs on nothing but the call: so this comes to an end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit.batch.followups import Advanced, follow_up
from audit.batch.rescore import RescoreProgress, rescore
from audit.followup import FollowUpTerms, Promise, read_terms
from audit.storage import Store, judged_again, stale_calls, unreviewed_calls
from audit.storage.followups import state_of

if TYPE_CHECKING:
    from audit.batch.judge import ScorecardJudge


@dataclass(frozen=True, slots=True)
class Across:
    """What came of it.

    Attributes
    ----------
    n_owners : int
        Customers whose calls were joined anew.
    n_rejudged : int
        Calls whose verdicts changed by what other calls say.
    stopped_by : int or None
        Number of the signal that ended it early; the next run goes on from there.
    """

    n_owners: int = 0
    n_rejudged: int = 0
    stopped_by: int | None = None


def look_across(
    store: Store,
    judge: ScorecardJudge,
    out: Path,
    *,
    options: Mapping[str, Any],
    lang: str,
    clock: Callable[[], datetime],
    terms: Mapping[str, Any] | None = None,
    languages: Collection[str] = (),
    also: Collection[str] = (),
    progress: RescoreProgress | None = None,
    advanced: Advanced = lambda n, of: None,
) -> Across:
    """Follow the chains of the store's calls, and judge again the calls of which something else is known now.

    Only calls that stand under this judge's scorecards are judged again; others wait for a run or a rescore with theirs.

    Parameters
    ----------
    terms : mapping, optional
        A profile's ``followups``; without, those of the last time stay.
    languages : collection of str
        Of the calls of this run: their scorecards say which facts are read and when promises fall due.
    also : collection of str
        Calls to judge again in any case.
    progress : RescoreProgress, optional
    advanced : callable
        Told how many of how many changed calls are followed.

    Raises
    ------
    ProfileError
        If the terms cannot be meant.
    StoreError
        If the store cannot be read or written.
    """
    needed = {name for language in sorted(languages) for name in judge.facts_needed(language)}
    asked = _terms(store, judge, terms, languages)
    followed = follow_up(store, now=clock(), terms=asked, needed=needed, advanced=advanced)
    judge.forget()
    stale = stale_calls(store)
    mine = _judged_by(judge, store, {*stale, *unreviewed_calls(store)}) | set(also)
    n_rejudged, stopped_by = 0, None
    if mine:
        found = rescore(
            store, judge, out, options=options, lang=lang, clock=clock, only=mine, progress=progress, files_here_only=True
        )
        n_rejudged, stopped_by = found.n_rescored, found.stopped_by
    if stopped_by is None:
        waiting = {s.call_id for s in store.standings(only=set(stale) - mine) if s.evaluation_id is not None}
        judged_again(store, {call_id: n for call_id, n in stale.items() if call_id not in waiting})
    return Across(followed.n_owners, n_rejudged, stopped_by)


def _judged_by(judge: ScorecardJudge, store: Store, call_ids: Collection[str]) -> set[str]:
    """Those of some calls whose newest evaluation is of one of the judge's scorecards."""
    return {
        s.call_id
        for s in store.standings(only=call_ids)
        if s.language is not None
        and s.scorecard_sha256 is not None
        and s.scorecard_sha256 == judge.scorecard_sha256(s.language)
    }


def _terms(
    store: Store, judge: ScorecardJudge, given: Mapping[str, Any] | None, languages: Collection[str]
) -> FollowUpTerms | None:
    """The terms of this pass: the profile's, else the last ones, with the promises that the scorecards know."""
    with store.reading() as c:
        state = state_of(c)
    last = read_terms(state.terms) if state is not None else FollowUpTerms()
    asked = read_terms(given) if given is not None else last
    if given is not None and "promises" in given:
        return asked
    promises = dict(last.promises)
    for language in sorted(languages):
        promises |= {s.id: Promise(s.due_h, s.due_days) for s in judge.promises(language)}
    return replace(asked, promises=promises)
