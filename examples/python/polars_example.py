"""A Polars frame in, Polars frames out: which hours traded far from their mean, by symbol.

    python polars_example.py
"""

import market
import polars as pl

import barloom as bl

frame = market.minutes(symbols=3)
out = bl.derive(frame, ["15m", "1h"], ["bbands:20,2@15m", "sma:5@1h"], calendar="24/7")

# A table is a frame without a copy.
hours = pl.DataFrame(out["1h"])
print(hours.group_by("symbol", maintain_order=True).agg(bars=pl.len(), mean=pl.col("sma_5").mean(), last=pl.col("close").last()))

# Values of the hour beside those of the quarter: each row has what had closed by its close.
rows = out.align("15m").to_polars()
outside = rows.filter(pl.col("close") > pl.col("bbands_20_2.upper"), pl.col("close") > pl.col("sma_5@1h"))
print(outside.select("symbol", "close_time", "close", "bbands_20_2.upper", "sma_5@1h", "close_time@1h").head(5))
