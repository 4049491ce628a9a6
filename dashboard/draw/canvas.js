// Manners for the drawing canvas, which lives in a shadow root that the page's own style cannot reach.
// Its toolbar shows on hover only, so never on touch, but always takes the strokes that begin in the top
// right corner; the app has its own Undo and Clear. And it fills its place, whose size style.css sets by the width of
// the screen; the component counts in units of its own, whatever its size. The component's own style may come after its
// canvas, which would jump then: where its parts lie stands here, too, before the first of them is seen. Without this
// script everything else works.
(() => {
  const label = document.getElementById("canvas-label");
  const style = document.createElement("style");
  style.textContent = `
    .dc-toolbar { display: none !important }
    .dc-root, .dc-container { position: relative }
    .dc-container canvas, .dc-textarea-host { position: absolute; top: 0; left: 0 }
    .dc-textarea-host { width: 0; height: 0; overflow: hidden }
    .dc-root, .dc-container, .dc-container * { width: 100% !important; border-radius: 0.6rem }
    .dc-container, .dc-container * { height: auto !important; aspect-ratio: ASPECT }`;
  const look = () => {
    if (!label.isConnected) return; // the visitor has gone to another page
    const root = document.querySelector(".st-key-BOARD [data-testid=stBidiComponentIsolated]")?.shadowRoot;
    if (root && !style.isConnected) root.append(style);
    const canvas = root?.querySelector("canvas.upper-canvas");
    if (!canvas) return void requestAnimationFrame(look);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", label.textContent);
  };
  look();
})();
