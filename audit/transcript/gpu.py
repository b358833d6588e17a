"""How many windows a GPU decodes at once: by its free memory.

No GPU was at hand when this was written. What a window needs is reckoned from the shapes of Whisper's models, not
measured, with room to spare; too large a batch ends in the library's own error, which says that memory ran out.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

#: Windows decoded at once on a processor: more gains nothing there and takes memory (docs/decisions/018-recognition-speed.md).
BATCH_ON_PROCESSOR = 8
#: More windows than a long call has need no more memory.
MOST_WINDOWS = 64
#: CUDA's own context and libraries.
_CONTEXT_BYTES = 768 << 20
#: Of one window of 30 s: attention of 1500 by 1500 in each head of one layer, a layer's values, the decoder's cache, twice
#: over. The large model's, of 3.1 GB, come to about 300 MiB, those of base, of 145 MB, to about 80: a part that all have
#: and a part that grows with the model.
_WINDOW_BYTES, _WINDOW_PER_MODEL = 64 << 20, 1 / 12


def gpu_batch_size(free_bytes: int, model_bytes: int) -> int:
    """Windows that a GPU decodes at once.

    Parameters
    ----------
    free_bytes : int
        Of the GPU's memory, before the model is loaded.
    model_bytes : int
        Of the model's file, which is loaded once, and once more while it is converted.

    Returns
    -------
    int
        From 1 to 64.

    Examples
    --------
    >>> gpu_batch_size(16 << 30, 145_000_000), gpu_batch_size(16 << 30, 3_100_000_000), gpu_batch_size(4 << 30, 3_100_000_000)
    (64, 31, 1)
    """
    left = free_bytes - _CONTEXT_BYTES - 2 * model_bytes
    return int(max(1, min(MOST_WINDOWS, left // (_WINDOW_BYTES + int(_WINDOW_PER_MODEL * model_bytes)))))


def free_gpu_bytes() -> int | None:
    """Free memory of the first GPU that this process may use; None where the driver's ``nvidia-smi`` does not tell."""
    wanted = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[0].strip()
    command = ["nvidia-smi", "--query-gpu=memory.free", "--format=csv,noheader,nounits", *(["-i", wanted] if wanted else [])]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
        return int(said.split()[0]) << 20
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None


def batch_size_on(device: str, model_dir: Path) -> int:
    """Windows decoded at once with a model on a device.

    Parameters
    ----------
    device : {"cpu", "cuda", "auto"}
    model_dir : Path
        Its ``model.bin`` tells what the model takes.
    """
    if device == "auto":
        import ctranslate2

        device = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
    if device != "cuda" or (free_bytes := free_gpu_bytes()) is None:
        return BATCH_ON_PROCESSOR
    return gpu_batch_size(free_bytes, (model_dir / "model.bin").stat().st_size)
