// Keeps the focus near its place when the element that had it goes or is disabled, and reads out what is new in
// one polite live region: a screen reader hears a region only that was there before its words. Every page has it.
(() => {
  if (document.querySelector(".dl-live")) return;
  const NEXT = 'button:enabled:not([aria-label^="Help"]), summary';
  const SAID = ".dl-verdict p, .dl-met .dl-tally, .st-key-run_state .stMarkdownBadge, .st-key-cell_words p"; // answer, dare, run, cell
  const live = document.createElement("div");
  live.className = "dl-live";
  live.setAttribute("role", "status");
  document.body.append(live);
  let [last, around, said, timer] = [null, [], "", null];

  document.addEventListener("focusin", ({ target }) => {
    [last, around] = [target, []];
    for (let at = target.parentElement; at?.closest(".stMain"); at = at.parentElement) around.push(at);
  });
  document.addEventListener("pointerdown", ({ target }) => last?.contains(target) || (last = null));

  function keepFocus() {
    // A button that is disabled loses the focus with the next frame, which may be drawn later than this.
    if (!last?.matches("button") || ![document.body, last].includes(document.activeElement)) return;
    if (last.isConnected && !last.disabled) return;
    const place = around.find((element) => element.isConnected && element.querySelector(NEXT));
    place?.querySelector(NEXT).focus({ preventScroll: true });
  }

  function words(element) {
    const copy = element.cloneNode(true);
    for (const mute of copy.querySelectorAll('[aria-hidden="true"], [role="img"]')) mute.remove();
    return copy.textContent.replace(/\s+/g, " ").trim();
  }

  function speak() {
    const now = [...document.querySelectorAll(SAID)].map(words).filter(Boolean).join(" ");
    if (now && now !== said) live.textContent = now;
    said = now;
  }

  new MutationObserver((changes) => {
    if (changes.every(({ target }) => live.contains(target))) return;
    timer ??= setTimeout(() => {
      timer = null;
      keepFocus();
      speak();
    }, 200);
  }).observe(document.body, { subtree: true, childList: true, characterData: true, attributeFilter: ["disabled"] });
})();
