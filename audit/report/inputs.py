"""What a report is made from and what it leaves behind."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from audit.chains import FollowUps
from audit.digests import CallDigest, Catalogue
from audit.phrases import CallPhrases
from audit.records import CallRecord
from audit.statistics import HabitTerms
from audit.verdicts import Evaluation

if TYPE_CHECKING:
    from audit.redaction import Kind


@dataclass(frozen=True, slots=True)
class Hidden:
    """What was hidden in a call: its label, how many, and why (may be empty)."""

    label: str
    n: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReportedCall:
    """One audited call.

    Attributes
    ----------
    record : CallRecord
    evaluation : Evaluation or None
        None where the call was measured only; it is listed and never enters a score.
    evaluation_id : int or None
        Its number in the store; without, its verdicts cannot be reviewed on the page.
    hidden : tuple of Hidden
        What is hidden in its words and muted in its sound.
    """

    record: CallRecord
    evaluation: Evaluation | None = None
    evaluation_id: int | None = None
    hidden: tuple[Hidden, ...] = ()


@dataclass(frozen=True, slots=True)
class Band:
    """One band of a scorecard: scores from `min_score` (0-100, inclusive) up to the next band.

    Attributes
    ----------
    band : str
        Its id.
    title : mapping of language to str
    min_score : float
    """

    band: str
    min_score: float
    title: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MeasureBand:
    """Between what a figure should lie, as a rule says; None where it bounds that side not."""

    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Targets:
    """What rules ask of a team; None where none does.

    Attributes
    ----------
    max_rings : int or None
        Rings within which a call is answered.
    calls_per_day : float or None
        Calls of an agent in a day, at least.
    complaint_ratio : float or None
        Share of calls with a complaint, at most.
    """

    max_rings: int | None = None
    calls_per_day: float | None = None
    complaint_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """How pages are written; what does not depend on one call or agent.

    Attributes
    ----------
    lang : {"zh", "en"}
    generated_at : datetime
        With a time zone; printed on each page.
    with_audio : bool
        Cut clips from the recordings and embed them. Without, times are printed.
    bands : mapping of scorecard id to sequence of Band
        What the mean score of an agent is called, where all his calls share a scorecard.
    measure_bands : mapping of measure to MeasureBand
    targets : Targets
    colleagues : bool
        Colleagues' calls may be examples of how it is done; without, only the agent's own.
    redact : mapping of kind to reason
        What the source hides; pages made from it are other ones.
    habits : HabitTerms
        When something said is called a habit.
    names : tuple of str
        Of the company and what it sells: saying them is none.
    """

    lang: Literal["zh", "en"]
    generated_at: datetime
    with_audio: bool = True
    bands: Mapping[str, Sequence[Band]] = field(default_factory=dict)
    measure_bands: Mapping[str, MeasureBand] = field(default_factory=dict)
    targets: Targets = Targets()
    colleagues: bool = True
    redact: Mapping[Kind, str] = field(default_factory=dict)
    habits: HabitTerms = field(default_factory=HabitTerms)
    names: tuple[str, ...] = ()


class CallSource(Protocol):
    """Where calls come from. It travels to other processes, and each asks it for what it needs."""

    def agents(self) -> Mapping[str, int]:
        """Agents (:func:`audit.report.scorecard.agent_key`) and how many calls each has."""
        ...

    def catalogues(self) -> Mapping[str, Catalogue]:
        """The words of scorecards, by hash."""
        ...

    def digests(self, agent: str) -> Sequence[CallDigest]:
        """All calls of an agent, oldest first, those without a time last."""
        ...

    def earlier(self, agent: str) -> Sequence[CallDigest]:
        """The same of the period of equal length before; empty where there is none."""
        ...

    def calls(self, agent: str, call_ids: Collection[str]) -> Mapping[str, ReportedCall]:
        """Some calls of an agent in full, by id; those that are gone are left out."""
        ...

    def phrases(self, agent: str, call_ids: Collection[str]) -> Iterable[CallPhrases]:
        """What an agent says in some of his calls, as numbers; calls without words are left out."""
        ...

    def followups(self) -> FollowUps | None:
        """What is known across the calls; None where nothing can be."""
        ...


@dataclass(frozen=True, slots=True)
class ReportPaths:
    """The files that were written.

    Attributes
    ----------
    index : Path
    agents_csv, calls_csv, failures_csv : Path
    scorecards : mapping of agent id to Path
        The HTML pages written now; calls without an agent stand under ``""``.
    team : Path or None
        The page of all agents together; None of an empty batch.
    teams : mapping of team to Path
        Of each team by itself, where calls name several.
    """

    index: Path
    agents_csv: Path
    calls_csv: Path
    failures_csv: Path
    scorecards: Mapping[str, Path]
    team: Path | None = None
    teams: Mapping[str, Path] = field(default_factory=dict)
