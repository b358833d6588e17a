"""One sample call: ringing, talk, holds and the line, composed on two legs, and its truth."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np
from speech import RATE_HZ, Samples, Speaker, stretch, telephone, trim

SEED = 20261122

#: Component frequencies in Hz and on, off seconds of each national plan (ITU-T E.180 Supplement 2); one cycle is one ring.
RINGBACK = {"cn": ((450,), (1.0, 4.0)), "us": ((440, 480), (2.0, 4.0))}
BUSY = {"cn": ((450,), (0.35, 0.35)), "us": ((480, 620), (0.5, 0.5))}
TONE_PLAN = {"zh": "cn", "en": "us"}

#: Codec: suffix, container, encoder, bits a second for mono and stereo.
CODECS = {
    "mp3": (".mp3", "mp3", "libmp3lame", (16000, 32000)),
    "opus": (".opus", "ogg", "libopus", (16000, 28000)),
    "aac": (".m4a", "mp4", "aac", (20000, 36000)),
}

#: Stretches without speech or hold music of at least this length are listed as silences.
MIN_SILENCE_S = 7.0


# --- other sounds ---------------------------------------------------------------------------------
def at_level(samples: Samples, dbfs: float) -> Samples:
    """Scale to an RMS of `dbfs` re 1.0."""
    return samples * (10 ** (dbfs / 20) / ((samples**2).mean() ** 0.5 + 1e-9))


def cadence(
    plan: tuple[tuple[int, ...], tuple[float, ...]], seconds: float, dbfs: float
) -> tuple[Samples, list[tuple[float, float]]]:
    """A tone in its on, off pattern, cut at `seconds`; samples, and start and end of each burst."""
    freqs_hz, (on_s, off_s) = plan
    out = np.zeros(round(seconds * RATE_HZ), np.float32)
    bursts, start = [], 0.0
    while start < seconds:
        end = min(start + on_s, seconds)
        a, b = round(start * RATE_HZ), round(end * RATE_HZ)
        t = np.arange(b - a) / RATE_HZ
        burst = at_level(sum(np.sin(2 * np.pi * f * t) for f in freqs_hz), dbfs)
        ramp = np.minimum(1, np.arange(b - a) / 40)  # 5 ms, so that it does not click
        out[a:b] = burst * np.minimum(ramp, ramp[::-1])
        bursts.append((start, end))
        start += on_s + off_s
    return out, bursts


def hold_music(seconds: float, dbfs: float) -> Samples:
    """A short tune of our own on a plucked string over soft chords; no recording of anybody's music."""
    beat_s = 0.42
    chords = [(48, 64, 67, 72), (45, 60, 64, 69), (41, 60, 65, 69), (43, 59, 62, 67)]  # C, A minor, F, G as MIDI notes
    melody = [76, 79, 84, 79, 72, 76, 81, 76, 77, 81, 84, 77, 74, 79, 83, 74]
    n = round(seconds * RATE_HZ)
    out = np.zeros(n + 4 * RATE_HZ)

    def pluck(note: float, start_s: float, gain: float, ring_s: float) -> None:
        t = np.arange(int(ring_s * 3 * RATE_HZ)) / RATE_HZ
        f = 440 * 2 ** ((note - 69) / 12)
        partials = sum(np.sin(2 * np.pi * f * k * t) * np.exp(-t * k / ring_s) / k for k in (1, 2, 3) if f * k < 3400)
        a = round(start_s * RATE_HZ)
        room = out[a : a + len(t)]
        room += (gain * partials * np.minimum(1, t / 0.004))[: len(room)]

    for k in range(int(seconds / beat_s) + 1):
        pluck(melody[k % 16], k * beat_s, 1.0, 0.45)
        if k % 4 == 0:
            for note in chords[k // 4 % 4]:
                pluck(note, k * beat_s, 0.5, 1.1)
    fade = np.minimum(1, np.arange(n) / 160)
    return (at_level(out[:n], dbfs) * np.minimum(fade, fade[::-1])).astype(np.float32)


# --- one call -------------------------------------------------------------------------------------
@dataclass
class Legs:
    """What sounds on each leg of a call, with the truth about it, while the call is composed."""

    placed: dict[str, list[tuple[float, Samples]]] = field(default_factory=lambda: {"agent": [], "customer": []})
    spans: dict[str, list[list[float]]] = field(default_factory=lambda: {"agent": [], "customer": []})
    turns: list[dict[str, Any]] = field(default_factory=list)
    holds: list[dict[str, Any]] = field(default_factory=list)
    overlaps: list[dict[str, Any]] = field(default_factory=list)
    tones: list[dict[str, Any]] = field(default_factory=list)


def seconds(value: float) -> float:
    """Round to the tenth of a millisecond, less than one sample."""
    return round(float(value), 4)


def compose(call: dict[str, Any], number: int, script: dict[str, Any], speaker: Speaker, out: Path) -> dict[str, Any]:
    """Make one recording and return its truth."""
    rng = np.random.default_rng([SEED, number])
    language, plan = call["language"], TONE_PLAN[call["language"]]
    people = {"agent": {**script["agents"][call["agent"]], **call.get("agent_voice", {})}, "customer": call["customer"]}
    legs = Legs()
    # ringing: whole cycles, then part of the last one
    ring, period_s = call["ring"], sum(RINGBACK[plan][1])
    lead_s, ring_s = ring["lead_s"], (ring["n_rings"] - 1) * period_s + ring["last_ring_s"]
    sound, bursts = cadence(RINGBACK[plan], ring_s, -24)
    legs.placed["agent"].append((lead_s, sound))
    legs.tones += [{"start_s": seconds(lead_s + a), "end_s": seconds(lead_s + b), "kind": "ringback"} for a, b in bursts]
    answer_s = lead_s + ring_s
    # talk
    t = answer_s + call.get("first_word_after_s", 0.9)
    for event in call["talk"]:
        if "hold_music_s" in event:
            start, t = t + 0.6, t + 0.6 + event["hold_music_s"]
            legs.placed["agent"].append((start, hold_music(event["hold_music_s"], -25)))
            legs.holds.append({"start_s": seconds(start), "end_s": seconds(t), "kind": "music"})
        elif "silence_s" in event:
            t += event["silence_s"]
        else:
            t = _speak(event, t, rng, legs, people, language, speaker)
    end_s = t + 0.5
    total_s = end_s
    if busy_s := call.get("busy_s"):
        sound, bursts = cadence(BUSY[plan], busy_s, -26)
        legs.placed["agent"].append((end_s, sound))
        legs.tones += [{"start_s": seconds(end_s + a), "end_s": seconds(end_s + b), "kind": "busy"} for a, b in bursts]
        total_s = end_s + busy_s
    # the line
    n, agent_channel = int(np.ceil(total_s * RATE_HZ)), call.get("agent_channel", 0)
    line = np.zeros((2, n), np.float32)
    for role, channel in (("agent", agent_channel), ("customer", 1 - agent_channel)):
        for start, samples in legs.placed[role]:
            a = round(start * RATE_HZ)
            line[channel, a : a + len(samples)] += samples[: n - a]
        hiss = np.convolve(rng.standard_normal(n), [0.6, 0.3, 0.1], "same")
        line[channel] += at_level(hiss, call["noise_dbfs"] + rng.uniform(-2, 2))
    if crosstalk_db := call.get("crosstalk_db"):
        line = line + line[::-1] * 10 ** (crosstalk_db / 20)
    mono = call["layout"] == "mono"
    path = encode(line.mean(0, keepdims=True) if mono else line, call["codec"], out / call["id"])
    # the truth
    busy_spans = sorted([*legs.spans["agent"], *legs.spans["customer"], *([h["start_s"], h["end_s"]] for h in legs.holds)])
    silences, p = [], answer_s
    for a, b in [*busy_spans, [end_s, end_s]]:
        if a - p >= MIN_SILENCE_S:
            silences.append({"start_s": seconds(p), "end_s": seconds(a)})
        p = max(p, b)
    on_s = RINGBACK[plan][1][0]
    last_burst_s = [x for x in legs.tones if x["kind"] == "ringback"][-1]
    return {
        "call_id": call["id"], "path": path.name, "language": language, "codec": call["codec"], "layout": call["layout"],
        "agent_channel": None if mono else agent_channel, "tone_plan": plan, "n_rings": ring["n_rings"],
        "ring_start_s": seconds(lead_s), "ring_s": seconds(ring_s), "answer_at_s": seconds(answer_s),
        "answer_earliest_s": last_burst_s["end_s"], "answer_latest_s": legs.turns[0]["start_s"],
        "answer_cuts_a_ring": ring["last_ring_s"] < on_s - 0.03, "hangup_at_s": seconds(end_s), "hangup_by": call["hangup_by"],
        "duration_s": seconds(n / RATE_HZ), "background_music": False, "noise_dbfs": call["noise_dbfs"],
        "agent_level_dbfs": people["agent"]["level_dbfs"], "customer_level_dbfs": people["customer"]["level_dbfs"],
        "agent_voice": people["agent"]["voice"], "customer_voice": people["customer"]["voice"],
        "tones": legs.tones, "holds": legs.holds, "silences": silences, "overlaps": legs.overlaps,
        "agent": legs.spans["agent"], "customer": legs.spans["customer"],
        "agent_text": [x["text"] for x in legs.turns if x["role"] == "agent"],
        "customer_text": [x["text"] for x in legs.turns if x["role"] == "customer"],
        "turns": legs.turns,
    }  # fmt: skip


def _speak(
    event: dict[str, Any],
    t: float,
    rng: np.random.Generator,
    legs: Legs,
    people: dict[str, Any],
    language: str,
    speaker: Speaker,
) -> float:
    """Place one turn after `t` (or over the end of the turn before); returns when all have spoken."""
    role = "agent" if "agent" in event else "customer"
    who, text = people[role], event[role]
    spoken = speaker.say(text, voice=who["voice"], speed=event.get("speed", who["speed"]), language=language)
    samples, spans = trim(telephone(stretch(spoken, who.get("stretch", 1.0))))
    samples = at_level(samples, who["level_dbfs"])
    length_s = len(samples) / RATE_HZ
    if cut_in_s := event.get("interrupts_s"):
        start = t - cut_in_s
        legs.overlaps.append({"start_s": seconds(start), "end_s": seconds(min(t, start + length_s)), "interrupter": role})
    else:
        start = t + (0 if not legs.turns else float(rng.uniform(0.35, 0.8)))
    legs.placed[role].append((start, samples))
    legs.spans[role] += [[seconds(start + a), seconds(start + b)] for a, b in spans]
    legs.turns.append({"start_s": seconds(start), "end_s": seconds(start + length_s), "role": role, "text": text})
    return max(t, start + length_s)


def encode(samples: Samples, codec: str, stem: Path) -> Path:
    """Write float samples (channels, n) at 8 kHz; returns the file."""
    suffix, container, name, bits = CODECS[codec]
    path = stem.with_suffix(suffix)
    layout = "mono" if len(samples) == 1 else "stereo"
    pcm = (np.clip(samples, -1, 1) * 32767).astype(np.int16)
    # bitexact: no date, no encoder's name, no random stream number
    with av.open(str(path), "w", format=container, options={"fflags": "+bitexact"}) as file:
        stream = file.add_stream(name, rate=RATE_HZ, layout=layout, options={"flags": "+bitexact"})
        stream.bit_rate = bits[len(samples) - 1]
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm.T.reshape(1, -1)), format="s16", layout=layout)
        frame.sample_rate = RATE_HZ
        stream.codec_context.open(strict=False)
        size = stream.codec_context.frame_size or 1024
        resampler = av.AudioResampler(format=stream.codec_context.format, layout=layout, rate=RATE_HZ, frame_size=size)
        for chunk in [*resampler.resample(frame), *resampler.resample(None)]:
            file.mux(stream.encode(chunk))
        file.mux(stream.encode(None))
    return path
