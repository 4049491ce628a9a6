// The cells of a heatmap that plotly_chart.js draws: one is chosen by mouse, touch or arrow keys.

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const STILL = 8; // pixels that a finger may move while it taps
const PAUSE = 200; // milliseconds that the arrow keys rest before Python hears of the cell

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
  return text.replaceAll("<br>", "; ").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
