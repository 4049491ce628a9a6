// One press of Back for each step of the visitor's. The menu opens the bare address of a page, and the page adds
// its parameters at once: that is one entry of the history, not two, as long as nothing was touched in between.
(() => {
  if (window.digitLabHistory) return;
  window.digitLabHistory = true;
  const push = history.pushState.bind(history);
  let bare = !location.search;
  history.pushState = (state, title, url) => {
    const [here, next] = [location.pathname, new URL(url ?? "", location.href)];
    bare && next.pathname === here ? history.replaceState(state, title, url) : push(state, title, url);
    bare = next.pathname !== here && !next.search;
  };
  for (const touch of ["pointerdown", "keydown", "popstate"]) addEventListener(touch, () => (bare = false), true);
})();
