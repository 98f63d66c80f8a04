"""However the rows come, the tables are the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import barloom as bl
from support import EQUITY, cli, frames, same, same_output

ASKED: dict[str, Any] = {"intervals": ["1m", "5m", "1h"], "indicators": ["rsi:14", "atr:14@5m"], "calendar": "XNYS"}


def derive(data: Any, **more: Any) -> bl.Output:
    return bl.derive(data, **ASKED | more)


@pytest.fixture(scope="module")
def expected() -> bl.Output:
    return derive(EQUITY)


def duck(bars: pl.DataFrame) -> duckdb.DuckDBPyRelation:
    connection = duckdb.connect()
    connection.register("bars", bars.to_arrow())
    return connection.sql("select * from bars")


FRAMES: dict[str, Callable[[pl.DataFrame], Any]] = {
    "polars": lambda bars: bars,
    "pyarrow table": lambda bars: bars.to_arrow(),
    "pyarrow batches": lambda bars: bars.to_arrow().to_reader(max_chunksize=777),
    "pandas": lambda bars: bars.to_pandas(),
    "duckdb relation": duck,
    "duckdb table": lambda bars: duck(bars).to_arrow_table(),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_every_kind_of_table(kind: str, bars: pl.DataFrame, expected: bl.Output) -> None:
    same_output(derive(FRAMES[kind](bars)), expected)


def test_a_table_of_a_run_is_a_table(expected: bl.Output) -> None:
    # Bars of 1m are accepted rows; derived from them it is a run like that of them read back.
    once = derive(expected["1m"])
    assert once.summary["duplicate"] == once.summary["corrected"] == once.summary["late"] == 0
    same(once["1m"].to_polars(), expected["1m"].to_polars())
    same_output(derive(once["1m"].to_polars()), once)


def test_one_batch_by_the_array_interface(bars: pl.DataFrame, expected: bl.Output) -> None:
    (batch,) = bars.rechunk().to_arrow().combine_chunks().to_batches()

    class Lent:
        def __arrow_c_array__(self, requested_schema: object = None) -> Any:
            return batch.__arrow_c_array__(requested_schema)

    same_output(derive(Lent()), expected)
    same_output(derive(batch), expected)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_every_unit_of_time(unit: str, bars: pl.DataFrame, expected: bl.Output) -> None:
    table = bars.to_arrow()
    column = table.schema.get_field_index("open_time")
    times = table["open_time"].cast(pa.timestamp(unit, "UTC"))
    same_output(derive(table.set_column(column, "open_time", times)), expected)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_integers_since_1970(unit: str, bars: pl.DataFrame, expected: bl.Output) -> None:
    table = bars.to_arrow()
    column = table.schema.get_field_index("open_time")
    times = table["open_time"].cast(pa.timestamp(unit, "UTC")).cast(pa.int64())
    same_output(derive(table.set_column(column, "open_time", times)), expected)


def test_times_without_a_zone_are_of_the_stated_one(bars: pl.DataFrame, expected: bl.Output) -> None:
    clocks = pl.col("open_time").dt.convert_time_zone("America/New_York").dt.replace_time_zone(None)
    same_output(derive(bars.with_columns(clocks), tz="America/New_York"), expected)
    utc = bars.with_columns(pl.col("open_time").dt.replace_time_zone(None))
    same_output(derive(utc, tz="UTC"), expected)


def test_times_as_text(bars: pl.DataFrame, expected: bl.Output) -> None:
    texts = bars.with_columns(pl.col("open_time").dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    same_output(derive(texts), expected)


def test_closes_are_a_minute_later(bars: pl.DataFrame, expected: bl.Output) -> None:
    closes = bars.with_columns(pl.col("open_time").dt.offset_by("1m")).rename({"open_time": "timestamp"})
    same_output(derive(closes, stamp="close"), expected)


TEXTS = {
    "utf8": pa.string(),
    "large_utf8": pa.large_string(),
    "string_view": pa.string_view(),
    "dictionary": pa.dictionary(pa.int32(), pa.string()),
    "small dictionary": pa.dictionary(pa.int8(), pa.large_string()),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_every_kind_of_text(kind: str, bars: pl.DataFrame, expected: bl.Output) -> None:
    table = bars.to_arrow()
    texts = pa.chunked_array([pa.array(bars["symbol"].to_list(), pa.string())])
    texts = texts.dictionary_encode().cast(TEXTS[kind]) if "dictionary" in kind else texts.cast(TEXTS[kind])
    table = table.set_column(table.schema.get_field_index("symbol"), "symbol", texts)
    assert table.schema.field("symbol").type == TEXTS[kind]
    same_output(derive(table), expected)


def test_a_categorical_of_polars(bars: pl.DataFrame, expected: bl.Output) -> None:
    same_output(derive(bars.with_columns(pl.col("symbol").cast(pl.Categorical))), expected)


@pytest.mark.parametrize("kind", [pa.float32(), pa.int64(), pa.int32(), pa.decimal128(18, 2)])
def test_numbers_of_other_types(kind: pa.DataType, bars: pl.DataFrame) -> None:
    whole = bars.with_columns(pl.col("open", "high", "low", "close").round(0), pl.lit(None, pl.Float64).alias("vwap"))
    table = whole.to_arrow()
    for name in ("open", "high", "low", "close", "volume"):
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, table[name].cast(kind))
    same_output(derive(table), derive(whole))


@pytest.mark.parametrize("rows", [1, 1_000, 13_000])
def test_several_chunks(rows: int, bars: pl.DataFrame, expected: bl.Output) -> None:
    parts = [bars[at : at + rows] for at in range(0, bars.height, rows)] if rows > 1 else [bars[:1], bars[1:2], bars[2:]]
    table = pa.concat_tables([part.to_arrow() for part in parts])
    assert table["open"].num_chunks == len(parts)
    same_output(derive(table), expected)
    same_output(derive(pl.concat(parts, rechunk=False)), expected)
    # Several tables are read one after another.
    if len(parts) < 20:
        out = derive(list(parts))
        for name in out:
            same(out[name].to_polars(), expected[name].to_polars())


def test_slices_begin_where_they_say(bars: pl.DataFrame) -> None:
    table = bars.to_arrow()
    offset = pa.table({name: table[name].combine_chunks() for name in table.column_names}).slice(1_003, 5_001)
    copied = pl.DataFrame(bars[1_003:6_004].to_dicts(), schema=bars.schema)
    same_output(derive(offset), derive(copied))


def test_no_rows(bars: pl.DataFrame, tmp_path: Path) -> None:
    # Who derives nothing has likely named the wrong data: an error, as on the command line.
    bars[:0].write_csv(tmp_path / "empty.csv")
    done = cli("derive", tmp_path / "empty.csv", "-i", "5m", "--out", tmp_path / "out", ok=False)
    text = "none of 0 rows was accepted"
    assert done.returncode == 4 and text in done.stderr
    for empty in (bars[:0], bars[:0].to_arrow(), [bars[:0], bars[:0]], bars.to_arrow().schema.empty_table(), tmp_path / "empty.csv"):
        with pytest.raises(bl.DataError, match=text):
            derive(empty)
    same_output(derive([bars[:0], bars, bars[:0]]), derive(bars))
    no_hour_is_over = derive(bars.filter(symbol="AAA").filter(pl.col("open_time").dt.hour() == 15)[:3])
    assert (len(no_hour_is_over["1m"]), len(no_hour_is_over["1h"])) == (3, 0)
    assert no_hour_is_over["1h"].to_polars().schema == derive(bars)["1h"].to_polars().schema


def test_other_names_and_missing_columns(bars: pl.DataFrame) -> None:
    own = bars.rename({"open_time": "TS", "symbol": "ticker", "open": "O", "close": "C"}).reverse().sort("TS", maintain_order=True)
    with pytest.raises(ValueError, match="opens or closes"):
        derive(own)
    few = bars.drop("volume", "vwap", "trade_count")
    out = derive(few)
    frame = out["5m"].to_polars()
    assert frame.select("volume", "vwap", "trade_count").null_count().row(0) == (frame.height,) * 3
    one = bars.filter(symbol="AAA")
    stated = derive(one.drop("symbol"), symbol="AAA")
    same_output(stated, derive(one))


def test_nulls_and_nan_of_optional_columns_are_nothing(bars: pl.DataFrame) -> None:
    some = bars.with_columns(pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.col("vwap")).alias("vwap"))
    nan = some.with_columns(pl.col("vwap").fill_null(float("nan")))
    same_output(derive(some), derive(nan))


def test_paths_patterns_folders_and_lists(tmp_path: Path, bars: pl.DataFrame, expected: bl.Output) -> None:
    for at, part in enumerate((bars[:5_000], bars[5_000:])):
        part.write_parquet(tmp_path / f"part{at}.parquet")
    paths = [tmp_path / "part0.parquet", tmp_path / "part1.parquet"]
    mixed = [paths[0], bars[5_000:]]
    for data in (paths, tuple(map(str, paths)), tmp_path, str(tmp_path), f"{tmp_path}/part*.parquet", mixed):
        same_output(derive(data), expected)


@pytest.mark.parametrize("end", ["csv", "parquet", "arrow"])
def test_every_format(end: str, tmp_path: Path, expected: bl.Output) -> None:
    path = tmp_path / f"bars.{end}"
    cli("convert", EQUITY, "--stamp", "open", "--out", path)
    same_output(derive(path), expected)


def test_a_parquet_file_says_its_base(tmp_path: Path) -> None:
    path = tmp_path / "days.parquet"
    cli("synth", "--from", "2024-01-02", "--to", "2024-06-28", "--calendar", "XNYS", "--base", "1d", "--out", path)
    by_path = bl.derive(path, ["1w"], calendar="XNYS")
    assert len(by_path["1w"]) == 26
    same_output(bl.derive(pq.read_table(path), ["1w"], calendar="XNYS"), by_path)
    # A frame has lost what the file said.
    same_output(bl.derive(pl.read_parquet(path), ["1w"], calendar="XNYS", base="1d"), by_path)


def test_numpy_columns() -> None:
    times = np.arange("2024-01-01T00:00", "2024-01-01T02:00", dtype="datetime64[m]").astype("datetime64[ns]")
    price = np.arange(120, dtype=float) + 100
    frame = pd.DataFrame({"timestamp": times, "open": price, "high": price + 1, "low": price - 1, "close": price})
    out = bl.derive(frame, "1h", ["sma:2"], stamp="open", tz="UTC", symbol="X")
    assert out["1h"].to_numpy("close").tolist() == [159.0, 219.0]
    assert out["1h"].to_numpy("open_time").tolist() == [1704067200 * 10**9, 1704070800 * 10**9]
    assert out["1h"].to_polars()["session"].to_list() == ["2024-01-01"] * 2
    assert out["1h"].to_polars()["close_time"][1].replace(tzinfo=None) == datetime(2024, 1, 1, 2)


def test_frames_agree_on_a_table(expected: bl.Output) -> None:
    table = expected["5m"]
    by_arrow = pl.from_arrow(table.to_arrow())
    assert isinstance(by_arrow, pl.DataFrame)
    same(table.to_polars(), by_arrow)
    pandas = table.to_pandas()
    assert pandas["rsi_14"].isna().sum() == table.to_polars()["rsi_14"].null_count()
    for name in ("open", "rsi_14", "volume"):
        np.testing.assert_array_equal(pandas[name].to_numpy(float), table.to_numpy(name))
    relation = table.to_arrow()
    assert duckdb.sql("select count(rsi_14) from relation").fetchall() == [(len(table) - frames(expected)["5m"]["rsi_14"].null_count(),)]
