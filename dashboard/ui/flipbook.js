// A flip book: all pages are here, so that the slider turns them without asking the server. A book that has grown
// stays open where the visitor has opened it; until then its newest page is shown.
const books = new WeakMap();
const TURN = 700; // milliseconds

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".dl-flip");
  if (!books.has(root)) books.set(root, begin(root));
  const book = books.get(root);
  if (book.data?.subject !== data.subject) Object.assign(book, { name: null, place: Infinity });
  book.data = data;
  lay(book);
  show(book);
  return () => setTimeout(() => root.isConnected || stop(book));
}

function begin(root) {
  const [button, slider, output] = ["button", "input", "output"].map((tag) => root.querySelector(tag));
  const book = { button, slider, output, panels: root.querySelector(".dl-flip-panels") };
  slider.addEventListener("input", () => open(book, Number(slider.value)));
  slider.addEventListener("pointerdown", () => stop(book));
  button.addEventListener("click", () => (book.timer ? stop(book) : play(book)));
  return book;
}

function lay({ data, panels, slider }) {
  slider.max = String(data.pages.length - 1);
  slider.setAttribute("aria-label", data.label);
  while (panels.children.length > data.titles.length) panels.lastChild.remove();
  data.titles.forEach((title, k) => {
    const panel = panels.children[k] ?? panels.appendChild(document.createElement("section"));
    if (!panel.children.length) panel.innerHTML = "<h2></h2><div></div>";
    panel.firstChild.textContent = title;
  });
}

function open(book, place) {
  Object.assign(book, { name: book.data.pages[place].name, place });
  show(book);
}

// Of a page that is gone, the one that has taken its place.
function placeOf({ data: { pages }, name, place }) {
  const found = pages.findIndex((page) => page.name === name);
  return found < 0 ? Math.min(place, pages.length - 1) : found;
}

function show(book) {
  const { data, slider, output, panels, button } = book;
  const place = placeOf(book);
  const { label, panels: parts } = data.pages[place];
  slider.value = String(place);
  slider.setAttribute("aria-valuetext", label);
  output.textContent = label;
  parts.forEach((html, k) => {
    const panel = panels.children[k].lastChild;
    if (panel.shown !== html) panel.innerHTML = panel.shown = html;
  });
  button.textContent = book.timer ? data.pause : data.play;
}

function play(book) {
  const last = () => book.data.pages.length - 1;
  if (placeOf(book) === last()) open(book, 0);
  book.timer = setInterval(() => {
    if (placeOf(book) < last()) open(book, placeOf(book) + 1);
    else stop(book);
  }, TURN);
  show(book);
}

function stop(book) {
  clearInterval(book.timer);
  book.timer = null;
  show(book);
}
