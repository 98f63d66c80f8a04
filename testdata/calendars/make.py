"""Packs calendar oracles (one CSV row a session) into the text files beside this script; see README.md.

    python3 make.py FOLDER_OF_ORACLES
"""

import csv
import datetime as dt
import gzip
import sys
from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

ORACLES = {
    "XNYS": ("XNYS", "America/New_York", "exchange_calendars 4.13.2"),
    "XLON": ("XLON", "Europe/London", "exchange_calendars 4.13.2"),
    "XHKG": ("XHKG", "Asia/Hong_Kong", "exchange_calendars 4.13.2"),
    "XTKS": ("XTKS", "Asia/Tokyo", "exchange_calendars 4.13.2"),
    "CME_EQ": ("CME_EQ_pmc", "America/Chicago", "pandas_market_calendars 5.5.0"),
    "CME_FX": ("CME_FX_pmc", "America/Chicago", "pandas_market_calendars 5.5.0"),
    "FX": ("FX_24x5_ny17", "America/New_York", "the New York time zone alone"),
}
AROUND = 20  # the usual hours at a session are those most frequent among its 20 neighbours on each side


def clock(text, date, zone):
    local = dt.datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(zone)
    days = (local.date() - date).days
    assert days in (0, -1), (date, text)
    return ("^" if days else "") + local.strftime("%H:%M")


def shape(row, date, zone):
    ends = [row[k] for k in ("open_utc", "break_start_utc", "break_end_utc", "close_utc") if row[k]]
    times = [clock(text, date, zone) for text in ends]
    return ",".join(f"{a}-{b}" for a, b in zip(times[::2], times[1::2]))


def pack(oracle, zone, witness):
    with gzip.open(Path(sys.argv[1]) / f"{oracle}.csv.gz", "rt") as file:
        rows = {dt.date.fromisoformat(row["session"]): row for row in csv.DictReader(file)}
    shapes = {date: shape(row, date, ZoneInfo(zone)) for date, row in rows.items()}
    dates = sorted(shapes)
    lines = [f"# made by make.py; witness: {witness}", f"zone {zone}", f"sessions {dates[0]} {dates[-1]}"]
    usual, years = None, {}
    for i, date in enumerate(dates):
        near = dates[max(0, i - AROUND) : i + AROUND + 1]
        most = Counter(shapes[d] for d in near).most_common(1)[0][0]
        if most != usual and shapes[date] == most:
            usual = most
            lines.append(f"hours {date} {usual}")
        if shapes[date] != usual:
            years.setdefault(date.year, {}).setdefault(shapes[date], []).append(f"{date:%m-%d}")
    day = dates[0]
    while day < dates[-1]:
        if day.weekday() < 5 and day not in shapes:
            years.setdefault(day.year, {}).setdefault("closed", []).append(f"{day:%m-%d}")
        assert day.weekday() < 5 or day not in shapes, day
        day += dt.timedelta(1)
    for year in sorted(years):
        for what in sorted(years[year]):
            lines.append(f"{year} {what} {' '.join(years[year][what])}")
    return "\n".join(lines) + "\n"


for name, (oracle, zone, witness) in ORACLES.items():
    (Path(__file__).parent / f"{name}.txt").write_text(pack(oracle, zone, witness))
