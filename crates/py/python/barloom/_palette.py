"""The colours of a chart, light and dark."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class _Palette:
    """Colours by what they are for.

    Light and dark differ in nothing else, so that a page can swap one for the other. Rising and falling, and
    the lines among each other, stay apart for protanopes, deuteranopes and tritanopes; lines and text stand
    out from the background. The tests measure both.
    """

    background: str
    grid: str
    session: str
    text: str
    muted: str
    panel: str
    border: str
    up: str
    down: str
    up_faint: str
    down_faint: str
    on_candle: str
    guide: str
    line_1: str
    line_2: str
    line_3: str
    line_4: str
    line_5: str
    fill_1: str
    fill_2: str
    fill_3: str
    fill_4: str
    fill_5: str

    def line(self, k: int) -> str:
        """The colour of line `k`, from 0, over and over."""
        return (self.line_1, self.line_2, self.line_3, self.line_4, self.line_5)[k % 5]

    def fill(self, k: int) -> str:
        """The same, to lay under candles."""
        return (self.fill_1, self.fill_2, self.fill_3, self.fill_4, self.fill_5)[k % 5]


_LIGHT = _Palette(
    background="#ffffff",
    grid="#eef0f4",
    session="#c3c9d4",
    text="#1c2330",
    muted="#5f6a7d",
    panel="#fdfdfe",
    border="#cdd3dd",
    up="#088a74",
    down="#c8372d",
    up_faint="#a9dad0",
    down_faint="#e79e98",
    on_candle="#fffffe",
    guide="#a3abba",
    line_1="#2f6fe4",
    line_2="#b87700",
    line_3="#6a1b9a",
    line_4="#e0559f",
    line_5="#3b4656",
    fill_1="rgba(47,111,228,0.07)",
    fill_2="rgba(184,119,0,0.08)",
    fill_3="rgba(106,27,154,0.06)",
    fill_4="rgba(224,85,159,0.07)",
    fill_5="rgba(59,70,86,0.06)",
)

_DARK = _Palette(
    background="#131722",
    grid="#1f2533",
    session="#3d475c",
    text="#d8dce6",
    muted="#8d97aa",
    panel="#1b2130",
    border="#39435a",
    up="#2bbfa3",
    down="#f0604d",
    up_faint="#20665f",
    down_faint="#6a3234",
    on_candle="#10141d",
    guide="#5a6478",
    line_1="#5b9dff",
    line_2="#f5c044",
    line_3="#e3d0ff",
    line_4="#c94fd8",
    line_5="#8b95a8",
    fill_1="rgba(91,157,255,0.09)",
    fill_2="rgba(245,192,68,0.08)",
    fill_3="rgba(227,208,255,0.07)",
    fill_4="rgba(201,79,216,0.09)",
    fill_5="rgba(139,149,168,0.09)",
)
