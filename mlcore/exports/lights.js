// The network at work: every neuron is as bright as it is active, beside the most active of its layer, and lines lead
// along what carries the answer. `paint` is handed each answer; while the panel is out of sight, nothing is done.

const [GAP, LARGEST, PICTURED, PLAIN] = [26, 40, 22, 9]; // CSS pixels: between stages, and of a unit
const DIM = 0.12; // how much of a neuron's picture is seen when it is not active
const COLORS = { ground: "#0b0e14", off: "#232a38", on: "#ffffff", below: "#5b9dff", path: "#ffb020", text: "#d5dae6" };
const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

const shade = (red, green, blue) => (255 << 24) | (blue << 16) | (green << 8) | red; // as a canvas keeps it
const GREYS = Int32Array.from({ length: 256 }, (_, level) => shade(level, level, level));
const BLUES = Int32Array.from({ length: 256 }, (_, level) => shade(0.36 * level, 0.62 * level, level));
const REDS = Int32Array.from({ length: 256 }, (_, level) => shade(level, 0.42 * level, 0.36 * level));

// A picture of values, from -limit to limit: of weights red and blue, of activations white and blue.
const sheet = (width, height) => {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(width, height);
  const colors = new Int32Array(pixels.data.buffer);
  return {
    canvas,
    paint({ values, height: rows, width: columns }, limit, above, x = 0, y = 0) {
      for (let row = 0, k = 0; row < rows; row++) {
        for (let at = (y + row) * width + x, column = 0; column < columns; column++, k++, at++) {
          const level = Math.min(255, Math.round((255 * Math.abs(values[k])) / limit) || 0);
          colors[at] = values[k] < 0 ? BLUES[level] : above[level];
        }
      }
    },
    done() {
      context.putImageData(pixels, 0, 0);
      return canvas;
    },
  };
};

const ACROSS = 32; // pictures of neurons that lie side by side on a sheet

const limitOf = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;

const clamp = (x, least, most) => Math.min(Math.max(x, least), most);

export class Lights {
  // In a place with the HTML of `mlcore/exports/lights.py`, with the words from there.
  constructor(place, words) {
    this.words = words;
    this.canvas = place.querySelector("canvas");
    this.canvas.setAttribute("aria-label", words.label);
    this.carried = place.querySelector(".dl-carried");
    this.told = place.querySelector(".dl-told");
    this.liked = place.querySelector(".dl-liked");
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.canvas.onclick = (event) => this.choose(this.unitAt(event));
    this.canvas.onkeydown = (event) => this.step(event);
    this.watchers = [
      new IntersectionObserver((entries) => this.see(entries[entries.length - 1].isIntersecting)),
      new ResizeObserver(() => this.draw()),
    ];
    this.watchers.forEach((watcher) => watcher.observe(place));
  }

  end() {
    this.watchers.forEach((watcher) => watcher.disconnect());
  }

  see(isSeen) {
    this.isSeen = isSeen;
    this.draw();
  }

  // Takes an answer of a model, and whether the pen is down meanwhile. It is drawn behind the frame in which it is shown:
  // where time is short, the panel misses frames, and not the answer.
  paint(model, answer, { short }, isDrawing) {
    this.given = { model, answer, short, isDrawing };
    if (isDrawing && this.calm.matches) return;
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.draw();
    });
  }

  draw() {
    const { model, answer } = this.given ?? {};
    if (!this.isSeen || !model || !this.canvas.clientWidth) return;
    if (model !== this.model) this.take(model);
    if (answer.image && !answer.outputs) answer.outputs = model.outputs(answer.image);
    this.answer = answer.image ? answer : { outputs: null };
    this.arrange();
    this.show();
    this.say();
  }

  take(model) {
    const stages = stagesOf(model);
    Object.assign(this, { model, stages, chosen: null, picture: null, width: 0 });
    this.sheets = stages.map((stage) => {
      if (isMap(stage)) return sheet(stage.shape[1], stage.shape[0] * stage.count);
      return stage.before ? null : this.pictures(stage);
    });
    this.image = sheet(...[...model.description.shape].reverse());
  }

  // The weights of the first layer's neurons, one picture each.
  pictures(stage) {
    const all = Array.from({ length: stage.count }, (_, k) => weightsOf(stage, k, this.model.description));
    const { height, width } = all[0];
    const whole = sheet(Math.min(all.length, ACROSS) * width, Math.ceil(all.length / ACROSS) * height);
    all.forEach((picture, k) => {
      whole.paint(picture, limitOf(picture.values), REDS, (k % ACROSS) * width, Math.floor(k / ACROSS) * height);
    });
    return Object.assign(whole, { height, width, ready: whole.done() });
  }

  // Lays the stages out below each other, as wide as there is room: `cells` has the middle of each unit.
  arrange() {
    const width = this.canvas.clientWidth;
    const ratio = devicePixelRatio || 1;
    if (width === this.width && ratio === this.ratio) return;
    const [rows, columns] = this.model.description.shape;
    this.scale = Math.max(1, Math.floor(64 / Math.max(rows, columns)));
    let top = 8 + this.scale * rows;
    this.rows = this.stages.map((stage, k) => {
      const least = this.sheets[k] ? PICTURED : PLAIN;
      const lines = Math.ceil(stage.count / Math.max(1, Math.floor(width / clamp(width / stage.count, least, LARGEST))));
      const across = Math.ceil(stage.count / lines);
      const size = clamp(Math.floor(width / across), least, LARGEST);
      const left = (width - across * size) / 2;
      const first = top + GAP;
      top = first + lines * size;
      const cell = (_, n) => [left + ((n % across) + 0.5) * size, first + (Math.floor(n / across) + 0.5) * size];
      return { size, cells: Array.from({ length: stage.count }, cell) };
    });
    Object.assign(this, { width, ratio, height: top + 8 });
    this.canvas.style.height = `${this.height}px`;
    Object.assign(this.canvas, { width: Math.round(width * ratio), height: Math.round(this.height * ratio) });
  }

  show() {
    const context = this.canvas.getContext("2d");
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.imageSmoothingEnabled = false;
    context.globalAlpha = 1;
    context.fillStyle = COLORS.ground;
    context.fillRect(0, 0, this.width, this.height);
    this.showImage(context);
    this.stages.forEach((stage, k) => this.showStage(context, stage, k));
    this.showPaths(context);
  }

  showImage(context) {
    const { shape: [height, width], frame } = this.model.description;
    const image = this.answer.image ?? new Uint8Array(height * width).fill(frame.paper);
    this.image.paint({ values: image, height, width }, 255, GREYS);
    const side = this.scale * width;
    context.drawImage(this.image.done(), (this.width - side) / 2, 4, side, this.scale * height);
  }

  showStage(context, stage, number) {
    const { outputs, probabilities } = this.answer;
    const isLast = number === this.stages.length - 1;
    const values = outputs && (isLast ? probabilities : outputs[stage.end + 1]);
    const limit = values ? (isLast ? 1 : limitOf(values)) : 1;
    if (isMap(stage)) this.showMaps(context, stage, number, values, limit);
    else this.showNeurons(context, number, values, limit, isLast);
  }

  showMaps(context, stage, number, values, limit) {
    const { size, cells } = this.rows[number];
    const [height, width, count] = stage.shape;
    this.sheets[number].paint({ values: values ?? new Float64Array(height * width * count), height: height * count, width }, limit, GREYS);
    const maps = this.sheets[number].done();
    const side = size - 2;
    cells.forEach(([x, y], k) => context.drawImage(maps, 0, k * height, width, height, x - side / 2, y - side / 2, side, side));
  }

  showNeurons(context, number, values, limit, isLast) {
    const { size, cells } = this.rows[number];
    const pictures = this.sheets[number];
    const side = size - (size > PLAIN ? 2 : 1);
    cells.forEach(([x, y], k) => {
      const share = values ? values[k] / limit : 0;
      const box = [x - side / 2, y - side / 2, side, side];
      if (pictures) {
        const { ready, height, width } = pictures;
        context.globalAlpha = DIM + (1 - DIM) * Math.abs(share);
        context.drawImage(ready, (k % ACROSS) * width, Math.floor(k / ACROSS) * height, width, height, ...box);
      } else {
        context.globalAlpha = 1;
        context.fillStyle = COLORS.off;
        context.fillRect(...box);
        context.globalAlpha = Math.abs(share);
        context.fillStyle = share < 0 ? COLORS.below : COLORS.on;
        context.fillRect(...box);
      }
      context.globalAlpha = 1;
      if (isLast) this.write(context, this.given.short[k], x, y, side, pictures || share < 0.5 ? COLORS.text : COLORS.ground);
    });
  }

  write(context, name, x, y, side, color) {
    context.font = `600 ${Math.round(0.55 * side)}px system-ui, sans-serif`;
    Object.assign(context, { textAlign: "center", textBaseline: "middle", fillStyle: color });
    context.fillText(name, x, y + 1, side - 2);
  }

  // The paths to the unit that was chosen or, without one, to the likeliest class.
  showPaths(context) {
    const goal = this.goal();
    this.links = goal ? pathsTo(goal.stage, this.answer.outputs, goal.unit) : [];
    const chosen = this.chosen && this.place(this.chosen.stage, this.chosen.unit);
    context.strokeStyle = context.fillStyle = COLORS.path;
    context.lineWidth = 2;
    if (chosen) this.frame(context, chosen);
    for (const { stage, unit, from, share } of this.links) {
      this.join(context, this.place(stage.before, from), this.place(stage, unit), share);
    }
    const first = goal && (goal.stage.before ? this.links.filter(({ stage }) => !stage.before.before) : []);
    const roots = new Set(first ? first.map(({ from }) => from) : []);
    if (goal && !goal.stage.before) roots.add(goal.unit);
    roots.forEach((unit) => this.join(context, this.source(), this.place(this.stages[0], unit), 0.3));
    context.globalAlpha = 1;
  }

  goal() {
    if (!this.answer.outputs) return null;
    if (this.chosen) return this.chosen;
    const { probabilities } = this.answer;
    const unit = probabilities.reduce((best, value, k) => (value > probabilities[best] ? k : best), 0);
    return { stage: this.stages[this.stages.length - 1], unit };
  }

  place(stage, unit) {
    const { size, cells } = this.rows[this.stages.indexOf(stage)];
    return { x: cells[unit][0], y: cells[unit][1], size };
  }

  source() {
    const size = this.scale * this.model.description.shape[0];
    return { x: this.width / 2, y: 4 + size / 2, size };
  }

  join(context, above, below, share) {
    const [from, to] = [above.y + above.size / 2, below.y - below.size / 2];
    const middle = (from + to) / 2;
    context.globalAlpha = 0.3 + 0.7 * share;
    context.lineWidth = 1 + 1.5 * share;
    context.beginPath();
    context.moveTo(above.x, from);
    context.bezierCurveTo(above.x, middle, below.x, middle, below.x, to);
    context.stroke();
    this.frame(context, below);
  }

  frame(context, { x, y, size }) {
    context.strokeRect(x - size / 2 + 0.5, y - size / 2 + 0.5, size - 1, size - 1);
  }

  // Choosing a unit

  unitAt({ offsetX, offsetY }) {
    for (const [k, { size, cells }] of (this.rows ?? []).entries()) {
      const unit = cells.findIndex(([x, y]) => Math.abs(offsetX - x) <= size / 2 && Math.abs(offsetY - y) <= size / 2);
      if (unit >= 0) return { stage: this.stages[k], unit };
    }
    return null;
  }

  choose(unit) {
    const isSame = unit && this.chosen && unit.stage === this.chosen.stage && unit.unit === this.chosen.unit;
    this.chosen = isSame ? null : unit;
    this.draw();
  }

  step(event) {
    if (event.key === "Escape") this.choose(null);
    if (!STEPS[event.key] || !this.stages) return;
    event.preventDefault();
    const [down, right] = STEPS[event.key];
    const row = this.chosen ? this.stages.indexOf(this.chosen.stage) + down : 0;
    const stage = this.stages[clamp(row, 0, this.stages.length - 1)];
    this.chosen = { stage, unit: clamp((this.chosen?.unit ?? 0) + right, 0, stage.count - 1) };
    this.draw();
  }

  // Words

  say() {
    const { words } = this;
    const goal = this.goal();
    const sources = this.links.filter(({ stage }) => stage === goal.stage).map(({ stage, from }) => this.named(stage.before, from));
    const list = sources.join(", ");
    const isAnswer = goal && !this.chosen && sources.length;
    const name = isAnswer ? this.given.short[goal.unit] : "";
    setText(this.carried, isAnswer ? words.carried.replace("{units}", () => list).replace("{name}", () => name) : "");
    setText(this.told, this.chosen ? this.tell(list) : words.choose);
    this.like();
  }

  named(stage, unit) {
    if (stage === this.stages[this.stages.length - 1]) return this.given.short[unit];
    return (isMap(stage) ? this.words.map : this.words.neuron).replace("{number}", unit);
  }

  tell(list) {
    const { stage, unit } = this.chosen;
    const { outputs } = this.answer;
    const layer = this.stages.indexOf(stage) + 1;
    const parts = [this.words.unit.replace("{layer}", layer).replace("{unit}", () => this.named(stage, unit))];
    if (outputs) parts.push(this.words.output.replace("{value}", Math.max(...valuesOf(stage, outputs, unit)).toFixed(2)));
    if (list) parts.push(this.words.sources.replace("{units}", () => list));
    return parts.join(" ");
  }

  // What the chosen unit responds to: of the first layer its weights, of the others how each pixel moves it; and where in
  // the drawing a feature map is brightest.
  like() {
    const pictures = this.chosen ? [this.pictureOf(this.chosen), this.patchOf(this.chosen)].filter(Boolean) : [];
    while (this.liked.children.length > pictures.length) this.liked.lastChild.remove();
    pictures.forEach(({ canvas, words }, k) => {
      const figure = this.liked.children[k] ?? this.liked.appendChild(blankFigure());
      if (figure.firstChild !== canvas) figure.firstChild.replaceWith(canvas);
      setText(figure.lastChild, words);
    });
  }

  // Its picture is made when the unit is chosen and, where it depends on the drawing, when the pen is lifted.
  pictureOf({ stage, unit }) {
    const { outputs } = this.answer;
    const isKnown = this.picture?.stage === stage && this.picture.unit === unit;
    if (isKnown && (this.given.isDrawing || !stage.before || this.picture.outputs === outputs)) return this.picture.shown;
    const { model, words } = this;
    const [weights, gradient] = [isMap(stage) ? words.filter : words.weights, words.gradient];
    const shown = stage.before
      ? outputs && { canvas: enlarge(gradientOf(stage, outputs, unit, model)), words: gradient }
      : { canvas: enlarge(weightsOf(stage, unit, model.description)), words: weights };
    this.picture = { stage, unit, outputs, shown };
    return shown;
  }

  patchOf({ stage, unit }) {
    if (!isMap(stage) || !this.answer.outputs) return null;
    const { shape, pooling } = this.model.description;
    const [top, left, side] = patchOf(stage, this.answer.outputs, unit, pooling);
    const values = Float64Array.from({ length: side * side }, (_, k) => {
      const [row, column] = [top + Math.floor(k / side), left + (k % side)];
      return row < shape[0] && column < shape[1] ? this.answer.image[row * shape[1] + column] : 0;
    });
    if (this.patch?.canvas.width !== side) this.patch = sheet(side, side);
    this.patch.paint({ values, height: side, width: side }, 255, GREYS);
    return { canvas: this.patch.done(), words: this.words.patch };
  }
}

const enlarge = (picture) => {
  const whole = sheet(picture.width, picture.height);
  whole.paint(picture, limitOf(picture.values), REDS);
  return whole.done();
};

const setText = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};

const blankFigure = () => {
  const figure = document.createElement("figure");
  figure.append(document.createElement("canvas"), document.createElement("figcaption"));
  return figure;
};
