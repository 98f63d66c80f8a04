"""Trade the direction of the hour, minute by minute: the usual resample and fill forward, and `align`.

    python align.py [FILE]      # bars of one symbol that say no stamp and no zone: open, UTC

An hour labelled 10:00 is known at 11:00. Joined by its label it is seen from 10:00 on, and what it will do is traded before it
does it. `align` shows each minute the last hour that had closed.
"""

import sys

import market
import numpy as np

import barloom as bl

if len(sys.argv) > 1:
    out = bl.derive(sys.argv[1], ["1m", "1h"], stamp="open", tz="UTC", symbol="X")
else:
    out = bl.derive(market.minutes(symbols=1, days=30), ["1m", "1h"])


def earned(direction: np.ndarray, close: np.ndarray) -> float:
    """The sum of returns from each minute's close to the next, in percent, without costs."""
    return 100 * float(np.nansum(direction[:-1] * (close[1:] / close[:-1] - 1)))


# The usual way: hours by pandas, labelled by their open, carried forward onto the minutes.
bars = out["1m"].to_pandas().set_index("open_time")
hours = bars.resample("1h").agg({"open": "first", "close": "last"}).dropna()
direction = np.sign(hours["close"] - hours["open"]).reindex(bars.index, method="ffill")
seen = earned(direction.to_numpy(), bars["close"].to_numpy())

# What had closed.
rows = out.align("1m").to_pandas()
direction = np.sign(rows["close@1h"] - rows["open@1h"])
known = earned(direction.to_numpy(), rows["close"].to_numpy())
assert (rows["close_time@1h"].dropna() <= rows["close_time"][rows["close_time@1h"].notna()]).all()

print(f"{len(rows)} minutes from {rows['open_time'].min():%Y-%m-%d} to {rows['open_time'].max():%Y-%m-%d}")
print(f"resample and fill forward  {seen:+8.1f} %   (looks ahead)")
print(f"align                      {known:+8.1f} %")
