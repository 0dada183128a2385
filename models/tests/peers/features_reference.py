"""Expected feature values by NumPy and SciPy, independent of the code under test.

Reads one JSON object from standard input:
  {"sample_hz": 1000.0, "bands": [[low_hz, high_hz], ...], "series": [[...], ...]}
and writes one list per series: mean, std, rms, peak, crest, kurtosis, skewness, then the bands.
"""

import json
import sys

import numpy as np
from scipy import signal, stats


def features(x, sample_hz, bands):
    rms = np.sqrt(np.mean(x**2))
    peak = np.max(np.abs(x))
    values = [np.mean(x), np.std(x), rms, peak, peak / rms, stats.kurtosis(x), stats.skew(x)]
    _, density = signal.periodogram(x, sample_hz, window="hann", detrend="constant")
    width = sample_hz / len(x)
    bins = np.arange(len(density))
    for low_hz, high_hz in bands:
        inside = (bins >= low_hz / width - 1e-9) & (bins < high_hz / width - 1e-9)
        values.append(np.sum(density[inside]) * width)
    return [float(v) for v in values]


request = json.load(sys.stdin)
series = [np.asarray(x, dtype=float) for x in request["series"]]
json.dump([features(x, request["sample_hz"], request["bands"]) for x in series], sys.stdout)
