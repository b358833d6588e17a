"""Who waits for whom: dead air, overlap, response times, shares and spells of talk.

Everything here is arithmetic on segments of speech; no audio is heard. docs/conversation-measures.md states the
definitions in words.

References
----------
Heldner, M., Edlund, J. (2010), Pauses, gaps and overlaps in conversations, Journal of Phonetics 38(4): overlap within
one speaker's talk is another thing than overlap where the word goes over; most of the latter is short.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from audit.acoustics.backchannels import BREATH_S, find_backchannels
from audit.records import Overlap, OverlapKind
from audit.segments import Segment, intersection, subtract, total_s, union
from audit.words import Role

#: Both at once for less than this is a back-channel ("嗯", "right"), not an interruption. The call-ai-metrics package
#: (0.1.0) draws the line there too.
BACKCHANNEL_S = 0.5
#: Talking together for at most this long at the end of the other's turn is how turns change (Heldner and Edlund 2010
#: find many such overlaps, most of them short). The limit is ours.
HANDOVER_S = 0.5
#: A pause of one person up to this long, in which the other is silent, does not end a spell of talk.
SPELL_PAUSE_S = 2.0


def dead_air(
    speech: Iterable[Segment], *, call: Segment, busy: Iterable[Segment] = (), min_gap_s: float = 3.0
) -> tuple[Segment, ...]:
    """Find the stretches of the call in which nobody speaks and nothing plays.

    Parameters
    ----------
    speech : iterable of Segment
        Speech of all legs; may overlap, need not be sorted.
    call : Segment
        Answer to hang-up. Gaps are looked for only inside it.
    busy : iterable of Segment, optional
        Holds, tones, and on every leg what keeps sounding (`Activity.background`): time that is filled although
        nobody speaks.
    min_gap_s : float, default 3.0
        Shortest gap reported, inclusive. MiiTel counts a silence from 3 s in which neither party talks.

    Returns
    -------
    tuple of Segment
        Sorted, not overlapping; ``()`` if none.

    Raises
    ------
    ValueError
        If `min_gap_s` is not positive.

    Examples
    --------
    >>> dead_air([Segment(2, 4), Segment(3, 6)], call=Segment(0, 12))
    (Segment(start_s=6, end_s=12),)
    >>> dead_air([Segment(2, 4)], call=Segment(0, 12), busy=[Segment(5, 12)])
    ()
    """
    if not min_gap_s > 0:
        raise ValueError(f"the shortest gap must be positive, not {min_gap_s}")
    gaps = subtract([call], [*speech, *busy])
    return tuple(g for g in gaps if g.duration_s >= min_gap_s)


def overlaps(
    agent: Iterable[Segment], customer: Iterable[Segment], *, min_overlap_s: float = BACKCHANNEL_S
) -> tuple[Overlap, ...]:
    """Find where both parties talk at once, and what each such place is.

    Common stretches parted by a breath of either party (0.5 s at most) are one overlap.

    Parameters
    ----------
    agent, customer : iterable of Segment
        Speech of each leg.
    min_overlap_s : float, default 0.5
        Least common speech in one overlap, inclusive. Shorter ones are back-channels or hand-overs.

    Returns
    -------
    tuple of Overlap
        Sorted. `interrupter` is the party who began second: whose talk, breaths bridged, started later;
        "unknown" if both started at the same moment. `kind` is "backchannel" where the interrupter's talk is one by
        sound (`find_backchannels`), "handover" where the other was at its end (0.5 s together at most, and only the
        interrupter goes on), else "interruption". Where the words are known, `audit.acoustics.judge_overlap` knows
        better.

    Raises
    ------
    ValueError
        If `min_overlap_s` is not positive.

    Notes
    -----
    AWS Transcribe Call Analytics tells an interruption as one participant cutting off the other in mid-sentence;
    MiiTel counts both talking for more than 1 s; call-ai-metrics more than 0.5 s. The limit is therefore a parameter.

    Examples
    --------
    >>> [o] = overlaps([Segment(0, 5)], [Segment(4, 8)])
    >>> o.interrupter, o.interrupted, o.kind, o.together_s, o.other_stopped
    ('customer', 'agent', 'interruption', 1, True)
    >>> [o.kind for o in overlaps([Segment(0, 9)], [Segment(4, 4.8)])]
    ['backchannel']
    """
    if not min_overlap_s > 0:
        raise ValueError(f"the shortest overlap must be positive, not {min_overlap_s}")
    speech: dict[Role, tuple[Segment, ...]] = {"agent": union(agent), "customer": union(customer)}
    talk = {role: union(s, join_gap_s=BREATH_S) for role, s in speech.items()}
    assents = {
        "agent": find_backchannels(speech["agent"], speech["customer"]),
        "customer": find_backchannels(speech["customer"], speech["agent"]),
    }
    common = intersection(speech["agent"], speech["customer"])
    found: list[Overlap] = []
    for whole in union(common, join_gap_s=BREATH_S):
        together_s = total_s(intersection(common, [whole]))
        if together_s < min_overlap_s:
            continue
        a, c = (next(s for s in talk[role] if s.contains(whole.start_s)) for role in ("agent", "customer"))
        if a.start_s == c.start_s:
            found.append(Overlap(whole.start_s, whole.end_s, "unknown", together_s=together_s))
            continue
        second: Role = "agent" if a.start_s > c.start_s else "customer"
        mine, theirs = (a, c) if second == "agent" else (c, a)
        stopped = theirs.end_s < mine.end_s
        kind: OverlapKind = "interruption"
        if any(x.contains(whole.start_s) for x in assents[second]):
            kind = "backchannel"
        elif stopped and whole.duration_s <= HANDOVER_S:
            kind = "handover"
        found.append(Overlap(whole.start_s, whole.end_s, second, kind, together_s, stopped))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Response:
    """One party answers the other.

    Attributes
    ----------
    by : Role
        Who answers.
    after_s : float
        When the other had stopped, seconds into the recording.
    gap_s : float
        From there to the first word of the answer; 0.0 or more.
    """

    by: Role
    after_s: float
    gap_s: float


def responses(agent: Iterable[Segment], customer: Iterable[Segment], *, busy: Iterable[Segment] = ()) -> tuple[Response, ...]:
    """Find every change of the speaker with the time it took.

    Parameters
    ----------
    agent, customer : iterable of Segment
        Speech of each leg.
    busy : iterable of Segment, optional
        Holds and tones: a gap that contains a part of one is not a response time.

    Returns
    -------
    tuple of Response
        In the order of the call. Back-channels (`find_backchannels`) neither answer nor are answered. Who starts
        before the other has stopped overlaps and has no response time there.

    Examples
    --------
    >>> responses([Segment(3, 9)], [Segment(0, 2), Segment(5, 5.4), Segment(10, 12)])
    (Response(by='agent', after_s=2, gap_s=1), Response(by='customer', after_s=9, gap_s=1))
    """
    a, c, filled = union(agent), union(customer), union(busy)
    turns: dict[Role, tuple[Segment, ...]] = {
        "agent": subtract(a, find_backchannels(a, c)),
        "customer": subtract(c, find_backchannels(c, a)),
    }
    found: list[Response] = []
    others: tuple[tuple[Role, Role], ...] = (("agent", "customer"), ("customer", "agent"))
    for by, to in others:
        found += [Response(by, t, gap) for t, gap in _gaps(turns[by], turns[to], filled)]
    return tuple(sorted(found, key=lambda r: r.after_s + r.gap_s))


def response_times(of: Iterable[Segment], after: Iterable[Segment], *, busy: Iterable[Segment] = ()) -> tuple[float, ...]:
    """Measure how long one party takes to answer when the other has stopped.

    A response is a change of the speaker: from the end of the other's talk to the first speech of this party after
    it. Starting before the other has stopped is no response but an overlap, and gives no value here.

    Parameters
    ----------
    of : iterable of Segment
        Speech of the party who responds.
    after : iterable of Segment
        Speech of the other party.
    busy : iterable of Segment, optional
        Holds and tones: a gap that contains a part of one is not a response time.

    Returns
    -------
    tuple of float
        Seconds, one for each response, in the order of the call; ``()`` if none. The median of them is what
        call-ai-metrics calls a party's response gap. See `responses` for back-channels.

    Examples
    --------
    >>> response_times([Segment(3, 4), Segment(5, 6)], [Segment(0, 2)])
    (1,)
    >>> response_times([Segment(1, 4)], [Segment(0, 2)])
    ()
    """
    return tuple(r.gap_s for r in responses(of, after, busy=busy) if r.by == "agent")


def _gaps(own: tuple[Segment, ...], other: tuple[Segment, ...], filled: tuple[Segment, ...]) -> list[tuple[float, float]]:
    """Ends of the other's talk that this party answers, and the seconds until it does."""
    gaps: list[tuple[float, float]] = []
    filled_ends = [f.end_s for f in filled]
    k = 0
    previous_own_end = float("-inf")
    for s in own:
        while k < len(other) and other[k].start_s < s.start_s:
            k += 1
        last = other[k - 1].end_s if k else float("-inf")
        if last > previous_own_end and last <= s.start_s:
            busy = bisect_right(filled_ends, last)  # the first that ends in or after the gap
            if busy == len(filled) or filled[busy].start_s >= s.start_s or last == s.start_s:
                gaps.append((last, s.start_s - last))
        previous_own_end = s.end_s
    return gaps


def talk_spells(
    own: Iterable[Segment],
    other: Iterable[Segment],
    *,
    max_pause_s: float = SPELL_PAUSE_S,
    backchannel_s: float = BACKCHANNEL_S,
) -> tuple[Segment, ...]:
    """Merge one party's segments into spells of talk that the other does not break.

    Parameters
    ----------
    own, other : iterable of Segment
        Speech of the two parties.
    max_pause_s : float, default 2.0
        Longest own pause inside a spell, inclusive.
    backchannel_s : float, default 0.5
        The other's speech within such a pause breaks the spell from this length on; a short assent does not.

    Returns
    -------
    tuple of Segment
        Sorted, from the first word to the last of each spell.

    Examples
    --------
    >>> talk_spells([Segment(0, 2), Segment(3, 5), Segment(7, 8)], [Segment(5.2, 6.8)])
    (Segment(start_s=0, end_s=5), Segment(start_s=7, end_s=8))
    """
    theirs = union(other)
    spells: list[Segment] = []
    for s in union(own):
        if spells and s.start_s - spells[-1].end_s <= max_pause_s:
            pause = Segment(spells[-1].end_s, s.start_s)
            if total_s(intersection([pause], theirs)) < backchannel_s:
                spells[-1] = Segment(spells[-1].start_s, s.end_s)
                continue
        spells.append(s)
    return tuple(spells)


def longest_monologue_s(own: Iterable[Segment], other: Iterable[Segment]) -> float | None:
    """Length of a party's longest spell of talk in seconds, short pauses and the other's assents included.

    Returns
    -------
    float or None
        None if the party never speaks. See :func:`talk_spells` for what ends a spell.

    Examples
    --------
    >>> longest_monologue_s([Segment(0, 2), Segment(3, 5)], [])
    5
    """
    return max((s.duration_s for s in talk_spells(own, other)), default=None)


def talk_share_ratio(own: Iterable[Segment], other: Iterable[Segment]) -> float | None:
    """Share of one party in the speech of both.

    The denominator is the speech of the two parties added up, not the length of the call: silence and holds leave
    the share as it is, and the two shares add up to 1. (Amazon Connect divides by the length of the conversation;
    an aim such as "the customer has 80 % of the talk" means the speech.)

    Returns
    -------
    float or None
        0-1; None if nobody speaks.

    Examples
    --------
    >>> talk_share_ratio([Segment(0, 1)], [Segment(1, 4)])
    0.25
    """
    mine, theirs = total_s(own), total_s(other)
    return mine / (mine + theirs) if mine + theirs > 0 else None
