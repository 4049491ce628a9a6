// The confusion matrix: a heatmap that Plotly draws anew in place. A cell is chosen by mouse, by finger, or by the
// arrow keys; the frame moves at once, and Python hears of the cell.

const views = new WeakMap();
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const STILL = 8; // pixels that a finger may move while it taps
const PAUSE = 200; // milliseconds that the arrow keys rest before Python hears of the cell

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".dl-matrix");
  if (!views.has(root)) views.set(root, begin(root));
  const view = views.get(root);
  view.data = data;
  view.tell = () => setTriggerValue("cell", [...view.chosen, view.turn]);
  // What Python says from before the visitor's last choice is no news.
  if (data.turn >= view.turn) {
    view.turn = data.turn;
    view.chosen = data.chosen;
  }
  draw(view);
  // Streamlit also calls this for a call that a newer one has overtaken: only what has left the page is ended.
  return () => setTimeout(() => root.isConnected || end(view));
}

function begin(root) {
  const view = { root, plot: root.querySelector(".dl-plot"), data: null, chosen: null, turn: 0 };
  view.watcher = new ResizeObserver(() => draw(view));
  view.watcher.observe(root);
  // Not Plotly's own click: after a tap it names the cell that was tapped before. Nor the root for the end of
  // it: Plotly lays a cover over the page meanwhile.
  root.addEventListener("pointerdown", (down) => {
    window.addEventListener("pointerup", (up) => tap(view, down, up), { once: true, capture: true });
  }, true);
  root.addEventListener("keydown", (event) => step(view, event));
  return view;
}

function end(view) {
  view.watcher.disconnect();
  window.Plotly?.purge(view.plot);
  views.delete(view.root);
}

// ---- choosing -----------------------------------------------------------------------------------------------

function tap(view, down, up) {
  if (up.pointerId !== down.pointerId) return;
  if (Math.hypot(up.clientX - down.clientX, up.clientY - down.clientY) > STILL) return;
  const area = view.plot.querySelector(".nsewdrag")?.getBoundingClientRect();
  if (!area) return;
  const n = view.data.names.length;
  const cell = [
    Math.floor(((up.clientY - area.top) / area.height) * n),
    Math.floor(((up.clientX - area.left) / area.width) * n),
  ];
  if (cell.every((place) => place >= 0 && place < n)) choose(view, cell, 0);
}

function step(view, event) {
  const move = STEPS[event.key];
  if (!move) return;
  event.preventDefault();
  const last = view.data.names.length - 1;
  choose(view, view.chosen.map((place, k) => Math.min(last, Math.max(0, place + move[k]))), PAUSE);
}

function choose(view, cell, pause) {
  view.chosen = cell;
  view.turn += 1;
  draw(view);
  clearTimeout(view.timer);
  view.timer = setTimeout(() => view.tell(), pause);
}

// ---- drawing ------------------------------------------------------------------------------------------------

async function draw(view) {
  const { root, plot, data } = view;
  if (!root.clientWidth) return;
  const [row, column] = view.chosen;
  root.setAttribute("aria-label", `${data.words.label} ${data.says[row][column]}`);
  const Plotly = await loadPlotly(data.module);
  if (view.data !== data || !root.isConnected) return;
  const { traces, layout } = figure(view, readTheme(root));
  Plotly.react(plot, traces, layout, { displayModeBar: false, doubleClick: false, showTips: false });
  root.dataset.chosen = view.chosen;
}

function figure(view, theme) {
  const { data, plot, chosen } = view;
  const n = data.names.length;
  const size = Math.min(14, plot.clientWidth / n / 2.9);
  const heatmap = {
    type: "heatmap",
    z: data.shades,
    zmin: 0,
    zmax: 1,
    colorscale: theme.shades.map((color, k) => [k / (theme.shades.length - 1), color]),
    showscale: false,
    xgap: n > 30 ? 0 : 1,
    ygap: n > 30 ? 0 : 1,
    hovertext: data.says.map((row) => row.map(literal)),
    hovertemplate: "%{hovertext}<extra></extra>",
    ...(n > data.most_numbers ? {} : { text: data.counts, texttemplate: "%{text}", textfont: { size } }),
  };
  const axis = {
    ticklen: 5, // they are not drawn, but keep the names at a distance
    ticks: "outside",
    tickcolor: "rgba(0,0,0,0)",
    fixedrange: true,
    showgrid: false,
    zeroline: false,
    automargin: true,
  };
  const title = (text) => ({ text, standoff: 8, font: { size: 14 } });
  const layout = {
    autosize: false,
    width: plot.clientWidth,
    height: plot.clientHeight,
    margin: { l: 44, r: 4, t: 4, b: 44 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: theme.font, size: 13, color: theme.text },
    hoverlabel: { bgcolor: theme.background, bordercolor: theme.line, font: { color: theme.text, size: 13 } },
    dragmode: false,
    xaxis: { ...axis, ...ticks(data.names, plot.clientWidth), title: title(data.words.guessed), range: [-0.5, n - 0.5] },
    yaxis: { ...axis, ...ticks(data.names, plot.clientHeight), title: title(data.words.true), range: [n - 0.5, -0.5] },
    shapes: [frame(chosen, theme)],
  };
  return { traces: [heatmap], layout };
}

// Every class has its name at the axis, or every second one, or third, as there is room.
function ticks(names, room) {
  const every = Math.ceil((names.length * 18) / room);
  const places = [...names.keys()].filter((place) => place % every === 0);
  return { tickvals: places, ticktext: places.map((place) => literal(names[place])) };
}

function frame([row, column], theme) {
  return {
    type: "rect",
    x0: column - 0.5,
    x1: column + 0.5,
    y0: row - 0.5,
    y1: row + 0.5,
    line: { color: theme.colors[1], width: 3 },
  };
}
