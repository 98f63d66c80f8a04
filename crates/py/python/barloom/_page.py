"""The page around a chart: plotly's JavaScript, the figure, and what plotly has no option for."""

from __future__ import annotations

import base64
import functools
import gzip
import html
import importlib
import json
from dataclasses import fields
from typing import Any, Literal, TypeAlias

from ._palette import _DARK, _LIGHT, _Palette

Theme: TypeAlias = Literal["auto", "light", "dark"]
_INSTALL = 'drawing needs plotly and numpy: pip install "barloom[plot]"'
# Seconds between labels within a session.
_STEPS = (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 7200, 10800, 14400, 21600, 43200)
_FONT = "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


def _plotly(module: str) -> Any:
    """A module of plotly, which only those who draw need to have."""
    try:
        return importlib.import_module(module)
    except ImportError as missing:
        raise ImportError(_INSTALL) from missing


@functools.cache
def _javascript() -> str:
    """plotly.js as base64 of gzip: 2 MB and not 5 in every output of a notebook."""
    source: str = _plotly("plotly.offline").get_plotlyjs()
    return base64.b64encode(gzip.compress(source.encode("utf-8"), mtime=0)).decode("ascii")


def _least_height(figure: Any) -> int:
    """Pixels below which panes would run into the names above them."""
    return int(0.8 * (figure.layout.height or 750))


def _page(figure: Any, theme: Theme, label: str) -> str:
    """A page with the figure, the script below and plotly inside."""
    content = json.loads(_plotly("plotly.io").to_json(figure, validate=False))
    names = content["layout"].get("xaxis", {}).get("categoryarray")
    for trace in content["data"]:
        # Nearly every trace stands at every bar: their names are written once.
        if names is not None and trace.get("x") == names:
            del trace["x"]
    swap = {getattr(_LIGHT, f.name): getattr(_DARK, f.name) for f in fields(_Palette)}
    data = {
        "figure": content,
        "theme": theme,
        "dark": swap if theme == "auto" else {},
        "config": {
            "responsive": True,
            "scrollZoom": True,
            "displaylogo": False,
            "doubleClick": "reset",
            "modeBarButtons": [["toImage", "pan2d", "zoom2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]],
        },
    }
    # "<" is the one sign that could end the element that the data stands in.
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return (
        _PAGE.replace("@TITLE@", html.escape(label))
        .replace("@FONT@", _FONT)
        .replace("@HEIGHT@", str(_least_height(figure)))
        .replace("@SCRIPT@", _SCRIPT.replace("@STEPS@", str([*_STEPS])))
        .replace("@PLOTLY@", _javascript())
        .replace("@DATA@", text)
    )


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>@TITLE@</title>
<style>
html, body { margin: 0; height: 100%; }
#chart { width: 100%; height: 100vh; min-height: @HEIGHT@px; position: relative; }
#chart .drag { cursor: crosshair; }
#cross { fill: none; stroke-dasharray: 3,3; shape-rendering: crispEdges; pointer-events: none; }
#chart .hoverlayer .legend .bg { fill-opacity: 0.92; }
#price, #time { position: absolute; display: none; z-index: 9; pointer-events: none; white-space: nowrap;
  padding: 1px 4px; border-radius: 2px; font: 11px @FONT@; }
#problem { font: 14px sans-serif; padding: 1em; color: #c8372d; }
</style>
</head>
<body>
<div id="chart"></div>
<script id="data" type="application/json">@DATA@</script>
<script id="plotly" type="text/plain">@PLOTLY@</script>
<script>
@SCRIPT@
</script>
</body>
</html>
"""

_SCRIPT = r"""
(async () => {
  "use strict";
  const chart = document.getElementById("chart");
  const raw = document.getElementById("data").textContent;
  const { theme, dark, config } = JSON.parse(raw);

  async function load() {
    const packed = Uint8Array.from(atob(document.getElementById("plotly").textContent), c => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    document.head.append(script);
  }

  // In a notebook this page is a frame of its page: JupyterLab and VS Code say their theme on the body.
  function outside() {
    try { return window.parent === window ? null : window.parent.document.body; } catch { return null; }
  }
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  function isDark() {
    if (theme !== "auto") return theme === "dark";
    const body = outside();
    if (body && body.dataset.jpThemeLight) return body.dataset.jpThemeLight === "false";
    if (body && /\bvscode-/.test(body.className)) {
      return /\bvscode-(dark|high-contrast)(?!-light)\b/.test(body.className);
    }
    return system.matches;
  }

  function figure() {
    // All colours at once, so that one that was swapped is not swapped again.
    const text = theme === "auto" && isDark()
      ? raw.replace(/#[0-9a-f]{6}\b|rgba\([\d.,]+\)/g, c => dark[c] ?? c) : raw;
    const { data, layout } = JSON.parse(text).figure;
    for (const trace of data) trace.x ??= layout.xaxis.categoryarray;
    delete layout.height;
    delete layout.width;
    layout.autosize = true;
    // Time is what a reader moves; values follow. The figure alone lets them be moved: there they would not.
    for (const key in layout) if (/^yaxis/.test(key)) layout[key].fixedrange = true;
    document.body.style.background = layout.paper_bgcolor;
    document.documentElement.style.colorScheme = isDark() ? "dark" : "light";
    return { data, layout };
  }
  const known = layout => layout.meta?.barloom ?? { follow: {} };
  const followed = layout => Object.keys(known(layout).follow).filter(axis => layout[axis]);

  const steps = @STEPS@;
  function spaced({ ranks, seconds, bar }, start, end, apart) {
    const step = steps.find(s => s >= apart * bar) ?? Infinity;
    const round = i => Math.floor(seconds[i] / step);
    const order = [];
    for (let i = start; i < end; i++) if (ranks[i] || round(i) !== round(i - 1)) order.push(i);
    order.sort((a, b) => ranks[b] - ranks[a] || a - b);
    const taken = [];
    for (const i of order) if (taken.every(other => Math.abs(i - other) >= apart)) taken.push(i);
    return taken.sort((a, b) => a - b);
  }

  function span(axis, { pad, floor }, from, to) {
    const id = axis.replace("axis", "");
    // Of all that is drawn, and of the candles.
    const both = [Infinity, -Infinity], kept = [Infinity, -Infinity];
    const widen = (ends, v) => { ends[0] = Math.min(ends[0], v); ends[1] = Math.max(ends[1], v); };
    for (const trace of chart._fullData) {
      if (trace.visible !== true || trace.yaxis !== id || trace.x.length !== count) continue;
      const candles = trace.type === "candlestick";
      if (trace.type === "bar") widen(both, 0);
      for (const values of candles ? [trace.high, trace.low] : [trace.y]) {
        for (let i = from; i < to; i++) {
          if (!Number.isFinite(values[i])) continue;
          widen(both, values[i]);
          if (candles) widen(kept, values[i]);
        }
      }
    }
    let [low, high] = both;
    if (low > high) return null;
    const core = kept[1] - kept[0];
    if (core > 0) [low, high] = [Math.max(low, kept[0] - core), Math.min(high, kept[1] + core)];
    const spare = (high - low) * pad || Math.abs(high) * 0.01 || 1;
    return [floor === undefined ? low - spare : floor, high + spare];
  }

  let count = 0;
  function fit() {
    const full = chart._fullLayout;
    const { ticks, follow } = known(chart.layout);
    const [left, right] = full.xaxis.range;
    const from = Math.max(0, Math.ceil(left)), to = Math.min(count, Math.floor(right) + 1);
    if (!ticks || from >= to) return;
    const apart = (right - left) * 92 / full._size.w;
    // A label that reaches over the edge would push the plot aside.
    const labelled = spaced(ticks, Math.max(from, Math.ceil(left + apart * 0.45)), to, apart);
    const change = { "xaxis.tickvals": labelled, "xaxis.ticktext": labelled.map(i => ticks.names[i]) };
    for (const axis of followed(chart.layout)) {
      const range = span(axis, follow[axis], from, to);
      if (range) change[axis + ".range"] = range;
    }
    return Plotly.relayout(chart, change);
  }

  // The crosshair. plotly's ends at a pane, and only where that pane has a value.
  const labels = ["price", "time"].map(id => Object.assign(document.createElement("div"), { id }));
  const lines = document.createElementNS("http://www.w3.org/2000/svg", "path");
  lines.id = "cross";
  let pointer = null;
  function away() {
    pointer = null;
    lines.removeAttribute("d");
    for (const label of labels) label.style.display = "none";
  }
  function label(element, text, style) {
    element.textContent = text;
    const { paper_bgcolor: color, font } = chart._fullLayout;
    Object.assign(element.style, { display: "block", color, background: font.color }, style);
  }
  function point(event) {
    away();
    pointer = event;
    const full = chart._fullLayout, box = chart.getBoundingClientRect(), { l, t, w, h } = full._size;
    const x = event.clientX - box.left, y = event.clientY - box.top;
    const bar = Math.round(full.xaxis.p2c(x - l));
    if (chart._dragging || x < l || x > l + w || y < t || y > t + h || bar < 0 || bar >= count) return;
    const at = l + full.xaxis.c2p(bar);
    let path = `M${at},${t}V${t + h}`;
    for (const key of Object.keys(full)) {
      if (!/^yaxis\d*$/.test(key) || full[key].overlaying) continue;
      const axis = full[key], within = y - axis._offset;
      if (within < 0 || within > axis._length) continue;
      path += `M${l},${y}H${l + w}`;
      const value = axis.p2c(within), [low, high] = axis.range;
      const digits = Math.max(0, Math.min(8, 3 - Math.floor(Math.log10(Math.abs(high - low) || 1))));
      label(labels[0], value.toLocaleString("en-US",
        Math.abs(value) >= 1e6 ? { notation: "compact", maximumFractionDigits: 2 }
          : { minimumFractionDigits: digits, maximumFractionDigits: digits }),
      { left: l + w + 2 + "px", top: y - 8 + "px" });
    }
    label(labels[1], full.xaxis.categoryarray[bar],
      { left: at + "px", top: t + h + 4 + "px", transform: "translateX(-50%)" });
    // Below the box that plotly shows.
    const above = chart.querySelector(".hoverlayer");
    if (lines.nextSibling !== above) above.before(lines);
    lines.setAttribute("d", path);
    lines.style.stroke = full.xaxis.tickfont.color;
  }

  // A number of the price axis that the newest close would half cover.
  function uncover() {
    const tag = chart.querySelector(".annotation[data-index='0']")?.getBoundingClientRect();
    for (const tick of chart.querySelectorAll(".ytick text")) {
      const { top, bottom } = tick.getBoundingClientRect();
      tick.style.visibility = tag && top < tag.bottom && bottom > tag.top ? "hidden" : "";
    }
  }

  // plotly measures its texts. What is not shown (a folded cell, a notebook changing its theme) has no size.
  async function shown() {
    const frame = window.frameElement;
    const hidden = () => !chart.clientWidth || (frame?.checkVisibility && !frame.checkVisibility());
    do await new Promise(done => setTimeout(done, 50)); while (hidden());
  }

  async function draw() {
    await shown();
    const { data, layout } = figure();
    count = layout.xaxis.categoryarray?.length ?? 0;
    await Plotly.react(chart, data, layout, config);
    await fit();
    uncover();
  }

  try {
    if (!window.Plotly) await load();
    await draw();
  } catch (error) {
    chart.innerHTML = '<p id="problem"></p>';
    document.getElementById("problem").textContent = "The chart could not be drawn: " + error;
    throw error;
  }
  chart.append(...labels);
  chart.on("plotly_relayout", change => {
    if (Object.keys(change).some(key => /^(xaxis\.(auto)?range|width$)/.test(key))) fit();
  });
  chart.on("plotly_restyle", fit);
  chart.on("plotly_afterplot", () => {
    uncover();
    // Bars moved below a pointer that did not.
    if (pointer) point(pointer);
  });
  chart.addEventListener("mousemove", point);
  chart.addEventListener("mousedown", away);
  chart.addEventListener("mouseleave", away);
  window.addEventListener("resize", () => setTimeout(fit, 300));
  if (theme === "auto") {
    let was = isDark();
    const again = () => { if (isDark() !== was) { was = isDark(); setTimeout(draw, 300); } };
    system.addEventListener("change", again);
    const body = outside();
    if (body) new MutationObserver(again).observe(body, { attributes: true });
  }
})();
"""
