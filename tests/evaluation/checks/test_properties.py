"""What must hold for any hits and any windows: compared with the plain way of finding it out."""

from itertools import pairwise, product

from hypothesis import given, settings
from hypothesis import strategies as st

from audit.evaluation.checks import judge
from audit.evaluation.checks.scope import Given, within
from audit.evaluation.checks.sentences import clauses, sentence_around, sentences
from audit.evaluation.flow import Sequence, Step
from audit.records import Evidence
from audit.segments import Segment, union
from tests.evaluation.checks.judging import call_of

CALL = call_of(turns=["Agent 0-60: 您好"], hangup_at_s=60.0)
TIMES = st.lists(st.integers(0, 20), max_size=4)


def step(times: list[int], name: str, optional: bool) -> Step:
    """A step found at each of some seconds, half a second long."""
    evidence = tuple(Evidence(float(t), t + 0.5, "agent", name, "exact") for t in times)
    return Step({"zh": name, "en": name}, Given(evidence), optional)


@settings(max_examples=150, deadline=None)
@given(
    times=st.lists(TIMES, min_size=1, max_size=4),
    optional=st.lists(st.booleans(), min_size=4, max_size=4),
    max_gap_s=st.sampled_from([None, 2.0, 5.0]),
)
def test_steps_are_in_order_whenever_any_choice_of_hits_is(times, optional, max_gap_s):
    def fits(choice: tuple[int | None, ...]) -> bool:
        said = [t for t in choice if t is not None]
        return all(a + 0.5 <= b and (max_gap_s is None or b - a - 0.5 <= max_gap_s) for a, b in pairwise(said))

    choices = product(*([*row, None] if free else row for row, free in zip(times, optional, strict=False)))
    expected = any(fits(c) and any(t is not None for t in c) for c in choices)
    steps = tuple(step(row, f"步{i}", optional[i]) for i, row in enumerate(times))
    result = judge(Sequence(steps, max_gap_s), CALL)
    if result.verdict != "not_applicable":
        assert (result.verdict == "pass") == expected
    else:
        assert not expected
    if result.verdict == "pass":
        starts = [e.start_s for e in result.evidence]
        assert starts == sorted(starts)


@settings(max_examples=150, deadline=None)
@given(
    spans=st.lists(st.tuples(st.integers(0, 50), st.integers(1, 10)), max_size=6),
    at=st.floats(0, 70, allow_nan=False),
)
def test_a_moment_is_within_some_windows_as_it_is_within_any_of_them(spans, at):
    windows = union(Segment(float(a), float(a + n)) for a, n in spans)
    assert within(windows, at) == any(w.contains(at) for w in windows)


@settings(max_examples=100, deadline=None)
@given(text=st.text(alphabet="您好吗谢 8.5，。？！…；A", min_size=1, max_size=40))
def test_sentences_and_clauses_share_out_all_the_words_and_nothing_twice(text):
    for heard in call_of(turns=[f"Agent: 嗯{text}"]).turns["agent"]:
        for ranges in (sentences(heard), clauses(heard)):
            assert all(a < b for a, b in ranges)
            assert all(x[1] <= y[0] for x, y in pairwise(ranges))
            assert "".join(heard.plain[a:b] for a, b in ranges) == heard.plain
        for a, b in clauses(heard):
            start, end = sentence_around(heard, a, b)
            assert start <= a < b <= end
