/**
 * Suggestions while somebody types: a combobox by the ARIA pattern. Ctrl K (⌘ K) opens it on any page, arrow keys
 * walk the suggestions, Enter opens one, Escape closes. Without script the form leads to the page of results.
 *
 * ```html
 * <search-box suggestions="/search/suggestions">
 *   <a class="btn quiet icon sm go" href="/search" aria-label="Search">…</a>
 *   <form role="search" aria-label="Quick search" action="/search">
 *     <input type="search" name="q" maxlength="200" aria-label="Search the library"></form>
 * </search-box>
 * ```
 *
 * The site answers with a fragment: a `role="listbox"` with the id `search-options` of links with `role="option"`, or
 * a sentence where there are none. Where the box does not fit, only the link shows; Ctrl K shows the box over the page.
 */
import { debounced } from "../http";

const PAUSE = 90; // ms of rest between two keys before it asks

export class SearchBox extends HTMLElement {
  private readonly panel = document.createElement("div");
  private readonly status = document.createElement("p");
  private readonly answers = new Map<string, string>();
  private asking: AbortController | undefined;
  private active = -1;
  private readonly ask = debounced(() => void this.suggest(), PAUSE);

  connectedCallback(): void {
    const input = this.input;
    if (!input) return;
    this.panel.className = "options";
    this.panel.hidden = true;
    this.status.className = "vh";
    this.status.setAttribute("role", "status");
    this.querySelector("form")?.append(this.panel, this.status);
    const says = { role: "combobox", "aria-autocomplete": "list", "aria-controls": "search-options", "aria-expanded": "false" };
    for (const [name, value] of Object.entries(says)) input.setAttribute(name, value);
    input.addEventListener("input", this.ask);
    input.addEventListener("focus", this.ask);
    input.addEventListener("keydown", this.onKey);
    this.panel.addEventListener("mousedown", keepFocus);
    this.addEventListener("focusout", this.onLeave);
    document.addEventListener("keydown", this.onShortcut);
  }

  disconnectedCallback(): void {
    this.ask.cancel();
    this.asking?.abort();
    document.removeEventListener("keydown", this.onShortcut);
  }

  /** Show the box and put the cursor into it. */
  open(): void {
    this.classList.add("open");
    this.input?.focus();
    this.input?.select();
  }

  private get input(): HTMLInputElement | null {
    return this.querySelector("input");
  }

  private get options(): HTMLElement[] {
    return [...this.panel.querySelectorAll<HTMLElement>("[role=option]")];
  }

  private async suggest(): Promise<void> {
    const typed = this.input?.value.trim() ?? "";
    this.asking?.abort();
    if (!typed) return this.close();
    const known = this.answers.get(typed);
    if (known !== undefined) return this.show(known);
    this.asking = new AbortController();
    try {
      const url = `${this.getAttribute("suggestions") ?? ""}?${new URLSearchParams({ q: typed }).toString()}`;
      const answer = await fetch(url, { credentials: "same-origin", signal: this.asking.signal });
      const fragment = await answer.text();
      if (answer.status >= 500 || typed !== this.input?.value.trim()) return;
      this.answers.set(typed, fragment);
      this.show(fragment);
    } catch {
      this.close(); // no network: Enter still leads to the page of results, which says so
    }
  }

  private show(fragment: string): void {
    if (!this.contains(document.activeElement)) return;
    this.panel.innerHTML = fragment;
    this.panel.hidden = fragment.trim() === "";
    this.active = -1;
    this.input?.removeAttribute("aria-activedescendant");
    const count = this.options.length;
    this.input?.setAttribute("aria-expanded", String(count > 0));
    this.status.textContent = count > 0 ? `${String(count)} suggestion${count === 1 ? "" : "s"}` : this.panel.textContent;
  }

  private close(): void {
    this.asking?.abort();
    this.ask.cancel();
    this.panel.hidden = true;
    this.panel.replaceChildren();
    this.status.textContent = "";
    this.active = -1;
    this.input?.setAttribute("aria-expanded", "false");
    this.input?.removeAttribute("aria-activedescendant");
  }

  /** Mark the option at that place; one step beyond either end is the field itself. */
  private move(step: number): void {
    const options = this.options;
    if (options.length === 0) return;
    const places = options.length + 1;
    this.active = ((this.active + 1 + step + places) % places) - 1;
    options.forEach((option, i) => option.setAttribute("aria-selected", String(i === this.active)));
    const chosen = options[this.active];
    if (chosen) {
      this.input?.setAttribute("aria-activedescendant", chosen.id);
      chosen.scrollIntoView?.({ block: "nearest" });
    } else this.input?.removeAttribute("aria-activedescendant");
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const chosen = this.options[this.active];
    if (step) this.move(step);
    else if (event.key === "Enter" && chosen) chosen.click();
    else if (event.key === "Escape") {
      if (this.panel.hidden) this.input?.blur();
      this.close();
    } else return;
    event.preventDefault();
  };

  private readonly onLeave = (event: FocusEvent): void => {
    if (this.contains(event.relatedTarget as Node | null)) return;
    this.close();
    this.classList.remove("open");
  };

  private readonly onShortcut = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.altKey || event.shiftKey || !(event.ctrlKey || event.metaKey)) return;
    if (event.key.toLowerCase() !== "k") return;
    event.preventDefault();
    this.open();
  };
}

function keepFocus(event: Event): void {
  event.preventDefault();
}

customElements.define("search-box", SearchBox);
