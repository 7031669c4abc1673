const STEP = 24;
const LEAST = 240;
const PANES = [
  { key: "ins", name: "Instructions" },
  { key: "code", name: "Code" },
  { key: "results", name: "Results" },
] as const;

/**
 * Three panes side by side with separators that the pointer or the arrow keys move; tabs where the window is narrow.
 * Sizes are kept by `name` in this browser.
 *
 * ```html
 * <split-panes name="exercise">
 *   <section class="pane p-ins" aria-label="Instructions">…</section>
 *   <section class="pane p-ed" aria-label="Editor">…</section>
 *   <section class="pane p-res" aria-label="Results">…</section>
 * </split-panes>
 * ```
 */
export class SplitPanes extends HTMLElement {
  private sizes = { a: 392, c: 448 };

  connectedCallback(): void {
    if (this.querySelector(".grip")) return;
    this.sizes = { ...this.sizes, ...this.remembered() };
    const [first, , last] = this.querySelectorAll<HTMLElement>(":scope > .pane");
    first?.after(this.grip("a", "Resize instructions"));
    last?.before(this.grip("c", "Resize results"));
    this.prepend(this.tabs());
    this.show(this.dataset["show"] ?? "code");
    this.apply();
    this.addEventListener("run-started", this.onRun);
  }

  /** Show one pane where the window is too narrow for all: ins, code or results. */
  show(key: string): void {
    this.dataset["show"] = key;
    for (const tab of this.querySelectorAll<HTMLElement>(":scope > .ptn [data-pane]")) {
      tab.setAttribute("aria-selected", String(tab.dataset["pane"] === key));
    }
  }

  private readonly onRun = (): void => this.show("results");

  private tabs(): HTMLElement {
    const bar = document.createElement("div");
    bar.className = "ptn";
    const list = document.createElement("div");
    list.className = "tabs";
    list.setAttribute("role", "tablist");
    list.setAttribute("aria-label", "Panes");
    for (const { key, name } of PANES) {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", textContent: name });
      button.setAttribute("role", "tab");
      button.dataset["pane"] = key;
      button.addEventListener("click", () => this.show(key));
      list.append(button);
    }
    bar.append(list);
    return bar;
  }

  private grip(side: "a" | "c", label: string): HTMLElement {
    const grip = document.createElement("div");
    grip.className = "grip";
    grip.tabIndex = 0;
    grip.dataset["side"] = side;
    grip.setAttribute("role", "separator");
    grip.setAttribute("aria-orientation", "vertical");
    grip.setAttribute("aria-label", label);
    grip.addEventListener("keydown", (event) => this.onKey(event, side));
    grip.addEventListener("pointerdown", (event) => this.onPointer(event, grip, side));
    return grip;
  }

  private onKey(event: KeyboardEvent, side: "a" | "c"): void {
    const toward = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (toward === undefined) return;
    event.preventDefault();
    this.resize(side, this.sizes[side] + STEP * toward * (side === "a" ? 1 : -1));
    this.remember();
  }

  private onPointer(event: PointerEvent, grip: HTMLElement, side: "a" | "c"): void {
    const start = { x: event.clientX, size: this.sizes[side] };
    grip.setPointerCapture(event.pointerId);
    grip.classList.add("dragging");
    const move = (at: PointerEvent): void =>
      this.resize(side, start.size + (at.clientX - start.x) * (side === "a" ? 1 : -1));
    const end = (): void => {
      grip.classList.remove("dragging");
      grip.removeEventListener("pointermove", move);
      this.remember();
    };
    grip.addEventListener("pointermove", move);
    grip.addEventListener("lostpointercapture", end, { once: true });
  }

  private resize(side: "a" | "c", size: number): void {
    const most = Math.max(LEAST, this.clientWidth - this.sizes[side === "a" ? "c" : "a"] - LEAST - 60);
    this.sizes[side] = Math.round(Math.min(Math.max(size, LEAST), most));
    this.apply();
  }

  private apply(): void {
    const width = this.clientWidth || window.innerWidth || 1;
    for (const side of ["a", "c"] as const) {
      this.style.setProperty(`--${side}`, `${this.sizes[side]}px`);
      const share = Math.round((this.sizes[side] / width) * 100);
      const grip = this.querySelector(`.grip[data-side=${side}]`);
      grip?.setAttribute("aria-valuenow", String(side === "a" ? share : 100 - share));
    }
  }

  private get storageKey(): string {
    return `split-panes/${this.getAttribute("name") ?? ""}`;
  }

  private remember(): void {
    localStorage.setItem(this.storageKey, JSON.stringify(this.sizes));
  }

  private remembered(): Partial<{ a: number; c: number }> {
    try {
      return JSON.parse(localStorage.getItem(this.storageKey) ?? "{}") as Partial<{ a: number; c: number }>;
    } catch {
      return {}; // somebody else's text under our key: start with our own sizes
    }
  }
}

customElements.define("split-panes", SplitPanes);
