// Draws Plotly figures that Python made, and draws them again in place (Plotly.react): nothing blinks, and the
// visitor's zoom stays. Streamlit calls the exported function at each change of data or theme.

const views = new WeakMap();
const habits = {}; // key → what the visitor hid and which other views are on, as long as the tab is open
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const STILL = 8; // pixels that a finger may move while it taps
const PAUSE = 200; // milliseconds that the arrow keys rest before Python hears of the cell
const MARKS = { circle: "●", diamond: "◆", "star-open": "☆", "": "■", "/": "▨", ".": "░" };
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
    dragmode: touch ? false : (layout.dragmode ?? "zoom"), uirevision: "ours", // the zoom is kept here, not by Plotly
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
  plot.on("plotly_doubleclick", () => {
    delete view.zoom[k];
    draw(view);
  });
}

// ---- legend, views, menu ----------------------------------------------------------------------------------

function showBar(view, Plotly) {
  const { data: { words }, habit } = view;
  const legend = view.find("legend");
  const traces = view.figures[0]?.data.filter((trace) => trace.name && trace.showlegend !== false) ?? [];
  legend.setAttribute("aria-label", words.legend);
  while (legend.children.length > traces.length) legend.lastChild.remove();
  traces.forEach((trace, k) => {
    const item = legend.children[k] ?? legend.appendChild(document.createElement("button"));
    item.innerHTML = sample(trace) + "<span></span>";
    item.lastChild.textContent = trace.name;
    setButton(item, !habit.hidden.has(trace.name), () => habit.hidden.delete(trace.name) || habit.hidden.add(trace.name), view);
  });
  showViews(view);
  const whole = view.find("whole");
  whole.textContent = words.whole;
  whole.hidden = view.figures.every((figure) => figure.layout.xaxis.fixedrange);
  whole.disabled = !view.zoom.some(Boolean);
  setButton(whole, null, () => (view.zoom = []), view);
  showMenu(view, Plotly);
}

// A button for each figure that has another view: a second press takes it back.
function showViews(view) {
  const { habit: { views } } = view;
  const others = view.find("other");
  const wanted = view.figures.map((figure, k) => [k, figure.layout.meta?.view?.name]).filter(([, name]) => name);
  while (others.children.length > wanted.length) others.lastChild.remove();
  wanted.forEach(([k, name], place) => {
    const button = others.children[place] ?? others.appendChild(document.createElement("button"));
    button.textContent = name;
    setButton(button, views.has(name), () => {
      views.delete(name) || views.add(name);
      delete view.zoom[k];
    }, view);
  });
}

function setButton(button, pressed, act, view) {
  button.type = "button";
  if (pressed !== null) button.setAttribute("aria-pressed", String(pressed));
  button.onclick = () => (act(), draw(view));
}

function sample({ line = {}, marker = {}, mode = "", opacity = 1, type }) {
  const color = marker.color ?? line.color;
  const dash = line.dash === "dash" ? "5 3" : "none";
  const stroke = mode.includes("lines") ? `<path d="M1 6H33" stroke="${color}" stroke-width="${line.width ?? 2}" stroke-dasharray="${dash}"/>` : "";
  const mark = type === "bar" ? MARKS[marker.pattern?.shape ?? ""] : mode.includes("markers") ? (MARKS[marker.symbol] ?? MARKS.circle) : "";
  return `<svg viewBox="0 0 34 12" width="34" height="12" opacity="${marker.opacity ?? opacity}" aria-hidden="true">${stroke}` +
    `<text x="17" y="10.5" text-anchor="middle" font-size="12" fill="${color}">${mark}</text></svg>`;
}

function showMenu(view, Plotly) {
  const { words, key } = view.data;
  const [summary, list] = view.find("menu").children;
  summary.setAttribute("aria-label", words.menu);
  summary.title = words.menu;
  if (list.children.length) return;
  for (const format of ["png", "svg", "html"]) {
    const button = list.appendChild(document.createElement("button"));
    Object.assign(button, { type: "button", textContent: words[format] });
    button.onclick = () => {
      view.find("menu").open = false;
      if (format === "html") return view.tell("wanted", "html");
      for (const plot of view.root.querySelectorAll(".dl-plot")) {
        const { width, height } = plot.layout;
        const layout = { ...plot.layout, paper_bgcolor: getComputedStyle(view.root).getPropertyValue("--st-background-color") };
        Plotly.downloadImage({ data: plot.data, layout }, { format, width, height, scale: 2, filename: key });
      }
    };
  }
}

function save(text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/html" }));
  link.download = "chart.html";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// ---- cells of a heatmap -----------------------------------------------------------------------------------

function sizeOf(view) {
  const { z } = view.figures[0].data[0];
  return [z.length, z[0].length];
}

function tap(view, down, up) {
  if (!view.cell || !view.figures || up.pointerId !== down.pointerId) return;
  if (Math.hypot(up.clientX - down.clientX, up.clientY - down.clientY) > STILL) return;
  const area = view.root.querySelector(".nsewdrag")?.getBoundingClientRect();
  if (!area) return;
  const [rows, columns] = sizeOf(view);
  const row = Math.floor(((up.clientY - area.top) / area.height) * rows);
  const column = Math.floor(((up.clientX - area.left) / area.width) * columns);
  if (row >= 0 && row < rows && column >= 0 && column < columns) choose(view, [row, column], 0);
}

function step(view, event) {
  event.preventDefault();
  const size = sizeOf(view);
  const move = STEPS[event.key];
  choose(view, view.cell.map((at, k) => Math.min(size[k] - 1, Math.max(0, at + move[k]))), PAUSE);
}

function choose(view, cell, pause) {
  view.cell = cell;
  view.turn += 1;
  draw(view);
  clearTimeout(view.timer);
  view.timer = setTimeout(() => view.tell("cell", [...view.cell, view.turn]), pause);
}

function frame(view, layout) {
  const [row, column] = view.cell;
  Object.assign(layout.shapes[0], { x0: column - 0.5, x1: column + 0.5, y0: row - 0.5, y1: row + 0.5 });
  view.root.dataset.chosen = view.cell;
}

function speak({ root, cell: [row, column], data: { words } }, alt, heatmap) {
  const ariaLabel = `${alt} ${words.keys} ${plain(heatmap.hovertext[row][column])}`;
  Object.assign(root, { tabIndex: 0, role: "application", ariaLabel });
}

// A sentence as it was before Python wrote it for Plotly, which reads some HTML.
function plain(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
