"""What the page templates may use: one frozen dataclass for each part of a page.

Text is in the page's language and numbers are written out, "—" where there is none; templates decide only where things
stand. Nothing here is HTML: escaping is left to the templates' autoescape.
"""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far a figure lies from another: `kind` is "better", "worse" or "same", the last where that is not sure."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A labelled number. `note` says what it rests on; `share` (0-1) draws a bar where one makes sense.

    `low` and `high` (0-1) are the ends of the share's interval; `comparisons` hold it against others; `definition` says
    what is measured.
    """

    label: str
    value: str
    note: str = ""
    share: float | None = None
    low: float | None = None
    high: float | None = None
    comparisons: tuple[Comparison, ...] = ()
    definition: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture with what stands above and below it; `picture` is None where none could be drawn, and `note` says why."""

    title: str
    picture: Markup | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Player:
    """Sound to listen to.

    Attributes
    ----------
    clip_id : str
        HTML id of the audio element.
    seek : str
        Seconds into the clip at which to start.
    src : str or None
        The data URI where this is the place that holds the element; None for a button that plays it from afar.
    label : str
        Where the clip begins and ends in the recording.
    """

    clip_id: str
    seek: str
    src: str | None
    label: str


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """One piece of evidence. `listen` tells where to listen when there is no player.

    On the page of a single call `number` is that of its place on the waveform, `anchor` its own HTML id, and `in_words`
    whether the transcript refers to it.
    """

    when: str
    role: str
    text: str
    heard: str | None
    is_window: bool
    is_quote: bool
    how: str
    confidence: str | None
    suggestion: str | None
    player: Player | None = None
    listen: str | None = None
    cut_short: str | None = None
    number: str = ""
    anchor: str = ""
    in_words: bool = False


@dataclass(frozen=True, slots=True)
class OutcomeView:
    """One criterion of one call. `more` tells of evidence that is not shown.

    Attributes
    ----------
    verdict : str
        Of the rules, overruled or not.
    said : tuple of str
        What reviewers said of it, the decision that counts last; of one that overruled the rules, what those had said.
    """

    anchor: str
    criterion: str
    title: str
    section: str
    clause: str
    reason: str
    points: str
    critical: bool
    suggestion: str
    evidence: tuple[EvidenceView, ...] = ()
    more: str | None = None
    verdict: str = ""
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewTarget:
    """The evaluation that decisions on a call's verdicts speak of."""

    evaluation_id: int
    scorecard: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class StripMark:
    """A rectangle of a timeline strip; `x` and `width` are per mille of the recording, `title` what it is."""

    kind: str
    x: float
    width: float
    title: str = ""


@dataclass(frozen=True, slots=True)
class Strip:
    """The timeline of one call. `ticks` are labels at per cent of the width."""

    title: str
    description: str
    marks: tuple[StripMark, ...]
    ticks: tuple[tuple[float, str], ...]
    kinds: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TextPart:
    """A run of transcript text; `marked` where it is evidence of a failure."""

    text: str
    marked: bool
    title: str = ""


@dataclass(frozen=True, slots=True)
class TurnView:
    """What one party said."""

    when: str
    role: str
    role_id: str
    parts: tuple[TextPart, ...]
    marked: bool


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """A measure with its unit and definition; `values` in the order of the call's `measure_columns`."""

    label: str
    unit: str
    values: tuple[str, ...]
    definition: str


@dataclass(frozen=True, slots=True)
class CallView:
    """One call in full.

    Attributes
    ----------
    facts : tuple of Figure
        Date, direction, length, ring, hold and so on.
    notices : tuple of str
        What a reader must know first: a missing recording, warnings.
    page : str
        Address of the call's own page, empty where it has none.
    review : ReviewTarget or None
        None where no store holds the evaluation: nobody could take in what is decided.
    score_note : str
        The score by the rules alone, where a reviewer overruled one of their verdicts.
    """

    anchor: str
    call_id: str
    when: str
    zone: str
    score: str
    share: float | None
    band: str
    critical: bool
    critical_text: str
    no_score_reason: str
    facts: tuple[Figure, ...]
    notices: tuple[str, ...]
    sections: tuple[Figure, ...]
    failed: tuple[OutcomeView, ...]
    passed: tuple[OutcomeView, ...]
    not_evaluable: tuple[OutcomeView, ...]
    not_applicable: tuple[OutcomeView, ...]
    strip: Strip | None
    measure_columns: tuple[str, ...]
    measures: tuple[MeasureRow, ...]
    turns: tuple[TurnView, ...]
    transcript_note: str
    path: str
    page: str = ""
    review: ReviewTarget | None = None
    score_note: str = ""


@dataclass(frozen=True, slots=True)
class CoachingItem:
    """A criterion to work on. `example` is the best piece of evidence to play, of `example_call`."""

    rank: int
    title: str
    criterion: str
    clause: str
    critical: bool
    cost: str
    share: float
    frequency: str
    suggestion: str
    example: EvidenceView | None = None
    example_call: str = ""
    example_anchor: str = ""
    done_well: EvidenceView | None = None
    done_well_call: str = ""


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call in the list at the head of a page; `href` is empty where the call is not shown in full."""

    href: str
    call_id: str
    when: str
    duration: str
    score: str
    share: float | None
    critical: bool
    n_failed: str
    n_not_evaluable: str


@dataclass(frozen=True, slots=True)
class CriterionRow:
    """A criterion over all calls of a page."""

    title: str
    criterion: str
    clause: str
    rate: str
    share: float | None
    counts: str
    points: str
    critical: bool = False
    low: float | None = None
    high: float | None = None
    comparisons: tuple[Comparison, ...] = ()


@dataclass(frozen=True, slots=True)
class ScorecardPage:
    """One agent's page."""

    lang: str
    title: str
    agent: str
    period: str
    score: str
    share: float | None
    band: str
    score_basis: str
    bands: str
    critical_text: str
    notices: tuple[str, ...]
    headline: tuple[Figure, ...]
    sections: tuple[Figure, ...]
    weakest: str
    coaching: tuple[CoachingItem, ...]
    coaching_none: str
    coaching_rest: str
    call_rows: tuple[CallRow, ...]
    calls: tuple[CallView, ...]
    calls_note: str
    criteria: tuple[CriterionRow, ...]
    measures: tuple[Figure, ...]
    scorecards: tuple[str, ...]
    files: tuple[tuple[str, str], ...]
    generated: str
    interval: str = ""
    rank: str = ""
    method: str = ""
    comparisons: tuple[Comparison, ...] = ()
    strengths: tuple[Figure, ...] = ()
    trend: Chart | None = None
    spreads: Chart | None = None
    chains: ChainsView | None = None
    tics: tuple[TicView, ...] = ()
    tics_note: str = ""
    habits: tuple[TicView, ...] = ()
    habits_note: str = ""
    habits_rule: str = ""


@dataclass(frozen=True, slots=True)
class AgentRow:
    """An agent in the index."""

    agent: str
    href: str
    score: str
    share: float | None
    band: str
    basis: str
    n_calls: int
    n_critical: int
    weakest: str
    interval: str = ""
    rank: str = ""


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One agent on one criterion: `kind` is "low", "lower", "mid", "high", "top" or "none"; `text` the figure."""

    kind: str
    text: str
    title: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One agent over all criteria."""

    label: str
    href: str
    cells: tuple[HeatCell, ...]


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Agents by criteria; `columns` are (number, title, criterion)."""

    columns: tuple[tuple[str, str, str], ...]
    rows: tuple[HeatRow, ...]


@dataclass(frozen=True, slots=True)
class TeamPage:
    """A team, or everybody."""

    lang: str
    title: str
    period: str
    headline: tuple[Figure, ...]
    notices: tuple[str, ...]
    agents: Chart
    agents_note: str
    scores: Chart
    bands: tuple[Figure, ...]
    hours: Chart
    volume: Chart
    heat: HeatMap | None
    health: tuple[Figure, ...]
    teams: tuple[tuple[str, str], ...]
    scorecards: tuple[str, ...]
    files: tuple[tuple[str, str], ...]
    generated: str
    chains: ChainsView | None = None


@dataclass(frozen=True, slots=True)
class FailureRow:
    """A recording that could not be audited, or something about one that needs a look."""

    what: str
    path: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class IndexPage:
    """The page of the whole batch."""

    lang: str
    title: str
    period: str
    headline: tuple[Figure, ...]
    notices: tuple[str, ...]
    agents: tuple[AgentRow, ...]
    criteria: tuple[CriterionRow, ...]
    criteria_note: str
    failures: tuple[FailureRow, ...]
    warnings: tuple[FailureRow, ...]
    scorecards: tuple[str, ...]
    files: tuple[tuple[str, str], ...]
    generated: str
    teams: tuple[tuple[str, str], ...] = ()


# --- across calls ----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ChainCell:
    """A cell of a table of chains; `href` leads to a call's page, `chip` is "", "plain" or "bad"."""

    text: str
    href: str = ""
    chip: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ChainRow:
    """One chain of calls."""

    cells: tuple[ChainCell, ...]


@dataclass(frozen=True, slots=True)
class ChainTable:
    """Chains of one kind; `more` says where the others are."""

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[ChainRow, ...]
    more: str = ""


@dataclass(frozen=True, slots=True)
class ChainsView:
    """What the calls of a page say together with others; `note` says up to when calls are known."""

    note: str
    figures: tuple[Figure, ...]
    tables: tuple[ChainTable, ...]


@dataclass(frozen=True, slots=True)
class TicPlace:
    """A place where a word is said; `href` leads to its call's page."""

    when: str
    href: str
    evidence: EvidenceView


@dataclass(frozen=True, slots=True)
class TicView:
    """A word that is said more often than others say it; `calls` says in how many of them."""

    word: str
    count: str
    rates: str
    times: str
    places: tuple[TicPlace, ...]
    calls: str = ""
