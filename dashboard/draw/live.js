// The answer follows the pen. The canvas keeps its strokes to itself until the pen is lifted, and Python's answer comes
// later still: from the pen's first touch until that answer is there, the network in this browser answers the same
// card, in each frame. Every answer of Python is asked for here, too, and a model whose answers differ is left to Python.
// So is one that has not come yet, and the whole page without this script.

const BOARD = ".st-key-canvas_board";
const PATIENCE = 4000; // milliseconds that Python has for its answer to a stroke, before its last one is shown again
const REST = 100; // milliseconds
const models = new Map(); // by fingerprint; null when its answers differ from Python's
const asked = new Set();

const live = {
  data: null, // what Python said last
  known: { strokes: [], image: null, probabilities: null, doubt: null, reason: "hint" }, // its strokes and its answer
  pending: [], // strokes that Python has not heard of
  current: null, // the stroke that is being drawn
  pen: null, // its pointer
  isAsked: false, // whether an answer comes with the next frame
  wasAhead: false, // whether the card was last written here
  timer: 0,

  get model() {
    return models.get(this.data?.fingerprint) ?? null;
  },

  take(data) {
    const { strokes, image, probabilities, doubt } = data.answer;
    const news = strokes.length - this.known.strokes.length;
    this.pending = news > 0 ? this.pending.slice(news) : news < 0 ? [] : this.pending;
    this.data = data;
    this.known = { strokes: strokesOf(strokes), image: bytesOf(image), probabilities, doubt, reason: data.reason };
    if (this.model && !this.model.agrees(this.known, data.size)) {
      console.warn("Digit Lab: this browser answers otherwise than Python, which answers alone from now on.");
      models.set(data.fingerprint, null);
    }
    this.show();
  },

  show() {
    if (this.isAsked) return;
    this.isAsked = true;
    requestAnimationFrame(() => {
      this.isAsked = false;
      this.paint();
    });
  },

  paint() {
    const card = document.querySelector(".dl-answer");
    if (!card || !this.data) return;
    const isAhead = Boolean(this.model && (this.pending.length || this.current));
    const answer = isAhead ? this.ownAnswer() : this.known;
    if (isAhead || this.wasAhead) this.write(card, answer, isAhead); // else Python's answer is what stands there
    this.wasAhead = isAhead;
    window.digitLabLights?.paint(this.model, answer, this.data, isAhead);
  },

  write(card, answer, isAhead) {
    if (isAhead) card.dataset.live = "";
    showCard(card, answer, this.data.hints[answer.reason], this.data);
    showBars(document.querySelector(".st-key-draw_bars .dl-bars"), answer.probabilities, this.data);
    if ("live" in card.dataset) showSeen(card.querySelector("img"), answer.image, this.data.shape);
    if (!isAhead) delete card.dataset.live;
  },

  ownAnswer() {
    const begun = performance.now();
    const strokes = [...this.known.strokes, ...this.pending, ...(this.current ? [this.current] : [])];
    const answer = this.model.answer(strokes, this.data.size);
    window.digitLabLive.milliseconds = performance.now() - begun; // for a benchmark
    return answer;
  },

  begin(event) {
    const canvas = event.composedPath()[0];
    const isOurs = canvas.matches?.("canvas.upper-canvas") && canvas.getRootNode().host?.closest(BOARD);
    if (!isOurs || !event.isPrimary || event.button !== 0 || !this.model) return;
    clearTimeout(this.timer);
    this.pen = event.pointerId;
    this.canvas = canvas;
    this.current = { width: this.data.pen, points: [this.place(event)] };
    this.show();
  },

  move(event) {
    if (event.pointerId !== this.pen) return;
    if (!event.buttons) return this.end(event); // it was lifted outside of the window
    this.current.points.push(this.place(event));
    this.show();
  },

  end(event) {
    if (event.pointerId !== this.pen) return;
    this.pending.push(this.current);
    this.pen = this.current = null;
    this.timer = setTimeout(() => this.forget(), PATIENCE);
    this.show();
  },

  // The canvas made no stroke of what the pen did, or Python cannot answer.
  forget() {
    this.pending = [];
    this.show();
  },

  place({ clientX, clientY }) {
    const { left, top, width } = this.canvas.getBoundingClientRect();
    return [left, top].map((edge, axis) => (([clientX, clientY][axis] - edge) * this.data.size) / width);
  },
};

// Asks for a model when the page rests. What is sent while it changes carries the old values of all its fields, which
// Python would take for the visitor's choice.
let latest = null;
let timer = 0;
const ask = () => {
  const { data, setTriggerValue } = latest;
  if (!data.fingerprint || models.has(data.fingerprint) || asked.has(data.fingerprint)) return;
  const isAtRest = document.querySelector("[data-test-script-state=notRunning]") && performance.now() - latest.since > REST;
  clearTimeout(timer);
  if (!isAtRest || live.current) return void (timer = setTimeout(ask, REST));
  asked.add(data.fingerprint);
  setTriggerValue("wanted", data.fingerprint);
};

const show = ({ data, setTriggerValue }) => {
  if (data.model) models.set(data.fingerprint, new Model(JSON.parse(data.model)));
  latest = { data, setTriggerValue, since: performance.now() };
  ask();
  live.take(data);
};

export default () => {
  if (window.digitLabLive?.isReady) return;
  const waiting = window.digitLabLive ?? [];
  window.digitLabLive = { isReady: true, push: show, show: () => live.show(), models };
  for (const [type, name] of Object.entries({ down: "begin", move: "move", up: "end", cancel: "end" })) {
    document.addEventListener(`pointer${type}`, (event) => live[name](event), { capture: true, passive: true });
  }
  waiting.forEach(show);
};
