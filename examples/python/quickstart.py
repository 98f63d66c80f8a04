"""Bars of five minutes and an hour with indicators, from a file or from a table in memory.

    python quickstart.py [FILE]
"""

import sys

import market

import barloom as bl

# A path, a pattern, a list of them, or any table with the Arrow interface.
data = sys.argv[1] if len(sys.argv) > 1 else market.minutes()
out = bl.derive(data, ["5m", "1h"], ["rsi:14@5m", "macd:12,26,9", "atr:14@1h"], calendar="24/7")

print(out)
print(out["1h"].to_polars().select("symbol", "open_time", "close", "n_base", "atr_14").tail(3))
for indicator in out["5m"].indicators:
    print(indicator)

# Where every row went, and what is odd about some bars.
print({name: count for name, count in out.summary.items() if isinstance(count, int)})
print(out.warnings.to_polars().head(3))

# One column for NumPy; NaN until there is a value.
rsi = out["5m"].to_numpy("rsi_14")
print(f"{(rsi > 70).sum()} of {len(rsi)} bars of five minutes are overbought")
