"""What the classifier of music sees of a leg."""

from __future__ import annotations

import numpy as np
import pytest

from audit.telephony.musicness import N_HOP, N_WINDOW, windows_of


@pytest.mark.parametrize("n_samples", [320, 640, 959, 960, 1280, 9600, 9919], ids=lambda n: f"{n} samples")
def test_windows_are_centred_and_hang_over_the_ends_of_a_leg_as_silence(n_samples: int) -> None:
    leg = np.random.default_rng(3).standard_normal(n_samples).astype(np.float32)
    frames = np.arange(n_samples // N_HOP)
    margin = (N_WINDOW - N_HOP) // 2
    padded = np.concatenate([np.zeros(margin), leg, np.zeros(margin)]).astype(np.float32)
    expected = np.stack([padded[k * N_HOP : k * N_HOP + N_WINDOW] for k in frames])
    assert np.array_equal(windows_of(leg, frames), expected)
    assert np.array_equal(windows_of(leg, frames[-1:]), expected[-1:])
