"""Where a check looks, as frozen values: whose words, which turns, which stretches of time, near what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from audit.words import Role

if TYPE_CHECKING:
    from audit.evaluation.conditions import Check

Texts = Mapping[str, str]
AnyRole = Role | Literal["any"]
TimelineEvent = Literal["hold", "silence", "transfer", "interruption", "overlap", "answer", "hangup", "ring"]
Side = Literal["around", "before", "after", "same_turn"]
Window = tuple[float, float | None]


@dataclass(frozen=True, slots=True)
class Near:
    """Close to where another check finds its evidence, or to what happened in the call.

    Attributes
    ----------
    event : Check or None
        Whose hits are the anchors; None where `timeline` gives them.
    before_s, after_s : float or None
        How far to look. Around an anchor nothing given means: not before it, and after it to the end of the call.
    timeline : str or None
        One of :data:`TimelineEvent`.
    by : {"agent", "customer"} or None
        Whose interruption.
    min_s : float or None
        Shorter events of the timeline are no anchors.
    hit : "any", "every", "first", "last" or int
        Which anchors: any of them, each by itself, or the Nth (from 1; negative: from the last).
    side : {"around", "before", "after", "same_turn"}
    before_turns, after_turns : int or None
        At most so many turns of the searched role before or after the turn that holds the anchor.
    """

    event: Check | None = None
    before_s: float | None = None
    after_s: float | None = None
    timeline: TimelineEvent | None = None
    by: Role | None = None
    min_s: float | None = None
    hit: str | int = "any"
    side: Side = "around"
    before_turns: int | None = None
    after_turns: int | None = None


@dataclass(frozen=True, slots=True)
class Where:
    """Which words are searched. The times of the words decide, not those of their turns.

    Attributes
    ----------
    role : {"agent", "customer", "ivr", "unknown", "any"}
    first_turns, last_turns : int or None
        Of that role, counted after the other limits; turns joined over pauses (``join_gap_s``).
    first_s, last_s : float or None
        Seconds from that role's first word; seconds before the end of the call.
    near : Near or None
    turns : (int, int) or None
        From and to, both included, from 1; negative: from the last. Counted after the other limits.
    from_start_s, from_answer_s, from_end_s : (float, float or None) or None
        Seconds after the start of the recording, after the answer, before the end of the call; None is without end.
    share : (float, float) or None
        Part of the call from the answer (0) to the end (1).
    """

    role: AnyRole = "agent"
    first_turns: int | None = None
    last_turns: int | None = None
    first_s: float | None = None
    last_s: float | None = None
    near: Near | None = None
    turns: tuple[int, int] | None = None
    from_start_s: Window | None = None
    from_answer_s: Window | None = None
    from_end_s: Window | None = None
    share: tuple[float, float] | None = None


#: All that the agent says.
AGENT = Where()
