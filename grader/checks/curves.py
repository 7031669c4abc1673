"""What a recorded training must look like: predicates over its curves."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Curve:
    """One recorded curve: where (step), what (value, NaN and infinity included), and when (seconds)."""

    steps: np.ndarray  # (N,) int64
    values: np.ndarray  # (N,) float64
    seconds: np.ndarray  # (N,) float64
