"""Bars as they come from a feed: push them one by one, and read what each step tells.

    python push.py
"""

import market

import barloom as bl

session = bl.Session(["1m", "5m"], ["rsi:14@5m", "ema:20@5m"], clock="advance")

for row in market.minutes(symbols=2, days=1).iter_rows(named=True):
    # The feed's own clock: what is due by now closes, whether or not its last minute came.
    session.advance(row["open_time"])
    for event in session.push(row["symbol"], row["open_time"], row["open"], row["high"], row["low"], row["close"], row["volume"]):
        if event.KIND == "indicator" and event.name == "rsi_14" and event.value is not None and event.value < 20:
            print(f"{event.symbol} {event.session} rsi {event.value:.1f}")
session.finish()

bars = session.bars("S1", "5m")
print(f"{len(bars)} bars of 5m, the last close {bars.close[-1]:.2f}, its ema {bars['ema_20'][-1]:.2f}")
print(session.summary)
