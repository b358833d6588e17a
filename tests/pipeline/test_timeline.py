"""What the words may change in a timeline, and what they must not."""

from __future__ import annotations

import pytest

from audit.pipeline.timeline import with_words
from audit.records import Measured, Overlap, Timeline
from audit.words import Transcript, Turn, Word


def overlapping(kind: str) -> Timeline:
    none = Measured(None, "none", reason="not looked for")
    overlap = Overlap(4.0, 4.6, "customer", kind=kind, other_stopped=False)  # type: ignore[arg-type]
    return Timeline(none, none, none, answer_at_s=0.0, hangup_at_s=10.0, talk_s=10.0, overlaps=(overlap,))


def said(language: str, text: str) -> Transcript:
    word = Word(4.1, 4.5, text, 0.9)
    return Transcript(language, "base", (Turn(4.1, 4.5, "customer", text, 0.9, (word,)),))


@pytest.mark.parametrize(
    ("language", "text", "by_sound", "kind"),
    [
        ("zh", "嗯", "interruption", "backchannel"),
        ("zh", "不对", "backchannel", "interruption"),
        ("ja", "はい", "backchannel", "backchannel"),
        ("yue", "係", "interruption", "interruption"),
    ],
    ids=["an assent", "an objection", "another language", "a dialect"],
)
def test_words_decide_what_an_overlap_is_only_where_the_language_is_known(language, text, by_sound, kind):
    timeline = with_words(overlapping(by_sound), said(language, text))
    assert [o.kind for o in timeline.overlaps] == [kind]
    assert (timeline.holds, timeline.talk_s) == ((), 10.0)
