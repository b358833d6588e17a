"""Quantiles of values at hand are those of NumPy, to the last digit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.statistics import quantiles_of

SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_quantiles_are_those_of_numpy_to_the_last_digit(values):
    assert quantiles_of(values, SHARES) == tuple(np.quantile(values, SHARES).tolist())


def test_of_one_value_every_quantile_is_that_value():
    assert quantiles_of([3.5], SHARES) == (3.5,) * len(SHARES)


def test_of_no_values_there_is_no_quantile():
    with pytest.raises(ValueError, match="no values"):
        quantiles_of([], SHARES)
