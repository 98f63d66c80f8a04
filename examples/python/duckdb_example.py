"""Rows chosen by SQL in, tables asked by SQL: no file and no copy in between.

    python duckdb_example.py
"""

import duckdb
import market

import barloom as bl

connection = duckdb.connect()
minutes = market.minutes(symbols=3)

rows = connection.sql("select * from minutes where symbol <> 'S2' order by symbol, open_time")
out = bl.derive(rows, ["5m", "1d"], ["rsi:14@5m"], calendar="24/7")

# DuckDB finds tables by the names of variables.
five, days = out["5m"], out["1d"]
print(connection.sql("select symbol, session, open, close, n_base, n_expected from days order by session, symbol"))
print(connection.sql("select symbol, count(*) as bars, count(rsi_14) as with_rsi, max(rsi_14) as highest from five group by symbol"))
