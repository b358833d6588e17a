#!/usr/bin/env python3
"""Time ``callaudit measure`` beside the package call-ai-metrics on the same stereo calls, in the same run.

Four figures, each the least of several repeats that alternate, so that other work on the machine hits all alike:

a. ``callaudit measure``, the whole batch as one command with one worker: start-up, decoding, measuring, ledger, JSON, pages
b. callaudit in a process that is warm: from the file to the call's record
c. ``call-ai-metrics``, one process for each call, as its command line works
d. call-ai-metrics in a process that is warm: ``analyze(file).to_dict()``

A batch of 40 calls is still small: an archive's night is thousands. So what starting, and ending with the pages, costs is told
apart: a batch of one call is timed, too, and (batch - one) / (calls - 1) is what each further call costs.

Both sides run as installed packages do, with their bytecode compiled before (in a folder for this run), and get one thread.
Seconds of processor time (of a process and its children) count, because wall time on a
shared machine says more of the others; both are printed. call-ai-metrics is no dependency of callaudit: install it into
an environment of its own and name that environment's Python.

Without recordings named, there are two batches, both as 8 kHz PCM, the form that both can read:

recorded   all stereo recordings at hand (the samples, and those of $CALLAUDIT_SHARED/data), each as it is
laid       the same laid end to end, of which each call is another window of 245 s: denser in rings, tones and holds than a
           real call, and so long that the peer's own start counts little

Usage::

    python3 -m venv PEER && PEER/bin/pip install call-ai-metrics
    python benchmarks/measure.py --peer-python PEER/bin/python
    python benchmarks/measure.py --peer-python PEER/bin/python CALL.wav …      stereo WAV of one's own
    python benchmarks/measure.py --only recorded                               one batch
    python benchmarks/measure.py                                               callaudit alone
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Nothing else is imported up here: --peer-warm runs this file with a Python that has no callaudit.

ROOT = Path(__file__).resolve().parent.parent
CALL_S = 245
RATE_HZ = 8000
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
)
BATCHES = {"recorded": "as recorded", "laid": "recordings laid end to end"}
CONTENTS = {
    "callaudit_batch": "callaudit measure, whole batch, one worker",
    "callaudit_further": "callaudit measure, each further call of it",
    "callaudit_warm": "callaudit, one warm process",
    "peer_processes": "call-ai-metrics, a process for each call",
    "peer_warm": "call-ai-metrics, one warm process",
}
MEASURED = """callaudit: decoding with damage found, SHA-256, layout and roles, speech, rings and tone plan, other tones,
  answer, holds, release and by whom, dead air, overlaps, interruptions, response times, P.56 level, BS.1770 loudness,
  peak, clipping, SNR, pitch and its spread; the batch also its ledger, JSON, CSV and pages
call-ai-metrics: speech by a threshold of energy, talk time and share, turns, interruptions, silence, overlap,
  response times, crosstalk between the channels"""


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of one pass over the batch."""

    cpu_s: float
    wall_s: float


def main() -> None:
    """Run the comparison and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", nargs="*", type=Path, help="stereo WAV files (default: a composed batch)")
    parser.add_argument("--peer-python", type=Path, help="Python of an environment that has call-ai-metrics")
    parser.add_argument("--only", choices=tuple(BATCHES), help="one of the two batches")
    parser.add_argument("--calls", type=int, default=40, help="of the batch laid end to end (default 40)")
    parser.add_argument("--repeats", type=int, default=3, help="of each, alternating (default 3)")
    parser.add_argument("--json", action="store_true", help="figures as one JSON object")
    parser.add_argument("--warm", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--peer-warm", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.warm:
        print(json.dumps(callaudit_warm(options.recordings)))
    elif options.peer_warm:
        print(json.dumps(peer_warm(options.recordings)))
    elif options.recordings:
        compare(options, "named")
    else:
        for name in BATCHES if options.only is None else (options.only,):
            compare(options, name)


def compare(options: argparse.Namespace, which: str) -> None:
    """Alternate all of them over one batch, and print calls per second."""
    with tempfile.TemporaryDirectory(prefix="callaudit-measure-") as folder:
        home = Path(folder) / "calls"
        calls = options.recordings or (as_recorded(home) if which == "recorded" else laid_end_to_end(home, options.calls))
        durations = [length_s(p) for p in calls]
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(folder) / "bytecode")
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        passes: dict[str, Callable[[], Spent]] = {
            "callaudit_one": lambda: batch(calls[:1], Path(folder)),
            "callaudit_batch": lambda: batch(calls, Path(folder)),
            "callaudit_warm": lambda: warm(Path(sys.executable), "--warm", calls),
        }
        if options.peer_python:
            passes["peer_processes"] = lambda: processes(options.peer_python, calls)
            passes["peer_warm"] = lambda: warm(options.peer_python, "--peer-warm", calls)
            processes(options.peer_python, calls[:1])
        batch(calls[:1], Path(folder))  # compiles, as the line before does for the peer
        spent: dict[str, list[Spent]] = {name: [] for name in passes}
        for _ in range(options.repeats):
            for name, run in passes.items():
                spent[name].append(run())
    best = {name: (min(s.cpu_s for s in them), min(s.wall_s for s in them)) for name, them in spent.items()}
    if len(calls) > 1:
        alone, whole = best["callaudit_one"], best["callaudit_batch"]
        scale = len(calls) / (len(calls) - 1)  # as if all calls were further ones
        further = ((whole[0] - alone[0]) * scale, (whole[1] - alone[1]) * scale)
        best = {"callaudit_batch": whole, "callaudit_further": further, **best}
    one_s = best.pop("callaudit_one")
    rates = {name: len(calls) / cpu_s for name, (cpu_s, _) in best.items()}
    pairs = (
        ("callaudit_batch", "peer_processes"),
        ("callaudit_further", "peer_processes"),
        ("callaudit_batch", "peer_warm"),
        ("callaudit_warm", "peer_warm"),
    )
    ratios = {f"{a}/{b}": round(rates[a] / rates[b], 3) for a, b in pairs if a in rates and b in rates}
    seconds = sum(durations)
    if options.json:
        figures = {name: {"cpu_s": round(c, 3), "wall_s": round(w, 3)} for name, (c, w) in best.items()}
        per_core = {name: round(r, 3) for name, r in rates.items()}
        figures["callaudit_one"] = {"cpu_s": round(one_s[0], 3), "wall_s": round(one_s[1], 3)}
        print(
            json.dumps(
                {
                    "batch": which,
                    "calls": len(calls),
                    "audio_s": round(seconds, 1),
                    **figures,
                    "per_s": per_core,
                    "ratios": ratios,
                }
            )
        )
        return
    origin = BATCHES.get(which, which)
    print(f"{len(calls)} stereo calls ({origin}), {seconds / len(calls):.0f} s each; one thread; least of {options.repeats}")
    print(f"{'':44} calls/s per core   s of processor a call   s of wall a call")
    for name, (cpu_s, wall_s) in best.items():
        print(f"{CONTENTS[name]:44} {rates[name]:16.2f} {cpu_s / len(calls):23.3f} {wall_s / len(calls):18.3f}")
    print(f"callaudit measure of one call alone: {one_s[0]:.2f} s of processor, {one_s[1]:.2f} s of wall")
    for pair, ratio in ratios.items():
        one, other = pair.split("/")
        print(f"ratio {ratio:.2f}: {CONTENTS[one]} / {CONTENTS[other]}")
    print(MEASURED)


# --- the batch ------------------------------------------------------------------------------------
def as_recorded(folder: Path) -> list[Path]:
    """All stereo recordings at hand, each whole."""
    folder.mkdir()
    return [written(folder / f"{path.stem}.wav", samples) for path, samples in decoded()]


def laid_end_to_end(folder: Path, n_calls: int) -> list[Path]:
    """Windows of all stereo recordings at hand laid end to end, each from another place."""
    import numpy as np

    tape = np.concatenate([samples for _, samples in decoded()], axis=1)
    n = CALL_S * RATE_HZ
    tape = np.tile(tape, (1, -(-n // tape.shape[1])))
    folder.mkdir()
    starts = [i * tape.shape[1] // n_calls for i in range(n_calls)]
    return [written(folder / f"call-{i:03d}.wav", np.roll(tape, -start, axis=1)[:, :n]) for i, start in enumerate(starts)]


def decoded() -> Iterator[tuple[Path, NDArray[np.float32]]]:
    """The stereo recordings at hand at 8 kHz, shape (2, n_samples)."""
    import numpy as np

    from audit.audio import read_audio, resample

    for path in stereo_recordings():
        audio = read_audio(path)
        if audio.n_channels != 2:
            continue
        samples = audio.samples
        if audio.sample_rate_hz != RATE_HZ:
            samples = np.stack([resample(leg, audio.sample_rate_hz, RATE_HZ) for leg in samples])
        yield path, samples


def written(path: Path, samples: NDArray[np.float32]) -> Path:
    """A WAV of 16 bits."""
    with wave.open(str(path), "wb") as f:
        f.setnchannels(2)
        f.setsampwidth(2)
        f.setframerate(RATE_HZ)
        f.writeframes((samples.T * 32767).clip(-32768, 32767).astype("<i2").tobytes())
    return path


def stereo_recordings() -> list[Path]:
    """The samples, and the calls of the measuring data where they are."""
    shared = Path(os.environ.get("CALLAUDIT_SHARED") or ROOT / "../shared").resolve() / "data"
    folders = (ROOT / "samples", shared / "calls-en", shared / "calls-zh")
    found = [p for folder in folders if folder.is_dir() for p in sorted(folder.iterdir())]
    return [p for p in found if p.suffix in (".wav", ".mp3", ".opus", ".m4a")]


def length_s(path: Path) -> float:
    """Of a stereo WAV; the peer reads nothing else."""
    with wave.open(str(path), "rb") as f:
        if f.getnchannels() != 2:
            sys.exit(f"{path} is not stereo")
        return f.getnframes() / f.getframerate()


# --- passes over the batch ------------------------------------------------------------------------
def batch(calls: list[Path], folder: Path) -> Spent:
    """(a) One command for all, as a user gives it; the pages and the ledger are thrown away."""
    with tempfile.TemporaryDirectory(dir=folder) as out:
        command = [sys.executable, "-m", "audit", "measure", *map(str, calls)]
        began = time.perf_counter()
        done, cpu_s = waited([*command, "--jobs", "1", "--agent-channel", "0", "--out", out])
        wall_s = time.perf_counter() - began
        n_measured = len(list((Path(out) / "calls").glob("*.json")))
    if n_measured != len(calls):
        sys.exit(f"callaudit measured {n_measured} of {len(calls)} calls:\n{done}")
    return Spent(cpu_s, wall_s)


def processes(python: Path, calls: list[Path]) -> Spent:
    """(c) One process of call-ai-metrics for each call."""
    command = python.with_name("call-ai-metrics")
    if not command.is_file():
        sys.exit(f"no {command}: install call-ai-metrics there")
    cpu_s = 0.0
    began = time.perf_counter()
    for call in calls:
        said, used_s = waited([str(command), str(call), "--speakers", "agent", "customer", "--json"])
        cpu_s += used_s
        check_peer(json.loads(said), call)
    return Spent(cpu_s, time.perf_counter() - began)


def warm(python: Path, what: str, calls: list[Path]) -> Spent:
    """(b) and (d): this very file in a process of its own, which times itself after a first call."""
    said, _ = waited([str(python), str(Path(__file__).resolve()), what, *map(str, calls)])
    return Spent(**json.loads(said.splitlines()[-1]))


def callaudit_warm(calls: list[Path]) -> dict[str, float]:
    """Seconds for all calls once libraries are loaded and tables built."""
    from audit.pipeline import Settings
    from audit.pipeline.auditor import Auditor
    from audit.records import Metadata

    auditor = Auditor(Settings(transcribe=False, agent_channel=0))
    return timed(lambda call: auditor.audit(call, Metadata(call.stem)), calls)


def peer_warm(calls: list[Path]) -> dict[str, float]:
    """The same for call-ai-metrics."""
    from call_ai_metrics import analyze  # type: ignore[import-not-found]

    return timed(lambda call: analyze(str(call), speakers=["agent", "customer"]).to_dict(), calls)


def timed(work: Callable[[Path], object], calls: list[Path]) -> dict[str, float]:
    """One call to warm up, then all."""
    work(calls[0])
    cpu, began = time.process_time(), time.perf_counter()
    for call in calls:
        work(call)
    return {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - began}


def check_peer(report: dict[str, object], call: Path) -> None:
    """It has to have measured the whole call and found both parties."""
    speakers = report["speakers"]
    parties = list(speakers.values()) if isinstance(speakers, dict) else list(speakers)  # type: ignore[call-overload]
    talked = [p["talk_time_s"] for p in parties]
    if len(talked) != 2 or min(talked) <= 0 or abs(float(report["duration_s"]) - length_s(call)) > 0.1:  # type: ignore[arg-type]
        sys.exit(f"call-ai-metrics did not measure {call}: {talked}, {report['duration_s']} s")


def waited(command: list[str]) -> tuple[str, float]:
    """Run to a good end; what it printed, and the processor seconds of it and its children."""
    before = os.times()
    environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT) if command[0] == sys.executable else ""}
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    after = os.times()
    if done.returncode != 0:
        sys.exit(f"{' '.join(command[:6])} … ended with {done.returncode}:\n{done.stderr[-2000:]}\n{done.stdout[-2000:]}")
    used_s = after.children_user - before.children_user + after.children_system - before.children_system
    return done.stdout, used_s


if __name__ == "__main__":
    main()
