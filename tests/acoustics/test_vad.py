"""Speech of each leg, against made calls whose speech is known."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from scipy.signal import firwin, lfilter

from audit.acoustics import dead_air, find_activity, find_speech, overlaps
from audit.segments import Segment, intersection, total_s
from tests.signals import Samples, at_level, burst, cadence, join, music, noise, place, silence, tone
from tests.signals import speechlike as make_speech

speechlike = cache(make_speech)  # slow to make; nobody writes into it

EDGE_S = 0.05  # one analysis window and one frame


def error_ratio(truth: Sequence[Segment], found: Sequence[Segment]) -> float:
    """Seconds missed and invented, over seconds of truth."""
    common = total_s(intersection(truth, found))
    return (total_s(truth) + total_s(found) - 2 * common) / total_s(truth)


def line(samples: Samples, seed: int, level_dbfs: float = -60.0, rate: int = 8000) -> Samples:
    """The samples on a line with noise."""
    return samples + noise(len(samples) / rate, level_dbfs, seed, rate)


def alternate(seconds: float, seed: int, rate: int = 8000) -> tuple[list[Samples], list[list[Segment]]]:
    """Two parties who take turns of six seconds: clean legs and their speech."""
    legs = [silence(seconds, rate), silence(seconds, rate)]
    truth: list[list[Segment]] = [[], []]
    for k in range(int(seconds // 6)):
        who = k % 2
        made = speechlike(5.5, (-22, -26)[who], seed + k, (120, 210)[who], rate)
        place(legs[who], made.samples, 6.0 * k, rate)
        truth[who] += [Segment(6.0 * k + s.start_s, 6.0 * k + s.end_s) for s in made.segments]
    return legs, truth


@pytest.mark.parametrize("rate", [8000, 16000], ids=["8 kHz", "16 kHz"])
@pytest.mark.parametrize("swapped", [False, True], ids=["agent on 0", "agent on 1"])
def test_each_party_is_found_on_its_own_leg(rate: int, swapped: bool) -> None:
    legs, truth = alternate(24, 1, rate)
    if swapped:
        legs, truth = legs[::-1], truth[::-1]
    found = find_speech(np.stack([line(x, k, rate=rate) for k, x in enumerate(legs)]), rate)
    for c in (0, 1):
        assert error_ratio(truth[c], found[c]) < 0.08


def test_a_mono_call_gives_the_speech_of_both() -> None:
    legs, truth = alternate(24, 1)
    (found,) = find_speech(line(legs[0] + legs[1], 3)[None], 8000)
    assert error_ratio(truth[0] + truth[1], found) < 0.08


def test_ends_of_a_burst_of_syllables_are_found_to_30_ms() -> None:
    made = speechlike(20, -24, 81)
    (found,) = find_speech(line(made.samples, 6)[None], 8000)
    assert len(found) == len(made.segments)
    for f, t in zip(found, made.segments, strict=True):
        assert abs(f.start_s - t.start_s) <= 0.03 + EDGE_S / 2
        assert abs(f.end_s - t.end_s) <= 0.03 + EDGE_S / 2


@pytest.mark.parametrize(("pause_s", "n"), [(0.15, 1), (0.40, 2)], ids=["0.15 s stays inside", "0.40 s parts two"])
def test_pauses_part_segments_from_a_quarter_second_on(pause_s: float, n: int) -> None:
    made = speechlike(6, -22, 7)
    first = made.segments[0]
    voice = made.samples[round(first.start_s * 8000) : round(first.end_s * 8000)]
    leg = join([silence(2), voice, silence(pause_s), voice, silence(2)])
    (found,) = find_speech(line(leg, 8)[None], 8000)
    assert len(found) == n


@pytest.mark.parametrize("leak_db", [-45, -35, -28, -25], ids=lambda v: f"{v} dB")
def test_the_other_legs_crosstalk_is_not_speech(leak_db: int) -> None:
    legs, truth = alternate(24, 1)
    gain = np.float32(10 ** (leak_db / 20))
    mixed = np.stack([line(legs[0] + gain * legs[1], 12), line(legs[1] + gain * legs[0], 13)])
    found = find_speech(mixed, 8000)
    for c in (0, 1):
        assert error_ratio(truth[c], found[c]) < 0.08


def test_both_talking_at_once_is_kept_on_both_legs_in_spite_of_crosstalk() -> None:
    legs, truth = alternate(24, 1)
    made = speechlike(4, -26, 99, 210)
    place(legs[1], made.samples, 13.0)
    talk = [Segment(13.0 + s.start_s, 13.0 + s.end_s) for s in made.segments]
    gain = np.float32(10 ** (-25 / 20))
    found = find_speech(np.stack([line(legs[0] + gain * legs[1], 22), line(legs[1] + gain * legs[0], 23)]), 8000)
    assert total_s(intersection(found[1], talk)) > 0.9 * total_s(talk)
    assert error_ratio(truth[0], found[0]) < 0.08


def echo(samples: Samples, gain_db: float, delay_ms: int, *, coloured: bool = False) -> Samples:
    """The samples as they come back from a hybrid: later, fainter, with the middle of the band or all of it."""
    n = delay_ms * 8
    late = np.concatenate([np.zeros(n, np.float32), samples[: len(samples) - n]])
    if coloured:
        late = lfilter(firwin(21, [700, 2500], fs=8000, pass_zero=False), 1, late)
    return (10 ** (gain_db / 20) * late).astype(np.float32)


@pytest.mark.parametrize("coloured", [False, True], ids=["flat", "coloured"])
@pytest.mark.parametrize("delay_ms", [0, 10, 50], ids=lambda v: f"{v} ms")
@pytest.mark.parametrize("gain_db", [-12, -20, -30, -45], ids=lambda v: f"{v} dB")
def test_an_echo_of_the_other_party_is_neither_speech_nor_overlap(gain_db: int, delay_ms: int, coloured: bool) -> None:
    legs, truth = alternate(24, 1)
    heard = [line(legs[c] + echo(legs[1 - c], gain_db, delay_ms, coloured=coloured), 12 + c) for c in (0, 1)]
    found = find_speech(np.stack(heard), 8000)
    for c in (0, 1):
        assert error_ratio(truth[c], found[c]) < 0.08
    assert overlaps(found[0], found[1], min_overlap_s=0.3) == ()


@pytest.mark.parametrize("seed", [1, 40, 77])
def test_swapping_the_channels_swaps_what_is_found_exactly(seed: int) -> None:
    legs, _ = alternate(24, seed)
    heard = np.stack([line(legs[0] + echo(legs[1], -28, 10), 12), line(legs[1] + music(24, -42, seed), 13)])
    there, back = find_activity(heard, 8000), find_activity(heard[::-1], 8000)
    assert there == back[::-1]


@pytest.mark.parametrize("gain_db", [-6, 6], ids=lambda v: f"{v:+} dB")
def test_a_louder_or_softer_recording_has_the_same_speech(gain_db: int) -> None:
    legs, _ = alternate(24, 1)
    heard = np.stack([line(legs[0] + echo(legs[1], -28, 10), 12), line(legs[1], 13)])
    for plain, scaled in zip(
        find_speech(heard, 8000), find_speech(heard * np.float32(10 ** (gain_db / 20)), 8000), strict=True
    ):
        assert len(plain) == len(scaled) > 0
        for p, s in zip(plain, scaled, strict=True):
            assert abs(p.start_s - s.start_s) <= 0.011
            assert abs(p.end_s - s.end_s) <= 0.011


def test_music_that_goes_on_while_nobody_speaks_is_no_dead_air() -> None:
    legs, truth = alternate(24, 1)
    pause, behind = silence(12), music(36, -26 - 15, 32)
    heard = np.stack([line(join([legs[0], pause]), 33), line(join([legs[1], pause]) + behind, 34)])
    agent, customer = find_activity(heard, 8000)
    call = Segment(0, 36)
    everyone = [*agent.speech, *customer.speech]
    assert dead_air(everyone, call=call, busy=[*agent.background, *customer.background], min_gap_s=3.0) == ()
    assert total_s(intersection(customer.background, truth[1])) < 1.0


def test_a_quiet_line_in_a_pause_is_dead_air() -> None:
    legs, truth = alternate(24, 1)
    heard = np.stack([line(join([x, silence(12)]), 33 + c) for c, x in enumerate(legs)])
    agent, customer = find_activity(heard, 8000)
    assert agent.background == customer.background == ()
    everyone = [*agent.speech, *customer.speech]
    (gap,) = dead_air(everyone, call=Segment(0, 36), busy=[*agent.background, *customer.background], min_gap_s=3.0)
    assert gap.start_s == pytest.approx(max(s.end_s for s in (*truth[0], *truth[1])), abs=0.15)
    assert gap.end_s == 36


def test_the_faint_end_of_an_utterance_is_speech_as_far_as_it_stands_out_of_the_line() -> None:
    """A room that is heard with the voice only, 25 dB under it, as behind a gate."""
    leg, said = silence(30), []
    for k in range(5):
        made = speechlike(4, -22, 7 + k)
        room = burst(5, 0.5, 4.5, -47, 60 + k)
        place(room, made.samples, 0.5)
        place(leg, room, 6.0 * k)
        said.append(Segment(6.0 * k + 0.5, 6.0 * k + 4.5))
    (found,) = find_speech(line(leg, 9)[None], 8000)
    assert error_ratio(said, found) < 0.05


def test_a_window_of_a_long_call_has_the_speech_that_the_whole_call_has() -> None:
    legs, _ = alternate(72, 1)
    heard = np.stack([line(legs[0], 12), line(legs[1], 13)])
    part = heard[:, 12 * 8000 : 60 * 8000]
    inner = Segment(22, 50)
    for whole, window in zip(find_speech(heard, 8000), find_speech(part, 8000), strict=True):
        moved = [Segment(s.start_s + 12, s.end_s + 12) for s in window]
        assert error_ratio(intersection(whole, [inner]), intersection(moved, [inner])) < 0.01


def test_music_behind_the_customer_is_not_the_customers_speech() -> None:
    legs, truth = alternate(36, 1)
    behind = music(36, -26 - 15, 32)
    found = find_speech(np.stack([line(legs[0], 33), line(legs[1] + behind, 34)]), 8000)
    outside = total_s(found[1]) - total_s(intersection(found[1], truth[1]))
    assert outside < 0.15 * (36 - total_s(truth[1]))
    assert total_s(intersection(found[1], truth[1])) > 0.75 * total_s(truth[1])
    assert error_ratio(truth[0], found[0]) < 0.08


def test_excluded_hold_music_is_not_speech_of_either_leg() -> None:
    legs, truth = alternate(24, 1)
    hold = Segment(24.0, 54.0)
    agent = join([legs[0], music(30, -24, 42)])
    customer = join([legs[1], silence(30)]) + np.float32(10 ** (-35 / 20)) * agent
    found = find_speech(np.stack([line(agent, 43), line(customer, 44)]), 8000, exclude=[[hold], []])
    assert intersection(found[0], [hold]) == ()
    assert total_s(intersection(found[1], [hold])) < 0.3
    assert error_ratio(truth[0], found[0]) < 0.08


def test_excluded_ringing_is_not_speech_and_leaves_the_rest() -> None:
    rings = cadence((450,), (1.0, 4.0), 12, -20)
    made = speechlike(15, -24, 51)
    (found,) = find_speech(line(join([rings.samples, made.samples]), 52)[None], 8000, exclude=[rings.segments])
    truth = [Segment(12 + s.start_s, 12 + s.end_s) for s in made.segments]
    assert error_ratio(truth, found) < 0.08


def test_a_line_that_opens_at_the_answer_is_not_speech() -> None:
    """Noise that begins with a step of 35 dB: a floor learnt before the step would take it for speech."""
    made = speechlike(30, -24, 61)
    hiss = noise(45, -55, 62)
    hiss[: 15 * 8000] *= np.float32(10 ** (-35 / 20))
    (found,) = find_speech((join([silence(15), made.samples]) + hiss)[None], 8000)
    truth = [Segment(15 + s.start_s, 15 + s.end_s) for s in made.segments]
    assert error_ratio(truth, found) < 0.08


@pytest.mark.parametrize(
    "leg",
    [
        silence(5),
        noise(5, -40, 71),
        tone((50, 150, 250), 5, -35),
        np.full(40000, 0.1, np.float32),
        noise(5, -90, 72),
        burst(5, 2.0, 2.03, -30, 73),
    ],
    ids=["digital silence", "steady noise", "mains hum", "direct current", "last bit", "a click"],
)
def test_what_no_voice_makes_is_not_speech(leg: Samples) -> None:
    assert find_speech(leg[None], 8000) == ((),)


def test_a_dead_leg_has_no_speech_and_does_not_disturb_the_other() -> None:
    made = speechlike(20, -24, 81)
    found = find_speech(np.stack([silence(20), line(made.samples, 82)]), 8000)
    assert found[0] == ()
    assert error_ratio(made.segments, found[1]) < 0.08


def test_the_same_sound_on_both_legs_is_refused_on_neither() -> None:
    leg = line(speechlike(20, -24, 81).samples, 84)
    found = find_speech(np.stack([leg, leg]), 8000)
    assert found[0] == found[1] == find_speech(leg[None], 8000)[0]


def test_clipped_speech_is_found() -> None:
    made = speechlike(20, -24, 81)
    clipped = np.clip(made.samples * 30, -1, 1).astype(np.float32)
    (found,) = find_speech(line(clipped, 86)[None], 8000)
    assert error_ratio(made.segments, found) < 0.10


@pytest.mark.parametrize("n_samples", [0, 1, 79, 80, 81, 1600, 8000, 8080], ids=lambda n: f"{n} samples")
def test_any_length_is_taken_and_nothing_lies_past_the_end(n_samples: int) -> None:
    leg = at_level(np.random.default_rng(1).standard_normal(max(1, n_samples)), -20)[:n_samples]
    for found in find_speech(np.stack([leg, leg]), 8000):
        assert all(s.end_s <= n_samples / 8000 for s in found)


def test_speech_up_to_the_last_sample_ends_at_the_recordings_end() -> None:
    made = speechlike(10, -22, 91)
    last = made.segments[-1]
    leg = line(made.samples, 92)[: round((last.end_s - 0.1) * 8000)]
    (found,) = find_speech(leg[None], 8000)
    assert found[-1].end_s == pytest.approx(len(leg) / 8000, abs=0.02)
    assert found[-1].end_s <= len(leg) / 8000


@pytest.mark.parametrize(
    ("legs", "rate", "exclude", "message"),
    [
        (np.zeros(8000, np.float32), 8000, None, "shape"),
        (np.zeros((1, 44100), np.float32), 44100, None, "44100"),
        (np.zeros((2, 8000), np.float32), 8000, [[]], "exclusions"),
    ],
    ids=["one dimension", "unsupported rate", "one exclusion for two legs"],
)
def test_what_does_not_fit_is_refused(legs: Samples, rate: int, exclude: list[list[Segment]] | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        find_speech(legs, rate, exclude=exclude)
