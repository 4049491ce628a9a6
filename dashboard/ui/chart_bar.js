// The bar over the figures of plotly_chart.js: the legend, other views, the way back from a zoom, the menu.

const MARKS = { circle: "●", diamond: "◆", "star-open": "☆", "": "■", "/": "▨", ".": "░" };

function showBar(view, Plotly) {
  const { data: { words }, habit } = view;
  const legend = view.find("legend");
  const traces = view.figures[0]?.data.filter((trace) => trace.name && trace.showlegend !== false) ?? [];
  legend.setAttribute("aria-label", words.legend);
  while (legend.children.length > traces.length) legend.lastChild.remove();
  traces.forEach((trace, k) => {
    const item = legend.children[k] ?? legend.appendChild(document.createElement("button"));
    item.innerHTML = sample(trace) + "<span></span>";
    item.lastChild.textContent = trace.name;
    setButton(item, !habit.hidden.has(trace.name), () => habit.hidden.delete(trace.name) || habit.hidden.add(trace.name), view);
  });
  showViews(view);
  const whole = view.find("whole");
  whole.textContent = words.whole;
  whole.hidden = view.figures.every((figure) => figure.layout.xaxis.fixedrange);
  whole.disabled = !view.zoom.some(Boolean);
  setButton(whole, null, () => (view.zoom = []), view);
  showMenu(view, Plotly);
}

// A button for each figure that has another view: a second press takes it back.
function showViews(view) {
  const { habit: { views } } = view;
  const others = view.find("other");
  const wanted = view.figures.map((figure, k) => [k, figure.layout.meta?.view?.name]).filter(([, name]) => name);
  while (others.children.length > wanted.length) others.lastChild.remove();
  wanted.forEach(([k, name], place) => {
    const button = others.children[place] ?? others.appendChild(document.createElement("button"));
    button.textContent = name;
    setButton(button, views.has(name), () => {
      views.delete(name) || views.add(name);
      delete view.zoom[k];
    }, view);
  });
}

function setButton(button, pressed, act, view) {
  button.type = "button";
  if (pressed !== null) button.setAttribute("aria-pressed", String(pressed));
  button.onclick = () => (act(), draw(view));
}

function sample({ line = {}, marker = {}, mode = "", opacity = 1, type }) {
  const color = marker.color ?? line.color;
  const dash = line.dash === "dash" ? "5 3" : "none";
  const stroke = mode.includes("lines") ? `<path d="M1 6H33" stroke="${color}" stroke-width="${line.width ?? 2}" stroke-dasharray="${dash}"/>` : "";
  const mark = type === "bar" ? MARKS[marker.pattern?.shape ?? ""] : mode.includes("markers") ? (MARKS[marker.symbol] ?? MARKS.circle) : "";
  return `<svg viewBox="0 0 34 12" width="34" height="12" opacity="${marker.opacity ?? opacity}" aria-hidden="true">${stroke}` +
    `<text x="17" y="10.5" text-anchor="middle" font-size="12" fill="${color}">${mark}</text></svg>`;
}

function showMenu(view, Plotly) {
  const { words, key } = view.data;
  const [summary, list] = view.find("menu").children;
  summary.setAttribute("aria-label", words.menu);
  summary.title = words.menu;
  if (list.children.length) return;
  for (const format of ["png", "svg", "html"]) {
    const button = list.appendChild(document.createElement("button"));
    Object.assign(button, { type: "button", textContent: words[format] });
    button.onclick = () => {
      view.find("menu").open = false;
      if (format === "html") return view.tell("wanted", "html");
      for (const plot of view.root.querySelectorAll(".dl-plot")) {
        const { width, height } = plot.layout;
        const layout = { ...plot.layout, paper_bgcolor: getComputedStyle(view.root).getPropertyValue("--st-background-color") };
        Plotly.downloadImage({ data: plot.data, layout }, { format, width, height, scale: 2, filename: key });
      }
    };
  }
}

function save(text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/html" }));
  link.download = "chart.html";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
