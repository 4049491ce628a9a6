// An answer in HTML that is there already, changed in place: the card with the class, and the bars. The Draw page and
// the web page that is taken home have HTML of the same names. Words and names come from Python, ready to be shown.

export const percent = (part, words) => {
  const number = (text) => words.percent.replace("{number}", text);
  if (part > 0 && part < 0.0005) return `< ${number("0.1")}`;
  if (part > 0.9995) return `> ${number("99.9")}`;
  return number((100 * part).toFixed(1));
};

const say = (element, text) => {
  if (element && element.textContent !== text) element.textContent = text;
};

// Shows an answer { image, probabilities, reason }, or a sentence when there is none or it is refused, in a card.
export const showCard = (card, answer, sentence, { names, short, words }) => {
  const shown = (selector) => card.querySelector(selector);
  const guess = shown(".dl-guess");
  if (!guess) return;
  if (!answer.probabilities) {
    [guess, shown(".dl-sure"), shown(".dl-second")].forEach((part, k) => say(part, ["?", sentence, ""][k]));
    return;
  }
  const ranking = rank(answer.probabilities);
  if (answer.reason === "refused") {
    const nearest = words.nearest.replace("{name}", () => short[ranking[0]]);
    [guess, shown(".dl-sure"), shown(".dl-second")].forEach((part, k) => say(part, ["?", sentence, nearest][k]));
    return;
  }
  const [first, second] = ranking.map((k) => answer.probabilities[k]);
  const verdict = first >= words.sureFrom ? words.sure : words.unsure;
  const name = names[ranking[0]];
  say(guess, name);
  guess.parentElement.style.setProperty("--dl-letters", Math.max(...name.split(" ").map((word) => [...word].length)));
  say(shown(".dl-sure"), verdict.replace("{percent}", percent(first, words)));
  const runnerUp = words.second.replace("{percent}", percent(second, words)).replace("{name}", () => short[ranking[1]]);
  say(shown(".dl-second"), runnerUp);
};

// Shows probabilities, or none, as bars: of all classes or, where there are fewer bars, of the likeliest.
export const showBars = (list, probabilities, { names, words }) => {
  const bars = [...(list?.children ?? [])];
  const values = probabilities ?? names.map(() => 0);
  const ranking = rank(values);
  const shown = bars.length === names.length ? names.map((_, k) => k) : ranking;
  bars.forEach((bar, row) => {
    const k = shown[row];
    bar.classList.toggle("dl-first", Boolean(probabilities) && k === ranking[0]);
    say(bar.querySelector(".dl-name"), names[k]);
    say(bar.querySelector(".dl-number"), probabilities ? percent(values[k], words) : "");
    bar.querySelector(".dl-fill").style.width = `${(100 * values[k]).toFixed(1)}%`;
  });
};

// The classes, the likeliest first.
const rank = (values) => Array.from(values, (_, k) => k).sort((a, b) => values[b] - values[a] || a - b);

// Shows what the network sees, or black when there is nothing.
export const showSeen = (picture, image, [height, width]) => {
  picture.src = `data:image/bmp;base64,${btoa(bitmap(image ?? new Uint8Array(height * width), height, width))}`;
};

// Grey levels as the bytes of a bitmap file, lowest row first. Not by way of a canvas: browsers that hide who somebody is
// put noise into what is read back from one.
const bitmap = (levels, height, width) => {
  const little = (number, bytes) => Array.from({ length: bytes }, (_, k) => (number >> (8 * k)) & 255);
  const [head, palette, line] = [54, 4 * 256, Math.ceil(width / 4) * 4];
  const bytes = new Uint8Array(head + palette + line * height);
  bytes.set([66, 77, ...little(bytes.length, 4), ...little(0, 4), ...little(head + palette, 4)]);
  bytes.set([40, width, height].flatMap((number) => little(number, 4)), 14);
  bytes.set([1, 0, 8, 0], 26);
  for (let level = 0; level < 256; level++) bytes.fill(level, head + 4 * level, head + 4 * level + 3);
  for (let row = 0; row < height; row++) {
    bytes.set(levels.subarray(row * width, (row + 1) * width), head + palette + (height - 1 - row) * line);
  }
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
};

// Bytes and strokes as Python sends them: base64, and [width, x, y, x, y, …] for each stroke.
export const bytesOf = (text) => text && Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

export const strokesOf = (rows) =>
  rows.map(([width, ...places]) => ({
    width,
    points: Array.from({ length: places.length / 2 }, (_, k) => [places[2 * k], places[2 * k + 1]]),
  }));
