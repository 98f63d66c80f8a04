#!/usr/bin/env python3
"""Writes every vendor's layout of `generic.csv`, and that one from a fixed seed. Run it in its folder; nothing else is read.

The layouts are written from their public descriptions; no row is a vendor's.
"""
import json
import random
from datetime import datetime, timedelta, timezone

UTC, EASTERN = timezone.utc, timezone(timedelta(hours=-5))
random.seed(20241126)


def bars():
    """Minutes of two sessions of late November, with a gap now and then: (open time, cents by name, volume, vwap, trades)."""
    price = 10_000
    for day in (26, 27):
        for minute in range(100):
            at = datetime(2024, 11, day, 14, 30, tzinfo=UTC) + timedelta(minutes=minute)
            if random.random() < 0.03:
                continue
            first = price
            steps = [first + random.randint(-9, 9) for _ in range(3)]
            price = steps[-1]
            trades = random.randint(1, 40)
            cents = {"open": first, "high": max(first, *steps), "low": min(first, *steps), "close": price}
            yield at, cents, trades * random.randint(1, 90), (cents["high"] + cents["low"]) / 200, trades


ROWS = list(bars())


def write(name, lines):
    with open(name, "w", newline="\n") as file:
        file.writelines(line + "\n" for line in lines)


def money(cents, places=2):
    return f"{cents // 100}.{cents % 100:02d}" + "0" * (places - 2)


def count(at, unit):
    return int(at.timestamp()) * unit


def four(cents, places=2):
    return [money(cents[name], places) for name in ("open", "high", "low", "close")]


def join(*cells, by=","):
    return by.join(str(cell) for cell in cells)


generic = ["symbol,open_time,open,high,low,close,volume,vwap,trade_count"]
polygon = ["ticker,volume,open,close,high,low,window_start,transactions"]
header = "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol"
fixed, decimal, several = [header], [header], [header]
alpaca = ["t,o,h,l,c,v,n,vw"]
millis, micros, headed, kibot, histdata, split = [], [], [], [], [], ["Date,Time,Open,High,Low,Close,Volume"]
headed.append(
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore"
)
page = []
for at, cents, volume, vwap, trades in ROWS:
    iso = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    o, h, l, c = four(cents)
    generic.append(join("AAA", iso, o, h, l, c, volume, vwap, trades))
    polygon.append(join("AAA", volume, o, c, h, l, count(at, 10**9), trades))
    units = [cents[name] * 10**7 for name in ("open", "high", "low", "close")]
    fixed.append(join(count(at, 10**9), 33, 2, 15144, *units, volume, "AAA"))
    decimal.append(join(at.strftime("%Y-%m-%dT%H:%M:%S.000000000Z"), 33, 2, 15144, *four(cents, 9), volume, "AAA"))
    several.append(fixed[-1])
    other = [cents["close"] * 10**7] * 4
    several.append(join(count(at, 10**9), 33, 39, 15144, *other, 1, "AAA"))
    alpaca.append(join(iso, o, h, l, c, volume, trades, vwap))
    for lines, unit in ((millis, 10**3), (micros, 10**6), (headed, 10**3)):
        close = count(at, unit) + 60 * unit - 1
        quote = f"{volume * vwap:.8f}"
        lines.append(join(count(at, unit), *four(cents, 8), f"{volume}.00000000", close, quote, trades, "0.0", "0.0", 0))
    local = at.astimezone(EASTERN)
    kibot.append(join(local.strftime("%m/%d/%Y,%H:%M"), o, h, l, c, volume))
    split.append(join(local.strftime("%Y-%m-%d,%H:%M"), o, h, l, c, volume))
    histdata.append(join(local.strftime("%Y%m%d %H%M%S"), *four(cents, 6), volume, by=";"))
    values = {"c": cents["close"] / 100, "h": cents["high"] / 100, "l": cents["low"] / 100, "n": trades}
    page.append(values | {"o": cents["open"] / 100, "t": iso, "v": volume, "vw": vwap})

write("generic.csv", generic)
write("generic_date_time.csv", split)
write("polygon.csv", polygon)
write("databento_fixed.csv", fixed)
write("databento_decimal.csv", decimal)
write("databento_publishers.csv", several)
write("binance_ms.csv", millis)
write("binance_us.csv", micros)
write("binance_header.csv", headed)
write("alpaca.csv", alpaca)
half = len(page) // 2
compact = {"separators": (",", ":")}
first = json.dumps({"bars": page[:half], "next_page_token": "QUFBfE18", "symbol": "AAA"}, **compact)
second = json.dumps({"bars": page[half:], "next_page_token": None, "symbol": "AAA"}, **compact)
write("alpaca.json", [first, second])
write("alpaca_symbols.json", [json.dumps({"bars": {"AAA": page}, "next_page_token": None}, **compact)])
write("kibot.txt", kibot)
write("histdata.csv", histdata)
