// Draws Plotly figures that Python made, and draws them again in place (Plotly.react): nothing blinks, and the
// visitor's zoom stays. Streamlit calls the exported function at each change of data or theme.
// chart_bar.js and chart_cells.js belong to the same module.

const views = new WeakMap();
const habits = {}; // key → what the visitor hid and which other views are on, as long as the tab is open
let plotly; // a promise of Plotly, shared by all charts

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".dl-chart");
  if (!views.has(root)) views.set(root, begin(root));
  const view = views.get(root);
  if (view.data?.subject !== data.subject) view.zoom = [];
  Object.assign(view, { data, tell: setTriggerValue, habit: (habits[data.key] ??= { hidden: new Set(), views: new Set() }) });
  if (data.turn >= view.turn) Object.assign(view, { turn: data.turn, cell: data.cell }); // else older than the visitor's choice
  if (data.file) save(data.file);
  draw(view);
  // Streamlit also calls this for a call that a newer one has overtaken: only what has left the page is ended.
  return () => setTimeout(() => root.isConnected || end(view));
}

function begin(root) {
  const view = { root, find: (name) => root.querySelector(`.dl-${name}`), zoom: [], turn: -1 };
  view.watcher = new ResizeObserver(() => view.data && draw(view));
  view.watcher.observe(root);
  // Not Plotly's own click: after a tap it names the cell that was tapped before. Nor the root for its end:
  // Plotly lays a cover over the page meanwhile.
  root.addEventListener("pointerdown", (down) => {
    window.addEventListener("pointerup", (up) => tap(view, down, up), { once: true, capture: true });
  }, true);
  root.addEventListener("keydown", (event) => view.cell && STEPS[event.key] && step(view, event));
  return view;
}

function end(view) {
  view.watcher.disconnect();
  for (const plot of view.root.querySelectorAll(".dl-plot")) window.Plotly?.purge(plot);
  views.delete(view.root);
}

// Streamlit has Plotly in a module that its own chart elements load; the browser keeps it for good. The module
// is named from where this page's own script came.
function loadPlotly(module) {
  if (window.Plotly) return window.Plotly;
  plotly ??= import(new URL(module, document.querySelector('script[type="module"][src]').src).href).then(
    () => window.Plotly,
    (error) => {
      plotly = undefined; // the next data try again
      throw error;
    },
  );
  return plotly;
}

// ---- drawing ----------------------------------------------------------------------------------------------

async function draw(view) {
  const { root, data } = view;
  root.dataset.key = data.key;
  root.hidden = !data.figures.length; // without a figure yet, Plotly is only fetched
  const Plotly = await loadPlotly(data.module);
  if (!root.isConnected || view.data !== data || (!root.hidden && !root.clientWidth)) return;
  const colors = themeColors(root, data.colors);
  view.figures = data.figures.map((text) => JSON.parse(text, (_key, value) => colors[value] ?? value));
  const places = view.find("figures");
  while (places.children.length > view.figures.length) places.lastChild.remove();
  view.figures.forEach((figure, k) => drawFigure(view, Plotly, figure, k, places.children[k] ?? places.appendChild(place())));
  showBar(view, Plotly);
  root.dataset.drawn = String(Number(root.dataset.drawn ?? 0) + 1);
}

function drawFigure(view, Plotly, { data: traces, layout }, k, element) {
  const touch = matchMedia("(pointer: coarse)").matches;
  const plot = element.querySelector(".dl-plot");
  const { alt = "", height = "", least_width: width = "", view: other } = layout.meta ?? {};
  element.querySelector("figcaption").textContent = layout.title?.text ?? "";
  Object.assign(plot.style, { height, minWidth: width });
  if (other && view.habit.views.has(other.name)) change(layout, other.changes);
  for (const trace of traces) if (view.habit.hidden.has(trace.name)) trace.visible = false;
  if (view.zoom[k]) for (const axis of ["xaxis", "yaxis"]) layout[axis].range = [...view.zoom[k][axis]];
  if (view.cell && k === 0) frame(view, layout);
  for (const axis of ["xaxis", "yaxis"]) layout[axis].fixedrange ||= touch; // a finger scrolls, it does not zoom
  Object.assign(layout, {
    title: undefined, showlegend: false, autosize: false, width: plot.clientWidth, height: plot.clientHeight,
    dragmode: touch && layout.dragmode !== "lasso" ? false : (layout.dragmode ?? "zoom"), uirevision: "ours", // the zoom is kept here, not by Plotly
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
  });
  layout.font.family = getComputedStyle(view.root).fontFamily;
  if (view.cell) speak(view, alt, traces[0]);
  else Object.assign(plot, { role: "img", ariaLabel: alt });
  plot.drawing = true; // what Plotly tells of meanwhile is not the visitor's doing
  Plotly.react(plot, traces, layout, { displayModeBar: false, doubleClick: false, showTips: false });
  plot.drawing = false;
  if (!plot.listens) listen(view, plot, k);
}

function place() {
  const element = document.createElement("figure");
  element.innerHTML = '<figcaption></figcaption><div class="dl-plot"></div>';
  return element;
}

function change(layout, changes) {
  for (const [name, value] of Object.entries(changes)) {
    const path = name.split(".");
    const last = path.pop();
    path.reduce((object, part) => (object[part] ??= {}), layout)[last] = value;
  }
}

function themeColors(root, made) {
  const style = getComputedStyle(root);
  const pairs = Object.entries(made).flatMap(([name, colors]) => {
    const now = style.getPropertyValue(`--st-${name}`).split(",");
    return colors.map((color, k) => [color, now[k]?.trim() || color]);
  });
  return Object.fromEntries(pairs);
}

function listen(view, plot, k) {
  plot.listens = true;
  plot.on("plotly_relayout", (changed) => {
    if (plot.drawing || !Object.keys(changed).some((name) => name.includes("range"))) return;
    const { xaxis, yaxis } = plot.layout;
    view.zoom[k] = { xaxis: [...xaxis.range], yaxis: [...yaxis.range] };
    draw(view);
  });
  plot.on("plotly_selected", (event) => {
    if (event && !plot.drawing) view.tell("picked", event.points.map((point) => point.customdata));
  });
  plot.on("plotly_doubleclick", () => {
    delete view.zoom[k];
    draw(view);
  });
}
