// A trained model at work in a browser: strokes of a pen become an image like those that it learned from, and the
// network answers. The Draw page runs it while the pen is down, and so does the web page that is taken home. Each step
// is that of the same name in Python, in `mlcore/images` and `mlcore/network`; a test compares the two.

// The pen (mlcore/images/strokes.py): a stroke is { width, points: [[x, y], …] }

const FINER = 3;
const THINNEST = 1 / 6;
const LEVELS = Array.from({ length: FINER * FINER + 1 }, (_, n) => Math.round((n * 255) / (FINER * FINER)));
const TAP = 0.5;
const FAR = 0.5;
const TALL = 0.5;
const APART = 0.1;

const extent = (points) =>
  [0, 1].map((axis) => {
    let [least, most] = [Infinity, -Infinity];
    for (const point of points) {
      least = Math.min(least, point[axis]);
      most = Math.max(most, point[axis]);
    }
    return most - least;
  });

const distance = ([x, y], line) => {
  let nearest = Math.hypot(x - line[0][0], y - line[0][1]);
  for (let k = 1; k < line.length; k++) {
    const [[x0, y0], [x1, y1]] = [line[k - 1], line[k]];
    const squared = Math.max((x1 - x0) ** 2 + (y1 - y0) ** 2, 1e-9);
    const t = Math.min(Math.max(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / squared, 0), 1);
    nearest = Math.min(nearest, Math.hypot(x - x0 - t * (x1 - x0), y - y0 - t * (y1 - y0)));
  }
  return nearest;
};

const isTap = ({ points, width }) => Math.hypot(...extent(points)) <= TAP * width;

const withoutStrayTaps = (strokes) => {
  const drawn = strokes.filter((stroke) => !isTap(stroke));
  if (!drawn.length) return strokes;
  const size = Math.max(...extent(drawn.flatMap(({ points }) => points)));
  const isNear = ({ points, width }) => drawn.some((other) => distance(points[0], other.points) < FAR * size + width);
  return strokes.filter((stroke) => !isTap(stroke) || isNear(stroke));
};

// What lies on a canvas of this size: a pen that is held may leave it and come back.
const inside = (strokes, size) =>
  strokes.flatMap(({ width, points }) => {
    const parts = [];
    let isOn = false;
    for (const point of points) {
      const wasOn = isOn;
      isOn = 0 <= Math.min(point[0], point[1]) && Math.max(point[0], point[1]) <= size;
      if (isOn && !wasOn) parts.push({ width, points: [] });
      if (isOn) parts[parts.length - 1].points.push(point);
    }
    return parts;
  });

// The left, top, right and bottom edge of the ink of strokes.
const inkBox = (strokes) => {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { width, points } of strokes) {
    for (const point of points) {
      for (const axis of [0, 1]) {
        box[axis] = Math.min(box[axis], point[axis] - width / 2);
        box[axis + 2] = Math.max(box[axis + 2], point[axis] + width / 2);
      }
    }
  }
  return box;
};

const areTwo = (strokes) => {
  const parts = [];
  for (let box of strokes.map((stroke) => inkBox([stroke])).sort((a, b) => a[0] - b[0])) {
    if (parts.length && box[0] <= parts[parts.length - 1][2]) {
      const before = parts.pop();
      box = box.map((edge, k) => (k < 2 ? Math.min(edge, before[k]) : Math.max(edge, before[k])));
    }
    parts.push(box);
  }
  const height = Math.max(...parts.map((part) => part[3])) - Math.min(...parts.map((part) => part[1]));
  const tall = parts.filter((part) => part[3] - part[1] >= TALL * height);
  return tall.some((part, k) => k > 0 && part[0] - tall[k - 1][2] >= APART * height);
};

const withPen = (strokes, pen) => {
  const length = Math.max(...extent(strokes.flatMap(({ points }) => points)));
  const width = (Math.max(length, ...strokes.map((stroke) => stroke.width)) * pen) / (1 - pen);
  return strokes.map(({ points }) => ({ width, points }));
};

const fitted = (strokes, size, side) => {
  const [left, top, right, bottom] = inkBox(strokes);
  const scale = size / Math.max(right - left, bottom - top);
  const [across, down] = [side / 2 - (scale * (left + right)) / 2, side / 2 - (scale * (top + bottom)) / 2];
  return strokes.map(({ width, points }) => ({
    width: scale * width,
    points: points.map(([x, y]) => [scale * x + across, scale * y + down]),
  }));
};

// The points of a picture, three in each pixel and direction, and for each of their rows where ink begins and ends, and
// the stretch of it that was inked last. One sheet is used again and again: an answer is asked for in each frame.
let used = null;

const blankSheet = (side) => {
  if (used?.side !== side) {
    const [firsts, ends, froms, tos] = Array.from({ length: 4 }, () => new Int32Array(side));
    used = { side, inked: new Uint8Array(side * side), firsts, ends, froms, tos };
  }
  used.inked.fill(0);
  used.firsts.fill(side);
  for (const of of [used.ends, used.froms, used.tos]) of.fill(0);
  return used;
};

// Inks a stretch of a row. Most of it has its ink from the piece of line before, which lies a point or two away.
const inkStretch = ({ side, inked, firsts, ends, froms, tos }, row, first, end) => {
  const start = row * side;
  let [from, to] = [froms[row], tos[row]];
  if (first > to || end < from) from = to = first;
  for (let k = start + first; k < start + from; k++) inked[k] = 1;
  for (let k = start + to; k < start + end; k++) inked[k] = 1;
  froms[row] = Math.min(from, first);
  tos[row] = Math.max(to, end);
  firsts[row] = Math.min(firsts[row], first);
  ends[row] = Math.max(ends[row], end);
};

// Inks the points that are at most half the pen's width away from a line.
const inkLine = (sheet, a, b, width) => {
  const [upper, lower] = a[1] > b[1] ? [b, a] : [a, b];
  const [x0, y0, x1, y1] = [upper[0] * FINER, upper[1] * FINER, lower[0] * FINER, lower[1] * FINER];
  const radius = Math.max(width / 2, THINNEST) * FINER;
  const [along, down] = [x1 - x0, y1 - y0];
  const scale = radius / Math.max(Math.sqrt(along * along + down * down), 1e-9);
  const slope = along / Math.max(down, 1e-9);
  const [out, shift] = [down * scale, along * scale];
  const half = (y, centre) => Math.sqrt(Math.max(radius * radius - (y - centre) * (y - centre), 0));
  const top = Math.max(0, Math.ceil(y0 - radius - 0.5));
  const bottom = Math.min(sheet.side, Math.floor(y1 + radius + 0.5));
  for (let row = top; row < bottom; row++) {
    const y = row + 0.5;
    let left = x0 - out + (y - (y0 + shift)) * slope;
    let right = x0 + out + (y - (y0 - shift)) * slope;
    if (y <= y0 + shift) left = x0 - half(y, y0);
    else if (y >= y1 + shift) left = x1 - half(y, y1);
    if (y <= y0 - shift) right = x0 + half(y, y0);
    else if (y >= y1 - shift) right = x1 + half(y, y1);
    const first = Math.max(0, Math.ceil(left - 0.5));
    const end = Math.min(sheet.side, Math.floor(right + 0.5));
    if (first < end) inkStretch(sheet, row, first, end);
  }
};

// Returns the grey levels of a picture of strokes, size by size.
export const drawStrokes = (strokes, size) => {
  const sheet = blankSheet(size * FINER);
  for (const { width, points } of strokes) {
    points.forEach((point, k) => inkLine(sheet, points[Math.max(0, k - 1)], point, width));
  }
  const { side, inked, firsts, ends } = sheet;
  const picture = new Uint8Array(size * size);
  for (let y = 0, upper = 0; y < size; y++, upper += FINER) {
    const first = Math.floor(Math.min(firsts[upper], firsts[upper + 1], firsts[upper + 2]) / FINER);
    const end = Math.ceil(Math.max(ends[upper], ends[upper + 1], ends[upper + 2]) / FINER);
    for (let x = first, start = upper * side + first * FINER; x < end; x++, start += FINER) {
      let n = 0;
      for (let row = 0, place = start; row < FINER; row++, place += side) {
        n += inked[place] + inked[place + 1] + inked[place + 2];
      }
      picture[y * size + x] = LEVELS[n];
    }
  }
  return picture;
};

// A grid of numbers: { values, height, width }

const grid = (height, width, values = new Float32Array(height * width)) => ({ values, height, width });

// The nearest whole number and, halfway between two, the even one: as Python rounds.
const rint = (x) => {
  const up = Math.round(x);
  return Math.abs(x % 1) === 0.5 && up % 2 ? up - 1 : up;
};

// Ink (mlcore/images/drawing.py): 0 is paper, 1 is full ink

const PAGE = 140;
const LONGEST = 120;
const USUAL_PEN = 1.4;

const inkOfStrokes = (strokes, pen) => {
  if (!strokes.length) return grid(PAGE, PAGE);
  const drawn = pen ? withPen(strokes, USUAL_PEN * pen) : strokes;
  const ink = grid(PAGE, PAGE);
  const picture = drawStrokes(fitted(drawn, LONGEST, PAGE), PAGE);
  for (let k = 0; k < picture.length; k++) ink.values[k] = picture[k] / 255;
  return ink;
};

// The frame (mlcore/images/frame.py and resample.py): where ink lies in the images that the model learned from

const FAINTEST = 0.04;
const SOFT = 0.25;
const TIE = 4;

const cropped = ({ values, height, width }, faintest) => {
  let [top, left, bottom, right] = [height, width, -1, -1];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      if (!(values[row * width + column] > faintest)) continue;
      top = Math.min(top, row);
      bottom = row;
      left = Math.min(left, column);
      right = Math.max(right, column);
    }
  }
  if (bottom < 0) return null;
  const crop = grid(bottom - top + 1, right - left + 1);
  for (let row = 0; row < crop.height; row++) {
    const start = (top + row) * width + left;
    crop.values.set(values.subarray(start, start + crop.width), row * crop.width);
  }
  return crop;
};

// For each new pixel, the old ones that it is made of and their shares: { first, shares }
const spread = (nOld, nNew, share) =>
  Array.from({ length: nNew }, (_, k) => {
    const shares = new Float32Array(nOld);
    let [first, end] = [nOld, 0];
    for (let old = 0; old < nOld; old++) {
      shares[old] = Math.max(0, share(k, old));
      if (!shares[old]) continue;
      first = Math.min(first, old);
      end = old + 1;
    }
    return { first, shares: shares.subarray(first, end) };
  });

const weights = (nOld, nNew) => {
  if (nNew > nOld) {
    const centre = (k) => Math.min(Math.max(((k + 0.5) * nOld) / nNew - 0.5, 0), nOld - 1);
    return spread(nOld, nNew, (k, old) => 1 - Math.abs(centre(k) - old));
  }
  const edge = (k) => k * (nOld / nNew);
  const overlap = (k, old) => Math.min(edge(k + 1), old + 1) - Math.max(edge(k), old);
  return spread(nOld, nNew, (k, old) => Math.max(0, overlap(k, old)) * (nNew / nOld));
};

const coverage = (n, scale, start, side) =>
  spread(n, side, (pixel, k) => Math.min(start + scale * (k + 1), pixel + 1) - Math.max(start + scale * k, pixel));

const mixed = ({ values, width }, rows, columns) => {
  const between = new Float64Array(rows.length * width);
  for (let row = 0; row < rows.length; row++) {
    const { first, shares } = rows[row];
    for (let k = 0; k < shares.length; k++) {
      const [share, to, from] = [shares[k], row * width, (first + k) * width];
      for (let x = 0; x < width; x++) between[to + x] += share * values[from + x];
    }
  }
  const result = grid(rows.length, columns.length);
  for (let column = 0; column < columns.length; column++) {
    const { first, shares } = columns[column];
    for (let row = 0; row < rows.length; row++) {
      let sum = 0;
      for (let k = 0, from = row * width + first; k < shares.length; k++) sum += shares[k] * between[from + k];
      result.values[row * columns.length + column] = sum;
    }
  }
  return result;
};

const resample = (image, height, width) => mixed(image, weights(image.height, height), weights(image.width, width));

const anchor = (name, mass) => {
  if (name === "middle") return mass.length / 2;
  if (name === "mass") return mass.reduce((sum, m, k) => sum + m * k, 0) / mass.reduce((sum, m) => sum + m, 0) + 0.5;
  return name === "start" ? 0 : mass.length;
};

const starts = (frame, { values, height, width }, scale = [1, 1]) => {
  const mass = [new Float64Array(height), new Float64Array(width)];
  for (let row = 0, k = 0; row < height; row++) {
    for (let column = 0; column < width; column++, k++) {
      mass[0][row] += values[k];
      mass[1][column] += values[k];
    }
  }
  return [0, 1].map((axis) => frame.place[axis] - scale[axis] * anchor(frame.anchors[axis], mass[axis]));
};

const sizeIn = (frame, { height, width }) => {
  if (frame.stretched) return frame.box;
  const box = frame.whole_pixels ? frame.box.map(rint) : frame.box;
  const scale = Math.min(box[0] / height, box[1] / width);
  const size = [height * scale, width * scale];
  return frame.whole_pixels ? size.map((side) => Math.max(1, rint(side))) : size;
};

const within = (x, least, most) => Math.min(Math.max(x, least), most);

const putWhole = (frame, crop, size, [height, width]) => {
  const digit = resample(crop, ...size.map((side) => Math.max(1, rint(side))));
  const page = grid(height, width);
  const [down, across] = starts(frame, digit).map((start) => Math.ceil(rint((start - 0.5) * 10 ** TIE) / 10 ** TIE));
  const [top, left] = [within(down, 0, height - digit.height), within(across, 0, width - digit.width)];
  for (let row = 0; row < digit.height; row++) {
    const line = digit.values.subarray(row * digit.width, (row + 1) * digit.width);
    page.values.set(line, (top + row) * width + left);
  }
  return page;
};

const putBetween = (frame, crop, size, shape) => {
  const finer = resample(crop, Math.max(crop.height, Math.ceil(size[0])), Math.max(crop.width, Math.ceil(size[1])));
  const n = [finer.height, finer.width];
  const scale = size.map((side, axis) => side / n[axis]);
  const shares = starts(frame, finer, scale).map((start, axis) => {
    const first = within(start, 0, shape[axis] - n[axis] * scale[axis]);
    return coverage(n[axis], scale[axis], first, shape[axis]);
  });
  return mixed(finer, ...shares);
};

const put = (frame, ink, shape) => {
  const crop = cropped(ink, frame.whole_pixels ? FAINTEST : SOFT);
  if (!crop) return null;
  let page = (frame.whole_pixels ? putWhole : putBetween)(frame, crop, sizeIn(frame, crop), shape);
  if (frame.blur > 1) {
    page = resample(resample(page, ...shape.map((side) => Math.max(1, rint(side / frame.blur)))), ...shape);
  }
  const { values } = page;
  let full = -Infinity;
  for (let k = 0; k < values.length; k++) full = Math.max(full, values[k]);
  const factor = Math.fround((frame.ink - frame.paper) / full);
  const image = new Uint8Array(values.length);
  for (let k = 0; k < values.length; k++) {
    image[k] = rint(Math.fround(Math.fround(values[k] * factor) + frame.paper));
  }
  return image;
};

// The preparation (mlcore/images/preparation.py): an image becomes the network's inputs

const inputsOf = (image, { shape, pooling, kept, levels, scale, mean, deviation }) => {
  const [height, width] = shape.map((side) => Math.ceil(side / pooling));
  const sums = new Float64Array(height * width);
  for (let row = 0, k = 0; row < shape[0]; row++) {
    const start = Math.floor(row / pooling) * width;
    for (let column = 0; column < shape[1]; column++, k++) sums[start + Math.floor(column / pooling)] += image[k];
  }
  const inputs = kept ? Float64Array.from(kept, (k) => sums[k]) : sums;
  for (let k = 0; k < inputs.length; k++) {
    if (levels) inputs[k] = rint((inputs[k] * levels) / (255 * pooling ** 2));
    inputs[k] = mean ? (inputs[k] * scale - mean[k]) / deviation[k] : inputs[k] * scale;
  }
  return inputs;
};

// The layers (mlcore/network): each makes its outputs of its inputs and its parameters. Values that have channels
// lie channel by channel, row by row.

const LEAK = 0.01;

const ACTIVATIONS = {
  relu: (z) => Math.max(0, z),
  leaky_relu: (z) => Math.max(z, LEAK * z),
  tanh: Math.tanh,
  sigmoid: (z) => (Math.tanh(z / 2) + 1) / 2,
  softplus: (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))),
  identity: (z) => z,
};

// The weights and biases of a convolution, kept filter by filter, as those of each input to all filters, four filters at a time.
const atOnce = 4;

const byInput = ({ weights, biases }) => {
  const inputs = weights.length / biases.length;
  const filters = atOnce * Math.ceil(biases.length / atOnce);
  const turned = { filters, weights: new Float64Array(inputs * filters), biases: new Float64Array(filters) };
  turned.biases.set(biases);
  weights.forEach((weight, k) => (turned.weights[(k % inputs) * filters + Math.floor(k / inputs)] = weight));
  return turned;
};

const LAYERS = {
  linear({ parameters }, values) {
    const { weights: w, biases } = parameters;
    const outputs = Float64Array.from(biases);
    const n = outputs.length;
    for (let k = 0; k < values.length; k++) {
      const value = values[k];
      if (value === 0) continue;
      for (let to = 0, from = k * n; to < n; to++, from++) outputs[to] += value * w[from];
    }
    return outputs;
  },

  // Of the inputs below a filter only those that are not zero are gone through: paper is zero, and a silent neuron.
  convolution({ inputs, outputs, turned }, values) {
    const [[height, width, channels], [rows, columns, count]] = [inputs, outputs];
    const { filters, weights: w, biases } = turned;
    const [size, places] = [height - rows + 1, rows * columns];
    const found = new Float64Array(channels * size * size);
    const starts = new Int32Array(found.length); // of the weights of each value that is found
    const result = new Float64Array(filters * places);
    for (let place = 0; place < places; place++) {
      const corner = Math.floor(place / columns) * width + (place % columns);
      let n = 0;
      for (let channel = 0, start = 0; channel < channels; channel++) {
        for (let i = 0, from = channel * height * width + corner; i < size; i++, from += width) {
          for (let j = 0; j < size; j++, start += filters) {
            const value = values[from + j];
            if (value === 0) continue;
            found[n] = value;
            starts[n++] = start;
          }
        }
      }
      for (let filter = 0; filter < filters; filter += atOnce) {
        let a = biases[filter];
        let b = biases[filter + 1];
        let c = biases[filter + 2];
        let d = biases[filter + 3];
        for (let k = 0; k < n; k++) {
          const value = found[k];
          const start = starts[k] + filter;
          a += value * w[start];
          b += value * w[start + 1];
          c += value * w[start + 2];
          d += value * w[start + 3];
        }
        result[filter * places + place] = a;
        result[(filter + 1) * places + place] = b;
        result[(filter + 2) * places + place] = c;
        result[(filter + 3) * places + place] = d;
      }
    }
    return result.subarray(0, count * places);
  },

  "max-pool"({ inputs, outputs }, values) {
    const [[height, width], [rows, columns, channels]] = [inputs, outputs];
    const result = new Float64Array(channels * rows * columns);
    for (let channel = 0, k = 0; channel < channels; channel++) {
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++, k++) {
          const upper = channel * height * width + 2 * row * width + 2 * column;
          const lower = upper + width;
          result[k] = Math.max(values[upper], values[upper + 1], values[lower], values[lower + 1]);
        }
      }
    }
    return result;
  },

  activation({ name }, values) {
    const of = ACTIVATIONS[name];
    const result = new Float64Array(values.length);
    for (let k = 0; k < values.length; k++) result[k] = of(values[k]);
    return result;
  },

  flatten({ inputs }, values) {
    const [height, width, channels] = inputs;
    const result = new Float64Array(values.length);
    for (let place = 0, k = 0; place < height * width; place++) {
      for (let channel = 0; channel < channels; channel++, k++) result[k] = values[channel * height * width + place];
    }
    return result;
  },
};

const softmax = (logits) => {
  const most = logits.reduce((a, b) => Math.max(a, b));
  const powers = logits.map((z) => Math.exp(z - most));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
};

// A model. It is made of what `describe_model` wrote.
export class Model {
  constructor(description) {
    const bytes = Uint8Array.from(atob(description.weights), (letter) => letter.charCodeAt(0));
    const all = Float64Array.from(new Float32Array(bytes.buffer));
    let start = 0;
    this.description = description;
    this.refusal = description.refusal && new Model(description.refusal);
    this.layers = description.layers.map((layer) => {
      const parameters = {};
      for (const [name, count] of Object.entries(layer.parameters)) {
        parameters[name] = all.subarray(start, (start += count));
      }
      return { ...layer, parameters, turned: layer.kind === "convolution" ? byInput(parameters) : null };
    });
  }

  // Returns strokes on a canvas as an image for this model or, when there is none, why: "nothing" or "two".
  imageOf(strokes, canvas) {
    const { frame, shape } = this.description;
    const meant = withoutStrayTaps(inside(strokes, canvas));
    if (!frame.in_parts && areTwo(meant)) return { image: null, reason: "two" };
    const image = put(frame, inkOfStrokes(meant, frame.pen), shape);
    return { image, reason: image ? "" : "nothing" };
  }

  // Returns the network's inputs for an image, and what each layer makes of them.
  outputs(image) {
    const found = [inputsOf(image, this.description)];
    for (const layer of this.layers) found.push(LAYERS[layer.kind](layer, found[found.length - 1]));
    return found;
  }

  // Returns how likely each class is.
  probabilities(image) {
    return this.probabilitiesOf(this.outputs(image));
  }

  probabilitiesOf(outputs) {
    const logits = outputs[outputs.length - 1];
    return softmax(this.description.separate ? logits.map((z) => -ACTIVATIONS.softplus(-z)) : logits);
  }

  // Returns how likely an image shows none of the classes; null when nothing tells.
  doubt(image) {
    return this.refusal && this.refusal.probabilities(image)[1];
  }

  // Returns { image, reason, probabilities, doubt, outputs } for strokes on a canvas of this size.
  answer(strokes, canvas) {
    const { image, reason } = this.imageOf(strokes, canvas);
    if (!image) return { image, reason, probabilities: null, doubt: null, outputs: null };
    const doubt = this.doubt(image);
    const isRefused = this.refusal && doubt > this.description.refusal.above;
    const outputs = this.outputs(image);
    return { image, reason: isRefused ? "refused" : "", probabilities: this.probabilitiesOf(outputs), doubt, outputs };
  }

  // Returns whether Python's answer to strokes, { strokes, image, probabilities, doubt }, is the answer here, too: an
  // image with the same grey levels but for one, and the same probabilities for Python's image but for 1e-4.
  agrees({ strokes, image, probabilities, doubt }, canvas) {
    const own = this.answer(strokes, canvas);
    if (!own.image || !image) return !own.image && !image;
    const theirs = this.probabilities(image);
    return (
      own.image.every((level, k) => Math.abs(level - image[k]) <= 1) &&
      theirs.every((probability, k) => Math.abs(probability - probabilities[k]) <= 1e-4) &&
      Math.abs(this.doubt(image) - doubt) <= 1e-4
    );
  }
}
