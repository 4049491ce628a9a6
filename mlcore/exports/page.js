
// The page that is taken home: a canvas, its strokes, and the answer to them, again in each frame while one draws.

const content = JSON.parse(document.getElementById("content").textContent);
const { texts, names, size } = content;
const model = new Model(content.model);
const [card, bars] = [".dl-answer", ".dl-bars"].map((selector) => document.querySelector(selector));
const [board, seen] = [".board canvas", ".dl-seen"].map((selector) => document.querySelector(selector));
const [undo, clear] = ["undo", "clear"].map((id) => document.getElementById(id));
const width = document.querySelector("input");
const work = document.querySelector(".work");
const lights = content.lights && new Lights(work.querySelector(".dl-lights"), content.lights);
let strokes = [];
let pen = null; // the pointer that draws
let isAsked = false; // whether an answer comes with the next frame
window.digitLab = { model, strokes: () => strokes }; // for whoever wants to look inside

const setUp = () => {
  document.querySelector("h1").textContent = texts.title;
  board.setAttribute("aria-label", texts.canvas);
  seen.alt = seen.title = texts.seen;
  bars.setAttribute("aria-label", texts.bars);
  bars.style.setProperty("--name", `${Math.min(12, Math.max(...names.map((name) => name.length)))}ch`);
  undo.textContent = texts.undo;
  clear.textContent = texts.clear;
  width.previousElementSibling.textContent = texts.pen;
  width.value = content.pen;
  document.getElementById("told").textContent = texts.story;
  document.getElementById("offline").textContent = texts.offline;
  work.hidden = !lights;
  work.querySelector("summary").textContent = texts.work;
  work.lastElementChild.textContent = texts.work_help;
  for (let k = 0; k < content.bars; k++) bars.append(bar());
  check(document.getElementById("checked"));
};

const bar = () => {
  const part = (name, ...children) => {
    const span = document.createElement("span");
    span.className = name;
    span.append(...children);
    return span;
  };
  const row = document.createElement("li");
  row.append(part("dl-name"), part("dl-track", part("dl-fill")), part("dl-number"));
  return row;
};

// Asks the model about the drawings that came with it.
const check = (place) => {
  const isSame = content.checks.every((known) =>
    model.agrees({ ...known, strokes: strokesOf(known.strokes), image: bytesOf(known.image) }, size),
  );
  place.textContent = isSame ? texts.same : texts.other;
  place.classList.toggle("wrong", !isSame);
};

const answer = () => {
  isAsked = false;
  const given = strokes.length ? model.answer(strokes, size) : { reason: "hint" };
  showCard(card, given, texts[given.reason], content);
  showBars(bars, given.probabilities, content);
  showSeen(seen, given.image, content.model.shape);
  if (lights) lights.paint(model, given, content, pen !== null);
};

const draw = () => {
  const scale = devicePixelRatio * board.clientWidth;
  if (board.width !== Math.round(scale)) board.width = board.height = Math.round(scale);
  const context = board.getContext("2d");
  context.setTransform(board.width / size, 0, 0, board.width / size, 0, 0);
  context.clearRect(0, 0, size, size);
  context.strokeStyle = "#fff";
  context.lineCap = context.lineJoin = "round";
  for (const stroke of strokes) {
    context.lineWidth = stroke.width;
    context.beginPath();
    context.moveTo(...stroke.points[0]);
    stroke.points.forEach((point) => context.lineTo(...point));
    context.stroke();
  }
};

const show = () => {
  undo.disabled = clear.disabled = !strokes.length;
  if (isAsked) return;
  isAsked = true;
  requestAnimationFrame(() => {
    draw();
    answer();
  });
};

const place = ({ clientX, clientY }) => {
  const { left, top, width: wide } = board.getBoundingClientRect();
  return [((clientX - left) * size) / wide, ((clientY - top) * size) / wide];
};

board.onpointerdown = (event) => {
  if (pen !== null || event.button !== 0) return;
  event.preventDefault();
  pen = event.pointerId;
  board.setPointerCapture(pen);
  strokes.push({ width: Number(width.value), points: [place(event)] });
  show();
};

board.onpointermove = (event) => {
  if (event.pointerId !== pen) return;
  const { points } = strokes[strokes.length - 1];
  const here = place(event);
  const [x, y] = points[points.length - 1];
  if (Math.hypot(here[0] - x, here[1] - y) < 1) return;
  points.push(here);
  show();
};

board.onpointerup = board.onpointercancel = (event) => {
  if (event.pointerId !== pen) return;
  pen = null;
  show();
};

undo.onclick = () => {
  strokes = strokes.slice(0, -1);
  show();
};

clear.onclick = () => {
  strokes = [];
  show();
};

onkeydown = (event) => {
  if (event.key === "z" && (event.ctrlKey || event.metaKey)) undo.click();
};

new ResizeObserver(draw).observe(board);
setUp();
show();
