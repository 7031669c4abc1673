/** Loads what the page needs, and nothing else: each island's chunk when its element is there, HTMX when used. */

document.documentElement.classList.add("js");

const islands: Record<string, () => Promise<unknown>> = {
  "code-editor": () => import("./islands/code-editor"),
  "draft-saver": () => import("./islands/draft-saver"),
  "exam-sheet": () => import("./islands/exam-sheet"),
  "match-pairs": () => import("./islands/match-pairs"),
  "metric-charts": () => import("./islands/metric-charts"),
  "order-list": () => import("./islands/order-list"),
  "plan-board": () => import("./islands/plan-board"),
  "reading-place": () => import("./islands/reading-place"),
  "run-live": () => import("./islands/run-live"),
  "search-box": () => import("./islands/search-box"),
  "skill-map": () => import("./islands/skill-map"),
  "split-panes": () => import("./islands/split-panes"),
  "tab-set": () => import("./islands/tab-set"),
  "theme-toggle": () => import("./islands/theme-toggle"),
};

/** Start the islands in `root`, or that `root` is, and that are not yet defined. */
export function start(root: ParentNode): void {
  const holds = (name: string): boolean => (root instanceof Element && root.matches(name)) || root.querySelector(name) !== null;
  for (const [name, load] of Object.entries(islands)) {
    if (!customElements.get(name) && holds(name)) void load();
  }
  if (root.querySelector("[hx-get], [hx-post], [hx-put], [hx-delete], [hx-boost]")) void import("./htmx");
}

start(document);
document.addEventListener("cairn:added", (event) => start(event.target as Element));
document.addEventListener("htmx:load", (event) => start(event.target as Element));

/** A formula that is wider than its column scrolls; only then does the keyboard need to reach it. */
function reachWideFormulas(): void {
  for (const box of document.querySelectorAll<HTMLElement>(".eq:not([tabindex])")) {
    if (box.scrollWidth <= box.clientWidth) continue;
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", "Formula, scrolls sideways");
  }
}
addEventListener("load", reachWideFormulas);
addEventListener("resize", reachWideFormulas);
