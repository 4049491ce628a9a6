// What flows through a network that answers: its stages, what each unit of one gives to a unit of the next, and the
// paths along which most of an answer comes. lights.js draws it. A unit is a neuron or a whole feature map; `outputs`
// are what `Model.outputs` returned.

const BRANCHES = [3, 2]; // links that are followed from one unit back, at the answer and before it; further back, one

// The stages of a network: each weighs what the one before gave, and ends with its activation, the last with its logits.
export const stagesOf = ({ layers }) => {
  const stages = [];
  layers.forEach((layer, k) => {
    if (layer.parameters.weights) stages.push({ layer, start: k, before: stages[stages.length - 1], isPooled: false });
    const stage = stages[stages.length - 1];
    if (layer.kind === "max-pool") stage.isPooled = true;
    if (layer.kind !== "flatten") stage.end = k; // which writes the same values in another order
    if (layer.kind !== "flatten") stage.shape = layer.outputs;
  });
  return stages.map((stage) => Object.assign(stage, { count: stage.shape[stage.shape.length - 1] }));
};

export const isMap = ({ shape }) => shape.length === 3;

// The value of a neuron, or the values of a feature map, row by row.
export const valuesOf = (stage, outputs, unit) => {
  const area = isMap(stage) ? stage.shape[0] * stage.shape[1] : 1;
  return outputs[stage.end + 1].subarray(unit * area, (unit + 1) * area);
};

const windowSide = ({ layer }) => layer.inputs[0] - layer.outputs[0] + 1;

// The window of its inputs where a feature map is brightest: [top, left]. That is where its sum of products is largest,
// because no activation falls; pooling leaves out a last row or column without a partner.
const brightest = ({ layer, start, isPooled }, outputs, unit) => {
  const [rows, columns] = layer.outputs;
  const [high, wide] = isPooled ? [rows - (rows % 2), columns - (columns % 2)] : [rows, columns];
  const first = unit * rows * columns;
  const valueAt = (row, column) => outputs[start + 1][first + row * columns + column];
  let best = [0, 0];
  for (let row = 0; row < high; row++) {
    for (let column = 0; column < wide; column++) {
      if (valueAt(row, column) > valueAt(...best)) best = [row, column];
    }
  }
  return best;
};

// The square of the image that a feature map sees where it is brightest, in pixels: [top, left, side].
export const patchOf = (stage, outputs, unit, pooling) => {
  let [top, left] = brightest(stage, outputs, unit);
  let side = windowSide(stage);
  for (let before = stage.before; before; before = before.before) {
    if (before.isPooled) [top, left, side] = [2 * top, 2 * left, 2 * side];
    side += windowSide(before) - 1;
  }
  return [top, left, side].map((length) => length * pooling);
};

// What each unit of the stage before adds to a unit: activation times weight, added up over the places of a feature
// map. To a feature map, where it is brightest.
export const sharesOf = (stage, outputs, unit) => {
  const { layer, before, start } = stage;
  const { weights } = layer.parameters;
  const given = outputs[start];
  const shares = new Float64Array(before.count);
  if (layer.kind === "linear") {
    const n = layer.outputs[0];
    given.forEach((value, k) => (shares[k % before.count] += value * weights[k * n + unit]));
    return shares;
  }
  const [top, left] = brightest(stage, outputs, unit);
  const [height, width] = layer.inputs;
  const side = windowSide(stage);
  let k = unit * before.count * side * side;
  for (let channel = 0; channel < before.count; channel++) {
    for (let row = top; row < top + side; row++) {
      for (let column = left; column < left + side; column++) {
        shares[channel] += given[(channel * height + row) * width + column] * weights[k++];
      }
    }
  }
  return shares;
};

const strongest = (shares, most) => {
  const found = [];
  shares.forEach((share, k) => {
    if (share <= 0) return;
    const place = found.findIndex((other) => shares[other] < share);
    found.splice(place < 0 ? found.length : place, 0, k);
    found.length = Math.min(found.length, most);
  });
  return found;
};

// The strongest ways to a unit, from its stage back to the first: links { stage, unit, from, share }, with the unit
// `from` of the stage before, and `share` 1 for the strongest link to a unit.
export const pathsTo = (stage, outputs, unit) => {
  const links = [];
  let units = [unit];
  for (let here = stage, depth = 0; here.before; here = here.before, depth++) {
    const origins = new Set();
    for (const end of units) {
      const shares = sharesOf(here, outputs, end);
      const found = strongest(shares, BRANCHES[depth] ?? 1);
      for (const from of found) links.push({ stage: here, unit: end, from, share: shares[from] / shares[found[0]] });
      found.forEach((from) => origins.add(from));
    }
    units = [...origins];
  }
  return links;
};

// The weights of a unit of the first stage as a picture, { values, height, width }: a filter, or a neuron's weights where
// its pixels are.
export const weightsOf = (stage, unit, description) => {
  const { layer } = stage;
  const { weights } = layer.parameters;
  if (layer.kind === "linear") return placed(description, layer.inputs[0], (k) => weights[k * stage.count + unit]);
  const side = windowSide(stage);
  return { values: weights.subarray(unit * side ** 2, (unit + 1) * side ** 2), height: side, width: side };
};

// How each pixel moves the sum of products of a unit, where a feature map is brightest: the gradient, as a picture.
export const gradientOf = (stage, outputs, unit, { layers, description }) => {
  const [row, column] = isMap(stage) ? brightest(stage, outputs, unit) : [0, 0];
  const [rows, columns] = isMap(stage) ? stage.layer.outputs : [1, 1];
  let gradient = new Float64Array(outputs[stage.start + 1].length);
  gradient[(unit * rows + row) * columns + column] = 1;
  for (let k = stage.start; k >= 0; k--) gradient = BACKWARD[layers[k].kind](layers[k], gradient, outputs[k], outputs[k + 1]);
  return placed(description, gradient.length, (k) => gradient[k]);
};

// The way back through each layer: from the gradient of its outputs to that of its inputs.
const BACKWARD = {
  linear({ inputs, outputs, parameters }, gradient) {
    return Float64Array.from({ length: inputs[0] }, (_, k) => {
      const first = k * outputs[0];
      return gradient.reduce((sum, value, n) => (value ? sum + value * parameters.weights[first + n] : sum), 0);
    });
  },

  convolution({ inputs, outputs, parameters }, gradient) {
    const [[height, width, channels], [rows, columns]] = [inputs, outputs];
    const side = height - rows + 1;
    const result = new Float64Array(height * width * channels);
    gradient.forEach((value, k) => {
      if (!value) return;
      const [filter, place] = [Math.floor(k / (rows * columns)), k % (rows * columns)];
      const corner = Math.floor(place / columns) * width + (place % columns);
      let n = filter * channels * side * side;
      for (let channel = 0; channel < channels; channel++) {
        for (let i = 0; i < side; i++) {
          for (let j = 0, at = (channel * height + i) * width + corner; j < side; j++) result[at + j] += value * parameters.weights[n++];
        }
      }
    });
    return result;
  },

  "max-pool"({ inputs, outputs }, gradient, before) {
    const [[height, width], [rows, columns]] = [inputs, outputs];
    const result = new Float64Array(before.length);
    gradient.forEach((value, k) => {
      const [channel, place] = [Math.floor(k / (rows * columns)), k % (rows * columns)];
      const corner = (channel * height + 2 * Math.floor(place / columns)) * width + 2 * (place % columns);
      const square = [corner, corner + width, corner + 1, corner + width + 1];
      result[square.reduce((best, at) => (before[at] > before[best] ? at : best))] = value;
    });
    return result;
  },

  activation: ({ name }, gradient, _before, after) => gradient.map((value, k) => value * SLOPES[name](after[k])),

  flatten({ inputs }, gradient) {
    const [height, width, channels] = inputs;
    const result = new Float64Array(gradient.length);
    gradient.forEach((value, k) => (result[(k % channels) * height * width + Math.floor(k / channels)] = value));
    return result;
  },
};

// The slopes of the activation functions, of a = f(z).
const SLOPES = {
  relu: (a) => Number(a > 0),
  leaky_relu: (a) => (a > 0 ? 1 : 0.01),
  tanh: (a) => 1 - a * a,
  sigmoid: (a) => a * (1 - a),
  softplus: (a) => 1 - Math.exp(-a),
  identity: () => 1,
};

const placed = ({ shape, pooling, kept }, count, valueOf) => {
  const [height, width] = shape.map((side) => Math.ceil(side / pooling));
  const values = new Float64Array(height * width);
  for (let k = 0; k < count; k++) values[kept ? kept[k] : k] = valueOf(k);
  return { values, height, width };
};
