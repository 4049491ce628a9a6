// What every chart of ours begins with: Plotly itself, and the colours of the theme. It is put before the
// chart's own script.

let plotly; // a promise of Plotly, shared by all charts of this script

// Streamlit has Plotly in a module of its own, which its chart elements load; from there it comes once for all
// pages, and the browser keeps it for good. The module is named from where this page's own script came.
function loadPlotly(module) {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  plotly ??= import(new URL(module, document.querySelector('script[type="module"][src]').src).href).then(
    () => window.Plotly,
    (error) => {
      plotly = undefined; // the next data try again
      throw error;
    },
  );
  return plotly;
}

// Plotly reads some HTML in every text, links and line breaks among it: a name from a file is text alone.
function literal(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function readTheme(root) {
  const style = getComputedStyle(root);
  const read = (name) => style.getPropertyValue(`--st-${name}`).trim();
  return {
    text: read("text-color"),
    line: read("border-color"),
    background: read("background-color"),
    font: read("font"),
    colors: read("chart-categorical-colors").split(","),
    shades: read("chart-sequential-colors").split(","),
  };
}
