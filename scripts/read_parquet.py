#!/usr/bin/env python3
"""What DuckDB, Polars and pyarrow read of a table of bars that barloom wrote: the same types, rows, nulls and metadata.

usage: read_parquet.py OUT/5m.parquet [COLUMN…]     needs: pip install duckdb polars pyarrow
COLUMN: indicator outputs that must be there, as rsi_14.
"""
import sys

import duckdb
import polars
import pyarrow
import pyarrow.parquet

TIMES = ["open_time", "close_time"]
TEXTS = ["symbol", "interval", "session"]
NUMBERS = ["open", "high", "low", "close", "volume", "vwap"]
COUNTS = {"trade_count": pyarrow.int64(), "n_base": pyarrow.int32(), "n_expected": pyarrow.int32()}
FACTS = ["version", "calendar", "hours", "align", "stub", "policy", "origin", "source_base", "stamp", "base"]


def main():
    path, outputs = sys.argv[1], sys.argv[2:]
    table = pyarrow.parquet.read_table(path)
    schema = table.schema
    for names, kind in [(TIMES, pyarrow.timestamp("ns", tz="UTC")), (TEXTS, pyarrow.string()), (NUMBERS + outputs, pyarrow.float64())]:
        for name in names:
            assert schema.field(name).type == kind, (name, schema.field(name).type)
    for name, kind in COUNTS.items():
        assert schema.field(name).type == kind, (name, schema.field(name).type)
    facts = {key.decode(): value.decode() for key, value in (schema.metadata or {}).items()}
    for fact in FACTS:
        assert f"barloom.{fact}" in facts, (fact, facts)

    frame = polars.read_parquet(path)
    assert frame.schema["open_time"] == polars.Datetime("ns", "UTC"), frame.schema
    assert frame.schema["close"] == polars.Float64 and frame.schema["n_base"] == polars.Int32

    names = ", ".join(f'"{name}"' for name in schema.names)
    kinds = dict(duckdb.sql(f"select column_name, column_type from (describe select {names} from '{path}')").fetchall())
    assert kinds["open_time"].startswith("TIMESTAMP"), kinds
    assert (kinds["close"], kinds["symbol"], kinds["n_base"]) == ("DOUBLE", "VARCHAR", "INTEGER"), kinds

    for name in NUMBERS + outputs + list(COUNTS):
        column = table.column(name)
        sums = f'select count(*), count("{name}"), sum("{name}") from \'{path}\''
        rows, values, total = duckdb.sql(sums).fetchall()[0]
        assert rows == len(column) == len(frame), name
        assert values == rows - column.null_count == rows - frame[name].null_count(), name
        if values:
            own = frame[name].sum()
            assert abs(float(total) - float(own)) <= 1e-9 * abs(float(own)), (name, total, own)
        if schema.field(name).type == pyarrow.float64():
            # A warm-up row is null, never not-a-number.
            assert not frame[name].is_nan().any(), name
    for name in outputs:
        assert 0 < table.column(name).null_count < len(table), name
    print(f"{path}: {len(table)} rows, {len(schema.names)} columns, base {facts['barloom.base']}, calendar {facts['barloom.calendar']}")


main()
