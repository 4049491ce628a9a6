// Manners for the drawing canvas, which lives in a shadow root that the page's own style cannot reach.
// Its toolbar shows on hover only, so never on touch, but always takes the strokes that begin in the top
// right corner; the app has its own Undo and Clear. And it fills its place, whose size style.css sets by the width of
// the screen; the component counts in units of its own, whatever its size. Without this script everything else works.
(() => {
  const label = document.getElementById("canvas-label");
  const timer = setInterval(() => {
    const host = document.querySelector(".st-key-BOARD [data-testid=stBidiComponentIsolated]");
    const canvas = host?.shadowRoot?.querySelector("canvas.upper-canvas");
    if (!canvas) {
      if (!label.isConnected) clearInterval(timer); // the visitor has gone to another page
      return;
    }
    clearInterval(timer);
    const style = document.createElement("style");
    style.textContent = `
      .dc-toolbar { display: none !important }
      .dc-root, .dc-container, .dc-container * { width: 100% !important; border-radius: 0.6rem }
      .dc-container, .dc-container * { height: auto !important; aspect-ratio: ASPECT }`;
    host.shadowRoot.append(style);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", label.textContent);
  }, 50);
})();
