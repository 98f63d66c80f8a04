"""Indicators beside TA-Lib, on a made market."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import talib

import barloom as bl
from support import cli

Columns = dict[str, np.ndarray]

PEERS: dict[str, Callable[[Columns], tuple[np.ndarray, ...]]] = {
    "sma:20": lambda bar: (talib.SMA(bar["close"], 20),),
    "ema:20": lambda bar: (talib.EMA(bar["close"], 20),),
    "wma:20": lambda bar: (talib.WMA(bar["close"], 20),),
    "dema:20": lambda bar: (talib.DEMA(bar["close"], 20),),
    "rsi:14": lambda bar: (talib.RSI(bar["close"], 14),),
    "macd:12,26,9": lambda bar: talib.MACD(bar["close"], 12, 26, 9),
    "bbands:20,2": lambda bar: talib.BBANDS(bar["close"], 20, 2.0, 2.0),
    "atr:14": lambda bar: (talib.ATR(bar["high"], bar["low"], bar["close"], 14),),
    "adx:14": lambda bar: (talib.ADX(bar["high"], bar["low"], bar["close"], 14),),
    "cci:20": lambda bar: (talib.CCI(bar["high"], bar["low"], bar["close"], 20),),
    "mfi:14": lambda bar: (talib.MFI(bar["high"], bar["low"], bar["close"], bar["volume"], 14),),
    "obv": lambda bar: (talib.OBV(bar["close"], bar["volume"]),),
    "stochastic:14,3,3": lambda bar: talib.STOCH(bar["high"], bar["low"], bar["close"], 14, 3, 0, 3, 0),
    "williams_r:14": lambda bar: (talib.WILLR(bar["high"], bar["low"], bar["close"], 14),),
    "roc:10": lambda bar: (talib.ROC(bar["close"], 10),),
    "stddev:20": lambda bar: (talib.STDDEV(bar["close"], 20),),
    "linreg:14": lambda bar: (talib.LINEARREG(bar["close"], 14),),
}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> bl.Output:
    path = tmp_path_factory.mktemp("talib") / "market.parquet"
    cli("synth", "--symbols", 1, "--from", "2024-11-01", "--to", "2024-11-20", "--seed", 3, "--out", path)
    return bl.derive(path, ["1m", "5m"], list(PEERS))


@pytest.mark.parametrize("spec", PEERS)
@pytest.mark.parametrize("interval", ["1m", "5m"])
def test_values_are_talibs(spec: str, interval: str, out: bl.Output) -> None:
    table = out[interval]
    bars = {name: table.to_numpy(name) for name in ("open", "high", "low", "close", "volume")}
    name = spec.replace(":", "_").replace(",", "_")
    own = [table.to_numpy(column) for column in table.column_names if column.split(".")[0] == name]
    theirs = PEERS[spec](bars)
    assert len(own) >= len(theirs)
    hlc3 = (bars["high"] + bars["low"] + bars["close"]) / 3
    # TA-Lib's MFI takes a tie of typical prices for a move where rounding does; docs/indicators.md tells of it.
    ties = np.abs(np.diff(hlc3, prepend=0.0)) < 1e-9 if spec.startswith("mfi") else np.zeros(len(hlc3), bool)
    since_tie = np.convolve(ties, np.ones(14))[: len(ties)]
    for mine, other in zip(own, theirs):
        assert len(mine) > 5_000
        np.testing.assert_array_equal(np.isnan(mine), np.isnan(other))
        has = ~np.isnan(other) & (since_tie < 0.5)
        assert has.sum() > 1_000
        # Beside zero, of the output's scale.
        scale = np.maximum(np.abs(other[has]), np.abs(other[has]).mean())
        assert (np.abs(mine[has] - other[has]) / scale).max() < 1e-9
