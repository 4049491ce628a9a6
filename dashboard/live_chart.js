// The live curves: Plotly draws them, and draws them anew in place (Plotly.react) when data arrive, so that
// nothing blinks and a zoom stays. Streamlit calls the exported function at each change of data or theme.
// loadPlotly and readTheme come from plotly_component.js.

const views = new WeakMap();
const chosen = { hidden: new Set(), close: false }; // for all charts, as long as the tab is open

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".dl-live");
  if (!views.has(root)) views.set(root, begin(root));
  const view = views.get(root);
  view.data = data;
  draw(view);
  // Streamlit also calls this for a call that a newer one has overtaken: only what has left the page is ended.
  return () => setTimeout(() => root.isConnected || end(view));
}

function begin(root) {
  const view = { root, plots: [], data: null };
  view.watcher = new ResizeObserver(() => draw(view));
  view.watcher.observe(root);
  return view;
}

function end(view) {
  view.watcher.disconnect();
  for (const plot of view.plots) window.Plotly?.purge(plot.element);
  views.delete(view.root);
}

async function draw(view) {
  const { root } = view;
  root.hidden = !view.data?.charts.length; // without a chart yet, Plotly is only fetched
  if (!root.hidden && !root.clientWidth) return;
  if (!root.hidden) showCaptions(view);
  const Plotly = await loadPlotly(view.data.module);
  if (!root.isConnected) return;
  const theme = readTheme(root);
  root.style.setProperty("--dl-train", theme.colors[0]);
  root.style.setProperty("--dl-dev", theme.colors[1]);
  view.data.charts.forEach((chart, k) => {
    const plot = view.plots[k];
    const { traces, layout, config } = figure(view, plot, chart, theme);
    plot.drawing = true; // what Plotly tells of meanwhile is not the visitor's doing
    Plotly.react(plot.element, traces, layout, config);
    plot.drawing = false;
    if (!plot.listens) listen(view, plot);
  });
  root.dataset.drawn = String(Number(root.dataset.drawn ?? 0) + 1);
}

// ---- around the plots: headings, legend, buttons ------------------------------------------------------------

function showCaptions(view) {
  const { root, data } = view;
  const figures = root.querySelectorAll("figure");
  data.charts.forEach((chart, k) => {
    const element = figures[k].querySelector(".dl-plot");
    view.plots[k] ??= { element, zoom: null, listens: false };
    if (view.run !== data.run) view.plots[k].zoom = null;
    figures[k].querySelector("figcaption").textContent = chart.title;
    element.setAttribute("aria-label", chart.summary);
  });
  view.run = data.run;
  showLegend(view);
  root.querySelector(".dl-legend").setAttribute("aria-label", data.words.legend);
  const close = root.querySelector(".dl-close");
  setButton(close, data.words.close, chosen.close, () => {
    chosen.close = !chosen.close;
    for (const plot of view.plots) plot.zoom = null;
    draw(view);
  });
  const whole = root.querySelector(".dl-whole");
  setButton(whole, data.words.whole, null, () => {
    for (const plot of view.plots) plot.zoom = null;
    draw(view);
  });
  whole.disabled = !view.plots.some((plot) => plot.zoom);
}

function showLegend(view) {
  const legend = view.root.querySelector(".dl-legend");
  const curves = view.data.charts[0].curves;
  while (legend.children.length > curves.length) legend.lastChild.remove();
  curves.forEach((curve, k) => {
    const item = legend.children[k] ?? legend.appendChild(legendItem());
    item.querySelector("span").textContent = curve.name;
    item.querySelector("svg").innerHTML = SAMPLES[curve.kind];
    item.dataset.kind = curve.kind;
    setButton(item, null, !chosen.hidden.has(curve.kind), () => {
      if (!chosen.hidden.delete(curve.kind)) chosen.hidden.add(curve.kind);
      draw(view);
    });
  });
}

function legendItem() {
  const item = document.createElement("button");
  item.type = "button";
  item.innerHTML = '<svg viewBox="0 0 34 12" width="34" height="12" aria-hidden="true"></svg><span></span>';
  return item;
}

function setButton(button, text, pressed, act) {
  if (text !== null) button.textContent = text;
  if (pressed !== null) button.setAttribute("aria-pressed", String(pressed));
  button.onclick = act;
}

// ---- the figure ---------------------------------------------------------------------------------------------

// How each kind of curve looks, in the plot and in the legend: never by its colour alone.
const LOOKS = {
  batches: { color: 0, mode: "lines", opacity: 0.55, line: { width: 1 } },
  train: { color: 0, mode: "lines+markers", line: { width: 2 }, marker: { symbol: "circle", size: 6 } },
  dev: { color: 1, mode: "lines+markers", line: { width: 2, dash: "dash" }, marker: { symbol: "diamond", size: 8 } },
  best: { color: 1, mode: "markers", marker: { symbol: "star-open", size: 13, line: { width: 1.5 } } },
};
const SAMPLES = {
  batches: '<path d="M1 9 6 4 10 8 15 3 20 8 25 4 33 7" fill="none" stroke-width="1"/>',
  train: '<path d="M1 6H33" stroke-width="2"/><circle cx="17" cy="6" r="3.5"/>',
  dev: '<path d="M1 6H12M22 6H33" stroke-width="2" stroke-dasharray="5 2"/><path d="M17 1 22 6 17 11 12 6Z"/>',
  best: '<path d="M17 0.8 18.6 4.6 22.6 4.9 19.5 7.5 20.5 11.4 17 9.3 13.5 11.4 14.5 7.5 11.4 4.9 15.4 4.6Z" fill="none" stroke-width="1.5"/>',
};
const MARKERS_UP_TO = 60; // more points than this are a line only
const LOG_TICKS = [-7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3].flatMap((power) => [1, 2, 5].map((n) => n * 10 ** power));

function figure(view, plot, chart, theme) {
  const touch = matchMedia("(pointer: coarse)").matches;
  const log = chosen.close && chart.log;
  const traces = chart.curves.map((curve) => trace(curve, chart, theme, Boolean(plot.zoom)));
  const axis = {
    gridcolor: theme.line, linecolor: theme.line, zeroline: false, automargin: false, fixedrange: touch,
  };
  const title = (text, standoff) => ({ text, standoff, font: { size: 12 } });
  const end = view.data.x.end;
  const x = plot.zoom?.x ?? [0, end];
  const y = plot.zoom?.y ?? (chosen.close ? chart.close : chart.whole);
  const layout = {
    autosize: false,
    width: plot.element.clientWidth,
    height: plot.element.clientHeight,
    margin: { l: 56, r: 14, t: 10, b: 44 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: theme.font, size: 13, color: theme.text },
    showlegend: false,
    hovermode: "x unified",
    hoverlabel: { bgcolor: theme.background, bordercolor: theme.line, font: { color: theme.text, size: 12 } },
    dragmode: touch ? false : "zoom",
    uirevision: "ours", // the zoom is kept here, not by Plotly
    xaxis: { ...axis, title: title(view.data.x.title, 8), range: [...x], nticks: 7 },
    yaxis: {
      ...axis,
      title: title(chart.axis, 4),
      type: log ? "log" : "linear",
      range: log && !plot.zoom?.y ? y.map(Math.log10) : [...y],
      ticksuffix: chart.suffix,
      nticks: 6,
      ...(log ? { tickvals: LOG_TICKS, ticktext: LOG_TICKS.map((value) => value.toPrecision(1) * 1) } : {}),
    },
  };
  const config = { displayModeBar: false, doubleClick: false, showTips: false, responsive: false };
  return { traces, layout, config };
}

function trace(curve, chart, theme, clip) {
  const look = LOOKS[curve.kind];
  const color = theme.colors[look.color];
  const dense = curve.x.length > MARKERS_UP_TO;
  return {
    type: "scatter",
    name: curve.name,
    x: curve.x,
    y: curve.y,
    visible: !chosen.hidden.has(curve.kind),
    mode: dense && look.mode === "lines+markers" ? "lines" : look.mode,
    opacity: look.opacity ?? 1,
    line: { ...look.line, color },
    marker: { ...look.marker, color },
    hovertemplate: `%{y:${chart.format}}${chart.suffix}`,
    hoverinfo: curve.kind === "best" ? "skip" : undefined,
    cliponaxis: clip, // else the marks at the very ends would be cut in two
  };
}

function listen(view, plot) {
  plot.listens = true;
  plot.element.on("plotly_relayout", (change) => {
    if (plot.drawing || !Object.keys(change).some((name) => name.includes("range"))) return;
    const { xaxis, yaxis } = plot.element.layout;
    plot.zoom = { x: [...xaxis.range], y: [...yaxis.range] };
    showCaptions(view);
  });
  plot.element.on("plotly_doubleclick", () => {
    plot.zoom = null;
    draw(view);
  });
}
