// A field for a number. What is typed goes to Python as it stands, with the number of the turn and the texts before it
// that were not answered yet, because the server takes only the last state of a field. Python answers with the value in
// force. A text goes out at Enter, when the field is left, and already when the pointer goes down on
// something else: the click that follows must find the value taken.
const MOST_TEXTS = 9;
const show = ({ data, parentElement, setStateValue }) => {
  const root = parentElement.querySelector(".dl-field");
  const [label, input, problem] = ["label", "input", "p"].map((tag) => root.querySelector(tag));
  const [less, more] = root.querySelectorAll("button");

  const commit = () => {
    if (!input.dlTyped) return;
    input.dlTyped = false;
    input.dlTurn = Math.max(input.dlTurn ?? 0, data.turn) + 1;
    input.dlUnanswered = [...(input.dlUnanswered ?? []), input.value].slice(data.turn - input.dlTurn).slice(-MOST_TEXTS);
    setStateValue("typed", [input.dlUnanswered, input.dlTurn]);
    awaitAnswer(input);
  };
  const number = (text) => (text.trim() ? Number(text.replace(",", ".")) : NaN);
  const stepped = (sign) => {
    const now = [input.value, data.text].map(number).find(Number.isFinite);
    if (now === undefined) return data.minimum;
    const next = Number((now + sign * data.step).toPrecision(12));
    return next < data.minimum || next > data.maximum ? null : next;
  };
  const step = (sign) => {
    const next = stepped(sign);
    if (next === null) return;
    input.value = String(next);
    input.dlTyped = true;
    commit();
    look();
  };
  const look = () => {
    const now = number(input.value);
    Number.isFinite(now) ? input.setAttribute("aria-valuenow", now) : input.removeAttribute("aria-valuenow");
    less.disabled = data.disabled || stepped(-1) === null;
    more.disabled = data.disabled || stepped(1) === null;
  };

  label.textContent = data.label;
  label.htmlFor = input.id ||= `dl-field-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
  problem.id = `${input.id}-problem`;
  input.placeholder = data.none ?? "";
  input.disabled = data.disabled;
  input.inputMode = data.whole ? "numeric" : "decimal";
  input.setAttribute("aria-valuemin", data.minimum);
  input.setAttribute("aria-valuemax", data.maximum);
  less.setAttribute("aria-label", `${data.less}: ${data.label}`);
  more.setAttribute("aria-label", `${data.more}: ${data.label}`);
  if (!input.dlTyped && data.turn >= (input.dlTurn ?? 0)) {
    input.value = data.text;
    say(root, input, problem, data.problem);
    if (awaited === input) release();
  }
  look();

  input.dlCommit = commit;
  input.oninput = () => {
    input.dlTyped = true;
    say(root, input, problem, "");
    look();
  };
  input.onblur = commit;
  input.onkeydown = (event) => {
    if (event.key === "Enter") commit();
    else if (event.key === "ArrowUp" || event.key === "ArrowDown") step(event.key === "ArrowUp" ? 1 : -1);
    else if (event.key === "Escape" && input.dlTyped) {
      input.dlTyped = false;
      input.value = data.text;
      look();
    } else return;
    event.preventDefault();
  };
  for (const [button, sign] of [[less, -1], [more, 1]]) {
    button.onmousedown = (event) => event.preventDefault(); // the keyboard of a phone stays as it is
    button.onclick = () => step(sign);
  }
  if (!document.dlCommits) {
    document.dlCommits = true;
    document.addEventListener("pointerdown", commitElsewhere, true);
    document.addEventListener("click", hold, true);
  }
};

// A finger that goes down beside the field may begin to scroll; on something to press it does not.
const commitElsewhere = ({ target, pointerType }) => {
  const field = document.activeElement;
  if (!field?.dlCommit || field.closest(".dl-field").contains(target)) return;
  if (pointerType === "mouse" || target.closest("a, button, input, label, [role]")) field.dlCommit();
};

// A change of page stops what the server does at that moment, and the value would be lost; sent before it, the value
// would bring the visitor back. So a click that leads on waits until Python has answered.
const PATIENCE = 5000; // milliseconds, should the answer never come
let awaited, held, patience;

const awaitAnswer = (input) => {
  awaited = input;
  clearTimeout(patience);
  patience = setTimeout(release, PATIENCE);
};
const hold = (click) => {
  if (!awaited || click.target.closest(".dl-field") || !click.target.closest("a, button")) return;
  click.preventDefault();
  click.stopImmediatePropagation();
  held = click;
};
const release = () => {
  const click = held;
  awaited = held = undefined;
  clearTimeout(patience);
  if (!click) return;
  const href = click.target.closest("a")?.getAttribute("href");
  const target = click.target.isConnected ? click.target : document.querySelector(`a[href="${CSS.escape(href)}"]`);
  target?.dispatchEvent(new MouseEvent("click", click));
};

// The sentence lies over what follows, so that nothing moves; it stays within the window.
const say = (root, input, problem, words) => {
  problem.textContent = words;
  problem.hidden = !words;
  root.classList.toggle("dl-wrong", Boolean(words));
  input.setAttribute("aria-invalid", Boolean(words));
  words ? input.setAttribute("aria-describedby", problem.id) : input.removeAttribute("aria-describedby");
  problem.style.left = "0";
  const beyond = problem.getBoundingClientRect().right + 8 - document.documentElement.clientWidth;
  if (beyond > 0) problem.style.left = `${-beyond}px`;
};

// Fields that came before this code wait in a list; those that come later are shown at once.
export default () => {
  const waiting = (window.digitLabFields ??= []);
  if (!Array.isArray(waiting)) return;
  window.digitLabFields = { push: show };
  waiting.forEach(show);
};
