#!/usr/bin/env python3
"""Train the table ``audit/telephony/musicness.npz`` that tells music from voices.

    train_musicness.py --calls DIR [DIR ...] [--talk FILE ...] [--music FILE ...] --out audit/telephony/musicness.npz

Each DIR holds composed calls with their truth (``truth.jsonl``: path, layout, agent_channel, holds, agent, customer,
background_music); the music of a hold is the one class, talk the other. What is neither, or music behind the talk, is
left out. Each FILE is a recording without any music, or of nothing else. Every second leg is sent through the band of
an analogue line, so that nothing is learnt from bass. Loops of drums, gated bass lines and riffs, and single plucks,
with breaks, belong among the music: it is them that sound most like talk. Needs numpy, scipy and PyAV only.

The table shipped was made so (all by ``python``; ``PYTHONPATH=.``, ``LC_ALL=C``, ``SHARED=$CALLAUDIT_SHARED``)::

    benchmarks/training_music.py --out synth
    benchmarks/training_noise.py --out made
    compose() { $SHARED/bench/make_calls.py --speech prompts.jsonl --music $1 --out s$2 --seed $2 --n $3; }
    for s in 101 102 103 104 105 106; do compose tracks $s 40; done
    for s in 107 108 109 110 111; do compose tracks+beats $s 40; done
    for s in 121 122 123; do compose synth $s 40; done
    compose synth 124 34
    benchmarks/train_musicness.py --calls s101 s102 s103 s104 s105 s106 s107 s108 s109 s110 s111 s121 s122 s123 s124 \\
        --talk $(ls noise/*.wav | sed p) $(ls made/talk/*.wav | sed p) $SHARED/data/calls-en/{11ca4148,17ff8328}.mp3 \\
        $SHARED/data/calls-en/{19d7f4b1,19fc2df9,255c444c,26fe45f6,3043c106,31cb6759,4cba5c04,565c6451,5ca2865c}.mp3 \\
        --music made/music/*.wav --seed 2 --out audit/telephony/musicness.npz

The names of the folders matter: their length starts the choice of legs that go through the line. Of seed 124 only the
first 34 calls were composed when the table was trained. ``prompts.jsonl``, ``tracks``, ``beats`` (the folder
``tracks+beats`` holds both) and ``noise`` were made of free packages of the Debian distribution; neither they nor what cut
them is part of this repository:

- prompts: 40 each of ``asterisk-core-sounds-{fr,ru,es,it}-wav``, all as one language, and 50 each of
  ``fillets-ng-data-{cs,nl}``, two languages of three voices;
- tracks: up to 95 s of 78 pieces of ``wesnoth-1.16-music``, ``hedgewars-data``, ``warzone2100-music``,
  ``drascula-music``, ``freedroidrpg-data``, ``supertux-data``, ``fretsonfire-songs-sectoid`` and ``fillets-ng-data``,
  16 drum loops of the samples of ``hydrogen-drumkits``, and 24 of these pieces with prompts sung (WORLD) or spoken;
- beats: 30 loops of samples of ``hydrogen-drumkits`` and ``lmms-common``, plucks and chopped prompts;
- noise: 8 files of white, brown, gated and clattering noise, keys, and many prompts at once.

Trained on the examples kept from then, the table comes out bit for bit. Examples made anew by today's code differ by
rounding and are 242718, not 242706; their table is another one, about as good: F1 .964 for .967 on 482 composed holds,
.959 for .956 on 159. Without the recordings, others of the same kinds make a table of unknown worth.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from audit.segments import Segment
from audit.telephony.musicness import EVERY, HOP_S, RATE_HZ, frame_figures, inputs, levels_of
from audit.telephony.tones import find_tones

HIDDEN = 48
EPOCHS = 40
BATCH = 512
DECAY = 3e-4
NEAR_EDGE_S, EDGE_WEIGHT = 3.0, 3  # where it matters most
LINE_BAND_HZ = (300.0, 3400.0)

Floats = NDArray[np.float32]
Spans = list[tuple[float, float]]


def legs_of(path: Path) -> Floats:
    """All channels at 8 kHz, shape (n_channels, n)."""
    pieces = []
    with av.open(str(path)) as file:
        resampler = av.AudioResampler(format="fltp", rate=RATE_HZ)
        for frame in (*file.decode(audio=0), None):
            pieces += [g.to_ndarray() for g in resampler.resample(frame)]
    return np.concatenate(pieces, axis=1).astype(np.float32)


def marks(spans: Spans, n: int) -> NDArray[np.bool_]:
    """Answers of the classifier inside the spans."""
    out = np.zeros(n, bool)
    for a, b in spans:
        out[int(np.ceil(a / HOP_S / EVERY)) : int(b / HOP_S / EVERY)] = True
    return out


def examples(leg: Floats, music: Spans, talk: Spans, since_s: float) -> tuple[Floats, Floats]:
    """Inputs and answers of one leg, where it sounds and what sounds is known."""
    tones = [Segment(t.start_s, t.end_s) for t in find_tones(leg, RATE_HZ)]
    levels = levels_of(leg, since_s=since_s)
    figures, weight = frame_figures(leg, levels, deaf=tones)
    seen, sounds = inputs(figures, weight, levels), weight[::EVERY] > 0
    is_music, is_talk = marks(music, len(seen)), marks(talk, len(seen))
    use = sounds & (is_music ^ is_talk) & (np.arange(len(seen)) * HOP_S * EVERY >= since_s)
    edges = marks([(max(at - NEAR_EDGE_S, 0.0), at + NEAR_EDGE_S) for span in music for at in span], len(seen))
    rows = np.concatenate([np.flatnonzero(use)] + [np.flatnonzero(use & edges)] * (EDGE_WEIGHT - 1))
    return seen[rows], is_music[rows].astype(np.float32)


def examples_of_calls(folder: Path) -> list[tuple[Floats, Floats]]:
    """Examples of every leg of every call, plain or through an analogue line."""
    found = []
    rng = np.random.default_rng(len(folder.name))
    line = butter(4, LINE_BAND_HZ, "bandpass", fs=RATE_HZ, output="sos")
    for row in (folder / "truth.jsonl").read_text("utf8").splitlines():
        truth = json.loads(row)
        legs = legs_of(folder / truth["path"])
        music = [(h["start_s"], h["end_s"]) for h in truth["holds"] if h["kind"] == "music"]
        for channel, plain in enumerate(legs):
            if len(legs) == 1:
                own, talk = music, truth["agent"] + truth["customer"]
            elif channel == truth["agent_channel"]:
                own, talk = music, truth["agent"]
            else:
                own, talk = [], truth["customer"]
            leg = plain if rng.random() < 0.5 else sosfilt(line, plain).astype(np.float32)
            found.append(examples(leg, own, talk, truth["answer_at_s"] or 0.0))
    return found


def train(seen: Floats, answers: Floats, seed: int) -> dict[str, Floats]:
    """One hidden layer, cross-entropy with both classes weighing the same, Adam."""
    rng = np.random.default_rng(seed)
    centre, spread = seen.mean(axis=0), seen.std(axis=0) + 1e-3
    x = ((seen - centre) / spread).astype(np.float32)
    share = answers.mean()
    weight = np.where(answers > 0, 0.5 / share, 0.5 / (1 - share)).astype(np.float32)
    p = {
        "w1": rng.normal(0, np.sqrt(1 / x.shape[1]), (x.shape[1], HIDDEN)).astype(np.float32),
        "b1": np.zeros(HIDDEN, np.float32),
        "w2": rng.normal(0, np.sqrt(1 / HIDDEN), (HIDDEN, 1)).astype(np.float32),
        "b2": np.zeros(1, np.float32),
    }
    m, v, t = {k: np.zeros_like(a) for k, a in p.items()}, {k: np.zeros_like(a) for k, a in p.items()}, 0
    for epoch in range(EPOCHS):
        rate = 2e-3 * 0.5 * (1 + np.cos(np.pi * epoch / EPOCHS))
        total = 0.0
        order = rng.permutation(len(x))
        for a in range(0, len(x), BATCH):
            i = order[a : a + BATCH]
            # Some inputs are left out by chance: no single figure may decide.
            z = x[i] * (rng.random((len(i), x.shape[1])) > 0.1)
            hidden = np.maximum(z @ p["w1"] + p["b1"], 0)
            odds = (hidden @ p["w2"] + p["b2"])[:, 0]
            q = 1 / (1 + np.exp(-odds))
            total += float(np.sum(weight[i] * np.logaddexp(0, np.where(answers[i] > 0, -odds, odds))))
            g = (weight[i] * (q - answers[i]) / len(i))[:, None]
            gh = (g @ p["w2"].T) * (hidden > 0)
            grads = {"w2": hidden.T @ g, "b2": g.sum(axis=0), "w1": z.T @ gh, "b1": gh.sum(axis=0)}
            t += 1
            for k, grad in grads.items():
                m[k] = 0.9 * m[k] + 0.1 * grad
                v[k] = 0.999 * v[k] + 0.001 * grad**2
                step = m[k] / (1 - 0.9**t) / (np.sqrt(v[k] / (1 - 0.999**t)) + 1e-8)
                p[k] -= (rate * (step + (DECAY / 1e-2) * p[k] * k.startswith("w"))).astype(np.float32)
        print(f"epoch {epoch} loss {total / len(x):.4f}", flush=True)
    return {"centre": centre, "scale": 1 / spread, **p}


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=Path, nargs="+", required=True)
    parser.add_argument("--talk", type=Path, nargs="*", default=[])
    parser.add_argument("--music", type=Path, nargs="*", default=[])
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    found = [e for folder in args.calls for e in examples_of_calls(folder)]
    for path in args.talk:
        found += [examples(leg, [], [(0.0, len(leg) / RATE_HZ)], 0.0) for leg in legs_of(path)]
    for path in args.music:
        found += [examples(leg, [(0.0, len(leg) / RATE_HZ)], [], 0.0) for leg in legs_of(path)]
    seen, answers = np.concatenate([e[0] for e in found]), np.concatenate([e[1] for e in found])
    print(f"{len(answers)} examples, {answers.mean():.2f} of them music, {seen.shape[1]} inputs", flush=True)
    table = train(seen, answers, args.seed)
    np.savez_compressed(args.out, **{k: a.astype(np.float16 if k.startswith("w") else np.float32) for k, a in table.items()})


if __name__ == "__main__":
    main()
