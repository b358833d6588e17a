"""The attempts: what is asked a second time, what is believed, and what is counted; the answers are made by hand."""

from __future__ import annotations

import numpy as np

from audit.segments import Segment
from audit.transcript.attempts import Asked, Recognised, attempt
from audit.transcript.evidence import Decoded
from audit.transcript.packing import Window
from audit.transcript.sound import LegAudio, Sound, pack_leg
from audit.words import Dropped, Word

SPEECH = (Segment(1, 4), Segment(10, 14))


def decoded(window: Window, text: str, piece: int = 0, *, avg_logprob: float = -0.2, confidence: float = 0.9) -> Decoded:
    """A text said evenly over one piece of a window."""
    span = window.pieces[piece].packed_speech
    step = span.duration_s / max(len(text), 1)
    words = tuple(Word(span.start_s + i * step, span.start_s + (i + 1) * step, c, confidence) for i, c in enumerate(text))
    return Decoded(window, words, avg_logprob, 0.1, 1.0)


def run(*answers: list[tuple[str, int, float]], hotwords: tuple[str, ...] = ()) -> tuple[list[Asked], Recognised]:
    """Answer each wish with the given texts, one a window."""
    sound = Sound.of(LegAudio("agent", np.zeros(16000 * 20, np.float32), 16000, SPEECH))
    attempts = attempt(pack_leg(0, sound), [sound], language="zh", hotwords=hotwords)
    asked = [next(attempts)]
    for answer in answers:
        texts = answer + [("", 0, -0.2)] * (len(asked[-1].windows) - len(answer))
        reply = [decoded(w, text, piece, avg_logprob=p) for w, (text, piece, p) in zip(asked[-1].windows, texts, strict=True)]
        try:
            asked.append(attempts.send(reply))
        except StopIteration as finished:
            return asked, finished.value
    raise AssertionError("the attempts ask for more than was answered")


def test_speech_with_words_is_asked_once() -> None:
    sound = Sound.of(LegAudio("agent", np.zeros(16000 * 20, np.float32), 16000, SPEECH))
    windows = pack_leg(0, sound)
    attempts = attempt(windows, [sound], language="zh")
    next(attempts)
    answer = decoded(windows[0], "您好请讲您好请讲您好")
    more = decoded(windows[0], "好的好的好的好的好的", 1)
    try:
        attempts.send([Decoded(windows[0], answer.words + more.words, -0.2, 0.1, 1.0)])
    except StopIteration as finished:
        assert (finished.value.uncovered, finished.value.dropped) == (((),), ())
    else:
        raise AssertionError("a second attempt was asked for")


def test_a_stretch_without_words_is_heard_again_alone_and_told_if_it_stays_silent() -> None:
    asked, found = run([("您好请讲您好请讲", 0, -0.2)], [("", 0, -0.2)])
    assert [[p.speech for p in w.pieces] for w in asked[1].windows] == [[SPEECH[1]]]
    assert (asked[1].hotwords, asked[1].repetition_penalty > 1) == (None, True)
    assert found.uncovered == ((SPEECH[1],),)
    assert (found.refused, found.dropped) == (((),), ())


def test_words_of_the_second_attempt_cover_the_stretch() -> None:
    _, found = run([("您好请讲您好请讲", 0, -0.2)], [("我想查一下我的话费", 0, -0.2)])
    assert "".join(w.text for w in found.words[0]) == "您好请讲您好请讲我想查一下我的话费"
    assert found.uncovered == ((),)


def test_text_that_is_refused_twice_is_dropped_counted_and_its_speech_told() -> None:
    asked, found = run([("驾驶证", 0, -2.5)], [("驾驶证", 0, -2.5)])
    assert len(asked) == 2
    assert found.words == ((),)
    assert found.dropped == (Dropped("unlikely", 2, 6),)
    assert found.uncovered == (SPEECH,)
    assert found.refused == (SPEECH,)


def test_a_window_with_a_hint_that_leaves_a_hole_is_heard_again_without_it() -> None:
    asked, found = run([("您好请讲您好请讲", 0, -0.2)], [("您好", 0, -0.2)], [("", 0, -0.2)], hotwords=("林晓",))
    assert asked[1] == Asked(asked[0].windows, None, asked[0].repetition_penalty)
    assert "".join(w.text for w in found.words[0]) == "您好"


def test_a_hole_that_is_there_without_the_hint_too_is_heard_once_more_alone() -> None:
    hinted, plain = [("您好请讲您好请讲", 0, -0.2)], [("您好请讲您好请讲", 0, -0.2)]
    asked, found = run(hinted, plain, [("我想查一下我的话费", 0, -0.2)], hotwords=("林晓",))
    assert [[p.speech for p in w.pieces] for w in asked[2].windows] == [[SPEECH[1]]]
    assert "".join(w.text for w in found.words[0]) == "您好请讲您好请讲我想查一下我的话费"
    assert found.uncovered == ((),)


def test_a_word_is_not_lent_the_speech_before_it() -> None:
    _, found = run([("", 0, -0.2)], [("好", 0, -0.2)])
    ((word,),) = found.words
    assert (word.start_s, word.end_s) == (3.0, 4.0)


def test_a_hint_is_given_to_the_first_attempt_only() -> None:
    asked, _ = run([("驾驶证", 0, -2.5)], [("", 0, -0.2)], hotwords=("晨星电信", "林晓"))
    assert [a.hotwords for a in asked] == ["晨星电信，林晓", None]
