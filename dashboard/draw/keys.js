// A grid that is drawn on by keys. The strokes go to Python with the number of their turn, and stand in the grid until
// Python has put them on the canvas and says so.
const MOVES = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
  Home: [-1, -1], PageUp: [1, -1], End: [-1, 1], PageDown: [1, 1],
};
const SCALE = 10; // pixels a cell

// Calls `mark` with the column and row of each cell that a line of points passes, in cells.
const along = (points, mark) => {
  let [x, y] = points[0];
  mark(Math.floor(x), Math.floor(y));
  for (const [toX, toY] of points.slice(1)) {
    const steps = Math.max(1, Math.ceil(2 * Math.max(Math.abs(toX - x), Math.abs(toY - y))));
    for (let k = 1; k <= steps; k++) mark(Math.floor(x + ((toX - x) * k) / steps), Math.floor(y + ((toY - y) * k) / steps));
    [x, y] = [toX, toY];
  }
};

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

export default ({ data, parentElement, setStateValue }) => {
  const canvas = parentElement.querySelector("canvas");
  const said = parentElement.querySelector(".dl-place");
  const { columns, rows, words } = data;
  const pen = (canvas.dlPen ??= { x: columns >> 1, y: rows >> 1, cells: null, waiting: [], turn: 0 });
  pen.x = Math.min(pen.x, columns - 1);
  pen.turn = Math.max(pen.turn, data.turn);
  pen.waiting = pen.waiting.filter(({ turn }) => turn > data.turn);

  const inked = () => {
    const cells = new Set();
    const mark = (x, y) => cells.add(y * columns + x);
    for (const points of data.strokes) along(points.map(([x, y]) => [x / data.cell, y / data.cell]), mark);
    for (const { cells: own } of [...pen.waiting, { cells: pen.cells ?? [] }]) own.forEach(([x, y]) => mark(x, y));
    return cells;
  };
  const paint = () => {
    [canvas.width, canvas.height] = [columns * SCALE, rows * SCALE];
    canvas.style.aspectRatio = `${columns} / ${rows}`;
    const [context, cells] = [canvas.getContext("2d"), inked()];
    context.fillStyle = "#000";
    context.fillRect(0, 0, canvas.width, canvas.height);
    for (let y = 0; y < rows; y++)
      for (let x = 0; x < columns; x++) {
        context.fillStyle = cells.has(y * columns + x) ? "#fff" : "#1d2433";
        context.fillRect(x * SCALE + 0.5, y * SCALE + 0.5, SCALE - 1, SCALE - 1);
      }
    context.lineWidth = 3;
    context.strokeStyle = pen.cells ? "#ff9f1c" : "#8ea2ff";
    context.strokeRect(pen.x * SCALE - 0.5, pen.y * SCALE - 0.5, SCALE + 1, SCALE + 1);
  };
  const say = (first = "") => {
    const cell = inked().has(pen.y * columns + pen.x) ? words.ink : words.paper;
    said.textContent = `${first} ${fill(words.place, { row: pen.y + 1, column: pen.x + 1, cell })}`.trim();
  };
  const move = ([dx, dy]) => {
    const [x, y] = [pen.x + dx, pen.y + dy];
    if (x < 0 || y < 0 || x >= columns || y >= rows) return say(words.edge);
    [pen.x, pen.y] = [x, y];
    pen.cells?.push([x, y]);
    say();
  };
  const lift = () => {
    pen.waiting.push({ turn: ++pen.turn, cells: pen.cells });
    pen.cells = null;
    setStateValue("strokes", pen.waiting);
    say(words.up);
  };
  const lower = () => {
    pen.cells = [[pen.x, pen.y]];
    say(words.down);
  };

  canvas.setAttribute("aria-label", fill(words.label, { columns, rows }));
  canvas.onkeydown = (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key in MOVES) move(MOVES[event.key]);
    else if (event.key === " " || event.key === "Enter") event.repeat || (pen.cells ? lift() : lower());
    else return;
    event.preventDefault();
    paint();
  };
  canvas.onfocus = () => say();
  canvas.onblur = () => {
    if (pen.cells) lift();
    paint();
  };
  paint();
};
