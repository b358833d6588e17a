"""Take in what reviewers decided: check it, keep it, and let it count; and say how often they overrule the rules."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from audit.batch.files import call_file_name, write_json
from audit.batch.reviews import reviewed, speaks_of
from audit.contract import call_to_json, evaluation_to_json
from audit.errors import AuditError, ReviewError, UsageError
from audit.ingest.reviews import DecisionFile, read_decision_file
from audit.statistics import Estimate, proportion_estimate
from audit.storage import (
    JudgedCall,
    KeptDecision,
    Reviewer,
    Store,
    StoredCall,
    all_reviewers,
    judged_calls,
    read_decisions,
    review_calls,
    save_decisions,
)
from audit.storage.followups import digests_of_calls
from audit.verdicts import Decision, Evaluation, Verdict

if TYPE_CHECKING:
    from audit.evaluation import Scorecard

#: What a decision does now: decides its outcome; says the same as the one that does; was overtaken by another; says
#: nothing for or against; speaks of a verdict that the rules no longer give.
Standing = Literal["counts", "seconds", "overtaken", "remark", "stale"]


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import.

    Attributes
    ----------
    n_new, n_known : int
        Decisions that were told for the first time, and those that were known.
    changed : tuple of str
        Calls of which something else is said now.
    n_stale : int
        Of these files' decisions, those on verdicts that the rules no longer give: kept, and not counted.
    conflicts : tuple of (KeptDecision, KeptDecision)
        Two reviewers on one of these files' outcomes: the one that counts, and one that it overtook.
    """

    n_new: int
    n_known: int
    changed: tuple[str, ...]
    n_stale: int = 0
    conflicts: tuple[tuple[KeptDecision, KeptDecision], ...] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """A decision and what it does now.

    Attributes
    ----------
    verdict : str or None
        What the rules say today; None where they have no such criterion for the call.
    """

    kept: KeptDecision
    standing: Standing
    verdict: Verdict | None
    agent_id: str | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often reviewers overrule the rules on one criterion. Outcomes that nobody decided on are in none of the counts.

    Attributes
    ----------
    scorecard, criterion : str
    n : int
        Verdicts (passed, failed, not applicable) that a reviewer decided on.
    n_upheld : int
    n_fails, n_fails_upheld, n_passes, n_passes_upheld : int
        The same of failures, and of passes: a rule may be too strict or too lax.
    n_left : int
        Outcomes that the rules left open (not evaluable) and a reviewer decided on; in none of the other counts.
    n_stale : int
        Decisions on verdicts that the rules no longer give.
    """

    scorecard: str
    criterion: str
    n: int = 0
    n_upheld: int = 0
    n_fails: int = 0
    n_fails_upheld: int = 0
    n_passes: int = 0
    n_passes_upheld: int = 0
    n_left: int = 0
    n_stale: int = 0

    @property
    def estimate(self) -> Estimate | None:
        """Share upheld with its interval (Wilson); None where nothing was decided."""
        return proportion_estimate(self.n_upheld, self.n)


@dataclass
class RulesAtHand:
    """Scorecards by hash: those given, and the shipped ones.

    Parameters
    ----------
    given : sequence of str
        Names or paths.
    """

    given: Sequence[str] = ()
    _found: dict[str, Scorecard] = field(default_factory=dict)
    _tried: set[str] = field(default_factory=set)

    def of(self, name: str, sha256: str) -> Scorecard | None:
        """The scorecard of that hash; None where it is not at hand.

        Raises
        ------
        ScorecardError
            If one that was given cannot be used.
        """
        from audit.evaluation import load_scorecard, shipped_scorecards

        for candidate in (*self.given, *(n for n in shipped_scorecards() if n == name)):
            if sha256 not in self._found and candidate not in self._tried:
                self._tried.add(candidate)
                scorecard = load_scorecard(candidate)
                self._found[scorecard.sha256] = scorecard
        return self._found.get(sha256)


def import_reviews(
    store: Store, paths: Iterable[Path], rules: RulesAtHand, *, out: Path | None, lang: str, now: datetime
) -> Imported:
    """Check decision files, keep what they say, and let it count. All of them are taken, or none.

    Files that were taken before add nothing. What an interrupted import kept and did not yet let count, counts after the
    next.

    Parameters
    ----------
    rules : RulesAtHand
        To put scores together anew; those that the calls stand under have to be among them.
    out : Path, optional
        Folder whose ``calls/*.json`` are written anew where they are there.
    lang : {"en", "zh"}
        Of the reasons in those files.

    Raises
    ------
    ReviewError
        Naming every file that cannot be taken and why; nothing was kept.
    UsageError
        If the rules of a call are not at hand; nothing was kept.
    """
    files = _checked(store, [*paths])
    told = [(reviewer, f.sha256, d) for f, reviewer in files for d in f.decisions]
    ids = {d.call_id for _, _, d in told}
    _insist_on_rules(store, ids, rules)
    n_new = save_decisions(store, told, now=now)
    folder = out / "calls" if out is not None else None

    def review(call: StoredCall, said: Sequence[KeptDecision]) -> Evaluation | None:
        e = call.evaluation
        scorecard = rules.of(e.scorecard, e.scorecard_sha256) if e is not None else None
        if e is None or scorecard is None:
            return None
        return reviewed(e, scorecard, said)

    def publish(call: StoredCall, new: Evaluation) -> None:
        path = folder / call_file_name(call.record.call_id) if folder is not None else None
        if path is not None and path.exists():
            write_json(path, {**call_to_json(call.record), "evaluation": evaluation_to_json(new, lang)})

    options = {"review": True, "lang": lang}
    changed = review_calls(store, ids, review, options=options, now=now, before=publish)
    mine = {(d.call_id, d.criterion) for _, _, d in told}
    placed = [p for p in place(store, ids) if (p.kept.decision.call_id, p.kept.decision.criterion) in mine]
    shas = {f.sha256 for f, _ in files}
    n_stale = sum(p.standing == "stale" for p in placed if p.kept.file_sha256 in shas)
    return Imported(n_new, len(told) - n_new, changed, n_stale, conflicts(placed))


def _checked(store: Store, paths: Sequence[Path]) -> list[tuple[DecisionFile, Reviewer]]:
    """Files that are what they should be, with who signed them."""
    known = {r.key_id: r for r in all_reviewers(store)}
    faults: list[AuditError] = []
    found: list[tuple[DecisionFile, Reviewer]] = []
    for path in paths:
        try:
            file = read_decision_file(path)
            found.append((file, _signer(file, known)))
        except ReviewError as e:
            faults.append(e)
    judged = judged_calls(store, {d.evaluation_id for f, _ in found for d in f.decisions})
    for file, _ in found:
        wrong = next((w for d in file.decisions if (w := _misfit(d, judged.get(d.evaluation_id)))), None)
        if wrong is not None:
            hint = "import it into the store that the page was made from (--store, or its DIR)"
            faults.append(ReviewError(f"{file.path}: {wrong}", hint=hint))
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise ReviewError("\n".join(map(str, faults)) + "\nno file was taken", hint="put these right, or leave them out")
    return found


def _signer(file: DecisionFile, known: Mapping[str, Reviewer]) -> Reviewer:
    reviewer = known.get(file.key_id)
    if reviewer is None:
        raise ReviewError(
            f"{file.path}: signed with the key {file.key_id}, which this store does not know",
            hint="'callaudit review list --keys' shows those it does; 'callaudit review key NAME' makes one to sign again with",
        )
    if not file.is_signed_with(reviewer.secret):
        raise ReviewError(
            f"{file.path}: the signature does not fit: it was changed after {reviewer.name} saved it, or not signed by them",
            hint="take the file as the page saved it, or save it again there",
        )
    if reviewer.revoked_at is not None:
        raise ReviewError(
            f"{file.path}: the key {file.key_id} of {reviewer.name} was revoked on {reviewer.revoked_at:%Y-%m-%d}",
            hint="'callaudit review key NAME' makes a new one; the page signs again with that",
        )
    return reviewer


def _misfit(d: Decision, judged: JudgedCall | None) -> str | None:
    """Why a decision is of nothing that the store holds; None where it is."""
    where = f"call {d.call_id}, criterion {d.criterion}"
    if judged is None or judged.call_id != d.call_id:
        return f"{where}: evaluation {d.evaluation_id} of that call is not in this store"
    if judged.scorecard_sha256 != d.scorecard_sha256 or judged.scorecard != d.scorecard:
        return f"{where}: evaluation {d.evaluation_id} is by another scorecard in this store"
    verdict = judged.verdicts.get(d.criterion)
    if verdict is None:
        return f"{where}: evaluation {d.evaluation_id} has no such criterion"
    return None if verdict == d.outcome else f"{where}: evaluation {d.evaluation_id} says {verdict}, not {d.outcome}"


def _insist_on_rules(store: Store, call_ids: Collection[str], rules: RulesAtHand) -> None:
    """No decision is kept that could not count."""
    with store.reading() as c:
        found = digests_of_calls(c, sorted(call_ids))
    for call_id, d in found.items():
        if d.scorecard is not None and d.scorecard_sha256 is not None and rules.of(d.scorecard, d.scorecard_sha256) is None:
            raise UsageError(
                f"call {call_id} stands under {d.scorecard} {d.scorecard_version} ({d.scorecard_sha256[:12]}), which is not at "
                "hand; nothing was taken",
                hint="name those rules with --scorecard, or 'callaudit rescore' first by rules that are at hand",
            )


# --- what counts ----------------------------------------------------------------------------------
def place(store: Store, call_ids: Collection[str] | None = None) -> tuple[Placed, ...]:
    """All decisions, or those on some calls, each with what it does now, in the order in which they count."""
    kept = read_decisions(store, call_ids)
    with store.reading() as c:
        digests = digests_of_calls(c, sorted({k.decision.call_id for k in kept}))
    verdicts: list[Verdict | None] = []
    last: dict[tuple[str, str], KeptDecision] = {}
    speaks: list[bool] = []
    for k in kept:
        d, digest = k.decision, digests.get(k.decision.call_id)
        now = digest.outcomes.get(d.criterion) if digest is not None and digest.scorecard == d.scorecard else None
        verdict = digest.overruled.get(d.criterion, now.outcome) if digest is not None and now is not None else None
        verdicts.append(verdict)
        speaks.append(digest is not None and speaks_of(d, digest.scorecard, verdict))
        if speaks[-1] and d.kind != "comment":
            last[d.call_id, d.criterion] = k
    return tuple(
        Placed(k, _standing(k, does, last), verdict, g.agent_id if (g := digests.get(k.decision.call_id)) else None)
        for k, does, verdict in zip(kept, speaks, verdicts, strict=True)
    )


def _standing(k: KeptDecision, speaks: bool, last: Mapping[tuple[str, str], KeptDecision]) -> Standing:
    if not speaks:
        return "stale"
    if k.decision.kind == "comment":
        return "remark"
    counts = last[k.decision.call_id, k.decision.criterion]
    if counts is k:
        return "counts"
    return "seconds" if counts.decision.held == k.decision.held else "overtaken"


def conflicts(placed: Iterable[Placed]) -> tuple[tuple[KeptDecision, KeptDecision], ...]:
    """Pairs of two reviewers who hold something else right: the decision that counts, and one that it overtook."""
    placed = [*placed]
    last = {(p.kept.decision.call_id, p.kept.decision.criterion): p.kept for p in placed if p.standing == "counts"}
    pairs = ((last[p.kept.decision.call_id, p.kept.decision.criterion], p.kept) for p in placed if p.standing == "overtaken")
    return tuple((a, b) for a, b in pairs if a.reviewer != b.reviewer)


def agreement(placed: Iterable[Placed]) -> tuple[Agreement, ...]:
    """How often the decision that counts upholds the rules, criterion by criterion, by name.

    One outcome counts once, however many reviewers looked at it.
    """
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for p in placed:
        d = p.kept.decision
        n = counts.setdefault((d.scorecard, d.criterion), {})
        if p.standing == "stale":
            _add(n, "n_stale")
        elif p.standing == "counts" and d.outcome == "not_evaluable":
            _add(n, "n_left")
        elif p.standing == "counts":
            names = ["n", *({"fail": ["n_fails"], "pass": ["n_passes"]}.get(d.outcome, []))]
            _add(n, *names)
            if d.held == d.outcome:
                _add(n, *(f"{name}_upheld" for name in names))
    return tuple(Agreement(scorecard, criterion, **n) for (scorecard, criterion), n in sorted(counts.items()))


def _add(counts: dict[str, int], *names: str) -> None:
    for name in names:
        counts[name] = counts.get(name, 0) + 1
