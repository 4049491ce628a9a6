// One press of Back for each step of the visitor's. The menu opens the bare address of a page, and the page adds
// its parameters at once: that is one entry of the history, not two, as long as nothing was touched in between.
// And a new page begins at its top: the place stays otherwise as far down as the page before was read, and moves while
// the new one grows and shrinks, under the pen of somebody who already draws.
(() => {
  if (window.digitLabHistory) return;
  window.digitLabHistory = true;
  const push = history.pushState.bind(history);
  let bare = !location.search;
  history.pushState = (state, title, url) => {
    const [here, next] = [location.pathname, new URL(url ?? "", location.href)];
    bare && next.pathname === here ? history.replaceState(state, title, url) : push(state, title, url);
    const isOther = next.pathname !== here;
    bare = isOther && !next.search;
    if (isOther) document.querySelector(".stMain")?.scrollTo(0, 0);
  };
  for (const touch of ["pointerdown", "keydown", "popstate"]) addEventListener(touch, () => (bare = false), true);
})();
