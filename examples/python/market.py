"""A made market for the examples: minutes of symbols that walk at random around the clock, as a Polars frame."""

import numpy as np
import polars as pl


def minutes(symbols: int = 2, days: int = 3, seed: int = 7) -> pl.DataFrame:
    """Bars of one minute from 2024-11-01 on, UTC, in the order of time; equal seeds give equal bars."""
    random, count = np.random.default_rng(seed), days * 1_440
    start = np.datetime64("2024-11-01T00:00", "ns")
    frames = []
    for number in range(symbols):
        moves = random.normal(0, 0.0005, (count, 4)).cumsum(axis=1)
        opens = 100 * np.exp(np.concatenate([[0], moves[:-1, 3].cumsum()]))
        path = opens[:, None] * np.exp(moves)
        bar = {
            "symbol": f"S{number + 1}",
            "open_time": start + np.arange(count) * np.timedelta64(60, "s"),
            "open": opens,
            "high": np.maximum(path.max(axis=1), opens),
            "low": np.minimum(path.min(axis=1), opens),
            "close": path[:, 3],
            "volume": random.integers(1, 1_000, count).astype(float),
        }
        frames.append(pl.DataFrame(bar))
    utc = pl.col("open_time").dt.replace_time_zone("UTC")
    return pl.concat(frames).with_columns(utc).sort("open_time", maintain_order=True)
