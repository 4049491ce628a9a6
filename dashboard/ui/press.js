// Gives a click to what was pressed. When the page moves between pressing and letting go, a mouse clicks nothing, and a
// finger what has come under it. Every page has this.
(() => {
  if (window.digitLabPress) return;
  window.digitLabPress = true;
  const PRESSED = "button, summary, a, label, [role=option]";
  const AWAY = 10; // pixels: whoever moves further before letting go takes the click back
  let pressed = null;

  addEventListener("pointerdown", (event) => {
    const element = event.composedPath().find((part) => part.matches?.(PRESSED)); // within a component, too
    pressed = event.button === 0 && element ? { element, x: event.clientX, y: event.clientY } : null;
  }, true);
  addEventListener("pointermove", ({ clientX, clientY }) => {
    if (pressed && Math.hypot(clientX - pressed.x, clientY - pressed.y) > AWAY) pressed = null;
  }, true);
  for (const end of ["pointercancel", "keydown"]) addEventListener(end, () => (pressed = null), true);

  addEventListener("click", (event) => {
    const element = pressed?.element;
    pressed = null;
    if (!element?.isConnected || event.composedPath().includes(element)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    element.click();
  }, true);
})();
